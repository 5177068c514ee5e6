"""The profit and loss account of a tiny firm, worked out by hand to the cent.

Two reps, two customers, three deals, three months; the firm works around the clock, so that a day is a day. Each deal
has had its first answer on the first day and then needs ten days of work, an hour of travel for one visit, and forty
days of the customer. Rep 1 has two of them, one after the other; so they are won an hour or two after days 50 and
60 (in February and, since January and February have 59 days, in March), rep 2's on day 50.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from worlds import busy_case, lively_case, quiet_market, quiet_plan, replay, stage

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.errors import StudyError
from salessim.ledger import CUTS, LINES, MEMO, Ledger, ledger_of
from salessim.model.change import Change
from salessim.model.market import Accounts, Products
from salessim.model.plan import Team
from salessim.model.presets import preset
from salessim.model.today import OpenDeals
from salessim.world.tables import WON

JANUARY, FEBRUARY, MARCH = "2026-01", "2026-02", "2026-03"


@cache
def tiny(**settings: Any) -> Run:
    """Run the firm of this file for three months."""
    market = quiet_market(
        [stage("offer"), stage("close", 240.0, 40.0, visit=1.0, effort_law="fixed", dwell_law="fixed")],
        queues=2, rates=(1e-12, 1e-12),
    )  # fmt: skip
    market = market.but(
        start=dt.date(2026, 1, 1),
        products=Products(
            {"product": ["product 1", "product 2"], "price": [100.0, 100.0], "opportunities": [1e-9, 1e-9],
             "margin": [0.4, 0.25]}
        ),
        accounts=Accounts(
            {"account": ["account 001", "account 002"], "segment": ["metal", "food"], "region": ["north", "south"],
             "potential": [2.0, 1.0], "x": [0.0, 1000.0], "y": [0.0, 0.0]}
        ),
        open_deals=OpenDeals(
            {"deal": ["a", "b", "c"], "account": ["account 001", "account 001", "account 002"],
             "product": ["product 1", "product 2", "product 1"], "rep": ["rep 001-1", "rep 001-1", "rep 002-1"],
             "stage": ["offer"] * 3, "age": [1.0] * 3, "value": [1_000.00, 2_500.50, 999.99]}
        ),
        # 30 km away at 60 km/h by a straight road, one visit on a trip: half an hour and 30 km each way
        travel=1.0, detour=1.0, speed=60.0, flight_overhead=99.0, local_hours=0.0, visits_per_trip=1.0,
        cost_per_km=0.35, payment_delay=30.0,
    )  # fmt: skip
    team = Team(
        {"rep": ["rep 001-1", "rep 002-1"], "group": ["east", "west"], "x": [0.0, 1000.0], "y": [30.0, 30.0]}
    )
    plan = quiet_plan(2).but(
        team=team, salary=36_500.0, tools_cost=3_650.0, overhead_cost=7_300.0, manager_cost=73_000.0, span=8.5,
        commission=0.1, **settings,
    )  # fmt: skip
    return simulate(market, plan, 3)


def by_hand() -> pd.DataFrame:
    """Return the account by month, as somebody with a pencil would write it."""
    # deal a (1,000.00) and deal c (999.99) in February, deal b (2,500.50) in March, or b in February and a in March
    first, second = ("a", "b") if _closed("a") < _closed("b") else ("b", "a")
    value = {"a": 1_000.00, "b": 2_500.50, "c": 999.99}
    goods = {"a": 600.00, "b": 1_875.375, "c": 599.994}  # cost: 60 %, 75 %, 60 %
    cents = {name: np.floor(100 * x + 0.5) / 100 for name, x in goods.items()}
    won = {JANUARY: [], FEBRUARY: [first, "c"], MARCH: [second]}
    days = {JANUARY: 31, FEBRUARY: 28, MARCH: 31}
    rows: dict[str, dict[str, float]] = {name: {} for name in (*LINES, *MEMO)}
    for month, deals in won.items():
        rows["revenue"][month] = sum(value[d] for d in deals)
        rows["cost_of_goods"][month] = -sum(cents[d] for d in deals)
        rows["commission"][month] = -sum(np.rint(10 * value[d]) / 100 for d in deals)
        rows["salaries"][month] = -2 * days[month] * 100.00
        rows["tools"][month] = -2 * days[month] * 10.00
        rows["overhead"][month] = -2 * days[month] * 20.00
        rows["management"][month] = -days[month] * 200.00
        for line in ("pay_protection", "hiring", "training", "handover"):
            rows[line][month] = 0.0
    # three visits of 60 km at 0.35, all within January
    rows["travel"] = {JANUARY: -63.00, FEBRUARY: 0.0, MARCH: 0.0}
    # paid 30 days after: days 80 and 90.1; the run ends with day 90
    rows["cash_collected"] = {JANUARY: 0.0, FEBRUARY: 0.0, MARCH: value[first] + value["c"]}
    table = pd.DataFrame(rows).T[[JANUARY, FEBRUARY, MARCH]]
    table.loc["contribution"] = table.loc[list(LINES)].sum()
    return table.loc[[*LINES, "contribution", *MEMO]]


def _closed(name: str) -> float:
    deals = tiny().world.used("deals")
    return float(deals["closed"][np.isclose(deals["value"], {"a": 1_000.00, "b": 2_500.50, "c": 999.99}[name])][0])


def test_the_days_are_as_told() -> None:
    """10 days of work after an hour on the road, then 40 days; the second deal of rep 1 after the first."""
    closed = sorted((_closed("a"), _closed("b")))
    assert closed[0] == pytest.approx(50.0 + 1.0 / 24.0, abs=1e-9)
    assert closed[1] == pytest.approx(60.0 + 2.0 / 24.0, abs=1e-9)
    assert _closed("c") == pytest.approx(50.0 + 1.0 / 24.0, abs=1e-9)
    assert len(tiny().world.used("deals")) == 3


def test_the_account_is_right_to_the_cent() -> None:
    found, expected = ledger_of(tiny()).frame("month"), by_hand()
    assert list(found.index) == list(expected.index)
    assert list(found.columns) == list(expected.columns)
    assert np.array_equal(np.rint(100 * found.to_numpy()), np.rint(100 * expected.to_numpy())), found - expected
    total = ledger_of(tiny())
    # 4,500.49 - 3,075.37 or .38 of goods - 450.05 - 18,000 - 63 - 1,800 - 18,000 - 3,600
    assert total.total("revenue") == 4_500.49
    assert total.total("salaries") == -18_000.00
    assert total.total("commission") == pytest.approx(-450.05, abs=1e-9)
    assert total.total("management") == -18_000.00
    assert total.total() == pytest.approx(float(expected.loc["contribution"].sum()), abs=1e-9)


@pytest.mark.parametrize(
    ("cut", "revenue"),
    [
        ("team", {"east / all": 3_500.50, "west / all": 999.99}),
        ("product", {"product 1": 1_999.99, "product 2": 2_500.50}),
        ("segment", {"metal": 3_500.50, "food": 999.99}),
        ("region", {"north": 3_500.50, "south": 999.99}),
    ],
)
def test_each_cut_gives_each_his_own(cut: str, revenue: dict[str, float]) -> None:
    """Revenue and travel by team, product, segment and region; what belongs to none stands apart."""
    table = ledger_of(tiny()).frame(cut)
    found = {name.split(" / ")[0]: x for name, x in table.loc["revenue"].items() if x != 0.0}
    assert found == {name.split(" / ")[0]: x for name, x in revenue.items()}
    assert table["—"]["management"] == -18_000.00
    assert table["—"]["overhead"] == -3_600.00
    if cut == "team":
        travel = {name.split(" / ")[0]: x for name, x in table.loc["travel"].items() if x != 0.0}
        assert travel == {"east": -42.00, "west": -21.00}
    assert round(100 * table.loc["contribution"].sum()) == round(100 * ledger_of(tiny()).total())


def test_two_cuts_at_once_and_bad_ones() -> None:
    ledger = ledger_of(tiny())
    table = ledger.frame("segment", "product")
    assert table[("metal", "product 2")]["revenue"] == 2_500.50
    assert table[("food", "product 1")]["commission"] == -100.00
    with pytest.raises(StudyError, match="Did you mean 'segment'"):
        ledger.frame("segmnt")
    with pytest.raises(StudyError, match="no such line"):
        ledger.total("salary")


def test_budget_against_actual() -> None:
    """A budget with tools at twice the price: the difference is that, line by line, month by month."""
    actual, budget = ledger_of(tiny()), ledger_of(_budget())
    table = actual.against(budget)
    assert table.loc["revenue", "difference"] == 0.0
    assert table.loc["tools", "budget"] == pytest.approx(-2 * 90 * 20.00)
    assert table.loc["tools", "difference"] == pytest.approx(2 * 90 * 10.00)
    assert table.loc["contribution", "difference"] == pytest.approx(2 * 90 * 10.00)
    by_month = actual.against(budget, "month")
    assert by_month[("difference", FEBRUARY)]["tools"] == pytest.approx(2 * 28 * 10.00)
    assert np.allclose(by_month["difference"], by_month["actual"] - by_month["budget"])


def _budget() -> Run:
    """Return the run of the same firm with tools at twice the price."""
    run = tiny()
    return simulate(run.market, run.plan.but(tools_cost=7_300.0), 3)


def test_cash_follows_revenue_and_bad_debt_never_comes() -> None:
    """Paid after 30 days: two of three deals by the end; without delay each in its month; what is lost, never."""
    run = tiny()
    at_once = ledger_of(simulate(run.market.but(payment_delay=0.0), run.plan, 3)).frame("month")
    assert np.array_equal(at_once.loc["cash_collected"], at_once.loc["revenue"])
    later = ledger_of(run).frame("month")
    assert np.all(later.loc["cash_collected"].cumsum() <= later.loc["revenue"].cumsum())
    assert ledger_of(run).total("cash_collected") < 4_500.49
    never = ledger_of(simulate(run.market.but(bad_debt=1.0), run.plan, 3))
    assert never.total("cash_collected") == 0.0
    assert never.total("revenue") == 4_500.49


def test_cost_to_serve_of_an_account() -> None:
    """Account 1 took two times 241 hours and 120 km, account 2 half of that; by tier the sums are the same."""
    world = tiny().world
    ties = world.used("relations")
    hours = np.bincount(ties["account"], weights=ties["hours"])
    driven = np.bincount(ties["account"], weights=ties["driven"])
    assert hours == pytest.approx([482.0, 241.0], abs=1e-9)
    assert driven == pytest.approx([120.0, 60.0], abs=1e-9)
    tier = world["accounts"]["tier"][ties["account"]]
    assert np.bincount(tier, weights=ties["hours"]).sum() == pytest.approx(723.0)
    # an hour of a rep costs salary and tools over his hours: 110 a day of 24 hours
    cost = hours * 110.00 / 24.0 + 0.35 * driven
    assert cost == pytest.approx([2_251.1666667, 1_125.5833333], abs=1e-6)


@pytest.mark.parametrize("make", [busy_case, lively_case])
def test_hours_and_kilometres_of_customers_are_those_of_the_diary(make: Callable[[], Any]) -> None:
    """In a world of all mechanisms: what customers took is what reps spent, but for work in hand at the end."""
    world = replay(make()).world
    ties, diary = world.used("relations"), world["diary"]
    spent = diary["deal_hours"].sum() + diary["call_hours"].sum() + diary["travel_hours"].sum()
    in_hand = 24.0 * len(world["reps"])
    assert ties["hours"].sum() == pytest.approx(spent, abs=in_hand)
    assert ties["hours"].sum() <= spent + 1e-6
    assert ties["driven"].sum() == pytest.approx(diary["km"].sum(), rel=1e-9)


def test_people_and_moves_cost_what_they_cost() -> None:
    """Hiring per start, training per day, handover per account that moved, each counted from the tables."""
    market, plan = preset("small")
    plan = plan.but(changes=(Change(month=4, to={"structure": "customer"}, pay_protection=2, retraining_days=2.0),))
    run = simulate(market.but(turnover=1.0, relocation_cost=123.45), plan, 10)
    ledger, world = ledger_of(run), run.world
    started = int((world.used("careers")["kind"] == 0).sum())
    assert started > 2
    assert ledger.total("hiring") == -30_000.00 * started
    given = world.used("handovers")
    moved = np.unique(world["covers"]["account"][given["cover"][given["reason"] == 0]])
    assert ledger.total("handover") == pytest.approx(-123.45 * len(moved), abs=1e-6)
    hours = float(world["diary"]["training_hours"].sum())
    done = float(world["diary"]["training_cost"].sum())
    # a day that is not over yet is not paid for
    assert -1e-6 <= hours / float(world["settings"]["field_day"][0]) - done / 1_500.0 <= 8.0
    assert ledger.total("pay_protection") <= 0.0


def test_a_ledger_is_entries_and_nothing_else() -> None:
    """Every cut of every total is a sum of whole cents; the contribution is the sum of the lines of the account."""
    ledger = ledger_of(replay(lively_case()))
    assert isinstance(ledger, Ledger)
    assert ledger.cents.dtype == np.int64
    assert round(100 * ledger.total()) == sum(round(100 * ledger.total(line)) for line in LINES)
    wins = replay(lively_case()).world.used("deals")
    wins = wins[wins["state"] == WON]
    assert (ledger.line == 0).sum() == (np.rint(100 * wins["value"]) != 0).sum()
    assert set(CUTS) == set(ledger.names)
