"""Warm-up and steady state: series whose transient is known, and plans compared after it.

The series are first-order autoregressions whose mean decays from a bias of 10 standard deviations of the noise, so that
the place where the criterion of MSER is least in expectation can be computed. Fixed seeds: of 200 series the median
truncation must be within a batch of that place, and 95 % of them between 20 observations before and 50 after it.
"""

from __future__ import annotations

import numpy as np
import pytest

from salessim.errors import StudyError
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.study.warm_up import steady_state, warm_up


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


def series(rng: np.random.Generator, n: int, memory: float, bias: float, fade: float) -> np.ndarray:
    """An autoregression around 100 with unit stationary variance, plus ``bias * exp(-t / fade)``."""
    noise = rng.standard_normal(n) * np.sqrt(1 - memory**2)
    y = np.empty(n)
    y[0] = rng.standard_normal()
    for t in range(1, n):
        y[t] = memory * y[t - 1] + noise[t]
    return 100 + y + bias * np.exp(-np.arange(n) / fade)


def best_cut(n: int, memory: float, bias: float, fade: float) -> int:
    """Where the criterion is least in expectation: the transient and the variance of batch means are known here."""
    lags = np.arange(1, 5)
    noise = (1 + 2 * ((1 - lags / 5) * memory**lags).sum()) / 5
    transient = (bias * np.exp(-np.arange(n) / fade)).reshape(-1, 5).mean(axis=1)
    expected = [(noise + transient[d:].var()) / (len(transient) - d) for d in range(n // 10)]
    return 5 * int(np.argmin(expected))


@pytest.mark.parametrize("memory", [0.0, 0.5])
@pytest.mark.parametrize("bias", [-10.0, 10.0])
def test_a_known_transient_is_found(memory: float, bias: float) -> None:
    rng = np.random.default_rng(int(10 * memory) + int(bias) + 20)
    n, fade, cuts = 400, 15.0, []
    for _ in range(200):
        try:
            cuts.append(warm_up(series(rng, n, memory, bias, fade)))
        except StudyError:
            cuts.append(n)
    best = best_cut(n, memory, bias, fade)
    assert 30 <= best <= 50
    assert abs(np.median(cuts) - best) <= 5  # a batch
    assert np.mean((np.array(cuts) >= best - 20) & (np.array(cuts) <= best + 50)) >= 0.95
    left = abs(bias) * fade * np.exp(-np.array(cuts) / fade) / (n - np.minimum(cuts, n - 1))
    error = np.sqrt((1 + memory) / (1 - memory) / n)
    assert np.mean(left) < 0.75 * error  # bias left in the mean, against its standard error


def test_no_transient_costs_little() -> None:
    rng = np.random.default_rng(4)
    cuts = []
    for _ in range(200):
        try:
            cuts.append(warm_up(series(rng, 400, 0.3, 0.0, 1.0)))
        except StudyError:
            cuts.append(400)
    assert np.median(cuts) <= 100
    assert np.mean(np.array(cuts) == 400) < 0.25  # how often chance alone says "not settled"


def test_truncation_removes_the_bias_of_the_mean() -> None:
    rng = np.random.default_rng(7)
    whole, cut = [], []
    for _ in range(200):
        y = series(rng, 400, 0.5, 10.0, 15.0)
        whole.append(y.mean() - 100)
        cut.append(y[warm_up(y) :].mean() - 100)
    assert np.mean(whole) > 0.3
    assert abs(np.mean(cut)) < 0.05


def test_the_formula_by_hand() -> None:
    """Batches of one: the squared standard error of every tail is worked out here."""
    y = np.array([9.0, 4.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0])
    tails = [y[d:] for d in range(len(y) - 5 + 1)]
    error = [((t - t.mean()) ** 2).sum() / len(t) ** 2 for t in tails]
    assert warm_up(y, batch=1) == int(np.argmin(error)) == 2


def test_replications_are_averaged_and_a_remainder_belongs_to_the_first_batch() -> None:
    rng = np.random.default_rng(5)
    y = np.stack([series(rng, 203, 0.0, 8.0, 10.0) for _ in range(20)])
    cut = warm_up(y)
    assert cut == warm_up(y.mean(axis=0)) and (cut - 3) % 5 == 0 and cut > 20
    assert warm_up(y + 1e6) == cut and warm_up(-3.0 * y) == cut  # neither place nor scale matters


def test_edge_cases_are_closed() -> None:
    assert warm_up(np.full(60, 7.0)) == 0
    assert warm_up(np.concatenate([[0.0] * 20, np.full(80, 7.0)])) == 20
    with pytest.raises(StudyError, match="not settled"):
        warm_up(np.arange(100.0))  # a trend never settles
    with pytest.raises(StudyError, match="not settled"):
        warm_up(np.concatenate([np.zeros(60), np.full(40, 7.0)]))
    with pytest.raises(StudyError, match="too short"):
        warm_up(np.ones(49))
    assert warm_up(np.ones(50)) == 0
    with pytest.raises(StudyError, match="finite"):
        warm_up([np.nan] * 60)
    with pytest.raises(StudyError, match="finite"):
        warm_up(np.ones((2, 2, 60)))
    with pytest.raises(StudyError, match="batch"):
        warm_up(np.ones(60), batch=0)


def test_plans_in_steady_state(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    plans = {"six": plan, "three": plan.but(reps=3)}
    found = steady_state(market, plans, months=120, replications=6)
    assert found.cut == max(found.warm_ups) and found.cut % 12 == 0 and found.cut < 60
    assert found.values.shape == (6, 2)
    assert found.judged.judgements[0].kind.value == "worse"
    assert f"months {found.cut + 1} to 120" in found.verdict()
    assert "月" in found.verdict("zh")
    assert found.frame().loc["six", "revenue_per_month"] == pytest.approx(found.values[:, 0].mean())
    assert "three" in found._repr_html_()


def test_where_there_is_no_steady_state_it_is_said(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    plans = {"six": plan, "three": plan.but(reps=3)}
    with pytest.raises(StudyError, match="grows"):
        steady_state(market.but(growth=0.1), plans, months=120)
    with pytest.raises(StudyError, match="whole years"):
        steady_state(market, plans, months=125)
    with pytest.raises(StudyError, match="whole years"):
        steady_state(market, plans, months=108)
    with pytest.raises(StudyError, match="two plans"):
        steady_state(market, {"six": plan}, months=120)
