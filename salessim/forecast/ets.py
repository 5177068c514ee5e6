"""Exponential smoothing: a pool of eight models of `statsmodels`, chosen by an AICc that counts the initial states.

Three things are done around `ETSModel` because fits as it comes are slow and often wrong:

* the caller scales the series (see `salessim.forecast.combination`): unscaled fits report convergence far from it;
* the initial states stay at the heuristic of Hyndman et al. (2008, section 2.6), found once per kind of season and
  shared by the pool: estimating them is ten times slower and no more accurate;
* the AICc counts those states as parameters; that of the library does not, and prefers seasons that are not there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from salessim.forecast.steps import Vector, half_life, standardised

__all__ = ["PLAIN", "POOL", "EtsFit", "EtsSpec", "fit_ets", "fit_one", "starts"]


class EtsSpec(NamedTuple):
    """A model: kind of error ("add", "mul"), with trend, damped, kind of season ("add", "mul" or None)."""

    error: str
    trend: bool
    damped: bool
    seasonal: str | None


PLAIN = (
    EtsSpec("add", False, False, None),
    EtsSpec("add", True, False, None),
    EtsSpec("add", True, True, None),
)
"""Without a season: simple, Holt, damped trend."""

POOL = (
    *PLAIN,
    EtsSpec("add", False, False, "add"),
    EtsSpec("add", True, True, "add"),
    EtsSpec("mul", False, False, "mul"),
    EtsSpec("mul", True, False, "mul"),
    EtsSpec("mul", True, True, "mul"),
)
"""ANN AAN AAdN ANA AAdA MNM MAM MAdM: as accurate as all fifteen, at half the time."""

_LOOSE = 1e10  # of L-BFGS, in units of the machine's precision: the log-likelihood to about 1e-6 of itself
_STEPS = 60  # of the search; one that stops early is judged by its AICc like any other
_EPSILON = 1.5e-8  # of a forward difference: the root of the machine's precision
_EDGE = 1e-4  # smoothing parameters stay this far from 0 and 1
_DAMPING = (0.8, 0.98)
_NEXT_TO_NOTHING = 1e-3  # of the mean, which is about 1
_NOWHERE = 1e10  # instead of a likelihood that is not finite
_Start = tuple[float, float, Any]


@dataclass(frozen=True, eq=False)
class EtsFit:
    """A fitted model and its states at the end of the series.

    Attributes
    ----------
    spec : EtsSpec
    period : int
        Steps of a season; 1 without one.
    alpha, beta, gamma, phi : float
        Smoothing of level, trend and season, and damping.
    start : tuple
        Initial level, trend and season.
    level, trend : float
        At the end of the series.
    season : numpy.ndarray
        The last `period` seasonal states, oldest first: the next step takes the first.
    sigma : float
        Standard deviation of the innovations (relative to the mean for ``error="mul"``), degrees of freedom counted.
    residuals : numpy.ndarray
        Innovations in sample, divided by `sigma`.
    aicc : float
    """

    spec: EtsSpec
    period: int
    alpha: float
    beta: float
    gamma: float
    phi: float
    start: _Start
    level: float
    trend: float
    season: Vector
    sigma: float
    residuals: Vector
    aicc: float

    def mean(self, horizon: int) -> Vector:
        """Forecast of each step without further shocks."""
        return self.paths(np.zeros((1, horizon)))[0]

    def paths(self, shocks: Vector) -> Vector:
        """Futures that follow from standard `shocks` (paths × steps), one row each."""
        spec, m = self.spec, self.period
        count, horizon = shocks.shape
        level, trend = np.full(count, self.level), np.full(count, self.trend)
        season = np.repeat(self.season[:, None], count, axis=1)
        beta_star = self.beta / self.alpha if spec.trend else 0.0
        gamma_star = self.gamma / (1.0 - self.alpha)
        out = np.empty((count, horizon))
        for step in range(horizon):
            base = level + self.phi * trend
            here = season[step % m]
            mean = base * here if spec.seasonal == "mul" else base + here
            noise = self.sigma * shocks[:, step]
            y = mean * (1.0 + np.maximum(noise, -0.95)) if spec.error == "mul" else mean + noise
            out[:, step] = y
            before = level
            adjusted = y / here if spec.seasonal == "mul" else y - here
            level = self.alpha * adjusted + (1.0 - self.alpha) * base
            if spec.trend:
                trend = beta_star * (level - before) + (1.0 - beta_star) * self.phi * trend
            if spec.seasonal is not None:
                change = y / level if spec.seasonal == "mul" else y - level
                season[step % m] = gamma_star * change + (1.0 - gamma_star) * here
        return out

    def errors(self, y: Vector) -> Vector:
        """Errors one step ahead in sample, in the units of the series `y` that was fitted."""
        raw = self.sigma * self.residuals
        return raw if self.spec.error == "add" else y * raw / (1.0 + raw)

    def spread(self, horizon: int) -> Vector | None:
        """Standard deviation of each step in closed form, or None where there is none (``error="mul"``)."""
        if self.spec.error == "mul":
            return None
        steps = np.arange(1, horizon)
        trend = np.cumsum(self.phi**steps) if self.spec.trend else np.zeros(len(steps))
        effect = self.alpha + self.beta * trend
        if self.spec.seasonal is not None:
            effect = effect + self.gamma * (steps % self.period == 0)
        spread: Vector = self.sigma * np.sqrt(1.0 + np.concatenate([[0.0], np.cumsum(effect**2)]))
        return spread

    def update(self, y: Vector) -> EtsFit:
        """The same parameters run through a longer series; the size of the innovations stays as it was fitted."""
        if "mul" in (self.spec.error, self.spec.seasonal):
            # Fitted to positive values; a month without sales is no reason to fail, but next to nothing for this model.
            y = np.maximum(y, _NEXT_TO_NOTHING)
        model = _model(y, self.spec, self.period, self.start)
        fitted, level, trend, season = _smoothed(model, self._free(), self.spec, self.period)
        residuals = _residuals(y, fitted, self.spec) / self.sigma
        return replace(self, level=level, trend=trend, season=season, residuals=residuals)

    def _free(self) -> Vector:
        chosen = [self.alpha]
        chosen += [self.beta] if self.spec.trend else []
        chosen += [self.gamma] if self.spec.seasonal is not None else []
        chosen += [self.phi] if self.spec.damped else []
        return np.array(chosen)


def starts(y: Vector, period: int) -> dict[str | None, _Start]:
    """Initial states for each kind of season that the length and the sign of the series allow."""
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    kinds: list[str | None] = [None]
    if period > 1 and len(y) >= max(2 * period + 5, 10 + 2 * (period // 2)):
        kinds += ["add"] + (["mul"] if y.min() > 0 else [])
    found: dict[str | None, _Start] = {}
    for kind in kinds:
        if len(y) < 10:  # the heuristic needs ten values
            found[kind] = (float(y[: min(len(y), 3)].mean()), 0.0, 0)
            continue
        model = ETSModel(
            y, trend="add", seasonal=kind, seasonal_periods=period if kind else None, initialization_method="heuristic"
        )
        season = 0 if kind is None else np.asarray(model.initial_seasonal, dtype=float)
        found[kind] = (float(model.initial_level), float(model.initial_trend), season)
    return found


def fit_ets(y: Vector, period: int, pool: tuple[EtsSpec, ...] = POOL) -> EtsFit | None:
    """The model of the pool with the least AICc.

    Parameters
    ----------
    y : numpy.ndarray
        The series, scaled so that its mean is about 1.
    period : int
        Steps of a season.
    pool : tuple of EtsSpec
        Models that the series is too short for, or that need positive values, are passed over.

    Returns
    -------
    EtsFit or None
        None where no model could be fitted.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.arange(60)
    >>> fit_ets(1.0 + 0.3 * np.sin(months * np.pi / 6) + 0.01 * (months % 5), 12).spec.seasonal
    'add'
    """
    best: EtsFit | None = None
    begin = starts(y, period if any(spec.seasonal for spec in pool) else 1)
    for spec in pool:
        if spec.seasonal not in begin or (spec.error == "mul" and y.min() <= 0):
            continue
        fit = fit_one(y, period, spec, begin[spec.seasonal], best)
        if fit is not None:
            best = fit
    return best


def fit_one(y: Vector, period: int, spec: EtsSpec, start: _Start, best: EtsFit | None = None) -> EtsFit | None:
    """One model, or None where it cannot be fitted or has no lower AICc than `best`."""
    m = period if spec.seasonal is not None else 1
    n = len(y)
    k = 2 + 2 * spec.trend + spec.damped + (m if spec.seasonal is not None else 0) + (spec.seasonal is not None)
    if n - k - 1 <= 0:
        return None
    model = _model(y, spec, m, start)
    with np.errstate(all="ignore"):
        free = _searched(model, spec)
        aicc = -2.0 * float(model.loglike(free)) + 2.0 * k * n / (n - k - 1)
        if not math.isfinite(aicc) or (best is not None and aicc >= best.aicc):
            return None
        fitted, level, trend, season = _smoothed(model, free, spec, m)
        raw = _residuals(y, fitted, spec)
    if not (np.isfinite(raw).all() and math.isfinite(level) and np.isfinite(season).all()):
        return None
    sigma, residuals = standardised(raw, 1 + spec.trend + spec.damped + (spec.seasonal is not None), half_life(period))
    rest = list(free)
    alpha = float(rest.pop(0))
    beta = float(rest.pop(0)) if spec.trend else 0.0
    gamma = float(rest.pop(0)) if spec.seasonal is not None else 0.0
    phi = float(rest.pop(0)) if spec.damped else 1.0
    return EtsFit(spec, m, alpha, beta, gamma, phi, start, level, trend, season, sigma, residuals, aicc)


def _searched(model: Any, spec: EtsSpec) -> Vector:
    """Parameters (level, trend, season, damping, those that there are) of the greatest likelihood.

    The search, start and bounds are those of `ETSModel.fit`; the differences are taken here, as the library's way to
    take them costs more than the likelihood itself: half of the time of a forecast.
    """
    from scipy.optimize import fmin_l_bfgs_b

    trend, season = (1 if spec.trend else 0), (1 + spec.trend if spec.seasonal is not None else 0)

    def free_of(star: Vector) -> Vector:
        free = star.copy()
        if trend:
            free[trend] *= star[0]
        if season:
            free[season] *= 1.0 - star[0]
        return free

    def objective(star: Vector) -> tuple[float, Vector]:
        value = -float(model.loglike(free_of(star))) / model.nobs
        slope = np.empty(len(star))
        for place in range(len(star)):
            moved = star.copy()
            # Away from the upper bound: beyond it there may be no likelihood.
            step = _EPSILON if star[place] + _EPSILON <= upper[place] else -_EPSILON
            moved[place] += step
            slope[place] = (-float(model.loglike(free_of(moved))) / model.nobs - value) / step
        return (value, slope) if math.isfinite(value) else (_NOWHERE, np.zeros(len(star)))

    start = np.asarray(model.start_params, dtype=float)
    if trend:
        start[trend] /= start[0]
    if season:
        start[season] /= 1.0 - start[0]
    limits = [(_EDGE, 1.0 - _EDGE)] * (1 + spec.trend + (season > 0)) + [_DAMPING] * spec.damped
    upper = [high for _, high in limits]
    star = fmin_l_bfgs_b(objective, start, bounds=limits, factr=_LOOSE, maxiter=_STEPS)[0]
    return free_of(star)


def _model(y: Vector, spec: EtsSpec, period: int, start: _Start) -> Any:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    return ETSModel(
        y,
        error=spec.error,
        trend="add" if spec.trend else None,
        damped_trend=spec.damped,
        seasonal=spec.seasonal,
        seasonal_periods=period if spec.seasonal else None,
        initialization_method="known",
        initial_level=start[0],
        initial_trend=start[1] if spec.trend else None,
        initial_seasonal=start[2] if spec.seasonal else None,
    )


def _smoothed(model: Any, free: npt.ArrayLike, spec: EtsSpec, period: int) -> tuple[Vector, float, float, Vector]:
    """Fitted values, and level, trend and season at the end."""
    fitted, states = model.smooth(np.asarray(free, dtype=float), return_raw=True)
    trend = float(states[-1, 1]) if spec.trend else 0.0
    season = np.zeros(1) if spec.seasonal is None else states[-period:, -1].copy()
    return fitted, float(states[-1, 0]), trend, season


def _residuals(y: Vector, fitted: Vector, spec: EtsSpec) -> Vector:
    return (y - fitted) / fitted if spec.error == "mul" else y - fitted
