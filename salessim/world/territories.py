"""Territory alignment: who serves which account, so that workloads are balanced and areas compact.

After Hess & Samuels (1971), "Experiences with a Sales Districting Model: Criteria and Implementation", Management
Science 18(4-II), P41-P54 (GEOLINE): hand out the accounts at least travel so that workloads are equal, move each centre
to the middle of its area, repeat. Their yardstick, no workload more than 10 % off, is met with room to spare where
accounts are small against a territory.

**Distance, not its square.** Driving time grows with the kilometres, so the least work-weighted distance is the least
time on the road. GEOLINE's squares suit centres that lie amid their areas. Where homes are given and may be far away,
squares go wrong: what it costs to give an account to one rep rather than another then grows with its distance from
both, so distant accounts decide and near ones are sent on detours. With plain distance that cost is never more than the
distance between the two homes. Areas are star-shaped around the home, and sectors where several homes are close
together. Between reps who share a home, or live next door, distance does not decide; their common area is cut into
compact parts.

Places are put on a grid (a thousand-millionth of the map's width), work is counted in whole units, accounts and reps
are put in an order of their own. So neither kilometres against miles, nor hours against days, nor the order of rows
makes a difference, as long as no two rows are alike in everything.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import ModelError, explain
from salessim.world.centres import aligned, one_each, radius

__all__ = ["Territories", "balance"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_GRID = 2.0**30
_UNITS = 2.0**44
_SHARES = 2.0**30
_FAR = 1e3 * _GRID
"""Cost of a change that no distance outweighs, in grid steps."""


class Territories(NamedTuple):
    """Who serves which account.

    Attributes
    ----------
    owner : (A,) int
        Row of the rep who serves the account.
    homes : (R, 2)
        Where reps live, km: as given or, where unknown, the centre of the rep's area (NaN if there is no account).
    work : (R,)
        Workload of each rep, in the unit of the accounts' work.
    imbalance : float
        Largest ``abs(work / target - 1)``, target = share of the rep's capacity in all work. 0 if there is no work.
    distance : float
        Mean distance between account and home, km, weighted with work (unweighted if there is no work).
    iterations : int
        Times the accounts were handed out: 1, and 1 more for each move of the unknown homes.
    compactness : (iterations,)
        Mean distance to the centres, km, with what changes of rep cost, before accounts are made whole. Never rises.
    """

    owner: Ints
    homes: Floats
    work: Floats
    imbalance: float
    distance: float
    iterations: int
    compactness: Floats


def balance(
    xy: ArrayLike,
    work: ArrayLike,
    homes: ArrayLike,
    *,
    capacity: ArrayLike | None = None,
    incumbent: ArrayLike | None = None,
    keep: float = 0.0,
    tolerance: float = 0.05,
) -> Territories:
    """Hand out accounts to reps: balanced workloads first, then the least distance.

    Workloads inside ``target * (1 -+ tolerance)`` count as balanced; within that freedom the distance is made as short
    as can be. Where an account is more than a territory, its rep gets nothing else and the others share the rest
    evenly; where reps outnumber accounts, everybody has one or none.

    Parameters
    ----------
    xy : (A, 2)
        Accounts, km on a plane.
    work : (A,)
        Workload of each account, 0 or more, e.g. hours a year. If all are 0, accounts count alike.
    homes : (R, 2)
        Where reps live, km. A row of NaN: not known, the home settles at the centre of the rep's area.
    capacity : (R,), optional
        Working time of each rep relative to the others, 0 or more; 0 gets no account. Default: all equal.
    incumbent : (A,) int, optional
        Row of the rep who serves the account today, -1 none.
    keep : float
        How strongly staying with the incumbent is preferred, 0 to 1. An account changes hands for balance, or if that
        saves more than ``keep / (1 - keep)`` times the radius of an average territory. 0 ignores incumbents; with 1
        nothing moves but what balance forces.
    tolerance : float
        Deviation from the target that counts as balanced, 0 or more and less than 1.

    Returns
    -------
    Territories

    Raises
    ------
    ModelError
        Wrong shapes, no rep, negative or missing numbers, an incumbent who does not exist.

    Examples
    --------
    >>> found = balance([[0, 0], [1, 0], [9, 0], [10, 0]], [10, 10, 10, 10], [[0, 0], [10, 0]])
    >>> found.owner.tolist(), found.imbalance, found.distance
    ([0, 0, 1, 1], 0.0, 0.5)

    Nobody knows where the second rep lives:

    >>> found = balance([[0, 0], [1, 0], [8, 0], [9, 0], [10, 0]], [2, 2, 1, 2, 1], [[0, 0], [float("nan")] * 2])
    >>> found.owner.tolist(), found.homes.round(2).tolist()
    ([0, 0, 1, 1, 1], [[0.0, 0.0], [9.0, 0.0]])
    """
    spots, load, places, share, today = _checked(xy, work, homes, capacity, incumbent, keep, tolerance)
    accounts, reps = len(spots), len(places)
    owner = np.empty(accounts, np.int64)
    if accounts == 0:
        return Territories(owner, places, np.zeros(reps), 0.0, 0.0, 0, np.empty(0))
    total = math.fsum(load)
    known = np.isfinite(places[:, 0])
    fixed = np.concatenate([spots, places[known]])
    origin = fixed.min(axis=0)
    width = float((fixed.max(axis=0) - origin).max()) or 1.0
    grid = np.rint((spots - origin) / width * _GRID)
    grid_homes = np.rint((places - origin) / width * _GRID)
    units = np.rint(load / total * _UNITS) if total > 0 else np.full(accounts, _UNITS // accounts)
    units = np.where(load > 0, np.maximum(units, 1.0), units).astype(np.int64)
    shares = np.rint(share / math.fsum(share) * _SHARES)
    shares = np.where(share > 0, np.maximum(shares, 1.0), 0.0).astype(np.int64)

    rows, people = _orders(grid, units, grid_homes, shares, today)
    grid, units, grid_homes, shares = grid[rows], units[rows], grid_homes[people], shares[people]
    rank = np.full(reps + 1, -1, np.int64)  # the last stands for "none", and so do reps without capacity
    rank[people] = np.arange(len(people))
    now = rank[today[rows]]
    stay = _stay(grid, units, len(people), keep)
    bands = _bands(units, shares, tolerance)
    if bands is None:
        mine, settled, trace = one_each(grid, units, grid_homes, shares, now, stay)
    else:
        mine, settled, trace = aligned(grid, bands[0], grid_homes, now, stay, bands[1], bands[2])

    owner[rows] = people[mine]
    free = people[~known[people]]
    result = places.copy()
    result[free] = origin + settled[~known[people]] * (width / _GRID)
    return _summary(spots, load, share, total, rows, owner, result, np.array(trace) * (width / _GRID))


def _summary(
    spots: Floats, load: Floats, share: Floats, total: float, rows: Ints, owner: Ints, homes: Floats, trace: Floats
) -> Territories:
    """Measure a solution. Sums run in the accounts' own order."""
    served = np.zeros(len(homes))
    np.add.at(served, owner[rows], load[rows])
    target = share / math.fsum(share) * total
    busy = target > 0
    imbalance = float(np.max(np.abs(served[busy] / target[busy] - 1.0))) if total > 0 else 0.0
    step = spots - homes[owner]
    away = np.sqrt(step[:, 0] ** 2 + step[:, 1] ** 2)
    weight = load if total > 0 else np.ones(len(load))
    distance = math.fsum(weight * away) / math.fsum(weight)
    return Territories(owner, homes, served, imbalance, distance, len(trace), trace)


