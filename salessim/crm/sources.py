"""Find the files of an export and read each as what it is, whatever its name says.

A folder may hold text tables, Excel workbooks, JSON, ZIP and gzip archives. Nothing is unpacked to disk, nothing is
ever executed or unpickled.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from salessim.crm.archives import is_workbook, open_archive, read_member, table_members, ungzip
from salessim.crm.files import ALLOWED, SAVE_AS, RawFile, read_text
from salessim.crm.json_tables import read_json
from salessim.crm.limits import MAX_FILE, refused, shown
from salessim.crm.stage_map import is_stage_map, read_stage_map
from salessim.crm.workbooks import read_workbook
from salessim.errors import CrmError, explain

__all__ = ["Found", "Sources", "find_files", "read_sources"]

_READ = (".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls", ".json", ".zip", ".gz", ".xml")
_OLE, _ZIP, _GZIP = b"\xd0\xcf\x11\xe0", b"PK\x03\x04", b"\x1f\x8b"
_OTHERS = {
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"SQLite format 3": "a database file",
    b"PAR1": "a Parquet file",
    b"\x80\x04": "a pickle, which could run a program when opened",
    b"\x80\x05": "a pickle, which could run a program when opened",
}
_MARKUP = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|\?xml|table|head|meta)", re.IGNORECASE)


@dataclass(frozen=True)
class Found:
    """Files of an export: those to read, and the others with what they are ("" where that is unknown)."""

    tables: tuple[Path, ...]
    others: tuple[tuple[str, str], ...]


@dataclass
class Sources:
    """What the files of an export hold.

    Attributes
    ----------
    tables : list of RawFile
    codes : dict
        Column -> {code: label}, from descriptions among the files.
    empty : list of str
        Files without any text.
    skipped : list of (str, str)
        Files left out, and what they are.
    ignored : list of str
        Files the user wants left out; they are not opened.
    """

    tables: list[RawFile] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    empty: list[str] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


def find_files(path: Path) -> Found:
    """Find the files of an export: the file itself, or the files of a folder that may hold tables.

    Raises
    ------
    CrmError
        If there is no such file or folder, the folder has no file to read, or the file is of a kind not read.
    """
    if not path.exists():
        raise CrmError(
            explain("there is no such file or folder", where="path", value=str(path), remedy="Check the path")
        )
    if path.is_file():
        if path.suffix.lower() not in _READ:
            raise CrmError(_not_read(path.name, "a file of another kind"))
        return Found((path,), ())
    tables, others = [], []
    for item in sorted(path.iterdir(), key=lambda item: item.name):
        if item.name.startswith((".", "~$")):
            continue
        if item.is_file() and item.suffix.lower() in _READ:
            tables.append(item)
        else:
            others.append((item.name, "a folder" if item.is_dir() else ""))
    if not tables:
        known = [f"{name} ({kind})" for name, kind in others if kind] or [name for name, _ in others]
        seen = f"The folder holds: {', '.join(known[:10])}" if known else "The folder is empty"
        raise CrmError(
            explain("no table to read", where=str(path.name or path), allowed=ALLOWED, remedy=f"{seen}. {SAVE_AS}")
        )
    return Found(tuple(tables), tuple(others))


def read_sources(found: Found, knows: Callable[[str], bool], ignored: Collection[str] = ()) -> Sources:
    """Read every file found but those whose names are in `ignored`.

    Raises
    ------
    CrmError
        If a file cannot be read, or is built to harm. The message names it.
    """
    sources = Sources()
    for path in found.tables:
        if path.name in ignored:
            sources.ignored.append(path.name)
            continue
        try:
            if path.stat().st_size > MAX_FILE:
                raise refused("the file is far too large", path.name, path.stat().st_size, f"{MAX_FILE:,} bytes")
            raw = path.read_bytes()
        except OSError as trouble:
            raise CrmError(explain(f"the file cannot be opened ({trouble.strerror})", where=path.name)) from None
        _read(raw, path.name, sources, knows, nested=False)
    return sources


def _read(raw: bytes, name: str, sources: Sources, knows: Callable[[str], bool], *, nested: bool) -> None:
    for magic, kind in _OTHERS.items():
        if raw.startswith(magic):
            raise CrmError(_not_read(name, f"{kind}, whatever its name says"))
    suffix = PurePosixPath(name.lower()).suffix
    if raw.startswith(_GZIP):
        if nested:
            sources.skipped.append((name, "an archive inside an archive"))
            return
        inner = name[: -len(".gz")] if suffix == ".gz" else name
        _read(ungzip(raw, name), inner, sources, knows, nested=True)
    elif raw.startswith(_ZIP) or (suffix in (".zip", ".xlsx", ".xlsm") and raw.startswith(b"PK")):
        archive = open_archive(raw, name)
        if is_workbook(archive):
            _take(read_workbook(raw, name, knows), name, sources)
            return
        if nested:
            sources.skipped.append((name, "an archive inside an archive"))
            return
        for member in table_members(archive):
            label = f"{name}/{shown(member.filename)}"
            if PurePosixPath(member.filename.lower()).suffix not in _READ:
                sources.skipped.append((label, ""))
                continue
            _read(read_member(archive, member, name), label, sources, knows, nested=True)
    elif raw.startswith(_OLE):
        _take(read_workbook(raw, name, knows), name, sources)
    elif _MARKUP.match(raw[:512]):
        if is_stage_map(raw):
            sources.codes.setdefault("_stage_classes", {}).update(read_stage_map(raw, name))
        elif suffix == ".xml":
            sources.skipped.append((name, "an XML file"))
        else:
            raise CrmError(
                explain(
                    "this is a web page or XML saved under the name of a table",
                    where=name,
                    remedy="Open it in Excel, save it as .xlsx, and read that file",
                )
            )
    elif suffix == ".json":
        found = read_json(raw, name)
        for column, labels in found.codes.items():
            sources.codes.setdefault(column, {}).update(labels)
        _take(found.tables, name, sources, told=bool(found.codes))
    elif suffix in (".xlsx", ".xlsm", ".xls", ".zip", ".gz") and (b"\0" in raw[:4096] or not raw):
        what = "the file is empty" if not raw else f"this is no {suffix} file, whatever its name says"
        raise CrmError(explain(what, where=name, allowed=ALLOWED, remedy="Download or export it again"))
    else:
        table = read_text(raw, name, knows)
        _take([table] if table is not None else [], name, sources)


def _take(tables: list[RawFile], name: str, sources: Sources, *, told: bool = False) -> None:
    sources.tables.extend(tables)
    if not tables and not told:
        sources.empty.append(name)


def _not_read(name: str, kind: str) -> str:
    return explain(f"this is {kind}, which is not read here", where=name, allowed=ALLOWED, remedy=SAVE_AS)
