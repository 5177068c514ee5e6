"""Moving the assumptions: draws of those that the structure choice turns on, around a market's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.model.register import structural_assumptions
from salessim.study.design import latin_hypercube

if TYPE_CHECKING:
    from salessim.model.market import Market

__all__ = ["draw_assumptions", "structural_values"]


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
    values = {name: triple for name, triple in structural_values(market).items() if triple[1] > 0.0}
    names = list(values)
    unit = latin_hypercube(names, np.zeros(len(names)), np.ones(len(names)), n, seed)
    low, own, high = (np.array([values[name][i] for name in names]) for i in range(3))
    points = np.where(unit < 0.5, low + (own - low) * 2 * unit, own + (high - own) * (2 * unit - 1))
    return names, points


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
