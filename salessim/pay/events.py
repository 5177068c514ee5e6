"""Credited events: the tidy table a statement is made from, one row per deal, rep and, where known, payment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import explain, nearest
from salessim.model.pay import PayError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["COLUMNS", "UNIT", "checked_events", "credit_of", "credited_events"]

COLUMNS = (
    "deal", "rep", "date", "role", "product", "segment", "bookings", "revenue", "margin", "units", "new_customers",
    "cash", "cash_on", "lost_on", "unpaid_on",
)  # fmt: skip
"""Columns of events: the first three are needed, the others have the defaults of `checked_events`."""
UNIT = 100
"""Credit is counted in whole hundredths (cents), so that sums are exact and a quota met to the cent is met."""
_DATES = ("date", "cash_on", "lost_on", "unpaid_on")
_SHARE_UNIT = 10**9


def checked_events(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with every column of `COLUMNS`, ordered by date, deal and rep.

    Left out: bookings is revenue and revenue is bookings; margin is revenue; units 1; cash is revenue, received on the
    date of the deal; new_customers 0; role ``rep``; a deal is neither lost nor unpaid later.

    Raises
    ------
    PayError
        A column that is needed is missing or not known, or a date is missing.
    """
    import pandas as pd

    frame = events.copy()
    for name in frame.columns:
        if name not in COLUMNS:
            raise PayError(explain("events have no such column", where=str(name), remedy=nearest(str(name), COLUMNS)))
    for name in COLUMNS[:3]:
        if name not in frame:
            raise PayError(explain("events need this column", where=f"events, column {name}"))
    if "revenue" not in frame:
        if "bookings" not in frame:
            raise PayError(explain("events need a result", where="events, column revenue", allowed="revenue, bookings"))
        frame["revenue"] = frame["bookings"]
    fillers: dict[str, Any] = {
        "bookings": frame["revenue"], "margin": frame["revenue"], "units": 1.0, "new_customers": 0.0, "role": "rep",
        "product": "", "segment": "", "cash": frame["revenue"], "cash_on": frame["date"], "lost_on": pd.NaT,
        "unpaid_on": pd.NaT,
    }  # fmt: skip
    for name, filler in fillers.items():
        if name not in frame:
            frame[name] = filler
    for name in _DATES:
        frame[name] = pd.to_datetime(frame[name])
    if frame["date"].isna().any():
        row = int(np.argmax(frame["date"].isna().to_numpy()))
        raise PayError(explain("a deal without a date belongs to no period", where=f"events, row {row + 1}, date"))
    order = np.lexsort([frame[name].astype(str).to_numpy() for name in ("rep", "deal")] + [frame["date"].to_numpy()])
    return frame.iloc[order][list(COLUMNS)].reset_index(drop=True)


def credit_of(
    events: pd.DataFrame, measure: str, shares: Mapping[str, float], market_size: float | None = None
) -> tuple[NDArray[np.int64], NDArray[np.datetime64], int]:
    """Return the credit of each event for a measure, the day it counts, and the units credit is counted in.

    Parameters
    ----------
    events : DataFrame
        From `checked_events`.
    measure : str
    shares : mapping
        Share of the credit of each role.
    market_size : float, optional
        Sales of the whole market in one pay period, for the measure market_share.

    Returns
    -------
    credit : (n,) int64
        In 1/`unit`.
    day : (n,) datetime64[D]
        For cash the day it came in; NaT for cash that has not.
    unit : int
    """
    roles = events["role"].to_numpy()
    unknown = sorted({str(role) for role in roles if role not in shares})
    if unknown:
        raise PayError(
            explain("the plan gives this role no share of the credit", where="pay.credit", value=unknown[0],
                    allowed=", ".join(shares), remedy="Add the role to the split, or correct the events")
        )  # fmt: skip
    column = {"cash_collected": "cash", "market_share": "revenue"}.get(measure, measure)
    amount = events[column].to_numpy(dtype=np.float64) * np.array([shares[role] for role in roles])
    unit = UNIT
    if measure == "market_share":
        if not market_size or market_size <= 0:
            raise PayError(
                explain("a market share needs the size of the market", where="market_size", value=market_size,
                        allowed="more than 0")
            )  # fmt: skip
        amount, unit = amount / market_size, _SHARE_UNIT
    days = events["cash_on" if measure == "cash_collected" else "date"].to_numpy(dtype="datetime64[D]")
    scaled = np.nan_to_num(amount * unit)
    return np.round(scaled + np.sign(scaled) * 1e-6).astype(np.int64), days, unit


def credited_events(
    deals: pd.DataFrame, products: pd.DataFrame | None = None, accounts: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the won deals of CRM tables as events: owner, closing date, amount, margin, segment, first purchase.

    Parameters
    ----------
    deals : DataFrame
        deal_id, account_id, owner_id, product, status, amount, closed_at, as read from an export.
    products : DataFrame, optional
        product, list_price, unit_cost: the margin of a deal is its amount times the product's margin; without costs it
        is the whole amount.
    accounts : DataFrame, optional
        account_id, segment.

    Returns
    -------
    DataFrame
        As `checked_events` has it. An export says nothing of cash: it counts as received at closing.
    """
    import pandas as pd

    won = deals[(deals["status"] == "won") & deals["closed_at"].notna() & deals["owner_id"].notna()].copy()
    won = won.sort_values(["closed_at", "deal_id"], kind="stable")
    amount = won["amount"].fillna(0.0).to_numpy(dtype=np.float64)
    share = np.ones(len(won))
    if products is not None and len(products):
        margin = (1.0 - products["unit_cost"] / products["list_price"]).to_numpy(dtype=np.float64)
        known = dict(zip(products["product"], margin, strict=True))
        share = np.array([known.get(name, np.nan) for name in won["product"]], dtype=np.float64)
        share = np.where(np.isfinite(share), share, 1.0)
    segment: object = ""
    if accounts is not None and len(accounts):
        of = dict(zip(accounts["account_id"], accounts["segment"], strict=True))
        segment = [of.get(account, "") for account in won["account_id"]]
    first = ~won["account_id"].duplicated()
    found = pd.DataFrame(
        {
            "deal": won["deal_id"].to_numpy(), "rep": won["owner_id"].to_numpy(),
            "date": pd.to_datetime(won["closed_at"]).dt.normalize().to_numpy(), "product": won["product"].to_numpy(),
            "segment": segment, "revenue": amount, "margin": amount * share,
            "new_customers": first.to_numpy(dtype=np.float64),
        }
    )  # fmt: skip
    return checked_events(found)
