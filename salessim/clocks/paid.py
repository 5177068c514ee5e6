"""The pay of a run as vendors replay it: its won deals as credited events, and the statement of its pay plan."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import explain
from salessim.model.pay import PayError
from salessim.pay.events import checked_events
from salessim.pay.groups import People
from salessim.pay.statement import Statement, make_statement
from salessim.world.tables import STARTED, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["events_of_run", "statement_of_run"]


def events_of_run(run: Run) -> pd.DataFrame:
    """Return the won deals of a run as events for statements; see `salessim.pay.events.checked_events`.

    Payments after the end of the run have not come in.
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
    cash_on = start + np.where(paid, table["paid"], 0.0).astype(np.int64)
    cash_on[~paid] = np.datetime64("NaT")
    return checked_events(
        pd.DataFrame(
            {
                "deal": [f"{row:08d}" for row in won], "rep": np.array(names.reps, dtype=object)[table["rep"]],
                "date": start + table["closed"].astype(np.int64),
                "product": np.array(names.products, dtype=object)[table["product"]],
                "segment": np.array(names.segments, dtype=object)[world["accounts"]["segment"][table["account"]]],
                "revenue": table["value"], "margin": margin, "new_customers": new.astype(np.float64),
                "cash": table["value"], "cash_on": cash_on,
            }
        )
    )  # fmt: skip


def statement_of_run(run: Run) -> Statement:
    """Return the statement of a run's pay plan for its deals, made afterwards: the static replay.

    With people who stay and quotas that do not ratchet it is what the run paid, to the cent.

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
    pay = run.plan.phases[0][0].pay
    if pay is None:
        raise PayError(explain("the plan of this run has no pay plan", where="plan.pay", remedy="Give it pay=…"))
    world, names = run.world, run.world.names
    n_seats = len(names.reps)
    first = world["quotas"]["first"].reshape(-1, n_seats)
    quotas = {
        part.title: dict(zip(names.reps, first[c].tolist(), strict=True))
        for c, part in enumerate(pay.components) if part.basis == "attainment"
    }  # fmt: skip
    careers = world.used("careers")
    hired = {
        names.reps[row["rep"]]: run.market.start + dt.timedelta(days=int(row["at"]))
        for row in careers if row["kind"] == STARTED
    }  # fmt: skip
    return make_statement(
        pay, events_of_run(run), run.market.start, run.months, reps=names.reps, people=People(hired=hired),
        quotas=quotas,
    )  # fmt: skip
