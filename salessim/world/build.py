"""Building the tables of a world from a market and a plan."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain
from salessim.model.management import TRAINED, VACANCY_RULES
from salessim.model.market import Market, Stages
from salessim.model.plan import COVERAGE_RULES, Plan
from salessim.world.alignment import Alignment, demand_rates
from salessim.world.calendars import SPARE_DAYS, Months, month_ends, working_hours
from salessim.world.phases import align_phases, phases_of, seats_of, waves_of
from salessim.world.random import identities, seed_key
from salessim.world.staff import change_tables, group_table, posts_of, rep_table
from salessim.world.tables import AT_START, CUSTOMER, DTYPES, LEAST_INSIGHT, PAY_TABLES
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
    incentives: Mapping[str, NDArray[Any]] | None = None,
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
    incentives : mapping, optional
        The tables of the pay plan and, under ``settings``, its settings, where the plan has one:
        `salessim.clocks.worlds.make_world` makes them.

    Raises
    ------
    ModelError
        The plan has a pay plan, and its tables are not given.
    """
    if plan.phases[0][0].pay is not None and incentives is None:
        raise ModelError(
            explain("the world of a plan with a pay plan is made by another function", where="plan.pay",
                    remedy="Call salessim.clocks.worlds.make_world")
        )  # fmt: skip
    who = alignment or align_phases(market, plan)
    phases, seats = phases_of(plan, who), seats_of(who)
    start = phases[0].plan
    posts = posts_of(plan, phases, seats)
    waves = [waves_of(market, phase, before) for before, phase in pairwise(phases)]
    time = month_ends(market.start, months)
    until = float(time.ends[-1])
    n_a, n_p, n_g = len(who.accounts), len(who.products), len(who.segments)
    n_r, regions = len(seats), market.regions
    order = np.argsort(market.accounts["account"].astype(str), kind="stable")
    accounts = market.accounts.where(order)
    rates = demand_rates(market, order, who.products)

    tables: dict[str, NDArray[Any]] = {}
    tables["months"] = _months(market, plan, time)
    tables["products"], prices = _products(market, start, who.products)
    tables["stages"] = _stages(market.stages)
    tables["accounts"] = _accounts(market, who, accounts, rates, prices, regions)
    tables["covers"] = _covers(market, who, phases[0].seat, accounts, rates)
    experienced = len(market.today.skill) > 0 or len(market.today.insight) > 0
    rep_keys = identities([np.array(seats, dtype=object)])
    hours = _hours(market, plan, until, rep_keys)
    tables["reps"] = rep_table(plan, phases, seats, posts, known=experienced, own_calendar=len(hours) > 1)
    tables["groups"] = group_table(posts)
    tables["hours"] = _filled("hours", total=hours.ravel())
    tables.update(_knowledge(market, plan, who, seats, experienced))
    tables["relations"], n_relations = _relations(market, who, phases[0].seat, seats)
    tables["deals"], n_deals = _open_deals(market, start, who, seats, tables, prices)
    tables["diary"] = np.zeros(n_r * months, DTYPES["diary"])
    tables["tours"] = np.zeros(n_r * TOUR_LENGTH, DTYPES["tours"])
    demand = rates @ prices
    of_region = np.bincount(tables["accounts"]["region"], weights=demand, minlength=len(regions))
    tables["regions"] = _filled("regions", share=np.round(of_region / max(float(demand.sum()), 1e-300), 12))
    tables["managers"] = np.zeros(int(posts.managers.max()), DTYPES["managers"])
    tables.update(change_tables(phases, waves, posts, regions, who.products))
    expected = int(rates.sum() * until * 0.6)
    tables["steps"] = np.zeros(2 * expected + 4 * n_deals + 1024, DTYPES["steps"])
    tables["calls"] = np.zeros(n_r * months * 40 + 64 if record_calls else 1, DTYPES["calls"])
    tables["careers"] = np.zeros(6 * n_r + 64, DTYPES["careers"])
    unsettled = len(phases) > 1 or market.people.turnover > 0.0 or plan.management.exit_share > 0.0
    largest_change = n_a * n_p if unsettled else 0
    tables["handovers"] = np.zeros(largest_change + n_p + 64, DTYPES["handovers"])
    events = n_a * n_p + 8 * n_r + n_deals + n_p + 64
    tables["agenda"] = np.zeros(events, DTYPES["agenda"])
    tables["later"] = np.zeros(events + expected // 8 + 256, DTYPES["later"])
    tables["heap"] = np.zeros(len(tables["later"]) + events, DTYPES["heap"])
    tables["days"] = _filled("days", first=np.full(int(until) + 1, -1))
    tables["counts"] = _filled("counts", relations=[n_relations], deals=[n_deals], free=[-1], today=[-1])
    settings = [
        _settings(
            market, phase.plan, prices, until=until, grid=grid, seed=seed_key(seed, replication), n_products=n_p,
            n_segments=n_g, n_stages=len(market.stages), n_months=months, n_days=hours.shape[1] - 1,
            tour_length=TOUR_LENGTH, curvature=who.places.curvature,
            season_peak=float(tables["months"]["season"].max()), record_calls=int(record_calls),
            largest_change=largest_change, managers=managers,
            curved=int((tables["products"]["response_shape"] > 0.0).any()),
        )
        for phase, managers in zip(phases, posts.managers.tolist(), strict=True)
    ]  # fmt: skip
    tables["settings"] = settings[0]
    for name in PAY_TABLES:
        tables[name] = np.zeros(0, DTYPES[name])
    if incentives is not None:
        for k, one in enumerate(settings):
            for column in incentives["settings"].dtype.names or ():
                one[column] = incentives["settings"][column][k]
        tables.update({name: table.copy() for name, table in incentives.items() if name in PAY_TABLES})
        tables["months"]["salary"] = incentives["salary"]
    tables["phases"] = np.concatenate([np.zeros(0, DTYPES["phases"]), *settings[1:]])
    names = Names(
        who.accounts, who.products, who.segments, tuple(market.stages["stage"]), seats, posts.groups, regions
    )
    return World(tables, names, who)


def _filled(name: str, **columns: Any) -> NDArray[Any]:
    length = len(next(iter(columns.values())))
    table = np.zeros(length, DTYPES[name])
    for column, values in columns.items():
        table[column] = values
    return table


def _months(market: Market, plan: Plan, time: Months) -> NDArray[Any]:
    season = np.array(market.demand.season)[time.month_of_year]
    growth = (1.0 + market.demand.growth) ** (np.arange(len(season)) / 12.0)
    target = np.zeros(len(season)) if plan.target is None else plan.target * season / 12.0
    return _filled("months", ends=time.ends, season=np.round(season * growth, 12), target=target)


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
        response_floor=np.nan_to_num(products["response_floor"], nan=-1.0),
        response_shape=products["response_shape"],
        response_half=products["response_half"],
        pull=np.ones(len(names)),
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


def _accounts(
    market: Market, who: Alignment, accounts: Any, rates: Floats, prices: Floats, regions: tuple[str, ...]
) -> NDArray[Any]:
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
        region=[regions.index(str(name)) for name in accounts["region"]],
        first_relation=np.full(len(accounts), -1),
    )


