"""Payout curves against cases worked out by hand, on every boundary of every tier, from below, on it and above."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from salessim.model.pay import Bonus, Component, PayError, Tier
from salessim.model.pay_files import PAY_PRESETS, pay_preset
from salessim.pay.curve import Curves, add_curves, compile_component, marginal, payout, payouts, stack

TINY = 1e-9


def curve(**settings: object) -> Curves:
    return compile_component(Component(title="c", **settings))


ACCELERATED = curve(
    basis="attainment", quota=1000.0, target_pay=100.0,
    tiers=[Tier(rate=1.0), Tier(above=1.0, rate=1.5), Tier(above=1.25, rate=2.0)],
)  # fmt: skip
STEPS = curve(tiers=[Tier(rate=0.1)], bonuses=[Bonus(at=100, pays=50), Bonus(at=200, pays=70)])
STRICT = curve(tiers=[Tier(rate=0.1)], bonuses=[Bonus(at=100, pays=50)], boundary="exceeded")
GATED = curve(tiers=[Tier(rate=0.1)], threshold=100, cap=30)
WHOLE = curve(tiers=[Tier(rate=0.05), Tier(above=100, rate=0.08), Tier(above=200, rate=0.10)], whole=True)
GAP = curve(tiers=[Tier(above=10, up_to=20, rate=1.0), Tier(above=30, rate=2.0)])
JUMP_OVER_CAP = curve(tiers=[Tier(rate=0.4)], bonuses=[Bonus(at=100, pays=50)], cap=60)


@pytest.mark.parametrize(
    ("table", "amount", "paid"),
    [
        (ACCELERATED, 0.0, 0.0), (ACCELERATED, 500.0, 50.0), (ACCELERATED, 1000.0, 100.0),
        (ACCELERATED, 1100.0, 115.0), (ACCELERATED, 1250.0, 137.5), (ACCELERATED, 1500.0, 187.5),
        (ACCELERATED, -100.0, -10.0),
        (STEPS, 99.0, 9.9), (STEPS, 100.0, 60.0), (STEPS, 199.0, 69.9), (STEPS, 200.0, 140.0), (STEPS, 300.0, 150.0),
        (STRICT, 100.0, 10.0), (STRICT, 101.0, 60.1),
        (GATED, 99.999, 0.0), (GATED, 100.0, 10.0), (GATED, 299.0, 29.9), (GATED, 300.0, 30.0), (GATED, 900.0, 30.0),
        (GATED, -50.0, 0.0),
        (WHOLE, 99.0, 4.95), (WHOLE, 100.0, 8.0), (WHOLE, 199.0, 15.92), (WHOLE, 200.0, 20.0), (WHOLE, 300.0, 30.0),
        (GAP, 10.0, 0.0), (GAP, 15.0, 5.0), (GAP, 20.0, 10.0), (GAP, 25.0, 10.0), (GAP, 30.0, 10.0), (GAP, 31.0, 12.0),
        (JUMP_OVER_CAP, 99.0, 39.6), (JUMP_OVER_CAP, 100.0, 60.0), (JUMP_OVER_CAP, 1e6, 60.0),
    ],
)  # fmt: skip
def test_hand_made_cases(table: Curves, amount: float, paid: float) -> None:
    assert payout(table, 0, amount) == pytest.approx(paid, rel=1e-12, abs=1e-12)
    assert payouts(table, 0, amount) == payout(table, 0, amount)


@pytest.mark.parametrize("boundary", ["reached", "exceeded"])
@pytest.mark.parametrize(
    "settings",
    [
        {"tiers": [Tier(rate=0.1), Tier(above=100, rate=0.2), Tier(above=200, rate=0.05)]},
        {"tiers": [Tier(rate=0.1)], "bonuses": [Bonus(at=50, pays=5), Bonus(at=150, pays=10)]},
        {"tiers": [Tier(rate=0.1)], "threshold": 60, "cap": 20},
        {"tiers": [Tier(rate=0.1), Tier(above=100, rate=0.2)], "whole": True, "cap": 50},
        {"tiers": [Tier(rate=1), Tier(above=1, rate=2)], "bonuses": [Bonus(at=1, pays=9)], "basis": "attainment",
         "quota": 120.0, "target_pay": 30.0, "threshold": 0.5},
    ],
)  # fmt: skip
def test_continuity_at_every_boundary(settings: dict[str, object], boundary: str) -> None:
    """On a boundary the curve equals its limit from the right where reaching pays, from the left where it does not."""
    table = curve(**settings, boundary=boundary)
    assert len(table.start) > 1
    for edge in table.start[1:]:
        below, on, above = (
            payout(table, 0, float(x)) for x in (np.nextafter(edge, -1e9), edge, np.nextafter(edge, 1e9))
        )
        expected = above if boundary == "reached" else below
        assert on == pytest.approx(expected, rel=1e-12, abs=1e-10)
        assert above >= below - 1e-12  # no plan of the language pays less for selling more


def test_marginal_is_the_slope_to_the_right() -> None:
    assert marginal(ACCELERATED, 0, 999.0) == pytest.approx(0.1)
    assert marginal(ACCELERATED, 0, 1000.0) == pytest.approx(0.15)
    assert marginal(STRICT, 0, 100.0) == marginal(STRICT, 0, 101.0) == pytest.approx(0.1)
    assert marginal(GATED, 0, 400.0) == 0.0


def test_a_cap_between_boundaries_is_met_where_the_curve_crosses_it() -> None:
    assert GATED.start.tolist() == [0.0, 100.0, 300.0]


rates = st.floats(0, 1).map(lambda x: round(x, 3))
points = st.lists(st.integers(1, 500), min_size=1, max_size=4, unique=True).map(sorted)


@given(points, st.data())
def test_compiled_vectorised_and_definition_agree(edges: list[int], data: st.DataObject) -> None:
    """The curve is the sum over tiers and bonuses, gated and capped, as the language says it."""
    tiers = [Tier(above=a, rate=data.draw(rates)) for a in [0, *edges]]
    bonuses = [Bonus(at=a, pays=data.draw(st.integers(1, 50))) for a in edges]
    threshold = data.draw(st.integers(0, 300))
    cap = sum(b.pays for b in bonuses) + data.draw(st.integers(0, 300))
    table = curve(tiers=tiers, bonuses=bonuses, threshold=threshold, cap=cap)
    for amount in [*edges, threshold, data.draw(st.floats(0.001, 900)), *(e - TINY for e in edges)]:
        ends = [*edges, np.inf]
        tiered = sum(t.rate * max(min(amount, end) - t.above, 0) for t, end in zip(tiers, ends, strict=True))
        defined = 0.0 if amount < threshold else min(tiered + sum(b.pays for b in bonuses if amount >= b.at), cap)
        assert payout(table, 0, float(amount)) == pytest.approx(defined, rel=1e-9, abs=1e-7)
        assert float(payouts(table, 0, amount)) == payout(table, 0, float(amount))


def test_stacked_rows_keep_apart() -> None:
    table = stack([ACCELERATED, STEPS, WHOLE])
    assert payouts(table, [0, 1, 2], 100.0).tolist() == pytest.approx([10.0, 60.0, 8.0])
    assert [payout(table, row, 100.0) for row in range(3)] == pytest.approx([10.0, 60.0, 8.0])


def test_added_curves_add() -> None:
    both = add_curves([STEPS, WHOLE, STRICT], [1.0, 0.5, 2.0])
    for x in np.linspace(-20, 500, 1041):
        parts = payout(STEPS, 0, float(x)) + payout(WHOLE, 0, 0.5 * x) + payout(STRICT, 0, 2.0 * x)
        if x != 50.0:  # there STRICT (exceeded) jumps alone, and its side wins
            assert payout(both, 0, float(x)) == pytest.approx(parts, abs=1e-9)
    assert payout(add_curves([], []), 0, 7.0) == 0.0


def test_presets_compile_and_pay_their_target_on_target() -> None:
    per_year = {"month": 12, "quarter": 4, "year": 1}
    for name in PAY_PRESETS:
        pay = pay_preset(name)
        total = pay.salary
        for part in pay.components:
            periods = per_year[part.period]
            total += periods * payout(compile_component(part), 0, 750_000.0 / periods)
        assert total == pytest.approx(150_000.0), name


def test_attainment_without_a_quota_is_refused() -> None:
    with pytest.raises(PayError, match="attainment needs a quota"):
        curve(basis="attainment", tiers=[Tier(rate=1)])
    with pytest.raises(PayError, match="more than 0"):
        compile_component(Component(title="c", basis="attainment", tiers=[Tier(rate=1)]), quota=0.0)
