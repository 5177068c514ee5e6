"""Capacity in use: which share of the reps' selling time the work takes that the log accounts for.

A log that times its contacts says how many hours went into them; the hours of a rep's year are those of the calendar
and the plan. Work that nobody logs is not seen, so what the log accounts for is a lower bound, unless it times the work
on deals too: then the share that deals take is told, and takes the place of what is assumed otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.fit.notes import Note

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.tables import CrmData
    from salessim.fit.history import History
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Capacity", "Share", "capacity_note", "estimate_capacity", "selling_hours_a_day"]

_MOSTLY = 0.5
"""Deals are taken to be timed where this share of those that ended has timed work (ours)."""
_LONGEST = 8.0
"""Hours that one contact is taken to last at most: longer entries are whole days, or slips."""


class Share(NamedTuple):
    """A share of selling time with its 95 % interval (Student, between reps)."""

    value: float
    low: float
    high: float


class Capacity(NamedTuple):
    """Capacity in use.

    Attributes
    ----------
    logged : Share or None
        Of timed contacts and work of all kinds; None where the log times nothing.
    deals : Share or None
        Of timed work on deals; None where most deals have none.
    hours, reps : float, int
        Hours that were timed, and reps whose they are measured against.
    """

    logged: Share | None
    deals: Share | None
    hours: float
    reps: int


def selling_hours_a_day(market: Market, plan: Plan) -> float:
    """Return the selling hours of a rep on an average calendar day, weekends, holidays and leave included.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> 1.0 < selling_hours_a_day(market, plan) < 6.0
    True
    """
    calendar = market.calendar
    years = {day.year for day in calendar.holidays}
    off = sum(day.weekday() in calendar.workdays for day in calendar.holidays) / max(len(years), 1)
    days = len(calendar.workdays) / 7.0 - (off + plan.leave) / 365.25
    return days * calendar.hours_per_day * plan.selling_time


def estimate_capacity(crm: CrmData, history: History, hours_a_day: float) -> Capacity:
    """Estimate which share of selling time is in use, from timed activities inside the window of the history.

    A rep's time counts from his first sign of life (a deal or an activity) to his last.

    Parameters
    ----------
    crm : CrmData
    history : History
    hours_a_day : float
        Selling hours of a rep on an average calendar day.
    """
    import pandas as pd

    deals = history.deals
    work = crm.activities.dropna(subset=["owner_id", "at", "duration_min"])
    work = work[(work["at"] >= history.since) & (work["at"] <= history.end)]
    signs = pd.concat(
        [
            deals[["rep", "created"]].set_axis(["rep", "at"], axis=1),
            deals.loc[deals["closed"].notna(), ["rep", "closed"]].set_axis(["rep", "at"], axis=1),
            work[["owner_id", "at"]].set_axis(["rep", "at"], axis=1),
        ]
    ).dropna()
    signs = signs[(signs["at"] >= history.since) & (signs["at"] <= history.end)]
    seen = signs.groupby(signs["rep"].astype(str))["at"].agg(["min", "max"])
    days = (seen["max"] - seen["min"]).dt.total_seconds() / 86400.0
    there = (days[days >= 30.0] * hours_a_day).rename("hours")
    spent = (work["duration_min"] / 60.0).clip(0.0, _LONGEST)
    mine = work["owner_id"].astype(str)
    total = float(spent.sum())
    if total <= 0.0 or len(there) == 0:
        return Capacity(None, None, 0.0, len(there))
    ended = deals.loc[(deals["status"] != "open") & (deals["created"] >= history.since), "deal"]
    on_deals = work["deal_id"].notna()
    timed = float(ended.isin(set(work.loc[on_deals, "deal_id"].astype(str))).mean()) if len(ended) else 0.0
    return Capacity(
        _share(spent, mine, there),
        _share(spent[on_deals], mine[on_deals], there) if timed >= _MOSTLY else None,
        total,
        len(there),
    )


def _share(spent: pd.Series, rep: pd.Series, there: pd.Series) -> Share:
    """Return hours spent over hours there: a ratio of sums, its error from what reps differ."""
    from scipy import special

    own = spent.groupby(rep).sum().reindex(there.index).fillna(0.0).to_numpy(dtype=float)
    base = there.to_numpy(dtype=float)
    value = float(own.sum() / base.sum())
    n = len(base)
    if n < 2:
        return Share(value, 0.0, 1.0)
    error = float(np.sqrt(n / (n - 1.0) * ((own - value * base) ** 2).sum())) / float(base.sum())
    half = float(special.stdtrit(n - 1, 0.975)) * error
    return Share(value, max(value - half, 0.0), value + half)


def capacity_note(capacity: Capacity, settled: float, assumed: float) -> Note:
    """Say which share of selling time is in use, and what that rests on.

    Parameters
    ----------
    capacity : Capacity
    settled : float
        Share of selling time that deals, contacts and travel take in the settled model.
    assumed : float
        Share that deals were taken to take, where the log does not tell it.
    """
    if capacity.logged is None:
        return Note("fit capacity unknown", settled=f"{settled:.0%}", assumed=f"{assumed:.0%}")
    shown = {"reps": capacity.reps, "hours": round(capacity.hours), "settled": f"{settled:.0%}"}
    if capacity.deals is None:
        return Note("fit capacity partly", assumed=f"{assumed:.0%}", **_words(capacity.logged), **shown)
    return Note("fit capacity", deals=f"{capacity.deals.value:.0%}", **_words(capacity.logged), **shown)


def _words(share: Share) -> dict[str, str]:
    return {"share": f"{share.value:.0%}", "low": f"{share.low:.0%}", "high": f"{share.high:.0%}"}
