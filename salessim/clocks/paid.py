"""The pay of a run as vendors replay it: its won deals as credited events, and the statement of its pay plan."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import explain
from salessim.model.pay import Pay, PayError
from salessim.pay.events import checked_events
from salessim.pay.groups import People
from salessim.pay.statement import LaterPlan, Statement, make_statement
from salessim.pay.tables import Force, owners_have_credit, plans_in_force
from salessim.world.tables import NEVER, OWN, STARTED, TEAM, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["events_of_run", "manager_names", "statement_of_run"]


def events_of_run(run: Run) -> pd.DataFrame:
    """Return the won deals of a run as events for statements; see `salessim.pay.events.checked_events`.

    Payments after the end of the run have not come in; of those that never will it shows after the days of `write_off`.
    """
    import pandas as pd

    world, names = run.world, run.world.names
    deals = world.used("deals")
    won = np.flatnonzero(deals["state"] == WON)
    won = won[np.lexsort((won, deals["closed"][won]))]
    table = deals[won]
    bought = dict(zip(run.market.accounts["account"].astype(str), run.market.accounts["customer"], strict=True))
    account = np.array(names.accounts, dtype=object)[table["account"]]
    new = np.array([not bought[name] for name in account], dtype=bool) & ~pd.Series(account).duplicated().to_numpy()
    until = float(world["settings"]["until"][0])
    cost = table["value"] / (1.0 - table["discount"]) * (1.0 - world["products"]["margin"][table["product"]])
    margin = np.where(
        table["discount"] > 0.0, table["value"] - cost, table["value"] * world["products"]["margin"][table["product"]]
    )
    start = np.datetime64(run.market.start)
    paid = table["paid"] < until
    signed = start + table["closed"].astype(np.int64)
    never = signed + int(run.market.money.write_off)
    never[table["paid"] < NEVER] = np.datetime64("NaT")
    cash_on = start + np.where(paid, table["paid"], 0.0).astype(np.int64)
    cash_on[~paid] = np.datetime64("NaT")
    events = pd.DataFrame(
        {
            "deal": [f"{row:08d}" for row in won], "rep": np.array(names.reps, dtype=object)[table["rep"]],
            "date": signed,
            "product": np.array(names.products, dtype=object)[table["product"]],
            "segment": np.array(names.segments, dtype=object)[world["accounts"]["segment"][table["account"]]],
            "revenue": table["value"], "margin": margin, "new_customers": new.astype(np.float64),
            "cash": table["value"], "cash_on": cash_on, "unpaid_on": never, "role": "rep",
        }
    )  # fmt: skip
    if owners_have_credit(run.plan):
        owner = np.array(names.reps, dtype=object)[table["owner"]]
        events = pd.concat([events, events.assign(rep=owner, role="owner")], ignore_index=True)
    return checked_events(events)


def statement_of_run(run: Run) -> Statement:
    """Return the statement of a run's pay plan for its deals, made afterwards: the static replay.

    With people who stay and quotas that do not ratchet it is what the run paid, to the cent. Teams and managers are
    those of each month of the run; managers have no salary on it, since a run books their cost under management.

    Raises
    ------
    PayError
        The plan of the run has no pay plan.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.pay_files import pay_preset
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> run = simulate(market.but(turnover=0.0), plan.but(pay=pay_preset("commission"), promotion_share=0.0), 3)
    >>> paid = run.world["diary"]["salary"].sum() + run.world["diary"]["variable"].sum()
    >>> bool(round(100 * paid) == statement_of_run(run).totals().sum())
    True
    """
    if run.plan.phases[0][0].pay is None:
        raise PayError(explain("the plan of this run has no pay plan", where="plan.pay", remedy="Give it pay=…"))
    names = run.world.names
    first, *later = [
        LaterPlan(force.first, _with_roles(force.pay), _quotas_of(run, force))
        for force in plans_in_force(run.plan, run.months)
    ]
    people = _people_of(run)
    statement = make_statement(
        first.pay, events_of_run(run), run.market.start, run.months, reps=names.reps, people=people,
        quotas=first.quotas, later=later,
    )  # fmt: skip
    lines = statement.lines
    fixed = lines["rep"].isin(people.leaders()) & (lines["kind"] == "salary")  # managers have a cost of their own
    return replace(statement, lines=lines[~fixed].reset_index(drop=True))


def _with_roles(pay: Pay) -> Pay:
    """Return a plan that gives each role that a run knows a share of the credit, of 0 where it had none."""
    return pay.but(credit={"rep": 0.0, "owner": 0.0} | pay.credit)


def _people_of(run: Run) -> People:
    """Return who was of which team and led by whom in each month, and when people began."""
    world, names = run.world, run.world.names
    diary = world["diary"].reshape(-1, run.months)
    groups = np.array([*names.groups, ""], dtype=object)
    managers = np.array([*manager_names(len(world["managers"])), ""], dtype=object)
    careers = world.used("careers")
    return People(
        teams={rep: tuple(groups[diary["team"][r]]) for r, rep in enumerate(names.reps)},
        managers={rep: tuple(managers[diary["manager"][r]]) for r, rep in enumerate(names.reps)},
        hired={
            names.reps[row["rep"]]: run.market.start + dt.timedelta(days=int(row["at"]))
            for row in careers if row["kind"] == STARTED
        },
    )  # fmt: skip


def manager_names(n: int) -> tuple[str, ...]:
    """Return what statements call the managers of a run, in the order of their rows.

    Examples
    --------
    >>> manager_names(2)
    ('manager 001', 'manager 002')
    """
    return tuple(f"manager {k + 1:03d}" for k in range(n))


def _quotas_of(run: Run, force: Force) -> dict[str, dict[str, float]]:
    """Return the first quotas of a plan's components, by title and payee."""
    world, names = run.world, run.world.names
    table = world["components"]
    rows = np.flatnonzero(table["first"] == force.first)
    of_reps = world["quotas"]["first"].reshape(-1, len(names.reps))
    found = {}
    for c, part in zip(rows, (*force.pay.components, *force.pay.manager_components), strict=False):
        if part.basis != "attainment":
            continue
        if table["payee"][c] == OWN:
            found[part.title] = dict(zip(names.reps, of_reps[c].tolist(), strict=True))
            continue
        payees = names.groups if table["payee"][c] == TEAM else manager_names(len(world["managers"]))
        goals = world["goals"]["first"][table["goals"][c] :][: len(payees)]
        found[part.title] = dict(zip(payees, goals.tolist(), strict=True))
    return found
