"""Columns that need no cleaning, read whole: what a million cells cost is then a few passes over their bytes.

Each function gives ``None`` where a column is not that plain; `salessim.crm.columns` then reads it text by text, with
the same result.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

__all__ = ["among", "arrow", "has_offset", "plain_dates", "plain_numbers", "plain_texts"]

# Anything cleaning would change: beyond printable ASCII, entities, double, leading and trailing blanks, an apostrophe.
_UNTIDY = r"[^ -~]|&|  |^ | $|^'"
_DAMAGED_ID = r"^\d[.,]?\d*[eE]\+?\d+$|^\d{13,}000$|^\d+\.0$"
_ISO = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?$"
_OFFSET = r"(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(?:Z|[+-]\d{2}:?\d{2})$"
_HAS_OFFSET = r":\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})$"
_NUMBER = r"^-?\d+(?:\.\d+)?$"
_THOUSANDS = r"^-?[1-9]\d{0,2}\.\d{3}$"


def arrow(values: pd.Series) -> Any:
    """A column of text as an Arrow array of one piece."""
    array = pa.array(values, type=pa.large_string(), from_pandas=True)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def among(values: pd.Series, pool: pd.Series | Collection[str]) -> np.ndarray:
    """Which values occur in a pool; a missing one does not.

    Examples
    --------
    >>> among(pd.Series(["a", "b", None], dtype="str"), ["b"]).tolist()
    [False, True, False]
    """
    known = arrow(pool) if isinstance(pool, pd.Series) else pa.array(list(pool), type=pa.large_string())
    found: np.ndarray = pc.is_in(arrow(values), value_set=known, skip_nulls=True).to_numpy(zero_copy_only=False)
    return found


def _matching(array: Any, pattern: str) -> Any:
    return pc.match_substring_regex(array, pattern)


def _without_nulls(cells: pd.Series, nulls: Collection[str]) -> Any | None:
    """The column with the words for "nothing" missing; ``None`` if it is not tidy."""
    array = arrow(cells)
    if pc.any(_matching(array, _UNTIDY)).as_py():
        return None
    missing = pc.is_in(pc.ascii_lower(array), value_set=pa.array(list(nulls), type=pa.large_string()))
    return pc.if_else(missing, pa.scalar(None, pa.large_string()), array)


def plain_texts(cells: pd.Series, kind: str, nulls: Collection[str]) -> pd.Series | None:
    """A column of tidy texts; identifiers must show no damage by a spreadsheet."""
    array = _without_nulls(cells, nulls)
    if array is None or (kind == "id" and pc.any(_matching(array, _DAMAGED_ID)).as_py()):
        return None
    return pd.Series(array, dtype="str")


def plain_dates(cells: pd.Series, nulls: Collection[str], time_zone: str, limits: tuple[Any, Any]) -> pd.Series | None:
    """A column of ISO dates between two limits; offsets only where the clock time is taken as written."""
    array = _without_nulls(cells, nulls)
    if array is None or array.null_count == len(array) or not pc.all(_matching(array, _ISO)).as_py():
        return None
    if pc.any(_matching(array, _HAS_OFFSET)).as_py():
        if time_zone:
            return None
        array = pc.replace_substring_regex(array, _OFFSET, r"\1")
    try:
        dates = pd.Series(array.cast(pa.timestamp("us")).to_pandas(), dtype="datetime64[us]")
    except pa.ArrowInvalid:  # the 31st of February
        return None
    known = dates.dropna()
    return dates if known.empty or (known.min() >= limits[0] and known.max() < limits[1]) else None


def has_offset(cells: pd.Series) -> bool:
    """Whether any cell carries a time offset."""
    return bool(pc.any(_matching(arrow(cells), _HAS_OFFSET)).as_py())


def plain_numbers(cells: pd.Series, nulls: Collection[str]) -> pd.Series | None:
    """A column of numbers with a decimal point that cannot mean thousands."""
    array = _without_nulls(cells, nulls)
    if array is None or array.null_count == len(array) or not pc.all(_matching(array, _NUMBER)).as_py():
        return None
    marked = array.filter(pc.match_substring(array, "."))
    if len(marked) and pc.all(_matching(marked, _THOUSANDS)).as_py():
        return None
    return pd.Series(array.cast(pa.float64()).to_pandas(), dtype="float64")
