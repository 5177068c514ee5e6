"""The answer of a sizing: what each method computes, on figures worked by hand and on the small preset."""

from __future__ import annotations

import numpy as np
import pytest

from salessim import size_sales_force
from salessim.clocks.settle import settle
from salessim.errors import StudyError
from salessim.measures import MEASURES
from salessim.model.presets import preset
from salessim.rules.coverage import DAYS_BETWEEN_CALLS
from salessim.sizing.answer import SizingAnswer
from salessim.sizing.formulas import three_year_roi
from salessim.sizing.judged import JudgedProduct
from salessim.sizing.methods import _falling, _Reading, first_year_share
from salessim.sizing.response import Adbudg, Power
from salessim.sizing.simulated import SizeCurve, flat_top, resampled, size_curve, smoothed
from salessim.sizing.workload import workload
from salessim.study.replay import Replay

NAMES = [entry.name for entry in MEASURES]


def curve_of(sizes: list[int], contribution: np.ndarray, today: int, months: int = 12) -> SizeCurve:
    """A size curve of these contributions, everything else 0."""
    table = np.zeros((*contribution.shape, len(NAMES)))
    table[:, :, NAMES.index("contribution")] = contribution
    return SizeCurve(np.array(sizes), today, months, 1, table)


# ------------------------------------------------------------------------------------------------- reading off a curve


def test_the_flat_top_is_read_between_the_sizes() -> None:
    sizes = np.array([10, 20, 30, 40])
    assert flat_top(sizes, np.array([90.0, 100.0, 99.5, 98.0])) == (19.0, pytest.approx(30 + 10 / 3))
    assert flat_top(sizes, np.array([100.0, 99.9, 99.8, 99.7])) == (10.0, np.inf)
    # a loss: within 1 % of the size of the loss
    assert flat_top(sizes, np.array([-110.0, -100.0, -110.0, -120.0])) == (19.0, 21.0)
    # only the range around the best counts, not a second top
    assert flat_top(sizes, np.array([99.9, 50.0, 100.0, 50.0]))[0] == pytest.approx(30 - 0.2)


def test_the_top_of_a_parabola_in_log_size_is_found_between_the_sizes() -> None:
    sizes = [8, 10, 12]
    values = 100.0 - (np.log(sizes) - np.log(10.7)) ** 2
    curve = curve_of(sizes, np.tile(values, (4, 1)), 10)
    assert curve.optimum() == pytest.approx((10.7, 10.7, 10.7), rel=1e-6)


def test_the_top_is_smoothed_to_the_nearest_concave_curve() -> None:
    sizes = np.array([4, 6, 8, 9, 10, 12, 15])
    concave = 100.0 - 0.5 * (sizes - 10.0) ** 2
    assert smoothed(sizes, concave) == pytest.approx(concave, rel=1e-9)
    rng = np.random.default_rng(6)
    for _ in range(20):
        jagged = concave + rng.normal(0.0, 2.0, len(sizes))
        found = smoothed(sizes, jagged)
        top = jagged >= 0.8 * jagged.max()
        assert (np.diff(np.diff(found[top]) / np.diff(sizes[top])) <= 1e-9).all()
        assert found[~top] == pytest.approx(jagged[~top])
        assert ((found - jagged)[top] ** 2).sum() <= ((concave - jagged)[top] ** 2).sum() + 1e-9
    assert smoothed(np.array([1, 2]), np.array([1.0, 3.0])).tolist() == [1.0, 3.0]
    s_shaped = np.array([0.0, 1.0, 40.0, 90.0, 100.0, 99.0, 85.0])
    assert smoothed(sizes, s_shaped)[:3].tolist() == [0.0, 1.0, 40.0]


def test_intervals_cover_as_often_as_they_say() -> None:
    """Percentile intervals of a mean of 12: 95 % nominal; of 400 samples 88 to 97 % must cover (small-sample loss)."""
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(400):
        found = resampled(rng.normal(5.0, 1.0, (12, 1)), lambda mean: float(mean[0]))
        hits += found.low <= 5.0 <= found.high
    assert 0.88 <= hits / 400 <= 0.97


def test_shares_of_the_best_have_their_intervals() -> None:
    rng = np.random.default_rng(1)
    luck = rng.normal(0, 5, (12, 1))
    frame = curve_of([5, 10, 20], 100 + luck + np.array([-10.0, 0.0, -2.0]) + rng.normal(0, 0.1, (12, 3)), 10).frame()
    assert frame["of_best"].tolist() == pytest.approx([0.9, 1.0, 0.98], abs=0.005)
    assert (frame["of_best_low"] <= frame["of_best"]).all() and (frame["of_best"] <= frame["of_best_high"]).all()
    assert frame["of_best_high"][0] < 0.95  # luck shared by all sizes drops out


