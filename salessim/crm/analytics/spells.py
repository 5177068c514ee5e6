"""Time spent in each stage and how it ended: the raw material of every duration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from salessim.crm.stage_log import read_log

__all__ = ["CAUSES", "WHOLE_CYCLE", "Spells", "curves", "incidence", "median_days", "spells_of"]

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
        known = events[events["deal_id"].isin(status.index)]
        without = int((~status.index.isin(known["deal_id"])).sum())
        if without:
            left_out["no history of stages"] = without
    else:
        known = deals[["deal_id", "created_at"]].rename(columns={"created_at": "entered_at"}).assign(stage=WHOLE_CYCLE)
        missing = int(known["entered_at"].isna().sum())
        if missing:
            left_out["no date of creation"] = missing
    log = read_log(known[~known["deal_id"].isin(undated.index[undated])], order or ())
    stays = log.frame
    last = stays["left"].isna()
    ended = status.reindex(stays["deal_id"]).to_numpy()
    gone = pd.Series(closed.reindex(stays["deal_id"]).to_numpy(), index=stays.index).fillna(end)
    days = ((stays["left"].fillna(gone) - stays["entered"]).dt.total_seconds() / 86_400).to_numpy()
    back = stays["next_rank"] < stays["rank"]
    frame = pd.DataFrame(
        {
            "deal_id": stays["deal_id"],
            "stage": stays["stage"],
            "entered": stays["entered"],
            "days": np.maximum(days, 0.0),
            "cause": np.where(last, ended, np.where(back, 5, 1)).astype(np.int64),
            "won": ended == 1,
            "open": ended == 0,
        }
    )
    negative = int((days < 0).sum())
    if negative:
        left_out["left before entered, taken as 0 days"] = negative
    return Spells(frame, list(log.order), left_out)


def curves(days: np.ndarray, cause: np.ndarray) -> pd.DataFrame:
    """Cumulative incidence of each end by age, those still there being censored (Aalen–Johansen, statsmodels).

    Returns
    -------
    DataFrame
        Index: days, from 0, rising. A column for each of `CAUSES`: share ended that way by then; and ``still_there``.
        The row sums are 1.

    Examples
    --------
    >>> found = curves(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 2]))
    >>> found.loc[2.0, ["advanced", "lost", "still_there"]].tolist()
    [0.25, 0.25, 0.5]
    """
    from statsmodels.duration.survfunc import CumIncidenceRight

    present = np.unique(cause[cause > 0])
    times, columns = np.zeros(1), dict.fromkeys(CAUSES, np.zeros(1))
    if present.size:
        # It wants causes numbered without gaps; equal times weighted: the point estimate is the same and quick.
        recoded = np.where(cause > 0, np.searchsorted(present, cause) + 1, 0)
        pairs, counts = np.unique(np.column_stack([days, recoded]), axis=0, return_counts=True)
        fitted = CumIncidenceRight(pairs[:, 0], pairs[:, 1].astype(int), freq_weights=counts.astype(float))
        times = np.append(0.0, fitted.times)
        columns = dict.fromkeys(CAUSES, np.zeros(len(times)))
        for at, number in enumerate(present):
            columns[CAUSES[number - 1]] = np.append(0.0, fitted.cinc[at])
    found = pd.DataFrame(columns, index=pd.Index(times, name="days"))
    found["still_there"] = (1.0 - found.sum(axis=1)).clip(lower=0.0)
    return found[~found.index.duplicated(keep="last")]


def incidence(days: np.ndarray, cause: np.ndarray) -> dict[str, float]:
    """Share that ends in each way, those still there being censored: the end of `curves`.

    Returns
    -------
    dict
        Cause -> share by the longest time seen, and ``"still_there"``: what is left then. They sum to 1.

    Examples
    --------
    >>> shares = incidence(np.array([1.0, 2.0, 3.0, 4.0]), np.array([1, 2, 1, 2]))
    >>> shares["advanced"], shares["lost"]
    (0.5, 0.5)
    """
    return {str(name): float(share) for name, share in curves(days, cause).iloc[-1].items()}


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
