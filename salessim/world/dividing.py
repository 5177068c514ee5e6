"""How the force is divided under each structure: among whom, then into balanced, compact territories."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.world.apportion import apportion, match_groups
from salessim.world.territories import balance

__all__ = [
    "Force",
    "divide_hybrid",
    "experience_of",
    "leave_as_today",
    "product_part",
    "segment_part",
    "specialise",
]

_TODAY_KEEPS = 0.9
_WORTH_OF_SPREAD = 0.15
"""How much experience (0-1) it is worth that a group of specialists has people everywhere on the map."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Force:
    """The force while it is being divided: owners found so far, homes settled so far."""

    def __init__(self, flat: Floats, work: Floats, homes: Floats, before: Ints, incumbency: float) -> None:
        self.flat = flat
        self.work = work
        self.homes = homes
        self.before = before
        self.incumbency = incumbency
        self.owner = np.full(work.shape, -1, dtype=np.int64)
        self.speciality = ["all"] * len(homes)
        self.closest: list[list[tuple[float, int]]] | None = None

    def divide(self, part: NDArray[np.bool_], reps: Ints, speciality: str, keep: float | None = None) -> None:
        """Divide the accounts of `part` (accounts x products) among `reps` into balanced territories."""
        for r in reps:
            self.speciality[r] = speciality
        rows = np.flatnonzero(part.any(axis=1))
        if not len(rows):
            return
        load = np.where(part[rows], self.work[rows], 0.0)
        incumbent = self._preferred(rows, part[rows], load, reps)
        result = balance(
            self.flat[rows],
            load.sum(axis=1),
            self.homes[reps],
            incumbent=incumbent if (incumbent >= 0).any() else None,
            keep=self.incumbency if keep is None else keep,
        )
        self.homes[reps] = np.where(np.isfinite(self.homes[reps]), self.homes[reps], result.homes)
        owners = reps[result.owner]
        self.owner[rows] = np.where(part[rows], owners[:, None], self.owner[rows])

    def _preferred(self, rows: Ints, part: NDArray[np.bool_], load: Floats, reps: Ints) -> Ints:
        """Return for each account the place among `reps` of the rep who should keep it, -1 for nobody."""
        place = {int(r): i for i, r in enumerate(reps)}
        if self.closest is not None:
            return np.array([next((place[r] for _, r in self.closest[a] if r in place), -1) for a in rows])
        found = np.full(len(self.homes) + 1, -1, dtype=np.int64)
        found[reps] = np.arange(len(reps))
        who = np.where(part, found[self.before[rows]], -1)  # before is -1 for nobody: the last entry, which is -1
        incumbent: Ints = who.max(axis=1)
        for i in np.flatnonzero(((who >= 0) & (who != incumbent[:, None])).any(axis=1)):
            incumbent[i] = _incumbent(self.before[rows[i]], part[i], load[i], place)
        return incumbent


def _incumbent(before: Ints, part: NDArray[np.bool_], load: Floats, place: dict[int, int]) -> int:
    """Return the place among the reps of whoever has most of this account's work today, -1 for nobody."""
    totals: dict[int, float] = {}
    for r, ok, hours in zip(before, part, load, strict=True):
        if ok and int(r) in place:
            totals[int(r)] = totals.get(int(r), 0.0) + float(hours)
    return place[max(totals, key=lambda r: (totals[r], -r))] if totals else -1


def product_part(shape: tuple[int, ...], p: int) -> NDArray[np.bool_]:
    """Return the cells (accounts x products) of one product."""
    part = np.zeros(shape, dtype=bool)
    part[:, p] = True
    return part


