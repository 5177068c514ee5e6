"""Who comes and who stays under a pay plan, in the simulation.

Citation: Lazear (2000), AER 90(5), 1346-1361 (doi 10.1257/aer.90.5.1346): from hourly pay to piece rates, output per
worker +44 % (evidence: read); about half of it incentive (22 %), half selection (recalled, confidence high).
Class: CAL for the incentive half (effort, its floor and what it brings are set so that people who stay as they are
produce about a sixth more), PRED for the selection half and the total.

A preset of the installers: one product, many small jobs, people short of work in no territory, high turnover (0.8 a
year), offers elsewhere that follow talent in part (0.4), and people who differ much in output (log-odds 0.8; the spread
of output between workers is recalled only, and lies beyond the range of our register).

Measured: +33.9 % in the third year (band 35 to 55 %: missed by a point), of which about half is selection (band 40 to
60 % of it).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from salessim.model.market import Market, Stages
from salessim.model.pay import Component, Pay, Tier
from salessim.model.presets import make_market, make_plan
from salessim.study.replay import Replay
from salessim.world.tables import DISMISSED, QUIT_JOB, WON

PLAN = make_plan(40, structure="territory")
WAGE = 40_000.0
HOURLY = Pay(salary=WAGE)
MONTHS, RUNS = 36, 6
NO_SELECTION = {"entry_pay": 0.0, "turnover_pay": 0.0}


def installers() -> Market:
    stages = {
        "stage": ["enquiry", "order"], "effort": [1.0, 3.0], "dwell": [1.0, 3.0], "advance": [0.6, 0.5],
        "lost": [0.6, 0.6], "no_decision": [0.4, 0.4], "disqualified": [0.0, 0.0], "visit": [0.0, 1.0],
    }  # fmt: skip
    market = make_market(600, products=1, segments=1, opportunities=40.0, price=2_000.0, width=60.0, seed=4)
    return market.but(
        stages=Stages(stages), turnover=0.8, fill_time=20.0, ramp_time=1.0, outside_pay=WAGE, outside_talent=0.4,
        discount_authority=0.0, push_days=0.0, talent_spread=0.8, effort_quality=0.3, effort_pace=0.2,
        least_effort=0.4, turnover_attainment=0.0, entry_pay=4.0, turnover_pay=2.0,
    )  # fmt: skip


def output(pay: Pay, market: Market) -> tuple[float, float]:
    """Sales of a year of presence in the last year, and the mean talent of those who are there at its end."""
    replay = Replay(market, PLAN.but(pay=pay), MONTHS, 1)
    sales, talent = [], []
    for k in range(RUNS):
        run = replay.run(k)
        assert run is not None
        deals, ends = run.world.used("deals"), run.world["months"]["ends"]
        late = (deals["state"] == WON) & (deals["closed"] > ends[MONTHS - 13])
        days = run.world["diary"]["present_days"].reshape(-1, MONTHS)[:, MONTHS - 12 :].sum()
        sales.append(365.0 * deals["value"][late].sum() / days)
        talent.append(run.world["reps"]["talent"].mean())
    return float(np.mean(sales)), float(np.mean(talent))


class Change(NamedTuple):
    """What the change to piece rates does: gain in output, the share of selection in it, talent before and after."""

    total: float
    selection: float
    before: float
    after: float


@pytest.fixture(scope="module")
def change() -> Change:
    market = installers()
    rate = WAGE / output(HOURLY, market.but(reference_rate=0.0))[0]  # at the effort of today
    market = market.but(reference_rate=rate)
    piece = Pay(salary=0.0, components=[Component(title="piece", tiers=[Tier(rate=rate)])], target_variable=WAGE)
    before, ordinary = output(HOURLY, market)
    after, able = output(piece, market)
    same = market.but(**NO_SELECTION)
    incentive = output(piece, same)[0] / output(HOURLY, same)[0] - 1.0
    total = after / before - 1.0
    selection = 1.0 - incentive / total
    print(f"\nINC-10: {100 * total:+.1f} % (band 35 to 55), of which selection {100 * selection:.0f} % (band 40 to 60)")
    return Change(total, selection, ordinary, able)


@pytest.mark.predicted
@pytest.mark.slow
def test_inc_10_piece_rates_raise_output_half_of_it_by_selection(
    change: Change, record_property: pytest.RecordProperty
) -> None:
    record_property("total", change.total)
    record_property("selection", change.selection)
    assert change.after > change.before
    assert change.total > 0.0
    assert 0.40 <= change.selection <= 0.60


@pytest.mark.predicted
@pytest.mark.slow
@pytest.mark.xfail(reason="MISS: output rises by 34 %, the published band begins at 35", strict=True)
def test_inc_10_output_rises_as_published(change: Change) -> None:
    assert 0.35 <= change.total <= 0.55


def test_with_the_dial_at_zero_nobody_refuses_a_seat() -> None:
    """Whoever is next on the list comes; with the dial up some of those whom the plan promises less refuse."""
    market = installers().but(reference_rate=0.3)
    poor = Pay(salary=0.0, components=[Component(title="piece", tiers=[Tier(rate=0.3)])], target_variable=WAGE)

    def asked_too_often(entry_pay: float) -> int:
        run = Replay(market.but(entry_pay=entry_pay), PLAN.but(pay=poor), 18, 1).run(0)
        assert run is not None
        left = np.isin(run.world.used("careers")["kind"], (QUIT_JOB, DISMISSED))
        return int(run.world["counts"]["hires"][0]) - int(left.sum())

    assert asked_too_often(0.0) == 0
    assert asked_too_often(4.0) > 5
