"""The pay plan as a picture: attainment and pay as the run has them, the curve as the plan says, in both languages."""

from __future__ import annotations

import io

import numpy as np
import pytest

from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.model.pay import Bonus, Component, Pay, Tier
from salessim.model.pay_files import pay_preset
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.show.payout_figure import Earnings, earnings_of, payout_alt_text, payout_figure, payouts_of
from salessim.show.style import looks_of

LOOKS = list(looks_of({"a": Plan(structure="territory", reps=4), "b": Plan(structure="product", reps=4)}).values())
QUOTA = Pay(
    salary=50_000, target_variable=20_000,
    components=[
        Component(title="quota", basis="attainment", quota=1_000_000, target_pay=20_000,
                  tiers=[Tier(rate=1), Tier(above=1, rate=2)], bonuses=[Bonus(at=1.0, pays=5_000)]),
        Component(title="monthly", period="month", measure="cash_collected", tiers=[Tier(rate=0.01)]),
    ],
)  # fmt: skip


def earned(result: list[float], variable: list[float], quota: float = 1e6, months: int = 12) -> Earnings:
    return Earnings(np.array(result), np.array(variable), np.array([1.0, 0.9]), quota, months)


@pytest.fixture(scope="module")
def run() -> Run:
    market, plan = preset("small")
    return simulate(market, plan.but(pay=pay_preset("accelerator")), 14)


def test_results_are_what_was_credited_over_the_quota_of_who_was_there_all_year(run: Run) -> None:
    found = earnings_of(run)
    assert found is not None and found.months == 12
    diary = run.world["diary"].reshape(len(run.world.names.reps), -1)[:, :12]
    there = diary["present_days"].sum(axis=1) >= 0.95 * diary["present_days"].sum(axis=1).max()
    deals = run.world.used("deals")
    ends = run.world["months"]["ends"]
    won = deals[(deals["state"] == 4) & (deals["closed"] < ends[11])]
    sold = np.bincount(won["rep"], weights=won["value"], minlength=len(there))
    assert np.allclose(found.result, sold[there] / 750_000, rtol=1e-6)
    assert np.allclose(found.variable, diary["variable"].sum(axis=1)[there])


def test_a_plan_without_variable_pay_has_none() -> None:
    market, plan = preset("small")
    assert earnings_of(simulate(market, plan, 2)) is None
    assert earnings_of(simulate(market, plan.but(pay=pay_preset("salary")), 2)) is None


def test_the_line_is_what_the_whole_plan_pays_for_an_even_year() -> None:
    found = payouts_of(QUOTA, [earned([0.5, 1.2], [19_000, 45_000]), earned([0.9], [27_000])])
    pays = dict(zip(found.line_at.round(9).tolist(), found.line.tolist(), strict=True))
    for result, amount in ((0.0, 0.0), (1.3, 20_000 + 2 * 6_000 + 5_000 + 1.3 * 9_000)):
        assert pays[result] == pytest.approx(amount)
    jump = int(np.searchsorted(found.line_at, 1.0 + 1e-12))
    assert found.line[jump] - found.line[jump - 2] > 5_000
    assert found.reached == pytest.approx((0.5 + 0.0) / 2)
    assert found.mean == pytest.approx((32_000 + 27_000) / 2)


def test_a_run_of_less_than_a_year_is_measured_against_its_part_of_the_quota() -> None:
    market, plan = preset("small")
    found = earnings_of(simulate(market, plan.but(pay=pay_preset("accelerator")), 3))
    assert found is not None
    assert found.months == 3 and found.quota == pytest.approx(750_000 / 4)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("name", ["accelerator", "commission", "bonus", "commission_and_bonus"])
def test_every_kind_of_plan_is_drawn(language: str, name: str) -> None:
    market, plan = preset("small")
    pay = pay_preset(name)
    earnings = [earnings_of(simulate(market, plan.but(pay=pay), 3, replication=n)) for n in range(2)]
    found = payouts_of(pay, [one for one in earnings if one is not None])
    figure = payout_figure([found, found], ["baseline", "方案"], LOOKS, "CNY", language)
    figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
    upper, lower = figure.axes
    assert upper.get_xlim() == lower.get_xlim()
    shares = sum(float(np.asarray(path.vertices, dtype=float)[:, 1].max()) for path in lower.collections[0].get_paths())
    assert shares == pytest.approx(1.0)
    assert len([line for line in upper.lines if np.size(line.get_xdata()) > 100]) == 1  # twice the same line is one
    said = payout_alt_text(found, "方案", "CNY", language)
    assert "方案" in said and ("%" in said) == found.attained


def test_nobody_there_for_a_year_is_said() -> None:
    found = payouts_of(QUOTA, [earned([], [])])
    figure = payout_figure([found], ["plan"], LOOKS[:1], "CNY")
    figure.savefig(io.BytesIO(), format="png")
    assert "nobody" in payout_alt_text(found, "plan", "CNY")
