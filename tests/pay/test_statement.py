"""Statements equal hand calculations and add up to the cent, deal by deal; outlook and winners."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from salessim.model.pay import Bonus, Component, Contest, Pay, PayError, Spiff, Tier
from salessim.model.pay_files import pay_preset
from salessim.pay.events import checked_events, credited_events
from salessim.pay.groups import People
from salessim.pay.outlook import pay_outlook
from salessim.pay.statement import Statement, make_statement, winners_and_losers

START = dt.date(2026, 1, 1)
FIVE = Component(title="commission", period="month", tiers=[Tier(rate=0.05)])


def events(**columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns)


THREE = events(
    deal=["d1", "d2", "d3", "d4"], rep=["ann", "ann", "bob", "ann"], product=["A", "B", "A", "A"],
    date=["2026-01-05", "2026-01-20", "2026-02-10", "2026-04-02"], revenue=[600.0, 500.0, 333.33, 900.0],
)  # fmt: skip


def cents(found: Statement, rep: str, kind: str | None = None) -> list[int]:
    lines = found.lines[(found.lines["rep"] == rep) & (found.lines["cents"] != 0)]
    return (lines if kind is None else lines[lines["kind"] == kind])["cents"].tolist()


def test_a_quarter_by_hand_deal_by_deal() -> None:
    """Quota 1,000 a quarter: 4 % to quota, 10 % above, 100 for reaching it. ann: 600 -> 24; 500 takes her over:
    16 + 10 + 100 = 126. bob: 333.33 -> 13.33. ann's next quarter: 900 -> 36."""
    part = Component(
        title="q", period="quarter", basis="attainment", quota=1000.0,
        tiers=[Tier(rate=0.04), Tier(above=1.0, rate=0.10)], bonuses=[Bonus(at=1.0, pays=100)],
    )  # fmt: skip
    found = make_statement(Pay(salary=1_000, components=[part]), THREE, START)
    assert cents(found, "ann", "component") == [2400, 12600, 3600]
    assert found.lines[found.lines["kind"] == "component"]["month"].tolist() == [2, 2, 5, 2]
    assert cents(found, "bob", "component") == [1333]
    assert cents(found, "bob", "salary") == [8334, 8334, 8334, 8334] + [8333] * 8  # 1,000.00 in twelve parts
    assert found.totals().to_dict() == {"ann": 100_000 + 18_600, "bob": 100_000 + 1_333}
    assert found.of_deal("d2")["cents"].tolist() == [12600]
    assert found.by_month().loc["ann"].sum() == 118_600


def test_a_quota_met_to_the_cent_is_met() -> None:
    part = Component(title="q", basis="attainment", quota=100.0, bonuses=[Bonus(at=1.1, pays=50)])
    deals = events(deal=list("abc"), rep=["x"] * 3, date=["2026-03-01"] * 3, revenue=[36.7, 36.6, 36.7])
    found = make_statement(Pay(salary=0, components=[part]), deals, START)
    assert found.totals()["x"] == 5000  # 36.7 + 36.6 + 36.7 is 110.00000000000001 or 109.99999999999999 in floats
    short = make_statement(Pay(salary=0, components=[part]), deals.assign(revenue=[36.7, 36.6, 36.69]), START)
    assert short.totals()["x"] == 0


amounts = st.lists(
    st.tuples(st.integers(-20_000, 200_000), st.sampled_from("abc"), st.integers(0, 364)), min_size=1, max_size=30
)


