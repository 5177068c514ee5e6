"""Confidence sequences: the closed form against the Bayes factor, coverage at all looks, and the wider judgement.

Coverage here: 1,000 paths of 200 looks; misses may be 5 %, so the 99.5 % point of a binomial count (6.9 %) bounds them.
The long study is tests/validation/test_sequences.py.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import integrate, stats

from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.study.differences import paired_differences, replications_needed
from salessim.study.incremental import Futures, readings
from salessim.study.sequences import sequence_critical


def prior_variance(alpha: float, tightest_at: int) -> float:
    return (-2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))) / tightest_at


@pytest.mark.parametrize("n", [8, 20, 100])
def test_the_bound_is_where_the_bayes_factor_reaches_one_over_alpha(n: int) -> None:
    """The factor is found by integrating the noncentral t density over the prior, not by the closed form."""
    alpha, tightest = 0.05, 12
    t = sequence_critical(n, 1 - alpha, tightest_at=tightest)
    spread = math.sqrt(prior_variance(alpha, tightest))

    def integrand(effect: float) -> float:
        return float(stats.nct.pdf(t, n - 1, effect * math.sqrt(n)) * stats.norm.pdf(effect, scale=spread))

    centre = t / math.sqrt(n)
    above = sum(
        integrate.quad(integrand, low, high, limit=200)[0]
        for low, high in ((-4 * spread, 0.0), (0.0, centre), (centre, 6 * spread))
    )
    assert above / stats.t.pdf(t, n - 1) == pytest.approx(1 / alpha, rel=2e-3)


def test_it_comes_to_the_asymptotic_sequence() -> None:
    """Waudby-Smith et al. (2024): sqrt((n g + 1) / (n g) * log((n g + 1) / alpha**2)) standard errors."""
    n, alpha = 10**6, 0.05
    g = prior_variance(alpha, 12)
    assert sequence_critical(n) == pytest.approx(
        math.sqrt((n * g + 1) / (n * g) * math.log((n * g + 1) / alpha**2)), rel=1e-4
    )


def test_coverage_at_all_looks_together() -> None:
    paths, longest = 1000, 200
    x = np.random.default_rng(6).standard_normal((paths, longest))
    n = np.arange(1, longest + 1)
    mean = np.cumsum(x, axis=1) / n
    variance = (np.cumsum(x**2, axis=1) / n - mean**2)[:, 1:] * n[1:] / (n[1:] - 1)
    t = np.abs(mean[:, 1:]) / np.sqrt(variance / n[1:])
    critical = np.array([sequence_critical(m) for m in n[1:]])
    usual = stats.t.ppf(0.975, n[1:] - 1)
    assert (t > critical).any(axis=1).sum() <= stats.binom.ppf(0.995, paths, 0.05)
    assert (t > usual).any(axis=1).mean() > 0.25  # the check can tell: an ordinary interval fails it by far


def test_watched_differences_are_wider_and_consistent() -> None:
    values = 100 + np.random.default_rng(2).standard_normal((24, 3)) + np.array([0.0, 1.0, 2.0])
    plain, watched = paired_differences(values), paired_differences(values, watched=True)
    assert watched.method == "confidence sequence"
    assert watched.mean.tolist() == plain.mean.tolist()
    assert np.all(watched.low < plain.low) and np.all(watched.equivalence_high > plain.equivalence_high)
    bare = paired_differences(values, watched=True, skew_guard=False)
    half = sequence_critical(24, 1 - 0.05 / 2) * bare.standard_error
    assert (bare.high - bare.mean) == pytest.approx(half, rel=1e-9)
    assert np.all((watched.low > 0) == (watched.relative_low > 0))
    more = replications_needed(watched, 0.01, relative=True)
    assert np.all(more > replications_needed(plain, 0.01, relative=True))
    n = 24 + int(more[0])
    total = sum(sequence_critical(n, level) for level in (1 - 0.05 / 2, 1 - 0.10 / 2))
    assert total * watched.sd[0] / math.sqrt(n) <= 0.01 * watched.against_mean[0]


def test_too_few_looks_say_nothing_rather_than_something_wrong() -> None:
    values = np.random.default_rng(1).standard_normal((4, 2)) + np.array([100.0, 900.0])
    d = paired_differences(values, watched=True)
    assert np.isneginf(d.low).all() and np.isposinf(d.high).all()
    assert np.isneginf(d.relative_low).all() and np.isfinite(d.relative).all()
    same = paired_differences(values[:, [0, 0]], watched=True)
    assert same.low[0] == same.high[0] == 0.0
    with pytest.raises(StudyError, match="confidence sequence"):
        sequence_critical(1)
    with pytest.raises(StudyError, match="confidence sequence"):
        sequence_critical(10, 1.0)


def test_readings_for_a_view_that_is_watched() -> None:
    market, plan = preset("small")
    study = Futures(months=3).study(market, {"baseline": plan, "live": plan.but(structure="product")}, 12)
    assert study is not None
    (plain,), (watched,) = readings(study, ("revenue",)), readings(study, ("revenue",), watched=True)
    assert plain.judgement is not None and watched.judgement is not None
    assert watched.judgement.difference == plain.judgement.difference
    assert watched.judgement.low < plain.judgement.low < plain.judgement.high < watched.judgement.high
