"""The history as steps: each deal in each stage, who had it, when it came and went, and whether it went on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

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

    deals = history.deals.drop_duplicates("deal")
    found = _from_events(deals, events)
    whole = found is None
    if found is None:
        none = np.zeros(len(deals), dtype=np.int64)
        found = _Entries(np.arange(len(deals)), none, deals["created"].to_numpy(), None, [WHOLE_CYCLE])
    place, stage, entered, owner, names = found
    head = np.r_[True, place[1:] != place[:-1]] if len(place) else np.zeros(0, dtype=bool)
    last = np.r_[head[1:], True] if len(place) else head
    rank = np.arange(len(place)) - np.maximum.accumulate(np.where(head, np.arange(len(place)), 0))
    usual = np.bincount(stage, rank) / np.bincount(stage)
    order = np.argsort(usual, kind="stable")
    status, closed = deals["status"].to_numpy(), deals["closed"].to_numpy()
    gone = np.where(status == "open", history.end.to_datetime64(), closed)[place]
    left = np.where(last, gone, np.r_[entered[1:], entered[:1]])
    code = deals["status"].map(_ENDS).to_numpy(dtype=np.int64)
    idle = (deals["reason"] == NOT_WORKED_ON).to_numpy(dtype=bool)
    origin = min(history.since, deals["created"].min())
    product, rep = deals["product"].fillna("product").astype(str), deals["rep"].fillna("").astype(str)
    segment = deals["account"].map(segment_of).fillna("other").astype(str)
    own = rep.iloc[place]
    if owner is not None:
        own = owner.fillna(own.set_axis(owner.index)).astype(str)
    frame = pd.DataFrame(
        {
            "deal": deals["deal"].iloc[place].array,
            "account": deals["account"].fillna("").astype(str).iloc[place].array,
            "product": product.iloc[place].array,
            "rep": own.array,
            "segment": segment.iloc[place].array,
            "inbound": (deals["source"] == "inbound").to_numpy(dtype=bool)[place],
            "stage": np.argsort(order)[stage],
            "entered": (entered - origin.to_datetime64()) / np.timedelta64(1, "D"),
            "left": (left - origin.to_datetime64()) / np.timedelta64(1, "D"),
            "what": np.where(last, np.where(idle, 0, code)[place], 1),
        }
    )
    end = float((history.end - origin) / np.timedelta64(1, "D"))
    return StepLog(tuple(names[k] for k in order.tolist()), frame, origin, end, whole)


class _Entries(NamedTuple):
    """Entries into stages, by deal and time: row of the deal, number of the stage, when, owner (or None), names."""

    place: NDArray[np.int64]
    stage: NDArray[np.int64]
    entered: NDArray[np.datetime64]
    owner: pd.Series | None
    names: list[str]


def _from_events(deals: pd.DataFrame, events: pd.DataFrame | None) -> _Entries | None:
    import pandas as pd

    if events is None or not len(events):
        return None
    place = pd.Index(deals["deal"]).get_indexer(events["deal_id"].astype(str))
    code, names = pd.factorize(events["stage"].astype(str), sort=True)
    closing = np.array([name.strip().casefold() in _CLOSING for name in names], dtype=bool)
    entered = pd.to_datetime(events["entered_at"]).to_numpy()
    use = (place >= 0) & ~np.isnat(entered) & (code >= 0)
    use[use] &= ~closing[code[use]]
    kept = np.unique(code[use])
    if not 1 <= len(kept) <= _MOST_STAGES:
        return None
    rows = np.flatnonzero(use)
    rows = rows[np.lexsort((entered[rows], place[rows]))]
    owner = events["owner_id"].iloc[rows].reset_index(drop=True) if "owner_id" in events else None
    if owner is not None and not owner.notna().any():
        owner = None
    stage = np.searchsorted(kept, code[rows])
    return _Entries(place[rows], stage, entered[rows], owner, [str(names[k]) for k in kept])
