"""What plans do, read from the futures of a study: the figures are those of its runs, and made-up truths are found."""

from __future__ import annotations

import numpy as np
import pytest

import salessim as ss
from salessim.study.pay_answer import PAY_MEASURES, PayAnswer
from salessim.study.pay_facts import CLOSING_DAYS, pay_facts
from salessim.study.pay_groups import GROUPS, first_talents, seat_groups
from salessim.study.study import Study

MARKET, PLAN = ss.preset("small")
WORLD = MARKET.but(reference_rate=0.08)


def on_quota(period: str, quota: float = 400_000.0, **more: object) -> ss.Pay:
    parts = {"quarter": 4, "year": 1}[period]
    tiers = [ss.Tier(rate=0.6), ss.Tier(above=1.0, rate=2.0)]
    part = ss.Component(
        title="quota", period=period, basis="attainment", quota=quota / parts, target_pay=40_000 / parts, tiers=tiers,
        **more,
    )  # fmt: skip
    return ss.Pay(salary=90_000, target_variable=40_000, components=[part])


LINEAR = ss.Pay(
    salary=90_000, target_variable=40_000,
    components=[ss.Component(title="commission", period="month", tiers=[ss.Tier(rate=0.08)])],
)  # fmt: skip


@pytest.fixture(scope="module")
def study() -> Study:
    plans = {"linear": PLAN.but(pay=LINEAR), "quarter": PLAN.but(pay=on_quota("quarter"))}
    return ss.compare(
        WORLD, plans, months=12, replications=10, most_replications=10, draws=0, audit=False, progress=False
    )


@pytest.fixture(scope="module")
def answer(study: Study) -> PayAnswer:
    return ss.pay_answer(study)


def test_figures_are_those_of_the_study_and_of_its_runs(study: Study, answer: PayAnswer) -> None:
    for name in ("revenue", "contribution", "turnover"):
        assert (answer.values[name] == study.values(name)).all()
    run = ss.simulate(WORLD, study.plans["quarter"], 12, seed=study.seed, replication=3)
    ledger, diary = ss.ledger_of(run), run.world["diary"]
    assert answer.values["pay_cost"][3, 1] == pytest.approx(diary["salary"].sum() + diary["variable"].sum())
    assert answer.values["pay_cost"][3, 1] == pytest.approx(-ledger.total("salaries") - ledger.total("commission"))
    assert answer.values["gross_margin"][3, 1] == ledger.total("revenue") + ledger.total("cost_of_goods")
    assert answer.values["effort"][3, 1] == pytest.approx(diary["effort"].mean())
    deals = run.world.used("deals")
    assert answer.values["pulled"][3, 1] == (deals["shifted"] < 0.0).sum()
    assert answer.values["held"][3, 1] == (deals["shifted"] > 0.0).sum()
    assert answer.futures == 10 and answer.deadline == 3 and set(PAY_MEASURES) <= set(answer.values)


def test_p_attain_is_counted_from_credits(study: Study, answer: PayAnswer) -> None:
    """An independent count from the credits of three runs: eight seats, four quarters each."""
    hits = np.zeros(len(answer.reps))
    few = ss.pay_answer(study, replications=3)
    for n in range(3):
        run = ss.simulate(WORLD, study.plans["quarter"], 12, seed=study.seed, replication=n)
        cents = run.world["credits"]["cents"].reshape(len(answer.reps), 4, 3).sum(axis=2)
        hits += (cents >= 100_000 * 100).mean(axis=1) / 3
    assert few.p_attain[:, 1] == pytest.approx(hits)
    assert np.isnan(few.p_attain[:, 0]).all()
    assert few.p_attain_frame().loc[answer.reps[0], "quarter"] == pytest.approx(hits[0])


def test_concentration_hole_and_discount_by_hand(study: Study) -> None:
    run = ss.simulate(WORLD, study.plans["quarter"], 12, seed=study.seed)
    facts = pay_facts(run, 3)
    ends, deals = run.world["months"]["ends"], run.world.used("deals")
    won = deals[deals["state"] == 4]
    late = sum(
        float(deal["value"]) for deal in won
        if any(end - CLOSING_DAYS <= deal["closed"] < end for end in ends[2::3])
    )  # fmt: skip
    assert facts.concentration == pytest.approx(late / won["value"].sum())
    monthly = run.by_month()
    assert facts.hole == pytest.approx(1.0 - monthly[[3, 6, 9]].mean() / monthly.mean())
    listed = (won["value"] / (1.0 - won["discount"])).sum()
    assert facts.discount == pytest.approx(1.0 - won["value"].sum() / listed)
    assert facts.sales.sum() == pytest.approx(run.revenue)


