"""Where a policy leads: the distribution of a rep's credit, month by month, computed without random draws."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import explain
from salessim.model.pay import PayError
from salessim.pay.curve import payouts
from salessim.pay.policy import effort_at
from salessim.pay.programme import Programme

__all__ = ["Outlook", "expected_cycle", "mean_efforts"]

Floats = NDArray[np.float64]
_PER_NOISE = 5  # points per standard deviation of a month's noise: the trapezoid rule is then exact to 1e-12
_FINE = 6
_REACH = 8.0
_NEGLIGIBLE = 1e-13


class Outlook(NamedTuple):
    """What a type is expected to do in one cycle.

    Attributes
    ----------
    effort : (steps,)
        Mean effort in each step.
    sales : float
        Mean credit at the end of the cycle.
    pay : float
        Mean pay of the cycle, money: at the end and at once.
    aim, chance : (m,)
        Where the last step's effort aims on average, and the probability of each; credit is `aim` plus noise.
    noise : float
        Standard deviation of the last step's sales.
    """

    effort: Floats
    sales: float
    pay: float
    aim: Floats
    chance: Floats
    noise: float

    def reaches(self, amount: float) -> float:
        """Return the probability that credit reaches `amount`."""
        from scipy.special import ndtr

        return float(self.chance @ ndtr((self.aim - amount) / self.noise))


def expected_cycle(
    solved: Programme, i: int = 0, factor: int = -1, policy: Callable[[int, Floats], Floats] | None = None
) -> Outlook:
    """Return what type `i` is expected to do in one cycle that starts from 0.

    Parameters
    ----------
    solved : Programme
    i : int
        The rep type.
    factor : int
        Number of the quota factor; the one nearest to 1 where left out.
    policy : callable, optional
        Another policy, ``effort = policy(step, credit)``, for the same type under the same pay.
    """
    types, tables = solved.types, solved.policies
    if tables.short < solved.steps:
        raise PayError(
            explain("the outlook follows the credit of one period, and this plan bends over two", where="solved",
                    remedy="Draw years with salessim.pay.policy.effort_at")
        )  # fmt: skip
    f = int(np.argmin(np.abs(tables.factors - 1.0))) if factor < 0 else factor
    k, noise = types.effect[i], types.noise[i]
    base = types.base[i] * solved.season
    grid = tables.low[i] + tables.h[i] * np.arange(tables.effort.shape[3])
    most = float(tables.effort[i, f].max())
    low = -_REACH * noise * np.sqrt(solved.steps)
    high = base.sum() + solved.steps * k * most + _REACH * noise * np.sqrt(solved.steps)
    points = np.linspace(low, high, int(np.ceil((high - low) / noise * _PER_NOISE)) + 1)
    at, weight = np.zeros(1), np.ones(1)
    efforts = np.zeros(solved.steps)
    aim = at
    for t in range(solved.steps):
        e = np.interp(at, grid, tables.effort[i, f, t]) if policy is None else policy(t, at)
        efforts[t] = weight @ e
        keep = weight > _NEGLIGIBLE
        aim, weight = (at + base[t] + k * e)[keep], weight[keep] / weight[keep].sum()
        if t < solved.steps - 1:
            at, chance = points, _density(points, aim, noise) @ weight
            weight = chance / chance.sum()
    sales = float(weight @ aim)
    fine = np.linspace(low, high, _FINE * len(points))  # pay jumps: the last step is integrated on a finer line
    density = _density(fine, aim, noise) @ weight
    paid = payouts(solved.curves, int(solved.rows[i, f]), fine)
    pay = float(density @ paid / density.sum()) + float(tables.flow[i]) * sales
    return Outlook(efforts, sales, pay, aim, weight, float(noise))


def mean_efforts(solved: Programme) -> Floats:
    """Return the effort of each type on average over a cycle in which luck is neither good nor bad.

    Parameters
    ----------
    solved : Programme
        Of any plan; where quotas ratchet at the factor nearest to 1.

    Returns
    -------
    (types,) float
    """
    types, tables = solved.types, solved.policies
    found = np.zeros(len(types.base))
    for i in range(len(found)):
        before, y = 0.0, 0.0
        for t in range(solved.steps):
            if t % tables.short == 0:
                before, y = before + y, 0.0
            factor = before if tables.short < solved.steps else 1.0
            effort = effort_at(tables, i, t, factor, y)
            y += types.base[i] * solved.season[t] + types.effect[i] * effort
            found[i] += effort / solved.steps
    return found


def _density(at: Floats, means: Floats, noise: float) -> Floats:
    """Return the normal density at each point (rows) around each mean (columns)."""
    return np.asarray(np.exp(-0.5 * ((at[:, None] - means) / noise) ** 2) / (noise * np.sqrt(2.0 * np.pi)))
