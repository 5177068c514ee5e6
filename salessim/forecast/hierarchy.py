"""The hierarchy: which sums of bottom series are series too, and the matrix that makes them.

``["region/rep", "product"]`` crosses two dimensions; a slash says that what follows nests in what stands before it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError
from salessim.forecast.panel import series_name
from salessim.forecast.steps import Numbers

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Hierarchy", "build_hierarchy", "columns_of", "level_name"]

_LARGEST = 20_000  # series of all levels together


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """Nodes and how they add up.

    Attributes
    ----------
    columns : tuple of str
        Of the bottom series.
    levels : tuple of str
        Names, the total first and the bottom last.
    nodes : pandas.DataFrame
        One row per node, levels in turn: ``level``, ``series`` (its name) and every column, missing where summed over.
    summing : scipy.sparse.csr_array
        Nodes × bottom series, of zeros and ones; its last rows are the bottom series in their order.
    dropped : tuple of str
        Levels that would have repeated another.
    """

    columns: tuple[str, ...]
    levels: tuple[str, ...]
    nodes: pd.DataFrame
    summing: Any
    dropped: tuple[str, ...]

    @property
    def bottom(self) -> int:
        """Number of bottom series."""
        return int(self.summing.shape[1])

    def level_numbers(self) -> Numbers:
        """Number of each node's level."""
        place = {name: number for number, name in enumerate(self.levels)}
        return np.array([place[name] for name in self.nodes["level"]])

    def ancestors(self) -> Any:
        """Nodes × nodes: whether the column's node contains the row's, itself not counted."""
        whole = self.summing
        sizes = np.asarray(whole.sum(axis=1)).ravel()
        shared = (whole @ whole.T).toarray()
        inside = shared == sizes[:, None]
        return inside & (sizes[None, :] > sizes[:, None])


def columns_of(hierarchy: Sequence[str] | None) -> tuple[str, ...]:
    """All columns that a hierarchy names, in order.

    Examples
    --------
    >>> columns_of(["region/rep", "product"])
    ('region', 'rep', 'product')
    """
    if hierarchy is None:
        return ()
    if isinstance(hierarchy, str):
        hierarchy = [hierarchy]
    found = [part.strip() for dimension in hierarchy for part in str(dimension).split("/")]
    if len(set(found)) != len(found) or not all(found):
        raise ForecastError(
            explain(
                "a hierarchy names each column once",
                where="hierarchy",
                value=list(hierarchy),
                remedy='For example hierarchy=["region/rep", "product"]',
            )
        )
    return tuple(found)


def level_name(columns: Sequence[str]) -> str:
    """Name of a level.

    Examples
    --------
    >>> level_name([]), level_name(["region", "product"])
    ('total', 'region × product')
    """
    return " × ".join(columns) or "total"


def build_hierarchy(keys: pd.DataFrame, hierarchy: Sequence[str] | None) -> Hierarchy:
    """Cross the dimensions; check that what should nest does; leave out levels that repeat another.

    Raises
    ------
    ForecastError
        Where a rep, say, stands in two regions although ``region/rep`` was asked for.
    """
    import pandas as pd
    from scipy.sparse import csr_array, vstack

    columns = columns_of(hierarchy)
    dimensions = [[part.strip() for part in str(entry).split("/")] for entry in _listed(hierarchy)]
    for chain in dimensions:
        for above, below in itertools.pairwise(chain):
            _refuse_crossing(keys, above, below)
    # Within a chain, a node of the lower column is one of the upper: the lower column alone would do, but a name that
    # occurs once is easier to read with its parents, and the partition is the same.
    choices = [[chain[:depth] for depth in range(len(chain) + 1)] for chain in dimensions]
    sets = [list(itertools.chain(*combo)) for combo in itertools.product(*choices)]
    bottom = len(keys)
    levels: list[str] = []
    dropped: list[str] = []
    blocks: list[Any] = []
    rows: list[pd.DataFrame] = []
    seen: set[bytes] = set()
    full = sets[-1]
    for wanted in sorted(sets, key=len):
        last = wanted is full
        codes = np.arange(bottom, dtype=np.int64) if last else _codes(keys, wanted)
        print_ = codes.tobytes()
        repeats_bottom = not last and int(codes.max()) + 1 == bottom
        if print_ in seen or (repeats_bottom and bottom > 1) or (not wanted and bottom == 1 and not last):
            dropped.append(level_name(wanted))
            continue
        seen.add(print_)
        count = int(codes.max()) + 1
        name = level_name(wanted)
        first = np.unique(codes, return_index=True)[1]
        nodes = keys.iloc[first].reset_index(drop=True).copy()
        for column in columns:
            if column not in wanted:
                nodes[column] = pd.Series([None] * count, dtype="str")
        nodes.insert(0, "level", name)
        names = [series_name(row, wanted) for row in nodes.to_dict("records")]
        nodes.insert(1, "series", names)
        levels.append(name)
        rows.append(nodes)
        blocks.append(csr_array((np.ones(bottom), (codes, np.arange(bottom))), shape=(count, bottom)))
        if sum(block.shape[0] for block in blocks) > _LARGEST:
            raise ForecastError(
                explain(
                    "this crossing has too many series",
                    where="hierarchy",
                    value=f"more than {_LARGEST}",
                    remedy="Cross fewer columns, or leave the finest one out",
                )
            )
    nodes = pd.concat(rows, ignore_index=True)
    summing = csr_array(vstack(blocks))
    return Hierarchy(columns, tuple(levels), nodes, summing, tuple(dropped))


def _listed(hierarchy: Sequence[str] | None) -> list[str]:
    if hierarchy is None:
        return []
    return [hierarchy] if isinstance(hierarchy, str) else list(hierarchy)


def _codes(keys: pd.DataFrame, columns: Sequence[str]) -> Numbers:
    """Number of the node that each bottom series belongs to, in order of first occurrence."""
    if not columns:
        return np.zeros(len(keys), dtype=np.int64)
    return np.asarray(keys.groupby(list(columns), sort=False).ngroup().to_numpy(), dtype=np.int64)


def _refuse_crossing(keys: pd.DataFrame, above: str, below: str) -> None:
    parents = keys.groupby(below)[above].unique()
    several = parents[parents.map(len) > 1]
    if len(several):
        name, homes = several.index[0], ", ".join(sorted(several.iloc[0]))
        raise ForecastError(
            explain(
                f"{below} does not nest in {above}: {len(several)} of {len(parents)} belong to more than one",
                where=f"hierarchy, {above}/{below}",
                value=f"{below}={name} in {homes}",
                remedy=f'Give each one home, or cross the two: hierarchy=["{above}", "{below}"]',
            )
        )
