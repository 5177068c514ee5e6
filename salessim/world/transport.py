"""Who serves what at least cost when everybody must get his share: the transportation problem and its prices.

Accounts hand out work, reps take it. Give every rep a price and let each account go to ``argmin_r(cost_ar - price_r)``,
the additively weighted diagram of Aurenhammer, Hoffmann & Aronov (1998). The prices at which every workload fits are
the dual solution of the transportation problem in the assignment step of Hess & Samuels (1971). They are found by
epsilon scaling (Bertsekas & Castanon 1989; Goldberg & Tarjan 1990): a rep with too much work lowers his price just far
enough for the excess to leave, by one epsilon more; then epsilon shrinks. At the end no unit of work could be served
more than epsilon cheaper at these workloads.

Two things keep it fast: an account looks only at the reps that are cheapest for it at current prices, and first prices
come from a coarser problem (neighbouring reps and accounts merged), since with cost = distance the price of a rep
differs from his neighbour's by at most the distance between them.

Work is counted in whole units (int64), so sums are exact and the order of additions changes nothing.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule
from salessim.world.nearest import boxes, listed, lower, search

__all__ = ["Flow", "refine", "transport"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]

_LISTED = 16
"""Reps in an account's list."""
_FEW = 32
"""Up to so many reps every account knows all of them."""
_COARSER = 4
"""Reps merged into one in a coarser problem."""
_PER_REP = 32
"""Merged accounts for each of those."""
_MANY = 128
"""Accounts per rep above which accounts alone are merged first."""
_SHRINK = 0.2
_FINEST = 0.02
"""Last epsilon, as part of the typical distance between neighbouring reps."""
_PHASES = 60


class Flow(NamedTuple):
    """A solved transportation problem. Slot ``a * K + k`` is the pair of account ``a`` and the k-th rep in its list."""

    cand: Indices  # (A, K) reps in each account's list
    cost: Floats  # (A, K) cost of a unit of work
    amount: Ints  # (A, K) units of account a that this rep serves
    price: Floats  # (R + 1,) price of each rep; the last belongs to reps whose load is inside the band


@rule
def _renew(
    a: int,
    cand: Indices,
    cost: Floats,
    outside: Floats,
    amount: Ints,
    value: Floats,
    rep: Ints,
    price: Floats,
) -> None:
    """Put the reps found by a search into the list of account `a`, beside those who serve it."""
    count = cand.shape[1]
    k = 0
    for n in range(len(rep)):
        serves = False
        for i in range(count):
            serves |= amount[a, i] > 0 and cand[a, i] == rep[n]
        if serves:
            continue
        while k < count and amount[a, k] > 0:
            k += 1
        if k == count:
            outside[a] = value[n]
            return
        cand[a, k] = rep[n]
        cost[a, k] = value[n] + price[rep[n]]
        k += 1


@rule
def _sink(gain: Floats, item: Ints, top: int, size: int) -> None:
    """Restore the heap order (least gain on top) below `top`."""
    g, n = gain[top], item[top]
    while 2 * top + 1 < size:
        low = 2 * top + 1
        if low + 1 < size and (gain[low + 1] < gain[low] or (gain[low + 1] == gain[low] and item[low + 1] < item[low])):
            low += 1
        if gain[low] > g or (gain[low] == g and item[low] > n):
            break
        gain[top], item[top] = gain[low], item[low]
        top = low
    gain[top], item[top] = g, n


