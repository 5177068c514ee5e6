"""Cells in the files that hold them: CSV, workbooks, JSON. No text becomes a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any

__all__ = ["csv_bytes", "guarded", "json_bytes", "workbook_bytes"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what begins like one and is no number.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded("-5.0"), guarded("plain")
    ("'=HYPERLINK(1)", '-5.0', 'plain')
    """
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text.replace(",", ""))
    except ValueError:
        return "'" + text
    return text


def csv_bytes(
    cells: Mapping[str, list[str]], encoding: str, *, separator: str, newline: str, quote_all: bool, footer: str = ""
) -> bytes:
    r"""Return a CSV file.

    Parameters
    ----------
    cells : mapping of header to texts
    encoding : str
    separator : {",", ";", "\t"}
    newline : {"\n", "\r\n"}
    quote_all : bool
        Whether every cell stands between quotation marks.
    footer : str
        What stands behind the last record, as reports of Salesforce have it.

    Raises
    ------
    UnicodeEncodeError
        If a text cannot be written in the encoding.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(
        buffer,
        delimiter=separator,
        lineterminator=newline,
        quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL,
    )
    writer.writerow(cells)
    writer.writerows(zip(*([guarded(text) for text in column] for column in cells.values()), strict=True))
    buffer.write(footer)
    return buffer.getvalue().encode(encoding)


def json_bytes(content: Any) -> bytes:
    """Return a JSON file; a name that holds half a character is written as it is."""
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")


def workbook_bytes(cells: Mapping[str, list[str]]) -> bytes:
    """Return a workbook in which every cell is text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")

    def text_cell(text: str) -> Any:
        cell = WriteOnlyCell(sheet, value="")
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:32_767]
        cell.data_type = "s"
        return cell

    sheet.append([text_cell(header) for header in cells])
    for row in zip(*cells.values(), strict=True):
        sheet.append([text_cell(text) if text else None for text in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
