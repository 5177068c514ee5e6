"""ZIP and gzip archives: what is inside, read in memory and never written to disk."""

from __future__ import annotations

import io
import stat
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath

from salessim.crm.limits import MAX_MEMBERS, MAX_RATIO, MAX_UNPACKED, refused, shown
from salessim.errors import CrmError, explain

__all__ = ["is_workbook", "leave_out", "open_archive", "pieces", "read_member", "table_members", "ungzip"]

_LARGE = 10 << 20  # bytes from which the ratio of packing is looked at
_STEP = 4 << 20


def leave_out(name: str) -> str:
    """How a user can read an export without one of its files."""
    return f'to go without it, mapping={{"files": {{"{name.partition("/")[0].partition(", ")[0]}": "ignore"}}}}'


def open_archive(raw: bytes, name: str) -> zipfile.ZipFile:
    """Open a ZIP archive and refuse one that is damaged, locked, or built to harm.

    Raises
    ------
    CrmError
        If it is no whole archive, needs a password, holds too many or too large files, or names files outside itself.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(raw))
        members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, OverflowError) as trouble:
        raise _damaged(name, trouble) from None
    if len(members) > MAX_MEMBERS:
        raise refused("the archive holds too many files", name, len(members), f"{MAX_MEMBERS:,} or fewer")
    total = sum(member.file_size for member in members)
    if total > MAX_UNPACKED:
        raise refused("the archive unpacks to far too much", name, total, f"{MAX_UNPACKED:,} bytes or less")
    for member in members:
        inside = f"{name}, {shown(member.filename)}"
        parts = {*PurePosixPath(member.filename).parts, *PureWindowsPath(member.filename).parts}
        if ".." in parts or PurePosixPath(member.filename).is_absolute() or PureWindowsPath(member.filename).anchor:
            raise refused("a file of the archive points outside it", name, shown(member.filename), "names without ..")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise refused("the archive holds a link instead of a file", name, shown(member.filename), "plain files")
        if member.flag_bits & 1:
            raise CrmError(explain("the file is locked with a password", where=inside, remedy="Save it without one"))
        if member.file_size > _LARGE and member.file_size > MAX_RATIO * max(member.compress_size, 1):
            ratio = member.file_size // max(member.compress_size, 1)
            raise refused("a file of the archive unpacks to far too much", inside, f"{ratio}-fold", f"{MAX_RATIO}-fold")
    return archive


def is_workbook(archive: zipfile.ZipFile) -> bool:
    """Whether a ZIP archive is an Excel workbook."""
    names = set(archive.namelist())
    return "xl/workbook.xml" in names or ("[Content_Types].xml" in names and any(n.startswith("xl/") for n in names))


def table_members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Files of an archive in the order of their names, without folders and the marks of other systems."""
    return sorted(
        (
            member
            for member in archive.infolist()
            if not member.is_dir()
            and not PurePosixPath(member.filename).name.startswith((".", "~$", "__MACOSX"))
            and not member.filename.startswith("__MACOSX/")
        ),
        key=lambda member: member.filename,
    )


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Iterator[bytes]:
    """Unpack one file piece by piece, never more than the archive said it holds.

    Raises
    ------
    CrmError
        If the file is damaged or larger than it claims.
    """
    inside = f"{name}, {shown(member.filename)}"
    size = 0
    try:
        with archive.open(member) as source:
            while piece := source.read(_STEP):
                size += len(piece)
                if size > member.file_size:
                    raise refused("a file of the archive is larger than it says", inside, size, f"{member.file_size:,}")
                yield piece
    except CrmError:
        raise
    except (
        zipfile.BadZipFile,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
        zlib.error,
    ) as trouble:
        raise _damaged(inside, trouble) from None


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> bytes:
    """Unpack one file; see `pieces`."""
    return b"".join(pieces(archive, member, name))


def ungzip(raw: bytes, name: str) -> bytes:
    """Unpack a gzip file.

    Raises
    ------
    CrmError
        If it is damaged or unpacks to far too much.
    """
    parts: list[bytes] = []
    size, rest = 0, raw
    try:
        while rest:
            stream = zlib.decompressobj(wbits=31)
            while not stream.eof:
                piece = stream.decompress(rest, _STEP)
                rest = stream.unconsumed_tail
                size += len(piece)
                if size > MAX_UNPACKED or (size > _LARGE and size > MAX_RATIO * len(raw)):
                    raise refused("the file unpacks to far too much", name, size, f"{MAX_RATIO}-fold its size or less")
                parts.append(piece)
                if not piece and not rest and not stream.eof:
                    raise EOFError("it ends too early")
            rest = stream.unused_data.lstrip(b"\0")
    except (zlib.error, EOFError) as trouble:
        raise _damaged(name, trouble) from None
    return b"".join(parts)


def _damaged(name: str, trouble: Exception) -> CrmError:
    reason = " ".join(str(trouble).split())[:200]
    return CrmError(
        explain(
            f"the archive is damaged or cut off ({reason})",
            where=name,
            remedy=f"Download or export it again; {leave_out(name)}",
        )
    )
