"""Pay that bends over two periods: reduces to each of them, keeps the martingale, and is what a brute force finds."""

from __future__ import annotations

import numpy as np
import pytest
from pay.agents import make_curve, make_types

from salessim.model.motivation import Motivation
from salessim.model.pay import Bonus, Component, Pay, Tier
from salessim.pay.curve import Curves, add_curves, payouts
from salessim.pay.policy import effort_at, timing_gain, value_at
from salessim.pay.programme import Programme, programme, rep_types, solve_plan, solve_two_periods

NOTHING = add_curves([], [])
YEAR = make_curve(bonuses=[Bonus(at=12, pays=6)])
QUARTER = make_curve(bonuses=[Bonus(at=3, pays=1.5)])


def test_without_a_long_bend_it_is_the_programme_of_the_short_period() -> None:
    types = make_types(0.6, discount=0.95)
    alone = solve_plan(types, QUARTER, steps=3, spacing=0.1)
    inside = solve_two_periods(types, [QUARTER], [NOTHING], 3, 12, spacing=0.1)
    for t in range(12):
        for y in (-0.5, 0.0, 1.0, 2.0, 2.9):
            expected = effort_at(alone.policies, 0, t % 3, 1.0, y)
            assert effort_at(inside.policies, 0, t, 1.0, y) == pytest.approx(expected, abs=0.012)


def test_without_a_short_bend_it_is_the_programme_of_the_long_period() -> None:
    types = make_types(0.6, discount=0.95)
    alone = solve_plan(types, YEAR, steps=12, spacing=0.25)
    inside = solve_two_periods(types, [NOTHING], [YEAR], 3, 12, spacing=0.25)
    for t in (0, 4, 8, 10, 11):
        for total in (0.3 * t, 1.0 * t):  # away from where a rep gives up: there reading between credits blurs the jump
            before = total * (t // 3 * 3) / max(t, 1)
            expected = effort_at(alone.policies, 0, t, 1.0, total)
            assert effort_at(inside.policies, 0, t, before, total - before) == pytest.approx(expected, abs=0.03)
    gap = value_at(inside.policies, 0, 0, 0.0, 0.0) - value_at(alone.policies, 0, 0, 1.0, 0.0)
    assert abs(gap) < 0.001


def test_linear_pay_in_both_gives_constant_effort_apart_from_discounting() -> None:
    linear = make_curve(tiers=[Tier(rate=0.2)])
    found = solve_two_periods(make_types(0.6, discount=0.9), [linear], [linear], 3, 12)
    for t in range(12):
        wanted = 0.2 * 0.9 ** (3 - t % 3) + 0.2 * 0.9 ** (12 - t)
        assert found.policies.effort[0, :, t] == pytest.approx(wanted, rel=1e-6)


def test_both_bends_pull_and_the_policy_beats_those_of_either_alone() -> None:
    """Mean worth of a year (pay less effort, discount 1) under the two-period policy and under each one's own."""
    types = make_types(0.6)
    both = solve_two_periods(types, [QUARTER], [YEAR], 3, 12)
    worth = []
    for pays in ((QUARTER, YEAR), (QUARTER, NOTHING), (NOTHING, YEAR)):
        worth.append(_mean_worth(solve_two_periods(types, [pays[0]], [pays[1]], 3, 12), QUARTER, YEAR))
    assert worth[0][0] == pytest.approx(value_at(both.policies, 0, 0, 0.0, 0.0), abs=4 * worth[0][1] + 0.01)
    assert worth[0][0] > max(worth[1][0], worth[2][0]) + 4 * worth[0][1]


def _mean_worth(found: Programme, quarter: Curves, year: Curves, n: int = 4000) -> tuple[float, float]:
    rng = np.random.default_rng(11)
    before, now, gain = np.zeros(n), np.zeros(n), np.zeros(n)
    for t in range(12):
        e = np.array([effort_at(found.policies, 0, t, d, y) for d, y in zip(before, now, strict=True)])
        now = now + 0.6 + e + rng.normal(0.0, 0.6, n)
        gain -= e**2 / 2
        if t % 3 == 2:
            gain += payouts(quarter, 0, now)
            before, now = before + now, np.zeros(n)
    gain += payouts(year, 0, before)
    return float(gain.mean()), float(gain.std(ddof=1) / np.sqrt(n))


def test_a_quarterly_bonus_with_a_yearly_accelerator_in_the_users_words() -> None:
    pay = Pay(
        components=[
            Component(title="q", period="quarter", basis="attainment", quota=3.0, bonuses=[Bonus(at=1, pays=0.1)]),
            Component(title="y", basis="attainment", quota=12.0, target_pay=0.8,
                      tiers=[Tier(rate=1), Tier(above=1, rate=2)]),
        ]
    )  # fmt: skip
    found = programme(pay, rep_types([1.0], 0.1, Motivation(risk_aversion=0.0)))
    assert found.policies.short == 3 and found.steps == 12
    ahead, behind = (effort_at(found.policies, 0, 11, d, 2.0) for d in (11.0, 7.0))
    assert ahead > behind  # the accelerator is near
    short_of_it, beyond_it = (timing_gain(found.policies, 0, 2, 0.0, y, 0.3, 1) for y in (1.9, 3.2))
    assert short_of_it > 0 > beyond_it
