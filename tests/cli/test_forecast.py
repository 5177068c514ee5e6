"""`salessim forecast`: what will be sold, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import salessim as ss
from salessim.cli import main
from salessim.show.report.writing import plain, rounded

SAMPLE = str(Path(__file__).resolve().parents[2] / "data" / "sample")


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_says_what_the_forecasts_say(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "sales.png"
    asked = ["forecast", SAMPLE, "--months", "2", "--picture", str(picture), "--lang", language]
    assert main(asked) == 0
    said = capsys.readouterr().out
    crm = ss.read_crm(SAMPLE)
    pipeline, sales = ss.forecast_pipeline(crm), ss.forecast(crm, horizon=2)
    assert pipeline.report(language) in said and sales.report(language) in said
    for table, name in ((pipeline.table(), "combined"), (sales.table(), "mean")):
        for column in (name, "lower_80", "upper_80", "lower_95", "upper_95"):
            assert all(plain(rounded(value)) in said for value in table[column])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_column_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", SAMPLE, "--by", "colour"]) == 1
    said = capsys.readouterr().err
    assert "'colour'" in said and "region" in said


def test_a_picture_of_another_kind_is_refused_before_the_work(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["forecast", "nowhere", "--picture", "sales.txt"]) == 1
    assert ".png, .pdf, .svg" in capsys.readouterr().err
