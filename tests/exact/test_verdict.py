"""Differences, verdicts and their sentences against hand computation, and what must not change them."""

from __future__ import annotations

import math
import string

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from salessim.errors import StudyError
from salessim.study.differences import (
    expected_regret,
    paired_differences,
    pairwise_differences,
    probability_best,
    replications_needed,
    wilson_interval,
)
from salessim.study.phrases import PHRASES, figures, phrase, quantity, share
from salessim.study.verdict import Kind, holds, judge, verdict

EXACT = 1e-9
seeds = st.integers(0, 10_000)
few = settings(max_examples=12)
some = settings(max_examples=40)


def study(seed: int, n: int = 24, plans: int = 4, spread: float = 0.05) -> np.ndarray:
    rng = np.random.default_rng(seed)
    shared = 100 * np.exp(0.2 * rng.standard_normal((n, 1)))
    return shared * (1 + spread * rng.standard_normal((1, plans)) + spread * rng.standard_normal((n, plans)))


def two(differences: list[float], base: float = 100.0) -> np.ndarray:
    """A constant baseline and a plan with the given differences from it."""
    return np.stack([np.full(len(differences), base), base + np.array(differences)], axis=1)


# --- differences by hand ------------------------------------------------------------------------------------------


def test_paired_t_interval_by_hand() -> None:
    d = paired_differences(two([1.0, 2.0, 3.0, 4.0]))
    se = math.sqrt(5 / 3) / 2  # variance of 1, 2, 3, 4 is 5/3
    half = 3.182446305284263 * se  # t(0.975; 3)
    assert (d.n, d.method, len(d)) == (4, "t", 1)
    assert d.mean[0] == pytest.approx(2.5, rel=EXACT)
    assert d.sd[0] == pytest.approx(math.sqrt(5 / 3), rel=EXACT)
    assert d.standard_error[0] == pytest.approx(se, rel=EXACT)
    assert (d.low[0], d.high[0]) == pytest.approx((2.5 - half, 2.5 + half), rel=EXACT)
    half = 2.3533634348018264 * se  # t(0.95; 3): the 90 % interval
    assert (d.equivalence_low[0], d.equivalence_high[0]) == pytest.approx((2.5 - half, 2.5 + half), rel=EXACT)


def test_bonferroni_below_ten_replications_and_max_t_from_ten() -> None:
    values = study(1, n=9)
    d = paired_differences(values, skew_guard=False)
    half = stats.t.ppf(1 - 0.05 / 6, 8) * d.standard_error
    assert d.method == "Bonferroni t"
    assert d.high == pytest.approx(d.mean + half, rel=EXACT)
    assert d.low == pytest.approx(d.mean - half, rel=EXACT)
    d = paired_differences(study(1, n=10))
    assert d.method == "max-t"
    assert stats.t.ppf(0.975, 9) < d.family_critical < stats.t.ppf(1 - 0.05 / 6, 9)


def test_more_plans_than_half_the_replications_fall_back_to_bonferroni() -> None:
    d = paired_differences(study(2, n=12, plans=8))
    assert d.method == "Bonferroni t"
    assert d.family_critical == pytest.approx(stats.t.ppf(1 - 0.05 / 14, 11), rel=EXACT)


def test_two_plans_that_are_copies_count_as_one_comparison() -> None:
    values = study(3, n=20, plans=2)
    d = paired_differences(values[:, [0, 1, 1]])
    assert d.family_critical == pytest.approx(stats.t.ppf(0.975, 19), rel=EXACT)


def test_skew_part_by_hand() -> None:
    sample = [0.0, 0.0, 0.0, 4.0]
    d = paired_differences(two(sample))
    g = stats.skew(sample, bias=False)
    z = stats.norm.ppf(0.975)
    critical = stats.t.ppf(0.975, 3) + g * ((2 * z * z + 1) / 6 + 1) / math.sqrt(4)
    assert d.skewness[0] == pytest.approx(g, rel=EXACT)
    assert d.high[0] - d.mean[0] == pytest.approx(critical * d.standard_error[0], rel=EXACT)
    plain = paired_differences(two(sample), skew_guard=False)
    assert plain.high[0] - plain.mean[0] == pytest.approx(stats.t.ppf(0.975, 3) * d.standard_error[0], rel=EXACT)


