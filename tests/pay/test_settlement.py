"""Teams, managers, contests, days, clawback and changes of pay in a run: the static replay to the cent, both clocks."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import Case, cases, differences, lively_case, replay

from salessim.clocks.paid import events_of_run, manager_names, statement_of_run
from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.ledger import ledger_of
from salessim.model.change import Change, Trigger
from salessim.model.files import dump, load
from salessim.model.pay import Bonus, Component, Contest, Pay, PayError, Quotas, Spiff, Tier
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.model.register import off_values
from salessim.world.tables import NEVER, WON

MARKET, PLAN = preset("small")
OFF = off_values("motivation")
STAY = {"turnover": 0.0, "bad_debt": 0.1, "payment_delay": 45.0}
STILL = MARKET.but(**OFF, **STAY)
NO_MOVES = {"promotion_share": 0.0, "exit_share": 0.0}
BENT = [Tier(above=0.2, rate=1.0), Tier(above=1.0, rate=1.7)]
FIVE = Component(title="commission", period="month", tiers=[Tier(rate=0.05)])

PLANS = {
    "contests": Pay(
        contests=[
            Contest(title="one winner", period="quarter", prizes=(1_000.01,)),
            Contest(title="several", period="month", measure="units", prizes=(300.0, 300.0, 300.0)),
            Contest(title="ranks", period="year", measure="margin", prizes=(3_000.0, 2_000.0, 1_000.01)),
            Contest(title="teams", period="quarter", between="teams", measure="cash_collected", prizes=(777.77, 1.0)),
            Contest(title="best of the day", period="day", measure="new_customers", prizes=(10.01,)),
        ],
    ),
    "team": Pay(
        components=[
            Component(title="pool", counts="team", period="quarter", tiers=[Tier(rate=0.0123)]),
            Component(title="goal", counts="team", basis="attainment", period="month", quota=300_000.0,
                      target_pay=3_333.33, tiers=BENT, bonuses=[Bonus(at=1.0, pays=100.01)], cap=9_000.0),
            Component(title="team cash", counts="team", measure="cash_collected", period="day",
                      tiers=[Tier(above=1_000.0, rate=0.013)]),
        ],
    ),
    "managers": Pay(
        manager_components=[
            Component(title="quota", basis="attainment", period="quarter", quota=900_000.0, target_pay=12_345.67,
                      tiers=BENT),
            Component(title="day", measure="margin", period="day", tiers=[Tier(above=5_000.0, rate=0.0123)]),
        ],
        draw=500.0,
    ),
    "days": Pay(
        components=[
            Component(title="day", period="day", tiers=[Tier(rate=0.01), Tier(above=30_000.0, rate=0.033)],
                      bonuses=[Bonus(at=50_000.0, pays=99.99)]),
            Component(title="day cash", measure="cash_collected", period="day", basis="attainment", quota=10_000.0,
                      target_pay=50.0, tiers=BENT),
        ],
    ),
    "clawback": Pay(
        components=[
            FIVE,
            Component(title="quarter", basis="attainment", period="quarter", quota=300_000.0, target_pay=9_999.99,
                      tiers=BENT, bonuses=[Bonus(at=1.1, pays=3_000.0)]),
            Component(title="year", measure="new_customers", tiers=[Tier(rate=77.77)]),
            Component(title="pool", counts="team", period="quarter", tiers=[Tier(rate=0.0123)]),
            Component(title="daily", period="day", bonuses=[Bonus(at=30_000.0, pays=50.0)]),
        ],
        manager_components=[Component(title="lead", period="month", tiers=[Tier(rate=0.0033)])],
        spiffs=[Spiff(product="", first=dt.date(2026, 1, 1), last=dt.date(2027, 3, 31), amount=33.33)],
        clawback_share=0.777, draw=1_000.0,
    ),
}  # fmt: skip
PLANS["split"] = PLANS["clawback"].but(
    credit={"rep": 0.6, "owner": 0.3, "presales": 0.1}, contests=PLANS["contests"].contests
)
LATER = Pay(
    salary=77_777.77, draw=800.0, draw_recoverable=False, guarantee_months=3, guarantee_share=0.3,
    target_variable=40_000.0, clawback_share=0.5,
    components=[
        Component(title="year", basis="attainment", quota=1_234_567.0, target_pay=30_000.0, tiers=BENT,
                  bonuses=[Bonus(at=0.8, pays=2_000.0)], cap=50_000.0),
        Component(title="commission", period="month", tiers=[Tier(rate=0.013)]),
        Component(title="cash", measure="cash_collected", counts="team", period="quarter", tiers=[Tier(rate=0.004)]),
    ],
    manager_components=[Component(title="lead", period="year", tiers=[Tier(rate=0.002)])],
    contests=[Contest(title="race", period="year", prizes=(5_000.0, 2_500.0))],
    spiffs=[Spiff(product="", first=dt.date(2026, 1, 1), last=dt.date(2027, 3, 31), amount=20.0)],
)  # fmt: skip


def paid_cents(run: Run) -> np.ndarray:
    """Return what a run paid: reps in the order of the seats, then managers, by month."""
    cents = {name: np.rint(100.0 * run.world["diary"][name]).astype(np.int64) for name in ("salary", "variable")}
    led = np.rint(100.0 * run.world["led"]["variable"]).astype(np.int64)
    return np.concatenate([sum(cents.values()).reshape(-1, run.months), led.reshape(-1, run.months)])


def replayed_cents(run: Run) -> np.ndarray:
    """Return the same from the statement that is made afterwards."""
    table = statement_of_run(run).by_month()
    payees = [*run.world.names.reps, *manager_names(len(run.world["managers"]))]
    assert set(table.index) <= set(payees)
    return np.asarray(table.reindex(payees, fill_value=0))


def kinds(run: Run) -> set[str]:
    lines = statement_of_run(run).lines
    return set(lines["kind"][lines["cents"] != 0])


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("months", [24, 17])
def test_with_all_dials_off_a_run_pays_the_static_replay_to_the_cent(name: str, months: int) -> None:
    run = simulate(STILL, PLAN.but(pay=PLANS[name], span=4.0, routing="pool", **NO_MOVES), months, seed=3)
    assert (paid_cents(run) == replayed_cents(run)).all()
    statement = statement_of_run(run)
    pay = PLANS[name]
    titles = {part.title for part in (*pay.components, *pay.manager_components, *pay.contests)}
    earned = statement.lines.groupby("title")["cents"].sum()
    assert (earned.reindex(sorted(titles)) > 0).all()  # each of them pays something, so that each is compared
    assert name != "clawback" or "clawback" in kinds(run)
    assert name != "managers" or (run.world["led"]["variable"] > 0).any()


@pytest.mark.parametrize("months", [24, 14])
def test_people_who_change_teams_on_the_way_are_paid_with_the_team_they_are_in(months: int) -> None:
    """A reorganisation in the middle of a quarter: teams, managers and seats change; the replay knows each month."""
    changes = (Change(month=4, to={"structure": "customer", "reps": PLAN.headcount - 2}),
               Change(month=11, to={"structure": "product", "reps": PLAN.headcount + 1}))  # fmt: skip
    for name in ("team", "managers", "contests", "split"):
        plan = PLAN.but(pay=PLANS[name].but(draw=0.0), span=4.0, changes=changes, **NO_MOVES)
        run = simulate(STILL, plan, months, seed=4)
        teams = run.world["diary"]["team"].reshape(-1, months)
        assert (np.diff(teams, axis=1) != 0).any() and (teams < 0).any()
        variable = np.rint(100.0 * run.world["diary"]["variable"]).astype(np.int64).reshape(-1, months)
        lines = statement_of_run(run).lines
        table = lines[lines["kind"] != "salary"].pivot_table(
            index="rep", columns="month", values="cents", aggfunc="sum", fill_value=0
        )  # salaries: seats that are empty for a while are not paid
        table = table.reindex(index=list(run.world.names.reps), columns=range(months), fill_value=0)
        assert (variable == table.to_numpy()).all()


@pytest.mark.parametrize(("month", "months"), [(7, 24), (6, 17), (1, 13)])
@pytest.mark.parametrize("name", ["split", "contests"])
def test_a_later_pay_plan_takes_over_at_its_date_to_the_cent(name: str, month: int, months: int) -> None:
    change = Change(month=month, to={"pay": LATER.model_dump(mode="json")})
    again = Change(month=month + 5, to={"pay": PLANS[name].but(salary=50_000.01).model_dump(mode="json")})
    plan = PLAN.but(pay=PLANS[name], span=4.0, changes=(change, again), routing="pool", **NO_MOVES)
    assert load(Plan, dump(plan)) == plan
    run = simulate(STILL, plan, months, seed=5)
    assert (paid_cents(run) == replayed_cents(run)).all()
    salaries = run.world["diary"]["salary"].reshape(-1, months)
    assert len(set(salaries[0].round().tolist())) == 3


def test_who_owns_an_account_has_his_share_of_what_others_sell_there() -> None:
    """Inquiries go to the pool: 70 per cent of the credit to who works on a deal, 30 to who owns the account."""
    own = Component(title="all", period="month", tiers=[Tier(rate=0.1)])
    pay = Pay(components=[own], credit={"rep": 0.7, "owner": 0.3}, clawback_share=0.0)
    run = simulate(STILL, PLAN.but(pay=pay, routing="pool", **NO_MOVES), 12, seed=3)
    deals = run.world.used("deals")
    won = deals[deals["state"] == WON]
    assert 0.05 < (won["owner"] != won["rep"]).mean() < 0.95
    n = len(run.world["reps"])
    sold, owned = (np.bincount(won[who], weights=won["value"], minlength=n) for who in ("rep", "owner"))
    variable = run.world["diary"]["variable"].reshape(-1, 12).sum(axis=1)
    assert np.allclose(variable, 0.07 * sold + 0.03 * owned, atol=0.001 * len(won) + 0.12)
    alone = simulate(STILL, PLAN.but(pay=pay.but(credit={"rep": 1.0}), routing="pool", **NO_MOVES), 12, seed=3)
    assert abs(alone.world["diary"]["variable"].sum() - variable.sum()) < 1.0


def test_half_a_period_under_a_plan_pays_half_of_what_the_whole_would_for_twice_the_sales() -> None:
    """Six months of a year's plan: quota, bonus and cap count half."""
    year = Component(title="year", basis="attainment", quota=1_000_000.0, target_pay=40_000.0, tiers=BENT,
                     bonuses=[Bonus(at=0.5, pays=2_000.0)])  # fmt: skip
    plan = PLAN.but(pay=Pay(components=[year], clawback_share=0.0), **NO_MOVES)
    run = simulate(STILL, plan.but(changes=(Change(month=6, to={"pay": Pay()}),)), 12, seed=6)
    deals = run.world.used("deals")
    won = deals[(deals["state"] == WON) & (deals["closed"] < run.world["months"]["ends"][5])]
    sold = np.bincount(won["rep"], weights=np.round(won["value"] * 100) / 100, minlength=len(run.world["reps"]))
    share = 2.0 * sold / 1_000_000.0
    by_hand = 0.5 * (40_000.0 * np.clip(share - 0.2, 0, 0.8) + 68_000.0 * np.maximum(share - 1, 0))
    by_hand += np.where(share >= 0.5, 1_000.0, 0.0)
    variable = run.world["diary"]["variable"].reshape(-1, 12)
    assert np.allclose(variable[:, 5], by_hand, atol=0.01) and (by_hand > 0).any()
    assert (variable[:, 6:] == 0).all()


