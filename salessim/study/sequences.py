"""Intervals that hold at every number of replications at once: for views that somebody watches while they grow.

An interval for one number of replications errs in 5 % of studies *at that number*. Somebody who looks after every
replication, and acts at the first look that pleases, errs far more often (measured in tests/validation: in 49 % of
studies of up to 600 replications). A confidence sequence covers at all looks together, so any reason to stop is
allowed, also the result.

This one is exact for normal differences of unknown variance. Under a normal prior with variance `g` on the standardised
mean and the right Haar prior on the scale, the Bayes factor of the t statistic

    ``B_n = (1 + n g)**(-1/2) * ((1 + t**2 / (n-1)) / (1 + t**2 / ((n-1) (1 + n g))))**(n/2)``

is a martingale with mean 1, so by Ville's inequality it reaches ``1 / alpha`` at any n with probability at most alpha
(Lai 1976, Ann. Stat. 4:265-280; Wang & Ramdas 2025, Anytime-valid t-tests and confidence sequences for Gaussian means
with unknown variance, Sequential Analysis). The means with ``B_n < 1 / alpha`` are an interval in closed form. As n
grows it becomes the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (2024, Ann. Stat.
52:2613-2640), which needs no normality. The parameter `g` only says where the sequence is tightest.
"""

from __future__ import annotations

import math

from salessim.errors import StudyError, explain

__all__ = ["TIGHTEST_AT", "sequence_critical"]

TIGHTEST_AT = 12
"""Replications at which the sequence is tightest: early, as early looks gain most and late ones lose under 5 %."""


def sequence_critical(n: int, level: float = 0.95, *, tightest_at: int = TIGHTEST_AT) -> float:
    """Return c such that ``mean +/- c * se`` covers the true mean at all n together.

    Parameters
    ----------
    n : int
        Replications so far, 2 or more; `se` is the standard deviation over ``sqrt(n)``.
    level : float
        In (0, 1).
    tightest_at : int
        Replications at which the interval is to be tightest; it must not be chosen after looking at the data.

    Returns
    -------
    float
        Infinity while there are too few replications to say anything.

    Raises
    ------
    StudyError
        For a level or a number that cannot be.

    Examples
    --------
    >>> [round(sequence_critical(n), 2) for n in (5, 10, 60, 1000)]
    [inf, 3.96, 3.26, 3.55]
    """
    if not 0.0 < level < 1.0 or n < 2 or tightest_at < 2:
        raise StudyError(
            explain(
                "a confidence sequence needs two replications and a level that is a probability",
                where="n, level, tightest_at",
                value=(n, level, tightest_at),
                allowed="2 or more, in (0, 1), 2 or more",
            )
        )
    alpha = 1.0 - level
    # the prior variance at which the asymptotic boundary is lowest at that n, nearly (Waudby-Smith et al. 2024)
    g = (-2.0 * math.log(alpha) + math.log(1.0 - 2.0 * math.log(alpha))) / tightest_at
    spread = 1.0 + n * g
    growth = (math.sqrt(spread) / alpha) ** (2.0 / n)
    if growth >= spread:
        return math.inf
    return math.sqrt((n - 1) * (growth - 1.0) / (1.0 - growth / spread))
