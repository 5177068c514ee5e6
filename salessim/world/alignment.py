"""Alignment: who serves whom under a structure. The only place where structures differ.

A structure says among whom accounts and products are divided; within each part of the force the accounts are divided
into balanced, compact territories. Everything else (travel, skill, hand-offs, credit) follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.world.dividing import (
    Force,
    divide_hybrid,
    experience_of,
    leave_as_today,
    product_part,
    segment_part,
    specialise,
)
from salessim.world.places import Places, locate

__all__ = ["Alignment", "align", "crew", "demand_rates", "expected_hours", "todays_owners"]

_MIDDLE_ACTIVATION = 0.6
_CALLS_A_YEAR = 8.0

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
    force = Force(places.flat, work, homes, owners, plan.incumbency)
    if by_ties:
        force.closest = _closest(market, accounts, reps)
    everybody = np.arange(len(reps))
    everything = np.ones(work.shape, dtype=bool)

    if plan.structure == "today":
        leave_as_today(force, market, grown=bool((team_order < 0).any()))
    elif plan.structure == "territory":
        force.divide(everything, everybody, "all")
    elif plan.structure == "product":
        skill = experience_of(
            market.today.skill["rep"], market.today.skill["product"], market.today.skill["level"], reps, products
        )
        specialise(
            force, everything, everybody, [product_part(work.shape, p) for p in range(len(products))], products, skill
        )
    elif plan.structure == "customer":
        insight = experience_of(
            market.today.insight["rep"], market.today.insight["segment"], market.today.insight["level"], reps, segments
        )
        specialise(
            force,
            everything,
            everybody,
            [segment_part(work.shape, segment == g) for g in range(len(segments))],
            segments,
            insight,
        )
    else:
        divide_hybrid(force, market, plan, rates, segment, segments, reps, products)

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
