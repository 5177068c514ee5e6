"""Customers at risk: by hand in a world that stands still, and against the tables of the runs in one that does not."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import line_of_stages, quiet_market, quiet_plan

from salessim.clocks.simulate import simulate
from salessim.errors import StudyError
from salessim.model.change import Change, Trigger
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.model.today import OpenDeals, Relations
from salessim.study.at_risk import customers_at_risk
from salessim.words import label, languages

KEPT = 0.6
VALUES = {"product 1": 700.0, "product 2": 900.0}


def two_accounts() -> tuple[Market, Plan]:
    """Two accounts with two products each, a rep each, one open deal per product that never ends."""
    market = quiet_market(line_of_stages(1.0, dwell=1e7), queues=2, rates=(0.05, 0.05))
    stage = str(market.stages["stage"][0])
    deals = [
        {"deal": f"{a} {p}", "account": f"account {a:03d}", "product": p, "rep": f"rep {a:03d}-1", "stage": stage,
         "age": 5.0, "value": value}
        for a in (1, 2) for p, value in VALUES.items()
    ]  # fmt: skip
    ties = [
        {"account": f"account {a:03d}", "rep": f"rep {a:03d}-1", "level": level} for a, level in ((1, 0.8), (2, 0.5))
    ]
    market = market.but(
        relation_kept=KEPT, match_effect=0.0, revival=0.0,
        today=market.today.but(open_deals=OpenDeals(deals), relations=Relations(ties)),
    )  # fmt: skip
    return market, quiet_plan(2)


def test_by_hand() -> None:
    market, stay = two_accounts()
    go = stay.but(changes=(Change(month=1, to={"structure": "product"}),))
    # arrivals after the start are open as well when the change comes: without them the pipeline is known
    table = customers_at_risk(market.but(activation_floor=0.0, prospect_floor=0.0), go, months=3, replications=2)
    assert table["account"].tolist() == ["account 001", "account 002"]  # equal in value: by name
    assert table["old_owner"].tolist() == ["rep 001-1", "rep 002-1"]
    assert table["new_owner"].tolist() == ["rep 002-1", "rep 001-1"]  # each keeps one product and gives the other away
    assert table["relationship_before"].tolist() == pytest.approx([0.8, 0.5])
    assert table["relationship_after"].tolist() == pytest.approx([0.8 * KEPT, 0.5 * KEPT])
    assert sorted(table["open_pipeline"]) == sorted(VALUES.values())
    assert table["share_of_futures"].tolist() == [1.0, 1.0]
    assert table["value_a_year"].tolist() == [0.0, 0.0] == table["value_error"].tolist()


@pytest.fixture(scope="module")
def small() -> tuple[Market, Plan, Plan]:
    market, stay = preset("small")
    return market, stay, stay.but(changes=(Change(month=3, to={"structure": "customer"}),))


def test_it_is_what_the_runs_say(small: tuple[Market, Plan, Plan]) -> None:
    market, stay, go = small
    n, months = 3, 9
    table = customers_at_risk(market, go, months=months, replications=n).set_index("account")
    brought: dict[str, list[float]] = {name: [] for name in table.index}
    before: dict[str, list[float]] = {name: [] for name in table.index}
    moved: set[str] = set()
    for replication in range(n):
        run = simulate(market, stay, months, replication=replication)
        deals = run.frame("deals")
        years = run.world["settings"]["until"][0] / 365.0
        won = deals[deals["state"] == "won"].groupby("account")["value"].sum()
        gone = simulate(market, go, months, replication=replication).frame("handovers")
        gone = gone[gone["reason"] == "reorganised"]
        names = run.world.names
        account = [names.accounts[a] for a in run.world["covers"]["account"][gone["cover"]]]
        levels = gone.assign(account=account).groupby("account")["level_before"].mean()
        moved |= set(account)
        for name in table.index:
            brought[name].append(float(won.get(name, 0.0)) / years)
            before[name].append(float(levels[name]))
    assert moved == set(table.index) and len(table) > 20
    assert np.allclose(table["value_a_year"], [np.mean(x) for x in brought.values()])
    assert np.allclose(table["value_error"], [np.std(x, ddof=1) / np.sqrt(n) for x in brought.values()])
    assert np.allclose(table["relationship_before"], [np.mean(x) for x in before.values()])
    assert (table["value_a_year"].diff().dropna() <= 0).all()
    assert (table["old_owner"] != table["new_owner"]).all()


def test_a_sign_that_does_not_come_puts_nobody_at_risk(small: tuple[Market, Plan, Plan]) -> None:
    market, stay, _ = small
    never = Change(when=Trigger(measure="win_rate", below=0.0), to={"structure": "customer"})
    table = customers_at_risk(market, stay.but(changes=(never,)), months=4, replications=2)
    assert len(table) == 0 and "value_a_year" in table


@pytest.mark.parametrize("language", languages())
def test_every_column_has_its_label(small: tuple[Market, Plan, Plan], language: str) -> None:
    market, _, go = small
    plain = customers_at_risk(market, go, months=4, replications=2)
    named = customers_at_risk(market, go, months=4, replications=2, language=language)
    assert not set(plain.columns) & {name for name in named.columns if "_" in name}
    assert len(set(named.columns)) == len(plain.columns)
    assert named.columns[0] == label("column.account", language)
    assert (named.to_numpy() == plain.to_numpy()).all()


def test_refusals(small: tuple[Market, Plan, Plan]) -> None:
    market, stay, go = small
    with pytest.raises(StudyError, match="hands over no account"):
        customers_at_risk(market, stay)
    at_once = stay.but(changes=(Change(month=0, to={"structure": "customer"}),))
    with pytest.raises(StudyError, match="hands over no account"):
        customers_at_risk(market, at_once)
    with pytest.raises(StudyError, match="too few replications"):
        customers_at_risk(market, go, replications=1)
