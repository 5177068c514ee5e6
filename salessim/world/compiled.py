"""The decorator that compiles a rule, and where the machine code is kept.

A rule is a small function over tables, written once and called from both clocks. Numba compiles it at its first call
and can keep the machine code on disk. Numba's own cache looks only at the file a function stands in: when a rule
calls another rule and that other one is edited, the old machine code of the caller, with the old callee inlined, would
be used again. So the code is kept in a folder whose name is a hash of **everything** it can depend on:

* every ``*.py`` file under ``salessim/world``, ``salessim/pay``, ``salessim/rules`` and ``salessim/clocks``,
* the versions of Numba, llvmlite, NumPy and Python,
* the processor and its features, as Numba sees them,
* the Numba settings that change code (bounds checking, optimisation level, ...), so that checked and unchecked code
  never share a folder.

Edit any rule and the next process looks into an empty folder. A process that sees one of those files change while it
runs leaves the cache alone, since what it compiles from then on is a mixture of old and new.

The folder is ``<base>/salessim/<hash>``, where `base` is ``NUMBA_CACHE_DIR`` if the user set it, otherwise the
platform's cache folder, otherwise (not writable) a private folder for temporary files. The newest four are kept.

Only functions that stand in the hashed folders are cached. A rule of a user's own file or notebook is compiled afresh
in each process: nothing would notice a change in what it calls.

Nothing is set for the whole process: `numba.config` is as it was when a decoration is over.

Floating point is IEEE 754 to the letter: no ``fastmath``, hence no re-association and no fused multiply-add, and
Python's error model (a division by zero raises).
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import os
import platform
import shutil
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar, cast, overload

import llvmlite
import numba
import numpy as np
from numba.core.caching import FunctionCache, IndexDataCacheFile
from numba.core.compiler_lock import global_compiler_lock
from numba.core.registry import cpu_target

from salessim.errors import SalesSimError, explain

__all__ = ["cache_folder", "rule", "rules_hash", "source_hash"]

F = TypeVar("F", bound=Callable[..., Any])

HASHED = ("world", "pay", "rules", "clocks")
KEPT = 4
_DIGEST = 16  # bytes; a folder name has twice as many hex digits
_PACKAGE = Path(__file__).resolve().parents[1]
_SETTINGS = ("BOUNDSCHECK", "OPT", "DEBUGINFO_DEFAULT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "DISABLE_INTEL_SVML")
_decorating = threading.Lock()


# ---- what the machine code depends on --------------------------------------------------------------------------------
def _stamps() -> tuple[tuple[str, int, int], ...]:
    """Name, time and size of every hashed file: cheap to take, and changes when a file does."""
    found = []
    for folder in HASHED:
        for root, _, names in os.walk(_PACKAGE / folder):
            for name in names:
                if name.endswith(".py"):
                    path = os.path.join(root, name)
                    with suppress(OSError):  # removed meanwhile
                        stat = os.stat(path)
                        found.append((path, stat.st_mtime_ns, stat.st_size))
    return tuple(sorted(found))


@functools.cache
def _sources() -> tuple[str, tuple[tuple[str, int, int], ...]]:
    """Hash of the sources and the stamps they had; the stamps are taken first, so a change in between shows."""
    stamps = _stamps()
    digest = hashlib.blake2b(digest_size=_DIGEST)
    contents = {Path(path).relative_to(_PACKAGE).as_posix(): Path(path).read_bytes() for path, _, _ in stamps}
    for name, content in sorted(contents.items()):
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest(), stamps


def source_hash() -> str:
    """Return the hash of the rules as text: every ``*.py`` under ``world``, ``pay``, ``rules`` and ``clocks``.

    The same on every machine and under every library version, so results that are the same everywhere can be filed
    under it.

    Returns
    -------
    str
        32 hexadecimal digits, computed at the first call and kept for the life of the process.

    Examples
    --------
    >>> len(source_hash())
    32
    """
    return _sources()[0]


@functools.cache
def rules_hash() -> str:
    """Return the hash of the rules and of what turns them into machine code.

    Covers `source_hash`, the versions of Numba, llvmlite, NumPy and Python, and the processor with its features as
    Numba sees them.

    Returns
    -------
    str
        32 hexadecimal digits, computed at the first call and kept for the life of the process.

    Examples
    --------
    >>> rules_hash() == rules_hash()
    True
    """
    parts = (
        source_hash(),
        numba.__version__,
        llvmlite.__version__,
        np.__version__,
        platform.python_implementation(),
        sys.version,
        repr(cpu_target.target_context.codegen().magic_tuple()),
    )
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=_DIGEST).hexdigest()


def _settings() -> tuple[str, ...]:
    return tuple(f"{name}={getattr(numba.config, name, None)}" for name in _SETTINGS)


# ---- where it is kept ------------------------------------------------------------------------------------------------
def _platform_base() -> Path:
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return Path(local) if local else Path.home() / "AppData" / "Local"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    chosen = os.environ.get("XDG_CACHE_HOME", "")
    return Path(chosen) if os.path.isabs(chosen) else Path.home() / ".cache"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def _private_base() -> Path | None:
    """Return a folder among the temporary files that nobody else can write to.

    Cached code is loaded and run, so a folder another user could have planted must not be trusted.
    """
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):
        user = "user"
    folder = Path(tempfile.gettempdir()) / f"salessim-{user}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        stat = folder.lstat()
        if hasattr(os, "getuid") and (folder.is_symlink() or stat.st_uid != os.getuid() or stat.st_mode & 0o022):
            return None
    except OSError:
        return None
    return folder


@functools.cache
def _folder(chosen: str, settings: tuple[str, ...]) -> Path | None:
    name = hashlib.blake2b("\0".join((rules_hash(), *settings)).encode(), digest_size=_DIGEST).hexdigest()
    bases: list[Path | None] = [Path(chosen) if chosen else None]
    with suppress(RuntimeError):  # no home folder can be found
        bases.append(_platform_base())
    bases.append(_private_base())
    for base in bases:
        if base is not None and _writable(folder := base / "salessim" / name):
            with suppress(OSError):
                os.utime(folder)
            _remove_old(folder)
            return folder
    return None


def _remove_old(folder: Path) -> None:
    """Keep `folder` and the newest others; only names that look like ours are touched."""

    def age(other: Path) -> float:
        try:
            return -other.stat().st_mtime
        except OSError:
            return 0.0

    try:
        names = [path for path in folder.parent.iterdir() if path != folder and len(path.name) == 2 * _DIGEST]
    except OSError:
        return
    ours = [path for path in names if set(path.name) <= set("0123456789abcdef") and path.is_dir()]
    for old in sorted(ours, key=age)[KEPT - 1 :]:
        shutil.rmtree(old, ignore_errors=True)


def cache_folder() -> Path | None:
    """Return the folder the machine code of the rules is kept in under the present settings.

    Returns
    -------
    pathlib.Path or None
        ``<base>/salessim/<hash>``, created if need be; ``None`` if no place is writable, and then nothing is cached.
    """
    return _folder(str(numba.config.CACHE_DIR or ""), _settings())


class _Index(IndexDataCacheFile):
    """Numba's index of one function's machine code, made safe for several processes and for changing files.

    Numba numbers the data files 1, 2, ...: two processes that store different signatures of one function at the same
    time pick the same number, and the surviving index can then name the other's code. Here every file has a name of
    its own. A file that cannot be read counts as absent.
    """

    def __init__(self, cache_path: str, filename_base: str, source_stamp: object) -> None:
        super().__init__(cache_path, filename_base, source_stamp)
        self._settings = _settings()

    def _data_name(self, number: int) -> str:
        return f"{str(super()._data_name(number)).removesuffix('.nbc')}-{uuid.uuid4().hex[:12]}.nbc"

    def _load_index(self) -> dict[Any, str]:
        try:
            return cast(dict[Any, str], super()._load_index())
        except Exception:  # a damaged pickle can raise anything
            return {}

    def _valid(self) -> bool:
        return self._settings == _settings() and _stamps() == _sources()[1]

    def load(self, key: object) -> Any:
        if not self._valid():
            return None
        try:
            return super().load(key)
        except Exception:  # as above; the code is then compiled and the file replaced
            return None

    def save(self, key: object, data: object) -> None:
        if self._valid():
            super().save(key, data)


class _Cache(FunctionCache):
    """Numba's cache of one function: a full disk or a folder cleared meanwhile must not stop a simulation."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file = _Index(self._cache_path, self._impl.filename_base, self._impl.locator.get_source_stamp())

    def save_overload(self, sig: object, data: object) -> None:
        with suppress(OSError):
            super().save_overload(sig, data)


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    """Point Numba to `folder`, and to no other kind of place, until the block ends."""
    config = numba.config
    ours = {"CACHE_DIR": str(folder), "CACHE_LOCATOR_CLASSES": ""}
    before = {name: getattr(config, name) for name in ours if hasattr(config, name)}
    try:
        for name in before:
            setattr(config, name, ours[name])
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


