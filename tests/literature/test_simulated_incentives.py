"""Pay in the simulation: what people do under a plan, deal by deal.

Citations: Misra & Nair (2011), QME 9, 211-257: cap and ratcheting quota removed, revenue +9 % (evidence: read).
Larkin (2014), J. Labor Economics 32(2), 199-227, and its working paper: accelerators, three quarters of deals on the
last day of the quarter, mispricing costs 6-8 % of revenue (read). Oyer (1998), QJE 113(1): sales bunch at the fiscal
year's end, prices move with them (direction). Holmstrom & Milgrom (1987): linear pay, constant effort.
Class: PRED for directions; sizes are reported against the published bands, misses as misses.

Measured here (standard market, territories, no quits, paired replications):

* INC-6. Cap of 150 % of target pay and a ratchet of 0.3 removed: revenue +13.6 %, beside the published 9 % (band
  5-13 %): a near miss, upward.
* INC-7. An accelerator of 3 above a quarter's quota: 16 % of all wins fall into the last week of a quarter against 8 %
  by chance; 35 % where customers take 90 days to sign, of which the accelerator's price is 2 % of revenue in discounts.
  Published: 60 % and more, 4-10 %. Direction right, size missed: only deals whose last stage is done can be moved.
  A linear plan of the same pay brings both back to chance and zero.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salessim.model.market import Market
from salessim.model.pay import Component, Pay, Tier
from salessim.model.presets import preset
from salessim.study.replay import Replay
from salessim.world.tables import WON

STANDARD, PLAN = preset("standard")
PLAN = PLAN.but(structure="territory")
QUOTA, TARGET = 1_485_000.0, 60_000.0
"""A year's sales of a mean territory in its first year at the effort of today; variable pay for them."""
MARKET = STANDARD.but(turnover=0.0, reference_rate=TARGET / QUOTA)
NO_TIMING = {"discount_authority": 0.0, "push_days": 0.0}
UP = (Tier(rate=1.0), Tier(above=1.0, rate=3.0))


def paid(period: str = "year", pay: dict[str, Any] | None = None, **component: Any) -> Pay:
    share = {"year": 1.0, "quarter": 0.25, "month": 1.0 / 12.0}[period]
    settings = {"tiers": (Tier(rate=1.0),), "quota": QUOTA * share, **component}
    part = Component(title="quota", basis="attainment", period=period, target_pay=TARGET * share, **settings)
    return Pay(salary=90_000.0, components=[part], target_variable=TARGET).but(**(pay or {}))


class Seen:
    """What some replications of a plan show."""

    def __init__(self, market: Market, pay: Pay | None, months: int = 24, runs: int = 6) -> None:
        replay = Replay(market, PLAN.but(pay=pay), months, 1)
        found = [replay.run(k) for k in range(runs)]
        worlds = [run.world for run in found if run is not None]
        won = [world.used("deals")[world.used("deals")["state"] == WON] for world in worlds]
        ends = worlds[0]["months"]["ends"]
        self.revenue = np.array([deals["value"].sum() for deals in won])
        self.monthly = np.mean([run.by_month() for run in found if run is not None], axis=0)
        self.effort = np.mean([world["diary"]["effort"].reshape(-1, months) for world in worlds], axis=0).mean(axis=0)
        self.spread = max(float(np.ptp(world["diary"]["effort"])) for world in worlds)
        closed = np.concatenate([deals["closed"] for deals in won])
        quarters = ends[2::3]
        left = quarters[np.minimum(np.searchsorted(quarters, closed, side="right"), len(quarters) - 1)] - closed
        self.last_week = float(((left > 0.0) & (left <= 7.0)).mean())
        value = np.concatenate([deals["value"] for deals in won])
        discount = np.concatenate([deals["discount"] for deals in won])
        self.given_away = float((value / (1.0 - discount) - value).sum() / value.sum())
        self.discounts = discount[discount > 0.0]
        self.tables = [world.used("deals").tobytes() for world in worlds]


def test_a_linear_plan_leads_to_constant_effort() -> None:
    """Of today's rate effort 1, of twice that rate effort 2 (quadratic cost), in every month and seat."""
    same, twice = Seen(MARKET, paid(), runs=1), Seen(MARKET, paid(tiers=[Tier(rate=2.0)]), runs=1)
    assert same.spread < 1e-9 and twice.spread < 1e-9
    assert same.effort == pytest.approx(1.0, abs=1e-6)
    assert twice.effort == pytest.approx(2.0, abs=1e-6)
    assert twice.revenue[0] > 1.05 * same.revenue[0]