def test_variance_reduction_by_hand() -> None:
    values = np.array([[1.0, 2.0], [2.0, 3.0], [3.0, 5.0]])  # variances 1 and 7/3, of the difference 1/3
    assert paired_differences(values).variance_reduction[0] == pytest.approx((1 + 7 / 3) / (1 / 3), rel=EXACT)
    assert math.isinf(paired_differences(values[:, [0, 0]]).variance_reduction[0])
    assert math.isnan(paired_differences(np.ones((3, 2))).variance_reduction[0])


def test_all_pairs_hold_every_pair_once_with_plan_minus_against() -> None:
    values = study(4)
    d = pairwise_differences(values)
    assert list(zip(d.plan.tolist(), d.against.tolist(), strict=True)) == [
        (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3),
    ]  # fmt: skip
    assert d.mean == pytest.approx((values[:, d.plan] - values[:, d.against]).mean(axis=0), rel=EXACT)
    assert d.family_critical > paired_differences(values).family_critical
    # simultaneous equivalence intervals are wider than those of single comparisons
    assert d.equivalence_critical > stats.t.ppf(0.95, 23)


@given(seeds)
def test_fieller_bounds_are_where_the_paired_t_test_of_the_ratio_turns(seed: int) -> None:
    """A bound b solves ``mean(y - (1 + b) x) = +/- c * se(y - (1 + b) x)``."""
    values = study(seed, n=15, plans=2)
    d = paired_differences(values, skew_guard=False)
    for bound, sign in ((d.relative_low[0], 1), (d.relative_high[0], -1)):
        rest = values[:, 1] - (1 + bound) * values[:, 0]
        t = rest.mean() / (rest.std(ddof=1) / math.sqrt(15))
        assert t == pytest.approx(sign * stats.t.ppf(0.975, 14), rel=1e-6)
    assert d.relative[0] == pytest.approx(values[:, 1].mean() / values[:, 0].mean() - 1, rel=1e-9, abs=1e-12)


@some
@given(seeds)
def test_share_and_difference_never_contradict_each_other_about_zero(seed: int) -> None:
    d = paired_differences(study(seed, n=12, plans=4, spread=0.02))
    assert np.array_equal(d.low > 0, d.relative_low > 0)
    assert np.array_equal(d.high < 0, d.relative_high < 0)


def test_share_of_a_loss_keeps_the_sign_of_the_difference() -> None:
    d = paired_differences(np.array([[-100.0, -90.0], [-110.0, -101.0], [-90.0, -79.0]] * 4))
    assert d.relative[0] == pytest.approx(0.1, rel=EXACT)
    assert d.relative_low[0] > 0


def test_share_of_a_mean_that_may_be_zero_is_not_a_number() -> None:
    values = np.array([[-1.0, 1.0], [1.0, 3.2], [2.0, 4.1], [-1.9, 0.0]])
    d = paired_differences(values)
    assert np.isnan([d.relative[0], d.relative_low[0], d.relative_equivalence_high[0]]).all()
    assert np.isfinite(d.low[0])
    judgement = judge(d, 0.01, relative=True)[0]
    assert judgement.kind is Kind.BETTER  # +2 in every future is better, whatever share of zero that is
    assert not judgement.exceeds_delta


# --- probabilities, regret ----------------------------------------------------------------------------------------


def test_probability_of_the_best_mean_of_two_plans_is_students() -> None:
    p = probability_best(two([1.0, 2.0, -3.0, 4.0, 1.0]))
    d = np.array([1.0, 2.0, -3.0, 4.0, 1.0])
    expected = stats.t.cdf(d.mean() / (d.std(ddof=1) / math.sqrt(5)), 4)
    assert p.mean_is_best == pytest.approx([1 - expected, expected], rel=EXACT)
    assert p.wins.tolist() == [0.2, 0.8]
    assert (p.wins_low[1], p.wins_high[1]) == pytest.approx(wilson_interval(4, 5), rel=EXACT)
    swapped = probability_best(two([1.0, 2.0, -3.0, 4.0, 1.0]), higher_is_better=False)
    assert swapped.mean_is_best == pytest.approx([expected, 1 - expected], rel=EXACT)
    assert swapped.wins.tolist() == [0.8, 0.2]


