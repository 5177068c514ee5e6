"""Nothing is lost and nothing comes from nowhere: deals, money, hours, queues, in random worlds of all mechanisms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from numpy.typing import NDArray
from worlds import ALWAYS_OPEN, Case, busy_case, cases, lively_case, replay, still

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.ledger import CUTS, ledger_of
from salessim.measures import measures_of
from salessim.model.management import VACANCY_RULES
from salessim.model.plan import COVERAGE_RULES, STRUCTURES
from salessim.model.presets import make_market, make_plan
from salessim.world.build import build_world
from salessim.world.tables import (
    ABSENT,
    ADVANCE,
    AT_START,
    BY_EFFORT,
    COMING,
    CROSS_SOLD,
    CUSTOMER,
    DISMISSED,
    DISQUALIFIED,
    ENDS,
    EXPIRED,
    INQUIRY,
    LAID_OFF,
    LOST,
    NO_DECISION,
    NOTHING,
    ON_CALL,
    ON_DEAL,
    ON_TRAINING,
    QUIT_JOB,
    SPONTANEOUS,
    STARTED,
    WAITING,
    WON,
    WORKING,
)
from salessim.world.world import World

OPEN = (WAITING, WORKING, CUSTOMER)


def check_deals(run: Run) -> None:
    """Leads = won + lost + no decision + disqualified + expired + open, each dated, and each with a known origin."""
    deals, until = run.world.used("deals"), float(run.world["settings"]["until"][0])
    ended, still = np.isin(deals["state"], ENDS), np.isin(deals["state"], OPEN)
    assert np.all(ended | still), "no deal is coming, and none is in an unknown state, once the run is over"
    assert ended.sum() + still.sum() == len(deals)
    assert np.all((deals["closed"] >= 0) == ended)
    assert np.all(deals["closed"][ended] >= deals["created"][ended])
    assert np.all(deals["closed"][ended] < until)
    began = deals["first_touch"] >= 0
    assert np.all(deals["first_touch"][began] >= deals["created"][began])
    assert np.all(np.isfinite(deals["value"]) & (deals["value"] >= 0))
    assert np.all((deals["hours"] >= 0) & np.isfinite(deals["hours"]))
    assert np.all(deals["stage"][ended & (deals["state"] == EXPIRED)] == 0), "only what is new expires"
    assert np.all(deals["stage"][deals["state"] == WON] == len(run.market.stages) - 1)
    assert len(np.unique(deals["key"])) == len(deals), "each deal has an identity of its own"
    parent = deals["parent"]
    sold = deals["source"] == CROSS_SOLD
    assert np.array_equal(parent >= 0, sold)
    assert np.all(deals["state"][parent[sold]] == WON)
    assert np.all(deals["account"][parent[sold]] == deals["account"][sold])
    assert np.all(deals["product"][parent[sold]] != deals["product"][sold])
    assert np.all(deals["created"][sold] >= deals["closed"][parent[sold]])
    first = deals["source"] == AT_START
    assert first.sum() == len(run.market.today.open_deals)
    assert np.all(deals["created"][first] <= 0)
    assert np.all(deals["created"][~first] >= 0)
    assert set(np.unique(deals["source"])) <= {AT_START, BY_EFFORT, SPONTANEOUS, INQUIRY, CROSS_SOLD}
    covers = run.world["covers"]
    assert np.array_equal(covers["account"][deals["cover"]], deals["account"])
    assert np.array_equal(covers["product"][deals["cover"]], deals["product"])


def check_steps(run: Run) -> None:
    """The steps of a deal chain in time and stage; only the last is open, and the deal says the same as it."""
    deals, steps = run.world.used("deals"), run.world.used("steps")
    until = float(run.world["settings"]["until"][0])
    began, done, left = steps["started"] >= 0, steps["finished"] >= 0, steps["left"] >= 0
    assert np.all(began[done])
    assert np.all(steps["started"][began] >= steps["entered"][began])
    assert np.all(steps["finished"][done] >= steps["started"][done])
    assert np.all(steps["left"][left & done] >= steps["finished"][left & done])
    assert np.all(steps["left"][left] >= steps["entered"][left])
    assert np.all(steps["left"] < until)
    assert np.all((steps["hours"] > 0) <= done)
    gave_up = left & ~done
    assert np.all(~began[gave_up]), "work once begun is finished"
    patience = np.where(steps["stage"] == 0, run.market.demand.lead_patience, run.market.demand.deal_patience)
    assert np.allclose((steps["left"] - steps["entered"])[gave_up], patience[gave_up], atol=1e-9)
    wait = (steps["started"] - steps["entered"])[began]
    assert np.all(wait <= patience[began] + 1e-9), "nobody is served after his patience ended"
    grid = float(run.world["settings"]["grid"][0])
    if grid > 0.0:
        fresh = deals["created"][np.isin(deals["source"], (BY_EFFORT, SPONTANEOUS, INQUIRY))]
        for length in (
            fresh,
            (steps["finished"] - steps["started"])[done],
            (steps["left"] - steps["finished"])[done & left],
        ):
            assert np.allclose(length / grid, np.round(length / grid), atol=1e-6), (
                "times between events are whole steps of the grid"
            )
        assert np.all((steps["finished"] - steps["started"])[done] >= 0.999 * grid), "and work is never nothing"
    order = np.argsort(steps["deal"], kind="stable")
    d, s = steps["deal"][order], steps[order]
    same = d[1:] == d[:-1]
    assert np.all(s["left"][:-1][same] == s["entered"][1:][same]), "the next stage begins when the last ends"
    assert np.all(s["stage"][1:][same] == s["stage"][:-1][same] + 1)
    assert np.all(s["outcome"][:-1][same] == ADVANCE)
    first = np.append(True, ~same) if len(d) else np.zeros(0, bool)
    start = deals["source"][d[first]] == AT_START
    assert np.all(s["entered"][first][~start] == deals["created"][d[first]][~start])
    assert np.all(s["stage"][first][~start] == 0)
    last = np.append(~same, True) if len(d) else np.zeros(0, bool)
    ends, closing = deals[d[last]], s[last]
    assert np.array_equal(deals["step"][d[last]], order[last]), "the deal knows its last step"
    ended = np.isin(ends["state"], ENDS)
    assert np.all(ends["closed"][ended] == closing["left"][ended])
    assert np.all(closing["left"][~ended] < 0)
    won = ends["state"] == WON
    assert np.all(closing["outcome"][won] == ADVANCE)
    assert np.array_equal(closing["outcome"][ended & ~won], ends["state"][ended & ~won])
    assert np.all((closing["started"] < 0)[ends["state"] == WAITING])
    working = ends["state"] == WORKING
    assert np.all((closing["started"][working] >= 0) & (closing["finished"][working] < 0))
    asked = ends["state"] == CUSTOMER
    assert np.all((closing["finished"][asked] >= 0) & (closing["left"][asked] < 0))
    without = np.setdiff1d(np.arange(len(deals)), d)
    assert np.all(deals["source"][without] == AT_START), (
        "every deal but those the customer had from the start has a step"
    )
    # the customer has had them since before the start: they wait for his first answer, or it ended them
    assert np.all(np.isin(deals["state"][without], (CUSTOMER, WON, LOST, NO_DECISION, DISQUALIFIED)))
    spent = np.bincount(steps["deal"], weights=steps["hours"], minlength=len(deals))
    assert np.all(spent <= deals["hours"] + 1e-9), "a deal costs its work, and the way"


def calendar_hours(run: Run) -> NDArray[np.float64]:
    """Selling hours of each rep in each month, from the calendar."""
    world = run.world
    total = world["hours"]["total"].reshape(-1, int(world["settings"]["n_days"][0]) + 1)[world["reps"]["calendar"]]
    ends = world["months"]["ends"].astype(np.int64)
    return np.diff(total[:, np.append(0, ends)], axis=1)


def worked(run: Run, r: NDArray[np.int64], t: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the selling hours of reps `r` from the start to times `t`, from the calendar alone."""
    settings = run.world["settings"][0]
    days = int(settings["n_days"]) + 1
    total = run.world["hours"]["total"].reshape(-1, days)
    day = np.clip(t.astype(np.int64), 0, days - 2)
    row = run.world["reps"]["calendar"][r]
    part = np.clip((t - day - settings["opens"]) / settings["day_length"], 0.0, 1.0)
    return total[row, day] + part * (total[row, day + 1] - total[row, day])


