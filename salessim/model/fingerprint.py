"""The fingerprint of a market or plan: equal models have equal ones, whatever order they were written in."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from salessim.model.columns import Table
from salessim.model.part import Part

__all__ = ["fingerprint"]


def fingerprint(*models: Any) -> str:
    """Return a hash of the content of models: 32 hexadecimal digits.

    Parameters
    ----------
    *models
        Markets, plans and plain values (numbers, strings, dates, tuples, mappings).

    Examples
    --------
    >>> from salessim.model.plan import Plan
    >>> fingerprint(Plan(reps=3)) == fingerprint(Plan(reps=4).but(reps=3))
    True
    >>> fingerprint(Plan(reps=3)) == fingerprint(Plan(reps=4))
    False
    """
    digest = hashlib.blake2b(digest_size=16)
    for model in models:
        for piece in _pieces(model):
            # framed, so that no two different contents run together into one
            digest.update(len(piece).to_bytes(8, "little"))
            digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, Part):
        yield type(value).__name__.encode()
        for name in type(value).model_fields:
            yield name.encode()
            yield from _pieces(getattr(value, name))
    elif isinstance(value, Table):
        yield type(value).__name__.encode()
        for column in value.schema:
            array = value[column.name]
            yield column.name.encode()
            yield b"\0".join(str(item).encode() for item in array) if array.dtype == object else array.tobytes()
            yield str(len(array)).encode()
    elif isinstance(value, Mapping):
        for key in sorted(value, key=str):
            yield str(key).encode()
            yield from _pieces(value[key])
    elif isinstance(value, tuple | list):
        yield f"[{len(value)}".encode()
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif value is None or isinstance(value, bool | int | float | str | dt.date | np.generic):
        plain = value.item() if isinstance(value, np.generic) else value
        yield f"{type(plain).__name__}:{plain!r}".encode()
    else:
        raise TypeError(f"no fingerprint of a {type(value).__name__}")
