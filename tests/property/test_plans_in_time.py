"""Plans that change in time: nothing changes nothing, nothing is lost on the way, bad plans are refused in words."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from worlds import RECORD, busy_case, differences, lively_case, replay

from salessim.clocks.compiled_clock import run_compiled
from salessim.clocks.run import Run
from salessim.clocks.settle import settle
from salessim.clocks.simulate import simulate
from salessim.errors import ModelError
from salessim.model.change import Change, Trigger
from salessim.model.market import Market
from salessim.model.plan import Plan, Team
from salessim.model.presets import preset
from salessim.world.build import build_world
from salessim.world.tables import DTYPES, ENDS, EXPIRED, LOST, NEVER, NO_DECISION, REORGANISED, WAITING, WON, WORKING

OTHER = [name for name in DTYPES if name not in RECORD]
"""Tables that do not say what happened."""


def firm(**settings: Any) -> tuple[Market, Plan]:
    market, plan = preset("small")
    names = set(Market.names())
    return (
        market.but(**{name: value for name, value in settings.items() if name in names}),
        plan.but(**{name: value for name, value in settings.items() if name not in names}),
    )


# ---- changes that change nothing -------------------------------------------------------------------------------------
@pytest.mark.parametrize("waves", ["at once", "segment"])
@pytest.mark.parametrize("month", [12, 30])
def test_a_change_after_the_end_is_no_change(month: int, waves: str) -> None:
    market, plan = firm()
    later = plan.but(changes=(Change(month=month, to={"structure": "customer"}, waves=waves),))
    one, other = simulate(market, plan, 12, record_calls=True), simulate(market, later, 12, record_calls=True)
    assert not differences(one.world, other.world, OTHER)
    assert (other.world["changes"]["fired"] < 0).all()


@pytest.mark.parametrize("open_deals", ["stay", "move"])
@pytest.mark.parametrize("structure", ["territory", "product", "customer", "hybrid"])
def test_a_change_to_what_holds_already_is_no_change(structure: str, open_deals: str) -> None:
    """Where the incumbent keeps his accounts; ``best match`` and ``balance`` may well find something to improve."""
    market, plan = firm(structure=structure, turnover=0.6)
    same = Change(month=5, to={"structure": structure, "routing": plan.routing}, open_deals=open_deals)
    one = simulate(market, plan, 12, record_calls=True)
    other = simulate(market, plan.but(changes=(same,)), 12, record_calls=True)
    assert not differences(one.world, other.world, OTHER)
    assert other.world["changes"]["fired"][0] == other.world["months"]["ends"][4], "and yet it came to pass"


def test_the_same_change_to_something_else_does_change_something() -> None:
    """The tests above can fail."""
    market, plan = firm()
    for month, equal in ((5, False), (12, True)):
        later = plan.but(changes=(Change(month=month, to={"structure": "customer"}),))
        assert bool(differences(simulate(market, plan, 12).world, simulate(market, later, 12).world, OTHER)) != equal


@pytest.mark.parametrize("to", [{"structure": "customer"}, {"reps": 6}, {"prospecting": 0.5, "salary": 1.0}])
def test_a_change_at_month_zero_is_a_start(to: dict[str, Any]) -> None:
    market, plan = firm()
    at_zero = plan.but(changes=(Change(month=0, to=to),))
    one, other = simulate(market, plan.but(**to), 8), simulate(market, at_zero, 8)
    assert not differences(one.world, other.world)


@pytest.mark.parametrize("open_deals", ["stay", "move"])
@pytest.mark.parametrize("structure", ["product", "customer"])
def test_where_moving_costs_nothing_a_switch_on_the_first_day_is_a_start(structure: str, open_deals: str) -> None:
    """The change is put at time 0 in the tables, so that it goes through the rules of a switch, not through the start.

    What happened is then the same byte for byte as where the new structure holds from the start, but for the numbers of
    the rows in which ties stand. That teams must grow together anew is a cost of moving too, so cohesion is off.
    """
    market, plan = firm(turnover=0.0)
    market = settle(market, plan, 8).but(
        relation_kept=1.0, goodwill_kept=1.0, match_effect=0.0, revival=0.0, relocation_cost=0.0, turnover=0.0,
        cohesion_effect=0.0,
    )  # fmt: skip
    # a deal that waits for the customer was decided by the organisation in which it was worked on, before the switch
    market = market.but(open_deals=market.today.open_deals.where([]))
    home = np.random.default_rng(1).uniform(0, 300, (8, 2))
    team = Team({"rep": [str(name) for name in plan.team["rep"]], "x": home[:, 0], "y": home[:, 1]})
    plan = plan.but(team=team, structure="today", incumbency=1.0)
    start = simulate(market, plan.but(structure=structure, open_deals=open_deals), 8, record_calls=True)
    changed = plan.but(changes=(Change(month=1, to={"structure": structure}, open_deals=open_deals),))
    world = build_world(market, changed, 8, record_calls=True)
    world["changes"]["month"] = 0
    run_compiled(world)
    assert world["changes"]["fired"][0] == 0.0
    assert len(world.used("handovers")) > 50
    start.world["calls"]["relation"] = world["calls"]["relation"] = 0
    assert not differences(start.world, world, OTHER)


# ---- nothing is lost on the way --------------------------------------------------------------------------------------
@pytest.mark.parametrize("routing", ["owner", "pool"])
@pytest.mark.parametrize("open_deals", ["stay", "move"])
def test_a_switch_in_the_middle_of_a_queue_loses_no_deal(open_deals: str, routing: str) -> None:
    """Who waits when the plan changes is served, gives up at the end of his patience, or still waits in one line."""
    market, plan = firm(turnover=0.0, routing=routing)
    market = market.but(products=market.products.but(opportunities=9.0))
    change = Change(month=5, to={"structure": "product", "reps": 6}, open_deals=open_deals)
    short = simulate(market, plan, 5)
    run = simulate(market, plan.but(changes=(change,)), 12)
    before, after = short.world.used("deals"), run.world.used("deals")
    waiting = before[before["state"] == WAITING]["key"]
    assert len(waiting) > 30
    row = {int(key): i for i, key in enumerate(after["key"])}
    assert set(before["key"].tolist()) <= set(row), "every deal is still there"
    steps, until = run.world.used("steps"), float(run.world["settings"]["until"][0])
    for key in waiting.tolist():
        deal = after[row[key]]
        mine = steps[steps["deal"] == row[key]]
        if deal["state"] in (EXPIRED, NO_DECISION) and mine[-1]["started"] < 0:
            patience = market.demand.lead_patience if mine[-1]["stage"] == 0 else market.demand.deal_patience
            assert mine[-1]["left"] - mine[-1]["entered"] == pytest.approx(patience)
        elif deal["state"] == WAITING:
            assert until - mine[-1]["entered"] <= market.demand.deal_patience + 1e-9
        else:
            assert (mine["started"] >= 0).any()
    lines = np.concatenate([_line(run, "reps"), _line(run, "groups")])
    assert len(set(lines.tolist())) == len(lines)
    assert set(np.flatnonzero(after["state"] == WAITING).tolist()) <= set(lines.tolist())
    working = after[after["state"] == WORKING]
    assert np.all(run.world["reps"]["doing"][working["rep"]] > 0)


def _line(run: Run, table: str) -> np.ndarray[Any, Any]:
    following, found = run.world.used("deals")["next"], []
    for first in run.world[table]["first_deal"].tolist():
        d = int(first)
        while d >= 0:
            found.append(d)
            d = int(following[d])
    return np.array(found, dtype=np.int64)


@pytest.mark.parametrize("keep", ["incumbent", "balance"])
@pytest.mark.parametrize("to", [{"structure": "customer"}, {"structure": "product", "reps": 10}, {"reps": 5}])
def test_a_phased_plan_ends_where_the_plan_at_once_ends(to: dict[str, Any], keep: str) -> None:
    """Waves by segment, with or without a pilot, only change when; the owners of all accounts end up the same."""
    market, plan = firm(turnover=0.0)

    def ended(**fields: Any) -> Run:
        return simulate(market, plan.but(changes=(Change(month=3, to=to, keep=keep, **fields),)), 14)

    at_once = ended()
    for phased in (
        ended(waves="segment", wave_months=2),
        ended(waves="segment", pilot="segment 2", pilot_months=4),
        ended(waves="region"),
    ):
        assert np.array_equal(at_once.world["covers"]["owner"], phased.world["covers"]["owner"])
        assert np.array_equal(at_once.world["reps"]["open"], phased.world["reps"]["open"])
    handed = at_once.world.used("handovers")
    assert (handed["reason"] == REORGANISED).sum() > 20


# ---- triggers --------------------------------------------------------------------------------------------------------
def told_by_pandas(run: Run, measure: str, below: float, months: int, region: str = "") -> float:
    """Work out from the table of deals, as an analyst of the CRM would, when the sign was there; -1 where never."""
    deals = pd.DataFrame(run.world.used("deals"))
    regions = run.world.names.regions
    where = run.world["accounts"]["region"]
    part = 1.0
    if region:
        deals = deals[where[deals["account"]] == regions.index(region)]
        part = float(run.world["regions"]["share"][regions.index(region)])
    ends = run.world["months"]["ends"]
    target = run.plan.target
    streak = 0
    for m, end in enumerate(ends):
        begin = ends[m - 1] if m else 0.0
        entered = deals[(deals["recorded"] >= begin) & (deals["recorded"] < end) & (deals["closed"] >= 0)]
        won, lost = entered[entered["state"] == WON], entered[entered["state"] == LOST]
        if measure == "attainment":
            seen = won["value"].sum() / (target / 12.0 * part)
        elif measure == "win_rate":
            seen = len(won) / (len(won) + len(lost)) if len(won) + len(lost) else 1.0
        else:
            known = deals[deals["created"] < end]
            still = known[(known["closed"] < 0) | (known["recorded"] >= end) | (known["closed"] >= end)]
            seen = still["value"].sum() / (target / 4.0 * part)
        streak = streak + 1 if seen < below else 0
        if streak == months:
            return float(end) if m + 1 < len(ends) else -1.0
    return -1.0


SIGNS = (
    ("attainment", 0.9), ("attainment", 0.7), ("win_rate", 0.36), ("win_rate", 0.3), ("pipeline_coverage", 1.4),
    ("pipeline_coverage", 1.9),
)  # fmt: skip


@cache
def settled() -> tuple[Market, Plan]:
    """Return a firm with a past, so that its first months are like the others, with two regions and a poor record."""
    market, plan = firm(record_delay=8.0, record_missing=0.1, target=12e6)
    places = np.where(np.arange(150) % 3 == 0, "north", "south")
    return settle(market.but(accounts=market.accounts.but(region=places)), plan, 12), plan


@pytest.mark.parametrize(("measure", "below"), SIGNS)
@pytest.mark.parametrize("region", ["", "north"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_trigger_fires_when_the_record_says_so(measure: str, below: float, region: str, seed: int) -> None:
    """The record up to the change is that of the plan that never changes, so it is read from a run of that."""
    market, plan = settled()
    for months in (1, 2):
        sign = Trigger(measure=measure, below=below, months=months, region=region)
        changing = plan.but(changes=(Change(when=sign, to={"structure": "customer"}),))
        run, constant = simulate(market, changing, 14, seed=seed), simulate(market, plan, 14, seed=seed)
        expected = told_by_pandas(constant, measure, below, months, region)
        assert run.world["changes"]["fired"][0] == expected
        if expected >= 0:
            given = run.world.used("handovers")
            assert given["at"][given["reason"] == REORGANISED].min() == expected


def test_triggers_fire_at_all_and_at_different_times() -> None:
    """The test above compares something: some fire soon, some late, some never."""
    market, plan = settled()
    runs = [simulate(market, plan, 14, seed=seed) for seed in (1, 2, 3)]
    fired = [told_by_pandas(run, *sign, months) for run in runs for sign in SIGNS for months in (1, 2)]
    assert len(set(fired)) >= 6
    assert -1.0 in fired


def test_what_is_never_recorded_is_never_read() -> None:
    """Where nothing reaches the CRM attainment is zero, and the trigger fires at once, whatever the truth."""
    market, plan = firm(record_missing=1.0, target=1.0)
    sign = Change(when=Trigger(measure="attainment", below=0.5, months=3), to={"prospecting": 0.3})
    run = simulate(market, plan.but(changes=(sign,)), 8)
    deals = run.world.used("deals")
    assert np.all(deals["recorded"][np.isin(deals["state"], ENDS)] >= NEVER)
    assert run.world["changes"]["fired"][0] == run.world["months"]["ends"][2]


def test_in_a_lively_world_the_changes_come_to_pass() -> None:
    world = replay(lively_case()).world
    assert world["changes"]["fired"][0] == world["months"]["ends"][1]
    assert world["changes"]["fired"][1] > world["changes"]["fired"][0]


# ---- bad plans -------------------------------------------------------------------------------------------------------
BAD: dict[str, tuple[Any, str]] = {
    "before the start": (lambda: Change(month=-1, to={"reps": 3}), "before the start"),
    "neither date nor sign": (lambda: Change(to={"reps": 3}), "month or a trigger"),
    "both date and sign": (lambda: Change(month=1, when=Trigger(), to={"reps": 3}), "month or a trigger"),
    "nothing changes": (lambda: Change(month=1, to={}), "changes nothing"),
    "pilot without waves": (lambda: Change(month=1, to={"reps": 3}, pilot="segment 1"), "needs waves"),
    "measure that does not exist": (lambda: Trigger(measure="attainmnet"), "Did you mean 'attainment'"),
    "negative months": (lambda: Trigger(months=0), "months"),
    "nobody left": (lambda: firm(changes=(Change(month=2, to={"reps": 0}),)), "needs somebody"),
    "more leavers than people": (lambda: firm(changes=(Change(month=2, to={"reps": -3}),)), "needs somebody"),
    "setting of the whole run": (
        lambda: firm(changes=(Change(month=2, to={"selling_time": 0.5}),)), "cannot change on the way",
    ),
    "team of the whole run": (lambda: firm(changes=(Change(month=2, to={"team": None}),)), "cannot change on the way"),
    "out of order": (
        lambda: firm(changes=(Change(month=5, to={"reps": 6}), Change(month=2, to={"reps": 7}))), "not in the order",
    ),
    "trigger before a date": (
        lambda: firm(changes=(Change(when=Trigger(measure="win_rate"), to={"reps": 6}),
                              Change(month=2, to={"reps": 7}))), "not in the order",
    ),
    "no target": (lambda: firm(changes=(Change(when=Trigger(), to={"reps": 6}),)), "company target"),
    "setting that does not exist": (
        lambda: firm(changes=(Change(month=2, to={"structur": "customer"}),)), "structur",
    ),
    "structure that does not exist": (
        lambda: firm(changes=(Change(month=2, to={"structure": "matrix"}),)), "no such structure",
    ),
    "a setting of the market": (lambda: firm(changes=(Change(month=2, to={"turnover": 0.1}),)), "turnover"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_plan_is_refused_in_words(case: str) -> None:
    make, words = BAD[case]
    with pytest.raises(ModelError, match=words):
        make()


@pytest.mark.parametrize(("waves", "pilot"), [("segment", "segment 9"), ("region", "nowhere"), ("region", "segment 1")])
def test_a_pilot_that_does_not_exist_is_refused_in_words(waves: str, pilot: str) -> None:
    market, plan = firm(changes=(Change(month=2, to={"structure": "customer"}, waves=waves, pilot=pilot),))
    with pytest.raises(ModelError, match="pilot must be a"):
        simulate(market, plan, 6)


def test_a_trigger_in_a_region_that_does_not_exist_is_refused_in_words() -> None:
    sign = Trigger(measure="win_rate", region="nowhere")
    market, plan = firm(changes=(Change(when=sign, to={"structure": "customer"}),))
    with pytest.raises(ModelError, match="region"):
        simulate(market, plan, 6)


def test_the_busy_case_is_unlike_the_quiet_one() -> None:
    """A plan with a change has its tables of changes; one without has none."""
    assert len(replay(busy_case()).world["changes"]) == 0
    assert len(replay(lively_case()).world["changes"]) == 2
