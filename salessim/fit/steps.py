"""The history as steps: each deal in each stage, who had it, when it came and went, and whether it went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

    from salessim.fit.history import History

__all__ = ["NOT_WORKED_ON", "WHOLE_CYCLE", "StepLog", "read_steps"]

NOT_WORKED_ON = "not worked on"
"""Reason of a deal that ended since nobody worked on it: its customer decided nothing."""
WHOLE_CYCLE = "whole cycle"
"""Name of the one stage of a log without stages."""

_CLOSING = frozenset({"won", "lost", "closed won", "closed lost", "赢单", "输单", "无效"})
_MOST_STAGES = 12
_ENDS = {"won": 1, "lost": 2, "no_decision": 3, "zombie": 3, "disqualified": 4, "open": 0}


@dataclass(frozen=True, eq=False)
class StepLog:
    """Steps of deals.

    Attributes
    ----------
    stages : tuple of str
        In the order in which deals pass them.
    frame : DataFrame
        `deal`, `account`, `product`, `rep`, `segment` (text), `inbound` (bool), `stage` (row of `stages`), `entered`
        and `left` (days since `origin`; `left` of an open deal is the end of the log), `what`: 1 went on or was won,
        2 lost, 3 no decision, 4 disqualified, 0 still there or ended without anybody's work.
    origin : Timestamp
    end : float
        Day on which the log ends.
    whole : bool
        Whether the log knows no stages, and a step is a whole deal.
    """

    stages: tuple[str, ...]
    frame: pd.DataFrame
    origin: pd.Timestamp
    end: float
    whole: bool

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Steps whose customer has decided."""
        return self.frame["what"].to_numpy() > 0


def read_steps(history: History, segment_of: pd.Series, events: pd.DataFrame | None) -> StepLog:
    """Read the steps of a history.

    Parameters
    ----------
    history : History
    segment_of : Series
        Segment by account.
    events : DataFrame or None
        Stage events (deal_id, stage, entered_at, owner_id). Without usable ones each deal is one step.
    """
    import pandas as pd

    deals = history.deals.set_index("deal")
    deals = deals[~deals.index.duplicated()]
    frame = _from_events(deals, events)
    whole = frame is None
    if frame is None:
        frame = pd.DataFrame(
            {"deal": deals.index, "stage": WHOLE_CYCLE, "entered": deals["created"].to_numpy(), "rep": None}
        )
    of = frame["deal"]
    rank = frame.groupby("deal", sort=False).cumcount()
    order = rank.groupby(frame["stage"]).mean().sort_values(kind="stable").index.tolist()
    following = frame["entered"].shift(-1).where(of == of.shift(-1))
    last = following.isna().to_numpy()
    status = deals["status"].reindex(of).to_numpy()
    gone = np.where(status == "open", history.end.to_datetime64(), deals["closed"].reindex(of).to_numpy())
    left = np.where(last, gone, following.to_numpy())
    what = np.where(~last, 1, pd.Series(status).map(_ENDS).to_numpy())
    idle = (deals["reason"].reindex(of) == NOT_WORKED_ON).to_numpy()
    origin = min(history.since, deals["created"].min())
    account = deals["account"].reindex(of)
    rep = deals["rep"].reindex(of).to_numpy()
    own = frame["rep"].to_numpy(dtype=object)
    known = np.array([isinstance(name, str) for name in own], dtype=bool)
    found = pd.DataFrame(
        {
            "deal": of.to_numpy(),
            "account": account.astype(object).where(account.notna(), "").to_numpy(),
            "product": deals["product"].reindex(of).fillna("product").astype(str).to_numpy(),
            "rep": pd.Series(np.where(known, own, rep)).fillna("").astype(str),
            "segment": account.map(segment_of).fillna("other").astype(str).to_numpy(),
            "inbound": (deals["source"].reindex(of) == "inbound").to_numpy(),
            "stage": frame["stage"].map({name: i for i, name in enumerate(order)}).to_numpy(),
            "entered": (frame["entered"] - origin).to_numpy() / np.timedelta64(1, "D"),
            "left": (left - origin.to_datetime64()) / np.timedelta64(1, "D"),
            "what": np.where(idle & last, 0, what).astype(np.int64),
        }
    )
    end = float((history.end - origin) / np.timedelta64(1, "D"))
    return StepLog(tuple(str(s) for s in order), found, origin, end, whole)


def _from_events(deals: pd.DataFrame, events: pd.DataFrame | None) -> pd.DataFrame | None:
    import pandas as pd

    if events is None or not len(events):
        return None
    frame = pd.DataFrame(
        {
            "deal": events["deal_id"].astype(str),
            "stage": events["stage"].astype(str),
            "entered": pd.to_datetime(events["entered_at"]),
            "rep": events["owner_id"].astype(object) if "owner_id" in events else None,
        }
    )
    frame = frame[frame["entered"].notna() & frame["deal"].isin(deals.index)]
    frame = frame[~frame["stage"].str.strip().str.casefold().isin(_CLOSING)]
    if not len(frame) or not 1 <= frame["stage"].nunique() <= _MOST_STAGES:
        return None
    return frame.sort_values(["deal", "entered"], kind="stable").reset_index(drop=True)