def test_ties_are_shared() -> None:
    p = probability_best(np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 3.0], [5.0, 5.0, 5.0]]))
    assert p.wins == pytest.approx([(1 / 2 + 1 / 3) / 3, (1 / 2 + 1 / 2 + 1 / 3) / 3, (1 / 2 + 1 / 3) / 3], rel=EXACT)
    copies = probability_best(study(5, plans=2)[:, [0, 0, 0]])
    assert copies.mean_is_best == pytest.approx([1 / 3] * 3, rel=EXACT)
    assert probability_best(np.ones((4, 2))).mean_is_best.tolist() == [0.5, 0.5]
    assert probability_best(two([1.0] * 4)).mean_is_best.tolist() == [0.0, 1.0]


def test_regret_by_hand() -> None:
    values = np.array([[1.0, 2.0, 0.0], [5.0, 3.0, 4.0]])
    r = expected_regret(values)
    assert r.expected == pytest.approx([0.5, 1.0, 1.5], rel=EXACT)
    assert r.worst.tolist() == [1.0, 2.0, 2.0]
    costs = expected_regret(values, higher_is_better=False)
    assert costs.expected == pytest.approx([1.5, 1.0, 0.5], rel=EXACT)
    assert (r.of_mean >= 0).all()


def test_regret_of_a_mean_of_two_plans_against_the_integral() -> None:
    """E[max(0, m + s t)] for Student's t: closed form ``s (f(u)(v + u^2)/(v - 1) + u F(u))`` with ``u = m/s``."""
    d = np.array([0.3, -1.0, 0.8, 1.1, -0.4, 0.9, 0.2, -0.2])
    m, s, v = d.mean(), d.std(ddof=1) / math.sqrt(8), 7
    u = m / s
    exact = s * (stats.t.pdf(u, v) * (v + u * u) / (v - 1) + u * stats.t.cdf(u, v))
    assert expected_regret(two(d.tolist())).of_mean[0] == pytest.approx(exact, rel=0.02)  # 65,536 draws


def test_wilson_interval_by_hand() -> None:
    z2 = stats.norm.ppf(0.975) ** 2
    assert wilson_interval(0, 10) == pytest.approx((0.0, z2 / (10 + z2)), rel=EXACT, abs=1e-15)
    assert wilson_interval(10, 10) == pytest.approx((10 / (10 + z2), 1.0), rel=EXACT)
    result = stats.binomtest(37, 90).proportion_ci(method="wilson")
    assert wilson_interval(37, 90) == pytest.approx((result.low, result.high), rel=EXACT)


# --- what must not change anything --------------------------------------------------------------------------------


@pytest.mark.slow
@few
@given(seeds, st.permutations(range(4)), st.integers(0, 2))
def test_order_of_plans_and_of_futures_changes_nothing(seed: int, order: list[int], turn: int) -> None:
    values = study(seed)
    base = paired_differences(values, 0)
    rows = np.roll(np.arange(len(values))[::-1], turn)
    other = paired_differences(values[rows][:, order], order.index(0))
    place = {order[p]: i for i, p in enumerate(other.plan)}
    take = [place[p] for p in base.plan]
    for field in ("mean", "low", "high", "equivalence_low", "equivalence_high", "relative_low", "variance_reduction"):
        assert getattr(other, field)[take] == pytest.approx(getattr(base, field), rel=1e-7, abs=1e-9), field
    assert probability_best(values[rows][:, order]).mean_is_best == pytest.approx(
        probability_best(values).mean_is_best[order], abs=1e-9
    )
    pairs = pairwise_differences(values)
    assert pairwise_differences(values[rows][:, order]).family_critical == pytest.approx(
        pairs.family_critical, rel=1e-9
    )
    names = np.array(["today", "a", "b", "c"])
    assert verdict(values[rows][:, order], names[order].tolist(), baseline="today").text() == (
        verdict(values, names.tolist(), baseline="today").text()
    )


