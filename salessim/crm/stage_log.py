"""The history of stages in order: what every reading of a funnel starts from.

A deal is in a stage from the time it entered it until it enters the next one, or ends. The stages stand in the order
of the funnel: by the mean place at which deals enter them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["StageLog", "funnel_order", "read_log"]


@dataclass(frozen=True)
class StageLog:
    """Stays of deals in stages, those of a deal together and in order of time.

    Attributes
    ----------
    frame : DataFrame
        ``deal_id``, ``stage``, ``entered``; ``place`` (0 for the first stage of a deal, 1 …); ``rank`` (place of the
        stage in the funnel; NaN where the stage is not in `order`); ``left`` (when the next stage was entered; NaT in
        the last); ``next_rank`` (rank of that stage, NaN in the last).
    order : tuple of str
        Stages in the order of the funnel.
    """

    frame: pd.DataFrame
    order: tuple[str, ...]


def read_log(events: pd.DataFrame, order: Sequence[str] = ()) -> StageLog:
    """Put stage events in order.

    Parameters
    ----------
    events : DataFrame
        Canonical stage events; rows without deal, stage or date are left out.
    order : sequence of str
        The funnel, where it is known.

    Examples
    --------
    >>> events = pd.DataFrame({
    ...     "deal_id": ["D1", "D2", "D1"], "stage": ["Offer", "Needs", "Needs"],
    ...     "entered_at": pd.to_datetime(["2024-02-01", "2024-01-09", "2024-01-05"])})
    >>> log = read_log(events)
    >>> log.order, log.frame["left"].dt.day.tolist()
    (('Needs', 'Offer'), [1.0, nan, nan])
    """
    known = events.dropna(subset=["deal_id", "stage", "entered_at"])
    deal, ids = pd.factorize(known["deal_id"])
    entered = known["entered_at"].to_numpy(dtype="datetime64[us]")
    rows = np.lexsort((entered, deal))  # stable: rows of the same moment stay in the order of the file
    deal, entered = deal[rows], entered[rows]
    last = np.append(deal[1:] != deal[:-1], True) if len(deal) else np.zeros(0, dtype=bool)
    first = np.flatnonzero(np.append(True, last[:-1])) if len(deal) else np.zeros(0, dtype=np.int64)
    place = np.arange(len(deal)) - np.repeat(first, np.diff(np.append(first, len(deal))))
    stage, names = pd.factorize(known["stage"].to_numpy()[rows])
    funnel = tuple(order) or _by_place([str(name) for name in names], stage, place)
    ranks = {name: at for at, name in enumerate(funnel)}
    rank = np.array([ranks.get(str(name), np.nan) for name in names] + [np.nan])[stage]
    following, next_rank = np.roll(entered, -1), np.roll(rank, -1)
    following[last], next_rank[last] = np.datetime64("NaT"), np.nan
    frame = pd.DataFrame(
        {
            "deal_id": pd.Series(np.asarray(ids, dtype=object)[deal], dtype="str"),
            "stage": pd.Series(np.asarray(names, dtype=object)[stage], dtype="str"),
            "entered": entered,
            "place": place,
            "rank": rank,
            "left": following,
            "next_rank": next_rank,
        }
    )
    return StageLog(frame, funnel)


def _by_place(names: list[str], stage: np.ndarray, place: np.ndarray) -> tuple[str, ...]:
    count = np.bincount(stage, minlength=len(names))
    mean = np.bincount(stage, weights=place, minlength=len(names)) / np.maximum(count, 1)
    return tuple(names[at] for at in sorted(range(len(names)), key=lambda at: (mean[at], names[at])))


def funnel_order(events: pd.DataFrame) -> tuple[str, ...]:
    """Stages of a history in the order of the funnel."""
    return read_log(events).order
