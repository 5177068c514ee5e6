"""How reps answer to a pay plan: from a pilot of the market to policies, one for each type of seat.

Seats of like prospects share a type, and each type solves its programme against the pay plan; then once more, with the
luck that goes with the sales it makes under the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.clocks.pilot import Pilot, pilot_of
from salessim.clocks.seen import Seen
from salessim.errors import explain
from salessim.model.pay import MEASURES, PayError
from salessim.pay.curve import compile_component, payouts
from salessim.pay.forward import mean_efforts
from salessim.pay.programme import Programme, programme, rep_types
from salessim.pay.tables import plans_in_force
from salessim.world.tables import DTYPES, MARGIN, UNITS

if TYPE_CHECKING:
    from salessim.model.change import Change
    from salessim.model.market import Market
    from salessim.model.pay import Pay
    from salessim.model.plan import Plan
    from salessim.world.world import World

__all__ = ["answers", "without_pay"]

Floats = NDArray[np.float64]

_TYPES = 6
"""Types of seats, at most: a type takes some milliseconds where quotas ratchet."""
_TYPES_NESTED = 3
"""The same where pay bends over two periods: such a type takes some 15 milliseconds."""
_FINE, _ROUGH = 0.5, 1.5
"""Spacing of the programme's grid, in deviations of a month's luck; rough where only its mean effort is read."""
_LEAST_RATE = 1e-9
_A_GOOD_PERIOD = 1.25
"""Credit of a good pay period, in that of a usual one: between the two lies what a product pays at the margin."""


def answers(market: Market, plan: Plan, unpaid: World, world: World) -> Programme | None:
    """Work out how reps answer to the pay plan of `plan`, and write it into its fresh `world`.

    They answer to what they are paid themselves, to their part of what their team is paid, and to contests. Pay that
    bends by the day, and what may be taken back, move nobody.

    Parameters
    ----------
    market, plan : Market, Plan
    unpaid, world : World
        Of the plan without pay, and with it; both fresh.

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
    if not (effort or timing):
        return None
    if len(plans_in_force(plan, len(world["months"]))) > 1:
        raise PayError(
            explain("reps answer to one pay plan only: what they do before and after a change of pay is not solved",
                    where="plan.changes, pay", allowed="with the dials of motivation off: effort_pace and "
                    "effort_quality (or effort_share), discount_authority and push_days at 0",
                    remedy="Turn these dials off, or compare two plans that differ in pay from the start")
        )  # fmt: skip
    pilot = pilot_of(market, without_pay(plan), unpaid, effort)
    seen = Seen(world, pay, pilot)
    if not seen.moving or not pilot.sales.any():
        if effort and (how.reference_rate or setting.management.commission):
            world["reps"]["effort"] = how.least_effort  # pay asks for no effort, and that of today is for pay
            for table in (world["settings"], world["phases"]):
                table["answers"] = True
        return None
    quota = seen.quotas[seen.leading]
    group = _types_of(pilot.sales, quota, _TYPES_NESTED if seen.nested else _TYPES)
    n_types = int(group.max()) + 1
    mean, of_leading, noise = (
        np.array([values[group == i].mean() for i in range(n_types)]) for values in (pilot.sales, quota, pilot.noise)
    )
    rate = how.reference_rate or setting.management.commission or _mean_rate(pay, float(mean.mean()))
    types = rep_types(mean, rate, how.but(effort_share=pilot.elasticity), pay.target_variable)._replace(noise=noise)
    given = {
        pay.components[c].title: np.array([seen.quotas[c][group == i].mean() for i in range(n_types)])
        for c in seen.own if pay.components[c].basis == "attainment"
    }  # fmt: skip
    foresight = how.foresight == "programme"
    busier = np.ones(n_types)
    rounds = 2 if effort and pilot.elasticity > 0.0 and foresight else 1
    ratchet = pay.quotas.ratchet_up > 0.0 or pay.quotas.ratchet_down > 0.0  # its own grid is rough as it is
    for left in range(rounds - 1, -1, -1):  # the last time with the luck and the rivals that go with what people do
        types = types._replace(noise=noise * np.sqrt(busier))
        beside, at_once = seen.shared_curves(busier[group], types.risk)
        solved = programme(
            seen.kept, types, quotas=given, shares=seen.shares, beside=beside, at_once=at_once, foresight=foresight,
            spacing=_ROUGH if left > 0 and not ratchet else _FINE,
        )  # fmt: skip
        if left > 0:
            busier = (types.base + types.effect * mean_efforts(solved)) / (types.base + types.effect)
    _write(world, solved, seen.leading, float(seen.counts[seen.leading]))
    _write_rates(world, pay, seen, pilot)
    world["reps"]["type"] = group
    if quota.all():
        world["reps"]["scale"] = of_leading[group] / quota
    for table in (world["settings"], world["phases"]):
        table["answers"] = effort and pilot.elasticity > 0.0
        table["times"] = timing
    return solved


