"""Critical values of means that are estimated from few, correlated, perhaps skewed differences.

An interval is ``mean +/- c * se``, and ``c`` has two parts.

* The *family* part makes all intervals of a family hold together with probability `level` (max-t). It is the
  quantile of ``max_j |t_j|`` for normal differences with the estimated correlation, each studentised by its own
  standard deviation. It is found by conditioning: with ``Z = r * L u`` (direction ``u``, radius ``r``) and the
  standard deviations ``s_j`` drawn from the Wishart distribution, ``P(max_j |t_j| <= c)`` is the mean of
  ``F(c / max_j(|L u|_j / s_j))`` with ``F`` the chi distribution of ``r``, a smooth function of ``c``. Draws are
  seeded, so the same data give the same interval. With fewer than 10 replications, or no more than twice as many
  as there are independent differences, the correlation is not trusted and Bonferroni's t is used.
* The *skew* part widens intervals of skewed differences, whose means are not normal yet. It is ``|G| / sqrt(n)`` times
  the sum of two terms, with ``G`` the sample skewness, and vanishes as replications grow. ``(2 z^2 + 1) / 6`` is the
  size of the one-term Edgeworth correction of a t statistic (Johnson 1978, JASA 73:536-544; Hall 1992, The Bootstrap
  and Edgeworth Expansion, section 2.6). ``1`` is for a number of replications that was fixed by width: mean and
  variance of the first n0 skewed replications are correlated (covariance ``G s^3 / n0``), so that one in which they
  are low stops early and stays low; for N in proportion to that variance the mean is off by ``-G s / N`` to first
  order, one part ``G / sqrt(N)`` of its standard error. For normal differences both cost about 8 % of width at 30
  replications.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from salessim.errors import StudyError, explain

__all__ = [
    "Floats",
    "checked_values",
    "error_rate",
    "family_critical",
    "max_t_quantiles",
    "moments",
    "normal_quantile",
    "pivoted_factor",
    "replications_for_constant",
    "scale_of",
    "t_quantile",
    "wilson_interval",
    "with_skew",
]

Floats = npt.NDArray[np.float64]

#: Below this many replications an estimated correlation is not used.
FEWEST_FOR_CORRELATION = 10
#: Variation below this share of the largest value is rounding, not variation.
ROUNDING = 1e-12
#: Large families (20 plans in pairs) get fewer draws, but no fewer than these: the value is then good to 0.02.
_DRAWING_BUDGET, _FEWEST_DRAWS = 200_000_000, 2048


def wilson_interval(successes: float, n: int, level: float = 0.95) -> tuple[float, float]:
    """Return Wilson's interval of a share (Wilson 1927, JASA 22:209-212).

    Parameters
    ----------
    successes : float
        Between 0 and `n`; halves from shared ties are welcome.
    n : int
        Trials, at least 1.
    level : float
        In (0, 1).

    Examples
    --------
    >>> [round(x, 3) for x in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    if n < 1 or not 0 <= successes <= n:
        raise StudyError(explain("a share needs between 0 and n successes in at least one trial", value=(successes, n)))
    z = normal_quantile((1.0 + level) / 2.0)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def checked_values(values: npt.ArrayLike) -> Floats:
    """Return `values` as a float array of at least 2 replications and 2 plans, all finite."""
    try:
        data = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise StudyError(
            explain(
                "the values to compare must be numbers, one row per replication, one column per plan", where="values"
            )
        ) from error
    if data.ndim != 2:
        raise StudyError(
            explain(
                "the values to compare must have one row per replication and one column per plan",
                where="values",
                value=data.shape,
                allowed="two dimensions",
            )
        )
    n, plans = data.shape
    if plans < 2:
        raise StudyError(
            explain(
                "there is nothing to compare",
                where="plans",
                value=plans,
                allowed="2 or more plans",
                remedy="Add the plan of today as baseline",
            )
        )
    if n < 2:
        raise StudyError(
            explain(
                "one future says nothing about certainty",
                where="replications",
                value=n,
                allowed="2 or more, 10 or more for a useful answer",
                remedy="Run more replications",
            )
        )
    bad = np.argwhere(~np.isfinite(data))
    if bad.size:
        row, column = (int(i) for i in bad[0])
        raise StudyError(
            explain(
                f"{len(bad)} of the values to compare are not finite numbers",
                where=f"replication {row}, plan {column}",
                value=float(data[row, column]),
                remedy="A missing value cannot be left out without breaking the pairing; "
                "choose a measure that is defined in every replication",
            )
        )
    return data


def scale_of(data: Floats) -> float:
    """Return the largest absolute value, against which rounding is measured."""
    return float(np.abs(data).max())


def moments(sample: Floats, scale: float) -> tuple[Floats, Floats, Floats]:
    """Return mean, standard error and adjusted skewness per column; rounding noise counts as no variation."""
    n = len(sample)
    mean = sample.mean(axis=0)
    centred = sample - mean
    second = (centred**2).mean(axis=0)
    flat = np.sqrt(second) <= ROUNDING * scale
    second = np.where(flat, 0.0, second)
    se = np.sqrt(second / (n - 1))
    skewness = np.zeros_like(mean)
    if n > 2:
        third = (centred**3).mean(axis=0)
        np.divide(third * math.sqrt(n * (n - 1)) / (n - 2), second**1.5, out=skewness, where=~flat)
    mean = np.where(np.abs(mean) <= ROUNDING * scale, 0.0, mean)
    return mean, se, skewness


def family_critical(sample: Floats, scale: float, levels: Sequence[float], draws: int) -> tuple[list[float], str]:
    """Return the critical values of ``max_j |t_j|`` over the columns of `sample`, and how they were found.

    `scale` is the size against which variation counts as rounding.
    """
    n, comparisons = sample.shape
    single = [t_quantile((1.0 + level) / 2.0, n - 1) for level in levels]
    if comparisons == 1:
        return single, "t"
    bonferroni = [t_quantile(1.0 - (1.0 - level) / (2.0 * comparisons), n - 1) for level in levels]
    centred = sample - sample.mean(axis=0)
    norm = np.sqrt((centred**2).sum(axis=0))
    varies = norm > ROUNDING * scale * math.sqrt(n)
    if n < FEWEST_FOR_CORRELATION or not varies.any():
        return bonferroni, "Bonferroni t"
    standard = centred[:, varies] / norm[varies]
    factor = pivoted_factor(standard.T @ standard)
    if n <= 2 * factor.shape[1]:
        return bonferroni, "Bonferroni t"
    if factor.shape[1] == 1:
        return single, "max-t"
    brackets = list(zip(levels, single, bonferroni, strict=True))
    return max_t_quantiles(factor, n - 1, brackets, draws), "max-t"


def pivoted_factor(matrix: Floats) -> Floats:
    """Return L with ``L @ L.T == matrix`` and as many columns as the rank: Cholesky with pivots, ties to the first."""
    size = len(matrix)
    rest = matrix.copy()
    tolerance = 1e-12 * float(np.diag(matrix).max(initial=0.0))
    columns: list[Floats] = []
    for _ in range(size):
        diagonal = np.diag(rest)
        top = diagonal.max()
        if top <= tolerance:
            break
        pivot = int(np.argmax(diagonal >= top - tolerance))
        column = rest[:, pivot] / math.sqrt(diagonal[pivot])
        columns.append(column)
        rest = rest - np.outer(column, column)
    return np.stack(columns, axis=1) if columns else np.zeros((size, 0))


def max_t_quantiles(
    factor: Floats, freedom: int, brackets: Sequence[tuple[float, float, float]], draws: int
) -> list[float]:
    """Solve ``P(max_j |t_j| <= c) = level`` for correlation ``factor @ factor.T`` (see the text of the module).

    Each of `brackets` is a level and the two values between which its solution lies: a single t's and Bonferroni's.
    """
    from scipy import special

    comparisons, rank = factor.shape
    draws = max(min(draws, _DRAWING_BUDGET // (comparisons * rank * rank)), min(draws, _FEWEST_DRAWS))
    rng = np.random.default_rng(20_240_229)
    block = max(1, min(draws, 2_000_000 // (comparisons * rank)))
    index = np.arange(rank)
    largest = []
    for start in range(0, draws, block):
        count = min(block, draws - start)
        direction = rng.standard_normal((count, rank))
        direction /= np.sqrt((direction**2).sum(axis=1, keepdims=True))
        bartlett = np.tril(rng.standard_normal((count, rank, rank)), -1)  # Wishart = (L A)(L A)', Bartlett 1933
        bartlett[:, index, index] = np.sqrt(rng.chisquare(freedom - index, (count, rank)))
        variance = ((factor @ bartlett) ** 2).sum(axis=2) / freedom
        largest.append((np.abs(direction @ factor.T) / np.sqrt(variance)).max(axis=1))
    squared = np.concatenate(largest) ** 2
    shape = rank / 2.0
    solutions = []
    for level, low, high in brackets:
        c = high
        for _ in range(60):  # Newton, kept inside the bracket by halving it
            x = c * c / (2.0 * squared)
            value = float(special.gammainc(shape, x).mean()) - level
            low, high = (c, high) if value < 0 else (low, c)
            slope = float((np.exp((shape - 1.0) * np.log(x) - x - special.gammaln(shape)) * c / squared).mean())
            step = -value / slope if slope > 0 else math.inf
            if abs(step) < 1e-10 * c or high - low < 1e-10 * c:
                break
            c = c + step if low < c + step < high else (low + high) / 2.0
        solutions.append(c)
    return solutions


def with_skew(critical: float, n: int, skewness: Floats | float) -> Floats:
    """Add the skew part to a t critical value (see the text of the module)."""
    from scipy import special

    z = normal_quantile(float(special.stdtr(n - 1, critical)))
    return np.asarray(critical + np.abs(skewness) * ((2.0 * z * z + 1.0) / 6.0 + 1.0) / math.sqrt(n))


def error_rate(critical: float, n: int) -> float:
    """Return the two-sided error rate of one t statistic at `critical`."""
    from scipy import special

    return float(2.0 * special.stdtr(n - 1, -critical))


def t_quantile(probability: float, freedom: int) -> float:
    """Return a quantile of Student's t; `scipy.special` loads in a third of the time of `scipy.stats`."""
    from scipy import special

    return float(special.stdtrit(freedom, probability))


def normal_quantile(probability: float) -> float:
    """Return a quantile of the standard normal distribution."""
    from scipy import special

    return float(special.ndtri(probability))


def replications_for_constant(comparisons: int, level: float) -> int:
    """Return how many equal differences the sign test needs: ``comparisons * 2**(1 - n) <= 1 - level``."""
    return 1 + math.ceil(math.log2(comparisons / (1.0 - level)) - 1e-9)
