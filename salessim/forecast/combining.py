"""Pipeline, series and the reps' call made into one forecast, weighted by what their past errors say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from salessim.forecast.steps import Vector
from salessim.forecast.weights import source_weights

__all__ = ["SOURCES", "Mixed", "mixed", "source_error"]

SOURCES = ("series", "pipeline", "call")  # the first is believed where there are fewer than three past origins
_PRIOR_SD = 0.25  # of a source's log error, before its past is looked at
_PRIOR = 4.0  # independent origins that it counts as much as
_STEP = 30.0
_TOGETHER = 0.75  # correlation of the errors of pipeline and series; of simulated companies' quarters 0.6 to 0.9
_WIDTH_PRIOR = 12.0  # independent origins that believing the width counts as much as
_NARROWEST, _WIDEST, _OUTLIER = 0.75, 1.5, 3.0


@dataclass(frozen=True, eq=False)
class Mixed:
    """The combination of one origin.

    Attributes
    ----------
    weights : dict of str to (horizons,) float64
        Adding up to 1.
    mean : (horizons,) float64
    futures : (paths, horizons) float64
        Joint over horizons: a path that is high in the pipeline is high here.
    origins : (horizons,) int64
        Past origins that the weights are from.
    """

    weights: dict[str, Vector]
    mean: Vector
    futures: Vector
    origins: Vector

    def widened(self, factors: Vector) -> Mixed:
        """The same with each horizon's futures spread about their median by a factor, on the log scale."""
        middle = np.maximum(np.median(self.futures, axis=0), 1e-9)
        logs = np.log(np.maximum(self.futures, 1e-3 * middle) / middle)
        return replace(self, futures=np.maximum.accumulate(middle * np.exp(logs * factors), axis=1))


def width_of(past: Sequence[tuple[Vector, float]], days: int) -> float:
    """How much wider the combined futures should have been at past origins, shrunken to 1.

    Parameters
    ----------
    past : sequence of (futures, float)
        The combination of a past origin, as it was then given, and what came.
    days : int
        Length of the horizon.
    """
    squares = []
    for futures, actual in past:
        middle = float(np.median(futures))
        if middle > 0:
            logs = np.log(np.maximum(futures, 1e-3 * middle) / middle)
            sd = float(np.quantile(np.abs(logs), 0.683))
            squares.append((np.log(max(actual, 1e-3 * middle) / middle) / max(sd, 1e-6)) ** 2)
    apart = 1.0 + (len(squares) - 1) * min(1.0, _STEP / days) if squares else 0.0
    own = float(np.mean(np.minimum(squares, _OUTLIER**2))) if squares else 1.0
    factor = np.sqrt((apart * own + _WIDTH_PRIOR) / (apart + _WIDTH_PRIOR))
    return float(np.clip(factor, _NARROWEST, _WIDEST))


def source_error(errors: Mapping[str, Sequence[float]], days: int) -> dict[str, float]:
    """Spread of the log errors of the sources that have no futures of their own, shrunken.

    Parameters
    ----------
    errors : mapping of str to sequence of float
        Actual less forecast of each source, and ``"actual"``, at past origins.
    days : int
        Length of the horizon: windows that overlap count for less.
    """
    actual = np.array(errors["actual"], dtype=float)
    found = {}
    for name in SOURCES:
        miss = np.array(errors[name], dtype=float)
        good = np.isfinite(miss) & (actual > 0) & (actual - miss > 0)
        logs = np.log(actual[good] / (actual - miss)[good])
        apart = 1.0 + (len(logs) - 1) * min(1.0, _STEP / days) if len(logs) else 0.0
        own = float(np.mean(logs**2)) if len(logs) else 0.0
        found[name] = float(np.sqrt((apart * own + _PRIOR * _PRIOR_SD**2) / (apart + _PRIOR)))
    return found


def mixed(
    series: Vector, futures: Vector, pipeline: Vector, call: Vector, seen: Vector,
    errors: Sequence[Mapping[str, Sequence[float]]], spreads: Sequence[Mapping[str, float]],
) -> Mixed:  # fmt: skip
    """Combine the sources of an origin.

    Weights go by inverse mean squared error at the same past origins (`salessim.forecast.source_weights`), shrunken to
    what can be known before: the pipeline (and who calls it) sees as much of the horizon as its forecast rests on deals
    already open, the series the rest. With fewer than three origins the series alone is believed. Futures are averaged
    with the same weights; those of the other sources go along with the pipeline's, but not entirely: what one source
    misses, another one may not.

    Parameters
    ----------
    series, pipeline, call : (horizons,) float64
        Point forecasts; NaN where there is no call.
    futures : (paths, horizons) float64
        Of the pipeline.
    seen : (horizons,) float64
        Share of the pipeline's forecast that rests on deals already open.
    errors, spreads : sequence of mapping
        By horizon: past errors of each source, and the spread of its log error.
    """
    horizons, paths = len(series), len(futures)
    points = {"series": series, "pipeline": pipeline, "call": call}
    weights = {name: np.zeros(horizons) for name in SOURCES}
    mean, sample, origins = np.zeros(horizons), np.zeros_like(futures), np.zeros(horizons)
    normal = _normal(paths)
    alone = np.random.default_rng(paths).permutation(normal)  # the same at every call
    for place in range(horizons):
        past = {name: np.array(errors[place][name], dtype=float)[:, None] for name in SOURCES}
        there = [name for name in SOURCES if np.isfinite(points[name][place]) and np.isfinite(past[name]).all()]
        people = [name for name in there if name != "series"]
        before = {name: float(seen[place]) / len(people) for name in people} | {"series": 1.0 - float(seen[place])}
        share = source_weights({name: past[name] for name in there}, before)
        origins[place] = len(past["series"])
        rank = np.argsort(np.argsort(futures[:, place], kind="stable"), kind="stable")
        along = _TOGETHER * normal[rank] + np.sqrt(1.0 - _TOGETHER**2) * alone
        for name in there:
            weight = float(share[name][0])
            weights[name][place] = weight
            mean[place] += weight * points[name][place]
            if name == "pipeline":
                drawn = futures[:, place]
            else:
                sd = spreads[place][name]
                drawn = points[name][place] * np.exp(sd * along - sd**2 / 2)
            sample[:, place] += weight * drawn
    return Mixed(weights, mean, sample, origins)


def _normal(count: int) -> Vector:
    """Quantiles of the standard normal at the middles of `count` equal parts, in order."""
    from scipy.special import ndtri

    return np.asarray(ndtri((np.arange(count) + 0.5) / count))
