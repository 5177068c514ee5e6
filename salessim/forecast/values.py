"""Forecasts of plain arrays, and the choice of a method that the length and the zeros of a series allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from salessim.errors import explain, nearest
from salessim.forecast.combination import Combination, Forecaster, fit_combination
from salessim.forecast.errors import ForecastError
from salessim.forecast.sparse import fit_shared
from salessim.forecast.steps import Vector

__all__ = [
    "MODELS",
    "chances_of",
    "checked_levels",
    "checked_model",
    "fit_members",
    "fit_values",
    "forecast_values",
    "is_dense",
]

MODELS = ("default", "accurate")

_SHORT = 8  # values: below, there is nothing to choose between models
_MOSTLY_ZERO = 0.4  # share of zeros above which smoothing and logs mislead


def forecast_values(
    y: npt.ArrayLike, horizon: int, period: int, levels: Sequence[int] = (80, 95), model: str = "default"
) -> dict[Any, Any]:
    """Forecast one series.

    The default is the mean of three members fitted with `statsmodels`: exponential smoothing chosen from eight
    models, Theta, and STL with exponential smoothing; points and quantiles are averaged. ``"accurate"`` adds ARIMA
    to them, for six times the work. Mostly empty series get the method of Teunter, Syntetos
    and Babai. A series that was never negative gets no negative forecast.

    Parameters
    ----------
    y : array_like
        Values of consecutive steps, oldest first, two or more.
    horizon : int
        Steps ahead.
    period : int
        Steps of a season: 12 for months, 52 for weeks, 1 for none.
    levels : sequence of int
        Intervals, in per cent.
    model : {"default", "accurate"}

    Returns
    -------
    dict
        ``"mean"``: the forecast of each step; for each level a pair of arrays, lower and upper end.

    Raises
    ------
    ForecastError
        For values that are missing or not numbers, fewer than two, or a wish that cannot be met.

    Examples
    --------
    >>> import numpy as np
    >>> months = np.arange(72)
    >>> found = forecast_values(100 + 20 * np.sin(months * np.pi / 6) + months % 3, horizon=12, period=12)
    >>> bool(abs(found["mean"][3] - 121) < 3), bool((found[80][0] < found[80][1]).all())
    (True, True)
    """
    values = _checked_values(y)
    checked_levels(levels)
    for name, number in (("horizon", horizon), ("period", period)):
        if isinstance(number, bool) or not isinstance(number, int | np.integer) or number < 1:
            raise ForecastError(explain("a number of steps is needed", where=name, value=number, allowed="1 or more"))
    fit = fit_values(values, int(period), checked_model(model))
    ends = fit.quantiles(int(horizon), chances_of(levels))
    found: dict[Any, Any] = {"mean": fit.mean(int(horizon))}
    for place, level in enumerate(levels):
        found[level] = (ends[2 * place], ends[2 * place + 1])
    return found


def fit_values(
    values: Vector,
    period: int,
    model: str = "default",
    ancestor: Combination | None = None,
    history: Vector | None = None,
) -> Forecaster:
    """Fit the method that suits a checked series; a short or mostly empty one borrows the profile of its `ancestor`.

    Parameters
    ----------
    values : numpy.ndarray
    period : int
    model : {"default", "accurate"}
    ancestor : Combination, optional
    history : numpy.ndarray, optional
        The ancestor's values over the same steps.
    """
    if is_dense(values) or values.min() < 0:
        fit = fit_members(values, period, model)
        if fit is not None:
            return fit
    return fit_shared(np.maximum(values, 0.0), ancestor, history)


def fit_members(values: Vector, period: int, model: str, like: Combination | None = None) -> Combination | None:
    """Fit the members of a model and average them; None where none can be fitted (see `fit_combination`)."""
    return fit_combination(values, period, model == "accurate", like)


def is_dense(values: Vector) -> bool:
    """Whether a series has enough values, and enough of them not zero, to be forecast from its own record."""
    return len(values) >= _SHORT and float(np.mean(values == 0)) <= _MOSTLY_ZERO


def chances_of(levels: Sequence[int]) -> list[float]:
    """Lower and upper chance of each level, in turn.

    Examples
    --------
    >>> chances_of((80,))
    [0.1, 0.9]
    """
    return [round(chance, 10) for level in levels for chance in (0.5 - level / 200.0, 0.5 + level / 200.0)]


def checked_levels(levels: Sequence[int]) -> tuple[int, ...]:
    """The levels, if each is between 0 and 100 per cent."""
    for level in levels:
        if isinstance(level, bool) or not isinstance(level, int | float) or not 0 < level < 100:
            raise ForecastError(
                explain("an interval has no such level", where="levels", value=level, allowed="above 0, below 100")
            )
    return tuple(levels)


def checked_model(model: str) -> str:
    """The model, if there is one of that name."""
    if model not in MODELS:
        raise ForecastError(
            explain("there is no such model", where="model", value=model, remedy=nearest(str(model), MODELS))
        )
    return model


def _checked_values(y: npt.ArrayLike) -> Vector:
    try:
        values = np.asarray(y, dtype=np.float64)
    except (TypeError, ValueError):
        raise ForecastError(
            explain("the values of a series must be numbers", where="y", value=type(y).__name__)
        ) from None
    if values.ndim != 1:
        raise ForecastError(
            explain("one series at a time", where="y", value=f"{values.ndim} dimensions", allowed="1 dimension")
        )
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        raise ForecastError(
            explain(
                f"{len(missing)} of {len(values)} values are missing or not finite, the first at place {missing[0]}",
                where="y",
                remedy="Fill them as you see fit, or begin the series after them",
            )
        )
    if len(values) < 2:
        raise ForecastError(
            explain(
                "a forecast needs a past",
                where="y",
                value=f"{len(values)} values",
                allowed="2 or more",
                remedy="Give more history, or forecast the whole that this is a part of and share it out",
            )
        )
    return values
