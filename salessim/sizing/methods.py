"""Three textbook methods of sizing beside the simulated optimum: breakdown, workload, incremental.

They ask different questions. Breakdown divides planned sales by sales per rep and takes for granted that the next rep
sells as much as the average one. Workload counts the hours that a call plan asks for, whatever they earn. Incremental
goes from size to size as long as a further rep's margin exceeds his cost. The simulated optimum is the size of the
greatest contribution, the cost of moving accounts included.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.sizing.answer import Incremental, MethodResult, SizingAnswer
from salessim.sizing.formulas import break_even_ratio, retained, three_year_roi
from salessim.sizing.simulated import SizeCurve, resampled, size_curve
from salessim.sizing.workload import workload

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["first_year_share", "size_sales_force"]

Floats = NDArray[np.float64]

_NEAR = 1.3
"""Sizes within this factor of today's tell the elasticity around it."""
_RIGHT_SIZED = (0.5, 1.5)
"""Three-year returns between which a sales force is right-sized (Zoltners, Sinha & Lorimer 2006)."""


def size_sales_force(
    market: Market,
    plan: Plan,
    *,
    target: float | None = None,
    frequency: Sequence[float] | None = None,
    carry_over: tuple[float, float] | None = None,
    headcounts: Sequence[int] | None = None,
    years: int = 3,
    replications: int = 12,
    seed: int = 1,
    tolerance: float = 0.01,
    executor: Executor | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> SizingAnswer:
    """Size a sales force by breakdown, workload, incremental method and simulation, side by side.

    Parameters
    ----------
    market, plan : Market, Plan
    target : float, optional
        Planned sales a year, for the breakdown; by default the simulated sales of today's size with a year of the
        market's growth (so that without growth the breakdown gives back today's size).
    frequency : three numbers, optional
        Calls a year on accounts of tier A, B and C, for the workload; see `workload`.
    carry_over : tuple of float, optional
        Shares K2 and K3 of a first year's incremental sales that remain in years 2 and 3 without further effort; by
        default what is left of goodwill, which fades at the market's rate.
    headcounts : sequence of int, optional
        Sizes to try; see `size_curve`.
    years : {1, 2, 3}
        Horizon over which contribution is added up.
    replications, seed : int
        Paired: every size meets the same futures.
    tolerance : float
        Share of the best contribution within which a size counts as good as the best.
    executor, progress
        As in `size_curve`.

    Returns
    -------
    SizingAnswer

    Raises
    ------
    StudyError
        For a target, horizon or carry-over that cannot be.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> answer = size_sales_force(market, plan, headcounts=[6, 8, 10, 14], years=1, replications=2)
    >>> answer.frame()["method"].tolist()
    ['breakdown', 'workload', 'incremental', 'simulated optimum']
    """
    _check(target, years, carry_over, tolerance)
    curve = size_curve(
        market, plan, headcounts, months=12 * years, replications=replications, seed=seed, executor=executor,
        progress=progress,
    )  # fmt: skip
    k2, k3 = carry_over if carry_over is not None else _carry_over(market)
    hours = workload(market, plan, frequency, replications=min(replications, 4), seed=seed)
    sales = curve.values("revenue")[:, curve.at_today] / curve.years
    wanted = float(sales.mean() * (1.0 + market.demand.growth)) if target is None else float(target)
    relocation = market.money.relocation_cost
    increment = _incremental(curve, relocation, plan.rep_cost, k2, k3)
    first, last = curve.flat_top(tolerance)
    methods = (
        MethodResult(
            "breakdown", resampled(sales, lambda mean: wanted * curve.today / float(mean)),
            {"target": wanted, "per_rep": float(sales.mean()) / curve.today},
        ),
        MethodResult(
            "workload", resampled(hours.reps, float),
            {
                "hours": float(hours.call_hours.sum() + hours.deal_hours.mean()),
                "per_rep": float(hours.selling_hours.mean()),
            },
        ),
        MethodResult(
            "incremental", increment.best,
            {"sales": increment.first_year_sales.value, "margin": increment.margin, "cost": increment.cost},
        ),
        MethodResult(
            "simulated", curve.optimum(),
            {"years": float(years), "replications": float(replications), "first": first.value, "last": last.value},
        ),
    )  # fmt: skip
    return SizingAnswer(
        market=market, plan=plan, curve=curve, methods=methods, incremental=increment, workload=hours,
        top=(first, last), tolerance=tolerance,
    )  # fmt: skip


def first_year_share(years: int, second: float, third: float) -> float:
    """Return the first year's incremental sales of a rep over the yearly mean while he keeps working.

    A rep who works on sells ``I`` in year 1, ``I (1 + K2)`` in year 2 and ``I (1 + K2 + K3)`` in year 3.

    Examples
    --------
    >>> first_year_share(1, 0.5, 0.25), first_year_share(2, 0.5, 0.25)
    (1.0, 0.8)
    """
    levels = np.cumsum([1.0, second, third])[:years]
    return float(1.0 / levels.mean())


class _Line(NamedTuple):
    """Sales, margin and cost around today's size, from the means over replications."""

    elasticity: float
    sales: float
    margin: float
    cost: float


def _incremental(curve: SizeCurve, relocation: float, rep_cost: float, k2: float, k3: float) -> Incremental:
    """Read the incremental method off the sizes around today's."""
    near = (curve.headcounts <= curve.today * _NEAR) & (curve.headcounts >= curve.today / _NEAR)
    if near.sum() < 2:
        near = np.abs(np.arange(len(near)) - curve.at_today) <= 1
    if near.sum() < 2:
        raise StudyError(
            explain(
                "the incremental method needs another size beside today's",
                where="headcounts", value=str(curve.headcounts.tolist()), remedy="Give more sizes, or leave them out",
            )
        )  # fmt: skip
    sizes = curve.headcounts.astype(np.float64)
    money = np.stack(
        [
            curve.values("revenue"),
            curve.values("contribution") + curve.values("selling_expense"),
            curve.values("selling_expense") - relocation * curve.values("accounts_moved"),
        ],
        axis=1,
    ) / curve.years
    read = _Reading(sizes, near, curve.at_today, first_year_share(round(curve.years), k2, k3), k2, k3)
    middle = read.local(money.mean(axis=0))
    return Incremental(
        elasticity=resampled(money, lambda mean: read.local(mean).elasticity),
        first_year_sales=resampled(money, lambda mean: read.local(mean).first_year),
        margin=middle.margin,
        cost=middle.cost,
        carry_over=(k2, k3),
        ratio=resampled(money, lambda mean: read.local(mean).ratio),
        roi=resampled(money, lambda mean: float(three_year_roi(read.local(mean).ratio, k2, k3))),
        best=resampled(money, lambda mean: read.size_where(mean, lambda gain, cost: gain - cost)),
        right_sized=(
            resampled(money, lambda mean: read.size_of_return(mean, _RIGHT_SIZED[1])),
            resampled(money, lambda mean: read.size_of_return(mean, _RIGHT_SIZED[0])),
        ),
    )


class _Local(NamedTuple):
    """Around today's size: elasticity, first-year sales of a further rep, margin, his cost, break-even ratio."""

    elasticity: float
    first_year: float
    margin: float
    cost: float
    ratio: float


class _Reading(NamedTuple):
    """How the incremental method reads rows of (sales, gross margin, selling expense) a year over the sizes."""

    sizes: Floats
    near: NDArray[np.bool_]
    here: int
    share: float
    second: float
    third: float

    def local(self, money: Floats) -> _Local:
        """Fit sales of constant elasticity and a straight line of cost through the sizes near today's."""
        sizes, near = self.sizes[self.near], money[:, self.near]
        x = np.log(sizes) - np.log(sizes).mean()
        elasticity = float(np.log(np.maximum(near[0], 1e-300)) @ x / (x @ x))
        n = sizes - sizes.mean()
        cost = float(near[2] @ n / (n @ n))
        sales, margin = money[0, self.here], money[1, self.here] / money[0, self.here]
        first_year = float(self.share * elasticity * sales / self.sizes[self.here])
        return _Local(elasticity, first_year, float(margin), cost, float(break_even_ratio(first_year, cost, margin)))

    def size_of_return(self, money: Floats, roi: float) -> float:
        """Return the size at which a further rep's three-year return is `roi`."""
        kept = 1.0 + self.second + self.third
        return self.size_where(money, lambda gain, cost: self.share * gain * kept - (1.0 + roi) * cost)

    def size_where(self, money: Floats, surplus: Callable[[Floats, float], Floats]) -> float:
        """Return the size at which the surplus of a further rep's yearly margin over his cost is used up.

        From size to size the margin that a rep adds is made to fall only (pooled where luck lets it rise) and taken as
        straight between the middles. The ends of the sizes where the surplus never is, or always was, used up.
        """
        middles = (self.sizes[1:] + self.sizes[:-1]) / 2.0
        gain = _falling(np.diff(money[1]) / np.diff(self.sizes), np.diff(self.sizes))
        left = surplus(gain, self.local(money).cost)
        if left[0] <= 0:
            return float(self.sizes[0])
        if left[-1] > 0:
            return float(self.sizes[-1])
        place = int(np.argmax(left <= 0))
        part = left[place - 1] / (left[place - 1] - left[place])
        return float(middles[place - 1] + part * (middles[place] - middles[place - 1]))


def _falling(values: Floats, weight: Floats) -> Floats:
    """Return the nearest values, by weighted least squares, that never rise: neighbours that do are pooled.

    Examples
    --------
    >>> _falling(np.array([4.0, 1.0, 3.0, 0.0]), np.ones(4)).tolist()
    [4.0, 2.0, 2.0, 0.0]
    """
    pools: list[tuple[float, float, int]] = []
    for value, heavy in zip(values.tolist(), weight.tolist(), strict=True):
        pool = (value, heavy, 1)
        while pools and pools[-1][0] < pool[0]:
            before = pools.pop()
            total = before[1] + pool[1]
            pool = ((before[0] * before[1] + pool[0] * pool[1]) / total, total, before[2] + pool[2])
        pools.append(pool)
    return np.repeat([pool[0] for pool in pools], [pool[2] for pool in pools])


def _carry_over(market: Market) -> tuple[float, float]:
    fade = market.demand.goodwill_fade
    return retained(fade) if fade > 0 else (1.0, 1.0)


def _check(target: float | None, years: int, carry_over: tuple[float, float] | None, tolerance: float) -> None:
    if target is not None and not target > 0:
        raise StudyError(explain("planned sales must be above 0", where="target", value=target, allowed="more than 0"))
    if years not in (1, 2, 3):
        raise StudyError(
            explain("the horizon is a number of whole years", where="years", value=years, allowed="1, 2 or 3")
        )
    if carry_over is not None and not (len(carry_over) == 2 and all(0 <= k <= 1 for k in carry_over)):
        raise StudyError(
            explain("carry-over is two shares", where="carry_over", value=str(carry_over), allowed="K2 and K3, 0 to 1")
        )
    if not 0 < tolerance < 1:
        raise StudyError(
            explain("the tolerance is a share", where="tolerance", value=tolerance, allowed="above 0, below 1")
        )
