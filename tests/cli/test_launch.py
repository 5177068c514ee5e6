"""Launching: copies of notebooks, the commands of the servers, the doctor, fit and report, errors in a paragraph."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib import metadata
from pathlib import Path

import pytest

from salessim import cli
from salessim.cli import doctor, launch, main, notebooks
from salessim.cli.doctor import State, examine
from salessim.cli.notebooks import LaunchError, chosen_notebook, copy_notebooks, source_folder
from salessim.model.files import load
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.sample import write_sample

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_sample(tmp_path_factory.mktemp("sample"))


# ------------------------------------------------------------------------------------------------------------ notebooks


def test_notebooks_are_copied_once_and_what_a_user_changed_stays(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    first = copy_notebooks(folder)
    originals = {
        path.relative_to(source_folder()) for path in source_folder().rglob("*.ipynb") if ".ipynb_" not in str(path)
    }
    assert {path.relative_to(folder) for path in first.written} == originals and not first.kept
    changed = first.written[0]
    changed.write_text("mine", encoding="utf-8")
    again = copy_notebooks(folder)
    assert not again.written and changed in again.kept
    assert changed.read_text(encoding="utf-8") == "mine"
    fresh = copy_notebooks(folder, fresh=True)
    assert fresh.written == (changed,)
    beside = changed.with_name(f"{changed.stem}.mine.ipynb")
    assert beside.read_text(encoding="utf-8") == "mine"
    assert json.loads(changed.read_text(encoding="utf-8"))["cells"]


def test_the_originals_are_not_a_place_for_copies() -> None:
    with pytest.raises(LaunchError, match="originals"):
        copy_notebooks(source_folder())


def test_an_installation_brings_the_notebooks_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    share = tmp_path / "share" / "salessim" / "notebooks"
    share.mkdir(parents=True)
    monkeypatch.setattr(notebooks, "__file__", str(tmp_path / "lib" / "salessim" / "cli" / "notebooks.py"))
    monkeypatch.setattr(notebooks.sysconfig, "get_path", lambda name: str(tmp_path))
    with pytest.raises(LaunchError, match="not found"):
        source_folder()
    (share / "00_cockpit.ipynb").write_text("{}", encoding="utf-8")
    assert source_folder() == share


def test_the_notebook_is_found_by_number_and_language(tmp_path: Path) -> None:
    (tmp_path / "zh").mkdir()
    for name in ("00_cockpit", "01_choice", "zh/00_cockpit"):
        (tmp_path / f"{name}.ipynb").write_text("{}", encoding="utf-8")
    assert chosen_notebook(tmp_path, "en").name == "00_cockpit.ipynb"
    assert chosen_notebook(tmp_path, "en", "01").name == "01_choice.ipynb"
    assert chosen_notebook(tmp_path, "zh").as_posix() == "zh/00_cockpit.ipynb"
    with pytest.raises(LaunchError, match="Did you mean '01_choice'"):
        chosen_notebook(tmp_path, "en", "01_choise")


# -------------------------------------------------------------------------------------------------------------- servers


class Server:
    """Stands for a server that was started: keeps how, and ends at once."""

    def __init__(self, status: int = 0) -> None:
        self.status = status
        self.command: list[str] = []
        self.settings: dict[str, object] = {}
        self.token = ""

    def __call__(self, command: list[str], env: dict[str, str]) -> Server:
        self.command, self.token = command, env.get("JUPYTER_TOKEN", "")
        for place in env.get("JUPYTER_CONFIG_PATH", "").split(os.pathsep):
            file = Path(place) / "labconfig" / "default_setting_overrides.json"
            if place and file.is_file():
                self.settings = json.loads(file.read_text(encoding="utf-8"))
        return self

    def wait(self) -> int:
        return self.status


@pytest.mark.parametrize(("language", "locale"), [("en", "default"), ("zh", "zh_CN")])
def test_lab_serves_the_copies_to_this_machine_only(
    language: str, locale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    server = Server()
    monkeypatch.setattr(launch.subprocess, "Popen", server)
    assert main(["lab", "--folder", str(tmp_path / "nb"), "--lang", language, "--no-browser"]) == 0
    said = capsys.readouterr().out
    assert str(tmp_path / "nb") in said  # in words where the notebooks are
    assert "--ServerApp.ip=127.0.0.1" in server.command and f"--ServerApp.root_dir={tmp_path / 'nb'}" in server.command
    assert len(server.token) >= 24 and f"token={server.token}" in said
    assert not [part for part in server.command if server.token in part]  # others see a command line
    assert server.settings["@jupyterlab/translation-extension:plugin"] == {"locale": locale}


def test_a_server_that_fails_and_a_port_that_is_taken_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch.subprocess, "Popen", Server(status=3))
    assert main(["lab", "--folder", str(tmp_path), "--no-browser"]) == 1
    assert "salessim doctor" in capsys.readouterr().err
    assert main(["lab", "--folder", str(tmp_path), "--port", "70000"]) == 1
    assert "1 to 65535" in capsys.readouterr().err


def test_app_without_voila_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(launch, "find_spec", lambda name: None)
    assert main(["app", "--folder", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert 'pip install "voila' in said and "\n" not in said.strip()
    monkeypatch.setattr(launch, "find_spec", lambda name: object())
    server = Server()
    monkeypatch.setattr(launch.subprocess, "Popen", server)
    assert main(["app", "--folder", str(tmp_path)]) == 0
    assert str(tmp_path / "00_cockpit.ipynb") in server.command and "--Voila.ip=127.0.0.1" in server.command
    assert "--Voila.auto_token=True" in server.command  # the token comes from the environment
    assert not any("token=" in part and part != "--Voila.auto_token=True" for part in server.command)
    said = capsys.readouterr().out
    assert len(said.split("/?token=")[1].split()[0]) > 20


@pytest.mark.slow
def test_lab_really_starts_and_asks_for_the_token(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "salessim", "lab", "--no-browser", "--folder", str(tmp_path / "nb")]
    scratch = {f"JUPYTER{name}": str(tmp_path / "jupyter") for name in ("_CONFIG_DIR", "_DATA_DIR", "_RUNTIME_DIR")}
    environment = {**os.environ, **scratch, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment
    ) as lab:
        try:
            assert lab.stdout is not None
            lab.stdout.readline()
            address = lab.stdout.readline().strip()
            base, token = address.split("/doc/")[0], address.split("token=")[1]
            _wait(f"{base}/api/status?token={token}", lab)
            with pytest.raises(urllib.error.HTTPError, match="403"):
                urllib.request.urlopen(f"{base}/api/status", timeout=5)
        finally:
            lab.terminate()  # not Ctrl-C, which a job in the background of a script never hears
            lab.wait(timeout=30)


def _wait(address: str, server: subprocess.Popen[str], seconds: float = 60.0) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            time.sleep(0.3)
    pytest.fail("the server did not come up")


# --------------------------------------------------------------------------------------------------------------- doctor


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_installation_is_called_good(language: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert not [found for found in examine(language) if found.state is State.ERROR]
    assert main(["doctor", "--lang", language]) == 0
    assert ("salessim works here" if language == "en" else "salessim可在此运行") in capsys.readouterr().out


def test_a_missing_and_an_old_package_are_errors_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ["numpy>=2.0", "no-such-package>=3", "pandas>=99", 'dask>=1; extra == "dask"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: wanted)
    found = list(doctor._packages("en"))
    assert [one.state for one in found] == [State.ERROR, State.ERROR]
    assert "no-such-package: missing" in found[0].text and 'pip install "no-such-package>=3"' in found[0].remedy
    assert "pandas" in found[1].text and metadata.version("pandas") in found[1].text
    assert main(["doctor"]) == 1
    assert "2 errors" in capsys.readouterr().out


def test_what_else_can_be_wrong_is_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(doctor.sys, "prefix", str(tmp_path))
    assert [one.state for one in doctor._widgets("en")] == [State.ERROR]
    monkeypatch.setattr("salessim.world.compiled.cache_folder", lambda: None)
    (cache,) = doctor._cache("en")
    assert cache.state is State.WARNING and "NUMBA_CACHE_DIR" in cache.remedy
    monkeypatch.setattr("salessim.world.compiled.cache_folder", lambda: tmp_path)
    assert [one.state for one in doctor._cache("en")] == [State.NOTE]
    monkeypatch.setattr("salessim.show.page.drawable", lambda text: "□")
    assert [one.state for one in doctor._fonts("zh")] == [State.ERROR]
    least, small = doctor._LEAST_DISK, doctor._SMALL_DISK
    states = [doctor._amount("doctor disk", x, least, small, "doctor disk remedy", "en").state for x in (0.1, 1.0, 9.0)]
    assert states == [State.ERROR, State.WARNING, State.GOOD]


def test_a_check_that_breaks_does_not_stop_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(language: str) -> list[doctor.Finding]:
        raise ImportError("libllvm is damaged")

    monkeypatch.setattr(doctor, "CHECKS", (broken, doctor._cores))
    first, second = examine()
    assert first.state is State.ERROR and "libllvm is damaged" in first.text
    assert second.state is not State.ERROR


# ------------------------------------------------------------------------------------------------------ fit and report


@pytest.mark.slow
def test_fit_writes_models_that_can_be_read(sample: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fit", str(sample), "--out", str(tmp_path / "models")]) == 0
    said = capsys.readouterr().out
    assert (
        "Import report" in said and "complexity of products" in said and str(tmp_path / "models" / "plan.yaml") in said
    )
    market, plan = load(Market, tmp_path / "models" / "market.yaml"), load(Plan, tmp_path / "models" / "plan.yaml")
    assert len(market.accounts) == 386 and plan.headcount == 16
    assert main(["fit", str(sample), "--out", str(tmp_path / "models")]) == 1
    assert "--force" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_report_compares_and_writes(sample: Path, tmp_path: Path, language: str) -> None:
    file = tmp_path / "answer.html"
    few = ["--months", "3", "--replications", "4", "--draws", "0", "--quiet"]
    assert main(["report", str(sample), *few, "--lang", language, "--out", str(file), "--question", "Why <i>?"]) == 0
    page = file.read_text(encoding="utf-8")
    assert "Why &lt;i&gt;?" in page
    assert ("SimPy audit" if language == "en" else "SimPy审计") in page


def test_a_report_that_cannot_be_written_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path / "no-export"), "--out", "answer.docx"]) == 1
    assert ".pdf" in capsys.readouterr().err


# --------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("odd\nnumber"), ["defect of salessim", "ValueError", "odd number", "SALESSIM_DEBUG"]),
        (PermissionError(13, "Permission denied", "plan.yaml"), ["plan.yaml", "Permission denied"]),
        (MemoryError(), ["memory"]),
    ],
)
def test_no_error_is_a_traceback(
    error: Exception, words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(chosen: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr(cli.company, "_assumptions", fail)
    assert main(["assumptions"]) == 1
    said = capsys.readouterr().err.strip()
    assert said.startswith("salessim: ") and "\n" not in said and "Traceback" not in said
    for word in words:
        assert word in said
    if isinstance(error, ValueError):
        monkeypatch.setenv("SALESSIM_DEBUG", "1")
        with pytest.raises(ValueError):
            main(["assumptions"])


def test_the_paragraph_is_red_where_a_person_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert cli._in_red("x", Terminal()) == "\x1b[31mx\x1b[0m"  # type: ignore[arg-type]
    monkeypatch.setenv("NO_COLOR", "1")
    assert cli._in_red("x", Terminal()) == "x"  # type: ignore[arg-type]
