"""Policies: what the programme says a rep does, as tables, and the compiled rules that read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.pay.curve import Curves
from salessim.pay.expectation import PER_ROOT_2PI
from salessim.pay.solve import Types, power_of
from salessim.world.compiled import rule
from salessim.world.numbers import exp, sqrt

__all__ = ["Policies", "effort_at", "marginal_value_at", "myopic_effort", "timing_gain", "value_at"]

Floats = NDArray[np.float64]


class Policies(NamedTuple):
    """Policies of rep types on a grid of quota factor, step of the cycle and credit so far.

    Attributes
    ----------
    effort, value, slope : (types, factors, steps, n)
        Best effort, value in money, and marginal value (money per unit of credit) before the step's work.
    low, h : (types,)
        First grid point and spacing of each type, in units of the measure.
    factors : (factors,)
        Factors on the quota, rising; ``[1.0]`` where quotas do not ratchet. Where pay bends over two periods, credit
        before the present short one, as a share of `scale`.
    scale : (types,)
        Unit of `factors`: 1, or the largest credit before a short period.
    short : int
        Steps after which credit is counted from 0 again.
    discount, flow : (types,)
        Worth of money one step later; money per unit paid at once.
    """

    effort: NDArray[np.float64]
    value: NDArray[np.float64]
    slope: NDArray[np.float64]
    low: Floats
    h: Floats
    factors: Floats
    scale: Floats
    short: int
    discount: Floats
    flow: Floats


@rule
def _on_line(row: Floats, low: float, h: float, y: float) -> float:
    """Return the linear interpolation of a grid row; `y` beyond the grid is moved onto its end."""
    u = min(max((y - low) / h, 0.0), len(row) - 1.0)
    j = min(int(u), len(row) - 2)
    return row[j] + (u - j) * (row[j + 1] - row[j])


@rule
def _read(table: NDArray[np.float64], p: Policies, i: int, step: int, factor: float, y: float) -> float:
    last = len(p.factors) - 1
    factor = factor / p.scale[i]
    if last == 0 or factor <= p.factors[0]:
        return _on_line(table[i, 0, step], p.low[i], p.h[i], y)
    if factor >= p.factors[last]:
        return _on_line(table[i, last, step], p.low[i], p.h[i], y)
    f = 0
    while factor >= p.factors[f + 1]:
        f += 1
    share = (factor - p.factors[f]) / (p.factors[f + 1] - p.factors[f])
    a = _on_line(table[i, f, step], p.low[i], p.h[i], y)
    b = _on_line(table[i, f + 1, step], p.low[i], p.h[i], y)
    return a + share * (b - a)


@rule
def effort_at(p: Policies, i: int, step: int, factor: float, y: float) -> float:
    """Return the effort of type `i` in a step of the cycle, at a quota factor, with `y` credited so far.

    1 is the effort of today (see `salessim.pay.programme.rep_types`). Outside the grid the nearest point of it is read.
    Where pay bends over two periods, `y` is the credit of the short one and `factor` the credit of the long one before
    it, in units of the measure.
    """
    return _read(p.effort, p, i, step, factor, y)


@rule
def marginal_value_at(p: Policies, i: int, step: int, factor: float, y: float) -> float:
    """Return what one more unit of credit is worth to type `i` now, money: beside pay in the same step."""
    return _read(p.slope, p, i, step, factor, y)


@rule
def value_at(p: Policies, i: int, step: int, factor: float, y: float) -> float:
    """Return the value of the rest of the cycle to type `i`, money; beyond the grid it goes on straight."""
    n = p.value.shape[3]
    high = p.low[i] + (n - 1.0) * p.h[i]
    inside = min(max(y, p.low[i]), high)
    beyond = (y - inside) * _read(p.slope, p, i, step, factor, inside)
    return _read(p.value, p, i, step, factor, inside) + beyond


@rule
def timing_gain(p: Policies, i: int, step: int, factor: float, y: float, size: float, wait: int) -> float:
    """Return what it is worth to type `i` to credit a deal in this cycle and not at the start of the next.

    Parameters
    ----------
    p : Policies
    i, step, factor, y
        Type, present step, quota factor, credit so far.
    size : float
        Credit of the deal.
    wait : int
        Steps until the next cycle begins, 1 or more.

    Returns
    -------
    float
        Money. Positive: pulling the deal in pays, up to this much in discount or favours. Negative: a deal that could
        close now is worth this much more if it is pushed out.
    """
    now = value_at(p, i, step, factor, y + size) - value_at(p, i, step, factor, y) + p.flow[i] * size
    begins = (step // p.short + 1) * p.short
    before = factor
    if p.short < p.effort.shape[2]:
        before = factor + y if begins < p.effort.shape[2] else 0.0
    begins = begins % p.effort.shape[2]
    then = value_at(p, i, begins, before, size) - value_at(p, i, begins, before, 0.0) + p.flow[i] * size
    worth = 1.0
    for _ in range(wait):
        worth *= p.discount[i]
    return now - worth * then


@rule
def myopic_effort(types: Types, i: int, curves: Curves, row: int, left: int, y: float) -> float:
    """Return the effort of a rep of type `i` who expects to go on as now until the cycle ends, `left` steps away.

    He weighs the mean slope of his payout curve where that would bring him, each jump at its density, discounted to
    today: one look ahead and no plan for what he would do after good or bad luck. Made for speed; it needs no table.
    Quotas that ratchet, risk and season are beyond him.

    Parameters
    ----------
    types, i
        Rep types and which of them.
    curves, row
        His payout curve.
    left : int
        Steps left, the present one included: 1 or more.
    y : float
        Credit so far.
    """
    spread = types.noise[i] * sqrt(float(left))
    worth = types.bias[i]
    for _ in range(left):
        worth *= types.discount[i]
    k, steepness = types.effect[i], types.power[i] - 1.0
    effort, best, miss = 0.0, 0.0, np.inf
    top = 0.0
    for look in range(2):  # efforts from 0 to the most that any point of the curve justifies; the most consistent wins
        points = 1 if look == 0 else 48
        for j in range(points + 1):
            expected = effort if look == 0 else top * j / points
            m = y + left * (types.base[i] + k * expected)
            gain, peak = 0.0, 0.0
            first = curves.first[row]
            for c in range(first, curves.first[row + 1]):
                above = 1.0 if c == first else _above((m - curves.start[c]) / spread)
                rise = curves.slope[c] - (curves.slope[c - 1] if c > first else 0.0)
                gain += rise * above
                peak = max(peak, curves.slope[c])
                if c > first:
                    before = curves.level[c - 1] + curves.slope[c - 1] * (curves.start[c] - curves.start[c - 1])
                    u = (curves.start[c] - m) / spread
                    density = PER_ROOT_2PI / spread
                    gain += (curves.level[c] - before) * density * exp(-0.5 * u * u)
                    peak += max(curves.level[c] - before, 0.0) * density
            answer = power_of(types.ease[i] * k * (types.flow[i] + worth * gain), 1.0 / steepness)
            top = max(top, power_of(types.ease[i] * k * (types.flow[i] + worth * peak), 1.0 / steepness))
            if look == 1 and abs(answer - expected) <= miss:
                best, miss = answer, abs(answer - expected)
    return best


@rule
def _above(z: float) -> float:
    """Return the standard normal distribution function: error below 8e-8 (Abramowitz & Stegun 26.2.17)."""
    t = 1.0 / (1.0 + 0.2316419 * abs(z))
    tail = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail *= PER_ROOT_2PI * exp(-0.5 * z * z)
    return 1.0 - tail if z > 0.0 else tail
