"""Contribution against headcount, simulated: the same futures at every size, the best of them, and its flat top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.measures import MEASURES, measure
from salessim.study.differences import Differences, paired_differences
from salessim.study.replay import Replay

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Estimate", "SizeCurve", "flat_top", "resampled", "size_curve", "smoothed"]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]

_FACTORS = (0.5, 0.65, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.8)
_WIDER = 1.3
_WIDEST = 5.0
_DRAWS = 1000
_TOP = 0.8
"""Sizes with at least this share of the best contribution are its top, which is taken to be concave."""


class Estimate(NamedTuple):
    """A number read off a simulation, with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class SizeCurve:
    """A plan replayed at several headcounts on the same futures.

    Attributes
    ----------
    headcounts : (sizes,) array of int
        Ascending.
    today : int
        Headcount of the plan itself, one of `headcounts`.
    months, seed : int
    table : (replications, sizes, measures) array
        As the runs left it: totals over all months.
    """

    headcounts: NDArray[np.int64]
    today: int
    months: int
    seed: int
    table: Floats

    @property
    def replications(self) -> int:
        """Number of paired replications."""
        return len(self.table)

    @property
    def years(self) -> float:
        """Length of a run in years."""
        return self.months / 12.0

    @property
    def at_today(self) -> int:
        """Place of today's headcount."""
        return int(np.flatnonzero(self.headcounts == self.today)[0])

    def values(self, measure_name: str = "contribution") -> Floats:
        """Return one measure, totals of a run, shape (replications, sizes).

        Raises
        ------
        StudyError
            For a measure that does not exist.
        """
        return self.table[:, :, [entry.name for entry in MEASURES].index(measure(measure_name).name)]

    @cached_property
    def means(self) -> Floats:
        """Mean contribution at every headcount, smoothed round the top: see `smoothed`."""
        return smoothed(self.headcounts, self.values().mean(axis=0))

    @cached_property
    def best(self) -> int:
        """Place of the headcount with the greatest mean contribution."""
        return int(np.argmax(self.means))

    def optimum(self, level: float = 0.95) -> Estimate:
        """Return the headcount of the greatest mean contribution, between those tried, with its interval.

        The top is that of the parabola through the best size and its neighbours, over the logarithm of headcount.
        The interval is that of futures drawn again, all sizes of a future together (percentile bootstrap).
        """
        return resampled(self.values(), lambda means: _top(self.headcounts, smoothed(self.headcounts, means)), level)

    def flat_top(self, tolerance: float = 0.01, level: float = 0.95) -> tuple[Estimate, Estimate]:
        """Return the smallest and the largest headcount within `tolerance` of the best contribution, with intervals.

        Between the sizes tried the curve is taken as straight. Infinite where even the largest size tried is within.
        """
        sizes, values = self.headcounts, self.values()
        low = resampled(values, lambda means: flat_top(sizes, smoothed(sizes, means), tolerance)[0], level)
        high = resampled(values, lambda means: flat_top(sizes, smoothed(sizes, means), tolerance)[1], level)
        return low, high

    def from_best(self, level: float = 0.95) -> Differences:
        """Return the paired differences of every size's contribution from that of the best, simultaneous intervals.

        The best was chosen by the same replications, so its lead is a little flattered.
        """
        return paired_differences(self.values(), self.best, level)

    def frame(self) -> pd.DataFrame:
        """Return one row per headcount: yearly means, and contribution against the best as a share with its interval.

        Columns are headcount, revenue, contribution, selling_expense (per year), utilisation, of_best, of_best_low,
        of_best_high (shares).
        """
        import pandas as pd

        names = ("revenue", "contribution", "selling_expense")
        columns: dict[str, object] = {"headcount": self.headcounts}
        columns |= {name: self.values(name).mean(axis=0) / self.years for name in names}
        columns["utilisation"] = self.values("utilisation").mean(axis=0)
        differences = self.from_best()
        shares = np.ones((3, len(self.headcounts)))
        shares[:, differences.plan] += np.array(
            [differences.relative, differences.relative_low, differences.relative_high]
        )
        columns |= dict(zip(("of_best", "of_best_low", "of_best_high"), shares, strict=True))
        return pd.DataFrame(columns)