# --------------------------------------------------------------------------------------------------------- incremental


def test_the_incremental_method_on_a_curve_of_constant_elasticity() -> None:
    """Sales 100 n^0.5, margin 0.6, cost 2 a rep: n* = (0.6 * 0.5 * 100 / 2)^2 = 225; at 100 a rep sells 5 more."""
    sizes = np.arange(50.0, 401.0, 5.0)
    sales = Power(100.0, 0.5).sales(sizes)
    money = np.stack([sales, 0.6 * sales, 2.0 * sizes])
    here = int(np.flatnonzero(sizes == 100)[0])
    near = (sizes >= 80) & (sizes <= 125)
    read = _Reading(sizes, near, here, 1.0, 0.5, 0.25)
    local = read.local(money)
    assert local.elasticity == pytest.approx(0.5, rel=1e-9)
    assert local.first_year == pytest.approx(5.0, rel=1e-9)
    assert (local.margin, local.cost) == pytest.approx((0.6, 2.0), rel=1e-9)
    assert local.ratio == pytest.approx(1.5, rel=1e-9)
    assert read.size_where(money, lambda gain, cost: gain - cost) == pytest.approx(225.0, abs=0.5)
    # return of 150 % where 1.75 * 0.6 * 50 / sqrt(n) = 2.5 * 2
    assert read.size_of_return(money, 1.5) == pytest.approx((1.75 * 30 / 5) ** 2, abs=0.5)
    assert read.size_of_return(money, -0.99) == sizes[-1]
    assert read.size_of_return(money, 9.0) == sizes[0]


def test_gains_that_rise_by_luck_are_pooled() -> None:
    rng = np.random.default_rng(2)
    for _ in range(50):
        values, weight = rng.normal(0, 1, 12), rng.uniform(1, 5, 12)
        found = _falling(values, weight)
        assert (np.diff(found) <= 1e-12).all()
        assert found @ weight == pytest.approx(values @ weight, rel=1e-9, abs=1e-9)
    assert _falling(np.array([3.0, 2.0, 1.0]), np.ones(3)).tolist() == [3.0, 2.0, 1.0]


def test_the_first_year_of_a_rep_who_stays() -> None:
    assert first_year_share(3, 0.5, 0.25) == pytest.approx(3 / (1 + 1.5 + 1.75), rel=1e-12)
    assert first_year_share(3, 0.0, 0.0) == 1.0


# ------------------------------------------------------------------------------------------------------------ workload


def test_workload_is_hours_over_selling_hours() -> None:
    market, plan = preset("small")
    market = market.but(turnover=0.0)  # nobody's seat is empty
    found = workload(market, plan, (12, 6, 2), replications=2)
    run = Replay(market, plan, 12, 1).run(0)
    assert run is not None
    relations = run.world.used("relations")
    relations = relations[relations["covers"] > 0]
    tier = run.world["accounts"]["tier"][relations["account"]]
    calls = np.array([12, 6, 2])[tier]
    hours = (calls * (relations["travel"] + plan.call_hours * relations["covers"])).sum()
    assert found.call_hours.sum() == pytest.approx(hours, rel=1e-9)
    diary = run.world["diary"]
    travel = diary["travel_hours"].sum() - (relations["calls"] * relations["travel"]).sum()
    assert found.deal_hours[0] == pytest.approx(diary["deal_hours"].sum() + travel, rel=1e-9)
    # what a rep has: worked hours and idle ones; 0.6 of 8 hours on working days less leave
    assert found.selling_hours[0] == pytest.approx(0.6 * 8 * (261 - 20), rel=0.02)
    assert found.reps[0] == pytest.approx((hours + found.deal_hours[0]) / found.selling_hours[0], rel=1e-9)


def test_the_default_frequencies_are_those_of_the_coverage_rule() -> None:
    market, plan = preset("small")
    assert workload(market, plan, replications=1).frequency == pytest.approx(365.0 / np.array(DAYS_BETWEEN_CALLS))
    with pytest.raises(StudyError, match="three numbers"):
        workload(market, plan, (1, 2))


# ---------------------------------------------------------------------------------------------------------- the answer


@pytest.fixture(scope="module")
def answer() -> SizingAnswer:
    market, plan = preset("small")
    return size_sales_force(settle(market, plan, 6), plan, headcounts=[5, 6, 7, 8, 9, 10, 12, 15], replications=6)


