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

_GROWING = ("deals", "steps", "calls", "relations", "agenda", "later", "heap")


@dataclass(frozen=True)
class Names:
    """The names behind the row numbers."""

    accounts: tuple[str, ...]
    products: tuple[str, ...]
    segments: tuple[str, ...]
    stages: tuple[str, ...]
    reps: tuple[str, ...]
    groups: tuple[str, ...]


def _copied(table: NDArray[Any], used: int) -> NDArray[Any]:
    """Copy the rows in use; the others are zero and cost nothing until they are written."""
    if used == len(table):
        return table.copy()
    twin = np.zeros(len(table), dtype=table.dtype)
    twin[:used] = table[:used]
    return twin


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
        tables = {name: _copied(table, self._rows(name)) for name, table in self.tables.items()}
        twin = World(tables, self.names, self.alignment)
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
                self._resize(name, max(2 * len(table), used + 2 * one_event, 256))
        self._make_room_for_a_day(one_event)
        self.address = addresses(self.tables)

    def make_room_to_open(self) -> None:
        """Make sure that opening the books overflows no table: an event per cover, rep and open deal, a tie each."""
        counts = self.tables["counts"][0]
        events = len(self.tables["covers"]) + len(self.tables["reps"]) + int(counts["deals"])
        needed = {"agenda": events, "later": events, "relations": int(counts["relations"]) + int(counts["deals"])}
        for name, rows in needed.items():
            if len(self.tables[name]) < rows:
                self._resize(name, rows)
        self._make_room_for_a_day(2 * (int(self.tables["settings"]["n_products"][0]) + 2))
        self.address = addresses(self.tables)

    def _make_room_for_a_day(self, one_event: int) -> None:
        """Let the events of one day, which may be all there are, go into the heap."""
        rows = len(self.tables["later"]) + 2 * one_event
        if len(self.tables["heap"]) < rows:
            self._resize("heap", rows)

    def _resize(self, name: str, rows: int) -> None:
        bigger = np.zeros(rows, dtype=DTYPES[name])
        bigger[: len(self.tables[name])] = self.tables[name]
        self.tables[name] = bigger

    def _rows(self, name: str) -> int:
        """Return how many rows of a table are in use."""
        if name not in _GROWING:
            return len(self.tables[name])
        return int(self.tables["counts"][0][name])

    def close_calendar(self) -> None:
        """Forget the events to come, at the end of a run: each clock keeps them in its own way."""
        counts = self.tables["counts"]
        counts["agenda"] = counts["heap"] = counts["later"] = 0
        counts["free"] = counts["today"] = -1

    def used(self, name: str) -> NDArray[Any]:
        """Return the rows of a table that are in use."""
        return self.tables[name][: self._rows(name)]

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