def size_curve(
    market: Market,
    plan: Plan,
    headcounts: Sequence[int] | None = None,
    *,
    months: int = 36,
    replications: int = 12,
    seed: int = 1,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> SizeCurve:
    """Replay a plan at several headcounts on the same futures.

    Parameters
    ----------
    market, plan : Market, Plan
    headcounts : sequence of int, optional
        Sizes to try; that of the plan is always among them. By default from half to 1.8 times the plan's, further on
        while the best is at an end (to five times at most), and then every size or the middle between the best and
        its neighbours.
    months : int
    replications : int
        2 or more.
    seed : int
    executor : concurrent.futures.Executor, optional
        Threads by default (the compiled clock releases the interpreter lock). The result does not depend on it.
    progress : callable, optional
        Called with the number of finished runs and of those known to come.

    Raises
    ------
    StudyError
        For fewer than two replications or a headcount below 1.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> size_curve(market, plan, [4, 12], months=12, replications=2).headcounts.tolist()
    [4, 8, 12]
    """
    if replications < 2:
        raise StudyError(
            explain("too few replications", where="replications", value=replications, allowed="2 or more, better 12")
        )
    today = plan.headcount
    if headcounts is not None and (not len(headcounts) or min(headcounts) < 1):
        raise StudyError(
            explain("a size must be 1 or more", where="headcounts", value=str(list(headcounts)), allowed="1 or more")
        )
    rows: dict[int, Floats] = {}
    with ThreadPoolExecutor() if executor is None else nullcontext(executor) as pool:

        def run(sizes: set[int]) -> None:
            todo = sorted(sizes - rows.keys())
            total = replications * (len(rows) + len(todo))
            for size in todo:
                replay = Replay(market, plan.but(reps=size), months, seed)
                found = list(pool.map(_measures, [replay] * replications, range(replications)))
                rows[size] = np.array(found)
                if progress is not None:
                    progress(replications * len(rows), total)

        if headcounts is not None:
            run({today, *(int(n) for n in headcounts)})
        else:
            run({max(1, round(today * factor)) for factor in _FACTORS})
            while extra := _further(rows, today):
                run(extra)
            run(_finer(rows))
    sizes = sorted(rows)
    return SizeCurve(np.array(sizes), today, months, seed, np.stack([rows[size] for size in sizes], axis=1))


def resampled(values: Floats, read: Callable[[Floats], float], level: float = 0.95) -> Estimate:
    """Read a number off the mean of all replications, and off the means of replications drawn again with repetition.

    Parameters
    ----------
    values : (replications, ...) array
    read : callable
        From the mean over the first axis to a number.
    level : float

    Examples
    --------
    >>> resampled(np.array([[1.0], [3.0]]), lambda means: float(means[0])).value
    2.0
    """
    rng = np.random.default_rng(1)
    n = len(values)
    weights = rng.multinomial(n, np.full(n, 1.0 / n), size=_DRAWS) / n
    means = np.tensordot(weights, values, axes=1)
    reads = np.array([read(row) for row in means])
    low, high = np.quantile(reads, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], method="nearest")
    value = float(read(values.mean(axis=0)))
    return Estimate(value, min(float(low), value), max(float(high), value))


def smoothed(sizes: NDArray[np.int64], contribution: Floats) -> Floats:
    """Return contribution with the chance taken out of its top: the nearest concave curve there, by least squares.

    Every size has an alignment of its own, and one that is lucky makes a jag that more replications do not level. The
    top is every size round the best with at least 80 % of its contribution; below it nothing is changed, since a curve
    may be S-shaped there.

    Examples
    --------
    >>> smoothed(np.array([10, 20, 30, 40]), np.array([90.0, 100.0, 96.0, 99.0])).round(1).tolist()
    [90.0, 98.8, 98.3, 97.8]
    """
    from scipy.optimize import nnls

    best = int(np.argmax(contribution))
    inside = contribution >= contribution[best] - (1.0 - _TOP) * abs(contribution[best])
    first = best - int(np.argmin(inside[best::-1])) + 1 if not inside[: best + 1].all() else 0
    last = best + int(np.argmin(inside[best:])) if not inside[best:].all() else len(sizes)
    if last - first < 3:
        return contribution
    x = (sizes[first:last] - sizes[first]) / (sizes[last - 1] - sizes[first])
    y, level = contribution[first:last], float(np.abs(contribution[first:last]).max()) or 1.0
    bends = -np.maximum(x[:, None] - x[None, 1:-1], 0.0)  # a concave curve is a line less what its bends take away
    columns = np.column_stack([np.ones(len(x)), -np.ones(len(x)), x, -x, bends])
    weights, _ = nnls(columns, y / level)
    found = contribution.copy()
    found[first:last] = level * (columns @ weights)
    return found


