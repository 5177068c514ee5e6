"""From shares to whole accounts: an account is served by one rep, and the loads still have to fit.

The transportation problem splits some accounts between reps. Hess & Samuels (1971) gave each to the rep with the
largest share, and accepted workloads up to 10 % off. Here a rep outside his band then hands an account on to a
neighbour, who hands one on to the next, and so on until somebody has room, or until one comes back to the first (an
exchange). The chain is the cheapest that is found, and nobody on it leaves his band: a shift, a swap and a cyclic
exchange are its short cases. Last, accounts are moved and swapped while that shortens the way.
"""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule

__all__ = ["make_whole", "polish", "repair"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Indices = NDArray[np.int32]

_SEARCHED = 400
"""Reps a chain is looked for among before it is given up."""


@rule
def make_whole(cand: Indices, cost: Floats, amount: Ints, work: Ints, low: Ints, high: Ints, order: Ints) -> Ints:
    """Give each account to one of the reps who serve it, the one with most room left, in the given order.

    Accounts without work go to the first rep in their list.

    Returns
    -------
    slot : (A,)
        ``a * K + k`` of each account's rep.
    """
    accounts, count = cost.shape
    slot = np.full(accounts, -1, np.int64)
    room = (low + high) // 2
    share = 1.0 / np.maximum(room, 1)
    for a in range(accounts):
        for k in range(count):
            if amount[a, k] == work[a]:
                slot[a] = a * count + k
                room[cand[a, k]] -= work[a]
                break
    for a in order:
        if slot[a] < 0:
            most = -np.inf
            for k in range(count):
                r = cand[a, k]
                if amount[a, k] > 0 and room[r] * share[r] > most:
                    most = room[r] * share[r]
                    slot[a] = a * count + k
            room[cand[a, slot[a] % count]] -= work[a]
    return slot


@rule
def _by_rep(rep_of: Indices, reps: int) -> tuple[Ints, Ints]:
    """Return the slots of each rep: ``slots[pointer[r]:pointer[r + 1]]``."""
    pointer = np.zeros(reps + 1, np.int64)
    for r in rep_of:
        pointer[r + 1] += 1
    pointer = np.cumsum(pointer)
    fill = pointer[:-1].copy()
    slots = np.empty(len(rep_of), np.int64)
    for j in range(len(rep_of)):
        r = rep_of[j]
        slots[fill[r]] = j
        fill[r] += 1
    return pointer, slots


@rule
def _beyond(load: int, low: int, high: int) -> int:
    """Return the units by which a load is outside its band."""
    return max(load - high, low - load, 0)


@rule
def _fits(after: int, now: int, low: int, high: int) -> bool:
    """Say whether a load is no further outside its band than it was."""
    return bool(_beyond(after, low, high) <= _beyond(now, low, high))


@rule
def _chain(
    root: int,
    share: float,
    rep_of: Indices,
    costs: Floats,
    count: int,
    slot: Ints,
    work: Ints,
    load: Ints,
    low: Ints,
    high: Ints,
    price: Floats,
    pointer: Ints,
    slots: Ints,
    dist: Floats,
    parent: Ints,
    moved: Ints,
    units: Ints,
    opening: Ints,
    touched: Ints,
) -> bool:
    """Bring one rep's load nearer to its band along the cheapest chain of whole accounts.

    State ``s`` is rep s at the end of a chain that leaves at most `share` of the root's deviation; state ``R + s`` is
    rep s at the end of one that does so only if an account comes back to the root.
    """
    reps = len(low)
    hub = price[reps]
    push = load[root] > high[root]
    sign = 1 if push else -1
    before = _beyond(load[root], low[root], high[root])
    allowed = int(share * before)
    best = np.inf
    end = -1
    closing = -1
    dist[root] = 0.0
    touched[0] = root
    seen = 1
    heap = [(0.0, root)]
    settled = 0
    while len(heap) > 0:
        d, state = heapq.heappop(heap)
        if d > dist[state]:
            continue
        if d >= best or settled >= _SEARCHED:
            break
        settled += 1
        s = state % reps
        carried = int(units[state]) if state != root else 0
        held = _beyond(load[s], low[s], high[s])
        if state != root and state < reps and _beyond(load[s] + sign * carried, low[s], high[s]) <= held:
            total = d + max(sign * (price[s] - hub), 0.0)
            if total < best:
                best = total
                end = state
                closing = -1
        for n in range(pointer[s], pointer[s + 1]):
            j = int(slots[n])
            b = j // count
            mine = slot[b] == j
            if mine != push or work[b] == 0:
                continue
            left = load[s] + sign * (carried - work[b])
            if state != root and _beyond(left, low[s], high[s]) > held:
                continue
            begin = b * count if push else int(slot[b])
            stop = (b + 1) * count if push else begin + 1
            for i in range(begin, stop):
                t = int(rep_of[i])
                if t == s:
                    continue
                source = j if push else i
                goal = i if push else j
                step = costs[goal] - costs[source] + price[rep_of[source]] - price[rep_of[goal]]
                new = d + max(step, 0.0)
                if new >= best:
                    continue
                if t == root:
                    back = load[root] - sign * (opening[state] - work[b])
                    if _beyond(back, low[root], high[root]) <= allowed:
                        best = new
                        end = state
                        closing = goal
                    continue
                if state == root:
                    first = int(work[b])
                    fits = _beyond(load[root] - sign * first, low[root], high[root]) <= allowed
                    after = t if fits else t + reps
                else:
                    first = int(opening[state])
                    after = t if state < reps else t + reps
                if new < dist[after]:
                    if dist[after] == np.inf:
                        touched[seen] = after
                        seen += 1
                    dist[after] = new
                    parent[after] = state
                    moved[after] = goal
                    units[after] = work[b]
                    opening[after] = first
                    heapq.heappush(heap, (new, after))
    if end >= 0:
        state = end
        goal = closing
        while True:
            if goal >= 0:
                b = goal // count
                load[rep_of[slot[b]]] -= work[b]
                load[rep_of[goal]] += work[b]
                slot[b] = goal
            if state == root:
                break
            goal = int(moved[state])
            state = int(parent[state])
    for n in range(seen):
        dist[touched[n]] = np.inf
    return end >= 0


@rule
def _exchange(
    root: int,
    share: float,
    rep_of: Indices,
    costs: Floats,
    count: int,
    slot: Ints,
    work: Ints,
    load: Ints,
    low: Ints,
    high: Ints,
    pointer: Ints,
    slots: Ints,
    at: Ints,
) -> bool:
    """Swap one of a rep's accounts for one of a neighbour's, the cheapest pair that leaves `share` of his deviation."""
    allowed = int(share * _beyond(load[root], low[root], high[root]))
    best = np.inf
    goal = goal_back = -1
    for n in range(pointer[root], pointer[root + 1]):
        j = int(slots[n])
        a = j // count
        if slot[a] != j or work[a] == 0:
            continue
        for i in range(a * count, (a + 1) * count):
            at[rep_of[i]] = i
        for m in range(pointer[root], pointer[root + 1]):
            back = int(slots[m])
            b = back // count
            s = rep_of[slot[b]]
            i = int(at[s])
            if s == root or i < a * count or i >= (a + 1) * count:
                continue
            more = work[a] - work[b]
            step = work[a] * (costs[i] - costs[j]) + work[b] * (costs[back] - costs[slot[b]])
            if (
                step < best
                and _beyond(load[root] - more, low[root], high[root]) <= allowed
                and _fits(load[s] + more, load[s], low[s], high[s])
            ):
                best = step
                goal, goal_back = i, back
    if goal < 0:
        return False
    for i in (goal, goal_back):
        b = i // count
        load[rep_of[slot[b]]] -= work[b]
        load[rep_of[i]] += work[b]
        slot[b] = i
    return True


@rule
def repair(
    cand: Indices, cost: Floats, slot: Ints, price: Floats, work: Ints, low: Ints, high: Ints, passes: int
) -> Ints:
    """Move whole accounts until loads lie in ``[low, high]`` as far as the accounts' sizes allow; change `slot`.

    Each chain brings one rep's deviation down by a tenth at least and nobody else's up, so it ends.

    Returns
    -------
    load : (R,)
        Units of work of each rep.
    """
    accounts, count = cost.shape
    reps = len(low)
    costs, rep_of = cost.reshape(-1), cand.reshape(-1)
    pointer, slots = _by_rep(rep_of, reps)
    load = np.zeros(reps, np.int64)
    for a in range(accounts):
        load[rep_of[slot[a]]] += work[a]
    dist = np.full(2 * reps, np.inf)
    parent = np.full(2 * reps, -1, np.int64)
    moved = np.full(2 * reps, -1, np.int64)
    units = np.zeros(2 * reps, np.int64)
    opening = np.zeros(2 * reps, np.int64)
    touched = np.empty(2 * reps, np.int64)
    at = np.full(reps, -1, np.int64)
    deviation = np.empty(reps)
    for _ in range(passes):
        for r in range(reps):
            deviation[r] = _beyond(load[r], low[r], high[r]) / max(high[r], 1)
        better = False
        for r in np.argsort(-deviation, kind="mergesort"):
            if deviation[r] == 0.0:
                break
            for share in (0.0, 0.5, 0.9):
                while _beyond(load[r], low[r], high[r]) > 0 and (
                    _chain(
                        r, share, rep_of, costs, count, slot, work, load, low, high, price, pointer, slots,
                        dist, parent, moved, units, opening, touched,
                    )
                    or _exchange(r, share, rep_of, costs, count, slot, work, load, low, high, pointer, slots, at)
                ):  # fmt: skip
                    better = True
        if not better:
            break
    return load


@rule(nogil=True)
def polish(
    cand: Indices,
    cost: Floats,
    slot: Ints,
    work: Ints,
    load: Ints,
    low: Ints,
    high: Ints,
    pairs: bool,
    least: float,
    sweeps: int,
) -> None:
    """Move whole accounts while that lowers the cost and drives nobody out of his band; change `slot`, `load`.

    Single accounts move and, if `pairs`, two reps exchange one each. Gains in ``cost * work`` up to `least` are left.
    """
    accounts, count = cost.shape
    reps = len(low)
    costs, rep_of = cost.reshape(-1), cand.reshape(-1)
    pointer, slots = _by_rep(rep_of, reps)
    at = np.full(reps, -1, np.int64)
    changed = np.ones(reps, np.bool_)
    for _ in range(sweeps):
        look = changed.copy()
        changed[:] = False
        for a in range(accounts):
            j = slot[a]
            r = rep_of[j]
            if work[a] == 0 or not (look[r] or changed[r]):
                continue
            best = -least
            goal = goal_back = -1
            left = load[r] - work[a]
            for i in range(a * count, (a + 1) * count):
                s = rep_of[i]
                at[s] = i
                if s != r:
                    gain = work[a] * (costs[i] - costs[j])
                    if (
                        gain < best
                        and _fits(left, load[r], low[r], high[r])
                        and _fits(load[s] + work[a], load[s], low[s], high[s])
                    ):
                        best = gain
                        goal, goal_back = i, -1
            for n in range(pointer[r], pointer[r + 1] if pairs else pointer[r]):
                back = int(slots[n])
                b = back // count
                s = rep_of[slot[b]]
                i = int(at[s])
                if s == r or i < a * count or i >= (a + 1) * count or work[b] == 0:
                    continue
                gain = work[a] * (costs[i] - costs[j]) + work[b] * (costs[back] - costs[slot[b]])
                if gain < best:
                    more = work[a] - work[b]
                    if _fits(load[r] - more, load[r], low[r], high[r]) and _fits(
                        load[s] + more, load[s], low[s], high[s]
                    ):
                        best = gain
                        goal, goal_back = i, back
            if goal >= 0:
                s = rep_of[goal]
                changed[r] = changed[s] = True
                load[r] -= work[a]
                load[s] += work[a]
                slot[a] = goal
                if goal_back >= 0:
                    b = goal_back // count
                    load[s] -= work[b]
                    load[r] += work[b]
                    slot[b] = goal_back
        if not changed.any():
            break
