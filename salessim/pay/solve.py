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
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log

__all__ = ["Types", "cost_of_effort", "solve", "solve_nested"]

Floats = NDArray[np.float64]

# Nodes for a standard normal (Gauss-Hermite, 15) and for [-1, 1] (Gauss-Legendre, 12): written out, because a library
# computes them from eigenvalues, which differ between machines in the last bit.
_H: Final = np.array([0.0, 0.7991290683245481, 1.6067100690287297, 2.432436827009758, 3.289082424398767,
                      4.1962077112690155, 5.190093591304782, 6.3639478888298395])  # fmt: skip
_HW: Final = np.array([0.3182595182595182, 0.2324622936097323, 0.08941779539984439, 0.017365774492137616,
                       0.0015673575035499558, 5.642146405189015e-05, 5.975419597920582e-07,
                       8.589649899633293e-10])  # fmt: skip
_HERMITE: Final = np.concatenate([-_H[:0:-1], _H])
_HERMITE_WEIGHT: Final = np.concatenate([_HW[:0:-1], _HW]) / (_HW[0] + 2.0 * _HW[1:].sum())
_L: Final = np.array([0.1252334085114689, 0.3678314989981802, 0.5873179542866175, 0.7699026741943047,
                      0.9041172563704748, 0.9815606342467192])  # fmt: skip
_LW: Final = np.array([0.2491470458134027, 0.2334925365383546, 0.20316742672306573, 0.16007832854334642,
                       0.10693932599531907, 0.04717533638651141])  # fmt: skip
_LEGENDRE: Final = np.concatenate([-_L[::-1], _L])
_LEGENDRE_WEIGHT: Final = np.concatenate([_LW[::-1], _LW])
_REACH: Final = 6.5  # standard deviations of noise that are integrated over: leaves out 8e-11
_WIDEST: Final = 3.25  # a panel of 12 nodes integrates a normal density this many deviations wide to 1e-10
_PER_ROOT_2PI: Final = 0.3989422804014327
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
def _power(x: float, p: float) -> float:
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
    return _power(effort, power) / (power * ease)


@rule
def _cubic(value: Floats, slope: Floats, low: float, h: float, x: float) -> tuple[float, float]:
    """Return value and slope at `x` of the cubic Hermite interpolant; beyond the grid it goes on straight."""
    n = len(value)
    u = (x - low) / h
    if u <= 0.0:
        return value[0] + slope[0] * (x - low), slope[0]
    if u >= n - 1.0:
        return value[n - 1] + slope[n - 1] * (x - low - (n - 1.0) * h), slope[n - 1]
    j = int(u)
    t = u - j
    rise = value[j + 1] - value[j]
    left, right = slope[j] * h - rise, slope[j + 1] * h - rise
    bend = left * (1.0 - t) - right * t
    v = value[j] + t * (rise + (1.0 - t) * bend)
    s = (rise + (1.0 - 2.0 * t) * bend - t * (1.0 - t) * (left + right)) / h
    return v, s


@rule
def _straight(points: Floats, values: Floats, x: float) -> tuple[float, float]:
    """Return value and slope at `x` of linear interpolation between uneven points, constant beyond them."""
    n = len(points)
    if n == 1 or x <= points[0]:
        return values[0], 0.0
    if x >= points[n - 1]:
        return values[n - 1], 0.0
    j = 0
    while x >= points[j + 1]:
        j += 1
    s = (values[j + 1] - values[j]) / (points[j + 1] - points[j])
    return values[j] + s * (x - points[j]), s


