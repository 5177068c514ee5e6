"""Excel workbooks: every cell as the text a CSV of the same table would hold.

Row numbers are those Excel shows. Cells that a report merges over several rows are filled in for each of them.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from salessim.crm.archives import leave_out, open_archive, pieces
from salessim.crm.files import RawFile, header_at
from salessim.crm.limits import MAX_CELL, MAX_CELLS, refuse_declarations, refused, shown
from salessim.errors import CrmError, explain

__all__ = ["read_workbook"]

_REFERENCE = re.compile(rb'<c\s[^>]*?r="([A-Z]{1,3})(\d{1,7})"|<dimension\s+ref="[A-Z]+\d+:([A-Z]{1,3})(\d{1,7})"')
_OVERLAP = 256
_EPOCH = dt.datetime(1899, 12, 30)


def read_workbook(raw: bytes, name: str, knows: Callable[[str], bool]) -> list[RawFile]:
    """Read all sheets of a workbook (.xlsx, .xlsm, .xls) that hold text.

    Parameters
    ----------
    raw : bytes
    name : str
    knows : callable
        Says whether a cell is a known header.

    Returns
    -------
    list of RawFile
        Named after the file, and after the sheet too where there are several.

    Raises
    ------
    CrmError
        If the workbook is damaged, locked, or made to harm.
    """
    from python_calamine import CalamineWorkbook

    if raw.startswith(b"PK"):
        _look_into(raw, name)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
        visible = [sheet.name for sheet in book.sheets_metadata if "WorkSheet" in str(sheet.typ)]
        sheets = [(title, *_grid(book, title)) for title in visible]
    except (KeyboardInterrupt, SystemExit, GeneratorExit, CrmError):
        raise
    except BaseException as trouble:  # the reader's own faults come as a kind of exception that is no Exception
        reason = " ".join(str(trouble).split())[:200]
        raise CrmError(
            explain(
                f"the workbook cannot be read ({reason})",
                where=name,
                remedy="It may be damaged, cut off or locked. Open it in Excel and save it again as .xlsx; "
                + leave_out(name),
            )
        ) from None
    filled = [(title, rows, merged) for title, rows, merged in sheets if rows]
    files = []
    for title, rows, merged in filled:
        label = name if len(filled) == 1 else f"{name} [{shown(title)}]"
        table = _table(rows, merged, label, knows)
        if table is not None:
            files.append(table)
    return files


def _look_into(raw: bytes, name: str) -> None:
    """Refuse what would exhaust the machine before any of it is read."""
    archive = open_archive(raw, name)
    for member in archive.infolist():
        if not member.filename.endswith((".xml", ".rels", ".vml")):
            continue
        sheet = member.filename.startswith("xl/worksheets/")
        columns = last_row = 0
        tail = b""
        for piece in pieces(archive, member, name):
            text = tail + piece
            refuse_declarations(text, f"{name}, {shown(member.filename)}")
            if sheet:
                for found in _REFERENCE.finditer(text):
                    columns = max(columns, _column(found[1] or found[3]))
                    last_row = max(last_row, int(found[2] or found[4]))
                if columns * last_row > MAX_CELLS:
                    break
            tail = text[-_OVERLAP:]
        if columns * last_row > MAX_CELLS:
            raise refused(
                "a sheet claims far too many cells",
                f"{name}, {shown(member.filename)}",
                f"{last_row:,} rows × {columns:,} columns",
                f"{MAX_CELLS:,} cells or fewer",
            )


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _grid(book: Any, title: str) -> tuple[list[list[Any]], list[tuple[tuple[int, int], tuple[int, int]]]]:
    sheet = book.get_sheet_by_name(title)
    if sheet.start is None or sheet.end is None:
        return [], []
    try:
        merged = list(sheet.merged_cell_ranges or [])
    except Exception:
        merged = []  # only newer workbooks say
    return sheet.to_python(skip_empty_area=False), merged


def _table(
    rows: list[list[Any]],
    merged: list[tuple[tuple[int, int], tuple[int, int]]],
    name: str,
    knows: Callable[[str], bool],
) -> RawFile | None:
    for (top, left), (bottom, _) in merged:
        for at in range(top + 1, min(bottom + 1, len(rows))):  # a group's name stands in its first row only
            if 0 <= left < len(rows[at]) and rows[at][left] in ("", None):
                rows[at][left] = rows[top][left]
    head = [[_text(cell) for cell in row] for row in rows[:200]]
    if not any(cell.strip() for row in head for cell in row) and not any(
        _text(cell).strip() for row in rows[200:] for cell in row
    ):
        return None
    at = header_at(head, knows)
    header = head[at]
    width = max((place + 1 for place, cell in enumerate(header) if cell.strip()), default=1)
    body = rows[at + 1 :]
    columns: dict[int, pd.Series] = {}
    for place in range(max(len(header), 1)):
        texts = [_text(row[place]) for row in body]
        if place >= width and not any(texts):
            continue
        if any(len(text) > MAX_CELL for text in texts):
            raise refused("a cell is far too long", name, max(map(len, texts)), f"{MAX_CELL:,} characters")
        columns[len(columns)] = pd.Series(texts, dtype="str")
    names = tuple(cell.strip() for cell in header[: len(columns)])
    names += ("",) * (len(columns) - len(names))
    numbers = np.arange(len(body), dtype=np.int64) + at + 2
    frame = pd.DataFrame(columns)
    return RawFile(name, "Excel", "", names, at + 1, frame, numbers, np.zeros(len(body), dtype=bool))


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != dt.time() else cell.date().isoformat()
    if isinstance(cell, dt.timedelta):
        return str(_EPOCH + cell)
    return str(cell)
