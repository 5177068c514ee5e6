"""Allocation is optimal: against brute force over every split, against bounds, and on the trap of S-curves."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.errors import StudyError
from salessim.sizing.allocation import best_size, deployments, gains_of, split_by_price
from salessim.sizing.response import Adbudg, Exponential, Power


def brute_force(gains: np.ndarray, total: int) -> float:
    """The most that any split of at most `total` steps brings."""
    items, size = gains.shape
    return max(
        sum(gains[i, n] for i, n in enumerate(split))
        for split in itertools.product(range(size), repeat=items)
        if sum(split) <= total
    )


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 4).flatmap(
        lambda items: st.lists(
            st.lists(st.floats(-5, 20, allow_nan=False, width=32), min_size=6, max_size=6),
            min_size=items, max_size=items,
        )
    )
)  # fmt: skip
def test_deployments_of_any_curves_equal_brute_force_at_every_total(rows: list[list[float]]) -> None:
    gains = np.array(rows)
    found = deployments(gains)
    for total in range(gains.shape[1]):
        assert found.value[total] == pytest.approx(brute_force(gains, total), abs=1e-9)
        split = found.split(total)
        assert split.sum() <= total
        assert sum(gains[i, int(n)] for i, n in enumerate(split)) == pytest.approx(found.value[total], abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_s_curves_equal_brute_force_and_stay_under_the_bound_of_the_price(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curve = Adbudg(rng.uniform(0, 0.5, 3), rng.uniform(0.8, 2, 3), rng.uniform(0.6, 4, 3), rng.uniform(0.2, 6, 3))
    weight = rng.uniform(0.5, 3, 3)
    gains = gains_of(curve, weight, 0.5, 8)
    found = deployments(gains, 0.5)
    assert found.value[8] == pytest.approx(brute_force(gains, 8), rel=1e-12)
    priced = split_by_price(curve, weight, 4.0)
    assert priced.effort.sum() <= 4.0 + 1e-9
    assert max(priced.value, found.value[8]) <= priced.bound * (1 + 1e-9)


def test_where_the_envelope_is_met_price_and_programme_agree() -> None:
    """At a price both S-curves stand on their concave branch: the split there is the best of all, S-curves or not."""
    curve = Adbudg([0.1, 0.3], [1.5, 1.4], [2.5, 3.0], [0.8, 0.5])
    found = split_by_price(curve, [1.0, 1.2], 4.0)
    assert found.bound == pytest.approx(found.value, rel=1e-9)
    assert curve.slope(found.effort) * np.array([1.0, 1.2]) == pytest.approx([found.price] * 2, rel=1e-6)
    fine = deployments(gains_of(curve, [1.0, 1.2], 0.01, 400), 0.01)
    assert fine.value[-1] == pytest.approx(found.value, rel=1e-5) and fine.value[-1] <= found.value * (1 + 1e-12)


@pytest.mark.parametrize(
    "curve", [Power([3.0, 1.0, 2.0], 0.4), Exponential([3.0, 1.0, 2.0], [0.5, 1.5, 1.0])], ids=["power", "exponential"]
)
def test_concave_curves_the_programme_tends_to_the_price_as_the_grid_is_refined(curve: Power | Exponential) -> None:
    exact = split_by_price(curve, 1.0, 3.0)
    steps = (0.2, 0.05, 0.0125)  # each grid holds the one before, so the programme can only gain
    errors = [exact.value - deployments(gains_of(curve, 1.0, h, round(3 / h)), h).value[-1] for h in steps]
    assert errors[0] >= errors[1] >= errors[2] >= 0
    assert errors[2] <= errors[0] / 16  # at least first order


def test_the_trap_of_s_curves_half_of_both_is_worse_than_all_of_one() -> None:
    curve = Adbudg(0.0, [1.0, 1.0], 4.0, 1.0)
    found = deployments(gains_of(curve, 1.0, 0.05, 20), 0.05)
    split = found.split(1.0)
    assert sorted(split.tolist()) == [0.0, 1.0]
    assert found.value[-1] > float(curve.sales([0.5, 0.5]).sum()) * 4  # where a gradient from the middle would stay


def test_effort_that_does_harm_is_left_over() -> None:
    found = deployments([[0.0, 2.0, 1.0], [0.0, -1.0, -2.0]])
    assert found.value.tolist() == [0.0, 2.0, 2.0]
    assert found.split(2).tolist() == [1.0, 0.0]


def test_size_and_split_together_equal_brute_force_over_both() -> None:
    rng = np.random.default_rng(5)
    curve = Adbudg(0.1, [1.2, 1.6, 0.9], [2.0, 3.0, 0.8], [2.0, 9.0, 1.0])
    weight, cost = rng.uniform(1, 4, 3), 0.37
    gains = gains_of(curve, weight, 1.0, 9)
    size, value = best_size(deployments(gains), cost)
    everything = {total: brute_force(gains, total) - cost * total for total in range(10)}
    assert value == pytest.approx(max(everything.values()), rel=1e-12)
    assert everything[int(size)] == pytest.approx(value, rel=1e-12)


def test_what_cannot_be_split_is_refused() -> None:
    with pytest.raises(StudyError, match="finite gains"):
        deployments([[0.0, np.nan]])
    with pytest.raises(StudyError, match="no effort"):
        split_by_price(Power(1.0, 0.5), 1.0, 0.0)
    with pytest.raises(StudyError, match="not on the grid"):
        deployments([[0.0, 1.0]]).split(2)
