"""From a run back to a model: the state at the end of a run as the today of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.model.today import Goodwill, Insight, OpenDeals, Owners, Relations, Skill, Today
from salessim.world.tables import CUSTOMER, WAITING, WORKING

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["end_state", "settle"]

_FAINT = 1e-3
"""Relations and goodwill below this are not carried over."""


def end_state(run: Run) -> Today:
    """Return the state at the end of a run: owners, open deals, relations, experience, goodwill."""
    world, market, names = run.world, run.market, run.world.names
    until = float(world["settings"]["until"][0])
    accounts = np.array(names.accounts, dtype=object)
    products = np.array(names.products, dtype=object)
    reps = np.array(names.reps, dtype=object)
    segments = np.array(names.segments, dtype=object)

    covers = world["covers"]
    goodwill = covers["goodwill"] * np.exp(-market.demand.goodwill_fade * (until - covers["touched"]))
    felt = goodwill > _FAINT
    relations = world.used("relations")
    level = relations["level"] * np.exp(-market.relationship.relation_fade * (until - relations["touched"]))
    tied = level > _FAINT
    forgetting = market.knowledge.forgetting
    skill = world["skill"]["level"] * np.exp(-forgetting * (until - world["skill"]["touched"]))
    insight = world["insight"]["level"] * np.exp(-forgetting * (until - world["insight"]["touched"]))
    deals = world.used("deals")
    open_deals = deals[np.isin(deals["state"], (WAITING, WORKING, CUSTOMER))]
    stage = np.clip(open_deals["stage"], 0, len(names.stages) - 1)
    return Today(
        owners=Owners(
            {
                "account": accounts[covers["account"]],
                "product": products[covers["product"]],
                "rep": reps[covers["owner"]],
            }
        ),
        open_deals=OpenDeals(
            {
                "deal": [f"open {key:016x}" for key in open_deals["key"].tolist()],
                "account": accounts[open_deals["account"]],
                "product": products[open_deals["product"]],
                "rep": reps[open_deals["rep"]],
                "stage": np.array(names.stages, dtype=object)[stage],
                "age": np.round(until - open_deals["created"], 6),
                "value": open_deals["value"],
            }
        ),
        relations=Relations(
            {
                "account": accounts[relations["account"][tied]],
                "rep": reps[relations["rep"][tied]],
                "level": np.round(level[tied], 6),
            }
        ),
        skill=Skill(
            {
                "rep": np.repeat(reps, len(products)),
                "product": np.tile(products, len(reps)),
                "level": np.round(skill, 6),
            }
        ),
        insight=Insight(
            {
                "rep": np.repeat(reps, len(segments)),
                "segment": np.tile(segments, len(reps)),
                "level": np.round(insight, 6),
            }
        ),
        goodwill=Goodwill(
            {
                "account": accounts[covers["account"][felt]],
                "product": products[covers["product"][felt]],
                "level": np.round(goodwill[felt], 6),
            }
        ),
    )


def settle(market: Market, plan: Plan, months: int = 18, *, seed: int = 1) -> Market:
    """Return the market with a today in which the plan has run for a while: the steady state of a preset.

    The accounts that became customers on the way are customers from the start.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> len(settle(market, plan, months=6).today.owners) == 150 * 3
    True
    """
    run = simulate(market, plan, months, seed=seed, replication=10**6)
    customer = dict(zip(run.world.names.accounts, run.world["accounts"]["customer"].tolist(), strict=True))
    accounts = market.accounts.but(customer=np.array([bool(customer[name]) for name in market.accounts["account"]]))
    return market.but(accounts=accounts, today=end_state(run))
