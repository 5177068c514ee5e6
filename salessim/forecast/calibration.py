"""What the recent past says about the forecasts of a hierarchy: which reconciliation, and how wide the bands.

A few origins before the end, every node is fitted once (to what was known at the first of them; only the *kind* of
each model is that of the whole record) and run on from origin to origin. The forecasts made there are compared with
what came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from salessim.forecast.nodes import Nodes, fit_nodes
from salessim.forecast.reconcile import add_up, bottom_map
from salessim.forecast.steps import Numbers, Vector

__all__ = ["Calibration", "calibrate", "origins_of", "thirds"]

_ORIGINS = 6
_PRIOR = 20.0  # comparisons (origins × series) that count as much as believing the model
_NARROWEST, _WIDEST = 0.75, 1.5
_BETTER = 0.02  # by which a method must beat the first choice to be taken instead
_WORST = 1.1  # times the error of the base forecasts: more, on any level, rules a method out if another is not
_LARGEST_MINT = 3000  # nodes: its covariance is a full matrix
_GRID = 1e-12


@dataclass(frozen=True, eq=False)
class Calibration:
    """What was found.

    Attributes
    ----------
    origins : tuple of int
        Periods known at each; empty where the record is too short to tell.
    method : str
        The reconciliation with the least error.
    scores : dict of str to numpy.ndarray
        For each method, and for ``"base"``, the mean absolute scaled error of each level.
    factors : numpy.ndarray
        Levels × thirds of the horizon × interval levels: factor on the width of a band.
    """

    origins: tuple[int, ...]
    method: str
    scores: dict[str, Vector]
    factors: Vector


def origins_of(
    length: int, horizon: int, period: int, count: int = _ORIGINS, step: int | None = None
) -> tuple[int, ...]:
    """Numbers of known periods at the origins, first to last: as many as leave two seasons and ten periods to fit to.

    Examples
    --------
    >>> origins_of(60, 12, 12)
    (36, 39, 42, 45, 48)
    """
    stride = step or max(1, horizon // 4)
    least = max(2 * period + 10, 24)
    last = length - horizon
    found = [last - stride * back for back in range(count) if last - stride * back >= least]
    return tuple(reversed(found))


def thirds(horizon: int) -> Numbers:
    """Third of the horizon that each step belongs to: 0, 1 or 2."""
    return np.arange(horizon) * 3 // horizon


def calibrate(
    nodes: Nodes,
    inside: Any,
    summing: Any,
    levels: Numbers,
    horizon: int,
    model: str,
    methods: Sequence[str],
    ratio: Callable[[str], Vector],
    half_width: Vector,
    intervals: Sequence[float],
    floor: bool,
) -> Calibration:
    """Compare what would have been forecast with what came.

    Parameters
    ----------
    nodes : Nodes
        Fitted to everything.
    inside : numpy.ndarray of bool
        Who contains whom.
    summing : scipy.sparse array
    levels : numpy.ndarray of int
        Level of each node.
    horizon : int
    model : {"default", "accurate"}
    methods : sequence of str
        Reconciliations to choose from; the first is the one to beat.
    ratio : callable
        From a method to how much wider its bands are than the base's (nodes × steps).
    half_width : numpy.ndarray
        Nodes × steps × interval levels: half the base's band, relative to the node's recent mean.
    intervals : sequence of float
        Interval levels in per cent.
    floor : bool
        Whether forecasts stop at 0.
    """
    whole = nodes.values
    count = int(levels.max()) + 1
    none = np.ones((count, 3, len(intervals)))
    origins = origins_of(whole.shape[1], horizon, nodes.period)
    usable = [m for m in methods if m != "mint" or len(whole) <= _LARGEST_MINT]
    if len(origins) < 2:
        return Calibration((), usable[0], {}, none)
    # What had not begun at the first origin could not have been forecast; its sales still count in the levels above.
    known = np.asarray(~np.isnan(whole[:, : origins[0]]).all(axis=1))
    bottom = known[len(whole) - summing.shape[1] :]
    summing, inside, levels = summing[known][:, bottom], inside[known][:, known], levels[known]
    half_width = half_width[known]
    like = Nodes(tuple(fit for fit, there in zip(nodes.fits, known, strict=True) if there), (), whole, nodes.period)
    whole = whole[known]
    begin = fit_nodes(whole[:, : origins[0]], inside, nodes.period, model, like=like)
    sizes, errors = begin.sizes(), begin.errors()
    maps = {name: bottom_map(summing, errors, sizes, name) for name in usable}
    scale = _naive_errors(whole[:, : origins[0]], nodes.period)
    misses: dict[str, list[Vector]] = {name: [] for name in ("base", *usable)}
    widths = []
    for origin in origins:
        run = begin if origin == origins[0] else begin.extended(whole[:, :origin])
        base = run.means(horizon)
        actual = whole[:, origin : origin + horizon]
        misses["base"].append(np.abs(actual - base))
        for name in usable:
            misses[name].append(np.abs(actual - add_up(summing, maps[name] @ base, floor)))
        recent = np.nanmean(whole[:, max(origin - nodes.period, 0) : origin], axis=1)
        widths.append(half_width * np.abs(recent)[:, None, None])
    scores = {name: _by_level(np.mean(found, axis=0), scale, levels) for name, found in misses.items()}
    method = _chosen(scores, usable)
    miss = np.array(misses[method])
    reach = np.array(widths) * ratio(method)[known][None, :, :, None]
    return Calibration(origins, method, scores, _factors(miss, reach, levels, intervals))


def _factors(miss: Vector, reach: Vector, levels: Numbers, intervals: Sequence[float]) -> Vector:
    """Shrunken conformal factors: the share of a band's width that would have held its share of what came."""
    horizon = miss.shape[2]
    third = thirds(horizon)
    factors = np.ones((int(levels.max()) + 1, 3, len(intervals)))
    for level in range(len(factors)):
        mine = np.flatnonzero(levels == level)
        weight = len(miss) * len(mine) / (len(miss) * len(mine) + _PRIOR)
        for part in range(3):
            steps = np.flatnonzero(third == part)
            if not len(steps):
                continue
            block = miss[:, mine][:, :, steps]
            for place, interval in enumerate(intervals):
                wide = reach[:, mine][:, :, steps, place]
                there = wide > _GRID
                if not there.any():
                    continue
                needed = float(np.quantile(block[there] / wide[there], interval / 100.0))
                shrunken = np.exp(weight * np.log(max(needed, 0.01)))
                factors[level, part, place] = np.clip(shrunken, _NARROWEST, _WIDEST)
    return factors


def _chosen(scores: dict[str, Vector], usable: Sequence[str]) -> str:
    base = scores["base"]
    safe = [name for name in usable if (scores[name] <= _WORST * base + _GRID).all()] or list(usable)
    first = safe[0]
    best = min(safe, key=lambda name: float(scores[name].mean()))
    return best if scores[best].mean() < (1.0 - _BETTER) * scores[first].mean() else first


def _naive_errors(values: Vector, period: int) -> Vector:
    """Mean absolute error of the seasonal naive forecast in sample, or of the plain one; NaN where it is 0."""
    found = np.full(len(values), np.nan)
    for node, row in enumerate(values):
        own = row[~np.isnan(row)]
        lag = period if len(own) > 2 * period else 1
        if len(own) > lag:
            error = float(np.mean(np.abs(own[lag:] - own[:-lag])))
            found[node] = error if error > 0 else np.nan
    return found


def _by_level(miss: Vector, scale: Vector, levels: Numbers) -> Vector:
    scaled = miss.mean(axis=1) / scale
    found = []
    for level in range(int(levels.max()) + 1):
        mine = scaled[levels == level]
        mine = mine[~np.isnan(mine)]
        found.append(float(mine.mean()) if len(mine) else 0.0)
    return np.array(found)
