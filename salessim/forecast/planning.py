"""`plan`: a target divided among people and periods, by the quotas of `salessim.pay`, and the chance of reaching it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain, nearest
from salessim.forecast.calendar import sums_by
from salessim.forecast.errors import ForecastError
from salessim.forecast.pipeline_result import PipelineForecast
from salessim.forecast.plan_people import Capacity, capacity_of
from salessim.forecast.plan_pipeline import with_pipeline
from salessim.forecast.plan_result import LEVEL_ALL, PERIODS, SalesPlan
from salessim.forecast.result import Forecast
from salessim.forecast.steps import Numbers, Vector
from salessim.model.market import Calendar
from salessim.model.pay import Quotas
from salessim.pay.quotas import Cells, allocate_quotas, largest_remainder, quota_cells, spread, to_cents

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plan"]

_UNIT = 1_000_000


def plan(
    forecast: Forecast,
    *,
    target: float,
    periods: Sequence[str] = ("quarter", "month"),
    by: Sequence[str] | None = None,
    start: Date | None = None,
    people: pd.DataFrame | None = None,
    potential_weight: float = 0.5,
    over_assignment: float = 1.05,
    budget: float | Mapping[str, float] | None = None,
    calendar: Calendar | None = None,
    pipeline: PipelineForecast | None = None,
) -> SalesPlan:
    """Divide a year's target among the series of a forecast and the periods of the year.

    A series' share is that of the forecast (not of last year's sales), mixed with its share of the potential, times its
    capacity: who is there, since when, how far ramped up. Months follow the forecast's season, weeks the working days.
    Everything is divided in whole cents by largest remainder (`salessim.pay.quotas`), so every level and period adds up
    exactly.

    Parameters
    ----------
    forecast : Forecast
        Must cover the twelve months from `start`.
    target : float
        Of the company for the year, currency.
    periods : sequence of {"week", "month", "quarter", "year"}
        Tables of the Excel file and of the report.
    by : sequence of str, optional
        Columns of the forecast's hierarchy, outermost first; all if not given.
    start : datetime.date, optional
        First of a month; by default that of the first whole month of the forecast.
    people : pandas.DataFrame, optional
        One row for each series that differs from a full, ramped-up seat: some columns of `by`, and any of ``potential``
        (currency a year), ``seats`` (full-time equivalents, 0: vacant), ``starts`` and ``leaves`` (days),
        ``ramp_months`` (until full pace, from `starts`).
    potential_weight : float
        Weight of the share of potential, where it is given; 0 (forecast alone) to 1. No published value is known.
    over_assignment : float
        Sum of the quotas over the target; 1 to 1.25.
    budget : float or mapping of str to float, optional
        Selling expense of the year, currency: of the company (divided as the targets are), or by name of the innermost
        column of `by`.
    calendar : Calendar, optional
        Holidays; Monday to Friday without any if not given.
    pipeline : PipelineForecast, optional
        Of the same sales, made on the last day before the forecast begins: within its horizons shares of months and
        chances are those of its combination with the series (`salessim.forecast.plan_pipeline`).

    Returns
    -------
    SalesPlan

    Raises
    ------
    ForecastError
        A target that is no amount, a column or period there is none of, a forecast that does not cover the year, people
        who fit no series, or nobody left to carry the target.

    Examples
    --------
    >>> import datetime, pandas as pd
    >>> from salessim.forecast.making import forecast
    >>> months = pd.date_range("2021-01-01", periods=60, freq="MS")
    >>> sales = pd.DataFrame({"date": months.repeat(2), "region": ["North", "South"] * 60,
    ...     "revenue": [100 + month.month + 50 * south for month in months for south in (0, 1)]})
    >>> year = plan(forecast(sales, horizon=12, hierarchy=["region"], as_of=datetime.date(2026, 1, 1)), target=4000.0)
    >>> year.table("region", "year")["target"].tolist()
    [1619.77, 2380.23]
    """
    import pandas as pd

    if not isinstance(forecast, Forecast):
        raise ForecastError(
            explain("a plan is made of a forecast", where="forecast", value=type(forecast).__name__,
                    allowed="what salessim.forecast returns")
        )  # fmt: skip
    _checked_number("target", target, 0.01, 1e13)
    _checked_number("over_assignment", over_assignment, 1.0, 1.25)
    _checked_number("potential_weight", potential_weight, 0.0, 1.0)
    for period in periods:
        if period not in PERIODS:
            raise ForecastError(
                explain("there is no such period", where="periods", value=period, allowed=", ".join(PERIODS))
            )
    if pipeline is not None:
        forecast = with_pipeline(forecast, pipeline)
    names = list(forecast.hierarchy.columns if by is None else by)
    for name in names:
        if name not in forecast.hierarchy.columns:
            raise ForecastError(
                explain("the forecast has no such column", where="by", value=name,
                        remedy=nearest(str(name), forecast.hierarchy.columns) if forecast.hierarchy.columns
                        else "It was made without a hierarchy")
            )  # fmt: skip
    begin = _start(forecast, start)
    keys = forecast.panel.keys[names] if names else pd.DataFrame({LEVEL_ALL: [LEVEL_ALL] * len(forecast.bottom)})
    groups = keys.groupby(list(keys.columns), sort=False)
    leaf: Numbers = np.asarray(groups.ngroup(), dtype=np.int64)
    series = keys.drop_duplicates().reset_index(drop=True)
    labels, weights, _ = sums_by(forecast.periods, "month")
    first = labels.index(f"{begin:%Y-%m}")
    monthly = np.zeros((len(series), 12))
    np.add.at(monthly, leaf, np.maximum(forecast.bottom @ weights[:, first : first + 12], 0.0))
    cells = _cells(begin, calendar, monthly.sum(axis=0))
    capacity = capacity_of(people, series, cells, begin)
    share = _shares(monthly.sum(axis=1), capacity, potential_weight)
    work = share * capacity.mean
    if not work.any():
        raise ForecastError(
            explain(
                "nobody is left to carry the target", where="people", remedy="Give at least one series seats and sales"
            )
        )
    carried = np.flatnonzero(work > 0)
    targets, quotas = (
        _spread(_divided(target, factor, share, capacity, carried), cells, capacity)
        for factor in (1.0, over_assignment)
    )
    costs = None if budget is None else _budget(budget, series, targets.sum(axis=1), cells)
    return SalesPlan(forecast, float(target), begin, tuple(names), tuple(periods), series, leaf, cells, targets, quotas,
                     costs, capacity.mean, over_assignment,
                     pipeline.horizon[-1] if pipeline is not None else 0)  # fmt: skip


def _divided(target: float, over: float, share: Vector, capacity: Capacity, carried: Any) -> Any:
    quota = np.zeros(len(share), dtype=np.int64)
    how = Quotas(quota_rule="potential", over_assignment=over)
    quota[carried] = allocate_quotas(target, {"potential": share[carried], "ramp": capacity.mean[carried]}, how)
    return quota


def _spread(year: Any, cells: Cells, capacity: Capacity) -> Any:
    """Cells of each series; those with the same presence in one go."""
    found = np.zeros((len(year), len(cells.first)), dtype=np.int64)
    profiles, of = np.unique(capacity.presence, axis=0, return_inverse=True)
    for number, profile in enumerate(profiles):
        mine = np.flatnonzero(of.ravel() == number)
        own = np.round(cells.weight * profile).astype(np.int64)
        found[mine] = spread(year[mine], cells._replace(weight=own))
    return found


def _shares(forecast: Vector, capacity: Capacity, weight: float) -> Vector:
    own = forecast / forecast.sum() if forecast.sum() > 0 else np.zeros(len(forecast))
    if capacity.potential is None or not capacity.potential.sum() > 0:
        return own
    return np.asarray((1.0 - weight) * own + weight * capacity.potential / capacity.potential.sum())


def _cells(begin: Date, calendar: Calendar | None, months: Vector) -> Cells:
    """Cells of the year whose months weigh what the forecast says."""
    flat = quota_cells(begin, calendar)
    work = np.bincount(flat.month, flat.weight, minlength=12)
    index = months / np.where(work > 0, work, 1.0)
    mean = index.mean()
    season = np.ones(12)
    season[(begin.month - 1 + np.arange(12)) % 12] = index / mean if mean > 0 else 1.0
    return quota_cells(begin, calendar, season)


def _budget(budget: float | Mapping[str, float], series: pd.DataFrame, targets: Any, cells: Cells) -> Any:
    if not isinstance(budget, Mapping):
        _checked_number("budget", budget, 0.0, 1e13)
        weight = np.round(targets / max(int(targets.max()), 1) * _UNIT).astype(np.int64)
        year = largest_remainder(to_cents(budget).reshape(1), weight)[0]
    else:
        known = series.iloc[:, -1].astype(str)
        for name, cost in budget.items():
            if name not in set(known):
                raise ForecastError(
                    explain("no series has this name", where="budget", value=name, remedy=nearest(str(name), known))
                )
            _checked_number(f"budget, {name}", cost, 0.0, 1e13)
        year = np.zeros(len(series), dtype=np.int64)
        for name, cost in budget.items():
            mine = np.flatnonzero((known == name).to_numpy())
            year[mine] = largest_remainder(to_cents(cost).reshape(1), np.ones(len(mine), dtype=np.int64))[0]
    return spread(year, cells)


def _start(forecast: Forecast, start: Date | None) -> Date:
    import pandas as pd

    first, last = forecast.periods[0].start_time, forecast.periods[-1].end_time
    if start is None:
        month = first.to_period("M")
        month = month if month.start_time >= first else month + 1
        begin = month.start_time.date()
    else:
        begin = start
    if not isinstance(begin, Date) or begin.day != 1:
        raise ForecastError(
            explain("a plan begins with a month", where="start", value=str(begin), allowed="the first of one")
        )
    end = pd.Timestamp(begin.replace(year=begin.year + 1)) - pd.Timedelta(days=1)
    if pd.Timestamp(begin) < first or end > last:
        raise ForecastError(
            explain("the forecast does not cover the twelve months of the plan", where="forecast",
                    value=f"{first.date()} to {last.date()}", allowed=f"{begin} to {end.date()}",
                    remedy="Forecast with a longer horizon, or give another start")
        )  # fmt: skip
    return begin


def _checked_number(name: str, value: Any, least: float, most: float) -> None:
    good = isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most
    if not good:
        raise ForecastError(
            explain("a number in its range is needed", where=name, value=value, allowed=f"{least:g} to {most:g}")
        )
