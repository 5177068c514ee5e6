"""The programme against plans in the user's words: normalisation, ratchet, risk, the myopic agent, speed."""

from __future__ import annotations

import time

import numpy as np
import pytest

from salessim.model.motivation import Motivation
from salessim.model.pay import Component, Pay, PayError, Tier
from salessim.model.pay_files import PAY_PRESETS, pay_preset
from salessim.pay.forward import expected_cycle
from salessim.pay.myopic import myopic_effort
from salessim.pay.policy import effort_at
from salessim.pay.programme import programme, rep_types

MONTH = 750_000.0 / 12
CALM = Motivation(risk_aversion=0.0)
TALENT = np.array([0.6, 0.8, 0.9, 1.0, 1.1, 1.3])


def team(motivation: Motivation = CALM) -> object:
    return rep_types(MONTH * TALENT, 0.08, motivation, 60_000)


def test_effort_is_one_at_the_reference_rate_and_scales_do_not_matter() -> None:
    pay = Pay(salary=0, components=[Component(title="c", period="month", tiers=[Tier(rate=0.08)])])
    for scale in (1.0, 1e-3, 1e4):
        types = rep_types(scale * TALENT, 0.08, CALM)
        found = programme(pay, types)
        assert found.policies.effort == pytest.approx(1.0, rel=1e-9)
        assert [expected_cycle(found, i).sales for i in range(6)] == pytest.approx((scale * TALENT).tolist(), rel=1e-6)


