"""From judged response curves to a market: the same sizing, read off the simulation instead of the formula.

A curve says how sales of a product answer to effort, as a multiple of today's. In the simulation effort is calls, calls
build goodwill, and goodwill activates demand. So effort of today is made to build a known level of goodwill, and the
curve over multiples of it becomes the response of demand to goodwill in multiples of that level. Everything else
(skill, relationship, travel, work on deals, chance of winning) is switched off: what is read off is what the mechanisms
of calls, goodwill and demand make of the curve.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.model.market import Accounts, Calendar, Market, Products, Stages
from salessim.model.mechanisms import Coordination, Demand, Knowledge, Relationship, Travel
from salessim.model.plan import Plan, Team
from salessim.model.register import off_values
from salessim.model.today import Goodwill, Owners, Today
from salessim.sizing.response import Adbudg, Exponential
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LEVELS", "JudgedProduct", "simulated_gains", "simulated_sales"]

Floats = NDArray[np.float64]

_GOODWILL = 12.0
"""Goodwill, in calls not yet faded, that today's effort builds: enough that one call moves little."""
_FADE = 0.02
"""Of goodwill a day."""

LEVELS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0, 2.5, 3.5, 5.0)
"""Multiples of today's reps at which a curve is read off."""


@dataclass(frozen=True, eq=False)
class JudgedProduct:
    """One product with a judged response curve, as a market and a plan for any number of its reps.

    Parameters
    ----------
    name : str
    curve : Adbudg or Exponential
        Of one product: sales, as a multiple of today's, over effort, as a multiple of today's.
    sales : float
        Yearly sales of today.
    reps : float
        Reps of today.
    accounts : int, optional
        Customers over which the effort is spread evenly; six or more for every rep that will be tried.
    deals : int, optional
        Deals a year today: the more, the less chance in the answer.

    Raises
    ------
    StudyError
        For a curve that falls or of several products at once.
    """

    name: str
    curve: Adbudg | Exponential
    sales: float
    reps: float
    accounts: int = 1000
    deals: int = 20_000

    def __post_init__(self) -> None:
        if any(np.ndim(value) for value in vars(self.curve).values()):
            raise StudyError(
                explain("one product has one curve", where="curve", remedy="Make a JudgedProduct for each product")
            )
        floor, ceiling = self._ends
        if not 0 <= floor < ceiling:
            raise StudyError(
                explain("sales must rise with effort", where="curve", value=f"{floor:g} to {ceiling:g}")
            )

    @property
    def _ends(self) -> tuple[float, float]:
        """Sales at no effort and at saturation, as multiples of today's."""
        curve = self.curve
        if isinstance(curve, Adbudg):
            return float(np.asarray(curve.low)), float(np.asarray(curve.high))
        return float(np.asarray(curve.floor)), float(np.asarray(curve.floor) + np.asarray(curve.scale))

    def market(self, reps: int) -> Market:
        """Return the market in the steady state of so many reps: owners and goodwill of each account."""
        names = [f"account {n + 1:05d}" for n in range(self.accounts)]
        floor, ceiling = self._ends
        people = _people(max(reps, 1))
        # Neighbours in the list go to one rep: all his accounts are then of one tier, and he visits them in turn.
        owner = [people[n * len(people) // self.accounts] for n in range(self.accounts)]
        share = np.bincount(np.arange(self.accounts) * len(people) // self.accounts, minlength=len(people))
        level = _GOODWILL * (reps / self.reps) * self.accounts / (len(people) * share)
        product: dict[str, Any] = {
            "product": [self.name], "price": [self.sales / self.deals], "price_cv": [0.0],
            "opportunities": [self.deals * ceiling / self.accounts],
        }  # fmt: skip
        effect = 0.0
        if isinstance(self.curve, Adbudg):
            shape = float(np.asarray(self.curve.shape))
            product["response_shape"] = [shape]
            product["response_half"] = [_GOODWILL * float(np.asarray(self.curve.half)) ** (1.0 / shape)]
        else:
            effect = float(np.asarray(self.curve.rate)) / _GOODWILL
        return Market(
            name=self.name,
            start=dt.date(2026, 1, 1),
            products=Products(product),
            accounts=Accounts(
                {"account": names, "segment": ["all"] * self.accounts, "x": np.zeros(self.accounts),
                 "y": np.zeros(self.accounts)}
            ),
            stages=Stages([{"stage": "order", "effort": 0.0, "dwell": 0.0, "advance": 1.0, "visit": 0.0}]),
            calendar=Calendar(workdays=(0, 1, 2, 3, 4, 5, 6), hours_per_day=24.0, opens=0.0),
            demand=Demand(
                activation_floor=floor / ceiling, prospect_floor=floor / ceiling, goodwill_effect=effect,
                goodwill_fade=_FADE, inquiry_share=0.0, response_effect=0.0, cross_sell=0.0,
            ),
            knowledge=Knowledge(skill_effect=0.0, insight_effect=0.0, difference=0.0, learning=0.0, forgetting=0.0),
            relationship=Relationship(relation_effect=0.0, relation_gain=0.0, relation_fade=0.0, relation_kept=1.0),
            coordination=Coordination(coordination_effect=0.0, coordination_time=0.0, handoff_loss=0.0),
            travelling=Travel(travel=0.0, local_hours=0.0),
            today=Today(
                owners=Owners({"account": names, "product": [self.name] * self.accounts, "rep": owner}),
                goodwill=Goodwill(
                    {
                        "account": names,
                        "product": [self.name] * self.accounts,
                        "level": level[np.arange(self.accounts) * len(people) // self.accounts],
                    }
                ),
            ),
        ).but(**off_values("people", "money", "record"))  # fmt: skip

    def plan(self, reps: int) -> Plan:
        """Return the plan: so many reps who do nothing but call on their accounts in turn; none make no calls."""
        people = _people(max(reps, 1))
        per_day = _FADE * _GOODWILL * self.accounts / self.reps
        return Plan(
            structure="today", team=Team({"rep": people, "x": [0.0] * len(people), "y": [0.0] * len(people)}),
            selling_time=1.0, leave=0.0, calls=reps > 0, call_gap=0.0, call_hours=24.0 / per_day, coverage="tiers",
            prospecting=0.0,
        ).but(appraisal_months=0, **off_values("management"))  # fmt: skip


def simulated_sales(
    product: JudgedProduct,
    sizes: Sequence[int],
    *,
    months: int = 12,
    replications: int = 2,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Floats:
    """Simulate yearly sales of a judged product with each of several numbers of reps on the same futures.

    Parameters
    ----------
    product : JudgedProduct
    sizes : sequence of int
        Numbers of reps, 0 among them or not.
    months, replications, seed : int
    progress : callable, optional
        Called with every size that is done.

    Returns
    -------
    (replications, sizes) array

    Examples
    --------
    >>> half = JudgedProduct("P", Exponential(scale=2.0, rate=np.log(2.0)), 1e6, 4, accounts=40, deals=2000)
    >>> sales = simulated_sales(half, [0, 4], replications=2)
    >>> sales[:, 0].tolist(), bool(abs(sales[:, 1].mean() / 1e6 - 1) < 0.1)
    ([0.0, 0.0], True)
    """
    found = np.empty((replications, len(sizes)))
    for place, reps in enumerate(sizes):
        replay = Replay(product.market(reps), product.plan(reps), months, seed)
        for n in range(replications):
            run = replay.run(n)
            assert run is not None, "nobody stops these runs"
            found[n, place] = run.revenue * 12.0 / months
        if progress is not None:
            progress(reps)
    return found


def simulated_gains(
    product: JudgedProduct, margin: float, step: float, steps: int, *, replications: int = 2, seed: int = 1
) -> Floats:
    """Simulate what a judged product brings at 0, 1, 2 … steps of reps, for `deployments`.

    Sales are simulated at `LEVELS` as far as the steps go and, between them, follow a monotone cubic; they are levelled
    so that today's reps sell today's sales.

    Parameters
    ----------
    product : JudgedProduct
    margin : float
        What one unit of sales is worth.
    step : float
        Reps of one step.
    steps : int
    replications, seed : int

    Returns
    -------
    (steps + 1,) array
    """
    from scipy.interpolate import PchipInterpolator

    most = step * steps
    sizes = sorted({min(round(level * product.reps), int(most)) for level in LEVELS} | {int(most)})
    sales = simulated_sales(product, sizes, replications=replications, seed=seed).mean(axis=0)
    curve = PchipInterpolator(sizes, sales)
    level = product.sales / float(curve(product.reps))
    gains: Floats = margin * level * curve(np.minimum(step * np.arange(steps + 1), sizes[-1]))
    return gains


def _people(reps: int) -> list[str]:
    return [f"rep {n + 1:04d}" for n in range(reps)]
