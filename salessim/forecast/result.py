"""`Forecast`: the tables, the joint futures, and what was found and done, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain, nearest
from salessim.forecast.calendar import sums_by
from salessim.forecast.calibration import Calibration
from salessim.forecast.conformal import thirds
from salessim.forecast.errors import ForecastError
from salessim.forecast.hierarchy import Hierarchy
from salessim.forecast.panel import Panel, to_panel
from salessim.forecast.reporting import page_of, report_lines
from salessim.forecast.steps import Numbers, Vector
from salessim.forecast.values import chances_of
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Forecast"]


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """A forecast of every level of a hierarchy.

    Every number of it comes from the bottom series: points, and each of the joint futures, add up over series and over
    time exactly. A band is read from the futures and multiplied by the factor of its level (`calibration`), so bands do
    not add up, nor should they.

    Attributes
    ----------
    panel : Panel
        The sales it was made from.
    hierarchy : Hierarchy
    periods : pandas.PeriodIndex
        The steps ahead.
    levels : tuple of int
        Intervals in per cent.
    bottom : numpy.ndarray
        Point forecasts, bottom series × steps.
    futures : numpy.ndarray
        Bottom series × paths × steps.
    calibration : Calibration
        What the recent past said.
    methods : tuple of str
        How each node was forecast before reconciliation.
    notes : tuple of mapping
        What the report says, as keys and fields of sentences.
    anomalies, effects : pandas.DataFrame
        Outliers and level shifts; effects of the regressors.
    floor : bool
        Whether forecasts stop at 0.
    engine : Engine
        What was fitted (`salessim.forecast.assembling`).
    """

    panel: Panel
    hierarchy: Hierarchy
    periods: pd.PeriodIndex
    levels: tuple[int, ...]
    bottom: Vector
    futures: Vector
    calibration: Calibration
    methods: tuple[str, ...]
    notes: tuple[Mapping[str, Any], ...]
    anomalies: pd.DataFrame
    effects: pd.DataFrame
    floor: bool
    engine: Any

    def update(self, sales: pd.DataFrame, **how: Any) -> Forecast:
        """Forecast from a later origin without fitting again: a few milliseconds a series.

        Parameters
        ----------
        sales : pandas.DataFrame
            The whole table with its new periods, the same series as before.
        **how
            ``date``, ``value``, ``rows``, ``gaps``, ``negatives``, ``as_of``, as `salessim.forecast` takes them.
        """
        from salessim.forecast.assembling import extended

        return extended(self, to_panel(sales, self.panel.frequency, self.hierarchy.columns, **how))

    def table(self, level: str | None = None, by: str = "step", whole: bool = False) -> pd.DataFrame:
        """Forecasts and intervals.

        Parameters
        ----------
        level : str, optional
            Only this level of the hierarchy ("total", "region", "region × product", …).
        by : {"step", "cell", "week", "month", "quarter", "year"}
            A step is what was asked for; a cell is the part of a week in one month.
        whole : bool
            Leave out periods that the forecast covers only in part (the first quarter, the last week).

        Returns
        -------
        pandas.DataFrame
            ``level``, ``series``, the columns of the hierarchy, ``period``, ``whole``, ``mean``, and ``lower_80``,
            ``upper_80`` for each interval.
        """
        import pandas as pd

        rows = self._rows(level)
        labels, weights, complete = sums_by(self.periods, by)
        means = (self.hierarchy.summing[rows] @ self.bottom) @ weights
        ends = self._ends(rows, weights)
        kept = np.flatnonzero(complete) if whole else np.arange(len(labels))
        nodes = self.hierarchy.nodes.iloc[rows]
        table = nodes.loc[nodes.index.repeat(len(kept))].reset_index(drop=True)
        table["period"] = [labels[place] for place in kept] * len(rows)
        table["whole"] = np.tile(complete[kept], len(rows))
        table["mean"] = means[:, kept].ravel()
        for place, number in enumerate(self.levels):
            table[f"lower_{number}"] = ends[2 * place][:, kept].ravel()
            table[f"upper_{number}"] = ends[2 * place + 1][:, kept].ravel()
        return pd.DataFrame(table)

    def paths(self, series: str = "total", by: str = "step") -> Vector:
        """Joint futures of one series (paths × periods): for chances of sums, targets and differences.

        Path number p is the same future for every series, so paths of two series may be added or compared.

        Parameters
        ----------
        series : str
            As the tables name it: "total", "region=North", "region=North, product=A".
        by : {"step", "cell", "week", "month", "quarter", "year"}
        """
        row = self._row(series)
        members = self.hierarchy.summing[[row]].nonzero()[1]
        found: Vector = self.futures[members].sum(axis=0) @ sums_by(self.periods, by)[1]
        return found

    def history(self, series: str = "total") -> pd.Series:
        """Past sales of one series."""
        import pandas as pd

        row = self._row(series)
        members = self.hierarchy.summing[[row]].nonzero()[1]
        values = self.panel.values[members]
        begun = ~np.isnan(values).all(axis=0)
        return pd.Series(np.nansum(values, axis=0)[begun], index=self.panel.periods[begun], name=series)

    def report(self, language: str = "en") -> str:
        """What was found in the data, what was done, and how far to trust it.

        Parameters
        ----------
        language : {"en", "zh"}
        """
        return "\n".join(report_lines(self.notes, language))

    def plot(self, series: str = "total", language: str = "en") -> Any:
        """Draw past, forecast and intervals of one series.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from salessim.forecast.figure import forecast_figure
        from salessim.show.page import font
        from salessim.show.style import STYLE

        table = self.table()
        return forecast_figure(
            self.history(series), table[table["series"] == series], self.levels, language, STYLE, font
        )

    def __repr__(self) -> str:
        span = f"{self.periods[0]} to {self.periods[-1]}"
        return f"Forecast({len(self.hierarchy.nodes)} series on {len(self.hierarchy.levels)} levels, {span})"

    def _repr_html_(self, language: str = "en") -> str:
        table = self.table(self.hierarchy.levels[0])
        heads = [sentence("forecast column period", language), sentence("forecast column points", language)]
        heads += [sentence("forecast column band", language, level=level) for level in self.levels]
        rows = []
        for row in table.to_dict("records"):
            cells = [str(row["period"]), f"{row['mean']:,.1f}"]
            rows.append(cells + [f"{row[f'lower_{n}']:,.1f} – {row[f'upper_{n}']:,.1f}" for n in self.levels])
        return page_of(heads, rows, report_lines(self.notes, language), language)

    def _rows(self, level: str | None) -> Numbers:
        if level is None:
            return np.arange(len(self.hierarchy.nodes))
        if level not in self.hierarchy.levels:
            known = self.hierarchy.levels
            raise ForecastError(explain("there is no such level", value=level, remedy=nearest(str(level), known)))
        return np.flatnonzero((self.hierarchy.nodes["level"] == level).to_numpy())

    def _row(self, series: str) -> int:
        found = np.flatnonzero((self.hierarchy.nodes["series"] == series).to_numpy())
        if not len(found):
            known = self.hierarchy.nodes["series"].tolist()
            close = nearest(str(series), known) if len(known) < 200 else "The tables show the names."
            raise ForecastError(explain("there is no such series", value=series, remedy=close))
        return int(found[0])

    def _ends(self, rows: Numbers, weights: Vector) -> list[Vector]:
        """Ends of the intervals of some nodes, in the order of `chances_of`: each nodes × periods."""
        chances = chances_of(self.levels)
        summing = self.hierarchy.summing[rows]
        count, steps = self.futures.shape[1], weights.shape[1]
        found = np.empty((len(chances), len(rows), steps))
        mean = (summing @ self.bottom) @ weights
        # In portions: all futures of all nodes at once would not fit into memory.
        flat = np.ascontiguousarray(self.futures @ weights).reshape(len(self.bottom), -1)
        for begin in range(0, len(rows), 200):
            part = summing[begin : begin + 200] @ flat
            cut = np.quantile(part.reshape(-1, count, steps), chances, axis=1)
            found[:, begin : begin + 200] = cut
        number = self.hierarchy.level_numbers()[rows]
        step_factor = self.calibration.factors[:, thirds(len(self.periods))]  # levels × steps × intervals
        parts = weights / np.maximum(weights.sum(axis=0), 1e-12)
        ends = []
        for place, quantile in enumerate(found):
            factor = parts.T @ step_factor[number][:, :, place // 2].T
            end = mean + (quantile - mean) * factor.T
            ends.append(np.maximum(end, 0.0) if self.floor else end)
        return ends
