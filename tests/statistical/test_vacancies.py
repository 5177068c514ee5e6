"""Seats that empty and fill, and people who ramp: the share of capacity that is there has a closed form.

Reference section 9, D4: capacity is 1/(1 + q t_v) with quit rate q and time to fill t_v, and the ramp takes
q tau (1 - s0) of it to first order, q tau (1 - s0)/(1 + q tau) exactly. D3, the queue with impatient leads, is in
``test_queues.py``.

Statistical class S: fixed seeds, within 4 standard errors (a false alarm in 16,000), and the half-width says what would
be noticed: availability is known to 0.7 %, so a deviation of 2 % (the whole of the vacancy effect at 60 % a year is
13 %) is found with probability above 0.97; the ramp loss to 12 % of itself.
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import agrees, quiet_market, quiet_plan, stage

from salessim.clocks.simulate import simulate
from salessim.measures import measures_of

Floats = NDArray[np.float64]
_YEAR = 365.0
_SETTLED = 12
"""Months before counting begins: all seats are filled on the first day."""


def filled(quits: float, fill: float, *, spread: float = 0.5, queues: int = 320, months: int = 132) -> Floats:
    """Return the share of days on which each of many seats was filled, in two worlds."""
    market = quiet_market(
        [stage("work")], queues=queues, rates=(1e-4,), turnover=quits, fill_time=fill, fill_spread=spread
    )
    found = []
    for k in range(2):
        world = simulate(market, quiet_plan(queues), months, seed=51, replication=k).world
        days = world["diary"]["present_days"].reshape(queues, months)[:, _SETTLED:].sum(axis=1)
        ends = world["months"]["ends"]
        found.append(days / (ends[-1] - ends[_SETTLED - 1]))
    return np.concatenate(found)


@pytest.mark.parametrize(
    ("quits", "fill", "spread"),
    [(0.2, _YEAR / 6, 0.5), (0.6, 90.0, 0.0), (0.6, 90.0, 1.0), (1.0, 30.0, 0.5)],
    ids=["golden value", "fixed", "uneven", "fast"],
)
def test_the_share_of_time_a_seat_is_filled(quits: float, fill: float, spread: float) -> None:
    """1/(1 + q t_v), whatever the law of the time to fill; 20 % a year and 2 months give .968.

    People leave at the end of the month in which their time is up, half a month later than in continuous time: the mean
    stay is one month over 1 - exp(-q/12), which moves the share by less than half a percent.
    """
    stay = (_YEAR / 12.0) / (1.0 - np.exp(-quits / 12.0))
    target = stay / (stay + fill)
    assert target == pytest.approx(1.0 / (1.0 + quits * fill / _YEAR), rel=0.005)
    assert not agrees(filled(quits, fill, spread=spread), target, width=0.007)


def test_the_golden_value() -> None:
    """q = .2 a year and t_v = 2 months: .968."""
    formula = 1.0 / (1.0 + 0.2 * 2.0 / 12.0)
    assert formula == pytest.approx(0.968, abs=5e-4)
    assert filled(0.2, _YEAR / 6).mean() == pytest.approx(formula, abs=0.005)


def test_a_seat_that_is_filled_at_once_is_never_empty() -> None:
    """And where nobody quits, nobody is missing: the two zeros of the formula, exactly."""
    assert np.all(filled(1.0, 0.0, queues=40, months=36) > 1.0 - 1e-9)
    assert np.all(filled(0.0, 90.0, queues=40, months=36) > 1.0 - 1e-9)


def test_the_measures_say_the_same() -> None:
    """Headcount is the share of filled seats; quits per filled seat and year are the rate at which people quit."""
    market = quiet_market([stage("work")], queues=300, rates=(1e-4,), turnover=0.5, fill_time=60.0, fill_spread=0.5)
    found = [measures_of(simulate(market, quiet_plan(300), 120, seed=52, replication=k)) for k in range(3)]
    share = np.mean([row["headcount"] for row in found]) / 300.0
    assert share == pytest.approx(1.0 / (1.0 + 0.5 * 60.0 / _YEAR), rel=0.01)
    # 3,000 exits or more: the rate is known to 2 %
    assert np.mean([row["turnover"] for row in found]) == pytest.approx(0.5, rel=0.05)


def finished(quits: float, ramp: float, start: float, *, queues: int, months: int) -> Floats:
    """Return how many pieces of work of a day each rep finishes who always has some waiting."""
    market = quiet_market(
        [stage("work", effort=24.0, effort_law="fixed")], queues=queues, rates=(2.0,), turnover=quits, fill_time=0.0,
        ramp_time=ramp, ramp_start=start, ramp_spread=0.0,
    ).but(lead_patience=4.0)  # fmt: skip
    # the team has been there for years: only successors ramp
    world = simulate(market, quiet_plan(queues), months, seed=53).world
    steps = world.used("steps")
    since = float(world["months"]["ends"][_SETTLED * 2 - 1])
    done = steps[steps["finished"] >= since]
    return np.bincount(done["rep"], minlength=queues).astype(float)


@pytest.mark.slow
@pytest.mark.parametrize(("quits", "start"), [(0.5, 0.2), (0.8, 0.4)])
def test_the_ramp_takes_its_share_of_capacity(quits: float, start: float) -> None:
    """Loss q tau (1 - s0)/(1 + q tau), tau = T_90 / log(10 (1 - s0)); to first order q tau (1 - s0).

    A career of exponential length T loses (1 - s0) tau (1 - exp(-T/tau)) on average; counted from the third year on.
    """
    queues, months, ramp = 150, 84, 5.0
    tau = ramp / 12.0 / np.log(10.0 * (1.0 - start))
    exact = quits * tau * (1.0 - start) / (1.0 + quits * tau)
    first_order = quits * tau * (1.0 - start)
    with_ramp = finished(quits, ramp, start, queues=queues, months=months)
    without = finished(quits, 0.0, start, queues=queues, months=months)
    loss = 1.0 - with_ramp / without
    print(f"\nramp loss: {loss.mean():.4f}, exact {exact:.4f}, first order {first_order:.4f}")
    assert not agrees(loss, exact, width=0.12)
    assert exact < first_order < exact * (1.0 + 1.1 * quits * tau)