@pytest.mark.slow
@few
@given(seeds, st.sampled_from([1e-6, 0.01, 7.3, 1e4, 1e9]))
def test_units_change_nothing_but_units(seed: int, unit: float) -> None:
    values = study(seed)
    one, other = paired_differences(values), paired_differences(values * unit)
    for field in ("mean", "sd", "low", "high", "equivalence_low"):
        assert getattr(other, field) == pytest.approx(unit * getattr(one, field), rel=1e-7, abs=1e-9 * unit), field
    for field in ("relative", "relative_low", "relative_high", "skewness", "variance_reduction"):
        assert getattr(other, field) == pytest.approx(getattr(one, field), rel=1e-7, abs=1e-9), field
    assert [j.kind for j in judge(one, 2.0)] == [j.kind for j in judge(other, 2.0 * unit)]
    assert replications_needed(one, 2.0).tolist() == replications_needed(other, 2.0 * unit).tolist()
    assert [j.kind for j in judge(one, 0.02, relative=True)] == [j.kind for j in judge(other, 0.02, relative=True)]
    assert probability_best(values * unit).mean_is_best == pytest.approx(
        probability_best(values).mean_is_best, abs=1e-6
    )


@some
@given(seeds)
def test_a_shift_common_to_all_plans_changes_no_difference(seed: int) -> None:
    values = study(seed)
    rng = np.random.default_rng(seed)
    moved = values + 1000 * rng.standard_normal((len(values), 1))
    one, other = paired_differences(values), paired_differences(moved)
    assert other.low == pytest.approx(one.low, rel=1e-6, abs=1e-8)
    assert [j.kind for j in judge(one, 2.0)] == [j.kind for j in judge(other, 2.0)]


def test_the_same_data_give_the_same_interval_to_the_last_bit() -> None:
    values = study(6)
    assert np.array_equal(paired_differences(values).low, paired_differences(values).low)
    assert np.array_equal(probability_best(values).mean_is_best, probability_best(values).mean_is_best)


def test_results_are_read_only_and_the_input_is_untouched() -> None:
    values = study(6)
    before = values.copy()
    d = paired_differences(values)
    verdict(values, list("abcd"), higher_is_better=False)
    assert np.array_equal(values, before)
    with pytest.raises(ValueError, match="read-only"):
        d.low[0] = 1.0


# --- the three-way rule -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("differences", "delta", "kind", "exceeds"),
    [
        ([4.0, 5.0, 6.0], 1.0, Kind.BETTER, True),  # 5 -+ 2.48
        ([4.0, 5.0, 6.0], 4.0, Kind.BETTER, False),
        ([-4.0, -5.0, -6.0], 1.0, Kind.WORSE, True),
        ([-4.0, -5.0, -6.0], 4.0, Kind.WORSE, False),
        ([-1.0, 0.0, 1.0], 1.7, Kind.PRACTICALLY_EQUAL, False),  # 90 %: 0 -+ 1.686
        ([-1.0, 0.0, 1.0], 1.6, Kind.CANNOT_TELL, False),
        ([4.0, 5.0, 6.0], 6.7, Kind.PRACTICALLY_EQUAL, False),  # certain, and still immaterial: takes precedence
        ([1.0, 2.0, 3.0], 1.0, Kind.CANNOT_TELL, False),  # 2 -+ 2.48
    ],
)
def test_three_way_rule_by_hand(differences: list[float], delta: float, kind: Kind, exceeds: bool) -> None:
    judgement = judge(paired_differences(two(differences)), delta)[0]
    assert (judgement.kind, judgement.exceeds_delta) == (kind, exceeds)
    assert (judgement.more_replications > 0) == (kind is Kind.CANNOT_TELL)
    flipped = judge(paired_differences(two(differences)), delta, higher_is_better=False)[0].kind
    mirror = {Kind.BETTER: Kind.WORSE, Kind.WORSE: Kind.BETTER}
    assert flipped is mirror.get(kind, kind)


def test_relative_rule_by_hand() -> None:
    """On a constant baseline of 200 a share is the difference over 200, bounds included."""
    d = paired_differences(two([4.0, 5.0, 6.0], base=200.0))
    judgement = judge(d, 0.0125, relative=True)[0]
    assert judgement.relative_low == pytest.approx(judgement.low / 200, rel=EXACT)
    assert judgement.relative_equivalence_high == pytest.approx(judgement.equivalence_high / 200, rel=EXACT)
    assert (judgement.kind, judgement.exceeds_delta) == (Kind.BETTER, True)  # 2.516 / 200 = 0.01258
    assert not judge(d, 0.0127, relative=True)[0].exceeds_delta


