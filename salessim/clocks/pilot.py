"""A pilot of the market: what reps know of it when they answer to pay.

Reps know their market as it is. A pilot of up to two years runs it at the effort of today and, with the same luck, at
a little more; its first quarter is left out, in which pipelines fill. It shows sales of each seat at today's effort,
their growth with effort (the elasticity at today's effort, one for all), and the luck of a month (from the number of
deals and the spread of their values, as of a compound Poisson sum). What a seat sold in the pilot is luck in part, so
it is drawn toward the mean of all by the share of luck.

No pay plan is part of it, so that many pay plans are answered from one pilot: the last few are kept.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.compiled_clock import run_compiled
from salessim.model.fingerprint import fingerprint
from salessim.world.random import seed_key
from salessim.world.tables import CASH, MARGIN, NEVER, NEW_CUSTOMERS, UNITS, WON

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.world import World

__all__ = ["Pilot", "pilot_of", "run_pilot"]

Floats = NDArray[np.float64]

_SEED = 20_260_101
_RUNS = 5
_RUNS_WITH_MORE = 3
"""Runs of the pilot, and how many of them are made at more effort as well."""
_MONTHS = 24
_FILLING = 0.25
"""Share of the pilot in which pipelines fill, and which does not count."""
_MORE = 1.25
_WORTH_OF_PRIOR = 400.0
"""Deals of the pilot that weigh as much as what is held of the elasticity beforehand: of few deals most is luck."""
_KEPT = 16


class Pilot(NamedTuple):
    """What a pilot shows.

    Attributes
    ----------
    sales : (seats,) float
        Mean sales a month at the effort of today, of no seat less than half of the least that another sold; where
        nothing was sold at all, 0.
    noise : (seats,) float
        Standard deviation of the sales of a month.
    elasticity : float
        Of all sales to effort, at the effort of today: 0 to 1.
    amounts : (measures, products, segments) float
        What deals count by each measure of a pay plan, per money of all sales.
    """

    sales: Floats
    noise: Floats
    elasticity: float
    amounts: Floats

    @property
    def products(self) -> Floats:
        """Share of each product in sales."""
        return np.asarray(self.amounts[0].sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class _Case:
    """A world that a pilot can run, known by what it was made from."""

    key: str
    prior: float | None
    world: World = field(compare=False)


def pilot_of(market: Market, silent: Plan, world: World, more: bool) -> Pilot:
    """Return the pilot of a market under a plan without pay; `world` is theirs, fresh."""
    settings = world["settings"]
    key = fingerprint(market, silent, len(world["months"]), float(settings["grid"][0]))
    return _piloted(_Case(key, market.motivation.effort_share if more else None, world))


@lru_cache(maxsize=_KEPT)
def _piloted(case: _Case) -> Pilot:
    return run_pilot(case.world, case.prior)


def run_pilot(world: World, prior: float | None) -> Pilot:
    """Run a pilot of the world of a plan without pay.

    Parameters
    ----------
    world : World
        Fresh, as built; it stays as it is.
    prior : float, optional
        What is held of the elasticity before the pilot; where nothing is given nobody works harder, and it is 0.
    """
    more = prior is not None
    months = min(_MONTHS, len(world["months"]))
    ends = world["months"]["ends"]
    first = int(_FILLING * months)
    begin = float(ends[first - 1]) if first else 0.0

    def run(case: tuple[int, float]) -> NDArray[np.void]:
        twin = world.copy(seed_key(_SEED, case[0]))
        twin["settings"]["until"] = float(ends[months - 1])
        twin["reps"]["effort"] = case[1]
        run_compiled(twin)
        table = twin.used("deals")
        return np.asarray(table[(table["state"] == WON) & (table["closed"] >= begin)])

    cases = [(k, 1.0) for k in range(_RUNS)] + [(k, _MORE) for k in range(_RUNS_WITH_MORE if more else 0)]
    with ThreadPoolExecutor(min(len(cases), os.cpu_count() or 1)) as pool:
        found = list(pool.map(run, cases))
    won = np.concatenate(found[:_RUNS])
    total = float(won["value"].sum())
    counted = _RUNS * (months - first)
    n_seats = len(world["reps"])
    if total <= 0.0:
        zero = np.zeros(n_seats)
        return Pilot(zero, zero, 0.0, np.zeros((7, len(world["products"]), int(world["settings"]["n_segments"][0]))))
    in_run = np.array([np.bincount(f["rep"], weights=f["value"], minlength=n_seats) for f in found[:_RUNS]])
    seen = in_run.sum(axis=0) / counted
    luck = float(in_run.var(axis=0, ddof=1).mean()) * _RUNS / counted**2
    spread = float(seen.var(ddof=1)) if n_seats > 1 else 0.0
    mean = seen.mean() + max(1.0 - luck / spread, 0.0) * (seen - seen.mean()) if spread > 0.0 else seen
    mean = np.maximum(mean, 0.5 * float(seen[seen > 0.0].min()))  # no seat is without any prospects
    square = float((won["value"] ** 2).sum()) / total
    growth = 0.0
    if prior is not None:
        usual = found[:_RUNS_WITH_MORE]
        paired, deals = float(sum(f["value"].sum() for f in usual)), sum(len(f) for f in usual)
        growth = (float(sum(f["value"].sum() for f in found[_RUNS:])) / max(paired, 1e-300) - 1.0) / (_MORE - 1.0)
        growth = (deals * growth + _WORTH_OF_PRIOR * prior) / (deals + _WORTH_OF_PRIOR)
    return Pilot(mean, np.sqrt(mean * square), float(np.clip(growth, 0.0, 1.0)), _amounts(world, won) / total)


def _amounts(world: World, won: NDArray[np.void]) -> Floats:
    n_p, n_g = len(world["products"]), int(world["settings"]["n_segments"][0])
    segment = world["accounts"]["segment"][won["account"]]
    cell = won["product"] * n_g + segment
    values = won["value"]
    # the first deal ever of an account that was no customer yet
    order = np.lexsort((won["closed"], won["account"]))
    fresh = np.zeros(len(won), dtype=bool)
    fresh[order[np.flatnonzero(np.diff(won["account"][order], prepend=-1))]] = True
    fresh &= world["accounts"]["customer"][won["account"]] == 0
    by_measure = np.tile(values, (7, 1))
    by_measure[MARGIN] = values * world["products"]["margin"][won["product"]]
    by_measure[UNITS] = 1.0
    by_measure[NEW_CUSTOMERS] = fresh
    by_measure[CASH] = values * (won["paid"] < NEVER)
    return np.array([np.bincount(cell, weights=row, minlength=n_p * n_g).reshape(n_p, n_g) for row in by_measure])