# ---- input -----------------------------------------------------------------------------------------------------------
def _checked(
    xy: ArrayLike,
    work: ArrayLike,
    homes: ArrayLike,
    capacity: ArrayLike | None,
    incumbent: ArrayLike | None,
    keep: float,
    tolerance: float,
) -> tuple[Floats, Floats, Floats, Floats, Ints]:
    spots = _points(xy, "xy")
    places = _points(homes, "homes")
    accounts, reps = len(spots), len(places)
    if reps == 0:
        raise ModelError(explain("there is nobody to serve the accounts", where="homes", allowed="one rep or more"))
    bad = ~np.isfinite(spots).all(axis=1)
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            explain(
                "no place of an account", where=f"xy, row {row}", value=spots[row].tolist(), allowed="two numbers, km"
            )
        )
    bad = ~(np.isfinite(places).all(axis=1) | np.isnan(places).all(axis=1))
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            explain(
                "a home is known or not",
                where=f"homes, row {row}",
                value=places[row].tolist(),
                allowed="two numbers, km, or twice NaN for a home that is not known",
            )
        )
    load = _amounts(work, "work", accounts)
    share = _amounts(np.ones(reps) if capacity is None else capacity, "capacity", reps)
    if not share.any():
        raise ModelError(explain("nobody has any working time", where="capacity", allowed="more than 0 for someone"))
    today = np.full(accounts, -1, np.int64)
    if incumbent is not None:
        named = np.asarray(incumbent)
        if named.shape != (accounts,) or (named.size and named.dtype.kind not in "iu"):
            raise ModelError(
                explain(
                    "there must be one row number of a rep for each account",
                    where="incumbent",
                    value=f"{named.dtype} of shape {named.shape}",
                    allowed=f"integers of shape ({accounts},)",
                )
            )
        bad = (named < -1) | (named >= reps)
        if bad.any():
            row = int(np.argmax(bad))
            raise ModelError(
                explain(
                    "there is no such rep",
                    where=f"incumbent, row {row}",
                    value=int(named[row]),
                    allowed=f"0 to {reps - 1}, or -1 for none",
                )
            )
        today = named.astype(np.int64)
    if not 0.0 <= keep <= 1.0:
        raise ModelError(explain("out of range", where="keep", value=keep, allowed="0 to 1"))
    if not 0.0 <= tolerance < 1.0:
        raise ModelError(explain("out of range", where="tolerance", value=tolerance, allowed="0 or more, less than 1"))
    return spots, load, places, share, today


