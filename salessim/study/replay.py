"""Replaying one plan many times: prepared once, run per replication, reduced to its measures."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.compiled_clock import DONE, run_compiled
from salessim.clocks.run import Run
from salessim.measures import MEASURES, measures_of
from salessim.world.build import build_world
from salessim.world.random import seed_key
from salessim.world.tables import CALENDAR

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["Outcome", "Replay"]


class Outcome(NamedTuple):
    """One replication: every measure in the order of `MEASURES`, and the revenue of each month."""

    measures: NDArray[np.float64]
    monthly: NDArray[np.float64]


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
    """

    def __init__(self, market: Market, plan: Plan, months: int, seed: int, alignment: Alignment | None = None) -> None:
        self.market = market
        self.plan = plan
        self.months = months
        self.seed = seed
        self._template = build_world(market, plan, months, alignment=alignment, seed=seed)

    @property
    def alignment(self) -> Alignment:
        """Who serves whom."""
        return self._template.alignment

    def run(self, replication: int, stop: NDArray[np.int64] | None = None) -> Run | None:
        """Run one replication to its end; None where `stop` was set meanwhile."""
        world = self._template.copy(seed_key(self.seed, replication))
        if run_compiled(world, stop) != DONE:
            return None
        return Run(self.market, self.plan, self.months, world)

    def outcome(self, replication: int, stop: NDArray[np.int64] | None = None) -> Outcome | None:
        """Run one replication and keep only its measures."""
        run = self.run(replication, stop)
        if run is None:
            return None
        found = measures_of(run)
        return Outcome(np.array([found[entry.name] for entry in MEASURES]), run.by_month())

    def audit(self, replication: int = 0) -> bool:
        """Run one replication on SimPy as well and tell whether every table it leaves is the same, byte for byte."""
        from salessim.clocks.simulation import Simulation

        ours = self.run(replication)
        world = self._template.copy(seed_key(self.seed, replication))
        theirs = Simulation(self.market, self.plan, self.months, world=world).run()
        return ours is not None and all(
            ours.world.used(name).tobytes() == theirs.world.used(name).tobytes()
            for name in ours.world.tables
            if name not in CALENDAR
        )
