"""Series with little to learn from: mostly zeros (Teunter, Syntetos & Babai 2011) or few values, borrowing a profile.

The forecast is a level times the profile of an ancestor that has a record (flat where there is none). Its
distribution has a lump at zero and a log-normal part above it, so no quantile is negative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from salessim.forecast.combination import Combination
from salessim.forecast.steps import Vector

__all__ = ["Shared", "fit_shared"]

_ALPHA = 0.1  # smoothing of the chance and of the size of a sale; the usual value for intermittent demand
_LEAST_CV = 0.15  # a few equal values do not make a certain future
_DOUBT = 0.5  # coefficient of variation that one value alone is taken to have


@dataclass(frozen=True, eq=False)
class Shared:
    """Level, chance of a zero and spread of one series, on the profile of an ancestor.

    Attributes
    ----------
    level : float
        Mean per step, where the profile is 1.
    zero : float
        Chance of a step without sales, below 1.
    cv : float
        Coefficient of variation of what is not zero.
    ancestor : Combination or None
        Whose season and growth are borrowed.
    past : numpy.ndarray
        The ancestor's own values over the same steps, relative to their mean; ones without an ancestor.
    base : float
        That mean: what makes the ancestor's forecast relative.
    residuals : numpy.ndarray
        Deviations in sample, divided by their standard deviation.
    errors : numpy.ndarray
        The same in units of the series.
    """

    level: float
    zero: float
    cv: float
    ancestor: Combination | None
    past: Vector
    base: float
    residuals: Vector
    errors: Vector

    @property
    def name(self) -> str:
        """How it was made."""
        return "shared" if self.ancestor is not None else "tsb"

    def mean(self, horizon: int) -> Vector:
        """Point forecast of each step."""
        return self.level * self._profile(horizon)

    def quantiles(self, horizon: int, chances: Sequence[float]) -> Vector:
        """Quantiles (chances × steps)."""
        return self._at(np.repeat(np.asarray(chances, dtype=float)[:, None], horizon, axis=1))

    def paths(self, shocks: Vector) -> Vector:
        """Futures that follow from standard `shocks` (paths × steps)."""
        from scipy.special import ndtr

        return self._at(np.asarray(ndtr(shocks)))

    def update(self, values: Vector) -> Shared:
        """Level, chance and spread again from the longer series; the ancestor's profile of new steps counts as 1."""
        past = np.concatenate([self.past, np.ones(max(len(values) - len(self.past), 0))])
        return replace(_estimated(values, past[: len(values)], self.base), ancestor=self.ancestor)

    def _profile(self, horizon: int) -> Vector:
        if self.ancestor is None:
            return np.ones(horizon)
        profile: Vector = self.ancestor.mean(horizon) / self.base
        return profile

    def _at(self, chances: Vector) -> Vector:
        from scipy.special import ndtri

        spread = self._relative_spread(chances.shape[1])
        width = np.sqrt(np.log1p(spread**2))
        above = np.clip((chances - self.zero) / (1.0 - self.zero), 1e-9, 1.0 - 1e-9)
        positive = self.mean(chances.shape[1]) / (1.0 - self.zero) * np.exp(width * ndtri(above) - width**2 / 2.0)
        return np.where(chances <= self.zero, 0.0, positive)

    def _relative_spread(self, horizon: int) -> Vector:
        if self.ancestor is None:
            return np.full(horizon, self.cv)
        low, high = self.ancestor.quantiles(horizon, (0.1, 0.9))
        of_ancestor = (high - low) / 2.56 / np.maximum(self.ancestor.mean(horizon), 1e-9 * self.base)
        spread: Vector = np.hypot(self.cv, np.minimum(of_ancestor, 2.0))
        return spread


def fit_shared(values: Vector, ancestor: Combination | None = None, history: Vector | None = None) -> Shared:
    """Fit to a series of zeros and positive values.

    Parameters
    ----------
    values : numpy.ndarray
        One value or more, none negative.
    ancestor : Combination, optional
        Fitted to a series that contains this one.
    history : numpy.ndarray, optional
        The ancestor's values over the same steps as `values`.

    Examples
    --------
    >>> import numpy as np
    >>> fit = fit_shared(np.array([0, 0, 4.0, 0, 0, 4.0, 0, 0, 4.0, 0, 0, 4.0]))
    >>> bool(1.0 < fit.mean(1)[0] < 2.0), float(fit.quantiles(1, [0.25])[0, 0])
    (True, 0.0)
    """
    base = 0.0
    if ancestor is not None and history is not None:
        base = float(history[-12:].mean())
    if base <= 0.0 or history is None:
        return _estimated(values, np.ones(len(values)), 1.0)
    # Where the ancestor sold nothing, it says nothing about this series either.
    past = np.where(history > 0.0, history / base, 1.0)
    return replace(_estimated(values, past, base), ancestor=ancestor)


def _estimated(values: Vector, past: Vector, base: float) -> Shared:
    n = len(values)
    relative = values / past
    sold = values > 0
    if not sold.any():
        return Shared(0.0, 1.0 - 1.0 / (n + 1.0), _DOUBT, None, past, base, np.zeros(n), np.zeros(n))
    chance = _smoothed(sold.astype(float))
    sizes = relative[sold]
    size = _smoothed(sizes)
    count = len(sizes)
    cv = float(sizes.std(ddof=1) / sizes.mean()) if count > 1 else _DOUBT
    cv = math.sqrt((_DOUBT**2 + (count - 1) * cv**2) / count) * math.sqrt(1.0 + 1.0 / count)
    level = chance * size
    raw = values - level * past
    spread = float(np.sqrt(np.mean(raw**2)))
    zero = min(1.0 - chance, 1.0 - 1.0 / (n + 1.0))
    return Shared(level, zero, max(cv, _LEAST_CV), None, past, base, raw / spread if spread > 0 else np.zeros(n), raw)


def _smoothed(values: Vector) -> float:
    """Exponential smoothing that starts as a plain mean: the weight of a new value is 1/n until that is below alpha."""
    level = float(values[0])
    for count, value in enumerate(values[1:], start=2):
        level += max(_ALPHA, 1.0 / count) * (float(value) - level)
    return level