@rule(nogil=True)
def refine(
    xy: Floats,
    place: Floats,
    incumbent: Ints,
    stay: float,
    work: Ints,
    low: Ints,
    high: Ints,
    order: Ints,
    cand: Indices,
    cost: Floats,
    outside: Floats,
    price: Floats,
    epsilon: float,
    limit: int,
) -> tuple[Ints, bool]:
    """Serve all work, every load inside ``[low, high]``, no unit more than `epsilon` dearer than need be.

    Lowers `price` in place and renews lists where somebody outside may have become cheaper (prices only fall, so an old
    bound on what the others ask stays a bound). Node R, the hub, takes what reps keep between `low` and `high`: its
    price is that of every rep whose load is inside the band.

    Returns
    -------
    amount : (A, K)
        Units of work in each slot.
    done : bool
        False if `limit` moves were not enough; then `amount` serves all work but not every load is inside its band.
    """
    accounts, count = cost.shape
    reps = len(low)
    hub = reps
    amount = np.zeros((accounts, count), np.int64)
    costs, rep_of, flows = cost.reshape(-1), cand.reshape(-1), amount.reshape(-1)
    block, area = boxes(place, price)
    value = np.empty(min(count + 1, reps))
    rep = np.empty(len(value), np.int64)

    # every account to its cheapest rep; among equals to the one with most room, largest accounts first
    room = (low + high) // 2
    share = 1.0 / np.maximum(room, 1)
    excess = np.zeros(reps + 1, np.int64)
    head = np.full(reps, -1, np.int64)  # the slots in use of each rep, as a two-way list
    after = np.full(len(flows), -1, np.int32)
    before = np.full(len(flows), -1, np.int32)
    for a in order:
        if work[a] == 0:
            continue
        best = np.inf
        for k in range(count):
            best = min(best, cost[a, k] - price[cand[a, k]])
        if best > outside[a] + epsilon:
            search(xy[a, 0], xy[a, 1], incumbent[a], stay, place, price, block, area, cand[a], value, rep)
            _renew(a, cand, cost, outside, amount, value, rep, price)
            best = value[0]
        j = a * count
        most = -np.inf
        for i in range(a * count, (a + 1) * count):
            r = rep_of[i]
            if costs[i] - price[r] <= best + 1e-3 * epsilon and room[r] * share[r] > most:
                most = room[r] * share[r]
                j = i
        r = rep_of[j]
        flows[j] = work[a]
        room[r] -= work[a]
        excess[r] += work[a]
        after[j] = head[r]
        if head[r] >= 0:
            before[head[r]] = j
        head[r] = j
    kept = np.empty(reps, np.int64)
    for r in range(reps):
        if price[r] < price[hub]:
            kept[r] = high[r]
        elif price[r] > price[hub]:
            kept[r] = low[r]
        else:
            kept[r] = min(max(excess[r], low[r]), high[r])
        excess[hub] += kept[r] - excess[r]
        excess[r] -= kept[r]

    places = reps + 1
    queue = np.empty(places, np.int64)
    queued = np.zeros(places, np.bool_)
    first = waiting = 0
    for r in range(places):
        if excess[r] > 0:
            queue[waiting] = r
            queued[r] = True
            waiting += 1
    most_items = max(accounts, reps) + 1
    gain = np.empty(most_items)
    item = np.empty(most_items, np.int64)
    source = np.empty(most_items, np.int64)
    goal = np.empty(most_items, np.int64)
    for _ in range(limit):
        if waiting == 0:
            return amount, True
        r = int(queue[first])
        first = (first + 1) % places
        waiting -= 1
        queued[r] = False
        size = 0
        if r == hub:
            for s in range(reps):
                if kept[s] > low[s]:
                    gain[size], goal[size] = price[hub] - price[s], s
                    size += 1
        else:
            if kept[r] < high[r]:
                gain[0], source[0], goal[0] = price[r] - price[hub], -1, hub
                size = 1
            j = int(head[r])
            while j >= 0:
                a = j // count
                for attempt in range(2):
                    best = np.inf
                    to = j
                    for i in range(a * count, (a + 1) * count):
                        v = costs[i] - price[rep_of[i]]
                        if v < best and i != j:
                            best = v
                            to = i
                    if attempt == 1 or best <= outside[a] + epsilon:
                        break
                    search(xy[a, 0], xy[a, 1], incumbent[a], stay, place, price, block, area, cand[a], value, rep)
                    _renew(a, cand, cost, outside, amount, value, rep, price)
                if to != j:
                    gain[size], source[size], goal[size] = best - costs[j] + price[r], j, to
                    size += 1
                j = int(after[j])
        for n in range(size):
            item[n] = n
        for n in range(size // 2 - 1, -1, -1):
            _sink(gain, item, n, size)
        drop = 0.0
        while excess[r] > 0 and size > 0:
            drop = gain[0]
            n = item[0]
            size -= 1
            gain[0], item[0] = gain[size], item[size]
            _sink(gain, item, 0, size)
            s = int(goal[n])
            if r == hub:
                units = min(excess[r], kept[s] - low[s])
                kept[s] -= units
            elif source[n] < 0:
                units = min(excess[r], high[r] - kept[r])
                kept[r] += units
            else:
                j, i = int(source[n]), int(goal[n])
                s = int(rep_of[i])
                units = min(excess[r], flows[j])
                flows[j] -= units
                if flows[j] == 0:
                    if before[j] >= 0:
                        after[before[j]] = after[j]
                    else:
                        head[r] = after[j]
                    if after[j] >= 0:
                        before[after[j]] = before[j]
                if flows[i] == 0:
                    before[i] = -1
                    after[i] = head[s]
                    if head[s] >= 0:
                        before[head[s]] = i
                    head[s] = i
                flows[i] += units
            excess[r] -= units
            excess[s] += units
            if excess[s] > 0 and not queued[s]:
                queue[(first + waiting) % places] = s
                queued[s] = True
                waiting += 1
        if r == hub:
            price[r] -= max(drop + epsilon, 0.0)
        else:
            lower(r, max(drop + epsilon, 0.0), price, block, area)
    return amount, waiting == 0


@rule
def _merged(xy: Floats, work: Ints, group: Ints, count: int) -> tuple[Floats, Ints]:
    """Return the weighted middle and the work of each group."""
    middle = np.zeros((count, 2))
    total = np.zeros(count, np.int64)
    weight = np.zeros(count)
    for a in range(len(work)):
        g = group[a]
        w = work[a] + 1.0
        middle[g, 0] += w * xy[a, 0]
        middle[g, 1] += w * xy[a, 1]
        weight[g] += w
        total[g] += work[a]
    for g in range(count):
        middle[g, 0] /= weight[g]
        middle[g, 1] /= weight[g]
    return middle, total


def _spacing(place: Floats) -> float:
    """Return the typical distance between neighbours, given places whose order follows a space-filling curve."""
    step = np.diff(place, axis=0)
    length = np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2)
    length = length[length > 0]
    if not len(length):
        return 1.0
    # homes may crowd in one town: what is far finer than the map of all of them does not matter
    return max(float(np.median(length)), float(np.ptp(place, axis=0).max()) / (50.0 * len(place)))


