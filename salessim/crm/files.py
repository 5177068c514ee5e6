"""Find the text tables of an export and read them, every cell as text.

Nothing is interpreted here: an identifier of 18 digits stays 18 digits. The encoding is found by trying (byte-order
mark, UTF-8, GB18030), the separator by the header line, the header row among the first 20 rows by how many known
headers it has. Row numbers are those a spreadsheet shows: the first row of the file is row 1, blank rows count.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from salessim.errors import CrmError, explain

__all__ = ["Found", "RawFile", "decode", "find_files", "read_file"]

READ_HERE = (".csv", ".tsv", ".txt")
SEPARATORS = (",", ";", "\t")
HEADER_SEARCH = 20  # rows among which the header is looked for
SNIFFED = 50  # rows whose cell counts must agree with the header's
TRAILING = 0.98  # share of rows longer than the header from which the separator behind the last cell means nothing
RAGGED = 0.02  # share of rows with too many cells above which separator or quoting must be wrong
SAVE_AS = 'Open it in the program it comes from and save each table as "CSV UTF-8 (comma separated)"'
_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook (.xlsx)",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook (.xls)",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"SQLite format 3": "a database file",
}
_KINDS = {
    ".xlsx": "an Excel workbook",
    ".xlsm": "an Excel workbook",
    ".xls": "an Excel workbook",
    ".xlsb": "an Excel workbook",
    ".ods": "a spreadsheet",
    ".zip": "an archive",
    ".gz": "an archive",
    ".json": "a JSON file",
}


@dataclass(frozen=True)
class Found:
    """Files of an export: those to read, and the others with what they are ("" where that is unknown)."""

    tables: tuple[Path, ...]
    others: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class RawFile:
    """A text table, cell by cell as text.

    Attributes
    ----------
    name : str
        File name.
    encoding, separator : str
        As found.
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


def find_files(path: Path) -> Found:
    """Find the text tables of an export: the file itself, or the .csv, .tsv and .txt files of a folder.

    Raises
    ------
    CrmError
        If there is no such file or folder, the folder has no text table, or the file is of a kind not read here.
    """
    if not path.exists():
        raise CrmError(
            explain("there is no such file or folder", where="path", value=str(path), remedy="Check the path")
        )
    if path.is_file():
        if path.suffix.lower() not in READ_HERE:
            raise CrmError(_not_read(path.name, _KINDS.get(path.suffix.lower(), "a file of another kind")))
        return Found((path,), ())
    tables, others = [], []
    for item in sorted(path.iterdir(), key=lambda item: item.name):
        if item.name.startswith((".", "~$")):
            continue
        if item.is_file() and item.suffix.lower() in READ_HERE:
            tables.append(item)
        else:
            others.append((item.name, "a folder" if item.is_dir() else _KINDS.get(item.suffix.lower(), "")))
    if not tables:
        known = [f"{name} ({kind})" for name, kind in others if kind] or [name for name, _ in others]
        seen = f"The folder holds: {', '.join(known[:10])}" if known else "The folder is empty"
        raise CrmError(
            explain(
                "no table to read",
                where=str(path.name or path),
                allowed=", ".join(READ_HERE),
                remedy=f"{seen}. {SAVE_AS}",
            )
        )
    return Found(tuple(tables), tuple(others))


def _not_read(name: str, kind: str) -> str:
    return explain(
        f"this is {kind}, which is not read here",
        where=name,
        allowed="text tables: CSV or tab-separated",
        remedy=SAVE_AS,
    )


def decode(raw: bytes, name: str) -> tuple[str, str]:
    """Turn the bytes of a file into text and say in which encoding they were.

    Raises
    ------
    CrmError
        If the file is no text, or text in none of the encodings tried.

    Examples
    --------
    >>> decode("商机,金额".encode("gbk"), "x.csv")
    ('商机,金额', 'gb18030')
    """
    for magic, kind in _MAGIC.items():
        if raw.startswith(magic):
            raise CrmError(_not_read(name, f"{kind}, whatever its name says"))
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        ladder = ["utf-16"]
    elif raw.startswith(codecs.BOM_UTF8):
        ladder = ["utf-8-sig"]
    elif b"\0" in raw[:65536]:
        raise CrmError(_not_read(name, "not a text file (it holds zero bytes)"))
    else:
        ladder = ["utf-8", "gb18030"]
    for encoding in ladder:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding != "gb18030" or _looks_chinese(raw, text):
            return text, encoding
    raise CrmError(
        explain(
            "the encoding of this file is unknown",
            where=name,
            allowed="UTF-8, GB18030 (GBK, GB2312), UTF-16",
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
    """Read one text table.

    Parameters
    ----------
    path : Path
    knows : callable
        Says whether a cell is a known header; decides separator and header row.

    Returns
    -------
    RawFile or None
        ``None`` for a file without any text.

    Raises
    ------
    CrmError
        If the file cannot be opened, is no text, has a quotation mark that is never closed, or more than 2 % of its
        rows have more cells than the header.
    """
    try:
        raw = path.read_bytes()
    except OSError as trouble:
        raise CrmError(explain(f"the file cannot be opened ({trouble.strerror})", where=path.name)) from trouble
    text, encoding = decode(raw, path.name)
    if not text.strip("\ufeff \t\r\n,;"):
        return None
    separator, header_at = _sniff(text, knows)
    start, header = _header(text, separator, header_at)
    names = tuple(cell.strip().lstrip("\ufeff").strip() for cell in header)
    cells, too_long = _cells(text[start:], separator, len(names), path.name, header_at + 1)
    rows = np.arange(len(cells), dtype=np.int64) + header_at + 2
    if too_long.sum() > RAGGED * max(len(cells), 1):
        first = ", ".join(str(row) for row in rows[too_long][:3])
        raise CrmError(
            explain(
                f"{int(too_long.sum()):,} of {len(cells):,} rows have more cells than the header has ({len(names)})",
                where=f"{path.name}, rows {first}",
                remedy="A text that contains the separator must stand in quotation marks. Export the table again, or "
                "save it with another separator",
            )
        )
    return RawFile(path.name, encoding, separator, names, header_at + 1, cells, rows, too_long)


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
        known = [sum(bool(cell.strip()) and knows(cell) for cell in record) for record in records[:HEADER_SEARCH]]
        filled = [any(cell.strip() for cell in record) for record in records[:HEADER_SEARCH]]
        at = known.index(max(known)) if max(known) > 0 else (filled.index(True) if any(filled) else 0)
        width = len(records[at])
        below = [record for record in records[at + 1 : at + 1 + SNIFFED] if record]
        agree = sum(len(record) == width for record in below) / len(below) if below else 1.0
        score = (known[at], agree if width > 1 else 0.0, width)
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
    blank = separator * (width - 1) + "\n"  # the fast reader takes the first row as the measure of all
    try:
        frame = pd.read_csv(
            io.StringIO(blank + text),
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
