"""ARIMA on the logs of the seasonally adjusted series: the fourth member of the accurate combination."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from salessim.forecast.steps import (
    Vector,
    from_scale,
    half_life,
    in_units,
    member_index,
    standardised,
    takes_logs,
    to_scale,
)

__all__ = ["ArimaFit", "fit_arima"]

_DIFFERENCED = ((0, 1, 1), (1, 1, 1), (0, 1, 2), (2, 1, 1), (1, 1, 0))
_STATIONARY = ((1, 0, 0), (1, 0, 1), (2, 0, 0), (3, 0, 0), (2, 0, 1))
_Order = tuple[tuple[int, int, int], str]


@dataclass(frozen=True, eq=False)
class ArimaFit:
    """A fitted order with everything that forecasting takes.

    Attributes
    ----------
    order : tuple of int
        p, d, q.
    trend : {"n", "c"}
        "c" is a mean where d is 0 and a drift where it is 1.
    parameters : numpy.ndarray
        As `SARIMAX` orders them, without the variance.
    season : numpy.ndarray
        Multiplicative index of each phase.
    series : numpy.ndarray
        The adjusted series on the scale of the model.
    logs : bool
    sigma : float
    residuals : numpy.ndarray
        Innovations in sample, divided by `sigma`.
    """

    order: tuple[int, int, int]
    trend: str
    parameters: Vector
    season: Vector
    series: Vector
    logs: bool
    sigma: float
    residuals: Vector

    def errors(self, y: Vector) -> Vector:
        """Errors one step ahead in sample, in the units of the series `y` that was fitted."""
        errors = in_units(self.sigma * self.residuals, y, self.logs)
        return errors if self.logs else errors * np.resize(self.season, len(y))[-len(errors) :]

    def mean(self, horizon: int) -> Vector:
        """Forecast of each step: the median, where logs were taken."""
        middle = self._middle(horizon)
        return self._back(middle[None, :], middle)[0]

    def band(self, horizon: int, scores: Vector) -> Vector:
        """Quantiles at standard normal `scores` (scores × steps)."""
        spread = self.sigma * np.sqrt(np.cumsum(self._weights(horizon) ** 2))
        middle = self._middle(horizon)
        return self._back(middle + scores[:, None] * spread, middle)

    def paths(self, shocks: Vector) -> Vector:
        """Futures that follow from standard `shocks` (paths × steps)."""
        horizon = shocks.shape[1]
        weights = self._weights(horizon)
        # Row i of the matrix: what a shock at step i does to every later step.
        effect = np.array([np.concatenate([np.zeros(i), weights[: horizon - i]]) for i in range(horizon)])
        middle = self._middle(horizon)
        return self._back(middle + self.sigma * shocks @ effect, middle)

    def update(self, y: Vector) -> ArimaFit:
        """The same parameters and season on a longer series."""
        series = to_scale(y / np.resize(self.season, len(y)), self.logs)
        longer = replace(self, series=series)
        raw = np.asarray(_model(series, self.order, self.trend).filter(self.parameters, cov_type="none").resid)
        return replace(longer, residuals=raw[self.order[1] :] / self.sigma)

    def _middle(self, horizon: int) -> Vector:
        result = _model(self.series, self.order, self.trend).filter(self.parameters, cov_type="none")
        return np.asarray(result.forecast(horizon), dtype=float)

    def _weights(self, horizon: int) -> Vector:
        from scipy.signal import lfilter

        p, d, q = self.order
        rest = self.parameters[1:] if self.trend == "c" else self.parameters
        ar = np.concatenate([[1.0], -rest[:p]])
        for _ in range(d):
            ar = np.convolve(ar, [1.0, -1.0])
        pulse = np.zeros(horizon)
        pulse[0] = 1.0
        return np.asarray(lfilter(np.concatenate([[1.0], rest[p : p + q]]), ar, pulse))

    def _back(self, values: Vector, middle: Vector) -> Vector:
        index = self.season[(len(self.series) + np.arange(len(middle))) % len(self.season)]
        return from_scale(values, middle, self.logs) * index


def fit_arima(y: Vector, period: int, orders: Sequence[_Order] | None = None) -> ArimaFit | None:
    """The order of a short list with the least AICc; differenced where the level is not stationary (KPSS, 5 %).

    Parameters
    ----------
    y : numpy.ndarray
        The series, scaled so that its mean is about 1.
    period : int
    orders : sequence of (order, trend), optional
        To choose from instead of the short list.

    Returns
    -------
    ArimaFit or None
        None for fewer than 20 values, or where no order could be fitted.
    """
    if len(y) < 20:
        return None
    season = member_index(y, period)
    adjusted = y / np.resize(season, len(y))
    logs = takes_logs(adjusted)
    series = to_scale(adjusted, logs)
    best, least = None, math.inf
    for order, trend in orders or _short_list(series):
        found = _fitted(series, order, trend)
        if found is not None and found[0] < least:
            least, best = found[0], (order, trend, found[1])
    if best is None:
        return None
    order, trend, parameters = best
    fit = ArimaFit(order, trend, parameters, season, series, logs, 1.0, np.zeros(0))
    raw = fit.update(y).residuals
    sigma, residuals = standardised(raw, len(parameters), half_life(period))
    middle = fit.mean(period)
    if not (np.isfinite(middle).all() and math.isfinite(sigma)):
        return None
    return replace(fit, sigma=sigma, residuals=residuals)


def _short_list(series: Vector) -> Sequence[_Order]:
    if _needs_difference(series):
        return [(order, trend) for trend in ("n", "c") for order in _DIFFERENCED]
    return [(order, "c") for order in _STATIONARY]


def _needs_difference(series: Vector) -> bool:
    from statsmodels.tools.sm_exceptions import InterpolationWarning
    from statsmodels.tsa.stattools import kpss

    if np.ptp(series) == 0.0:
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InterpolationWarning)  # "the p-value is beyond the table": as good as known
        return float(kpss(series, regression="c", nlags="auto", result_object=False)[1]) < 0.05


def _model(series: Vector, order: tuple[int, int, int], trend: str, fitting: bool = False) -> Any:
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    # With d = 1 the constant of SARIMAX is a drift already.
    return SARIMAX(
        series,
        order=order,
        trend=trend,
        simple_differencing=fitting,
        concentrate_scale=True,
        enforce_stationarity=True,
        enforce_invertibility=True,
    )


def _fitted(series: Vector, order: tuple[int, int, int], trend: str) -> tuple[float, Vector] | None:
    """AICc and parameters of an order; None where the search failed or did not converge."""
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, EstimationWarning

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        # Whether it converged is read below; poor starting values are replaced by the library itself.
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", EstimationWarning)
        warnings.filterwarnings("ignore", message="Non-(stationary|invertible) starting", category=UserWarning)
        try:
            found = _model(series, order, trend, fitting=True).fit(
                disp=False, low_memory=True, cov_type="none", maxiter=50
            )
        except (ValueError, np.linalg.LinAlgError, FloatingPointError):
            return None
    n, k = len(series) - order[1], len(found.params) + 1
    if not found.mle_retvals.get("converged", False) or n - k - 1 <= 0:
        return None
    aicc = -2.0 * float(found.llf) + 2.0 * k * n / (n - k - 1)
    return (aicc, np.asarray(found.params)) if math.isfinite(aicc) else None
