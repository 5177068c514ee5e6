"""Deals by group: cohorts, people, teams; how many, how they ended, and the win rate on both bases."""

from __future__ import annotations

import pandas as pd

from salessim.crm.analytics.durations import LOSSES

__all__ = ["group_table"]


def group_table(by: pd.Series, deals: pd.DataFrame, count: str) -> pd.DataFrame:
    """Return deals by group.

    Parameters
    ----------
    by : Series
        Group of each deal.
    deals : DataFrame
    count : str
        Name of the column that counts them.

    Returns
    -------
    DataFrame
        `count`, won, lost, no_decision, disqualified, open; win_rate_of_closed, win_rate_of_all (0 to 1; NaN without a
        base); won_amount (currency).
    """
    ends = pd.crosstab(by, deals["status"]).reindex(columns=["won", *LOSSES, "open"], fill_value=0)
    total = ends.sum(axis=1)
    closed = total - ends["open"]
    table = ends.copy()
    table.insert(0, count, total)
    table["win_rate_of_closed"] = ends["won"] / closed.where(closed > 0)
    table["win_rate_of_all"] = ends["won"] / total
    won = deals["status"] == "won"
    table["won_amount"] = deals["amount"][won].groupby(by[won]).sum().reindex(table.index).fillna(0.0)
    table.index.name, table.columns.name = None, None
    return table
