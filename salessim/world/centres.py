"""Handing out accounts and moving centres by turns, for one set of territories.

The alternation is that of Hess & Samuels (1971): with places given, the accounts go to the reps at least cost; with
accounts given, each place that is free moves to the middle of its area, the point of least mean distance. Neither step
makes the mean cost longer, so it falls until it stays.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule
from salessim.world.nearest import listed
from salessim.world.transport import transport
from salessim.world.wholes import make_whole, polish, repair

__all__ = ["aligned", "one_each", "radius"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

_MOVES = 30
"""Centre moves at most."""
_ENOUGH = 1e-3
"""Centres have settled when a move shortens the way by less than this part."""
_NEAR = 0.01
"""Homes nearer to each other than this part of a territory's radius count as one."""
_WHOLE = 0.9
"""Part of the band in which shares are looked for; the rest leaves room to make accounts whole."""
_SHARED = 0.8
"""The same for the common band of reps who share a home, whose accounts are then divided between them."""
_PAIRS = 50
"""Accounts per rep up to which exchanges of two accounts are looked for as well as moves of one."""
_TABLE = 25_000_000
"""Accounts times reps up to which `one_each` looks at every pair."""


def aligned(
    xy: Floats, units: Ints, homes: Floats, incumbent: Ints, stay: float, low: Ints, high: Ints
) -> tuple[Ints, Floats, list[float]]:
    """Hand out the accounts: first between homes, then between the reps who share one.

    Parameters
    ----------
    xy : (A, 2)
        Accounts, in an order in which neighbours have neighbouring row numbers.
    units : (A,)
        Units of work; their sum lies between those of `low` and `high`.
    homes : (R, 2)
        Reps, in such an order too; rows of NaN are free.
    incumbent : (A,)
        Rep of today, -1 none.
    stay : float
        Cost of a change, in units of distance.
    low, high : (R,)
        Least and greatest load.

    Returns
    -------
    owner : (A,)
        Rep of each account.
    place : (R, 2)
        Homes, the free ones settled.
    trace : list of float
        Mean cost after each time the accounts were handed out.
    """
    base = _bases(homes, _NEAR * radius(xy, units, len(homes)))
    count = int(base.max()) + 1
    if count == len(homes):
        return _solved(xy, units, homes, incumbent, stay, low, high)
    members = [np.flatnonzero(base == b) for b in range(count)]
    several = np.array([len(group) > 1 for group in members])
    at = np.append(base, -1)[incumbent]
    least, most, place = np.zeros(count, np.int64), np.zeros(count, np.int64), np.empty((count, 2))
    for b, group in enumerate(members):
        least[b], most[b] = low[group].sum(), high[group].sum()
        place[b] = middle(homes[group], np.zeros(len(group), np.int64))[0]
    inner_least, inner_most = _fitting(*_inner(least, most, units, at, stay, _SHARED), int(units.sum()))
    least, most = np.where(several, inner_least, least), np.where(several, inner_most, most)
    mine, place, trace = _solved(xy, units, place, at, stay, least, most)
    owner = np.empty(len(xy), np.int64)
    order = np.argsort(mine, kind="stable")
    ends = np.searchsorted(mine[order], np.arange(count + 1))
    for b, group in enumerate(members):
        rows = order[ends[b] : ends[b + 1]]
        owner[rows] = group[0]
        if several[b] and len(rows):
            local = np.full(len(homes) + 1, -1, np.int64)
            local[group] = np.arange(len(group))
            floor, ceiling = _fitting(low[group], high[group], int(units[rows].sum()))
            nowhere = np.full((len(group), 2), np.nan)
            within = local[incumbent[rows]]
            owner[rows] = group[_solved(xy[rows], units[rows], nowhere, within, stay, floor, ceiling)[0]]
    free = np.isnan(homes)
    return owner, np.where(free, place[base], homes), trace


def radius(xy: Floats, units: Ints, reps: int) -> float:
    """Return the radius of an average territory: that of a disc as widely spread as all accounts, by root of `reps`."""
    _, spread = middle(xy, units)
    return float(np.sqrt((spread[0] + spread[1]) * 2.0 / reps))


