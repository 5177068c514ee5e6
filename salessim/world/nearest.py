"""The reps that are cheapest for an account: distance and cost of a change, less each rep's price.

Reps stand in an order in which neighbours have neighbouring row numbers. Sixteen consecutive ones make a block, sixteen
blocks an area; blocks and areas that are too far away or too dear are passed over whole, so a search looks at some
dozens of reps whether there are a hundred or ten thousand.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule

__all__ = ["boxes", "listed", "lower", "search"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]

_BLOCK = 16
_SURE = 1.0 - 1e-9
"""Margin for rounding where squares are compared in place of distances."""


@rule
def boxes(place: Floats, price: Floats) -> tuple[Floats, Floats]:
    """Return bounding box and highest price (x0, x1, y0, y1, price) of each block and of each area."""
    reps = len(place)
    block = np.empty(((reps + _BLOCK - 1) // _BLOCK, 5))
    area = np.empty(((len(block) + _BLOCK - 1) // _BLOCK, 5))
    for side in range(5):
        block[:, side] = np.inf if side % 2 == 0 and side < 4 else -np.inf
        area[:, side] = block[0, side]
    for r in range(reps):
        for box, b in ((block, r // _BLOCK), (area, r // _BLOCK // _BLOCK)):
            box[b, 0] = min(box[b, 0], place[r, 0])
            box[b, 1] = max(box[b, 1], place[r, 0])
            box[b, 2] = min(box[b, 2], place[r, 1])
            box[b, 3] = max(box[b, 3], place[r, 1])
            box[b, 4] = max(box[b, 4], price[r])
    return block, area


@rule
def lower(r: int, by: float, price: Floats, block: Floats, area: Floats) -> None:
    """Lower the price of rep `r`, and the highest price of his block and area with it."""
    price[r] -= by
    b = r // _BLOCK
    top = -np.inf
    for s in range(b * _BLOCK, min((b + 1) * _BLOCK, len(price) - 1)):
        top = max(top, price[s])
    block[b, 4] = top
    c = b // _BLOCK
    top = -np.inf
    for s in range(c * _BLOCK, min((c + 1) * _BLOCK, len(block))):
        top = max(top, block[s, 4])
    area[c, 4] = top


@rule
def _asked(x: float, y: float, mine: int, stay: float, place: Floats, price: Floats, r: int) -> float:
    """Return what rep `r` asks of an account."""
    dx = x - place[r, 0]
    dy = y - place[r, 1]
    return np.sqrt(dx * dx + dy * dy) - price[r] + (stay if mine >= 0 and mine != r else 0.0)


@rule
def _enter(v: float, r: int, held: int, value: Floats, rep: Ints) -> int:
    """Enter rep `r` into the sorted list, unless he is in it; return its new length."""
    for n in range(held):
        if rep[n] == r:
            return held
    k = min(held, len(value) - 1)
    while k > 0 and (value[k - 1] > v or (value[k - 1] == v and rep[k - 1] > r)):
        value[k] = value[k - 1]
        rep[k] = rep[k - 1]
        k -= 1
    value[k] = v
    rep[k] = r
    return min(held + 1, len(value))


@rule
def _hopeless(x: float, y: float, box: Floats, b: int, worst: float) -> bool:
    """Say whether no rep in a box can ask less than `worst`."""
    reach = worst + box[b, 4]
    dx = max(box[b, 0] - x, x - box[b, 1])
    dy = max(box[b, 2] - y, y - box[b, 3])
    dx = dx if dx > 0.0 else 0.0
    dy = dy if dy > 0.0 else 0.0
    return reach < 0.0 or (dx * dx + dy * dy) * _SURE > reach * reach


@rule
def search(
    x: float,
    y: float,
    mine: int,
    stay: float,
    place: Floats,
    price: Floats,
    block: Floats,
    area: Floats,
    known: Indices,
    value: Floats,
    rep: Ints,
) -> None:
    """Fill `rep` with the cheapest reps for an account, cheapest first, and `value` with what they ask.

    The reps in `known`, a good guess, come first: the better they are, the fewer others are looked at.
    """
    full = len(value)
    held = 0
    for r in known:
        held = _enter(_asked(x, y, mine, stay, place, price, r), r, held, value, rep)
    for c in range(len(area)):
        if held == full and _hopeless(x, y, area, c, value[held - 1]):
            continue
        for b in range(c * _BLOCK, min((c + 1) * _BLOCK, len(block))):
            if held == full and _hopeless(x, y, block, b, value[held - 1]):
                continue
            for r in range(b * _BLOCK, min((b + 1) * _BLOCK, len(place))):
                if held == full:  # most reps fail here, without a root
                    reach = value[full - 1] + price[r]
                    dx = x - place[r, 0]
                    dy = y - place[r, 1]
                    if reach < 0.0 or (dx * dx + dy * dy) * _SURE > reach * reach:
                        continue
                v = _asked(x, y, mine, stay, place, price, r)
                if held < full or v < value[full - 1] or (v == value[full - 1] and r < rep[full - 1]):
                    held = _enter(v, r, held, value, rep)


@rule(nogil=True)
def listed(
    xy: Floats, place: Floats, incumbent: Ints, stay: float, price: Floats, count: int
) -> tuple[Indices, Floats, Floats]:
    """List for each account the `count` reps that are cheapest at current prices, cheapest first.

    Parameters
    ----------
    xy : (A, 2)
        Accounts; neighbours should have neighbouring row numbers.
    place : (R, 2)
        Reps, in such an order too.
    incumbent : (A,)
        Rep of today, -1 none.
    stay : float
        What everybody but the incumbent asks in addition to the distance.
    price : (R + 1,)
        Price of each rep, deducted from what he asks.
    count : int
        Length of the lists, at most R.

    Returns
    -------
    cand, cost : (A, count)
        The reps and their costs, price not deducted.
    outside : (A,)
        Least that anybody asks who is not in the list.
    """
    accounts = len(xy)
    cand = np.empty((accounts, count), np.int32)
    cost = np.empty((accounts, count))
    outside = np.full(accounts, np.inf)
    block, area = boxes(place, price)
    value = np.empty(min(count + 1, len(place)))
    rep = np.empty(len(value), np.int64)
    known = np.empty(0, np.int32)
    for a in range(accounts):
        search(xy[a, 0], xy[a, 1], incumbent[a], stay, place, price, block, area, known, value, rep)
        known = rep.astype(np.int32)
        for k in range(count):
            cand[a, k] = rep[k]
            cost[a, k] = value[k] + price[rep[k]]
        if len(value) > count:
            outside[a] = value[count]
    return cand, cost, outside