@settings(max_examples=40, deadline=None)
@given(amounts, st.sampled_from(["month", "quarter", "year"]), st.sampled_from(["accelerator", "bonus", "capped"]))
def test_deals_add_up_to_the_payout_of_the_period(rows: list[tuple[int, str, int]], period: str, name: str) -> None:
    """An independent calculation: the payout of each rep and period, rounded once, against the sum of its deals."""
    from salessim.pay.curve import compile_component, payout

    part = pay_preset(name).components[0].but(period=period, quota=1_000.0)
    deals = events(
        deal=[f"d{i}" for i in range(len(rows))], rep=[rep for _, rep, _ in rows],
        date=[START + dt.timedelta(days=day) for _, _, day in rows], revenue=[amount / 100 for amount, _, _ in rows],
    )  # fmt: skip
    found = make_statement(Pay(salary=0, components=[part]), deals, START)
    sums: dict[tuple[str, int], int] = {}
    length = {"month": 1, "quarter": 3, "year": 12}[period]
    for amount, rep, day in rows:
        where = (rep, ((START + dt.timedelta(days=day)).month - 1) // length)
        sums[where] = sums.get(where, 0) + amount
    curve = compile_component(part)
    expected: dict[str, int] = {}
    for (rep, _), total in sums.items():
        exact = payout(curve, 0, total / 100) * 100
        expected[rep] = expected.get(rep, 0) + int(np.sign(exact) * np.floor(abs(exact) + 0.5 + 1e-9))
    component = found.lines[found.lines["kind"] == "component"].groupby("rep")["cents"].sum()
    assert component.to_dict() == expected
    # a debt that is carried on is taken from later pay and leaves no cent behind but the last month's
    paid = found.by_month()
    assert (paid.to_numpy() >= 0).all()


def test_split_credit_manager_and_team() -> None:
    """d1 of 1,000 is split 70:30 between rep and specialist; the manager has 1 % of his people's credit; the team bonus
    of 99.99 at 900 is divided 60 % to reps and 40 % to the specialist."""
    pay = Pay(
        salary=0, credit={"rep": 0.7, "specialist": 0.3}, components=[
            FIVE,
            Component(title="team", counts="team", bonuses=[Bonus(at=900, pays=99.99)],
                      team_share={"rep": 0.6, "specialist": 0.4}),
        ],
        manager_components=[Component(title="manager", tiers=[Tier(rate=0.01)])],
    )  # fmt: skip
    people = People(
        teams={"ann": "east", "sam": "east", "bob": "west"}, roles={"sam": "specialist"},
        managers={"ann": "mia", "sam": "mia"},
    )  # fmt: skip
    deals = events(deal=["d1", "d1"], rep=["ann", "sam"], role=["rep", "specialist"], date=["2026-01-05"] * 2, revenue=[1000.0] * 2)  # fmt: skip  # noqa: E501
    found = make_statement(pay, deals, START, reps=["bob"], people=people)
    assert found.totals().to_dict() == {"ann": 3500 + 5999, "sam": 1500 + 4000, "mia": 1000, "bob": 0}


def test_spiffs_contests_and_ties() -> None:
    pay = Pay(
        salary=0, spiffs=[Spiff(product="A", first=dt.date(2026, 1, 1), last=dt.date(2026, 2, 10), amount=50)],
        contests=[Contest(title="race", period="quarter", prizes=[300, 100.01])],
    )  # fmt: skip
    found = make_statement(pay, THREE, START)
    assert cents(found, "ann", "spiff") == [5000] and cents(found, "bob", "spiff") == [5000]
    assert cents(found, "ann", "contest") == [30000, 30000] and cents(found, "bob", "contest") == [10001]
    tie = events(deal=["a", "b"], rep=["ann", "bob"], date=["2026-01-05"] * 2, revenue=[10.0, 10.0])
    shared = make_statement(pay, tie.assign(product="B"), START)
    assert sorted(shared.totals()) == [20000, 20001]


def test_clawback_within_its_window_only() -> None:
    lost = THREE.assign(lost_on=["2026-03-01", None, None, "2026-12-31"], unpaid_on=[None, "2026-02-20", None, None])
    found = make_statement(Pay(salary=0, components=[FIVE], clawback_share=0.5), lost, START)
    back = found.lines[found.lines["kind"] == "clawback"][["month", "deal", "title", "cents"]].to_numpy().tolist()
    assert back == [[1, "d2", "unpaid", -1250], [2, "d1", "lost", -1500]]  # d4 was lost after 180 days
    assert (found.by_month().to_numpy() >= 0).all()
    carried = found.lines[found.lines["kind"] == "carried"]["cents"]
    assert carried.tolist()[:2] == [1250, -1250] and found.totals()["ann"] == 10000 - 2750


def test_cash_collected_pays_when_the_money_is_in() -> None:
    part = FIVE.but(measure="cash_collected")
    deals = events(
        deal=["d1", "d1", "d2"], rep=["ann"] * 3, date=["2026-01-05"] * 3, revenue=[600.0] * 3,
        cash=[200.0, 400.0, 600.0], cash_on=["2026-02-01", "2026-05-01", None],
    )  # fmt: skip
    found = make_statement(Pay(salary=0, components=[part]), deals, START)
    assert found.by_month().loc["ann"].tolist() == [0, 1000, 0, 0, 2000] + [0] * 7


def test_draws_and_guarantee() -> None:
    """Draw of 40 a month. January earns 55, February 0, March 0, April 45: recovered from what exceeds 40."""
    pay = Pay(salary=0, components=[FIVE], draw=40, draw_recoverable=True)
    found = make_statement(pay, THREE, START, months=5)
    assert found.by_month().loc["ann"].tolist() == [5500, 4000, 4000, 4000, 4000]
    assert cents(found, "ann", "draw") == [4000, 4000, -500, 4000]
    given = make_statement(pay.but(draw_recoverable=False), THREE, START, months=5)
    assert given.by_month().loc["ann"].tolist() == [5500, 4000, 4000, 4500, 4000]
    ramp = Pay(salary=0, components=[FIVE], guarantee_months=3, guarantee_share=0.5, target_variable=1200)
    hired = People(hired={"ann": dt.date(2026, 1, 1), "bob": dt.date(2026, 2, 1)})
    ramped = make_statement(ramp, THREE, START, months=5, people=hired)
    assert ramped.by_month().loc["ann"].tolist() == [5500, 5000, 5000, 4500, 0]
    assert ramped.by_month().loc["bob"].tolist() == [0, 5000, 5000, 5000, 0]


def test_quotas_of_reps_by_period_and_market_share() -> None:
    part = Component(title="q", period="quarter", basis="attainment", bonuses=[Bonus(at=1.0, pays=10)])
    quotas = {"q": {"ann": [1100.0, 901.0, 1, 1], "bob": 333.33}}
    found = make_statement(Pay(salary=0, components=[part]), THREE, START, quotas=quotas)
    assert found.totals().to_dict() == {"ann": 1000, "bob": 1000}
    share = Component(title="s", measure="market_share", period="year", tiers=[Tier(rate=1000)])
    owned = make_statement(Pay(salary=0, components=[share]), THREE, START, market_size=20_000.0)
    assert owned.totals().to_dict() == {"ann": 10_000, "bob": 1_667}
    with pytest.raises(PayError, match="size of the market"):
        make_statement(Pay(salary=0, components=[share]), THREE, START)
    with pytest.raises(PayError, match="fewer quotas"):
        _too_few(part)


def _too_few(part: Component) -> Statement:
    late = THREE.assign(date=["2026-01-05", "2026-01-20", "2026-02-10", "2026-11-02"])
    return make_statement(Pay(salary=0, components=[part]), late, START, quotas={"q": {"ann": [1.0, 2.0], "bob": 1.0}})


def test_order_of_rows_changes_nothing_and_bad_events_are_refused() -> None:
    pay = pay_preset("accelerator")
    once, twice = (make_statement(pay, table, START) for table in (THREE, THREE.iloc[::-1]))
    pd.testing.assert_frame_equal(once.lines, twice.lines)
    with pytest.raises(PayError, match="Did you mean 'revenue'"):
        checked_events(THREE.rename(columns={"revenue": "revenu"}))
    with pytest.raises(PayError, match="row 2, date"):
        checked_events(THREE.assign(date=["2026-01-01", None, "2026-01-01", "2026-01-01"]))
    with pytest.raises(PayError, match="no share"):
        make_statement(Pay(components=[FIVE]), THREE.assign(role="ghost"), START)


def many(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    days = rng.integers(0, 365, n)
    return events(
        deal=[f"d{i}" for i in range(n)], rep=[f"r{i % 8}" for i in range(n)],
        date=[START + dt.timedelta(days=int(day)) for day in days], revenue=rng.lognormal(8, 0.8, n).round(2),
        product=rng.choice(["A", "B"], n),
    )  # fmt: skip


def test_next_year_has_the_mean_of_last_year_where_pay_is_linear() -> None:
    """|z| <= 4 on the mean; the half-width of its 95 % interval is 1.0 % of it or less, so that it can fail."""
    pay = Pay(salary=12_000, components=[FIVE], spiffs=[Spiff(product="A", first=START, last=dt.date(2026, 6, 30), amount=20)])  # fmt: skip  # noqa: E501
    found = pay_outlook(pay, many(), START, replications=400)
    last = found.replay.totals().sum()
    error = found.total.std(ddof=1) / np.sqrt(len(found.total))
    assert 1.96 * error < 0.01 * last
    assert abs(found.total.mean() - last) < 4 * error
    assert (found.per_rep["p95"] > found.per_rep["p50"]).all()
    variable = many().groupby("rep")["revenue"].apply(lambda x: 0.05**2 * (x**2).sum()).sum()
    assert found.total.std(ddof=1) / 100 == pytest.approx(np.sqrt(variable), rel=0.2)  # compound Poisson
    assert found.percentile(0.5) <= found.percentile(0.95)
    assert found.at_risk(budget=found.percentile(0.95) / 100 + 1) == 0.0
    assert found.at_risk(budget=last / 100) == pytest.approx((found.percentile(0.95) - last) / 100)


def test_a_team_component_is_divided_to_the_cent_in_every_drawn_year() -> None:
    team = Component(title="team", counts="team", tiers=[Tier(rate=0.013)])
    pay = Pay(salary=0, components=[team])
    found = pay_outlook(pay, many(60), START, replications=40)
    alone = pay_outlook(
        Pay(salary=0, components=[team.but(counts="own")]), many(60).assign(rep="all"), START, replications=40
    )
    assert found.total.tolist() == alone.total.tolist()


def test_a_deal_more_leaves_the_luck_of_the_others_as_it_was() -> None:
    pay = Pay(salary=0, components=[FIVE])
    base = many(50)
    more = pd.concat([base, events(deal=["new"], rep=["r9"], date=[START], revenue=[1.0], product=["A"])])
    a, b = (pay_outlook(pay, table, START, replications=50).per_rep for table in (base, more))
    pd.testing.assert_frame_equal(a, b.loc[a.index])


def test_winners_and_losers() -> None:
    before = make_statement(Pay(salary=100, components=[FIVE]), THREE, START)
    after = make_statement(Pay(salary=50, components=[FIVE.but(tiers=[Tier(rate=0.1)])]), THREE, START)
    table = winners_and_losers(before, after)
    assert table["change"].to_dict() == {"ann": 10_000 - 5_000, "bob": 1_666 - 5_000}


def test_replay_of_the_sample_company() -> None:
    from salessim.crm import read_crm

    folder = Path(__file__).resolve().parents[2] / "data" / "sample"
    crm = read_crm(folder)
    table = credited_events(crm.deals, crm.products, crm.accounts)
    won = crm.deals[(crm.deals["status"] == "won") & crm.deals["owner_id"].notna()]
    assert len(table) == len(won) and (table["margin"] <= table["revenue"] + 1e-9).all()
    year = dt.date(crm.as_of.year - 1, crm.as_of.month, 1)
    found = make_statement(Pay(salary=0, components=[FIVE]), table, year)
    inside = table[
        (table["date"] >= pd.Timestamp(year)) & (table["date"] < pd.Timestamp(year) + pd.DateOffset(months=12))
    ]
    assert abs(found.lines["cents"].sum() - 5 * inside["revenue"].sum()) <= 0.5 * found.by_month().size
