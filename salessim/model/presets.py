"""Ready-made firms: a market and a plan each, made by rule and the same on every machine."""

from __future__ import annotations

import math
import random

from salessim.errors import ModelError, explain, nearest
from salessim.model.market import Accounts, Market, Products, Stages
from salessim.model.plan import Plan, Team

__all__ = ["PRESETS", "default_stages", "make_market", "make_plan", "preset"]


def default_stages() -> Stages:
    """Return the funnel of the presets: qualification by phone, then needs, offer and negotiation at the customer's.

    Chances 55-60-60-75 % give 15 % of opportunities won; of the rest lost and no decision stand 3 : 2 (CSO Insights
    2018-19: 47 % won, 32 % lost, 21 % no decision of forecast deals).
    """
    return Stages(
        {
            "stage": ["qualification", "needs", "offer", "negotiation"],
            "effort": [1.0, 2.5, 3.5, 2.5],
            "dwell": [4.0, 12.0, 16.0, 8.0],
            "advance": [0.55, 0.6, 0.6, 0.75],
            "lost": [0.2, 0.6, 0.6, 0.6],
            "no_decision": [0.3, 0.4, 0.4, 0.4],
            "disqualified": [0.5, 0.0, 0.0, 0.0],
            "visit": [0.0, 1.0, 1.0, 1.0],
        }
    )


def make_market(
    accounts: int = 1000,
    products: int = 4,
    segments: int = 4,
    *,
    width: float = 300.0,
    opportunities: float = 3.0,
    price: float = 60_000.0,
    seed: int = 3,
) -> Market:
    """Make a market: accounts of uneven size spread over a square of `width` km.

    Examples
    --------
    >>> len(make_market(accounts=50).accounts)
    50
    """
    rng = random.Random(seed)
    names = [f"account {n + 1:0{len(str(accounts))}d}" for n in range(accounts)]
    goods = [f"product {chr(ord('A') + p)}" for p in range(products)]
    kinds = [f"segment {g + 1}" for g in range(segments)]
    size = [math.exp(rng.gauss(-0.18, 0.6)) for _ in names]
    return Market(
        name="made market",
        products=Products(
            {
                "product": goods,
                "price": [round(price * (0.6 + 0.8 * p / max(products - 1, 1)), 2) for p in range(products)],
                "opportunities": [opportunities] * products,
            }
        ),
        accounts=Accounts(
            {
                "account": names,
                "segment": [kinds[rng.randrange(segments)] for _ in names],
                "potential": [round(x, 6) for x in size],
                "customer": [rng.random() < 0.7 for _ in names],
                "x": [round(rng.uniform(0, width), 3) for _ in names],
                "y": [round(rng.uniform(0, width), 3) for _ in names],
            }
        ),
        stages=default_stages(),
    )


def make_plan(reps: int = 50, **settings: object) -> Plan:
    """Make a plan for `reps` people whose homes settle in their areas."""
    width = len(str(reps))
    names = [f"rep {n + 1:0{width}d}" for n in range(reps)]
    return Plan(team=Team({"rep": names}), **settings)


PRESETS = {
    "small": "8 reps, 150 accounts, 3 products, 3 segments: for examples and tests",
    "standard": "50 reps, 1,000 accounts, 4 products, 4 segments: the standard case of the benchmarks",
    "large": "500 reps, 10,000 accounts, 4 products, 4 segments",
}
"""Names and descriptions of the presets."""


def preset(name: str) -> tuple[Market, Plan]:
    """Return the market and plan of a preset.

    Raises
    ------
    ModelError
        For a preset that does not exist.

    Examples
    --------
    >>> market, plan = preset("standard")
    >>> len(market.accounts), plan.headcount
    (1000, 50)
    """
    if name == "small":
        return make_market(150, 3, 3), make_plan(8)
    if name == "standard":
        return make_market(), make_plan(50)
    if name == "large":
        return make_market(10_000, width=1000.0), make_plan(500)
    raise ModelError(explain("there is no such preset", value=name, remedy=nearest(name, PRESETS)))
