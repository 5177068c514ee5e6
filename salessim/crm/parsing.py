"""The cells of each file as typed columns, and how each file and column was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from salessim.crm.columns import ColumnContext, OrderUnknownError, Reading, read_column, read_date_columns
from salessim.crm.files import RawFile
from salessim.crm.mapping import Wishes
from salessim.crm.placing import Placed
from salessim.crm.report import ColumnReport, FileReport, ReportBuilder
from salessim.crm.rows import KeptRows
from salessim.crm.schema import kind_of

__all__ = ["Parsed", "file_report", "parse_all", "unused_report"]


@dataclass(frozen=True)
class Parsed:
    """Typed columns of a file and how they were read."""

    frame: pd.DataFrame
    reports: dict[int, ColumnReport]


def parse_all(placed: Sequence[Placed], kept: Sequence[KeptRows], wishes: Wishes, log: ReportBuilder) -> list[Parsed]:
    """Parse every file; one that cannot tell day from month by itself takes the order that the others prove."""
    parsed: dict[int, Parsed] = {}
    unclear: dict[int, OrderUnknownError] = {}
    for at, (one, records) in enumerate(zip(placed, kept, strict=True)):
        try:
            parsed[at] = _parse(one, records, wishes, log)
        except OrderUnknownError as trouble:
            unclear[at] = trouble
    formats = {column.format for result in parsed.values() for column in result.reports.values()}
    proven = formats & {"d/m/y", "m/d/y"}
    for at, problem in unclear.items():
        if len(proven) != 1:
            raise problem
        told = replace(wishes, day_first=proven == {"d/m/y"})
        parsed[at] = _parse(placed[at], kept[at], told, log)
        log.add("order_from_others", file=placed[at].raw.name, format=min(proven))
    return [parsed[at] for at in range(len(placed))]


def _parse(placed: Placed, records: KeptRows, wishes: Wishes, log: ReportBuilder) -> Parsed:
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
    return Parsed(frame, reports)


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


def file_report(placed: Placed, dropped: Mapping[str, int], parsed: Parsed) -> FileReport:
    """Account for a file that was read: every row kept or dropped, every column used or not."""
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
        rows_kept=len(raw.rows) - sum(dropped.values()),
        dropped=dict(dropped),
        columns=tuple(columns),
    )


def unused_report(raw: RawFile) -> FileReport:
    """Account for a file that is no table we know."""
    columns = tuple(
        ColumnReport(header, "", "", 0, float((raw.cells[at] == "").mean())) for at, header in enumerate(raw.header)
    )
    count = len(raw.rows)
    return FileReport(raw.name, "", raw.encoding, raw.separator, raw.header_row, count, 0, {"not_used": count}, columns)
