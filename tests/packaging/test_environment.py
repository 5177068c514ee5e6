"""pyproject.toml, requirements.lock and environment.yml say the same thing, and the lock is safe to install from."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = PYPROJECT["project"]
CONDA: dict[str, Any] = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))

CORE = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRA = [Requirement(line) for lines in PROJECT["optional-dependencies"].values() for line in lines]
BUILD = [Requirement(line) for line in PYPROJECT["build-system"]["requires"]]

CONDA_LINES: list[str] = [line for line in CONDA["dependencies"] if isinstance(line, str)]
PIP_LINES: list[str] = next(entry["pip"] for entry in CONDA["dependencies"] if isinstance(entry, dict))


def locked() -> list[tuple[Requirement, str]]:
    """Every entry of the lock: the pinned requirement and the text of its hashes."""
    entries = re.split(r"^(?=\S)", re.sub(r"^\s*#.*\n", "", LOCK, flags=re.MULTILINE), flags=re.MULTILINE)
    pinned = []
    for entry in filter(None, map(str.strip, entries)):
        head, *hashes = entry.split(" \\\n")
        pinned.append((Requirement(head), "\n".join(hashes)))
    return pinned


def ranges(requirements: list[Requirement]) -> dict[str, SpecifierSet]:
    """Version range by canonical name."""
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in requirements}


def test_conda_environment_has_the_names_and_ranges_of_the_project() -> None:
    by_conda = [Requirement(line) for line in CONDA_LINES if re.match(r"[\w-]+", line)[0] not in {"python", "pip"}]
    by_pip = [Requirement(line) for line in PIP_LINES if not line.startswith("-e")]
    assert not ranges(by_conda).keys() & ranges(by_pip).keys()
    assert ranges(by_conda) | ranges(by_pip) == ranges(CORE)


def test_conda_environment_is_named_after_the_project_and_installs_it() -> None:
    assert CONDA["name"] == PROJECT["name"]
    assert "pip" in CONDA_LINES
    assert PIP_LINES[-1] == "-e ."


def test_conda_channels_are_free_to_use() -> None:
    assert CONDA["channels"] == ["conda-forge", "nodefaults"]


def test_conda_python_is_one_the_project_supports() -> None:
    (pin,) = (line.removeprefix("python=") for line in CONDA_LINES if line.startswith("python="))
    assert Version(pin) in SpecifierSet(PROJECT["requires-python"])


@pytest.mark.parametrize("line", CONDA_LINES)
def test_conda_reads_the_line(line: str) -> None:
    rattler = pytest.importorskip("rattler", reason="py-rattler is not installed")
    name = rattler.MatchSpec(line).name
    assert name.normalized == re.match(r"[\w-]+", line)[0]


def test_lock_names_no_address() -> None:
    assert not re.findall(r"\w+://\S*", LOCK)
    assert not re.findall(r"^\s*--(?:index-url|extra-index-url|find-links|trusted-host)\b.*", LOCK, re.MULTILINE)


def test_every_locked_version_is_pinned_and_hashed() -> None:
    entries = locked()
    assert len(entries) > len(CORE)
    for requirement, hashes in entries:
        assert re.fullmatch(r"==[^*,]+", str(requirement.specifier)), f"{requirement} is not pinned"
        lines = hashes.split("\n")
        assert all(re.fullmatch(r"\s+--hash=sha256:[0-9a-f]{64}", line) for line in lines), f"{requirement}: {hashes!r}"


@pytest.mark.parametrize("requirement", [*CORE, *EXTRA, *BUILD], ids=lambda requirement: requirement.name)
def test_locked_versions_satisfy_the_project(requirement: Requirement) -> None:
    wanted = canonicalize_name(requirement.name)
    pins = [entry for entry, _ in locked() if canonicalize_name(entry.name) == wanted]
    assert pins, f"{requirement.name} is not in requirements.lock: make the lock again"
    for pin in pins:
        (specifier,) = pin.specifier
        assert specifier.version in requirement.specifier


@pytest.mark.parametrize("python", ["3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("system", [("linux", "Linux"), ("darwin", "Darwin"), ("win32", "Windows")], ids=lambda s: s[1])
def test_the_lock_gives_one_version_of_each_package_on_every_platform(python: str, system: tuple[str, str]) -> None:
    platform, name = system
    environment = {
        "implementation_name": "cpython",
        "os_name": "nt" if platform == "win32" else "posix",
        "platform_machine": "arm64" if platform == "darwin" else "x86_64",
        "platform_python_implementation": "CPython",
        "platform_system": name,
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": platform,
    }
    chosen = [
        canonicalize_name(entry.name)
        for entry, _ in locked()
        if entry.marker is None or entry.marker.evaluate(environment)
    ]
    assert len(chosen) == len(set(chosen))
    assert set(chosen) >= ranges([*CORE, *EXTRA, *BUILD]).keys()


def test_build_backend_is_bounded_alike_for_building_and_in_the_lock() -> None:
    assert ranges(BUILD).items() <= ranges(EXTRA).items()


def test_every_data_file_of_the_package_is_packaged() -> None:
    patterns = PYPROJECT["tool"]["setuptools"]["package-data"]["salessim"]
    package = ROOT / "salessim"
    files = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*")
        if path.is_file() and path.suffix != ".py" and "__pycache__" not in path.parts and path.name[0] != "."
    ]
    forgotten = [
        file for file in files if not any(fnmatch(f"./{file}", pattern.replace("**/", "*/")) for pattern in patterns)
    ]
    assert not forgotten, f"add to [tool.setuptools.package-data] in pyproject.toml: {forgotten}"


def test_the_licence_is_the_one_the_project_names() -> None:
    assert PROJECT["license"] == "MIT"
    text = (ROOT / PROJECT["license-files"][0]).read_text(encoding="utf-8")
    assert text.startswith("MIT License")
    assert f"Copyright (c) 2026 {PROJECT['authors'][0]['name']}" in text