def without_pay(plan: Plan) -> Plan:
    """Return the plan with everything but its pay plans."""
    return plan.but(pay=None, changes=tuple(_without_pay(change) for change in plan.changes))


def _without_pay(change: Change) -> Change:
    rest = {name: value for name, value in change.to.items() if name != "pay"}
    return change.but(to=rest or {"prospecting": 0.0}) if "pay" in change.to else change


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
    for column in ("low", "h", "scale"):
        types[column] = getattr(tables, column)
    for column in solved.types._fields:
        types[column] = getattr(solved.types, column)
    factors = np.zeros(n_factors, DTYPES["factors"])
    factors["factor"] = tables.factors
    aims = np.zeros(len(solved.curves.first), DTYPES["aims"])
    aims["first"] = solved.curves.first
    pieces = np.zeros(len(solved.curves.start), DTYPES["aim_pieces"])
    for column in ("start", "level", "slope", "closed"):
        pieces[column] = getattr(solved.curves, column)
    flat: dict[str, NDArray[Any]] = {
        "types": types, "factors": factors, "aims": aims, "aim_pieces": pieces,
        "efforts": np.ascontiguousarray(tables.effort).ravel(),
        "values": np.ascontiguousarray(tables.value).ravel(), "slopes": np.ascontiguousarray(tables.slope).ravel(),
    }  # fmt: skip
    world.put(flat)
    for table in (world["settings"], world["phases"]):
        table["policy_types"], table["policy_factors"] = n_types, n_factors
        table["policy_steps"], table["policy_points"], table["policy_short"] = steps, points, tables.short
        table["ratcheting"] = n_factors > 1 and tables.short == steps
        table["leading"], table["leading_share"] = leading, share


def _write_rates(world: World, pay: Pay, seen: Seen, pilot: Pilot) -> None:
    """Write what each product pays per money of sales, at the margin of somebody who sells a little more than usual."""
    products = world["products"]
    n_p = len(products)
    scopes = world["scopes"]["counts"].reshape(len(world["components"]), -1)[:, :n_p]
    per_sale = np.ones((len(MEASURES), n_p))
    per_sale[MARGIN], per_sale[UNITS] = products["margin"], 1.0 / products["price"]
    rate = np.zeros(n_p)
    for c in seen.own:
        months = max(int(world["components"]["months"][c]), 1)
        credit = float(pilot.sales.mean()) * months * float(seen.counts[c])
        curve = compile_component(pay.components[c], float(seen.quotas[c].mean()) or None)
        usual, more = payouts(curve, 0, [credit, _A_GOOD_PERIOD * credit])
        marginal = float(more - usual) / ((_A_GOOD_PERIOD - 1.0) * credit)
        rate += marginal * per_sale[world["components"]["measure"][c]] * scopes[c]
    world["products"]["rate"], world["products"]["sales_share"] = rate, pilot.products
    for table in (world["settings"], world["phases"]):
        table["mean_rate"] = float(rate @ pilot.products)
