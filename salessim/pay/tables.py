"""Pay plans as tables of a world: components, what they count, quotas, payout curves, SPIFFs, contests.

A run pays reps, their teams (those who share a lead pool: groups) and their managers. A deal is credited to the rep who
works on it and, where the plan gives him a share, to the owner of its account and product; of what a plan gives other
roles nobody is credited. The components of all plans that are ever in force stand in one table, each with its months.
What a run cannot pay is refused here, in words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import explain
from salessim.model.pay import MEASURES, Component, Contest, Pay, PayError
from salessim.pay.allocation import LastYear, quotas_of_payees, quotas_of_reps, teams_of
from salessim.pay.curve import Curves, add_curves, compile_component, stack
from salessim.pay.quotas import largest_remainder, to_cents
from salessim.pay.settling import cents_of
from salessim.world.tables import DTYPES, MANAGED, OWN, TEAM

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.world import World

__all__ = ["Force", "owners_have_credit", "pay_tables", "plans_in_force"]

_MONTHS = {"day": 0, "month": 1, "quarter": 3, "year": 12}
"""Months of each period; 0 for a day."""
_SETTINGS = ("salary", "draw", "draw_recoverable", "guarantee", "guarantee_months", "target_variable", "ratchet_up",
             "ratchet_down", "paid", "commission")  # fmt: skip
"""Settings of a world that a pay plan gives."""


class Force(NamedTuple):
    """A pay plan that is in force from month `first` to before month `end` of a run; `cut` where another follows."""

    pay: Pay
    first: int
    end: int
    cut: bool


class _Row(NamedTuple):
    """A component or contest, who is paid by it, and when it is in force."""

    part: Component
    payee: int
    contest: Contest | None
    force: Force


def plans_in_force(plan: Plan, months: int) -> list[Force]:
    """Return the pay plans that are ever in force in a run, one after another.

    Examples
    --------
    >>> from salessim.model.change import Change
    >>> from salessim.model.plan import Plan
    >>> new = Change(month=6, to={"pay": Pay(salary=60_000.0)})
    >>> found = plans_in_force(Plan(reps=2, pay=Pay(), changes=(new,)), 24)
    >>> [(one.pay.salary, one.first, one.end, one.cut) for one in found]
    [(90000.0, 0, 6, True), (60000.0, 6, 24, False)]
    """
    found: list[Force] = []
    for setting, change in plan.phases:
        first = 0 if change is None else change.month
        assert setting.pay is not None
        if found and (first is None or first >= months or setting.pay == found[-1].pay):
            continue  # a change that a sign brings about leaves pay as it is: the plan sees to it
        assert first is not None
        if found:
            found[-1] = found[-1]._replace(end=first, cut=True)
        found.append(Force(setting.pay, first, months, False))
    return found


def owners_have_credit(plan: Plan) -> bool:
    """Tell whether the owner of account and product has a share of the credit under a pay plan that is ever in force.

    He is another than the rep who works on a deal where inquiries go to a pool, or deals stay when accounts move.
    """
    return any(setting.pay is not None and "owner" in setting.pay.credit for setting, _ in plan.phases)


def pay_tables(
    market: Market, plan: Plan, unpaid: World, last_year: LastYear | None = None
) -> dict[str, NDArray[Any]]:
    """Return the tables and settings of the pay plans of `plan`.

    Parameters
    ----------
    market, plan : Market, Plan
    unpaid : World
        The world of the same plan without pay, from which territories are read.
    last_year : LastYear, optional
        What each seat sold and expects to sell, for quota rules that need it.

    Returns
    -------
    dict
        Tables by name; under ``settings`` the settings (a row for each phase of the plan), under ``salary`` the cents
        of each month of the run.

    Raises
    ------
    PayError
        The plan has something that a run cannot pay.
    """
    names = unpaid.names
    n_reps, n_months, n_managers = len(names.reps), len(unpaid["months"]), len(unpaid["managers"])
    until = int(unpaid["months"]["ends"][-1])
    forces = plans_in_force(plan, n_months)
    for force in forces:
        _refuse_what_a_run_cannot_pay(force.pay)
    rows = [row for force in forces for row in _rows(force)]
    components = np.zeros(len(rows), DTYPES["components"])
    scopes = np.zeros((len(rows), len(names.products) + len(names.segments)), DTYPES["scopes"])
    quotas = np.zeros((len(rows), n_reps), DTYPES["quotas"])
    goals: list[tuple[int, float, float]] = []
    curves: list[Curves] = []
    prizes: list[int] = []
    of_reps = {force.first: quotas_of_reps(market, plan.target, force.pay, unpaid, last_year) for force in forces}
    daily = 0
    for c, (part, payee, contest, force) in enumerate(rows):
        one = components[c]
        one["measure"], one["months"] = MEASURES.index(part.measure), _MONTHS[part.period]
        one["attained"], one["payee"] = part.basis == "attainment", payee
        one["first"], one["end"], one["cut"] = force.first, force.end, force.cut
        one["share"], one["daily"] = force.pay.credit.get("rep", 0.0), -1
        one["owner_share"] = force.pay.credit.get("owner", 0.0) if owners_have_credit(plan) else -1.0
        one["clawback"] = 0.0 if contest is not None else _clawback(market, force.pay)
        for wanted, known, first in ((part.products, names.products, 0),
                                     (part.segments, names.segments, len(names.products))):  # fmt: skip
            scopes["counts"][c, first : first + len(known)] = [not wanted or name in wanted for name in known]
        if part.period == "day":
            one["daily"], daily = daily, daily + 1
        if contest is not None:
            one["first_prize"], one["prizes"] = len(prizes), len(contest.prizes)
            prizes += [cents_of(prize) for prize in contest.prizes]
            continue
        mine = of_reps[force.first].get(part.title)
        if payee == OWN:
            given = np.zeros(n_reps) if mine is None else mine
        else:
            one["goals"] = len(goals)
            given = quotas_of_payees(part, mine, teams_of(unpaid, force.first), payee == MANAGED,
                                     n_managers if payee == MANAGED else len(names.groups))  # fmt: skip
        numbered = _curves_of(part, given, curves)
        for i, number in enumerate(numbered):
            if payee == OWN:
                quotas[c, i] = (number, given[i], given[i])
            else:
                goals.append((number, float(given[i]), float(given[i])))
    table = stack(curves or [add_curves([], [])])
    pieces = np.zeros(len(table.start), DTYPES["pieces"])
    for column in ("start", "level", "slope", "closed"):
        pieces[column] = getattr(table, column)
    opens = np.zeros(len(table.first), DTYPES["curves"])
    opens["first"] = table.first
    purses = np.zeros(len(prizes), DTYPES["prizes"])
    purses["cents"] = prizes
    return {
        "components": components, "scopes": scopes.ravel(), "quotas": quotas.ravel(), "curves": opens, "pieces": pieces,
        "credits": np.zeros(len(rows) * n_reps * n_months, DTYPES["credits"]),
        "goals": np.array(goals, DTYPES["goals"]), "prizes": purses,
        "daily": np.zeros(daily * n_reps * until, DTYPES["daily"]),
        "led": np.zeros(n_managers * n_months, DTYPES["led"]),
        "spiffs": _spiffs(market, forces, unpaid), "settings": _settings(plan, forces),
        "salary": _salaries(forces, n_months),
    }  # fmt: skip


def _rows(force: Force) -> list[_Row]:
    """Return what a plan pays: components first, in their order, then those of managers and the contests."""
    pay = force.pay
    return [
        *(_Row(part, OWN if part.counts == "own" else TEAM, None, force) for part in pay.components),
        *(_Row(part, MANAGED, None, force) for part in pay.manager_components),
        *(
            _Row(Component(title=contest.title, measure=contest.measure, period=contest.period),
                 OWN if contest.between == "reps" else TEAM, contest, force)
            for contest in pay.contests
        ),
    ]  # fmt: skip


def _curves_of(part: Component, quotas: NDArray[np.float64], curves: list[Curves]) -> list[int]:
    """Add the payout curves of a component for some quotas (0: none), each once; return their numbers."""
    known: dict[float, int] = {}
    for quota in quotas.tolist():
        if quota not in known:
            known[quota] = len(curves)
            curves.append(compile_component(part, quota or None))
    return [known[quota] for quota in quotas.tolist()]


def _clawback(market: Market, pay: Pay) -> float:
    """Return the share of pay that is taken back: nothing where a debt is given up only after the window."""
    return pay.clawback_share if int(market.money.write_off) <= pay.clawback_days else 0.0


def _settings(plan: Plan, forces: Sequence[Force]) -> NDArray[Any]:
    """Return the settings of pay, a row for each phase of the plan."""
    table = np.zeros(len(plan.phases), np.dtype([(name, DTYPES["settings"][name]) for name in _SETTINGS]))
    for k, (setting, _) in enumerate(plan.phases):
        pay = setting.pay
        assert pay is not None
        values: Mapping[str, float] = {
            "paid": 1, "salary": pay.salary, "commission": 0.0, "target_variable": pay.target_variable,
            "draw": int(to_cents(pay.draw)), "draw_recoverable": int(pay.draw_recoverable),
            "guarantee": int(to_cents(pay.guarantee_share * pay.target_variable / 12)),
            "guarantee_months": pay.guarantee_months, "ratchet_up": pay.quotas.ratchet_up,
            "ratchet_down": pay.quotas.ratchet_down,
        }  # fmt: skip
        for name, value in values.items():
            table[name][k] = value
    return table


def _salaries(forces: Sequence[Force], n_months: int) -> NDArray[np.int64]:
    found = np.zeros(n_months, dtype=np.int64)
    for force in forces:
        year = largest_remainder([int(to_cents(force.pay.salary))], np.ones(12, dtype=np.int64))[0]
        mine = np.arange(force.first, force.end)
        found[mine] = year[mine % 12]
    return found


def _spiffs(market: Market, forces: Sequence[Force], unpaid: World) -> NDArray[Any]:
    """Return the SPIFFs of all plans, each only while its plan is in force."""
    ends = unpaid["months"]["ends"]
    every = [(force, spiff) for force in forces for spiff in force.pay.spiffs]
    table = np.zeros(len(every), DTYPES["spiffs"])
    for i, (force, spiff) in enumerate(every):
        table[i]["product"] = unpaid.names.products.index(spiff.product) if spiff.product else -1
        begins = float(ends[force.first - 1]) if force.first else 0.0
        table[i]["first"] = max((spiff.first - market.start).days, begins)
        table[i]["last"] = min((spiff.last - market.start).days + 1, float(ends[force.end - 1]))
        table[i]["cents"] = int(to_cents(spiff.amount * force.pay.credit.get("rep", 0.0)))
        table[i]["owner_cents"] = int(to_cents(spiff.amount * force.pay.credit.get("owner", 0.0)))
        table[i]["clawback"] = _clawback(market, force.pay)
    return table


def _refuse_what_a_run_cannot_pay(pay: Pay) -> None:
    def refuse(what: str, where: str, value: object, allowed: str) -> PayError:
        remedy = "Leave it out of the plan that is simulated; salessim.pay.statement.make_statement pays it"
        return PayError(explain(what, where=where, value=value, allowed=allowed, remedy=remedy))

    if not {"rep", "owner"} & set(pay.credit):
        roles = ", ".join(pay.credit)
        raise refuse("in a run a deal has a rep who works on it, and an owner of its account and product",
                     "pay.credit", roles, "shares of rep, owner")  # fmt: skip
    ratchet = pay.quotas.ratchet_up > 0 or pay.quotas.ratchet_down > 0
    for name in ("components", "manager_components", "contests"):
        for part in getattr(pay, name):
            where = f"{'contest' if name == 'contests' else 'component'} {part.title!r}"
            if part.measure == "market_share":
                raise refuse("a run knows no competitors' sales", f"{where}, measure", part.measure,
                             ", ".join(MEASURES[:-1]))  # fmt: skip
    for part in (*pay.components, *pay.manager_components):
        where = f"component {part.title!r}"
        if set(part.team_share) - {"rep"}:
            raise refuse("in a run everybody in a team is a rep", f"{where}, team_share", ", ".join(part.team_share),
                         "rep")  # fmt: skip
        if ratchet and part.basis == "attainment" and part.target_pay is None and part.tiers:
            raise refuse("a quota that ratchets moves rates that are multiples of a target pay, not money per unit",
                         f"{where}, target_pay", None, "a target pay")  # fmt: skip