def test_contests_rank_by_hand_and_give_out_their_purse() -> None:
    pay = PLANS["contests"]
    run = simulate(STILL, PLAN.but(pay=pay, **NO_MOVES), 12, seed=3)
    credit = run.world["credits"]["cents"].reshape(len(pay.contests), -1, 12)
    first = credit[0][:, :3].sum(axis=1)
    lines = statement_of_run(run).lines
    race = lines[(lines["title"] == "one winner") & (lines["month"] == 2)]
    assert race["rep"].tolist() == [run.world.names.reps[int(first.argmax())]] and race["cents"].tolist() == [100_001]
    yearly = lines[lines["title"] == "ranks"].sort_values("cents")
    by_hand = [run.world.names.reps[r] for r in np.argsort(credit[2].sum(axis=1))[-3:]]
    assert yearly["rep"].tolist() == by_hand and yearly["cents"].tolist() == [100_001, 200_000, 300_000]
    ties = lines[(lines["title"] == "several")].groupby("month")["cents"].sum()
    assert set(ties) == {90_000}


def test_what_is_never_paid_for_is_taken_back_once_and_nothing_else() -> None:
    """Linear pay: five per cent of every unpaid deal, in the month that shows it; nothing beyond the window."""
    pay = Pay(components=[FIVE], clawback_share=1.0)
    market = STILL.but(write_off=100.0)
    run = simulate(market, PLAN.but(pay=pay, **NO_MOVES), 24, seed=3)
    deals = run.world.used("deals")
    bad = deals[(deals["state"] == WON) & (deals["paid"] >= NEVER)]
    shows = bad["closed"].astype(int) + 100
    inside = shows < run.world["months"]["ends"][-1]
    back = run.world["diary"]["clawback"].reshape(-1, 24)
    assert len(bad) > 10 and 0 < inside.sum() < len(bad)
    assert abs(back.sum() - 5.0 * bad["value"][inside].sum()) <= len(bad)
    month = np.searchsorted(run.world["months"]["ends"], shows[inside], side="right")
    assert ((back.sum(axis=0) > 0) == (np.bincount(month, minlength=24) > 0)).all()
    for safe in (market.but(write_off=181.0), market.but(bad_debt=0.0)):
        assert simulate(safe, PLAN.but(pay=pay, **NO_MOVES), 24, seed=3).world["diary"]["clawback"].sum() == 0
    kept = PLAN.but(pay=pay.but(clawback_share=0.0), **NO_MOVES)
    assert simulate(market, kept, 24, seed=3).world["diary"]["clawback"].sum() == 0


