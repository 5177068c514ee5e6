"""Progress: a bar where somebody can see it, nothing elsewhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.progress import watched

MARKET, PLAN = preset("small")
PLANS = {"territory": PLAN, "product": PLAN.but(structure="product")}
ROOT = Path(__file__).resolve().parents[2]


def run(progress: object) -> None:
    compare(
        MARKET, PLANS, months=2, replications=2, most_replications=2, draws=1, audit=False, progress=progress,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(("asked", "seen"), [(True, True), (False, False), (None, False)])
def test_a_bar_is_shown_where_asked(asked: bool | None, seen: bool, capsys: pytest.CaptureFixture[str]) -> None:
    run(asked)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert ("8/8" in shown.err) == seen
    assert bool(shown.err) == seen


def test_on_a_terminal_it_is_shown_unasked(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    run(None)
    assert "8/8" in capsys.readouterr().err


def test_a_function_is_told_every_run_once() -> None:
    told: list[tuple[int, int]] = []
    run(lambda done, total: told.append((done, total)))
    assert told == [(n, 8) for n in range(1, 9)]


def test_the_bar_follows_a_total_that_grows(capsys: pytest.CaptureFixture[str]) -> None:
    with watched(True) as tell:
        assert tell is not None
        for done, total in ((1, 2), (2, 2), (3, 6), (6, 6)):
            tell(done, total)
    assert "6/6" in capsys.readouterr().err


def test_nobody_looks_nothing_is_loaded() -> None:
    code = """
import sys
from salessim.study.progress import watched
with watched(None) as tell:
    assert tell is None
assert "tqdm" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
