"""The history a fit works on: deals with dates, zombies told apart, the window in which the log is complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import CrmError, explain
from salessim.fit.notes import Note

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.tables import CrmData

__all__ = ["History", "read_history"]

_LEAST_DEALS = 30


@dataclass(frozen=True)
class History:
    """Cleaned deals and the window they cover.

    Attributes
    ----------
    deals : DataFrame
        Deals with a date of creation, with columns `account`, `product`, `rep`, `status` (``open``, ``zombie`` or an
        end), `age` (days from creation to the end, or to the snapshot), `amount`, `created`, `closed`, `source`,
        `reason`, `known_account`.
    days : float
        Length of the window.
    since : Timestamp
        First day of the window.
    end : Timestamp
        When the log ends: the end of the day of the snapshot, or that day itself where the log knows days only.
    notes : tuple of Note
        What was left out or assumed.
    """

    deals: pd.DataFrame
    days: float
    since: pd.Timestamp
    end: pd.Timestamp
    notes: tuple[Note, ...]

    @property
    def decided(self) -> pd.DataFrame:
        """Deals that ended."""
        return self.deals[~self.deals["status"].isin(["open"])]

    @property
    def in_window(self) -> pd.DataFrame:
        """Deals created inside the window."""
        return self.deals[self.deals["created"] >= self.since]


def read_history(crm: CrmData) -> History:
    """Prepare the deals of an export for fitting.

    Open deals older than the longest closed cycle are zombies: they count as no decision. The window begins with the
    first month that has at least a quarter of the median month's new deals, so that a log that starts mid-way does
    not look like growth.

    Raises
    ------
    CrmError
        If too few deals have dates to learn anything from.
    """
    import pandas as pd

    notes: list[Note] = []
    deals = crm.deals
    dated = deals[deals["created_at"].notna()]
    if len(dated) < len(deals):
        notes.append(Note("fit undated", count=len(deals) - len(dated)))
    end_of_log = _end_of_log(pd.to_datetime(dated["created_at"]), pd.Timestamp(crm.as_of))
    frame = pd.DataFrame(
        {
            "deal": dated["deal_id"].astype(str),
            "account": dated["account_id"],
            "product": dated["product"],
            "rep": dated["owner_id"],
            "stage": dated["stage"],
            "status": dated["status"].astype(str),
            "amount": pd.to_numeric(dated["amount"], errors="coerce"),
            "created": pd.to_datetime(dated["created_at"]),
            "closed": pd.to_datetime(dated["closed_at"]),
            "source": dated["source"],
            "reason": dated["lost_reason"],
        }
    ).reset_index(drop=True)
    frame = frame[frame["created"] <= end_of_log]
    ended = frame["status"] != "open"
    undated = ended & frame["closed"].isna()
    if undated.any():
        notes.append(Note("fit no closing date", count=int(undated.sum())))
    end = frame["closed"].where(ended, end_of_log).fillna(end_of_log)
    frame["age"] = ((end - frame["created"]).dt.total_seconds() / 86400.0).clip(lower=0.0)
    longest = float(frame.loc[ended & ~undated, "age"].max()) if (ended & ~undated).any() else np.inf
    zombie = (~ended) & (frame["age"] > longest)
    if zombie.any():
        notes.append(Note("fit zombies", count=int(zombie.sum()), days=f"{longest:.0f}"))
    frame["status"] = frame["status"].where(~zombie, "zombie")
    frame["known_account"] = frame["account"].notna()
    n_won = int((frame["status"] == "won").sum())
    if len(frame) < _LEAST_DEALS or n_won < 5:
        raise CrmError(
            explain(
                f"there is too little history to fit a market: {len(frame)} dated deals, {n_won} of them won",
                where="deals",
                allowed=f"at least {_LEAST_DEALS} deals with a date of creation, 5 of them won",
                remedy="Export a longer period",
            )
        )
    monthly = frame["created"].dt.to_period("M").value_counts().sort_index()
    full = monthly[monthly >= monthly.median() / 4]
    since = max(full.index[0].to_timestamp(), frame["created"].min())
    days = max((pd.Timestamp(crm.as_of) - since).days + 1, 1)
    return History(frame, float(days), since, end_of_log, tuple(notes))


def _end_of_log(created: pd.Series, as_of: pd.Timestamp) -> pd.Timestamp:
    """Return the end of the day of the snapshot where the log has times of day, else that day."""
    import pandas as pd

    timed = bool((created.dt.normalize() != created).any())
    return as_of.normalize() + pd.Timedelta(days=1) if timed else as_of
