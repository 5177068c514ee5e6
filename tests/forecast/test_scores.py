"""Scores against their definitions, and weights of sources."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from salessim.forecast import ForecastError, source_weights
from salessim.forecast.scores import (
    binomial_error,
    crps,
    diebold_mariano,
    mase_scale,
    naive2,
    seasonal_naive,
    smape,
    wape,
)
from salessim.forecast.weights import combined


def test_crps_of_a_normal_sample_is_that_of_the_normal() -> None:
    # Gneiting & Raftery (2007), eq. 21; 40,000 draws give it to about 0.5 %.
    sample = np.random.default_rng(1).standard_normal((40_000, 1))
    for y in (0.0, 1.3):
        exact = y * (2 * stats.norm.cdf(y) - 1) + 2 * stats.norm.pdf(y) - 1 / math.sqrt(math.pi)
        assert crps(sample, np.array([y]))[0] == pytest.approx(exact, rel=0.02)


def test_crps_is_the_absolute_error_of_a_certain_forecast() -> None:
    assert crps(np.full((10, 1), 4.0), np.array([7.0]))[0] == pytest.approx(3.0)


def test_errors_of_nothing_cannot_be_scaled() -> None:
    assert math.isnan(wape(np.zeros(3), np.ones(3)))
    assert math.isnan(mase_scale(np.full(30, 2.0), 12))
    assert smape(np.zeros(2), np.zeros(2)) == 0.0


def test_naive_forecasts() -> None:
    y = np.tile([1.0, 2.0, 3.0, 6.0], 10)
    assert seasonal_naive(y, 6, 4).tolist() == [1, 2, 3, 6, 1, 2]
    np.testing.assert_allclose(naive2(y, 4, 4), [1, 2, 3, 6], rtol=1e-9)
    assert naive2(np.array([1.0, 5.0]), 2, 12).tolist() == [5.0, 5.0]


def test_diebold_mariano_keeps_its_level_and_finds_a_difference() -> None:
    # 1,000 tests at 5 %, 24 origins, losses of three steps ahead: a true level of 5 % has a standard error of 0.7.
    rng = np.random.default_rng(3)
    false = found = 0
    for _ in range(1000):
        noise = rng.standard_normal(26)
        difference = noise[2:] + noise[1:-1] + noise[:-2]
        false += diebold_mariano(difference, np.zeros(24), 3).p < 0.05
        found += diebold_mariano(difference - 2.0, np.zeros(24), 3).p < 0.05
    assert false <= 110 and found >= 900


def test_diebold_mariano_cannot_tell_from_three_origins() -> None:
    assert math.isnan(diebold_mariano([1.0, 2.0, 3.0], [2.0, 2.0, 2.0], 1).p)


def test_a_share_of_one_is_not_certain() -> None:
    assert 0.1 < binomial_error(1.0, 6) < 0.2


def test_weights_follow_errors_step_by_step() -> None:
    rng = np.random.default_rng(4)
    near = rng.standard_normal((30, 2)) * [1.0, 4.0]
    far = rng.standard_normal((30, 2)) * [4.0, 1.0]
    weights = source_weights({"series": near, "pipeline": far})
    assert weights["series"][0] > 0.8 and weights["series"][1] < 0.2
    np.testing.assert_allclose(weights["series"] + weights["pipeline"], 1.0)
    mixed = combined({"series": np.array([10.0, 10.0]), "pipeline": np.array([20.0, 20.0])}, weights)
    assert mixed[0] < 12 and mixed[1] > 18


def test_with_two_origins_the_first_source_is_believed() -> None:
    weights = source_weights({"series": np.full((2, 3), 9.0), "pipeline": np.full((2, 3), 1.0)})
    assert weights["series"].tolist() == [1, 1, 1]


def test_sources_judged_at_different_origins_are_refused() -> None:
    with pytest.raises(ForecastError, match="same origins"):
        source_weights({"series": np.ones((6, 3)), "pipeline": np.ones((5, 3))})
