"""Workload: the hours that calls and deals ask for, over the selling hours of a rep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.measures import measures_of
from salessim.rules.coverage import DAYS_BETWEEN_CALLS
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from salessim.clocks.run import Run
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["TIERS", "Workload", "call_frequencies", "workload"]

Floats = NDArray[np.float64]

TIERS = ("A", "B", "C")
"""The tiers of accounts by the money their demand is worth: the first fifth, the next three tenths, the other half."""


def call_frequencies() -> tuple[float, ...]:
    """Return the calls a year on an account of each tier under the coverage rule ``tiers``.

    Examples
    --------
    >>> [round(x, 1) for x in call_frequencies()]
    [17.4, 8.1, 4.1]
    """
    return tuple(365.0 / days for days in DAYS_BETWEEN_CALLS)


@dataclass(frozen=True, eq=False)
class Workload:
    """Hours a year that the accounts ask for, and those that a rep has.

    Attributes
    ----------
    ties : (tiers,) array
        Accounts of each tier, counted once for every rep who covers them.
    frequency : (tiers,) array
        Calls a year by each of these reps.
    hours_per_call : (tiers,) array
        With the customer and on the way.
    deal_hours : (replications,) array
        Work on deals with its travel, a year, as it was in each future.
    selling_hours : (replications,) array
        Of one rep a year.
    """

    ties: Floats
    frequency: Floats
    hours_per_call: Floats
    deal_hours: Floats
    selling_hours: Floats

    @property
    def call_hours(self) -> Floats:
        """Hours of calls a year in each tier."""
        return self.ties * self.frequency * self.hours_per_call

    @property
    def reps(self) -> Floats:
        """Reps needed, one number per future: all hours over the selling hours of a rep."""
        return (self.call_hours.sum() + self.deal_hours) / self.selling_hours


def workload(
    market: Market,
    plan: Plan,
    frequency: Sequence[float] | None = None,
    *,
    months: int = 12,
    replications: int = 4,
    seed: int = 1,
) -> Workload:
    """Count the hours a year of calls at the frequencies of the tiers, and of the deals of the plan as it stands.

    Parameters
    ----------
    market, plan : Market, Plan
        Who covers whom, ways and hours per call are this plan's.
    frequency : three numbers, optional
        Calls a year on an account of tier A, B and C; by default those of the coverage rule ``tiers``.
    months, replications, seed : int
        Of the runs in which the work on deals is seen.

    Raises
    ------
    StudyError
        Where there are not three frequencies, none negative.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = workload(market, plan, (12, 6, 4), replications=2)
    >>> found.ties.tolist(), bool((found.reps > 1).all())
    ([30.0, 45.0, 75.0], True)
    """
    calls = np.array(call_frequencies() if frequency is None else frequency, dtype=np.float64)
    if calls.shape != (len(TIERS),) or not bool((calls >= 0).all()):
        raise StudyError(
            explain(
                "call frequencies are one number per tier", where="frequency", value=calls.tolist(),
                allowed="three numbers of calls a year for tiers A, B and C, 0 or more",
            )
        )  # fmt: skip
    replay = Replay(market, plan, months, seed)
    runs = [run for run in map(replay.run, range(replications)) if run is not None]
    ties, per_call = _calls_by_tier(runs[0])
    per_year = 12.0 / months
    return Workload(
        ties=ties,
        frequency=calls,
        hours_per_call=per_call,
        deal_hours=np.array([_hours_of_deals(run) for run in runs]) * per_year,
        selling_hours=np.array([_hours_of_a_rep(run) for run in runs]) * per_year,
    )


def _calls_by_tier(run: Run) -> tuple[Floats, Floats]:
    relations = run.world.used("relations")
    relations = relations[relations["covers"] > 0]
    tier = run.world["accounts"]["tier"][relations["account"]]
    hours = relations["travel"] + run.plan.call_hours * relations["covers"]
    ties = np.bincount(tier, minlength=len(TIERS)).astype(np.float64)
    total = np.bincount(tier, weights=hours, minlength=len(TIERS))
    return ties, np.divide(total, ties, out=np.zeros(len(TIERS)), where=ties > 0)


def _hours_of_deals(run: Run) -> float:
    relations, diary = run.world.used("relations"), run.world["diary"]
    to_calls = float((relations["calls"] * relations["travel"]).sum())
    return float(diary["deal_hours"].sum() + max(diary["travel_hours"].sum() - to_calls, 0.0))


def _hours_of_a_rep(run: Run) -> float:
    """Return the selling hours of one rep in a run, from what was worked and the share of the time it took."""
    diary = run.world["diary"]
    worked = float(sum(diary[column].sum() for column in ("travel_hours", "deal_hours", "call_hours")))
    return worked / measures_of(run)["utilisation"] / len(run.world.names.reps)
