"""What people do in a run besides effort for their own pay: contests, teams, products, unpaid work, foresight, timing.

All paired, on the standard market; an effect is asserted where it is many times the luck of a run.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salessim.clocks.simulate import simulate
from salessim.clocks.simulation import Simulation
from salessim.model.market import Market
from salessim.model.pay import Component, Contest, Pay, Tier
from salessim.model.presets import preset
from salessim.study.replay import Replay
from salessim.world.tables import WON
from salessim.world.world import World

STANDARD, PLAN = preset("standard")
PLAN = PLAN.but(structure="territory")
STILL = {"turnover": 0.0, "discount_authority": 0.0, "push_days": 0.0}
MARKET = STANDARD.but(reference_rate=0.04, **STILL)
BASE = Component(title="commission", tiers=[Tier(rate=0.02)])
MONTHS = 18


def run(pay: Pay, market: Market = MARKET, months: int = MONTHS) -> World:
    found = Replay(market, PLAN.but(pay=pay), months, 1).run(0)
    assert found is not None
    return found.world


def effort(world: World, months: int = MONTHS) -> float:
    return float(world["diary"]["effort"].reshape(-1, months)[:, 3:].mean())


def mix(world: World) -> np.ndarray:
    deals = world.used("deals")
    won = deals[deals["state"] == WON]
    return np.bincount(won["product"], weights=won["value"]) / won["value"].sum()


def contest(prizes: tuple[float, ...], risk: float) -> float:
    pay = Pay(components=[BASE], contests=[Contest(title="race", prizes=prizes)], target_variable=30_000.0)
    return effort(run(pay, MARKET.but(risk_aversion=risk)))


def test_inc9_in_a_run_several_winners_beat_one_and_both_beat_none() -> None:
    """Lim, Ahearne & Ham 2009: several winners move more people than one who takes the same purse."""
    none = effort(run(Pay(components=[BASE], target_variable=30_000.0)))
    assert none == pytest.approx(0.5, abs=1e-6)
    one, five = contest((150_000.0,), 1.0), contest((30_000.0,) * 5, 1.0)
    assert five > 1.2 * max(one, none) and one >= none - 1e-6


def test_a_share_of_the_team_pay_moves_people_little() -> None:
    """B3: what is divided among n asks for an nth of the effort; here all fifty share one pool."""
    own = Component(title="extra", tiers=[Tier(rate=0.02)])
    alone = effort(run(Pay(components=[BASE, own])))
    shared = effort(run(Pay(components=[BASE, own.but(counts="team", period="quarter")])))
    assert alone == pytest.approx(1.0, abs=1e-6)
    assert 0.5 <= shared < 0.53


def test_a_product_that_pays_more_is_sold_more_at_the_cost_of_others() -> None:
    first = MARKET.products["product"][0]
    pays = Pay(components=[BASE, Component(title="push", products=(str(first),), tiers=[Tier(rate=0.06)])])
    even, pushed, off = mix(run(Pay(components=[BASE]))), mix(run(pays)), mix(run(pays, MARKET.but(task_shift=0.0)))
    assert pushed[0] > 1.02 * max(even[0], off[0])
    world = run(pays)
    pull, share = world["products"]["pull"], world["products"]["sales_share"]
    assert pull[0] > 1.0 > pull[1] and float(pull @ share) == pytest.approx(1.0, abs=1e-9)


def test_a_spiff_draws_effort_while_it_lasts() -> None:
    from datetime import date, timedelta

    from salessim.model.pay import Spiff

    start: date = MARKET.start
    first = str(MARKET.products["product"][0])
    spiff = Spiff(product=first, first=start, last=start + timedelta(days=60), amount=9_000.0)
    world = run(Pay(components=[BASE], spiffs=[spiff]))
    monthly = world["diary"]["effort"].reshape(-1, MONTHS).mean(axis=0)
    assert monthly[0] > 1.01 * monthly[6]
    assert world["products"]["pull"] == pytest.approx(1.0, abs=1e-12)  # it is over


def test_work_that_pays_nothing_suffers_from_effort_at_what_pays() -> None:
    """Kishore et al. 2013: relationships are tended less, and the CRM hears later of deals."""
    hard = Pay(components=[BASE.but(tiers=[Tier(rate=0.08)])])
    market = MARKET.but(record_delay=5.0, record_missing=0.0)

    def delay(neglect: float) -> tuple[float, float]:
        world = run(hard, market.but(unpaid_neglect=neglect))
        deals = world.used("deals")
        won = deals[deals["state"] == WON]
        relations = world.used("relations")
        return float((won["recorded"] - won["closed"]).mean()), float(relations["level"].mean())

    (slow, weak), (quick, strong) = delay(0.5), delay(0.0)
    assert slow > 1.5 * quick and weak < strong


@pytest.mark.parametrize("tiers", [[Tier(rate=1.0)], [Tier(rate=1.0), Tier(above=1.0, rate=2.0)]], ids=["line", "bend"])
def test_myopic_people_do_nearly_what_the_programme_does(tiers: list[Tier]) -> None:
    pay = Pay(
        components=[Component(title="quota", basis="attainment", period="quarter", quota=450_000.0,
                              target_pay=18_000.0, tiers=tiers)],
        target_variable=72_000.0,
    )  # fmt: skip
    planned, myopic = run(pay), run(pay, MARKET.but(foresight="myopic"))
    assert effort(myopic) == pytest.approx(effort(planned), rel=0.15)
    sold = [float(world["diary"]["sold"].sum()) for world in (planned, myopic)]
    assert sold[1] == pytest.approx(sold[0], rel=0.05)


@pytest.mark.parametrize("foresight", ["programme", "myopic"])
def test_everything_at_once_runs_the_same_on_both_clocks(foresight: str) -> None:
    market, plan = preset("small")
    market = market.but(reference_rate=0.04, foresight=foresight, push_days=60.0, discount_authority=0.3, turnover=0.6,
                        outside_talent=0.5, entry_pay=2.0, record_delay=3.0)  # fmt: skip
    bent: dict[str, Any] = {"basis": "attainment", "period": "quarter", "quota": 300_000.0, "target_pay": 12_000.0}
    pay = Pay(
        salary=50_000.0, target_variable=48_000.0,
        components=[Component(title="quota", tiers=[Tier(rate=1.0), Tier(above=1.0, rate=3.0)], **bent),
                    Component(title="team", counts="team", period="quarter", tiers=[Tier(rate=0.01)])],
        contests=[Contest(title="race", prizes=(5_000.0, 3_000.0))],
    )  # fmt: skip
    plan = plan.but(pay=pay)
    fast, slow = simulate(market, plan, 12), Simulation(market, plan, 12).run()
    deals = fast.world.used("deals")
    assert (deals["holds"] > 0).any() and (deals["discount"] > 0.0).any()
    for name in ("deals", "reps", "diary", "careers", "relations"):
        assert fast.world.used(name).tobytes() == slow.world.used(name).tobytes(), name
