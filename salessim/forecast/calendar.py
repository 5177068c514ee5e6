"""Weeks, months, quarters and years out of one set of cells, so that every sum agrees with every other.

A cell is the part of a week that lies in one month (weeks run from Monday to Sunday). A forecast step is shared among
its cells by their working days; weeks, months, quarters and years are sums of cells.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.forecast.panel import checked_choice
from salessim.forecast.steps import Numbers, Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BY", "cells_of", "sums_by"]

BY = ("step", "cell", "week", "month", "quarter", "year")
_CODES = {"week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}


def cells_of(periods: pd.PeriodIndex) -> pd.DataFrame:
    """The cells of some steps.

    Returns
    -------
    pandas.DataFrame
        One row per cell in order of time: ``step`` (number of the period), ``start``, ``end``, ``share`` (of the
        step's value; adds up to 1 over a step), and the ``week``, ``month``, ``quarter`` and ``year`` it lies in.

    Examples
    --------
    >>> import pandas as pd
    >>> cells = cells_of(pd.period_range("2026-02", periods=1, freq="M"))
    >>> cells["share"].tolist()
    [0.0, 0.25, 0.25, 0.25, 0.25]
    """
    import pandas as pd

    days = pd.date_range(periods[0].start_time.normalize(), periods[-1].end_time.normalize(), freq="D")
    frame = pd.DataFrame({"day": days})
    frame["step"] = np.searchsorted(periods.start_time.to_numpy(), days.to_numpy(), side="right") - 1
    for name, code in _CODES.items():
        frame[name] = days.to_period(code)
    frame["work"] = (days.day_of_week < 5).astype(float)
    frame["length"] = 1.0
    cells = frame.groupby(["step", "week", "month", "quarter", "year"], as_index=False).agg(
        start=("day", "min"), end=("day", "max"), work=("work", "sum"), length=("length", "sum")
    )
    work = cells.groupby("step")["work"].transform("sum")
    length = cells.groupby("step")["length"].transform("sum")
    # A step without working days cannot happen (a month or a whole week), except where a calendar is cut.
    cells["share"] = np.where(work > 0, cells["work"] / work.where(work > 0, 1.0), cells["length"] / length)
    return cells[["step", "start", "end", "share", "week", "month", "quarter", "year"]]


def sums_by(periods: pd.PeriodIndex, by: str) -> tuple[list[str], Vector, Any]:
    """How to add up steps to other periods.

    Parameters
    ----------
    periods : pandas.PeriodIndex
        The steps of a forecast.
    by : {"step", "cell", "week", "month", "quarter", "year"}

    Returns
    -------
    labels : list of str
    weights : numpy.ndarray
        Steps × periods.
    whole : numpy.ndarray of bool
        Whether the forecast covers all of the period.
    """
    checked_choice("by", by, BY)
    if by == "step":
        return [str(period) for period in periods], np.eye(len(periods)), np.ones(len(periods), dtype=bool)
    cells = cells_of(periods)
    if by == "cell":
        labels = (cells["start"].dt.strftime("%Y-%m-%d") + "/" + cells["end"].dt.strftime("%Y-%m-%d")).tolist()
        column = np.arange(len(cells), dtype=np.int64)
        whole = np.ones(len(cells), dtype=bool)
    else:
        column, found = _numbered(cells[by])
        labels = [str(period) for period in found]
        first, last = periods[0].start_time, periods[-1].end_time
        whole = np.array([period.start_time >= first and period.end_time <= last for period in found])
    weights = np.zeros((len(periods), len(labels)))
    np.add.at(weights, (cells["step"].to_numpy(), column), cells["share"].to_numpy())
    return labels, weights, whole


def _numbered(periods: pd.Series) -> tuple[Numbers, list[pd.Period]]:
    found = sorted(set(periods))
    place = {period: number for number, period in enumerate(found)}
    return np.array([place[period] for period in periods], dtype=np.int64), found
