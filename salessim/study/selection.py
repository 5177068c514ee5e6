"""Choosing the best of several plans with a stated guarantee: a fully sequential elimination on paired replications.

The procedure is KN (Kim & Nelson 2001, ACM TOMACS 11(3):251-273) with their constant c = 1. All plans run `first`
paired replications, from which the variance of every pairwise difference is estimated once. Then plans run on, and a
plan leaves as soon as its mean falls behind that of another by more than a margin that shrinks as replications grow:
``W(r) = max(0, delta / (2 r) * (h2 * S2 / delta**2 - r))``. Because the variance is that of *paired* differences, the
guarantee needs no independence between plans, and pairing makes the choice cheaper by the same factor as everything
else. For normal replications it is exact: the best plan is chosen with probability `confidence` or more if it is
better than every other by `delta` or more. How far it holds for skewed ones is measured in tests/validation.

Plans are compared after whole steps of several replications, so that an executor has work: looking less often than at
every replication only makes errors rarer (Jennison, Johnstone & Turnbull 1982).
"""

from __future__ import annotations

import html
import math
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.errors import StudyError, explain
from salessim.measures import MEASURES, measure
from salessim.study.critical import Floats
from salessim.study.differences import check_delta
from salessim.study.phrases import phrase, quantity, share
from salessim.study.progress import Progress, watched
from salessim.study.store import OutcomeStore
from salessim.study.tasks import Task, make_task, run_task
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Elimination", "Selection", "choose_best", "eliminate", "kn_constants"]

Rows = Callable[[int, int, tuple[int, ...]], Floats]

_FEWEST_FIRST = 10
STEP = 5
"""Replications between two comparisons of the plans."""


def kn_constants(plans: int, first: int, confidence: float) -> tuple[float, float]:
    """Return eta and h squared of KN for correlated plans.

    ``eta = ((2 alpha / (k - 1)) ** (-2 / (n0 - 1)) - 1) / 2`` and ``h2 = 2 eta (n0 - 1)`` solve
    ``(1 + 2 eta) ** (-(n0 - 1) / 2) / 2 = alpha / (k - 1)``, which defines eta in Kim & Nelson (2001) at c = 1.

    Parameters
    ----------
    plans : int
        2 or more.
    first : int
        Replications behind the variances, 2 or more.
    confidence : float
        Above ``1 / plans``, the chance of a blind choice, and below 1.

    Examples
    --------
    >>> eta, h2 = kn_constants(2, 11, 0.95)
    >>> round(eta, 5), round(h2, 4)
    (0.29245, 5.8489)
    """
    if not 1.0 / plans < confidence < 1.0:
        raise StudyError(
            explain(
                "the confidence of a choice is a probability, and better than choosing blindly",
                where="confidence",
                value=confidence,
                allowed=f"above {1.0 / plans:.2f} and below 1, for example 0.95",
            )
        )
    error = (1.0 - confidence) / (plans - 1)
    eta = 0.5 * ((2.0 * error) ** (-2.0 / (first - 1)) - 1.0)
    return eta, 2.0 * eta * (first - 1)


class Elimination(NamedTuple):
    """How an elimination ended.

    `eliminated_at` holds per plan the replications after which it left (0: it did not), `eliminated_by` the plan
    whose lead was largest then (-1: none), `used` the replications it ran, `means` the mean of those, `delta` the
    smallest difference that mattered, in the unit of the measure. `complete` is False where it was stopped.
    """

    eliminated_at: tuple[int, ...]
    eliminated_by: tuple[int, ...]
    used: tuple[int, ...]
    means: tuple[float, ...]
    delta: float
    complete: bool

    @property
    def survivors(self) -> tuple[int, ...]:
        """The plans that did not leave."""
        return tuple(j for j, at in enumerate(self.eliminated_at) if at == 0)


