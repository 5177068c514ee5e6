"""Yardsticks of fairness on made-up teams whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from salessim.model.pay import PayError
from salessim.pay.fairness import (
    attainment_split,
    discount_depth,
    p_attain,
    p_attain_normal,
    payout_at_risk,
    quarter_end_concentration,
)


def panel(skill: float, place: float, luck: float, reps: int, periods: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    territory = rng.normal(size=reps)
    level = 1.0 + skill * rng.normal(size=reps) + place * territory
    attained = level[:, None] + luck * rng.normal(size=(reps, periods))
    return pd.DataFrame(
        {
            "rep": np.repeat(np.arange(reps), periods), "period": np.tile(np.arange(periods), reps),
            "attainment": attained.ravel(), "territory": np.repeat(territory, periods),
        }
    )  # fmt: skip


@pytest.mark.parametrize(("skill", "place", "luck"), [(0.2, 0.1, 0.3), (0.0, 0.2, 0.2), (0.2, 0.0, 0.4)])
def test_split_is_right_on_average(skill: float, place: float, luck: float) -> None:
    """100 teams of 60 reps and 8 quarters; |z| <= 4 plus 0.005 for cutting negative components at 0."""
    total = skill**2 + place**2 + luck**2
    found = np.array([attainment_split(panel(skill, place, luck, 60, 8, seed))[:3] for seed in range(100)])
    assert found.sum(axis=1) == pytest.approx(np.ones(100))
    error = found.std(axis=0, ddof=1) / 10
    assert error.max() < 0.012
    assert (np.abs(found.mean(axis=0) - np.array([skill**2, place**2, luck**2]) / total) < 4 * error + 0.005).all()


def test_reliability_and_refusal() -> None:
    luck_only = attainment_split(panel(0.0, 0.0, 0.3, 400, 4, 1))
    assert luck_only.luck > 0.9 and luck_only.reliability < 0.3
    assert attainment_split(panel(0.3, 0.0, 0.05, 50, 8, 1)).reliability > 0.95
    with pytest.raises(PayError, match="4 reps"):
        attainment_split(panel(0.1, 0.1, 0.1, 3, 8, 1))
    with pytest.raises(PayError, match="column territory"):
        attainment_split(panel(0.1, 0.1, 0.1, 8, 8, 1).drop(columns="territory"))


def test_p_attain_of_draws_and_normal_agree() -> None:
    rng = np.random.default_rng(2)
    mean = np.array([95.0, 100.0, 120.0])
    drawn = pd.DataFrame(
        {"rep": np.tile(list("abc"), 4000), "quota": 100.0, "result": rng.normal(np.tile(mean, 4000), 10)}
    )
    exact = p_attain_normal(mean, 10.0, 100.0)
    found = p_attain(drawn).to_numpy()
    assert (np.abs(found - exact) < 4 * np.sqrt(exact * (1 - exact) / 4000)).all()


def test_concentration_discount_and_risk() -> None:
    days = np.arange(np.datetime64("2025-01-01"), np.datetime64("2026-01-01"))
    assert quarter_end_concentration(days, np.ones(365)) == pytest.approx(56 / 365)
    assert quarter_end_concentration(days, np.ones(365), days=1) == pytest.approx(4 / 365)
    assert quarter_end_concentration([], []) == 0.0
    assert discount_depth([80.0, 100.0], [100.0, 100.0]) == pytest.approx(0.1)
    assert payout_at_risk(np.arange(1, 101), 100.0) == 0.0
    with pytest.raises(PayError, match="list prices"):
        discount_depth([1.0], [0.0])
    with pytest.raises(PayError, match="totals"):
        payout_at_risk([], 1.0)
