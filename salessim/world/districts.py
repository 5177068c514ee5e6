"""Balanced, compact territories: the assignment step of GEOLINE (Hess & Samuels 1971) by additively weighted diagrams.

Every account goes to the rep for whom distance minus price is least (Aurenhammer, Hoffmann & Aronov 1998); prices rise
where there is too little work and fall where there is too much, until workloads match. Homes that are not known move to
the middle of their area and the assignment is repeated.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.world.compiled import rule

__all__ = ["Territories", "balance"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Territories(NamedTuple):
    """A division: owner of each account, home and work of each rep, worst deviation from the target, mean distance."""

    owner: Ints
    homes: Floats
    work: Floats
    imbalance: float
    distance: float
    iterations: int


def balance(
    xy: Floats,
    work: Floats,
    homes: Floats,
    *,
    capacity: Floats | None = None,
    incumbent: Ints | None = None,
    keep: float = 0.0,
    tolerance: float = 0.05,
) -> Territories:
    """Divide accounts among reps: equal work in proportion to capacity, short ways, few changes of owner.

    Parameters
    ----------
    xy : (A, 2) array
        Places, km.
    work : (A,) array
        Hours a year.
    homes : (R, 2) array
        NaN: settles in the middle of the area.
    capacity : (R,) array, optional
    incumbent : (A,) int array, optional
        Rep of today, -1 none.
    keep : float in 0-1
        How strongly staying with the incumbent counts against distance.
    tolerance : float
        Deviation from the target at which the search stops.
    """
    n_r = len(homes)
    if len(xy) == 0:
        return Territories(np.zeros(0, np.int64), homes.copy(), np.zeros(n_r), 0.0, 0.0, 0)
    room = np.ones(n_r) if capacity is None else np.asarray(capacity, dtype=np.float64)
    load = np.maximum(work, 1e-12)
    target = load.sum() * room / room.sum()
    settled = homes.copy()
    free = ~np.isfinite(homes).all(axis=1)
    if free.any():
        settled[free] = _spread(xy, load, int(free.sum()), settled[~free])
    today = np.full(len(xy), -1, np.int64) if incumbent is None else np.asarray(incumbent, dtype=np.int64)
    spacing = float(np.ptp(xy, axis=0).max()) / np.sqrt(n_r) or 1.0
    stay = spacing * keep / max(1.0 - keep, 1e-3)
    price = np.zeros(n_r)
    rounds = 12 if free.any() else 1
    for turn in range(rounds):
        final = not free.any() or turn == rounds - 1
        owner, price = _assign(
            xy, load, settled, today, stay, target, price, spacing, tolerance if final else 0.15, 400 if final else 40
        )
        if final:
            break
        total = np.bincount(owner, load, n_r)
        for axis in (0, 1):
            centre = np.bincount(owner, load * xy[:, axis], n_r) / np.maximum(total, 1e-300)
            settled[:, axis] = np.where(free & (total > 0), centre, settled[:, axis])
    done = np.bincount(owner, load, n_r).astype(np.float64)
    way = np.sqrt(((xy - settled[owner]) ** 2).sum(axis=1))
    worst = float(np.max(np.abs(done / np.maximum(target, 1e-300) - 1.0)))
    return Territories(owner, settled, done, worst, float((way * load).sum() / load.sum()), turn + 1)


def _spread(xy: Floats, load: Floats, count: int, taken: Floats) -> Floats:
    """Start homes at accounts far from each other and from homes that are known, weighted by work (deterministic)."""
    gap = np.full(len(xy), np.inf)
    for home in taken:
        gap = np.minimum(gap, ((xy - home) ** 2).sum(axis=1))
    chosen = []
    for _ in range(count):
        if np.isinf(gap).all():
            first = int(np.argmin(((xy - np.average(xy, axis=0, weights=load)) ** 2).sum(axis=1)))
        else:
            first = int(np.argmax(gap * np.sqrt(load)))
        chosen.append(xy[first])
        gap = np.minimum(gap, ((xy - xy[first]) ** 2).sum(axis=1))
    return np.array(chosen)


@rule
def _assign(
    xy: Floats,
    load: Floats,
    homes: Floats,
    today: Ints,
    stay: float,
    target: Floats,
    price: Floats,
    spacing: float,
    tolerance: float,
    most: int,
) -> tuple[Ints, Floats]:
    """Adjust prices until workloads match, then move single accounts across borders where that evens them out."""
    n_a, n_r = len(xy), len(homes)
    cost = np.empty((n_a, n_r))
    for a in range(n_a):
        for r in range(n_r):
            dx, dy = xy[a, 0] - homes[r, 0], xy[a, 1] - homes[r, 1]
            cost[a, r] = np.sqrt(dx * dx + dy * dy)
            if today[a] >= 0 and today[a] != r:
                cost[a, r] += stay
    owner = np.zeros(n_a, np.int64)
    best_owner = owner.copy()
    price = price.copy()
    best_price = price.copy()
    best = 1e300
    step = 0.5 * spacing
    done = np.zeros(n_r)
    for _ in range(most):
        done[:] = 0.0
        for a in range(n_a):
            least, place = 1e300, 0
            for r in range(n_r):
                value = cost[a, r] - price[r]
                if value < least:
                    least, place = value, r
            owner[a] = place
            done[place] += load[a]
        worst = 0.0
        for r in range(n_r):
            worst = max(worst, abs(done[r] / target[r] - 1.0))
        if worst < best:
            best = worst
            best_owner[:] = owner
            best_price[:] = price
        if worst <= tolerance:
            break
        for r in range(n_r):
            price[r] -= step * min(max(done[r] / target[r] - 1.0, -1.0), 1.0)
        step = max(step * 0.985, 0.002 * spacing)
    owner[:] = best_owner
    _even_out(cost, load, target, best_price, owner, tolerance)
    return owner, best_price


@rule
def _even_out(cost: Floats, load: Floats, target: Floats, price: Floats, owner: Ints, tolerance: float) -> None:
    n_a, n_r = cost.shape
    done = np.zeros(n_r)
    for a in range(n_a):
        done[owner[a]] += load[a]
    for _ in range(4 * n_a):
        heavy = 0
        for r in range(n_r):
            if done[r] / target[r] > done[heavy] / target[heavy]:
                heavy = r
        light = 0
        for r in range(n_r):
            if done[r] / target[r] < done[light] / target[light]:
                light = r
        if done[heavy] / target[heavy] - 1.0 <= tolerance and 1.0 - done[light] / target[light] <= tolerance:
            return
        # the cheapest single move out of the heaviest or into the lightest that makes the two evener
        least, who, where = 1e300, -1, -1
        for a in range(n_a):
            r = owner[a]
            for q in range(n_r):
                if q == r or (r != heavy and q != light):
                    continue
                if (done[q] + load[a]) / target[q] >= done[r] / target[r]:
                    continue
                value = (cost[a, q] - price[q]) - (cost[a, r] - price[r])
                if value < least:
                    least, who, where = value, a, q
        if who < 0:
            return
        done[owner[who]] -= load[who]
        owner[who] = where
        done[where] += load[who]
