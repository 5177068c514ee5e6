"""What would last year have paid: exports, runs and events, winners and losers, next year beside it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import salessim as ss
from salessim.clocks.paid import statement_of_run
from salessim.crm import CrmData
from salessim.model.register import off_values
from salessim.pay.groups import months_of
from salessim.pay.slip import for_days_served
from salessim.pay.statement import make_statement
from salessim.study.pay_replay import PayReplay

MARKET, PLAN = ss.preset("small")
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample"
FIVE = ss.Component(title="commission", period="month", tiers=[ss.Tier(rate=0.05)])
LINEAR = ss.Pay(salary=12_000, components=[FIVE])
STEP = ss.Component(title="bonus", basis="attainment", quota=1_000.0, bonuses=[ss.Bonus(at=1.0, pays=20_000)])
BONUS = ss.Pay(salary=6_000, components=[STEP])
EVENTS = pd.DataFrame(
    {"deal": ["d1", "d2", "d3"], "rep": ["ann", "ann", "bob"], "date": ["2026-01-05", "2026-06-20", "2026-02-10"],
     "revenue": [600.0, 500.0, 333.33]}
)  # fmt: skip
START = dt.date(2026, 1, 1)


def test_winners_losers_and_totals_by_hand() -> None:
    """Ann sells 1,100: 12,000 + 55 before, 6,000 + 20,000 after. Bob sells 333.33: 12,016.67 before, 6,000 after."""
    found = ss.replay_pay(EVENTS, BONUS, before=LINEAR, start=START, replications=50, currency="CNY")
    assert found.winners.to_dict() == {"ann": 26_000.0 - 12_055.0}
    assert found.losers.round(2).to_dict() == {"bob": -6_016.67}
    totals = found.totals()
    assert totals["before"] == pytest.approx(24_071.67) and totals["last_year"] == 32_000.0
    assert list(found.frame().columns) == ["before", "last_year", "change", "p50", "p95"]
    lines = found.text().splitlines()
    assert "2026-01-01" in lines[0] and "ann (13,945 CNY)" in lines[1] and "holds behaviour fixed" in lines[-1]
    assert "ann" in found.text("zh") and "行为不变" in found.text("zh")
    assert found.html().count("<tr") == 4 and 'lang="zh"' in found.html("zh")


def test_next_year_is_the_poisson_year_of_the_outlook() -> None:
    """A bonus at 1,000 of three deals: P(Ann >= 1,000) with N1 of 600 and N2 of 500, both Poisson with mean 1."""
    from scipy.stats import poisson

    chance = sum(
        poisson.pmf(i, 1.0) * poisson.pmf(j, 1.0) for i in range(12) for j in range(12) if 600 * i + 500 * j >= 1_000
    )
    found = ss.replay_pay(EVENTS, BONUS, start=START, replications=2_000)
    hit = float((found.outlook.per_rep["mean"].to_numpy()[0] / 100.0 - 6_000.0) / 20_000.0)
    assert abs(hit - chance) < 4.0 * np.sqrt(chance * (1.0 - chance) / 2_000)


def test_a_name_of_a_rep_is_escaped_and_no_plan_to_compare_with_is_said() -> None:
    found = ss.replay_pay(EVENTS.assign(rep="<b>x</b>"), LINEAR, start=START, replications=20)
    assert "<b>x" not in found.html() and found.before is None and "before" not in found.frame()
    with pytest.raises(ss.StudyError, match="before="):
        found.winners  # noqa: B018
    with pytest.raises(ss.StudyError, match="before="):
        found.plot()


@pytest.fixture(scope="module")
def crm() -> CrmData:
    return ss.read_crm(SAMPLE)


def test_the_last_twelve_whole_months_of_an_export(crm: CrmData) -> None:
    found = ss.replay_pay(crm, LINEAR, before=PLAN, replications=30)
    assert isinstance(found, PayReplay) and found.statement.start == dt.date(2025, 1, 1)
    won = crm.deals[(crm.deals["status"] == "won") & (crm.deals["closed_at"] >= "2025-01-01")]
    of_deals = found.statement.lines[found.statement.lines["kind"] == "component"]
    assert of_deals["credit"].sum() == pytest.approx(won["amount"].sum())
    assert len(found.frame()) == 16 and found.totals()["before"] > 0.0
    assert found.plot("zh").axes and found.plot().axes


def test_payout_curves_with_the_reps_of_last_year_on_them(crm: CrmData) -> None:
    """The bars of the picture are the attainments, counted by hand from the deals; what was counted has no interval."""
    from salessim.show.pay_figure import payout_curve_figure

    part = ss.Component(title="q", period="quarter", basis="attainment", quota=500_000.0, tiers=[ss.Tier(rate=0.04)])
    found = ss.replay_pay(crm, ss.Pay(components=[part]), before=LINEAR, replications=20, currency="CNY")
    year = crm.deals[(crm.deals["status"] == "won") & (crm.deals["closed_at"] >= "2025-01-01")]
    reached = int((year.groupby("owner_id")["amount"].sum() >= 2_000_000.0).sum())
    for language, words in (("en", f"{reached} of 16"), ("zh", f"16人中{reached}人")):
        figure = payout_curve_figure({"a": found}, language)
        texts = [text.get_text() for text in figure.texts]
        assert words in texts and not any("±" in text for text in texts)
    with pytest.raises(ss.StudyError, match="needs a quota"):
        payout_curve_figure({"linear": ss.replay_pay(crm, LINEAR, replications=20)})


def test_with_market_and_plan_next_year_is_simulated_with_people_who_answer(crm: CrmData) -> None:
    run = ss.simulate(MARKET, PLAN, 18)
    pay = ss.pay_preset("accelerator")
    found = ss.replay_pay(run, pay, market=MARKET, plan=PLAN, futures=4, replications=20)
    first = ss.simulate(MARKET, PLAN.but(pay=pay), 12)
    paid = float(first.world["diary"]["salary"].sum() + first.world["diary"]["variable"].sum())
    assert round(paid, 2) in found.ahead_total.round(2)
    assert found.before is not None and {"p50_ahead", "p95_ahead"} <= set(found.frame().columns)
    assert "4 simulated years" in found.text()
    with pytest.raises(ss.StudyError, match="Give both"):
        ss.replay_pay(run, pay, market=MARKET)
    with pytest.raises(ss.StudyError, match="a year of history"):
        ss.replay_pay(ss.simulate(MARKET, PLAN, 6), pay)


def test_statement_of_a_run_an_export_and_events() -> None:
    run = ss.simulate(MARKET, PLAN.but(pay=LINEAR), 6)
    pd.testing.assert_frame_equal(ss.statement(run).lines, statement_of_run(run).lines)
    other = ss.statement(run, BONUS.but(salary=0.0))
    assert set(other.lines["kind"]) <= {"salary", "component"}
    with pytest.raises(ss.StudyError, match="a pay plan"):
        ss.statement(EVENTS)
    with pytest.raises(ss.StudyError, match="start="):
        ss.statement(EVENTS, LINEAR)
    with pytest.raises(ss.StudyError, match="nothing was won"):
        ss.statement(EVENTS, LINEAR, start=dt.date(2020, 1, 1))


def test_the_statement_of_one_rep_is_traced_deal_by_deal_in_both_languages() -> None:
    found = ss.statement(EVENTS, LINEAR, start=START)
    january = ss.pay_slip(found, "ann", 0)
    assert january["money"].tolist() == [1_000.0, 30.0] and january["deal"].tolist() == ["", "d1"]
    assert round(100 * ss.pay_slip(found, "ann")["money"].sum()) == found.totals()["ann"]
    chinese = ss.pay_slip(found, "ann", 0, "zh")
    assert list(chinese.columns) == ["月度", "薪酬类别", "名称", "商机", "计提业绩", "金额"]
    assert chinese["薪酬类别"].tolist() == ["底薪", "构成薪酬"]
    with pytest.raises(ss.PayError, match="'ann'"):
        ss.pay_slip(found, "anne")


def test_pay_of_a_plan_without_a_pay_plan_pays_what_the_ledger_says() -> None:
    """Salary and commission of the management, replayed, are what a run without a pay plan pays (people stay)."""
    run = ss.simulate(MARKET.but(turnover=0.0), PLAN.but(promotion_share=0.0), 12)
    ledger = ss.ledger_of(run)
    stated = ss.statement(run, ss.pay_of(PLAN)).totals().sum() / 100.0
    assert stated == pytest.approx(-ledger.total("salaries") - ledger.total("commission"), rel=1e-6)


@pytest.mark.parametrize("day", [1, 15, 31])
def test_a_run_that_begins_in_the_middle_of_a_month_pays_its_statement(day: int) -> None:
    """A fitted market begins on the date of its export, whatever the day: months are counted from there."""
    market = MARKET.but(**off_values("motivation"), turnover=0.0, start=dt.date(2025, 12, day))
    run = ss.simulate(market, PLAN.but(pay=ss.pay_preset("accelerator")).but(promotion_share=0.0), 14)
    diary = run.world["diary"]
    paid = np.rint(100 * diary["salary"]) + np.rint(100 * diary["variable"])
    assert (paid.reshape(-1, 14) == statement_of_run(run).by_month().to_numpy()).all()


def test_months_are_counted_from_the_start() -> None:
    days = np.array(["2025-12-30", "2025-12-31", "2026-01-30", "2026-01-31", "2026-03-03"], dtype="datetime64[D]")
    assert months_of(days, dt.date(2025, 12, 31)).tolist() == [-1, 0, 0, 1, 2]
    assert months_of(days, dt.date(2025, 12, 1)).tolist() == [0, 0, 1, 1, 3]


def test_salary_is_paid_for_the_days_on_the_payroll() -> None:
    """12,000 a year: Ann from 16 January (16 of 31 days), Bob until 14 February (14 of 28 days)."""
    served = {"ann": (dt.date(2026, 1, 16), None), "bob": (None, dt.date(2026, 2, 14))}
    found = for_days_served(make_statement(ss.Pay(salary=12_000), EVENTS, START, 3), served).by_month()
    assert found.to_numpy().tolist() == [[51_613, 100_000, 100_000], [100_000, 50_000, 0]]


def test_who_came_or_left_last_year_is_replayed_for_his_days_and_budgeted_for_a_year(crm: CrmData) -> None:
    from dataclasses import replace

    left = crm.users["left_at"].mask(crm.users["user_id"] == "S01", pd.Timestamp("2025-06-30"))
    plan = ss.Pay(salary=12_000, components=[FIVE.but(tiers=[ss.Tier(rate=0.0)])])
    gone = replace(crm, users=crm.users.assign(left_at=left))
    table = ss.replay_pay(gone, plan, before=plan, replications=20).frame()
    assert table.loc[["S01", "S02"]].to_numpy().tolist() == [
        [6_000.0, 6_000.0, 0.0, 12_000.0, 12_000.0], [12_000.0, 12_000.0, 0.0, 12_000.0, 12_000.0],
    ]  # fmt: skip
