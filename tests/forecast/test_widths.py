"""Widths: joint futures that spread together, factors that are shrunken to what is known."""

from __future__ import annotations

import numpy as np
import pytest

from salessim.forecast.conformal import conformal_factors, mean_ratio, thirds, wider_of
from salessim.forecast.joint import half_widths, joint_shocks, spread_together


def futures(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    points = rng.uniform(50.0, 500.0, (8, 6))
    return points[:, None, :] * np.exp(rng.normal(0.0, 0.1, (8, 300, 6))), points


def test_spreading_together_multiplies_the_total_and_keeps_the_points() -> None:
    before, points = futures()
    factor = np.array([1.0, 1.2, 1.4, 1.6, 1.8, 0.8])
    after = spread_together(before, points, factor, floor=True)
    apart = [made.sum(axis=0) - points.sum(axis=0) for made in (before, after)]
    np.testing.assert_allclose(apart[1], factor * apart[0], rtol=1e-9)
    np.testing.assert_array_equal(after[:, :, 0], before[:, :, 0])
    # Parts move by little: their own noise is larger than what they have in common.
    assert np.abs(after / before - 1.0).max() < 0.2


def test_spreading_together_works_where_forecasts_cancel_or_are_nothing() -> None:
    before, points = futures()
    signs = np.where(np.arange(8) % 2, -1.0, 1.0)[:, None]
    after = spread_together(before * signs[:, :, None], points * signs, np.full(6, 1.5), floor=False)
    apart = (before * signs[:, :, None]).sum(axis=0) - (points * signs).sum(axis=0)
    np.testing.assert_allclose(after.sum(axis=0) - (points * signs).sum(axis=0), 1.5 * apart, rtol=1e-9)
    assert np.isfinite(spread_together(np.zeros((2, 5, 3)), np.zeros((2, 3)), np.full(3, 2.0), True)).all()


def test_factors_find_bands_of_half_the_right_width() -> None:
    # 400 comparisons: the 80 % quantile of their errors has a standard error of about 5 %.
    rng = np.random.default_rng(2)
    miss = np.abs(rng.normal(0.0, 1.0, (10, 40, 6)))
    for width in (1.0, 1.2816, 1.6):
        reach = np.full((10, 40, 6, 1), width)
        found = conformal_factors(miss, reach, np.zeros(40, dtype=int), (80,))[0, 0]
        assert found == pytest.approx(1.2816 / width, rel=0.06)


def test_a_total_is_believed_less_and_follows_its_parts() -> None:
    rng = np.random.default_rng(3)
    levels = np.array([0] + [1] * 40)
    miss = np.abs(rng.normal(0.0, 1.3, (6, 41, 4)))
    reach = np.full((6, 41, 4, 1), 1.2816)
    miss[:, 0] = 0.0  # six errors of the total, all lucky
    parts = conformal_factors(miss, reach, levels, (80,))[:, 0]
    assert parts[1] > 1.15
    assert 0.75 <= parts[0] < parts[1]
    miss[:, 0] = 1.2816  # as good as promised: nearly what its parts say
    assert conformal_factors(miss, reach, levels, (80,))[0, 0] > 1.1


def test_factors_stay_within_their_limits() -> None:
    reach = np.full((10, 40, 3, 2), 1.0)
    levels = np.zeros(40, dtype=int)
    assert (conformal_factors(np.full((10, 40, 3), 100.0), reach, levels, (80, 95)) == 1.5).all()
    np.testing.assert_allclose(conformal_factors(np.zeros((10, 40, 3)), reach, levels, (80, 95)), 0.75)
    assert (conformal_factors(np.ones((10, 40, 3)), np.zeros((10, 40, 3, 2)), levels, (80, 95)) == 1.0).all()


def test_the_wider_of_two_claims_is_taken_level_by_level() -> None:
    own = np.ones((3, 6, 2))
    joint = np.stack([np.full((6, 2), 0.5), np.full((6, 2), 2.0), np.full((6, 2), 2.0)])
    found = wider_of(own, joint, np.array([0, 1, 1]))
    assert (found[0] == 2.0).all() and (found[1] == 1.0).all()
    joint[0] = 0.0  # no width at all: nothing to say
    assert (mean_ratio(own, joint, np.array([0, 1, 1]))[0] == 1.0).all()


def test_half_widths_of_nodes_are_those_of_their_sums() -> None:
    from scipy.sparse import csr_array

    before, _ = futures()
    summing = csr_array(np.vstack([np.ones(8), np.eye(8)]))
    found = half_widths(before, (80,), summing)[:, :, 0]
    whole = np.concatenate([before.sum(axis=0)[None], before])
    low, high = np.quantile(whole, [0.1, 0.9], axis=1)
    np.testing.assert_allclose(found, (high - low) / 2.0, rtol=1e-9)
    assert thirds(6).tolist() == [0, 0, 1, 1, 2, 2]


def test_shocks_are_as_correlated_as_the_errors_were() -> None:
    # 20,000 draws: a correlation has a standard error of 0.007; the share that is believed is 0.95.
    rng = np.random.default_rng(5)
    common = rng.standard_normal((100, 1))
    residuals = 0.8 * common + 0.6 * rng.standard_normal((100, 3))
    shocks = joint_shocks(residuals, 20_000, 1, rng)[:, :, 0]
    sample = (residuals.T @ residuals) / np.sqrt(np.outer((residuals**2).sum(0), (residuals**2).sum(0)))
    np.testing.assert_allclose(np.corrcoef(shocks), 0.95 * sample + 0.05 * np.eye(3), atol=0.035)
