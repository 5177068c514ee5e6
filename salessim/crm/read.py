"""`read_crm`: from a folder of export files to canonical tables and an import report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from salessim.crm import checks, joins
from salessim.crm.columns import ColumnContext, Reading, read_column, read_date_columns
from salessim.crm.files import RawFile, find_files, read_file
from salessim.crm.mapping import Wishes, check_used, read_wishes
from salessim.crm.placing import Placed, place_files
from salessim.crm.profiles import header_key, load_data, load_profiles
from salessim.crm.report import ColumnReport, FileReport, ImportReport, ReportBuilder
from salessim.crm.rows import KeptRows, merge_duplicates, records_of
from salessim.crm.schema import ID_OF, SCHEMA, kind_of
from salessim.crm.status import decide_closing, decide_status
from salessim.crm.tables import CrmData, canonical_frame
from salessim.errors import CrmError, explain

__all__ = ["read_crm"]


def read_crm(
    path: str | Path, *, as_of: date | str | None = None, mapping: str | Path | dict[str, Any] | None = None
) -> CrmData:
    r"""Read a CRM export.

    Files are recognised by their headers, in English or Chinese, whatever their names. Text tables are read: CSV or
    tab-separated, in UTF-8, GB18030 (GBK) or UTF-16.

    Parameters
    ----------
    path : str or Path
        A folder with the exported tables, or one file with the deals. Deals are needed; accounts, products, users,
        stage events and activities are taken where they are there.
    as_of : date or str, optional
        Date of the snapshot (``"2024-09-30"``). Without it: the last creation, closing, stage event or activity.
    mapping : dict or path of a YAML file, optional
        What the files do not say themselves; see `salessim.crm.mapping.Wishes` for the keys.

    Returns
    -------
    CrmData
        Tables and report. Nothing is dropped silently: ``print(data.report)`` accounts for every row.

    Raises
    ------
    CrmError
        If there is nothing to read, no table looks like deals, a needed column is missing, a column cannot be read in
        one format, day and month cannot be told apart, currencies are mixed, or a price is negative. The message says
        where and what to do.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "deals.csv").write_text(
    ...     "Deal ID,Stage,Amount,Created,Closed On\n"
    ...     "D1,Won,1200,2024-01-05,2024-02-01\nD2,Proposal,,2024-01-20,\n", encoding="utf-8")
    >>> data = read_crm(folder)
    >>> data
    CrmData(2 deals; as of 2024-02-01)
    >>> data.deals["status"].tolist()
    ['won', 'open']
    """
    wishes = read_wishes(mapping)
    given = _date(as_of)
    log = ReportBuilder()
    raws, others = _read_files(Path(path), wishes, log)
    profile, placed, unused = place_files(raws, load_profiles(), wishes, others, log)
    check_used(wishes, [raw.name for raw in raws], _headers_by_table(placed))
    kept = [records_of(one, log) for one in placed]
    _refuse_empty(placed, kept, log)
    parsed = [_parse(one, records, wishes, log) for one, records in zip(placed, kept, strict=True)]
    frames = _tables(placed, parsed)

    joins.complete_keys(frames, log)
    _merge(frames, placed, kept, log)
    joins.tidy_labels(frames, log)
    joins.join_tables(frames, wishes, log)
    deals = frames["deals"]
    deals["status"] = decide_status(deals, wishes, log)
    closing = decide_closing(deals, frames.get("stage_events"), wishes, log)
    deals["closed_at"], deals["expected_close"] = closing.closed_at, closing.expected_close
    joins.settle_currency(deals, wishes, log)
    joins.blank_placeholder_amounts(deals, log)
    checks.refuse_bad_prices(frames.get("products"))

    first, last = checks.date_range(frames, closing.weak, given)
    snapshot = given or last
    tables = {table: canonical_frame(frames.get(table), table) for table in SCHEMA}
    seen = checks.look(tables, frames, snapshot, log)
    report = ImportReport(
        findings=log.findings(),
        files=(
            *(_file_report(one, records, result) for one, records, result in zip(placed, kept, parsed, strict=True)),
            *(_unused_report(raw) for raw in unused),
        ),
        profile=profile.name,
        as_of=snapshot,
        date_range=(first, last),
        missing=checks.missing_shares(tables),
        zombies=seen.zombies,
        zombie_cut_off_days=seen.zombie_cut_off_days,
        overdue=seen.overdue,
        cannot_tell=checks.cannot_tell(tables),
    )
    return CrmData(**tables, as_of=snapshot, report=report)


def _date(as_of: date | str | None) -> date | None:
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(str(as_of))
    except ValueError:
        raise CrmError(
            explain("this is no date", where="as_of", value=as_of, allowed="year-month-day, e.g. 2024-09-30")
        ) from None


def _read_files(path: Path, wishes: Wishes, log: ReportBuilder) -> tuple[list[RawFile], tuple[tuple[str, str], ...]]:
    found = find_files(path)
    profiles = load_profiles()
    wished = {header_key(header) for columns in wishes.columns.values() for header in columns}
    raws = []
    for item in found.tables:
        raw = read_file(
            item, lambda cell: header_key(cell) in wished or any(profile.knows(cell) for profile in profiles)
        )
        if raw is None:
            log.add("file_empty", file=item.name)
            continue
        raws.append(raw)
        if raw.header_row > 1:
            log.add("title_rows", file=raw.name, count=raw.header_row - 1)
        if str(len(raw.rows)) in load_data("values")["cut_offs"]:
            log.add("cut_off", file=raw.name, count=len(raw.rows))
    for name, kind in found.others:
        code = {"": "file_skipped", "a folder": "folder_skipped"}.get(kind, "file_not_read_here")
        log.add(code, file=name)
    if not raws:
        names = ", ".join(item.name for item in found.tables)
        raise CrmError(
            explain("the export is empty: no file holds any text", where="export", value=names, remedy="Export again")
        )
    return raws, found.others


def _headers_by_table(placed: Sequence[Placed]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for one in placed:
        headers.setdefault(one.table, []).extend(one.raw.header)
    return headers


def _refuse_empty(placed: Sequence[Placed], kept: Sequence[KeptRows], log: ReportBuilder) -> None:
    for one, records in zip(placed, kept, strict=True):
        if not len(records.rows):
            log.add("table_empty", file=one.raw.name, table=one.table)
    deals = [(one, records) for one, records in zip(placed, kept, strict=True) if one.table == "deals"]
    if not any(len(records.rows) for _, records in deals):
        raise CrmError(
            explain(
                "the table of deals has a header and no deals",
                where=", ".join(one.raw.name for one, _ in deals),
                value=f"{sum(len(one.raw.rows) for one, _ in deals)} rows, none of them a deal",
                remedy="Check the filter or list view it was exported from, and export again",
            )
        )


@dataclass(frozen=True)
class _Parsed:
    """Typed columns of a file and how they were read."""

    frame: pd.DataFrame
    reports: dict[int, ColumnReport]


def _parse(placed: Placed, records: KeptRows, wishes: Wishes, log: ReportBuilder) -> _Parsed:
    raw = placed.raw
    contexts = [
        ColumnContext(
            file=raw.name,
            table=placed.table,
            header=match.header,
            canonical=match.canonical,
            kind=kind_of(placed.table, match.canonical),
            unit=match.unit,
            separator=raw.separator,
            rows=records.rows,
            wishes=wishes,
        )
        for match in placed.columns
    ]
    cells = [records.cells[match.position] for match in placed.columns]
    dated = [at for at, context in enumerate(contexts) if context.kind == "date"]
    readings: dict[int, Reading] = dict(
        zip(dated, read_date_columns([(cells[at], contexts[at]) for at in dated]), strict=True)
    )
    for at, context in enumerate(contexts):
        if at not in readings:
            readings[at] = read_column(cells[at], context)
    columns: dict[str, pd.Series] = {}
    reports: dict[int, ColumnReport] = {}
    for at, context in enumerate(contexts):
        reading = readings[at]
        columns[context.canonical] = reading.values
        if context.canonical == "amount" and reading.currencies is not None:
            columns["_amount_currency"] = reading.currencies
        _tell(reading, context, log)
        share = float(reading.values.isna().mean()) if len(reading.values) else 0.0
        reports[placed.columns[at].position] = ColumnReport(
            context.header, context.canonical, reading.format, int(reading.odd.sum()), share
        )
    frame = pd.DataFrame(columns)
    frame["_file"], frame["_row"] = pd.Series(raw.name, index=frame.index, dtype="str"), records.rows
    return _Parsed(frame, reports)


def _tell(reading: Reading, context: ColumnContext, log: ReportBuilder) -> None:
    if reading.odd.any():
        log.add(
            "odd_cells",
            file=context.file,
            column=context.header,
            rows=context.rows[reading.odd],
            count=int(reading.odd.sum()),
            words=", ".join(reading.examples),
            format=reading.format,
        )
    for code, count in reading.notes.items():
        log.add(code, file=context.file, column=context.header, count=count)


def _tables(placed: Sequence[Placed], parsed: Sequence[_Parsed]) -> dict[str, pd.DataFrame]:
    frames: dict[str, list[pd.DataFrame]] = {}
    for one, result in zip(placed, parsed, strict=True):
        if len(result.frame):
            frames.setdefault(one.table, []).append(result.frame)
    return {
        table: pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0] for table, parts in frames.items()
    }


def _merge(
    frames: dict[str, pd.DataFrame], placed: Sequence[Placed], kept: Sequence[KeptRows], log: ReportBuilder
) -> None:
    """Merge records that come twice, and count the dropped copies against their files."""
    dropped = {one.raw.name: records.dropped for one, records in zip(placed, kept, strict=True)}
    for table, frame in list(frames.items()):
        key = ["deal_id", "stage", "entered_at"] if table == "stage_events" else [ID_OF[table]]
        if not set(key) <= set(frame.columns):
            continue
        frames[table], gone = merge_duplicates(frame, key, "modified_at", log, table)
        for name, count in gone.items():
            dropped[name]["duplicate"] += count


def _file_report(placed: Placed, records: KeptRows, parsed: _Parsed) -> FileReport:
    raw = placed.raw
    columns = []
    for position, header in enumerate(raw.header):
        if position in parsed.reports:
            columns.append(parsed.reports[position])
        elif header or (raw.cells[position] != "").any():
            columns.append(
                ColumnReport(header or f"column {position + 1}", "", "", 0, float((raw.cells[position] == "").mean()))
            )
    return FileReport(
        name=raw.name,
        table=placed.table,
        encoding=raw.encoding,
        separator=raw.separator,
        header_row=raw.header_row,
        rows_read=len(raw.rows),
        rows_kept=len(raw.rows) - sum(records.dropped.values()),
        dropped=dict(records.dropped),
        columns=tuple(columns),
    )


def _unused_report(raw: RawFile) -> FileReport:
    columns = tuple(
        ColumnReport(header, "", "", 0, float((raw.cells[at] == "").mean())) for at, header in enumerate(raw.header)
    )
    count = len(raw.rows)
    return FileReport(raw.name, "", raw.encoding, raw.separator, raw.header_row, count, 0, {"not_used": count}, columns)
