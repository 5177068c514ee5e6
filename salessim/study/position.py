"""Where a firm stands on the axes of a phase map: distance, complexity of products, difference of segments."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.world.places import locate

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Position", "mean_complexity", "position", "width"]


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
    return Position(width(market, plan), mean_complexity(market), market.knowledge.difference)


def width(market: Market, plan: Plan) -> float:
    """Return the kilometres across the area, the longer of its two sides; 0 where no place is known."""
    places, _ = locate(market, plan.team, np.arange(len(market.accounts)), np.arange(len(plan.team)))
    return float(np.ptp(places.flat, axis=0).max())


def mean_complexity(market: Market) -> float:
    """Return the complexity of the products (0-1), weighted with their opportunities."""
    if market.complexity is not None:
        return market.complexity
    weights, level = market.products["opportunities"], market.products["complexity"]
    return float(np.average(level, weights=weights) if weights.sum() > 0 else level.mean())
