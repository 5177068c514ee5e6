"""Joint futures of many series: shocks that are as correlated as the errors were, so that sums keep their spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salessim.forecast.combination import Forecaster
from salessim.forecast.steps import Vector

__all__ = ["aligned", "joint_paths", "joint_shocks"]

_LONGEST = 120  # periods of errors that correlations are taken from
_SHARED = 0.95  # of a shock is correlated as in the sample; the rest keeps chance correlations from being believed


def aligned(rows: Sequence[Vector], length: int) -> Vector:
    """Series of different lengths that end together, as columns of `length` rows; NaN before each begins.

    Examples
    --------
    >>> aligned([np.array([1.0, 2.0]), np.array([3.0])], 2).tolist()
    [[1.0, nan], [2.0, 3.0]]
    """
    found = np.full((length, len(rows)), np.nan)
    for column, row in enumerate(rows):
        last = row[-length:]
        if len(last):
            found[length - len(last) :, column] = last
    return found


def joint_shocks(residuals: Vector, paths: int, horizon: int, rng: np.random.Generator) -> Vector:
    """Standard normal shocks (series × paths × steps), correlated between series as the residuals are.

    A shock is a random mixture of the rows of standard residuals, one set of weights for all series: its covariance
    is that of the sample, also where there are more series than rows. Shocks of different steps are independent: what
    lasts is carried on by each series' model.

    Parameters
    ----------
    residuals : numpy.ndarray
        Periods × series, standard; NaN where there is none.
    paths, horizon : int
    rng : numpy.random.Generator
    """
    last = residuals[-_LONGEST:]
    there = ~np.isnan(last)
    rows = np.where(there, last, 0.0)
    size = np.sqrt((rows**2).sum(axis=0) / np.maximum(there.sum(axis=0), 1))
    rows = rows / np.where(size > 0, size, 1.0) / np.sqrt(len(last))
    mixed = rng.standard_normal((paths * horizon, len(last))) @ rows
    share = np.sqrt(_SHARED) * np.sqrt((rows**2).sum(axis=0))  # what the common rows explain of each variance
    mixed *= np.sqrt(_SHARED)
    mixed += np.sqrt(np.maximum(1.0 - share**2, 0.0)) * rng.standard_normal(mixed.shape)
    shocks: Vector = mixed.T.reshape(rows.shape[1], paths, horizon)
    return shocks


def joint_paths(fits: Sequence[Forecaster], length: int, paths: int, horizon: int, rng: np.random.Generator) -> Vector:
    """Futures of all series (series × paths × steps), each driven by its row of the joint shocks."""
    shocks = joint_shocks(aligned([fit.residuals for fit in fits], length), paths, horizon, rng)
    return np.array([fit.paths(shocks[place]) for place, fit in enumerate(fits)])
