"""Benchmarks, measured on the spot: speed of both clocks, what precision costs, how it grows, against other simulators.

Times are processor seconds unless a row says otherwise: other load on the machine does not count then.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

from salessim.bench.children import STRUCTURES
from salessim.words import label, sentence

if TYPE_CHECKING:
    from salessim.study.progress import Progress

__all__ = ["Row", "bench", "bench_rows"]

SIZES = (50, 500, 5000)
"""Sales forces of the rows on growth, in reps; 20 accounts each."""
_FOUR = (*STRUCTURES, "hybrid")
_WIDTH = 0.01  # half of the 95 % interval of a difference, as a share of revenue
_Z = 1.959964


class Row(NamedTuple):
    """One line of the table: what was measured, and the figure with its unit."""

    name: str
    figure: str


def bench(*, quick: bool = False, language: str = "en", progress: bool | Progress | None = None) -> str:
    """Measure and return a table as text.

    Parameters
    ----------
    quick : bool
        Leave out 5,000 reps, compiling from nothing, and the other simulators.
    language : {"en", "zh"}
    progress : bool or callable, optional
        As in `compare`.
    """
    from salessim.study.progress import watched
    from salessim.study.wording import cells

    parts = _parts(quick)
    rows: list[Row] = []
    with watched(progress, sentence("bench measurements", language)) as tell:
        for n, part in enumerate(parts):
            rows += list(part(language))
            if tell is not None:
                tell(n + 1, len(parts))
    width = max(cells(row.name) for row in rows)
    return "\n".join(f"{row.name}{' ' * (width - cells(row.name))}  {row.figure}" for row in rows)


def bench_rows(*, quick: bool = False, language: str = "en") -> list[Row]:
    """Return the rows of `bench` as data."""
    return [row for part in _parts(quick) for row in part(language)]


def _parts(quick: bool) -> list[Callable[[str], Iterator[Row]]]:
    sizes = SIZES[:-1] if quick else SIZES
    parts: list[Callable[[str], Iterator[Row]]] = [
        _clocks, _study, _precision, lambda language: _growth(sizes, language),
    ]  # fmt: skip
    return parts if quick else [*parts, _first_use, _others]


# ---- both clocks, one study ------------------------------------------------------------------------------------------
def _clocks(language: str) -> Iterator[Row]:
    """Both clocks on the standard case: 50 reps, 1,000 accounts, 4 products, 24 months."""
    from salessim.clocks.compiled_clock import run_compiled
    from salessim.clocks.simulation import Simulation
    from salessim.model.presets import preset
    from salessim.world.build import build_world

    market, plan = preset("standard")
    template = build_world(market, plan, 24)
    warm = template.copy()
    run_compiled(warm)
    Simulation(market, plan, 1, alignment=template.alignment).run()
    events = int(warm["counts"]["events"][0])
    compiled = _seconds(lambda: run_compiled(template.copy()), 5)
    simpy = _seconds(lambda: Simulation(market, plan, 24, world=template.copy()).run(), 3)
    yield _row("bench events", language, f"{events:,}")
    yield _row("bench compiled speed", language, f"{events / compiled:,.0f}")
    yield _row("bench simpy speed", language, f"{events / simpy:,.0f}")
    yield _row("bench clocks ratio", language, f"{simpy / compiled:.1f} x")


def _study(language: str) -> Iterator[Row]:
    """The standard study on one thread: three structures, 30 replications, 24 months, worlds built anew."""
    from salessim.model.presets import preset
    from salessim.study.comparison import compare
    from salessim.study.tasks import forget

    market, plan = preset("standard")
    plans = {name: plan.but(structure=name) for name in STRUCTURES}

    def study() -> object:
        with ThreadPoolExecutor(1) as one:
            found = compare(
                market, plans, replications=30, most_replications=30, draws=0, audit=False, executor=one,
                progress=False,
            )  # fmt: skip
            return found.judged  # the verdict is part of the study

    study()
    forget()
    yield _row("bench study", language, f"{_seconds(study, 1):.2f} s")


# ---- what precision costs --------------------------------------------------------------------------------------------
def _precision(language: str) -> Iterator[Row]:
    """Processor time until a difference of revenue is known to 1 %, paired and compiled against unpaired and SimPy.

    Replications needed follow from the variances measured over 60 futures; seconds from the time of a run. At least two
    replications are counted, since one has no interval.
    """
    import numpy as np

    from salessim.clocks.simulation import Simulation
    from salessim.model.presets import preset
    from salessim.study.replay import Replay
    from salessim.world.build import build_world

    market, plan = preset("standard")
    values, quick, slow = {}, {}, {}
    for name in _FOUR:
        chosen = plan.but(structure=name)
        replay = Replay(market, chosen, 24, 1)
        replay.outcome(0)
        start = time.process_time()
        values[name] = np.array([outcome.measures[0] for n in range(60) if (outcome := replay.outcome(n)) is not None])
        quick[name] = (time.process_time() - start) / 60
        template = build_world(market, chosen, 24, alignment=replay.alignment)
        slow[name] = _seconds(lambda c=chosen, t=template: Simulation(market, c, 24, world=t.copy()).run(), 1)  # type: ignore[misc]
    ratios = {}
    for one, other in itertools.combinations(_FOUR, 2):
        width = _WIDTH * values[one].mean()
        paired = max((_Z * (values[one] - values[other]).std(ddof=1) / width) ** 2, 2.0)
        apart = max((_Z / width) ** 2 * (values[one].var(ddof=1) + values[other].var(ddof=1)), 2.0)
        cost, rival = paired * (quick[one] + quick[other]), apart * (slow[one] + slow[other])
        pair = f"{label(f'structure.{one}', language)} – {label(f'structure.{other}', language)}"
        ratios[pair] = rival / cost
        figure = f"{cost:.2f} s ({paired:.0f} x 2) | {rival:.1f} s ({apart:.0f} x 2) | {rival / cost:.0f} x"
        yield Row(sentence("bench precision", language, pair=pair), figure)
    worst = min(ratios, key=lambda pair: ratios[pair])
    yield _row("bench worst pair", language, f"{ratios[worst]:.0f} x ({worst})")


# ---- growth ----------------------------------------------------------------------------------------------------------
def _growth(sizes: tuple[int, ...], language: str) -> Iterator[Row]:
    """One run of 24 months at several sizes, each in a process of its own so that its memory can be told."""
    import math

    found = {reps: _child(f"from salessim.bench.children import one_size; one_size({reps})") for reps in sizes}
    for reps, one in found.items():
        figure = sentence(
            "bench size figure", language, wall=f"{one['wall']:.2f}", cpu=f"{one['run']:.2f}",
            memory=f"{one['peak']:,.0f}", events=f"{one['events'] / 1e6:.1f}", built=f"{one['built']:.2f}",
        )  # fmt: skip
        yield Row(sentence("bench size", language, reps=f"{reps:,}", accounts=f"{20 * reps:,}"), figure)
    for small, large in itertools.pairwise(sizes):
        power = math.log(found[large]["run"] / found[small]["run"]) / math.log(large / small)
        yield Row(sentence("bench exponent", language, small=f"{small:,}", large=f"{large:,}"), f"{power:.2f}")
    for reps in (sizes[0], sizes[-1]):
        yield Row(
            sentence("bench alignment", language, reps=f"{reps:,}", accounts=f"{20 * reps:,}"),
            " | ".join(f"{label(f'structure.{name}', language)} {found[reps][name]:.2f} s" for name in STRUCTURES[:3]),
        )


# ---- the first use ---------------------------------------------------------------------------------------------------
def _first_use(language: str) -> Iterator[Row]:
    """A first run in a fresh process: with an empty folder of machine code, and with a full one."""
    with tempfile.TemporaryDirectory() as folder:
        for key in ("bench cold", "bench loaded"):
            found = _child("from salessim.bench.children import first_run; first_run()", NUMBA_CACHE_DIR=folder)
            yield _row(key, language, f"{found['seconds']:.1f} s")


# ---- other simulators ------------------------------------------------------------------------------------------------
def _others(language: str) -> Iterator[Row]:
    """The bare funnel, four desks in a row, in other simulators where they are installed."""
    for name in ("simpy", "ciw", "salabim"):
        if importlib.util.find_spec(name) is None:
            figure = sentence("bench not installed", language)
        else:
            found = _child(f"from salessim.bench.funnels import measure; measure({name!r})")
            figure = f"{found['events'] / found['seconds']:,.0f}"
        yield Row(sentence("bench funnel", language, name={"simpy": "SimPy", "ciw": "Ciw"}.get(name, name)), figure)


# ---- tools -----------------------------------------------------------------------------------------------------------
def _row(key: str, language: str, figure: str) -> Row:
    return Row(sentence(key, language), figure)


def _seconds(job: Callable[[], object], repeats: int) -> float:
    """Return the least processor time of `repeats` calls."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        job()
        best = min(best, time.process_time() - start)
    return best


def _child(code: str, **environment: str) -> dict[str, Any]:
    """Run code in a fresh process and return what it prints last, as JSON."""
    paths = os.pathsep.join(path for path in sys.path if path)
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**os.environ, "PYTHONPATH": paths, **environment},
    )  # fmt: skip
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))
