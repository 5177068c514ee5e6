"""Commands that open something to work with: ``lab`` (the notebooks) and ``app`` (the cockpit alone)."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from salessim.cli.notebooks import LaunchError, chosen_notebook, copy_notebooks, default_folder
from salessim.cli.options import Verbs, add_language
from salessim.cli.texts import text
from salessim.errors import explain

__all__ = ["add_commands", "app_command", "lab_command", "lab_settings"]

_HERE = "127.0.0.1"
_COCKPIT = "00_cockpit"
_LOCALES = {"en": "default", "zh": "zh_CN"}
_LANGUAGE_PACK = "jupyterlab_language_pack_zh_CN"


def add_commands(verbs: Verbs) -> None:
    """Add the commands to the parser."""
    lab = verbs.add_parser("lab", help="open the notebooks in JupyterLab, as copies in your own folder")
    lab.add_argument("notebook", nargs="?", default="", help="the one to open, e.g. 01 (default: the first)")
    lab.add_argument("--fresh", action="store_true", help="write every notebook anew, keeping yours beside it")
    lab.set_defaults(run=_lab)
    app = verbs.add_parser("app", help="open the cockpit alone, without code, in Voilà")
    app.set_defaults(run=_app)
    for parser in (lab, app):
        parser.add_argument("--folder", type=Path, help="folder for the copies (default: salessim-notebooks at home)")
        parser.add_argument("--port", type=int, default=0, help="port on this machine (default: a free one)")
        parser.add_argument("--no-browser", action="store_true", help="do not open a browser, only print the address")
        add_language(parser, "the notebooks")


def lab_command(folder: Path, notebook: Path, *, port: int = 0, browser: bool = True) -> list[str]:
    """Return the command that serves a folder of notebooks to this machine only and opens one of them."""
    command = [
        sys.executable, "-m", "jupyterlab", f"--ServerApp.root_dir={folder}", f"--ServerApp.ip={_HERE}",
        f"--ServerApp.port={port}", f"--LabApp.default_url=/doc/tree/{notebook.as_posix()}", "--ServerApp.log_level=30",
    ]  # fmt: skip
    if not browser:
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")
    return command


def app_command(notebook: Path, *, port: int = 0, browser: bool = True) -> list[str]:
    """Return the command that shows one notebook without its code, to this machine only and to who has the token.

    The notebook is run before somebody opens it, so that the cockpit is there at once. Voilà keeps kernels of closed
    tabs; those idle for ten minutes are ended.
    """
    command = [
        sys.executable, "-m", "voila", str(notebook), f"--Voila.ip={_HERE}", f"--port={port}",
        "--Voila.auto_token=True", "--preheat_kernel=True", "--pool_size=1",
        "--MappingKernelManager.cull_interval=60", "--MappingKernelManager.cull_idle_timeout=600",
    ]  # fmt: skip
    return command if browser else [*command, "--no-browser"]


def lab_settings(language: str) -> dict[str, dict[str, object]]:
    """Return what JupyterLab is told: no news and no pop-ups, messages in order, menus in the language."""
    return {
        "@jupyterlab/apputils-extension:notification": {
            "fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True,
        },
        # with subshells, callbacks of one widget arrive on different threads
        "@jupyterlab/apputils-extension:kernels-settings": {"commsOverSubshells": "disabled"},
        "@jupyterlab/translation-extension:plugin": {"locale": _LOCALES[language]},
    }  # fmt: skip


def _lab(chosen: argparse.Namespace) -> int:
    _need("jupyterlab", "JupyterLab", "pip install jupyterlab")
    folder = _copies(chosen)
    notebook = chosen_notebook(folder, chosen.lang, chosen.notebook)
    if chosen.lang == "zh":
        if notebook.parts[0] != "zh":
            print(text("only english", chosen.lang))
        if find_spec(_LANGUAGE_PACK) is None:
            print(text("no pack", chosen.lang))
    with tempfile.TemporaryDirectory(prefix="salessim-lab-") as place:
        settings = Path(place) / "labconfig" / "default_setting_overrides.json"
        settings.parent.mkdir()
        settings.write_text(json.dumps(lab_settings(chosen.lang)), encoding="utf-8")
        before = os.environ.get("JUPYTER_CONFIG_PATH", "")
        paths = os.pathsep.join(filter(None, [place, before]))
        command = lab_command(folder, notebook, port=_port(chosen), browser=not chosen.no_browser)
        return _run(command, {"JUPYTER_CONFIG_PATH": paths}, f"/doc/tree/{notebook.as_posix()}", chosen.lang)


def _app(chosen: argparse.Namespace) -> int:
    _need("voila", "Voilà", 'pip install "voila>=0.5.13,<0.6"')
    folder = _copies(chosen)
    notebook = folder / chosen_notebook(folder, chosen.lang, _COCKPIT)
    command = app_command(notebook, port=_port(chosen), browser=not chosen.no_browser)
    return _run(command, {}, "/", chosen.lang)


def _copies(chosen: argparse.Namespace) -> Path:
    """Copy the notebooks and say in words where they are."""
    folder = (chosen.folder or default_folder()).expanduser().resolve()
    try:
        copied = copy_notebooks(folder, fresh=getattr(chosen, "fresh", False))
    except OSError as error:
        raise LaunchError(
            explain(f"the notebooks cannot be copied ({error.strerror or error})", where=str(folder),
                    remedy="Give another folder with --folder")
        ) from None  # fmt: skip
    print(text("copied", chosen.lang, folder=folder, written=len(copied.written), kept=len(copied.kept)))
    return folder


def _need(module: str, name: str, command: str) -> None:
    if find_spec(module) is None:
        raise LaunchError(explain(f"{name} is not installed", remedy=f"Install it into this Python: {command}"))


def _port(chosen: argparse.Namespace) -> int:
    """Return the port asked for, or one that is free now."""
    import socket

    if chosen.port and not 1 <= chosen.port <= 65_535:
        raise LaunchError(explain("there is no such port", where="--port", value=chosen.port, allowed="1 to 65535"))
    with socket.socket() as probe:
        try:
            probe.bind((_HERE, chosen.port))
        except OSError:
            raise LaunchError(
                explain("this port is taken", where="--port", value=chosen.port, remedy="Leave it out for a free one")
            ) from None
        return int(probe.getsockname()[1])


def _run(command: list[str], settings: Mapping[str, str], page: str, language: str) -> int:
    """Run a server until it is stopped; say where it is, since a browser may not open by itself."""
    port = next(part.partition("=")[2] for part in command if ".port=" in part or part.startswith("--port="))
    # the token is not on the command line, which other people on the machine can read
    environment = {**os.environ, **settings, "JUPYTER_TOKEN": secrets.token_urlsafe(24)}
    print(f"http://{_HERE}:{port}{page}?token={environment['JUPYTER_TOKEN']}", flush=True)
    print(text("ctrl-c", language), flush=True)
    server = subprocess.Popen(command, env=environment)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever ends us ends the server too
    try:
        status = server.wait()
    except KeyboardInterrupt:
        server.terminate()
        server.wait(timeout=20)
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
    if status:
        raise LaunchError(
            explain("the server ended with an error, which it printed above", value=status,
                    remedy="`salessim doctor` says what is wrong with the installation")
        )  # fmt: skip
    return 0
