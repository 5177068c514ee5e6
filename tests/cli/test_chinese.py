"""The command line in Chinese: every text of its help, every refusal of a command line, the frame of every error."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pytest

from salessim.cli import _parser, main
from salessim.cli.chinese import HELP, refusal


def parsers() -> Iterator[argparse.ArgumentParser]:
    parser = _parser("zh")
    yield parser
    (commands,) = (one for one in parser._actions if isinstance(one, argparse._SubParsersAction))
    yield from commands.choices.values()


def test_every_text_of_the_help_has_a_chinese_one() -> None:
    used = set()
    for parser in parsers():
        used |= {action.help for action in parser._actions if action.help}
        used |= {parser.description} if parser.description else set()
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                used |= {one.help for one in action._choices_actions if one.help}
            else:
                assert action.help, (parser.prog, action.dest)  # every option says what it is
    used |= {"positional arguments", "options"}
    assert used == set(HELP)


@pytest.mark.parametrize("asked", [["--lang", "zh"], ["--lang=zh"]])
def test_help_is_in_the_language_asked_for(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    for command in ("fit", "report", "forecast", "pay"):
        with pytest.raises(SystemExit) as ended:
            main([command, "--help", *asked])
        assert ended.value.code == 0
        said = capsys.readouterr().out
        assert said.startswith("用法：") and "选项" in said
        assert not [text for text in HELP if " " in text and text.replace("%%", "%") in said]
    with pytest.raises(SystemExit):
        main(["fit", "--help"])
    assert capsys.readouterr().out.startswith("usage: ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["report"], "缺少必需的参数：folder"),
        (["report", "a", "--months", "x"], "参数--months：应为整数，现为'x'"),
        (["report", "a", "--delta", "x"], "参数--delta：应为数字"),
        (["report", "a", "--bogus"], "无法识别的参数：--bogus"),
        (["report", "a", "--months"], "无法识别的参数"),
        (["nonsense"], "没有'nonsense'这一选项"),
    ],
)
def test_a_command_line_is_refused_in_chinese(
    given: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if given[-1] == "--months":
        given, said = ["report", "--lang", "zh", "a", "--months"], "参数--months：缺少取值"
    else:
        given = [*given, "--lang", "zh"]
    with pytest.raises(SystemExit) as ended:
        main(given)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_errors_of_the_model_are_said_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path / "nowhere"), "--lang", "zh"]) == 1
    said = capsys.readouterr().err
    assert "没有这个文件或文件夹" in said and "请检查路径" in said and "nowhere" in said
    assert main(["report", "a", "--out", "a.docx", "--lang", "zh"]) == 1
    assert "允许：.html, .pdf, .xlsx。" in capsys.readouterr().err


def test_what_has_no_chinese_stays_whole() -> None:
    english = "deals.csv, row 3: this cell is odd. Found: 'x'. Mend it."
    assert refusal(english) == "deals.csv, row 3: this cell is odd。现为：'x'. Mend it."
