"""What the recent past says about the forecasts of a hierarchy: which reconciliation, and how wide the bands.

A few origins before the end, every node is fitted once (to what was known at the first of them; only the *kind* of
each model is that of the whole record) and run on from origin to origin. The forecasts made there are compared with
what came.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from salessim.forecast.conformal import by_step, conformal_factors, mean_ratio, thirds, wider_of
from salessim.forecast.nodes import Nodes, fit_nodes
from salessim.forecast.reconcile import add_up, bottom_map
from salessim.forecast.steps import Numbers, Vector

__all__ = ["Calibration", "calibrate", "origins_of", "thirds"]

_ORIGINS, _FEWER = 12, 6  # the fewer where there are many nodes: each tells more together, and takes its time
_MANY = 500  # nodes
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
        Levels × thirds of the horizon × interval levels: factor on the width that the joint futures have.
    common : numpy.ndarray
        Thirds of the horizon: factor by which the futures of the total are spread, all series with them
        (`salessim.forecast.joint.spread_together`).
    """

    origins: tuple[int, ...]
    method: str
    scores: dict[str, Vector]
    factors: Vector
    common: Vector

    def settled(self, joint: Vector, spread: Vector, levels: Numbers) -> Calibration:
        """The same bands when the futures have been spread together: what is left for the factors to do.

        Parameters
        ----------
        joint, spread : numpy.ndarray
            Half widths before and after, nodes × steps × interval levels.
        levels : numpy.ndarray of int
        """
        return replace(self, factors=self.factors * mean_ratio(joint, spread, levels))


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


def calibrate(
    nodes: Nodes,
    inside: Any,
    summing: Any,
    levels: Numbers,
    horizon: int,
    model: str,
    methods: Sequence[str],
    base_width: Vector,
    joint_width: Callable[[str], Vector],
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
    base_width : numpy.ndarray
        Nodes × steps × interval levels: half the band that each node's own model has.
    joint_width : callable
        From a method to half the bands of the joint futures when they have been made to add up, of the same shape.
    intervals : sequence of float
        Interval levels in per cent.
    floor : bool
        Whether forecasts stop at 0.
    """
    whole = nodes.values
    origins = origins_of(whole.shape[1], horizon, nodes.period, _ORIGINS if len(whole) <= _MANY else _FEWER)
    usable = [m for m in methods if m != "mint" or len(whole) <= _LARGEST_MINT]
    if len(origins) < 2:
        factors = wider_of(base_width, joint_width(usable[0]), levels)
        return Calibration((), usable[0], {}, factors, _common(factors))
    # What had not begun at the first origin could not have been forecast; its sales still count in the levels above.
    known = np.asarray(~np.isnan(whole[:, : origins[0]]).all(axis=1))
    bottom = known[len(whole) - summing.shape[1] :]
    summing, inside = summing[known][:, bottom], inside[known][:, known]
    like = Nodes(tuple(fit for fit, kept in zip(nodes.fits, known, strict=True) if kept), (), whole, nodes.period)
    whole, level = whole[known], levels[known]
    begin = fit_nodes(whole[:, : origins[0]], inside, nodes.period, model, like=like)
    sizes, errors = begin.sizes(), begin.errors()
    maps = {name: bottom_map(summing, errors, sizes, name) for name in usable}
    scale = _naive_errors(whole[:, : origins[0]], nodes.period)
    misses: dict[str, list[Vector]] = {name: [] for name in ("base", *usable)}
    sizes_then = []
    for origin in origins:
        run = begin if origin == origins[0] else begin.extended(whole[:, :origin])
        base = run.means(horizon)
        actual = whole[:, origin : origin + horizon]
        misses["base"].append(np.abs(actual - base))
        for name in usable:
            misses[name].append(np.abs(actual - add_up(summing, maps[name] @ base, floor)))
        sizes_then.append(_recent_size(whole[:, :origin], nodes.period))
    scores = {name: _by_level(np.mean(found, axis=0), scale, level) for name, found in misses.items()}
    method = _chosen(scores, usable)
    # A band of then is that of now, by the size of the series then: fitting every model again would take too long.
    now = _recent_size(whole, nodes.period)
    relative = np.array(sizes_then) / np.where(now > 0, now, 1.0)
    joint = joint_width(method)
    factors = wider_of(base_width, joint, levels)
    reach = joint * by_step(factors, horizon)[levels]
    held = reach[known] * relative[:, :, None, None]
    factors = factors * conformal_factors(np.array(misses[method]), held, level, intervals)[:, None, :]
    return Calibration(origins, method, scores, factors, _common(factors))


def _common(factors: Vector) -> Vector:
    """What the futures of all series together are spread by: the factors of the total, one for all intervals."""
    common: Vector = np.exp(np.log(factors[0]).mean(axis=-1))
    return common


def _recent_size(values: Vector, period: int) -> Vector:
    size: Vector = np.abs(np.nanmean(values[:, -period:], axis=1))
    return size


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
