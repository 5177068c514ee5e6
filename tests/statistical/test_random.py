"""Draws by identity: uniform, without memory, and without likeness between neighbours of any kind.

Policy. The battery below gives `len(battery)` p-values, each two-sided. It passes if every one is above
``FAMILY / len(battery)`` (Bonferroni), so a perfect generator would fail with probability at most ``FAMILY`` = 1e-4.
Seeds are fixed, so the verdict is the same at every run: a failure is a change of the generator, not bad luck.

Power. The same battery must reject generators that are wrong in known ways: one of the two mixing rounds left out of
the last finaliser; the identity summed before it is mixed; no mixing at all; and good draws of which one in fifty
repeats its neighbour (a correlation of 0.02, found with probability above 99 %: 0.02 * sqrt(130,816) = 7.2 standard
errors, against a limit of 4.8).
"""

from __future__ import annotations

import hashlib
import itertools
import math
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numba
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from salessim.errors import ModelError
from salessim.world import random as streams
from salessim.world.random import (
    CROSS_SELL,
    OUTCOME,
    STREAMS,
    VALUE,
    bits,
    exponential,
    identities,
    identity,
    key,
    mix,
    normal,
    seed_key,
    uniform,
)

FAMILY = 1e-4

Words = NDArray[np.uint64]
Generator = Callable[[Words, Words, Words], Words]
"""Keys, streams and ordinals to 64 random bits each."""


@numba.njit
def all_bits(keys, streams, ordinals):  # type: ignore[no-untyped-def]
    out = np.empty(keys.size, np.uint64)
    for i in range(keys.size):
        out[i] = bits(keys[i], np.int64(streams[i]), ordinals[i])
    return out


def words(values: object) -> Words:
    return np.asarray(values, dtype=np.uint64)


def ours(keys: Words, streams: Words, ordinals: Words) -> Words:
    k, s, o = np.broadcast_arrays(keys, streams, ordinals)
    return np.asarray(all_bits(k.ravel(), s.ravel(), o.ravel())).reshape(k.shape)


# ---- the battery -----------------------------------------------------------------------------------------------------
def two_sided(p: float) -> float:
    """Too regular is as suspicious as too irregular."""
    return min(1.0, 2.0 * min(p, 1.0 - p))


def in_unit(x: Words) -> NDArray[np.float64]:
    return ((x >> np.uint64(12)).astype(np.float64) + 0.5) * 2.0**-52


def chi_square(counts: NDArray[np.int64]) -> float:
    return two_sided(float(stats.chisquare(counts).pvalue))


def balance(x: Words) -> float:
    """Each of the 64 bits is 1 as often as 0: the sum of 64 squared standard scores."""
    ones = np.array([np.count_nonzero(x & np.uint64(1 << b)) for b in range(64)])
    z = (ones - x.size / 2.0) / math.sqrt(x.size / 4.0)
    return two_sided(float(stats.chi2.sf(float(z @ z), 64)))


def correlation(a: Words, b: Words) -> float:
    x, y = in_unit(a).ravel(), in_unit(b).ravel()
    r = float(np.mean((x - 0.5) * (y - 0.5))) * 12.0
    return 2.0 * float(stats.norm.sf(abs(r) * math.sqrt(x.size)))


