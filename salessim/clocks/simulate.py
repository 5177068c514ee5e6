"""One run by either clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from salessim.clocks.run import Run
from salessim.clocks.worlds import make_world
from salessim.errors import StudyError, explain

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Clock", "simulate"]

Clock = Literal["simpy", "compiled"]


def simulate(
    market: Market,
    plan: Plan,
    months: int = 24,
    *,
    seed: int = 1,
    replication: int = 0,
    clock: Clock = "compiled",
    record_calls: bool = False,
) -> Run:
    """Replay a market under a plan once.

    Parameters
    ----------
    market, plan : Market, Plan
    months : int
        Length of the run.
    seed, replication : int
        Luck: the same pair replays the same market under any plan.
    clock : {"compiled", "simpy"}
        What drives the rules through time. Both leave the same tables, byte for byte.
    record_calls : bool
        Whether each customer call gets a row of its own.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> one = simulate(market, plan, months=3)
    >>> other = simulate(market, plan, months=3, clock="simpy")
    >>> bool((one.world.used("deals") == other.world.used("deals")).all())
    True
    """
    if clock == "simpy":
        from salessim.clocks.simulation import Simulation

        return Simulation(market, plan, months, seed=seed, replication=replication, record_calls=record_calls).run()
    if clock != "compiled":
        raise StudyError(explain("there is no such clock", where="clock", value=clock, allowed="simpy, compiled"))
    from salessim.clocks.compiled_clock import run_compiled

    world = make_world(market, plan, months, seed=seed, replication=replication, record_calls=record_calls)
    run_compiled(world)
    return Run(market, plan, months, world)
