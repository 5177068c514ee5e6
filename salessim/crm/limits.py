"""How much a file may hold before it is refused: no export is like that, and reading on could stop the machine.

An attacker who can place a file in the folder of an export can make it unpack to a thousand times its size, claim a
sheet of seventeen billion cells, or hide one cell of a gigabyte. Each is told before memory is spent on it.
"""

from __future__ import annotations

import re

import numpy as np

from salessim.errors import CrmError, explain

__all__ = [
    "MAX_CELL",
    "MAX_CELLS",
    "MAX_COLUMNS",
    "MAX_FILE",
    "MAX_MEMBERS",
    "MAX_RATIO",
    "MAX_RECORD",
    "MAX_UNPACKED",
    "refuse_declarations",
    "refuse_long_lines",
    "refused",
    "shown",
]

MAX_FILE = 1 << 30  # bytes of a file on disk
MAX_UNPACKED = 2 << 30  # bytes of everything in an archive
MAX_RATIO = 200  # unpacked to packed bytes of a large member; tables of text reach 30
MAX_MEMBERS = 10_000  # files in an archive
MAX_RECORD = 8 << 20  # bytes of a line of text
MAX_CELL = 1_000_000  # characters of a cell; the largest field of a CRM has 131,072
MAX_CELLS = 60_000_000  # cells of a sheet
MAX_COLUMNS = 16_384  # columns of a table, as in Excel

_DECLARED = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_CHUNK = 64 << 20
_SHOWN_NAME = 100  # characters


def refused(what: str, where: str, value: object, allowed: str) -> CrmError:
    """The error for a file that is too much."""
    return CrmError(explain(what, where=where, value=value, allowed=allowed, remedy="Look where the file comes from"))


def refuse_long_lines(raw: bytes, name: str) -> None:
    """Refuse a text with a line no table has.

    Raises
    ------
    CrmError
        If a line is longer than `MAX_RECORD`.
    """
    if len(raw) <= MAX_RECORD:
        return
    last = -1
    for start in range(0, len(raw), _CHUNK):
        piece = np.frombuffer(raw[start : start + _CHUNK], dtype=np.uint8)
        ends = np.flatnonzero((piece == 10) | (piece == 13)) + start
        gaps = np.diff(np.concatenate([[last], ends]))
        if gaps.size and gaps.max() > MAX_RECORD:
            raise refused("a line is far too long for a table", name, int(gaps.max()), f"{MAX_RECORD:,} bytes")
        last = int(ends[-1]) if ends.size else last
        if min(start + _CHUNK, len(raw)) - last > MAX_RECORD:
            raise refused("a line is far too long for a table", name, len(raw) - last, f"{MAX_RECORD:,} bytes")


def refuse_declarations(piece: bytes, name: str) -> None:
    """Refuse XML that declares entities: each may stand for thousands of others ("billion laughs").

    Raises
    ------
    CrmError
    """
    if _DECLARED.search(piece):
        raise refused("the XML declares entities, which no export does", name, "<!DOCTYPE or <!ENTITY", "plain XML")


def shown(name: str) -> str:
    r"""The name of a file inside an archive as a message shows it: on one line, and not endless.

    Examples
    --------
    >>> shown("deals\n2.csv")
    'deals 2.csv'
    """
    line = " ".join("".join(char if char.isprintable() else " " for char in name).split())
    return line if len(line) <= _SHOWN_NAME else line[:_SHOWN_NAME] + "…"
