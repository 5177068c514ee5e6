"""Plain arrays: points and bands that make sense, members that agree with the library, wishes that are refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.forecast import ForecastError, forecast_values
from salessim.forecast.arima import fit_arima
from salessim.forecast.combination import Combination, fit_combination
from salessim.forecast.ets import POOL, fit_ets, fit_one, starts
from salessim.forecast.sparse import Shared, fit_shared
from salessim.forecast.steps import half_life, member_index, seasonal_index, standardised
from salessim.forecast.stl import fit_stl
from salessim.forecast.theta import fit_theta
from salessim.forecast.values import fit_values


def seasonal(months: int = 96, noise: float = 0.05, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    t = np.arange(months)
    return np.asarray(1000 * (1 + 0.004 * t) * (1 + 0.3 * np.sin(t * np.pi / 6)) * np.exp(rng.normal(0, noise, months)))


def test_a_season_and_a_trend_are_carried_on() -> None:
    y = seasonal(noise=0.01)
    t = np.arange(96, 108)
    truth = 1000 * (1 + 0.004 * t) * (1 + 0.3 * np.sin(t * np.pi / 6))
    found = forecast_values(y, 12, 12)
    assert np.abs(found["mean"] / truth - 1).max() < 0.05


@pytest.mark.parametrize("model", ["default", "accurate"])
def test_bands_hold_one_another_and_the_point(model: str) -> None:
    found = forecast_values(seasonal(), 18, 12, (50, 80, 95), model)
    assert list(found) == ["mean", 50, 80, 95]
    for inner, outer in ((50, 80), (80, 95)):
        assert (found[outer][0] <= found[inner][0]).all() and (found[inner][1] <= found[outer][1]).all()
    assert (found[50][0] < found["mean"]).all() and (found["mean"] < found[50][1]).all()


def test_the_scale_of_the_series_does_not_matter() -> None:
    y = seasonal()
    small, large = forecast_values(y, 6, 12), forecast_values(y * 1e6, 6, 12)
    np.testing.assert_allclose(large["mean"], small["mean"] * 1e6, rtol=1e-6)
    np.testing.assert_allclose(large[95][1], small[95][1] * 1e6, rtol=1e-6)


def test_the_same_call_gives_the_same_numbers() -> None:
    first, second = (forecast_values(seasonal(), 6, 12) for _ in range(2))
    assert (first[80][0] == second[80][0]).all()


def test_means_and_closed_spreads_of_ets_are_those_of_the_library() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y = seasonal()
    y = y / y.mean()
    for spec in POOL:
        fit = fit_one(y, 12, spec, starts(y, 12)[spec.seasonal])
        assert fit is not None
        level, trend, season = fit.start
        model = ETSModel(
            y, error=spec.error, trend="add" if spec.trend else None, damped_trend=spec.damped,
            seasonal=spec.seasonal, seasonal_periods=12 if spec.seasonal else None, initialization_method="known",
            initial_level=level, initial_trend=trend if spec.trend else None,
            initial_seasonal=season if spec.seasonal else None,
        )  # fmt: skip
        result = model.smooth(fit._free())
        np.testing.assert_allclose(fit.mean(15), result.forecast(15), rtol=1e-9)
        spread = fit.spread(15)
        if spread is not None:
            theirs = np.sqrt(result._relative_forecast_variance(np.arange(1, 16)))
            np.testing.assert_allclose(spread / fit.sigma, theirs, rtol=1e-6)


def test_theta_points_are_those_of_the_library_on_the_logs() -> None:
    # On a series without a season; smoothing parameters differ a little, as the library estimates the first level.
    from statsmodels.tsa.forecasting.theta import ThetaModel

    rng = np.random.default_rng(3)
    y = np.exp(0.005 * np.arange(110) + np.cumsum(rng.normal(0, 0.05, 110)))
    y = y / y.mean()
    ours = fit_theta(y, 12)
    assert ours is not None
    theirs = np.exp(ThetaModel(np.log(y), period=12, deseasonalize=False).fit().forecast(12))
    assert np.abs(ours.mean(12) / np.asarray(theirs) - 1).max() < 0.02


def test_the_search_ends_where_that_of_the_library_does() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    y = seasonal(noise=0.1)
    y = y / y.mean()
    for spec in POOL:
        level, trend, season = starts(y, 12)[spec.seasonal]
        model = ETSModel(
            y, error=spec.error, trend="add" if spec.trend else None, damped_trend=spec.damped,
            seasonal=spec.seasonal, seasonal_periods=12 if spec.seasonal else None, initialization_method="known",
            initial_level=level, initial_trend=trend if spec.trend else None,
            initial_seasonal=season if spec.seasonal else None,
        )  # fmt: skip
        fit = fit_one(y, 12, spec, (level, trend, season))
        assert fit is not None
        assert model.loglike(fit._free()) >= model.fit(disp=False).llf - 0.01


def test_errors_further_ahead_know_nothing_of_what_came_later() -> None:
    y = seasonal() / 1000
    fit = fit_theta(y, 12)
    assert fit is not None
    changed = replace(fit, series=np.concatenate([fit.series[:80], fit.series[80:] + 5.0]))
    before, after = (one.errors_ahead(3, 36, 60) for one in (fit, changed))
    np.testing.assert_allclose(before[:41], after[:41])  # origins 36 to 76: their third step is 79 at most
    # The drift of an origin is the slope of the values up to it, no more than 60 of them.
    origin = 70
    window = fit.series[origin - 59 : origin + 1]
    slope = np.polyfit(np.arange(60), window, 1)[0]
    alpha = fit.smoothing.alpha
    level = fit.series[origin] - (1 - alpha) * fit.smoothing.residuals[origin] * fit.smoothing.sigma
    lag = (1 - (1 - alpha) ** (origin + 1)) / alpha
    assert before[origin - 36] == pytest.approx(fit.series[origin + 3] - level - slope / 2 * (2 + lag))


def test_a_season_that_is_hardly_known_is_shrunken() -> None:
    rng = np.random.default_rng(6)
    month = np.arange(60)
    wave = 0.3 * np.sin(month * np.pi / 6)
    clear, noisy = (np.exp(wave + rng.normal(0, noise, 60)) for noise in (0.01, 0.3))
    for y, least, most in ((clear, 0.97, 1.0), (noisy, 0.3, 0.97)):
        index, plain = np.log(member_index(y, 12)), np.log(seasonal_index(y, 12))
        assert least <= np.std(index) / np.std(plain) <= most


def test_errors_fade() -> None:
    quiet = np.concatenate([np.tile([2.0, -2.0], 60), np.tile([1.0, -1.0], 60)])
    assert standardised(quiet, 0)[0] == pytest.approx(np.sqrt(2.5))
    assert standardised(quiet, 0, half_life(12))[0] == pytest.approx(1.0, abs=0.03)
    assert half_life(1) == 0.0 and half_life(4) == half_life(12)


def test_theta_spread_is_that_of_simple_smoothing() -> None:
    fit = fit_theta(seasonal() / 1000, 12)
    assert fit is not None
    alpha = fit.smoothing.alpha
    assert fit.spread(5)[4] == pytest.approx(fit.sigma * math.sqrt(1 + 4 * alpha**2))


@pytest.mark.parametrize("fit", [fit_ets, fit_theta, fit_stl, fit_arima])
def test_paths_spread_as_the_bands_do(fit: object) -> None:
    # 4,000 paths: a quantile at 10 % has a standard error of about 2 % of the width; the limit is five of them.
    member = fit(seasonal() / 1000, 12)  # type: ignore[operator]
    shocks = np.random.default_rng(1).standard_normal((4000, 6))
    sample = np.quantile(member.paths(shocks), [0.1, 0.9], axis=0)
    if hasattr(member, "band"):
        band = member.band(6, np.array([-1.2816, 1.2816]))
    else:
        spread = member.spread(6)
        band = member.mean(6) + np.array([[-1.2816], [1.2816]]) * (spread if spread is not None else np.nan)
    if np.isfinite(band).all():
        assert np.abs(sample - band).max() < 0.1 * (band[1] - band[0]).max()
    assert (sample[0] < member.mean(6)).all() and (member.mean(6) < sample[1]).all()


@pytest.mark.parametrize("model", ["default", "accurate"])
def test_update_with_nothing_new_changes_nothing(model: str) -> None:
    y = seasonal()
    fit = fit_values(y, 12, model)
    np.testing.assert_allclose(fit.update(y).mean(12), fit.mean(12), rtol=1e-9)


def test_update_moves_towards_what_came() -> None:
    y = seasonal()
    fit = fit_values(y[:-1], 12)
    up = fit.update(np.append(y[:-1], 1.3 * fit.mean(1)[0])).mean(6)
    assert (up > fit.mean(7)[1:]).all()


def test_a_multiplicative_model_runs_on_through_a_month_without_sales() -> None:
    y = seasonal(noise=0.2)
    for spec in (spec for spec in POOL if spec.error == "mul"):
        fit = fit_one(y / 1000, 12, spec, starts(y / 1000, 12)["mul"])
        assert fit is not None
        longer = fit.update(np.append(y / 1000, [0.0, 0.5]))
        assert np.isfinite(longer.mean(12)).all() and (longer.mean(12) > 0).all()
    whole = fit_values(y, 12)
    assert np.isfinite(whole.update(np.append(y, 0.0)).mean(12)).all()


def test_a_member_that_explodes_is_left_out() -> None:
    y = np.concatenate([np.full(40, 1.0), 1.0 * 2.0 ** np.arange(1, 12)])
    fit = fit_combination(y, 12)
    found = forecast_values(y, 24, 12)
    assert np.isfinite(found["mean"]).all() and found["mean"].max() <= 5 * y.max()
    assert fit is None or set(fit.members) <= {"ets", "theta", "stl"}


def test_constant_series() -> None:
    found = forecast_values(np.full(50, 7.0), 6, 12)
    np.testing.assert_allclose(found["mean"], 7.0, rtol=1e-6)
    assert (found[95][1] - found[95][0]).max() < 0.1


def test_all_zeros_are_forecast_as_zero() -> None:
    assert (forecast_values(np.zeros(30), 4, 12)["mean"] == 0).all()


def test_mostly_empty_series_keep_their_mean_and_their_zeros() -> None:
    rng = np.random.default_rng(5)
    levels = []
    for _ in range(100):
        y = np.where(rng.random(200) < 0.3, rng.lognormal(2, 0.4, 200), 0.0)
        fit = fit_values(y, 12)
        assert isinstance(fit, Shared)
        levels.append(fit.mean(1)[0])
    # A smoothed level scatters by 36 %: the mean of 100 has a standard error of 4 %.
    assert np.mean(levels) == pytest.approx(0.3 * np.exp(2 + 0.4**2 / 2), rel=0.12)
    assert (fit.quantiles(3, [0.5]) == 0).all() and (fit.quantiles(3, [0.9]) > 0).all()
    sample = fit.paths(rng.standard_normal((20_000, 1)))
    assert sample.mean() == pytest.approx(fit.mean(1)[0], rel=0.05)


def test_a_short_series_borrows_the_season_of_its_ancestor() -> None:
    whole = seasonal(noise=0.01)
    ancestor = fit_combination(whole, 12)
    assert ancestor is not None
    part = 0.1 * whole[-5:]
    fit = fit_shared(part, ancestor, whole[-5:])
    np.testing.assert_allclose(fit.mean(12), 0.1 * ancestor.mean(12), rtol=0.03)
    assert np.ptp(fit_shared(part).mean(12)) == 0


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 1e7, allow_subnormal=False), min_size=2, max_size=40), st.sampled_from([1, 4, 12]))
def test_any_sales_give_finite_ordered_bands_that_are_not_negative(values: list[float], period: int) -> None:
    found = forecast_values(values, 5, period)
    assert np.isfinite(found["mean"]).all() and (found["mean"] >= 0).all()
    for low, high in (found[80], found[95]):
        assert np.isfinite(high).all() and (low >= 0).all() and (low <= high).all()


def test_series_that_were_negative_may_be_so_again() -> None:
    rng = np.random.default_rng(2)
    found = forecast_values(rng.normal(0, 1, 80), 4, 12)
    assert (found[95][0] < 0).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1.0], "2 or more"),
        ([], "2 or more"),
        ([1.0, math.nan, 3.0], "first at place 1"),
        ([1.0, math.inf], "not finite"),
        (["a", "b"], "must be numbers"),
        ([[1.0, 2.0]], "one series"),
    ],
)
def test_values_that_cannot_be_forecast_are_refused(values: list[object], words: str) -> None:
    with pytest.raises(ForecastError, match=words):
        forecast_values(values, 3, 12)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"horizon": 0}, "horizon"),
        ({"horizon": 2.5}, "horizon"),
        ({"period": -1}, "period"),
        ({"levels": (0,)}, "level"),
        ({"levels": (100,)}, "level"),
        ({"model": "acurate"}, "Did you mean 'accurate'"),
    ],
)
def test_wishes_that_cannot_be_met_are_refused(wish: dict[str, object], words: str) -> None:
    given_ = {"horizon": 3, "period": 12} | wish
    with pytest.raises(ForecastError, match=words):
        forecast_values(seasonal(), **given_)  # type: ignore[arg-type]


def test_accurate_has_four_members_and_takes_their_mean() -> None:
    fit = fit_values(seasonal(), 12, "accurate")
    assert isinstance(fit, Combination) and set(fit.members) == {"ets", "theta", "stl", "arima"}
    each = np.array([member.mean(6) for member in fit.members.values()]) * fit.scale
    np.testing.assert_allclose(fit.mean(6), np.mean(each, axis=0))
