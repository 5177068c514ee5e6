"""Forecasts of sales: series, hierarchies, backtests, with `statsmodels` doing the forecasting.

The room has the name of its main function, and ``salessim.forecast`` must mean one thing whatever was imported first:
the module itself can be called, and a call is one of `salessim.forecast.making.forecast`.

>>> import salessim
>>> salessim.forecast.forecast_values([100, 102, 104, 106, 108, 110, 112, 114, 116, 118], 1, 1)["mean"].round()
array([120.])
>>> callable(salessim.forecast)
True
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from salessim.forecast.errors import ForecastError

if TYPE_CHECKING:
    from salessim.forecast.backtesting import Backtest, backtest
    from salessim.forecast.calls import commits_of
    from salessim.forecast.making import forecast
    from salessim.forecast.pipeline import forecast_pipeline
    from salessim.forecast.pipeline_result import PipelineForecast
    from salessim.forecast.plan_result import SalesPlan
    from salessim.forecast.planning import plan
    from salessim.forecast.regress import chinese_new_year, working_days
    from salessim.forecast.result import Forecast
    from salessim.forecast.tables import won_sales
    from salessim.forecast.values import forecast_values
    from salessim.forecast.weights import source_weights

__all__ = [
    "Backtest",
    "Forecast",
    "ForecastError",
    "PipelineForecast",
    "SalesPlan",
    "backtest",
    "chinese_new_year",
    "commits_of",
    "forecast",
    "forecast_pipeline",
    "forecast_values",
    "plan",
    "source_weights",
    "won_sales",
    "working_days",
]

_HOME = {
    "Backtest": "backtesting",
    "Forecast": "result",
    "PipelineForecast": "pipeline_result",
    "SalesPlan": "plan_result",
    "backtest": "backtesting",
    "chinese_new_year": "regress",
    "commits_of": "calls",
    "forecast_pipeline": "pipeline",
    "forecast_values": "values",
    "plan": "planning",
    "source_weights": "weights",
    "won_sales": "tables",
    "working_days": "regress",
}


class _Room(ModuleType):
    """The room, callable."""

    def __call__(self, *args: Any, **kwargs: Any) -> Forecast:
        """Forecast sales on every level of a hierarchy: see `salessim.forecast.forecast`."""
        from salessim.forecast.making import forecast

        return forecast(*args, **kwargs)

    @property
    def __signature__(self) -> Any:
        """What help and completion show."""
        import inspect

        from salessim.forecast.making import forecast

        return inspect.signature(forecast)


def __getattr__(name: str) -> Any:
    if name == "forecast":  # so that ``from salessim.forecast import forecast`` is the same thing too
        return sys.modules[__name__]
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


sys.modules[__name__].__class__ = _Room
