"""Comparing plans on the same market: paired replications, the assumptions moved, the SimPy audit, one `Study`."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.measures import MEASURES, measure
from salessim.study.assumptions import draw_assumptions
from salessim.study.differences import paired_differences, replications_needed
from salessim.study.own_process import Processes, check_can_be_sent, name_of, of_each_plan
from salessim.study.progress import Progress, watched
from salessim.study.replay import Outcome
from salessim.study.store import OutcomeStore
from salessim.study.study import Assumed, Study
from salessim.study.tasks import Task, audit_task, make_task, prepare, run_task

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["compare"]

T = TypeVar("T")
Outcomes = dict[tuple[str, int], Outcome]
_REPLICATIONS_PER_DRAW = 2
_ON_WAY = 64
"""Runs handed to an executor ahead of those that are back: enough to keep it busy, few enough to stop soon."""


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
    processes: Processes = (),
    audit: bool = True,
    executor: Executor | None = None,
    store: OutcomeStore | None = None,
    progress: bool | Progress | None = None,
) -> Study:
    """Replay the same market under several plans and judge them.

    Interrupted (Ctrl-C, or the notebook's stop button) it returns the study of the replications finished so far, as
    soon as there are two of every plan. With a store, finished replications are kept and never run again.

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
        Where the intervals of the first replications are too wide to decide, go on up to so many; by default three
        times `replications`. How many more is read from widths alone, never from the sign of a difference, so going
        on favours no plan.
    measure_name : str
        The measure that decides.
    delta : float
        Smallest difference that matters, as a share of the baseline.
    draws : int
        Draws of the assumptions for the second line of the verdict; 0 leaves it out.
    seed : int
    processes : mapping of plan name to sequence of callables, or one sequence for all plans
        Processes of your own, such as a trade fair or a strike: see the example and `Simulation`. A plan with one runs
        on SimPy, some ten times slower; the study says so.
    audit : bool
        Run replication 0 of every plan on SimPy as well and compare the tables byte for byte. It runs in the
        background, in a thread of its own, while the replications run.
    executor : concurrent.futures.Executor, optional
        What runs the replications; by default one thread per core, since the compiled clock releases the interpreter
        lock. On two cores the standard study (3 plans, 30 replications, 24 months) took 3.4 s with one thread, 1.7 s
        with two and 3.2 s with two processes, of which each spends 1.4 s on starting. Processes pay where plans run on
        SimPy, which holds the lock. A Dask cluster: ``distributed.Client(...).get_executor()``. Results do not depend
        on it, nor on the order in which it works or the number of its workers.
    store : OutcomeStore, optional
        Where finished replications are kept and looked for.
    progress : bool or callable, optional
        True shows a bar, False nothing; by default there is a bar in a notebook and in a terminal. A callable is called
        with the number of finished runs and of all runs.

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
    >>> study.values().shape[1]
    2

    A trade fair that plan "fair" goes to in month 3: the reps of segment 1 are away for three days; each of its
    accounts comes with chance 30 %, leaves with goodwill worth two calls and sends an inquiry. The same accounts come
    in every plan, since luck is theirs:

    >>> def trade_fair(sim):
    ...     yield sim.env.timeout(70)
    ...     world = sim.world
    ...     covers, accounts = world["covers"], world["accounts"]
    ...     theirs = accounts["segment"][covers["account"]] == world.names.segments.index("segment 1")
    ...     sim.take_time(np.unique(covers["owner"][theirs]), days=3)
    ...     yield sim.env.timeout(3)
    ...     comes = np.array([sim.luck("fair", key) < 0.3 for key in accounts["key"]])
    ...     visitors = np.flatnonzero(theirs & comes[covers["account"]])
    ...     sim.add_goodwill(visitors, calls=2.0)
    ...     sim.add_inquiry(visitors, "fair")
    >>> study = compare(
    ...     market, {"none": plan, "fair": plan.but(name="fair")}, processes={"fair": [trade_fair]},
    ...     months=6, replications=4, draws=0,
    ... )
    >>> print(study.verdict().splitlines()[-2])
    fair runs on SimPy with your process trade_fair: the audit does not apply to it
    >>> bool(study.values("leads")[:, 1].mean() > study.values("leads")[:, 0].mean())
    True
    """
    names = tuple(plans)
    chosen = measure(measure_name)
    _check(names, baseline, replications, draws)
    base = names.index(baseline) if baseline is not None else 0
    own = of_each_plan(processes, names)
    check_can_be_sent(own, executor)
    tasks = {name: make_task(market, plan, months, seed, processes=own[name]) for name, plan in plans.items()}
    alignments = {name: prepare(task).alignment for name, task in tasks.items()}
    limit = 3 * replications if most_replications is None else max(most_replications, replications)
    points = draw_assumptions(market, draws, seed) if draws else ([], np.empty((0, 0)))
    outcomes: Outcomes = {}
    moved: Outcomes = {}
    identical: bool | None = None
    stop = np.zeros(1, dtype=np.int64)
    to_audit = [task for task in tasks.values() if audit and not task.processes]
    with ExitStack() as opened:
        tell = opened.enter_context(watched(progress))
        # the audit has a thread of its own: SimPy must not take a worker from the replications
        auditor = executor or opened.enter_context(ThreadPoolExecutor(1))
        pool = executor or opened.enter_context(ThreadPoolExecutor(_cores()))
        # a flag reaches the threads of this process only
        work = _Work(pool, store, tell, stop if executor is None else None)
        work.expect(len(names) * (replications + _REPLICATIONS_PER_DRAW * len(points[1])) + len(to_audit))
        try:
            audits = [auditor.submit(audit_task, task, *work.flag) for task in to_audit]
            work.run(tasks, range(replications), outcomes)
            more = _more(_table(outcomes, names)[:, :, _place(chosen.name)], base, delta)
            if more and limit > replications:
                extra = range(replications, min(replications + more, limit))
                work.expect(len(extra) * len(names))
                work.run(tasks, extra, outcomes)
            if len(points[1]):
                markets = [market.but(**dict(zip(points[0], row.tolist(), strict=True))) for row in points[1]]
                at_points = {
                    f"{i} {name}": make_task(here, plan, months, seed, alignments[name], own[name])
                    for i, here in enumerate(markets)
                    for name, plan in plans.items()
                }
                work.run(at_points, range(_REPLICATIONS_PER_DRAW), moved, by_task=True)
            identical = all([work.done(job) for job in audits]) if audits else None
        except KeyboardInterrupt:
            stop[0] = 1
            work.cancel()
            if _complete(outcomes, names) < 2:
                raise
        except BrokenExecutor:
            raise StudyError(
                explain(
                    "the worker processes ended before their work was done",
                    where="executor",
                    remedy="In a script, call compare under `if __name__ == '__main__':`. If a worker ran out of "
                    "memory, use fewer. With a store, what was finished is kept",
                )
            ) from None
        except BaseException:
            stop[0] = 1
            work.cancel()
            raise
    if identical is False:
        raise StudyError(
            explain(
                "the compiled clock and SimPy disagree on replication 0",
                remedy="This is a defect of salessim, not of your data: please report it, with market and plan as YAML",
            )
        )
    table = _table(outcomes, names)
    monthly = np.array([[outcomes[name, n].monthly for name in names] for n in range(len(table))])
    earned = np.array([[outcomes[name, n].earned for name in names] for n in range(len(table))])
    return Study(
        market=market, plans=dict(plans), months=months, seed=seed, baseline=base, measure_name=chosen.name,
        delta=delta, table=table, monthly=monthly, earned=earned,
        assumed=_assumed(points, moved, names, chosen.name, base),
        audited=identical, moved={name: alignments[name].moved for name in names},
        processes={name: tuple(map(name_of, given)) for name, given in own.items() if given},
        not_kept=tuple(name for name, task in tasks.items() if store is not None and not task.filed),
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


class _Work:
    """Hands runs to an executor, takes them from the store where they are there, and counts for whoever watches."""

    def __init__(
        self, pool: Executor, store: OutcomeStore | None, progress: Progress | None, stop: NDArray[np.int64] | None
    ) -> None:
        self._pool = pool
        self._store = store
        self._progress = progress
        self.flag = () if stop is None else (stop,)
        self._total = 0
        self._finished = 0
        self._jobs: list[Future[Outcome | None]] = []

    def expect(self, runs: int) -> None:
        """Add to the number of runs to come."""
        self._total += runs

    def run(self, tasks: Mapping[str, Task], which: range, into: Outcomes, *, by_task: bool = False) -> None:
        """Run every replication of every task that the store does not have, and put all of them into `into`.

        Replication by replication, so that a stop leaves whole futures; `by_task` goes task by task, so that no task
        is prepared twice.
        """
        known = {name: self._store.get(task.key) if self._store and task.filed else {} for name, task in tasks.items()}
        todo = [(name, n) for name in tasks for n in which] if by_task else [(name, n) for n in which for name in tasks]
        waiting: list[tuple[str, int, Future[Outcome | None]]] = []
        for name, n in todo:
            if n in known[name]:
                into[name, n] = known[name][n]
                self._count()
                continue
            job = self._pool.submit(run_task, tasks[name], n, *self.flag)
            self._jobs.append(job)
            waiting.append((name, n, job))
            if len(waiting) >= _ON_WAY:
                self._take(tasks, waiting.pop(0), into)
        for entry in waiting:
            self._take(tasks, entry, into)

    def _take(self, tasks: Mapping[str, Task], entry: tuple[str, int, Future[Outcome | None]], into: Outcomes) -> None:
        name, n, job = entry
        outcome = self.done(job)
        if outcome is not None:
            into[name, n] = outcome
            if self._store is not None and tasks[name].filed:
                self._store.put(tasks[name].key, n, outcome)

    def done(self, job: Future[T]) -> T:
        """Wait for a job and count it."""
        value = job.result()
        self._count()
        return value

    def _count(self) -> None:
        self._finished += 1
        if self._progress is not None:
            self._progress(self._finished, self._total)

    def cancel(self) -> None:
        """Cancel what has not begun."""
        for job in self._jobs:
            job.cancel()


def _cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _place(measure_name: str) -> int:
    return [entry.name for entry in MEASURES].index(measure_name)


def _complete(outcomes: Outcomes, names: Iterable[str]) -> int:
    """Return how many replications, counted from the first, every plan has."""
    n = 0
    while all((name, n) in outcomes for name in names):
        n += 1
    return n


def _table(outcomes: Outcomes, names: tuple[str, ...]) -> NDArray[np.float64]:
    return np.array([[outcomes[name, i].measures for name in names] for i in range(_complete(outcomes, names))])


def _more(values: NDArray[np.float64], base: int, delta: float) -> int:
    """Return how many more replications will decide every comparison, from widths alone."""
    if np.isnan(values).any() or delta <= 0 or values[:, base].mean() == 0:
        return 0  # no width would be narrow enough, or nothing to take a share of
    return int(np.max(replications_needed(paired_differences(values, base), delta, relative=True)))


def _assumed(
    points: tuple[list[str], NDArray[np.float64]], moved: Outcomes, names: tuple[str, ...], measure_name: str, base: int
) -> Assumed | None:
    """Return each plan's difference from the baseline at every draw of the assumptions that is finished."""
    place, rows, kept = _place(measure_name), [], []
    for i, point in enumerate(points[1]):
        keys = [[(f"{i} {name}", n) for n in range(_REPLICATIONS_PER_DRAW)] for name in names]
        if all(key in moved for pair in keys for key in pair):
            rows.append([float(np.mean([moved[key].measures[place] for key in pair])) for pair in keys])
            kept.append(point)
    if not rows:
        return None
    means = np.array(rows)
    reference = means[:, [base]]
    relative = (means - reference) / np.where(reference != 0, np.abs(reference), 1.0)
    return Assumed(tuple(points[0]), np.array(kept), relative)
