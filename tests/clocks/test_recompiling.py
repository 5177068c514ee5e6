"""No size is part of a type: another market compiles nothing. Editing a rule changes results in a new process."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from worlds import lively_case, replay

from salessim.clocks import compiled_clock, entries
from salessim.clocks.simulate import simulate
from salessim.model.presets import make_market, make_plan

ROOT = Path(__file__).resolve().parents[2]


def test_a_second_market_compiles_nothing() -> None:
    of_processes = {"add_goodwill", "inquiry"}  # called by processes of a user's own only
    dispatchers = [getattr(entries, name) for name in entries.__all__ if name not in of_processes] + [
        compiled_clock._advance,
        compiled_clock._begin,
    ]
    for clock in ("compiled", "simpy"):
        replay(lively_case(), clock)
    before = [len(d.overloads) for d in dispatchers]
    assert {d.__name__: n for d, n in zip(dispatchers, before, strict=True) if n != 1} == {}
    for clock in ("compiled", "simpy"):
        simulate(make_market(31, 5, 3), make_plan(7), 3, clock=clock, record_calls=True)  # type: ignore[arg-type]
    assert [len(d.overloads) for d in dispatchers] == before


@pytest.mark.slow
def test_editing_a_rule_changes_results_in_a_new_process(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "salessim", tmp_path / "salessim", ignore=shutil.ignore_patterns("__pycache__"))
    code = (
        "from salessim.model.presets import preset; from salessim.clocks.simulate import simulate; "
        "print(simulate(*preset('small'), 6).revenue)"
    )

    def revenue() -> float:
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(tmp_path), "PATH": "/usr/bin:/bin", "NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return float(done.stdout)

    first = revenue()
    assert revenue() == first
    # a rule deep below the cached entry points: goodwill of a call
    rule = tmp_path / "salessim" / "rules" / "goodwill.py"
    text = rule.read_text()
    assert "goodwill_now(w, c, t) + calls" in text
    rule.write_text(text.replace("goodwill_now(w, c, t) + calls", "goodwill_now(w, c, t) + 3.0 * calls"))
    assert revenue() != first
