"""What single futures leave behind for the views: the funnel, the account, everybody's hours and everybody's pay.

A study keeps the measures of a future and lets its tables go. A view that needs more asks here: the same futures (same
market, plan, seed, replication) are run again, as many as the study has, and reduced at once; what was found is kept.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.show.map_figure import RepHours, hours_of
from salessim.show.payout_figure import Earnings, earnings_of
from salessim.show.profit_figure import account_of
from salessim.show.stage_figure import StageCounts, stage_counts
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.clocks.run import Run
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.study import Study
    from salessim.world.alignment import Alignment

    Flag = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Facts", "Kept"]

_THREADS = 2  # a run lets go of the interpreter
_KEPT, _WORLDS = 24, 6


class Facts(NamedTuple):
    """What is kept of one future under one plan."""

    stages: StageCounts
    account: Floats
    hours: RepHours
    earnings: Earnings | None
    monthly: Floats


class _Lane:
    """One plan on one market: its futures so far, and its world while it is in use."""

    def __init__(self, market: Market, plan: Plan, months: int, seed: int) -> None:
        self.market, self.plan, self.months, self.seed = market, plan, months, seed
        self.replay: Replay | None = Replay(market, plan, months, seed)
        self.alignment: Alignment = self.replay.alignment
        self.found: list[Facts] = []

    def facts(self, n: int, stop: Flag | None) -> Facts | None:
        if self.replay is None:
            self.replay = Replay(self.market, self.plan, self.months, self.seed, self.alignment)
        run = self.replay.run(n, stop)
        return None if run is None else _reduced(run)


class Kept:
    """Keeps what single futures left behind, of the markets and plans asked for last.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.incremental import Futures
    >>> market, plan = preset("small")
    >>> study = Futures(months=3).study(market, {"few": plan, "many": plan.but(reps=12)}, 3)
    >>> kept = Kept()
    >>> for _ in kept.extend(study):
    ...     print(kept.known(study))
    2
    3
    >>> contribution = [one.account[-1] for one in kept.facts(study)[0]]
    >>> bool(np.allclose(contribution, study.values("contribution")[:, 0]))
    True
    """

    def __init__(self) -> None:
        self._lanes: OrderedDict[int, _Lane] = OrderedDict()
        self._next = 0

    def known(self, study: Study, months: int | None = None) -> int:
        """Return how many futures of every plan of a study are there, no more than it has itself.

        Parameters
        ----------
        study : Study
        months : int, optional
            Length of the runs, where it is not that of the study.
        """
        lanes = [self._found(study, plan, months) for plan in study.plans.values()]
        return min(study.replications, *(len(lane.found) if lane is not None else 0 for lane in lanes))

    def facts(self, study: Study, months: int | None = None) -> list[list[Facts]]:
        """Return, plan by plan, what the futures known of every plan left behind."""
        n = self.known(study, months)
        lanes = [self._found(study, plan, months) for plan in study.plans.values()]
        return [lane.found[:n] if lane is not None else [] for lane in lanes]

    def alignments(self, study: Study) -> list[Alignment]:
        """Return who serves whom at the start under every plan of a study of which futures are known."""
        lanes = [self._found(study, plan, None) for plan in study.plans.values()]
        return [lane.alignment for lane in lanes if lane is not None]

    def extend(
        self, study: Study, *, stop: Flag | None = None, months: int | None = None, most: int | None = None
    ) -> Iterator[None]:
        """Run what the study has and is not known here; yield after two futures of every plan, and ever twice as many.

        A future is run under all plans before the next one begins, so a stop leaves them paired.

        Parameters
        ----------
        study : Study
        stop : (1,) int64 array, optional
            Set its element, from any thread, to stop; whole futures are kept.
        months : int, optional
            Length of the runs, where it is not that of the study.
        most : int, optional
            Futures wanted, where not all of the study.
        """
        wanted = min(study.replications, most or study.replications)
        if self.known(study, months) >= wanted:
            return
        lanes = []
        for plan in study.plans.values():
            if _stopped(stop):
                return
            lanes.append(self._lane(study, plan, months))
        shown = max(2, 2 * self.known(study, months))
        for n in range(wanted):
            todo = [lane for lane in lanes if len(lane.found) <= n]
            if todo and not _run(todo, n, stop):
                return
            if n + 1 == wanted or (todo and n + 1 == shown):
                shown *= 2
                yield

    def _lane(self, study: Study, plan: Plan, months: int | None) -> _Lane:
        lane = self._found(study, plan, months)
        if lane is None:
            lane = _Lane(study.market, plan, months or study.months, study.seed)
            self._lanes[self._next] = lane
            self._next += 1
            while len(self._lanes) > _KEPT:
                self._lanes.popitem(last=False)
            for old in list(self._lanes.values())[:-_WORLDS]:
                old.replay = None
        return lane

    def _found(self, study: Study, plan: Plan, months: int | None) -> _Lane | None:
        for key, lane in reversed(self._lanes.items()):
            if (
                (lane.months, lane.seed) == (months or study.months, study.seed)
                and lane.plan == plan
                and (lane.market is study.market or lane.market == study.market)
            ):
                self._lanes.move_to_end(key)
                return lane
        return None


def _run(lanes: Sequence[_Lane], n: int, stop: Flag | None) -> bool:
    """Run future `n` of every lane, two at a time; return whether all of it was done."""
    try:
        with ThreadPoolExecutor(_THREADS, "salessim view") as pool:
            found = list(pool.map(lambda lane: lane.facts(n, stop), lanes))
    except RuntimeError:  # no thread can be started
        found = [lane.facts(n, stop) for lane in lanes]
    for lane, facts in zip(lanes, found, strict=True):
        if facts is not None:
            lane.found.append(facts)
    return None not in found


def _stopped(stop: Flag | None) -> bool:
    return stop is not None and bool(stop[0])


def _reduced(run: Run) -> Facts:
    return Facts(stage_counts(run), account_of(run), hours_of(run), earnings_of(run), run.by_month())
