"""A world: the tables of one run, where they live and how they grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.world.access import addresses
from salessim.world.tables import DTYPES, SOURCES, STATES

if TYPE_CHECKING:
    import pandas as pd

    from salessim.world.alignment import Alignment

__all__ = ["Names", "World"]

_COUNTED = {"deals": "deals", "steps": "steps", "calls": "calls", "relations": "relations"}
_GROWING = ("deals", "steps", "calls", "relations", "heap", "agenda")


@dataclass(frozen=True)
class Names:
    """The names behind the row numbers."""

    accounts: tuple[str, ...]
    products: tuple[str, ...]
    segments: tuple[str, ...]
    stages: tuple[str, ...]
    reps: tuple[str, ...]
    groups: tuple[str, ...]


class World:
    """The tables of one run.

    Parameters
    ----------
    tables : dict of str to record array
        One array for each name in `DTYPES`.
    names : Names
        The names behind the row numbers.
    alignment : Alignment
        Who serves whom at the start.

    Attributes
    ----------
    address : array of int64
        Where compiled code finds the tables. Renewed whenever a table grows.
    """

    def __init__(self, tables: dict[str, NDArray[Any]], names: Names, alignment: Alignment) -> None:
        self.tables = tables
        self.names = names
        self.alignment = alignment
        self.address = addresses(tables)

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self.tables[name]

    def copy(self, seed: int | np.uint64 | None = None) -> World:
        """Return an independent copy, for another run with another seed."""
        twin = World({name: table.copy() for name, table in self.tables.items()}, self.names, self.alignment)
        if seed is not None:
            twin["settings"]["seed"] = seed
        return twin

    def grow(self) -> None:
        """Double every growing table that is half full or has no room for one more event. Rows stay where they are."""
        counts = self.tables["counts"][0]
        one_event = 2 * (int(self.tables["settings"]["n_products"][0]) + 2)
        for name in _GROWING:
            table = self.tables[name]
            used = int(counts[name])
            if 2 * used >= len(table) or len(table) - used < one_event:
                bigger = np.zeros(max(2 * len(table), used + 2 * one_event, 256), dtype=DTYPES[name])
                bigger[: len(table)] = table
                self.tables[name] = bigger
        self.address = addresses(self.tables)

    def make_room_to_open(self) -> None:
        """Make sure that opening the books overflows no table: an event per cover, rep and open deal, a tie each."""
        counts = self.tables["counts"][0]
        events = len(self.tables["covers"]) + len(self.tables["reps"]) + int(counts["deals"])
        needed = {"agenda": events, "heap": events, "relations": int(counts["relations"]) + int(counts["deals"])}
        for name, rows in needed.items():
            table = self.tables[name]
            if len(table) < rows:
                self.tables[name] = np.zeros(rows, dtype=DTYPES[name])
                self.tables[name][: len(table)] = table
        self.address = addresses(self.tables)

    def used(self, name: str) -> NDArray[Any]:
        """Return the rows of a table that are in use."""
        table = self.tables[name]
        return table[: int(self.tables["counts"][0][_COUNTED[name]])] if name in _COUNTED else table

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table as a data frame, with names in place of row numbers where they are known."""
        import pandas as pd

        frame = pd.DataFrame(self.used(name).copy())
        for column, names in (
            ("account", self.names.accounts),
            ("product", self.names.products),
            ("segment", self.names.segments),
            ("stage", self.names.stages),
            ("rep", self.names.reps),
            ("owner", self.names.reps),
            ("group", self.names.groups),
        ):
            if column in frame:
                rows = frame[column].to_numpy()
                known = (rows >= 0) & (rows < len(names))
                frame[column] = [names[row] if ok else None for row, ok in zip(rows, known, strict=True)]
        if name == "deals":
            frame["state"] = [STATES[state] for state in frame["state"]]
            frame["source"] = [SOURCES[source] for source in frame["source"]]
        return frame
