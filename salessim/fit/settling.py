"""Settling a fit: what the log cannot show is set so that the model, run as the company runs today, sells as it sold.

Latent demand, hours of work per deal, the customer's delays, goodwill and relationships are not in any export. They are
found by running today's plan a few times: each round scales demand so that as many opportunities arise as were seen,
work and visits so that deals take the assumed share of selling time, delays so that cycles last as long, the level of
the win chance so that as many are won, and takes the state at the end of the run as today's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.settle import end_state
from salessim.clocks.simulate import simulate
from salessim.fit.funnel import shift_of_chance, win_chance
from salessim.world.tables import AT_START, DISQUALIFIED, EXPIRED, LOST, NO_DECISION, WON

if TYPE_CHECKING:
    from collections.abc import Callable

    from salessim.clocks.run import Run
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.model.today import Insight, Skill

__all__ = ["Targets", "settle_fit"]

_ROUNDS = 7
_MONTHS = 12


class Targets(NamedTuple):
    """What the settled model must reproduce.

    Attributes
    ----------
    opportunities : dict of product to opportunities a year of the whole company
    won_share : float
        Share of opportunities that end as won.
    cycle_days : float
        Mean days from creation to any end.
    deal_time : float
        Share of selling time that work on deals takes, travel included.
    """

    opportunities: dict[str, float]
    won_share: float
    cycle_days: float
    deal_time: float


class Settled(NamedTuple):
    """A settled market.

    Attributes
    ----------
    market : Market
        With demand, hours, delays, win level and references settled, and goodwill and relations of today filled in.
        Owners, open deals and experience that the log shows are kept.
    check : dict
        What the settled model gives for each target, relative to it (1 is exact).
    in_use : float
        Share of selling time that deals, contacts and travel take.
    """

    market: Market
    check: dict[str, float]
    in_use: float


def settle_fit(
    market: Market, plan: Plan, targets: Targets, experience: Callable[[float], tuple[Skill, Insight]]
) -> Settled:
    """Settle a provisional market under today's plan.

    Parameters
    ----------
    market, plan : Market, Plan
    targets : Targets
    experience : callable
        Skill and insight of the reps, from the working days a calendar day that a rep spends with customers.
    """
    kept = market.today
    check: dict[str, float] = {}
    in_use = 0.0
    for turn in range(_ROUNDS):
        run = simulate(market, plan, _MONTHS, seed=11, replication=turn)
        market, check = _adjusted(market, run, targets, damping=1.0 if turn < _ROUNDS - 1 else 0.7)
        in_use = _in_use(run)
        state = end_state(run)
        skill, insight = experience(_effort_days(run))
        market = market.but(
            today=kept.but(relations=state.relations, goodwill=state.goodwill, skill=skill, insight=insight)
        )
    return Settled(market, check, in_use)


def _adjusted(market: Market, run: Run, targets: Targets, damping: float) -> tuple[Market, dict[str, float]]:
    world = run.world
    deals = world.used("deals")
    years = float(world["settings"]["until"][0]) / 365.0
    names = world.names.products
    new = deals[deals["source"] != AT_START]
    made = np.bincount(new["product"], minlength=len(names)) / years
    seen = {name: made[i] for i, name in enumerate(names)}
    ratio = {
        name: float(np.clip((targets.opportunities[name] + 1.0) / (seen[name] + 1.0), 0.2, 5.0)) ** damping
        for name in names
    }
    scale = np.array([ratio[str(p)] for p in market.products["product"]])
    products = market.products.but(opportunities=np.round(market.products["opportunities"] * scale, 6))

    diary = world["diary"]
    effort = float(diary["deal_hours"].sum())
    trips = float(diary["travel_hours"].sum()) * effort / max(effort + float(diary["call_hours"].sum()), 1e-9)
    selling = float(_selling_hours(run))
    share = (effort + trips) / selling
    demand_ratio = sum(targets.opportunities.values()) / max(sum(seen.values()), 1e-9)
    wanted = targets.deal_time / max(share * min(max(demand_ratio, 0.5), 2.0), 1e-9)
    hours = float(np.clip(wanted, 0.3, 3.0)) ** damping

    ended = deals[np.isin(deals["state"], (WON, LOST, NO_DECISION, DISQUALIFIED))]
    cycle = float((ended["closed"] - ended["created"]).mean()) if len(ended) else targets.cycle_days
    longer = float(np.clip(targets.cycle_days / max(cycle, 1e-9), 0.5, 2.0)) ** damping

    all_ended = deals[np.isin(deals["state"], (WON, LOST, NO_DECISION, DISQUALIFIED, EXPIRED))]
    won = float((all_ended["state"] == WON).mean()) if len(all_ended) else targets.won_share
    advance = market.stages["advance"]
    log_odds = np.log(advance / (1 - np.minimum(advance, 1 - 1e-9)))
    current = win_chance(log_odds, 0.0)
    goal = float(np.clip(current * (targets.won_share / max(won, 1e-4)) ** damping, 1e-3, 0.995))
    moved = log_odds + shift_of_chance(log_odds, goal) / len(log_odds)
    stages = market.stages.but(
        effort=np.round(np.clip(market.stages["effort"] * hours, 0.02, 80.0), 4),
        visit=np.round(np.minimum(market.stages["visit"] * hours, 1.0), 4),
        dwell=np.round(np.maximum(market.stages["dwell"] * longer, 0.02), 4),
        advance=np.round(1.0 / (1.0 + np.exp(-moved)), 6),
    )
    skill, insight, relation = _references(run)
    settled = market.but(
        products=products, stages=stages, skill_reference=skill, insight_reference=insight, relation_reference=relation
    )
    check = {
        "opportunities": 1.0 / demand_ratio,
        "won_share": won / targets.won_share,
        "cycle_days": cycle / targets.cycle_days,
        "deal_time": share / targets.deal_time,
    }
    return settled, check


def _effort_days(run: Run) -> float:
    """Working days with customers, deals and calls, of a rep on a calendar day."""
    diary = run.world["diary"]
    hours = float(diary["deal_hours"].sum() + diary["call_hours"].sum())
    return hours / 8.0 / len(run.world.names.reps) / float(run.world["settings"]["until"][0])


def _in_use(run: Run) -> float:
    diary = run.world["diary"]
    hours = sum(float(diary[name].sum()) for name in ("deal_hours", "call_hours", "travel_hours"))
    return hours / float(_selling_hours(run))


def _selling_hours(run: Run) -> float:
    settings = run.world["settings"][0]
    hours = run.world["hours"]["total"].reshape(-1, int(settings["n_days"]) + 1)
    return float(hours[run.world["reps"]["calendar"], int(settings["until"])].sum())


def _references(run: Run) -> tuple[float, float, float]:
    """Skill, insight and relation of a typical step of a deal at the end of the run."""
    world, until = run.world, float(run.world["settings"]["until"][0])
    deals, steps = world.used("deals"), world.used("steps")
    done = steps[steps["finished"] >= 0]
    if not len(done):
        knowledge = run.market.knowledge
        return knowledge.skill_reference, knowledge.insight_reference, run.market.relationship.relation_reference
    of = deals[done["deal"]]
    n_p, n_g = len(world.names.products), len(world.names.segments)
    fade = run.market.knowledge.forgetting
    skill = _now(world["skill"], done["rep"] * n_p + of["product"], until, fade)
    insight = _now(world["insight"], done["rep"] * n_g + world["accounts"]["segment"][of["account"]], until, fade)
    relations = world.used("relations")
    n_r = len(world.names.reps)
    row = {
        int(a) * n_r + int(r): i for i, (a, r) in enumerate(zip(relations["account"], relations["rep"], strict=True))
    }
    which = np.array([row[int(a) * n_r + int(r)] for a, r in zip(of["account"], done["rep"], strict=True)])
    relation = _now(relations, which, until, run.market.relationship.relation_fade)
    return round(float(skill.mean()), 4), round(float(insight.mean()), 4), round(float(relation.mean()), 4)


def _now(table: NDArray[np.void], rows: NDArray[np.int64], until: float, fade: float) -> NDArray[np.float64]:
    chosen = table[rows]
    return chosen["level"] * np.exp(-fade * (until - chosen["touched"]))
