"""Share codes: a scenario in one line that fits into a chat message, and is checked before it is believed.

``ss1.`` and base64url of a checksum (4 bytes of SHA-256) and the compressed JSON of what differs from the firm's start.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import zlib

from salessim.errors import ModelError, explain
from salessim.widgets.scenario import Scenario, as_plain

__all__ = ["LONGEST", "code_of", "read_code"]

LONGEST = 8_000
"""Characters of the longest code that is read."""
_MOST_BYTES = 100_000
"""Size of the largest scenario a code may unfold to."""
_SIGN = "ss1."
_CHECK = 4


def code_of(scenario: Scenario) -> str:
    """Return the code of a scenario without data of its own.

    Examples
    --------
    >>> code = code_of(Scenario(preset="standard", levers={"structure": "product", "reps": 42}))
    >>> len(code) < 120, read_code(code).levers
    (True, {'structure': 'product', 'reps': 42})
    """
    plain = json.dumps(as_plain(scenario), separators=(",", ":"), sort_keys=False, ensure_ascii=False)
    packed = zlib.compress(plain.encode(), 9)
    return _SIGN + base64.urlsafe_b64encode(_checksum(packed) + packed).decode().rstrip("=")


def read_code(code: str) -> Scenario:
    """Read a code.

    Raises
    ------
    ModelError
        If it is no code, incomplete, damaged, too large, or holds what a scenario cannot hold.

    Examples
    --------
    >>> read_code("ss1.AAAA")
    Traceback (most recent call last):
    ...
    salessim.errors.ModelError: This share code is damaged or incomplete. Copy it again, from first sign to last.
    """
    said = "".join(code.split())
    if len(said) > LONGEST:
        raise ModelError(explain("this is too long for a share code", value=f"{len(said):,} characters",
                                 allowed=f"{LONGEST:,} characters"))  # fmt: skip
    if not re.fullmatch(r"ss1\.[A-Za-z0-9_-]+", said):
        raise ModelError(explain("this is not a share code", value=said[:40], allowed="a code that begins with ss1.",
                                 remedy="Copy the whole code, and nothing else"))  # fmt: skip
    body = said.removeprefix(_SIGN)
    try:
        raw = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise _damaged() from None
    packed = raw[_CHECK:]
    if not packed or _checksum(packed) != raw[:_CHECK]:
        raise _damaged()
    unpacker = zlib.decompressobj()
    try:
        plain = unpacker.decompress(packed, _MOST_BYTES)
    except zlib.error:
        raise _damaged() from None
    if not unpacker.eof:
        raise ModelError(explain("this share code unfolds to more than a scenario can be", allowed=f"{_MOST_BYTES:,}"
                                 " bytes"))  # fmt: skip
    try:
        values = json.loads(plain.decode())
    except (ValueError, RecursionError):  # no text, no JSON, a number of ten thousand digits
        raise _damaged() from None
    if not isinstance(values, dict) or {"market", "plan"} & values.keys():
        raise _damaged()
    return Scenario(**values)


def _checksum(packed: bytes) -> bytes:
    return hashlib.sha256(packed).digest()[:_CHECK]


def _damaged() -> ModelError:
    return ModelError(
        explain("this share code is damaged or incomplete", remedy="Copy it again, from first sign to last")
    )