def _cacheable(function: Callable[..., Any]) -> bool:
    file = Path(function.__code__.co_filename)
    return file.is_file() and any(file.resolve().is_relative_to(_PACKAGE / folder) for folder in HASHED)


def _hold_to(signature: str, compiled: Any) -> None:
    """Let the first compilation, whatever types ask for it, be that of `signature`, and the only one."""

    def compile_once(_: object) -> Any:
        with global_compiler_lock:
            if not compiled.overloads:
                type(compiled).compile(compiled, signature)
                compiled.disable_compile()
            (only,) = compiled.overloads.values()
            return only.entry_point

    compiled.compile = compile_once


def _compile(function: F, options: dict[str, Any]) -> F:
    if options.get("fastmath"):
        raise SalesSimError(
            explain(
                "fastmath is not allowed, because results would then depend on the machine",
                where=f"rule {function.__name__}",
                remedy="Leave the option out.",
            )
        )
    wanted = options.pop("cache", True) and _cacheable(function)
    signature = options.pop("signature", None)
    compiled = numba.njit(**options)(function)
    if wanted and hasattr(compiled, "_cache"):  # not where NUMBA_DISABLE_JIT leaves plain Python
        with _decorating:
            folder = cache_folder()
            if folder is not None:
                with _kept_in(folder):  # the cache reads the folder's name once, here
                    compiled._cache = _Cache(function)
    if signature is not None and hasattr(compiled, "disable_compile"):
        _hold_to(signature, compiled)
    return cast(F, compiled)


