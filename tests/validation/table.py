"""The table of the validation studies: what each found, and whether it still holds for the code as it is.

Every study files its figures with `record`, under a hash of the source they hold for. Show the table with

    python tests/validation/table.py

A row whose source has changed since is marked STALE: run ``pytest -m validation`` again.
"""

from __future__ import annotations

import ast
import csv
import datetime as dt
import hashlib
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from salessim.world.compiled import source_hash

RESULTS = Path(__file__).with_name("results.csv")
STUDY = Path(__file__).resolve().parents[2] / "salessim" / "study"
COLUMNS = ("study", "figure", "bar", "value", "bound", "n", "code_hash", "date")

_VERDICT = ("critical.py", "differences.py", "judgement.py")
_SERIES = ("combination", "ets", "sparse", "steps", "stl", "theta", "values", "widths")
_PIPELINE = (
    *_SERIES, "calls", "combining", "hazards", "pipeline", "pipeline_backtest", "pipeline_paths", "pipeline_rules",
    "pipeline_snapshot", "weights", "zombies",
)  # fmt: skip
HOLDS_FOR: dict[str, tuple[str, ...]] = {
    "verdicts": _VERDICT,
    "runner-up": _VERDICT,
    "simulator": (*_VERDICT, "replay.py", "rules"),
    "selection": ("selection.py",),
    "sequences": ("sequences.py", "critical.py"),
    "components": ("components.py",),
    "crm": tuple(f"../crm/{path.name}" for path in sorted((STUDY.parent / "crm").glob("*.py"))),
    "recovery": tuple(
        f"../fit/{name}.py" for name in ("estimates", "history", "loglinear", "mixed", "practice", "steps", "worth")
    ),
    "forecast truth": tuple(f"../forecast/{name}.py" for name in _PIPELINE),
    "pipeline": tuple(f"../forecast/{name}.py" for name in _PIPELINE),
    "forecast accuracy": tuple(
        f"../forecast/{name}.py"
        for name in (
            *_SERIES, "arima", "calibration", "conformal", "hierarchy", "joint", "making", "nodes", "reconcile",
            "scores",
        )
    ),
    "fit": ("rules", *(f"../fit/{path.name}" for path in sorted((STUDY.parent / "fit").glob("*.py")))),
}
"""Per study the modules of salessim/study it holds for; ``rules`` stands for the rules and clocks of the simulator."""
MISSED = {
    ("forecast accuracy", "pbs, atc1 × atc2: error of coverage"),
    ("forecast accuracy", "retail, total: error of coverage"),
    ("forecast accuracy", "retail ten years: OWA, recommended combination + 0.005"),
    ("forecast accuracy", "weeks: OWA, recommended combination + 0.005"),
}
"""Figures that miss their bar after real effort: the table says so."""

Row = dict[str, str]


def code_hash(study: str) -> str:
    """Return the hash of the source that a study holds for; comments and docstrings of its modules do not count."""
    digest = hashlib.blake2b(digest_size=8)
    for name in HOLDS_FOR[study]:
        text = source_hash() if name == "rules" else code_of((STUDY / name).read_text(encoding="utf-8"))
        digest.update(f"{name}\0{text}\0".encode())
    return digest.hexdigest()


def code_of(text: str) -> str:
    """Return a module as written by Python itself, without comments and docstrings."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(node.body) > 1:
                del node.body[0]
    return ast.unparse(tree)


def rows(path: Path = RESULTS) -> list[Row]:
    """Read what is filed."""
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def record(study: str, figure: str, *, bar: str, value: float, bound: float, n: int, path: Path = RESULTS) -> None:
    """File one figure; it takes the place of the same figure of an earlier run.

    Parameters
    ----------
    bar : str
        What was asked, such as ``<= 0.065``.
    value, bound : float
        What was found, and its one-sided 99 % bound (Clopper-Pearson for shares).
    n : int
        Studies simulated.
    """
    new = dict(
        zip(
            COLUMNS,
            (
                study, figure, bar, f"{value:.4f}", f"{bound:.4f}", str(n), code_hash(study),
                dt.datetime.now(dt.UTC).date().isoformat(),
            ),
            strict=True,
        )
    )  # fmt: skip
    with _alone(path):
        _put(new, path)


def _put(new: Row, path: Path) -> None:
    study, figure = new["study"], new["figure"]
    kept = [row for row in rows(path) if (row["study"], row["figure"]) != (study, figure)]
    ordered = sorted([*kept, new], key=lambda row: (list(HOLDS_FOR).index(row["study"]), row["figure"]))
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    os.replace(part, path)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep other processes (pytest-xdist) from filing at the same moment."""
    lock = path.with_suffix(".lock")
    for _ in range(200):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
            break
        except FileExistsError:
            time.sleep(0.05)
    else:
        raise TimeoutError(f"{lock} is left from a run that was killed: delete it")
    try:
        yield
    finally:
        lock.unlink()


def stale(row: Row) -> bool:
    """Say whether the source that a row holds for has changed since."""
    return row["study"] not in HOLDS_FOR or row["code_hash"] != code_hash(row["study"])


def _holds(row: Row) -> str:
    found = "missed" if (row["study"], row["figure"]) in MISSED else "yes"
    return f"STALE ({found})" if stale(row) and found == "missed" else "STALE" if stale(row) else found


def table(path: Path = RESULTS) -> str:
    """Return the table as text, a line per figure."""
    head = [*COLUMNS[:6], "date", "holds"]
    lines = [head]
    lines += [[*(row[name] for name in head[:-1]), _holds(row)] for row in rows(path)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


if __name__ == "__main__":
    print(table())
