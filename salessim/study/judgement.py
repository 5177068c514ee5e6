"""The three-way rule: practically equal, better (or worse), cannot tell yet.

Rules, for one plan against another and a smallest difference that matters, delta:

practically equal
    The simultaneous equivalence interval (90 % where intervals are 95 %) lies inside +/- delta. Takes precedence: a
    difference can be certain and still not matter. In at most 5 % of families is any plan called practically equal
    whose true difference is delta or more.
better, worse
    The simultaneous 95 % interval excludes 0. In at most 5 % of families is any plan called better or worse that is
    neither. It is said as well whether the whole interval lies beyond delta.
cannot tell
    Neither, and about how many more replications will decide it, whichever way.

These rates hold for a number of replications fixed beforehand or by interval width, and for differences of skewness up
to about 1; thousands of studies with known answers measure them (tests/validation, table.py there prints the figures).
Beyond that practical equality suffers first: at skewness 1.75 it errs in about 7 %, and `skewed`, which goes by the
skewness of the sample, does not show in most of these cases, since samples that mislead lack the long tail.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from salessim.study.differences import Differences, check_delta, replications_needed

__all__ = ["Judgement", "Kind", "judge"]


class Kind(StrEnum):
    """What can be said of a plan against another."""

    PRACTICALLY_EQUAL = "practically equal"
    BETTER = "better"
    WORSE = "worse"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Judgement:
    """What can be said of plan number `plan` against plan number `against`.

    `difference`, `low`, `high` (simultaneous interval), `equivalence_low`, `equivalence_high` are in the unit of the
    measure; the fields named ``relative...`` are shares of the size of the mean of `against`, NaN where that mean
    cannot be told from zero. `delta` is a share if `relative` is true, else in the unit of the measure.
    `exceeds_delta`: the whole interval lies beyond delta. `more_replications` is 0 once decided. `skewed`: so skewed
    that the interval may still be too narrow (fewer than 25 squared skewnesses, Cochran 1977, Sampling Techniques).
    """

    plan: int
    against: int
    kind: Kind
    difference: float
    low: float
    high: float
    equivalence_low: float
    equivalence_high: float
    relative_difference: float
    relative_low: float
    relative_high: float
    relative_equivalence_low: float
    relative_equivalence_high: float
    delta: float
    relative: bool
    level: float
    higher_is_better: bool
    exceeds_delta: bool
    more_replications: int
    skewed: bool


def judge(
    differences: Differences, delta: float, *, relative: bool = False, higher_is_better: bool = True
) -> tuple[Judgement, ...]:
    """Judge every comparison of a family.

    Parameters
    ----------
    differences : Differences
        From `paired_differences` or `pairwise_differences`.
    delta : float
        Smallest difference that matters, above 0.
    relative : bool
        `delta` is a share of the size of the mean compared with (0.01 = 1 %); the intervals of shares are used.
    higher_is_better : bool
        False for costs and the like.

    Raises
    ------
    StudyError
        `delta` is not above 0, or a share of a mean that is zero.

    Examples
    --------
    >>> from salessim.study.differences import paired_differences
    >>> family = paired_differences([[100, 104.1], [90, 94.2], [110, 113.9], [95, 98.8], [105, 109.0]])
    >>> [j.kind.value for j in judge(family, 0.01, relative=True)]
    ['better']
    """
    check_delta(delta)
    d, sign = differences, 1.0 if higher_is_better else -1.0
    result = []
    same = (d.mean == 0) & (d.standard_error == 0)
    needed = np.zeros(len(d), dtype=np.int64)
    if not same.all():
        needed = replications_needed(d, delta, relative=relative)
    for i in range(len(d)):
        low, high = (d.relative_low[i], d.relative_high[i]) if relative else (d.low[i], d.high[i])
        inner = (
            (d.relative_equivalence_low[i], d.relative_equivalence_high[i])
            if relative
            else (d.equivalence_low[i], d.equivalence_high[i])
        )
        more = 0
        if same[i] or (inner[0] >= -delta and inner[1] <= delta):
            kind = Kind.PRACTICALLY_EQUAL
        elif sign * d.low[i] > 0 and sign * d.high[i] > 0:
            kind = Kind.BETTER
        elif sign * d.low[i] < 0 and sign * d.high[i] < 0:
            kind = Kind.WORSE
        else:
            kind, more = Kind.CANNOT_TELL, max(1, int(needed[i]))
        result.append(
            Judgement(
                plan=int(d.plan[i]), against=int(d.against[i]), kind=kind, difference=float(d.mean[i]),
                low=float(d.low[i]), high=float(d.high[i]), equivalence_low=float(d.equivalence_low[i]),
                equivalence_high=float(d.equivalence_high[i]), relative_difference=float(d.relative[i]),
                relative_low=float(d.relative_low[i]), relative_high=float(d.relative_high[i]),
                relative_equivalence_low=float(d.relative_equivalence_low[i]),
                relative_equivalence_high=float(d.relative_equivalence_high[i]), delta=float(delta),
                relative=relative, level=d.level, higher_is_better=higher_is_better,
                exceeds_delta=bool(low > delta or high < -delta), more_replications=more,
                skewed=_strongly_skewed(float(d.skewness[i]), d.n),
            )
        )  # fmt: skip
    return tuple(result)


def _strongly_skewed(skewness: float, n: int) -> bool:
    """Say whether the skewness is beyond chance (2 standard errors) and Cochran's rule asks for more replications."""
    if n < 3:
        return False
    error = math.sqrt(6.0 * n * (n - 1) / ((n - 2) * (n + 1) * (n + 3)))
    return abs(skewness) > 2 * error and n < 25 * skewness**2
