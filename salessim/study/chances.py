"""How likely each plan is the best, and what choosing it gives away.

Row i of `values` is future (replication) i, column j is plan j; all plans of a row share one future.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from salessim.study.critical import (
    ROUNDING,
    Floats,
    checked_values,
    moments,
    pivoted_factor,
    scale_of,
    wilson_interval,
)

__all__ = ["ProbabilityBest", "Regret", "expected_regret", "probability_best", "share_of_wins"]


class ProbabilityBest(NamedTuple):
    """Two different answers to "how likely is this plan the best": one entry per plan, each sums to 1.

    `mean_is_best`: probability that its *mean over futures* is the best one; goes to 0 or 1 as replications grow.
    `wins`: share of *futures* in which it comes out best, ties shared; does not go to 0 or 1.
    `wins_low`, `wins_high`: Wilson 95 % interval of `wins`.
    """

    mean_is_best: Floats
    wins: Floats
    wins_low: Floats
    wins_high: Floats


class Regret(NamedTuple):
    """What choosing a plan gives away: one entry per plan, in the unit of the measure, never negative.

    `expected`: mean over futures of (best plan of that future - this plan), the regret of hindsight.
    `worst`: the largest of these.
    `of_mean`: expected shortfall of its mean against the best mean, given what is known so far; the most that
    knowing all means exactly could be worth.
    """

    expected: Floats
    worst: Floats
    of_mean: Floats


def probability_best(values: npt.ArrayLike, *, higher_is_better: bool = True, draws: int = 65536) -> ProbabilityBest:
    """Say how likely each plan is the best, in two named senses.

    The means are given a multivariate t distribution around the paired means with ``n - 1`` degrees of freedom
    (reference prior); with two plans this is Student's distribution function, with more it is seeded sampling
    (standard error at most 0.002).

    Parameters
    ----------
    values : array_like, shape (n_replications, n_plans)
        As in `paired_differences`.
    higher_is_better : bool
        False for costs and the like.
    draws : int
        Samples of the means.

    Raises
    ------
    StudyError
        As in `paired_differences`.

    Examples
    --------
    >>> p = probability_best([[10, 11], [20, 22], [30, 29], [40, 44]])
    >>> p.wins.tolist(), p.mean_is_best.round(3).tolist()
    ([0.25, 0.75], [0.123, 0.877])
    """
    data = checked_values(values) * (1.0 if higher_is_better else -1.0)
    wins = share_of_wins(data)
    bounds = np.array([wilson_interval(w * len(data), len(data)) for w in wins])
    if data.shape[1] == 2:
        from scipy import special

        difference, se, _ = moments(data[:, [1]] - data[:, [0]], scale_of(data))
        if se[0] > 0:
            second = float(special.stdtr(len(data) - 1, difference[0] / se[0]))
        else:
            second = 0.5 * (1.0 + np.sign(difference[0]))
        best = np.array([1.0 - second, second])
    else:
        best = share_of_wins(_draw_means(data, draws))
    return ProbabilityBest(best, wins, bounds[:, 0], bounds[:, 1])


def expected_regret(values: npt.ArrayLike, *, higher_is_better: bool = True, draws: int = 65536) -> Regret:
    """Say what choosing each plan gives away against the best one.

    Rows may be replications or worlds (draws of the assumptions). Parameters and errors are those of
    `probability_best`.

    Examples
    --------
    >>> r = expected_regret([[1.0, 2.0], [5.0, 3.0], [4.0, 4.0]])
    >>> r.expected.round(3).tolist(), r.worst.tolist()
    ([0.333, 0.667], [1.0, 2.0])
    """
    data = checked_values(values) * (1.0 if higher_is_better else -1.0)
    lost = data.max(axis=1, keepdims=True) - data
    means = _draw_means(data, draws)
    of_mean = (means.max(axis=1, keepdims=True) - means).mean(axis=0)
    return Regret(lost.mean(axis=0), lost.max(axis=0), of_mean)


def share_of_wins(values: Floats) -> Floats:
    """Return the share of rows in which each column is highest; ties are shared equally."""
    best = values.max(axis=1, keepdims=True)
    top = values >= best - ROUNDING * np.maximum(np.abs(values).max(axis=1, keepdims=True), 1e-300)
    shares: Floats = (top / top.sum(axis=1, keepdims=True)).mean(axis=0)
    return shares


def _draw_means(data: Floats, draws: int) -> Floats:
    """Sample the vector of means, up to a part common to all plans, shape (draws, plans)."""
    n, plans = data.shape
    # Plans meet the random numbers in the order of their means, so renaming them changes nothing.
    order = np.lexsort((data.std(axis=0), data.mean(axis=0)))
    contrast = data[:, order[1:]] - data[:, order[:1]]
    mean = contrast.mean(axis=0)
    centred = contrast - mean
    centred[:, np.sqrt((centred**2).mean(axis=0)) <= ROUNDING * scale_of(data)] = 0.0
    factor = pivoted_factor(centred.T @ centred / (n * (n - 1)))
    rng = np.random.default_rng(20_240_301)
    normal = rng.standard_normal((draws, plans - 1))[:, : factor.shape[1]]
    stretch = np.sqrt((n - 1) / rng.chisquare(n - 1, (draws, 1)))
    sample = np.zeros((draws, plans))
    sample[:, order[1:]] = mean + normal @ factor.T * stretch
    return sample
