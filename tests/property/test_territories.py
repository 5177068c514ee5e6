"""Territory alignment: what holds whatever the map, the names, the units and the order of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from salessim.world.apportion import apportion, match_groups
from salessim.world.territories import Territories, balance

Floats = NDArray[np.float64]


@st.composite
def companies(draw: st.DrawFn, distinct: bool = False) -> dict[str, Any]:
    """Small companies: few or many accounts, towns, giants, free homes, part-timers, incumbents."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    accounts, reps = draw(st.integers(0, 90)), draw(st.integers(1, 14))
    xy = rng.uniform(-50, 400, (accounts, 2))
    homes = rng.uniform(-50, 400, (reps, 2))
    work = rng.lognormal(0, draw(st.sampled_from([0.0, 0.5, 2.0])), accounts)
    capacity = rng.uniform(0.5, 1.5, reps)
    incumbent = rng.integers(-1, reps, accounts)
    if not distinct:
        if draw(st.booleans()):
            xy, homes = np.round(xy / 100) * 100, np.round(homes / 100) * 100
        if draw(st.booleans()):
            work[rng.random(accounts) < 0.2] = 0.0
        if draw(st.booleans()):
            capacity = rng.integers(0, 3, reps).astype(float)
            capacity[0] = 1.0
    homes[rng.random(reps) < draw(st.sampled_from([0.0, 0.5, 1.0]))] = np.nan
    return {
        "xy": xy,
        "work": work,
        "homes": homes,
        "capacity": capacity,
        "incumbent": incumbent,
        "keep": draw(st.sampled_from([0.0, 0.4, 1.0])),
        "tolerance": draw(st.sampled_from([0.0, 0.05, 0.3])),
    }


def same(one: Territories, other: Territories) -> None:
    np.testing.assert_array_equal(one.owner, other.owner)
    np.testing.assert_array_equal(one.homes, other.homes)
    np.testing.assert_array_equal(one.compactness, other.compactness)


@given(companies())
def test_every_account_has_one_rep_and_the_books_add_up(company: dict[str, Any]) -> None:
    given_ = {name: np.copy(value) for name, value in company.items()}
    found = balance(**company)
    for name, value in given_.items():
        np.testing.assert_array_equal(company[name], value)  # input is left alone
    xy, work, homes, capacity = company["xy"], company["work"], company["homes"], company["capacity"]
    assert found.owner.shape == (len(xy),)
    assert (capacity[found.owner] > 0).all()
    np.testing.assert_allclose(found.work, np.bincount(found.owner, work, len(homes)))
    known = np.isfinite(homes)
    np.testing.assert_array_equal(found.homes[known], homes[known])
    assert found.iterations == len(found.compactness)
    assert (np.diff(found.compactness) <= 0).all()
    if work.sum() > 0:
        away = np.linalg.norm(xy - found.homes[found.owner], axis=1)
        assert found.distance == pytest.approx((work * away).sum() / work.sum(), rel=1e-9, abs=1e-9)
        target = capacity / capacity.sum() * work.sum()
        busy = target > 0
        assert found.imbalance == pytest.approx(np.abs(found.work[busy] / target[busy] - 1).max(), abs=1e-9)
        # nobody has more than his band and one account
        assert (found.work <= target * (1 + company["tolerance"]) + work.max() * (1 + 1e-9)).all()
    same(found, balance(**company))


@given(companies(distinct=True), st.integers(0, 2**32 - 1))
def test_order_of_rows_makes_no_difference(company: dict[str, Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    accounts, reps = len(company["xy"]), len(company["homes"])
    rows, people = rng.permutation(accounts), rng.permutation(reps)
    rank = np.empty(reps + 1, np.int64)
    rank[people], rank[reps] = np.arange(reps), -1
    shuffled = {
        **company,
        "xy": company["xy"][rows],
        "work": company["work"][rows],
        "homes": company["homes"][people],
        "capacity": company["capacity"][people],
        "incumbent": rank[company["incumbent"][rows]],
    }
    one, other = balance(**company), balance(**shuffled)
    np.testing.assert_array_equal(people[other.owner], one.owner[rows])
    np.testing.assert_array_equal(other.homes, one.homes[people])


@given(companies(distinct=True), st.sampled_from([1.609344, 1000.0, 0.37]), st.sampled_from([60.0, 1 / 8.0, 0.013]))
def test_units_make_no_difference(company: dict[str, Any], length: float, hours: float) -> None:
    other_units = {
        **company,
        "xy": company["xy"] * length,
        "homes": company["homes"] * length,
        "work": company["work"] * hours,
        "capacity": company["capacity"] * 7.7,
    }
    one, other = balance(**company), balance(**other_units)
    assert other.imbalance == pytest.approx(one.imbalance, abs=1e-9)
    if not np.array_equal(one.owner, other.owner):
        # two answers that are equally good: which of them is found may turn on a rounding of the unit
        assert other.distance == pytest.approx(one.distance * length, rel=0.02)
        return
    np.testing.assert_allclose(one.homes * length, other.homes, rtol=1e-6, atol=1e-6 * length)


@given(st.integers(0, 2**32 - 1), st.integers(2, 8), st.booleans())
def test_small_accounts_are_always_balanced(seed: int, reps: int, free: bool) -> None:
    """No account above a twentieth of a territory: 5 % is then within reach, on any map."""
    rng = np.random.default_rng(seed)
    accounts = 40 * reps
    towns = rng.uniform(0, 500, (rng.integers(1, 6), 2))
    xy = towns[rng.integers(len(towns), size=accounts)] + rng.normal(0, rng.choice([0.0, 1.0, 100.0]), (accounts, 2))
    homes = np.full((reps, 2), np.nan) if free else rng.uniform(0, 500, (reps, 2))
    found = balance(xy, rng.uniform(0.2, 1.0, accounts), homes)
    assert found.imbalance <= 0.05 + 1e-9


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=12),
    st.integers(0, 3),
    st.integers(0, 200),
    st.sampled_from([1.0, 0.25, 1024.0]),
)
def test_apportion_keeps_quota_and_order(weights: list[int], minimum: int, more: int, unit: float) -> None:
    total = minimum * len(weights) + more
    seats = apportion(total, weights, minimum)
    assert seats.sum() == total
    assert (seats >= minimum).all()
    np.testing.assert_array_equal(seats, apportion(total, np.array(weights) * unit, minimum))
    for i, j in zip(*np.nonzero(np.less.outer(weights, weights)), strict=True):
        assert seats[i] <= seats[j]
    if sum(weights) and minimum == 0:
        quota = np.array([total * w / sum(weights) for w in weights])
        assert (np.abs(seats - quota) < 1 + 1e-9).all()


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 5))
def test_match_groups_leaves_no_swap_to_gain_by(seed: int, reps: int, groups: int) -> None:
    rng = np.random.default_rng(seed)
    fitness = rng.integers(0, 5, (reps, groups)).astype(float)
    sizes = np.bincount(rng.integers(0, groups, reps), minlength=groups)
    group = match_groups(fitness, sizes)
    np.testing.assert_array_equal(np.bincount(group, minlength=groups), sizes)
    have = fitness[np.arange(reps), group]
    swapped = fitness[:, group]  # [i, j]: rep i in the group of rep j
    assert (swapped + swapped.T <= have[:, None] + have[None, :] + 1e-9).all()
    np.testing.assert_array_equal(group, match_groups(fitness, sizes))
