"""Comparing plans on the same market: paired replications, the assumptions moved, the SimPy audit, one `Study`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.measures import MEASURES, measure
from salessim.study.assumptions import draw_assumptions
from salessim.study.differences import paired_differences, replications_needed
from salessim.study.replay import Outcome, Replay
from salessim.study.study import Assumed, Study

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["compare"]

Progress = Callable[[int, int], None]
_REPLICATIONS_PER_DRAW = 2


def compare(
    market: Market,
    plans: Mapping[str, Plan],
    *,
    months: int = 24,
    baseline: str | None = None,
    replications: int = 30,
    most_replications: int | None = None,
    measure_name: str = "revenue",
    delta: float = 0.01,
    draws: int = 48,
    seed: int = 1,
    audit: bool = True,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> Study:
    """Replay the same market under several plans and judge them.

    Parameters
    ----------
    market : Market
    plans : mapping of str to Plan
        At least two, by name.
    months : int
        Length of each run.
    baseline : str, optional
        The plan the others are compared with; by default the first.
    replications : int
        Paired replications: each is one future, the same for all plans.
    most_replications : int, optional
        Where the intervals of the first replications are too wide to decide, go on up to so many; by default four
        times `replications`. How many more is read from widths alone, never from the sign of a difference, so going
        on favours no plan.
    measure_name : str
        The measure that decides.
    delta : float
        Smallest difference that matters, as a share of the baseline.
    draws : int
        Draws of the assumptions for the second line of the verdict; 0 leaves it out.
    seed : int
    audit : bool
        Run replication 0 of every plan on SimPy as well and compare the tables byte for byte.
    executor : concurrent.futures.Executor, optional
        What runs the replications; by default threads (the compiled clock releases the interpreter lock). Results
        do not depend on it.
    progress : callable, optional
        Called with the number of finished runs and of all runs.

    Raises
    ------
    StudyError
        For fewer than two plans, an unknown baseline or measure, or too few replications.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> study = compare(market, plans, months=3, replications=4, draws=0, audit=False)
    >>> study.values().shape
    (4, 2)
    """
    names = tuple(plans)
    chosen = measure(measure_name)
    _check(names, baseline, replications, draws)
    base = names.index(baseline) if baseline is not None else 0
    own = executor or ThreadPoolExecutor()
    try:
        replays = {name: Replay(market, plan, months, seed) for name, plan in plans.items()}
        points = _draws(market, draws, seed)
        tally = _Tally(len(names) * (replications + len(points[1]) + bool(audit)), progress)
        audits = {name: own.submit(replays[name].audit) for name in names} if audit else {}
        outcomes = _run(replays, range(replications), own, tally)
        more = _more(_table(outcomes, names)[:, :, _place(chosen.name)], base, delta)
        limit = 4 * replications if most_replications is None else max(most_replications, replications)
        if more and limit > replications:
            extra = range(replications, min(replications + more, limit))
            tally.total += len(extra) * len(names)
            outcomes |= _run(replays, extra, own, tally)
        assumed = None
        if len(points[1]):
            gaps = _moved(market, plans, replays, months, seed, points, chosen.name, own, tally)
            assumed = Assumed(tuple(points[0]), points[1], _relative(gaps, base))
        identical = all(tally.result(job) for job in audits.values()) if audit else None
    finally:
        if executor is None:
            own.shutdown(wait=True, cancel_futures=True)
    table = _table(outcomes, names)
    monthly = np.array([[outcomes[name, n].monthly for name in names] for n in range(len(table))])
    if identical is False:
        raise StudyError(
            explain(
                "the compiled clock and SimPy disagree on replication 0",
                remedy="This is a defect of salessim, not of your data: please report it, with market and plan as YAML",
            )
        )
    return Study(
        market=market, plans=dict(plans), months=months, seed=seed, baseline=base, measure_name=chosen.name,
        delta=delta, table=table, monthly=monthly, assumed=assumed, audited=identical,
        moved={name: replays[name].alignment.moved for name in names},
    )  # fmt: skip


def _check(names: tuple[str, ...], baseline: str | None, replications: int, draws: int) -> None:
    if len(names) < 2:
        raise StudyError(explain("a comparison needs at least two plans", where="plans", value=", ".join(names)))
    if baseline is not None and baseline not in names:
        raise StudyError(explain("no such plan", where="baseline", value=baseline, remedy=nearest(baseline, names)))
    if replications < 2:
        raise StudyError(
            explain("too few replications", where="replications", value=replications, allowed="2 or more, better 30")
        )
    if draws < 0:
        raise StudyError(
            explain("a number of draws cannot be negative", where="draws", value=draws, allowed="0 or more")
        )


def _run(
    replays: Mapping[str, Replay], which: range, executor: Executor, tally: _Tally
) -> dict[tuple[str, int], Outcome]:
    jobs = {(name, n): executor.submit(replay.outcome, n) for n in which for name, replay in replays.items()}
    return {key: tally.result(job) for key, job in jobs.items()}


def _place(measure_name: str) -> int:
    return [entry.name for entry in MEASURES].index(measure_name)


def _table(outcomes: Mapping[tuple[str, int], Outcome], names: tuple[str, ...]) -> NDArray[np.float64]:
    n = len(outcomes) // len(names)
    return np.array([[outcomes[name, i].measures for name in names] for i in range(n)])


def _more(values: NDArray[np.float64], base: int, delta: float) -> int:
    """Return how many more replications will decide every comparison, from widths alone."""
    if np.isnan(values).any() or delta <= 0:
        return 0
    return int(np.max(replications_needed(paired_differences(values, base), delta, relative=True)))


class _Tally:
    """Counts finished runs for whoever watches."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total = total
        self.done = 0
        self._progress = progress

    def result(self, job: Future):  # type: ignore[no-untyped-def, type-arg]
        value = job.result()
        self.done += 1
        if self._progress is not None:
            self._progress(self.done, self.total)
        return value


def _draws(market: Market, draws: int, seed: int) -> tuple[list[str], NDArray[np.float64]]:
    if not draws:
        return [], np.empty((0, 0))
    return draw_assumptions(market, draws, seed)


def _moved(
    market: Market,
    plans: Mapping[str, Plan],
    replays: Mapping[str, Replay],
    months: int,
    seed: int,
    points: tuple[list[str], NDArray[np.float64]],
    measure_name: str,
    executor: Executor,
    tally: _Tally,
) -> NDArray[np.float64]:
    """Return the mean of the measure at each draw of the assumptions, shape (draws, plans)."""
    names, values = points
    jobs = [
        [
            executor.submit(
                _at_point,
                market,
                dict(zip(names, row.tolist(), strict=True)),
                plan,
                months,
                seed,
                replays[name],
                measure_name,
            )
            for name, plan in plans.items()
        ]
        for row in values
    ]
    return np.array([[tally.result(job) for job in row] for row in jobs])


def _at_point(
    market: Market, changes: dict[str, float], plan: Plan, months: int, seed: int, replay: Replay, measure_name: str
) -> float:
    moved = Replay(market.but(**changes), plan, months, seed, replay.alignment)
    found = [moved.outcome(n) for n in range(_REPLICATIONS_PER_DRAW)]
    return float(np.mean([outcome.measures[_place(measure_name)] for outcome in found if outcome is not None]))


def _relative(means: NDArray[np.float64], base: int) -> NDArray[np.float64]:
    reference = means[:, [base]]
    return (means - reference) / np.where(reference != 0, np.abs(reference), 1.0)
