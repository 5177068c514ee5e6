"""Time spent in each stage and how it ended: the raw material of every duration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["CAUSES", "WHOLE_CYCLE", "Spells", "incidence", "median_days", "spells_of"]

CAUSES = ("advanced", "lost", "no_decision", "disqualified", "moved_back")
"""How a spell in a stage ends, numbered from 1; 0 is a deal still there (right-censored)."""
WHOLE_CYCLE = "whole cycle"
_ENDS = {"open": 0, "won": 1, "lost": 2, "no_decision": 3, "disqualified": 4}


@dataclass(frozen=True)
class Spells:
    """Spells of deals in stages.

    Attributes
    ----------
    frame : pandas.DataFrame
        deal_id, stage, entered, days, cause (a number of `CAUSES`, 0 for censored), won (whether the deal was won in
        the end), open (whether it is still open).
    order : list of str
        Stages in the order of the funnel.
    left_out : dict
        Reason -> deals that could not be used.
    """

    frame: pd.DataFrame
    order: list[str]
    left_out: dict[str, int]


def spells_of(deals: pd.DataFrame, events: pd.DataFrame, end: pd.Timestamp, order: list[str] | None = None) -> Spells:
    """Cut the history of each deal into spells.

    Without a history of stages there is one spell per deal, the whole cycle. Closed deals without a closing date, and
    deals without a first date, are left out and counted.

    Parameters
    ----------
    deals, events : pandas.DataFrame
        Canonical tables.
    end : Timestamp
        The moment of the snapshot; what is open then is censored.
    order : list of str, optional
        The funnel; without it stages stand in the order in which deals enter them.
    """
    status = deals.set_index("deal_id")["status"].map(_ENDS)
    closed = deals.set_index("deal_id")["closed_at"]
    left_out: dict[str, int] = {}
    undated = (status > 0) & closed.isna()
    if undated.any():
        left_out["closed without a date"] = int(undated.sum())
    if len(events):
        log = events.dropna(subset=["deal_id", "stage", "entered_at"])[["deal_id", "stage", "entered_at"]]
        log = log[log["deal_id"].isin(status.index)].rename(columns={"entered_at": "entered"})
        without = int((~status.index.isin(log["deal_id"])).sum())
        if without:
            left_out["no history of stages"] = without
    else:
        created = deals[["deal_id", "created_at"]].rename(columns={"created_at": "entered"})
        missing = int(created["entered"].isna().sum())
        if missing:
            left_out["no date of creation"] = missing
        log = created.dropna().assign(stage=WHOLE_CYCLE)
    log = log.sort_values(["deal_id", "entered"], kind="stable").reset_index(drop=True)
    log = log[~log["deal_id"].isin(undated.index[undated])].reset_index(drop=True)
    place = log.groupby("deal_id", sort=False).cumcount()
    known = order or [str(name) for name in place.groupby(log["stage"]).mean().sort_values(kind="stable").index]
    rank = log["stage"].map({stage: at for at, stage in enumerate(known)})
    following = log.groupby("deal_id", sort=False)["entered"].shift(-1)
    last = following.isna().to_numpy()
    back = (rank.groupby(log["deal_id"], sort=False).shift(-1) < rank).to_numpy()
    ended = status.reindex(log["deal_id"]).to_numpy()
    left = following.fillna(pd.Series(closed.reindex(log["deal_id"]).to_numpy())).fillna(end)
    days = ((left - log["entered"]).dt.total_seconds() / 86_400).to_numpy()
    frame = pd.DataFrame(
        {
            "deal_id": log["deal_id"],
            "stage": log["stage"],
            "entered": log["entered"],
            "days": np.maximum(days, 0.0),
            "cause": np.where(last, ended, np.where(back, 5, 1)).astype(np.int64),
            "won": ended == 1,
            "open": ended == 0,
        }
    )
    negative = int((days < 0).sum())
    if negative:
        left_out["left before entered, taken as 0 days"] = negative
    return Spells(frame, known, left_out)


def incidence(days: np.ndarray, cause: np.ndarray) -> dict[str, float]:
    """Share that ends in each way, those still there being censored (Aalen–Johansen, statsmodels).

    Returns
    -------
    dict
        Cause -> share by the longest time seen, and ``"still there"``: what is left then. They sum to 1.

    Examples
    --------
    >>> shares = incidence(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 2]))
    >>> shares["advanced"], shares["lost"]
    (0.5, 0.5)
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    shares = dict.fromkeys(CAUSES, 0.0)
    present = np.unique(cause[cause > 0])
    if present.size:
        # It wants causes numbered without gaps; equal times weighted: the point estimate is the same and quick.
        recoded = np.where(cause > 0, np.searchsorted(present, cause) + 1, 0)
        pairs, counts = np.unique(np.column_stack([days, recoded]), axis=0, return_counts=True)
        fitted = CumIncidenceRight(pairs[:, 0], pairs[:, 1].astype(int), freq_weights=counts.astype(float))
        for at, number in enumerate(present):
            shares[CAUSES[number - 1]] = float(fitted.cinc[at][-1])
    shares["still there"] = max(0.0, 1.0 - sum(shares.values()))
    return shares


def median_days(days: np.ndarray, cause: np.ndarray, share: float = 0.5) -> float:
    """Days after which a share has left the stage, whatever way (Kaplan–Meier, statsmodels); NaN if never.

    Examples
    --------
    >>> float(median_days(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 1, 2, 0])))
    2.0
    """
    from statsmodels.duration.survfunc import SurvfuncRight

    if not (cause > 0).any():
        return float("nan")
    pairs, counts = np.unique(np.column_stack([days, cause > 0]), axis=0, return_counts=True)
    fitted = SurvfuncRight(pairs[:, 0], pairs[:, 1], freq_weights=counts.astype(float))
    reached = np.flatnonzero(fitted.surv_prob <= 1 - share + 1e-12)
    return float(fitted.surv_times[reached[0]]) if reached.size else float("nan")
