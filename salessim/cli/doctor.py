"""``salessim doctor``: what is wrong with an installation, and how to mend it."""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from salessim.cli.notebooks import LaunchError, source_folder
from salessim.cli.options import Verbs, add_language
from salessim.words import sentence

__all__ = ["CHECKS", "Finding", "State", "add_commands", "examine"]

_GIB = 2**30
_LEAST_DISK, _SMALL_DISK = 0.5, 2.0  # GiB
_LEAST_MEMORY, _SMALL_MEMORY = 1.0, 3.5
_EXTENSION = Path("share", "jupyter", "labextensions", "@jupyter-widgets", "jupyterlab-manager", "package.json")


class State(StrEnum):
    """How a check ended. Only an error keeps salessim from working."""

    GOOD = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"


class Finding(NamedTuple):
    """What a check found, in words, and what to do about it where there is something to do."""

    state: State
    text: str
    remedy: str = ""


Check = Callable[[str], Iterator[Finding]]


def add_commands(verbs: Verbs) -> None:
    """Add the command to the parser."""
    doctor = verbs.add_parser("doctor", help="say what is wrong with the installation and how to mend it")
    add_language(doctor, "the findings")
    doctor.set_defaults(run=_doctor)


def _doctor(chosen: argparse.Namespace) -> int:
    findings = examine(chosen.lang)
    for found in findings:
        state = sentence(_STATES[found.state], chosen.lang)
        remedy = f"\n    → {found.remedy}" if found.remedy else ""
        print(f"[{state}] {found.text}{remedy}")
    errors = sum(found.state is State.ERROR for found in findings)
    warnings = sum(found.state is State.WARNING for found in findings)
    key = "doctor sick" if errors else "doctor well"
    print(sentence(key, chosen.lang, errors=errors, warnings=warnings))
    return 1 if errors else 0


