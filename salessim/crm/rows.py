"""Rows that are no records, and records that come twice: each dropped row is counted with its reason."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.compute as pc  # type: ignore[import-untyped]

from salessim.crm.placing import Placed
from salessim.crm.plain import arrow
from salessim.crm.profiles import load_data
from salessim.crm.report import ReportBuilder
from salessim.crm.schema import kind_of

__all__ = ["DROP_REASONS", "KeptRows", "merge_duplicates", "records_of"]

# In the order in which a row is tested; a row has one reason.
DROP_REASONS = (
    "empty", "too_long", "footer", "total", "no_id_and_name", "deleted", "not_in_force", "duplicate", "older_snapshot",
    "test",
)  # fmt: skip
_NAMED_BY = {
    "deals": ("deal_id", "name", "lead_id"),
    "stage_events": ("deal_id",),
    "accounts": ("account_id", "name"),
    "products": ("product",),
    "users": ("user_id", "name"),
    "activities": (),
    "changes": ("deal_id",),
    "leads": ("lead_id", "name"),
    "contacts": ("contact_id", "name"),
    "quotas": (),
    "stages": ("stage",),
}
_NUMERIC = ("money", "minutes", "percent", "latitude", "longitude", "number")
_NUMBER = re.compile(r"[\d\s.,%()+-]+")
FOOTER_WIDTH = 4  # a lone cell in the last rows is a footer only where a record has at least this many cells


@dataclass(frozen=True)
class KeptRows:
    """The records of a file.

    Attributes
    ----------
    cells : pandas.DataFrame
        As in `RawFile`, records only.
    rows : numpy.ndarray
        Their spreadsheet rows.
    dropped : dict
        Reason -> number of rows.
    """

    cells: pd.DataFrame
    rows: np.ndarray
    dropped: dict[str, int]


def records_of(placed: Placed, log: ReportBuilder) -> KeptRows:
    """Tell the records of a file from its empty rows, footers, totals and unreadable rows."""
    raw = placed.raw
    width = len(raw.header)
    filled = (
        np.column_stack([_filled(raw.cells[position]) for position in range(width)])
        if width
        else np.zeros((len(raw.rows), 0), bool)
    )
    per_row = filled.sum(axis=1)
    totals = _totals(placed, filled)
    reasons = {
        "empty": (per_row == 0) & ~raw.too_long,
        "too_long": raw.too_long,
        "footer": _footers(np.where(totals, 0, per_row), len(raw.header)) & ~totals,
        "total": totals,
        "no_id_and_name": _nameless(placed, filled),
    }
    for reason, rule in placed.spec.drop.items():
        reasons[reason] = _ruled_out(placed, rule)
    kept = np.ones(len(raw.rows), dtype=bool)
    dropped = dict.fromkeys(DROP_REASONS, 0)
    for reason, mask in reasons.items():
        hit = mask & kept
        dropped[reason] = int(hit.sum())
        kept &= ~mask
        if dropped[reason]:
            log.add(f"rows_{reason}", file=raw.name, rows=raw.rows[hit], count=dropped[reason])
    cells = raw.cells if kept.all() else raw.cells.loc[kept].reset_index(drop=True)
    return KeptRows(cells, raw.rows[kept], dropped)


def _ruled_out(placed: Placed, rule: Mapping[str, tuple[str, ...]]) -> np.ndarray:
    """Rows that the CRM itself calls deleted, or not in force."""
    hit = np.zeros(len(placed.raw.rows), dtype=bool)
    for canonical, words in rule.items():
        position = placed.position(canonical)
        if position is not None:
            hit |= _says(placed.raw.cells[position], frozenset(word.casefold() for word in words))
    return hit


def _says(column: pd.Series, words: Collection[str], marks: str = "") -> np.ndarray:
    """Cells that hold one of some words, in any case, with blanks and `marks` around it."""
    trimmed = pc.utf8_trim_whitespace(arrow(column))
    trimmed = pc.utf8_trim(trimmed, characters=marks) if marks else trimmed
    found: np.ndarray = pc.is_in(
        pc.utf8_lower(trimmed), value_set=pa.array(list(words), type=pa.large_string())
    ).to_numpy(zero_copy_only=False)
    return found


def _filled(column: pd.Series) -> np.ndarray:
    return (column.str.len() > 0).to_numpy(dtype=bool) & ~column.str.isspace().to_numpy(dtype=bool)


def _footers(per_row: np.ndarray, width: int) -> np.ndarray:
    """Rows behind the last one with at least two filled cells that are no totals."""
    full = np.flatnonzero(per_row >= 2)
    last = full[-1] if full.size else -1
    return (np.arange(len(per_row)) > last) & (width >= FOOTER_WIDTH)


def _totals(placed: Placed, filled: np.ndarray) -> np.ndarray:
    """Rows that say "total" first and hold only numbers otherwise: "Total" is also an oil company."""
    cells, words = placed.raw.cells, load_data("values")["totals"]
    wordy = np.ones(filled.shape[1], dtype=bool)
    for match in placed.columns:
        wordy[match.position] = kind_of(placed.table, match.canonical) not in _NUMERIC
    totals = np.zeros(len(filled), dtype=bool)
    first = filled.argmax(axis=1) if filled.size else np.zeros(len(filled), dtype=np.int64)
    for position in np.unique(first).tolist() if filled.size else ():
        says = _says(cells[position], words, " :：\u3000") & (first == position) & filled[:, position]
        for at in np.flatnonzero(says):
            others = filled[at] & wordy
            others[position] = False
            totals[at] = all(_NUMBER.fullmatch(str(cells[other].iloc[at])) for other in np.flatnonzero(others))
    return totals


def _nameless(placed: Placed, filled: np.ndarray) -> np.ndarray:
    positions = [placed.position(name) for name in _NAMED_BY[placed.table]]
    known = [position for position in positions if position is not None]
    if not known:
        return np.zeros(len(filled), dtype=bool)
    named = np.zeros(len(filled), dtype=bool)
    nulls = frozenset(word.casefold() for word in load_data("values")["nulls"]["any"])
    for position in known:
        named |= filled[:, position] & ~_says(placed.raw.cells[position], nulls)
    return ~named


def merge_duplicates(
    frame: pd.DataFrame, key: list[str], newest: str, log: ReportBuilder, table: str
) -> tuple[pd.DataFrame, dict[str, int]]:
    """Make one record of those with the same key.

    Cells that differ are taken from the record changed last (`newest`, where the table has it), else from the last one
    in the files; empty cells are filled from the other copies.

    Parameters
    ----------
    frame : pandas.DataFrame
        With the columns ``_file`` and ``_row`` (spreadsheet row).
    key : list of str
        Columns that name a record; records without one are left alone.
    newest : str
        Column with the time of the last change; may be absent from `frame`.
    table : str
        For the report.

    Returns
    -------
    (DataFrame, dict)
        The records, and file -> rows dropped.
    """
    twice = frame[key].notna().all(axis=1) & frame.duplicated(key, keep=False)
    if not twice.any():
        return frame, {}
    copies = frame.loc[twice]
    if newest in copies.columns:
        copies = copies.sort_values(newest, kind="stable", na_position="first")
    content = [name for name in copies.columns if name not in ("_file", "_row", *key)]
    groups = copies.groupby(key, sort=False)
    differing = int(groups[content].nunique().gt(1).any(axis=1).sum()) if content else 0
    last = ~copies.duplicated(key, keep="last")
    merged = copies.assign(**{name: groups[name].ffill() for name in content}).loc[last]
    gone = copies.loc[~last, ["_file", "_row"]]
    log.add(
        "duplicates_differ" if differing else "duplicates",
        column=", ".join(key),
        records=gone.sort_values(["_file", "_row"]),
        differing=differing,
        table=table,
    )
    rest = pd.concat([frame.loc[~twice], merged]).sort_index(kind="stable")
    return rest.reset_index(drop=True), {str(name): int(count) for name, count in gone["_file"].value_counts().items()}
