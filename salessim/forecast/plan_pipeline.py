"""The pipeline in the forecast of a plan: the first weeks of every joint future become those of the combination."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.calibration import thirds
from salessim.forecast.errors import ForecastError
from salessim.forecast.pipeline_result import PipelineForecast
from salessim.forecast.result import Forecast
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["width_factor", "with_pipeline"]


def with_pipeline(forecast: Forecast, pipeline: PipelineForecast) -> Forecast:
    """A forecast whose total, within the horizons of a pipeline forecast, is that of the combination.

    Futures are matched by rank: the one that is high in the series is the one that is high in the pipeline. Within a
    window (to the first horizon, from there to the second, …) all series move by the same factor, so shares of regions
    and reps stay those of the series, and everything still adds up. After the last horizon nothing changes.

    Parameters
    ----------
    forecast : Forecast
        In the currency of the pipeline, of the same sales.
    pipeline : PipelineForecast
        Made on the last day before the forecast begins.

    Raises
    ------
    ForecastError
        If it was made on another day, or looks further ahead than the forecast.
    """
    if not isinstance(pipeline, PipelineForecast):
        raise ForecastError(
            explain("a plan takes a pipeline forecast", where="pipeline", value=type(pipeline).__name__,
                    allowed="what salessim.forecast_pipeline returns")
        )  # fmt: skip
    origin = pipeline.now.look.origin
    first, last = forecast.periods[0].start_time.date(), forecast.periods[-1].end_time.date()
    if origin + timedelta(days=1) != first:
        raise ForecastError(
            explain("pipeline and series must end on the same day", where="pipeline", value=origin.isoformat(),
                    allowed=(first - timedelta(days=1)).isoformat(),
                    remedy="Make the pipeline forecast with this origin")
        )  # fmt: skip
    if origin + timedelta(days=pipeline.horizon[-1]) > last:
        raise ForecastError(
            explain("the pipeline forecast looks further ahead than the forecast", where="pipeline",
                    value=f"{pipeline.horizon[-1]} days", allowed=f"{(last - origin).days} days at most")
        )  # fmt: skip
    share = _shares(forecast.periods, pipeline.horizon)
    rest = 1.0 - share.sum(axis=1)
    series = forecast.futures.sum(axis=0) @ share  # paths × windows
    order = np.argsort(np.argsort(series.sum(axis=1), kind="stable"), kind="stable")
    mixed = pipeline.now.mixed
    ranked = mixed.futures[np.argsort(mixed.futures[:, -1], kind="stable")]
    matched = ranked[((order + 0.5) / len(order) * len(ranked)).astype(np.int64)]
    # The plan widens futures by the factor of its level; these ones are as wide as they should be already.
    middle = np.median(matched, axis=0)
    matched = np.maximum(middle + (matched - middle) / width_factor(forecast, forecast.hierarchy.levels[0]), 0.0)
    windows = np.maximum(np.diff(matched, axis=1, prepend=0.0), 0.0)
    factor = _ratio(windows, series)
    futures = forecast.futures * (factor @ share.T + rest)[None]
    points = _ratio(np.diff(mixed.mean, prepend=0.0), forecast.bottom.sum(axis=0) @ share)
    return replace(forecast, bottom=forecast.bottom * (share @ points + rest), futures=futures)


def width_factor(forecast: Forecast, level: str) -> float:
    """What the backtest of a forecast says that bands of a level should be multiplied by; 1 where it says nothing."""
    if not forecast.levels or level not in forecast.hierarchy.levels:
        return 1.0
    number = forecast.hierarchy.levels.index(level)
    factors = forecast.calibration.factors[number][thirds(len(forecast.periods))]
    return float(factors[:, 0].mean())


def _shares(periods: pd.PeriodIndex, horizon: tuple[int, ...]) -> Vector:
    """Share of each step's working days that lies in each window of the horizons (steps × windows)."""
    import pandas as pd

    days = pd.date_range(periods[0].start_time.normalize(), periods[-1].end_time.normalize(), freq="D")
    step = np.searchsorted(periods.start_time.to_numpy(), days.to_numpy(), side="right") - 1
    works = (days.day_of_week < 5).astype(float)
    window = np.searchsorted(np.array(horizon), np.arange(len(days)), side="right")
    found = np.zeros((len(periods), len(horizon) + 1))
    np.add.at(found, (step, window), works)
    return np.asarray(found[:, :-1] / np.maximum(found.sum(axis=1, keepdims=True), 1.0))


def _ratio(wanted: Any, found: Any) -> Vector:
    return np.asarray(np.where(found > 0, wanted / np.where(found > 0, found, 1.0), 1.0))
