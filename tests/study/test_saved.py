"""A study on disk: equal to the last bit when read again; foreign, damaged and newer files refused in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from studies import random_study, study_of

from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.study import saved
from salessim.study.comparison import compare
from salessim.study.study import Study

MARKET, PLAN = preset("small")
PLANS = {"today": PLAN, "<b>产品</b>": PLAN.but(structure="product")}


@pytest.fixture(scope="module")
def found() -> Study:
    return compare(MARKET, PLANS, months=3, replications=3, most_replications=3, draws=3)


@pytest.fixture
def path(found: Study, tmp_path: Path) -> Path:
    return found.save(tmp_path / "study.parquet")


def test_what_is_read_is_what_was_written(found: Study, path: Path) -> None:
    again = Study.load(path)
    assert again.table.tobytes() == found.table.tobytes()
    assert again.monthly.tobytes() == found.monthly.tobytes()
    assert again.assumed is not None
    assert found.assumed is not None
    assert again.assumed.names == found.assumed.names
    assert again.assumed.points.tobytes() == found.assumed.points.tobytes()
    assert again.assumed.differences.tobytes() == found.assumed.differences.tobytes()
    assert again.market == found.market
    assert again.plans == found.plans
    assert list(again.plans) == list(found.plans)
    for name in ("months", "seed", "baseline", "measure_name", "delta", "audited", "moved", "processes", "not_kept"):
        assert getattr(again, name) == getattr(found, name), name
    assert again.other_version == ""
    for language in ("en", "zh"):
        assert again.verdict(language) == found.verdict(language)
    assert again._repr_html_() == found._repr_html_()


def test_nan_infinity_and_minus_zero_survive(tmp_path: Path) -> None:
    odd = study_of([[np.nan, -0.0], [np.inf, 5e-324]], {"a": "territory", "b": "product"})
    assert Study.load(odd.save(tmp_path / "odd.parquet")).table.tobytes() == odd.table.tobytes()


def test_without_assumptions_and_with_many(tmp_path: Path) -> None:
    for draws in (0, 30):
        one = random_study({"a": "territory", "b": "product"}, [0.0, 0.02], draws=draws)
        again = Study.load(one.save(tmp_path / "one.parquet"))
        assert again.verdict() == one.verdict()
        assert (again.assumed is None) == (draws == 0)


def test_anything_that_reads_parquet_reads_the_rows(found: Study, path: Path) -> None:
    import pandas as pd

    rows = pd.read_parquet(path)
    revenue = rows[(rows["table"] == "measures") & (rows["name"] == "revenue") & (rows["plan"] == "today")]
    assert revenue["value"].tolist() == found.values("revenue")[:, 0].tolist()


def test_saved_again_it_replaces_the_file_and_leaves_nothing_beside(found: Study, path: Path) -> None:
    found.save(path)
    assert [file.name for file in path.parent.iterdir()] == ["study.parquet"]


def test_a_folder_that_cannot_be_written_is_said(found: Study, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="cannot be written"):
        found.save(tmp_path / "file" / "study.parquet")


def test_another_version_is_said(found: Study, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved, "results_hash", lambda: "rules of tomorrow")
    again = Study.load(path)
    assert again.table.tobytes() == found.table.tobytes()
    assert "Made by another version (0.1.0" in again.verdict()
    assert "由另一版本生成" in again.verdict("zh")
    assert "made by another version" in repr(again)
    once_more = Study.load(again.save(path))
    assert once_more.other_version == again.other_version


# ---- refused ---------------------------------------------------------------------------------------------------------
def test_no_file() -> None:
    with pytest.raises(StudyError, match="no such file"):
        Study.load("nowhere.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1", b"plan,value\n1,2\n", b"\x80\x04cposix\nsystem\n", bytes(4096)])
def test_what_is_not_parquet_is_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(content)
    with pytest.raises(StudyError, match="this file is no study"):
        Study.load(tmp_path / "x.parquet")


def test_parquet_of_somebody_else_is_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, 2]}), tmp_path / "x.parquet")
    with pytest.raises(StudyError, match=r"not written by Study\.save"):
        Study.load(tmp_path / "x.parquet")


def test_damage_anywhere_is_seen(found: Study, path: Path) -> None:
    """300 single bytes changed, spread over the file: refused, or harmless, and then the study is the same."""
    whole = path.read_bytes()
    rng = np.random.default_rng(5)
    refused = 0
    for place in rng.integers(0, len(whole), 300):
        broken = bytearray(whole)
        broken[place] ^= int(rng.integers(1, 256))
        path.write_bytes(broken)
        try:
            again = Study.load(path)
        except StudyError:
            refused += 1
        else:
            assert again.table.tobytes() == found.table.tobytes()
            assert again.market == found.market
            assert again.names == found.names
    assert refused > 100  # the others hit statistics and names of pages, which nothing reads


def test_cut_off_it_is_refused(path: Path) -> None:
    whole = path.read_bytes()
    for share in (0.1, 0.5, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(StudyError, match="this file is no study"):
            Study.load(path)


def changed(path: Path, **facts: object) -> None:
    table = pq.read_table(path)
    kept = dict(table.schema.metadata)
    text = json.dumps({**json.loads(kept[b"salessim study"]), **facts}).encode()
    pq.write_table(table.replace_schema_metadata({**kept, b"salessim study": text}), path)


def test_a_newer_format_is_refused_in_words(path: Path) -> None:
    changed(path, format=99, version="7.0")
    with pytest.raises(StudyError, match="newer version of salessim"):
        Study.load(path)


def test_facts_edited_by_hand_are_refused(path: Path) -> None:
    changed(path, delta=0.5)
    with pytest.raises(StudyError, match="damaged"):
        Study.load(path)


def test_names_of_plans_are_escaped_on_a_page(found: Study) -> None:
    page = replace(found, processes={"<b>产品</b>": ("<i>fair</i>",)})._repr_html_()
    assert "<b>" not in page
    assert "<i>" not in page
    assert "&lt;b&gt;产品&lt;/b&gt;" in page
