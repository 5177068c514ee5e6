"""Calendars: months of the run, and the working hours of every rep day by day (weekends, holidays, leave)."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain
from salessim.model.market import Calendar

__all__ = ["Months", "month_ends", "working_hours"]

SPARE_DAYS = 400
"""Days kept after the end of a run, so that work begun before it has a calendar to end on."""


class Months(NamedTuple):
    """The calendar months of a run: end of each in days since the start, and its month of the year (0-11)."""

    ends: NDArray[np.float64]
    month_of_year: NDArray[np.int64]
    labels: tuple[str, ...]


def month_ends(start: dt.date, months: int) -> Months:
    """Return the calendar months of a run of `months` months from `start`.

    Examples
    --------
    >>> month_ends(dt.date(2026, 1, 1), 3).ends.tolist()
    [31.0, 59.0, 90.0]
    """
    if months < 1:
        raise ModelError(explain("a run needs at least one month", where="months", value=months, allowed="1 or more"))
    ends, which, labels = [], [], []
    for m in range(months):
        year, month = divmod(start.month - 1 + m, 12)
        nxt_year, nxt_month = divmod(start.month + m, 12)
        day = min(start.day, 28)
        end = dt.date(start.year + nxt_year, nxt_month + 1, day)
        ends.append(float((end - start).days if start.day <= 28 else (end - start.replace(day=28)).days))
        which.append(month)
        labels.append(f"{start.year + year}-{month + 1:02d}")
    return Months(np.array(ends), np.array(which, dtype=np.int64), tuple(labels))


def working_hours(
    calendar: Calendar, start: dt.date, n_days: int, selling_time: float, leave: float, luck: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the selling hours of each calendar up to the morning of each day.

    Parameters
    ----------
    calendar : Calendar
    start : date
    n_days : int
    selling_time : float
        Share of working hours left for customers.
    leave : float
        Working days of leave a year, taken in two blocks a year.
    luck : (n_reps, 2 * n_years) array in (0, 1)
        Where in its half-year each block falls.

    Returns
    -------
    (n_calendars, n_days + 1) array
        One row for everybody without leave, else one per rep.
    """
    days = np.arange(n_days)
    weekday = (start.weekday() + days) % 7
    works = np.isin(weekday, calendar.workdays)
    for holiday in calendar.holidays:
        offset = (holiday - start).days
        if 0 <= offset < n_days:
            works[offset] = False
    daily = works * (calendar.hours_per_day * selling_time)
    block = round(leave / 2)
    if block <= 0:
        return np.concatenate([[0.0], np.cumsum(daily)])[np.newaxis]
    hours = np.tile(daily, (len(luck), 1))
    workdays = np.flatnonzero(works)
    for half in range(luck.shape[1]):
        first = np.searchsorted(workdays, 182.625 * half + luck[:, half] * 182.625)
        for shift in range(block):
            at = first + shift
            ok = at < len(workdays)
            hours[np.flatnonzero(ok), workdays[at[ok]]] = 0.0
    return np.concatenate([np.zeros((len(luck), 1)), np.cumsum(hours, axis=1)], axis=1)
