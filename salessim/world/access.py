"""How compiled code reaches the tables: one pointer, from which each table is opened where it is used.

Handing twenty record arrays to a function costs more than most rules do. So a world keeps the addresses and lengths of
its tables in one small array. In compiled code a world is just the pointer to that array, and ``w.deals`` opens the
table at the cost of two loads that the compiler may keep in a register: the addresses never change while compiled code
runs. The world that owns the arrays must outlive the call, and renew the addresses when it replaces a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic, models, overload_attribute, register_model
from numpy.typing import NDArray

from salessim.world.compiled import rule
from salessim.world.tables import DTYPES, Tables

__all__ = ["addresses", "opened"]

_WORD = ir.IntType(64)


class _TablesType(types.Type):
    """The type of a world in compiled code: a pointer to its addresses and lengths."""

    def __init__(self) -> None:
        super().__init__(name="salessim.Tables")


_tables_type = _TablesType()


@register_model(_TablesType)
class _TablesModel(models.PrimitiveModel):  # type: ignore[misc]
    def __init__(self, manager: Any, kind: Any) -> None:
        super().__init__(manager, kind, _WORD.as_pointer())


@intrinsic
def _opened(typing_context: Any, address: Any) -> Any:
    """Turn the address of the address array into a world."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], _WORD.as_pointer())

    return _tables_type(types.intp), codegen


@intrinsic
def _word(typing_context: Any, tables: Any, place: Any) -> Any:
    """Load one word of the address array; marked invariant, since no table moves while compiled code runs."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = builder.load(builder.gep(arguments[0], [arguments[1]]))
        word.set_metadata("invariant.load", builder.module.add_metadata([]))
        return word

    return types.int64(_tables_type, types.intp), codegen


@intrinsic
def _pointer(typing_context: Any, address: Any) -> Any:
    """Turn an integer address into a pointer."""

    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], numba.core.cgutils.voidptr_t)

    return types.voidptr(types.int64), codegen


def _make_attribute(name: str, place: int, dtype: Any) -> None:
    @overload_attribute(_TablesType, name)
    def attribute(w: Any) -> Callable[[Any], Any]:
        def get(w: Any) -> Any:
            return numba.carray(_pointer(_word(w, 2 * place)), _word(w, 2 * place + 1), dtype)

        return get


for _place, (_name, _dtype) in enumerate(DTYPES.items()):
    _make_attribute(_name, _place, _dtype)


@rule
def opened(a: NDArray[np.int64]) -> Tables:
    """Open a world from the array of its addresses and lengths."""
    return _opened(a.ctypes.data)  # type: ignore[no-any-return]


def addresses(tables: dict[str, NDArray[Any]]) -> NDArray[np.int64]:
    """Return addresses and lengths of the tables, in the order of `DTYPES`.

    Raises
    ------
    TypeError
        If a table has another layout than compiled code expects: reading it would be unsafe.
    """
    found = np.empty(2 * len(DTYPES), dtype=np.int64)
    for i, (name, dtype) in enumerate(DTYPES.items()):
        table = tables[name]
        if table.dtype != dtype or not table.flags.c_contiguous:
            raise TypeError(f"table {name!r} has layout {table.dtype}, expected {dtype}, contiguous")
        found[2 * i] = table.ctypes.data
        found[2 * i + 1] = len(table)
    return found
