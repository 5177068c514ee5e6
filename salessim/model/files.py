"""Markets and plans as YAML: what is written is what is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml

from salessim.errors import ModelError, explain
from salessim.model.part import Part

__all__ = ["dump", "load"]

Model = TypeVar("Model", bound=Part)


def dump(model: Part, path: str | Path | None = None) -> str:
    """Write a market or plan as YAML.

    Parameters
    ----------
    model : Market or Plan
    path : str or Path, optional
        File to write; without it only the text is returned.

    Examples
    --------
    >>> from salessim.model.plan import Plan
    >>> load(Plan, dump(Plan(reps=3))) == Plan(reps=3)
    True
    """
    text = yaml.safe_dump(model.model_dump(mode="python"), sort_keys=False, allow_unicode=True, default_flow_style=None)
    if path is not None:
        Path(path).write_text(text, encoding="utf-8")
    return text


def load(kind: type[Model], source: str | Path) -> Model:
    """Read a market or plan from a YAML file (a `Path`, or a string ending in .yaml/.yml) or from YAML text.

    Raises
    ------
    ModelError
        If the file does not exist, is not YAML, or holds an unknown or impossible setting.
    """
    is_file = isinstance(source, Path) or ("\n" not in source and source.strip().endswith((".yaml", ".yml")))
    text = str(source)
    if is_file:
        path = Path(source)
        if not path.is_file():
            raise ModelError(explain("there is no such file", where=str(path), remedy="Check the path"))
        text = path.read_text(encoding="utf-8")
    try:
        values: Any = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ModelError(
            explain(
                "this is not valid YAML",
                where=f"{source if is_file else 'text'}{line}",
                remedy=str(getattr(error, "problem", "")),
            )
        ) from None
    if not isinstance(values, dict):
        raise ModelError(explain(f"a {kind.__name__.lower()} in YAML is a mapping of settings", value=str(values)[:60]))
    return kind(**values)
