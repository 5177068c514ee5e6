"""The months ahead: forecast beside replay, both as they were found, in both languages."""

from __future__ import annotations

import datetime as dt
import io

import numpy as np
import pytest

from salessim.forecast.errors import ForecastError
from salessim.model.plan import Plan
from salessim.show.outlook_figure import Ahead, ahead_of, outlook_alt_text, outlook_figure
from salessim.show.style import looks_of

START = dt.date(2026, 1, 1)
LOOK = looks_of({"a": Plan(structure="customer", reps=4)})["a"]


@pytest.fixture(scope="module")
def found() -> Ahead:
    sales = np.random.default_rng(3).normal(1e6, 5e4, (5, 30))
    sales[:, :3] *= [0.05, 0.3, 0.6]
    return ahead_of(sales, 24, START)


def test_the_replay_is_that_of_the_futures_and_the_forecast_knows_the_first_only(found: Ahead) -> None:
    sales = np.random.default_rng(3).normal(1e6, 5e4, (5, 30))
    assert np.allclose(found.replay_mean, sales[:, 24:].mean(axis=0))
    assert np.allclose(found.came, sales[0, 24:])
    other = sales.copy()
    other[:, :3] *= [0.05, 0.3, 0.6]
    other[1:, 24:] *= 2.0  # other futures of the months ahead, and the same record
    assert np.allclose(ahead_of(other, 24, START).mean, found.mean)
    assert found.replications == 5


def test_the_filling_of_an_empty_pipeline_is_no_growth(found: Ahead) -> None:
    assert found.left_out == 3
    assert abs(found.mean.mean() / 1e6 - 1.0) < 0.1
    assert (found.low < found.mean).all() and (found.mean < found.high).all()


def test_what_cannot_be_forecast_is_refused() -> None:
    with pytest.raises(ForecastError):
        ahead_of(np.zeros((3, 30)), 24, START)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_draws_what_was_found(found: Ahead, language: str) -> None:
    figure = outlook_figure(found, "客户型", LOOK, "CNY", language)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    (ax,) = figure.axes
    drawn = [np.asarray(line.get_ydata(), dtype=float) for line in ax.lines]
    for series in (found.past, found.mean, found.low, found.high, found.replay_mean, found.came):
        assert any(len(line) == len(series) and np.allclose(line / line[-1], series / series[-1]) for line in drawn)
    said = outlook_alt_text(found, "客户型", "CNY", language)
    assert "客户型" in said and "80" in said
