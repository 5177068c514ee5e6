"""Replaying one plan many times: prepared once, run per replication, reduced to its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.compiled_clock import DONE, run_compiled
from salessim.clocks.run import Run
from salessim.clocks.worlds import make_world
from salessim.measures import MEASURES, Books, measures_of
from salessim.world.random import seed_key
from salessim.world.tables import CALENDAR

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from simpy import Event

    from salessim.clocks.simulation import Simulation
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.study.own_process import Process
    from salessim.world.alignment import Alignment

__all__ = ["Outcome", "Replay"]

_WATCH = 10.0  # days of simulated time


class Outcome(NamedTuple):
    """One replication: every measure in the order of `MEASURES`, and revenue and contribution of each month."""

    measures: NDArray[np.float64]
    monthly: NDArray[np.float64]
    earned: NDArray[np.float64]


class Replay:
    """A plan prepared for many replications on one market.

    Parameters
    ----------
    market, plan : Market, Plan
    months : int
    seed : int
        The same seed and replication replay the same market under any plan.
    alignment : Alignment, optional
        Who serves whom, where it is known already.
    processes : sequence of callables
        Processes of a user's own; with any, SimPy runs the plan and not the compiled clock.
    """

    def __init__(
        self,
        market: Market,
        plan: Plan,
        months: int,
        seed: int,
        alignment: Alignment | None = None,
        processes: Sequence[Process] = (),
    ) -> None:
        self.market = market
        self.plan = plan
        self.months = months
        self.seed = seed
        self.processes = tuple(processes)
        self._template = make_world(market, plan, months, alignment=alignment, seed=seed)

    @property
    def alignment(self) -> Alignment:
        """Who serves whom."""
        return self._template.alignment

    def run(self, replication: int, stop: NDArray[np.int64] | None = None) -> Run | None:
        """Run one replication to its end; None where `stop` was set meanwhile."""
        if self.processes:
            return self._run_simpy(replication, stop)
        world = self._template.copy(seed_key(self.seed, replication))
        if run_compiled(world, stop) != DONE:
            return None
        return Run(self.market, self.plan, self.months, world)

    def outcome(self, replication: int, stop: NDArray[np.int64] | None = None) -> Outcome | None:
        """Run one replication and keep only its measures."""
        run = self.run(replication, stop)
        if run is None:
            return None
        books = Books(run)
        found = measures_of(books)
        return Outcome(
            np.array([found[entry.name] for entry in MEASURES]), run.by_month(), books.ledger.contribution_by_month()
        )

    @overload
    def audit(self, replication: int = 0, stop: None = None) -> bool: ...
    @overload
    def audit(self, replication: int, stop: NDArray[np.int64] | None) -> bool | None: ...
    def audit(self, replication: int = 0, stop: NDArray[np.int64] | None = None) -> bool | None:
        """Run one replication on SimPy as well and tell whether every table it leaves is the same, byte for byte.

        None where `stop` was set meanwhile; it is looked at once in ten days of the simulated time.
        """
        ours, theirs = self.run(replication, stop), self._run_simpy(replication, stop)
        if ours is None or theirs is None:
            return None
        return all(
            ours.world.used(name).tobytes() == theirs.world.used(name).tobytes()
            for name in ours.world.tables
            if name not in CALENDAR
        )

    def _run_simpy(self, replication: int, stop: NDArray[np.int64] | None) -> Run | None:
        from salessim.clocks.simulation import Simulation

        world = self._template.copy(seed_key(self.seed, replication))
        watched = () if stop is None else (lambda sim: _watch(sim, stop),)
        try:
            return Simulation(
                self.market, self.plan, self.months, world=world, processes=(*self.processes, *watched)
            ).run()
        except _Stopped:
            return None


class _Stopped(Exception):
    """Somebody asked to stop."""


def _watch(simulation: Simulation, stop: NDArray[np.int64]) -> Iterator[Event]:
    """End a simulation once it is no longer wanted; nothing of the model sees this process."""
    while not stop[0]:
        yield simulation.env.timeout(_WATCH)
    raise _Stopped
