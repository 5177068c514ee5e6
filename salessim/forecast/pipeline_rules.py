"""The rules of thumb a pipeline is usually counted by, beside which a forecast has to be better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.forecast.pipeline_paths import Outlook
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["best_practice", "called", "past_quarters", "rules_of_thumb"]

_QUARTERS = 4  # past quarters whose same days are averaged
_DAYS = 91  # of a trailing rate


def rules_of_thumb(outlook: Outlook) -> dict[str, Vector]:
    """Value of the open pipeline by rules of thumb, by horizon.

    Returns
    -------
    dict of str to numpy.ndarray
        ``weighted_pipeline`` (amount × win rate of all closed deals, whatever the horizon), ``stage_weighted`` (amount
        × win rate of deals that were ever in the stage), ``best_practice`` (see `best_practice`), ``rep_dates``
        (amounts that reps expect to close within the horizon; NaN where the export has no expected days).
    """
    snapshot, horizons = outlook.snapshot, len(outlook.horizon)
    closed = snapshot.deals["status"] != "open"
    rate = float((snapshot.deals.loc[closed, "status"] == "won").mean())
    return {
        "weighted_pipeline": np.full(horizons, float(outlook.value.sum()) * rate),
        "stage_weighted": np.full(horizons, float(outlook.value @ _stage_rates(outlook))),
        "best_practice": best_practice(outlook),
        "rep_dates": called(outlook).sum(axis=0) if _dated(outlook) else np.full(horizons, np.nan),
    }


def best_practice(outlook: Outlook) -> Vector:
    """Amount × stage win rate × share of past cycles that would end in time, without stale deals, by horizon.

    What CRM systems advise (最佳实践预测): stage rates, a cut-off for stale deals and the usual cycle. The share is
    that of won cycles longer than the deal's age which end within the horizon.
    """
    snapshot = outlook.snapshot
    won = snapshot.deals[snapshot.deals["status"] == "won"]
    cycle = np.sort((won["closed"] - won["created"]).to_numpy())
    age = snapshot.end - snapshot.open["created"].to_numpy()
    longer = len(cycle) - np.searchsorted(cycle, age, side="right")
    found = []
    for days in outlook.horizon:
        within = np.searchsorted(cycle, age + days, side="right") - (len(cycle) - longer)
        share = np.where(longer > 0, within / np.maximum(longer, 1), 0.0)
        found.append(float((outlook.value * _stage_rates(outlook) * share).sum()))
    return np.array(found)


def called(outlook: Outlook) -> Vector:
    """Amounts that reps expect to close within each horizon (open deals × horizons)."""
    expected = outlook.snapshot.open["expected"].to_numpy(dtype=float)
    end = outlook.snapshot.end
    inside = (expected[:, None] >= end) & (expected[:, None] < end + np.array(outlook.horizon))
    return outlook.value[:, None] * inside


def past_quarters(daily: Vector, quarters: tuple[int, ...], horizon: tuple[int, ...]) -> Vector:
    """Value won on the same days of past quarters, averaged; the trailing rate where the record is too short.

    Parameters
    ----------
    daily : (n,) float64
        Value won on each day up to the origin.
    quarters : tuple of int
        Days from the same day of each past quarter to the day after the origin, latest first.
    horizon : tuple of int

    Examples
    --------
    >>> past_quarters(np.arange(200.0), (90, 180), (30,)).tolist()
    [2385.0]
    """
    found = []
    for days in horizon:
        sums = []
        for back in quarters[:_QUARTERS]:
            begin = len(daily) - back
            if begin >= 0 and days <= back:
                sums.append(float(daily[begin : begin + days].sum()))
        recent = daily[-_DAYS:]
        found.append(float(np.mean(sums)) if sums else float(recent.mean()) * days)
    return np.array(found)


def _dated(outlook: Outlook) -> bool:
    expected = outlook.snapshot.open["expected"]
    return bool(len(expected)) and bool(expected.notna().any())


def _stage_rates(outlook: Outlook) -> Vector:
    """Win rate of closed deals that were ever in the stage each open deal is in now."""
    snapshot = outlook.snapshot
    ended = snapshot.spells.drop_duplicates(["deal", "stage"])
    status = snapshot.deals["status"].to_numpy(dtype=object)[ended["deal"].to_numpy()]
    ended = ended.assign(won=status == "won")[status != "open"]
    rates: pd.Series = ended.groupby("stage")["won"].mean()
    overall = float((snapshot.deals["status"] == "won").sum() / max((snapshot.deals["status"] != "open").sum(), 1))
    return snapshot.open["stage"].map(rates).fillna(overall).to_numpy(dtype=float)
