"""Who is there to carry a target: seats, vacancies, people who come, go and ramp up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError
from salessim.forecast.steps import Vector
from salessim.pay.quotas import Cells

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Capacity", "capacity_of"]

_COLUMNS = ("potential", "seats", "starts", "leaves", "ramp_months")
_MONTH = 365.25 / 12.0


@dataclass(frozen=True, eq=False)
class Capacity:
    """Capacity of each series.

    Attributes
    ----------
    presence : (series, cells) float64
        Share of a full, ramped-up seat in each cell of the year.
    mean : (series,) float64
        The same over the year, weighted as the year's sales are.
    potential : (series,) float64 or None
        Where it is given.
    """

    presence: Vector
    mean: Vector
    potential: Vector | None


def capacity_of(people: pd.DataFrame | None, series: pd.DataFrame, cells: Cells, begin: Date) -> Capacity:
    """Capacity of each series in each cell: seats × presence × ramp, which rises linearly to full pace.

    Parameters
    ----------
    people : pandas.DataFrame or None
        See `salessim.forecast.planning.plan`. A row is for every series that has its names.
    series : pandas.DataFrame
        Names of each series.
    cells : Cells
    begin : datetime.date
        First day of the plan.

    Raises
    ------
    ForecastError
        Unknown columns, a row that fits no series, two rows for one series, or a value out of its range.
    """
    import pandas as pd

    presence = np.ones((len(series), len(cells.first)))
    potential: Vector | None = None
    if people is not None:
        names = [name for name in series.columns if name in people.columns]
        unknown = [name for name in people.columns if name not in (*names, *_COLUMNS)]
        if not names or unknown:
            raise ForecastError(
                explain("people need a column of the plan and otherwise only what is known of seats", where="people",
                        value=", ".join(map(str, people.columns)),
                        allowed=f"one or more of {', '.join(series.columns)}; and {', '.join(_COLUMNS)}")
            )  # fmt: skip
        if "potential" in people.columns:
            potential = np.zeros(len(series))
        middle = cells.first + (cells.last - cells.first) // 2
        taken = np.zeros(len(series), dtype=bool)
        for number, row in enumerate(people.to_dict("records"), start=1):
            mine = np.ones(len(series), dtype=bool)
            for name in names:
                mine &= (series[name].astype(str) == str(row[name])).to_numpy()
            label = ", ".join(str(row[name]) for name in names)
            where = f"people, row {number} ({label})"
            if not mine.any():
                raise ForecastError(
                    explain("no series of the forecast has this name", where=where, remedy="Check the spelling")
                )
            if (taken & mine).any():
                raise ForecastError(
                    explain("two rows are for the same series", where=where, remedy="Add them up into one")
                )
            taken |= mine
            seats = _number(row, "seats", where, 1.0, 1000.0)
            ramp = _number(row, "ramp_months", where, 0.0, 60.0)
            starts, leaves = (pd.Timestamp(row[name]) if row.get(name) is not None and pd.notna(row.get(name)) else None
                              for name in ("starts", "leaves"))  # fmt: skip
            if starts is not None and leaves is not None and leaves < starts:
                raise ForecastError(
                    explain("somebody leaves before starting", where=where, value=f"{starts.date()}, {leaves.date()}")
                )
            since = np.datetime64(begin if starts is None else starts.date())
            own = np.full(len(middle), seats)
            if starts is not None:
                own[middle < since] = 0.0
            if leaves is not None:
                own[middle > np.datetime64(leaves.date())] = 0.0
            if ramp > 0:
                own *= np.clip((middle - since).astype(float) / (ramp * _MONTH), 0.0, 1.0)
            presence[mine] = own
            if potential is not None:
                potential[mine] = _number(row, "potential", where, 0.0, 1e13) / mine.sum()
    weight = cells.weight / max(float(cells.weight.sum()), 1.0)
    return Capacity(presence, presence @ weight, potential)


def _number(row: Mapping[Any, Any], name: str, where: str, default: float, most: float) -> float:
    value = row.get(name)
    if value is None or value != value:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float | np.number) or not 0 <= float(value) <= most:
        raise ForecastError(
            explain("a number in its range is needed", where=f"{where}, {name}", value=value, allowed=f"0 to {most:g}")
        )
    return float(value)