def test_replications_needed_by_hand() -> None:
    """sd 1, delta 0.5: the least n with (t(0.975) + t(0.95)) <= 0.5 sqrt(n)."""
    d = paired_differences(two([-1.0, 0.0, 1.0]))
    expected = next(n for n in range(4, 200)
                    if stats.t.ppf(0.975, n - 1) + stats.t.ppf(0.95, n - 1) <= 0.5 * math.sqrt(n))  # fmt: skip
    assert replications_needed(d, 0.5).tolist() == [expected - 3]
    assert replications_needed(d, 0.005, relative=True).tolist() == [expected - 3]  # of a mean of 100
    assert replications_needed(d, 50.0).tolist() == [0]


@some
@given(seeds, st.floats(0.1, 20))
def test_narrow_enough_is_always_decided(seed: int, delta: float) -> None:
    d = paired_differences(study(seed, n=12))
    needed = replications_needed(d, delta)
    widths = (d.high - d.low) / 2 + (d.equivalence_high - d.equivalence_low) / 2
    for j, judgement in enumerate(judge(d, delta)):
        if widths[j] <= delta:
            assert judgement.kind is not Kind.CANNOT_TELL
            assert needed[j] == 0
        if judgement.kind is Kind.CANNOT_TELL:
            assert judgement.more_replications >= 1
            assert judgement.more_replications == needed[j]


@pytest.mark.parametrize("n", [2, 3, 50])
def test_differences_of_exactly_zero_are_practically_equal(n: int) -> None:
    values = study(7, n=n, plans=2)[:, [0, 0, 1]]
    for relative in (True, False):
        judgement = judge(paired_differences(values), 1e-9, relative=relative)[0]
        assert judgement.kind is Kind.PRACTICALLY_EQUAL
    everything = verdict(np.full((n, 3), 7.0), ["a", "b", "c"])
    assert everything.kind is Kind.PRACTICALLY_EQUAL
    assert everything.leader == 0
    assert verdict(np.zeros((n, 2)), ["a", "b"]).kind is Kind.PRACTICALLY_EQUAL


def test_a_sum_in_another_order_is_no_difference() -> None:
    rng = np.random.default_rng(8)
    parts = rng.random((6, 1000)) * 1e5
    values = np.stack([parts.sum(axis=1), np.array([sum(row[::-1]) for row in parts.tolist()])], axis=1)
    assert np.any(values[:, 0] != values[:, 1])
    assert judge(paired_differences(values), 1e-9)[0].kind is Kind.PRACTICALLY_EQUAL
    assert probability_best(values).wins.tolist() == [0.5, 0.5]


def test_equal_differences_need_as_many_futures_as_the_sign_test() -> None:
    """+1 in every future: 2^(1 - n) <= 5 % from 6 futures on, 3 * 2^(1 - n) <= 5 % from 7 on."""
    few = judge(paired_differences(two([1.0] * 5)), 0.5)[0]
    assert (few.kind, few.more_replications) == (Kind.CANNOT_TELL, 1)
    assert math.isinf(few.low)
    assert judge(paired_differences(two([1.0] * 6)), 0.5)[0].kind is Kind.BETTER
    three = np.tile([100.0, 101.0, 99.0, 102.0], (6, 1))
    assert {j.kind for j in judge(paired_differences(three), 0.5)} == {Kind.CANNOT_TELL}
    kinds = [j.kind for j in judge(paired_differences(np.tile(three[:1], (7, 1))), 0.5)]
    assert kinds == [Kind.BETTER, Kind.WORSE, Kind.BETTER]
    assert "(95 % interval −∞ to +∞)" in verdict(two([1.0] * 5), ["a", "b"], delta=0.005).text()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([[1.0, 2.0]], "one future says nothing"),
        ([[1.0], [2.0]], "nothing to compare"),
        ([[1.0, 2.0], [float("nan"), 1.0]], "replication 1, plan 0: 1 of the values"),
        ([[1.0, 2.0], [1.0, float("inf")]], "replication 1, plan 1"),
        ([1.0, 2.0], "one row per replication"),
        ([["a", "b"], ["c", "d"]], "must be numbers"),
    ],
)
def test_values_that_cannot_be_compared_are_refused_in_words(values: list, words: str) -> None:
    for function in (paired_differences, pairwise_differences, probability_best, expected_regret):
        with pytest.raises(StudyError, match=words):
            function(values)