@overload
def rule(function: F, /) -> F: ...
@overload
def rule(**options: Any) -> Callable[[F], F]: ...
def rule(function: Any = None, /, **options: Any) -> Any:
    """Compile a function over the tables, in no-Python mode, and keep the machine code between processes.

    Use as ``@rule`` or ``@rule(nogil=True)``. The function is compiled at its first call, once for each combination
    of argument types; the decorated function keeps its signature for type checkers.

    With ``@rule(signature="float64(uint64, int64)")`` it is compiled for these types only, and converts what it is
    given. Needed where Python hands in unsigned 64-bit numbers: Numba takes every Python integer for a signed
    one as soon as a version for signed ones exists, and then finds half of the unsigned ones too large.

    Parameters
    ----------
    function : callable
        The function to compile.
    **options
        ``signature``, as above, and the options of `numba.njit`. ``fastmath`` is refused: it would make results depend
        on the machine.

    Returns
    -------
    callable
        The compiled function.

    Raises
    ------
    SalesSimError
        ``fastmath`` was asked for.

    Examples
    --------
    >>> @rule
    ... def twice(x: float) -> float:
    ...     return 2.0 * x
    >>> twice(1.5)
    3.0
    """
    if function is None:
        return lambda later: _compile(later, dict(options))
    return _compile(function, options)
