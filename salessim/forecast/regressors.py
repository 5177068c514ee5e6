"""Regressors as a user gives them, laid out for the past and the steps to come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain, nearest
from salessim.forecast.errors import ForecastError
from salessim.forecast.regress import chinese_new_year, working_days
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["known_regressors"]

_CALENDAR = {"working_days": working_days, "chinese_new_year": chinese_new_year}


def known_regressors(
    regressors: Any, past: pd.PeriodIndex, future: pd.PeriodIndex
) -> tuple[tuple[str, ...], Vector, Vector]:
    """Names, and values in the past and in the future (steps × regressors).

    Parameters
    ----------
    regressors : pandas.DataFrame or sequence of str
        A table with a column ``date`` and one row per period, or names of calendar regressors.
    past, future : pandas.PeriodIndex

    Raises
    ------
    ForecastError
        For an unknown name, a period that is missing or stands twice, a value that is no number.
    """
    import pandas as pd

    every = past.append(future)
    if not isinstance(regressors, pd.DataFrame):
        wanted: Sequence[str] = [regressors] if isinstance(regressors, str) else list(regressors)
        for name in wanted:
            if name not in _CALENDAR:
                raise ForecastError(
                    explain(
                        "there is no such calendar regressor",
                        where="regressors",
                        value=name,
                        remedy=nearest(str(name), _CALENDAR) + " Others are given as a table",
                    )
                )
        table = np.column_stack([_CALENDAR[name](every) for name in wanted])
        return tuple(wanted), table[: len(past)], table[len(past) :]
    if "date" not in regressors.columns or regressors.shape[1] < 2:
        raise ForecastError(
            explain(
                "regressors need a column date and at least one more",
                where="regressors",
                value=list(map(str, regressors.columns)),
            )
        )
    names = tuple(str(column) for column in regressors.columns if column != "date")
    dates = regressors["date"]
    if not isinstance(dates.dtype, pd.PeriodDtype):
        dates = pd.to_datetime(dates, errors="coerce").dt.to_period(past.freqstr)
    table = regressors.drop(columns="date").apply(pd.to_numeric, errors="coerce").astype("float64")
    table.index = pd.PeriodIndex(dates)
    if table.index.duplicated().any():
        raise ForecastError(
            explain("a period stands twice", where="regressors", value=str(table.index[table.index.duplicated()][0]))
        )
    laid = table.reindex(every)
    missing = laid.index[laid.isna().any(axis=1)]
    if len(missing):
        when = "to come, and the forecast needs them" if missing[0] >= future[0] else "of the past"
        raise ForecastError(
            explain(
                f"values are missing or not numbers for {len(missing)} periods, the first {when}",
                where="regressors",
                value=str(missing[0]),
                remedy="Say what is planned for these periods (0 for no campaign), or shorten the horizon",
            )
        )
    whole = laid.to_numpy(dtype=np.float64)
    return names, whole[: len(past)], whole[len(past) :]
