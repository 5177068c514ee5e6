"""Joint futures of many series: shocks that are as correlated as the errors were, so that sums keep their spread."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from salessim.forecast.combination import Forecaster
from salessim.forecast.steps import Vector
from salessim.forecast.values import chances_of

__all__ = ["aligned", "bottom_futures", "half_widths", "joint_paths", "joint_shocks", "spread_together"]

_LONGEST = 120  # periods of errors that correlations are taken from
_PORTION = 200  # nodes
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


def spread_together(futures: Vector, points: Vector, factor: Vector, floor: bool) -> Vector:
    """Futures in which the total spreads `factor` times as far about its point forecast, all series with it.

    What a total's future lies off its forecast is multiplied, and what that adds is shared among the bottom series by
    the size of their forecasts: a drift that all of them have in common. So a chance read from the futures of the total
    is that of its calibrated band, and every sum still holds.

    Parameters
    ----------
    futures : numpy.ndarray
        Bottom series × paths × steps.
    points : numpy.ndarray
        Bottom series × steps.
    factor : numpy.ndarray
        Of each step.
    floor : bool
        Whether futures stop at 0.

    Examples
    --------
    >>> futures = np.array([[[9.0], [11.0]], [[19.0], [21.0]]])
    >>> spread_together(futures, np.array([[10.0], [20.0]]), np.array([1.5]), True).sum(axis=0).ravel().tolist()
    [27.0, 33.0]
    """
    size = np.abs(points)
    whole = size.sum(axis=0)
    share = np.where(whole > 0, size / np.where(whole > 0, whole, 1.0), 0.0)
    more = (factor - 1.0) * (futures.sum(axis=0) - points.sum(axis=0))
    spread: Vector = futures + share[:, None, :] * more
    return np.maximum(spread, 0.0) if floor else spread


def bottom_futures(matrix: Vector, futures: Vector, floor: bool) -> Vector:
    """Futures of the bottom series (bottom × paths × steps) from those of all nodes, by a reconciliation's matrix."""
    flat: Vector = matrix @ futures.reshape(len(futures), -1)
    flat = np.maximum(flat, 0.0) if floor else flat
    return flat.reshape(len(matrix), *futures.shape[1:])


def half_widths(futures: Vector, levels: Sequence[int], summing: Any = None) -> Vector:
    """Half the width of each band (nodes × steps × levels).

    Parameters
    ----------
    futures : numpy.ndarray
        Of every node, or of the bottom series where there is a `summing` matrix: series × paths × steps.
    levels : sequence of int
        In per cent.
    summing : scipy.sparse array, optional
        Nodes × bottom series.
    """
    count, horizon = futures.shape[1:]
    flat = futures.reshape(len(futures), -1)
    nodes = len(futures) if summing is None else summing.shape[0]
    chances = chances_of(levels)
    found = np.empty((nodes, horizon, len(levels)))
    for begin in range(0, nodes, _PORTION):  # all futures of all nodes at once would not fit into memory
        part = flat[begin : begin + _PORTION] if summing is None else summing[begin : begin + _PORTION] @ flat
        ends = np.quantile(part.reshape(-1, count, horizon), chances, axis=1)
        found[begin : begin + _PORTION] = np.moveaxis((ends[1::2] - ends[::2]) / 2.0, 0, -1)
    return found