def _merging(held: Ints, each: int) -> tuple[Ints, Ints]:
    """Form groups of up to `each` consecutive accounts with the same incumbent.

    Returns the group of each account and the incumbent of each group.
    """
    order = np.argsort(held, kind="stable")
    rows = np.arange(len(held))
    begins = np.zeros(len(held), np.int64)
    ends = np.flatnonzero(np.diff(held[order])) + 1
    begins[ends] = ends
    fresh = (rows - np.maximum.accumulate(begins)) % each == 0
    label = np.empty(len(held), np.int64)
    label[order] = np.cumsum(fresh) - 1
    return label, held[order][fresh]


def _coarse_price(
    xy: Floats, work: Ints, place: Floats, incumbent: Ints, stay: float, low: Ints, high: Ints, spacing: float
) -> tuple[Floats, float]:
    """Solve a problem with fewer accounts and, where there are few accounts per rep, with fewer reps.

    Returns its prices and the epsilon to go on with.
    """
    reps = len(place)
    many = len(work) > _MANY * reps
    group = np.arange(reps) // (1 if many else _COARSER)
    count = int(group[-1]) + 1
    held = np.where(incumbent >= 0, group[incumbent], -1) if stay else np.full(len(xy), -1)
    label, incumbents = _merging(held, 8 if many else max(2, len(xy) // (_PER_REP * count)))
    merged_xy, merged_work = _merged(xy, work, label, len(incumbents))
    middle, _ = _merged(place, np.zeros(reps, np.int64), group, count)
    coarse_low, coarse_high = np.zeros(count, np.int64), np.zeros(count, np.int64)
    np.add.at(coarse_low, group, low)
    np.add.at(coarse_high, group, high)
    finest = (2.0 if many else 5.0) * _FINEST
    coarse = transport(merged_xy, merged_work, middle, incumbents, stay, coarse_low, coarse_high, finest=finest)
    step = place - middle[group]
    scatter = math.fsum(np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2)) / reps
    epsilon = finest * spacing if many else max(0.5 * spacing, 0.25 * scatter)
    return np.append(coarse.price[group], coarse.price[-1]), epsilon


def transport(
    xy: Floats,
    work: Ints,
    place: Floats,
    incumbent: Ints,
    stay: float,
    low: Ints,
    high: Ints,
    *,
    price: Floats | None = None,
    error: float = 0.0,
    finest: float = _FINEST,
) -> Flow:
    """Find who serves how much of each account at least total cost, every load inside its band.

    Cost of a unit is the distance, plus `stay` with anybody but the incumbent.

    Parameters
    ----------
    xy : (A, 2)
        Accounts; neighbours should have neighbouring row numbers (a space-filling curve).
    work : (A,)
        Units of work; their sum lies between those of `low` and `high`.
    place : (R, 2)
        Reps, in such an order too, no two at the same place.
    incumbent : (A,)
        Rep of today, -1 none.
    stay : float
        Cost of a change, in units of distance.
    low, high : (R,)
        Least and greatest load.
    price : (R + 1,), optional
        Prices to start from, of a similar problem.
    error : float
        How far they may be off: the greatest difference of a cost between the two problems.
    finest : float
        Last epsilon, as part of the typical distance between neighbouring reps.
    """
    reps = len(place)
    spacing = _spacing(place)
    last = finest * spacing
    epsilon = 0.125 * spacing
    if price is not None:
        price = price.copy()
        epsilon = max(epsilon, error / 4.0)
    elif reps > _FEW or len(work) > _MANY * reps:
        price, epsilon = _coarse_price(xy, work, place, incumbent, stay, low, high, spacing)
    else:
        price = np.zeros(reps + 1)
        epsilon = max(epsilon, float(np.ptp(place, axis=0).max()) / 8.0)
    epsilon = max(epsilon, last, stay / 8.0)
    order = np.argsort(-work, kind="stable")
    count = reps if reps <= _FEW else _LISTED
    cand, cost, outside = listed(xy, place, incumbent, stay, price, count)
    for _ in range(_PHASES):
        amount, done = refine(
            xy, place, incumbent, stay, work, low, high, order, cand, cost, outside, price, epsilon, 200 * reps + 1000
        )
        if done and epsilon <= last:
            break
        if done:
            epsilon = epsilon * _SHRINK if epsilon * _SHRINK > 2.0 * last else last
        else:  # too small for the way prices still have to go
            epsilon /= _SHRINK
    return Flow(cand, cost, amount, price - price[-1])
