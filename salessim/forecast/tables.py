"""Won deals of a CRM export as a tidy table of sales."""

from __future__ import annotations

from datetime import date as Date
from typing import TYPE_CHECKING, Any

from salessim.errors import explain
from salessim.forecast.errors import ForecastError
from salessim.forecast.panel import Frequency

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm import CrmData

__all__ = ["sales_table", "won_sales"]

_UNKNOWN = "unknown"


def won_sales(crm: CrmData) -> pd.DataFrame:
    """Won deals, one row each: ``date``, ``revenue``, ``rep``, ``product``, ``segment``, ``region``, ``source``.

    What the export does not know of a deal is "unknown". Deals without a day of closing or an amount are left out;
    ``attrs["left_out"]`` says how many.
    """
    won = crm.deals[crm.deals["status"] == "won"]
    whole = won[won["closed_at"].notna() & won["amount"].notna()]
    accounts = crm.accounts.drop_duplicates("account_id").set_index("account_id")
    table = whole[["closed_at", "amount", "owner_id", "product", "source"]].rename(
        columns={"closed_at": "date", "amount": "revenue", "owner_id": "rep"}
    )
    for name in ("segment", "region"):
        table[name] = whole["account_id"].map(accounts[name])
    for name in ("rep", "product", "segment", "region", "source"):
        table[name] = table[name].astype(object).where(table[name].notna(), _UNKNOWN).astype(str)
    table = table.reset_index(drop=True)
    table.attrs["left_out"] = len(won) - len(whole)
    return table


def sales_table(crm: Any, frequency: Frequency) -> tuple[pd.DataFrame, str, str, str, Date]:
    """Table, its columns of date and value, how to read its rows, and the day of a CRM export.

    Only periods that were over on that day are kept.
    """
    import pandas as pd

    from salessim.crm import CrmData

    if not isinstance(crm, CrmData):
        raise ForecastError(
            explain(
                "sales must be a table with one row per series and period",
                value=type(crm).__name__,
                allowed="a pandas.DataFrame, or what read_crm returns",
            )
        )
    table = won_sales(crm)
    end = pd.Timestamp(crm.as_of).to_period(frequency.code)
    if end.end_time.normalize() > pd.Timestamp(crm.as_of):
        table = table[table["date"].dt.to_period(frequency.code) < end]
    return table, "date", "revenue", "orders", crm.as_of