def eliminate(
    rows: Rows,
    plans: int,
    *,
    delta: float,
    relative: bool = False,
    higher_is_better: bool = True,
    confidence: float = 0.95,
    first: int = 20,
    most: int = 1000,
    step: int = STEP,
) -> Elimination:
    """Run KN on whatever gives paired replications.

    Parameters
    ----------
    rows : callable
        ``rows(start, stop, alive)`` returns replications `start` to `stop` of the plans `alive`, one column each.
        A KeyboardInterrupt from it, once the first replications are there, ends the elimination as it stands.
    plans : int
    delta : float
        Smallest difference that matters.
    relative : bool
        `delta` is a share of the size of the mean of plan 0 over the first replications.
    higher_is_better : bool
    confidence : float
    first, most, step : int
        Replications before the first comparison, at most, and between two comparisons.
    """
    check_delta(delta)
    _, h2 = kn_constants(plans, first, confidence)
    sign = 1.0 if higher_is_better else -1.0
    start = sign * rows(0, first, tuple(range(plans)))
    size = delta * abs(float(start[:, 0].mean())) if relative else delta
    if size <= 0:
        raise StudyError(
            explain(
                "a share of a mean that is zero is no difference",
                where="delta",
                value=delta,
                remedy="Give delta in the unit of the measure, with relative=False",
            )
        )
    variance = (start[:, :, None] - start[:, None, :]).var(axis=0, ddof=1)
    total, used = start.sum(axis=0), np.full(plans, first)
    left, by = np.zeros(plans, dtype=np.int64), np.full(plans, -1)
    alive, r, complete = np.arange(plans), first, True
    while True:
        mean = total[alive] / r
        margin = np.maximum(0.0, size / (2.0 * r) * (h2 * variance[np.ix_(alive, alive)] / size**2 - r))
        lead = mean[None, :] - mean[:, None] - margin
        out = lead.max(axis=1) > 0
        left[alive[out]], by[alive[out]] = r, alive[lead.argmax(axis=1)[out]]
        # With no margin left only plans of exactly the same mean remain.
        margins_left = bool(margin[np.ix_(~out, ~out)].any())
        alive = alive[~out]
        if len(alive) == 1 or not margins_left or r >= most:
            break
        stop = min(r + step, most)
        try:
            total[alive] += sign * rows(r, stop, tuple(alive.tolist())).sum(axis=0)
        except KeyboardInterrupt:
            complete = False
            break
        r = stop
        used[alive] = r
    means = sign * total / used
    return Elimination(
        tuple(left.tolist()), tuple(by.tolist()), tuple(used.tolist()), tuple(means.tolist()), size, complete
    )