def _covers(market: Market, who: Alignment, seat: NDArray[np.int64], accounts: Any, rates: Floats) -> NDArray[Any]:
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
        owner=seat[who.owner].ravel(),
        seat=seat[who.owner].ravel(),
        moved=(who.before != who.owner).ravel(),
        first_deal=np.full(n_a * n_p, -1),
        relation=np.full(n_a * n_p, -1),
        next=np.full(n_a * n_p, -1),
        rate=rates.ravel(),
        win=win.ravel(),
        goodwill=goodwill.ravel(),
    )


def _hours(market: Market, plan: Plan, until: float, keys: NDArray[np.uint64]) -> Floats:
    n_days = int(until) + SPARE_DAYS
    halves = 2 * (n_days // 365 + 1)
    luck = np.empty((len(keys), halves))
    for half in range(halves):
        mixed = identities([keys.astype(str).astype(object), np.full(len(keys), f"leave {half}", dtype=object)])
        luck[:, half] = (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53
    hours = working_hours(market.calendar, market.start, n_days, plan.selling_time, plan.leave, luck)
    return hours


def _knowledge(
    market: Market, plan: Plan, who: Alignment, seats: tuple[str, ...], experienced: bool
) -> dict[str, NDArray[Any]]:
    """Return the tables of product skill and segment insight: what the log knows, else a typical rep or a new one."""
    mine, new = market.knowledge, market.knowledge.new_rep_level
    in_log = {str(name) for name in plan.team["rep"]}
    # a seat that opens later waits for somebody new, whatever is known of the others
    rest = [new if experienced or (name not in in_log and name not in who.reps) else None for name in seats]
    found = {}
    for name, table, kind, kinds, typical in (
        ("skill", market.today.skill, "product", who.products, mine.skill_reference),
        ("insight", market.today.insight, "segment", who.segments, mine.insight_reference),
    ):
        start = np.array([typical if level is None else level for level in rest])
        found[name] = _levels(table, kind, seats, kinds, start)
    return found


def _levels(table: Any, kind: str, reps: tuple[str, ...], kinds: tuple[str, ...], start: Floats) -> NDArray[Any]:
    level = np.repeat(start[:, None], len(kinds), axis=1)
    r_row = {name: i for i, name in enumerate(reps)}
    k_row = {name: i for i, name in enumerate(kinds)}
    for r, k, value in zip(table["rep"], table[kind], table["level"], strict=True):
        if r in r_row and k in k_row:
            level[r_row[r], k_row[k]] = value
    return _filled("skill", level=level.ravel(), touched=np.zeros(level.size))


def _relations(
    market: Market, who: Alignment, seat: NDArray[np.int64], seats: tuple[str, ...]
) -> tuple[NDArray[Any], int]:
    """Write one row per account and rep: the ties of today, and those of new owners with what they inherit."""
    n_a, n_r = len(who.accounts), len(seats)
    a_row = {name: i for i, name in enumerate(who.accounts)}
    r_row = {name: i for i, name in enumerate(seats)}
    today = market.today.relations
    held: dict[int, float] = {}
    strongest, closest = np.zeros(n_a), [""] * n_a  # tie of an account today, and with whom
    for a, r, value in zip(today["account"], today["rep"], today["level"], strict=True):
        if a in a_row:
            row = a_row[a]
            strongest[row], closest[row] = max((float(strongest[row]), closest[row]), (float(value), str(r)))
            if r in r_row:
                held[row * n_r + r_row[r]] = value
    pairs = np.unique(np.arange(n_a)[:, None] * n_r + seat[who.owner])
    known = len(today) > 0
    old = np.array(sorted(held), dtype=np.int64)
    new = pairs[~np.isin(pairs, old)]
    rows = np.concatenate([old, new])
    order = np.argsort(rows)
    spare = max(len(rows) // 4, 256) + len(market.today.open_deals)
    table = np.zeros(len(rows) + spare, DTYPES["relations"])
    table["account"][: len(rows)] = rows[order] // n_r
    table["rep"][: len(rows)] = rows[order] % n_r
    start = 0.0 if known else market.relationship.relation_reference
    level = np.concatenate([[held[row] for row in old.tolist()], np.full(len(new), start)])
    table["level"][: len(rows)] = level[order]
    before = np.concatenate([np.full(len(old), -1.0), strongest[new // n_r] if known else np.full(len(new), -1.0)])
    table["predecessor"][: len(rows)] = before[order]
    alike = _likeness(market, who, seats, new, closest)
    table["likeness"][: len(rows)] = np.concatenate([np.ones(len(old)), alike])[order]
    return table, len(rows)


def _likeness(
    market: Market, who: Alignment, seats: tuple[str, ...], new: NDArray[np.int64], closest: list[str]
) -> NDArray[np.float64]:
    """Return what share of the insight of who was closest to an account its new owner has, for each new pair."""
    insight = {
        (str(r), str(g)): float(x)
        for r, g, x in zip(market.today.insight["rep"], market.today.insight["segment"], market.today.insight["level"],
                           strict=True)
    }  # fmt: skip
    if not insight:
        return np.zeros(len(new))
    segment = {str(a): str(g) for a, g in zip(market.accounts["account"], market.accounts["segment"], strict=True)}
    found = []
    for pair in new.tolist():
        a, r = divmod(pair, len(seats))
        g = segment[who.accounts[a]]
        has, had = insight.get((seats[r], g), 0.0), insight.get((closest[a], g), 0.0)
        found.append(min(1.0, has / max(had, LEAST_INSIGHT)))
    return np.array(found, dtype=np.float64)


def _open_deals(
    market: Market, plan: Plan, who: Alignment, seats: tuple[str, ...], tables: dict[str, NDArray[Any]], prices: Floats
) -> tuple[NDArray[Any], int]:
    """Write the deals that are open today. Work on their stage is done and they wait for the customer."""
    today = market.today.open_deals
    a_row = {name: i for i, name in enumerate(who.accounts)}
    p_row = {name: i for i, name in enumerate(who.products)}
    r_row = {name: i for i, name in enumerate(seats)}
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
    head["closed"] = head["paid"] = head["recorded"] = head["natural"] = -1.0
    head["older"] = head["heir"] = head["keeper"] = -1
    return table, n


def _settings(market: Market, plan: Plan, prices: Floats, **given: Any) -> NDArray[Any]:
    table = np.zeros(1, DTYPES["settings"])
    columns = set(table.dtype.names or ())
    parts = (
        market.demand, market.knowledge, market.relationship, market.coordination, market.travelling, market.money,
        market.people, market.motivation, market.record, plan, plan.management,
    )  # fmt: skip
    for part in parts:
        for name in type(part).model_fields:
            value = getattr(part, name)
            if name in columns and isinstance(value, int | float) and not isinstance(value, bool):
                table[name] = value
    by_name = np.argsort(market.products["product"].astype(str), kind="stable")
    weight = market.products["opportunities"][by_name]
    table["mean_price"] = float((prices * weight).sum() / max(weight.sum(), 1e-300)) or 1.0
    table["coverage"] = COVERAGE_RULES.index(plan.coverage)
    table["myopic"] = market.motivation.foresight == "myopic"
    table["pooled"] = plan.routing == "pool"
    table["calls"] = plan.calls
    table["vacancy"] = VACANCY_RULES.index(plan.management.vacancy)
    table["trained"] = TRAINED.index(plan.management.trained)
    table["field_day"] = market.calendar.hours_per_day * plan.selling_time
    table["manager_hours"] = market.calendar.hours_per_day * len(market.calendar.workdays) * 52.0 / 12.0
    table["opens"] = market.calendar.opens / 24.0
    table["day_length"] = market.calendar.hours_per_day / 24.0
    for name, value in given.items():
        table[name] = value
    return table
