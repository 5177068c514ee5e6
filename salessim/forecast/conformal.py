"""How much wider or narrower the bands of a level must be to hold what they promise: shrunken conformal factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from salessim.forecast.steps import Numbers, Vector

__all__ = ["by_step", "conformal_factors", "mean_ratio", "thirds", "wider_of"]

_PRIOR = 20.0  # comparisons (origins × series) that count as much as believing the prior
_NARROWEST, _WIDEST = 0.75, 1.5
_GRID = 1e-12


def thirds(horizon: int) -> Numbers:
    """Third of the horizon that each step belongs to: 0, 1 or 2."""
    return np.arange(horizon) * 3 // horizon


def by_step(factors: Vector, horizon: int) -> Vector:
    """Factors of thirds (levels × thirds × intervals) as factors of steps (levels × steps × intervals)."""
    found: Vector = factors[:, thirds(horizon)]
    return found


def wider_of(own: Vector, joint: Vector, levels: Numbers) -> Vector:
    """Factor that takes the joint bands to the wider of two claims: their own, and that of each node's own model.

    Futures of all nodes are driven by errors as correlated as those one step ahead. Further ahead, nodes that drift
    together err together, which the model of their sum knows better than the sum of their models.

    Parameters
    ----------
    own, joint : numpy.ndarray
        Half widths (nodes × steps × interval levels).
    levels : numpy.ndarray of int
        Level of each node.

    Returns
    -------
    numpy.ndarray
        Levels × thirds × interval levels, 1 or more.
    """
    return np.maximum(mean_ratio(own, joint, levels), 1.0)


def mean_ratio(over: Vector, under: Vector, levels: Numbers) -> Vector:
    """Geometric mean of the ratio of two half widths (nodes × steps × intervals), by level, third and interval.

    Bands without width do not count; 1 where none has any.
    """
    third = thirds(over.shape[1])
    found = np.ones((int(levels.max()) + 1, 3, over.shape[2]))
    there = (over > _GRID) & (under > _GRID)
    logs = np.log(np.where(there, over, 1.0)) - np.log(np.where(there, under, 1.0))
    for level in range(len(found)):
        mine = levels == level
        for part in range(3):
            count = there[mine][:, third == part].sum(axis=(0, 1))
            found[level, part] = np.exp(logs[mine][:, third == part].sum(axis=(0, 1)) / np.maximum(count, 1))
    return found


def conformal_factors(miss: Vector, reach: Vector, levels: Numbers, intervals: Sequence[float]) -> Vector:
    """The share of a band's width that would have held its share of what came, shrunken where that is poorly known.

    Where n errors are exchangeable with the next one, their quantile at ``q·(1 + 1/n)`` holds the share q of what comes
    (Vovk, Gammerman & Shafer 2005); n counts origins times series, as steps of one forecast err together. The factor of
    a level is shrunken, with weight ``n / (n + 20)``, towards that of the next level with more series; of the bottom,
    towards 1: a total has few errors of its own, and its parts say in which direction the models of this company err.

    Parameters
    ----------
    miss : numpy.ndarray
        Absolute errors, origins × nodes × steps.
    reach : numpy.ndarray
        Half widths, origins × nodes × steps × interval levels.
    levels : numpy.ndarray of int
        Level of each node; of all levels that are wanted, at least one node.
    intervals : sequence of float
        In per cent.

    Returns
    -------
    numpy.ndarray
        Levels × interval levels, from 0.75 to 1.5.

    Examples
    --------
    >>> miss = np.abs(np.random.default_rng(1).normal(0.0, 2.0, (50, 4, 3)))
    >>> reach = np.full((50, 4, 3, 1), 1.2816)
    >>> conformal_factors(miss, reach, np.zeros(4, dtype=int), (80,)).round(1).tolist()
    [[1.5]]
    """
    count = np.bincount(levels)
    factors = np.ones((len(count), len(intervals)))
    above = np.zeros(len(intervals))  # log of the factor of the level before
    for level in np.argsort(-count, kind="stable"):
        mine = np.flatnonzero(levels == level)
        n = len(miss) * len(mine)
        weight = n / (n + _PRIOR)
        for place, interval in enumerate(intervals):
            wide = reach[:, mine][..., place]
            there = wide > _GRID
            if there.any():
                share = min(interval / 100.0 * (1.0 + 1.0 / n), 1.0)
                needed = float(np.quantile(miss[:, mine][there] / wide[there], share))
                logs = weight * np.log(max(needed, 0.01)) + (1.0 - weight) * above[place]
                above[place] = np.clip(logs, np.log(_NARROWEST), np.log(_WIDEST))
        factors[level] = np.exp(above)
    return factors
