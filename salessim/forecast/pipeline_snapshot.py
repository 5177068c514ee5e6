"""The pipeline as it was known at the end of a day: nothing that was written later, and nothing that gives it away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Record", "Snapshot", "day_number", "known_at", "read_deals"]

_ONE = "all"  # the stage of deals whose history of stages is not known
_FEW = 0.5  # share of open deals with an amount below which amounts are taken to be entered on winning
_MISSING = "unknown"
_AS_ASKED = 20.0  # won deals that believing amounts as they stand counts as much as


@dataclass(frozen=True, eq=False)
class Snapshot:
    """What was known at the end of `origin`.

    Attributes
    ----------
    deals : pandas.DataFrame
        One row per deal created by then: ``deal_id``, ``created``, ``closed`` (days since the epoch, fractional; NaN
        while open), ``status`` (open, won, lost: every ending without a sale is lost), ``product``, ``rep``, ``stage``
        (of now), ``amount`` (NaN where not known then) and ``expected`` (day; NaN where not known).
    spells : pandas.DataFrame
        ``deal`` (row of `deals`), ``stage``, ``entered``, ``left`` (days), ``to`` (stage, "won", "lost", or "" while
        the spell lasts).
    origin : datetime.date
    begun : float
        Day of the first closing there is a record of: before it deals were not watched (left truncation).
    left_out : mapping of str to int
        Deals that could not be used, by reason (the key of its sentence).
    kept : float
        What won deals brought over the amounts that stood there until the day they were won, shrunken to 1; 1 where no
        changes are logged.
    """

    deals: pd.DataFrame
    spells: pd.DataFrame
    origin: Date
    begun: float
    left_out: Mapping[str, int]
    kept: float = 1.0

    @property
    def end(self) -> float:
        """The end of the day, in days since the epoch."""
        return day_number(self.origin) + 1.0

    @property
    def open(self) -> pd.DataFrame:
        """Deals open at the end of the day."""
        return self.deals[self.deals["status"] == "open"]


@dataclass(frozen=True, eq=False)
class Record:
    """Deals of an export with a history that can be told, days as numbers; made once, cut at many origins."""

    deals: pd.DataFrame
    events: pd.DataFrame
    amounts: pd.DataFrame
    expected: pd.DataFrame
    as_of: Date
    amounts_late: bool
    left_out: Mapping[str, int]


def day_number(day: Date) -> float:
    """Days since 1 January 1970.

    Examples
    --------
    >>> day_number(Date(1970, 1, 11))
    10.0
    """
    return float((day - Date(1970, 1, 1)).days)


def read_deals(crm: Any) -> Record:
    """Lay out the deals of a CRM export, or of the book of a run.

    Raises
    ------
    ForecastError
        No deals, no dates of creation, or nothing that was ever won.
    """
    import pandas as pd

    if not all(hasattr(crm, name) for name in ("deals", "stage_events", "changes", "as_of")):
        raise ForecastError(
            explain("a pipeline is read from a CRM export", where="crm", value=type(crm).__name__,
                    allowed="what read_crm or record returns")
        )  # fmt: skip
    deals = crm.deals
    if not len(deals):
        raise ForecastError(explain("there are no deals", where="crm.deals", remedy="Read an export with deals"))
    left_out: dict[str, int] = {}
    created, closed = _days(deals["created_at"]), _days(deals["closed_at"])
    ended = (deals["status"] != "open").to_numpy()
    usable = np.ones(len(deals), dtype=bool)
    for reason, bad in (
        ("pipeline no day of creation", np.isnan(created)),
        ("pipeline closed without a day", ended & np.isnan(closed)),
        ("pipeline closed before it was created", ended & (np.floor(closed) < np.floor(created))),
        ("pipeline created after the day of the export", created >= day_number(crm.as_of) + 1.0),
    ):
        if (bad & usable).any():
            left_out[reason] = int((bad & usable).sum())
        usable &= ~bad
    if not (usable & (deals["status"] == "won").to_numpy()).any():
        raise ForecastError(
            explain("no deal with its days of creation and closing was ever won, so nothing can be learnt",
                    where="crm.deals", remedy="Read an export that holds closed deals too")
        )  # fmt: skip
    asked = deals["amount"].to_numpy(dtype=float)
    still = usable & ~ended
    table = pd.DataFrame(
        {
            "deal_id": deals["deal_id"].to_numpy(),
            "created": created,
            "closed": np.where(ended, np.maximum(closed, created), np.nan),
            "status": np.where(deals["status"] == "won", "won", np.where(ended, "lost", "open")),
            "product": _named(deals["product"]),
            "rep": _named(deals["owner_id"]),
            "amount": asked,
            "expected": _days(deals["expected_close"]),
            "stage": _named(deals["stage"]),
        }
    )[usable].reset_index(drop=True)
    log = crm.stage_events
    log = log[log["deal_id"].isin(table["deal_id"]) & log["entered_at"].notna() & log["stage"].notna()]
    place = pd.Series(np.arange(len(table)), index=table["deal_id"])
    events = pd.DataFrame(
        {"deal": place.reindex(log["deal_id"]).to_numpy(), "stage": log["stage"].astype(str).to_numpy(),
         "entered": _days(log["entered_at"])}
    ).sort_values(["deal", "entered"], kind="stable")  # fmt: skip
    late = still.any() and float(np.isfinite(asked[still]).mean()) < _FEW
    return Record(
        table, events, _changes(crm.changes, "amount", place), _changes(crm.changes, "expected_close", place),
        crm.as_of, bool(late), left_out,
    )  # fmt: skip


def known_at(record: Record, origin: Date) -> Snapshot:
    """Cut a record at the end of a day.

    Amounts and expected days are those of that day where the export has a log of changes. Where the deals that are
    open today mostly have no amount, amounts are entered on winning: then no deal open at the origin has one. Accounts
    are never looked at: in some exports only deals that closed have one.

    Raises
    ------
    ForecastError
        If the day is after the export, or nothing had been won by then.
    """
    if origin > record.as_of:
        raise ForecastError(
            explain("the export ends before this day", where="origin", value=origin.isoformat(),
                    allowed=f"{record.as_of.isoformat()} or earlier")
        )  # fmt: skip
    end = day_number(origin) + 1.0
    there = (record.deals["created"] < end).to_numpy()
    rows = np.flatnonzero(there)
    deals = record.deals[there].reset_index(drop=True)
    still = ~(deals["closed"] < end).to_numpy()
    deals["status"] = deals["status"].mask(still, "open")
    deals["closed"] = deals["closed"].mask(still)
    if not (deals["status"] == "won").any():
        raise ForecastError(
            explain("nothing had been won by this day, so nothing can be learnt", where="origin",
                    value=origin.isoformat(), remedy="Take a later day")
        )  # fmt: skip
    for field, changes in (("amount", record.amounts), ("expected", record.expected)):
        later = changes[(changes["at"] >= end)].drop_duplicates("deal")
        if len(later):
            before = later.set_index("deal")["old"].reindex(rows)
            known = before.index.isin(later["deal"])
            deals[field] = np.where(known, before.to_numpy(dtype=float), deals[field].to_numpy(dtype=float))
    if record.amounts_late:
        deals["amount"] = deals["amount"].mask(still)
    place = np.full(len(record.deals), -1)
    place[rows] = np.arange(len(rows))
    events = record.events[(record.events["entered"] < end) & there[record.events["deal"].to_numpy(dtype=np.int64)]]
    spells = _spells(events.assign(deal=place[events["deal"].to_numpy(dtype=np.int64)]), deals, end)
    last = spells.drop_duplicates("deal", keep="last").set_index("deal")["stage"]
    deals["stage"] = last.reindex(np.arange(len(deals))).to_numpy()
    return Snapshot(deals, spells, origin, float(np.nanmin(deals["closed"])), record.left_out,
                    _kept(record, end))  # fmt: skip


def _kept(record: Record, end: float) -> float:
    """Share of the amount asked that won deals brought in the end, by the changes logged on the day of winning."""
    deals, changes = record.deals, record.amounts
    won = deals[(deals["status"] == "won") & (deals["closed"] < end) & deals["amount"].notna()]
    if not len(changes) or not len(won):
        return 1.0
    last = changes[changes["at"] >= changes["deal"].map(deals["closed"]) - 1.0].drop_duplicates("deal")
    asked = last.set_index("deal")["old"].reindex(won.index).fillna(won["amount"])
    ratio = float(won["amount"].sum() / asked.sum()) if asked.sum() > 0 else 1.0
    return (len(won) * ratio + _AS_ASKED) / (len(won) + _AS_ASKED)


def _spells(events: pd.DataFrame, deals: pd.DataFrame, end: float) -> pd.DataFrame:
    """Spells in stages; deals without a history, where others have one, begin in the commonest first stage."""
    import pandas as pd

    created = deals["created"].to_numpy()
    without = np.setdiff1d(np.arange(len(deals)), events["deal"].to_numpy())
    first = events.drop_duplicates("deal")["stage"]
    start = str(first.mode().iloc[0]) if len(first) else _ONE
    if len(without):
        more = pd.DataFrame({"deal": without, "stage": start, "entered": created[without]})
        events = pd.concat([events, more], ignore_index=True).sort_values(["deal", "entered"], kind="stable")
    deal = events["deal"].to_numpy(dtype=np.int64)
    stage = events["stage"].to_numpy(dtype=object)
    head = np.r_[True, deal[1:] != deal[:-1]]
    tail = np.r_[head[1:], True]
    closed = deals["closed"].to_numpy()[deal]
    limit = np.where(np.isnan(closed), end, closed)
    entered = np.minimum(np.where(head, created[deal], events["entered"].to_numpy()), limit)
    left = np.where(tail, limit, np.minimum(np.r_[entered[1:], 0.0], limit))
    status = deals["status"].to_numpy(dtype=object)[deal]
    to = np.where(tail, np.where(status == "open", "", status), np.append(stage[1:], np.array([""], dtype=object)))
    return pd.DataFrame({"deal": deal, "stage": stage, "entered": entered, "left": np.maximum(left, entered), "to": to})


def _changes(changes: pd.DataFrame, field: str, place: pd.Series) -> pd.DataFrame:
    import pandas as pd

    mine = changes[(changes["field"] == field) & changes["deal_id"].isin(place.index)]
    mine = mine.sort_values("changed_at", kind="stable")
    if field == "amount":
        old = pd.to_numeric(mine["old"], errors="coerce").to_numpy(dtype=float)
    else:
        old = _days(pd.to_datetime(mine["old"], errors="coerce"))
    return pd.DataFrame(
        {"deal": place.reindex(mine["deal_id"]).to_numpy(), "at": _days(mine["changed_at"]), "old": old}
    )


def _days(moments: pd.Series) -> Any:
    found = moments.to_numpy(dtype="datetime64[s]").astype(np.int64).astype(float) / 86_400.0
    return np.where(moments.isna().to_numpy(), np.nan, found)


def _named(names: pd.Series) -> Any:
    return names.astype(object).where(names.notna(), _MISSING).astype(str).to_numpy(dtype=object)
