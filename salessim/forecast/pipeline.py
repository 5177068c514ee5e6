"""`forecast_pipeline`: what the open deals and those still to come will bring, and how far to trust it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date as Date
from typing import TYPE_CHECKING, Any

from salessim.errors import explain
from salessim.forecast.calls import checked_commits
from salessim.forecast.errors import ForecastError
from salessim.forecast.pipeline_backtest import Judged, judged, look_at, month_ends
from salessim.forecast.pipeline_result import PipelineForecast
from salessim.forecast.pipeline_snapshot import read_deals
from salessim.forecast.values import checked_levels

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["forecast_pipeline"]

_LONGEST = 366


def forecast_pipeline(
    crm: Any,
    *,
    origin: Date | None = None,
    horizon_days: Sequence[int] = (30, 60, 90),
    levels: Sequence[int] = (80, 95),
    commits: pd.DataFrame | None = None,
    origins: int = 6,
    paths: int = 1000,
    seed: int = 1,
) -> PipelineForecast:
    """Forecast won value from the pipeline, from the series of sales and from what reps call, and combine them.

    Open deals move on, are won or are lost with competing hazards per week at risk: by age, stage, month of the
    quarter, product and rep (`salessim.forecast.hazards`). Deals still to come follow the series of creations. The same
    is done at past month ends with what was known then; their outcomes give the bias, the shock that all deals share,
    and the weights of the combination.

    Parameters
    ----------
    crm : CrmData or salessim.record.Book
        As `read_crm` or `record` give it. Accounts are not looked at.
    origin : datetime.date, optional
        The last day known; by default the day of the export.
    horizon_days : sequence of int
        Days ahead, 1 to 366.
    levels : sequence of int
        Intervals in per cent.
    commits : pandas.DataFrame, optional
        What reps committed to: ``rep``, ``day`` (month ends), ``horizon`` (days, as in `horizon_days`), ``commit``
        (currency; of the deals then open). Each rep's bias is learnt from the past ones.
    origins : int
        Past month ends to learn from, 0 to 24.
    paths : int
        Joint futures, 100 or more.
    seed : int

    Returns
    -------
    PipelineForecast

    Raises
    ------
    ForecastError
        For deals nothing can be learnt from, a day after the export, or a wish out of its range.

    References
    ----------
    Holford (1980), Biometrics 36(2); Laird & Olivier (1981), Journal of the American Statistical Association 76(374).

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.presets import preset
    >>> from salessim.record import record
    >>> found = forecast_pipeline(record(simulate(*preset("small"), months=12)), origins=2, paths=200)
    >>> found.table()["days"].tolist()
    [30, 60, 90]
    >>> bool((found.table()["lower_80"] < found.table()["combined"]).all())
    True
    """
    horizon = _checked_horizon(horizon_days)
    for name, number, least, most in (
        ("origins", origins, 0, 24),
        ("paths", paths, 100, 100_000),
        ("seed", seed, 0, 2**31),
    ):
        if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
            raise ForecastError(
                explain("a whole number is needed", where=name, value=number, allowed=f"{least} to {most}")
            )
    bands = checked_levels(levels)
    calls = None if commits is None else checked_commits(commits)
    record = read_deals(crm)
    day = record.as_of if origin is None else origin
    if not isinstance(day, Date):
        raise ForecastError(explain("the origin is a day", where="origin", value=origin, allowed="a datetime.date"))
    past: list[Judged] = []
    for end in month_ends(record, day, origins):
        past.append(judged(record, look_at(record, end, horizon, paths, seed, calls), past, seed))
    now = judged(record, look_at(record, day, horizon, paths, seed, calls), past, seed)
    return PipelineForecast(record, now, tuple(past), horizon, bands)


def _checked_horizon(days: Sequence[int]) -> tuple[int, ...]:
    given = tuple(days) if isinstance(days, Sequence) and not isinstance(days, str) else (days,)
    good = all(isinstance(one, int) and not isinstance(one, bool) and 1 <= one <= _LONGEST for one in given)
    if not given or not good or len(set(given)) < len(given):
        raise ForecastError(
            explain("horizons are different numbers of days", where="horizon_days", value=days,
                    allowed=f"whole numbers from 1 to {_LONGEST}, such as (30, 60, 90)")
        )  # fmt: skip
    return tuple(sorted(given))
