"""The myopic rep: one look ahead along his present pace, and no plan for good or bad luck. Made for speed; compiled.

He expects to go on as now until his pay cycle ends. Quotas that ratchet and risk are beyond him. He is tested against
the programme of `salessim.pay.solve`.
"""

from __future__ import annotations

import numpy as np

from salessim.pay.curve import Curves
from salessim.pay.expectation import PER_ROOT_2PI
from salessim.pay.solve import Types, power_of
from salessim.world.compiled import rule
from salessim.world.numbers import exp, sqrt

__all__ = ["expected_payout", "myopic_effort"]


@rule
def expected_payout(curves: Curves, row: int, mean: float, spread: float) -> float:
    """Return the mean payout of a curve where credit is normal: each bend and each jump in closed form.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> from salessim.pay.curve import compile_component
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1), Tier(above=100, rate=0.2)]))
    >>> round(expected_payout(curve, 0, 50.0, 1.0), 6), round(expected_payout(curve, 0, 100.0, 10.0), 4)
    (5.0, 10.3989)
    """
    first = curves.first[row]
    total = curves.level[first] + curves.slope[first] * (mean - curves.start[first])
    for c in range(first + 1, curves.first[row + 1]):
        u = (mean - curves.start[c]) / spread
        above = _above(u)
        before = curves.level[c - 1] + curves.slope[c - 1] * (curves.start[c] - curves.start[c - 1])
        total += (curves.level[c] - before) * above
        beyond = (mean - curves.start[c]) * above + spread * PER_ROOT_2PI * exp(-0.5 * u * u)
        total += (curves.slope[c] - curves.slope[c - 1]) * beyond
    return total


@rule
def myopic_effort(types: Types, i: int, curves: Curves, row: int, left: int, y: float) -> float:
    """Return the effort of a rep of type `i` who expects to go on as now until the cycle ends, `left` steps away.

    The rep weighs the mean slope of his payout curve where that would bring him, each jump at its density, discounted
    to today.

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
