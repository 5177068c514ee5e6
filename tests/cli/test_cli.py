"""The command line: the main job on the sample, and every bad input as one paragraph in the user's words."""

from __future__ import annotations

import shutil
import string
from collections.abc import Callable
from pathlib import Path

import pytest

from salessim.cli import main
from salessim.cli.texts import TEXTS
from salessim.sample import write_sample


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture
def broken(sample: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "export"
    shutil.copytree(sample, folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_compare_prints_a_verdict_and_writes_a_picture(
    sample: Path, tmp_path: Path, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "answer.png"
    status = main(
        [
            "compare",
            str(sample),
            "--months",
            "6",
            "--replications",
            "6",
            "--draws",
            "20",
            "--picture",
            str(picture),
            "--lang",
            language,
        ]
    )
    printed = capsys.readouterr().out
    assert status == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert "SimPy" in printed
    for word in ("territory", "product", "customer") if language == "en" else ("区域型", "产品型", "客户型"):
        assert word in printed


def test_sample_is_the_same_every_time(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", str(tmp_path / "again")]) == 0
    assert "deals.csv" in capsys.readouterr().out
    for file in sample.iterdir():
        assert (tmp_path / "again" / file.name).read_bytes() == file.read_bytes(), file.name


def test_the_shipped_sample_is_what_the_command_writes(sample: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "data" / "sample"
    assert {file.name for file in shipped.iterdir()} == {file.name for file in sample.iterdir()}
    for file in sample.iterdir():
        assert (shipped / file.name).read_bytes() == file.read_bytes(), (
            f"{file.name}: run `salessim sample data/sample`"
        )


def test_assumptions_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assumptions"]) == 0
    printed = capsys.readouterr().out
    assert "knowledge.skill_effect = 5 log-odds (1.6 to 6.4)" in printed
    assert "ours, unsourced" in printed


def _edit(name: str, change: Callable[[str], str]) -> Callable[[Path], None]:
    def apply(folder: Path) -> None:
        path = folder / name
        path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")

    return apply


def _header_only(folder: Path) -> None:
    path = folder / "deals.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")


def _unreadable_dates(folder: Path) -> None:
    path = folder / "deals.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    place = lines[0].split(",").index("created_at")
    rows = [lines[0]]
    for line in lines[1:]:
        cells = line.split(",")
        cells[place] = "some day soon"
        rows.append(",".join(cells))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")


def _remove_deals(folder: Path) -> None:
    (folder / "deals.csv").unlink()
    (folder / "stage_events.csv").unlink()


@pytest.mark.parametrize(
    ("damage", "options", "words"),
    [
        (_remove_deals, [], ["deals"]),
        (_header_only, [], ["deals.csv"]),
        (_unreadable_dates, [], ["deals.csv", "created_at", "some day soon"]),
        (_edit("deals.csv", lambda text: text.replace(",stage,status,", ",colour,shape,", 1)), [], ["deals.csv"]),
        (_edit("products.csv", lambda text: text.replace(",180000.0", ",-180000", 1)), [], ["products.csv", "180000"]),
        (lambda folder: None, ["--reps", "0"], ["plan.reps", "Found: 0", "1 or more"]),
        (lambda folder: None, ["--months", "0"], ["months", "Found: 0"]),
        (lambda folder: None, ["--replications", "1"], ["replications", "Found: 1"]),
    ],
)  # fmt: skip
def test_bad_input_is_one_paragraph(
    broken: Path,
    damage: Callable[[Path], None],
    options: list[str],
    words: list[str],
    capsys: pytest.CaptureFixture[str],
) -> None:
    damage(broken)
    status = main(["compare", str(broken), "--quiet", *options])
    said = capsys.readouterr().err.strip()
    assert status == 1
    assert said.startswith("salessim: ")
    assert "\n" not in said
    assert "Traceback" not in said
    for word in words:
        assert word in said, said


def test_missing_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(tmp_path / "nowhere"), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert "nowhere" in said
    assert "Traceback" not in said


def test_both_languages_print_the_same_with_the_same_fields() -> None:
    fields = {
        language: {key: sorted(name for _, name, _, _ in string.Formatter().parse(one) if name)
                   for key, one in texts.items()}
        for language, texts in TEXTS.items()
    }  # fmt: skip
    assert fields["en"] == fields["zh"]


def test_the_register_speaks_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assumptions", "--lang", "zh"]) == 0
    printed = capsys.readouterr().out
    assert "来源：" in printed
    assert "至" in printed
    assert "来源：本项目设定" in printed
    assert len(printed.splitlines()) > 100


def test_the_sample_is_written_in_chinese_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("salessim.sample.write_sample", Path)
    (tmp_path / "deals.csv").touch()
    assert main(["sample", str(tmp_path), "--lang", "zh"]) == 0
    assert "示例企业已写入" in capsys.readouterr().out


def test_a_defect_is_said_in_the_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("ours")

    monkeypatch.setattr("salessim.sample.write_sample", broken)
    assert main(["sample", "somewhere", "--lang", "zh"]) == 1
    said = capsys.readouterr().err
    assert "这是salessim的缺陷" in said
    assert "ZeroDivisionError: ours" in said