def test_quotas_of_later_years_are_those_that_the_ratchet_of_the_run_made() -> None:
    pay = on_quota("year", 600_000.0).but(ratchet_up=0.5, ratchet_down=0.2)
    run = ss.simulate(WORLD, PLAN.but(pay=pay), 21)  # the quotas it ends with are those of the second year
    quota = run.world["quotas"]["quota"]
    assert (quota != run.world["quotas"]["first"]).any()
    credit = run.world["credits"]["cents"].reshape(len(quota), 7, 3).sum(axis=2) / 100.0
    facts = pay_facts(run)
    assert facts.attainment[:, 0] == pytest.approx(credit[:, :4].sum(axis=1) / 600_000.0)
    assert facts.quarterly[:, :4] == pytest.approx(credit[:, :4] / 150_000.0)
    assert facts.quarterly[:, 4:] == pytest.approx(4.0 * credit[:, 4:] / quota[:, None])


def test_a_quarterly_quota_ratchets_every_quarter() -> None:
    """After 8 months the run's quotas are those of the third quarter; here they follow from the credits alone."""
    from salessim.study.pay_facts import _quotas_by_month

    pay = on_quota("quarter", 600_000.0).but(ratchet_up=0.5, ratchet_down=0.2)
    run = ss.simulate(WORLD, PLAN.but(pay=pay), 8)
    quota = run.world["quotas"]["quota"]
    credit = run.world["credits"]["cents"].reshape(len(quota), 8) / 100.0
    found = _quotas_by_month(run, 0, credit, 3)
    assert (found[:, 0] == 150_000.0).all() and (found[:, 7] == quota).all() and (quota != 150_000.0).any()


def test_a_plan_against_itself_differs_in_nothing() -> None:
    plans = {"a": PLAN.but(pay=LINEAR), "b": PLAN.but(pay=LINEAR.but(target_variable=40_000.0))}
    study = ss.compare(WORLD, plans, months=6, replications=4, draws=0, audit=False, progress=False)
    answer = ss.pay_answer(study)
    for name in PAY_MEASURES:
        values = answer.values[name]
        assert (np.isnan(values) | (values == values[:, [0]])).all()
    assert np.abs(answer.effort - 1.0).max() < 1e-9  # one rate on everything: INC-4, in the simulation


def test_a_plan_without_a_pay_plan_is_read_by_salary_and_commission() -> None:
    plans = {"today": PLAN, "linear": PLAN.but(pay=LINEAR)}
    study = ss.compare(WORLD, plans, months=6, replications=2, draws=0, audit=False, progress=False)
    answer = ss.pay_answer(study)
    ledger = ss.ledger_of(ss.simulate(WORLD, PLAN, 6, seed=study.seed))
    assert answer.values["pay_cost"][0, 0] == pytest.approx(-ledger.total("salaries") - ledger.total("commission"))
    assert answer.values["effort"][0, 0] == 1.0 and answer.deadline == 3


def test_groups_are_told_by_prospects_and_not_by_luck() -> None:
    """Seats whose expected sales differ by known factors: with the luck of single futures large, groups are right."""
    rng = np.random.default_rng(5)
    worth = np.linspace(-0.6, 0.6, 10)
    talents = 0.3 * rng.normal(size=(200, 10))
    sales = np.exp(worth + 1.0 * talents + 0.4 * rng.normal(size=(200, 10)))[:, None, :] * np.ones((1, 2, 1))
    groups = seat_groups(sales, talents)
    assert groups is not None
    truth = worth + talents
    rank = np.argsort(np.argsort(truth, axis=1), axis=1)
    right = np.where(rank < 2, 2, np.where(rank >= 8, 0, 1))
    assert (groups == right).mean() > 0.95
    assert [int((groups[0] == g).sum()) for g in range(3)] == [2, 6, 2]
    assert seat_groups(sales[:, :, :4], talents[:, :4]) is None


def test_talents_are_those_of_the_run() -> None:
    run = ss.simulate(MARKET.but(turnover=0.0), PLAN, 2)
    assert first_talents(run) == pytest.approx(run.world["reps"]["talent"])


def test_groups_add_up_and_luck_skill_and_territory_too(answer: PayAnswer) -> None:
    sizes = np.array([2, 4, 2])
    by_group = np.array([answer.by_group[group, "revenue"] for group in GROUPS])
    assert np.tensordot(sizes, by_group, 1) == pytest.approx(answer.values["revenue"])
    for name in answer.names:
        assert sum(answer.split(name)[:3]) == pytest.approx(1.0)


