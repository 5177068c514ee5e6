"""`forecast`: from a tidy table of sales to a coherent forecast of every level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.assembling import OWN_EFFECTS, Engine, assembled
from salessim.forecast.calibration import calibrate
from salessim.forecast.combination import Forecaster
from salessim.forecast.errors import ForecastError
from salessim.forecast.hierarchy import build_hierarchy, columns_of
from salessim.forecast.joint import aligned, bottom_futures, half_widths, joint_paths
from salessim.forecast.nodes import fit_nodes, node_values, record
from salessim.forecast.panel import Panel, checked_choice, checked_freq, to_panel
from salessim.forecast.reconcile import METHODS, bottom_map
from salessim.forecast.regress import Adjusted, Effects, fit_effects
from salessim.forecast.regressors import known_regressors
from salessim.forecast.result import Forecast
from salessim.forecast.steps import Vector
from salessim.forecast.tables import sales_table
from salessim.forecast.values import checked_levels, checked_model

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm import CrmData

__all__ = ["forecast", "forecast_panel"]

_INTERVALS = (80, 95)  # levels that bands are calibrated at where the user asks for none


def forecast(
    sales: pd.DataFrame | CrmData,
    freq: str = "month",
    horizon: int = 12,
    hierarchy: Sequence[str] | None = None,
    regressors: pd.DataFrame | Sequence[str] | None = None,
    levels: Sequence[int] = (80, 95),
    model: str = "default",
    *,
    date: str = "date",
    value: str = "revenue",
    rows: str = "totals",
    gaps: str = "error",
    negatives: str = "error",
    as_of: Date | None = None,
    reconcile: str = "backtest",
    paths: int = 500,
    seed: int = 1,
) -> Forecast:
    """Forecast sales by month or week, on every level of a hierarchy, with intervals.

    Every node is forecast by a combination of `statsmodels` members (`salessim.forecast.forecast_values`); short and
    mostly empty ones borrow season and growth from their nearest ancestor. The levels are then made to add up, by the
    method that would have been best at the last few origins, and joint futures give the intervals, with a factor per
    level from the same origins.

    Parameters
    ----------
    sales : pandas.DataFrame or CrmData
        One row per series and period: a date (any day of the period), a value, and the columns of the hierarchy.
        Of a CRM export, the won deals by day of closing, with ``region``, ``segment``, ``product``, ``rep`` and
        ``source``.
    freq : {"month", "week", "quarter"}
        Weeks run from Monday to Sunday.
    horizon : int
        Steps ahead.
    hierarchy : sequence of str, optional
        Dimensions to cross; ``"region/rep"`` nests. ``["region/rep", "product"]`` has six levels.
    regressors : pandas.DataFrame or sequence of str, optional
        A column ``date`` and numbers that are known for past and future periods (campaign, price, …), the same for
        all series; or any of "working_days", "chinese_new_year".
    levels : sequence of int
        Intervals in per cent.
    model : {"default", "accurate"}
    date, value : str
        Names of the columns.
    rows : {"totals", "orders"}
        Whether a row is a series' total of a period, or one order of many.
    gaps : {"error", "zero"}
        What a period without a row means once a series has begun.
    negatives : {"error", "keep"}
    as_of : datetime.date, optional
        Day of the table; today if not given.
    reconcile : {"backtest", "wls-sized", "wls", "mint", "bottom-up"}
    paths : int
        Joint futures, 100 or more.
    seed : int

    Returns
    -------
    Forecast

    Raises
    ------
    ForecastError
        For sales that cannot be forecast as they are: gaps, duplicates, negative sales, mixed frequencies, a single
        observation, only zeros, dates to come, a period that is not over, a hierarchy that does not nest.

    References
    ----------
    Wickramasuriya, Athanasopoulos & Hyndman (2019), Journal of the American Statistical Association 114(526).

    Examples
    --------
    >>> import pandas as pd, datetime
    >>> months = pd.date_range("2021-01-01", periods=60, freq="MS")
    >>> sales = pd.DataFrame({"date": months.repeat(2), "region": ["North", "South"] * 60,
    ...     "revenue": [100 + month.month + 50 * south for month in months for south in (0, 1)]})
    >>> found = forecast(sales, horizon=3, hierarchy=["region"], as_of=datetime.date(2026, 1, 1))
    >>> table = found.table()
    >>> table[table["level"] == "total"]["mean"].round(0).tolist()
    [252.0, 254.0, 256.0]
    """
    frequency = checked_freq(freq)
    checked_choice("reconcile", reconcile, ("backtest", *METHODS))
    for name, number, least in (("horizon", horizon, 1), ("paths", paths, 100)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < least:
            raise ForecastError(
                explain("a whole number is needed", where=name, value=number, allowed=f"{least} or more")
            )
    columns = columns_of(hierarchy)
    table: Any = sales
    if not hasattr(sales, "columns"):
        table, date, value, rows, as_of = sales_table(sales, frequency)
    panel = to_panel(table, frequency, columns, date, value, rows, gaps, negatives, as_of)
    return forecast_panel(
        panel, hierarchy, int(horizon), regressors, checked_levels(levels), checked_model(model), reconcile, paths, seed
    )


def forecast_panel(
    panel: Panel,
    hierarchy: Sequence[str] | None,
    horizon: int,
    regressors: pd.DataFrame | Sequence[str] | None = None,
    levels: Sequence[int] = _INTERVALS,
    model: str = "default",
    reconcile: str = "backtest",
    paths: int = 500,
    seed: int = 1,
) -> Forecast:
    """Forecast sales that have been checked and laid out; see `forecast`."""
    import pandas as pd

    tree = build_hierarchy(panel.keys, hierarchy)
    values = node_values(tree.summing, panel.values)
    period = panel.frequency.period
    effects: list[Effects | None] = [None] * len(values)
    if regressors is not None:
        steps = pd.period_range(panel.periods[-1] + 1, periods=horizon, freq=panel.frequency.code)
        names, past, future = known_regressors(regressors, panel.periods, steps)
        effects = _effects(values, names, past, future, period)
    cleaned = np.array([_cleaned(row, effect) for row, effect in zip(values, effects, strict=True)])
    inside = tree.ancestors()
    nodes = fit_nodes(cleaned, inside, period, model)
    fits = tuple(_adjusted(fit, effect) for fit, effect in zip(nodes.fits, effects, strict=True))
    floor = bool(np.nanmin(panel.values) >= 0)
    asked = tuple(levels) or _INTERVALS
    futures = joint_paths(fits, values.shape[1], paths, horizon, np.random.default_rng(seed))
    errors = aligned([fit.errors for fit in fits], values.shape[1])
    maps: dict[str, Vector] = {}

    def map_of(method: str) -> Vector:
        if method not in maps:
            maps[method] = bottom_map(tree.summing, errors, nodes.sizes(), method)
        return maps[method]

    def joint_width(method: str) -> Vector:
        return half_widths(bottom_futures(map_of(method), futures, floor), asked, tree.summing)

    levels_of = tree.level_numbers()
    calibration = calibrate(
        nodes,
        inside,
        tree.summing,
        levels_of,
        horizon,
        model,
        METHODS if reconcile == "backtest" else (reconcile,),
        half_widths(futures, asked),
        joint_width,
        asked,
        floor,
    )
    engine = Engine(nodes, fits, tuple(effects), map_of(calibration.method), calibration, model, reconcile, paths, seed)
    made = assembled(engine, panel, tree, values, horizon, tuple(levels), futures)
    settled = calibration.settled(
        joint_width(calibration.method), half_widths(made.futures, asked, tree.summing), levels_of
    )
    return replace(made, calibration=settled, engine=replace(engine, calibration=settled))


def _effects(values: Vector, names: Sequence[str], past: Vector, future: Vector, period: int) -> list[Effects | None]:
    """Effects of every node: its own where there are few nodes, those of the total where there are many."""
    found: list[Effects | None] = []
    shared = len(values) > OWN_EFFECTS
    for node, row in enumerate(values):
        own = record(row)
        known = past[-len(own) :]
        if shared and node > 0:
            total = found[0]
            scale = 1.0
            if total is not None and not total.logs:
                scale = float(np.abs(own).mean() / np.nanmean(np.abs(values[0])))
            usable = total is not None and (not total.logs or own.min() > 0)
            found.append(
                Effects(total.names, total.size * scale, total.error * scale, total.logs, known, future)
                if total is not None and usable
                else None
            )
        elif len(own) < max(24, 3 * past.shape[1] + 10):
            found.append(None)
        else:
            found.append(fit_effects(own, known, future, names, period))
    return found


def _cleaned(row: Vector, effect: Effects | None) -> Vector:
    if effect is None:
        return row
    begin = len(row) - len(record(row))
    return np.concatenate([row[:begin], effect.without(row[begin:])])


def _adjusted(fit: Forecaster, effect: Effects | None) -> Forecaster:
    return fit if effect is None else Adjusted(fit, effect)
