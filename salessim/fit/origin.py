"""An export as it was on an earlier day: for backtests that must not know what came later."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import CrmError, explain

if TYPE_CHECKING:
    import datetime as dt

    import pandas as pd

    from salessim.crm.tables import CrmData

__all__ = ["known_on"]

_FEW = 0.5
"""Below this share of open deals with an amount, amounts are taken to be entered on winning."""
_LATER_NEWS = ("probability", "stage_changed_at", "lost_reason")
"""What an export says of a deal today and what nobody knew while it was open."""


def known_on(crm: CrmData, day: dt.date, *, accounts_of_open: bool = True) -> CrmData:
    """Return an export as if it had been written at the end of an earlier day.

    Deals, stage events, activities, leads and people of later days are gone; deals that closed later are open, in the
    stage of that day where the export has a history of stages. Amounts, expected days and owners are those of that day
    where the export has a log of changes; otherwise owners stay, expected days are unknown, and amounts stay unless
    deals that are open today mostly have none (then they are entered on winning, and would tell who won). Deals without
    a day of creation stay, since nobody knows when they came. Who is a customer is left to what was won by then.

    Parameters
    ----------
    crm : CrmData
    day : datetime.date
    accounts_of_open : bool
        Whether deals open on that day keep their account. False where only deals that close ever get one: its absence
        then tells how a deal will end.

    Returns
    -------
    CrmData
        With the report of the whole export.

    Raises
    ------
    CrmError
        If the day is after the export.
    """
    import pandas as pd

    if day > crm.as_of:
        raise CrmError(
            explain("the export ends before this day", where="day", value=day.isoformat(),
                    allowed=f"{crm.as_of.isoformat()} or earlier")
        )  # fmt: skip
    end = pd.Timestamp(day) + pd.Timedelta(days=1)
    events = _until(crm.stage_events, "entered_at", end)
    deals = _until(crm.deals, "created_at", end)
    was_open = (deals["status"] == "open") | (deals["closed_at"] >= end)
    still = crm.deals["status"] == "open"
    late = still.any() and float(crm.deals.loc[still, "amount"].notna().mean()) < _FEW
    columns: dict[str, pd.Series] = {
        "status": deals["status"].mask(was_open, "open"),
        "closed_at": deals["closed_at"].mask(was_open),
        "stage": deals["stage"].mask(was_open, _last_stage(deals, events)),
    }
    for name in _LATER_NEWS:
        if name in deals:
            columns[name] = deals[name].mask(was_open)
    deals = deals.assign(**columns)
    if not (crm.changes["field"] == "expected_close").any():
        deals["expected_close"] = deals["expected_close"].mask(was_open)
    if late:
        deals["amount"] = deals["amount"].mask(was_open)
    if not accounts_of_open:
        deals["account_id"] = deals["account_id"].mask(was_open)
    for name in ("amount", "owner_id", "expected_close"):
        deals[name] = _before(deals[name], deals["deal_id"], crm.changes, name, end)
    leads = _until(crm.leads, "created_at", end)
    later = leads["converted_at"] >= end
    leads = leads.assign(
        is_converted=leads["is_converted"].mask(later, False),
        **{name: leads[name].mask(later) for name in ("converted_at", "deal_id", "lost_reason")},
    )
    users = _until(crm.users, "hired_at", end)
    return replace(
        crm,
        deals=deals.reset_index(drop=True),
        stage_events=events.reset_index(drop=True),
        changes=_until(crm.changes, "changed_at", end).reset_index(drop=True),
        activities=_until(crm.activities, "at", end).reset_index(drop=True),
        accounts=crm.accounts.assign(is_customer=crm.accounts["is_customer"].mask(crm.accounts["is_customer"].notna())),
        users=users.assign(left_at=users["left_at"].mask(users["left_at"] >= end)).reset_index(drop=True),
        leads=leads.reset_index(drop=True),
        quotas=crm.quotas.assign(attained=np.nan),
        as_of=day,
    )


def _until(frame: pd.DataFrame, column: str, end: pd.Timestamp) -> pd.DataFrame:
    return frame[~(frame[column] >= end)].copy()


def _last_stage(deals: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Stage of each deal by the last event; where the export has no events the stage of a deal is not known."""
    order = events.sort_values("entered_at", kind="stable").drop_duplicates("deal_id", keep="last")
    return deals["deal_id"].map(order.set_index("deal_id")["stage"]).astype(deals["stage"].dtype)


def _before(now: pd.Series, ids: pd.Series, changes: pd.DataFrame, field: str, end: pd.Timestamp) -> pd.Series:
    """Undo the changes of a field after a moment: the first of them says what stood there before."""
    import pandas as pd

    later = changes[(changes["field"] == field) & (changes["changed_at"] >= end)]
    if not len(later):
        return now
    first = later.sort_values("changed_at", kind="stable").drop_duplicates("deal_id").set_index("deal_id")["old"]
    old = ids.map(first)
    if field == "amount":
        old = pd.to_numeric(old, errors="coerce")
    elif field == "expected_close":
        old = pd.to_datetime(old, errors="coerce")
    return now.mask(ids.isin(first.index), old.astype(now.dtype))
