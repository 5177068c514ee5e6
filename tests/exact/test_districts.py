"""Territories: balanced, compact, the same whatever the unit, quick, and sensible where little is given."""

from __future__ import annotations

import time

import numpy as np
import pytest
from scipy.optimize import linprog

from salessim.errors import ModelError
from salessim.world.apportion import apportion, match_groups
from salessim.world.districts import balance


def places(
    accounts: int, reps: int, seed: int = 1, clustered: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if clustered:
        centre = rng.uniform(0, 300, (6, 2))
        xy = centre[rng.integers(6, size=accounts)] + rng.normal(0, 15, (accounts, 2))
    else:
        xy = rng.uniform(0, 300, (accounts, 2))
    return xy, rng.lognormal(0, 0.6, accounts), rng.uniform(0, 300, (reps, 2))


@pytest.mark.parametrize("free", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_workloads_are_within_five_percent(seed: int, free: bool) -> None:
    xy, work, homes = places(1000, 50, seed, clustered=seed % 2 == 1)
    if free:
        homes[:] = np.nan
    found = balance(xy, work, homes)
    load = np.bincount(found.owner, work, 50)
    assert found.work == pytest.approx(load)
    assert found.imbalance == pytest.approx(np.abs(load / load.mean() - 1).max())
    # GEOLINE's published yardstick is 10 %
    assert found.imbalance <= 0.06
    assert np.isfinite(found.homes).all()


@pytest.mark.parametrize("seed", range(6))
def test_distance_is_near_the_optimum_of_the_transportation_problem(seed: int) -> None:
    xy, work, homes = places(120, 8, seed, clustered=seed % 2 == 1)
    found = balance(xy, work, homes, tolerance=0.03)
    cost = np.sqrt(((xy[:, None] - homes[None]) ** 2).sum(axis=2))
    load = np.bincount(found.owner, work, 8)
    # the same workloads as ours, accounts divisible: a lower bound
    served = np.kron(np.eye(120), np.ones((1, 8)))
    given = np.kron(np.ones((1, 120)), np.eye(8))
    best = linprog(cost.ravel(), A_eq=np.vstack([served, given]), b_eq=np.concatenate([work, load]), method="highs")
    ours = float((cost[np.arange(120), found.owner] * work).sum())
    assert ours <= 1.03 * best.fun


def test_areas_are_compact_where_homes_are_free() -> None:
    xy, work, _ = places(1000, 50)
    found = balance(xy, work, np.full((50, 2), np.nan))
    # a regular division of 300 km x 300 km in 50 has a mean distance of 0.38 * sqrt(area / 50) = 16.2 km
    assert found.distance < 1.1 * 16.2


def test_unit_of_distance_and_of_work_are_arbitrary() -> None:
    xy, work, homes = places(200, 10)
    one = balance(xy, work, homes)
    assert (balance(4 * xy, work, 4 * homes).owner == one.owner).all()
    assert (balance(xy, 8 * work, homes).owner == one.owner).all()


def test_the_incumbent_is_kept_as_far_as_asked() -> None:
    xy, work, homes = places(300, 10)
    today = balance(xy, work, homes).owner
    rng = np.random.default_rng(5)
    today = np.where(rng.random(300) < 0.3, rng.integers(10, size=300), today)
    moved = [
        int((balance(xy, work, homes, incumbent=today, keep=keep).owner != today).sum()) for keep in (0, 0.5, 0.95)
    ]
    assert moved[0] > moved[1] > moved[2]


def test_capacity_scales_the_target() -> None:
    xy, work, homes = places(400, 8)
    capacity = np.array([1, 1, 1, 1, 1, 1, 1, 0.5])
    load = balance(xy, work, homes, capacity=capacity).work
    assert load / load.sum() == pytest.approx(capacity / capacity.sum(), rel=0.07)


def test_no_travel_is_a_balanced_split() -> None:
    _, work, _ = places(200, 10)
    found = balance(np.zeros((200, 2)), work, np.full((10, 2), np.nan))
    assert found.imbalance < 0.15


@pytest.mark.parametrize(("accounts", "reps"), [(20, 30), (1, 1), (1, 5), (50, 1), (0, 3)])
def test_few_accounts_or_reps(accounts: int, reps: int) -> None:
    xy, work, homes = places(accounts, reps)
    for given in (homes, np.full((reps, 2), np.nan)):
        found = balance(xy, work, given)
        assert found.owner.shape == (accounts,)
        assert ((found.owner >= 0) & (found.owner < reps)).all()
        assert found.work.sum() == pytest.approx(work.sum())


def test_one_giant_account_gets_a_rep_of_its_own() -> None:
    xy, work, homes = places(100, 5)
    work[7] = work.sum()
    owner = balance(xy, work, homes).owner
    assert (owner == owner[7]).sum() <= 3


def test_a_thousand_accounts_and_fifty_reps_take_fifty_milliseconds() -> None:
    xy, work, homes = places(1000, 50)
    for given in (homes, np.full((50, 2), np.nan)):
        balance(xy, work, given)
        spent = []
        for _ in range(5):
            start = time.process_time()
            balance(xy, work, given)
            spent.append(time.process_time() - start)
        assert min(spent) <= 0.05


def test_apportion_is_largest_remainder_with_a_minimum() -> None:
    assert apportion(10, [5, 3, 2]).tolist() == [5, 3, 2]
    assert apportion(7, [1, 1, 1]).sum() == 7
    assert apportion(5, [100, 0, 0]).tolist() == [3, 1, 1]
    assert apportion(4, [0, 0]).sum() == 4
    with pytest.raises(ModelError, match="fewer reps than"):
        apportion(2, [1, 1, 1])


def test_match_groups_is_the_best_assignment() -> None:
    rng = np.random.default_rng(3)
    fitness = rng.random((6, 3))
    group = match_groups(fitness, [3, 2, 1])
    assert np.bincount(group).tolist() == [3, 2, 1]
    import itertools

    best = max(
        sum(fitness[r, g] for r, g in enumerate(order)) for order in set(itertools.permutations([0, 0, 0, 1, 1, 2]))
    )
    assert fitness[np.arange(6), group].sum() == pytest.approx(best)
