"""Processes of a user's own: which plan has which, what each depends on, and whether it can be sent to a worker.

A result is filed under the hash of everything it depends on, so the hash of a process covers what Python will run: its
byte code (not its text, which may have been edited since), its defaults, the values it closes over, and the globals it
uses, followed through the functions, classes and modules that are the user's own. Libraries count with their version.
"""

from __future__ import annotations

import datetime as dt
import dis
import functools
import hashlib
import importlib
import importlib.metadata
import importlib.util
import operator
import pickle
import sys
import sysconfig
import types
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import StudyError, explain, nearest
from salessim.model.columns import Table
from salessim.model.fingerprint import fingerprint
from salessim.model.part import Part

if TYPE_CHECKING:
    from salessim.clocks.simulation import Simulation

__all__ = ["Process", "Processes", "check_can_be_sent", "code_hash", "name_of", "of_each_plan"]

Process = Callable[["Simulation"], Iterator[Any]]
Processes = Mapping[str, Sequence[Process]] | Sequence[Process]

_FOLLOWED = "salessim.measures"
"""The one module of this package that is followed like a user's own: the hash of the rules covers the others."""
_SIMPLE = (type(None), bool, int, float, complex, str, bytes, dt.date, dt.time, dt.timedelta, np.generic, type(...))
_NOT_OF_A_CLASS = {
    "__annotations__", "__dataclass_fields__", "__dataclass_params__", "__dict__", "__doc__", "__weakref__",
}  # fmt: skip
_SLOTS = (types.GetSetDescriptorType, types.MemberDescriptorType)


def of_each_plan(processes: Processes, names: Sequence[str]) -> dict[str, tuple[Process, ...]]:
    """Return the processes of every plan.

    Parameters
    ----------
    processes : mapping of plan to sequence of callables, or one sequence
        One sequence is for all plans.
    names : sequence of str
        Names of the plans.

    Raises
    ------
    StudyError
        For a plan that does not exist, or something that cannot be called.

    Examples
    --------
    >>> of_each_plan({"b": [max]}, ["a", "b"])
    {'a': (), 'b': (<built-in function max>,)}
    """
    by_plan = processes if isinstance(processes, Mapping) else dict.fromkeys(names, processes)
    for name, given in by_plan.items():
        if name not in names:
            raise StudyError(explain("no such plan", where="processes", value=name, remedy=nearest(name, names)))
        if isinstance(given, str) or not isinstance(given, Sequence) or not all(callable(one) for one in given):
            raise StudyError(
                explain(
                    "the processes of a plan are a list of functions", where=f"processes, {name}", value=given,
                    allowed="functions that take the simulation and yield SimPy events",
                )
            )  # fmt: skip
    return {name: tuple(by_plan.get(name, ())) for name in names}


def name_of(process: Process) -> str:
    """Return what a process is called.

    Examples
    --------
    >>> def fair(sim): ...
    >>> name_of(fair), name_of(functools.partial(fair, days=3))
    ('fair', 'fair')
    """
    inner = process.func if isinstance(process, functools.partial) else process
    return str(getattr(inner, "__name__", type(inner).__name__))


def check_can_be_sent(processes: Mapping[str, Sequence[Process]], executor: Executor | None) -> None:
    """Refuse, before anything runs, a process that worker processes of the standard library cannot be given.

    Raises
    ------
    StudyError
        For a lambda, a function inside a function, or one of a notebook's own cells.
    """
    if not isinstance(executor, ProcessPoolExecutor):
        return  # threads share everything; Dask sends functions by value
    for process in (one for given in processes.values() for one in given):
        inner = process.func if isinstance(process, functools.partial) else process
        in_cell = inner.__module__ == "__main__" and not hasattr(sys.modules["__main__"], "__file__")
        try:
            pickle.dumps(process)
            unable = in_cell
        except Exception:  # what cannot be pickled says so in many ways
            unable = True
        if unable:
            raise StudyError(
                explain(
                    "this process cannot be sent to other processes: a lambda, a function inside a function and a "
                    "function of a notebook's cell exist in this one only",
                    where="processes", value=name_of(process),
                    remedy="Write it at the top level of a .py file and import it, or leave `executor` out",
                )
            )  # fmt: skip


