"""`import salessim` stays light, every module imports, and rooms know each other in one direction only."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "salessim"

# ---------------------------------------------------------------------------------------------------------------- light

HEAVY = {"ipywidgets", "jupyterlab", "matplotlib", "numba", "pandas", "scipy", "seaborn", "statsmodels"}
BUDGET = 0.5  # processor seconds over a bare interpreter


def run_python(code: str) -> str:
    """Run `code` in a new interpreter, warnings being errors, and give back what it printed."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def processor_seconds(code: str) -> float:
    """Least processor time of three interpreters that run `code`: other load on the machine does not count."""
    return min(float(run_python(f"{code}\nimport time; print(time.process_time())")) for _ in range(3))


def test_import_brings_in_nothing_heavy() -> None:
    loaded = json.loads(run_python("import json, sys, salessim; print(json.dumps(sorted(sys.modules)))"))
    assert "salessim" in loaded
    assert not HEAVY & {name.partition(".")[0] for name in loaded}


def test_import_is_quick() -> None:
    run_python("import salessim")  # leaves the byte code behind, as a user's first import does
    assert processor_seconds("import salessim") - processor_seconds("") < BUDGET


def test_every_public_name_is_there() -> None:
    import salessim

    assert salessim.__all__
    assert set(salessim.__all__) <= set(dir(salessim))
    for name in salessim.__all__:
        assert getattr(salessim, name) is not None
    with pytest.raises(AttributeError, match="no_such_name"):
        salessim.no_such_name  # noqa: B018


@pytest.mark.parametrize(
    "first", ["", "salessim.fit", "salessim.crm", "salessim.study", "salessim.model", "salessim.forecast.making"]
)
def test_a_public_name_means_the_same_whatever_was_imported_first(first: str) -> None:
    # A room that is loaded becomes an attribute of the package, and would hide a function of the same name.
    code = f"""
import importlib, types, salessim
if {first!r}:
    importlib.import_module({first!r})
found = ((name, getattr(salessim, name)) for name in salessim.__all__)
print(*(name for name, value in found if isinstance(value, types.ModuleType) and not callable(value)))
print(salessim.forecast is importlib.import_module("salessim.forecast") is salessim.forecast.forecast)
"""
    # The room of forecasts is itself the function of its name, in every order of imports.
    assert run_python(code).split() == ["True"]


# -------------------------------------------------------------------------------------------------------------- modules


def module_name(file: Path) -> str:
    """Dotted name of a module of the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


@pytest.mark.parametrize("name", [name for name in MODULES if name != "salessim.__main__"])
def test_module_imports(name: str) -> None:
    module = importlib.import_module(name)
    for public in getattr(module, "__all__", ()):
        assert hasattr(module, public), f"{name}.__all__ names {public}, which is not there"


# ------------------------------------------------------------------------------------------------------------ direction

# Who may know whom, as the design has it. A room may also know what the rooms it knows may know; `errors` is below
# everything; those in KNOW_ALL may know everything and are known by one another only.
MAY_KNOW: dict[str, set[str]] = {
    "errors": set(),
    "words": set(),
    "model": {"words"},
    "world": {"model"},
    "rules": {"world", "pay"},
    "clocks": {"rules"},
    "ledger": {"clocks"},
    "measures": {"ledger"},
    "pay": {"world"},
    "study": {"measures"},
    "sizing": {"study"},
    "crm": {"words"},
    "fit": {"crm", "clocks"},  # a fit is checked and settled by simulating it
    "forecast": {"crm", "pay"},
    "show": {"study", "forecast"},
    "record": {"clocks", "crm"},  # what people wrote down of a run, as a CRM would hold it
    "sample": {"record"},
    "lessons": {"words"},
    "bench": {"study"},
    "start": {"study"},
}
KNOW_ALL = {"__init__", "__main__", "cli", "widgets"}

# `study.plot()` is a promise: when it is called, and not before, a result of these rooms hands itself to `show`.
HAVE_PLOT = {"study", "forecast", "sizing", "start"}
# So are `study.report()`, and `run.to_crm()`: when it is called, a run hands itself to `record`.
HAND_OVER = {"plot": (HAVE_PLOT, "show"), "report": ({"study"}, "show"), "to_crm": ({"clocks"}, "record")}


def reach(room: str) -> set[str]:
    """All rooms that `room` may know, itself included."""
    reached, todo = {room, "errors"}, [room]
    while todo:
        new = MAY_KNOW[todo.pop()] - reached
        reached |= new
        todo += new
    return reached


def room_of(name: str) -> str:
    """The room of a dotted module name: its second part, or ``__init__`` for the package itself."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def imported(nodes: Iterable[ast.AST], name: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything of salessim that import statements among `nodes` of module `name` bring in."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "salessim":
                    yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            source = node.module or ""
            if node.level:
                base = name.split(".")
                keep = len(base) - node.level + (1 if is_package else 0)
                source = ".".join([*base[:keep], *filter(None, [node.module])])
            if source == "salessim":  # the names may be rooms
                yield from ((node.lineno, f"salessim.{alias.name}") for alias in node.names)
            elif source.startswith("salessim."):
                yield node.lineno, source


