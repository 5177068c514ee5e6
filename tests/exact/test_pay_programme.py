"""The dynamic programme against closed forms: linear null, martingale null, one-shot quota, risk, refinement."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from pay.agents import make_curve, make_types

from salessim.model.pay import Bonus, Tier
from salessim.pay.curve import add_curves, stack
from salessim.pay.forward import expected_cycle
from salessim.pay.policy import effort_at, marginal_value_at, timing_gain, value_at
from salessim.pay.programme import solve_plan
from salessim.pay.theory import linear_plan, quota_effort

NOTHING = add_curves([], [])
BONUS = make_curve(bonuses=[Bonus(at=12, pays=6)])


@pytest.mark.parametrize("discount", [1.0, 0.9])
@pytest.mark.parametrize("power", [2.0, 1.5, 3.0])
@pytest.mark.parametrize("risk", [0.0, 0.7])
def test_inc4_straight_commission_gives_constant_effort(discount: float, power: float, risk: float) -> None:
    """Paid at once: e = (k rate / c)^(1/(p-1)) in every step and state, whatever the discount and the risk aversion."""
    types = make_types([0.3, 0.9], discount=discount, flow=0.3, power=power, risk=risk, effect=1.4, ease=0.8)
    found = solve_plan(types, NOTHING, steps=12)
    expected = (0.8 * 1.4 * 0.3) ** (1 / (power - 1))
    assert np.abs(found.policies.effort - expected).max() < 1e-9


def test_commission_paid_at_the_end_of_the_year_is_discounted_and_nothing_else() -> None:
    found = solve_plan(make_types(discount=0.9), make_curve(tiers=[Tier(rate=0.3)]), steps=12)
    for t in range(12):
        assert found.policies.effort[0, 0, t] == pytest.approx(0.3 * 0.9 ** (12 - t), rel=1e-9)


def test_inc2_the_programme_finds_the_effort_of_the_linear_plan_with_risk() -> None:
    """At the best rate of B1 the programme's rep works as B1 says, and his certainty equivalent is B7's."""
    for k, r, c, variance in ((1, 1, 1, 1), (1, 2, 0.5, 0.25), (2, 1, 1, 4)):
        plan = linear_plan(k, r, c, variance)
        types = make_types(0.0, noise=math.sqrt(variance), risk=r, effect=k, ease=1 / c)
        found = solve_plan(types, make_curve(tiers=[Tier(rate=plan.rate)]), steps=1)
        assert effort_at(found.policies, 0, 0, 1.0, 0.0) == pytest.approx(plan.effort, rel=1e-9)
        worth = plan.rate * k * plan.effort - c * plan.effort**2 / 2 - r * plan.rate**2 * variance / 2
        assert value_at(found.policies, 0, 0, 1.0, 0.0) == pytest.approx(worth, rel=1e-7)


@pytest.mark.parametrize("quota", [0.0, 0.3, 1.0, 2.0, 3.0])
def test_b4_one_shot_quota_wherever_it_lies_between_grid_points(quota: float) -> None:
    """The jump is integrated exactly: no trace of the grid. One grid is a whole deviation of noise wide."""
    for spacing in (1.0, 0.31):
        found = solve_plan(
            make_types(0.0, noise=1.0), make_curve(bonuses=[Bonus(at=quota, pays=2)]), steps=1, spacing=spacing
        )
        grid = found.policies.low[0] + found.policies.h[0] * np.arange(found.policies.effort.shape[3])
        for y, e in zip(grid, found.policies.effort[0, 0, 0], strict=True):
            wanted = quota_effort(2.0, quota - y, 1.0, 1.0)
            value = 2.0 * 0.5 * math.erfc(-(y + wanted - quota) / math.sqrt(2)) - wanted**2 / 2
            other = 2.0 * 0.5 * math.erfc(-(y + e - quota) / math.sqrt(2)) - e**2 / 2
            assert other == pytest.approx(value, abs=2e-2 if spacing == 1.0 else 2e-6)  # as good an effort
            if spacing < 1 and e > 1e-6:
                residual = 2.0 * math.exp(-((quota - y - e) ** 2) / 2) / math.sqrt(2 * math.pi) - e
                assert abs(residual) < 2e-3


def test_inc4_martingale_null_and_its_discounted_twin() -> None:
    """B5: e_t = delta E[e_{t+1}]. No spike at delta 1; at 0.9 over 12 months last / first = 0.9^-11 = 3.187."""
    flat = expected_cycle(solve_plan(make_types(), BONUS, steps=12, spacing=0.05)).effort
    assert flat.max() / flat.min() - 1 < 5e-5
    rising = expected_cycle(solve_plan(make_types(discount=0.9), BONUS, steps=12, spacing=0.05)).effort
    assert rising[-1] / rising[0] == pytest.approx(0.9**-11, rel=1e-4)
    assert rising[[0, -1]] == pytest.approx([0.250, 0.799], abs=2e-3)  # the values of the science notes' sketch


def test_error_falls_at_least_first_order_when_the_grid_halves() -> None:
    """Departure from the martingale, over quotas that lie differently on the grid: where a rep gives up is a kink."""
    curves = [make_curve(bonuses=[Bonus(at=12 + shift, pays=6)]) for shift in np.linspace(0, 0.5, 7)]

    def departure(spacing: float) -> float:
        found = [expected_cycle(solve_plan(make_types(), c, steps=12, spacing=spacing)).effort for c in curves]
        return float(np.sqrt(np.mean([(e.max() - e.min()) ** 2 for e in found])))

    errors = [departure(spacing) for spacing in (1.0, 0.5, 0.25, 0.125)]
    for coarse, fine in itertools.pairwise(errors):
        assert fine < 0.5 * coarse
    assert errors[-1] < 2e-4


def test_effort_is_looked_for_past_the_peak_marginal_value() -> None:
    """B phi(0)/sigma = 3.99: effort just below the quota in the last month goes well beyond 2."""
    found = solve_plan(make_types(), BONUS, steps=12, spacing=0.05)
    peak = 6 / (0.6 * math.sqrt(2 * math.pi))
    last = found.policies.effort[0, 0, -1].max()
    assert 2.0 < last <= peak * (1 + 1e-9)
    dense = np.array([quota_effort(6.0, 12 - y, 0.6, 1.0, base=0.6) for y in np.linspace(6, 12, 400)]).max()
    assert last == pytest.approx(dense, rel=0.02)


def test_marginal_value_is_the_slope_of_the_value() -> None:
    accelerated = make_curve(tiers=[Tier(rate=0.1), Tier(above=12, rate=0.4)])
    found = solve_plan(make_types(discount=0.95, flow=0.05), accelerated, steps=12, spacing=0.1)
    value, slope, h = found.policies.value[0, 0], found.policies.slope[0, 0], found.policies.h[0]
    assert slope[:, 1:-1] == pytest.approx((value[:, 2:] - value[:, :-2]) / (2 * h), abs=2e-4)
    assert marginal_value_at(found.policies, 0, 11, 1.0, 30.0) == pytest.approx(0.95 * 0.4, rel=1e-9)
    assert value_at(found.policies, 0, 0, 1.0, 40.0) - value_at(found.policies, 0, 0, 1.0, 30.0) == pytest.approx(
        0.95**12 * 4.0, rel=1e-6
    )


def test_timing_pays_around_a_quota_and_not_under_straight_commission() -> None:
    one = 1.0
    flat = solve_plan(make_types(discount=1.0, flow=0.3), NOTHING, steps=12)
    assert timing_gain(flat.policies, 0, 0, 1.0, 5.0, one, 1) == pytest.approx(0.0, abs=1e-9)
    patient = solve_plan(make_types(discount=1.0), BONUS, steps=12)
    need = timing_gain(patient.policies, 0, 11, 1.0, 10.8, one, 1)  # a deal short of the quota: pull it in
    over = timing_gain(patient.policies, 0, 11, 1.0, 14.0, one, 1)  # the bonus is safe: keep it for next year
    lost = timing_gain(patient.policies, 0, 11, 1.0, 5.0, one, 1)  # out of reach: likewise
    assert need > 0.3 > 0 > over
    assert lost < 0


def test_present_bias_delays_work() -> None:
    effort = [expected_cycle(solve_plan(make_types(bias=b), BONUS, steps=12)).effort for b in (1.0, 0.8)]
    assert effort[1][:6].mean() < effort[0][:6].mean()
    assert effort[1][-1] / effort[1][0] > 1.5 > 1.01 > effort[0][-1] / effort[0][0]


def test_season_moves_base_sales_and_nothing_else() -> None:
    season = np.linspace(0.5, 1.5, 12)
    even = expected_cycle(solve_plan(make_types(flow=0.3), NOTHING, steps=12))
    found = solve_plan(make_types(), BONUS, steps=12, season=season)
    assert even.effort == pytest.approx(np.full(12, 0.3), rel=1e-9)
    seasonal = expected_cycle(solve_plan(make_types(flow=0.3), NOTHING, steps=12, season=season * 2.0))
    assert seasonal.sales == pytest.approx(even.sales + 12 * 0.6, rel=1e-6)
    assert expected_cycle(found).effort.mean() == pytest.approx(  # the same year's sales, spread otherwise: same effort
        expected_cycle(solve_plan(make_types(), BONUS, steps=12)).effort.mean(), rel=2e-3
    )
    with pytest.raises(ValueError, match="each step"):
        solve_plan(make_types(), BONUS, steps=12, season=[1.0, 2.0])


def test_manufactured_ratchet_an_overshoot_that_costs_as_much_as_it_brings() -> None:
    """A full upward ratchet on a plan that pays in attainment leaves little to gain above quota: effort there falls."""
    curve = make_curve(basis="attainment", quota=12.0, target_pay=6.0, tiers=[Tier(rate=1.0)])
    factors = [0.8, 1.0, 1.25]
    curves = [make_curve(basis="attainment", quota=12.0 * f, target_pay=6.0, tiers=[Tier(rate=1.0)]) for f in factors]
    free = solve_plan(make_types(), curve, steps=12)
    tied = solve_plan(make_types(discount=0.99), stack(curves), factors, 12, quotas=np.array([12.0]), up=1.0, down=0.0)
    assert free.policies.effort[0, 0, 11] == pytest.approx(0.5, rel=1e-9)
    above = effort_at(tied.policies, 0, 11, 1.0, 13.0)
    below = effort_at(tied.policies, 0, 11, 1.0, 8.0)
    assert above < 0.6 * below
    assert below == pytest.approx(0.99 * 0.5, rel=1e-4)  # the ratchet only bites above quota
