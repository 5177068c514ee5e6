"""From history to model: a market and the plan of today, with what was estimated, assumed and left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.fit.applied import calls_of, covers_of, given_of, turnover_note, turnover_taken, worth_notes
from salessim.fit.capacity import Capacity, capacity_note, estimate_capacity, selling_hours_a_day
from salessim.fit.company import fit_accounts, fit_affinity, fit_products, fit_season
from salessim.fit.estimates import Estimates, estimate_chances, estimate_delays, estimate_demand, estimate_values
from salessim.fit.funnel import fit_funnel
from salessim.fit.history import History, read_history
from salessim.fit.leavers import Turnover, estimate_turnover
from salessim.fit.notes import Note
from salessim.fit.settling import Targets, settle_fit
from salessim.fit.state import fit_experience, fit_open_deals, fit_owners, fit_team, read_mix
from salessim.fit.steps import read_steps
from salessim.fit.uncertainty import Uncertainty
from salessim.fit.worth import EFFECTS, Worth, estimate_worth
from salessim.model.management import Management
from salessim.model.market import Affinity, Market
from salessim.model.mechanisms import Demand
from salessim.model.plan import Plan
from salessim.model.today import Today
from salessim.words import sentence

if TYPE_CHECKING:
    from salessim.crm.tables import CrmData

__all__ = ["DEAL_TIME", "Fit", "fit_company", "fit_market", "fit_plan"]

DEAL_TIME = 0.4
"""Assumed share of selling time that deals take today, travel included (ours, unsourced). Few exports show it."""

_COMMISSION = 0.02
_SHARES = {
    "salary": 0.08, "tools_cost": 0.006, "overhead_cost": 0.014, "manager_cost": 0.16, "hiring_cost": 0.02,
    "training_cost": 0.001,
}  # fmt: skip
"""What people cost, as shares of a rep's revenue: selling costs about a tenth of sales. Ours; no export shows it."""

_CHECKS = {
    "opportunities": "fit check opportunities", "won_share": "fit check won_share",
    "cycle_days": "fit check cycle_days", "deal_time": "fit check deal_time",
}  # fmt: skip
"""What a settled market is checked on, and the sentence that names it."""


@dataclass(frozen=True, eq=False)
class Fit:
    """A fitted company.

    Attributes
    ----------
    market : Market
    plan : Plan
        How the company sells today.
    notes : tuple of Note
        What was assumed or left out, in words.
    check : dict of str to float
        What the fitted model gives for each quantity it was settled on, relative to history (1 is exact).
    estimates : dict of str to Estimates
        ``demand``, ``chances``, ``delays`` and ``values``, each with its covariance.
    worth : Worth
        What experience is worth, as far as the history tells.
    turnover : Turnover
        Reps who stopped selling.
    uncertainty : Uncertainty
        Of what `draws` draws.
    capacity : Capacity
        Selling time in use, as far as the log accounts for it.
    """

    market: Market
    plan: Plan
    notes: tuple[Note, ...]
    check: dict[str, float]
    estimates: dict[str, Estimates]
    worth: Worth
    turnover: Turnover
    uncertainty: Uncertainty
    capacity: Capacity

    def draws(self, n: int, seed: int = 1) -> list[Market]:
        """Draw markets that the history leaves possible.

        Parameters
        ----------
        n : int
        seed : int

        Raises
        ------
        StudyError
            For less than one draw.
        """
        return [self.market.but(**one) for one in self.uncertainty.settings(self.market, n, seed)]

    def parameters(self, n: int, seed: int = 1) -> list[dict[str, Any]]:
        """Draw settings for `salessim.variance_components`, which moves the effects of experience as assumptions.

        Parameters
        ----------
        n : int
        seed : int

        Raises
        ------
        StudyError
            For less than one draw.
        """
        return self.uncertainty.settings(self.market, n, seed, effects=False)

    def words(self, language: str = "en") -> str:
        """Return the notes in a language, one a line.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        return "\n".join(note.say(language) for note in self.notes)

    def say(self, language: str = "en") -> str:
        """Return what was fitted, how the settled model compares with history, and the notes.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        market = self.market
        found = ("；" if language == "zh" else ", ").join(
            f"{sentence(_CHECKS[name], language)} {100 * value:.0f}{'' if language == 'zh' else ' '}%"
            for name, value in self.check.items()
        )
        return "\n".join(
            [
                sentence(
                    "fit fitted", language, accounts=f"{len(market.accounts):,}", segments=len(market.segments),
                    products=len(market.products), reps=f"{self.plan.headcount:,}", stages=len(market.stages),
                    deals=f"{len(market.today.open_deals):,}",
                ),
                sentence("fit settled", language, found=found),
                sentence("fit says", language),
                *(f"  - {note.say(language)}" for note in self.notes),
            ]
        )  # fmt: skip

    def __str__(self) -> str:
        return self.say()


