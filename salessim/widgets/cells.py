"""Which cockpit belongs to which cell of a notebook, so that running a cell again closes the cockpit it made before."""

from __future__ import annotations

import os
import weakref
from typing import Any, Protocol

__all__ = ["cell_of_now", "replace_before"]


class Closable(Protocol):
    """What can be closed."""

    def close(self) -> None:
        """Let go of everything."""


# The only state of this package that outlives a call. Without it every run of a cell would leave a thread and the
# connections of its widgets behind; nothing is kept alive by it.
_open: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


def cell_of_now() -> str | None:
    """Return a name for the cell that runs: its id where the front end gives one; None outside a notebook."""
    try:
        from IPython import get_ipython  # type: ignore[attr-defined]
    except ImportError:
        return None
    shell = get_ipython()  # type: ignore[no-untyped-call]
    if shell is None:
        return None
    try:
        parent = shell.get_parent()
    except (AttributeError, LookupError):  # a terminal: no front end asked for this
        return "terminal"
    cell = (parent or {}).get("metadata", {}).get("cellId")
    if cell is None and any(name.startswith("VOILA_") for name in os.environ):
        return f"cell {shell.execution_count}"  # Voilà names no cells, and runs each once
    return str(cell or "notebook")


def replace_before(opened: Closable) -> None:
    """Close what this cell opened of this kind before, and remember this one. Outside a notebook nothing is closed."""
    cell = cell_of_now()
    if cell is None:
        return
    kind = f"{type(opened).__name__} of {cell}"
    before = _open.get(kind)
    _open[kind] = opened
    if before is not None and before is not opened:
        before.close()
