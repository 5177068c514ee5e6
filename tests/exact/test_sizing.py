"""Closed forms of sizing: C1 to C8, D3 and D4 of the reference, response curves, hiring paths, exact to 1e-9.

Golden values are the reference's, compared to the digits it prints; where the reference gives a formula only, the value
is checked against another way of computing it.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar

from salessim.errors import StudyError
from salessim.sizing import formulas
from salessim.sizing.allocation import split_by_price, split_two_exponentials
from salessim.sizing.paths import HBR_2006, first_year_productivity, hiring_paths, standard_paths
from salessim.sizing.response import Adbudg, Exponential, Power, Response, fit_adbudg

CURVES: list[Response] = [
    Power(3.0, 0.31),
    Exponential(2.0, 0.7, 0.4),
    Adbudg(0.2, 1.7, 2.4, 0.6),
    Adbudg(0.0, 1.2, 0.8, 1.5),
]


# ------------------------------------------------------------------------------------------------------------ response


@pytest.mark.parametrize("curve", CURVES, ids=lambda curve: f"{type(curve).__name__}")
def test_slope_and_elasticity_are_the_derivatives_of_sales(curve: Response) -> None:
    x = np.array([0.1, 0.5, 1.0, 1.5, 4.0])
    h = 1e-5
    slope = (curve.sales(x + h) - curve.sales(x - h)) / (2 * h)
    assert curve.slope(x) == pytest.approx(slope, rel=1e-7)
    elasticity = (np.log(curve.sales(x * (1 + h))) - np.log(curve.sales(x * (1 - h)))) / (2 * h)
    assert curve.elasticity(x) == pytest.approx(elasticity, rel=1e-6)


def test_curves_take_an_array_per_item_and_efforts_of_any_shape() -> None:
    curve = Adbudg([0.1, 0.2], [1.0, 2.0], [1.5, 2.5], [0.5, 0.7])
    effort = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 0.5]])
    one = [
        [float(Adbudg(low, high, c, d).sales(x)) for x, low, high, c, d in zip(
            row, (0.1, 0.2), (1.0, 2.0), (1.5, 2.5), (0.5, 0.7), strict=True)]
        for row in effort
    ]  # fmt: skip
    assert curve.sales(effort) == pytest.approx(np.array(one), rel=1e-12)


def test_the_steepest_point_of_an_s_curve() -> None:
    curve = Adbudg(0.2, 1.7, 2.4, 0.6)
    found = minimize_scalar(lambda x: -float(curve.slope(x)), bounds=(0.01, 3.0), method="bounded")
    assert float(curve.steepest) == pytest.approx(found.x, abs=1e-5)
    assert float(Adbudg(0.2, 1.7, 0.9, 0.6).steepest) == 0.0


def test_a_fit_gives_back_the_curves_its_judgements_came_from() -> None:
    low, high, shape = np.array([0.1, 0.5, 0.0]), np.array([1.4, 1.2, 3.0]), np.array([2.7, 0.6, 1.0])
    curve = Adbudg(low, high, shape, (high - 1.0) / (1.0 - low))
    found = fit_adbudg(low, curve.sales(0.5), curve.sales(1.5), high)
    assert found.shape == pytest.approx(shape, rel=1e-6)
    assert found.half == pytest.approx((high - 1.0) / (1.0 - low), rel=1e-12)
    assert found.sales(1.0) == pytest.approx(np.ones(3), rel=1e-12)


@pytest.mark.parametrize("judged", [(0.5, 0.4, 1.2, 1.5), (0.5, 0.7, 0.9, 1.5), (0.5, 0.7, 1.2, 1.1)])
def test_judgements_that_do_not_rise_are_refused(judged: tuple[float, ...]) -> None:
    with pytest.raises(StudyError, match="must rise"):
        fit_adbudg(*judged)


def test_efforts_and_elasticities_that_cannot_be_are_refused() -> None:
    with pytest.raises(StudyError, match="negative"):
        Power(1.0, 0.5).sales(-1.0)
    with pytest.raises(StudyError, match="between 0 and 1"):
        Power(1.0, 1.2)


# -------------------------------------------------------------------------------------------------------- C1 and C2


def test_c1_two_markets_of_exponential_response() -> None:
    first, second = split_two_exponentials([100.0, 60.0], [0.5, 1.0], 4.0)
    assert (first, second) == pytest.approx((2.545119, 1.454881), abs=5e-7)
    curve = Exponential([100.0, 60.0], [0.5, 1.0])
    assert curve.slope([first, second]) == pytest.approx([14.005688] * 2, abs=5e-7)
    found = split_by_price(curve, 1.0, 4.0)
    assert found.effort == pytest.approx([first, second], rel=1e-9)
    assert found.price == pytest.approx(14.005688, abs=5e-7)
    assert found.bound == pytest.approx(found.value, rel=1e-9)


@pytest.mark.parametrize("total", [0.1, 0.5])
def test_c1_is_clipped_where_one_market_is_worth_nothing(total: float) -> None:
    assert split_two_exponentials([100.0, 1.0], [2.0, 1.0], total) == (total, 0.0)
    assert split_by_price(Exponential([100.0, 1.0], [2.0, 1.0]), 1.0, total).effort == pytest.approx([total, 0.0])


def test_c2_cobb_douglas_over_many_markets() -> None:
    rng = np.random.default_rng(3)
    scale, margin, elasticity = rng.uniform(1, 9, 50), rng.uniform(0.2, 0.8, 50), 0.31
    share = (margin * scale) ** (1.0 / (1.0 - elasticity))
    found = split_by_price(Power(scale, elasticity), margin, 700.0)
    assert found.effort == pytest.approx(700.0 * share / share.sum(), rel=1e-9)
    assert found.effort.sum() == pytest.approx(700.0, rel=1e-9)


# ------------------------------------------------------------------------------------------------------- C3, C4, C8


def test_c3_optimal_size_is_the_greatest_contribution_and_cost_over_margin_is_the_elasticity() -> None:
    margin, elasticity, scale, cost = 0.6, 0.31, 5e6, 150_000.0
    size = formulas.optimal_size(margin, elasticity, scale, cost)
    found = minimize_scalar(
        lambda n: cost * n - margin * float(Power(scale, elasticity).sales(n)), bounds=(1, 500), method="bounded",
        options={"xatol": 1e-8},
    )  # fmt: skip
    assert size == pytest.approx(found.x, rel=1e-6)
    assert cost * size / (margin * float(Power(scale, elasticity).sales(size))) == pytest.approx(elasticity, rel=1e-9)


def test_c3_the_textbook_exercise() -> None:
    """Revenue 1,000,000 sqrt(x), cost 100,000 x: 25 reps, profit 2.5 million, 16 to 37 reps within 5 % of it."""
    assert formulas.optimal_size(1.0, 0.5, 1e6, 1e5) == pytest.approx(25.0, rel=1e-12)
    reps = np.arange(1, 60)
    profit = Power(1e6, 0.5).sales(reps) - 1e5 * reps
    assert profit.max() == pytest.approx(2.5e6, rel=1e-12)
    near = reps[profit >= 0.95 * profit.max()]
    assert (near.min(), near.max()) == (16, 37)
    assert formulas.flatness(0.5, reps / 25.0 - 1.0) == pytest.approx(1.0 - profit / 2.5e6, rel=1e-9, abs=1e-12)


def test_c4_dorfman_steiner() -> None:
    assert formulas.effort_budget_share(0.12, -2.62) == pytest.approx(0.12 / 2.62, rel=1e-12)
    assert formulas.effort_budget_share(0.12, -2.62) == pytest.approx(0.0458, abs=5e-5)
    # And it is the optimum: sales A^e_A p^e_P at unit cost 1, over spend A and price p.
    e_a, e_p = 0.12, -2.62
    price = e_p / (1.0 + e_p)  # the monopolist's
    spend = minimize_scalar(
        lambda a: a - (price - 1.0) * price**e_p * a**e_a, bounds=(1e-6, 1.0), method="bounded",
        options={"xatol": 1e-13},
    ).x  # fmt: skip
    assert spend / (price ** (1.0 + e_p) * spend**e_a) == pytest.approx(0.12 / 2.62, rel=1e-5)


@pytest.mark.parametrize("elasticity", [0.1, 0.3, 0.6])
def test_c8_the_top_is_flat_to_second_order(elasticity: float) -> None:
    for change in (0.02, -0.02, 0.002, -0.002):
        lost = float(formulas.flatness(elasticity, change))
        assert lost / (elasticity * change**2 / 2.0) == pytest.approx(1.0, abs=abs(change))
    assert float(formulas.flatness(0.3, 0.2)) == pytest.approx(0.006, abs=8e-4)  # the reference rounds to 0.6 %
    assert float(formulas.flatness(0.3, -0.2)) == pytest.approx(0.006, abs=8e-4)


# ------------------------------------------------------------------------------------------------------ C5: carry-over


def test_c5_long_run_elasticity_is_the_sum_of_what_is_left() -> None:
    assert formulas.long_run_elasticity(0.31, 0.5) == pytest.approx(0.31 * sum(0.5**n for n in range(200)), rel=1e-12)


HBR_ROI = [
    # ratio, and the return in % for K = 0, .2, .4, .5, .6, .8 with K3 = K2 squared, as the reference prints them
    (1.0, (0, 24, 56, 75, 96, 144)),
    (1.5, (50, 86, 134, 162.5, 194, 266)),
    (2.0, (100, 148, 212, 250, 292, 388)),
]


@pytest.mark.parametrize(("ratio", "returns"), HBR_ROI)
def test_c5_three_year_return(ratio: float, returns: tuple[float, ...]) -> None:
    kept = np.array([0.0, 0.2, 0.4, 0.5, 0.6, 0.8])
    assert 100 * formulas.three_year_roi(ratio, kept) == pytest.approx(np.array(returns), rel=1e-9, abs=1e-9)
    margin, cost = 0.7, 140_000.0
    sales = ratio * cost / margin
    assert float(formulas.break_even_ratio(sales, cost, margin)) == pytest.approx(ratio, rel=1e-12)
    total = margin * sales * (1 + kept + kept**2)
    assert formulas.three_year_roi(ratio, kept) == pytest.approx((total - cost) / cost, rel=1e-9, abs=1e-12)


def test_what_goodwill_retains_is_the_integral_of_its_fading() -> None:
    fade = 0.012
    f = 365.0 * fade
    first = quad(lambda t: -math.expm1(-f * t) / f, 0.0, 1.0)[0]
    later = [quad(lambda t: -math.expm1(-f) / f * math.exp(-f * (t - 1.0)), n, n + 1.0)[0] for n in (1.0, 2.0)]
    assert formulas.retained(fade) == pytest.approx((later[0] / first, later[1] / first), rel=1e-9)


# --------------------------------------------------------------------------------------------------------- C6 and C7


@pytest.mark.parametrize(
    ("variation", "lost"), [(0.25, 0.63), (0.5, 2.32), (0.6, 3.18), (0.8, 5.06), (1.0, 7.02)]
)
def test_c6_what_imbalance_loses(variation: float, lost: float) -> None:
    found = float(formulas.imbalance_loss(0.3, variation))
    assert 100 * found == pytest.approx(lost, abs=5.1e-3)
    # the same as an integral over lognormal territories of mean potential 1, all with the same effort
    s = math.sqrt(math.log1p(variation**2))
    mean = quad(lambda z: math.exp(0.7 * (s * z - s * s / 2) - z * z / 2) / math.sqrt(2 * math.pi), -12, 12)[0]
    assert found == pytest.approx(1.0 - mean, rel=1e-9)


@pytest.mark.parametrize(
    ("travel", "talk", "products", "ratio", "low", "high"),
    [
        (1.0, 0.5, 2, 0.6667, 12.93, 50.0),
        (0.5, 0.5, 2, 0.7500, 9.01, 33.3),
        (1.0, 0.5, 3, 0.5556, 19.28, 80.0),
        (0.25, 0.75, 2, 0.8750, 4.09, 14.3),
    ],
)
def test_c7_where_specialists_break_even(
    travel: float, talk: float, products: int, ratio: float, low: float, high: float
) -> None:
    """That travel and coverage give these hours is tested in ``test_structure_break_even``."""
    found = float(formulas.specialist_time_ratio(travel, talk, products))
    assert found == pytest.approx(ratio, abs=5.1e-5)
    assert 100 * float(formulas.specialist_uplift(travel, talk, products, 0.3)) == pytest.approx(low, abs=5.1e-3)
    assert 100 * float(formulas.specialist_uplift(travel, talk, products, 1.0)) == pytest.approx(high, abs=5.1e-2)
    uplift = float(formulas.specialist_uplift(travel, talk, products, 0.3))
    assert (1 + uplift) * found**0.3 == pytest.approx(1.0, rel=1e-12)


# --------------------------------------------------------------------------------------------------------- D3 and D4


@pytest.mark.parametrize(("arrivals", "deadline"), [(0.8, 5.0), (0.5, 0.0), (1.0, 3.0), (1.6, 2.0)])
def test_d3_leads_lost_to_impatience(arrivals: float, deadline: float) -> None:
    """M/M/1 with a fixed patience, by the density of the wait; the simulation is held to it in ``test_queues``."""
    service = 1.0
    below = quad(lambda x: arrivals * math.exp(-(service - arrivals) * x), 0.0, deadline, epsabs=1e-13)[0]
    above = arrivals * math.exp(-(service - arrivals) * deadline) / service
    assert formulas.share_lost_in_queue(arrivals, service, deadline) == pytest.approx(
        above / (1.0 + below + above), rel=1e-9
    )


def test_d3_without_patience_it_is_erlang_b_and_with_much_the_tail_of_m_m_1() -> None:
    assert formulas.share_lost_in_queue(0.8, 1.0, 0.0) == pytest.approx(0.8 / 1.8, rel=1e-12)
    patient = formulas.share_lost_in_queue(0.8, 1.0, 60.0)
    assert patient == pytest.approx(0.2 * formulas.share_late_in_queue(0.8, 1.0, 60.0), rel=1e-4)
    assert formulas.share_late_in_queue(0.8, 1.0, 0.0) == pytest.approx(0.8, rel=1e-12)
    assert formulas.share_late_in_queue(1.2, 1.0, 5.0) == 1.0


def test_d4_vacancies_and_ramp() -> None:
    assert float(formulas.capacity_with_vacancies(0.2, 2 / 12)) == pytest.approx(0.968, abs=5e-4)
    # Alternating renewal: a post is filled for 1/q years on average, then empty for t.
    renewal = (1 / 0.2) / (1 / 0.2 + 2 / 12)
    assert float(formulas.capacity_with_vacancies(0.2, 2 / 12)) == pytest.approx(renewal, rel=1e-12)
    tau, start = 0.4, 0.2
    lost = quad(lambda t: (1 - start) * math.exp(-t / tau), 0.0, 50.0)[0]
    assert float(formulas.ramp_loss(0.2, tau, start)) == pytest.approx(0.2 * lost, rel=1e-9)


# -------------------------------------------------------------------------------------------------------- hiring paths


def test_standard_paths_are_those_of_the_case() -> None:
    found = standard_paths(HBR_2006.start, 380)
    assert {name: tuple(heads.tolist()) for name, heads in found.items()} == HBR_2006.heads


def test_a_newcomers_first_year_is_the_integral_of_his_ramp() -> None:
    fill, ramp, start = 2 / 12, 5 / 12, 0.2
    climb = quad(lambda t: start + (1 - start) * t / ramp, 0.0, ramp)[0]
    assert first_year_productivity() == pytest.approx(climb + (1 - fill - ramp), rel=1e-9)
    with pytest.raises(StudyError, match="first year"):
        first_year_productivity(0.7, 0.5)


def test_a_path_by_hand_and_its_long_run() -> None:
    found = hiring_paths(
        {"up": [110.0, 110.0]}, start=100, sales=50.0, margin=0.5, cost=0.1, elasticity=0.4, carry_over=0.75,
        newcomer=0.6,
    )  # fmt: skip
    first = 0.4 * math.log(1.06)
    second = 0.75 * first + 0.4 * math.log(1.10)
    assert found.sales[0] == pytest.approx([50 * math.exp(first), 50 * math.exp(second)], rel=1e-12)
    assert found.contribution[0] == pytest.approx(0.5 * found.sales[0] - 11.0, rel=1e-12)
    long = hiring_paths({"up": [110.0] * 200}, start=100, sales=50.0, margin=0.5, cost=0.1, elasticity=0.2,
                        carry_over=0.5)  # fmt: skip
    lasting = math.log(long.sales[0, -1] / 50.0) / math.log(1.1)
    assert lasting == pytest.approx(formulas.long_run_elasticity(0.2, 0.5), rel=1e-9)


def test_no_change_brings_nothing_new_and_impossible_paths_are_refused() -> None:
    same = hiring_paths({"stay": [30.0] * 3}, start=30, sales=60.0, margin=0.6, cost=0.3)
    assert same.contribution == pytest.approx(np.full((1, 3), 27.0), rel=1e-12)
    with pytest.raises(StudyError, match="same years"):
        hiring_paths({"a": [30.0], "b": [30.0, 31.0]}, start=30, sales=60.0, margin=0.6, cost=0.3)
    with pytest.raises(StudyError, match="below 1"):
        hiring_paths({"a": [30.0]}, start=30, sales=60.0, margin=0.6, cost=0.3, elasticity=1.0)


@pytest.mark.parametrize(
    ("language", "first", "best"), [("en", "earn your way", "quick build"), ("zh", "滚动发展", "快速建队")]
)
def test_paths_in_words_and_as_a_table(language: str, first: str, best: str) -> None:
    found = hiring_paths(
        standard_paths(30, 38), start=30, sales=60e6, margin=0.6, cost=0.4e6, elasticity=0.4, carry_over=0.75
    )
    text = found.text(language)
    assert "{" not in text and text.index(first) < text.index(best)
    frame = found.frame(language)
    assert frame["path"].tolist()[::3] == [first, frame["path"][3], best] and frame["year"].tolist() == [1, 2, 3] * 3
    assert frame["contribution"].to_numpy() == pytest.approx(found.contribution.ravel(), rel=1e-12)
    assert found.totals == pytest.approx(found.contribution.sum(axis=1), rel=1e-12)
    ahead = found.contribution.cumsum(axis=1) > found.contribution[0].cumsum()
    assert found.catch_up.tolist() == [0, *(int(np.argmax(row)) + 1 if row.any() else 0 for row in ahead[1:])]