def against_the_direction(source: str, name: str, is_package: bool = False) -> list[str]:
    """What a module imports that its room must not know."""
    room = room_of(name)
    if room in KNOW_ALL:
        return []
    tree = ast.parse(source)
    handed = {
        (line, target)
        for method, (rooms, target) in HAND_OVER.items()
        for node in ast.walk(tree)
        if room in rooms and isinstance(node, ast.FunctionDef) and node.name == method
        for line, _ in imported(ast.walk(node), name, is_package)
    }
    allowed = reach(room) | {"__version__"}
    return [
        f"line {line}: {name} ({room}) imports {target}"
        for line, target in imported(ast.walk(tree), name, is_package)
        if room_of(target) not in allowed
        and (line, room_of(target)) not in handed
    ]


@pytest.mark.parametrize("name", MODULES)
def test_room_is_in_the_table(name: str) -> None:
    assert room_of(name) in MAY_KNOW.keys() | KNOW_ALL, "a new room: say in MAY_KNOW whom it may know"


@pytest.mark.parametrize("name", [name for name in MODULES if room_of(name) in MAY_KNOW])
def test_imports_go_one_way(name: str) -> None:
    file = MODULES[name]
    assert not against_the_direction(file.read_text(encoding="utf-8"), name, file.name == "__init__.py")


def test_the_table_has_no_circle() -> None:
    for room in MAY_KNOW:
        assert not [other for other in reach(room) - {room} if room in reach(other)]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("import salessim.world.tables", "salessim.model.market"),
        ("from salessim.rules import learn", "salessim.world.tables"),
        ("from salessim import study", "salessim.clocks.event"),
        ("from salessim import compare", "salessim.study.sweep"),
        ("from salessim.crm import read_crm", "salessim.model.market"),
        ("from ..clocks import event", "salessim.rules.learn"),
        ("from .. import study", "salessim.world.tables"),
        ("from . import study", "salessim.measures"),
        ("def late():\n    import salessim.fit.market", "salessim.crm.zoho"),
        ("if TYPE_CHECKING:\n    from salessim.model import Plan", "salessim.words.terms"),
        ("from salessim.show import figure", "salessim.study.study"),
        ("def table():\n    from salessim.show import figure", "salessim.study.study"),
        ("def plot():\n    from salessim.show import figure", "salessim.world.tables"),
    ],
)
def test_an_import_against_the_direction_is_seen(source: str, name: str) -> None:
    assert against_the_direction(source, name)


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("from salessim.errors import explain", "salessim.words.terms"),
        ("from salessim.words import label", "salessim.study.verdict"),
        ("from . import tables", "salessim.world.build"),
        ("from ..model.plan import Plan", "salessim.clocks.event"),
        ("from salessim import __version__", "salessim.study.store"),
        ("import numpy, salessimilar", "salessim.words.terms"),
        ("from salessim.widgets import Cockpit", "salessim.cli"),
        ("def plot():\n    from salessim.show import figure", "salessim.study.study"),
    ],
)
def test_an_import_along_the_direction_is_let_through(source: str, name: str) -> None:
    assert not against_the_direction(source, name)


def test_one_dot_is_the_package_itself_in_its_own_file() -> None:
    assert not against_the_direction("from .clocks import event", "salessim.rules", is_package=True)
    assert against_the_direction("from ..clocks import event", "salessim.rules", is_package=True)
