"""Where a firm stands on the axes of a phase map: distance, complexity of products, difference of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.world.alignment import align

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Position", "position"]


class Position(NamedTuple):
    """A point on a phase map.

    Attributes
    ----------
    distance : float
        Kilometres across the area, the longer of its two sides; 0 where no place is known.
    complexity : float
        Complexity of the products (0-1), weighted with their opportunities.
    difference : float
        How much customer segments differ (0-1).
    """

    distance: float
    complexity: float
    difference: float


def position(market: Market, plan: Plan) -> Position:
    """Say where a firm stands on the axes of `phase_map`.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> here = position(market.but(distance=250.0, difference=0.3), plan)
    >>> round(here.distance), here.complexity, here.difference
    (250, 0.5, 0.3)
    """
    flat = align(market, plan).places.flat
    complexity = market.complexity
    if complexity is None:
        weights = market.products["opportunities"]
        level = market.products["complexity"]
        complexity = float(np.average(level, weights=weights) if weights.sum() > 0 else level.mean())
    return Position(float(np.ptp(flat, axis=0).max()), complexity, market.knowledge.difference)
