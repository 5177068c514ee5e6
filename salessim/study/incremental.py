"""A comparison that grows: first few replications, then more of the same, reusing whatever was run before.

What is known after few replications is a prefix of what is known after many, so a preview does not jump for another
reason than having seen less.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, ParamSpec, TypeVar

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.measures import MEASURES, measure
from salessim.study.assumptions import draw_assumptions
from salessim.study.differences import paired_differences
from salessim.study.judgement import Judgement, judge
from salessim.study.replay import Outcome, Replay
from salessim.study.study import Assumed, Study

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["Futures", "Reading", "readings"]

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 2
"""Runs at a time: a run lets go of the interpreter, so two cores replay twice as fast as one."""
_REPLICATIONS_PER_DRAW = 2
_WORLDS = 16
"""Worlds kept, of the markets and plans asked for last: 7 MB each for a thousand accounts."""
_SEEN_BY_ALIGNMENT = ("structure", "headcount", "team", "key_account_share", "incumbency", "calls", "call_hours")
"""What of a plan decides who serves whom; tests/cockpit/test_incremental.py holds `align` to it."""


class _Lane:
    """One plan on one market, with the outcomes found so far; its world, which is large, only while it is in use."""

    def __init__(self, world: Replay) -> None:
        self.market = world.market
        self.plan = world.plan
        self.alignment = world.alignment
        self.outcomes: dict[int, Outcome] = {}
        self.identical: bool | None = None  # whether SimPy leaves the same tables; None: not asked yet
        self.at_draws: dict[tuple[int, int], NDArray[np.float64]] = {}  # (draws, draw): measures with assumptions moved
        self._world: Replay | None = world
        self._months, self._seed = world.months, world.seed

    def world(self) -> Replay:
        """Return the world, built again where it was let go."""
        world = self._world
        if world is None:
            world = self._world = Replay(self.market, self.plan, self._months, self._seed, self.alignment)
        return world

    def release(self) -> None:
        """Let go of the world; what was found stays."""
        self._world = None

    @property
    def found(self) -> int:
        """Number of replications there are, counted from the first."""
        return next(n for n in range(len(self.outcomes) + 1) if n not in self.outcomes)


class Futures:
    """The futures of markets under plans, replayed as far as somebody asked, and kept.

    Parameters
    ----------
    months : int
        Length of each run.
    seed : int
    keep : int
        Markets with plans kept; the least recently asked for is forgotten.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> futures = Futures(months=3)
    >>> few = futures.study(market, plans, 2)
    >>> many = futures.study(market, plans, 4)
    >>> bool((many.values()[:2] == few.values()).all()), futures.found(market, plans)
    (True, 4)
    """

    def __init__(self, months: int = 24, seed: int = 1, *, keep: int = 100) -> None:
        self.months = months
        self.seed = seed
        self._lanes: deque[_Lane] = deque(maxlen=keep)
        self._lock = threading.Lock()

    def found(self, market: Market, plans: Mapping[str, Plan]) -> int:
        """Return how many replications are there for all of these plans on this market."""
        with self._lock:
            lanes = [self._known(market, plan) for plan in plans.values()]
            return min((lane.found if lane is not None else 0 for lane in lanes), default=0)

    def study(
        self,
        market: Market,
        plans: Mapping[str, Plan],
        replications: int,
        *,
        stop: NDArray[np.int64] | None = None,
        measure_name: str = "revenue",
        delta: float = 0.01,
    ) -> Study | None:
        """Return the study of these plans with the first `replications`, running those that are not there yet.

        The first plan is the baseline. Assumptions are not varied and SimPy does not audit: for an answer to act on
        there is `compare`.

        Parameters
        ----------
        replications : int
            2 or more.
        stop : (1,) int64 array, optional
            Set its element to another value than 0, from any thread, to stop. What was finished is kept.

        Returns
        -------
        Study or None
            None where it was stopped before.

        Raises
        ------
        StudyError
            For fewer than two plans or replications.
        ModelError
            For a plan that cannot be on this market.
        """
        if len(plans) < 2 or replications < 2:
            raise StudyError(
                explain(
                    "a comparison needs two plans and two replications",
                    value=f"{len(plans)} plans, {replications} replications",
                    allowed="2 or more of each",
                )
            )
        chosen = measure(measure_name)
        lanes = self._replayed(market, plans, replications, stop)
        if lanes is None:
            return None
        names = tuple(lanes)
        return Study(
            market=market, plans=dict(plans), months=self.months, seed=self.seed, baseline=0,
            measure_name=chosen.name, delta=delta,
            table=np.array([[lanes[name].outcomes[n].measures for name in names] for n in range(replications)]),
            monthly=np.array([[lanes[name].outcomes[n].monthly for name in names] for n in range(replications)]),
            earned=np.array([[lanes[name].outcomes[n].earned for name in names] for n in range(replications)]),
            assumed=None, audited=None,
            moved={name: lane.alignment.moved for name, lane in lanes.items()},
        )  # fmt: skip

    def audit(self, market: Market, plan: Plan, stop: NDArray[np.int64] | None = None) -> bool | None:
        """Run replication 0 of a plan on SimPy as well; tell whether it leaves the same tables, byte for byte.

        Asked once for a market and plan; None where it was stopped before.
        """
        lane = self._lane(market, plan)
        if lane.identical is None and not _stopped(stop):
            lane.identical = lane.world().audit(0, stop)
        return lane.identical

    def audited(self, market: Market, plans: Mapping[str, Plan]) -> bool | None:
        """Return what `audit` found for all of these plans; None where one of them was not asked."""
        with self._lock:
            lanes = [self._known(market, plan) for plan in plans.values()]
        found = [lane.identical if lane is not None else None for lane in lanes]
        return False if False in found else None if None in found else True

    def sweep(
        self,
        market: Market,
        plans: Mapping[str, Plan],
        draws: int,
        *,
        stop: NDArray[np.int64] | None = None,
        progress: Callable[[int, int], None] | None = None,
        measure_name: str = "revenue",
    ) -> Assumed | None:
        """Replay the plans with the assumptions moved over their ranges, for the second line of a verdict.

        The same draws as in `compare`; a draw that was replayed for a plan is not replayed again.

        Parameters
        ----------
        draws : int
            1 or more.
        progress : callable, optional
            Told draws finished and draws in all.

        Returns
        -------
        Assumed or None
            For `Study.assumed`; None where it was stopped before.
        """
        names, points = draw_assumptions(market, draws, self.seed)
        lanes = [self._lane(market, plan) for plan in plans.values()]
        place = [entry.name for entry in MEASURES].index(measure(measure_name).name)
        for i, row in enumerate(points.tolist()):
            here = market.but(**dict(zip(names, row, strict=True)))
            todo = [lane for lane in lanes if (draws, i) not in lane.at_draws]
            if not _both(partial(self._drawn, here, (draws, i), stop), todo):
                return None
            if progress is not None and todo:
                progress(i + 1, draws)
        means = np.array([[lane.at_draws[draws, i][place] for lane in lanes] for i in range(draws)])
        reference = means[:, [0]]
        return Assumed(tuple(names), points, (means - reference) / np.where(reference != 0, np.abs(reference), 1.0))

    def _drawn(self, market: Market, draw: tuple[int, int], stop: NDArray[np.int64] | None, lane: _Lane) -> bool:
        """Replay a plan at one draw of the assumptions; return False where it was stopped before."""
        if _stopped(stop):
            return False
        at = Replay(market, lane.plan, self.months, self.seed, lane.alignment)
        found = [at.outcome(n, stop) for n in range(_REPLICATIONS_PER_DRAW)]
        if None in found:
            return False
        lane.at_draws[draw] = np.mean([one.measures for one in found if one is not None], axis=0)
        return True

    def _replayed(
        self, market: Market, plans: Mapping[str, Plan], replications: int, stop: NDArray[np.int64] | None
    ) -> dict[str, _Lane] | None:
        """Run what is not there yet, two runs at a time; None where it was stopped before.

        Worlds are built two at a time as well; the first two replications of a plan begin as soon as its world is
        there, the rest goes replication by replication, so that a stop leaves whole futures.
        """
        with ThreadPoolExecutor(_THREADS, "salessim replication") as pool:
            building: dict[str, Future[_Lane]] = {}
            for name, plan in plans.items():
                if _stopped(stop):
                    return None
                for other, job in building.items():
                    if _same_owners(plans[other], plan):
                        job.result()  # who serves whom is found once
                building[name] = _begun(pool, self._lane, market, plan)
            lanes: dict[str, _Lane] = {}
            work: list[Future[bool]] = []
            for name, built in building.items():
                lanes[name] = built.result()
                work += [_begun(pool, self._extend, lanes[name], n, stop) for n in range(min(2, replications))]
            for n in range(2, replications):
                work += [
                    _begun(pool, self._extend, lane, n, stop) for lane in lanes.values() if n not in lane.outcomes
                ]
            for done in work:
                done.result()
        complete = all(n in lane.outcomes for lane in lanes.values() for n in range(replications))
        return lanes if complete else None

    def _extend(self, lane: _Lane, n: int, stop: NDArray[np.int64] | None) -> bool:
        """Make sure that replication `n` of a lane is there; return False where it was stopped before."""
        if n in lane.outcomes:
            return True
        outcome = None if _stopped(stop) else lane.world().outcome(n, stop)
        if outcome is None:
            return False
        with self._lock:
            lane.outcomes.setdefault(n, outcome)
        return True

    def _lane(self, market: Market, plan: Plan) -> _Lane:
        with self._lock:
            lane = self._known(market, plan)
            if lane is not None:
                self._lanes.remove(lane)
                self._lanes.append(lane)
                return lane
            alignment = self._aligned(market, plan)
        lane = _Lane(Replay(market, plan, self.months, self.seed, alignment))
        with self._lock:
            self._lanes.append(lane)
            for old in list(self._lanes)[:-_WORLDS]:
                old.release()
        return lane

    def _known(self, market: Market, plan: Plan) -> _Lane | None:
        for lane in reversed(self._lanes):
            if lane.plan == plan and (lane.market is market or lane.market == market):
                return lane
        return None

    def _aligned(self, market: Market, plan: Plan) -> Alignment | None:
        """Return who serves whom, where it is known from a market that differs in nothing that an alignment sees."""
        for lane in reversed(self._lanes):
            if _same_owners(lane.plan, plan) and _same_ground(lane.market, market):
                return lane.alignment
        return None


def _begun(pool: ThreadPoolExecutor, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
    """Begin some work on a thread of the pool; do it at once where no thread can be started."""
    try:
        return pool.submit(work, *args, **kwargs)
    except RuntimeError:
        done: Future[T] = Future()
        done.set_result(work(*args, **kwargs))
        return done


def _same_ground(one: Market, other: Market) -> bool:
    """Say whether two markets differ at most in how customers decide: complexity, knowledge, relationship, money."""
    return one is other or (
        one.travelling.distance == other.travelling.distance
        and all(
            getattr(one, name) is getattr(other, name) or getattr(one, name) == getattr(other, name)
            for name in ("accounts", "products", "stages", "affinity", "today", "calendar")
        )
    )


def _same_owners(one: Plan, other: Plan) -> bool:
    """Say whether two plans that never change differ in nothing that decides who serves whom."""
    if one.changes or other.changes:
        return False
    return all(getattr(one, name) == getattr(other, name) for name in _SEEN_BY_ALIGNMENT)


def _both(work: Callable[[_Lane], bool], lanes: Sequence[_Lane]) -> bool:
    """Do something for every lane, two at a time; return whether all of it was done."""
    try:
        with ThreadPoolExecutor(_THREADS, "salessim replication") as pool:
            return all(list(pool.map(work, lanes)))
    except RuntimeError:  # no thread can be started
        return all([work(lane) for lane in lanes])


def _stopped(stop: NDArray[np.int64] | None) -> bool:
    return stop is not None and bool(stop[0])


class Reading(NamedTuple):
    """One measure of a plan and of the baseline, for a card.

    Attributes
    ----------
    name : str
        The measure.
    value, baseline : float
        Means over the replications.
    judgement : Judgement or None
        The plan against the baseline; of a share in points of a per cent, else in the unit of the measure. None where
        the measure does not exist in some future (a win rate without a decided deal).
    differences : (replications,) array
        The plan less the baseline in each future, in the unit of `judgement`.
    """

    name: str
    value: float
    baseline: float
    judgement: Judgement | None
    differences: NDArray[np.float64]


def readings(study: Study, names: tuple[str, ...], plan: int = 1, *, watched: bool = False) -> list[Reading]:
    """Read several measures of one plan against the baseline.

    What is too small to matter is `Study.delta`: of the baseline's mean revenue for every amount of money (so revenue
    and contribution are measured with the same sum), of the baseline's mean for times and counts, and as points of a
    per cent for shares.

    With `watched` the intervals, and what is judged by them, hold at every number of replications at once: for a view
    that is read again and again while replications come in (see `salessim.study.sequences`).

    Raises
    ------
    StudyError
        For a measure that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, small = preset("small")
    >>> plans = {"few": small, "many": small.but(reps=12)}
    >>> for reading in readings(Futures(months=6).study(market, plans, 6), ("calls",)):
    ...     print(reading.name, reading.judgement.kind)
    calls better
    """
    found = []
    row = [i for i in range(len(study.names)) if i != study.baseline].index(plan)
    for name in names:
        entry = measure(name)
        values = study.values(name)
        base = float(values[:, study.baseline].mean())
        if entry.unit == "share":
            values, delta = 100.0 * values, 100.0 * study.delta
        elif entry.unit == "currency":
            delta = study.delta * abs(float(study.values("revenue")[:, study.baseline].mean()))
        else:
            delta = study.delta * abs(base)
        judgement = None
        if np.isfinite(values).all():
            family = paired_differences(values, study.baseline, watched=watched)
            judgement = judge(family, max(delta, 1e-12), higher_is_better=entry.better != "down")[row]
        value = float(study.values(name)[:, plan].mean())
        found.append(Reading(name, value, base, judgement, values[:, plan] - values[:, study.baseline]))
    return found