def test_money_adds_up_through_statement_diary_and_ledger() -> None:
    for name in ("team", "managers", "clawback"):
        run = simulate(STILL, PLAN.but(pay=PLANS[name], **NO_MOVES), 24)
        ledger, world = ledger_of(run), run.world
        variable = np.rint(100 * world["diary"]["variable"]).sum()
        assert round(-100 * ledger.total("commission")) == variable
        fixed, led = np.rint(100 * world["months"]["management"]).sum(), np.rint(100 * world["led"]["variable"]).sum()
        assert round(-100 * ledger.total("management")) == fixed + led
        lines = statement_of_run(run).lines
        assert variable + led == lines["cents"][lines["kind"] != "salary"].sum()


def test_a_team_is_paid_what_one_rep_with_its_results_would_be() -> None:
    own = Component(title="pool", period="quarter", tiers=[Tier(rate=0.0123)], bonuses=[Bonus(at=1e6, pays=500)])
    plan = PLAN.but(pay=Pay(components=[own.but(counts="team")], clawback_share=0.0), **NO_MOVES)
    run = simulate(STILL, plan, 12, seed=3)
    events = events_of_run(run)
    group = {name: int(g) for name, g in zip(run.world.names.reps, run.world["reps"]["group"], strict=True)}
    events["rep"] = [f"team {group[rep]}" for rep in events["rep"]]
    from salessim.pay.statement import make_statement

    together = make_statement(Pay(salary=0, components=[own], clawback_share=0.0), events, MARKET.start, 12).by_month()
    variable = np.rint(100 * run.world["diary"]["variable"].reshape(-1, 12)).astype(np.int64)
    of_team = np.array([variable[run.world["reps"]["group"] == g].sum(axis=0) for g in range(len(run.world["groups"]))])
    assert (of_team.sum(axis=0) == together.sum(axis=0).to_numpy()).all()


