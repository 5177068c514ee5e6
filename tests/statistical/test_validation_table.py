"""The table of the validation studies tells when a row no longer holds, and their stopping rule is the real one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from validation import table
from validation.synthetic import total_of

from salessim.model.presets import preset
from salessim.study.comparison import compare


def test_a_row_is_stale_once_its_source_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, path = tmp_path / "study", tmp_path / "results.csv"
    source.mkdir()
    for name in {name for names in table.HOLDS_FOR.values() for name in names if name != "rules"}:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text('"""Text."""\n\nvalue = 1  # why\n', encoding="utf-8")
    monkeypatch.setattr(table, "STUDY", source)
    table.record("selection", "best chosen", bar=">= 0.94", value=0.96, bound=0.95, n=2000, path=path)
    table.record("verdicts", "interval misses", bar="<= 0.065", value=0.05, bound=0.06, n=2000, path=path)
    assert "STALE" not in table.table(path)
    (source / "selection.py").write_text('"""Other text."""\n\nvalue = 1\n', encoding="utf-8")
    assert "STALE" not in table.table(path)  # words are no code
    (source / "selection.py").write_text("value = 2\n", encoding="utf-8")
    marked = {line.split()[0]: line.split()[-1] for line in table.table(path).splitlines()[1:]}
    assert marked == {"verdicts": "yes", "selection": "STALE"}
    table.record("selection", "best chosen", bar=">= 0.94", value=0.97, bound=0.96, n=2000, path=path)
    assert "STALE" not in table.table(path) and len(table.rows(path)) == 2
    monkeypatch.setattr(table, "source_hash", lambda: "other rules")
    assert not any(table.stale(row) for row in table.rows(path))  # neither of these holds for the rules
    table.record("simulator", "error", bar="<= 0.065", value=0.05, bound=0.06, n=10, path=path)
    monkeypatch.setattr(table, "source_hash", lambda: "edited rules")
    assert [table.stale(row) for row in table.rows(path)] == [False, True, False]


def test_a_study_that_is_not_known_is_stale() -> None:
    assert table.stale({"study": "forgotten", "code_hash": ""})


def test_what_is_filed_is_whole() -> None:
    """Every row has every column, a known study, and a bound on the right side of its bar."""
    filed = table.rows()
    assert {row["study"] for row in filed} == set(table.HOLDS_FOR)
    with table.RESULTS.open(encoding="utf-8", newline="") as file:
        assert tuple(next(csv.reader(file))) == table.COLUMNS
    for row in filed:
        if row["bar"] == "shown":
            continue
        if " to " in row["bar"]:
            low, high = map(float, row["bar"].split(" to "))
            assert low <= float(row["value"]) <= high + 0.005, row  # few companies: the interval reaches into the band
            continue
        sign, bar = row["bar"].split()
        if row["study"] == "forecast accuracy":  # given data and no sample: what was found is held to the bar
            row = {**row, "bound": row["value"]}
        if (row["study"], row["figure"]) in table.MISSED:
            continue
        assert float(row["bound"]) <= float(bar) if sign == "<=" else float(row["bound"]) >= float(bar), row


@pytest.mark.parametrize("delta", [0.3, 0.1, 0.01])
def test_the_stopping_rule_of_the_studies_is_that_of_compare(delta: float) -> None:
    market, plan = preset("small")
    plans = {"territory": plan, "customer": plan.but(structure="customer")}
    study = compare(market, plans, months=3, replications=10, delta=delta, draws=0, audit=False)
    assert study.replications == total_of(study.values()[:10], delta)
    assert np.isfinite(study.values()).all()
