"""Building the tables of a world from a market and a plan."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from salessim.model.market import Market, Stages
from salessim.model.plan import COVERAGE_RULES, Plan
from salessim.world.alignment import Alignment, align, demand_rates
from salessim.world.calendars import SPARE_DAYS, Months, month_ends, working_hours
from salessim.world.random import identities, seed_key
from salessim.world.tables import AT_START, CUSTOMER, DTYPES, NOTHING
from salessim.world.world import Names, World

__all__ = ["TOUR_LENGTH", "build_world"]

TOUR_LENGTH = 8
"""Calls that a rep plans at a time."""

_LAWS = {"fixed": 0, "exponential": 1, "lognormal": 2}
Floats = NDArray[np.float64]


def build_world(
    market: Market,
    plan: Plan,
    months: int = 24,
    *,
    alignment: Alignment | None = None,
    seed: int = 1,
    replication: int = 0,
    grid: float = 0.0,
    record_calls: bool = False,
) -> World:
    """Build the tables of a run that starts from the market's today under a plan.

    Parameters
    ----------
    market, plan : Market, Plan
    months : int
        Length of the run.
    alignment : Alignment, optional
        Who serves whom, where it is known already; else it is worked out.
    seed, replication : int
        What all draws are keyed by, beside identity.
    grid : float
        In days: all times fall on multiples of it (0: continuous). For tests of ties.
    record_calls : bool
        Whether each call gets a row of its own.
    """
    who = alignment or align(market, plan)
    time = month_ends(market.start, months)
    until = float(time.ends[-1])
    n_a, n_p, n_r, n_g = len(who.accounts), len(who.products), len(who.reps), len(who.segments)
    order = np.argsort(market.accounts["account"].astype(str), kind="stable")
    accounts = market.accounts.where(order)
    rates = demand_rates(market, order, who.products)
    rep_keys = identities([np.array(who.reps, dtype=object)])

    tables: dict[str, NDArray[Any]] = {}
    tables["months"] = _months(market, time)
    tables["products"], prices = _products(market, plan, who.products)
    tables["stages"] = _stages(market.stages)
    tables["accounts"] = _accounts(market, who, accounts, rates, prices)
    tables["covers"] = _covers(market, who, accounts, rates)
    groups = _groups(plan, who)
    hours = _hours(market, plan, until, rep_keys)
    tables["reps"] = _reps(who, rep_keys, groups, per_rep=len(hours) > 1)
    tables["groups"] = _group_rows(groups, tables["reps"])
    tables["hours"] = _filled("hours", total=hours.ravel())
    experienced = len(market.today.skill) > 0 or len(market.today.insight) > 0
    knowledge = market.knowledge
    tables["skill"] = _levels(
        market.today.skill,
        "product",
        who.reps,
        who.products,
        plan,
        knowledge.skill_reference,
        knowledge.new_rep_level,
        experienced,
    )
    tables["insight"] = _levels(
        market.today.insight,
        "segment",
        who.reps,
        who.segments,
        plan,
        knowledge.insight_reference,
        knowledge.new_rep_level,
        experienced,
    )
    tables["relations"], n_relations = _relations(market, who)
    tables["deals"], n_deals = _open_deals(market, plan, who, tables, prices)
    tables["diary"] = np.zeros(n_r * months, DTYPES["diary"])
    tables["tours"] = np.zeros(n_r * TOUR_LENGTH, DTYPES["tours"])
    expected = int(rates.sum() * until * 0.6)
    tables["steps"] = np.zeros(2 * expected + 4 * n_deals + 1024, DTYPES["steps"])
    tables["calls"] = np.zeros(n_r * months * 40 + 64 if record_calls else 1, DTYPES["calls"])
    events = n_a * n_p + 2 * n_r + n_deals + n_p + 64
    tables["later"] = np.zeros(events + expected // 8 + 256, DTYPES["later"])
    tables["heap"] = np.zeros(len(tables["later"]) + events, DTYPES["heap"])
    tables["days"] = _filled("days", first=np.full(int(until) + 1, -1))
    tables["agenda"] = np.zeros(events, DTYPES["agenda"])
    tables["counts"] = _filled("counts", relations=[n_relations], deals=[n_deals], free=[-1], today=[-1])
    tables["settings"] = _settings(
        market, plan, prices, until=until, grid=grid, seed=seed_key(seed, replication), n_products=n_p, n_segments=n_g,
        n_stages=len(market.stages), n_months=months, n_days=hours.shape[1] - 1, tour_length=TOUR_LENGTH,
        curvature=who.places.curvature, season_peak=float(tables["months"]["season"].max()),
        record_calls=int(record_calls),
    )  # fmt: skip
    names = Names(
        who.accounts, who.products, who.segments, tuple(market.stages["stage"]), who.reps, tuple(groups.names)
    )
    return World(tables, names, who)


def _filled(name: str, **columns: Any) -> NDArray[Any]:
    length = len(next(iter(columns.values())))
    table = np.zeros(length, DTYPES[name])
    for column, values in columns.items():
        table[column] = values
    return table


def _months(market: Market, time: Months) -> NDArray[Any]:
    season = np.array(market.demand.season)[time.month_of_year]
    growth = (1.0 + market.demand.growth) ** (np.arange(len(season)) / 12.0)
    return _filled("months", ends=time.ends, season=np.round(season * growth, 12))


def _products(market: Market, plan: Plan, names: tuple[str, ...]) -> tuple[NDArray[Any], Floats]:
    row = {str(name): i for i, name in enumerate(market.products["product"])}
    products = market.products.where([row[name] for name in names])
    complexity = products["complexity"] if market.complexity is None else np.full(len(names), market.complexity)
    table = _filled(
        "products",
        key=identities([products["product"]]),
        price=products["price"],
        price_cv=products["price_cv"],
        margin=products["margin"],
        complexity=complexity,
        focus=[plan.focus.get(name, 0.0) for name in names],
    )
    return table, products["price"]


def _stages(stages: Stages) -> NDArray[Any]:
    advance = stages["advance"]
    with np.errstate(divide="ignore"):
        log_odds = np.round(np.log(advance / (1.0 - np.minimum(advance, 1.0))), 12)
    log_odds = np.where(advance >= 1.0, 1e9, np.where(advance <= 0.0, -1e9, log_odds))
    ends = stages["lost"] + stages["no_decision"] + stages["disqualified"]
    ends = np.where(ends > 0, ends, 1.0)
    return _filled(
        "stages",
        key=identities([stages["stage"]]),
        effort=stages["effort"],
        effort_law=[_LAWS[law] for law in stages["effort_law"]],
        effort_cv=stages["effort_cv"],
        dwell=stages["dwell"],
        dwell_law=[_LAWS[law] for law in stages["dwell_law"]],
        dwell_cv=stages["dwell_cv"],
        advance=log_odds,
        lost=stages["lost"] / ends,
        no_decision=stages["no_decision"] / ends,
        disqualified=stages["disqualified"] / ends,
        visit=stages["visit"],
    )


def _accounts(market: Market, who: Alignment, accounts: Any, rates: Floats, prices: Floats) -> NDArray[Any]:
    value = rates @ prices
    rank = np.argsort(np.argsort(-value, kind="stable"), kind="stable") / max(len(value), 1)
    return _filled(
        "accounts",
        key=identities([accounts["account"]]),
        x=who.places.space[:, 0],
        y=who.places.space[:, 1],
        z=who.places.space[:, 2],
        segment=[who.segments.index(g) for g in accounts["segment"]],
        potential=accounts["potential"],
        customer=accounts["customer"],
        tier=np.where(rank < 0.2, 0, np.where(rank < 0.5, 1, 2)),
        first_relation=np.full(len(accounts), -1),
    )


def _covers(market: Market, who: Alignment, accounts: Any, rates: Floats) -> NDArray[Any]:
    n_a, n_p = rates.shape
    name = np.repeat(accounts["account"].astype(object), n_p)
    product = np.tile(np.array(who.products, dtype=object), n_a)
    win = np.zeros((n_a, n_p))
    for g, p, shift in zip(market.affinity["segment"], market.affinity["product"], market.affinity["win"], strict=True):
        win[accounts["segment"] == g, who.products.index(p)] = shift
    goodwill = np.zeros((n_a, n_p))
    if len(market.today.goodwill):
        a_row = {a: i for i, a in enumerate(who.accounts)}
        p_row = {p: i for i, p in enumerate(who.products)}
        table = market.today.goodwill
        for a, p, level in zip(table["account"], table["product"], table["level"], strict=True):
            if a in a_row and p in p_row:
                goodwill[a_row[a], p_row[p]] = level
    return _filled(
        "covers",
        key=identities([name, product]),
        account=np.repeat(np.arange(n_a), n_p),
        product=np.tile(np.arange(n_p), n_a),
        owner=who.owner.ravel(),
        relation=np.full(n_a * n_p, -1),
        next=np.full(n_a * n_p, -1),
        rate=rates.ravel(),
        win=win.ravel(),
        goodwill=goodwill.ravel(),
    )


class _Groups:
    """Reps who share a lead pool: of one group of the team and of one speciality."""

    def __init__(self, names: list[str], of_rep: list[int]) -> None:
        self.names = names
        self.of_rep = of_rep


def _groups(plan: Plan, who: Alignment) -> _Groups:
    team = {str(rep): str(group) for rep, group in zip(plan.team["rep"], plan.team["group"], strict=True)}
    label = [
        f"{team.get(rep, 'team')} / {speciality}" for rep, speciality in zip(who.reps, who.speciality, strict=True)
    ]
    names = sorted(set(label))
    return _Groups(names, [names.index(name) for name in label])


def _reps(who: Alignment, keys: NDArray[np.uint64], groups: _Groups, *, per_rep: bool) -> NDArray[Any]:
    n = len(who.reps)
    table = _filled(
        "reps",
        key=keys,
        x=who.home[:, 0],
        y=who.home[:, 1],
        z=who.home[:, 2],
        group=groups.of_rep,
        next_of_group=np.full(n, -1),
        calendar=np.arange(n) if per_rep else np.zeros(n),
        doing=np.full(n, NOTHING),
        subject=np.full(n, -1),
        wake=np.full(n, -1.0),
        first_deal=np.full(n, -1),
        first_relation=np.full(n, -1),
    )
    last: dict[int, int] = {}
    for r, g in enumerate(groups.of_rep):
        if g in last:
            table["next_of_group"][last[g]] = r
        last[g] = r
    return table


def _group_rows(groups: _Groups, reps: NDArray[Any]) -> NDArray[Any]:
    first = [groups.of_rep.index(g) for g in range(len(groups.names))]
    return _filled("groups", first_deal=np.full(len(first), -1), first_rep=first)


def _hours(market: Market, plan: Plan, until: float, keys: NDArray[np.uint64]) -> Floats:
    n_days = int(until) + SPARE_DAYS
    halves = 2 * (n_days // 365 + 1)
    luck = np.empty((len(keys), halves))
    for half in range(halves):
        mixed = identities([keys.astype(str).astype(object), np.full(len(keys), f"leave {half}", dtype=object)])
        luck[:, half] = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    hours = working_hours(market.calendar, market.start, n_days, plan.selling_time, plan.leave, luck)
    return hours


def _levels(
    table: Any,
    kind: str,
    reps: tuple[str, ...],
    kinds: tuple[str, ...],
    plan: Plan,
    reference: float,
    new: float,
    experienced: bool,
) -> NDArray[Any]:
    level = np.full((len(reps), len(kinds)), new if experienced else reference)
    r_row = {name: i for i, name in enumerate(reps)}
    k_row = {name: i for i, name in enumerate(kinds)}
    for r, k, value in zip(table["rep"], table[kind], table["level"], strict=True):
        if r in r_row and k in k_row:
            level[r_row[r], k_row[k]] = value
    return _filled("skill", level=level.ravel(), touched=np.zeros(level.size))


def _relations(market: Market, who: Alignment) -> tuple[NDArray[Any], int]:
    """Write one row per account and rep: the ties of today, and those of new owners with what they inherit."""
    n_a, n_r = len(who.accounts), len(who.reps)
    a_row = {name: i for i, name in enumerate(who.accounts)}
    r_row = {name: i for i, name in enumerate(who.reps)}
    today = market.today.relations
    level: dict[int, float] = {}
    strongest = np.zeros(n_a)
    for a, r, value in zip(today["account"], today["rep"], today["level"], strict=True):
        if a in a_row:
            strongest[a_row[a]] = max(strongest[a_row[a]], value)
            if r in r_row:
                level[a_row[a] * n_r + r_row[r]] = value
    pairs = np.unique(np.arange(n_a)[:, None] * n_r + who.owner)
    known = len(today) > 0
    inherited = market.relationship.relation_kept
    for pair in pairs.tolist():
        if pair not in level:
            a = pair // n_r
            level[pair] = inherited * float(strongest[a]) if known else market.relationship.relation_reference
    rows = np.array(sorted(level), dtype=np.int64)
    spare = max(len(rows) // 4, 256) + len(market.today.open_deals)
    table = np.zeros(len(rows) + spare, DTYPES["relations"])
    table["account"][: len(rows)] = rows // n_r
    table["rep"][: len(rows)] = rows % n_r
    table["level"][: len(rows)] = [level[int(row)] for row in rows]
    return table, len(rows)


def _open_deals(
    market: Market, plan: Plan, who: Alignment, tables: dict[str, NDArray[Any]], prices: Floats
) -> tuple[NDArray[Any], int]:
    """Write the deals that are open today. Work on their stage is done and they wait for the customer."""
    today = market.today.open_deals
    a_row = {name: i for i, name in enumerate(who.accounts)}
    p_row = {name: i for i, name in enumerate(who.products)}
    r_row = {name: i for i, name in enumerate(who.reps)}
    s_row = {name: i for i, name in enumerate(market.stages["stage"])}
    keep = [
        i
        for i, (a, p, s) in enumerate(zip(today["account"], today["product"], today["stage"], strict=True))
        if a in a_row and p in p_row and s in s_row
    ]
    keep.sort(key=lambda i: str(today["deal"][i]))
    n = len(keep)
    spare = int(tables["covers"]["rate"].sum() * float(tables["months"]["ends"][-1]) * 0.7)
    table = np.zeros(n + spare + 512, DTYPES["deals"])
    if not n:
        return table, 0
    account = np.array([a_row[today["account"][i]] for i in keep])
    product = np.array([p_row[today["product"][i]] for i in keep])
    cover = account * len(who.products) + product
    owner = tables["covers"]["owner"][cover]
    seller = np.array([r_row.get(today["rep"][i], -1) for i in keep])
    stays = (plan.open_deals == "stay") & (seller >= 0)
    value = today["value"][keep]
    head = table[:n]
    head["key"] = identities(
        [np.array([str(today["deal"][i]) for i in keep], dtype=object), np.full(n, "deal", dtype=object)]
    )
    head["cover"], head["account"], head["product"] = cover, account, product
    head["rep"] = np.where(stays, seller, owner)
    head["stage"] = [s_row[today["stage"][i]] for i in keep]
    head["state"], head["source"] = CUSTOMER, AT_START
    head["parent"] = head["next"] = head["step"] = -1
    head["value"] = np.where(np.isfinite(value), value, prices[product])
    head["created"] = -today["age"][keep]
    head["first_touch"] = head["created"]
    head["closed"] = -1.0
    return table, n


def _settings(market: Market, plan: Plan, prices: Floats, **given: Any) -> NDArray[Any]:
    table = np.zeros(1, DTYPES["settings"])
    columns = set(table.dtype.names or ())
    for part in (market.demand, market.knowledge, market.relationship, market.coordination, market.travelling, plan):
        for name in type(part).model_fields:
            value = getattr(part, name)
            if name in columns and isinstance(value, int | float) and not isinstance(value, bool):
                table[name] = value
    by_name = np.argsort(market.products["product"].astype(str), kind="stable")
    weight = market.products["opportunities"][by_name]
    table["mean_price"] = float((prices * weight).sum() / max(weight.sum(), 1e-300)) or 1.0
    table["coverage"] = COVERAGE_RULES.index(plan.coverage)
    table["pooled"] = plan.routing == "pool"
    table["calls"] = plan.calls
    table["opens"] = market.calendar.opens / 24.0
    table["day_length"] = market.calendar.hours_per_day / 24.0
    for name, value in given.items():
        table[name] = value
    return table