def _points(given: ArrayLike, name: str) -> Floats:
    points = np.array(given, dtype=np.float64)
    if points.size == 0:
        return points.reshape(0, 2)
    if points.ndim != 2 or points.shape[1] != 2:
        raise ModelError(
            explain("must be a table of two columns", where=name, value=f"shape {points.shape}", allowed="shape (n, 2)")
        )
    return points


def _amounts(given: ArrayLike, name: str, count: int) -> Floats:
    amounts = np.array(given, dtype=np.float64)
    if amounts.shape != (count,):
        raise ModelError(
            explain("one number for each row", where=name, value=f"shape {amounts.shape}", allowed=f"shape ({count},)")
        )
    bad = ~(np.isfinite(amounts) & (amounts >= 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise ModelError(
            explain(
                "not an amount", where=f"{name}, row {row}", value=float(amounts[row]), allowed="a number, 0 or more"
            )
        )
    return amounts


def _orders(grid: Floats, units: Ints, homes: Floats, shares: Ints, today: Ints) -> tuple[Ints, Ints]:
    """Return the order of accounts and of the reps who have capacity: by values, along a space-filling curve."""
    code = _curve(grid)
    first = np.lexsort((units, code))
    begins = np.full(len(homes) + 1, len(grid), np.int64)
    np.minimum.at(begins, today[first], np.arange(len(grid)))  # the account that names a rep
    unknown = np.isnan(homes[:, 0])
    home_code = _curve(np.where(np.isnan(homes), 0.0, homes))
    people = np.lexsort((begins[:-1], shares, home_code, unknown))
    people = people[shares[people] > 0]
    rank = np.full(len(homes) + 1, -1, np.int64)
    rank[people] = np.arange(len(people))
    return np.lexsort((rank[today], units, code)), people


def _curve(grid: Floats) -> NDArray[np.uint64]:
    """Return the place of grid points on the Z-shaped curve of Morton (1966): their bits, interleaved."""
    bits = grid.astype(np.uint64)
    for shift, mask in (
        (16, 0x0000FFFF0000FFFF),
        (8, 0x00FF00FF00FF00FF),
        (4, 0x0F0F0F0F0F0F0F0F),
        (2, 0x3333333333333333),
        (1, 0x5555555555555555),
    ):
        bits = (bits | (bits << np.uint64(shift))) & np.uint64(mask)
    return bits[:, 0] | (bits[:, 1] << np.uint64(1))


def _stay(grid: Floats, units: Ints, reps: int, keep: float) -> float:
    """Return the cost of a change, in grid steps; the unit is the radius of an average territory, taken as a disc."""
    unit = radius(grid, units, reps) or _GRID / 100.0
    return min(unit * keep / (1.0 - keep), _FAR) if keep < 1.0 else _FAR


def _bands(units: Ints, shares: Ints, tolerance: float) -> tuple[Ints, Ints, Ints] | None:
    """Return the accounts' work as it counts for balance, and the least and greatest load of each rep.

    An account of more than a territory counts as exactly one: its rep has enough, and what the others ought to get is
    an equal part of the rest. None if that leaves nothing for the others.
    """
    ideal = shares * (float(units.sum()) / float(shares.sum()))
    sizes = np.argsort(-units, kind="stable")
    seats = np.sort(shares)[::-1]
    rest, capacity = int(units.sum()), int(shares.sum())
    giants = 0
    while rest and int(units[sizes[giants]]) * capacity > (1.0 + tolerance) * rest * int(seats[giants]):
        rest -= int(units[sizes[giants]])
        capacity -= int(seats[giants])
        giants += 1
    if rest == 0:
        return None
    units = units.copy()
    units[sizes[:giants]] = np.rint(seats[:giants] * (rest / capacity)).astype(np.int64)
    ends = np.rint(np.cumsum(shares) / int(shares.sum()) * float(units.sum()))
    target = np.diff(ends, prepend=0.0)
    target[-1] += float(units.sum()) - ends[-1]
    low = np.maximum(target * (1.0 - tolerance), np.minimum(target, ideal * (1.0 - tolerance)))
    return units, np.floor(low).astype(np.int64), np.ceil(target * (1.0 + tolerance)).astype(np.int64)
