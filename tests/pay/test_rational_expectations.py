"""Weekly sales that the programme reckons with and those that a run yields agree, type by type.

Band: 10 % in mean and in standard deviation. Each cell has 8 runs of 18 months of some 8 seats, 600 seat-months: the
standard error of a mean is below 2 %, that of a standard deviation below 3 %, so a belief that is 15 % off is noticed.
The first half year is left out, in which pipelines fill.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from salessim.clocks import answers as answering
from salessim.model.pay import Bonus, Component, Pay, Tier
from salessim.model.presets import preset
from salessim.pay.programme import Programme
from salessim.study.replay import Replay
from salessim.world.tables import WON

MARKET, PLAN = preset("standard")
QUOTA, TARGET = 1_800_000.0, 60_000.0
MARKET = MARKET.but(turnover=0.0, reference_rate=TARGET / QUOTA, discount_authority=0.0, push_days=0.0)
MONTHS, FIRST, RUNS = 24, 6, 8
PLANS: dict[str, tuple[str, dict[str, Any]]] = {
    "one rate": ("year", {"tiers": [Tier(rate=1.0)]}),
    "double rate": ("year", {"tiers": [Tier(rate=2.0)]}),
    "accelerator": ("quarter", {"tiers": [Tier(rate=1.0), Tier(above=1.0, rate=2.0)]}),
    "cap": ("year", {"tiers": [Tier(rate=1.0)], "cap": 1.1 * TARGET}),
    "bonus": ("quarter", {"tiers": [Tier(rate=0.5)], "bonuses": [Bonus(at=1.0, pays=8_000.0)]}),
}


def made(period: str, settings: dict[str, Any]) -> Pay:
    share = {"year": 1.0, "quarter": 0.25}[period]
    part = Component(
        title="quota", basis="attainment", period=period, quota=QUOTA * share, target_pay=TARGET * share, **settings
    )  # fmt: skip
    return Pay(salary=90_000.0, components=[part], target_variable=TARGET)


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANS)
def test_what_reps_believe_is_what_happens(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    solved: list[Programme] = []
    write = answering._write

    def noted(world: Any, programme: Programme, leading: int, share: float) -> None:
        solved.append(programme)
        write(world, programme, leading, share)

    monkeypatch.setattr(answering, "_write", noted)
    replay = Replay(MARKET, PLAN.but(structure="territory", pay=made(*PLANS[name])), MONTHS, 1)
    runs = [replay.run(k) for k in range(RUNS)]
    types = solved[0].types
    for i in range(len(types.base)):
        weekly, believed = [], []
        for run in runs:
            assert run is not None
            world = run.world
            seats = np.flatnonzero(world["reps"]["type"] == i)
            ends = world["months"]["ends"]
            begin, weeks = ends[FIRST - 1], int((ends[-1] - ends[FIRST - 1]) // 7.0)
            deals = world.used("deals")
            won = deals[(deals["state"] == WON) & np.isin(deals["rep"], seats)]
            week = np.floor((won["closed"] - begin) / 7.0).astype(np.int64)
            inside = (week >= 0) & (week < weeks)
            table = np.zeros((len(seats), weeks))
            np.add.at(table, (np.searchsorted(seats, won["rep"][inside]), week[inside]), won["value"][inside])
            weekly.append(table * world["reps"]["scale"][seats][:, None])
            effort = world["diary"]["effort"].reshape(-1, MONTHS)[seats, FIRST:]
            believed.append(types.base[i] + types.effect[i] * effort)
        seen = np.concatenate(weekly)
        weeks_a_month = 365.0 / 12.0 / 7.0
        mean = np.concatenate(believed).mean() / weeks_a_month
        deviation = types.noise[i] / np.sqrt(weeks_a_month)
        found = (seen.mean() / mean, np.sqrt(seen.var(axis=1, ddof=1).mean()) / deviation)
        print(f"\n{name}, type {i}: mean {found[0]:.3f}, standard deviation {found[1]:.3f} of what is believed")
        assert found == pytest.approx((1.0, 1.0), abs=0.10)
