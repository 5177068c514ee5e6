"""From a tidy table of sales to one row per bottom series and one column per period; what does not fit is refused.

Nothing is repaired in silence: gaps, duplicates, negative sales, mixed frequencies, dates to come and periods that are
not over are errors that say where; `gaps="zero"`, `negatives="keep"` and `rows="orders"` are how a user decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain, nearest
from salessim.forecast.errors import ForecastError
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FREQUENCIES", "Frequency", "Panel", "checked_choice", "checked_freq", "series_name", "to_panel"]


@dataclass(frozen=True)
class Frequency:
    """A length of step.

    Attributes
    ----------
    name : str
    code : str
        As pandas writes it; weeks run from Monday to Sunday.
    period : int
        Steps of a season.
    """

    name: str
    code: str
    period: int


FREQUENCIES = {
    "month": Frequency("month", "M", 12),
    "week": Frequency("week", "W-SUN", 52),
    "quarter": Frequency("quarter", "Q-DEC", 4),
}


@dataclass(frozen=True, eq=False)
class Panel:
    """Sales by bottom series and period.

    Attributes
    ----------
    frequency : Frequency
    periods : pandas.PeriodIndex
        Consecutive.
    keys : pandas.DataFrame
        One row per bottom series: what it is by each column of the hierarchy, as text.
    values : numpy.ndarray
        Bottom series × periods; NaN before a series begins.
    rows : int
        Of the table.
    filled : int
        Cells without a row that count as 0 because the user said so.
    """

    frequency: Frequency
    periods: pd.PeriodIndex
    keys: pd.DataFrame
    values: Vector
    rows: int
    filled: int

    def until(self, periods: int) -> Panel:
        """The panel as it was after its first `periods` periods: nothing later is in it."""
        known = self.values[:, :periods]
        begun = np.flatnonzero(~np.isnan(known).all(axis=1))
        keys = self.keys.iloc[begun].reset_index(drop=True)
        return Panel(self.frequency, self.periods[:periods], keys, known[begun].copy(), self.rows, self.filled)


def to_panel(
    sales: pd.DataFrame,
    frequency: Frequency,
    columns: Sequence[str],
    date: str = "date",
    value: str = "revenue",
    rows: str = "totals",
    gaps: str = "error",
    negatives: str = "error",
    as_of: Date | None = None,
) -> Panel:
    """Check a table and lay it out.

    Parameters
    ----------
    sales : pandas.DataFrame
        One row per series and period (or per order).
    frequency : Frequency
    columns : sequence of str
        Columns that tell the bottom series apart.
    date, value : str
        Their columns.
    rows : {"totals", "orders"}
        Whether a row is the total of a series in a period, so that a second one is a mistake, or one order of many.
    gaps : {"error", "zero"}
        What a period without a row means, after a series has begun. Always 0 with ``rows="orders"``.
    negatives : {"error", "keep"}
    as_of : datetime.date, optional
        The day the table was made; today if not given. Only periods that were over then can be used.

    Raises
    ------
    ForecastError
        Naming the series, the period and the remedy.
    """
    checked_choice("rows", rows, ("totals", "orders"))
    checked_choice("gaps", gaps, ("error", "zero"))
    checked_choice("negatives", negatives, ("error", "keep"))
    frame = _checked_columns(sales, [date, value, *columns])
    frame = _typed(frame, columns, date, value)
    _refuse_future(frame, frequency, date, as_of)
    negative = frame[frame[value] < 0]
    if negatives == "error" and len(negative):
        raise ForecastError(
            explain(
                f"{len(negative)} of {len(frame)} rows have negative sales, the first on "
                f"{negative[date].iloc[0].date().isoformat()} ({_of_row(negative, columns)})",
                where=value,
                value=float(negative[value].iloc[0]),
                allowed="0 or more",
                remedy='Are they returns? Subtract them from the sale they belong to, or say negatives="keep"',
            )
        )
    frame["_period"] = frame[date].dt.to_period(frequency.code)
    if rows == "totals":
        _refuse_duplicates(frame, frequency, columns, date)
    keys = list(columns) or ["_all"]
    if not columns:
        frame["_all"] = ""
    summed = frame.groupby([*keys, "_period"], sort=True, observed=True)[value].sum()
    import pandas as pd

    periods = pd.period_range(frame["_period"].min(), frame["_period"].max(), freq=frequency.code)
    wide = summed.unstack("_period")  # noqa: PD010 (one value a cell: nothing to aggregate)
    wide = wide.reindex(columns=periods)
    if not isinstance(wide.index, pd.MultiIndex):
        wide.index = pd.MultiIndex.from_arrays([wide.index], names=keys)
    table = wide.to_numpy(dtype=np.float64, copy=True)
    holes = np.isnan(table) & np.logical_or.accumulate(~np.isnan(table), axis=1)
    if holes.any() and rows == "totals" and gaps == "error":
        _refuse_gaps(wide, holes, columns, frequency)
    table[holes] = 0.0
    key_frame = wide.index.to_frame(index=False)[list(columns)]
    panel = Panel(frequency, periods, key_frame, table, len(frame), int(holes.sum()))
    _refuse_empty(panel)
    return panel


def series_name(keys: Any, columns: Sequence[str]) -> str:
    """What a series is called in a message: ``region=North, product=A``, or ``total``.

    Examples
    --------
    >>> series_name({"region": "North"}, ["region"])
    'region=North'
    """
    return ", ".join(f"{column}={keys[column]}" for column in columns) or "total"


def checked_choice(name: str, given: str, known: Sequence[str]) -> str:
    """The wish, if it is one of those known."""
    if given not in known:
        raise ForecastError(
            explain("there is no such choice", where=name, value=given, remedy=nearest(str(given), known))
        )
    return given


def checked_freq(freq: str) -> Frequency:
    """The frequency of that name."""
    return FREQUENCIES[checked_choice("freq", freq, tuple(FREQUENCIES))]


def _checked_columns(sales: Any, needed: Sequence[str]) -> Any:
    import pandas as pd

    if not isinstance(sales, pd.DataFrame):
        raise ForecastError(
            explain(
                "sales must be a table with one row per series and period",
                value=type(sales).__name__,
                allowed="a pandas.DataFrame",
            )
        )
    for name in needed:
        if name not in sales.columns:
            raise ForecastError(
                explain(
                    "the table of sales has no such column", value=name, remedy=nearest(name, map(str, sales.columns))
                )
            )
    twice = next((name for place, name in enumerate(needed) if name in needed[:place]), None)
    if twice is not None:
        raise ForecastError(
            explain(
                "one column cannot be two things of: the date, the value, a column of the hierarchy",
                value=twice,
                remedy="Say which columns are meant with date=, value= and hierarchy=",
            )
        )
    names = list(map(str, sales.columns))
    several = [name for name in needed if names.count(name) > 1]
    if several:
        raise ForecastError(
            explain(
                "the table of sales has several columns of one name",
                value=several[0],
                remedy="Keep one of them",
            )
        )
    if len(sales) == 0:
        raise ForecastError(explain("the table of sales has no rows"))
    return sales[list(dict.fromkeys(needed))].copy()


def _typed(frame: pd.DataFrame, columns: Sequence[str], date: str, value: str) -> pd.DataFrame:
    import pandas as pd

    if isinstance(frame[date].dtype, pd.PeriodDtype):
        frame[date] = frame[date].dt.start_time
    if pd.api.types.is_numeric_dtype(frame[date].dtype):
        raise ForecastError(
            explain(
                "these are numbers and not dates: what day each of them means cannot be told",
                where=date,
                value=str(frame[date].iloc[0]),
                allowed="days, such as 2026-01-31",
                remedy="Turn them into dates first, for example with pandas.to_datetime and its format",
            )
        )
    dates = pd.to_datetime(frame[date], errors="coerce")
    if getattr(dates.dtype, "tz", None) is not None:
        raise ForecastError(
            explain(
                "these dates carry a time zone, and the day that a sale belongs to depends on it",
                where=date,
                value=str(frame[date].iloc[0]),
                remedy="Choose the zone of your books and drop it: dates.dt.tz_convert(zone).dt.tz_localize(None)",
            )
        )
    _refuse_rows(frame, dates.isna(), date, "cannot be read as a date")
    frame[date] = dates
    if pd.api.types.is_bool_dtype(frame[value].dtype):
        raise ForecastError(
            explain("these are yes and no and not amounts", where=value, remedy="Is this the right column of values?")
        )
    numbers = pd.to_numeric(frame[value], errors="coerce").astype("float64")
    _refuse_rows(frame, ~np.isfinite(numbers), value, "is missing or not a number")
    frame[value] = numbers
    for column in columns:
        _refuse_rows(frame, frame[column].isna(), column, "is missing")
        frame[column] = frame[column].astype(str)
    return frame


def _refuse_rows(frame: pd.DataFrame, wrong: Any, column: str, what: str) -> None:
    wrong = np.asarray(wrong)
    if wrong.any():
        first = int(np.flatnonzero(wrong)[0])
        raise ForecastError(
            explain(
                f"in {int(wrong.sum())} of {len(frame)} rows it {what}, the first is row {first}",
                where=column,
                value=str(frame[column].iloc[first]),
                remedy="Correct these rows, or leave them out",
            )
        )


def _refuse_future(frame: pd.DataFrame, frequency: Frequency, date: str, as_of: Date | None) -> None:
    import pandas as pd

    day = pd.Timestamp(as_of) if as_of is not None else pd.Timestamp.today().normalize()
    future = frame[frame[date] > day]
    if len(future):
        raise ForecastError(
            explain(
                f"{len(future)} rows are dated after {day.date().isoformat()}",
                where=date,
                value=future[date].max().date().isoformat(),
                remedy="Leave plans and expected sales out; if the table is of a later day, say so with as_of",
            )
        )
    last = frame[date].max().to_period(frequency.code)
    if last.end_time.normalize() > day:
        raise ForecastError(
            explain(
                f"the last {frequency.name} is not over on {day.date().isoformat()}: its sales are not whole",
                where=date,
                value=str(last),
                remedy=f"Leave this {frequency.name} out; if the table is of a later day, say so with as_of",
            )
        )


def _refuse_duplicates(frame: pd.DataFrame, frequency: Frequency, columns: Sequence[str], date: str) -> None:
    twice = frame[frame.duplicated([*columns, "_period"], keep=False)]
    if not len(twice):
        return
    first = twice.iloc[0]
    same = twice
    for column in [*columns, "_period"]:
        same = same[same[column] == first[column]]
    days = sorted({stamp.date().isoformat() for stamp in same[date]})
    if len(days) > 1:
        what = (
            f"several rows of one series fall into one {frequency.name}: a mixed or finer frequency than "
            f"{frequency.name}s"
        )
        finer = "Add them up to one row per series and period"
        shorter = {"quarter": ' choose freq="month",', "month": ' choose freq="week",'}.get(frequency.name, "")
        remedy = f'{finer},{shorter} or say rows="orders" if each row is an order'
    else:
        what = f"{len(twice)} rows are duplicates: the same series and the same {frequency.name}"
        remedy = 'Keep one of each, or say rows="orders" if each row is an order'
    raise ForecastError(
        explain(what, where=f"{series_name(first, columns)}, {first['_period']}", value=", ".join(days), remedy=remedy)
    )


def _refuse_gaps(wide: Any, holes: Any, columns: Sequence[str], frequency: Frequency) -> None:
    row = int(np.flatnonzero(holes.any(axis=1))[0])
    keys = dict(zip(wide.index.names, wide.index[row], strict=True))
    there = np.flatnonzero(~np.isnan(wide.to_numpy(dtype=float)[row]))
    missing = [str(wide.columns[place]) for place in np.flatnonzero(holes[row])]
    where = series_name(keys, columns)
    steps = np.diff(there)
    if len(steps) >= 2 and np.median(steps) >= 2:
        remedy = "Choose the frequency that the rows have" + (' (freq="month")' if frequency.name == "week" else "")
        what = f"its rows are about {int(np.median(steps))} {frequency.name}s apart: a mixed or coarser frequency"
    else:
        shown = ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
        what = f"{len(missing)} {frequency.name}s between its first row and the end of the table have no row ({shown})"
        remedy = 'Add the missing rows, or say gaps="zero" if nothing was sold'
    count = int(holes.any(axis=1).sum())
    if count > 1:
        what += f"; {count} series have such gaps"
    raise ForecastError(explain(what, where=where, remedy=remedy))


def _refuse_empty(panel: Panel) -> None:
    total = np.nansum(panel.values, axis=0)
    if len(panel.periods) < 2:
        raise ForecastError(
            explain(
                "there is only one observation in time, and a forecast needs a past",
                value=str(panel.periods[0]),
                remedy=f"Give the sales of more {panel.frequency.name}s",
            )
        )
    if not np.any(total != 0.0):
        raise ForecastError(
            explain("all sales are zero: there is nothing to forecast", remedy="Is this the right column of values?")
        )


def _of_row(frame: pd.DataFrame, columns: Sequence[str]) -> str:
    return series_name(frame.iloc[0], columns)