def code_hash(*values: Any) -> str | None:
    """Return the hash of everything these functions and values depend on; None where something cannot be hashed.

    Parameters
    ----------
    *values
        Functions, `functools.partial` of them, and plain values.

    Examples
    --------
    >>> days = 3
    >>> def fair(sim, calls=2.0):
    ...     yield sim.env.timeout(days)
    >>> before = code_hash(fair)
    >>> fair.__defaults__ = (1.0,)
    >>> code_hash(fair) == before
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    try:
        for piece in _Pieces().of(values):
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    except _Unknown:
        return None
    return digest.hexdigest()


class _Unknown(Exception):
    """Something that has no hash: an open file, a generator of random numbers, an object of a library."""


class _Pieces:
    """Takes values apart into bytes, each object once."""

    def __init__(self) -> None:
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []  # so that no id is used twice

    def of(self, value: Any) -> Iterator[bytes]:
        yield type(value).__qualname__.encode()
        if isinstance(value, _SIMPLE):
            yield repr(value).encode()
            return
        if id(value) in self._seen:
            yield f"again {self._seen[id(value)]}".encode()
            return
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)
        if isinstance(value, tuple | list):
            yield str(len(value)).encode()
            for item in value:
                yield from self.of(item)
        elif isinstance(value, set | frozenset):
            yield from self.of(sorted(value, key=repr))
        elif isinstance(value, Mapping):
            yield str(len(value)).encode()
            for key, item in value.items():
                yield from self.of(key)
                yield from self.of(item)
        elif isinstance(value, np.ndarray) and not value.dtype.hasobject:
            yield f"{value.dtype.descr}{value.shape}".encode()
            yield value.tobytes()
        elif isinstance(value, Part | Table):
            yield fingerprint(value).encode()
        else:
            yield from self._code(value)

    def _code(self, value: Any) -> Iterator[bytes]:
        if isinstance(value, types.CodeType):
            yield value.co_code
            yield from self.of((value.co_names, value.co_varnames, value.co_freevars, value.co_flags))
            yield from self.of(value.co_consts)
        elif isinstance(value, types.ModuleType):
            yield value.__name__.encode()
            if not (yield from self._library(value.__name__)):
                # what a module of the user's own has of its own: whatever it imports is followed where it is used
                for name, item in sorted(vars(value).items()):
                    if not name.startswith("__"):
                        yield name.encode()
                        yield from self.of(item)
        elif isinstance(value, functools.partial):
            yield from self.of((value.func, value.args, value.keywords))
        elif isinstance(value, types.MethodType):
            yield from self.of((value.__func__, value.__self__))
        else:
            yield from self._object(value)

    def _object(self, value: Any) -> Iterator[bytes]:
        home = value if isinstance(value, type | types.FunctionType) else type(value)
        module = getattr(value, "__module__", None) or home.__module__
        named = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
        if isinstance(value, types.FunctionType):
            if not _is_at_home(value) or not (yield from self._library(module)):
                yield from self.of((value.__code__, value.__defaults__, value.__kwdefaults__))
                for cell in value.__closure__ or ():
                    try:
                        yield from self.of(cell.cell_contents)
                    except ValueError:  # not filled yet
                        raise _Unknown(str(named)) from None
                yield from self._globals(value.__code__, value)
            else:
                yield str(named).encode()
        elif named is not None and (yield from self._library(str(module))):
            yield str(named).encode()  # a class, a compiled function of a library
        elif isinstance(value, property | staticmethod | classmethod):
            inner = (value.fget, value.fset) if isinstance(value, property) else (value.__func__,)
            yield from self.of(inner)
        elif isinstance(value, type):
            yield value.__qualname__.encode()
            yield from self.of(value.__bases__)
            for name, item in sorted(vars(value).items()):
                # what a dataclass makes of itself follows from the values of its instances
                made = isinstance(item, types.FunctionType) and item.__code__.co_filename == "<string>"
                if name not in _NOT_OF_A_CLASS and not made and not isinstance(item, _SLOTS):
                    yield name.encode()
                    yield from self.of(item)
        elif hasattr(value, "__dict__") and not _in_library(type(value).__module__):
            yield from self.of((type(value), vars(value)))
        else:
            raise _Unknown(str(type(value)))

    def _library(self, module: str) -> Generator[bytes, None, bool]:
        """Say which library and version a module belongs to; return whether it is one (`yield from`)."""
        if not _in_library(module):
            return False
        top = module.partition(".")[0]
        yield f"{module} {_version(top)}".encode()
        return True

    def _globals(self, code: types.CodeType, function: types.FunctionType) -> Iterator[bytes]:
        """Follow the globals and the imports that a function, or one inside it, uses."""
        level: Any = 0
        steps = list(dis.get_instructions(code))
        for place, step in enumerate(steps):
            if step.opname in ("LOAD_GLOBAL", "LOAD_NAME") and step.argval in function.__globals__:
                yield str(step.argval).encode()
                yield from self.of(function.__globals__[step.argval])
            elif step.opname == "IMPORT_NAME":
                level = steps[place - 2].argval
                package = function.__globals__.get("__package__")
                try:
                    name = importlib.util.resolve_name("." * int(level) + str(step.argval), package)
                    yield from self.of(importlib.import_module(name))
                except (ImportError, TypeError, ValueError):
                    raise _Unknown(str(step.argval)) from None
        for inner in code.co_consts:
            if isinstance(inner, types.CodeType):
                yield from self._globals(inner, function)


def _is_at_home(function: types.FunctionType) -> bool:
    """Tell whether a function is what its module has under its name: not made, wrapped or replaced at run time."""
    try:
        return operator.attrgetter(function.__qualname__)(sys.modules[function.__module__]) is function
    except (AttributeError, KeyError):
        return False


@functools.cache
def _in_library(module: str) -> bool:
    """Tell whether a module is installed or part of Python, as opposed to a file of the user's own."""
    top = module.partition(".")[0]
    if top == "salessim":
        return module != _FOLLOWED
    if top in sys.builtin_module_names or top in sys.stdlib_module_names:
        return top != "__main__"
    place = getattr(sys.modules.get(top), "__file__", None) or ""
    return any(place.startswith(sysconfig.get_path(name)) for name in ("purelib", "platlib"))


@functools.cache
def _version(top: str) -> str:
    if top in sys.stdlib_module_names or top == "salessim":
        return sys.version.split()[0]
    try:
        return importlib.metadata.version(top)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(top), "__version__", ""))