@dataclass(frozen=True, eq=False)
class Selection:
    """The best of several plans, and how it was found.

    Attributes
    ----------
    plans : tuple of str
    survivors : tuple of str
        Plans that were not eliminated. One: it is the choice. Several: they ran exactly alike, or the replications
        came to an end first; then the best plan is among them with the stated confidence, and none is chosen.
    measure_name, unit : str
    delta : float
        Smallest difference that matters, in the unit of the measure.
    confidence : float
    first, most : int
        Replications before the first elimination, and at most.
    eliminated_at, used : tuple of int
        Per plan: replications after which it was eliminated (0: never), and replications run.
    eliminated_by : tuple of str
        Per plan: which plan was furthest ahead of it then; empty for survivors.
    means : tuple of float
        Mean per plan over the replications it ran. Plans that left early saw fewer futures: for differences between
        plans with intervals there is `compare`.
    complete : bool
        False where it was interrupted.
    """

    plans: tuple[str, ...]
    survivors: tuple[str, ...]
    measure_name: str
    unit: str
    delta: float
    confidence: float
    first: int
    most: int
    eliminated_at: tuple[int, ...]
    eliminated_by: tuple[str, ...]
    used: tuple[int, ...]
    means: tuple[float, ...]
    complete: bool

    @property
    def chosen(self) -> str | None:
        """The one plan left, or None where several are."""
        return self.survivors[0] if len(self.survivors) == 1 else None

    def frame(self) -> pd.DataFrame:
        """Return one row per plan, the last to leave first: mean, replications, eliminated at and by (0: never)."""
        import pandas as pd

        order = sorted(range(len(self.plans)), key=lambda j: (-self._stayed(j), j))
        columns = {
            "mean": self.means, "replications": self.used, "eliminated_at": self.eliminated_at,
            "eliminated_by": self.eliminated_by,
        }  # fmt: skip
        found = pd.DataFrame(columns, index=pd.Index(self.plans, name="plan"))
        return found.iloc[order]

    def words(self, language: str = "en") -> str:
        """Say which plan was chosen, with which guarantee, and at what cost.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        fields = {
            "measure": label(f"measure.{self.measure_name}", language),
            "confidence": share(self.confidence, language),
            "delta": quantity(self.delta, language, unit=self.unit),
            "n": max(self.used),
            "runs": sum(self.used),
            "all": max(self.used) * len(self.plans),
        }
        if self.chosen is not None:
            return sentence("chosen", language, plan=self.chosen, **fields)
        left = phrase(language, "comma").join(self.survivors)
        if self.complete and max(self.used) < self.most:
            return sentence("chosen alike", language, plans=left, **fields)
        return sentence("not chosen", language, plans=left, **fields)

    def _stayed(self, j: int) -> float:
        return self.eliminated_at[j] or math.inf

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(self.words())}</p>{self.frame().to_html(float_format='{:,.4g}'.format)}"

    def __repr__(self) -> str:
        return f"Selection({', '.join(self.survivors)} of {len(self.plans)} plans; {sum(self.used)} replications)"


def choose_best(
    market: Market,
    plans: Mapping[str, Plan],
    *,
    months: int = 24,
    measure_name: str = "revenue",
    delta: float = 0.01,
    relative: bool = True,
    confidence: float = 0.95,
    first: int = 20,
    most: int = 1000,
    seed: int = 1,
    executor: Executor | None = None,
    store: OutcomeStore | None = None,
    progress: bool | Progress | None = None,
) -> Selection:
    """Choose the best of several plans, spending replications only on those still in the running.

    Interrupted (Ctrl-C) after the first replications it returns what is known so far.

    Parameters
    ----------
    market : Market
    plans : mapping of str to Plan
        At least two, by name.
    months : int
        Length of each run.
    measure_name : str
        The measure that decides; up or down is good as the measure has it.
    delta : float
        Smallest difference that matters: a plan that is less than this behind the best may be chosen as well.
    relative : bool
        `delta` is a share of the first plan's mean (over the first replications); else in the unit of the measure.
    confidence : float
        Probability that the best plan is chosen, if it is ahead of all others by `delta` or more.
    first : int
        Replications of all plans before any is eliminated; 10 or more. Few make the margins wide.
    most : int
        Replications of a plan at most. If several plans are left then, none is chosen.
    seed : int
    executor : concurrent.futures.Executor, optional
        What runs the replications; by default threads. Results do not depend on it.
    store : OutcomeStore, optional
        Where finished replications are kept and looked for.
    progress : bool or callable, optional
        As in `compare`; runs are counted against the most there can be.

    Returns
    -------
    Selection

    Raises
    ------
    StudyError
        For fewer than two plans, a measure that has no good direction or does not exist in some future, or numbers
        of replications that cannot be.

    Notes
    -----
    KN (Kim & Nelson 2001); see the text of `salessim.study.selection`.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> found = choose_best(market, {"six": plan, "three": plan.but(reps=3)}, months=3, measure_name="calls", first=10)
    >>> found.chosen, found.frame().loc["three", "eliminated_by"]
    ('six', 'six')
    """
    names = tuple(plans)
    entry = measure(measure_name)
    if len(names) < 2:
        raise StudyError(explain("a choice needs at least two plans", where="plans", value=", ".join(names)))
    if entry.better == "neither":
        raise StudyError(
            explain(
                "neither more nor less of this measure is better, so it chooses no plan",
                where="measure_name",
                value=entry.name,
            )
        )
    if first < _FEWEST_FIRST or most < first:
        raise StudyError(
            explain(
                "these numbers of replications cannot be",
                where="first, most",
                value=(first, most),
                allowed=f"first {_FEWEST_FIRST} or more, most no less than first",
            )
        )
    tasks = [make_task(market, plan, months, seed) for plan in plans.values()]
    stop = np.zeros(1, dtype=np.int64)
    with ThreadPoolExecutor() if executor is None else nullcontext(executor) as pool, watched(progress) as tell:
        runs = _Runs(tasks, names, entry.name, pool, store, tell, most, stop if executor is None else None)
        try:
            ended = eliminate(
                runs, len(names), delta=delta, relative=relative, higher_is_better=entry.better == "up",
                confidence=confidence, first=first, most=most,
            )  # fmt: skip
        except BaseException:
            stop[0] = 1
            raise
    return Selection(
        plans=names, survivors=tuple(names[j] for j in ended.survivors), measure_name=entry.name,
        unit=market.currency if entry.unit == "currency" else "", delta=ended.delta, confidence=confidence,
        first=first, most=most, eliminated_at=ended.eliminated_at,
        eliminated_by=tuple(names[j] if j >= 0 else "" for j in ended.eliminated_by), used=ended.used,
        means=ended.means, complete=ended.complete,
    )  # fmt: skip


class _Runs:
    """Gives replications of plans: from the store where they are there, else run by an executor."""

    def __init__(
        self, tasks: list[Task], names: tuple[str, ...], measure_name: str, pool: Executor,
        store: OutcomeStore | None, progress: Progress | None, most: int, stop: np.ndarray | None,
    ) -> None:  # fmt: skip
        self._tasks, self._names, self._measure = tasks, names, measure_name
        self._pool, self._store, self._progress, self._stop = pool, store, progress, stop
        self._known = [store.get(task.key) if store is not None and task.filed else {} for task in tasks]
        self._place = [entry.name for entry in MEASURES].index(measure_name)
        self._finished, self._most = 0, most * len(tasks)

    def __call__(self, start: int, stop: int, alive: tuple[int, ...]) -> Floats:
        """Return the measure of replications `start` to `stop` of the plans `alive`."""
        wanted = [(n, j) for n in range(start, stop) for j in alive]
        extra = () if self._stop is None else (self._stop,)
        jobs = {
            (n, j): self._pool.submit(run_task, self._tasks[j], n, *extra)
            for n, j in wanted
            if n not in self._known[j]
        }
        values = np.empty((stop - start, len(alive)))
        try:
            for place, (n, j) in enumerate(wanted):
                if (n, j) in jobs:
                    outcome = jobs[n, j].result()
                    if outcome is None:
                        raise KeyboardInterrupt
                    if self._store is not None and self._tasks[j].filed:
                        self._store.put(self._tasks[j].key, n, outcome)
                else:
                    outcome = self._known[j][n]
                values.flat[place] = self._checked(float(outcome.measures[self._place]), n, j)
                self._finished += 1
                if self._progress is not None:
                    self._progress(self._finished, self._most)
        except BaseException:
            if self._stop is not None:
                self._stop[0] = 1
            for job in jobs.values():
                job.cancel()
            raise
        return values

    def _checked(self, value: float, n: int, j: int) -> float:
        if not math.isfinite(value):
            raise StudyError(
                explain(
                    f"{self._measure} does not exist in some future",
                    where=f"replication {n} of {self._names[j]}",
                    value=value,
                    remedy="Choose a measure that is defined in every replication, or longer runs",
                )
            )
        return value