def examine(language: str = "en") -> list[Finding]:
    """Make every check; one that fails itself is an error and does not stop the others."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check(language)
        except Exception as error:  # a broken library can raise anything when it is imported
            said = sentence("doctor failed", language, check=check.__name__.strip("_"), error=f"{error!r}")
            found.append(Finding(State.ERROR, said, sentence("doctor reinstall", language)))
    return found


def _python(language: str) -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    wanted = str(metadata.metadata("salessim").json.get("requires_python", ""))
    said = sentence("doctor python", language, version=platform.python_version(), path=sys.executable)
    if SpecifierSet(wanted).contains(platform.python_version(), prereleases=True):
        yield Finding(State.GOOD, said)
    else:
        yield Finding(State.ERROR, said, sentence("doctor python wanted", language, wanted=wanted))


def _packages(language: str) -> Iterator[Finding]:
    from packaging.requirements import Requirement

    bad, good = [], 0
    for line in metadata.requires("salessim") or []:
        wanted = Requirement(line)
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        try:
            there = metadata.version(wanted.name)
        except metadata.PackageNotFoundError:
            there = ""
        if there and wanted.specifier.contains(there, prereleases=True):
            good += 1
            continue
        state = there or sentence("doctor missing", language)
        said = sentence("doctor package", language, name=wanted.name, found=state, wanted=str(wanted.specifier))
        bad.append(Finding(State.ERROR, said, f'{sys.executable} -m pip install "{wanted.name}{wanted.specifier}"'))
    yield from bad
    if not bad:
        yield Finding(State.GOOD, sentence("doctor packages", language, n=good))


def _numba(language: str) -> Iterator[Finding]:
    import numba

    begin = time.perf_counter()
    answer = numba.njit(_sum_to)(10)
    seconds = time.perf_counter() - begin
    if answer != 45:
        yield Finding(State.ERROR, sentence("doctor numba wrong", language), sentence("doctor reinstall", language))
        return
    yield Finding(State.GOOD, sentence("doctor numba", language, version=numba.__version__, seconds=f"{seconds:.1f}"))


def _sum_to(n: int) -> int:
    total = 0
    for i in range(n):
        total += i
    return total


def _cache(language: str) -> Iterator[Finding]:
    from salessim.world.compiled import cache_folder

    folder = cache_folder()
    if folder is None:
        yield Finding(
            State.WARNING, sentence("doctor no cache", language), sentence("doctor no cache remedy", language)
        )
    elif any(folder.rglob("*.nbc")):
        yield Finding(State.GOOD, sentence("doctor cache warm", language, folder=folder))
    else:
        yield Finding(State.NOTE, sentence("doctor cache cold", language, folder=folder))


def _fonts(language: str) -> Iterator[Finding]:
    from salessim.show.page import drawable

    if drawable("销售") == "销售":
        yield Finding(State.GOOD, sentence("doctor fonts", language))
    else:
        yield Finding(State.ERROR, sentence("doctor no fonts", language), sentence("doctor reinstall", language))


def _widgets(language: str) -> Iterator[Finding]:
    """Check that the front end of the widgets is the one that their Python side speaks with: 8.x with 3.x."""
    widgets, front = metadata.version("ipywidgets"), metadata.version("jupyterlab-widgets")
    fields = {"widgets": widgets, "front": front, "lab": metadata.version("jupyterlab")}
    remedy = f'{sys.executable} -m pip install --force-reinstall "ipywidgets>=8.1.7,<9" "jupyterlab-widgets>=3,<4"'
    if (widgets.partition(".")[0], front.partition(".")[0]) != ("8", "3"):
        yield Finding(State.ERROR, sentence("doctor widgets differ", language, **fields), remedy)
    elif not (Path(sys.prefix) / _EXTENSION).is_file():
        yield Finding(State.ERROR, sentence("doctor widgets front", language, **fields), remedy)
    else:
        yield Finding(State.GOOD, sentence("doctor widgets", language, **fields))


def _notebooks(language: str) -> Iterator[Finding]:
    try:
        folder = source_folder()
    except LaunchError as error:
        yield Finding(State.ERROR, str(error))
        return
    yield Finding(State.GOOD, sentence("doctor notebooks", language, folder=folder))


def _extras(language: str) -> Iterator[Finding]:
    from importlib.util import find_spec

    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    for there, name, what in (
        (find_spec("voila"), "Voilà", "doctor for app"),
        (find_spec("distributed"), "Dask", "doctor for cluster"),
        (browser, "Chromium", "doctor for tests"),
    ):
        key = "doctor extra" if there else "doctor no extra"
        yield Finding(State.GOOD if there else State.NOTE, sentence(key, language, name=name,
                                                                    what=sentence(what, language)))  # fmt: skip


def _disk(language: str) -> Iterator[Finding]:
    free = shutil.disk_usage(Path.home()).free / _GIB
    yield _amount("doctor disk", free, _LEAST_DISK, _SMALL_DISK, "doctor disk remedy", language)


def _memory(language: str) -> Iterator[Finding]:
    try:
        whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB
    except (AttributeError, ValueError, OSError):  # not every system says
        yield Finding(State.NOTE, sentence("doctor memory unknown", language))
        return
    yield _amount("doctor memory", whole, _LEAST_MEMORY, _SMALL_MEMORY, "doctor memory remedy", language)


def _amount(key: str, amount: float, least: float, small: float, remedy: str, language: str) -> Finding:
    said = sentence(key, language, amount=f"{amount:.1f}")
    state = State.ERROR if amount < least else State.WARNING if amount < small else State.GOOD
    return Finding(state, said, "" if state is State.GOOD else sentence(remedy, language))


def _cores(language: str) -> Iterator[Finding]:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    key = "doctor core" if cores == 1 else "doctor cores"
    yield Finding(State.NOTE if cores == 1 else State.GOOD, sentence(key, language, n=cores))


_STATES = {
    State.GOOD: "doctor state ok",
    State.NOTE: "doctor state note",
    State.WARNING: "doctor state warning",
    State.ERROR: "doctor state error",
}

CHECKS: tuple[Check, ...] = (
    _python, _packages, _numba, _cache, _fonts, _widgets, _notebooks, _extras, _disk, _memory, _cores,
)  # fmt: skip
"""The checks, in the order in which they are told."""
