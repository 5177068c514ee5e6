"""Variance components: unbiased, by hand, and on a market.

Unbiasedness: the mean of 4,000 estimates lies within 4 of its standard errors from the truth (false alarm below 1e-4 a
check); a bias of 5 % of the component is caught with probability above 0.9 for those that are not close to zero.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.study.assumptions import draw_assumptions, independent_assumptions, structural_values
from salessim.study.components import nested_components, variance_components

Draw = Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def skewed(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.exponential(size=shape) - 1.0


@pytest.mark.parametrize("draw", [normal, skewed])
@pytest.mark.parametrize("truth", [(1.0, 0.5, 2.0), (0.0, 0.0, 1.0)])
def test_estimates_are_unbiased_for_any_distribution(draw: Draw, truth: tuple[float, float, float]) -> None:
    rng = np.random.default_rng(3)
    a, p, r, studies = 8, 3, 2, 4000
    shapes = ((a, 1, 1), (a, p, 1), (a, p, r))
    found = []
    for _ in range(studies):
        parts = [np.sqrt(size) * draw(rng, shape) for size, shape in zip(truth, shapes, strict=True)]
        estimate = nested_components(sum(parts))
        found.append([estimate[name].value for name in ("assumptions", "parameters", "chance")])
    table = np.array(found)
    error = table.std(axis=0, ddof=1) / np.sqrt(studies)
    assert np.all(np.abs(table.mean(axis=0) - truth) < 4 * error)
    assert np.all(error[:2] < 0.03)
    if truth[0] == 0:
        assert 0.3 < (table[:, 0] < 0).mean() < 0.8  # an unbiased estimate of nothing is below zero half the time


def test_against_the_mean_squares_of_the_textbook() -> None:
    values = np.random.default_rng(1).standard_normal((5, 4, 3)) + np.arange(5)[:, None, None]
    a, p, r = values.shape
    grand, of_a, of_cell = values.mean(), values.mean(axis=(1, 2)), values.mean(axis=2)
    ms_a = p * r * ((of_a - grand) ** 2).sum() / (a - 1)
    ms_p = r * ((of_cell - of_a[:, None]) ** 2).sum() / (a * (p - 1))
    ms_r = ((values - of_cell[:, :, None]) ** 2).sum() / (a * p * (r - 1))
    found = nested_components(values)
    assert found["assumptions"].value == pytest.approx((ms_a - ms_p) / (p * r), rel=1e-9)
    assert found["parameters"].value == pytest.approx((ms_p - ms_r) / r, rel=1e-9)
    assert found["chance"].value == pytest.approx(ms_r, rel=1e-9)
    assert [found[name].freedom for name in found] == [4, 15, 40]
    for part in found.values():
        assert part.low < part.value < part.high
    wider = nested_components(values, level=0.99)
    assert all(wider[name].low < found[name].low and wider[name].high > found[name].high for name in found)


def test_what_cannot_be_taken_apart_is_refused() -> None:
    for shape in ((1, 2, 2), (2, 2, 1), (2, 0, 2)):
        with pytest.raises(StudyError, match="Too few draws"):
            nested_components(np.zeros(shape))
    with pytest.raises(StudyError, match="finite"):
        nested_components(np.full((2, 2, 2), np.nan))


def test_independent_draws_have_the_ranges_of_the_even_ones() -> None:
    market, _ = preset("small")
    names, points = independent_assumptions(market, 4000, seed=2)
    even, _ = draw_assumptions(market, 4, seed=2)
    assert names == even
    for j, name in enumerate(names):
        low, own, high = structural_values(market)[name]
        assert low <= points[:, j].min() and points[:, j].max() <= high
        if low < own < high:
            assert abs((points[:, j] < own).mean() - 0.5) < 4 * 0.5 / np.sqrt(4000)


@pytest.mark.slow
def test_on_a_market() -> None:
    market, plan = preset("small")
    plans = {"territory": plan, "product": plan.but(structure="product")}
    rng = np.random.default_rng(5)
    parameters = [{"inquiry_share": float(rng.uniform(0.2, 0.4))} for _ in range(32)]
    found = variance_components(
        market, plans, months=6, parameters=parameters, assumption_draws=16, parameter_draws=2, replications=3
    )
    assert found.differences.shape == (16, 2, 3, 1)
    frame = found.frame().set_index("component")
    assert frame.loc["chance", "variance"] > 0 and frame["share"].sum() == pytest.approx(1.0)
    assert "fitted parameters" in found.words() and "no draws of them" not in found.words()
    assert "拟合参数" in found.words("zh")
    again = variance_components(market, plans, months=6, assumption_draws=16, replications=3)
    assert "no draws of them" in again.words() and "parameters" not in again.components[0]
    assert "product" in again._repr_html_()


def test_parameters_are_checked() -> None:
    market, plan = preset("small")
    plans = {"a": plan, "b": plan.but(reps=8)}
    few = [{"inquiry_share": 0.3}] * 3
    with pytest.raises(StudyError, match="too few draws of the parameters"):
        variance_components(market, plans, months=2, parameters=few, assumption_draws=2, parameter_draws=2)
    mixed = [{"inquiry_share": 0.3}] * 3 + [{"lead_patience": 20.0}]
    with pytest.raises(StudyError, match="the same settings"):
        variance_components(market, plans, months=2, parameters=mixed, assumption_draws=2, parameter_draws=2)
    both = [{"complexity": 0.3, independent_assumptions(market, 1)[0][0]: 0.5}] * 4
    with pytest.raises(StudyError, match="one of them only"):
        variance_components(market, plans, months=2, parameters=both, assumption_draws=2, parameter_draws=2)
    with pytest.raises(StudyError, match="at least two plans"):
        variance_components(market, {"a": plan}, months=2)
