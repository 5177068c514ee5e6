"""Regressors: campaigns, prices, working days, Chinese New Year, in a state-space model (`UnobservedComponents`).

A local level with a season and the regressors is fitted to the logs (to the plain values where there are zeros). Its
effects are taken out of the series before the other members see it, and put back into what they forecast.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from salessim.forecast.combination import Forecaster
from salessim.forecast.steps import Vector

__all__ = ["NEW_YEARS", "Adjusted", "Effects", "chinese_new_year", "fit_effects", "working_days"]

_DAYS = """
    2000-02-05 2001-01-24 2002-02-12 2003-02-01 2004-01-22 2005-02-09 2006-01-29 2007-02-18 2008-02-07
    2009-01-26 2010-02-14 2011-02-03 2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28
    2018-02-16 2019-02-05 2020-01-25 2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17
    2027-02-06 2028-01-26 2029-02-13 2030-02-03 2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08
    2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12
"""
NEW_YEARS = tuple(np.datetime64(day) for day in str.split(_DAYS))
"""First day of the Chinese year, 2000 to 2040."""


@dataclass(frozen=True, eq=False)
class Effects:
    """What the regressors do to a series.

    Attributes
    ----------
    names : tuple of str
    size : numpy.ndarray
        Effect of one unit of each: on the log where `logs`, else in units of the series.
    error : numpy.ndarray
        Standard errors.
    logs : bool
    past, future : numpy.ndarray
        Regressors in sample and to come (steps × regressors).
    """

    names: tuple[str, ...]
    size: Vector
    error: Vector
    logs: bool
    past: Vector
    future: Vector

    def without(self, values: Vector) -> Vector:
        """The series as it would have been had every regressor stood at its mean of the past."""
        effect = (self.past - self.past.mean(axis=0)) @ self.size
        cleaned: Vector = values / np.exp(effect) if self.logs else values - effect
        return cleaned


@dataclass(frozen=True, eq=False)
class Adjusted:
    """A forecast of the series without its regressors' effects, with the effects to come put back.

    Attributes
    ----------
    inner : Forecaster
    effects : Effects
    """

    inner: Forecaster
    effects: Effects

    @property
    def name(self) -> str:
        """How it was made."""
        return f"{self.inner.name} + regressors"

    @property
    def residuals(self) -> Vector:
        """Errors of the cleaned series one step ahead, standard."""
        return self.inner.residuals

    @property
    def errors(self) -> Vector:
        """Errors of the cleaned series one step ahead, in its units."""
        return self.inner.errors

    def mean(self, horizon: int) -> Vector:
        """Point forecast of each step."""
        return self._with(self.inner.mean(horizon), 0.0)

    def quantiles(self, horizon: int, chances: Sequence[float]) -> Vector:
        """Quantiles (chances × steps); the doubt about the effects widens them."""
        middle = self.mean(horizon)
        plain = self._with(self.inner.quantiles(horizon, chances), 0.0)
        from scipy.special import ndtri

        doubt = np.asarray(ndtri(np.asarray(chances)))[:, None] * self._doubt(horizon, middle)
        apart = plain - middle
        wider: Vector = middle + np.sign(apart) * np.hypot(apart, doubt)
        return np.maximum(wider, 0.0) if self.effects.logs else wider

    def paths(self, shocks: Vector) -> Vector:
        """Futures that follow from standard `shocks`; each path has effects of its own, drawn from their doubt."""
        horizon = shocks.shape[1]
        rng = np.random.default_rng(len(shocks))
        drawn = rng.standard_normal((len(shocks), len(self.effects.size))) * self.effects.error
        return self._with(self.inner.paths(shocks), drawn @ self._coming(horizon).T)

    def update(self, values: Vector) -> Adjusted:
        """Run on through new periods: their regressors are the first of those to come."""
        new = len(values) - len(self.effects.past)
        past = np.concatenate([self.effects.past, self.effects.future[:new]])
        effects = replace(self.effects, past=past, future=self.effects.future[new:])
        centre = self.effects.past.mean(axis=0)
        moved = (past - centre) @ effects.size
        cleaned = values / np.exp(moved) if effects.logs else values - moved
        return Adjusted(self.inner.update(cleaned), effects)

    def _coming(self, horizon: int) -> Vector:
        coming: Vector = self.effects.future[:horizon] - self.effects.past.mean(axis=0)
        return coming

    def _with(self, values: Vector, more: Any) -> Vector:
        effect = self._coming(values.shape[-1]) @ self.effects.size + more
        whole: Vector = values * np.exp(effect) if self.effects.logs else values + effect
        return whole

    def _doubt(self, horizon: int, middle: Vector) -> Vector:
        doubt = np.sqrt(((self._coming(horizon) * self.effects.error) ** 2).sum(axis=1))
        found: Vector = doubt * middle if self.effects.logs else doubt
        return found


def fit_effects(values: Vector, past: Vector, future: Vector, names: Sequence[str], period: int) -> Effects | None:
    """Estimate effects; None where the model cannot be fitted.

    Parameters
    ----------
    values : numpy.ndarray
    past, future : numpy.ndarray
        Regressors (steps × regressors); one that never moved in the past has no effect that could be told.
    names : sequence of str
    period : int
    """
    from statsmodels.tools.sm_exceptions import ConvergenceWarning
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    moved = past.std(axis=0) > 0
    size, error = np.zeros(past.shape[1]), np.zeros(past.shape[1])
    logs = bool(values.min() > 0)
    if not moved.any():
        return Effects(tuple(names), size, error, logs, past, future)
    scale = float(np.abs(values).mean())
    series = np.log(values / scale) if logs else values / scale
    centre, spread = past[:, moved].mean(axis=0), past[:, moved].std(axis=0)
    seasonal = len(values) >= 2 * period + 5 and period > 1
    harmonics = [{"period": period, "harmonics": min(period // 2, 6)}] if seasonal else None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ConvergenceWarning)  # effects are read by their standard errors
        model = UnobservedComponents(
            series,
            level="local level",
            freq_seasonal=harmonics,
            stochastic_freq_seasonal=[False] if seasonal else None,
            exog=(past[:, moved] - centre) / spread,
            mle_regression=False,
        )
        try:
            result = model.fit(disp=False, maxiter=50)
        except (ValueError, np.linalg.LinAlgError):
            return None
    count = int(moved.sum())
    state = np.asarray(result.smoothed_state)[-count:, -1]
    variance = np.asarray(result.smoothed_state_cov)[-count:, -count:, -1]
    unit = 1.0 if logs else scale
    size[moved] = state / spread * unit
    error[moved] = np.sqrt(np.maximum(np.diag(variance), 0.0)) / spread * unit
    if not (np.isfinite(size).all() and np.isfinite(error).all()):
        return None
    return Effects(tuple(names), size, error, logs, past, future)


def working_days(periods: Any) -> Vector:
    """Mondays to Fridays in each period.

    Examples
    --------
    >>> import pandas as pd
    >>> working_days(pd.period_range("2026-01", periods=3, freq="M")).tolist()
    [22.0, 20.0, 22.0]
    """
    begin = periods.start_time.to_numpy().astype("datetime64[D]")
    end = periods.end_time.to_numpy().astype("datetime64[D]") + 1
    return np.asarray(np.busday_count(begin, end), dtype=np.float64)


def chinese_new_year(periods: Any, before: int = 7, after: int = 7) -> Vector:
    """Share of the days around Chinese New Year that fall into each period: the holiday moves between months.

    Parameters
    ----------
    periods : pandas.PeriodIndex
        Between 2000 and 2040.
    before, after : int
        Days before the first day of the year, and from it on, that sales differ.

    Examples
    --------
    >>> import pandas as pd
    >>> chinese_new_year(pd.period_range("2023-01", periods=3, freq="M")).round(2).tolist()
    [1.0, 0.0, 0.0]
    >>> chinese_new_year(pd.period_range("2025-01", periods=3, freq="M")).round(2).tolist()
    [0.71, 0.29, 0.0]
    """
    begin = periods.start_time.to_numpy().astype("datetime64[D]")
    end = periods.end_time.to_numpy().astype("datetime64[D]")
    share = np.zeros(len(periods))
    for day in NEW_YEARS:
        first, last = day - before, day + (after - 1)
        inside = (np.minimum(end, last) - np.maximum(begin, first)).astype(int) + 1
        share += np.maximum(inside, 0) / (before + after)
    return share
