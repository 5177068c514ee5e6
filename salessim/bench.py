"""Benchmarks, measured on the spot: model events per second of both clocks on the standard case, alignment time."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["bench"]


def _seconds(job: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of `repeats` calls: other load on the machine does not count."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        job()
        best = min(best, time.process_time() - start)
    return best


def bench() -> str:
    """Measure and return a table as text.

    The standard case has 50 reps, 1,000 accounts, 4 products and runs 24 months, from a today settled by 12 months.
    """
    from salessim.clocks.compiled_clock import run_compiled
    from salessim.clocks.settle import settle
    from salessim.clocks.simulation import Simulation
    from salessim.model.presets import preset
    from salessim.world.alignment import align
    from salessim.world.build import build_world

    market, plan = preset("standard")
    start = time.perf_counter()
    market = settle(market, plan, 12)
    first = time.perf_counter() - start
    alignment = align(market, plan)
    template = build_world(market, plan, 24, alignment=alignment)
    warm = template.copy()
    run_compiled(warm)
    events = int(warm["counts"]["events"][0])
    Simulation(market, plan, 1, alignment=alignment).run()

    compiled = _seconds(lambda: run_compiled(template.copy()), 5)
    simpy = _seconds(lambda: Simulation(market, plan, 24, world=template.copy()).run(), 3)
    aligning = _seconds(lambda: align(market, plan), 3)
    building = _seconds(lambda: build_world(market, plan, 24, alignment=alignment), 3)
    rows = [
        ("model events of the standard case", f"{events:,}"),
        ("compiled clock, events per CPU second", f"{events / compiled:,.0f}"),
        ("SimPy clock, events per CPU second", f"{events / simpy:,.0f}"),
        ("compiled over SimPy", f"{simpy / compiled:.0f} x"),
        ("one run of the standard case, compiled", f"{1000 * compiled:.0f} ms"),
        ("alignment of 1,000 accounts to 50 reps", f"{1000 * aligning:.0f} ms"),
        ("building the world", f"{1000 * building:.0f} ms"),
        ("first run of this process, compiling or loading included", f"{first:.1f} s"),
    ]
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value:>12}" for name, value in rows)