def test_quotas_from_last_year_and_from_below() -> None:
    part = Component(title="q", basis="attainment", period="quarter", target_pay=10_000, tiers=[Tier(rate=1)])
    pay = Pay(components=[part, part.but(title="pool", counts="team", target_pay=1_000)],
              manager_components=[part.but(title="lead")])  # fmt: skip
    plan = PLAN.but(target=1e7, span=4.0, **NO_MOVES)
    runs = {
        rule: simulate(STILL, plan.but(pay=pay.but(quota_rule=rule, over_assignment=1.1)), 12)
        for rule in ("last_year", "bottom_up")
    }
    n = len(runs["last_year"].world["reps"])
    quotas = {rule: run.world["quotas"]["first"].reshape(-1, n)[0] for rule, run in runs.items()}
    assert abs(quotas["last_year"].sum() - 1.1e7 / 4) < 0.02 * n and np.ptp(quotas["last_year"]) > 0
    for run in runs.values():
        assert (paid_cents(run) == replayed_cents(run)).all()
    shy = simulate(STILL, plan.but(pay=pay.but(quota_rule="bottom_up", understatement=0.3), target=None), 12)
    honest = simulate(STILL, plan.but(pay=pay.but(quota_rule="bottom_up", understatement=0.0), target=None), 12)
    low, true = (run.world["quotas"]["first"].reshape(-1, n)[0] for run in (shy, honest))
    assert np.allclose(low, 0.7 * true, atol=0.011)
    # what reps expect of a year, the mean of three, is what a year brings: within four standard errors
    years = [simulate(STILL, honest.plan, 12, replication=k).revenue for k in range(6)]
    assert abs(4 * true.sum() - np.mean(years)) < 4 * np.std(years, ddof=1) * np.sqrt(1 / 3 + 1 / 6)
    goals = honest.world["goals"]["first"]
    groups, managers = len(honest.world["groups"]), len(honest.world["managers"])
    assert len(goals) == groups + managers
    assert abs(goals[:groups].sum() - true.sum()) < 0.01 * n and abs(goals[groups:].sum() - true.sum()) < 0.01 * n
    again = simulate(STILL, plan.but(pay=pay.but(quota_rule="last_year", over_assignment=1.1)), 12, replication=5)
    assert (again.world["quotas"]["first"].reshape(-1, n)[0] == quotas["last_year"]).all()


