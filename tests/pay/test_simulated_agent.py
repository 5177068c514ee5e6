"""Agents simulated draw by draw, against the closed forms and the programme (class S: fixed seeds, |z| <= 4)."""

from __future__ import annotations

import numpy as np
import pytest
from pay.agents import make_curve, make_types

from salessim.model.pay import Bonus, Tier
from salessim.pay.curve import payouts
from salessim.pay.forward import expected_cycle
from salessim.pay.programme import solve_plan
from salessim.pay.theory import linear_plan


@pytest.mark.parametrize(("k", "r", "c", "variance"), [(1, 1, 1, 1), (1, 2, 0.5, 0.25), (2, 1, 1, 4)])
def test_inc2_a_simulated_agent_chooses_the_effort_of_the_linear_plan(
    k: float, r: float, c: float, variance: float
) -> None:
    """Utility -exp(-r(pay - cost)) over 40,000 common draws, on a grid of efforts: the best is e* to one grid step.

    Power: common draws leave noise only in a factor all efforts share, so a neighbour one step off is told apart.
    """
    plan = linear_plan(k, r, c, variance)
    noise = np.random.default_rng(1987).normal(0.0, np.sqrt(variance), 40_000)
    efforts = np.linspace(0.0, 3.0, 301)
    shocks = np.exp(-r * plan.rate * noise).mean()
    utility = [-np.exp(-r * (plan.salary + plan.rate * k * e - c * e * e / 2)) * shocks for e in efforts]
    assert efforts[int(np.argmax(utility))] == pytest.approx(plan.effort, abs=0.01)
    # participation (B7): mean utility at e* is that of the outside option, -exp(0)
    worth = -np.exp(-r * (plan.salary + plan.rate * (k * plan.effort + noise) - c * plan.effort**2 / 2))
    error = worth.std(ddof=1) / np.sqrt(len(worth))
    assert 1.96 * error < 0.02
    assert abs(worth.mean() + 1.0) < 4 * error


@pytest.mark.parametrize("discount", [1.0, 0.9])
def test_a_thousand_reps_who_follow_the_policy_do_what_the_outlook_says(discount: float) -> None:
    """Means of sales, effort and pay over 20,000 simulated years; half-width of the 95 % interval below 1 %."""
    curve = make_curve(bonuses=[Bonus(at=12, pays=6)], tiers=[Tier(above=12, rate=0.3)])
    solved = solve_plan(make_types(0.6, discount=discount, flow=0.1), curve, steps=12)
    policy = solved.policies
    grid = policy.low[0] + policy.h[0] * np.arange(policy.effort.shape[3])
    rng = np.random.default_rng(7)
    credit, efforts = np.zeros(20_000), np.zeros((12, 20_000))
    for t in range(12):
        efforts[t] = np.interp(credit, grid, policy.effort[0, 0, t])
        credit = credit + 0.6 + efforts[t] + rng.normal(0.0, 0.6, 20_000)
    outlook = expected_cycle(solved)
    pay = payouts(curve, 0, credit) + 0.1 * credit
    hits = (credit >= 12).astype(float)
    for drawn, expected in (
        (credit, outlook.sales), (pay, outlook.pay), (efforts[0], outlook.effort[0]), (efforts[11], outlook.effort[11]),
        (hits, outlook.reaches(12.0)),
    ):  # fmt: skip
        error = drawn.std(ddof=1) / np.sqrt(len(drawn)) + 1e-9
        assert 1.96 * error < 0.02 * expected
        assert abs(drawn.mean() - expected) < 4 * error
