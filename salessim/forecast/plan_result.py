"""`SalesPlan`: targets and quotas by level and period, their chances, goals in words, the budget beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date as Date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain, nearest
from salessim.forecast.calendar import sums_by
from salessim.forecast.errors import ForecastError
from salessim.forecast.plan_pipeline import width_factor
from salessim.forecast.reporting import note, percent, report_lines
from salessim.forecast.result import Forecast
from salessim.forecast.steps import Numbers, Vector
from salessim.pay.quotas import Cells
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LEVEL_ALL", "PERIODS", "SalesPlan"]

LEVEL_ALL = "total"
PERIODS = ("week", "month", "quarter", "year")
_CODES = {"week": "W-SUN", "month": "M", "quarter": "Q-DEC", "year": "Y-DEC"}
_BAND = (0.1, 0.5, 0.9)
_SAFE, _BOLD = 0.7, 0.3  # chances above which a goal is likely, and below which it is a stretch; ours


@dataclass(frozen=True, eq=False, repr=False)
class SalesPlan:
    """A target divided among series and periods.

    Attributes
    ----------
    forecast : Forecast
        With the pipeline in it, where one was given.
    target : float
        Of the year, currency.
    start : datetime.date
    by : tuple of str
        Columns, outermost first.
    periods : tuple of str
    series : pandas.DataFrame
        Names of the innermost series.
    leaf : (bottom series,) int64
        Innermost series of each bottom series of the forecast.
    cells : Cells
        Weeks of the year, split at the ends of months.
    targets, quotas : (series, cells) int64
        Cents.
    costs : (series, cells) int64 or None
        The budget, cents.
    capacity : (series,) float64
        Full, ramped-up seats.
    over_assignment : float
    pipeline_days : int
        Days ahead that the pipeline's combination was taken for; 0 without one.
    """

    forecast: Forecast
    target: float
    start: Date
    by: tuple[str, ...]
    periods: tuple[str, ...]
    series: pd.DataFrame
    leaf: Numbers
    cells: Cells
    targets: Numbers
    quotas: Numbers
    costs: Numbers | None
    capacity: Vector
    over_assignment: float
    pipeline_days: int = 0

    @property
    def levels(self) -> tuple[str, ...]:
        """Levels of the plan: "total", then each column within the ones before it."""
        return (LEVEL_ALL, *self.by)

    def table(self, level: str = LEVEL_ALL, period: str = "year", chances: bool = False) -> pd.DataFrame:
        """Targets and quotas of a level by period, in currency, adding up to the cent.

        Parameters
        ----------
        level : str
            One of `levels`; a level has the names of the ones outside it too.
        period : {"week", "month", "quarter", "year"}
            Counted from the start of the plan; a week at either end may be cut.
        chances : bool
            Add ``forecast`` and ``chance`` (of reaching the target in the period, by the joint futures).

        Returns
        -------
        pandas.DataFrame
            Names, ``first_day``, ``last_day``, ``target``, ``quota``, and ``budget`` where one was given.
        """
        import pandas as pd

        names, group = self._groups(level)
        column, first, last = self._columns(period)
        table = names.loc[names.index.repeat(len(first))].reset_index(drop=True)
        table["first_day"], table["last_day"] = np.tile(first, len(names)), np.tile(last, len(names))
        parts = {"target": self.targets, "quota": self.quotas}
        for name, values in {**parts, **({} if self.costs is None else {"budget": self.costs})}.items():
            sums = np.zeros((len(names), len(first)), dtype=np.int64)
            np.add.at(sums, (group[:, None], column[None, :]), values)
            table[name] = sums.ravel() / 100.0
        if chances:
            futures = self._futures(level, period)
            target = table["target"].to_numpy().reshape(len(names), 1, len(first))
            table["forecast"] = futures.mean(axis=1).ravel()
            table["chance"] = (futures >= target).mean(axis=1).ravel()
        return pd.DataFrame(table)

    def chance(self, series: str = LEVEL_ALL, target: float | None = None) -> float:
        """Chance that a series reaches its target of the year, or another amount.

        Parameters
        ----------
        series : str
            "total", or ``"region=North"``, ``"region=North, rep=R1"``.
        target : float, optional
            Currency.
        """
        wanted = dict(part.split("=", 1) for part in series.split(", ")) if series != LEVEL_ALL else {}
        names = tuple(wanted)
        if names != self.by[: len(names)]:
            raise ForecastError(
                explain("a series of a plan is named from the outermost column on", where="series", value=series,
                        allowed=", ".join(f"{name}=…" for name in self.by) or LEVEL_ALL)
            )  # fmt: skip
        level = self.by[len(names) - 1] if names else LEVEL_ALL
        table = self.table(level)
        mine = np.ones(len(table), dtype=bool)
        for name, value in wanted.items():
            mine &= (table[name].astype(str) == value).to_numpy()
        if not mine.any():
            raise ForecastError(explain("there is no such series in the plan", where="series", value=series))
        row = int(np.flatnonzero(mine)[0])
        amount = float(table["target"].iloc[row]) if target is None else float(target)
        return float(np.mean(self._futures(level, "year")[row, :, 0] >= amount))

    def goals(self, level: str = LEVEL_ALL, language: str = "en") -> pd.DataFrame:
        """SMART goals of a level: what, how much, how likely, why, until when.

        Returns
        -------
        pandas.DataFrame
            Names, ``target``, ``quota``, ``chance``, ``growth`` (over the last twelve months), ``share`` (of the
            company's target), ``first_day``, ``last_day`` and ``goal`` (in words).
        """
        import pandas as pd

        table = self.table(level, "year", chances=True)
        names, group = self._groups(level)
        past = np.nan_to_num(self.forecast.panel.values[:, -self.forecast.panel.frequency.period :]).sum(axis=1)
        before = np.bincount(group[self.leaf], past, minlength=len(names))
        table["growth"] = np.where(
            before > 0, table["target"].to_numpy() / np.where(before > 0, before, 1.0) - 1.0, np.nan
        )
        table["share"] = table["target"] / self.target
        table["goal"] = [self._goal(row, list(names.columns), language) for row in table.to_dict("records")]
        return pd.DataFrame(table)

    def report(self, language: str = "en") -> str:
        """The plan in words.

        Parameters
        ----------
        language : {"en", "zh"}
        """
        carried = int((self.targets.sum(axis=1) > 0).sum())
        lines = [
            note("plan total", target=f"{self.target:,.2f}", first=self.start.isoformat(), n=f"{carried:,}",
                 last=str(self.cells.last[-1]), quota=f"{int(self.quotas.sum()) / 100.0:,.2f}"),
            note("plan chance", chance=percent(self.chance()),
                 forecast=f"{float(self._futures(LEVEL_ALL, 'year').mean()):,.0f}"),
        ]  # fmt: skip
        if self.pipeline_days:
            lines.append(note("plan pipeline", days=self.pipeline_days))
        if carried < len(self.series):
            lines.append(note("plan nobody", n=f"{len(self.series) - carried:,}"))
        short = int((self.capacity < 1.0 - 1e-9).sum())
        if short:
            lines.append(note("plan short", n=f"{short:,}"))
        if self.costs is not None:
            cost = int(self.costs.sum()) / 100.0
            lines.append(note("plan budget", cost=f"{cost:,.2f}", share=percent(cost / self.target, 1)))
        return "\n".join(report_lines(lines, language))

    def plot(self, language: str = "en") -> Any:
        """Draw the plan: target and forecast added up over the year, and the chance of each outermost series.

        Parameters
        ----------
        language : {"en", "zh"}

        Returns
        -------
        matplotlib.figure.Figure
        """
        import pandas as pd

        from salessim.forecast.plan_figure import plan_figure
        from salessim.show.page import font
        from salessim.show.style import STYLE

        table = self.table(LEVEL_ALL, "month")
        futures = np.cumsum(self._futures(LEVEL_ALL, "month")[0], axis=1)
        low, middle, high = np.quantile(futures, _BAND, axis=0)
        months = pd.DataFrame({"month": table["first_day"].dt.strftime("%Y-%m"), "target": table["target"].cumsum(),
                               "middle": middle, "lower": low, "upper": high})  # fmt: skip
        level = self.levels[min(1, len(self.by))]
        year = self.table(level)
        names, _ = self._groups(level)
        ahead = self._futures(level, "year")[:, :, 0]
        aim = year["target"].to_numpy()
        carried = aim > 0
        parts = np.quantile(ahead[carried], _BAND, axis=1) / aim[carried]
        shown = names.iloc[:, -1].astype(str) if self.by else pd.Series([sentence("plan word company", language)])
        series = pd.DataFrame({"name": shown.to_numpy()[carried], "lower": parts[0], "middle": parts[1],
                               "upper": parts[2], "chance": (ahead >= aim[:, None]).mean(axis=1)[carried]})  # fmt: skip
        return plan_figure(months, series, language, STYLE, font)

    def to_excel(self, path: str | Path, language: str = "en") -> Path:
        """Write the plan as a workbook: goals of every level, and a sheet for each level and period.

        Parameters
        ----------
        path : str or Path
        language : {"en", "zh"}
            Of the goals.

        Returns
        -------
        Path
        """
        import pandas as pd

        path = Path(path)
        if path.suffix.lower() != ".xlsx":
            raise ForecastError(
                explain(
                    "a plan is written as a workbook",
                    where="path",
                    value=str(path),
                    allowed="a name that ends in .xlsx",
                )
            )
        with pd.ExcelWriter(path, engine="openpyxl") as book:
            lines = self.report(language).splitlines()
            pd.DataFrame({sentence("plan word plan", language): lines}).to_excel(book, sheet_name="plan", index=False)
            for level in self.levels:
                self.goals(level, language).to_excel(book, sheet_name=f"goals {level}"[:31], index=False)
                for period in self.periods:
                    self.table(level, period).to_excel(book, sheet_name=f"{level} {period}"[:31], index=False)
        return path

    def __repr__(self) -> str:
        return f"SalesPlan({self.target:,.0f} from {self.start}, {len(self.series)} series, {' / '.join(self.levels)})"

    def _repr_html_(self) -> str:
        from html import escape

        head = self.table(self.levels[min(1, len(self.by))], "quarter").to_html(index=False)
        return head + "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in self.report().splitlines()) + "</ul>"

    def _goal(self, row: Mapping[Any, Any], names: list[str], language: str) -> str:
        chance = row["chance"]
        kind = "plan word likely" if chance >= _SAFE else "plan word even" if chance >= _BOLD else "plan word bold"
        return sentence(
            "plan goal", language, who=", ".join(str(row[name]) for name in names), amount=f"{row['target']:,.2f}",
            first=f"{row['first_day']:%Y-%m-%d}", last=f"{row['last_day']:%Y-%m-%d}", chance=percent(chance),
            kind=sentence(kind, language), share=percent(row["share"], 1),
        )  # fmt: skip

    def _groups(self, level: str) -> tuple[pd.DataFrame, Numbers]:
        """Names of the series of a level, and the number of its group for each innermost series."""
        import pandas as pd

        if level not in self.levels:
            raise ForecastError(
                explain(
                    "the plan has no such level", where="level", value=level, remedy=nearest(str(level), self.levels)
                )
            )
        if level == LEVEL_ALL:
            return pd.DataFrame({LEVEL_ALL: [LEVEL_ALL]}), np.zeros(len(self.series), dtype=np.int64)
        columns = list(self.by[: self.by.index(level) + 1])
        keys = self.series[columns]
        number: Numbers = np.asarray(keys.groupby(columns, sort=False).ngroup(), dtype=np.int64)
        return keys.drop_duplicates().reset_index(drop=True), number

    def _columns(self, period: str) -> tuple[Numbers, Any, Any]:
        """Number of the period of each cell, and the first and last days."""
        import pandas as pd

        if period not in PERIODS:
            raise ForecastError(
                explain("there is no such period", where="period", value=period, allowed=", ".join(PERIODS))
            )
        column = np.zeros_like(self.cells.month) if period == "year" else getattr(self.cells, period)
        opens = np.flatnonzero(np.r_[True, np.diff(column) != 0])
        ends = np.r_[opens[1:] - 1, len(column) - 1]
        return column, pd.to_datetime(self.cells.first[opens]), pd.to_datetime(self.cells.last[ends])

    def _futures(self, level: str, period: str) -> Vector:
        """Joint futures of a level (series × paths × periods), as wide as the bands of the forecast."""
        names, group = self._groups(level)
        column, first, _ = self._columns(period)
        labels, weights, _ = sums_by(self.forecast.periods, "cell")
        days = [Date.fromisoformat(label[:10]) for label in labels]
        to = np.zeros((len(labels), len(first)))
        place = dict(zip(self.cells.first.astype(object).tolist(), column.tolist(), strict=True))
        for number, day in enumerate(days):
            if day in place:
                to[number, place[day]] = 1.0
        steps = weights @ to
        futures = self.forecast.futures
        # First over time, in portions: all series and paths at once would not fit into memory.
        found = np.zeros((len(names), futures.shape[1], len(first)))
        for row, number in enumerate(group[self.leaf]):
            found[number] += futures[row] @ steps
        middle = found.mean(axis=1, keepdims=True)
        wide = middle + (found - middle) * width_factor(self.forecast, level)
        return np.maximum(wide, 0.0 if self.forecast.floor else -np.inf)
