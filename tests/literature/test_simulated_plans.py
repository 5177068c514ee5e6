"""Which plan is best for the firm, in the simulation: quota plans against any other, one plan for all against tailored.

Citations: Raju & Srinivasan (1996), Management Science 42(10), 1454-1462: a plan of one rate above individual quotas
loses about 1 % of profit against the best nonlinear plan (evidence: secondary). Daljord, Misra & Nair (2016), JMR
53(2), 161-182: one contract for all costs much where the people are given, little where the firm also picks them
(read).

Profit of a plan is gross margin less what the firm must pay. It must make everybody as well off as he is elsewhere: a
salary of what others offer, plus the cost of his effort and of his risk, less his variable pay. What these are worth to
him is the value of his own programme at the start of a pay cycle (discount factor 1, so that values of cycles add up).

Measured: INC-12, the best of 30 quota plans is no worse than the best of 49 others. INC-13, one plan for all loses
8.2 % with given people and 7.1 % with chosen ones; it is smaller in 63 % of the teams drawn, where the ordinal bar is
95 %: a miss (the programme alone, in `test_incentives.py`, keeps it).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from salessim.clocks import answers as answering
from salessim.model.market import Market
from salessim.model.pay import Component, Pay, Tier
from salessim.model.presets import preset
from salessim.pay.policy import value_at
from salessim.pay.programme import Programme
from salessim.study.replay import Replay
from salessim.world.tables import WON

STANDARD, PLAN = preset("standard")
PLAN = PLAN.but(structure="territory")
MONTHS = 24
USUAL, TARGET = 1_800_000.0, 60_000.0
"""A year's sales of a mean territory at the effort of today, and variable pay for them."""
MARKET = STANDARD.but(
    turnover=0.0, reference_rate=TARGET / USUAL, discount_factor=1.0, discount_authority=0.0, push_days=0.0,
    least_effort=0.0,
)  # fmt: skip


class Result(NamedTuple):
    """Per seat and year, money: gross margin, variable pay, and what the variable pay is worth net of effort."""

    margin: float
    variable: float
    worth: float

    @property
    def profit(self) -> float:
        """Of the firm, apart from what others offer, where the salary leaves everybody just that."""
        return self.margin - self.variable + self.worth


def outcome(market: Market, tiers: list[Tier], runs: int, monkeypatch: pytest.MonkeyPatch) -> Result:
    solved: list[Programme] = []
    write = answering._write

    def noted(world: Any, programme: Programme, leading: int, share: float) -> None:
        solved.append(programme)
        write(world, programme, leading, share)

    quarter = Component(
        title="plan", basis="attainment", period="quarter", quota=USUAL / 4.0, target_pay=TARGET / 4.0, tiers=tiers
    )  # fmt: skip
    with monkeypatch.context() as patch:
        patch.setattr(answering, "_write", noted)
        replay = Replay(market, PLAN.but(pay=Pay(components=[quarter], target_variable=TARGET)), MONTHS, 1)
    worlds = [run.world for run in map(replay.run, range(runs)) if run is not None]
    seats, years = len(worlds[0]["reps"]), MONTHS / 12.0
    margin = variable = 0.0
    for world in worlds:
        deals = world.used("deals")
        won = deals[deals["state"] == WON]
        margin += float((won["value"] * world["products"]["margin"][won["product"]]).sum())
        variable += float(world["diary"]["variable"].sum())
    policies, steps = solved[0].policies, solved[0].steps
    values = [value_at(policies, i, 0, 1.0, 0.0) * 12.0 / steps for i in range(len(solved[0].types.base))]
    worth = float(np.mean([values[i] for i in worlds[0]["reps"]["type"]]))
    return Result(margin / runs / seats / years, variable / runs / seats / years, worth)


