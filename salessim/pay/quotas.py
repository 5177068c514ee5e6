"""Quotas: from the company's target to every rep's weeks, adding up to the cent; and how the next ones follow.

Money is whole cents throughout (int64), divided by largest remainder (Hamilton), so that every level adds up exactly
to the one above: company, rep, year, quarter, month, week. A week that crosses the end of a month is split there, once:
its two parts are cells of their own, and everything else is a sum of cells.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.market import Calendar
from salessim.model.pay import PayError, Quotas

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Cells",
    "allocate_quotas",
    "largest_remainder",
    "quota_cells",
    "quota_frame",
    "ratcheted",
    "spread",
    "to_cents",
]

Cents = NDArray[np.int64]
_WEIGHT_UNIT = 10_000
_LARGEST = 2**62
_COLUMN = {"potential": "potential", "workload": "workload", "last_year": "last_year", "bottom_up": "proposal"}


class Cells(NamedTuple):
    """The weeks of a year, split at the ends of months.

    Attributes
    ----------
    first, last : (n,) datetime64[D]
        First and last day of each cell.
    week, month, quarter : (n,) int64
        Number of the week, month and quarter from the start of the year, from 0; weeks begin on Monday.
    weight : (n,) int64
        Working days times the month's seasonality index, in 1/10,000.
    """

    first: NDArray[np.datetime64]
    last: NDArray[np.datetime64]
    week: NDArray[np.int64]
    month: NDArray[np.int64]
    quarter: NDArray[np.int64]
    weight: NDArray[np.int64]


def to_cents(money: ArrayLike) -> Cents:
    """Round money to whole cents, half away from zero, as payroll does.

    A float that stands for a half cent may lie a hair below it: what is within a billionth of a half counts as one.

    Examples
    --------
    >>> to_cents([1.005, -1.005, 2.344]).tolist()
    [101, -101, 234]
    """
    amount = np.asarray(money, dtype=np.float64) * 100.0
    hair = np.maximum(np.abs(amount), 1.0) * 1e-12
    return np.asarray(np.sign(amount) * np.floor(np.abs(amount) + 0.5 + hair), dtype=np.int64)


def largest_remainder(totals: ArrayLike, weights: ArrayLike) -> Cents:
    """Divide whole numbers in proportion to whole weights; every row adds up to its total.

    What rounding down leaves goes to the largest remainders, of equal ones to the earlier. Exact integer arithmetic.

    Parameters
    ----------
    totals : (n,) int
    weights : (k,) or (n, k) int
        0 or more. A row of zeros counts as equal weights.

    Returns
    -------
    (n, k) int64

    Raises
    ------
    PayError
        A negative weight, or numbers too large for exact arithmetic.

    Examples
    --------
    >>> largest_remainder([100, 10], [1, 1, 1]).tolist()
    [[34, 33, 33], [4, 3, 3]]
    """
    total = np.atleast_1d(np.asarray(totals, dtype=np.int64))
    weight = np.asarray(weights, dtype=np.int64)
    weight = np.array(np.broadcast_to(weight, (len(total), weight.shape[-1])))
    if (weight < 0).any():
        raise PayError(explain("a weight must not be negative", where="weights", value=int(weight.min())))
    weight[weight.sum(axis=1) == 0] = 1
    if total.size and float(np.abs(total).max()) * float(weight.max()) > _LARGEST:
        raise PayError(
            explain("amount times weight is too large to divide exactly", where="totals",
                    value=int(np.abs(total).max()), remedy="Use a larger unit of money or smaller weights")
        )  # fmt: skip
    whole = weight.sum(axis=1)
    product = np.abs(total)[:, None] * weight
    shares, rest = product // whole[:, None], product % whole[:, None]
    spare = np.abs(total) - shares.sum(axis=1)
    rank = np.argsort(np.argsort(-rest, axis=1, kind="stable"), axis=1, kind="stable")
    shares += rank < spare[:, None]
    return np.asarray(np.sign(total)[:, None] * shares, dtype=np.int64)


def allocate_quotas(target: float, reps: Mapping[str, ArrayLike], settings: Quotas | None = None) -> Cents:
    """Return each rep's quota for the year, in cents.

    Parameters
    ----------
    target : float
        The company's target, money.
    reps : mapping of (n,) arrays
        Columns of the reps: ``potential``, ``workload``, ``last_year`` (results) or ``proposal`` (bottom-up), as the
        rule needs; any column where quotas are equal. A column ``ramp`` (0-1) is multiplied in where it is given.
    settings : Quotas
        Rule and over-assignment.

    Returns
    -------
    (n,) int64
        Top-down quotas add up to target times over-assignment, exactly. Bottom-up ones are what was proposed:
        compare their sum with the target.

    Raises
    ------
    PayError
        A column that the rule needs is missing; a value that is negative; a rep whose quota would be 0.

    Examples
    --------
    >>> quotas = allocate_quotas(100.0, {"potential": [1, 1, 1]}, Quotas(quota_rule="potential", over_assignment=1.1))
    >>> quotas.tolist(), int(quotas.sum())
    ([3667, 3667, 3666], 11000)
    """
    how = Quotas() if settings is None else settings
    if not reps:
        raise PayError(explain("there are no reps to give quotas to", where="reps"))
    n = len(np.atleast_1d(np.asarray(next(iter(reps.values())))))
    needed = _COLUMN.get(how.quota_rule)
    if needed is not None and needed not in reps:
        raise PayError(
            explain(f"the rule {how.quota_rule} needs a column of the reps", where=f"reps, column {needed}",
                    remedy=f"Columns given: {', '.join(reps)}")
        )  # fmt: skip
    weights = np.ones(n) if needed is None else np.asarray(reps[needed], dtype=np.float64)
    bad = ~(np.isfinite(weights) & (weights > 0))
    if bad.any():
        row = int(np.argmax(bad))
        raise PayError(
            explain("a quota of zero cannot be attained or missed", where=f"reps, row {row + 1}, column {needed}",
                    value=float(weights[row]), allowed="more than 0", remedy="Take the rep out, or give a value")
        )  # fmt: skip
    if "ramp" in reps:
        weights = weights * np.asarray(reps["ramp"], dtype=np.float64)
    if how.quota_rule == "bottom_up":
        return to_cents(weights)
    whole = np.round(weights / weights.max() * 1_000_000).astype(np.int64)
    return largest_remainder(to_cents(target * how.over_assignment).reshape(1), whole)[0]


def quota_cells(start: dt.date, calendar: Calendar | None = None, season: ArrayLike | None = None) -> Cells:
    """Return the cells of the year that begins at `start`, the first of a month.

    Parameters
    ----------
    start : date
    calendar : Calendar
        Working days and holidays; Monday to Friday where left out.
    season : (12,)
        Seasonality index of the calendar months January to December; even where left out.

    Raises
    ------
    PayError
        The year does not begin with a month.

    Examples
    --------
    >>> cells = quota_cells(dt.date(2026, 1, 1))
    >>> len(cells.first), cells.first[5], cells.last[4], int(cells.week[4]) == int(cells.week[5])
    (63, np.datetime64('2026-02-01'), np.datetime64('2026-01-31'), True)
    """
    if start.day != 1:
        raise PayError(
            explain("a year of quotas begins with a month", where="start", value=str(start), allowed="the first of one")
        )
    when = Calendar() if calendar is None else calendar
    index = np.ones(12) if season is None else np.asarray(season, dtype=np.float64)
    if index.shape != (12,) or not (index >= 0).all() or not index.any():
        raise PayError(
            explain("seasonality is one index for each calendar month", where="season", value=str(index.tolist()),
                    allowed="12 numbers, 0 or more")
        )  # fmt: skip
    days = np.arange(np.datetime64(start), np.datetime64(start.replace(year=start.year + 1)))
    weekday = (days.astype(np.int64) + 3) % 7
    works = np.isin(weekday, when.workdays) & ~np.isin(days, np.array(when.holidays, dtype="datetime64[D]"))
    calendar_month = days.astype("datetime64[M]").astype(np.int64)
    month = calendar_month - calendar_month[0]
    week = (days.astype(np.int64) + 3) // 7
    opens = np.flatnonzero(np.r_[True, (np.diff(week) != 0) | (np.diff(month) != 0)])
    worked = np.add.reduceat(works.astype(np.int64), opens)
    weight = np.round(worked * index[calendar_month[opens] % 12] * _WEIGHT_UNIT).astype(np.int64)
    last = days[np.r_[opens[1:] - 1, len(days) - 1]]
    return Cells(days[opens], last, week[opens] - week[0], month[opens], month[opens] // 3, weight)


def spread(quotas: ArrayLike, cells: Cells) -> Cents:
    """Divide the quotas of a year among quarters, these among months, and these among the cells of their weeks.

    Parameters
    ----------
    quotas : (n,) int
        Cents a year.
    cells : Cells

    Returns
    -------
    (n, cells) int64
        Cents; any level of the calendar is a sum of them.

    Examples
    --------
    >>> cells = quota_cells(dt.date(2026, 1, 1))
    >>> table = spread([1_000_001], cells)
    >>> table.shape, int(table.sum())
    ((1, 63), 1000001)
    """
    year = np.atleast_1d(np.asarray(quotas, dtype=np.int64))
    by_quarter = largest_remainder(year, np.bincount(cells.quarter, cells.weight).astype(np.int64))
    month_weight = np.bincount(cells.month, cells.weight).astype(np.int64)
    found = np.zeros((len(year), len(cells.first)), dtype=np.int64)
    for q in range(by_quarter.shape[1]):
        months = np.unique(cells.month[cells.quarter == q])
        by_month = largest_remainder(by_quarter[:, q], month_weight[months])
        for k, month in enumerate(months):
            inside = np.flatnonzero(cells.month == month)
            found[:, inside] = largest_remainder(by_month[:, k], cells.weight[inside])
    return found


def quota_frame(reps: list[str], table: ArrayLike, cells: Cells, period: str = "month") -> pd.DataFrame:
    """Return quotas as a tidy data frame: rep, period (from 0), first day, quota (cents).

    Parameters
    ----------
    reps : list of str
    table : (reps, cells) int
        From `spread`.
    cells : Cells
    period : {"week", "month", "quarter", "year"}
        A week that crosses a month appears once for each part.
    """
    import pandas as pd

    values = np.asarray(table, dtype=np.int64)
    levels = {"week": np.arange(len(cells.first)), "month": cells.month, "quarter": cells.quarter,
              "year": np.zeros_like(cells.month)}  # fmt: skip
    if period not in levels:
        raise PayError(explain("there is no such period", value=period, allowed=", ".join(levels)))
    level = levels[period]
    opens = np.flatnonzero(np.r_[True, np.diff(level) != 0])
    sums = np.add.reduceat(values, opens, axis=1)
    return pd.DataFrame(
        {
            "rep": np.repeat(np.array(reps, dtype=object), len(opens)),
            "period": np.tile(level[opens], len(reps)),
            "first_day": np.tile(cells.first[opens], len(reps)),
            "quota": sums.ravel(),
        }
    )


def ratcheted(quotas: ArrayLike, results: ArrayLike, settings: Quotas) -> Cents:
    """Return the quotas after a ratchet: up by a share of the overshoot, down by a (smaller) share of the miss.

    Parameters
    ----------
    quotas, results : (n,) int
        Cents.
    settings : Quotas
        `ratchet_up` and `ratchet_down`.

    Examples
    --------
    >>> ratcheted([100_00, 100_00], [140_00, 60_00], Quotas(ratchet_up=0.5, ratchet_down=0.1)).tolist()
    [12000, 9600]
    """
    quota, result = np.asarray(quotas, dtype=np.int64), np.asarray(results, dtype=np.int64)
    over = (result - quota) / 100.0
    change = np.where(over > 0, settings.ratchet_up, settings.ratchet_down) * over
    return quota + to_cents(change)
