"""Scores of forecasts: WAPE, MASE, OWA, bias, CRPS, coverage; and whether one method is really better than another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from salessim.forecast.steps import Vector, seasonal_index

__all__ = [
    "Comparison",
    "binomial_error",
    "crps",
    "diebold_mariano",
    "mase_scale",
    "naive2",
    "seasonal_naive",
    "smape",
    "wape",
]


def wape(actual: Vector, forecast: Vector) -> float:
    """Sum of absolute errors over sum of absolute actuals; NaN where nothing was sold.

    Examples
    --------
    >>> wape(np.array([10.0, 30.0]), np.array([12.0, 26.0]))
    0.15
    """
    total = float(np.abs(actual).sum())
    return float(np.abs(actual - forecast).sum()) / total if total > 0 else math.nan


def smape(actual: Vector, forecast: Vector) -> float:
    """Symmetric mean absolute percentage error, 0 to 200 (the M competitions); a pair of zeros counts 0.

    Examples
    --------
    >>> smape(np.array([100.0]), np.array([100.0]))
    0.0
    """
    size = np.abs(actual) + np.abs(forecast)
    return float(np.mean(200.0 * np.abs(actual - forecast) / np.where(size > 0, size, 1.0)))


def mase_scale(history: Vector, period: int) -> float:
    """Mean absolute error in sample of the seasonal naive forecast; of the plain one where there is no full season.

    NaN for a constant history: an error cannot be scaled by 0.
    """
    lag = period if len(history) > period else 1
    if len(history) <= lag:
        return math.nan
    scale = float(np.mean(np.abs(history[lag:] - history[:-lag])))
    return scale if scale > 0 else math.nan


def seasonal_naive(history: Vector, horizon: int, period: int) -> Vector:
    """The last season again; the last value where there is no full season.

    Examples
    --------
    >>> seasonal_naive(np.array([1.0, 2.0, 3.0]), 3, 2).tolist()
    [2.0, 3.0, 2.0]
    """
    return np.resize(history[-period:], horizon) if len(history) >= period else np.repeat(history[-1], horizon)


def naive2(history: Vector, horizon: int, period: int) -> Vector:
    """The last seasonally adjusted value, with the season put back: what OWA measures against."""
    season = seasonal_index(history, period)
    n = len(history)
    last = history[-1] / season[(n - 1) % len(season)]
    forecast: Vector = last * season[(n + np.arange(horizon)) % len(season)]
    return forecast


def crps(sample: Vector, actual: Vector) -> Vector:
    """Continuous ranked probability score of each step, in units of the series: 0 is perfect.

    Parameters
    ----------
    sample : numpy.ndarray
        Futures × steps.
    actual : numpy.ndarray

    Examples
    --------
    >>> crps(np.array([[1.0], [3.0]]), np.array([2.0])).tolist()
    [0.5]
    """
    ordered = np.sort(sample, axis=0)
    n = len(ordered)
    weight = (2.0 * np.arange(1, n + 1) - n - 1.0)[:, None]
    score: Vector = np.abs(ordered - actual).mean(axis=0) - (weight * ordered).sum(axis=0) / n**2
    return score


def binomial_error(share: float, count: int) -> float:
    """Standard error of a share of `count` independent trials (Agresti & Coull's, so that 0 and 1 are not certain).

    Examples
    --------
    >>> round(binomial_error(0.8, 100), 3)
    0.04
    """
    centre = (share * count + 2.0) / (count + 4.0)
    return math.sqrt(centre * (1.0 - centre) / (count + 4.0))


@dataclass(frozen=True)
class Comparison:
    """A test whether two forecasts are equally good.

    Attributes
    ----------
    statistic : float
        Negative where the first is better; NaN where it cannot be told.
    p : float
        Two-sided.
    count : int
        Origins.
    """

    statistic: float
    p: float
    count: int


def diebold_mariano(first: Sequence[float] | Vector, second: Sequence[float] | Vector, steps: int) -> Comparison:
    """Diebold & Mariano's test (1995) with the small-sample correction of Harvey, Leybourne & Newbold (1997).

    Parameters
    ----------
    first, second : sequence of float
        Losses of two methods at successive origins.
    steps : int
        Steps ahead, in origins: neighbouring losses overlap by that less one.

    Returns
    -------
    Comparison
        NaN for fewer than four origins or equal losses.

    Examples
    --------
    >>> diebold_mariano([1.0, 2.0, 1.0, 2.0, 1.0, 1.0], [3.0, 4.0, 4.0, 4.0, 3.0, 5.0], 1).p < 0.01
    True
    """
    difference = np.asarray(first, dtype=float) - np.asarray(second, dtype=float)
    n = len(difference)
    if n < 4 or np.ptp(difference) == 0.0:
        return Comparison(math.nan, math.nan, n)
    steps = min(steps, n // 3 + 1)  # further covariances of so few differences are noise
    centred = difference - difference.mean()
    variance = float(centred @ centred) / n
    for lag in range(1, steps):
        # Bartlett weights: the plain sum of the original can be negative.
        variance += 2.0 * (1.0 - lag / steps) * float(centred[lag:] @ centred[:-lag]) / n
    if variance <= 0.0:
        return Comparison(math.nan, math.nan, n)
    correction = math.sqrt((n + 1 - 2 * steps + steps * (steps - 1) / n) / n)
    statistic = float(difference.mean()) / math.sqrt(variance / n) * correction
    from scipy.stats import t

    return Comparison(statistic, float(2.0 * t.sf(abs(statistic), n - 1)), n)
