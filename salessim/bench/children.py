"""What is measured in a process of its own: memory, and the first use."""

from __future__ import annotations

import json
import sys
import time

__all__ = ["STRUCTURES", "first_run", "one_size"]

STRUCTURES = ("territory", "product", "customer")


def one_size(reps: int) -> None:
    """Measure a sales force of this size, 20 accounts a rep at the same density, and print it as JSON."""
    from salessim.clocks.compiled_clock import run_compiled
    from salessim.model.presets import make_market, make_plan
    from salessim.world.alignment import align
    from salessim.world.build import build_world

    run_compiled(build_world(make_market(100), make_plan(5), 1))
    align(make_market(100), make_plan(5, structure="product"))
    market = make_market(20 * reps, width=300.0 * (reps / 50) ** 0.5)
    plan = make_plan(reps)
    found: dict[str, float] = {}
    for name in STRUCTURES:
        start = time.process_time()
        alignment = align(market, plan.but(structure=name))
        found[name] = time.process_time() - start
    alignment = align(market, plan)
    start = time.process_time()
    world = build_world(market, plan, 24, alignment=alignment)
    found["built"] = time.process_time() - start
    began, start = time.perf_counter(), time.process_time()
    run_compiled(world)
    found |= {"wall": time.perf_counter() - began, "run": time.process_time() - start}
    found |= {"events": float(world["counts"]["events"][0]), "peak": _peak_megabytes()}
    print(json.dumps(found))


def _peak_megabytes() -> float:
    """Return the most memory this process has had; NaN where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return float("nan")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


def first_run() -> None:
    """Run the small preset once and print the processor seconds since this process began, as JSON."""
    from salessim.clocks.simulate import simulate
    from salessim.model.presets import preset

    simulate(*preset("small"), months=1)
    print(json.dumps({"seconds": time.process_time()}))
