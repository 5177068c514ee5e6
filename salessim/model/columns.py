"""Frozen tables inside a model: named, typed, bounded columns whose errors name the row and the column."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from salessim.errors import ModelError, explain, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Table"]

Kind = Literal["text", "number", "whole", "flag"]
_KIND_TYPE: dict[str, Any] = {"text": object, "number": np.float64, "whole": np.int64, "flag": np.bool_}
_KIND_WORDS = {"text": "text", "number": "a number", "whole": "a whole number", "flag": "true or false"}


@dataclass(frozen=True)
class Column:
    """One column: its name, kind, bounds and default (``None``: the column must be given)."""

    name: str
    kind: Kind = "number"
    default: Any = None
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    missing: bool = False


class Table:
    """An immutable table with a fixed set of columns.

    Subclasses set `schema` and `key` (the columns that identify a row). Rows come as a data frame, a mapping of
    columns or a sequence of mappings. Columns are read as ``table["price"]`` (read-only arrays).
    """

    schema: ClassVar[tuple[Column, ...]] = ()
    key: ClassVar[tuple[str, ...]] = ()

    __slots__ = ("_columns", "_length")

    def __init__(self, rows: Any = None) -> None:
        given, length = _columns_of(rows, type(self).__name__, [column.name for column in self.schema])
        self._length = length
        columns: dict[str, NDArray[Any]] = {}
        for column in self.schema:
            if column.name in given:
                values = _typed(given[column.name], column, type(self).__name__)
            elif column.default is not None or column.missing or length == 0:
                filler = column.default if column.default is not None else (np.nan if column.kind == "number" else "")
                values = np.full(length, filler, dtype=_KIND_TYPE[column.kind])
            else:
                raise ModelError(
                    explain(
                        "this column is needed",
                        where=f"{type(self).__name__.lower()}, column {column.name}",
                        remedy=f"Columns given: {', '.join(given) or 'none'}",
                    )
                )
            values.flags.writeable = False
            columns[column.name] = values
        self._columns = columns
        self._check_key()
        self.check()

    def check(self) -> None:
        """Check what concerns several columns; subclasses raise `ModelError`."""

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> NDArray[Any]:
        try:
            return self._columns[name]
        except KeyError:
            raise ModelError(
                explain(f"{type(self).__name__.lower()} has no column {name!r}", remedy=nearest(name, self._columns))
            ) from None

    def __eq__(self, other: object) -> bool:
        return (
            type(other) is type(self)
            and len(self) == len(other)  # type: ignore[arg-type]
            and all(_same(self[column.name], other[column.name]) for column in self.schema)  # type: ignore[index]
        )

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._length))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._length} rows: {', '.join(self._columns)})"

    def but(self, **columns: Any) -> Self:
        """Return a copy with some columns replaced (a scalar fills the column)."""
        known = {column.name for column in self.schema}
        for name in columns:
            if name not in known:
                raise ModelError(
                    explain(f"{type(self).__name__.lower()} has no column {name!r}", remedy=nearest(name, known))
                )
        values: dict[str, Any] = dict(self._columns)
        for name, value in columns.items():
            scalar = np.isscalar(value) or isinstance(value, str)
            values[name] = np.full(self._length, value) if scalar else value
        return type(self)(values)

    def where(self, rows: Any) -> Self:
        """Return the rows selected by a boolean mask or by row numbers, in that order."""
        chosen = np.arange(self._length)[np.asarray(rows) if len(rows) else np.zeros(0, dtype=np.int64)]
        if len(np.unique(chosen)) < len(chosen):
            return type(self)({name: values[chosen] for name, values in self._columns.items()})
        # rows of a table that was checked, each once: there is nothing to check again
        part = object.__new__(type(self))
        part._length = len(chosen)
        part._columns = {name: values[chosen] for name, values in self._columns.items()}
        for values in part._columns.values():
            values.flags.writeable = False
        return part

    def plain(self) -> dict[str, list[Any]]:
        """Return the columns as plain lists, ready for YAML."""
        return {
            column.name: [None if _absent(value) else value for value in self[column.name].tolist()]
            for column in self.schema
        }

    def frame(self) -> pd.DataFrame:
        """Return the table as a new data frame."""
        import pandas as pd

        return pd.DataFrame({name: values.copy() for name, values in self._columns.items()})

    def _check_key(self) -> None:
        if not self.key or not self._length:
            return
        seen: dict[tuple[Any, ...], int] = {}
        for row, values in enumerate(zip(*(self[name] for name in self.key), strict=True)):
            if values in seen:
                raise ModelError(
                    explain(
                        f"the same {' and '.join(self.key)} stands in rows {seen[values] + 1} and {row + 1}",
                        where=type(self).__name__.lower(),
                        value=values[0] if len(values) == 1 else values,
                        remedy="Keep one of the two rows",
                    )
                )
            seen[values] = row

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            lambda value: value if isinstance(value, cls) else cls(value),
            serialization=core_schema.plain_serializer_function_ser_schema(lambda table: table.plain()),
        )


def _columns_of(rows: Any, owner: str, known: Sequence[str]) -> tuple[dict[str, Any], int]:
    if rows is None:
        return {}, 0
    if isinstance(rows, Table):
        columns: dict[str, Any] = dict(rows._columns)
    elif hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        columns = {str(name): rows[name].to_numpy() for name in rows.columns}
    elif isinstance(rows, Mapping):
        columns = {str(name): values for name, values in rows.items()}
    elif isinstance(rows, Iterable) and not isinstance(rows, str):
        records = list(rows)
        if not all(isinstance(record, Mapping) for record in records):
            raise ModelError(explain(f"the rows of {owner.lower()} must be mappings of column to value"))
        names = list(dict.fromkeys(name for record in records for name in record))
        columns = {name: [record.get(name) for record in records] for name in names}
    else:
        raise ModelError(
            explain(f"{owner.lower()} must be a data frame, a mapping of columns or a list of rows", value=str(rows))
        )
    for name in columns:
        if name not in known:
            raise ModelError(
                explain("this column is not known", where=f"{owner.lower()}, {name}", remedy=nearest(name, known))
            )
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ModelError(explain("the columns have different lengths", where=owner.lower(), value=str(lengths)))
    return columns, next(iter(lengths.values()), 0)


def _typed(values: Any, column: Column, owner: str) -> NDArray[Any]:
    where = f"{owner.lower()}, column {column.name}"
    items = values.tolist() if isinstance(values, np.ndarray) else list(values)
    if column.kind == "text":
        result = np.array(["" if _absent(item) else str(item) for item in items] or [], dtype=object)
        if not column.missing and column.default is None:
            for row, item in enumerate(result):
                if not item:
                    raise ModelError(explain("the cell is empty", where=f"{where}, row {row + 1}", remedy="Fill it in"))
        if column.choices:
            for row, item in enumerate(result):
                if item not in column.choices:
                    raise ModelError(
                        explain(
                            "not one of the allowed words",
                            where=f"{where}, row {row + 1}",
                            value=item,
                            allowed=", ".join(column.choices),
                        )
                    )
        return result
    filler = column.default if column.default is not None else (np.nan if column.missing else None)
    items = [filler if _absent(item) else item for item in items]
    try:
        result = np.array(items, dtype=_KIND_TYPE[column.kind])
    except (TypeError, ValueError):
        row = next(index for index, item in enumerate(items) if not _is_number(item))
        raise ModelError(
            explain(
                f"the cell is not {_KIND_WORDS[column.kind]}", where=f"{where}, row {row + 1}", value=str(items[row])
            )
        ) from None
    if column.kind == "flag":
        return result
    low, high = column.low, column.high
    bad = np.zeros(len(result), dtype=bool)
    if low is not None:
        bad |= result < low
    if high is not None:
        bad |= result > high
    if not column.missing:
        bad |= ~np.isfinite(result)
    if bad.any():
        row = int(np.argmax(bad))
        if low is not None and high is not None:
            allowed = f"{low:g} to {high:g}"
        else:
            allowed = f"{low:g} or more" if low is not None else "a finite number"
        raise ModelError(
            explain(
                "the value is not possible", where=f"{where}, row {row + 1}", value=result[row].item(), allowed=allowed
            )
        )
    return result


def _absent(item: Any) -> bool:
    return (
        item is None or (isinstance(item, float) and item != item) or item.__class__.__name__ in {"NAType", "NaTType"}
    )


def _is_number(item: Any) -> bool:
    try:
        float(item)
    except (TypeError, ValueError):
        return False
    return True


def _same(left: NDArray[Any], right: NDArray[Any]) -> bool:
    if left.dtype == np.float64:
        return bool(np.array_equal(left, right, equal_nan=True))
    return bool(np.array_equal(left, right))
