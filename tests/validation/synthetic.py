"""Paired replications with known answers, and the decision that `compare` takes on them.

What stands here is `compare` without the market: first replications, then as many more as widths alone ask for (once,
up to three times the first), then one judgement. tests/statistical/test_validation_table.py holds it to the real one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from salessim.study.differences import Differences, paired_differences, replications_needed
from salessim.study.judgement import Judgement, judge

FIRST = 30
DELTA = 0.01
BASELINE = 100.0
DRAWS = 1024
"""Behind each max-t critical value: good to 0.02, of about 2.4."""
SPREADS = (2.0, 1.0, 3.0, 1.5)
"""Standard deviations of the plans' differences from the baseline, in per cent of it. Delta is 1 %, so widths ask for
about 15 to 200 replications, and the rule stops at 30, between 30 and 90, and at 90."""


def shape(z: np.ndarray, log_sd: float | None) -> np.ndarray:
    """Return normal deviates as they are, or as lognormal ones of mean 0 and standard deviation 1."""
    if log_sd is None:
        return z
    variance = np.exp(log_sd**2)
    return (np.exp(log_sd * z) - np.sqrt(variance)) / np.sqrt(variance * (variance - 1.0))


def replications(
    rng: np.random.Generator, n: int, truths: tuple[float, ...], log_sd: float | None, correlation: float = 0.5
) -> np.ndarray:
    """Return n paired replications of a baseline and of one plan per true difference (in shares of the baseline).

    All share the luck of the future (30 % of the mean, lognormal); the plans' own deviations are correlated.
    """
    luck = BASELINE * np.exp(0.3 * rng.standard_normal((n, 1)) - 0.045)
    z = np.sqrt(correlation) * rng.standard_normal((n, 1))
    z = z + np.sqrt(1.0 - correlation) * rng.standard_normal((n, len(truths)))
    spread = np.array([SPREADS[j % len(SPREADS)] for j in range(len(truths))])
    return np.concatenate([luck, luck + BASELINE * np.array(truths) + spread * shape(z, log_sd)], axis=1)


@dataclass(frozen=True)
class Answer:
    """What `compare` would say."""

    differences: Differences
    judgements: tuple[Judgement, ...]
    n: int


def total_of(first: np.ndarray, delta: float = DELTA) -> int:
    """Return how many replications `compare` ends with after these first ones."""
    more = int(np.max(replications_needed(paired_differences(first, draws=DRAWS), delta, relative=True)))
    return min(len(first) + more, 3 * len(first))


def answer(values: np.ndarray, first: int = FIRST, delta: float = DELTA) -> Answer:
    """Judge as `compare` does; `values` holds three times the first replications, of which it uses what it asks for."""
    n = total_of(values[:first], delta)
    family = paired_differences(values[:n], draws=DRAWS)
    return Answer(family, judge(family, delta, relative=True), n)