def flat_top(sizes: NDArray[np.int64], contribution: Floats, tolerance: float = 0.01) -> tuple[float, float]:
    """Return the ends of the range of sizes around the best in which contribution is within `tolerance` of it.

    Parameters
    ----------
    sizes : (sizes,) array
        Ascending.
    contribution : (sizes,) array
    tolerance : float
        Share of the size of the best contribution.

    Returns
    -------
    tuple of float
        The lower end is the smallest size tried where that is within; the upper is infinite where the largest is.

    Examples
    --------
    >>> flat_top(np.array([10, 20, 30]), np.array([98.0, 100.0, 96.0]))
    (15.0, 22.5)
    """
    best = int(np.argmax(contribution))
    bar = float(contribution[best] - tolerance * abs(contribution[best]))

    def crossing(step: int) -> float | None:
        place = best
        while 0 <= place + step < len(sizes):
            inside, outside = contribution[place], contribution[place + step]
            if outside < bar:
                part = (inside - bar) / (inside - outside)
                return float(sizes[place] + part * (sizes[place + step] - sizes[place]))
            place += step
        return None

    low, high = crossing(-1), crossing(1)
    return (float(sizes[0]) if low is None else low), (np.inf if high is None else high)


def _measures(replay: Replay, replication: int) -> Floats:
    outcome = replay.outcome(replication)
    assert outcome is not None, "nobody stops these runs"
    return outcome.measures


def _top(sizes: NDArray[np.int64], contribution: Floats) -> float:
    """Return where the parabola through the best size and its neighbours, over log size, is highest."""
    best = int(np.argmax(contribution))
    if not 0 < best < len(sizes) - 1:
        return float(sizes[best])
    x = np.log(sizes[best - 1 : best + 2]) - np.log(sizes[best])
    y = contribution[best - 1 : best + 2] - contribution[best]
    curvature = (y[2] / x[2] - y[0] / x[0]) / (x[2] - x[0])
    slope = y[2] / x[2] - curvature * x[2]
    return float(sizes[best] * np.exp(-slope / (2.0 * curvature))) if curvature < 0 else float(sizes[best])


def _means(rows: dict[int, Floats]) -> tuple[list[int], list[float]]:
    place = [entry.name for entry in MEASURES].index("contribution")
    sizes = sorted(rows)
    return sizes, [float(rows[size][:, place].mean()) for size in sizes]


def _further(rows: dict[int, Floats], today: int) -> set[int]:
    """Return the size beyond the end at which contribution is best, or one while the top's upper end is not seen."""
    sizes, means = _means(rows)
    best = int(np.argmax(means))
    if best == 0 and sizes[0] > 1:
        return {max(1, round(sizes[0] / _WIDER))}
    bar = means[best] - 0.02 * abs(means[best])
    if (best == len(sizes) - 1 or means[-1] > bar) and sizes[-1] < _WIDEST * today:
        return {max(sizes[-1] + 1, round(sizes[-1] * _WIDER))}
    return set()


def _finer(rows: dict[int, Floats]) -> set[int]:
    """Return the sizes in the middle between the best and its neighbours, and between these and theirs."""
    sizes, means = _means(rows)
    best = int(np.argmax(means))
    near = sizes[max(best - 2, 0) : best + 3]
    return {(a + b) // 2 for a, b in pairwise(near)}