def sequence(x: Words) -> dict[str, float]:
    """Marginal law, memory over eight steps, and pairs, of one sequence."""
    u = in_unit(x)
    lags = [float(np.mean((u[lag:] - 0.5) * (u[:-lag] - 0.5))) * 12.0 for lag in range(1, 9)]
    memory = u.size * float(np.square(lags).sum())  # Box and Pierce
    cells = (np.floor(u[: u.size // 2 * 2] * 64.0).astype(np.int64).reshape(-1, 2) * [64, 1]).sum(axis=1)
    return {
        "bins": chi_square(np.bincount((u * 1024.0).astype(np.int64), minlength=1024)),
        "Kolmogorov-Smirnov": two_sided(float(stats.kstest(u, "uniform").pvalue)),
        "serial correlation": two_sided(float(stats.chi2.sf(memory, 8))),
        "pairs": chi_square(np.bincount(cells, minlength=4096)),
        "bit balance": balance(x),
    }


def likeness(a: Words, b: Words) -> dict[str, float]:
    """Two sets of draws that should have nothing in common: their values, and their bits one by one."""
    return {"correlation": correlation(a, b), "bits": balance((a ^ b).ravel())}


def avalanche(draw: Generator) -> dict[str, float]:
    """Turning over any bit of key, stream or ordinal turns over each output bit with probability 1/2."""
    rng = np.random.default_rng(12)
    n = 2048
    base = [rng.integers(0, 2**64, n, dtype=np.uint64), words(rng.integers(1, 27, n)), words(rng.integers(0, 1000, n))]
    before = draw(*base)
    scores = []
    for which, width in enumerate((64, 5, 64)):
        for bit in range(width):
            turned = list(base)
            turned[which] = base[which] ^ np.uint64(1 << bit)
            change = before ^ draw(*turned)
            ones = np.array([np.count_nonzero(change & np.uint64(1 << b)) for b in range(64)])
            scores.append((ones - n / 2.0) / math.sqrt(n / 4.0))
    z = np.concatenate(scores)
    worst = float(stats.binom.cdf(n / 2.0 - np.abs(z).max() * math.sqrt(n / 4.0), n, 0.5)) * 2.0 * z.size
    return {"whole": two_sided(float(stats.chi2.sf(float(z @ z), z.size))), "worst bit": min(1.0, worst)}


def run_battery(draw: Generator) -> dict[str, float]:
    """Return the p-value of every test, by name."""
    n = 2**17
    at, one = words(0x5EED_0000_0000_1234), np.uint64(1)
    steps = words(np.arange(n))
    worlds = words([seed_key(2026, r) for r in range(2**15)])
    things = identities([np.full(2**15, "account"), np.char.add("A-", np.arange(2**15).astype(str))])
    all_streams = words(sorted(STREAMS.values()))
    sequences = {
        "ordinals of one key": draw(at, words(VALUE), steps),
        "neighbouring keys": draw(at + steps, words(VALUE), words(0)),
        "small keys": draw(steps, words(VALUE), words(0)),
        "streams, then keys": draw(at + steps[: n // 26, None], all_streams[None, :], words(0)).ravel(),
        "replications": draw(worlds, words(VALUE), words(0)),
        "things": draw(things, words(VALUE), words(0)),
        "parts of a whole": draw(draw(at, words(0), steps), words(VALUE), words(0)),
    }
    k, o = at + words(np.arange(256))[:, None], words(np.arange(511))[None, :]
    s = words(OUTCOME)
    here = draw(k, s, o)
    pairs = {
        "key and next key": (here, draw(k + one, s, o)),
        "ordinal and next ordinal": (here, draw(k, s, o + one)),
        "stream and next stream": (here, draw(k, s + one, o)),
        "next key and next ordinal": (draw(k + one, s, o), draw(k, s, o + one)),
        "next key and next stream": (draw(k + one, s, o), draw(k, s + one, o)),
        "next stream and next ordinal": (draw(k, s + one, o), draw(k, s, o + one)),
        "replication and next replication": (
            draw(worlds[:256, None], s, o),
            draw(worlds[1:257, None], s, o),
        ),
        "seed and next seed": (
            draw(words([seed_key(a, 0) for a in range(256)])[:, None], s, o),
            draw(words([seed_key(a + 1, 0) for a in range(256)])[:, None], s, o),
        ),
        "a part's key and a draw of the whole": (draw(k, words(0), o), here),
        "a draw of the whole and of a part": (here, draw(draw(k, words(0), o), s, words(0))),
    }
    found = {f"{name}: {test}": p for name, x in sequences.items() for test, p in sequence(x).items()}
    found |= {f"{name}: {test}": p for name, (a, b) in pairs.items() for test, p in likeness(a, b).items()}
    return found | {f"avalanche: {test}": p for test, p in avalanche(draw).items()}


def rejected(found: dict[str, float]) -> dict[str, float]:
    limit = FAMILY / len(found)
    return {name: p for name, p in found.items() if not p >= limit}


def test_our_draws_pass_the_battery() -> None:
    found = run_battery(ours)
    assert len(found) == 57
    assert not rejected(found)


# ---- its power -------------------------------------------------------------------------------------------------------
GOLDEN_RATIO = np.uint64(0x9E3779B97F4A7C15)


def mixed(z: Words) -> Words:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def half_mixed(z: Words) -> Words:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    return z ^ (z >> np.uint64(31))


def one_round_missing(keys: Words, streams: Words, ordinals: Words) -> Words:
    """The last finaliser lacks its second multiplication."""
    return half_mixed(mixed(keys + GOLDEN_RATIO * streams) + GOLDEN_RATIO * (ordinals + np.uint64(1)))


def summed(keys: Words, streams: Words, ordinals: Words) -> Words:
    """Neighbours share their draws: the next key has the next ordinal's."""
    return mixed(keys + streams + ordinals)


def not_mixed(keys: Words, streams: Words, ordinals: Words) -> Words:
    return (keys + GOLDEN_RATIO * streams) * np.uint64(0xD1342543DE82EF95) + GOLDEN_RATIO * ordinals


def one_in_fifty_repeats(keys: Words, streams: Words, ordinals: Words) -> Words:
    """Good draws, but one in fifty is that of the key before: a correlation of 0.02 and nothing else."""
    x = ours(keys, streams, ordinals)
    k, s, o = np.broadcast_arrays(keys, streams, ordinals)
    repeats = ours(k, s + np.uint64(1000), o) < np.uint64(2**64 // 50)
    return np.where(repeats, ours(k - np.uint64(1), s, o), x)


@pytest.mark.parametrize(
    ("draw", "by"),
    [
        (one_round_missing, "avalanche: worst bit"),
        (summed, "next key and next ordinal: correlation"),
        (not_mixed, "ordinals of one key: pairs"),
        (one_in_fifty_repeats, "key and next key: correlation"),
    ],
)
def test_the_battery_rejects_bad_generators(draw: Generator, by: str) -> None:
    with np.errstate(over="ignore"):
        assert by in rejected(run_battery(draw))


def test_the_battery_knows_ours_by_its_definition() -> None:
    """The compiled draws are the two finalisers written here in NumPy."""
    rng = np.random.default_rng(13)
    k, o = rng.integers(0, 2**64, 1000, dtype=np.uint64), rng.integers(0, 2**64, 1000, dtype=np.uint64)
    s = words(rng.integers(0, 27, 1000))
    with np.errstate(over="ignore"):
        start = mixed(k + np.uint64(0xD1342543DE82EF95) * s)
        expected = mixed(start + GOLDEN_RATIO * (o + np.uint64(1)))
    np.testing.assert_array_equal(ours(k, s, o), expected)


# ---- the laws --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def draws() -> dict[str, NDArray[np.float64]]:
    @numba.njit
    def fill(uniforms, normals, exponentials):  # type: ignore[no-untyped-def]
        for i in range(uniforms.size):
            uniforms[i] = uniform(np.uint64(77), 3, i)
            normals[i] = normal(np.uint64(77), 4, i)
            exponentials[i] = exponential(np.uint64(77), 5, i, 20.0)

    found = {name: np.empty(200_000) for name in ("uniform", "normal", "exponential")}
    fill(*found.values())
    return found


@pytest.mark.parametrize(
    ("name", "law"),
    [("uniform", stats.uniform()), ("normal", stats.norm()), ("exponential", stats.expon(scale=20.0))],
)
def test_draws_follow_their_law(
    draws: dict[str, NDArray[np.float64]], name: str, law: stats.distributions.rv_frozen
) -> None:
    """Six p-values, each above 1e-4 / 6: a right sampler would fail with probability 1e-4.

    Power: a mean or a standard deviation off by 2 % is 7.7 standard errors or more (normal mean 0.02: 8.9; uniform
    mean 1 %: 7.7), found with probability above 99 %.
    """
    x = draws[name]
    limit = FAMILY / 6.0
    assert stats.kstest(x, law.cdf).pvalue > limit
    z = (x.mean() - law.mean()) / (law.std() / math.sqrt(x.size))
    assert 2.0 * stats.norm.sf(abs(z)) > limit


def test_inversion_keeps_the_order_of_luck(draws: dict[str, NDArray[np.float64]]) -> None:
    luck = [(uniform(5, 1, n), normal(5, 1, n), exponential(5, 1, n, 3.0)) for n in range(500)]
    luck.sort()
    assert all(a[1] < b[1] and a[2] < b[2] for a, b in itertools.pairwise(luck))
    assert np.isfinite(np.concatenate(list(draws.values()))).all() and (draws["exponential"] > 0.0).all()


def unmixed(z: int) -> int:
    """Undo `mix`, to reach any output."""

    def unshifted(y: int, by: int) -> int:
        x = y
        for _ in range(64 // by + 1):
            x = y ^ (x >> by)
        return x

    z = unshifted(z, 31) * pow(0x94D049BB133111EB, -1, 2**64) % 2**64
    z = unshifted(z, 27) * pow(0xBF58476D1CE4E5B9, -1, 2**64) % 2**64
    return unshifted(z, 30)


@given(st.integers(0, 2**64 - 1))
def test_mix_is_a_bijection(z: int) -> None:
    assert unmixed(mix(z)) == z and mix(unmixed(z)) == z


@pytest.mark.parametrize("output", [0, 2**64 - 1, 2**63, 2**63 - 1, 2**12 - 1, 2**64 - 2**12])
def test_uniform_never_reaches_its_ends(output: int) -> None:
    """For these keys the 64 bits are the extremes."""
    start = (unmixed(output) - 0x9E3779B97F4A7C15) % 2**64
    whole = (unmixed(start) - VALUE * 0xD1342543DE82EF95) % 2**64
    assert bits(whole, VALUE, 0) == output
    u = uniform(whole, VALUE, 0)
    assert u == ((output >> 12) + 0.5) * 2.0**-52 and 0.0 < u < 1.0
    assert math.isfinite(normal(whole, VALUE, 0)) and 0.0 < exponential(whole, VALUE, 0, 1.0) < 37.0


# ---- identities ------------------------------------------------------------------------------------------------------
def test_golden_values() -> None:
    """What an older share code stands for. A change here breaks every saved scenario."""
    assert identity("account", "A-17") == 0xB7CBB5F1FA836986
    assert identity("客户", "华东-0001") == 0xD7EDCBB553DF198A
    assert seed_key(7, 0) == 0x2788F50570307308 and seed_key(-1, 3) == 0xA215472537FFED4A
    assert mix(1) == 0x5692161D100B05E5 and key(1, 2) == 0x70335FC3DAF3D8A7
    assert uniform(seed_key(7, 0), VALUE, 0).hex() == "0x1.13da989a7121dp-1"
    assert uniform(key(seed_key(7, 0), identity("a")), OUTCOME, 2**63).hex() == "0x1.cc65d3a668bcdp-1"
    assert normal(3, VALUE, 4).hex() == "0x1.2f565f42f2322p-1"
    assert exponential(3, VALUE, 4, 20.0).hex() == "0x1.9b0f0ce0d53cep+4"


def test_streams_are_numbered_once_and_for_all() -> None:
    assert list(STREAMS.values()) == list(range(1, len(STREAMS) + 1)), "add at the end, never re-use a number"
    assert STREAMS["LEAD_GAP"] == 1 and STREAMS["VALUE"] == 4 and STREAMS["PATIENCE"] == 14 and STREAMS["SUCCESS"] == 26
    assert all(getattr(streams, name) == number for name, number in STREAMS.items())


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_identity_depends_on_the_parts_and_not_on_their_concatenation(a: list[str], b: list[str]) -> None:
    assert (identity(*a) == identity(*b)) == (a == b)
    assert identity(*a) != identity(*a, "")
    joined = "".join(a)
    assert len(a) == 1 or identity(joined) != identity(*a)


def test_identity_imitates_no_separator() -> None:
    tricky = [("ab", "c"), ("a", "bc"), ("abc",), ("2:ab1:c",), ("ab1:c",), ("", "abc"), ("abc", ""), ("a", "b", "c")]
    assert len({identity(*parts) for parts in tricky}) == len(tricky)
    assert len({identity("\ud800"), identity("\ud801"), identity("")}) == 3, "a broken character is a character"
    assert identity("x") != int.from_bytes(hashlib.blake2b(b"1:x", digest_size=8).digest(), "little")


def test_identities_equal_identity_for_every_kind_of_column() -> None:
    ids, products = ["A-1", "客户 2", "", "A-1"], ["p", "q", "r", "q"]
    expected = [identity(a, p) for a, p in zip(ids, products, strict=True)]
    for make in (list, np.array, pd.Series, lambda x: np.array(x, dtype=object), tuple):
        found = identities([make(ids), make(products)])
        assert found.dtype == np.uint64 and found.tolist() == expected
    assert identities([ids]).tolist() == [identity(a) for a in ids]
    assert identities([[], []]).shape == (0,)


def test_hundred_thousand_identities_take_less_than_a_second() -> None:
    n = 100_000
    columns = [
        np.char.add("account-", np.arange(n).astype(str)),
        np.char.add("product-", (np.arange(n) % 40).astype(str)),
    ]
    start = time.process_time()
    found = identities(columns)
    assert time.process_time() - start < 1.0
    assert np.unique(found).size == n


@pytest.mark.parametrize(
    "call",
    [
        lambda: identity(),
        lambda: identity("account", 17),  # type: ignore[arg-type]
        lambda: identity(b"account"),  # type: ignore[arg-type]
        lambda: identities([]),
        lambda: identities("account"),
        lambda: identities(["A-1", "A-2"]),
        lambda: identities([["a"], ["b", "c"]]),
        lambda: identities([["a", None]]),  # type: ignore[list-item]
        lambda: identities([np.array([1, 2])]),
        lambda: seed_key(1.5, 0),  # type: ignore[arg-type]
        lambda: seed_key(True, 0),
        lambda: seed_key(1, -1),
        lambda: seed_key(1, "0"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_an_identity_or_a_seed_is_refused(call: Callable[[], object]) -> None:
    with pytest.raises(ModelError):
        call()


def test_seeds_are_not_summed() -> None:
    pairs = [(s, r) for s in range(-3, 30) for r in range(30)] + [(1, 11), (11, 1), (111, 0), (0, 111), (10**30, 0)]
    assert len({int(seed_key(s, r)) for s, r in pairs}) == len(set(pairs))
    assert seed_key(np.int32(7), np.int64(2)) == seed_key(7, 2)


# ---- draws do not depend on the types or the order of the asking -----------------------------------------------------
def test_any_integer_type_gives_the_same_draw() -> None:
    for k in (5, np.int64(5), np.uint64(5), np.int32(5), np.uint8(5)):
        for o in (9, np.int32(9), np.uint64(9), np.uint16(9)):
            assert bits(k, CROSS_SELL, o) == bits(np.uint64(5), np.int64(CROSS_SELL), np.int64(9))
            assert key(k, o) == key(5, 9)
    above = 2**63 + 12345  # would lose its last bits if it ever became a float
    assert len({bits(above + i, VALUE, 0) for i in range(100)} | {bits(1, VALUE, above + i) for i in range(100)}) == 200
    assert isinstance(key(1, 2), int)


def test_an_added_account_changes_no_draw_of_the_others() -> None:
    world = seed_key(7, 3)
    few, many = ["A", "C"], ["C", "B", "A"]
    luck = {a: [uniform(key(key(world, identity("account", a)), n), VALUE, 0) for n in range(5)] for a in few}
    assert luck == {
        a: [uniform(key(key(world, identity("account", a)), n), VALUE, 0) for n in reversed(range(5))][::-1]
        for a in many
        if a in few
    }


@pytest.mark.slow
def test_another_process_gives_the_same_draws() -> None:
    code = (
        "from salessim.world.random import *\n"
        "from salessim.world.random import VALUE\n"
        "print(uniform(key(seed_key(7, 1), identity('account', 'A')), VALUE, 3).hex())"
    )
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    here = uniform(key(seed_key(7, 1), identity("account", "A")), VALUE, 3)
    assert float.fromhex(done.stdout.strip()) == here
