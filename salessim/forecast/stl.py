"""STL and exponential smoothing: a season that changes is taken out by LOESS, the rest is smoothed on the log scale."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from salessim.forecast.ets import PLAIN, EtsFit, fit_ets
from salessim.forecast.steps import Vector, from_scale, in_units, takes_logs, to_scale

__all__ = ["StlFit", "fit_stl"]

_WINDOW = 13  # cycles that a seasonal index is smoothed over: more lets it change too little, less too much
_LONG_SEASON, _SHORT_WINDOW = 24, 7  # of a season of more steps a record holds few cycles


@dataclass(frozen=True, eq=False)
class StlFit:
    """A decomposition and the smoothing of its seasonally adjusted part.

    Attributes
    ----------
    rest : EtsFit
        Non-seasonal smoothing of the adjusted series, on the log scale where `logs`.
    season : numpy.ndarray
        The last cycle of the season; the next step takes its first entry.
    logs : bool
        Logs are taken of series that stay above a hundredth of their mean.
    """

    rest: EtsFit
    season: Vector
    logs: bool

    @property
    def residuals(self) -> Vector:
        """Innovations in sample, divided by their standard deviation."""
        return self.rest.residuals

    def errors(self, y: Vector) -> Vector:
        """Errors one step ahead in sample, in the units of the series `y` that was fitted."""
        return in_units(self.rest.sigma * self.residuals, y, self.logs)

    def mean(self, horizon: int) -> Vector:
        """Forecast of each step: the median, where logs were taken."""
        middle = self._middle(horizon)
        return self._back(middle[None, :], middle)[0]

    def band(self, horizon: int, scores: Vector) -> Vector:
        """Quantiles at standard normal `scores` (scores × steps)."""
        spread = self.rest.spread(horizon)
        if spread is None:
            raise RuntimeError("the pool of the adjusted series has additive errors only")
        middle = self._middle(horizon)
        return self._back(middle + scores[:, None] * spread, middle)

    def paths(self, shocks: Vector) -> Vector:
        """Futures that follow from standard `shocks` (paths × steps)."""
        horizon = shocks.shape[1]
        return self._back(self.rest.paths(shocks) + self._cycle(horizon), self._middle(horizon))

    def update(self, y: Vector) -> StlFit:
        """Decompose the longer series again; the smoothing keeps its parameters."""
        adjusted, season = _decomposed(to_scale(y, self.logs), len(self.season))
        return replace(self, rest=self.rest.update(adjusted), season=season)

    def _cycle(self, horizon: int) -> Vector:
        return np.resize(self.season, horizon)

    def _middle(self, horizon: int) -> Vector:
        middle: Vector = self.rest.mean(horizon) + self._cycle(horizon)
        return middle

    def _back(self, values: Vector, middle: Vector) -> Vector:
        return from_scale(values, middle, self.logs)


def fit_stl(y: Vector, period: int) -> StlFit | None:
    """Fit to a scaled series; None where it is too short for a season, or cannot be smoothed."""
    if period < 2 or len(y) < 2 * period + 5:
        return None
    logs = takes_logs(y)
    adjusted, season = _decomposed(to_scale(y, logs), period)
    rest = fit_ets(adjusted, period, PLAIN)
    return None if rest is None else StlFit(rest, season, logs)


def _decomposed(y: Vector, period: int) -> tuple[Vector, Vector]:
    """Seasonally adjusted series and last cycle of the season."""
    from statsmodels.tsa.seasonal import STL

    found = STL(y, period=period, seasonal=_WINDOW if period <= _LONG_SEASON else _SHORT_WINDOW).fit()
    season = np.asarray(found.seasonal)
    adjusted: Vector = y - season
    return adjusted, season[-period:]
