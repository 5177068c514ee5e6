"""`salessim pay`: what a pay plan would have paid last year, from the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import salessim as ss
from salessim.cli import main

SAMPLE = str(Path(__file__).resolve().parents[2] / "data" / "sample")


def test_pay_of_a_file_against_a_preset(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, picture = tmp_path / "plan.yaml", tmp_path / "winners.png"
    ss.dump_pay(ss.pay_preset("accelerator"), plan)
    for language in ("en", "zh"):
        asked = ["pay", SAMPLE, str(plan), "--before", "commission", "--picture", str(picture), "--lang", language]
        assert main(asked) == 0
        said = capsys.readouterr().out
        found = ss.replay_pay(
            ss.read_crm(SAMPLE), ss.pay_preset("accelerator"), before=ss.pay_preset("commission"), currency="CNY"
        )
        assert said.startswith(found.text(language))
        assert f"{found.totals()['last_year']:,.0f}" in said.splitlines()[-3]
        assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_wrong_plan_is_refused_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text("components:\n- title: q\n  cap: 100\n  bonuses:\n  - {at: 1, pays: 500}\n", encoding="utf-8")
    assert main(["pay", SAMPLE, str(plan)]) == 1
    assert "line 3" in capsys.readouterr().err
    assert main(["pay", SAMPLE, "acelerator"]) == 1
    assert "'accelerator'" in capsys.readouterr().err