def activities(
    run: Run,
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Return all that reps did, as (rep, begin, on the spot from, end) in their own hours and whether it was a call.

    Only for runs without a grid and with recorded calls: a call's beginning is its end less its hours.
    """
    world, until = run.world, float(run.world["settings"]["until"][0])
    steps, relations, reps, calls = world.used("steps"), world.used("relations"), world["reps"], world.used("calls")
    pair = relations["account"] * len(reps) + relations["rep"]
    order = np.argsort(pair)
    began = steps[steps["started"] >= 0]
    account = world.used("deals")["account"][began["deal"]]
    row = order[np.searchsorted(pair[order], account * len(reps) + began["rep"])]
    way = relations["travel"][row] * world["stages"]["visit"][began["stage"]]
    begin = worked(run, began["rep"], began["started"])
    end = worked(run, began["rep"], np.where(began["finished"] < 0, until, began["finished"]))
    done = began["finished"] >= 0
    assert np.allclose((end - begin)[done], (way + began["hours"])[done], atol=1e-6), (
        "a step takes the hours it needs, of its rep's time"
    )
    call_end = worked(run, calls["rep"], calls["at"])
    call_way = relations["travel"][calls["relation"]]
    call_begin = call_end - calls["hours"] - call_way
    busy = np.flatnonzero(reps["doing"] == ON_CALL)
    last = relations[reps["subject"][busy]]
    at_last = worked(run, busy, last["called"])
    rep = np.concatenate([began["rep"], calls["rep"], busy])
    begin = np.concatenate([begin, call_begin, at_last])
    way = np.concatenate([way, call_way, last["travel"]])
    end = np.concatenate([end, call_end, worked(run, busy, np.full(len(busy), until))])
    kind = np.repeat([0, 1], [len(began), len(calls) + len(busy)])
    return rep, begin, np.minimum(begin + way, end), end, kind


def check_time(run: Run) -> None:
    """Travel + deals + calls + idle = calendar hours for each rep and month, idle never negative; and no hour twice.

    Without a grid the diary is written anew from the steps and calls, each an interval of its rep's own hours, cut at
    the ends of months: the way first, then the work.
    """
    world, months = run.world, run.months
    diary, hours = world["diary"].reshape(-1, months), calendar_hours(run)
    assert all(np.all(diary[name] >= 0) for name in ("deal_hours", "call_hours", "travel_hours", "km", "calls"))
    idle = hours - (diary["deal_hours"] + diary["call_hours"] + diary["travel_hours"])
    assert np.all(idle >= -1e-6), "nobody works longer than the month has hours"
    calls, relations = world.used("calls"), world.used("relations")
    assert len(calls) == relations["calls"].sum() == diary["calls"].sum()
    assert np.array_equal(relations["rep"][calls["relation"]], calls["rep"])
    assert np.array_equal(relations["account"][calls["relation"]], calls["account"])
    assert np.all(np.diff(calls["at"]) >= 0)
    steps = world.used("steps")[world.used("steps")["finished"] >= 0]
    tie = {(int(row["account"]), int(row["rep"])): float(row["km"]) for row in relations}
    account = world.used("deals")["account"][steps["deal"]]
    visits = sum(
        tie[int(a), int(r)] * float(world["stages"]["visit"][s])
        for a, r, s in zip(account, steps["rep"], steps["stage"], strict=True)
    )
    assert diary["km"].sum() == pytest.approx(visits + (relations["calls"] * relations["km"]).sum(), rel=1e-9)
    if float(world["settings"]["grid"][0]) > 0.0:
        return
    rep, begin, there, end, kind = activities(run)
    assert np.all(end >= begin - 1e-9)
    order = np.lexsort((begin, rep))
    order = order[(end - begin)[order] > 1e-9]  # what takes no time can be done at any moment
    same = np.diff(rep[order]) == 0
    overlap = (end[order][:-1] - begin[order][1:])[same]
    assert np.all(overlap <= 1e-6), f"nobody does two things at once: {overlap.max()} hours"
    bounds = np.append(0.0, world["months"]["ends"])
    edges = np.array([worked(run, np.arange(len(world["reps"])), np.full(len(world["reps"]), t)) for t in bounds])
    for m in range(months):
        low, high = edges[m][rep], edges[m + 1][rep]
        on_the_way = np.clip(there, low, high) - np.clip(begin, low, high)
        at_work = np.clip(end, low, high) - np.clip(there, low, high)
        for column, which, what in (
            ("deal_hours", kind == 0, at_work),
            ("call_hours", kind == 1, at_work),
            ("travel_hours", kind >= 0, on_the_way),
        ):
            written = np.bincount(rep[which], weights=what[which], minlength=len(diary))
            assert np.allclose(written, diary[column][:, m], atol=1e-5), (column, m)


def check_presence(run: Run) -> None:
    """Every hour of every seat is accounted for: at work, idle, or nobody there; and nobody works who is not there."""
    world, months = run.world, run.months
    diary, hours = world["diary"].reshape(-1, months), calendar_hours(run)
    spent = sum(diary[name] for name in ("deal_hours", "call_hours", "travel_hours", "training_hours"))
    assert np.all(spent <= diary["present_hours"] + 1e-6)
    assert np.all(diary["present_hours"] <= hours + 1e-6)
    careers, until = world.used("careers"), float(world["settings"]["until"][0])
    order = np.argsort(careers["at"], kind="stable")
    assert np.array_equal(order, np.arange(len(order))), "careers are written down as they happen"
    days = np.zeros(len(world["reps"]))
    began = np.where(is_there_at_start(run), 0.0, np.nan)
    for row in careers:
        r = int(row["rep"])
        if row["kind"] == STARTED and np.isnan(began[r]):
            began[r] = row["at"]
        elif row["kind"] in (QUIT_JOB, DISMISSED, LAID_OFF):
            days[r] += row["at"] - began[r]
            began[r] = np.nan
    assert np.array_equal(~np.isnan(began), world["reps"]["present"] == 1)
    days += np.where(np.isnan(began), 0.0, until - np.nan_to_num(began))
    assert np.allclose(diary["present_days"].sum(axis=1), days, atol=1e-6)


def is_there_at_start(run: Run) -> NDArray[np.bool_]:
    start = build_world(run.market, run.plan, run.months)
    return start["reps"]["present"] != ABSENT


def check_diligence(run: Run) -> None:
    """Nobody idles in working hours while a deal waits in his queue, or in the pool of his group."""
    world, until = run.world, float(run.world["settings"]["until"][0])
    if float(world["settings"]["grid"][0]) > 0.0:
        return
    rep, begin, _, end, _ = activities(run)
    steps, deals, reps = world.used("steps"), world.used("deals"), world["reps"]
    waited = np.where(steps["started"] >= 0, steps["started"], np.where(steps["left"] >= 0, steps["left"], until))
    pooled = np.zeros(len(steps), dtype=bool)
    if run.plan.routing == "pool":
        pooled = (deals["source"][steps["deal"]] == INQUIRY) & (steps["stage"] == 0)
    for r in range(len(reps)):
        mine = (rep == r) & (end - begin > 1e-9)
        order = np.argsort(begin[mine], kind="stable")
        b, e = begin[mine][order], end[mine][order]
        total = np.cumsum(e - b)
        where, done = (
            np.append(0.0, np.column_stack([b, e]).ravel()),
            np.append(0.0, np.column_stack([total - (e - b), total]).ravel()),
        )
        asked = np.where(pooled, reps["group"][steps["rep"]] == reps["group"][r], steps["rep"] == r)
        who = np.full(int(asked.sum()), r)
        since, to = worked(run, who, np.maximum(steps["entered"][asked], 0.0)), worked(run, who, waited[asked])
        idle = (to - since) - (np.interp(to, where, done) - np.interp(since, where, done))
        assert np.all(idle <= 1e-4), f"{run.world.names.reps[r]} idles for {idle.max()} hours while a deal waits"


def chain(start: int, following: NDArray[np.int64]) -> list[int]:
    found: list[int] = []
    while start >= 0:
        assert len(found) <= len(following), "a chain bites its tail"
        found.append(start)
        start = int(following[start])
    return found


def check_queues(run: Run) -> None:
    """Every waiting deal stands in exactly one queue, that of its rep or pool; the counts of waiting are right."""
    world = run.world
    deals, reps, groups = world.used("deals"), world["reps"], world["groups"]
    pooled = bool(world["settings"]["pooled"][0])  # as it is in the end
    standing: list[int] = []
    for r in range(len(reps)):
        queue = chain(int(reps["first_deal"][r]), deals["next"])
        assert len(queue) == reps["waiting"][r]
        assert np.all(deals["rep"][queue] == r)
        standing += queue
    for g in range(len(groups)):
        queue = chain(int(groups["first_deal"][g]), deals["next"])
        assert len(queue) == groups["waiting"][g]
        assert not queue or pooled
        assert np.all(reps["group"][deals["rep"][queue]] == g)
        assert np.all((deals["source"][queue] == INQUIRY) & (deals["stage"][queue] == 0))
        standing += queue
    assert len(set(standing)) == len(standing), "nobody stands in two queues"
    waiting = np.flatnonzero(deals["state"] == WAITING)
    assert set(waiting) <= set(standing), "nobody waits outside a queue"
    overdue = sorted(set(standing) - set(waiting))
    assert np.all(np.isin(deals["state"][overdue], (EXPIRED, NO_DECISION))), "the rest of a queue gave up unseen"
    for r in range(len(reps)):
        members = chain(int(reps["first_relation"][r]), world.used("relations")["next_of_rep"])
        assert np.all(world["relations"]["rep"][members] == r)
        doing, subject = int(reps["doing"][r]), int(reps["subject"][r])
        assert (doing in (NOTHING, ON_TRAINING)) == (subject < 0)
        if doing == ON_DEAL:
            assert (deals["state"][subject], deals["rep"][subject]) == (WORKING, r)
        if doing == ON_CALL:
            assert world["relations"]["rep"][subject] == r
    assert (deals["state"] == WORKING).sum() == (reps["doing"] == ON_DEAL).sum()


def check_owners(run: Run) -> None:
    """Every account and product has an owner who exists, and a relation to him; each pair has one relation."""
    world = run.world
    covers, relations = world["covers"], world.used("relations")
    n_r = len(world["reps"])
    assert np.all((covers["owner"] >= 0) & (covers["owner"] < n_r))
    assert np.array_equal(relations["rep"][covers["relation"]], covers["owner"])
    assert np.array_equal(relations["account"][covers["relation"]], covers["account"])
    assert np.array_equal(np.bincount(covers["relation"], minlength=len(relations)), relations["covers"])
    pairs = relations["account"] * n_r + relations["rep"]
    assert len(np.unique(pairs)) == len(pairs)
    owners = [len(set(covers["owner"][covers["account"] == a].tolist())) for a in range(len(world["accounts"]))]
    assert owners == world["accounts"]["reps"].tolist()
    deals = world.used("deals")
    assert np.all((deals["rep"] >= 0) & (deals["rep"] < n_r))
    for table, column in (("skill", "level"), ("insight", "level"), ("relations", "level")):
        level = world.used(table)[column]
        assert np.all((level >= 0) & (level <= 1 + 1e-12)), table
    assert np.all(covers["goodwill"] >= 0)


def check_order(run: Run) -> None:
    """Whatever a rep begins is the most urgent of what waits for him and in his pool, by the weights of the plan."""
    world, plan = run.world, run.plan
    steps, deals, products = world.used("steps"), world.used("deals"), world["products"]
    mean_price = float(world["settings"]["mean_price"][0])
    deal = deals[steps["deal"]]
    focus = np.array([plan.focus.get(name, 0.0) for name in world.names.products])[deal["product"]]
    fixed = plan.stage_weight * steps["stage"] + plan.value_weight * deal["value"] / mean_price + focus
    assert len(focus) == 0 or np.array_equal(focus, products["focus"][deal["product"]])
    pooled = (deal["source"] == INQUIRY) & (steps["stage"] == 0) & (plan.routing == "pool")
    group = world["reps"]["group"][steps["rep"]]
    gone = np.where(steps["started"] >= 0, steps["started"], np.where(steps["left"] >= 0, steps["left"], np.inf))
    for i in np.flatnonzero(steps["started"] >= 0):
        t = steps["started"][i]
        reach = np.where(pooled, group == group[i], steps["rep"] == steps["rep"][i])
        there = reach & (steps["entered"] < t) & (gone > t)
        urgency = fixed[there] + plan.wait_weight * (t - steps["entered"][there])
        chosen = fixed[i] + plan.wait_weight * (t - steps["entered"][i])
        assert urgency.max(initial=-np.inf) <= chosen + 1e-9 * (1 + abs(chosen))


def check_memory(run: Run, start: World) -> None:
    """Skill, insight, goodwill and ties are what the recorded work and calls leave behind, retold event by event.

    A share of what is missing is learned with each hour of work or call; all fade between events; a call adds one to
    goodwill and a share of what is missing to the tie. `start` is the world before the run.
    """
    world, know, bond, pull = run.world, run.market.knowledge, run.market.relationship, run.market.demand
    steps, calls, deals = world.used("steps"), world.used("calls"), world.used("deals")
    covers, accounts = world["covers"], world["accounts"]
    n_p, n_g = len(world["products"]), len(world.names.segments)
    level = {
        "skill": start["skill"]["level"].copy(),
        "insight": start["insight"]["level"].copy(),
        "goodwill": start["covers"]["goodwill"].copy(),
        "relations": np.zeros(len(world.used("relations"))),
    }
    level["goodwill"] *= np.where(start["covers"]["moved"] == 1, bond.goodwill_kept, 1.0)
    ties = start.used("relations")
    lost = (1.0 - bond.relation_kept) * (1.0 + bond.match_effect * (1.0 - 2.0 * ties["likeness"]))
    heir = ties["predecessor"] * (1.0 - np.minimum(lost, 1.0)) + bond.revival * (1.0 - ties["predecessor"]) ** 4
    known = ties["predecessor"] < 0.0
    level["relations"][: len(ties)] = np.where(known, ties["level"], np.minimum(heir, 1.0))
    touched = {name: np.zeros(len(values)) for name, values in level.items()}
    fade = {
        "skill": know.forgetting,
        "insight": know.forgetting,
        "goodwill": pull.goodwill_fade,
        "relations": bond.relation_fade,
    }

    def change(name: str, row: int, t: float, gain: float) -> None:
        now = level[name][row] * np.exp(-fade[name] * (t - touched[name][row]))
        level[name][row] = now + (1.0 if name == "goodwill" else gain * (1.0 - now))
        touched[name][row] = t

    def practise(rep: int, product: int, account: int, hours: float, t: float) -> None:
        gain = 1.0 - np.exp(-know.learning * hours / 8.0)
        change("skill", rep * n_p + product, t, gain)
        change("insight", rep * n_g + int(accounts["segment"][account]), t, gain)

    done = steps[steps["finished"] >= 0]
    events = [(float(step["finished"]), 0, step) for step in done] + [(float(call["at"]), 1, call) for call in calls]
    for t, kind, row in sorted(events, key=lambda event: event[:2]):
        if kind == 0:
            deal = deals[row["deal"]]
            practise(int(row["rep"]), int(deal["product"]), int(deal["account"]), float(row["hours"]), t)
            continue
        change("relations", int(row["relation"]), t, bond.relation_gain)
        for c in np.flatnonzero(covers["relation"] == row["relation"]):
            change("goodwill", int(c), t, 1.0)
            practise(int(row["rep"]), int(covers["product"][c]), int(row["account"]), run.plan.call_hours, t)
    end = float(world["settings"]["until"][0])
    for name, values in level.items():
        table = covers if name == "goodwill" else world.used(name)
        found = table["goodwill" if name == "goodwill" else "level"] * np.exp(-fade[name] * (end - table["touched"]))
        assert np.allclose(found, values * np.exp(-fade[name] * (end - touched[name])), rtol=1e-9, atol=1e-12), name


def check_money(run: Run) -> None:
    """Revenue - cost = contribution; revenue by month, by tie and by deal is the same money."""
    found, world, market = measures_of(run), run.world, run.market
    deals = world.used("deals")
    won = deals[deals["state"] == WON]
    revenue = float(won["value"].sum())
    assert found["revenue"] == pytest.approx(revenue, rel=1e-12)
    check_ledger(run)
    assert run.by_month().sum() == pytest.approx(revenue, rel=1e-9)
    assert world.used("relations")["sales"].sum() == pytest.approx(revenue, rel=1e-9)
    goods = float(((1 - world["products"]["margin"][won["product"]]) * won["value"]).sum())
    years = float(world["settings"]["until"][0]) / 365.0
    managers = math.ceil(len(world["reps"]) / run.plan.management.span)
    cost = (
        run.plan.rep_cost * len(world["reps"]) * years
        + run.plan.management.manager_cost * managers * years
        + run.plan.management.commission * revenue
        + market.money.cost_per_km * float(world["diary"]["km"].sum())
        + market.money.relocation_cost * world.alignment.moved
    )
    assert found["selling_expense"] == pytest.approx(cost, rel=1e-9, abs=0.005 * len(won) + 1.0)
    assert found["contribution"] == pytest.approx(revenue - goods - cost, rel=1e-9, abs=0.02 * len(won) + 1.0)
    idle = calendar_hours(run).sum() - sum(
        float(world["diary"][c].sum()) for c in ("deal_hours", "call_hours", "travel_hours")
    )
    if calendar_hours(run).sum() > 0:
        assert found["utilisation"] == pytest.approx(1 - idle / calendar_hours(run).sum(), abs=1e-9)
    for name in ("win_rate", "win_rate_all", "travel_share", "utilisation", "territory_balance"):
        assert np.isnan(found[name]) or -1e-12 <= found[name] <= 1 + 1e-9, name
    assert found["leads"] == len(deals)
    assert found["deals_won"] + found["leads_expired"] <= found["leads"]


def check_ledger(run: Run) -> None:
    """The account adds up over every cut, to the cent; cash follows revenue and is never more than it."""
    ledger = ledger_of(run)
    total = ledger.total()
    for cut in CUTS:
        assert round(100 * float(ledger.frame(cut).loc["contribution"].sum())) == round(100 * total), cut
    assert round(100 * float(ledger.frame(*CUTS).loc["contribution"].sum())) == round(100 * total)
    assert ledger.total("revenue") == pytest.approx(run.revenue, abs=0.005 * len(run.world.used("deals")) + 0.01)
    by_month = ledger.frame("month")
    earned, paid = by_month.loc["revenue"].cumsum(), by_month.loc["cash_collected"].cumsum()
    assert np.all(paid.to_numpy() <= earned.to_numpy() + 0.011)
    months = run.world["months"]["ends"]
    assert np.allclose(ledger.contribution_by_month(), by_month.loc["contribution"].reindex(
        [label for label in ledger.names["month"]], fill_value=0.0).to_numpy(), atol=0.001), len(months)  # fmt: skip


def check(case: Case) -> None:
    """Check what holds in every world, then what holds where people stay and plans do not change."""
    run = replay(case._replace(record_calls=True))
    assert COMING not in run.world.used("deals")["state"]
    check_deals(run)
    check_steps(run)
    check_presence(run)
    check_queues(run)
    check_owners(run)
    check_ledger(run)
    case = still(case)
    run = replay(case._replace(record_calls=True))
    check_deals(run)
    check_steps(run)
    check_time(run)
    check_diligence(run)
    check_order(run)
    check_queues(run)
    check_owners(run)
    check_memory(run, build_world(case.market, case.plan, case.months, seed=case.seed))
    check_money(run)


@given(cases())
@settings(max_examples=80)
def test_random_worlds_keep_their_books(case: Case) -> None:
    check(case)


@pytest.mark.slow
@given(cases(max_months=12))
@settings(max_examples=400)
def test_many_random_worlds_keep_their_books(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("routing", ["owner", "pool"])
def test_a_busy_world_keeps_its_books(structure: str, routing: str) -> None:
    """One world in which everything happens: every end, every source, calls, travel, idle hours, queues at the end."""
    case = busy_case(structure=structure, routing=routing)
    check(case)
    deals = replay(case).world.used("deals")
    assert set(deals["source"].tolist()) == {AT_START, BY_EFFORT, SPONTANEOUS, INQUIRY, CROSS_SOLD}
    assert set(ENDS) < set(deals["state"].tolist())


@pytest.mark.parametrize("structure", STRUCTURES)
@pytest.mark.parametrize("vacancy", VACANCY_RULES)
def test_a_world_in_which_people_come_and_go_keeps_its_books(structure: str, vacancy: str) -> None:
    check(lively_case(structure, vacancy, pay=None))


@pytest.mark.parametrize("coverage", COVERAGE_RULES)
def test_nobody_is_called_on_again_before_the_gap_is_over(coverage: str) -> None:
    """From the beginning of one call to that of the next at least `call_gap` days, and not always much more."""
    market = make_market(30, 2, 2, opportunities=0.0).but(calendar=ALWAYS_OPEN)
    plan = make_plan(3, coverage=coverage, selling_time=1.0, leave=0.0, call_gap=5.0)
    run = simulate(market, plan, 4, record_calls=True)
    calls, relations = run.world.used("calls"), run.world.used("relations")
    begin = calls["at"] - (calls["hours"] + relations["travel"][calls["relation"]]) / 24.0
    order = np.lexsort((begin, calls["relation"]))
    gap = np.diff(begin[order])[np.diff(calls["relation"][order]) == 0]
    assert len(gap) > 200
    assert 5.0 - 1e-9 <= gap.min() < 6.5