def test_without_impatience_and_timing_nothing_happens_at_the_end_of_a_year() -> None:
    """From December to January effort does not fall (below 3 %); at a discount factor of 0.9 it does, by a fifth."""
    pay = paid(tiers=[Tier(rate=1.0), Tier(above=1.0, rate=2.0)])
    patient = Seen(MARKET.but(discount_factor=1.0, **NO_TIMING), pay)
    hasty = Seen(MARKET.but(discount_factor=0.9, **NO_TIMING), pay)
    assert abs(patient.effort[11] / patient.effort[12] - 1.0) < 0.03
    assert hasty.effort[11] / hasty.effort[12] > 1.2
    # and wins bunch no more at the year's end than the share of a week in a quarter
    assert abs(patient.last_week - 7.0 / 91.25) < 0.015


@pytest.mark.slow
def test_inc_6_without_cap_and_ratchet_people_sell_more(record_property: pytest.RecordProperty) -> None:
    bound = Seen(MARKET, paid(cap=1.5 * TARGET, pay={"ratchet_up": 0.3}), months=36)
    free = Seen(MARKET, paid(), months=36)
    gain = free.revenue / bound.revenue - 1.0
    record_property("gain", float(gain.mean()))
    print(f"\nINC-6: cap and ratchet removed: {100 * gain.mean():+.1f} % revenue (published +9 %, band 5 to 13 %)")
    assert (gain > 0.0).all()
    assert 0.02 < gain.mean() < 0.25  # the published band is missed by a point


@pytest.mark.slow
def test_inc_7_accelerators_pull_deals_to_the_end_of_a_quarter(record_property: pytest.RecordProperty) -> None:
    dwell = MARKET.stages["dwell"].copy()
    dwell[-1] = 90.0
    slow = MARKET.but(stages=MARKET.stages.but(dwell=dwell))
    found = {}
    for name, market in (("standard", MARKET), ("customers take 90 days to sign", slow)):
        steep, straight = Seen(market, paid("quarter", tiers=UP)), Seen(market, paid("quarter"))
        off = Seen(market.but(**NO_TIMING), paid("quarter", tiers=UP))
        found[name] = steep
        print(
            f"\nINC-7, {name}: wins in the last week of a quarter {100 * steep.last_week:.0f} % (linear "
            f"{100 * straight.last_week:.0f} %, published > 60 %), given away {100 * steep.given_away:.1f} % of "
            f"revenue (published 4-10 %), revenue against no timing "
            f"{100 * (steep.revenue / off.revenue - 1).mean():+.1f} %"
        )
        record_property(f"last week, {name}", steep.last_week)
        assert steep.last_week > 1.5 * straight.last_week
        assert steep.last_week > 1.5 * off.last_week
        assert steep.given_away > 0.001
        assert straight.given_away == 0.0
        assert steep.discounts.max() <= MARKET.motivation.discount_authority
    assert found["customers take 90 days to sign"].last_week > 0.25


@pytest.mark.parametrize(
    ("off", "behind"),
    [
        ({"effort_share": 0.0}, {"effort_pace": 0.6, "effort_quality": 1.0, "effort_power": 3.0}),
        ({"effort_pace": 0.0, "effort_quality": 0.0}, {"effort_share": 0.6}),
        ({"discount_authority": 0.0}, {"pull_discount": 0.01}),
        ({"push_days": 0.0}, {"push_loss": 0.3}),
    ],
    ids=["effort share", "pace and quality", "discount authority", "push days"],
)
def test_behind_a_dial_at_zero_nothing_moves_anything(off: dict[str, float], behind: dict[str, float]) -> None:
    """Deals byte for byte; and in front of the dial the same settings do move them."""
    pay = paid("quarter", tiers=UP)
    dark = [Seen(MARKET.but(**off, **more), pay, months=9, runs=1).tables for more in ({}, behind)]
    assert dark[0] == dark[1]
    lit = [Seen(MARKET.but(**more), pay, months=9, runs=1).tables for more in ({}, off)]
    assert lit[0] != lit[1]
