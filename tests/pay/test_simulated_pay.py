"""A run pays what its pay plan says: the static replay to the cent, on both clocks, and nothing where a dial is off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import LIVELY_PAY, Case, cases, differences, lively_case, replay

from salessim.clocks.paid import manager_names, statement_of_run
from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.clocks.simulation import Simulation
from salessim.ledger import ledger_of
from salessim.model.change import Change
from salessim.model.files import dump, load
from salessim.model.market import Market
from salessim.model.pay import Bonus, Component, Contest, Pay, PayError, Tier
from salessim.model.pay_files import PAY_PRESETS, pay_preset
from salessim.model.plan import Plan
from salessim.model.presets import make_market, make_plan, preset
from salessim.model.register import off_values
from salessim.model.today import OpenDeals
from salessim.world.tables import WON

MARKET, PLAN = preset("small")
OFF = off_values("motivation")
STAY = {"turnover": 0.0, "bad_debt": 0.1, "payment_delay": 45.0}
NO_MOVES = {"promotion_share": 0.0, "exit_share": 0.0}

BOOKED = ("commission", "next_won", "owner", "next_owned", "fresh")
"""Columns of deals that pay alone writes."""

DEMANDING = Pay(
    salary=99_999.99,
    components=[
        Component(title="quota", basis="attainment", period="quarter", quota=300_000.0, target_pay=12_345.67,
                  tiers=[Tier(above=0.3, rate=1.0), Tier(above=1.0, rate=1.7)], bonuses=[Bonus(at=1.1, pays=999.99)],
                  cap=40_000.0),
        Component(title="margin", measure="margin", period="month",
                  tiers=[Tier(rate=0.013), Tier(above=1e5, rate=0.021)]),
        Component(title="cash", measure="cash_collected", period="month", tiers=[Tier(rate=0.0077)]),
        Component(title="units", measure="units", period="year", tiers=[Tier(above=3, rate=77.77)], threshold=5),
        Component(title="new", measure="new_customers", period="quarter", bonuses=[Bonus(at=1, pays=500)]),
    ],
    draw=2_000.0, target_variable=60_000.0, credit={"rep": 1.0},
)  # fmt: skip


def paid_cents(run: Run) -> np.ndarray:
    diary = run.world["diary"]
    cents = np.rint(100.0 * diary["salary"]).astype(np.int64) + np.rint(100.0 * diary["variable"]).astype(np.int64)
    return cents.reshape(-1, run.months)


@pytest.mark.parametrize("pay", [*PAY_PRESETS, "demanding", "lively"])
@pytest.mark.parametrize("months", [24, 17])
def test_with_all_dials_off_a_run_pays_the_static_replay_to_the_cent(pay: str, months: int) -> None:
    """Every rep and every month, 17 months with periods cut off by the end; two calculations that share curves only."""
    plan = {"demanding": DEMANDING, "lively": LIVELY_PAY.but(ratchet_up=0.0)}.get(pay) or pay_preset(pay)
    run = simulate(MARKET.but(**OFF, **STAY), PLAN.but(pay=plan, **NO_MOVES), months, seed=3)
    statement = statement_of_run(run).by_month()
    reps = list(run.world.names.reps)
    managers = manager_names(len(run.world["managers"])) if plan.manager_components else ()
    assert set(statement.index) == {*reps, *managers}
    assert (paid_cents(run) == statement.loc[reps].to_numpy()).all()
    assert pay == "salary" or run.world["diary"]["variable"].sum() > 0.0
    assert (run.world["diary"]["effort"] == 1.0).all()


def test_a_discounted_deal_is_credited_at_its_price_and_its_cost_stays() -> None:
    """The replay holds with behaviour on as well: statements are made from the deals as they were signed."""
    market = MARKET.but(**STAY, reference_rate=0.08)
    margin = Component(title="margin", measure="margin", period="month", tiers=[Tier(rate=0.02)])
    quarterly = DEMANDING.but(components=[DEMANDING.components[0], margin])
    run = simulate(market, PLAN.but(pay=quarterly, **NO_MOVES), 24)
    assert (run.world.used("deals")["discount"] > 0.0).any()
    assert (paid_cents(run) == statement_of_run(run).by_month().to_numpy()).all()


def test_the_ledger_has_what_was_paid() -> None:
    run = simulate(MARKET, PLAN.but(pay=pay_preset("accelerator")), 24)
    ledger, diary = ledger_of(run), run.world["diary"]
    assert round(-100 * ledger.total("commission")) == np.rint(100 * diary["variable"]).sum()
    assert round(-100 * ledger.total("salaries")) == np.rint(100 * diary["salary"]).sum()
    assert ledger.total("commission") < 0.0


def test_with_all_dials_off_a_pay_plan_moves_no_deal() -> None:
    market = MARKET.but(**OFF, turnover_pay=0.0)
    with_pay = simulate(market, PLAN.but(pay=pay_preset("accelerator")), 12)
    without = simulate(market, PLAN, 12)
    for name in ("deals", "steps", "relations"):
        a, b = with_pay.world.used(name), without.world.used(name)
        columns = [column for column in a.dtype.names or () if column not in BOOKED]
        assert all(a[column].tobytes() == b[column].tobytes() for column in columns)


@given(cases(), st.sampled_from([*PAY_PRESETS, "lively"]))
@settings(max_examples=20, deadline=None)
def test_random_worlds_under_pay_run_the_same_on_both_clocks(case: Case, name: str) -> None:
    pay = LIVELY_PAY if name == "lively" else pay_preset(name)
    case = case._replace(plan=case.plan.but(pay=pay), market=case.market.but(reference_rate=0.05))
    assert not differences(replay(case).world, replay(case, "simpy", tiny=True).world)


def test_a_year_of_ratchet_runs_the_same_on_both_clocks_and_moves_quotas() -> None:
    case = lively_case()._replace(months=14)
    one = replay(case)
    assert not differences(one.world, replay(case, "simpy").world)
    quotas = one.world["quotas"].reshape(3, -1)[0]
    assert (quotas["quota"] > quotas["first"]).any()


def test_plans_with_pay_survive_yaml_and_changes_say_what_they_cannot() -> None:
    plan = PLAN.but(pay=DEMANDING)
    assert load(Plan, dump(plan)) == plan
    assert load(Market, dump(MARKET.but(discount_factor=0.9))).motivation.discount_factor == 0.9
    from_start = PLAN.but(changes=(Change(month=0, to={"pay": pay_preset("bonus").model_dump(mode="json")}),))
    assert load(Plan, dump(from_start)) == from_start
    assert from_start.phases[0][0].pay == pay_preset("bonus")
    with pytest.raises(Exception, match="neither begin nor end on the way"):
        PLAN.but(changes=(Change(month=3, to={"pay": pay_preset("bonus")}),))
    switched = simulate(MARKET, from_start, 6)
    assert switched.world["diary"]["variable"].sum() > 0.0


@pytest.mark.parametrize(
    ("pay", "words"),
    [
        (Pay(contests=[Contest(title="race", measure="market_share", prizes=(100,))]), "competitors' sales"),
        (Pay(components=[Component(title="team", counts="team", team_share={"expert": 1.0}, tiers=[Tier(rate=0.1)])]),
         "everybody in a team is a rep"),
        (Pay(components=[Component(title="q", basis="attainment", target_pay=1, tiers=[Tier(rate=1)])]), "target"),
        (Pay(credit={"hunter": 1.0}), "an owner of its account"),
    ],
)
def test_what_a_run_cannot_pay_is_refused_in_words(pay: Pay, words: str) -> None:
    with pytest.raises(PayError, match=words):
        simulate(MARKET, PLAN.but(pay=pay), 3)


def test_quotas_come_from_the_company_target() -> None:
    part = Component(title="q", basis="attainment", period="quarter", target_pay=10_000, tiers=[Tier(rate=1)])
    pay = Pay(components=[part]).but(quota_rule="potential", over_assignment=1.1)
    run = simulate(MARKET.but(**OFF, turnover=0.0), PLAN.but(pay=pay, target=1e7, **NO_MOVES), 12)
    quotas = run.world["quotas"]["first"]
    assert abs(quotas.sum() - 1.1e7 / 4) < 0.02 * len(quotas)
    assert quotas.max() > quotas.min()
    assert (paid_cents(run) == statement_of_run(run).by_month().to_numpy()).all()


def test_a_plan_that_bends_over_two_periods_runs_the_same_on_both_clocks() -> None:
    quarter = Component(title="quarter", period="quarter", bonuses=[Bonus(at=200_000, pays=5_000)])
    year = Component(title="year", tiers=[Tier(rate=0.02), Tier(above=900_000, rate=0.06)])
    case = lively_case(pay=Pay(salary=50_000, components=[quarter, year], target_variable=40_000))
    one = replay(case)
    assert int(one.world["settings"]["policy_short"][0]) == 3 and int(one.world["settings"]["policy_steps"][0]) == 12
    assert np.ptp(one.world["diary"]["effort"]) > 0.0
    assert not differences(one.world, replay(case, "simpy", tiny=True).world)


def test_a_seat_that_sells_nothing_in_the_pilot_answers_to_pay_too() -> None:
    """One deal in sight, sure to be won, the same in every run: the pilot shows no luck, and a seat without sales."""
    market = make_market(2, products=1, segments=1, opportunities=0.0, width=20.0)
    market = market.but(stages=market.stages.but(advance=1.0, dwell=1.0), reference_rate=0.05)
    deal = {"deal": ["a"], "account": [market.accounts["account"][0]], "product": [market.products["product"][0]],
            "rep": ["rep 1"], "stage": ["negotiation"], "value": [50_000.0]}  # fmt: skip
    market = market.but(today=market.today.but(open_deals=OpenDeals(deal)))
    plan = make_plan(2, structure="territory", pay=pay_preset("commission"))
    fast, slow = simulate(market, plan, 3), Simulation(market, plan, 3).run()
    assert (fast.world.used("deals")["state"] == WON).tolist() == [True]
    assert not differences(fast.world, slow.world)
