"""Closed forms of incentive theory, which the programme must reproduce and a planner can reason with.

Linear pay, normal noise, exponential utility ("LEN"): Holmstrom & Milgrom (1987), Econometrica 55(2), 303-328; several
tasks: Holmstrom & Milgrom (1991), JLEO 7, 24-52; tournaments: Lazear & Rosen (1981); contests of many: Kalra & Shi
(2001), Marketing Science 20(2), 170-193. Output is ``base + k * effort + noise``, effort costs ``c * effort**2 / 2``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.pay import PayError

__all__ = [
    "LinearPlan", "contest_effort", "linear_plan", "multitask_effort", "multitask_rates", "participation_salary",
    "quota_effort", "rank_pull", "team_effort", "tournament_effort",
]  # fmt: skip

Floats = NDArray[np.float64]


class LinearPlan(NamedTuple):
    """The best linear plan: commission rate, effort, total surplus, salary, expected commission (money)."""

    rate: float
    effort: float
    surplus: float
    salary: float
    commission: float

    @property
    def salary_share(self) -> float:
        """Share of expected pay that is salary."""
        return self.salary / (self.salary + self.commission)


def linear_plan(
    k: float, r: float, c: float, variance: float, *, margin: float = 1.0, base: float = 0.0, outside: float = 0.0
) -> LinearPlan:
    """Return the best linear plan for one rep.

    Parameters
    ----------
    k : float
        Sales that a unit of effort brings.
    r : float
        Absolute risk aversion, per money.
    c : float
        Steepness of the cost of effort, money; more than 0.
    variance : float
        Variance of sales.
    margin : float
        What a unit of sales is worth to the firm: 1 less its marginal cost.
    base : float
        Sales without effort.
    outside : float
        What the rep can have elsewhere, money.

    Returns
    -------
    LinearPlan
        Rate ``margin k^2 / (k^2 + r c variance)``, effort ``rate k / c``; the surplus leaves out base and outside.

    Examples
    --------
    >>> plan = linear_plan(k=1, r=2, c=0.5, variance=0.25)
    >>> plan.rate, plan.effort, round(plan.surplus, 9)
    (0.8, 1.6, 0.8)
    """
    rate = margin * k * k / (k * k + r * c * variance)
    effort = rate * k / c
    surplus = margin * k * effort - c * effort**2 / 2 - r * rate**2 * variance / 2
    salary = participation_salary(outside, rate, k, c, r, variance, base)
    return LinearPlan(rate, effort, surplus, salary, rate * (base + k * effort))


def participation_salary(
    outside: float, rate: float, k: float, c: float, r: float, variance: float, base: float
) -> float:
    """Return the salary that leaves a rep exactly his outside option: ``u - b^2 k^2/2c + r b^2 var/2 - b base``.

    Examples
    --------
    >>> participation_salary(outside=1, rate=0.5, k=1, c=1, r=1, variance=1, base=0.5)
    0.75
    """
    return outside - rate**2 * k**2 / (2 * c) + r * rate**2 * variance / 2 - rate * base


def multitask_rates(benefit: ArrayLike, cost: ArrayLike, covariance: ArrayLike, r: float) -> Floats:
    """Return the best commission rates on several tasks: ``(I + r C Sigma)^-1 B``.

    Parameters
    ----------
    benefit : (n,)
        What a unit of effort on each task is worth to the firm.
    cost : (n, n)
        Second derivatives of the cost of effort; positive off the diagonal where tasks are substitutes.
    covariance : (n, n)
        Noise of the measures; a huge variance stands for a task that cannot be measured.
    r : float
        Absolute risk aversion.

    Examples
    --------
    >>> multitask_rates([1.0, 1.0], [[1.0, 0.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 4.0]], 1.0).round(6).tolist()
    [0.5, 0.2]
    """
    b, c, s = (np.asarray(a, dtype=np.float64) for a in (benefit, cost, covariance))
    return np.asarray(np.linalg.solve(np.eye(len(b)) + r * c @ s, b))


def multitask_effort(rates: ArrayLike, cost: ArrayLike) -> Floats:
    """Return the efforts on several tasks under given rates, none below 0: the rep's best answer to his pay.

    Tasks without a rate are neglected, the more so the closer substitutes they are for those that pay.

    Examples
    --------
    >>> multitask_effort([0.5, 0.2], [[1.0, 0.3], [0.3, 1.0]]).round(4).tolist()
    [0.4835, 0.0549]
    >>> multitask_effort([0.5, 0.0], [[1.0, 0.3], [0.3, 1.0]]).tolist()
    [0.5, 0.0]
    """
    b, c = np.asarray(rates, dtype=np.float64), np.asarray(cost, dtype=np.float64)
    active = np.ones(len(b), dtype=bool)
    effort = np.zeros(len(b))
    for _ in range(2 * len(b) + 1):
        effort = np.zeros(len(b))
        if active.any():
            effort[active] = np.linalg.solve(c[np.ix_(active, active)], b[active])
        gain = b - c @ effort
        if (effort[active] >= 0).all() and (gain[~active] <= 1e-12).all():
            break
        if (effort < 0).any():
            active &= effort >= 0
        else:
            active |= gain > 1e-12
    return effort


def team_effort(rate: float, n: int, c: float, k: float = 1.0) -> float:
    """Return the effort of each of `n` who share a commission equally: ``rate k / (n c)``, the free-rider's.

    Examples
    --------
    >>> team_effort(0.5, 5, 1.0)
    0.1
    """
    return rate * k / (n * c)


def quota_effort(bonus: float, quota: float, sigma: float, c: float, k: float = 1.0, base: float = 0.0) -> float:
    """Return the effort for a bonus at a quota in one period: the best root of ``B phi((Q - ke - base)/s) k/s = c e``.

    Examples
    --------
    >>> [round(quota_effort(2.0, q, 1.0, 1.0), 3) for q in (0.0, 1.0, 2.0, 3.0)]
    [0.647, 0.779, 0.142, 0.009]
    """
    from scipy.optimize import brentq
    from scipy.special import ndtr

    def gain(e: Floats | float) -> Floats:
        return bonus * ndtr((base + k * e - quota) / sigma) - c * np.square(e) / 2

    def slope(e: float) -> float:
        z = (quota - k * e - base) / sigma
        return bonus * k / sigma * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - c * e

    most = bonus * k / (sigma * math.sqrt(2 * math.pi) * c)
    grid = np.linspace(0.0, 1.01 * most, 2001)
    best = int(np.argmax(gain(grid)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, 2000)]
    return float(brentq(slope, low, high, xtol=1e-14)) if slope(low) > 0 > slope(high) else float(grid[best])


def tournament_effort(gap: float, sigma: float, c: float) -> float:
    """Return the effort of two equal rivals for a prize difference `gap`: ``gap / (2 sigma sqrt(pi) c)``.

    Examples
    --------
    >>> round(tournament_effort(1.0, 1.0, 1.0), 6)
    0.282095
    """
    return gap / (2 * sigma * math.sqrt(math.pi) * c)


def rank_pull(n: int) -> Floats:
    """Return how fast the chance of each rank rises as one of `n` equal rivals pulls ahead, per deviation of noise.

    Examples
    --------
    >>> rank_pull(2).round(6).tolist()
    [0.282095, -0.282095]
    """
    from scipy.special import ndtr

    if n < 2:
        raise PayError(explain("a contest needs rivals", where="n", value=n, allowed="2 or more"))
    x = np.linspace(-9.0, 9.0, 3601)
    below, square = ndtr(x), np.exp(-x * x) / (2 * math.pi)
    pulls = np.empty(n)
    for rank in range(1, n + 1):
        ways = math.comb(n - 1, rank - 1)
        rise = (n - rank) * below ** max(n - rank - 1, 0) * (1 - below) ** (rank - 1)
        fall = (rank - 1) * (1 - below) ** max(rank - 2, 0) * below ** (n - rank)
        pulls[rank - 1] = ways * np.sum((rise - fall) * square) * (x[1] - x[0])
    return pulls


def contest_effort(prizes: ArrayLike, n: int, sigma: float, c: float, r: float = 0.0) -> float:
    """Return the effort of `n` equal rivals in a contest with prizes by rank, in symmetric equilibrium.

    Parameters
    ----------
    prizes : (m,), m <= n
        Money for the first, the second, ...; the others get nothing.
    n : int
        Rivals, 2 or more.
    sigma : float
        Standard deviation of the noise of each, in units of effort.
    c : float
        Steepness of the cost of effort.
    r : float
        Absolute risk aversion over the prize: utility ``(1 - exp(-r w)) / r``.

    Examples
    --------
    >>> round(contest_effort([1.0], 2, 1.0, 1.0), 6)
    0.282095
    """
    money = np.zeros(n)
    given = np.asarray(prizes, dtype=np.float64)
    if len(given) > n:
        raise PayError(
            explain("there are more prizes than rivals", where="prizes", value=len(given), allowed=f"{n} or fewer")
        )
    money[: len(given)] = given
    utility = money if r == 0.0 else -np.expm1(-r * money) / r
    return float(rank_pull(n) @ utility / (sigma * c))