def test_currency_changes_nothing() -> None:
    """Money and measure in cents: the same efforts."""
    part = pay_preset("accelerator").components[0]
    here = programme(Pay(components=[part]), team(Motivation()))  # type: ignore[arg-type]
    cents = part.but(quota=part.quota * 100, target_pay=part.target_pay * 100)
    there = programme(Pay(components=[cents]), rep_types(100 * MONTH * TALENT, 0.08, Motivation(), 6_000_000))
    assert there.policies.effort == pytest.approx(here.policies.effort, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("name", PAY_PRESETS)
def test_every_preset_is_solved(name: str) -> None:
    found = programme(pay_preset(name), team(Motivation()))  # type: ignore[arg-type]
    assert np.isfinite(found.policies.effort).all() and (found.policies.effort >= 0).all()
    effort = [expected_cycle(found, i).effort.mean() for i in range(6)]
    if name == "salary":
        assert max(effort) == 0.0
    else:
        assert max(effort) > 0.5


def test_a_component_for_half_the_sales_is_half_the_incentive() -> None:
    pay = Pay(salary=0, components=[Component(title="c", period="month", products=["A"], tiers=[Tier(rate=0.08)])])
    found = programme(pay, team(), shares={"c": 0.5})  # type: ignore[arg-type]
    assert found.policies.effort == pytest.approx(0.5, rel=1e-9)


def test_quotas_of_types_move_their_curves() -> None:
    pay = pay_preset("bonus")
    easy, hard = (
        programme(pay, team(), quotas={"quarterly bonus": 3 * MONTH * TALENT * f})
        for f in (0.9, 1.6)  # type: ignore[arg-type]
    )
    for i in range(6):
        quota = 3 * MONTH * TALENT[i]
        assert expected_cycle(easy, i).reaches(0.9 * quota) > 0.8
        assert expected_cycle(hard, i).reaches(1.6 * quota) < 0.5
    # the same bonus for a quota in proportion to talent means more to whom it buys fewer sales
    assert expected_cycle(easy, 0).effort.mean() > expected_cycle(easy, 5).effort.mean()


def test_a_ratchet_holds_back_and_more_so_the_stronger_it_is() -> None:
    pay = pay_preset("accelerator")
    effort = []
    for up in (0.0, 0.3, 0.6):
        found = programme(pay.but(ratchet_up=up), team())  # type: ignore[arg-type]
        assert found.cycles < 30
        effort.append([expected_cycle(found, i).effort.mean() for i in range(6)])
    for i in (4, 5):  # those who expect to exceed quota
        assert effort[0][i] > effort[1][i] > effort[2][i]
    assert effort[1][0] == pytest.approx(effort[0][0], rel=0.02)  # those far below have nothing to fear


def test_a_ratchet_that_forgives_misses_invites_sandbagging_and_a_one_sided_one_does_not() -> None:
    pay = pay_preset("accelerator")
    even, one_sided = (
        programme(pay.but(ratchet_up=0.3, ratchet_down=down), team())
        for down in (0.3, 0.0)  # type: ignore[arg-type]
    )
    assert expected_cycle(even, 1).effort.mean() < 0.8 * expected_cycle(one_sided, 1).effort.mean()


def test_the_continuation_value_is_a_fixed_point() -> None:
    """Value of a cycle's start falls with the quota factor, and finer settling hardly moves the policy."""
    from salessim.pay.curve import Curves
    from salessim.pay.programme import solve_plan

    pay = pay_preset("accelerator").but(ratchet_up=0.3, ratchet_down=0.1)
    found = programme(pay, team())  # type: ignore[arg-type]
    zero = np.argmin(np.abs(found.policies.low[0] + found.policies.h[0] * np.arange(found.policies.value.shape[3])))
    assert (np.diff(found.policies.value[0, :, 0, zero]) < 0).all()
    fine = solve_plan(
        found.types, Curves(*found.curves), found.policies.factors, 12, spacing=0.25, quotas=np.full(6, 750_000.0),
        up=0.3, down=0.1,
    )  # fmt: skip
    for i in range(6):
        assert expected_cycle(fine, i).sales == pytest.approx(expected_cycle(found, i).sales, rel=2e-3)


def test_what_the_programme_cannot_follow_is_refused() -> None:
    bent = [Tier(rate=0.1), Tier(above=100, rate=0.2)]
    both = Pay(components=[Component(title="q", period="quarter", tiers=bent), Component(title="y", tiers=bent)])
    with pytest.raises(PayError, match=r"too many periods.*quarter, year"):
        programme(both.but(ratchet_up=0.3), team())  # type: ignore[arg-type]
    with pytest.raises(PayError, match="colleagues"):
        programme(Pay(components=[Component(title="t", counts="team", tiers=bent)]), team())  # type: ignore[arg-type]
    with pytest.raises(PayError, match="needs a quota"):
        programme(Pay(components=[Component(title="t", basis="attainment", tiers=bent)]), team())  # type: ignore[arg-type]
    with pytest.raises(PayError, match="more than 0"):
        rep_types([0.0], 0.1)


@pytest.mark.parametrize("discount", [1.0, 0.97, 0.9])
@pytest.mark.parametrize("name", ["accelerator", "bonus", "capped", "commission_and_bonus"])
def test_the_myopic_agent_comes_close(name: str, discount: float) -> None:
    """Sales within 5 % for every type, 2 % on average; he is blind to the option that good luck opens."""
    found = programme(pay_preset(name), team(CALM.but(discount_factor=discount)))  # type: ignore[arg-type]
    errors = []
    for i in range(len(TALENT)):
        row = int(found.rows[i, 0])

        def short(t: int, y: np.ndarray, i: int = i, row: int = row) -> np.ndarray:
            return np.array([myopic_effort(found.types, i, found.curves, row, found.steps - t, v) for v in y])

        errors.append(expected_cycle(found, i, policy=short).sales / expected_cycle(found, i).sales - 1)
    print(f"\nmyopic agent, {name}, discount {discount}: {np.round(errors, 3)}")
    assert np.abs(errors).max() < 0.05
    assert abs(np.mean(errors)) < 0.02


def test_policies_of_a_plan_take_less_than_60_ms() -> None:
    """Warm, least processor time of five: twelve types. A ratchet costs some 17 ms a type: only three fit into 60."""

    def least(pay: Pay, types: object) -> float:
        programme(pay, types)  # type: ignore[arg-type]
        found = []
        for _ in range(5):
            began = time.process_time()
            programme(pay, types)  # type: ignore[arg-type]
            found.append(time.process_time() - began)
        return min(found) * 1e3

    twelve = rep_types(MONTH * np.linspace(0.5, 1.5, 12), 0.08, Motivation(), 60_000)
    plain = least(pay_preset("accelerator"), twelve)
    tied = least(pay_preset("accelerator").but(ratchet_up=0.3, ratchet_down=0.1), team(Motivation()))
    print(f"\nwarm: {plain:.1f} ms for 12 types; with ratchet {tied:.0f} ms for 6")
    assert plain < 60
    assert tied < 250


def test_policies_are_read_between_and_beyond_grid_points() -> None:
    found = programme(pay_preset("accelerator"), team())  # type: ignore[arg-type]
    p = found.policies
    at = p.low[2] + 10.5 * p.h[2]
    assert effort_at(p, 2, 3, 1.0, at) == pytest.approx(p.effort[2, 0, 3, 10:12].mean(), rel=1e-9)
    assert effort_at(p, 2, 3, 1.0, -1e12) == p.effort[2, 0, 3, 0]
    assert effort_at(p, 2, 3, 1.0, 1e12) == p.effort[2, 0, 3, -1]
