"""Small steps that every member of the combination takes: logs, seasonal indices, sizes of errors."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = [
    "Numbers",
    "Vector",
    "classical_season",
    "from_scale",
    "in_units",
    "is_seasonal",
    "recent",
    "seasonal_index",
    "standardised",
    "takes_logs",
    "to_scale",
]

Vector: TypeAlias = npt.NDArray[np.float64]
Numbers: TypeAlias = npt.NDArray[np.int64]

_RECENT = 10  # cycles of the season

_TINY = 1e-9  # of a series whose mean is 1: what is smaller is not an error but rounding
_LEAST = 0.01  # of the mean: a series that comes nearer to 0 than this is not put on logs
_CAP = 3.0  # an error of e³ on the log scale is a model that has run away, not a forecast


def recent(period: int) -> int:
    """How many values count as recent: the trend line and the width of a band look no further back; 0 for no limit."""
    return _RECENT * period if period > 1 else 0


def standardised(raw: Vector, parameters: int, count: int = 0) -> tuple[float, Vector]:
    """Standard deviation with the fitted parameters counted, and the residuals divided by it.

    Parameters
    ----------
    raw : numpy.ndarray
        Residuals.
    parameters : int
        How many were fitted.
    count : int
        Residuals before the last `count` do not count: how wide a band was thirty years ago says nothing about now.
        0 counts all.

    Examples
    --------
    >>> import numpy as np
    >>> float(standardised(np.array([1.0, -1.0, 1.0, -1.0]), 0)[0])
    1.0
    """
    last = raw[-count:]
    n = len(last)
    sigma = float(np.sqrt(np.sum(last**2) / max(n - parameters * n / len(raw), 1)))
    sigma = max(sigma, _TINY)
    return sigma, raw / sigma


def is_seasonal(y: Vector, period: int) -> bool:
    """Whether the autocorrelation at one season stands out at 90 % (the test of the M3 and M4 competitions)."""
    n = len(y)
    if period < 2 or n < 3 * period:
        return False
    centred = y - y.mean()
    total = float(centred @ centred)
    if total <= 0.0:
        return False
    acf = np.array([centred[lag:] @ centred[: n - lag] for lag in range(1, period + 1)]) / total
    limit = 1.645 * np.sqrt((1.0 + 2.0 * np.sum(acf[:-1] ** 2)) / n)
    return bool(abs(acf[-1]) > limit)


def classical_season(y: Vector, period: int, multiplicative: bool) -> Vector:
    """Seasonal index of each phase (the first belongs to the first value): classical decomposition by a centred mean.

    Additive indices add up to 0, multiplicative ones have mean 1.
    """
    half = period // 2
    kernel = np.ones(period) / period if period % 2 else np.concatenate([[0.5], np.ones(period - 1), [0.5]]) / period
    smooth = np.convolve(y, kernel, mode="valid")
    middle = y[half : half + len(smooth)]
    ratio = middle / smooth if multiplicative else middle - smooth
    phase = (np.arange(len(smooth)) + half) % period
    index = np.bincount(phase, ratio, minlength=period) / np.bincount(phase, minlength=period)
    found: Vector = index / index.mean() if multiplicative else index - index.mean()
    return found


def seasonal_index(y: Vector, period: int) -> Vector:
    """Multiplicative index of each phase, or a single 1 where the series shows no season or has none to take out."""
    if period > 1 and y.min() > 0 and is_seasonal(y, period):
        index = classical_season(y, period, multiplicative=True)
        if index.min() > _LEAST:
            return index
    return np.ones(1)


def takes_logs(y: Vector) -> bool:
    """Whether a series whose mean is about 1 is put on logs."""
    return bool(y.min() > _LEAST)


def to_scale(y: Vector, logs: bool) -> Vector:
    """The series as a model sees it."""
    return np.log(np.maximum(y, _LEAST / 10.0)) if logs else y


def from_scale(values: Vector, middle: Vector, logs: bool) -> Vector:
    """Back from the scale of a model; on logs no further than a factor e³ from the `middle`."""
    if not logs:
        return values
    return np.exp(np.minimum(middle + np.clip(values - middle, -_CAP, _CAP), 50.0))


def in_units(raw: Vector, y: Vector, logs: bool) -> Vector:
    """Errors of the last values of `y` on the scale of a model, in the units of `y`: a value less what was forecast."""
    if not logs:
        return raw
    errors: Vector = y[-len(raw) :] * (1.0 - np.exp(-raw))
    return errors
