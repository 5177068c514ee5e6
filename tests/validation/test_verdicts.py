"""Thousands of studies with known answers, under the stopping rule that `compare` uses: how often is a verdict wrong?

A family is (number of plans, distribution, true differences). Three errors are counted per study, over all its plans
together: a simultaneous interval (of the difference, or of the share) that misses its true value; a plan called better
or worse that is not; a plan called practically equal whose true difference is delta or more. Of each the upper 99 %
bound must be 6.5 % or less.

Skewness of the differences: 0, 0.5 and 0.95. Those between structures on the preset "small" have up to 0.45 in size
over 3 and 12 months. At 1.75, four times that, practical equality misses the bar (7 %); that is filed too.
"""

from __future__ import annotations

import numpy as np
import pytest
from validation.bounds import ERROR_BAR, file_error
from validation.synthetic import BASELINE, DELTA, FIRST, answer, replications, total_of

from salessim.study.differences import pairwise_differences
from salessim.study.judgement import Kind, judge

SHAPES = {"normal": None, "skewness 0.5": 0.16, "skewness 0.95": 0.3}
TRUTHS = {
    "zero": (0.0, 0.0, 0.0, 0.0),
    "delta": (DELTA, DELTA, DELTA, DELTA),
    "delta, both signs": (DELTA, -DELTA, DELTA, -DELTA),
    "inside": (DELTA / 2, -DELTA / 2, DELTA / 2, DELTA / 2),
    "above": (2 * DELTA, -2 * DELTA, 2 * DELTA, 2 * DELTA),
    "ladder": (2 * DELTA, 0.0, DELTA, -DELTA / 2),
}
CASES = [
    *((2, truth, 12_000) for truth in ("zero", "delta")),
    *((2, truth, 2_000) for truth in ("inside", "above")),
    *((k, truth, 3_000) for k in (3, 5) for truth in ("delta", "delta, both signs", "ladder")),
    *((k, truth, 2_000) for k in (3, 4, 5) for truth in ("zero",)),
    (4, "delta", 3_000),
]


def errors(plans: int, log_sd: float | None, truths: tuple[float, ...], studies: int, seed: int) -> np.ndarray:
    """Return the counts: interval misses, share misses, false better, false practically equal, last two unflagged."""
    rng = np.random.default_rng(seed)
    truth = np.array(truths[: plans - 1])
    counts = np.zeros(5, dtype=int)
    for _ in range(studies):
        found = answer(replications(rng, 3 * FIRST, tuple(truth), log_sd))
        d = found.differences
        real, tiny = BASELINE * truth, 1e-12
        counts[0] += not np.all((d.low <= real + tiny) & (d.high >= real - tiny))
        counts[1] += not np.all((d.relative_low <= truth + tiny) & (d.relative_high >= truth - tiny))
        for better, j in zip(truth, found.judgements, strict=True):
            if (j.kind is Kind.BETTER and better <= 0) or (j.kind is Kind.WORSE and better >= 0):
                counts[2] += 1
                break
        wrong = [
            j
            for size, j in zip(np.abs(truth), found.judgements, strict=True)
            if j.kind is Kind.PRACTICALLY_EQUAL and size >= DELTA
        ]
        counts[3] += bool(wrong)
        counts[4] += any(not j.skewed for j in wrong)
    return counts


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("plans", "truth", "studies"), CASES)
def test_errors_stay_below_the_bar(shape: str, plans: int, truth: str, studies: int) -> None:
    seed = 1000 * list(SHAPES).index(shape) + 100 * list(TRUTHS).index(truth) + plans
    misses, share_misses, better, equal, _ = errors(plans, SHAPES[shape], TRUTHS[truth], studies, seed)
    family = f"{plans} plans, {shape}, {truth}"
    over = [
        file_error("verdicts", f"{family}: interval misses", misses, studies),
        file_error("verdicts", f"{family}: interval of the share misses", share_misses, studies),
    ]
    if truth in ("zero", "ladder"):
        over.append(file_error("verdicts", f"{family}: false better or worse", better, studies))
    if truth not in ("zero", "inside"):
        over.append(file_error("verdicts", f"{family}: false practically equal", equal, studies))
    assert max(over) <= 0


def test_extreme_skewness_is_worse_and_the_flag_does_not_help() -> None:
    """Skewness 1.75: practical equality errs in about 7 %, filed as it is with a bar of 8 %.

    Most of these errors do not carry the flag `skewed`: the samples that mislead are those in which the long tail does
    not show, so their sample skewness is small.
    """
    studies, bar = 6_000, 0.08
    misses, _, _, equal, unflagged = errors(2, 0.5, TRUTHS["delta"], studies, 77)
    family = "2 plans, skewness 1.75, delta"
    over = [
        file_error("verdicts", f"{family}: interval misses", misses, studies),
        file_error("verdicts", f"{family}: false practically equal", equal, studies, bar),
        file_error("verdicts", f"{family}: false practically equal, not flagged as skewed", unflagged, studies, bar),
    ]
    assert max(over) <= 0
    assert unflagged > 0.5 * equal


@pytest.mark.parametrize("shape", ["normal", "skewness 0.5"])
def test_leader_against_runner_up(shape: str) -> None:
    """Four plans, one of them delta ahead of the baseline and of two others: the pair was picked after looking."""
    studies, rng = 3_000, np.random.default_rng(5 + len(shape))
    truth = np.array([0.0, DELTA, 0.0, 0.0])
    misses = better = equal = 0
    for _ in range(studies):
        values = replications(rng, 3 * FIRST, tuple(truth[1:]), SHAPES[shape])
        values = values[: total_of(values[:FIRST])]
        ranking = np.argsort(-values.mean(axis=0))
        pairs = pairwise_differences(values[:, ranking], draws=512)
        gap = BASELINE * (truth[ranking][pairs.plan] - truth[ranking][pairs.against])
        misses += not np.all((pairs.low <= gap + 1e-12) & (pairs.high >= gap - 1e-12))
        first = judge(pairs, DELTA, relative=True)[0]
        better += first.kind is Kind.BETTER and gap[0] <= 0
        equal += first.kind is Kind.PRACTICALLY_EQUAL and abs(gap[0]) >= DELTA * BASELINE * (1 - 1e-12)
    over = [
        file_error("runner-up", f"4 plans, {shape}: interval of any pair misses", misses, studies),
        file_error("runner-up", f"4 plans, {shape}: leader falsely better", better, studies),
        file_error("runner-up", f"4 plans, {shape}: leader falsely practically equal", equal, studies),
    ]
    assert ERROR_BAR == 0.065 and max(over) <= 0
