"""One set of rules, two clocks: SimPy and the compiled clock leave the same tables, byte for byte.

Every table is compared but the calendar of events itself (`CALENDAR`), which each clock keeps in its own way.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Case, busy_case, cases, differences, lively_case, replay, same_tables

from salessim.clocks.simulate import simulate
from salessim.model.management import VACANCY_RULES
from salessim.model.plan import COVERAGE_RULES, STRUCTURES
from salessim.model.presets import preset
from salessim.world.tables import (
    CALENDAR,
    CARETAKER,
    DISMISSED,
    DTYPES,
    LAID_OFF,
    PROMOTED,
    QUIT_JOB,
    REORGANISED,
    STARTED,
    SUCCESSOR,
)

TESTS = Path(__file__).resolve().parents[1]


def check(case: Case, tiny: bool) -> None:
    compiled, simpy = replay(case, "compiled", tiny=tiny), replay(case, "simpy", tiny=not tiny)
    assert not differences(compiled.world, simpy.world)
    assert compiled.events == simpy.events


@given(cases(), st.booleans())
@settings(max_examples=60)
def test_random_worlds_run_the_same_on_both_clocks(case: Case, tiny: bool) -> None:
    """All mechanisms, structures and routings, with and without ties on a grid, tables that must grow on one clock."""
    check(case, tiny)


@pytest.mark.slow
@given(cases(max_months=9), st.booleans())
@settings(max_examples=200)
def test_many_random_worlds_run_the_same_on_both_clocks(case: Case, tiny: bool) -> None:
    check(case, tiny)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("grid", [0.0, 0.25, 1.0], ids=["continuous", "quarter days", "days"])
def test_a_busy_world_runs_the_same_on_both_clocks(structure: str, grid: float) -> None:
    """Everything happens in this world; on a grid of days hundreds of events share each instant."""
    check(busy_case(structure=structure)._replace(grid=grid), tiny=False)


@pytest.mark.parametrize("coverage", COVERAGE_RULES)
def test_every_coverage_rule_runs_the_same_on_both_clocks(coverage: str) -> None:
    check(busy_case(structure="territory", routing="owner", coverage=coverage), tiny=True)


@pytest.mark.slow
@pytest.mark.parametrize("vacancy", VACANCY_RULES)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_people_come_and_go_and_plans_change_the_same_on_both_clocks(structure: str, vacancy: str) -> None:
    case = lively_case(structure, vacancy)
    check(case, tiny=True)
    world = replay(case).world
    assert set(world.used("careers")["kind"]) == {STARTED, QUIT_JOB, DISMISSED, LAID_OFF, PROMOTED}
    reasons = {REORGANISED, SUCCESSOR} | ({CARETAKER} if vacancy == "colleagues" else set())
    assert set(world.used("handovers")["reason"]) == reasons
    assert np.all(world["changes"]["fired"] > 0.0)


def test_the_standard_preset_runs_the_same_on_both_clocks() -> None:
    market, plan = preset("standard")
    for structure in ("territory", "product", "customer", "hybrid"):
        one, other = (
            simulate(market, plan.but(structure=structure), 24, clock=clock) for clock in ("compiled", "simpy")
        )
        assert not differences(one.world, other.world)
        assert one.events == other.events > 50_000


def test_the_comparison_sees_a_last_bit() -> None:
    """The check itself can fail: one bit in one cell of any table is noticed and named."""
    case = lively_case()
    one = replay(case)
    for name in DTYPES:
        if name in CALENDAR:
            continue
        other = replay(case)
        assert same_tables(one, other)
        table = other.world.used(name)
        assert len(table), name
        table.view(np.uint8).reshape(-1)[-1] ^= 1
        found = [text.split(":")[0] for text in differences(one.world, other.world)]
        assert name in found and set(found) <= {name, "handovers"}  # counts say how many handovers there are


_CHECKED = """
import sys
sys.path.insert(0, sys.argv[1])
import numba
from hypothesis import given, settings, HealthCheck
from worlds import busy_case, cases, differences, replay
from salessim.model.management import VACANCY_RULES
from salessim.model.plan import COVERAGE_RULES, STRUCTURES
assert numba.config.BOUNDSCHECK == 1

@numba.njit
def beyond(a):
    return a[5]

try:
    beyond(__import__("numpy").zeros(3))
except IndexError:
    pass
else:
    raise SystemExit("bounds are not checked")
for structure in STRUCTURES:
    for coverage in COVERAGE_RULES:
        case = busy_case(structure=structure, coverage=coverage)
        assert not differences(replay(case, tiny=True).world, replay(case, "simpy").world)

@given(cases())
@settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def check(case):
    assert not differences(replay(case, tiny=True).world, replay(case, "simpy", tiny=True).world)

check()
print("checked")
"""


@pytest.mark.slow
def test_no_rule_reads_or_writes_outside_a_table() -> None:
    """Both clocks under bounds checking, in a process of their own: otherwise compiled code may corrupt memory."""
    done = subprocess.run(
        [sys.executable, "-c", _CHECKED, str(TESTS)],
        env={**os.environ, "NUMBA_BOUNDSCHECK": "1"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "checked"), done.stderr[-3000:]
