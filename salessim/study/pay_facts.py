"""What a run says about pay: who sold, earned and strove how much in which month, who reached quota, what was moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.ledger import ledger_of
from salessim.pay.programme import STEPS
from salessim.pay.quotas import to_cents
from salessim.world.tables import DISMISSED, QUIT_JOB, WON

if TYPE_CHECKING:
    from salessim.clocks.run import Run
    from salessim.model.pay import Component, Pay

__all__ = ["CLOSING_DAYS", "PayFacts", "leading_component", "pay_facts"]

Floats = NDArray[np.float64]
CLOSING_DAYS = 14
"""Days before a deadline whose share of the bookings is the concentration: the two weeks of the glossary."""
_QUARTER = 3


@dataclass(frozen=True, eq=False)
class PayFacts:
    """What pay did in one run. Seats are in the order of the world's reps.

    Attributes
    ----------
    sales, paid, effort : (seats, months) float
        Revenue won, salary and variable pay, effort chosen (1 is the effort of today).
    attainment : (seats, periods) float
        Credit over quota in each whole pay period of the component that carries the quota; no column without one.
    quarterly : (seats, quarters) float
        Credit over quota by quarter, whatever the pay period; without a quota, revenue over the mean of all seats.
    quits : (seats,) int
        How often somebody left the seat by himself or was dismissed.
    years : (seats,) float
        Years for which the seat was filled.
    gross_margin, pay_cost : float
        Revenue less cost of goods; salaries and variable pay of everybody, as the ledger has them.
    concentration : float
        Share of revenue won in the last `CLOSING_DAYS` days before a deadline.
    hole : float
        How much less is sold in the month after a deadline than in a mean month: 0.2 is 20 % less.
    discount : float
        Share of list value given away.
    pulled, held : int
        Deals signed sooner, and deals held back, because of the deadline.
    """

    sales: Floats
    paid: Floats
    effort: Floats
    attainment: Floats
    quarterly: Floats
    quits: NDArray[np.int64]
    years: Floats
    gross_margin: float
    pay_cost: float
    concentration: float
    hole: float
    discount: float
    pulled: int
    held: int


def leading_component(pay: Pay | None) -> tuple[int, Component] | None:
    """Return number and component of the quota of a plan: the first on attainment that pays anything, days apart.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> number, part = leading_component(pay_preset("commission_and_bonus"))
    >>> number, part.period
    (1, 'quarter')
    """
    if pay is None:
        return None
    return next(
        ((c, part) for c, part in enumerate(pay.components)
         if part.basis == "attainment" and part.period != "day" and (part.tiers or part.bonuses)),
        None,
    )  # fmt: skip


def pay_facts(run: Run, deadline: int = _QUARTER) -> PayFacts:
    """Return what a run says about pay.

    Parameters
    ----------
    run : Run
        Under a plan with a pay plan or without; without one it pays the salary and commission of its management.
    deadline : int
        Months from one deadline to the next, counted from the start of the run, for concentration and hole.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> facts = pay_facts(simulate(market, plan.but(pay=pay_preset("bonus")), 12))
    >>> facts.attainment.shape == (plan.headcount, 4), facts.sales.shape == facts.paid.shape
    (True, True)
    """
    world, months = run.world, run.months
    ends = world["months"]["ends"]
    n_seats = len(world["reps"])
    deals = world.used("deals")
    won = deals[deals["state"] == WON]
    month = np.minimum(np.searchsorted(ends, won["closed"], side="right"), months - 1)
    cell = won["rep"] * months + month
    size = n_seats * months
    sales, commission = (
        np.bincount(cell, weights=won[column], minlength=size).astype(np.float64).reshape(n_seats, months)
        for column in ("value", "commission")
    )
    diary = world["diary"]
    paid = (diary["salary"] + diary["variable"]).reshape(n_seats, months) + commission
    effort = diary["effort"].reshape(n_seats, months) if run.plan.phases[0][0].pay else np.ones((n_seats, months))
    attainment, quarterly = _attained(run, sales)
    careers = world.used("careers")
    left = np.isin(careers["kind"], (QUIT_JOB, DISMISSED))
    ledger = ledger_of(run)
    monthly = sales.sum(axis=0)
    listed = float((won["value"] / (1.0 - won["discount"])).sum())
    return PayFacts(
        sales=sales, paid=paid, effort=effort, attainment=attainment, quarterly=quarterly,
        quits=np.bincount(careers["rep"][left], minlength=n_seats).astype(np.int64),
        years=diary["present_days"].reshape(n_seats, months).sum(axis=1) / 365.0,
        gross_margin=ledger.total("revenue") + ledger.total("cost_of_goods"),
        pay_cost=-ledger.total("salaries") - ledger.total("commission"),
        concentration=_before_deadlines(won["closed"], won["value"], month, ends, deadline),
        hole=_after_deadlines(monthly, deadline),
        discount=1.0 - float(won["value"].sum()) / listed if listed else 0.0,
        pulled=int((deals["shifted"] < 0.0).sum()), held=int((deals["shifted"] > 0.0).sum()),
    )  # fmt: skip


def _attained(run: Run, sales: Floats) -> tuple[Floats, Floats]:
    n_seats, months = sales.shape
    quarters = months // _QUARTER
    led = leading_component(run.plan.phases[0][0].pay)
    if led is None:
        by_quarter = sales[:, : quarters * _QUARTER].reshape(n_seats, quarters, _QUARTER).sum(axis=2)
        mean = by_quarter.mean() if by_quarter.size else 0.0
        return np.zeros((n_seats, 0)), by_quarter / mean if mean > 0.0 else by_quarter
    number, part = led
    credit = run.world["credits"]["cents"].reshape(-1, n_seats, months)[number] / 100.0
    length = STEPS[part.period]
    quota = _quotas_by_month(run, number, credit, length)

    def over(span: int) -> Floats:
        whole = months // span * span
        earned = credit[:, :whole].reshape(n_seats, -1, span).sum(axis=2)
        due = quota[:, :whole].reshape(n_seats, -1, span).sum(axis=2) / length
        return np.asarray(earned / due)

    return over(length), over(_QUARTER)


def _quotas_by_month(run: Run, number: int, credit: Floats, length: int) -> Floats:
    """Return the quota of a pay period as it was in each month: a ratchet moves it at the end of every period."""
    pay = run.plan.phases[0][0].pay
    assert pay is not None
    n_seats, months = credit.shape
    first = run.world["quotas"]["first"].reshape(-1, n_seats)[number]
    quota = to_cents(first)
    found = np.zeros((n_seats, months))
    for begins in range(0, months, length):
        found[:, begins : begins + length] = quota[:, None] / 100.0
        over = credit[:, begins : begins + length].sum(axis=1) - quota / 100.0
        share = np.where(over > 0.0, pay.quotas.ratchet_up, pay.quotas.ratchet_down)
        quota = np.maximum(quota + to_cents(share * over), to_cents(0.01 * first))
    return found


def _before_deadlines(
    closed: Floats, value: Floats, month: NDArray[np.int64], ends: Floats, deadline: int
) -> float:
    last = month - month % deadline + deadline - 1
    inside = last < len(ends)
    late = inside & (ends[np.minimum(last, len(ends) - 1)] - closed <= CLOSING_DAYS)
    total = float(value[inside].sum())
    return float(value[late].sum()) / total if total else 0.0


def _after_deadlines(monthly: Floats, deadline: int) -> float:
    after = monthly[deadline::deadline]
    mean = float(monthly.mean())
    return 1.0 - float(after.mean()) / mean if len(after) and mean > 0.0 else 0.0
