"""The pieces of a fit against what they must reduce to."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from salessim.fit.leavers import estimate_turnover
from salessim.fit.mixed import Groups, fit_mixed_logit
from salessim.fit.practice import levels_at


def test_without_random_effects_it_is_the_logit_of_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(800), rng.normal(size=(800, 3))])
    y = (rng.random(800) < 1 / (1 + np.exp(-x @ [0.2, 0.5, -0.4, 0.0]))).astype(float)
    ours, theirs = fit_mixed_logit(y, x), sm.Logit(y, x).fit(disp=False)
    assert ours.beta == pytest.approx(theirs.params, abs=1e-4)
    assert np.sqrt(np.diag(ours.covariance)) == pytest.approx(theirs.bse, rel=1e-3)


def test_groups_are_the_same_as_terms() -> None:
    rng = np.random.default_rng(2)
    group = rng.integers(0, 40, 3000)
    x = np.column_stack([np.ones(3000), rng.normal(size=3000)])
    eta = x @ [0.1, 0.6] + rng.normal(0, 0.7, 40)[group]
    y = (rng.random(3000) < 1 / (1 + np.exp(-eta))).astype(float)
    term = sparse.csr_matrix((np.ones(3000), (np.arange(3000), group)), shape=(3000, 40))
    one = fit_mixed_logit(y, x, [term])
    other = fit_mixed_logit(y, x, [], Groups(group, np.ones((3000, 1))))
    assert one.beta == pytest.approx(other.beta, abs=1e-6)
    assert one.covariance == pytest.approx(other.covariance, rel=1e-6)
    # 40 effects: their standard deviation is known to about 12 %
    assert one.variances[0] ** 0.5 == pytest.approx(0.7, rel=0.35)


def test_what_the_data_cannot_tell_has_no_small_error() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=500)
    y = (rng.random(500) < 0.5).astype(float)
    twice = fit_mixed_logit(y, np.column_stack([np.ones(500), x, x]))
    assert np.sqrt(twice.covariance[1, 1]) > 100.0


def test_levels_are_those_of_the_rules() -> None:
    """Learning by doing, step by step, as the rules have it: a share of what is missing, fading in between."""
    rng = np.random.default_rng(4)
    times = np.sort(rng.uniform(0, 400, 60))
    gain, start, fade = rng.uniform(0, 0.1, 60), 0.37, 0.003
    level, now = start, 0.0
    for t, g in zip(times, gain, strict=True):
        level = level * np.exp(-fade * (t - now))
        level, now = level + g * (1 - level), t
    expected = level * np.exp(-fade * (450.0 - now))
    kept, built = levels_at(np.zeros(60, dtype=int), times, gain, np.array([0]), np.array([450.0]), fade)
    assert kept[0] * start + built[0] == pytest.approx(expected, rel=1e-12)


def test_leavers_are_those_who_fall_silent() -> None:
    rng = np.random.default_rng(5)
    start, end = pd.Timestamp("2024-01-01"), pd.Timestamp("2026-01-01")
    rows = []
    for rep in range(20):
        last = 300.0 if rep < 5 else 731.0
        rows += [(f"rep {rep}", start + pd.Timedelta(days=float(t))) for t in rng.uniform(0, last, 80)]
    deals = pd.DataFrame(rows, columns=["rep", "created"]).assign(closed=pd.NaT)
    deals["closed"] = pd.to_datetime(deals["closed"])
    empty = SimpleNamespace(activities=pd.DataFrame(), users=pd.DataFrame())
    found = estimate_turnover(empty, SimpleNamespace(deals=deals, since=start, end=end))  # type: ignore[arg-type]
    assert found.leavers == 5
    assert found.low < 5 / (15 * 2 + 5 * 300 / 365) < found.high