@rule
def _at_end(
    curves: Curves,
    row: int,
    quota: float,
    factor: float,
    up: float,
    down: float,
    factors: Floats,
    start: Floats,
    z: float,
) -> tuple[float, float]:
    """Return what ending a cycle at `z` is worth, pay and next cycle, and its slope.

    A quota of 0 stands for a cycle inside a longer one: `factor` is then the credit before it, `up` the spacing of the
    credits of which `start` holds first the values and then the slopes.
    """
    j = curves.first[row + 1] - 1
    while j > curves.first[row] and z < curves.start[j]:
        j -= 1
    value = curves.level[j] + curves.slope[j] * (z - curves.start[j])
    slope = curves.slope[j]
    if len(factors) > 1 and quota == 0.0:
        half = len(start) // 2
        v, s = _cubic(start[:half], start[half:], 0.0, up, factor + z)
        value += v
        slope += s
    elif len(factors) > 1:
        ratio = z / quota
        share = up if ratio > 1.0 else down
        v, s = _straight(factors, start, factor * (1.0 + share * (ratio - 1.0)))
        value += v
        slope += s * factor * share / quota
    return value, slope


@rule
def _smooth(
    value: Floats,
    slope: Floats,
    h: float,
    worth: float,
    flow: float,
    noise: float,
    risk: float,
    low: float,
    gain: Floats,
    gain_slope: Floats,
) -> None:
    """Fill certainty equivalent and its slope at every grid point, from a smooth value function.

    A node of the quadrature lies equally far from every grid point, so its four Hermite weights are the same for all.
    """
    n = len(gain)
    mass = np.zeros(n)
    gain[:] = 0.0
    gain_slope[:] = 0.0
    for q in range(len(_HERMITE)):
        shift = noise * _HERMITE[q] / h
        cells = int(np.floor(shift))
        t = shift - cells
        right = t * t * (3.0 - 2.0 * t)
        a, b = t * (1.0 - t) * (1.0 - t) * h, -t * t * (1.0 - t) * h
        c, d = 1.0 - t * (4.0 - 3.0 * t), t * (3.0 * t - 2.0)
        bend = 6.0 * t * (1.0 - t) / h
        for i in range(n):
            j = i + cells
            if j < 0:
                s = slope[0]
                v = value[0] + s * (i + shift) * h
            elif j >= n - 1:
                s = slope[n - 1]
                v = value[n - 1] + s * (i + shift - (n - 1.0)) * h
            else:
                rise = value[j + 1] - value[j]
                v = value[j] + right * rise + a * slope[j] + b * slope[j + 1]
                s = bend * rise + c * slope[j] + d * slope[j + 1]
            x = worth * (v - value[i]) + flow * shift * h
            w = _HERMITE_WEIGHT[q]
            if risk != 0.0:
                w *= exp(-risk * x)
                mass[i] += w
            else:
                gain[i] += w * x
            gain_slope[i] += w * (worth * s + flow)
    for i in range(n):
        if risk != 0.0:
            gain[i] = -log(mass[i]) / risk
            gain_slope[i] /= mass[i]
        gain[i] += worth * value[i] + flow * (low + i * h)


