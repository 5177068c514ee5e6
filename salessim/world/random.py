"""Random numbers by identity: every draw is a function of what it decides, never of when it is asked for.

A draw is a function of **(seed, replication, stream, identity of the thing, ordinal)**. The n-th opportunity of an
account for a product therefore has the same moment, the same budget and the same luck under every plan, on both
clocks, in one process or in fifty. Two plans differ by what the plans do and by nothing else, which cuts the variance
of their difference many times over; adding an account, a product or a plan changes no draw of the others. A generator
that hands out its numbers in the order of the calls has none of this: one more call anywhere shifts all that follow.

How to use it:

* The world of one replication starts from ``seed_key(seed, replication)``.
* A thing has an identity: a hash of its stable ids (`identity`, `identities`), never a row number. Its key is
  ``key(parent, identity)``, and so on down the chain: world, account and product, n-th opportunity, stage by name.
* A draw is ``uniform(key, stream, ordinal)``, or `normal` or `exponential` likewise. The *stream* says what is decided
  and is one of the constants below; the *ordinal* counts repetitions of that one decision.

Method: with key and stream fixed, the bits are the sequence of SplitMix64 (Steele, Lea & Flood 2014, *Fast splittable
pseudorandom number generators*, OOPSLA), whose finaliser is variant 13 of Stafford; its starting point is the finaliser
of key and stream. `key` is the same function on a stream no draw uses. A uniform draw is an odd multiple of 2**-53:
never 0, never 1, and as many below a half as above.

Two different things share a key with probability 2**-64 a pair: for a million things, once in about 37 million worlds.
"""

from __future__ import annotations

import functools
import hashlib
import operator
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain
from salessim.world.compiled import rule
from salessim.world.numbers import exponential_quantile, normal_quantile

__all__ = ["STREAMS", "bits", "exponential", "identities", "identity", "key", "mix", "normal", "seed_key", "uniform"]

# ---- streams: what a draw decides ------------------------------------------------------------------------------------
# A number never changes its meaning and is never used again, or old share codes would replay another world: add at the
# end. 0 is the stream of `key`.
LEAD_GAP: Final = 1  # time from one candidate opportunity of an account and product to the next
ACTIVATION: Final = 2  # whether a candidate becomes an opportunity: compared with goodwill, awareness, season
INBOUND: Final = 3  # whether an opportunity comes in by itself (an inquiry) or is found
VALUE: Final = 4  # money an opportunity is about
EFFORT: Final = 5  # hours of work a stage takes
OUTCOME: Final = 6  # how a stage ends: goes on, lost, no decision, disqualified
DWELL: Final = 7  # how long the customer takes over a stage
CROSS_SELL: Final = 8  # whether a won deal opens an opportunity for another product, and when
HANDOFF: Final = 9  # whether an opportunity survives the change of hands between two reps
LEAVE: Final = 10  # days a rep is away
CANDIDATE_REP: Final = 11  # what the k-th candidate on the company-wide list of hires is like
PLACE: Final = 12  # where an account or a rep is, if its place is not known
START: Final = 13  # state at the start of a run that no record tells: stage, age, relation, skill
PATIENCE: Final = 14  # how long an opportunity waits for us before it expires
QUIT: Final = 15  # unit exponential that a rep's integrated hazard of leaving must reach
FILL: Final = 16  # time until a vacancy is filled
PURCHASE: Final = 17  # repeat purchases of a customer: when and how much
TICKET: Final = 18  # service cases: when, how grave
CHURN: Final = 19  # whether a customer stays
RIVAL: Final = 20  # what competitors do about an opportunity
DISCOUNT: Final = 21  # price the customer asks for and is given
DECISION: Final = 22  # choices of a rep that are his own and not the world's
RECORD: Final = 23  # what is written into the CRM: late, optimistic, missing
ATTRIBUTE: Final = 24  # properties of an account or product that no record tells: segment, size, needs
SHOCK: Final = 25  # swings of demand that all share
SUCCESS: Final = 26  # whether an attempt to reach somebody succeeds
PAYMENT: Final = 27  # when a customer pays, and whether at all
HIRED: Final = 28  # the company-wide list of candidates: its k-th entry

STREAMS: Final[dict[str, int]] = {
    name: number for name, number in list(globals().items()) if name.isupper() and isinstance(number, int)
}
"""Name and number of every stream."""

