"""Turnover from the log: reps who stop selling."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from salessim.crm.tables import CrmData
    from salessim.fit.history import History

__all__ = ["Turnover", "estimate_turnover"]

_SILENCE = 4.0
"""Somebody has stopped whose silence is so many times his own 95th percentile of days between signs of life (ours)."""
_LEAST_SILENCE = 60.0
_LEAST_SIGNS = 5


class Turnover(NamedTuple):
    """Leavers, years of work seen, rate a year with its exact 95 % interval (Garwood 1936)."""

    leavers: int
    years: float
    rate: float
    low: float
    high: float


def estimate_turnover(crm: CrmData, history: History) -> Turnover:
    """Estimate the yearly rate at which reps leave.

    A rep left on the day the export says (`left_at`), or else stopped where he long gave no sign of life (new deals,
    ended deals, activities) while the log went on.

    Parameters
    ----------
    crm : CrmData
    history : History
    """
    import pandas as pd
    from scipy import stats

    deals = history.deals
    signs = [deals[["rep", "created"]].set_axis(["rep", "at"], axis=1)]
    signs.append(deals.loc[deals["closed"].notna(), ["rep", "closed"]].set_axis(["rep", "at"], axis=1))
    if len(crm.activities):
        signs.append(crm.activities[["owner_id", "at"]].set_axis(["rep", "at"], axis=1))
    every = pd.concat(signs).dropna()
    every = every[(every["at"] >= history.since) & (every["at"] <= history.end)]
    told: dict[str, pd.Timestamp] = {}
    if len(crm.users):
        left = crm.users.dropna(subset=["left_at"])
        told = dict(zip(left["user_id"].astype(str), pd.to_datetime(left["left_at"]), strict=True))
    leavers, years = 0, 0.0
    for rep, times in every.groupby("rep")["at"]:
        days = np.sort((times - history.since).to_numpy() / np.timedelta64(1, "D"))
        end = float((history.end - history.since) / np.timedelta64(1, "D"))
        gaps = np.diff(days)
        stop = end
        if str(rep) in told:
            stop = float((told[str(rep)] - history.since) / np.timedelta64(1, "D"))
        elif len(days) >= _LEAST_SIGNS:
            silence = max(_SILENCE * float(np.quantile(gaps, 0.95)), _LEAST_SILENCE)
            stop = float(days[-1]) if end - days[-1] > silence else end
        leavers += bool(stop < end)
        years += max(min(stop, end) - float(days[0]), 0.0) / 365.0
    years = max(years, 1e-6)
    low = float(stats.chi2.ppf(0.025, 2 * leavers)) / 2 / years if leavers else 0.0
    high = float(stats.chi2.ppf(0.975, 2 * leavers + 2)) / 2 / years
    return Turnover(leavers, years, leavers / years, low, high)