def fit_company(crm: CrmData, *, deal_time: float | None = None) -> Fit:
    """Fit a market and today's plan to a CRM export.

    Parameters
    ----------
    crm : CrmData
        As `salessim.read_crm` returns it.
    deal_time : float, optional
        Share of selling time that work on deals takes today. Without it: what the log tells, where it times the work
        on deals, else `DEAL_TIME`.

    Raises
    ------
    CrmError
        If the history is too short to learn anything from.
    """
    history = read_history(crm)
    notes = list(history.notes)
    accounts, more = fit_accounts(crm, history)
    notes += more
    products, more = fit_products(crm, history, accounts)
    notes += more
    segment_of = _series(accounts["account"], accounts["segment"])
    events = crm.stage_events if crm.stage_events is not None and len(crm.stage_events) else None
    log = read_steps(history, segment_of, events)
    funnel = fit_funnel(history, segment_of, log)
    notes += funnel.notes
    season, more = fit_season(history)
    notes += more
    places_unknown = not bool(np.isfinite(accounts["lat"]).any())
    provisional = Market(
        name=str(getattr(crm, "name", "") or "fitted market"),
        currency=_currency(crm),
        start=history.deals["created"].max().date() if crm.as_of is None else crm.as_of,
        products=products,
        accounts=accounts,
        stages=funnel.stages,
        affinity=fit_affinity(
            history, accounts, products, _known(funnel.wins, accounts["segment"], products["product"])
        ),
        demand=Demand(season=season),
        distance_assumed=places_unknown,
    )
    team, more = fit_team(crm, history)
    notes += more
    owners = fit_owners(crm, history, accounts, products, team)
    plan = _plan(history, team)
    # opportunities seen are what contact activated; the saturated market has more, settled below
    provisional = provisional.but(products=products.but(opportunities=products["opportunities"] / 0.6))
    mix = read_mix(history, provisional, team)
    skill, insight = fit_experience(mix, provisional, 0.4)
    open_deals, more = fit_open_deals(history, provisional, owners)
    notes += more
    provisional = provisional.but(
        today=Today(owners=owners, open_deals=open_deals, skill=skill, insight=insight),
        outside_pay=_outside_pay(plan),
    )
    yearly = {
        str(p): float(n) * len(accounts) for p, n in zip(products["product"], products["opportunities"], strict=True)
    }
    capacity = estimate_capacity(crm, history, selling_hours_a_day(provisional, plan))
    if deal_time is None:
        deal_time = DEAL_TIME if capacity.deals is None else float(np.clip(capacity.deals.value, 0.01, 0.95))
    market, check, in_use = settle_fit(
        provisional,
        plan,
        Targets(yearly, funnel.won_share, funnel.cycle_days, deal_time),
        lambda effort_days: fit_experience(mix, provisional, effort_days),
    )
    if capacity.deals is None:
        notes.append(Note("fit hours", share=f"{deal_time:.0%}"))
    notes.append(capacity_note(capacity, in_use, deal_time))
    worth = estimate_worth(log, calls_of(crm, log), covers_of(owners), given_of(market, log))
    notes += worth_notes(worth, has_calls=len(crm.activities) > 0)
    estimates = {
        "demand": estimate_demand(
            history, segment_of, _series(accounts["account"], np.ones(len(accounts))),
            _series(accounts["account"], accounts["region"]),
        ),
        "chances": estimate_chances(log),
        "delays": estimate_delays(log),
        "values": estimate_values(history),
    }  # fmt: skip
    turnover = estimate_turnover(crm, history)
    notes.append(turnover_note(turnover))
    taken, _ = worth.combined()
    settings = {name: round(max(float(value), 0.0), 4) for name, value in zip(EFFECTS, taken, strict=True)}
    if turnover.leavers:
        settings["turnover"] = round(turnover_taken(turnover), 4)
    market = market.but(**settings)
    return Fit(
        market, plan, tuple(notes), check, estimates, worth, turnover,
        Uncertainty.of(tuple(estimates.values()), worth), capacity,
    )  # fmt: skip


def fit_market(crm: CrmData, *, deal_time: float | None = None) -> Market:
    """Fit what the world does: demand, customers' decisions, today's state. See `fit_company`."""
    return fit_company(crm, deal_time=deal_time).market


def fit_plan(crm: CrmData) -> Plan:
    """Read how the company sells today: the team, with the structure ``today``. See `fit_company`."""
    history = read_history(crm)
    team, _ = fit_team(crm, history)
    return _plan(history, team)


def _plan(history: History, team: object) -> Plan:
    won = history.deals[(history.deals["status"] == "won") & (history.deals["amount"] > 0)]
    years = history.days / 365.0
    revenue = float(won.loc[won["created"] >= history.since, "amount"].sum()) / years
    per_rep = max(revenue / max(len(team), 1), 1.0)  # type: ignore[arg-type]
    pay = Management(commission=_COMMISSION, **{name: _rounded(share * per_rep) for name, share in _SHARES.items()})
    return Plan(name="today", structure="today", team=team, management=pay)


def _rounded(amount: float) -> float:
    return float(f"{amount:.2g}")


def _outside_pay(plan: Plan) -> float:
    """Return what other firms offer: taken to be what this one pays, since no export says otherwise."""
    return _rounded(plan.management.salary * (1.0 + _COMMISSION / _SHARES["salary"]))


def _currency(crm: CrmData) -> str:
    found = list(crm.deals["currency"].dropna().unique()) if "currency" in crm.deals else []
    return str(found[0]) if len(found) == 1 else ""


def _series(index: object, values: object):  # type: ignore[no-untyped-def]
    import pandas as pd

    return pd.Series(list(values), index=list(index))  # type: ignore[call-overload]


def _known(wins: Affinity, segments: object, products: object) -> Affinity:
    known_g, known_p = set(segments), set(products)  # type: ignore[call-overload]
    keep = np.array(
        [g in known_g and p in known_p for g, p in zip(wins["segment"], wins["product"], strict=True)], dtype=bool
    )
    return wins.where(keep) if len(wins) else wins