@rule
def _bent(
    curves: Curves,
    row: int,
    quota: float,
    factor: float,
    up: float,
    down: float,
    factors: Floats,
    start: Floats,
    low: float,
    h: float,
    worth: float,
    flow: float,
    noise: float,
    risk: float,
    gain: Floats,
    gain_slope: Floats,
) -> None:
    """Fill certainty equivalent and its slope at every grid point for the end of a cycle, kinks and jumps exactly."""
    first, last = curves.first[row] + 1, curves.first[row + 1]
    ratchet = len(factors) > 1 and quota > 0.0
    for i in range(len(gain)):
        m = low + i * h
        middle, _ = _at_end(curves, row, quota, factor, up, down, factors, start, m)
        middle = worth * middle + flow * m
        mean, tilt, mass, moved, total = 0.0, 0.0, 0.0, 0.0, 0.0
        left, stop = m - _REACH * noise, m + _REACH * noise
        bent = ratchet and left < quota < stop
        for j in range(first, last):
            bent = bent or left < curves.start[j] < stop
        if not bent:  # straight, or nearly so where a ratchet's continuation value joins on
            for q in range(len(_HERMITE)):
                z = m + noise * _HERMITE[q]
                v, s = _at_end(curves, row, quota, factor, up, down, factors, start, z)
                x = worth * v + flow * z - middle
                w = _HERMITE_WEIGHT[q] if risk == 0.0 else _HERMITE_WEIGHT[q] * exp(-risk * x)
                mass += w
                mean += w * x
                tilt += w * (worth * s + flow)
            gain[i] = middle + (mean if risk == 0.0 else -log(mass) / risk)
            gain_slope[i] = tilt / mass
            continue
        while left < stop:
            right = min(left + _WIDEST * noise, stop)
            for j in range(first, last):
                if left < curves.start[j] < right:
                    right = curves.start[j]
            if ratchet and left < quota < right:
                right = quota
            half = 0.5 * (right - left)
            for q in range(len(_LEGENDRE)):
                z = left + half * (1.0 + _LEGENDRE[q])
                u = (z - m) / noise
                w = _LEGENDRE_WEIGHT[q] * half * exp(-0.5 * u * u) * _PER_ROOT_2PI / noise
                v, s = _at_end(curves, row, quota, factor, up, down, factors, start, z)
                x = worth * v + flow * z - middle
                total += w
                if risk != 0.0:
                    w *= exp(-risk * x)
                mass += w
                mean += w * x
                tilt += w * (worth * s + flow)
            left = right
        for j in range(first, last):
            b = curves.start[j]
            u = (b - m) / noise
            jump = curves.level[j] - (curves.level[j - 1] + curves.slope[j - 1] * (b - curves.start[j - 1]))
            if jump != 0.0 and abs(u) < _REACH:
                density = exp(-0.5 * u * u) * _PER_ROOT_2PI / noise
                if risk == 0.0:
                    moved += worth * jump * density
                else:
                    v, _ = _at_end(curves, row, quota, factor, up, down, factors, start, b)
                    x = worth * v + flow * b - middle
                    moved += density * (exp(-risk * (x - worth * jump)) - exp(-risk * x)) / risk
        gain[i] = middle + (mean / total if risk == 0.0 else -log(mass / total) / risk)
        gain_slope[i] = (tilt + moved) / mass


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
    best, _ = _cubic(gain, gain_slope, low, h, at)
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
    _, s = _cubic(gain, gain_slope, low, h, chosen)
    a, fa = chosen, effect * s - _power((chosen - at) / effect, power - 1.0) / ease
    b = chosen + h if fa > 0.0 else max(at, chosen - h)
    _, s = _cubic(gain, gain_slope, low, h, b)
    fb = effect * s - _power((b - at) / effect, power - 1.0) / ease
    if fa == 0.0 or (fa > 0.0) == (fb > 0.0) or a == b:
        return (chosen - at) / effect  # a corner, or a kink of the value function
    for _ in range(60):  # Illinois: a secant that keeps the root between its ends, exact at once where it is linear
        c = b - fb * (b - a) / (fb - fa)
        _, s = _cubic(gain, gain_slope, low, h, c)
        fc = effect * s - _power((c - at) / effect, power - 1.0) / ease
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
                _bent(curves, row, quota, factor, up, down, factors, start, low, h, worth, flow, noise, risk, g, gs)
            else:
                _smooth(value[t + 1], slope[t + 1], h, worth, flow, noise, risk, low, g, gs)
        peak = 0.0
        for j in range(n):
            peak = max(peak, gain_slope[j])
        most = _power(ease * k * peak, 1.0 / (power - 1.0))
        for j in range(n):
            at = low + j * h + types.base[i] * season[t]
            e = _best_effort(gain, gain_slope, low, h, at, k, ease, power, most)
            effort[t, j] = e
            if bias == 1.0:
                v, s = _cubic(gain, gain_slope, low, h, at + k * e)
            else:
                v, s = _cubic(true, true_slope, low, h, at + k * e)
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
            change[f], _ = _cubic(scratch[1][0], scratch[2][0], low, h, 0.0)
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
                start[f], _ = _cubic(value[i, f, a], slope[i, f, a], low[i], h[i], 0.0)
            for f in range(n_points):
                left, right = max(f - 1, 0), min(f + 1, n_points - 1)
                start[n_points + f] = (start[right] - start[left]) / ((right - left) * width)
