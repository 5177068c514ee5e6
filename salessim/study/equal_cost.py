"""Two plans at equal cost of pay: the generosity of one is solved so that it costs what the other costs.

A plan that sells more because it pays more says nothing about its shape. Cost is what the simulation pays, with people
answering to each plan; the static replay of vendors, in which nobody answers, gives another factor.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.errors import StudyError, explain
from salessim.model.pay import Pay
from salessim.model.register import off_values
from salessim.pay.scaling import scaled_pay
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["EqualCost", "equal_cost"]

_WIDEST = 16.0
_MOST_STEPS = 40


class EqualCost(NamedTuple):
    """A pay plan that costs what another one does.

    Attributes
    ----------
    pay : Pay
        The plan, its variable pay scaled.
    factor : float
        By how much.
    cost, wanted : float
        Mean cost of pay of the scaled plan and what it should be, money over all months.
    """

    pay: Pay
    factor: float
    cost: float
    wanted: float


def equal_cost(
    market: Market,
    plan: Plan,
    pay: Pay,
    like: Pay | float,
    *,
    months: int = 24,
    replications: int = 10,
    seed: int = 1,
    tolerance: float = 0.002,
    behaviour: bool = True,
) -> EqualCost:
    """Scale the variable pay of a plan so that its mean cost of pay (salaries and variable pay) is that of another.

    Parameters
    ----------
    market, plan : Market, Plan
        The plan of the organisation; its own pay plan is replaced.
    pay : Pay
        What is scaled, see `salessim.pay.scaling.scaled_pay`.
    like : Pay or float
        The plan whose cost is wanted, or the money itself, over all months.
    months, replications, seed
        As in `compare`; the same seed is the same futures.
    tolerance : float
        How near is near enough, a share of the cost that is wanted.
    behaviour : bool
        False: as in a static replay, where nobody answers to pay.

    Raises
    ------
    StudyError
        No generosity makes the plan cost that much or that little, as where its salary alone costs more.

    Examples
    --------
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = equal_cost(
    ...     market, plan, pay_preset("bonus"), pay_preset("commission_and_bonus"), months=6, replications=2
    ... )
    >>> abs(found.cost / found.wanted - 1.0) <= 0.002
    True
    """
    here = market if behaviour else market.but(**off_values("motivation"))

    def cost(of: Pay) -> float:
        replay = Replay(here, plan.but(pay=of), months, seed)
        paid = []
        for n in range(replications):
            run = replay.run(n)
            assert run is not None  # nobody stops it
            paid.append(float(run.world["diary"]["salary"].sum() + run.world["diary"]["variable"].sum()))
        return float(np.mean(paid))

    wanted = cost(like) if isinstance(like, Pay) else float(like)
    low, high, found = _bracket(pay, cost, wanted)
    for _ in range(_MOST_STEPS):
        if abs(found.cost / wanted - 1.0) <= tolerance:
            return found
        (a, too_little), (b, too_much) = low, high
        share = (wanted - too_little) / (too_much - too_little)
        factor = math.exp(math.log(a) + min(max(share, 0.1), 0.9) * (math.log(b) - math.log(a)))
        found = _tried(pay, cost, factor, wanted)
        if found.cost < wanted:
            low = (factor, found.cost)
        else:
            high = (factor, found.cost)
    raise _out_of_reach(f"{found.cost:,.0f} at the factor {found.factor:.4g}", wanted)


def _tried(pay: Pay, cost: Callable[[Pay], float], factor: float, wanted: float) -> EqualCost:
    scaled = scaled_pay(pay, factor)
    return EqualCost(scaled, factor, cost(scaled), wanted)


def _bracket(
    pay: Pay, cost: Callable[[Pay], float], wanted: float
) -> tuple[tuple[float, float], tuple[float, float], EqualCost]:
    """Return a factor that costs too little, one that costs too much, each with its cost, and the last one tried."""
    found = _tried(pay, cost, 1.0, wanted)
    step = 2.0 if found.cost < wanted else 0.5
    before = found
    while (found.cost < wanted) == (step > 1.0):
        if not 1.0 / _WIDEST < found.factor < _WIDEST:
            raise _out_of_reach(f"{found.cost:,.0f} at the factor {found.factor:.4g}", wanted)
        before, found = found, _tried(pay, cost, found.factor * step, wanted)
    ends = sorted([(before.factor, before.cost), (found.factor, found.cost)])
    nearest = min((before, found), key=lambda one: abs(one.cost - wanted))
    return ends[0], ends[1], nearest


def _out_of_reach(value: str, wanted: float) -> StudyError:
    return StudyError(
        explain("no generosity of its variable pay makes this plan cost as much as the other", where="like",
                value=value, allowed=f"{wanted:,.0f}", remedy="Change its salary or its quotas first")
    )  # fmt: skip
