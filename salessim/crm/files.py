"""Text tables of an export, every cell as text.

Nothing is interpreted here: an identifier of 18 digits stays 18 digits. The encoding is found by trying (byte-order
mark, UTF-8, GB18030), the separator by the header line, the header row among the first 20 rows by how many known
headers it has. Row numbers are those a spreadsheet shows: the first row of the file is row 1, blank rows count.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pa_csv  # type: ignore[import-untyped]

from salessim.crm.limits import MAX_CELL, MAX_COLUMNS, refuse_long_lines, refused
from salessim.errors import CrmError, explain

__all__ = ["ALLOWED", "DAMAGED_MARK", "SAVE_AS", "RawFile", "decode", "header_at", "read_file", "read_text"]

ALLOWED = "CSV, tab-separated text, .xlsx, .xls, .json, .zip, .gz"
LARGE = 4 << 20  # characters from which a table is read in pieces
DAMAGED = 0.01  # share of the characters beyond ASCII that may be damaged
DAMAGED_MARK = " (damaged)"
SEPARATORS = (",", ";", "\t")
HEADER_SEARCH = 20  # rows among which the header is looked for
SNIFFED = 50  # rows whose cell counts must agree with the header's
TRAILING = 0.98  # share of rows longer than the header from which the separator behind the last cell means nothing
RAGGED = 0.02  # share of rows with too many cells above which separator or quoting must be wrong
SAVE_AS = 'Open it in the program it comes from and save each table as "CSV UTF-8 (comma separated)"'


@dataclass(frozen=True)
class RawFile:
    """A table, cell by cell as text.

    Attributes
    ----------
    name : str
        File name; with the archive before and the sheet behind it.
    encoding, separator : str
        As found; for workbooks and JSON what it is, and no separator.
    header : tuple of str
        Header cells, blanks at the ends removed.
    header_row : int
        Spreadsheet row of the header.
    cells : pandas.DataFrame
        Column i holds the cells under header i, as text; an empty cell is an empty string.
    rows : numpy.ndarray
        Spreadsheet row of each row of `cells`.
    too_long : numpy.ndarray of bool
        Rows with more cells than the header has; which cell belongs to which header is unknown there.
    """

    name: str
    encoding: str
    separator: str
    header: tuple[str, ...]
    header_row: int
    cells: pd.DataFrame
    rows: np.ndarray
    too_long: np.ndarray


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """Turn the bytes of a file into text and say in which encoding they were.

    Tried are, in this order: a byte-order mark, UTF-8, GB18030 where the text looks Chinese, both again allowing for a
    few damaged bytes (the encoding is then called "damaged"), and at last the Western one of old Windows.

    Raises
    ------
    CrmError
        If the file is no text, or text in none of the encodings tried.

    Examples
    --------
    >>> decode("商机,金额".encode("gbk"), "x.csv")
    ('商机,金额', 'gb18030')
    >>> decode("José,Málaga".encode("cp1252"), "x.csv")
    ('José,Málaga', 'cp1252')
    """
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        ladder = ["utf-16"]
    elif raw.startswith(codecs.BOM_UTF8):
        ladder = ["utf-8-sig"]
    elif b"\0" in raw[:65536]:
        raise CrmError(
            explain("this is no text file (it holds zero bytes)", where=name, allowed=ALLOWED, remedy=SAVE_AS)
        )
    else:
        ladder = ["utf-8", "gb18030"]
    for encoding in ladder:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _looks_chinese(raw, text):
            return text, encoding
    for encoding in ladder:
        text = raw.decode(encoding, "replace")
        wide = len(text) - len(text.encode("ascii", "ignore"))
        damaged = text.count("\ufffd")
        if damaged <= max(2, DAMAGED * wide) < wide and (encoding != "gb18030" or _looks_chinese(raw, text)):
            return text, f"{encoding}{DAMAGED_MARK}"
    if ladder[0] == "utf-8":
        try:
            return raw.decode("cp1252"), "cp1252"
        except UnicodeDecodeError:
            pass
    raise CrmError(
        explain(
            "the encoding of this file is unknown",
            where=name,
            allowed="UTF-8, GB18030 (GBK, GB2312), UTF-16, cp1252",
            remedy=SAVE_AS,
        )
    )


def _looks_chinese(raw: bytes, text: str) -> bool:
    # Western text with accents often passes as GB18030: "é" and the plain letter behind it become one character. In
    # real Chinese text both bytes of nearly every character lie above 127, there only the first one does.
    high = len(raw.translate(None, bytes(range(128))))
    wide = len(text) - len(text.encode("ascii", "ignore"))
    return wide == 0 or high >= 1.6 * wide


def read_file(path: Path, knows: Callable[[str], bool]) -> RawFile | None:
    """Read one text table from disk; see `read_text`."""
    try:
        raw = path.read_bytes()
    except OSError as trouble:
        raise CrmError(explain(f"the file cannot be opened ({trouble.strerror})", where=path.name)) from trouble
    return read_text(raw, path.name, knows)


def read_text(raw: bytes, name: str, knows: Callable[[str], bool]) -> RawFile | None:
    """Read one text table.

    Parameters
    ----------
    raw : bytes
    name : str
        For messages and the report.
    knows : callable
        Says whether a cell is a known header; decides separator and header row.

    Returns
    -------
    RawFile or None
        ``None`` for a file without any text.

    Raises
    ------
    CrmError
        If the file is no text, has a quotation mark that is never closed, more than 2 % of its rows have more cells
        than the header, or a line or cell is far too long.
    """
    refuse_long_lines(raw, name)
    text, encoding = decode(raw, name)
    del raw
    if not text.strip("\ufeff \t\r\n,;"):
        return None
    separator, header_row = _sniff(text, knows)
    start, header = _header(text, separator, header_row)
    names = tuple(cell.strip().lstrip("\ufeff").strip() for cell in header)
    if len(names) > MAX_COLUMNS:
        raise refused("the table has far too many columns", name, len(names), f"{MAX_COLUMNS:,} or fewer")
    cells, too_long = _cells(text[start:], separator, len(names), name, header_row + 1)
    rows = np.arange(len(cells), dtype=np.int64) + header_row + 2
    if too_long.sum() > RAGGED * max(len(cells), 1):
        first = ", ".join(str(row) for row in rows[too_long][:3])
        raise CrmError(
            explain(
                f"{int(too_long.sum()):,} of {len(cells):,} rows have more cells than the header has ({len(names)})",
                where=f"{name}, rows {first}",
                remedy="A text that contains the separator must stand in quotation marks. Export the table again, or "
                "save it with another separator",
            )
        )
    for place in range(len(names) if len(text) > MAX_CELL else 0):
        longest = int(cells[place].str.len().max() or 0)
        if longest > MAX_CELL:
            raise refused("a cell is far too long", f"{name}, column {place + 1}", longest, f"{MAX_CELL:,} characters")
    return RawFile(name, encoding, separator, names, header_row + 1, cells, rows, too_long)


def header_at(records: Sequence[Sequence[str]], knows: Callable[[str], bool]) -> int:
    """0-based number of the record that is the header: the one of the first 20 with the most known headers."""
    known = [sum(bool(cell.strip()) and knows(cell) for cell in record) for record in records[:HEADER_SEARCH]]
    if known and max(known) > 0:
        return known.index(max(known))
    filled = [any(cell.strip() for cell in record) for record in records[:HEADER_SEARCH]]
    return filled.index(True) if any(filled) else 0


def _records(text: str, separator: str, count: int) -> list[list[str]]:
    try:
        return list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=separator), count))
    except csv.Error:
        return []


def _sniff(text: str, knows: Callable[[str], bool]) -> tuple[str, int]:
    """Separator and 0-based record number of the header."""
    best, choice = (-1, -1.0, -1), (",", 0)
    head = text[:2_000_000]
    for separator in SEPARATORS:
        records = _records(head, separator, HEADER_SEARCH + SNIFFED)
        if not records:
            continue
        at = header_at(records, knows)
        known = sum(bool(cell.strip()) and knows(cell) for cell in records[at])
        width = len(records[at])
        below = [record for record in records[at + 1 : at + 1 + SNIFFED] if record]
        agree = sum(len(record) == width for record in below) / len(below) if below else 1.0
        score = (known, agree if width > 1 else 0.0, width)
        if score > best:
            best, choice = score, (separator, at)
    return choice


def _header(text: str, separator: str, at: int) -> tuple[int, list[str]]:
    """Offset behind the header record, and the header cells."""
    source = io.StringIO(text[:2_000_000], newline="")
    reader = csv.reader(source, delimiter=separator)
    header: list[str] = []
    for _ in range(at + 1):
        header = next(reader)
    lines = islice(io.StringIO(text[:2_000_000], newline=""), reader.line_num)
    return sum(map(len, lines)), header


def _cells(text: str, separator: str, width: int, name: str, header_row: int) -> tuple[pd.DataFrame, np.ndarray]:
    if not text.strip("\r\n"):
        return pd.DataFrame({i: pd.Series([], dtype="str") for i in range(width)}), np.zeros(0, dtype=bool)
    if len(text) > LARGE and text.count('"') % 2 == 0:
        frame = _cells_of_large(text, separator, width)
        if frame is not None:
            return frame, np.zeros(len(frame), dtype=bool)
    blank = separator * (width - 1) + "\n"  # the fast reader takes the first row as the measure of all
    try:
        frame = pd.read_csv(
            io.BytesIO((blank + text).encode("utf-8", "surrogatepass")),
            sep=separator,
            header=None,
            names=list(range(width)),
            dtype="str",
            na_filter=False,
            skip_blank_lines=False,
            index_col=False,
            engine="c",
        )
    except pd.errors.ParserError as trouble:
        if "EOF inside string" in str(trouble):
            raise CrmError(
                explain(
                    "a quotation mark is opened and never closed, so the rest of the file would be one cell",
                    where=f"{name}, row {header_row + _row_of(str(trouble))}",
                    remedy="Close or remove it, or export the table again",
                )
            ) from None
        return _cells_slowly(text, separator, width, name)
    return frame.iloc[1:].reset_index(drop=True), np.zeros(len(frame) - 1, dtype=bool)


def _cells_of_large(text: str, separator: str, width: int) -> pd.DataFrame | None:
    """Cells by the reader that is quick with large tables; ``None`` where a row has not as many as the header."""
    names = [str(place) for place in range(width)]
    try:
        table = pa_csv.read_csv(
            io.BytesIO(text.encode("utf-8", "surrogatepass")),
            read_options=pa_csv.ReadOptions(column_names=names, block_size=16 << 20),
            parse_options=pa_csv.ParseOptions(delimiter=separator, newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    columns = {place: pd.Series(table.column(place), dtype="str") for place in range(width)}
    return pd.DataFrame(columns)


def _row_of(message: str) -> int:
    digits = "".join(character for character in message.rsplit("row", 1)[-1] if character.isdigit())
    return int(digits or 0)


def _cells_slowly(text: str, separator: str, width: int, name: str) -> tuple[pd.DataFrame, np.ndarray]:
    # Rows longer than the header: the fast reader refuses them, here they are kept apart.
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    except csv.Error as trouble:
        raise CrmError(explain(f"the rows cannot be told apart ({trouble})", where=name, remedy=SAVE_AS)) from trouble
    longer = np.array([len(record) > width for record in records], dtype=bool)
    spilled = np.array([any(cell.strip() for cell in record[width:]) for record in records], dtype=bool)
    filled = sum(map(bool, records))
    # A separator behind every row is harmless; behind a few, a text was cut in two and all cells moved on.
    too_long = spilled if longer.sum() >= TRAILING * filled else longer
    rows = [(record + [""] * width)[:width] for record in records]
    return pd.DataFrame(rows, columns=range(width), dtype="str"), too_long
