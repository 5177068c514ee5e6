"""From what a log holds and a market assumes to what the estimates need, and from estimates to words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.fit.notes import Note
from salessim.fit.worth import Given
from salessim.model.register import register
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.tables import CrmData
    from salessim.fit.leavers import Turnover
    from salessim.fit.steps import StepLog
    from salessim.fit.worth import Worth
    from salessim.model.market import Market
    from salessim.model.today import Owners

__all__ = ["calls_of", "covers_of", "given_of", "turnover_note", "turnover_taken", "worth_notes"]

_USUAL_CALL = 0.5
"""Hours of a contact whose length the export does not say (the default of a plan)."""


def calls_of(crm: CrmData, log: StepLog) -> pd.DataFrame:
    """Return the contacts with customers: rep, account, day since the log's origin, hours."""
    import pandas as pd

    known = crm.activities.dropna(subset=["owner_id", "account_id", "at"])
    return pd.DataFrame(
        {
            "rep": known["owner_id"].astype(str),
            "account": known["account_id"].astype(str),
            "day": (known["at"] - log.origin) / pd.Timedelta(days=1),
            "hours": (known["duration_min"] / 60.0).fillna(_USUAL_CALL).clip(0.0, 8.0),
        }
    )


def covers_of(owners: Owners) -> dict[tuple[str, str], int]:
    """Return by rep and account the bits of the products, in alphabetical order, that he covers there."""
    bit = {name: 1 << k for k, name in enumerate(sorted({str(p) for p in owners["product"]}))}
    found: dict[tuple[str, str], int] = {}
    for account, product, rep in zip(owners["account"], owners["product"], owners["rep"], strict=True):
        found[str(rep), str(account)] = found.get((str(rep), str(account)), 0) | bit[str(product)]
    return found


def given_of(market: Market, log: StepLog) -> Given:
    """Return what a settled market says of what no log shows.

    In a log without stages a step is a whole deal. A shift of the funnel's log-odds by a little then moves those of
    the whole by ``mean(1 - p) / (1 - P)``, with p the chances of the stages and P their product.
    """
    effort, advance = market.stages["effort"], market.stages["advance"]
    reach = np.concatenate([[1.0], np.cumprod(advance)[:-1]])
    if log.whole:
        hours = np.array([float((reach * effort).sum())])
        share = float((1.0 - advance).mean() / max(1.0 - float(np.prod(advance)), 1e-9))
    else:
        by_name = dict(zip((str(s) for s in market.stages["stage"]), effort.tolist(), strict=True))
        hours = np.array([by_name.get(name, float(effort.mean())) for name in log.stages])
        share = 1.0 / len(log.stages)
    return Given(
        hours, market.knowledge.learning, market.knowledge.forgetting, market.relationship.relation_gain,
        market.relationship.relation_fade, market.knowledge.difference,
        {str(p): float(c) for p, c in zip(market.products["product"], market.products["complexity"], strict=True)},
        share,
    )  # fmt: skip


def worth_notes(worth: Worth, *, has_calls: bool) -> list[Note]:
    """Say what experience is worth, and how far the history can be believed in that."""
    notes = [Note("fit worth", steps=worth.steps, effects=lambda language: _listed(worth, language))]
    if worth.untold:
        notes.append(Note("fit untold", effects=lambda language: _names(worth.untold, language)))
    if worth.implausible:
        notes.append(Note("fit implausible", effects=lambda language: _names(worth.implausible, language)))
    if not has_calls:
        notes.append(Note("fit no calls"))
    if worth.steered:
        notes.append(Note("fit steered"))
    notes.append(Note("fit survivors"))
    if worth.reps < worth.all_reps:
        notes.append(Note("fit few reps", used=worth.reps, all=worth.all_reps))
    return notes


def _names(effects: tuple[str, ...], language: str) -> str:
    return ("、" if language == "zh" else ", ").join(label(f"setting.{name}", language) for name in effects)


def _listed(worth: Worth, language: str) -> str:
    return ("；" if language == "zh" else "; ").join(
        sentence(
            "fit worth one", language, effect=label(f"setting.{row.effect}", language), value=f"{row.estimate:.1f}",
            low=f"{row.low:.1f}", high=f"{row.high:.1f}", taken=f"{row.taken:.1f}",
        )
        for row in worth.frame()[np.isfinite(worth.error)].itertuples()
    )  # fmt: skip


def turnover_note(turnover: Turnover) -> Note:
    """Say how many stopped selling."""
    if not turnover.leavers:
        return Note("fit no turnover")
    return Note(
        "fit turnover", leavers=turnover.leavers, years=f"{turnover.years:.0f}", rate=f"{turnover.rate:.0%}",
        low=f"{turnover.low:.0%}", high=f"{turnover.high:.0%}",
    )  # fmt: skip


def turnover_taken(turnover: Turnover) -> float:
    """Return the rate a market takes: the register's range as a gamma prior (its mean, half its width as 2 sd)."""
    entry = next(entry for entry in register() if entry.name == "turnover")
    mean, sd = (entry.low + entry.high) / 2, (entry.high - entry.low) / 4
    shape, years = (mean / sd) ** 2, mean / sd**2
    return (shape + turnover.leavers) / (years + turnover.years)