def test_breakdown_of_todays_own_sales_is_todays_size(answer: SizingAnswer) -> None:
    assert answer.methods[0].reps.value == pytest.approx(8.0, rel=1e-9)
    more = size_sales_force(
        answer.market, answer.plan, headcounts=[6, 10], years=1, replications=2, target=2e7
    )
    sales = more.curve.values("revenue")[:, more.curve.at_today].mean()
    assert more.methods[0].reps.value == pytest.approx(2e7 * 8 / sales, rel=1e-9)


def test_the_simulated_optimum_is_where_the_curve_is_highest(answer: SizingAnswer) -> None:
    curve = answer.curve
    means = curve.means
    assert means == pytest.approx(curve.values().mean(axis=0), rel=0.02)
    best = curve.headcounts[int(np.argmax(means))]
    near = curve.headcounts[np.abs(np.arange(len(means)) - curve.best) <= 1]
    assert near.min() <= answer.optimum.value <= near.max() and best in near
    assert answer.top[0].value <= best <= answer.top[1].value
    within = curve.headcounts[means >= 0.99 * means.max()]
    assert answer.top[0].value <= within.min() and within.max() <= answer.top[1].value


def test_the_return_is_that_of_its_parts(answer: SizingAnswer) -> None:
    found = answer.incremental
    ratio = found.first_year_sales.value * found.margin / found.cost
    assert found.ratio.value == pytest.approx(ratio, rel=1e-9)
    assert found.roi.value == pytest.approx(float(three_year_roi(ratio, *found.carry_over)), rel=1e-9)
    assert found.margin == pytest.approx(0.5, rel=1e-7)  # every product of the preset; the ledger is in cents
    # salary, tools and overhead, and with commission, training, travel and hiring less than with a manager of his own
    assert 150_000.0 < found.cost < 150_000.0 + 220_000.0
    assert found.right_sized[0].value <= found.right_sized[1].value <= found.best.value * 1.01
    for one in answer.methods:
        assert one.reps.low <= one.reps.value <= one.reps.high


def test_the_same_sizing_twice_and_in_another_executor_is_the_same() -> None:
    from concurrent.futures import ThreadPoolExecutor

    market, plan = preset("small")
    one = size_curve(market, plan, [6, 10], months=6, replications=3)
    with ThreadPoolExecutor(1) as pool:
        two = size_curve(market, plan, [10, 6], months=6, replications=3, executor=pool)
    assert np.array_equal(one.table, two.table) and one.headcounts.tolist() == two.headcounts.tolist()


def test_the_search_for_sizes_sees_both_ends_of_the_top() -> None:
    market, plan = preset("small")
    ticks: list[tuple[int, int]] = []
    curve = size_curve(market, plan.but(reps=4), months=6, replications=2, progress=lambda *tick: ticks.append(tick))
    means = curve.values().mean(axis=0)
    assert 0 < curve.best < len(means) - 1
    assert np.isfinite(flat_top(curve.headcounts, means)[1])
    assert ticks[-1][0] == ticks[-1][1] == 2 * len(curve.headcounts)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_words_and_picture_in_both_languages(answer: SizingAnswer, language: str) -> None:
    text = answer.text(language)
    assert "{" not in text and len(text.splitlines()) == 8
    frame = answer.frame(language)
    assert len(frame) == 4 and frame["basis"].str.len().min() > 10
    assert all(name in answer._repr_html_(language) for name in frame["method"])
    figure = answer.plot(language)
    drawn = " ".join(text.get_text() for text in figure.texts)
    assert all(name in drawn for name in frame["method"])
    height, width = (round(size * figure.dpi) for size in reversed(figure.get_size_inches()))
    renderer = figure.canvas.get_renderer()
    for text_drawn in figure.texts:
        box = text_drawn.get_window_extent(renderer)
        assert box.x0 >= 0 and box.x1 <= width and box.y0 >= 0 and box.y1 <= height


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"target": 0.0}, "planned sales"),
        ({"years": 4}, "whole years"),
        ({"carry_over": (1.5, 0.0)}, "two shares"),
        ({"tolerance": 0.0}, "share"),
        ({"replications": 1}, "2 or more"),
        ({"headcounts": [0, 5]}, "1 or more"),
        ({"headcounts": [8]}, "another size"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, object], match: str) -> None:
    market, plan = preset("small")
    given = {"years": 1, "replications": 2, "headcounts": [6, 10], **settings}
    with pytest.raises(StudyError, match=match):
        size_sales_force(market, plan, **given)  # type: ignore[arg-type]


def test_a_judged_product_is_one_product_that_rises() -> None:
    with pytest.raises(StudyError, match="one curve"):
        JudgedProduct("P", Adbudg([0.1, 0.2], 1.0, 2.0, 1.0), 1.0, 10)
    with pytest.raises(StudyError, match="rise"):
        JudgedProduct("P", Adbudg(1.0, 0.9, 2.0, 1.0), 1.0, 10)
