"""`CrmData`: the canonical tables of an export, and the report on how they were made."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from salessim.crm.report import ImportReport
from salessim.crm.schema import EXTRA, SCHEMA, Column

__all__ = ["CrmData", "canonical_frame", "empty_column"]

_DTYPES: dict[str, Any] = {
    "money": "float64",
    "minutes": "float64",
    "percent": "float64",
    "latitude": "float64",
    "longitude": "float64",
    "number": "float64",
}
_DTYPES |= {"date": "datetime64[us]", "boolean": "boolean"}


@dataclass(frozen=True, eq=False, repr=False)
class CrmData:
    """What a CRM export says, in canonical tables.

    Every table has all its columns, in a fixed order; what the export does not hold is missing (NaN, NaT, <NA>). A
    table without rows means that the export has no such table. Texts are ``str``, amounts and other numbers
    ``float64``, dates ``datetime64[us]`` in the local time of the export, ``is_customer`` is ``boolean``.

    Attributes
    ----------
    deals : pandas.DataFrame
        deal_id, name, account_id, owner_id, product, stage, status (open, won, lost, no_decision, disqualified),
        amount, currency, created_at, expected_close, closed_at, source, lost_reason; behind them, where the export has
        them, pipeline, probability (0 to 1), stage_changed_at and type. One row per deal. A deal without a date of
        creation stays in the table.
    stage_events : pandas.DataFrame
        deal_id, stage, entered_at, owner_id, stage_from, entered_after, origin: a row each time a deal enters a stage
        in which it is open. `origin` says where that is known from: ``history`` (a log of the CRM), ``columns``
        (the last time each stage was entered) or ``snapshot`` (two exports compared: the stage was entered after
        `entered_after` and not later than `entered_at`).
    changes : pandas.DataFrame
        deal_id, field (amount, expected_close, owner_id), changed_at, old, new (as text), user_id: other changes that
        the export has a log of.
    accounts : pandas.DataFrame
        account_id, name, segment, region, place, country, lat, lon (degrees), potential (currency per year),
        is_customer, owner_id.
    products : pandas.DataFrame
        product, line, list_price, unit_cost.
    users : pandas.DataFrame
        user_id, name, team, manager, region, place, country, lat, lon, hired_at, left_at; behind them email where
        known.
    activities : pandas.DataFrame
        activity_id, type, owner_id, account_id, deal_id, at, duration_min (minutes).
    leads : pandas.DataFrame
        lead_id, name, source, status, owner_id, created_at, converted_at, is_converted, deal_id, account_id,
        lost_reason.
    contacts : pandas.DataFrame
        contact_id, name, account_id, email, phone, owner_id.
    quotas : pandas.DataFrame
        user_id, period, target, attained (currency).
    stages : pandas.DataFrame
        pipeline, stage, order, ending (open or how a deal there has ended), probability (0 to 1), code.
    as_of : datetime.date
        The date of the snapshot.
    report : ImportReport
        What was read, kept, dropped, repaired and what cannot be told.
    """

    deals: pd.DataFrame
    stage_events: pd.DataFrame
    changes: pd.DataFrame
    accounts: pd.DataFrame
    products: pd.DataFrame
    users: pd.DataFrame
    activities: pd.DataFrame
    leads: pd.DataFrame
    contacts: pd.DataFrame
    quotas: pd.DataFrame
    stages: pd.DataFrame
    as_of: date
    report: ImportReport

    def tables(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Name and frame of each table, also of the empty ones."""
        for name in SCHEMA:
            yield name, getattr(self, name)

    def fingerprint(self) -> str:
        """Hash of the content: tables and `as_of`, whatever the order of the rows or the names of the files.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        digest = hashlib.sha256(self.as_of.isoformat().encode())
        for name, frame in self.tables():
            digest.update(f"|{name}:{','.join(frame.columns)}:{len(frame)}|".encode())
            if len(frame):
                digest.update(np.sort(pd.util.hash_pandas_object(frame, index=False).to_numpy()).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        sizes = ", ".join(f"{len(frame):,} {name.replace('_', ' ')}" for name, frame in self.tables() if len(frame))
        return f"CrmData({sizes}; as of {self.as_of.isoformat()})"


def empty_column(column: Column, length: int) -> pd.Series:
    """A column of `length` missing values in the type of its kind."""
    return pd.Series([None] * length, dtype=_DTYPES.get(column.kind, "str"))


@cache
def _empty(table: str) -> pd.DataFrame:
    return pd.DataFrame({column.name: empty_column(column, 0) for column in SCHEMA[table]})


def canonical_frame(frame: pd.DataFrame | None, table: str) -> pd.DataFrame:
    """The canonical columns of a table, in order, with the types of their kinds; absent ones are all missing.

    Parameters
    ----------
    frame : pandas.DataFrame or None
        ``None`` for a table that the export does not have.
    table : str
    """
    if frame is None:
        return _empty(table).copy()
    length = len(frame)
    columns = {}
    for column in SCHEMA[table]:
        if column.name not in frame:
            columns[column.name] = empty_column(column, length)
        else:
            columns[column.name] = frame[column.name].astype(_DTYPES.get(column.kind, "str")).reset_index(drop=True)
    for name in EXTRA.get(table, ()):
        if name in frame:
            columns[name] = frame[name].reset_index(drop=True)
    return pd.DataFrame(columns)
