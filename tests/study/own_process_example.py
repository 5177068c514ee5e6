"""Two processes of a user's own, at the top level of a file, so that any worker process can import them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from simpy import Event

from salessim.clocks.simulation import Simulation

CALLS = 2.0


def trade_fair(sim: Simulation) -> Iterator[Event]:
    """Three days of the reps of segment 1; three visitors in ten leave with goodwill and an inquiry."""
    yield sim.env.timeout(30)
    covers, accounts = sim.world["covers"], sim.world["accounts"]
    theirs = accounts["segment"][covers["account"]] == sim.world.names.segments.index("segment 1")
    sim.take_time(np.unique(covers["owner"][theirs]), days=3)
    yield sim.env.timeout(3)
    comes = np.array([sim.luck("fair", key) < 0.3 for key in accounts["key"]])
    visitors = np.flatnonzero(theirs & comes[covers["account"]])
    sim.add_goodwill(visitors, calls=CALLS)
    sim.add_inquiry(visitors, "fair")


def strike(sim: Simulation) -> Iterator[Event]:
    """Ten working days of everybody."""
    yield sim.env.timeout(40)
    sim.take_time(np.arange(len(sim.world.names.reps)), days=10)
