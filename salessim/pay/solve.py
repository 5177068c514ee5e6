"""The dynamic programme of one rep against his pay plan, solved backwards on a grid; compiled.

In step `t` of a pay cycle a rep who has credited `y` so far chooses effort `e` and then stands at
``z = y + base + k e + noise``. With ``m = y + base + k e``,

    V_t(y) = max_e { -c(e) + CE[flow * (z - y) + delta * V_{t+1}(z)] },       V_end(z) = pay(z) + next cycle,

so the certainty equivalent is a function ``G(m)`` of `m` alone: it is computed once per grid point, not once per
state and effort. `CE` is the mean or, with risk aversion `r`, ``-log(E[exp(-r x)]) / r`` (constant absolute risk
aversion, applied step by step). Effort costs ``c(e) = e**p / (p * ease)``; ``p = 2`` is ``e**2 / (2 c0)``.

* Mid-cycle, where `V` is smooth: Gauss-Hermite quadrature, 15 nodes; `V` between grid points by cubic Hermite
  interpolation of value *and* slope, since the envelope theorem gives the slope for nothing: ``V'(y) = G'(m) - flow``.
* At the end of a cycle, where pay has kinks and jumps: Gauss-Legendre quadrature between them, so that a bonus step is
  integrated exactly, wherever it lies between grid points; the slope takes each jump times the density at it.
* Effort: the best grid point of ``G(m) - c``, then the root of the first-order condition beside it. Efforts up to the
  one that the largest marginal value would justify are looked at, so the grid always reaches past the peak.
* Ratchet: the quota of the next cycle is the present one times ``1 + up * overshoot - down * miss``; the value of a
  cycle's start is iterated until its differences between quota factors settle, and enters as continuation value.

Form: science of the agent as in Misra & Nair (2011) and Chung, Steenburgh & Sudhir (2014); numerical scheme ours.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import Curves
from salessim.pay.expectation import bent, cubic, smooth
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log

__all__ = ["Types", "cost_of_effort", "power_of", "solve", "solve_nested"]

Floats = NDArray[np.float64]

_MOST_CYCLES: Final = 60
_COARSE: Final = 4  # the ratchet's continuation value is iterated on a grid this many times wider


class Types(NamedTuple):
    """Rep types, one element each; amounts in units of what the payout curves read, per step.

    Attributes
    ----------
    base : sales of a step without effort
    effect : sales that one unit of effort adds (k)
    noise : standard deviation of a step's sales
    ease : c0 of the cost of effort ``e**power / (power * c0)``, money
    power : exponent of the cost
    discount : worth of money one step later
    bias : extra factor on all that is later (present bias), 1 for none
    risk : constant absolute risk aversion, per money
    flow : money per unit of sales that is paid in the same step
    """

    base: Floats
    effect: Floats
    noise: Floats
    ease: Floats
    power: Floats
    discount: Floats
    bias: Floats
    risk: Floats
    flow: Floats


@rule
def power_of(x: float, p: float) -> float:
    """Return ``x**p`` for `x` of 0 or more, the same bits on every machine; 0 below."""
    if p == 1.0 or x <= 0.0:
        return max(x, 0.0)
    return x * x if p == 2.0 else exp(p * log(x))


@rule
def cost_of_effort(effort: float, ease: float, power: float) -> float:
    """Return ``effort**power / (power * ease)``, money.

    Examples
    --------
    >>> cost_of_effort(3.0, 0.5, 2.0)
    9.0
    """
    return power_of(effort, power) / (power * ease)


@rule
def _best_effort(
    gain: Floats,
    gain_slope: Floats,
    low: float,
    h: float,
    at: float,
    effect: float,
    ease: float,
    power: float,
    most: float,
) -> float:
    """Return the effort that is best from ``m = at`` on: on the grid first, then the first-order condition."""
    if effect <= 0.0 or most <= 0.0:
        return 0.0
    n = len(gain)
    best, _ = cubic(gain, gain_slope, low, h, at)
    chosen = at
    j = int(np.floor((at - low) / h)) + 1
    m = low + j * h
    end = at + effect * most + h
    while m <= end:
        if j < 0:
            g = gain[0] + gain_slope[0] * (m - low)
        elif j >= n:
            g = gain[n - 1] + gain_slope[n - 1] * (m - low - (n - 1.0) * h)
        else:
            g = gain[j]
        g -= cost_of_effort((m - at) / effect, ease, power)
        if g > best:
            best, chosen = g, m
        j += 1
        m = low + j * h
    _, s = cubic(gain, gain_slope, low, h, chosen)
    a, fa = chosen, effect * s - power_of((chosen - at) / effect, power - 1.0) / ease
    b = chosen + h if fa > 0.0 else max(at, chosen - h)
    _, s = cubic(gain, gain_slope, low, h, b)
    fb = effect * s - power_of((b - at) / effect, power - 1.0) / ease
    if fa == 0.0 or (fa > 0.0) == (fb > 0.0) or a == b:
        return (chosen - at) / effect  # a corner, or a kink of the value function
    for _ in range(60):  # Illinois: a secant that keeps the root between its ends, exact at once where it is linear
        c = b - fb * (b - a) / (fb - fa)
        _, s = cubic(gain, gain_slope, low, h, c)
        fc = effect * s - power_of((c - at) / effect, power - 1.0) / ease
        if fc == 0.0 or abs(c - b) < 1e-12 * h:
            b = c
            break
        if (fc > 0.0) == (fb > 0.0):
            fa *= 0.5
        else:
            a, fa = b, fb
        b, fb = c, fc
    return (b - at) / effect


@rule
def _solve_cycle(
    types: Types,
    i: int,
    curves: Curves,
    row: int,
    quota: float,
    factor: float,
    up: float,
    down: float,
    factors: Floats,
    start: Floats,
    season: Floats,
    low: float,
    h: float,
    effort: Floats,
    value: Floats,
    slope: Floats,
) -> None:
    """Fill effort, value and marginal value of one cycle (steps, n), from its end to its start."""
    steps, n = effort.shape
    gain, gain_slope = np.empty(n), np.empty(n)
    true, true_slope = np.empty(n), np.empty(n)
    k, ease, power, flow = types.effect[i], types.ease[i], types.power[i], types.flow[i]
    noise, risk, bias = types.noise[i], types.risk[i], types.bias[i]
    for t in range(steps - 1, -1, -1):
        for pick in range(2):
            if pick == 1 and bias == 1.0:
                break
            worth = types.discount[i] * (bias if pick == 0 else 1.0)
            g, gs = (gain, gain_slope) if pick == 0 else (true, true_slope)
            if t == steps - 1:
                bent(curves, row, quota, factor, up, down, factors, start, low, h, worth, flow, noise, risk, g, gs)
            else:
                smooth(value[t + 1], slope[t + 1], h, worth, flow, noise, risk, low, g, gs)
        peak = 0.0
        for j in range(n):
            peak = max(peak, gain_slope[j])
        most = power_of(ease * k * peak, 1.0 / (power - 1.0))
        for j in range(n):
            at = low + j * h + types.base[i] * season[t]
            e = _best_effort(gain, gain_slope, low, h, at, k, ease, power, most)
            effort[t, j] = e
            if bias == 1.0:
                v, s = cubic(gain, gain_slope, low, h, at + k * e)
            else:
                v, s = cubic(true, true_slope, low, h, at + k * e)
            value[t, j] = v - cost_of_effort(e, ease, power) - flow * (low + j * h)
            slope[t, j] = s - flow
        if bias != 1.0:  # the chooser is not the one who values: the envelope theorem does not hold
            for j in range(n):
                a, b = max(j - 1, 0), min(j + 1, n - 1)
                slope[t, j] = (value[t, b] - value[t, a]) / ((b - a) * h)


@rule
def _settle(
    types: Types,
    i: int,
    curves: Curves,
    rows: NDArray[np.int64],
    quota: float,
    up: float,
    down: float,
    factors: Floats,
    start: Floats,
    season: Floats,
    low: float,
    h: float,
    tolerance: float,
    scratch: tuple[Floats, Floats, Floats],
) -> int:
    """Iterate the value of a cycle's start for each quota factor, relative to the first; returns the cycles it took.

    Only differences between factors move anybody, so the level is taken off. Every third cycle the geometric tail of
    the changes is added at once (Irons & Tuck 1969); the iteration that follows mends what was added too much.
    """
    n_factors = len(factors)
    change, before = np.zeros(n_factors), np.zeros(n_factors)
    for cycle in range(_MOST_CYCLES):
        before[:] = change
        for f in range(n_factors):
            _solve_cycle(
                types, i, curves, rows[f], quota * factors[f], factors[f], up, down, factors, start, season, low, h,
                scratch[0], scratch[1], scratch[2],
            )  # fmt: skip
            change[f], _ = cubic(scratch[1][0], scratch[2][0], low, h, 0.0)
        change -= change[0]
        spread = change.max() - change.min()
        change -= start
        start += change
        if np.abs(change).max() <= tolerance * spread:
            return cycle + 1
        if cycle % 3 == 2:
            ratio = (change * before).sum() / (before * before).sum()
            if 0.0 < ratio < 0.95:
                start += change * (ratio / (1.0 - ratio))
    return _MOST_CYCLES


@rule(nogil=True)
def solve(
    types: Types,
    curves: Curves,
    rows: NDArray[np.int64],
    quotas: Floats,
    factors: Floats,
    up: float,
    down: float,
    season: Floats,
    low: Floats,
    h: Floats,
    tolerance: float,
    effort: Floats,
    value: Floats,
    slope: Floats,
) -> int:
    """Fill the policies of all types; returns the most cycles that any type took to settle.

    Parameters
    ----------
    types : Types
    curves, rows
        Row ``rows[i, f]`` of `curves` is the payout of type `i` at quota factor `f`.
    quotas : (types,)
        Quota of a cycle at factor 1, in the unit of the curves.
    factors : (F,)
        Quota factors, rising; one element where quotas do not ratchet.
    up, down : float
        Ratchet of an overshoot and of a miss.
    season : (steps,)
        Factor on `base` in each step.
    low, h : (types,)
        First point and spacing of each type's grid.
    tolerance : float
        Change of the differences between factors, as a share of their range, below which a ratchet has settled.
    effort, value, slope : (types, F, steps, n)
        Filled: effort, value, marginal value.
    """
    most = 1
    for i in range(len(types.base)):
        start = np.zeros(len(factors))
        if len(factors) > 1:
            wide = h[i] * _COARSE
            n = int((value.shape[3] - 1) / _COARSE) + 2
            shape = (effort.shape[2], n)
            scratch = (np.empty(shape), np.empty(shape), np.empty(shape))
            most = max(most, _settle(
                types, i, curves, rows[i], quotas[i], up, down, factors, start, season, low[i], wide, tolerance, scratch
            ))  # fmt: skip
        for f in range(len(factors)):
            _solve_cycle(
                types, i, curves, rows[i, f], quotas[i] * factors[f], factors[f], up, down, factors, start, season,
                low[i], h[i], effort[i, f], value[i, f], slope[i, f],
            )  # fmt: skip
    return most


@rule(nogil=True)
def solve_nested(
    types: Types,
    curves: Curves,
    rows: NDArray[np.int64],
    short_rows: NDArray[np.int64],
    reach: Floats,
    short: int,
    season: Floats,
    low: Floats,
    h: Floats,
    effort: Floats,
    value: Floats,
    slope: Floats,
) -> None:
    """Fill the policies of a plan that pays by short cycles inside a long one, say quarters inside a year.

    The state is the credit of the present short cycle, on the grid, and the credit before it, `F` even points from 0 to
    `reach`. Inside a short cycle the second stands still, so each of its values is a programme of its own.

    Parameters
    ----------
    types, curves, season, low, h, effort, value, slope
        As in `solve`; steps are those of the long cycle.
    rows : (types, F)
        What the end of the last short cycle pays, the long cycle included, by credit before it.
    short_rows : (types,)
        What the end of another short cycle pays.
    reach : (types,)
        Largest credit before a short cycle that is looked at.
    short : int
        Steps of a short cycle.
    """
    n_points, steps = effort.shape[1], effort.shape[2]
    points, none = np.zeros(n_points), np.zeros(1)
    for i in range(len(types.base)):
        start = np.zeros(2 * n_points)
        width = reach[i] / (n_points - 1.0)
        for cycle in range(steps // short - 1, -1, -1):
            a, b = cycle * short, (cycle + 1) * short
            last = b == steps
            for f in range(n_points):
                row = rows[i, f] if last else short_rows[i]
                _solve_cycle(
                    types, i, curves, row, 0.0, f * width, width, 0.0, none if last else points, start, season[a:b],
                    low[i], h[i], effort[i, f, a:b], value[i, f, a:b], slope[i, f, a:b],
                )  # fmt: skip
            for f in range(n_points):
                start[f], _ = cubic(value[i, f, a], slope[i, f, a], low[i], h[i], 0.0)
            for f in range(n_points):
                left, right = max(f - 1, 0), min(f + 1, n_points - 1)
                start[n_points + f] = (start[right] - start[left]) / ((right - left) * width)
