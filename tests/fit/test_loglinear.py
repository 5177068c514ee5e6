"""The log-linear model of counts against statsmodels, which sees every cell."""

from __future__ import annotations

import numpy as np
import pytest

from salessim.fit.loglinear import Counts, fit_counts


def events(rng: np.random.Generator, extra: float) -> tuple[Counts, np.ndarray]:
    """Counts of 3 segments, 2 regions, 2 products and 30 months; `extra` is a variance between cells."""
    size = np.array([[3.0, 5.0], [2.0, 0.0], [4.0, 1.0]])
    days = rng.uniform(0.07, 0.09, 30)
    phase, trend = np.arange(30) % 12, np.linspace(-1.2, 1.2, 30)
    mean = (
        size[:, :, None, None] * np.exp(rng.normal(2.5, 0.5, (3, 2)))[:, None, :, None]
        * days * np.exp(0.2 * trend + 0.3 * np.cos(phase)) * np.array([1.0, 1.4])[None, :, None, None]
    )  # fmt: skip
    if extra:
        mean = mean * rng.gamma(1.0 / extra, extra, mean.shape)
    table = rng.poisson(mean)
    where = np.repeat(np.argwhere(np.ones_like(table)), table.ravel(), axis=0)
    return Counts(where[:, 0], where[:, 1], where[:, 2], where[:, 3], size, 2, days, phase, trend), table


def every_cell(counts: Counts, table: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    s, r, p, m = (x.ravel() for x in np.indices(table.shape))
    there = counts.size[s, r] > 0
    s, r, p, m = s[there], r[there], p[there], m[there]
    cells = np.eye(6)[s * 2 + p]
    x = np.column_stack([cells, r == 1, counts.time[m]]).astype(float)
    return table.ravel()[there].astype(float), x, np.log(counts.size[s, r] * counts.days[m])


def test_poisson_is_that_of_statsmodels() -> None:
    import statsmodels.api as sm

    counts, table = events(np.random.default_rng(1), 0.0)
    y, x, offset = every_cell(counts, table)
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset).fit()
    ours = fit_counts(counts)
    assert ours.alpha == 0.0
    assert ours.beta == pytest.approx(theirs.params, abs=1e-7)
    # its covariance has the weights of the step before the last
    assert ours.covariance == pytest.approx(np.asarray(theirs.cov_params()), rel=1e-5, abs=1e-8)


def test_what_varies_by_more_than_chance_is_found_and_widens_as_a_sandwich_does() -> None:
    import statsmodels.api as sm

    counts, table = events(np.random.default_rng(2), 0.5)
    y, x, offset = every_cell(counts, table)
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), offset=offset).fit()
    ours = fit_counts(counts)
    mu = np.asarray(theirs.mu)
    alpha = float(((y - mu) ** 2 - mu).sum() / (mu**2).sum())
    assert ours.alpha == pytest.approx(alpha, rel=1e-6)
    assert 0.3 < ours.alpha < 0.8
    bread = np.asarray(theirs.cov_params())
    expected = bread @ (x.T * (mu + alpha * mu**2)) @ x @ bread
    assert ours.covariance == pytest.approx(expected, rel=1e-5, abs=1e-8)


def test_months_and_regions_without_events_stay_finite() -> None:
    none = np.zeros(40, dtype=np.int64)
    month = np.repeat([0, 2], 20)
    found = fit_counts(Counts(none, none, none, month, np.ones((1, 2)), 1, np.ones(3), np.arange(3)))
    assert np.isfinite(found.beta).all() and np.abs(found.beta).max() < 10.0
    assert np.isfinite(found.covariance).all()


@pytest.mark.slow
def test_poisson_counts_are_rarely_called_more_than_that() -> None:
    """A level of 1 % means at most 8 of 200 histories (binomial, 99.9 %)."""
    called = sum(fit_counts(events(np.random.default_rng([3, n]), 0.0)[0]).alpha > 0 for n in range(200))
    assert called <= 8
