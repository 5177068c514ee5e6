"""Policies: what the programme says a rep does, as tables, and the compiled rules that read them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule

__all__ = [
    "Policies", "effort_at", "marginal_value_at", "timing_gain", "value_at",
    "worth_later", "worth_now",
]  # fmt: skip

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
def worth_now(p: Policies, i: int, step: int, factor: float, y: float, size: float) -> float:
    """Return what crediting `size` in this cycle is worth to type `i` now, money; see `timing_gain`."""
    return value_at(p, i, step, factor, y + size) - value_at(p, i, step, factor, y) + p.flow[i] * size


@rule
def worth_later(p: Policies, i: int, step: int, factor: float, y: float, size: float, wait: int) -> float:
    """Return what crediting `size` at the start of the next cycle is worth to type `i` now; see `timing_gain`."""
    begins = (step // p.short + 1) * p.short
    before = factor
    if p.short < p.effort.shape[2]:
        before = factor + y if begins < p.effort.shape[2] else 0.0
    then = worth_now(p, i, begins % p.effort.shape[2], before, 0.0, size)
    for _ in range(wait):
        then *= p.discount[i]
    return then


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
    return worth_now(p, i, step, factor, y, size) - worth_later(p, i, step, factor, y, size, wait)
