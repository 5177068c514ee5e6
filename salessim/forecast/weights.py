"""Weights of several sources of forecasts (time series, pipeline, people), by what their past errors say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError
from salessim.forecast.steps import Vector

__all__ = ["combined", "source_weights"]

_FEWEST = 3  # origins: with fewer, the first source alone is believed
_PRIOR = 4.0  # origins that count as much as what was believed before


def source_weights(errors: Mapping[str, Vector], before: Mapping[str, float] | None = None) -> dict[str, Vector]:
    """Weight of each source at each step ahead, by its past errors, shrunken to earlier belief.

    Weights go by the inverse of the *square* of the mean squared error: inverse errors themselves are best where
    sources err independently (Bates & Granger 1969), but these are surprised by the same things, and then the better
    one deserves more.

    Parameters
    ----------
    errors : mapping of str to numpy.ndarray
        For each source, origins × steps: errors of its past forecasts, the same origins for all. The first is the one
        to believe where there are fewer than three origins.
    before : mapping of str to float, optional
        Weights believed before the past is looked at, adding up to 1; equal ones if not given.

    Returns
    -------
    dict of str to numpy.ndarray
        Weights of each step, adding up to 1 over the sources.

    Raises
    ------
    ForecastError
        Where the sources were not judged at the same origins.

    Examples
    --------
    >>> import numpy as np
    >>> good, poor = np.full((6, 1), 1.0), np.full((6, 1), 3.0)
    >>> {name: round(float(w[0]), 2) for name, w in source_weights({"series": good, "pipeline": poor}).items()}
    {'series': 0.79, 'pipeline': 0.21}
    """
    names = list(errors)
    shapes = {np.shape(error) for error in errors.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ForecastError(
            explain(
                "sources are compared at the same origins and steps",
                where="errors",
                value={name: np.shape(error) for name, error in errors.items()},
                allowed="one table of origins × steps for each source, of equal size",
            )
        )
    stacked = np.array([np.asarray(errors[name], dtype=float) for name in names])
    origins, steps = stacked.shape[1:]
    if origins < _FEWEST:
        return {name: np.full(steps, float(place == 0)) for place, name in enumerate(names)}
    square = np.mean(stacked**2, axis=1)
    inverse = np.maximum(square / max(float(square.max()), 1e-300), 1e-6) ** -2.0
    own = inverse / inverse.sum(axis=0)
    trust = origins / (origins + _PRIOR)
    belief = np.full(len(names), 1.0 / len(names)) if before is None else np.array([before[name] for name in names])
    weights = trust * own + (1.0 - trust) * belief[:, None]
    return dict(zip(names, weights, strict=True))


def combined(forecasts: Mapping[str, Vector], weights: Mapping[str, Vector]) -> Vector:
    """The sources' forecasts (… × steps) averaged with the weights of each step."""
    parts = [np.asarray(forecasts[name]) * weights[name] for name in weights]
    total: Vector = np.sum(parts, axis=0)
    return total