@pytest.mark.predicted
@pytest.mark.slow
def test_inc_12_a_quota_plan_comes_close_to_the_best_nonlinear_plan(
    record_property: pytest.RecordProperty, monkeypatch: pytest.MonkeyPatch
) -> None:
    def profit(tiers: list[Tier]) -> float:
        return outcome(MARKET, tiers, 2, monkeypatch).profit

    rates = (0.5, 1.0, 2.0, 4.0, 6.0, 9.0)
    quota = max(profit([Tier(above=at, rate=rate)]) for at in (0.0, 0.4, 0.6, 0.8, 1.0) for rate in rates)
    others = [
        [Tier(above=first, rate=a), Tier(above=second, rate=b), Tier(above=1.25, rate=c)]
        for first, second in ((0.0, 0.75), (0.5, 1.0))
        for a in (0.5, 2.0, 5.0) for b in (1.0, 3.0, 7.0) for c in (0.0, 2.0, 8.0)
        if (a, b, c) != (0.5, 1.0, 0.0)
    ][:49]  # convex, concave and S-shaped
    best = max(map(profit, others))
    loss = 1.0 - quota / max(best, quota)
    record_property("loss", loss)
    print(f"\nINC-12: the best quota plan loses {100 * loss:.2f} % against {len(others)} others (published about 1 %)")
    assert loss < 0.03


@pytest.fixture(scope="module")
def gaps() -> np.ndarray:
    """What one plan for all loses, with given and with chosen people, in 100 teams that are drawn.

    Twelve kinds of people, each simulated as a force of its own under every rate; then teams of kinds are drawn.
    """
    monkeypatch = pytest.MonkeyPatch()
    rates = np.array([0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 4.5, 6.0])
    kinds = [(ability, risk) for ability in (0.4, 0.8, 1.2, 1.6) for risk in (0.0, 2.0, 4.0)]
    table = np.zeros((len(kinds), len(rates), 3))
    for k, (ability, risk) in enumerate(kinds):
        how = MARKET.motivation
        market = MARKET.but(
            effort_pace=how.effort_pace * ability / 1.6, effort_quality=how.effort_quality * ability, risk_aversion=risk
        )  # fmt: skip
        for j, rate in enumerate(rates):
            tiers = [Tier(rate=float(rate)), Tier(above=8.0, rate=float(rate) + 1e-6)]  # all but straight
            table[k, j] = outcome(market, tiers, 1, monkeypatch)
    profit = table[:, :, 0] - table[:, :, 1]
    worth = table[:, :, 2]

    def gap(people: np.ndarray, seats: int, choose: bool) -> float:
        kept = people if choose else people[:seats]
        own = (profit + worth)[kept].max(axis=1)
        tailored = np.sort(own)[::-1][:seats].sum()
        best = -np.inf
        for j in range(len(rates)):
            for least in worth[kept, j]:  # the salary leaves the least eager of those kept his outside offer
                able = kept[worth[kept, j] >= least - 1e-9]
                if len(able) >= seats:
                    best = max(best, np.sort(profit[able, j])[::-1][:seats].sum() + seats * least)
        return float(1.0 - best / tailored)

    draw = np.random.default_rng(2016)
    found = []
    for _ in range(100):
        people = draw.integers(len(kinds), size=16)
        found.append((gap(people, 8, False), gap(people, 8, True)))
    fixed, free = np.array(found).T
    print(f"\nINC-13: one plan for all loses {100 * fixed.mean():.2f} % with given people, {100 * free.mean():.2f} % "
          f"with chosen ones, less in {100 * (free <= fixed + 1e-9).mean():.0f} % of the teams")  # fmt: skip
    return np.array(found)


@pytest.mark.predicted
@pytest.mark.slow
def test_inc_13_a_plan_for_all_costs_less_where_the_firm_also_picks_its_people(
    gaps: np.ndarray, record_property: pytest.RecordProperty
) -> None:
    fixed, free = gaps.T
    record_property("fixed", float(fixed.mean()))
    record_property("free", float(free.mean()))
    assert free.min() > -1e-9
    assert free.mean() < fixed.mean()


@pytest.mark.predicted
@pytest.mark.slow
@pytest.mark.xfail(reason="MISS: the loss is smaller in 63 % of the teams drawn, the ordinal bar is 95 %", strict=True)
def test_inc_13_in_nearly_every_team(gaps: np.ndarray) -> None:
    fixed, free = gaps.T
    assert (free <= fixed + 1e-9).mean() >= 0.95
