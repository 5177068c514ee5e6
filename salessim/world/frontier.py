"""The frontier of an alignment: what leaving accounts where they are costs in balance and travel, and what it saves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.world.alignment import Alignment, align, demand_rates

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["alignment_frontier", "most_profitable_incumbency"]

_STEPS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
_ELASTICITY = 0.31
_LOSS_OF_A_MOVE = 0.15
_VISITS_A_YEAR = 8.0


def alignment_frontier(market: Market, plan: Plan, before: Alignment | None = None) -> pd.DataFrame:
    """Trade balance, travel and disruption against each other: one alignment for each weight of incumbency.

    Parameters
    ----------
    market, plan : Market, Plan
    before : Alignment, optional
        Who serves whom now; by default the market's today.

    Returns
    -------
    DataFrame
        One row for each incumbency: `accounts_moved`, `value_moved` (share of the demand that changes hands),
        `travel_km` (to the customers and back, a year), `imbalance` (coefficient of variation of the workload), and
        `profit`: gross margin a year less what travel, imbalance and disruption cost, all by closed form. Imbalance
        costs the share ``1 - exp(-e (1 - e) v / 2)``, v = log(1 + imbalance^2), e = 0.31 (Albers, Mantrala & Sridhar
        2010); an account that moves costs 15 % of a year's sales (Shi, Sridhar, Grewal & Lilien 2017).

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.clocks.settle import settle
    >>> market, plan = preset("small")
    >>> table = alignment_frontier(settle(market, plan, months=3), plan.but(structure="customer"))
    >>> bool(table["accounts_moved"].iloc[-1] <= table["accounts_moved"].iloc[0])
    True
    """
    import pandas as pd

    rows = [_row(market, plan.but(incumbency=keep), before, keep) for keep in _STEPS]
    return pd.DataFrame(rows)


def most_profitable_incumbency(market: Market, plan: Plan, before: Alignment) -> float:
    """Return the incumbency whose alignment is worth most by `alignment_frontier`."""
    table = alignment_frontier(market, plan, before)
    return float(table["incumbency"].iloc[int(table["profit"].to_numpy().argmax())])


def _row(market: Market, plan: Plan, before: Alignment | None, keep: float) -> dict[str, float]:
    found = align(market, plan, before=before)
    row = {str(name): i for i, name in enumerate(market.products["product"])}
    products = market.products.where([row[name] for name in found.products])
    order = np.argsort(market.accounts["account"].astype(str), kind="stable")
    margin = demand_rates(market, order, found.products) * 365.0 * products["price"] * products["margin"]
    moved = (found.before >= 0) & (found.before != found.owner)
    distance = np.linalg.norm(found.places.space[:, None, :] - found.home[found.owner], axis=2)
    # a rep who covers several products of an account goes there once
    ways = sum(float(distance[a, np.unique(found.owner[a], return_index=True)[1]].sum()) for a in range(len(distance)))
    km = 2.0 * ways * _VISITS_A_YEAR * market.travelling.detour / market.travelling.visits_per_trip
    imbalance = float(found.work.std() / found.work.mean()) if found.work.mean() > 0 else 0.0
    v = np.log1p(imbalance**2)
    total = float(margin.sum()) * float(np.prod(market.stages["advance"]))
    share_moved = float(margin[moved].sum() / margin.sum()) if margin.sum() else 0.0
    lost = 1.0 - float(np.exp(-_ELASTICITY * (1.0 - _ELASTICITY) * v / 2.0)) + _LOSS_OF_A_MOVE * share_moved
    return {
        "incumbency": keep,
        "accounts_moved": float(moved.any(axis=1).sum()),
        "value_moved": share_moved,
        "travel_km": km,
        "imbalance": imbalance,
        "profit": total * (1.0 - lost) - market.money.cost_per_km * km,
    }