def _bases(homes: Floats, near: float) -> Ints:
    """Give reps who live together, or next door (`near`), the same number."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    reps = len(homes)
    known = np.flatnonzero(~np.isnan(homes[:, 0]))
    if len(known) < 2:
        return np.arange(reps)
    pairs = known[cKDTree(homes[known]).query_pairs(near, output_type="ndarray")]
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(reps, reps))
    _, label = connected_components(links, directed=False)
    _, first, base = np.unique(label, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[base]


def one_each(
    xy: Floats, units: Ints, homes: Floats, shares: Ints, incumbent: Ints, stay: float
) -> tuple[Ints, Floats, list[float]]:
    """Give every account a rep of its own, at least cost; for accounts that are all more than a territory.

    The worst ratio of work to capacity is the least possible: that of the accounts and the reps put in order of size.
    Returns what `aligned` returns.
    """
    from scipy.optimize import linear_sum_assignment

    accounts, reps = np.flatnonzero(units), len(homes)
    if len(accounts) * reps > _TABLE:
        ones = np.ones(reps, np.int64)
        return aligned(xy, np.minimum(units, 1), homes, incumbent, stay, np.zeros_like(ones), ones)
    step = xy[accounts, None, :] - homes[None, :, :]
    cost = np.sqrt(step[..., 0] ** 2 + step[..., 1] ** 2)
    free = np.isnan(homes[:, 0])
    cost[:, free] = 0.0
    today = incumbent[accounts]
    cost += stay * ((today >= 0)[:, None] & (today[:, None] != np.arange(reps)))
    size = units[accounts].astype(np.float64)
    worst = (np.sort(size)[::-1] / np.sort(shares)[::-1][: len(accounts)]).max()
    weighted = np.where(size[:, None] > worst * (1.0 + 1e-9) * shares, np.inf, cost * size[:, None])
    _, pick = linear_sum_assignment(weighted)
    owner = np.empty(len(xy), np.int64)
    owner[accounts] = pick
    place = np.where(free[:, None], middle(xy, units)[0], homes)
    place[pick[free[pick]]] = xy[accounts[free[pick]]]
    idle = units == 0
    if idle.any():
        owner[idle] = listed(xy[idle], place, incumbent[idle], stay, np.zeros(reps + 1), 1)[0][:, 0]
    total = 0.0
    for a, r in enumerate(pick.tolist()):
        total += float(cost[a, r] * size[a])
    return owner, place, [total / float(size.sum())]


def _inner(low: Ints, high: Ints, units: Ints, incumbent: Ints, stay: float, part: float) -> tuple[Ints, Ints]:
    """Narrow bands to a part of their width, which leaves room to make accounts whole.

    Where incumbents count, a load of today that is inside its band stays inside: nobody moves for that room.
    """
    room = ((high - low) * (0.5 - 0.5 * part)).astype(np.int64)
    inner_low, inner_high = low + room, high - room
    if stay > 0.0:
        load = np.zeros(len(low), np.int64)
        np.add.at(load, incumbent[incumbent >= 0], units[incumbent >= 0])
        fits = (low <= load) & (load <= high)
        inner_low = np.where(fits, np.minimum(inner_low, load), inner_low)
        inner_high = np.where(fits, np.maximum(inner_high, load), inner_high)
    return inner_low, inner_high


def _fitting(low: Ints, high: Ints, total: int) -> tuple[Ints, Ints]:
    """Widen bands so that they can take `total`."""
    if low.sum() <= total <= high.sum():
        return low, high
    fair = (low + high) / float((low + high).sum()) * total
    return np.minimum(low, np.floor(fair).astype(np.int64)), np.maximum(high, np.ceil(fair).astype(np.int64))


def _solved(
    xy: Floats, units: Ints, homes: Floats, incumbent: Ints, stay: float, low: Ints, high: Ints
) -> tuple[Ints, Floats, list[float]]:
    """Alternate between handing out and moving the free centres, then make accounts whole.

    Returns the owner of each account, the places of the reps and the mean cost after each round, in grid steps.
    """
    free = np.isnan(homes[:, 0])
    place = _seeds(xy, units, homes, free, incumbent, stay, (low + high) // 2)
    least, most = _fitting(*_inner(low, high, units, incumbent, stay, _WHOLE), int(units.sum()))
    flow = transport(xy, units, place, incumbent, stay, least, most)
    total = max(float(units.sum()), 1.0)
    trace = [_cost(flow.cost, flow.amount) / total]
    for _ in range(_MOVES if free.any() else 0):
        moved = _centres(xy, flow.cand, flow.amount, place, free, 10)
        step = moved - place
        error = float(np.sqrt((step[:, 0] ** 2 + step[:, 1] ** 2).max()))
        trial = transport(xy, units, moved, incumbent, stay, least, most, price=flow.price, error=error)
        cost = _cost(trial.cost, trial.amount) / total
        if not cost < trace[-1]:
            break
        place, flow = moved, trial
        trace.append(cost)
        if cost > (1.0 - _ENOUGH) * trace[-2]:
            break
    order = np.argsort(-units, kind="stable")
    slot = make_whole(flow.cand, flow.cost, flow.amount, units, low, high, order)
    load = repair(flow.cand, flow.cost, slot, flow.price, units, low, high, 20)
    pairs = len(xy) <= _PAIRS * len(homes)
    polish(flow.cand, flow.cost, slot, units, load, low, high, pairs, 1e-7 * total, 10)
    owner = flow.cand.reshape(-1)[slot].astype(np.int64)
    idle = units == 0
    if idle.any():
        owner[idle] = listed(xy[idle], place, incumbent[idle], stay, flow.price, 1)[0][:, 0]
    if free.any():
        place = _centres(xy, owner.reshape(-1, 1).astype(np.int32), units.reshape(-1, 1), place, free, 100)
    return owner, place, trace


def _seeds(xy: Floats, units: Ints, homes: Floats, free: Flags, incumbent: Ints, stay: float, target: Ints) -> Floats:
    """Return places to start from: unknown homes amid the rep's accounts of today, else where nobody else reaches."""
    place = homes.copy()
    lost = free.copy()
    if stay > 0.0:
        for r in np.flatnonzero(free):
            rows = np.flatnonzero(incumbent == r)
            if len(rows):
                place[r], _ = middle(xy[rows], units[rows])
                lost[r] = False
    if not lost.any():
        return place
    rows = np.arange(len(xy))
    if not lost.all():
        settled = np.flatnonzero(~lost)
        cand, cost, _ = listed(xy, place[settled], np.full(len(xy), -1), 0.0, np.zeros(len(settled) + 1), 1)
        rows = rows[_beyond_reach(settled[cand[:, 0]], np.argsort(cost[:, 0], kind="stable"), units, target)]
        rows = rows if len(rows) else np.arange(len(xy))
    _bisect(xy, units, rows, np.flatnonzero(lost), target, place)
    return place


