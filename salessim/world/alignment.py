"""Alignment: who serves whom under a structure. The only place where structures differ.

A structure says among whom accounts and products are divided; within each part of the force the accounts are divided
into balanced, compact territories. Everything else (travel, skill, hand-offs, credit) follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.world.apportion import apportion, match_groups
from salessim.world.places import Places, locate
from salessim.world.territories import balance

__all__ = ["Alignment", "align", "crew", "demand_rates", "expected_hours", "todays_owners"]

_MIDDLE_ACTIVATION = 0.6
_CALLS_A_YEAR = 8.0
_TODAY_KEEPS = 0.9
_WORTH_OF_SPREAD = 0.15
"""How much experience (0-1) it is worth that a group of specialists has people everywhere on the map."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Alignment:
    """Who serves whom.

    Attributes
    ----------
    accounts, products, segments, reps : tuple of str
        Names in the order of the rows; accounts, products and segments sorted by name, so that the order of a
        user's rows does not matter.
    owner : (n_accounts, n_products) int array
        The rep of each account and product.
    before : (n_accounts, n_products) int array
        The rep of today, -1 where nobody or somebody who is no longer there.
    home : (n_reps, 3) array
        Homes as points in space.
    speciality : tuple of str
        What each rep is there for: ``all``, a product, a segment, ``key …``.
    work : (n_reps,) array
        Expected hours of selling a year, travel apart.
    places : Places
    flat_home : (n_reps, 2) array
        Homes on the plane.
    later : tuple of Alignment
        Who serves whom in the later phases of the plan.
    """

    accounts: tuple[str, ...]
    products: tuple[str, ...]
    segments: tuple[str, ...]
    reps: tuple[str, ...]
    owner: Ints
    before: Ints
    home: Floats
    speciality: tuple[str, ...]
    work: Floats
    places: Places
    flat_home: Floats
    later: tuple[Alignment, ...] = ()

    @property
    def moved(self) -> int:
        """Number of accounts of which at least one product changes its rep (accounts without a rep today excepted)."""
        changed = (self.before >= 0) & (self.before != self.owner)
        return int(changed.any(axis=1).sum())


def crew(plan: Plan) -> tuple[str, ...]:
    """Return the names of the reps of a plan, sorted: the team, shortened, or filled up with ``new 1``, ``new 2``."""
    known = [str(name) for name in plan.team["rep"]][: plan.headcount]
    hired = [f"new {n + 1}" for n in range(plan.headcount - len(known))]
    return tuple(sorted(known + hired))


def demand_rates(market: Market, order: NDArray[np.int64], products: tuple[str, ...]) -> Floats:
    """Return candidates per day if all demand were activated, shape (accounts, products)."""
    accounts = market.accounts.where(order)
    row = {name: i for i, name in enumerate(market.products["product"])}
    yearly = market.products["opportunities"][[row[name] for name in products]]
    factor = np.ones((len(accounts), len(products)))
    segment = accounts["segment"]
    table = market.affinity
    for g, p, demand in zip(table["segment"], table["product"], table["demand"], strict=True):
        factor[segment == g, products.index(p)] = demand
    return accounts["potential"][:, None] * yearly[None, :] * factor / 365.0


def expected_hours(market: Market, plan: Plan, rates: Floats) -> Floats:
    """Return the expected selling hours a year of each account and product, travel apart: the workload of alignment."""
    stages = market.stages
    reach = np.concatenate([[1.0], np.cumprod(stages["advance"])[:-1]])
    per_lead = float((reach * stages["effort"]).sum())
    leads = rates * 365.0 * _MIDDLE_ACTIVATION
    calls = _CALLS_A_YEAR * plan.call_hours if plan.calls else 0.0
    share = rates / max(float(rates.mean()), 1e-300)
    return leads * per_lead + calls * share


def todays_owners(market: Market, accounts: tuple[str, ...], products: tuple[str, ...], reps: tuple[str, ...]) -> Ints:
    """Return the rep of today of each account and product, -1 where there is none."""
    before = np.full((len(accounts), len(products)), -1, dtype=np.int64)
    a_row = {name: i for i, name in enumerate(accounts)}
    p_row = {name: i for i, name in enumerate(products)}
    r_row = {name: i for i, name in enumerate(reps)}
    owners = market.today.owners
    for a, p, r in zip(owners["account"], owners["product"], owners["rep"], strict=True):
        if a in a_row and p in p_row:
            before[a_row[a], p_row[p]] = r_row.get(r, -1)
    return before