def segment_part(shape: tuple[int, ...], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the cells (accounts x products) of the chosen accounts."""
    return np.repeat(chosen[:, None], shape[1], axis=1)


def experience_of(
    who: NDArray[np.object_], what: NDArray[np.object_], level: Floats, reps: tuple[str, ...], kinds: tuple[str, ...]
) -> Floats:
    """Return what the log says of each rep (rows) in each kind of work (columns), 0 where it says nothing."""
    found = np.zeros((len(reps), len(kinds)))
    r_row = {name: i for i, name in enumerate(reps)}
    k_row = {name: i for i, name in enumerate(kinds)}
    for r, k, value in zip(who, what, level, strict=True):
        if r in r_row and k in k_row:
            found[r_row[r], k_row[k]] = value
    return found


def specialise(
    force: Force,
    within: NDArray[np.bool_],
    reps: Ints,
    parts: list[NDArray[np.bool_]],
    names: tuple[str, ...],
    experience: Floats,
    prefix: str = "",
) -> None:
    """Divide `reps` among specialities by workload and experience, then each speciality's accounts among its reps.

    With fewer reps than specialities the specialities are bundled, heaviest first onto the lightest bundle. A
    speciality without accounts gets nobody.
    """
    there = [k for k, part in enumerate(parts) if (part & within).any()]
    parts, names, experience = [parts[k] for k in there], tuple(names[k] for k in there), experience[:, there]
    load = np.array([force.work[part & within].sum() for part in parts])
    bundles: list[list[int]] = [[k] for k in range(len(parts))]
    if len(reps) < len(parts):
        bundles = [[] for _ in reps]
        for k in np.argsort(-load, kind="stable"):
            min(bundles, key=lambda bundle: (sum(load[bundle]), len(bundle))).append(int(k))
    weights = np.array([load[bundle].sum() for bundle in bundles])
    sizes = apportion(len(reps), np.maximum(weights, 1e-9), minimum=1)
    fitness = np.column_stack([experience[reps][:, bundle].mean(axis=1) for bundle in bundles])
    spread = _spread_seats(force.homes[reps], sizes)
    fitness[np.arange(len(reps)), spread] += _WORTH_OF_SPREAD
    fitness += force.incumbency * _served(force, within, reps, [[parts[k] for k in bundle] for bundle in bundles])
    group = match_groups(fitness, sizes)
    for b, bundle in enumerate(bundles):
        part = np.logical_or.reduce([parts[k] for k in bundle]) & within
        force.divide(part, reps[group == b], prefix + " + ".join(names[k] for k in bundle))


def _served(force: Force, within: NDArray[np.bool_], reps: Ints, bundles: list[list[NDArray[np.bool_]]]) -> Floats:
    """Return which share of his present work each rep has in each bundle: a specialist stays what he is."""
    hours = np.empty((len(reps), len(bundles)))
    for b, bundle in enumerate(bundles):
        part = np.logical_or.reduce(bundle) & within & (force.before >= 0)
        of_rep = np.bincount(force.before[part], weights=force.work[part], minlength=len(force.homes))
        hours[:, b] = of_rep[reps]
    return hours / np.maximum(hours.sum(axis=1, keepdims=True), 1e-9)


def _spread_seats(homes: Floats, sizes: Ints) -> Ints:
    """Deal the groups out over the map, so that each has people everywhere: one group per rep.

    Reps are lined up along a Z-order curve, on which neighbours on the map are mostly neighbours in line, and groups
    take turns in proportion to their sizes.
    """
    known = np.asarray(np.isfinite(homes).all(axis=1))
    code = np.zeros(len(homes), dtype=np.int64)
    if known.any():
        low = homes[known].min(axis=0)
        width = float(np.ptp(homes[known], axis=0).max()) or 1.0
        cell = np.clip((np.where(known[:, None], homes, low) - low) / width * 1023.0, 0, 1023).astype(np.int64)
        for bit in range(10):
            code |= ((cell[:, 0] >> bit & 1) << (2 * bit)) | ((cell[:, 1] >> bit & 1) << (2 * bit + 1))
    turn = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    owner_of_turn = np.repeat(np.arange(len(sizes)), sizes)[np.argsort(turn, kind="stable")]
    seats = np.empty(len(homes), dtype=np.int64)
    seats[np.argsort(code, kind="stable")] = owner_of_turn
    return seats


def divide_hybrid(
    force: Force,
    market: Market,
    plan: Plan,
    rates: Floats,
    segment: Ints,
    segments: tuple[str, ...],
    reps: tuple[str, ...],
    products: tuple[str, ...],
) -> None:
    """Give the most valuable accounts to specialists of their segment, the rest to territories."""
    everything = np.ones(force.work.shape, dtype=bool)
    everybody = np.arange(len(reps))
    prices = {str(p): float(x) for p, x in zip(market.products["product"], market.products["price"], strict=True)}
    value = rates @ np.array([prices[p] for p in products])
    n_key = round(plan.key_account_share * len(value))
    if len(reps) < 2 or n_key == 0 or n_key == len(value):
        force.divide(everything, everybody, "all")
        return
    key = np.zeros(len(value), dtype=bool)
    key[np.argsort(-value, kind="stable")[:n_key]] = True
    sizes = apportion(len(reps), np.array([force.work[key].sum(), force.work[~key].sum()]), minimum=1)
    insight = experience_of(
        market.today.insight["rep"], market.today.insight["segment"], market.today.insight["level"], reps, segments
    )
    chosen = match_groups(np.column_stack([insight.max(axis=1), np.zeros(len(reps))]), sizes) == 0
    parts = [segment_part(force.work.shape, segment == g) for g in range(len(segments))]
    specialise(force, segment_part(force.work.shape, key), everybody[chosen], parts, segments, insight, prefix="key ")
    force.divide(segment_part(force.work.shape, ~key), everybody[~chosen], "all")


def leave_as_today(force: Force, market: Market, *, grown: bool) -> None:
    """Leave every account with its rep of today; what nobody serves is divided among all, the idle first."""
    if not len(market.today.owners):
        raise ModelError(
            explain(
                "the market does not say who serves whom today",
                where="plan.structure",
                value="today",
                remedy="Choose territory, product, customer or hybrid, or give market.today.owners",
            )
        )
    everybody = np.arange(len(force.homes))
    known = force.before >= 0
    if grown and known.any():
        # more people than today: they are given accounts, and everybody else keeps what balance lets him keep
        force.divide(np.ones(force.work.shape, dtype=bool), everybody, "all", keep=_TODAY_KEEPS)
        return
    unserved = np.asarray(~known.any(axis=1))
    main = np.where(known.any(axis=1), np.where(known, force.before, -1).max(axis=1), -1)
    force.owner = np.where(known, force.before, main[:, None])
    homeless = ~np.isfinite(force.homes).all(axis=1)
    for r in everybody[homeless]:
        mine = (force.owner == r).any(axis=1)
        if mine.any():
            force.homes[r] = force.flat[mine].mean(axis=0)
    if unserved.any():
        served = np.bincount(
            force.owner[~unserved].ravel(), weights=force.work[~unserved].ravel(), minlength=len(everybody)
        )
        target = force.work.sum() / len(everybody)
        room = np.maximum(target - served, 0.0)
        takers = everybody[room > 0] if (room > 0).any() else everybody
        part = segment_part(force.work.shape, unserved)
        settled = force.speciality
        rows = np.flatnonzero(unserved)
        result = balance(
            force.flat[rows],
            force.work[rows].sum(axis=1),
            force.homes[takers],
            capacity=room[takers] if (room > 0).any() else None,
        )
        force.homes[takers] = np.where(np.isfinite(force.homes[takers]), force.homes[takers], result.homes)
        force.owner[part] = np.repeat(takers[result.owner], force.work.shape[1])
        force.speciality = settled