_A: Final = np.uint64(0xBF58476D1CE4E5B9)
_B: Final = np.uint64(0x94D049BB133111EB)
_PER_ORDINAL: Final = np.uint64(0x9E3779B97F4A7C15)  # 2**64 / golden ratio, odd
_PER_STREAM: Final = np.uint64(0xD1342543DE82EF95)  # odd, of good spectrum (Steele & Vigna 2022, Softw. Pract. Exper.)
_27: Final = np.uint64(27)
_30: Final = np.uint64(30)
_31: Final = np.uint64(31)
_12: Final = np.uint64(12)
_ONE: Final = np.uint64(1)
_STEP: Final = 2.0**-52


# ---- compiled: draws -------------------------------------------------------------------------------------------------
# With signatures, so that a key that went through Python (where it is a plain int) comes back as the same 64 bits.
_BITS: Final = "uint64(uint64, int64, uint64)"
_DRAW: Final = "float64(uint64, int64, uint64)"


@rule(signature="uint64(uint64)")
def mix(z: int | np.uint64) -> np.uint64:
    """Return the finaliser of SplitMix64: a bijection of 64 bits in which each input bit reaches every output bit.

    Examples
    --------
    >>> hex(mix(1))
    '0x5692161d100b05e5'
    """
    h = np.uint64(z)
    h = (h ^ (h >> _30)) * _A
    h = (h ^ (h >> _27)) * _B
    return h ^ (h >> _31)


@rule(signature=_BITS)
def bits(key: int | np.uint64, stream: int, ordinal: int | np.uint64) -> np.uint64:
    """Return 64 random bits for a decision.

    Parameters
    ----------
    key : uint64
        Key of the thing that is decided about.
    stream : int
        What is decided; a constant of this module.
    ordinal : int or uint64
        Which repetition of that decision.

    Examples
    --------
    >>> bits(1, VALUE, 0) == bits(1, VALUE, 0), bits(1, VALUE, 0) == bits(1, VALUE, 1)
    (True, False)
    """
    start = mix(np.uint64(key) + _PER_STREAM * np.uint64(stream))
    return mix(start + _PER_ORDINAL * (np.uint64(ordinal) + _ONE))


@rule(signature="uint64(uint64, uint64)")
def key(parent: int | np.uint64, ordinal: int | np.uint64) -> np.uint64:
    """Return the key of the part `ordinal` of the thing whose key is `parent`.

    Parameters
    ----------
    parent : uint64
        Key of the whole: of the world (`seed_key`) or of another thing.
    ordinal : int or uint64
        Which part: an identity, or a number that counts parts of one kind.

    Examples
    --------
    >>> account = key(seed_key(7, 0), identity("account", "A-17"))
    >>> key(account, 0) == key(account, 1)
    False
    """
    return bits(parent, 0, ordinal)


@rule(signature=_DRAW)
def uniform(key: int | np.uint64, stream: int, ordinal: int | np.uint64) -> float:
    """Return a draw from the uniform distribution on (0, 1), ends excluded.

    Parameters
    ----------
    key, stream, ordinal
        As in `bits`.

    Returns
    -------
    float
        An odd multiple of 2**-53.

    Examples
    --------
    >>> 0.0 < uniform(1, VALUE, 0) < 1.0
    True
    """
    # 52 bits and a half: with 53 the sum would be rounded, and could be rounded to 1
    return (np.float64(np.int64(bits(key, stream, ordinal) >> _12)) + 0.5) * _STEP


@rule(signature=_DRAW)
def normal(key: int | np.uint64, stream: int, ordinal: int | np.uint64) -> float:
    """Return a draw from the standard normal distribution, by inversion of `uniform`.

    Inversion keeps the order: where one world has more luck in a decision than another, it does under every plan.

    Examples
    --------
    >>> -8.3 < normal(1, VALUE, 0) < 8.3
    True
    """
    return normal_quantile(uniform(key, stream, ordinal))


@rule(signature="float64(uint64, int64, uint64, float64)")
def exponential(key: int | np.uint64, stream: int, ordinal: int | np.uint64, mean: float) -> float:
    """Return a draw from the exponential distribution with a given mean, by inversion of `uniform`.

    Examples
    --------
    >>> exponential(1, LEAD_GAP, 0, 20.0) == 20.0 * exponential(1, LEAD_GAP, 0, 1.0)
    True
    """
    return mean * exponential_quantile(uniform(key, stream, ordinal))


