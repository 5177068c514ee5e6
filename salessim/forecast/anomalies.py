"""Outliers and level shifts: found and reported, never repaired."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from salessim.forecast.steps import Vector, classical_season, recent

__all__ = ["Anomaly", "find_anomalies"]

_OUTLIER = 7.0  # robust standard deviations of the rest
_SHIFT = 8.0  # standard errors of a difference of two medians
_SIDE = 8  # periods before and after a shift that are compared
_SMALLER = 0.9  # times the spread of steps: what taking a season out must gain
_FEWEST = 24


@dataclass(frozen=True)
class Anomaly:
    """Something unusual in a series.

    Attributes
    ----------
    kind : {"outlier", "level shift"}
    place : int
        Number of the period; of a shift, the first on the new level.
    value : float
        The value there; of a shift, the median after it.
    usual : float
        What it would have been: by its neighbours and the season, or the median before.
    """

    kind: str
    place: int
    value: float
    usual: float


def find_anomalies(values: Vector, period: int) -> tuple[Anomaly, ...]:
    """Look through the recent part of one series (ten years).

    A value is an outlier if it lies seven robust standard deviations off the running median of its seasonally adjusted
    neighbours. The level has shifted if the medians of eight periods before and after differ by eight times their
    standard error, trend taken off, and one step there stands out from the others.

    Parameters
    ----------
    values : numpy.ndarray
        24 or more; fewer are not looked at.
    period : int

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> y = 100 + rng.standard_normal(60)
    >>> y[30] = 140.0
    >>> [(found.kind, found.place) for found in find_anomalies(y, 12)]
    [('outlier', 30)]
    """
    begin = max(len(values) - recent(period), 0) if recent(period) else 0
    values = values[begin:]
    n = len(values)
    if n < _FEWEST or np.mean(values == 0) > 0.4:
        return ()
    ratio = bool(values.min() > 0)
    index = np.ones(n) if ratio else np.zeros(n)
    adjusted = values
    if period > 1 and n >= 3 * period:
        # A shift hides a season from the usual test; whether steps get smaller without it does not depend on one.
        seasonal = np.resize(_robust_season(values, period, ratio), n)
        without = values / seasonal if ratio else values - seasonal
        if _spread(np.diff(without)) < _SMALLER * _spread(np.diff(values)):
            index, adjusted = seasonal, without
    found = [*_outliers(adjusted, values, index, ratio), *_shifts(adjusted)]
    return tuple(replace(one, place=one.place + begin) for one in sorted(found, key=lambda one: (one.place, one.kind)))


def _outliers(adjusted: Vector, values: Vector, index: Vector, ratio: bool) -> list[Anomaly]:
    middle = _running_median(adjusted, 7)
    rest = adjusted - middle
    spread = _spread(rest)
    if spread == 0.0:
        return []
    found = []
    for place in np.flatnonzero(np.abs(rest) > _OUTLIER * spread):
        usual = middle[place] * index[place] if ratio else middle[place] + index[place]
        found.append(Anomaly("outlier", int(place), float(values[place]), float(usual)))
    return found


def _shifts(adjusted: Vector) -> list[Anomaly]:
    n = len(adjusted)
    steps = np.diff(adjusted)
    # The noise of a difference of neighbours holds no level: a shift adds one large step to many small ones.
    spread = max(_spread(steps) / np.sqrt(2.0), _spread(adjusted - _running_median(adjusted, 7)))
    if spread == 0.0:
        return []
    error = spread * 1.25 * np.sqrt(2.0 / _SIDE)
    places = np.arange(_SIDE, n - _SIDE + 1)
    medians = np.median(np.lib.stride_tricks.sliding_window_view(adjusted, _SIDE), axis=1)
    before, after = medians[places - _SIDE], medians[places]
    # A trend moves the medians too; what it moves them by is taken off.
    slope = np.median(steps) * _SIDE
    score = np.abs(after - before - slope) / error
    found: list[Anomaly] = []
    while len(score) and score.max() > _SHIFT:
        top = int(np.argmax(score))
        near = np.flatnonzero(score > 0.9 * score[top])
        near = near[np.abs(near - top) <= _SIDE // 2]
        # Among places that look alike, the one with the largest single step is where it happened.
        best = int(near[np.argmax(np.abs(steps[places[near] - 1]))])
        if abs(steps[places[best] - 1]) > 2.0 * spread:
            found.append(Anomaly("level shift", int(places[best]), float(after[best]), float(before[best])))
        score[max(top - _SIDE, 0) : top + _SIDE + 1] = 0.0
    return found


def _robust_season(values: Vector, period: int, ratio: bool) -> Vector:
    index = classical_season(values, period, ratio)
    base = _running_median(values, period + 1 - period % 2)
    relative = values / np.where(base > 0, base, 1.0) if ratio else values - base
    robust = np.array([np.median(relative[phase::period]) for phase in range(period)])
    if ratio and robust.min() <= 0:
        return index
    return robust / robust.mean() if ratio else robust - robust.mean()


def _running_median(values: Vector, width: int) -> Vector:
    half = width // 2
    padded = np.pad(values, half, mode="reflect")
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * half + 1), axis=1)


def _spread(values: Vector) -> float:
    return float(1.4826 * np.median(np.abs(values - np.median(values))))
