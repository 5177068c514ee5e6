"""Closed forms B1-B7 of the science notes: golden values, relative 1e-9 unless a rounded value is all there is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from salessim.model.pay import PayError
from salessim.pay.theory import (
    contest_effort,
    linear_plan,
    multitask_effort,
    multitask_rates,
    participation_salary,
    quota_effort,
    rank_pull,
    team_effort,
    tournament_effort,
)


@pytest.mark.parametrize(
    ("k", "r", "c", "variance", "rate", "effort", "surplus"),
    [(1, 1, 1, 1, 0.5, 0.5, 0.25), (1, 2, 0.5, 0.25, 0.8, 1.6, 0.8), (2, 1, 1, 4, 0.5, 1.0, 1.0)],
)
def test_b1_linear_plan(
    k: float, r: float, c: float, variance: float, rate: float, effort: float, surplus: float
) -> None:
    found = linear_plan(k, r, c, variance)
    assert found[:3] == pytest.approx((rate, effort, surplus), rel=1e-9)
    assert found.surplus == pytest.approx(k * k * found.rate / (2 * c), rel=1e-9)  # k^2 b*/(2c)
    for other in (rate - 0.01, rate + 0.01):  # it is the best: any other rate leaves less surplus
        e = other * k / c
        assert k * e - c * e * e / 2 - r * other**2 * variance / 2 < found.surplus


def test_b2_multitask_diagonal_is_b1() -> None:
    rates = multitask_rates([1.0, 1.0], np.diag([0.5, 2.0]), np.diag([0.25, 3.0]), 2.0)
    expected = [linear_plan(1, 2, 0.5, 0.25).rate, linear_plan(1, 2, 2.0, 3.0).rate]
    assert rates == pytest.approx(expected, rel=1e-9)


def test_b2_an_unmeasurable_substitute_lowers_the_rate_on_what_is_measured() -> None:
    """Holmstrom & Milgrom 1991: sigma_2^2 to infinity, substitutes: the rate on task 1 falls, possibly to zero."""
    cost = [[1.0, 0.6], [0.6, 1.0]]
    found = [multitask_rates([1.0, 1.0], cost, np.diag([1.0, v]), 1.0)[0] for v in (1.0, 10.0, 1e9)]
    assert found[0] > found[1] > found[2] > 0
    close = multitask_rates([0.6, 1.0], cost, np.diag([1.0, 1e9]), 1.0)
    assert close[0] == pytest.approx(0.0, abs=1e-8)  # B1 = C12/C22 B2: no incentive at all
    alone = multitask_rates([1.0, 1.0], np.eye(2), np.diag([1.0, 1e9]), 1.0)[0]
    assert alone == pytest.approx(0.5)


def test_multitask_effort_is_the_best_answer() -> None:
    rng = np.random.default_rng(5)
    for _ in range(50):
        root = rng.normal(size=(3, 3))
        cost, rates = root @ root.T + np.eye(3), rng.uniform(-0.2, 1.0, 3)
        e = multitask_effort(rates, cost)
        gain = rates - cost @ e
        assert (e >= 0).all() and (gain[e == 0] <= 1e-9).all()
        assert gain[e > 0] == pytest.approx(np.zeros((e > 0).sum()), abs=1e-9)


def test_b3_team() -> None:
    assert team_effort(0.8, 4, 0.5, 2.0) == pytest.approx(0.8, rel=1e-9)


def test_b4_quota_one_shot() -> None:
    for q, golden in ((0, 0.647), (1, 0.779), (2, 0.142), (3, 0.009)):
        e = quota_effort(2.0, q, 1.0, 1.0)
        assert e == pytest.approx(golden, abs=5e-4)
        assert 2.0 * math.exp(-((q - e) ** 2) / 2) / math.sqrt(2 * math.pi) == pytest.approx(e, rel=1e-9)


def test_b6_tournament_and_its_sums() -> None:
    assert tournament_effort(3.0, 2.0, 0.5) == pytest.approx(3.0 / (2 * 2.0 * math.sqrt(math.pi) * 0.5), rel=1e-9)
    assert contest_effort([3.0], 2, 2.0, 0.5) == pytest.approx(tournament_effort(3.0, 2.0, 0.5), rel=1e-9)
    for n in (2, 3, 5, 10):
        pull = rank_pull(n)
        assert pull.sum() == pytest.approx(0.0, abs=1e-12)
        assert pull == pytest.approx(-pull[::-1], abs=1e-12)
        assert (np.diff(pull) < 0).all()
    # the pull to the first place is the mean of the largest of n normals over n: E[max] = n * integral
    assert rank_pull(3)[0] == pytest.approx(3 / (2 * math.sqrt(math.pi)) / 3, rel=1e-9)
    with pytest.raises(PayError, match="rivals"):
        rank_pull(1)
    with pytest.raises(PayError, match="more prizes"):
        contest_effort([1, 1, 1], 2, 1.0, 1.0)


def test_b7_participation() -> None:
    """Salary plus what the commission is worth to the rep, after effort and risk, is the outside option."""
    outside, rate, k, c, r, variance, base = 1.3, 0.4, 1.5, 0.7, 0.9, 2.0, 0.6
    e = rate * k / c
    worth = participation_salary(outside, rate, k, c, r, variance, base)
    worth += rate * (base + k * e) - c * e * e / 2 - r * rate**2 * variance / 2
    assert worth == pytest.approx(outside, rel=1e-9)