def test_payout_at_risk_and_its_interval(answer: PayAnswer) -> None:
    cost = np.sort(answer.values["pay_cost"][:, 1])
    assert answer.payout("quarter") == cost[4] and answer.payout("quarter", 0.95) == cost[9]
    value, low, high = answer.at_risk("quarter", budget=float(cost[0]))
    assert value == pytest.approx(np.quantile(cost, 0.95) - cost[0]) and low <= value <= high + 1e-9
    assert answer.at_risk("quarter", budget=1e12) == (0.0, 0.0, 0.0)


def test_words_and_tables_in_both_languages(answer: PayAnswer) -> None:
    for language in ("en", "zh"):
        text, page = answer.text(language), answer.html(language)
        assert f'lang="{language}"' in page and page.count("<table") == 3
        assert text.count("\n") >= 10 and "{" not in text
    assert "quarter against linear: sales" in answer.text() and "达成配额" in answer.text("zh")
    table = answer.table("revenue", "luck", language="zh")
    assert list(table.columns) == ["linear", "quarter"] and len(table) == 4
    with pytest.raises(ss.StudyError, match="'revenue'"):
        answer.table("revenu")
    with pytest.raises(ss.StudyError, match="quota in every plan"):
        answer.differences("p_attain")
    with pytest.raises(ss.StudyError, match="'quarter'"):
        answer.at_risk("quarterly")


def test_figures_draw(answer: PayAnswer) -> None:
    assert len(answer.plot().axes) >= 3 and len(answer.plot("zh").axes) >= 3


def test_what_cannot_be_read_is_refused(study: Study) -> None:
    with pytest.raises(ss.StudyError, match="2 or more"):
        ss.pay_answer(study, replications=1)
    plans = {"a": PLAN, "b": PLAN.but(reps=PLAN.headcount + 1)}
    other = ss.compare(MARKET, plans, months=2, replications=2, draws=0, audit=False, progress=False)
    with pytest.raises(ss.StudyError, match="same number"):
        ss.pay_answer(other)
    from dataclasses import replace

    with pytest.raises(ss.StudyError, match="does not repeat"):
        ss.pay_answer(replace(study, table=study.table * 1.01))


def test_scaled_pay_pays_in_proportion_and_leaves_the_points() -> None:
    from salessim.pay.curve import compile_component, payouts

    whole = ss.Component(
        title="a", threshold=50, cap=900, tiers=[ss.Tier(rate=2), ss.Tier(above=100, rate=5)],
        bonuses=[ss.Bonus(at=80, pays=30)],
    )  # fmt: skip
    for part in (whole, on_quota("year").components[0]):
        pay = ss.scaled_pay(ss.Pay(salary=7, components=[part], target_variable=10), 1.5)
        at = np.linspace(0.0, 8e5, 500) if part.basis == "attainment" else np.linspace(0.0, 400.0, 500)
        one, scaled = (payouts(compile_component(c), 0, at) for c in (part, pay.components[0]))
        assert scaled == pytest.approx(1.5 * one) and (pay.salary, pay.target_variable) == (7, 15)
    with pytest.raises(ss.PayError, match="above 0"):
        ss.scaled_pay(LINEAR, 0.0)


@pytest.mark.parametrize("behaviour", [True, False])
def test_equal_cost_costs_the_same_in_runs_of_its_own(behaviour: bool) -> None:
    from salessim.model.register import off_values

    found = ss.equal_cost(WORLD, PLAN, on_quota("year"), LINEAR, months=12, replications=4, behaviour=behaviour)
    world = WORLD if behaviour else WORLD.but(**off_values("motivation"))
    cost = {}
    for name, pay in (("plan", found.pay), ("like", LINEAR)):
        runs = [ss.simulate(world, PLAN.but(pay=pay), 12, replication=n) for n in range(4)]
        cost[name] = np.mean([r.world["diary"]["salary"].sum() + r.world["diary"]["variable"].sum() for r in runs])
    assert cost["plan"] / cost["like"] == pytest.approx(1.0, abs=0.002)
    assert found.cost == pytest.approx(cost["plan"]) and found.wanted == pytest.approx(cost["like"])
    with pytest.raises(ss.StudyError, match="no generosity"):
        ss.equal_cost(WORLD, PLAN, LINEAR, 1_000.0, months=2, replications=1)
