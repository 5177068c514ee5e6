"""Every lever of people, plans in time, money and record moves what it should, the right way; at its zero, nothing.

Each lever is set low and high in the same world with the same luck, in ten paired replications. The mean difference
must have the right sign and be at least three of its standard errors from zero, so a lever that does nothing passes
with probability 0.007 and one that works the wrong way never.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
from worlds import RECORD, busy_case, differences, lively_case, replay

from salessim.clocks.compiled_clock import run_compiled
from salessim.clocks.run import Run
from salessim.ledger import ledger_of
from salessim.measures import measures_of
from salessim.model.change import Change, Trigger
from salessim.model.management import Management
from salessim.model.market import Market
from salessim.model.mechanisms import Money, Record
from salessim.model.people import People
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.world.build import build_world
from salessim.world.random import seed_key
from salessim.world.tables import DISMISSED, DTYPES, NEVER, ON_TRAINING, PROMOTED, QUIT_JOB, STARTED, WON

Read = Callable[[Run], float]
_MONTHS, _TIMES = 14, range(10)


class Lever(NamedTuple):
    """A lever: its low and high setting, what it moves (up 1, down -1), and what the world needs beside."""

    low: Any
    high: Any
    read: Read
    sign: int
    beside: dict[str, Any]


def measured(name: str) -> Read:
    return lambda run: measures_of(run)[name]


def line(name: str) -> Read:
    """Return the cost of a line of the account."""
    return lambda run: -ledger_of(run).total(name)


def careers(*kinds: int) -> Read:
    return lambda run: float(np.isin(run.world.used("careers")["kind"], kinds).sum())


def level(table: str, column: str) -> Read:
    return lambda run: float(run.world.used(table)[column].mean())


def rate_of_pace(statistic: Callable[[Any], Any]) -> Read:
    def read(run: Run) -> float:
        rate = run.world["reps"]["pace_rate"]
        return float(statistic(1.0 / rate[rate > 0.0])) if (rate > 0.0).any() else 0.0

    return read


def slowness(run: Run) -> float:
    """Return the hours per finished step over the whole funnel: what a slow pace makes longer."""
    steps = run.world.used("steps")
    return float(steps["hours"][steps["finished"] >= 0].mean())


def length_of_vacancies(statistic: Callable[[Any], Any]) -> Read:
    def read(run: Run) -> float:
        rows = run.world.used("careers")
        gone: dict[int, float] = {}
        lengths = []
        for row in rows:
            if row["kind"] in (QUIT_JOB, DISMISSED):
                gone[int(row["rep"])] = float(row["at"])
            elif row["kind"] == STARTED and int(row["rep"]) in gone:
                lengths.append(float(row["at"]) - gone.pop(int(row["rep"])))
        return float(statistic(lengths)) if len(lengths) > 1 else 0.0

    return read


def spread_of_talent(run: Run) -> float:
    return float(run.world["reps"]["talent"].std())


def recorded_late(run: Run) -> float:
    deals = run.world.used("deals")
    known = deals[(deals["closed"] >= 0) & (deals["recorded"] < NEVER)]
    return float((known["recorded"] - known["closed"]).mean())


def never_recorded(run: Run) -> float:
    deals = run.world.used("deals")
    return float((deals["recorded"][deals["closed"] >= 0] >= NEVER).mean())


def days_to_payment(statistic: Callable[[Any], Any]) -> Read:
    def read(run: Run) -> float:
        won = run.world.used("deals")
        won = won[(won["state"] == WON) & (won["paid"] < NEVER)]
        return float(statistic(won["paid"] - won["closed"]))

    return read


def handed(column: str) -> Read:
    return lambda run: float(run.world.used("handovers")[column].mean())


def knowledge(run: Run) -> float:
    return level("skill", "level")(run) + level("insight", "level")(run)


_BUSY: dict[str, Any] = {"turnover": 1.0}
"""A world in which many leave, so that what happens to leavers and their successors shows."""
_SWITCH: dict[str, Any] = {
    "turnover": 0.0, "changes": (Change(month=6, to={"structure": "customer"}, keep="balance"),),
}  # fmt: skip
_APPRAISED: dict[str, Any] = {"appraisal_months": 3, "exit_share": 0.2, "promotion_share": 0.2}

LEVERS: dict[str, Lever] = {
    # people
    "fill_time": Lever(0.0, 90.0, measured("headcount"), -1, _BUSY),
    "fill_spread": Lever(0.0, 1.5, length_of_vacancies(np.std), 1, {**_BUSY, "turnover": 3.0, "fill_time": 30.0}),
    "ramp_time": Lever(0.0, 9.0, slowness, 1, _BUSY),
    "ramp_spread": Lever(0.0, 1.0, rate_of_pace(np.std), 1, _BUSY),
    "ramp_start": Lever(0.1, 0.8, slowness, -1, _BUSY),
    "talent_spread": Lever(0.0, 0.5, spread_of_talent, 1, {}),
    "turnover": Lever(0.0, 0.35, measured("turnover"), 1, {}),
    "turnover_attainment": Lever(0.0, 1.0, measured("turnover"), -1, _BUSY),
    "turnover_pay": Lever(0.0, 2.0, measured("turnover"), 1, {**_BUSY, "outside_pay": 300_000.0}),
    "turnover_peers": Lever(0.0, 5.0, measured("turnover"), 1, {**_BUSY, "turnover": 0.6}),
    "turnover_tenure": Lever(0.0, 2.0, measured("turnover"), 1, _BUSY),
    "outside_pay": Lever(90_000.0, 300_000.0, measured("turnover"), 1, _BUSY),
    "training_effect": Lever(0.0, 0.3, knowledge, 1, {"training_days": 20.0}),
    "coaching_effect": Lever(0.0, 1.0, measured("win_rate_all"), 1, {"turnover": 0.0, "coaching_share": 0.4}),
    "coaching_half": Lever(0.5, 5.0, level("reps", "coached"), -1, {}),
    "coaching_reference": Lever(0.0, 1.0, measured("win_rate_all"), -1, {"turnover": 0.0, "coaching_effect": 1.0}),
    "cohesion_effect": Lever(
        0.0, 0.6, measured("turnover"), -1, {"turnover": 0.8, "team_days": 12.0, "cohesion_gain": 1.0, "fill_time": 0.0}
    ),
    "cohesion_gain": Lever(0.0, 0.3, level("groups", "cohesion"), 1, {"team_days": 8.0}),
    "cohesion_fade": Lever(0.0, 0.1, level("groups", "cohesion"), -1, {}),
    "feedback_gain": Lever(0.0, 0.15, knowledge, 1, {"appraisal_months": 3, "turnover": 0.0}),
    # management
    "salary": Lever(60_000.0, 240_000.0, line("salaries"), 1, {"turnover": 0.0}),
    "commission": Lever(0.0, 0.1, line("commission"), 1, {"turnover": 0.0}),
    "tools_cost": Lever(0.0, 40_000.0, line("tools"), 1, {}),
    "overhead_cost": Lever(0.0, 100_000.0, line("overhead"), 1, {}),
    "span": Lever(2.0, 8.0, line("management"), -1, {}),
    "manager_cost": Lever(0.0, 400_000.0, line("management"), 1, {}),
    "coaching_share": Lever(0.0, 0.4, level("reps", "coached"), 1, {}),
    "leading_hours": Lever(2.0, 15.0, level("reps", "coached"), -1, {"coaching_share": 0.4}),
    "recruiting_hours": Lever(0.0, 100.0, level("reps", "coached"), -1, {**_BUSY, "turnover": 3.0, "fill_time": 120.0}),
    "vacancy": Lever("hold", "colleagues", measured("leads_expired"), -1, {**_BUSY, "fill_time": 120.0}),
    "training_days": Lever(0.0, 20.0, measured("training_hours"), 1, {}),
    "trained": Lever("new", "everybody", measured("training_hours"), 1, {"training_days": 10.0}),
    "onboarding_days": Lever(0.0, 30.0, measured("training_hours"), 1, _BUSY),
    "training_cost": Lever(0.0, 5_000.0, line("training"), 1, {}),
    "hiring_cost": Lever(5_000.0, 100_000.0, line("hiring"), 1, _BUSY),
    "team_days": Lever(0.0, 12.0, level("groups", "cohesion"), 1, {}),
    "appraisal_months": Lever(12, 3, careers(PROMOTED), 1, {**_APPRAISED, "turnover": 0.0, "exit_share": 0.0}),
    "exit_share": Lever(0.0, 0.2, careers(DISMISSED), 1, {**_APPRAISED, "turnover": 0.0}),
    "promotion_share": Lever(0.0, 0.3, careers(PROMOTED), 1, {**_APPRAISED, "turnover": 0.0}),
    "promotion_raise": Lever(0.0, 0.3, line("salaries"), 1, {**_APPRAISED, "turnover": 0.0}),
    # relationship
    "relation_kept": Lever(0.0, 1.0, handed("level_after"), 1, _SWITCH),
    "match_effect": Lever(0.0, 1.0, handed("level_after"), 1, {**_SWITCH, "relation_kept": 0.5}),
    "goodwill_kept": Lever(0.0, 1.0, measured("leads"), 1, _SWITCH),
    "revival": Lever(0.0, 0.3, handed("level_after"), 1, _SWITCH),
    # money
    "cost_per_km": Lever(0.0, 0.6, line("travel"), 1, {}),
    "relocation_cost": Lever(0.0, 1_000.0, line("handover"), 1, _SWITCH),
    "payment_delay": Lever(0.0, 120.0, measured("cash_collected"), -1, {}),
    "payment_spread": Lever(0.0, 1.5, days_to_payment(np.std), 1, {}),
    "bad_debt": Lever(0.0, 0.3, measured("cash_collected"), -1, {}),
    # record
    "record_delay": Lever(0.0, 20.0, recorded_late, 1, {}),
    "record_missing": Lever(0.0, 0.3, never_recorded, 1, {}),
}


@cache
def _firm() -> tuple[Market, Plan]:
    return preset("small")


def runs(settings: dict[str, Any], months: int = _MONTHS) -> list[Run]:
    """Run the small firm with these settings of market or plan, whichever knows them."""
    market, plan = _firm()
    names = set(Market.names())
    market = market.but(**{name: value for name, value in settings.items() if name in names})
    plan = plan.but(**{name: value for name, value in settings.items() if name not in names})
    start = build_world(market, plan, months, seed=41)
    found = []
    for k in _TIMES:
        world = start.copy(seed_key(41, k))
        run_compiled(world)
        found.append(Run(market, plan, months, world))
    return found


def difference(low: list[Run], high: list[Run], read: Read) -> tuple[float, float]:
    """Return mean paired difference (high less low) and its standard error."""
    gap = np.array([read(b) - read(a) for a, b in zip(low, high, strict=True)])
    return float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap)))


@pytest.mark.parametrize("name", LEVERS)
def test_a_lever_moves_its_measure_the_right_way(name: str) -> None:
    lever = LEVERS[name]
    low, high = (runs({**lever.beside, name: value}) for value in (lever.low, lever.high))
    mean, error = difference(low, high, lever.read)
    assert lever.sign * mean > 0.0, f"{name}: {mean:.4g} +- {error:.4g}"
    assert abs(mean) >= 3.0 * error, f"{name}: {mean:.4g} +- {error:.4g}"


WITH_PAY = {"entry_pay", "outside_talent", "write_off"}
"""Levers of pay and of whom it keeps, tested there: literature/test_simulated_selection.py, pay/test_settlement.py."""


def test_no_lever_is_forgotten() -> None:
    parts = (People, Management, Money, Record)
    names = {name for part in parts for name in part.model_fields} - WITH_PAY
    assert names <= set(LEVERS), names - set(LEVERS)


# ---- at zero ---------------------------------------------------------------------------------------------------------
NOTHING_BEHIND: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # dial at its zero: what then moves nothing of what happened
    "ramp_time": ({"ramp_time": 0.0}, {"ramp_spread": 1.0, "ramp_start": 0.1}),
    "ramp_start": ({"ramp_start": 1.0}, {"ramp_time": 9.0, "ramp_spread": 1.0}),
    "fill_time": ({"fill_time": 0.0}, {"fill_spread": 1.0}),
    "turnover_pay": ({"turnover_pay": 0.0}, {"outside_pay": 300_000.0}),
    "coaching_effect": ({"coaching_effect": 0.0}, {"coaching_half": 5.0, "coaching_reference": 1.0, "span": 3.0}),
    "cohesion_effect": ({"cohesion_effect": 0.0}, {"cohesion_gain": 0.3, "cohesion_fade": 0.1}),
    "team_days": ({"team_days": 0.0}, {"cohesion_gain": 0.3}),
    "training": (
        {"training_days": 0.0, "onboarding_days": 0.0, "team_days": 0.0, "changes": ()},
        {"training_effect": 0.3, "trained": "weak", "training_cost": 5_000.0},
    ),
    "appraisal": (
        {"appraisal_months": 0},
        {"exit_share": 0.2, "promotion_share": 0.3, "promotion_raise": 0.3, "feedback_gain": 0.15},
    ),
    "promotion_share": ({"promotion_share": 0.0}, {"promotion_raise": 0.3}),
    "turnover": (
        {"turnover": 0.0, "exit_share": 0.0, "changes": ()},
        {"fill_time": 90.0, "fill_spread": 1.0, "vacancy": "hold", "hiring_cost": 1.0, "recruiting_hours": 0.0},
    ),
    "payment_delay": ({"payment_delay": 0.0}, {"payment_spread": 1.5}),
}


@pytest.mark.parametrize("dial", NOTHING_BEHIND)
def test_behind_a_lever_at_zero_nothing_moves_anything(dial: str) -> None:
    """Deals, steps, calls and diary of a world in which people come and go and the plan changes, byte for byte."""
    off, behind = NOTHING_BEHIND[dial]
    case = lively_case("product", pay=None)
    names = set(Market.names())

    def world_of(settings: dict[str, Any]) -> Any:
        mine = {name: value for name, value in settings.items() if name in names}
        others = {name: value for name, value in settings.items() if name not in names}
        return replay(case._replace(market=case.market.but(**mine), plan=case.plan.but(**others))).world

    one, other = world_of(off), world_of({**off, **behind})
    assert len(one.used("deals")) > 100
    assert not differences(one, other, [name for name in DTYPES if name not in RECORD])


# ---- the levers of a change ------------------------------------------------------------------------------------------
def switched(**fields: Any) -> list[Run]:
    extra = fields.pop("beside", {})
    change = Change(**{"month": 6, "to": {"structure": "customer"}, "keep": "balance", **fields})
    return runs({"turnover": 0.0, "target": 12e6, **extra, "changes": (change,)})


def test_who_keeps_an_account_is_the_incumbent_where_the_change_says_so() -> None:
    """Fewer handovers by ``incumbent`` than by ``balance``; every rule ends with an alignment of the same people."""
    moved = {}
    for keep in ("incumbent", "best match", "balance", "profit"):
        found = switched(keep=keep)
        moved[keep] = len(found[0].world.used("handovers"))
        assert len(set(found[0].world["covers"]["owner"].tolist())) == 8
    assert 0 < moved["incumbent"] < moved["balance"]
    assert min(moved.values()) < max(moved.values())


@pytest.mark.parametrize("months", [1, 3])
def test_waves_hand_over_segment_by_segment(months: int) -> None:
    run = switched(waves="segment", wave_months=months)[0]
    given, world = run.world.used("handovers"), run.world
    segment = world["accounts"]["segment"][world["covers"]["account"][given["cover"]]]
    ends = world["months"]["ends"]
    for g in range(3):
        assert set(given["at"][segment == g]) == {float(ends[5 + g * months])}


def test_a_pilot_goes_first_and_the_others_wait_for_it() -> None:
    run = switched(waves="segment", pilot="segment 3", pilot_months=4, wave_months=1)[0]
    given, world = run.world.used("handovers"), run.world
    segment = world["accounts"]["segment"][world["covers"]["account"][given["cover"]]]
    ends = world["months"]["ends"]
    assert set(given["at"][segment == 2]) == {float(ends[5])}
    assert set(given["at"][segment == 0]) == {float(ends[9])}
    assert set(given["at"][segment == 1]) == {float(ends[10])}


def test_open_deals_stay_or_move() -> None:
    """Where they move, after the change nobody works long on a deal of an account that is not his."""

    def foreign(run: Run) -> float:
        world = run.world
        steps, deals = world.used("steps"), world.used("deals")
        late = steps[steps["started"] > world["months"]["ends"][5]]
        return float((world["covers"]["owner"][deals["cover"][late["deal"]]] != late["rep"]).mean())

    stay, move = switched(open_deals="stay"), switched(open_deals="move")
    assert all(foreign(run) == 0.0 for run in move)
    assert all(foreign(run) > 0.01 for run in stay)


@pytest.mark.parametrize("month", [1, 6, 8])
@pytest.mark.parametrize("months", [1, 2, 3])
def test_pay_is_protected_for_as_many_months_as_said(month: int, months: int) -> None:
    """Pay protection is booked in these months after the change, in no other, and never without the setting.

    Counted in calendar months, also where they are short: from the end of January or August.
    """
    none = switched(month=month)
    assert all(run.world["diary"]["protection"].sum() == 0.0 for run in none)
    paid = sum(run.world["diary"]["protection"] for run in switched(month=month, pay_protection=months))
    booked = np.flatnonzero(paid.reshape(8, -1).sum(axis=0) > 0.0)
    assert set(booked) <= set(range(month, month + months)), booked
    assert len(booked) > 0


def test_a_raise_is_not_protected_twice() -> None:
    """Protected is the commission of the quarter before: without any commission there is nothing to protect."""
    found = switched(pay_protection=3, beside={"commission": 0.0, **_APPRAISED, "exit_share": 0.0})
    assert all((run.world.used("careers")["kind"] == PROMOTED).any() for run in found)
    assert all(run.world["diary"]["protection"].sum() == 0.0 for run in found)


def test_retraining_takes_days_of_those_who_get_another_speciality() -> None:
    none, some = switched(), switched(retraining_days=4.0)
    mean, error = difference(none, some, measured("training_hours"))
    field_day = float(none[0].world["settings"]["field_day"][0])
    retrained = int(none[0].world["posts"]["retrain"].sum())
    assert retrained > 0
    assert mean == pytest.approx(4.0 * retrained * field_day, rel=0.02)
    assert error < 1.0
    assert all(run.world["reps"]["doing"].max() <= ON_TRAINING for run in some)


# ---- the price of a bad record ---------------------------------------------------------------------------------------
def test_a_bad_record_lets_a_plan_change_at_another_time() -> None:
    """The same sales, seen through a log with gaps and delays: the sign comes earlier, and the same truth has a price.

    Attainment is read off what is recorded; a fifth of it missing crosses the line in more of the runs, or sooner.
    """
    change = Change(when=Trigger(measure="attainment", below=1.0, months=2), to={"structure": "customer"})
    # the first months of a firm without open deals are poor by themselves: a trigger is read after dated changes only
    settled = Change(month=5, to={"wait_weight": 0.5})
    settings = {"turnover": 0.0, "target": 9.5e6, "changes": (settled, change)}

    def fired(**record: float) -> np.ndarray[Any, Any]:
        found = [float(run.world["changes"]["fired"][1]) for run in runs({**settings, **record})]
        return np.array([at if at >= 0.0 else NEVER for at in found])

    good = fired(record_delay=0.0, record_missing=0.0)
    gaps, late = fired(record_delay=0.0, record_missing=0.3), fired(record_delay=20.0, record_missing=0.0)
    assert np.all(gaps <= good), "less is seen, so the sign never comes later"
    assert (gaps < good).sum() >= 3
    assert (late != good).sum() >= 3


def test_the_levers_are_tested_in_a_world_where_something_happens() -> None:
    """The tests above can fail: the busy and lively worlds have quits, hires and handovers."""
    rows = runs(_BUSY)[0].world.used("careers")["kind"]
    assert {STARTED, QUIT_JOB} <= set(rows.tolist())
    lively = replay(lively_case("product", pay=None)).world
    assert len(lively.used("handovers")) > 0
    assert len(replay(busy_case()).world.used("deals")) > 100