def align(market: Market, plan: Plan, *, before: Alignment | None = None, by_ties: bool = False) -> Alignment:
    """Divide the accounts and products of a market among the reps of a plan.

    Parameters
    ----------
    market, plan : Market, Plan
    before : Alignment, optional
        Who serves whom now, and where people live; by default the market's today.
    by_ties : bool
        Prefer for each account the rep with the strongest tie to it, instead of who has most of its work.

    Raises
    ------
    ModelError
        If the structure is ``today`` and the market does not say who serves whom today.
    """
    order = np.argsort(market.accounts["account"].astype(str), kind="stable")
    accounts = tuple(str(name) for name in market.accounts["account"][order])
    products = tuple(sorted(str(name) for name in market.products["product"]))
    segments = market.segments
    reps = crew(plan)
    row = {str(name): i for i, name in enumerate(plan.team["rep"])}
    team_order = np.array([row.get(name, -1) for name in reps], dtype=np.int64)
    places, origin = locate(market, plan.team, order, team_order[team_order >= 0])
    homes = np.full((len(reps), 2), np.nan)
    homes[team_order >= 0] = places.home_flat
    if not np.ptp(places.flat, axis=0).any() and len(places.home_flat):
        homes[team_order < 0] = places.home_flat[0]  # nobody's place is known: new reps are as far away as the others
    rates = demand_rates(market, order, products)
    work = expected_hours(market, plan, rates)
    if before is None:
        owners = todays_owners(market, accounts, products, reps)
    else:
        owners = _owners_before(before, reps)
        _settle_where_they_live(homes, before, reps)
    segment = np.array([segments.index(g) for g in market.accounts["segment"][order]], dtype=np.int64)
    force = _Force(places.flat, work, homes, owners, plan.incumbency)
    if by_ties:
        force.closest = _closest(market, accounts, reps)
    everybody = np.arange(len(reps))
    everything = np.ones(work.shape, dtype=bool)

    if plan.structure == "today":
        _as_today(force, market, grown=bool((team_order < 0).any()))
    elif plan.structure == "territory":
        force.divide(everything, everybody, "all")
    elif plan.structure == "product":
        skill = _experience(
            market.today.skill["rep"], market.today.skill["product"], market.today.skill["level"], reps, products
        )
        _specialise(
            force, everything, everybody, [_columns(work.shape, p) for p in range(len(products))], products, skill
        )
    elif plan.structure == "customer":
        insight = _experience(
            market.today.insight["rep"], market.today.insight["segment"], market.today.insight["level"], reps, segments
        )
        _specialise(
            force,
            everything,
            everybody,
            [_rows(work.shape, segment == g) for g in range(len(segments))],
            segments,
            insight,
        )
    else:
        _hybrid(force, market, plan, rates, segment, segments, reps, products)

    homes = np.where(np.isfinite(force.homes), force.homes, places.flat.mean(axis=0))
    return Alignment(
        accounts=accounts,
        products=products,
        segments=segments,
        reps=reps,
        owner=force.owner,
        before=owners,
        home=places.in_space(homes, origin),
        speciality=tuple(force.speciality),
        work=np.bincount(force.owner.ravel(), weights=work.ravel(), minlength=len(reps)).astype(np.float64),
        places=places,
        flat_home=homes,
    )


def _owners_before(before: Alignment, reps: tuple[str, ...]) -> Ints:
    """Return the owners of an earlier alignment as rows of `reps`, -1 for who is no longer there."""
    row = {name: i for i, name in enumerate(reps)}
    return np.array([row.get(name, -1) for name in before.reps], dtype=np.int64)[before.owner]


def _settle_where_they_live(homes: Floats, before: Alignment, reps: tuple[str, ...]) -> None:
    row = {name: i for i, name in enumerate(before.reps)}
    for r, name in enumerate(reps):
        if name in row and not np.isfinite(homes[r]).all():
            homes[r] = before.flat_home[row[name]]


def _closest(market: Market, accounts: tuple[str, ...], reps: tuple[str, ...]) -> list[list[tuple[float, int]]]:
    """List for each account the reps who have a tie to it, the strongest first."""
    a_row = {name: i for i, name in enumerate(accounts)}
    r_row = {name: i for i, name in enumerate(reps)}
    ties: list[list[tuple[float, int]]] = [[] for _ in accounts]
    today = market.today.relations
    for a, r, level in zip(today["account"], today["rep"], today["level"], strict=True):
        if a in a_row and r in r_row:
            ties[a_row[a]].append((float(level), r_row[r]))
    return [sorted(found, key=lambda tie: (-tie[0], tie[1])) for found in ties]


class _Force:
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
        place = {int(r): i for i, r in enumerate(reps)}
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


def _columns(shape: tuple[int, ...], p: int) -> NDArray[np.bool_]:
    part = np.zeros(shape, dtype=bool)
    part[:, p] = True
    return part


def _rows(shape: tuple[int, ...], chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.repeat(chosen[:, None], shape[1], axis=1)


def _experience(
    who: NDArray[np.object_], what: NDArray[np.object_], level: Floats, reps: tuple[str, ...], kinds: tuple[str, ...]
) -> Floats:
    found = np.zeros((len(reps), len(kinds)))
    r_row = {name: i for i, name in enumerate(reps)}
    k_row = {name: i for i, name in enumerate(kinds)}
    for r, k, value in zip(who, what, level, strict=True):
        if r in r_row and k in k_row:
            found[r_row[r], k_row[k]] = value
    return found


def _specialise(
    force: _Force,
    within: NDArray[np.bool_],
    reps: Ints,
    parts: list[NDArray[np.bool_]],
    names: tuple[str, ...],
    experience: Floats,
    prefix: str = "",
) -> None:
    """Divide `reps` among specialities by workload and experience, then each speciality's accounts among its reps.

    With fewer reps than specialities the specialities are bundled, heaviest first onto the lightest bundle.
    """
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
    group = match_groups(fitness, sizes)
    for b, bundle in enumerate(bundles):
        part = np.logical_or.reduce([parts[k] for k in bundle]) & within
        force.divide(part, reps[group == b], prefix + " + ".join(names[k] for k in bundle))


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


def _hybrid(
    force: _Force,
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
    insight = _experience(
        market.today.insight["rep"], market.today.insight["segment"], market.today.insight["level"], reps, segments
    )
    chosen = match_groups(np.column_stack([insight.max(axis=1), np.zeros(len(reps))]), sizes) == 0
    parts = [_rows(force.work.shape, segment == g) for g in range(len(segments))]
    _specialise(force, _rows(force.work.shape, key), everybody[chosen], parts, segments, insight, prefix="key ")
    force.divide(_rows(force.work.shape, ~key), everybody[~chosen], "all")


def _as_today(force: _Force, market: Market, *, grown: bool) -> None:
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
        part = _rows(force.work.shape, unserved)
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