# ---- Python: identities ----------------------------------------------------------------------------------------------
_OF_IDS: Final = b"salessim id"
_OF_SEEDS: Final = b"salessim seed"


def _framed(part: Any) -> bytes:
    """Return the text behind its own length, so that ("ab", "c") and ("a", "bc") stay apart."""
    if not isinstance(part, str):
        raise ModelError(
            explain(
                "an identity is made of the ids of things, as text",
                where="identity",
                value=part,
                allowed="text",
                remedy="Convert numbers to text first, and give things without an id one",
            )
        )
    text = part.encode("utf-8", "surrogatepass")
    return b"%d:%b" % (len(text), text)


def identity(*parts: str) -> int:
    """Return the identity of a thing: 64 bits from its stable ids.

    Parameters
    ----------
    *parts : str
        Ids from the outside in, such as ``"account"`` and the account's id. Not row numbers.

    Returns
    -------
    int
        0 to 2**64 - 1, the same on every machine (BLAKE2b).

    Raises
    ------
    ModelError
        A part is not text, or there is none.

    Examples
    --------
    >>> identity("ab", "c") == identity("a", "bc")
    False
    """
    if not parts:
        raise ModelError(explain("an identity needs at least one id", where="identity"))
    framed = b"".join(_framed(part) for part in parts)
    return int.from_bytes(hashlib.blake2b(framed, digest_size=8, person=_OF_IDS).digest(), "little")


def identities(columns: Sequence[Sequence[str] | NDArray[Any]]) -> NDArray[np.uint64]:
    """Return the identities of many things, given their ids column by column.

    Parameters
    ----------
    columns : sequence of arrays of str
        One array per part, all of one length `n`: ``identities([a, b])[i] == identity(a[i], b[i])``.

    Returns
    -------
    ndarray of uint64, shape (n,)

    Raises
    ------
    ModelError
        A part is not text, there is no column, or the columns differ in length.

    Examples
    --------
    >>> bool(identities([["x", "y"], ["1", "2"]])[1] == identity("y", "2"))
    True
    """
    if isinstance(columns, str) or not len(columns) or any(isinstance(column, str) for column in columns):
        raise ModelError(
            explain(
                "identities are made from columns of ids",
                where="identities",
                value=columns,
                allowed="a list with at least one array of text",
                remedy="Write identities([ids]) for a single column",
            )
        )
    lengths = sorted({len(column) for column in columns})
    if len(lengths) > 1:
        raise ModelError(
            explain("columns of ids differ in length", where="identities", value=lengths, allowed="one length for all")
        )
    # the same accounts and products come again with every plan and every setting of a lever
    return _hashed(tuple(tuple(column) for column in columns)).copy()


@functools.lru_cache(maxsize=32)
def _hashed(columns: tuple[tuple[str, ...], ...]) -> NDArray[np.uint64]:
    framed = [[_framed(part) for part in column] for column in columns]
    digests = b"".join(
        hashlib.blake2b(b"".join(parts), digest_size=8, person=_OF_IDS).digest() for parts in zip(*framed, strict=True)
    )
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def seed_key(seed: int, replication: int) -> np.uint64:
    """Return the key of a world.

    Parameters
    ----------
    seed : int
        Any integer; which family of worlds.
    replication : int
        Which world of that family, 0 or more.

    Returns
    -------
    uint64
        A hash of both: neighbouring seeds and replications have nothing in common.

    Raises
    ------
    ModelError
        One of them is not an integer, or `replication` is negative.

    Examples
    --------
    >>> len({seed_key(7, 0), seed_key(7, 1), seed_key(8, 0), seed_key(71, 0)})
    4
    """
    for name, value, least in (("seed", seed, None), ("replication", replication, 0)):
        if isinstance(value, bool | np.bool_) or not hasattr(value, "__index__") or (least == 0 and value < 0):
            allowed = "an integer" if least is None else "an integer, 0 or more"
            raise ModelError(explain(f"this cannot be a {name}", where=name, value=value, allowed=allowed))
    text = b"%d:%d" % (operator.index(seed), operator.index(replication))
    return np.uint64(int.from_bytes(hashlib.blake2b(text, digest_size=8, person=_OF_SEEDS).digest(), "little"))