def _bisect(xy: Floats, units: Ints, rows: Ints, reps: Ints, target: Ints, place: Floats) -> None:
    """Cut an area in two again and again, across its longer side, in proportion to the reps on either hand."""
    waiting = [(rows, reps, middle(xy[rows], units[rows])[0])]
    while waiting:
        rows, reps, around = waiting.pop()
        if len(rows):
            around, spread = middle(xy[rows], units[rows])
        if len(reps) == 1 or not len(rows):
            place[reps] = around
            continue
        longer = int(spread[1] > spread[0])
        rows = rows[np.lexsort((rows, xy[rows, 1 - longer], xy[rows, longer]))]
        half = len(reps) // 2
        part = float(target[reps[:half]].sum()) / max(float(target[reps].sum()), 1.0)
        done = np.cumsum(units[rows])
        cut = int(np.searchsorted(done, part * float(done[-1]), side="left")) + 1
        waiting.append((rows[:cut], reps[:half], around))
        waiting.append((rows[cut:], reps[half:], around))


@rule(nogil=True)
def middle(xy: Floats, units: Ints) -> tuple[Floats, Floats]:
    """Return the weighted mean and variance of places (unweighted if there is no weight)."""
    mean = np.zeros(2)
    spread = np.zeros(2)
    idle = not units.any()
    weight = 0.0
    for a in range(len(xy)):
        w = 1.0 if idle else float(units[a])
        weight += w
        mean += w * xy[a]
    mean /= weight
    for a in range(len(xy)):
        w = 1.0 if idle else float(units[a])
        spread += w * (xy[a] - mean) ** 2
    return mean, spread / weight


@rule
def _beyond_reach(nearest: Ints, order: Ints, units: Ints, target: Ints) -> Flags:
    """Say which accounts are left when each rep takes those he is nearest to, in the given order, up to his target."""
    left = target.copy()
    beyond = np.zeros(len(units), np.bool_)
    for a in order:
        r = nearest[a]
        beyond[a] = left[r] <= 0
        left[r] -= units[a]
    return beyond


@rule
def _cost(cost: Floats, amount: Ints) -> float:
    total = 0.0
    for a in range(len(cost)):
        for k in range(cost.shape[1]):
            total += cost[a, k] * amount[a, k]
    return total


@rule(nogil=True)
def _centres(xy: Floats, cand: NDArray[np.int32], amount: Ints, place: Floats, free: Flags, steps: int) -> Floats:
    """Move free centres towards the point of least mean distance (Weiszfeld 1937); no step makes the way longer."""
    reps = len(place)
    place = place.copy()
    for _ in range(steps):
        pull = np.zeros((reps, 2))
        weight = np.zeros(reps)
        for a in range(len(xy)):
            for k in range(cand.shape[1]):
                r = cand[a, k]
                if amount[a, k] > 0 and free[r]:
                    dx = xy[a, 0] - place[r, 0]
                    dy = xy[a, 1] - place[r, 1]
                    w = amount[a, k] / max(np.sqrt(dx * dx + dy * dy), 1.0)  # a grid step: keeps off the pole
                    pull[r, 0] += w * xy[a, 0]
                    pull[r, 1] += w * xy[a, 1]
                    weight[r] += w
        for r in range(reps):
            if weight[r] > 0.0:
                place[r, 0] = pull[r, 0] / weight[r]
                place[r, 1] = pull[r, 1] / weight[r]
    return place
