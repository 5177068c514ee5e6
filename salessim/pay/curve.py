"""The payout curve: a component of a pay plan as flat arrays, and the compiled rules that read them.

A curve is piecewise linear in the amount credited in one period (in units of the measure), with jumps where a bonus
or a rate on the whole result begins. A table holds many curves, one per row: one per component and quota.

Boundaries. Piece `j` begins at ``start[j]``. Whether the point itself belongs to it is in ``closed[j]``: 1 where a
result that *reaches* the point has earned what begins there (right-continuous, the default of the language), 0 where
it must be *exceeded* (left-continuous). Where there is no jump the two are equal.

Below 0. The first piece has no lower end. Where the first tier begins at 0 and there is no threshold, a period whose
returns exceed its sales therefore pays a negative amount, which the statement carries forward as a debt.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.pay import Component, PayError
from salessim.world.compiled import rule

__all__ = ["Curves", "add_curves", "compile_component", "marginal", "payout", "payouts", "shifted", "stack"]

Floats = NDArray[np.float64]


class Curves(NamedTuple):
    """Payout curves as flat arrays: row `i` has the pieces ``first[i]`` to ``first[i + 1] - 1``.

    Attributes
    ----------
    first : (rows + 1,) int64
    start : (pieces,) float64
        Where the piece begins, in units of the measure, rising; of a row's first piece only the point at which
        `level` holds.
    level : (pieces,) float64
        Money at `start`, approached from the right.
    slope : (pieces,) float64
        Money per unit of the measure.
    closed : (pieces,) int64
        1 if `start` itself belongs to the piece.
    """

    first: NDArray[np.int64]
    start: Floats
    level: Floats
    slope: Floats
    closed: NDArray[np.int64]


@rule
def _piece(table: Curves, row: int, amount: float) -> int:
    """Return the piece of `row` that `amount` falls into."""
    j = table.first[row + 1] - 1
    while j > table.first[row]:
        if amount > table.start[j] or (amount == table.start[j] and table.closed[j] != 0):
            break
        j -= 1
    return j


@rule
def payout(table: Curves, row: int, amount: float) -> float:
    """Return the money that row `row` pays for `amount` credited in one period.

    Examples
    --------
    >>> from salessim.model.pay import Bonus, Component, Tier
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1)], bonuses=[Bonus(at=100, pays=50)]))
    >>> payout(curve, 0, 99.0), payout(curve, 0, 100.0)
    (9.9..., 60.0)
    """
    j = _piece(table, row, amount)
    return table.level[j] + table.slope[j] * (amount - table.start[j])


@rule
def marginal(table: Curves, row: int, amount: float) -> float:
    """Return the money that the next unit of the measure earns, jumps apart: the slope to the right of `amount`.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1), Tier(above=100, rate=0.2)]))
    >>> marginal(curve, 0, 99.0), marginal(curve, 0, 100.0)
    (0.1, 0.2)
    """
    j = table.first[row + 1] - 1
    while j > table.first[row] and amount < table.start[j]:
        j -= 1
    return table.slope[j]


def payouts(table: Curves, rows: ArrayLike, amounts: ArrayLike) -> Floats:
    """Return `payout` of many rows and amounts at once, without compiled code; shapes are broadcast.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1), Tier(above=100, rate=0.2)]))
    >>> payouts(curve, 0, [50.0, 100.0, 150.0]).tolist()
    [5.0, 10.0, 20.0]
    """
    which, x = np.broadcast_arrays(np.asarray(rows, dtype=np.int64), np.asarray(amounts, dtype=np.float64))
    j = table.first[which + 1] - 1
    for _ in range(int(np.diff(table.first).max(initial=1)) - 1):
        outside = (x < table.start[j]) | ((x == table.start[j]) & (table.closed[j] == 0))
        j = np.where((j > table.first[which]) & outside, j - 1, j)
    return np.asarray(table.level[j] + table.slope[j] * (x - table.start[j]), dtype=np.float64)


def compile_component(component: Component, quota: float | None = None) -> Curves:
    """Compile one component of a plan to a table of one row.

    Parameters
    ----------
    component : Component
    quota : float, optional
        Quota of one period in units of the measure; the component's own where left out.

    Returns
    -------
    Curves
        One row, in units of the measure and of money.

    Raises
    ------
    PayError
        The component is on attainment and there is no quota, or a quota of 0 or less.
    """
    scale, money = 1.0, 1.0
    if component.basis == "attainment":
        scale = _checked_quota(component, component.quota if quota is None else quota)
        money = 1.0 if component.target_pay is None else component.target_pay / scale
    tiers = _tiers(component, scale, money)
    threshold = _point(component.threshold * scale)
    bonuses = [(_point(bonus.at * scale), bonus.pays) for bonus in component.bonuses]
    points = {a for a, _, _ in tiers} | {b for _, b, _ in tiers if b < math.inf} | {at for at, _ in bonuses}
    edges = sorted(point for point in points | {threshold, 0.0} if point > 0.0)
    pieces: list[tuple[float, float, float]] = []
    for left in [0.0, *edges]:
        if left < threshold:
            pieces.append((left, 0.0, 0.0))
            continue
        level = sum(pays for at, pays in bonuses if at <= left)
        slope = 0.0
        for above, up_to, rate in tiers:
            if component.whole:
                if above <= left < up_to:
                    level, slope = level + rate * left, rate
            elif left >= above:
                level += rate * (min(left, up_to) - above)
                slope = rate if left < up_to else slope
        pieces.append((left, level, slope))
    if component.cap is not None:
        pieces = _capped(pieces, component.cap)
    earns_at_once = not edges or threshold <= 0.0
    if (tiers and (tiers[0][0] > 0.0 or not earns_at_once)) or any(at <= 0.0 for at, _ in bonuses):
        pieces.insert(0, (0.0, 0.0, 0.0))  # nothing below 0, not even a debt
    kept = [pieces[0]]
    for piece in pieces[1:]:
        start, level, slope = kept[-1]
        if piece[2] != slope or piece[1] != level + slope * (piece[0] - start):
            kept.append(piece)
    columns = np.array(kept).T.copy()
    closed = np.full(len(kept), 1 if component.boundary == "reached" else 0, dtype=np.int64)
    return Curves(np.array([0, len(kept)], dtype=np.int64), columns[0], columns[1], columns[2], closed)


def stack(tables: Sequence[Curves]) -> Curves:
    """Put the rows of several tables below one another.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> rows = [compile_component(Component(title="a", tiers=[Tier(rate=rate)])) for rate in (0.1, 0.2)]
    >>> payouts(stack(rows), [0, 1], 10.0).tolist()
    [1.0, 2.0]
    """
    counts = np.concatenate([np.zeros(0, np.int64), *(np.diff(table.first) for table in tables)])
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    columns = [np.concatenate([table[k] for table in tables]) for k in range(1, 5)]
    return Curves(first, *columns)


def shifted(table: Curves, by: float) -> Curves:
    """Return the curve of one row that pays for `amount` what `table` pays for ``by + amount``.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> curve = compile_component(Component(title="a", tiers=[Tier(rate=0.1), Tier(above=100, rate=0.2)]))
    >>> payouts(shifted(curve, 80.0), 0, [0.0, 20.0, 30.0]).tolist()
    [8.0, 10.0, 12.0]
    """
    return table._replace(start=table.start - by)


def add_curves(tables: Sequence[Curves], factors: Sequence[float]) -> Curves:
    """Add curves of one row each, on the axis of one common amount: curve `i` reads ``factors[i] * amount``.

    A plan that pays for revenue and for margin is thereby one curve in revenue, if the margin is a fixed share of it.

    Raises
    ------
    PayError
        A factor is not more than 0.

    Examples
    --------
    >>> from salessim.model.pay import Component, Tier
    >>> rows = [compile_component(Component(title="a", tiers=[Tier(rate=rate)])) for rate in (0.1, 0.2)]
    >>> payouts(add_curves(rows, [1.0, 0.5]), 0, [10.0]).tolist()
    [2.0]
    """
    if not tables:
        zero = np.zeros(1)
        return Curves(np.array([0, 1]), zero, zero, zero, np.ones(1, dtype=np.int64))
    if len(factors) != len(tables) or min(factors) <= 0:
        raise PayError(explain("one factor for each curve", where="factors", value=list(factors), allowed="above 0"))
    edges = np.unique(np.concatenate([t.start[1:] / f for t, f in zip(tables, factors, strict=True)]))
    starts = np.concatenate([[min(float(edges[0]), 0.0) if len(edges) else 0.0], edges])
    level, slope = np.zeros(len(starts)), np.zeros(len(starts))
    closed = np.ones(len(starts), dtype=np.int64)
    for table, factor in zip(tables, factors, strict=True):
        own = table.start[1:] / factor
        j = np.concatenate([[0], np.searchsorted(own, edges, side="right")]).astype(np.int64)
        level += table.level[j] + table.slope[j] * (factor * starts - table.start[j])
        slope += table.slope[j] * factor
        closed[1:][np.isin(edges, own[table.closed[1:] == 0])] = 0
    return Curves(np.array([0, len(starts)], dtype=np.int64), starts, level, slope, closed)


def _checked_quota(component: Component, quota: float | None) -> float:
    if quota is None or not (quota > 0 and math.isfinite(quota)):
        raise PayError(
            explain(
                "attainment needs a quota", where=f"component {component.title!r}, quota", value=quota,
                allowed="more than 0", remedy="Give the component a quota, or allocate quotas to the reps first",
            )
        )  # fmt: skip
    return quota


def _tiers(component: Component, scale: float, money: float) -> list[tuple[float, float, float]]:
    """Return above, up to and rate of the tiers, in units of the measure and money per unit."""
    ends = [tier.up_to for tier in component.tiers]
    for i in range(len(ends) - 1):
        ends[i] = component.tiers[i + 1].above if ends[i] is None else ends[i]
    return [
        (_point(tier.above * scale), math.inf if end is None else _point(end * scale), tier.rate * money)
        for tier, end in zip(component.tiers, ends, strict=True)
    ]


def _point(amount: float) -> float:
    """Round to 12 digits: 1.1 times a quota of 100 is 110, and whoever credits 110.00 has reached it."""
    return float(f"{amount:.12g}")


def _capped(pieces: list[tuple[float, float, float]], cap: float) -> list[tuple[float, float, float]]:
    """Cut rising pieces off at `cap`: one of them crosses it, or a jump does."""
    found: list[tuple[float, float, float]] = []
    for i, (start, level, slope) in enumerate(pieces):
        if level >= cap:
            found.append((start, cap, 0.0))
            break
        found.append((start, level, slope))
        end = pieces[i + 1][0] if i + 1 < len(pieces) else math.inf
        if slope > 0 and start + (cap - level) / slope < end:
            found.append((start + (cap - level) / slope, cap, 0.0))
            break
    return found
