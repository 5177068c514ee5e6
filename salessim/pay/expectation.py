"""What standing at a point is worth before luck has spoken: certainty equivalents by quadrature; compiled.

`smooth` serves the middle of a pay cycle, `bent` its end, where pay has kinks and jumps; `cubic` reads a value function
between its grid points. See `salessim.pay.solve` for what they are for.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import Curves
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log

__all__ = ["PER_ROOT_2PI", "bent", "cubic", "smooth"]

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
PER_ROOT_2PI: Final = 0.3989422804014327


@rule
def cubic(value: Floats, slope: Floats, low: float, h: float, x: float) -> tuple[float, float]:
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
        v, s = cubic(start[:half], start[half:], 0.0, up, factor + z)
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
def smooth(
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
def bent(
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
        crooked = ratchet and left < quota < stop
        for j in range(first, last):
            crooked = crooked or left < curves.start[j] < stop
        if not crooked:  # straight, or nearly so where a ratchet's continuation value joins on
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
                w = _LEGENDRE_WEIGHT[q] * half * exp(-0.5 * u * u) * PER_ROOT_2PI / noise
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
                density = exp(-0.5 * u * u) * PER_ROOT_2PI / noise
                if risk == 0.0:
                    moved += worth * jump * density
                else:
                    v, _ = _at_end(curves, row, quota, factor, up, down, factors, start, b)
                    x = worth * v + flow * b - middle
                    moved += density * (exp(-risk * (x - worth * jump)) - exp(-risk * x)) / risk
        gain[i] = middle + (mean / total if risk == 0.0 else -log(mass / total) / risk)
        gain_slope[i] = (tilt + moved) / mass