@given(cases(), st.sampled_from([*PLANS, "changes"]), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_random_worlds_run_the_same_on_both_clocks(case: Case, name: str, month: int) -> None:
    """With behaviour on, but for changes of pay, to which nobody answers."""
    if name == "changes":
        market = case.market.but(**OFF)
        plan = case.plan.but(pay=PLANS["clawback"], changes=(Change(month=month, to={"pay": LATER}),))
    else:
        market, plan = case.market.but(reference_rate=0.05), case.plan.but(pay=PLANS[name])
    case = case._replace(market=market.but(bad_debt=0.2, write_off=45.0), plan=plan)
    assert not differences(replay(case).world, replay(case, "simpy", tiny=True).world)


@given(cases(), st.sampled_from([*PLANS, "changes"]), st.integers(1, 5))
@settings(max_examples=15, deadline=None)
def test_random_worlds_pay_the_static_replay(case: Case, name: str, month: int) -> None:
    """Nobody leaves or is promoted; random grids, calendars, stages and beginnings."""
    pay = PLANS["clawback" if name == "changes" else name].but(draw=0.0)
    changes = (Change(month=month, to={"pay": LATER.but(draw=0.0, guarantee_months=0)}),) if name == "changes" else ()
    market = case.market.but(**OFF, turnover=0.0, bad_debt=0.2, write_off=45.0)
    run = replay(case._replace(market=market, plan=case.plan.but(pay=pay, changes=changes, **NO_MOVES)))
    variable = np.rint(100.0 * run.world["diary"]["variable"]).astype(np.int64).reshape(-1, run.months)
    lines = statement_of_run(run).lines
    table = lines[lines["kind"] != "salary"].pivot_table(
        index="rep", columns="month", values="cents", aggfunc="sum", fill_value=0
    )
    table = table.reindex(index=list(run.world.names.reps), columns=range(run.months), fill_value=0)
    assert (variable == table.to_numpy()).all()


def test_a_lively_world_with_all_of_it_runs_the_same_on_both_clocks() -> None:
    case = lively_case()._replace(months=14)
    assert not differences(replay(case).world, replay(case, "simpy", tiny=True).world)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"changes": (Change(when=Trigger(measure="win_rate", below=0.5), to={"pay": LATER}),)}, "not on a sign"),
        ({"changes": (Change(month=3, to={"pay": None}),)}, "neither begin nor end"),
    ],
)
def test_changes_of_pay_that_cannot_be_are_refused_in_words(changed: dict, words: str) -> None:
    with pytest.raises(Exception, match=words):
        PLAN.but(pay=PLANS["team"], **changed)


def test_nobody_answers_to_a_change_of_pay_and_the_run_says_so() -> None:
    plan = PLAN.but(pay=PLANS["clawback"], changes=(Change(month=3, to={"pay": LATER}),))
    with pytest.raises(PayError, match="answer to one pay plan only"):
        simulate(MARKET, plan, 6)
    assert simulate(MARKET.but(**OFF), plan, 6).world["diary"]["variable"].sum() > 0.0
    assert simulate(MARKET, plan, 3).months == 3  # the change comes after the end


def test_rules_of_quotas_that_need_history_say_who_has_it() -> None:
    assert Quotas(understatement=0.0).understatement == 0.0
    with pytest.raises(Exception, match="understatement"):
        Quotas(understatement=1.0)