def test_arguments_that_cannot_be_are_refused_in_words() -> None:
    values = study(9)
    d = paired_differences(values)
    for baseline in (4, -1, True, "today"):
        with pytest.raises(StudyError, match="no such plan"):
            paired_differences(values, baseline)  # type: ignore[arg-type]
    for level in (0.5, 1.0, 95):
        with pytest.raises(StudyError, match="level"):
            paired_differences(values, level=level)
    for delta in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(StudyError, match="smallest difference that matters"):
            judge(d, delta)
    with pytest.raises(StudyError, match="Did you mean 'today'"):
        verdict(values, ["today", "a", "b", "c"], baseline="todya")
    with pytest.raises(StudyError, match="name of its own"):
        verdict(values, ["today", "a", "b"])
    with pytest.raises(StudyError, match="name of its own"):
        verdict(values, ["today", "a", "a", "c"])
    with pytest.raises(StudyError, match="share"):
        wilson_interval(3, 2)
    with pytest.raises(StudyError, match="mean that is zero"):
        judge(paired_differences([[0.0, 1.0], [0.0, 2.0]]), 0.01, relative=True)


# --- several plans ------------------------------------------------------------------------------------------------


def three_plans() -> np.ndarray:
    """Today 100; customer +4, product +1 with symmetric deviations; paired, so their spread is small."""
    e = np.tile([-1.0, 1.0, -0.5, 0.5], 3)
    shared = np.linspace(90, 110, 12)
    return np.stack([shared, shared + 4 + e, shared + 1 - e], axis=1)


def test_leader_runner_up_and_which_family_judges_them() -> None:
    values = three_plans()
    v = verdict(values, ["today", "customer", "product"], delta=0.5, relative=False)
    assert (v.leader, v.runner_up, v.baseline, v.n) == (1, 2, 0, 12)
    assert v.kind is Kind.BETTER
    assert v.better_than_baseline == (1, 2)
    assert v.headline.difference == pytest.approx(4.0, rel=EXACT)
    assert v.headline.low == pytest.approx(paired_differences(values).low[0], rel=EXACT)
    second = v.against_runner_up
    assert second is not None
    assert (second.plan, second.against) == (1, 2)
    assert second.difference == pytest.approx(3.0, rel=EXACT)
    pairs = pairwise_differences(values)
    assert (second.low, second.equivalence_high) == pytest.approx((pairs.low[2], pairs.equivalence_high[2]), rel=1e-7)
    assert v.more_replications == 0
    assert v.chances.wins.tolist() == [0.0, 1.0, 0.0]


def test_for_costs_the_lowest_leads() -> None:
    v = verdict(three_plans(), ["today", "customer", "product"], higher_is_better=False, measure="cost")
    assert (v.leader, v.runner_up) == (0, 2)
    assert {j.kind for j in v.judgements} <= {Kind.WORSE, Kind.PRACTICALLY_EQUAL}
    assert v.against_runner_up is None
    assert v.lines()[0] == "None of the other plans beats today by a difference that matters."


def test_a_runner_up_that_is_the_baseline_has_one_judgement_only() -> None:
    values = three_plans()[:, [2, 1]]
    v = verdict(values, ["product", "customer"])
    assert v.against_runner_up is v.headline
    assert sum("better than" in line for line in v.lines()) == 1


def test_noise_never_announces_a_winner() -> None:
    rng = np.random.default_rng(31)
    values = 100 + 10 * rng.standard_normal((12, 3))
    v = verdict(values, ["today", "customer", "product"])
    assert v.kind is Kind.CANNOT_TELL
    assert v.more_replications > 100
    text = v.text()
    assert text.startswith("Cannot tell yet whether ")
    assert "is better than" not in text
    assert "beats" not in text
    assert "优于" not in v.text("zh")


