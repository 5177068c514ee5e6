"""The reps as servers: with all dials off the model is a queue with a closed form, and must agree with it.

Statistical class S: seeds are fixed, the estimate lies within 4 standard errors of the closed form, the standard error
comes from independent queues (each rep or pool is a replication of its own, in two independent worlds), and 1.96 of
them are at most 2 % of the target. So a correct model fails a comparison with probability 6e-5, and a deviation of 6 %
is found with probability above 0.97. Formulas: the reference's section 9 (A1-A5, D3); hours are the unit of time.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray
from worlds import agrees, estimate, quiet_market, quiet_plan, stage, time_average

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.model.plan import Plan
from salessim.world.tables import EXPIRED

Floats = NDArray[np.float64]

WARM = 60.0
"""Days before counting begins: hundreds of relaxation times of every queue below."""
COOL = 30.0
"""Days before the end in which no new customers are counted, so that all who are have been served."""


class Queue(NamedTuple):
    """What each of many independent queues did between `WARM` and the end less `COOL`."""

    wait: Floats
    number: Floats
    lost: Floats
    busy: Floats


def queues_of(run: Run, product: int | None = None) -> Queue:
    """Measure every queue of a run: mean wait of the served (hours), mean number present, shares lost and busy."""
    world = run.world
    steps = world.used("steps")
    if product is not None:
        steps = steps[world.used("deals")["product"][steps["deal"]] == product]
    queue = world["reps"]["group"][steps["rep"]]
    n = len(world["groups"])
    end = float(world["settings"]["until"][0]) - COOL
    counted = (steps["entered"] >= WARM) & (steps["entered"] < end)
    served = counted & (steps["started"] >= 0)
    lost = counted & (steps["outcome"] == EXPIRED)
    assert (served | lost)[counted].all(), "somebody who came before the end of counting is still waiting"
    wait = 24.0 * (steps["started"] - steps["entered"])
    began = steps["started"] >= 0
    done = np.where(steps["finished"] < 0, np.inf, steps["finished"])
    busy = np.clip(done, WARM, end) - np.clip(np.where(began, steps["started"], np.inf), WARM, end)
    size = np.bincount(queue[counted], minlength=n)
    return Queue(
        wait=np.bincount(queue[served], weights=wait[served], minlength=n) / np.bincount(queue[served], minlength=n),
        number=np.array(
            [time_average(steps["entered"][queue == q], steps["left"][queue == q], WARM, end) for q in range(n)]
        ),
        lost=np.bincount(queue[lost], minlength=n) / size,
        busy=np.bincount(queue, weights=busy, minlength=n) / (end - WARM),
    )


def replay(
    load: float,
    effort: dict[str, Any],
    *,
    queues: int,
    servers: int = 1,
    months: int = 24,
    plan: Plan | None = None,
    **settings: Any,
) -> Queue:
    """Run many queues of hourly arrivals `load` in two worlds and put them side by side."""
    market = quiet_market([stage("work", **effort)], queues=queues, rates=(24.0 * load,), **settings)
    plan = plan or quiet_plan(queues, servers)
    worlds = [queues_of(simulate(market, plan, months, seed=11, replication=k)) for k in range(2)]
    return Queue(*(np.concatenate(parts) for parts in zip(*worlds, strict=True)))


@pytest.mark.parametrize(
    ("load", "queues"),
    [(0.5, 24), pytest.param(0.8, 120, marks=pytest.mark.slow)],
    ids=["half loaded", "golden values"],
)
def test_one_rep_is_a_single_server_queue(load: float, queues: int) -> None:
    """M/M/1: W_q = rho/(1 - rho) service times, L = rho/(1 - rho), busy rho. For 0.8 the golden values 4 and 4."""
    found = replay(load, {"effort": 1.0}, queues=queues)
    assert not agrees(found.wait, load / (1 - load))
    assert not agrees(found.number, load / (1 - load))
    assert not agrees(found.busy, load, width=0.005)


@pytest.mark.parametrize(
    ("law", "cv", "queues"),
    [("fixed", 0.0, 16), ("lognormal", 0.5, 20), pytest.param("lognormal", 1.2, 80, marks=pytest.mark.slow)],
    ids=["fixed", "steady", "uneven"],
)
def test_effort_of_any_law_follows_pollaczek_and_khinchine(law: str, cv: float, queues: int) -> None:
    """M/G/1: W_q = rho (1 + cv^2) / (2 (1 - rho)) service times; fixed effort halves the wait of exponential."""
    load = 0.5
    found = replay(load, {"effort": 1.0, "effort_law": law, "effort_cv": cv}, queues=queues)
    target = load * (1 + cv**2) / (2 * (1 - load))
    assert not agrees(found.wait, target)
    assert not agrees(found.number, load + load * target)


@pytest.mark.slow
def test_focus_is_a_priority_that_does_not_interrupt() -> None:
    """Cobham: W_first = W_0/(1 - rho_1), W_second = W_0/((1 - rho_1)(1 - rho)), W_0 = lambda E[S^2]/2.

    Two products, the second in the plan's focus by so much that no waiting time outweighs it.
    """
    slow, urgent, queues = 0.3, 0.3, 60
    market = quiet_market([stage("work", effort=1.0)], queues=queues, rates=(24 * slow, 24 * urgent))
    plan = quiet_plan(queues, focus={"product 2": 1e6})
    worlds = [simulate(market, plan, 24, seed=12, replication=k) for k in range(2)]
    rest = slow + urgent
    for product, target in ((1, rest / (1 - urgent)), (0, rest / ((1 - urgent) * (1 - rest)))):
        wait = np.concatenate([queues_of(run, product).wait for run in worlds])
        assert not agrees(wait, target)


@pytest.mark.slow
def test_the_order_of_service_does_not_change_the_mean_wait() -> None:
    """Any order that does not look at the work ahead has the same mean wait: big deals first, or the last first.

    And conservation of work (Kleinrock): the same times busy, hour by hour, so the same totals on every seed.
    """
    load, queues = 0.5, 28
    fair = replay(load, {"effort": 1.0}, queues=queues)
    for value_weight in (1e3, 0.0):
        plan = quiet_plan(queues, value_weight=value_weight, wait_weight=0.0)
        found = replay(load, {"effort": 1.0}, queues=queues, plan=plan)
        assert not agrees(found.wait, load / (1 - load))
        assert np.abs(found.busy - fair.busy).max() < 1e-9


def erlang_c(a: float, c: int) -> float:
    """Return the chance to wait in M/M/c with `a` = arrivals / service rate."""
    top = a**c / math.factorial(c) / (1 - a / c)
    return top / (sum(a**k / math.factorial(k) for k in range(c)) + top)


def erlang_b(a: float, c: int) -> float:
    """Return the share of arrivals that find all `c` servers busy."""
    return (a**c / math.factorial(c)) / sum(a**k / math.factorial(k) for k in range(c + 1))


@pytest.mark.parametrize(
    ("arrivals", "effort", "servers", "golden", "queues"),
    [
        (2.0, 1 / 2, 2, (1 / 6, 4 / 3), 10),
        pytest.param(8.0, 1 / 3, 4, (0.094605, 3.423503), 14, marks=pytest.mark.slow),
    ],
    ids=["two", "four"],
)
def test_a_lead_pool_is_a_queue_with_many_servers(
    arrivals: float, effort: float, servers: int, golden: tuple[float, float], queues: int
) -> None:
    """M/M/c through the pool: every lead is an inquiry, each team has one pool. W_q = C/(c mu - lambda), L = L_q + a.

    Two reps with a queue each would need 1 hour per lead at this load (the test above), the pool needs 40 minutes.
    """
    found = replay(
        arrivals, {"effort": effort}, queues=queues, months=14, inquiry_share=1.0,
        plan=quiet_plan(queues, servers, routing="pool"),
    )  # fmt: skip
    a = arrivals * effort
    wait = erlang_c(a, servers) / (servers / effort - arrivals)
    assert wait == pytest.approx(golden[0], abs=1e-6)
    assert arrivals * wait + a == pytest.approx(golden[1], abs=1e-6)
    assert not agrees(found.wait, golden[0])
    assert not agrees(found.number, golden[1])


@pytest.mark.parametrize(("law", "cv"), [("fixed", 0.0), ("lognormal", 1.5)], ids=["fixed", "lognormal"])
def test_leads_that_cannot_wait_are_lost_by_erlangs_formula(law: str, cv: float) -> None:
    """M/G/c/c: with no patience at all the share lost is Erlang B, whatever the law of the work (insensitivity)."""
    arrivals, servers, queues = 2.0, 3, 10
    found = replay(
        arrivals, {"effort": 1.0, "effort_law": law, "effort_cv": cv}, queues=queues, months=14,
        inquiry_share=1.0, lead_patience=0.0, plan=quiet_plan(queues, servers, routing="pool"),
    )  # fmt: skip
    lost = erlang_b(arrivals, servers)
    assert lost == pytest.approx(4 / 19, abs=1e-12)
    assert not agrees(found.lost, lost)
    assert not agrees(found.busy, arrivals * (1 - lost))
    assert found.wait.max() == 0.0


def test_leads_that_wait_too_long_expire() -> None:
    """D3, M/M/1 with deadline T to the begin of service: lost = P(virtual wait > T).

    The virtual wait has density lambda p0 exp(-(mu - lambda) x) below T and falls as exp(-mu x) above it, p0 from
    normalisation (Barrer 1957). A load above 1 is stable here: what cannot be served expires.
    """
    for arrivals, deadline, queues in ((0.8, 2.0, 24), (1.4, 1.5, 16)):
        gap = 1.0 - arrivals
        below = arrivals * (1 - math.exp(-gap * deadline)) / gap
        above = arrivals * math.exp(-gap * deadline)
        idle = 1 / (1 + below + above)
        found = replay(arrivals, {"effort": 1.0}, queues=queues, months=14, lead_patience=deadline / 24)
        assert not agrees(found.lost, above * idle)
        assert not agrees(found.busy, 1 - idle)
        assert found.wait.max() < deadline


def test_little_holds_at_every_stage() -> None:
    """L = lambda W at each stage of a funnel, with work, customers who take their time, drop-outs and priorities.

    L is a walk over arrivals and departures, W the mean stay, and what the edges of the window cut off is accounted
    for, so the two sides are equal to rounding. Independently, the diary's hours on deals are lambda E[S] (Little's
    law for the desk), and the number on the desk or at the customer's at the end is what the states of the deals say.
    """
    stages = [stage("a", 1.0, 2.0, 0.7), stage("b", 2.0, 5.0, 0.8), stage("c", 1.5, 0.0, 0.5)]
    queues = 8
    market = quiet_market(stages, queues=queues, rates=(4.0, 2.0))
    run = simulate(market, quiet_plan(queues, stage_weight=10.0, value_weight=3.0), 18, seed=13)
    steps, deals = run.world.used("steps"), run.world.used("deals")
    start, end = WARM, float(run.world["settings"]["until"][0])
    for s in range(3):
        here = steps[steps["stage"] == s]
        left = np.where(here["left"] < 0, end, here["left"])
        present = time_average(here["entered"], here["left"], start, end)
        came = (here["entered"] >= start) & (here["entered"] < end)
        stay = (left - here["entered"])[came]
        before = (here["entered"] < start) & (left > start)
        edge = (left - start)[before].sum()
        rate = came.sum() / (end - start)
        assert present == pytest.approx(rate * stay.mean() + edge / (end - start), rel=1e-9)
        assert present == pytest.approx(rate * stay.mean(), rel=0.01), "the edges alone are under 1 %"
        open_now = (deals["stage"] == s) & np.isin(deals["state"], [1, 2, 3])
        assert (here["left"] < 0).sum() == open_now.sum()
    began = steps[steps["started"] >= 0]
    worked = np.where(began["finished"] < 0, end, began["finished"]) - began["started"]
    assert run.world["diary"]["deal_hours"].sum() == pytest.approx(24.0 * worked.sum(), rel=1e-9)
    full = began["finished"] >= 0
    assert np.allclose(24.0 * worked[full], began["hours"][full], rtol=1e-9, atol=1e-7)


def test_the_standard_errors_are_honest() -> None:
    """The queues are independent: their scatter predicts that of the means of eights (chi-square, 4 sigma)."""
    found = replay(0.5, {"effort": 1.0}, queues=64, months=8)
    _, error = estimate(found.wait)
    eights = found.wait.reshape(16, 8).mean(axis=1)
    ratio = float(eights.var(ddof=1)) / (error**2 * len(found.wait) / 8)
    assert abs(ratio - 1) < 4 * math.sqrt(2 / 15)
