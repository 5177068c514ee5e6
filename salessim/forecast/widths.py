"""How much wider or narrower the bands should be than the members say, step by step."""

from __future__ import annotations

import numpy as np

from salessim.forecast.steps import Vector, faded, half_life, recent
from salessim.forecast.theta import ThetaFit

__all__ = ["widening"]

_NARROWEST, _WIDEST = 0.5, 1.6  # what the record of one series may do to its bands
_PRIOR = 4.0  # windows of its own that a series needs before its record counts half
_FEWEST = 6  # origins


def widening(theta: ThetaFit, period: int, horizon: int) -> Vector:
    """Factor on the width of each step's band.

    Two things the members leave out. Their theory takes one-step errors to longer steps; the errors that the Theta
    member made over the same number of steps in the past, the last ones counting most, say whether that holds for this
    series (shrunken towards 1, as the windows overlap). And they take the season and the drift for known: half of the
    ``period + 2`` estimates widen a band by ``sqrt(1 + (period / 2 + 1) / n)``; half, because not every member has a
    season.

    Returns
    -------
    numpy.ndarray
        Factor of each step, 0.5 to 1.6 times what the estimates add.
    """
    n = len(theta.series)
    limit = recent(period) or n
    # The drift before the first origin needs a record of its own.
    first = max(2, n // 6, n - limit, min(n // 3, 3 * period))
    theory = theta.spread(horizon)
    ratio = np.ones(horizon)
    for step in range(1, horizon + 1):
        if n - step - first < _FEWEST:
            ratio[step - 1 :] = ratio[step - 2] if step > 1 else 1.0
            break
        errors = theta.errors_ahead(step, first, recent(period))
        ratio[step - 1] = np.sqrt(faded(len(errors), half_life(period)) @ errors**2) / theory[step - 1]
    windows = n / np.arange(1, horizon + 1)
    weight = windows / (windows + _PRIOR)
    factor: Vector = np.clip(ratio, _NARROWEST, _WIDEST) ** weight * np.sqrt(1.0 + (period / 2.0 + 1.0) / n)
    return factor