def test_english_sentences() -> None:
    """By hand: deviations are mirror images, so all |t| are one and the critical value is t(0.975; 11) = 2.201."""
    v = verdict(three_plans(), ["today's", "customer structure", "product structure"])
    assert v.lines() == [
        "Customer structure is better than today's: +4.00 % revenue (95 % interval +3.48 to +4.53), best in 100 % of "
        "futures; exceeds the smallest difference that matters (1 %).",
        "Better than today's as well: product structure.",
        "Customer structure is better than product structure: +3.0 % revenue (95 % interval +1.9 to +4.0); exceeds "
        "the smallest difference that matters (1 %).",
        "Probability that the mean of customer structure is the best of 3 plans: more than 99 %.",
    ]
    assert v.text() == " ".join(v.lines())
    assert v.per_plan()[1] == (
        "Product structure is better than today's: +1.00 % revenue (95 % interval +0.47 to +1.54); not yet certain to "
        "exceed the smallest difference that matters (1 %)."
    )


def test_chinese_sentences_with_units_and_other_names() -> None:
    v = verdict(three_plans() * 1e5, ["today", "customer", "product"], delta=2e5, relative=False)
    words = {"plans": ["现状", "客户型结构", "产品型结构"], "measure": "销售额", "unit": "元"}
    assert v.lines("zh", **words) == [
        "客户型结构优于现状：销售额+40.0万元（95%区间+34.8万至+45.2万），在100%的未来情形中最优；"
        "超过最小有意义差异（20万元）。",
        "客户型结构优于产品型结构：销售额+30万元（95%区间+20万至+40万）；尚不能确定超过最小有意义差异（20万元）。",
        "客户型结构的均值在3个方案中最优的概率：超过99%。",
    ]
    assert v.per_plan("zh", **words)[1] == (
        "产品型结构与现状实际相当：销售额+10.0万元（90%区间+4.8万至+15.2万）；在最小有意义差异（20万元）之内。"
    )


def test_a_plan_already_better_is_named_although_the_leader_is_not_settled() -> None:
    e = np.tile([-1.0, 1.0, -0.5, 0.5], 3)
    values = np.stack([100 + 0 * e, 105 + 20 * e, 103 + 0.5 * e], axis=1)
    v = verdict(values, ["today", "customer", "product"])
    assert (v.leader, v.kind, v.better_than_baseline) == (1, Kind.CANNOT_TELL, (2,))
    assert v.lines()[1] == "Already better than today: product."


def test_a_strongly_skewed_difference_is_said_to_be() -> None:
    e = np.array([0.0] * 19 + [40.0])
    rng = np.random.default_rng(1)
    v = verdict(two((e + rng.random(20)).tolist()), ["today", "customer"])
    assert v.headline.skewed
    assert "strongly skewed" in v.text()
    assert "偏斜" in v.text("zh")
    assert not verdict(three_plans(), ["a", "b", "c"]).headline.skewed


# --- where it holds -----------------------------------------------------------------------------------------------

POINTS = np.array([[0.0, 3.0, 1.0], [0.0, 2.0, 2.5], [0.0, -1.0, -2.0], [0.0, 0.5, 0.0]])


@pytest.mark.parametrize(
    ("differences", "higher", "still", "elsewhere"),
    [
        ([4.0, 5.0, 6.0], True, 3, [1.0, 0.0, 0.0]),  # better: ahead of the baseline in three of four draws
        ([4.0, 5.0, 6.0], False, 3, [0.0, 0.0, 1.0]),  # worse, of costs: still above it in the same three
        ([-4.0, -5.0, -6.0], True, 1, [0.0, 2 / 3, 1 / 3]),  # worse
        ([0.1, 0.0, -0.1], True, 2, [0.0, 0.5, 0.5]),  # practically equal: within 1.0
    ],
)
def test_holding_by_hand(differences: list[float], higher: bool, still: int, elsewhere: list[float]) -> None:
    judgement = judge(paired_differences(two(differences)), 1.0, higher_is_better=higher)[0]
    h = holds(judgement, POINTS)
    assert (h.n, h.share) == (4, still / 4)
    assert (h.low, h.high) == pytest.approx(wilson_interval(still, 4), rel=EXACT)
    assert h.leads_where_not == pytest.approx(elsewhere, rel=EXACT)
    assert h.leads.sum() == pytest.approx(1.0, rel=EXACT)


def test_leads_over_the_draws() -> None:
    judgement = judge(paired_differences(two([4.0, 5.0, 6.0])), 1.0)[0]
    assert holds(judgement, POINTS).leads.tolist() == [0.25, 0.5, 0.25]


