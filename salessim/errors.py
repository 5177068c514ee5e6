"""Errors a user can act on: what is wrong, where, the value, what is allowed, what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["CrmError", "ModelError", "SalesSimError", "StudyError", "explain", "nearest"]


class SalesSimError(Exception):
    """Base of every error salessim raises on purpose. The message is one paragraph in the user's words."""


class ModelError(SalesSimError, ValueError):
    """A market, plan or assumption that cannot be: a parameter, its value, what is allowed."""


class CrmError(SalesSimError, ValueError):
    """A file that cannot be read as a CRM export: the file, the row and column, what to do."""


class StudyError(SalesSimError, ValueError):
    """A comparison that cannot be made: unknown plan or measure, too few replications."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name comes closest to `name`.

    Returns
    -------
    str
        ``"Did you mean 'x'?"`` or, where nothing is close, ``"Known names: a, b, c."``.

    Examples
    --------
    >>> nearest("complexty", ["complexity", "difference"])
    "Did you mean 'complexity'?"
    """
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Known names: {', '.join(names)}."


def explain(what: str, *, where: str = "", value: object = None, allowed: str = "", remedy: str = "") -> str:
    """Compose the one-paragraph message every error of this package uses.

    Parameters
    ----------
    what : str
        The problem, as a sentence without full stop.
    where : str
        File, row, column or parameter.
    value : object
        The offending value; ``None`` leaves it out.
    allowed : str
        What would have been accepted.
    remedy : str
        What the user can do next.

    Examples
    --------
    >>> explain("a price must not be negative", where="products, row 3, price", value=-5, allowed="0 or more")
    'products, row 3, price: a price must not be negative. Found: -5. Allowed: 0 or more.'
    """
    parts = [f"{where}: {what}." if where else f"{what[:1].upper()}{what[1:]}."]
    if value is not None:
        parts.append(f"Found: {value!r}.")
    if allowed:
        parts.append(f"Allowed: {allowed}.")
    if remedy:
        parts.append(remedy if remedy.endswith((".", "?", "!")) else remedy + ".")
    return " ".join(parts)
