"""Differences between plans that were run on the same futures, and how sure they are.

Row i of `values` is future (replication) i, column j is plan j; all plans of a row share one future, so
every statement is made on the differences inside a row. Intervals are ``mean +/- c * se`` with ``c`` from
`salessim.study.critical` (max-t or Bonferroni, wider for skewed differences).

Shares of the baseline (relative differences) are ratios of two means. Their intervals are Fieller's, not the
absolute interval divided by the baseline mean: the baseline mean is itself estimated, Fieller accounts for that
exactly under normality, and 0 lies inside the relative interval if and only if it lies inside the absolute one,
so the two can never contradict each other (the delta method does not promise that).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain
from salessim.study.chances import ProbabilityBest, Regret, expected_regret, probability_best
from salessim.study.critical import (
    ROUNDING,
    Floats,
    checked_values,
    error_rate,
    family_critical,
    moments,
    replications_for_constant,
    scale_of,
    t_quantile,
    wilson_interval,
    with_skew,
)
from salessim.study.sequences import sequence_critical

__all__ = [
    "Differences",
    "ProbabilityBest",
    "Regret",
    "expected_regret",
    "paired_differences",
    "pairwise_differences",
    "probability_best",
    "replications_needed",
    "wilson_interval",
]

Ints = npt.NDArray[np.int64]

_MOST_REPLICATIONS = 10**9


@dataclass(frozen=True, eq=False)
class Differences:
    """Paired mean differences ``plan - against`` of one family of comparisons.

    All arrays have one entry per comparison and are read-only. Differences, deviations and bounds are in the unit of
    the measure; fields named ``relative...`` are shares of the size of the mean of `against` (0.041 = +4.1 %) and
    NaN where that mean cannot be told from zero.

    Attributes
    ----------
    plan, against : ndarray of int
        Column of the plan and of the plan it is compared with.
    n : int
        Replications.
    level, equivalence_level : float
        Level of the simultaneous intervals; level of the equivalence intervals (``2 * level - 1``).
    method : str
        ``"t"`` (one comparison), ``"max-t"``, ``"Bonferroni t"`` or ``"confidence sequence"``.
    mean, sd, standard_error, skewness : ndarray
        Moments of the differences; skewness is the adjusted Fisher-Pearson coefficient.
    low, high : ndarray
        Simultaneous interval of the mean difference.
    equivalence_low, equivalence_high : ndarray
        Simultaneous interval for the equivalence test (two one-sided tests): Bonferroni's in `paired_differences`,
        max-t in `pairwise_differences`.
    variance_reduction : ndarray
        Variance of an unpaired difference over that of the paired one; NaN where nothing varies.
    against_mean : ndarray
        Mean of the plan compared with.
    relative, relative_low, relative_high, relative_equivalence_low, relative_equivalence_high : ndarray
        The same as shares, with Fieller intervals.
    family_critical, equivalence_critical : float
        Critical values before the skew part.
    skew_guard : bool
        Whether the skew part was added.
    """

    plan: Ints
    against: Ints
    n: int
    level: float
    equivalence_level: float
    method: str
    mean: Floats
    sd: Floats
    standard_error: Floats
    skewness: Floats
    low: Floats
    high: Floats
    equivalence_low: Floats
    equivalence_high: Floats
    variance_reduction: Floats
    against_mean: Floats
    relative: Floats
    relative_low: Floats
    relative_high: Floats
    relative_equivalence_low: Floats
    relative_equivalence_high: Floats
    family_critical: float
    equivalence_critical: float
    skew_guard: bool

    def __len__(self) -> int:
        """Return the number of comparisons."""
        return int(self.plan.size)


def paired_differences(
    values: npt.ArrayLike,
    baseline: int = 0,
    level: float = 0.95,
    *,
    skew_guard: bool = True,
    draws: int = 16384,
    watched: bool = False,
) -> Differences:
    """Compare every plan with the baseline.

    Parameters
    ----------
    values : array_like, shape (n_replications, n_plans)
        Any unit; row i is the same future for all plans.
    baseline : int
        Column of the baseline.
    level : float
        Probability with which all intervals hold together, in (0.5, 1).
    skew_guard : bool
        Add the skew part of the critical value (see `salessim.study.critical`).
    draws : int
        Seeded draws behind the max-t critical value; 16384 gives it to about 0.005.
    watched : bool
        Intervals that hold at every number of replications at once (`salessim.study.sequences`, all plans together by
        Bonferroni), for somebody who looks again and again while replications come in. They are wider, and infinite
        below about 6 replications.

    Raises
    ------
    StudyError
        Fewer than 2 replications or plans, a value that is no finite number, an unknown column.

    Examples
    --------
    >>> d = paired_differences([[10, 11], [20, 22], [30, 33], [40, 44]], level=0.95)
    >>> float(d.mean[0]), round(float(d.low[0]), 3), round(float(d.high[0]), 3), d.method
    (2.5, 0.446, 4.554, 't')
    """
    data = checked_values(values)
    plans = data.shape[1]
    _check_column(baseline, plans)
    others = np.array([j for j in range(plans) if j != baseline], dtype=np.int64)
    against = np.full_like(others, baseline)
    # The draws must meet the plans in an order of their own, or renaming plans would move the critical value.
    order = np.argsort((data[:, others] - data[:, [baseline]]).std(axis=0), kind="stable")
    ordered = data[:, others[order]] - data[:, [baseline]]
    return _compare(data, others, against, ordered, level, skew_guard, draws, all_pairs=False, watched=watched)


def pairwise_differences(
    values: npt.ArrayLike, level: float = 0.95, *, skew_guard: bool = True, draws: int = 16384
) -> Differences:
    """Compare every plan with every later one: ``values[:, i] - values[:, j]`` for all ``i < j``.

    A pair picked after a look at the results (the leader and its runner-up) is covered, because all pairs hold
    together. For the same reason the equivalence intervals are simultaneous here too.

    Parameters and errors are those of `paired_differences`.

    Examples
    --------
    >>> d = pairwise_differences([[1, 3, 2], [2, 4, 4], [3, 6, 4]])
    >>> [(int(i), int(j)) for i, j in zip(d.plan, d.against)], d.mean.round(3).tolist()
    ([(0, 1), (0, 2), (1, 2)], [-2.333, -1.333, 1.0])
    """
    data = checked_values(values)
    first, second = (index.astype(np.int64) for index in np.triu_indices(data.shape[1], 1))
    order = np.argsort((data - data.mean(axis=1, keepdims=True)).std(axis=0), kind="stable")
    ordered = data[:, order[first]] - data[:, order[second]]
    return _compare(data, first, second, ordered, level, skew_guard, draws, all_pairs=True)


def replications_needed(differences: Differences, delta: float, *, relative: bool = False) -> Ints:
    """Say how many more replications will decide each comparison, whichever way it goes.

    A comparison is certain to be decided once ``simultaneous half-width + equivalence half-width <= delta``: a mean
    difference beyond the first excludes 0, a smaller one leaves the equivalence interval inside +/- delta. The
    answer uses widths only, never the sign or size of the difference, so stopping by it favours no plan.

    Parameters
    ----------
    differences : Differences
        The comparisons so far.
    delta : float
        Smallest difference that matters, above 0, in the unit of the measure.
    relative : bool
        Take `delta` as a share of the size of the mean compared with.

    Returns
    -------
    ndarray of int
        One per comparison, 0 where there are enough already. An estimate: it trusts today's deviations.

    Raises
    ------
    StudyError
        `delta` is not above 0, or a share of a mean that is zero.

    Examples
    --------
    >>> d = paired_differences([[10, 11], [20, 22], [30, 29], [40, 44]])
    >>> replications_needed(d, delta=1.0).tolist()
    [55]
    """
    check_delta(delta)
    limits = delta * np.abs(differences.against_mean) if relative else np.full(len(differences), float(delta))
    if np.any(limits <= 0):
        raise StudyError(
            explain(
                "a share of a mean that is zero is no difference",
                where="delta",
                value=delta,
                remedy="Give delta in the unit of the measure instead",
            )
        )
    criticals = _criticals(differences)
    more = np.zeros(len(differences), dtype=np.int64)
    for j, limit in enumerate(limits):
        if differences.sd[j] > 0:
            skew = abs(float(differences.skewness[j])) if differences.skew_guard else 0.0
            total = _replications_for(float(differences.sd[j]) / limit, criticals, skew)
        elif np.isinf(differences.low[j]):
            total = replications_for_constant(len(differences), differences.level)
        else:
            total = differences.n
        more[j] = max(0, total - differences.n)
    return more


def check_delta(delta: float) -> None:
    """Refuse a smallest difference that matters which is not a finite number above 0."""
    if not (math.isfinite(delta) and delta > 0):
        raise StudyError(
            explain(
                "the smallest difference that matters must be above 0",
                where="delta",
                value=delta,
                allowed="a number above 0, for example 0.01 for 1 % of the baseline",
            )
        )


def _check_column(baseline: int, plans: int) -> None:
    if isinstance(baseline, bool) or not isinstance(baseline, (int, np.integer)) or not 0 <= baseline < plans:
        raise StudyError(explain("no such plan", where="baseline", value=baseline, allowed=f"0 to {plans - 1}"))


def _compare(
    data: Floats,
    plan: Ints,
    against: Ints,
    ordered: Floats,
    level: float,
    skew_guard: bool,
    draws: int,
    *,
    all_pairs: bool,
    watched: bool = False,
) -> Differences:
    """Build `Differences` for the given pairs; `ordered` holds the same differences in an order free of names."""
    if not 0.5 < level < 1.0:
        raise StudyError(
            explain(
                "the level of an interval is a probability",
                where="level",
                value=level,
                allowed="above 0.5 and below 1, for example 0.95",
            )
        )
    n, comparisons = len(data), len(plan)
    equivalence_level = 2.0 * level - 1.0
    scale = scale_of(data)
    mean, se, skewness = moments(data[:, plan] - data[:, against], scale)
    levels = [level, equivalence_level] if all_pairs else [level]
    if watched:
        family, equivalence, method = *_watched(n, comparisons, level, equivalence_level), "confidence sequence"
    else:
        critical, method = family_critical(ordered, scale, levels, draws)
        family = critical[0]
        # One-sided errors of several plans may lie on different sides, where max-t of both sides promises too much.
        equivalence = critical[1] if all_pairs else t_quantile(1.0 - (1.0 - level) / comparisons, n - 1)
    wide, narrow = (
        with_skew(c, n, skewness) if skew_guard and math.isfinite(c) else np.full(comparisons, c)
        for c in (family, equivalence)
    )
    # Equal differences in a handful of runs are what coarse counts look like, not certainty: ask the sign test.
    constant = (se == 0) & (mean != 0)
    wide_half = np.where(constant & (n < replications_for_constant(comparisons, level)), np.inf, _half_width(wide, se))
    few = n < replications_for_constant(comparisons, equivalence_level)
    narrow_half = np.where(constant & few, np.inf, _half_width(narrow, se))
    variance = data.var(axis=0, ddof=1)
    unpaired = variance[plan] + variance[against]
    reduction = np.full(comparisons, np.nan)
    np.divide(unpaired, n * se**2, out=reduction, where=se > 0)
    reduction[(se == 0) & (unpaired > (ROUNDING * scale) ** 2)] = np.inf
    relative, bounds = _relative(data, plan, against, mean, [(wide, wide_half), (narrow, narrow_half)])
    arrays = {
        "plan": plan,
        "against": against,
        "mean": mean,
        "sd": se * math.sqrt(n),
        "standard_error": se,
        "skewness": skewness,
        "low": mean - wide_half,
        "high": mean + wide_half,
        "equivalence_low": mean - narrow_half,
        "equivalence_high": mean + narrow_half,
        "variance_reduction": reduction,
        "against_mean": data.mean(axis=0)[against],
        "relative": relative,
        "relative_low": bounds[0][0],
        "relative_high": bounds[0][1],
        "relative_equivalence_low": bounds[1][0],
        "relative_equivalence_high": bounds[1][1],
    }
    for array in arrays.values():
        array.setflags(write=False)
    return Differences(
        n=n,
        level=level,
        equivalence_level=equivalence_level,
        method=method,
        family_critical=family,
        equivalence_critical=equivalence,
        skew_guard=skew_guard,
        **arrays,
    )


def _half_width(critical: Floats, se: Floats) -> Floats:
    """Return ``critical * se``; no width where nothing varies, also if the critical value is infinite."""
    return np.multiply(critical, se, out=np.zeros_like(se), where=se > 0)


def _watched(n: int, comparisons: int, level: float, equivalence_level: float) -> tuple[float, float]:
    """Return the critical values of the confidence sequences, both Bonferroni over the comparisons."""
    family, equivalence = (1.0 - (1.0 - held) / comparisons for held in (level, equivalence_level))
    return sequence_critical(n, family), sequence_critical(n, equivalence)


def _relative(
    data: Floats, plan: Ints, against: Ints, mean: Floats, widths: list[tuple[Floats, Floats]]
) -> tuple[Floats, list[tuple[Floats, Floats]]]:
    """Return shares of the size of the mean of `against`, with Fieller's bounds for each critical value."""
    n = len(data)
    means = data.mean(axis=0)
    sign = np.where(means < 0, -1.0, 1.0)
    base, base_mean = data[:, against] * sign[against], np.abs(means[against])
    difference = data[:, plan] - data[:, against]
    base_c, difference_c = base - base.mean(axis=0), difference - difference.mean(axis=0)
    per_mean = 1.0 / (n * (n - 1))
    var_base = (base_c**2).sum(axis=0) * per_mean
    var_difference = (difference_c**2).sum(axis=0) * per_mean
    covariance = (base_c * difference_c).sum(axis=0) * per_mean
    relative = np.full(len(plan), np.nan)
    bounds = []
    defined = np.ones(len(plan), dtype=bool)
    for critical, half in widths:
        c2 = np.where(np.isinf(critical), 0.0, critical) ** 2  # bounds are then set to infinity by `half`
        a = base_mean**2 - c2 * var_base
        b = mean * base_mean - c2 * covariance
        root = np.sqrt(np.maximum(b**2 - a * (mean**2 - c2 * var_difference), 0.0))
        defined &= (a > 0) & (base_mean > 0)
        safe = np.where(a > 0, a, 1.0)
        bounds.append(
            (np.where(np.isinf(half), -np.inf, (b - root) / safe), np.where(np.isinf(half), np.inf, (b + root) / safe))
        )
    np.divide(mean, base_mean, out=relative, where=defined)
    return relative, [(np.where(defined, low, np.nan), np.where(defined, high, np.nan)) for low, high in bounds]


def _criticals(differences: Differences) -> Callable[[int], tuple[float, float]]:
    """Return what gives family and equivalence critical value at another number of replications."""
    if differences.method == "confidence sequence":
        return lambda n: _watched(n, len(differences), differences.level, differences.equivalence_level)
    family, equivalence = (
        error_rate(c, differences.n) for c in (differences.family_critical, differences.equivalence_critical)
    )
    return lambda n: (t_quantile(1.0 - family / 2.0, n - 1), t_quantile(1.0 - equivalence / 2.0, n - 1))


def _replications_for(spread: float, criticals: Callable[[int], tuple[float, float]], skewness: float) -> int:
    """Return the smallest n at which the two half-widths add up to one; `spread` is sd / delta."""

    def too_wide(n: int) -> bool:
        values = criticals(n)
        if not all(math.isfinite(c) for c in values):
            return True
        return sum(float(with_skew(c, n, skewness)) for c in values) * spread > math.sqrt(n)

    high = 2
    while too_wide(high):
        high *= 2
        if high > _MOST_REPLICATIONS:
            return _MOST_REPLICATIONS
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if too_wide(middle) else (low, middle)
    return high