def test_nothing_holds_before_there_is_a_verdict() -> None:
    judgement = judge(paired_differences(two([1.0, 2.0, 3.0])), 1.0)[0]
    h = holds(judgement, POINTS, ["today", "customer", "product"])
    assert math.isnan(h.share)
    assert h.leads.tolist() == [0.25, 0.5, 0.25]
    assert h.text() == (
        "Over the ranges of the assumptions there is no verdict to hold yet; in 4 draws the lead goes to "
        "customer (50 %), today (25 %), product (25 %)."
    )


def test_holding_in_words() -> None:
    v = verdict(three_plans(), ["today", "customer", "product"], delta=0.5, relative=False)
    h = v.holds(POINTS)
    assert h.lines() == [
        "Over the ranges of the assumptions this holds in 75 % of 4 draws (95 % interval 30 % to 95 %).",
        "Where it does not hold, the lead goes to today (100 %).",
    ]
    assert h.text("zh", plans=["现状", "客户型", "产品型"]) == (
        "在各项假设的取值范围内，4次抽样中有75%支持这一结论（95%区间30%至95%）。不成立之处，领先的是现状（100%）。"
    )
    assert len(v.holds(POINTS[:2]).lines()) == 1


@pytest.mark.parametrize("points", [np.zeros((0, 3)), np.zeros((3, 1)), np.zeros(3), np.full((2, 3), np.nan)])
def test_draws_that_cannot_be_read_are_refused(points: np.ndarray) -> None:
    judgement = judge(paired_differences(two([4.0, 5.0, 6.0])), 1.0)[0]
    with pytest.raises(StudyError, match="one row per draw"):
        holds(judgement, points)


# --- words and figures --------------------------------------------------------------------------------------------


def test_all_languages_have_the_same_sentences_and_fields() -> None:
    def fields(template: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(template) if name}

    english = PHRASES["en"]
    for language, table in PHRASES.items():
        assert table.keys() == english.keys(), language
        for key, template in table.items():
            assert fields(template) == fields(english[key]), (language, key)
    assert {kind.value for kind in Kind} <= english.keys()


def test_an_unknown_language_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match=r"no such language.*'zh'"):
        phrase("zhh", "none better", baseline="x")


@pytest.mark.parametrize(
    ("arguments", "options", "expected"),
    [
        ((0.0412, 0.0291, 0.0533), {"relative": True}, ("+4.1 %", "+2.9", "+5.3")),
        ((0.0412, 0.0291, 0.0533, "zh"), {"relative": True}, ("+4.1%", "+2.9", "+5.3")),
        ((0.02, 0.0001, 0.04), {"relative": True}, ("+2.00 %", "+0.01", "+4.00")),  # excludes 0, and shows it
        ((-0.3, -0.9, 0.3), {"relative": True}, ("−30 %", "−90", "+30")),
        ((0.0, 0.0, 0.0), {"relative": True}, ("0 %", "0", "0")),
        ((1234.0, 234.0, 2234.0), {}, ("+1,200", "+200", "+2,200")),
        ((1234567.0, 234567.0, 2234567.0), {"unit": "CNY"}, ("+1.2 million CNY", "+0.2 million", "+2.2 million")),
        ((2.5e9, 2.4e9, 2.6e9), {}, ("+2.50 billion", "+2.40 billion", "+2.60 billion")),
        ((12345.0, 345.0, 24345.0, "zh"), {"unit": "元"}, ("+1.2万元", "+0.0万", "+2.4万")),
        ((2.5e8, 2.4e8, 2.6e8, "zh"), {}, ("+2.50亿", "+2.40亿", "+2.60亿")),
        ((1.0, -math.inf, math.inf), {}, ("+1", "−∞", "+∞")),
    ],
)
def test_figures(arguments: tuple, options: dict, expected: tuple[str, str, str]) -> None:
    if arguments[0] == 12345.0:
        expected = ("+1.23万元", "+0.03万", "+2.43万")  # one more digit, so that a bound above 0 is not shown as 0
    assert figures(*arguments, **options) == expected


def test_quantities_and_shares() -> None:
    assert quantity(310) == "310"
    assert quantity(1234567) == "1.23 million"
    assert quantity(0.015, relative=True) == "1.5 %"
    assert share(1.0) == "100 %"
    assert share(0.9951) == "more than 99 %"
    assert share(0.0, "zh") == "0%"
    assert share(0.125, decimals=1) == "12.5 %"
