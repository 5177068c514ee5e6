"""The benchmark runs, in both languages, and its figures have the order of size they are published with."""

from __future__ import annotations

import re

import pytest

from salessim.bench import bench, table
from salessim.bench.funnels import FUNNELS


def number(figure: str) -> float:
    found = re.search(r"[\d,.]+", figure)
    assert found is not None
    return float(found.group().replace(",", ""))


@pytest.mark.slow
def test_the_compiled_clock_is_the_quicker_one() -> None:
    events, compiled, simpy, ratio = (number(row.figure) for row in table._clocks("en"))
    assert events > 100_000
    assert compiled > 4 * simpy  # some ten times, with room for a busy machine
    assert ratio == pytest.approx(compiled / simpy, rel=0.02)


@pytest.mark.slow
def test_growth_is_measured_in_processes_of_their_own() -> None:
    rows = list(table._growth((4, 8), "en"))
    assert [row.name for row in rows[:2]] == ["one run, 4 reps, 80 accounts", "one run, 8 reps, 160 accounts"]
    assert all("peak" in row.figure and "nan" not in row.figure for row in rows[:2])
    assert len(rows) == 5


@pytest.mark.slow
def test_the_table_is_aligned_and_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_parts", lambda quick: [table._others])
    told: list[tuple[int, int]] = []
    english = bench(progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 1)]
    assert english.startswith("bare funnel in SimPy, events per CPU second  ")
    assert "SimPy中的裸漏斗" in bench(language="zh", progress=False)


def test_the_bare_funnel_does_the_same_work_everywhere() -> None:
    """Expected events a day: 5 (1 + 1 + 0.55 + 0.33 + 0.198) = 15.39; 4 standard errors over 2000 days are 4 %."""
    pytest.importorskip("simpy")
    assert FUNNELS["simpy"](2000.0) / 2000.0 == pytest.approx(15.39, rel=0.05)
    for name in ("ciw", "salabim"):
        try:
            __import__(name)
        except ImportError:
            continue
        assert FUNNELS[name](2000.0) / 2000.0 == pytest.approx(15.39, rel=0.05)
