"""Moving the assumptions: draws of those that the structure choice turns on, around a market's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.model.register import structural_assumptions
from salessim.study.design import latin_hypercube

if TYPE_CHECKING:
    from salessim.model.market import Market

__all__ = ["draw_assumptions", "independent_assumptions", "structural_values"]


def structural_values(market: Market) -> dict[str, tuple[float, float, float]]:
    """Return low, own value and high of every structural assumption of a market.

    The market's own value is the middle of the draws; where it lies outside the register's range, the range is
    stretched to it.
    """
    found = {}
    for entry in structural_assumptions():
        own = float(_value(market, entry.name))
        found[entry.name] = (min(entry.low, own), own, max(entry.high, own))
    return found


def draw_assumptions(market: Market, n: int, seed: int = 1) -> tuple[list[str], NDArray[np.float64]]:
    """Draw `n` points of the structural assumptions from their ranges (Latin hypercube).

    Half of the draws of each assumption lie below the market's own value and half above, evenly on each side. An
    assumption that the market has switched off stays off.

    Returns
    -------
    names : list of str
    points : (n, n_assumptions) array
    """
    names, bounds = _moved(market)
    return names, _between(bounds, latin_hypercube(names, np.zeros(len(names)), np.ones(len(names)), n, seed))


def independent_assumptions(market: Market, n: int, seed: int = 1) -> tuple[list[str], NDArray[np.float64]]:
    """Draw `n` points as `draw_assumptions` does, but each independent of the others.

    Points that fill the ranges evenly are better for a mean or a share; the variance between draws can be estimated
    without bias from independent ones only.
    """
    names, bounds = _moved(market)
    return names, _between(bounds, np.random.default_rng(seed).random((n, len(names))))


def _moved(market: Market) -> tuple[list[str], NDArray[np.float64]]:
    """Return the assumptions that are switched on, and their low, own value and high, shape (3, n_assumptions)."""
    values = {name: triple for name, triple in structural_values(market).items() if triple[1] > 0.0}
    return list(values), np.array(list(values.values())).reshape(len(values), 3).T


def _between(bounds: NDArray[np.float64], unit: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lay points of the unit cube into the ranges, half of them below the own value."""
    low, own, high = bounds
    return np.where(unit < 0.5, low + (own - low) * 2 * unit, own + (high - own) * (2 * unit - 1))


def _value(market: Market, name: str) -> float:
    for part in (
        market.demand,
        market.knowledge,
        market.relationship,
        market.coordination,
        market.travelling,
        market.money,
    ):
        if name in type(part).model_fields:
            return float(getattr(part, name))
    return float(getattr(market, name))
