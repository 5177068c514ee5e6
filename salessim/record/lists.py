"""What a CRM holds beside the deals: accounts, products, users, activities, leads and quotas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.record.entries import moments
from salessim.world.tables import EXPIRED, INQUIRY

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = [
    "LEAD_CONVERTED", "LEAD_LOST", "LEAD_NEW", "accounts_of", "activities_of", "leads_of", "products_of", "quotas_of",
    "users_of",
]  # fmt: skip

LEAD_CONVERTED, LEAD_NEW, LEAD_LOST = "converted", "new", "lost"
"""Status of a lead: somebody worked on its deal; nobody yet; nobody in time."""


def accounts_of(run: Run) -> pd.DataFrame:
    """Return the accounts, with who owned them at the end."""
    import pandas as pd

    accounts, world = run.market.accounts, run.world
    row = {name: i for i, name in enumerate(world.names.accounts)}
    order = [row[name] for name in accounts["account"]]
    owner = world["covers"]["owner"].reshape(-1, len(world.names.products))[order, 0]
    reps = np.array([*world.names.reps, None], dtype=object)
    region = [place or None for place in accounts["region"]]
    return pd.DataFrame(
        {
            "account_id": accounts["account"],
            "name": [
                f"{segment.capitalize()} {name[1:]}"
                for name, segment in zip(accounts["account"], accounts["segment"], strict=True)
            ],
            "segment": accounts["segment"],
            "region": region,
            "place": region,
            "country": None,
            "lat": accounts["lat"],
            "lon": accounts["lon"],
            "is_customer": world["accounts"]["customer"][order] == 1,
            "owner_id": reps[owner],
        }
    )


def products_of(run: Run) -> pd.DataFrame:
    """Return the products, with list price and cost."""
    import pandas as pd

    products = run.market.products
    return pd.DataFrame(
        {
            "product": products["product"],
            "line": products["product"],
            "list_price": products["price"],
            "unit_cost": np.round(products["price"] * (1 - products["margin"]), 2),
        }
    )


def users_of(run: Run) -> pd.DataFrame:
    """Return the people of the plan."""
    import pandas as pd

    team = run.plan.team
    return pd.DataFrame(
        {
            "user_id": team["rep"],
            "name": [f"Seller {rep}" for rep in team["rep"]],
            "team": team["group"],
            "region": team["group"],
            "lat": team["lat"],
            "lon": team["lon"],
        }
    )


def activities_of(run: Run) -> pd.DataFrame:
    """Return the calls on customers that the run recorded."""
    import pandas as pd

    calls, names = run.world.used("calls"), run.world.names
    return pd.DataFrame(
        {
            "activity_id": [f"V{n + 1:05d}" for n in range(len(calls))],
            "type": pd.Series("visit", index=range(len(calls)), dtype="str"),
            "owner_id": np.array(names.reps, dtype=object)[calls["rep"]],
            "account_id": np.array(names.accounts, dtype=object)[calls["account"]],
            "at": moments(run, calls["at"]),
            "duration_min": np.round(calls["hours"] * 60),
        }
    )


def leads_of(run: Run, deals: NDArray[np.void], table: pd.DataFrame) -> pd.DataFrame:
    """Return the inquiries: a lead each, converted when somebody works on its deal for the first time.

    Parameters
    ----------
    run : Run
    deals : array of records
        The deals of the record, as the world has them.
    table : DataFrame
        The same deals as recorded.
    """
    import pandas as pd

    asked = np.flatnonzero(deals["source"] == INQUIRY)
    of, written = deals[asked], table.iloc[asked].reset_index(drop=True)
    touched = of["first_touch"] >= 0.0
    waiting = np.where(of["state"] == EXPIRED, LEAD_LOST, LEAD_NEW)
    return pd.DataFrame(
        {
            "lead_id": "L" + written["deal_id"].str.removeprefix("D"),
            "name": written["name"],
            "source": written["source"],
            "status": pd.Series(np.where(touched, LEAD_CONVERTED, waiting), index=written.index, dtype="str"),
            "owner_id": written["owner_id"],
            "created_at": written["created_at"],
            "converted_at": moments(run, np.where(touched, of["first_touch"], np.nan)),
            "is_converted": touched,
            "deal_id": written["deal_id"].where(touched),
            "account_id": written["account_id"],
        }
    )


def quotas_of(run: Run) -> pd.DataFrame:
    """Return what each rep was to sell and sold by the record of pay: a row per rep and period; empty without quotas.

    Of several components with quotas the first counts. Where a ratchet moves quotas, only those of the first and of
    the last year are known.
    """
    import pandas as pd

    world, names = run.world, run.world.names
    pay = run.plan.phases[0][0].pay
    with_quota = [c for c, part in enumerate(pay.components) if part.basis == "attainment"] if pay else []
    rows: list[dict[str, object]] = []
    if with_quota:
        component = with_quota[0]
        length = int(world["components"][component]["months"])
        quotas = world["quotas"].reshape(-1, len(names.reps))[component]
        credited = world["credits"]["cents"].reshape(-1, len(names.reps), run.months)[component] / 100.0
        start = pd.Timestamp(run.market.start)
        last_year = (run.months - 1) // 12
        for first in range(0, run.months, length):  # the last one may still be running
            month = start + pd.DateOffset(months=first)
            period = f"{month:%Y-%m}"
            if length > 1:
                period += f" to {month + pd.DateOffset(months=length - 1):%Y-%m}"
            year = first // 12
            for rep, name in enumerate(names.reps):
                moved = quotas["quota"][rep] != quotas["first"][rep]
                known = {0: quotas["first"][rep], last_year: quotas["quota"][rep]} if moved else {}
                target = known.get(year, np.nan) if moved else quotas["first"][rep]
                rows.append(
                    {
                        "user_id": name,
                        "period": period,
                        "target": round(float(target), 2),
                        "attained": round(float(credited[rep, first : first + length].sum()), 2),
                    }
                )
    return pd.DataFrame(rows, columns=["user_id", "period", "target", "attained"])
