"""A pay plan as tables of a world: components, what they count, quotas, payout curves, SPIFFs.

A run pays every rep for his own results of months, quarters and years. What it cannot pay is refused here, in words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import explain
from salessim.model.pay import MEASURES, Component, Pay, PayError
from salessim.pay.curve import Curves, add_curves, compile_component, stack
from salessim.pay.quotas import allocate_quotas, largest_remainder, to_cents
from salessim.world.tables import DTYPES

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.world import World

__all__ = ["MONTHS", "pay_tables", "quotas_of_reps"]

MONTHS = {"month": 1, "quarter": 3, "year": 12}
"""Months of the pay periods that a run knows."""


def pay_tables(market: Market, plan: Plan, unpaid: World) -> dict[str, NDArray[Any]]:
    """Return the tables and settings of the pay plan of `plan`.

    Parameters
    ----------
    market, plan : Market, Plan
    unpaid : World
        The world of the same plan without pay, from which territories are read.

    Returns
    -------
    dict
        Tables by name; under ``settings`` the settings, under ``salary`` the cents of each month of a year.

    Raises
    ------
    PayError
        The plan has something that a run cannot pay.
    """
    pay = plan.phases[0][0].pay
    assert pay is not None
    _refuse_what_a_run_cannot_pay(pay)
    names = unpaid.names
    n_reps, n_months = len(names.reps), len(unpaid["months"])
    parts = pay.components
    components = np.zeros(len(parts), DTYPES["components"])
    scopes = np.zeros((len(parts), len(names.products) + len(names.segments)), DTYPES["scopes"])
    quotas = np.zeros((len(parts), n_reps), DTYPES["quotas"])
    curves: list[Curves] = []
    given = quotas_of_reps(market, plan, unpaid)
    for c, part in enumerate(parts):
        components[c]["measure"] = MEASURES.index(part.measure)
        components[c]["months"] = MONTHS[part.period]
        components[c]["attained"] = part.basis == "attainment"
        for wanted, known, first in ((part.products, names.products, 0),
                                     (part.segments, names.segments, len(names.products))):  # fmt: skip
            scopes["counts"][c, first : first + len(known)] = [not wanted or name in wanted for name in known]
        rows: dict[float, int] = {}
        for r in range(n_reps):
            quota = float(given[part.title][r]) if part.title in given else 0.0
            if quota not in rows:
                rows[quota] = len(curves)
                curves.append(compile_component(part, quota or None))
            quotas[c, r] = (rows[quota], quota, quota)
    table = stack(curves or [add_curves([], [])])
    pieces = np.zeros(len(table.start), DTYPES["pieces"])
    for column in ("start", "level", "slope", "closed"):
        pieces[column] = getattr(table, column)
    opens = np.zeros(len(table.first), DTYPES["curves"])
    opens["first"] = table.first
    return {
        "components": components, "scopes": scopes.ravel(), "quotas": quotas.ravel(), "curves": opens, "pieces": pieces,
        "credits": np.zeros(len(parts) * n_reps * n_months, DTYPES["credits"]),
        "spiffs": _spiffs(market, pay, names.products), "settings": _settings(pay),
        "salary": largest_remainder([int(to_cents(pay.salary))], np.ones(12, dtype=np.int64))[0],
    }  # fmt: skip


def quotas_of_reps(market: Market, plan: Plan, unpaid: World) -> dict[str, NDArray[np.float64]]:
    """Return the first quota of each rep (in the order of the seats) for each component on attainment, by its title.

    A component's own quota is everybody's. Where it has none, the company target is divided by the quota rule of the
    plan, equally, by the potential of the territories or by their work, and then evenly over the periods of the year.

    Raises
    ------
    PayError
        A quota must be allocated and the plan has no target, or its rule needs what a run does not know.
    """
    pay = plan.phases[0][0].pay
    assert pay is not None
    n_reps = len(unpaid.names.reps)
    found: dict[str, NDArray[np.float64]] = {}
    for part in pay.components:
        if part.basis != "attainment":
            continue
        if part.quota is not None:
            found[part.title] = np.full(n_reps, part.quota)
            continue
        if plan.target is None or part.measure not in ("bookings", "revenue", "cash_collected"):
            raise PayError(
                explain("a quota can be allocated from the company target in revenue only, and neither may be missing",
                        where=f"component {part.title!r}, quota", value=part.measure,
                        remedy="Give the component a quota, or the plan a target=… (revenue a year)")
            )  # fmt: skip
        yearly = allocate_quotas(plan.target, _columns(pay, unpaid), pay.quotas) / 100.0
        found[part.title] = np.asarray(to_cents(yearly * MONTHS[part.period] / 12.0) / 100.0, dtype=np.float64)
    return found


def _columns(pay: Pay, unpaid: World) -> dict[str, NDArray[np.float64]]:
    covers, n_reps = unpaid["covers"], len(unpaid.names.reps)
    column: NDArray[np.float64]
    if pay.quotas.quota_rule == "equal":
        return {"reps": np.ones(n_reps)}
    if pay.quotas.quota_rule == "potential":
        worth = covers["rate"] * unpaid["products"]["price"][covers["product"]]
        column = np.asarray(np.bincount(covers["owner"], weights=worth, minlength=n_reps), dtype=np.float64)
    elif pay.quotas.quota_rule == "workload":
        column = np.zeros(n_reps)
        row = {name: i for i, name in enumerate(unpaid.names.reps)}
        for name, work in zip(unpaid.alignment.reps, unpaid.alignment.work, strict=True):
            column[row[name]] = work
    else:
        raise PayError(
            explain("a run starts from today and knows neither last year's results nor proposals",
                    where="pay.quotas.quota_rule", value=pay.quotas.quota_rule,
                    allowed="equal, potential, workload", remedy="Choose one of these, or give each component a quota")
        )  # fmt: skip
    return {pay.quotas.quota_rule: np.maximum(column, 1e-3 * max(float(column.mean()), 1e-6))}


def _settings(pay: Pay) -> NDArray[Any]:
    values: dict[str, float] = {
        "paid": 1, "salary": pay.salary, "commission": 0.0, "target_variable": pay.target_variable,
        "draw": int(to_cents(pay.draw)), "draw_recoverable": int(pay.draw_recoverable),
        "guarantee": int(to_cents(pay.guarantee_share * pay.target_variable / 12)),
        "guarantee_months": pay.guarantee_months, "credit_share": pay.credit["rep"],
        "ratchet_up": pay.quotas.ratchet_up, "ratchet_down": pay.quotas.ratchet_down,
    }  # fmt: skip
    table = np.zeros(1, np.dtype([(name, DTYPES["settings"][name]) for name in values]))
    for name, value in values.items():
        table[name] = value
    return table


def _spiffs(market: Market, pay: Pay, products: tuple[str, ...]) -> NDArray[Any]:
    table = np.zeros(len(pay.spiffs), DTYPES["spiffs"])
    for i, spiff in enumerate(pay.spiffs):
        table[i]["product"] = products.index(spiff.product) if spiff.product else -1
        table[i]["first"] = (spiff.first - market.start).days
        table[i]["last"] = (spiff.last - market.start).days + 1
        table[i]["cents"] = int(to_cents(spiff.amount * pay.credit["rep"]))
    return table


def _refuse_what_a_run_cannot_pay(pay: Pay) -> None:
    def refuse(what: str, where: str, value: object, allowed: str) -> PayError:
        remedy = "Leave it out of the plan that is simulated; salessim.pay.statement.make_statement pays it"
        return PayError(explain(what, where=where, value=value, allowed=allowed, remedy=remedy))

    if "rep" not in pay.credit:
        roles = ", ".join(pay.credit)
        raise refuse("in a run every deal is the work of one rep", "pay.credit", roles, "a share of rep")
    if pay.manager_components:
        title = pay.manager_components[0].title
        raise refuse("a run pays managers a fixed cost", "pay.manager_components", title, "none")
    if pay.contests:
        raise refuse("a run holds no contests", "pay.contests", pay.contests[0].title, "none")
    for part in pay.components:
        _refuse_component(part, refuse)
    ratchet = pay.quotas.ratchet_up > 0 or pay.quotas.ratchet_down > 0
    for part in pay.components:
        if ratchet and part.basis == "attainment" and part.target_pay is None and part.tiers:
            raise refuse("a quota that ratchets moves rates that are multiples of a target pay, not money per unit",
                         f"component {part.title!r}, target_pay", None, "a target pay")  # fmt: skip


def _refuse_component(part: Component, refuse: Any) -> None:
    where = f"component {part.title!r}"
    if part.period not in MONTHS:
        raise refuse("a run pays by the month or longer", f"{where}, period", part.period, ", ".join(MONTHS))
    if part.counts != "own":
        raise refuse("a run pays everybody for his own results", f"{where}, counts", part.counts, "own")
    if part.measure == "market_share":
        raise refuse("a run knows no competitors' sales", f"{where}, measure", part.measure,
                     ", ".join(MEASURES[:-1]))  # fmt: skip
