"""What reps expect when they answer to pay: a pilot of the market, and the policies that follow from it.

Reps know their market as it is. A short pilot runs it under the plan at the effort of today and at a little more, each
run with the same luck: sales of each seat at today's effort, their growth with effort (the elasticity at today's
effort, one for all), and the luck of a month (from the number of deals and the spread of their values, as of a compound
Poisson sum). Seats of like prospects share a type, and each type solves its programme against the pay plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.compiled_clock import run_compiled
from salessim.errors import explain
from salessim.model.pay import PayError
from salessim.pay.programme import Programme, programme, rep_types
from salessim.pay.tables import plans_in_force
from salessim.world.random import seed_key
from salessim.world.tables import DTYPES, WON

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.pay import Pay
    from salessim.model.plan import Plan
    from salessim.world.world import World

__all__ = ["Pilot", "answers", "run_pilot"]

Floats = NDArray[np.float64]

_SEED = 20_260_101
_RUNS = 3
_MONTHS = 12
_MORE = 1.25
"""Effort of the second half of the pilot."""
_TYPES = 6
"""Types of seats, at most: a type takes some milliseconds where quotas ratchet."""
_TYPES_NESTED = 3
"""The same where pay bends over two periods: such a type takes some 15 milliseconds."""
_LEAST_RATE = 1e-9


class Pilot(NamedTuple):
    """What a pilot shows.

    Attributes
    ----------
    sales : (seats,) float
        Mean sales a month at the effort of today; of a seat that sold nothing, half of the least that another sold.
    noise : (seats,) float
        Standard deviation of the sales of a month.
    elasticity : float
        Of all sales to effort, at the effort of today: 0 to 1.
    counts : (components,) float
        What each component credits, per money of sales.
    """

    sales: Floats
    noise: Floats
    elasticity: float
    counts: Floats


def run_pilot(world: World, more: bool = True) -> Pilot:
    """Run a pilot of the world of a plan, in which nobody answers to pay yet.

    Parameters
    ----------
    world : World
        Fresh, as built; it stays as it is.
    more : bool
        Whether to run it at more effort, too; else the elasticity is 0.
    """
    months = min(_MONTHS, len(world["months"]))
    end = float(world["months"]["ends"][months - 1])
    n_seats, n_parts = len(world["reps"]), len(world["components"])
    sales, deals, squares, values = np.zeros((2, n_seats)), np.zeros(n_seats), 0.0, 0.0
    credited = np.zeros(n_parts)
    for run in range(_RUNS):
        for level, effort in enumerate((1.0, _MORE) if more else (1.0,)):
            twin = world.copy(seed_key(_SEED, run))
            twin["settings"]["until"] = end
            twin["reps"]["effort"] = effort
            run_compiled(twin)
            table = twin.used("deals")
            won = table[table["state"] == WON]
            sales[level] += np.bincount(won["rep"], weights=won["value"], minlength=n_seats)
            if level == 0:
                deals += np.bincount(won["rep"], minlength=n_seats)
                squares, values = squares + float((won["value"] ** 2).sum()), values + float(won["value"].sum())
                cents = twin["credits"]["cents"].reshape(n_parts, n_seats, -1)[:, :, :months]
                credited += cents.sum(axis=(1, 2)) / 100.0
    total = float(sales[0].sum())
    if total <= 0.0:
        return Pilot(np.zeros(n_seats), np.zeros(n_seats), 0.0, np.zeros(n_parts))
    least = 0.5 * float(sales[0][sales[0] > 0].min())
    mean = np.maximum(sales[0], least) / (_RUNS * months)
    square = squares / deals.sum()
    rate = np.maximum(deals / (_RUNS * months), mean / (values / deals.sum()))
    growth = (float(sales[1].sum()) / total - 1.0) / (_MORE - 1.0) if more else 0.0
    return Pilot(mean, np.sqrt(rate * square), float(np.clip(growth, 0.0, 1.0)), credited / total)


def answers(market: Market, plan: Plan, world: World) -> Programme | None:
    """Work out how reps answer to the pay plan of `plan`, and write it into its fresh `world`.

    They answer to what their own results of months, quarters and years are paid. What a team is paid, what bends by the
    day, prizes of contests and what may be taken back move nobody: in a team each has a small part of what he adds.

    Returns
    -------
    Programme or None
        What was solved; None where nobody answers: all behaviour dials are off, or the pilot sold nothing.
    """
    how = market.motivation
    effort = how.effort_share > 0.0 and (how.effort_pace > 0.0 or how.effort_quality > 0.0)
    timing = how.discount_authority > 0.0 or how.push_days > 0.0
    setting = plan.phases[0][0]
    pay = setting.pay
    assert pay is not None
    if not (effort or timing) or not pay.components:
        return None
    if len(plans_in_force(plan, len(world["months"]))) > 1:
        raise PayError(
            explain("reps answer to one pay plan only: what they do before and after a change of pay is not solved",
                    where="plan.changes, pay", allowed="with the dials of motivation off: effort_pace and "
                    "effort_quality (or effort_share), discount_authority and push_days at 0",
                    remedy="Turn these dials off, or compare two plans that differ in pay from the start")
        )  # fmt: skip
    pilot = run_pilot(world, effort)
    pay = pay.but(components=tuple(part.but(period="month") if part.linear else part for part in pay.components))
    pays = [
        bool(part.tiers or part.bonuses) and part.counts == "own" and part.period != "day" for part in pay.components
    ]
    counted = [c for c in range(len(pays)) if pays[c] and pilot.counts[c] > 0.0]
    if not counted or not pilot.sales.any():
        return None
    kept = pay.but(components=tuple(pay.components[i] for i in counted))
    shares = {pay.components[i].title: float(pilot.counts[i]) for i in counted}
    leading = next((i for i in counted if not pay.components[i].linear), counted[0])
    n_seats = len(world["reps"])
    quota = world["quotas"]["first"].reshape(-1, n_seats)[leading]
    nested = len({pay.components[c].period for c in counted if not pay.components[c].linear}) > 1
    group = _types_of(pilot.sales, quota, _TYPES_NESTED if nested else _TYPES)
    n_types = int(group.max()) + 1
    mean, quotas, noise = (
        np.array([values[group == i].mean() for i in range(n_types)]) for values in (pilot.sales, quota, pilot.noise)
    )
    rate = how.reference_rate or setting.management.commission or _mean_rate(pay, float(mean.mean()))
    types = rep_types(mean, rate, how.but(effort_share=pilot.elasticity), pay.target_variable)
    types = types._replace(noise=noise)
    all_quotas = world["quotas"]["first"].reshape(-1, n_seats)
    of_types = {
        pay.components[c].title: np.array([all_quotas[c][group == i].mean() for i in range(n_types)])
        for c in counted if pay.components[c].basis == "attainment"
    }  # fmt: skip
    solved = programme(kept, types, quotas=of_types, shares=shares)
    _write(world, solved, leading, float(pilot.counts[leading]))
    world["reps"]["type"] = group
    if quota.all():
        world["reps"]["scale"] = quotas[group] / quota
    for table in (world["settings"], world["phases"]):
        table["answers"] = effort and pilot.elasticity > 0.0
        table["times"] = timing
    return solved


def _types_of(sales: Floats, quota: Floats, most: int) -> NDArray[np.int64]:
    """Return the type of each seat: neighbours in prospects (sales over quota, or sales) are of one type."""
    prospects = sales / quota if quota.all() else sales
    order = np.argsort(prospects, kind="stable")
    group = np.zeros(len(sales), dtype=np.int64)
    group[order] = np.arange(len(sales)) * min(most, len(sales)) // len(sales)
    return group


def _mean_rate(pay: Pay, sales: float) -> float:
    """Return variable pay per money of sales at the plan's target, where nothing else says what pay is today."""
    return max(pay.target_variable / (12.0 * sales), _LEAST_RATE)


def _write(world: World, solved: Programme, leading: int, share: float) -> None:
    tables = solved.policies
    n_types, n_factors, steps, points = tables.effort.shape
    types = np.zeros(n_types, DTYPES["types"])
    for column in ("low", "h", "scale", "discount", "flow"):
        types[column] = getattr(tables, column)
    factors = np.zeros(n_factors, DTYPES["factors"])
    factors["factor"] = tables.factors
    flat: dict[str, NDArray[Any]] = {
        "types": types, "factors": factors, "efforts": np.ascontiguousarray(tables.effort).ravel(),
        "values": np.ascontiguousarray(tables.value).ravel(), "slopes": np.ascontiguousarray(tables.slope).ravel(),
    }  # fmt: skip
    world.put(flat)
    for table in (world["settings"], world["phases"]):
        table["policy_types"], table["policy_factors"] = n_types, n_factors
        table["policy_steps"], table["policy_points"], table["policy_short"] = steps, points, tables.short
        table["ratcheting"] = n_factors > 1 and tables.short == steps
        table["leading"], table["leading_share"] = leading, share
