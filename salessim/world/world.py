"""A world: the tables of one run, where they live and how they grow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.world.access import addresses
from salessim.world.tables import CAREERS, DTYPES, FIXED_TABLES, HANDOVERS, SOURCES, STATES

if TYPE_CHECKING:
    import pandas as pd

    from salessim.world.alignment import Alignment

__all__ = ["Names", "World"]

_GROWING = ("deals", "steps", "calls", "relations", "careers", "handovers", "agenda", "later", "heap")


@dataclass(frozen=True)
class Names:
    """The names behind the row numbers."""

    accounts: tuple[str, ...]
    products: tuple[str, ...]
    segments: tuple[str, ...]
    stages: tuple[str, ...]
    reps: tuple[str, ...]
    groups: tuple[str, ...]
    regions: tuple[str, ...]


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
        tables = {
            name: table if name in FIXED_TABLES else _copied(table, self._rows(name))
            for name, table in self.tables.items()
        }
        twin = World(tables, self.names, self.alignment)
        if seed is not None:
            twin["settings"]["seed"] = seed
            twin["phases"]["seed"] = seed
        return twin

    def grow(self) -> None:
        """Double every growing table that is half full or has no room for one more event. Rows stay where they are."""
        counts = self.tables["counts"][0]
        for name, one_event in self._largest_event().items():
            rows, used = len(self.tables[name]), int(counts[name])
            if 2 * used >= rows or rows - used < 2 * one_event:
                self._resize(name, max(2 * rows, used + 4 * one_event, 256))
        self._make_room_for_a_day()
        self.address = addresses(self.tables)

    def _largest_event(self) -> dict[str, int]:
        """Return how many rows one event can add to each growing table, at most: see `rules.agenda.has_room`."""
        settings = self.tables["settings"][0]
        few = int(settings["n_products"]) + 2
        many = few + int(settings["largest_change"])
        all_ring = few + 4 * len(self.tables["reps"])
        return {
            "deals": few, "steps": few, "calls": few, "relations": many, "careers": all_ring, "handovers": many,
            "agenda": all_ring, "later": all_ring, "heap": all_ring,
        }  # fmt: skip

    def put(self, tables: dict[str, NDArray[Any]]) -> None:
        """Put tables in the place of those of their names."""
        self.tables.update(tables)
        self.address = addresses(self.tables)

    def make_room_to_open(self) -> None:
        """Make sure that opening the books overflows no table: an event per cover, rep and open deal, a tie each."""
        counts = self.tables["counts"][0]
        opening = len(self.tables["covers"]) + 5 * len(self.tables["reps"]) + int(counts["deals"])
        opening += len(self.tables["months"]) + len(self.tables["waves"])
        needed = {"agenda": opening, "later": opening, "relations": int(counts["relations"]) + int(counts["deals"])}
        for name, rows in needed.items():
            if len(self.tables[name]) < rows:
                self._resize(name, rows)
        self._make_room_for_a_day()
        self.address = addresses(self.tables)

    def _make_room_for_a_day(self) -> None:
        """Let the events of one day, which may be all there are, go into the heap."""
        rows = len(self.tables["later"]) + 2 * self._largest_event()["heap"]
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
            ("seat", self.names.reps),
            ("before", self.names.reps),
            ("after", self.names.reps),
            ("region", self.names.regions),
            ("group", self.names.groups),
        ):
            if column in frame:
                rows = frame[column].to_numpy()
                known = (rows >= 0) & (rows < len(names))
                frame[column] = [names[row] if ok else None for row, ok in zip(rows, known, strict=True)]
        if name == "deals":
            frame["state"] = [STATES[state] for state in frame["state"]]
            frame["source"] = [SOURCES[source] for source in frame["source"]]
        if name == "careers":
            frame["kind"] = [CAREERS[kind] for kind in frame["kind"]]
        if name == "handovers":
            frame["reason"] = [HANDOVERS[reason] for reason in frame["reason"]]
        return frame
