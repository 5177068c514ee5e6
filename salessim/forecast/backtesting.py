"""Backtest: forecasts from past origins with what was known then, compared with what came."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.assembling import extended
from salessim.forecast.calibration import origins_of
from salessim.forecast.errors import ForecastError
from salessim.forecast.hierarchy import columns_of
from salessim.forecast.making import forecast_panel
from salessim.forecast.nodes import record
from salessim.forecast.panel import Panel, checked_freq, to_panel
from salessim.forecast.reporting import Note, note, page_of, percent, report_lines
from salessim.forecast.result import Forecast
from salessim.forecast.scores import (
    binomial_error,
    crps,
    diebold_mariano,
    mase_scale,
    naive2,
    seasonal_naive,
    smape,
)
from salessim.forecast.steps import Vector
from salessim.forecast.values import checked_levels, checked_model
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Backtest", "backtest"]

_CLEAR = 0.1  # two-sided p below which one method is called better than the other
_KEYS = ["origin", "level", "series", "step"]
_HEADS = {
    "level": "backtest column level", "n": "backtest column n", "wape": "backtest column wape",
    "mase": "backtest column mase", "naive": "backtest column naive", "owa": "backtest column owa",
    "bias": "backtest column bias", "crps": "backtest column crps",
}  # fmt: skip
"""Sentences at the head of the columns of scores."""


@dataclass(frozen=True, eq=False, repr=False)
class Backtest:
    """What was forecast at past origins, and how good it was.

    Attributes
    ----------
    cases : pandas.DataFrame
        One row per origin, series and step: ``actual``, ``forecast``, ``naive`` (the last season again), ``naive2``,
        ``scale`` (of MASE), ``crps``, and ``lower_80``, ``upper_80`` for each interval.
    intervals : tuple of int
        In per cent.
    horizon : int
    origins : tuple of str
        The last period known at each.
    refit : bool
        Whether everything was fitted again at every origin, or only run on.
    """

    cases: pd.DataFrame
    intervals: tuple[int, ...]
    horizon: int
    origins: tuple[str, ...]
    refit: bool

    def scores(self, by: Sequence[str] = ("level",)) -> pd.DataFrame:
        """Scores by level, by step, or by both.

        Returns
        -------
        pandas.DataFrame
            ``n`` (cases), ``wape``, ``mase`` and ``mase_naive``, ``owa`` (against Naive2; below 1 is better than it),
            ``bias`` (positive: too high), ``crps`` (in units of the MASE scale), and for each interval ``coverage_80``
            with its standard error ``error_80`` and the interval score in units of the scale ``msis_80``. The standard
            error counts series and origins as independent trials; steps of one forecast are not.

        Series without a scale (constant in the past) count for ``wape``, ``bias`` and coverage only.
        """
        import pandas as pd

        for name in by:
            if name not in _KEYS:
                raise ForecastError(explain("scores go by these columns", value=name, allowed=", ".join(_KEYS)))
        rows = []
        for key, cases in self.cases.groupby(list(by), sort=False):
            rows.append(dict(zip(by, key if isinstance(key, tuple) else (key,), strict=True)) | self._scored(cases))
        return pd.DataFrame(rows)

    def against_naive(self, by: str = "level") -> pd.DataFrame:
        """Diebold and Mariano's test of the forecast against the last season again, for each level or step.

        Returns
        -------
        pandas.DataFrame
            ``statistic`` (negative: the forecast is better), ``p`` (two-sided), ``origins``.
        """
        import pandas as pd

        rows = []
        for key, cases in self.cases.groupby(by, sort=False):
            found = self._compared(cases)
            rows.append({by: key, "statistic": found.statistic, "p": found.p, "origins": found.count})
        return pd.DataFrame(rows)

    def errors(self, series: str = "total") -> Vector:
        """Errors of one series (origins × steps): what `source_weights` takes."""
        mine = self.cases[self.cases["series"] == series]
        if not len(mine):
            raise ForecastError(explain("there is no such series", value=series))
        wide = (mine["actual"] - mine["forecast"]).to_numpy().reshape(-1, self.horizon)
        return np.asarray(wide, dtype=np.float64)

    def report(self, language: str = "en") -> str:
        """How good the forecasts were and which method to trust where, in words."""
        return "\n".join(report_lines(self._notes(), language))

    def __repr__(self) -> str:
        return f"Backtest({len(self.origins)} origins, {self.origins[0]} to {self.origins[-1]}, {self.horizon} steps)"

    def _repr_html_(self, language: str = "en") -> str:
        heads = [sentence(head, language) for head in _HEADS.values()]
        heads += [sentence("backtest column inside", language, level=level) for level in self.intervals]
        rows = []
        for row in self.scores().to_dict("records"):
            cells = [str(row["level"]), f"{row['n']:,}", percent(row["wape"], 1)]
            cells += [f"{row[name]:.2f}" for name in ("mase", "mase_naive", "owa")]
            cells += [percent(row["bias"], 1), f"{row['crps']:.2f}"]
            cells += [f"{percent(row[f'coverage_{n}'])} ± {100 * row[f'error_{n}']:.0f}" for n in self.intervals]
            rows.append(cells)
        return page_of(heads, rows, report_lines(self._notes(), language), language)

    def _scored(self, cases: pd.DataFrame) -> dict[str, float]:
        actual, made = cases["actual"].to_numpy(), cases["forecast"].to_numpy()
        scaled = cases[cases["scale"].notna()]
        scale = scaled["scale"].to_numpy()
        mase = _mean(np.abs(scaled["actual"] - scaled["forecast"]) / scale)
        mase2 = _mean(np.abs(scaled["actual"] - scaled["naive2"]) / scale)
        smape2 = smape(actual, cases["naive2"].to_numpy())
        total = float(np.abs(actual).sum())
        found = {
            "n": len(cases),
            "wape": float(np.abs(actual - made).sum()) / total if total > 0 else math.nan,
            "mase": mase,
            "mase_naive": _mean(np.abs(scaled["actual"] - scaled["naive"]) / scale),
            "owa": (mase / mase2 + smape(actual, made) / smape2) / 2.0 if mase2 > 0 and smape2 > 0 else math.nan,
            "bias": float((made - actual).sum()) / total if total > 0 else math.nan,
            "crps": _mean(scaled["crps"] / scale),
        }
        trials = cases.groupby(["origin", "series"]).ngroups
        for level in self.intervals:
            low, high = cases[f"lower_{level}"].to_numpy(), cases[f"upper_{level}"].to_numpy()
            inside = float(np.mean((actual >= low) & (actual <= high)))
            penalty = 2.0 / (1.0 - level / 100.0) * (np.maximum(low - actual, 0.0) + np.maximum(actual - high, 0.0))
            width = (high - low + penalty)[cases["scale"].notna().to_numpy()]
            found |= {
                f"coverage_{level}": inside,
                f"error_{level}": binomial_error(inside, trials),
                f"msis_{level}": _mean(width / scale),
            }
        return found

    def _compared(self, cases: pd.DataFrame) -> Any:
        scaled = cases[cases["scale"].notna()]
        losses = scaled.assign(
            ours=np.abs(scaled["actual"] - scaled["forecast"]) / scaled["scale"],
            theirs=np.abs(scaled["actual"] - scaled["naive"]) / scaled["scale"],
        )
        by_origin = losses.groupby("origin", sort=False)[["ours", "theirs"]].mean()
        return diebold_mariano(by_origin["ours"].to_numpy(), by_origin["theirs"].to_numpy(), self.horizon)

    def _notes(self) -> list[Note]:
        kind = "backtest refitted" if self.refit else "backtest run on"
        notes = [note(kind, n=len(self.origins), first=self.origins[0], last=self.origins[-1], horizon=self.horizon)]
        scores = self.scores().set_index("level")
        for level, cases in self.cases.groupby("level", sort=False):
            row = {str(name): float(score) for name, score in scores.loc[[level]].iloc[0].items()}
            fields = {
                "wape": percent(row["wape"], 1),
                "bias": percent(row["bias"], 1),
                "mase": f"{row['mase']:.2f}",
                "naive": f"{row['mase_naive']:.2f}",
            }
            notes.append(note("backtest level", level=level, **fields))
            notes.append(self._trusted(str(level), cases, row))
            for interval in self.intervals:
                notes.append(_covered(str(level), interval, row))
        return notes

    def _trusted(self, level: str, cases: pd.DataFrame, row: Mapping[str, float]) -> Note:
        """Which method to trust on a level, and up to which step."""
        test = self._compared(cases)
        p = "-" if math.isnan(test.p) else f"{test.p:.3f}"
        if not row["mase"] < row["mase_naive"]:
            clear = test.p < _CLEAR
            return note("backtest trust naive" if clear else "backtest trust neither", level=level, p=p)
        steps = [(number, self._scored(cases[cases["step"] == number])) for number in range(1, self.horizon + 1)]
        good = 0
        for step, scored in steps:
            if not scored["mase"] < scored["mase_naive"]:
                break
            good = step
        if math.isnan(test.p) or test.p >= _CLEAR:
            return note("backtest trust unsure", level=level, p=p, n=test.count)
        if good < self.horizon:
            return note("backtest trust until", level=level, step=good, p=p)
        return note("backtest trust forecast", level=level, p=p)


def backtest(
    sales: pd.DataFrame,
    freq: str = "month",
    horizon: int = 12,
    hierarchy: Sequence[str] | None = None,
    regressors: pd.DataFrame | Sequence[str] | None = None,
    levels: Sequence[int] = (80, 95),
    model: str = "default",
    *,
    origins: int = 6,
    step: int = 1,
    refit: bool = True,
    date: str = "date",
    value: str = "revenue",
    rows: str = "totals",
    gaps: str = "error",
    negatives: str = "error",
    as_of: Date | None = None,
    reconcile: str = "backtest",
    paths: int = 300,
    seed: int = 1,
) -> Backtest:
    """Forecast again from past origins, each time with what was known then, and compare with what came.

    Parameters
    ----------
    origins : int
        How many, the last one `horizon` steps before the end; fewer where the record is too short.
    step : int
        Steps from one origin to the next.
    refit : bool
        Fit, choose and calibrate everything again at every origin; or only at the first, and run on.

    The others are those of `salessim.forecast`. Regressors are taken as known, as plans are.

    Returns
    -------
    Backtest

    Raises
    ------
    ForecastError
        As `salessim.forecast` does; also where not even one origin leaves enough to fit to.
    """
    frequency = checked_freq(freq)
    panel = to_panel(sales, frequency, columns_of(hierarchy), date, value, rows, gaps, negatives, as_of)
    places = origins_of(len(panel.periods), horizon, frequency.period, origins, step)
    if not places:
        least = max(2 * frequency.period + 10, 24) + horizon
        raise ForecastError(
            explain(
                "the record is too short to look back",
                value=f"{len(panel.periods)} {frequency.name}s",
                allowed=f"{least} or more for a horizon of {horizon}",
                remedy="Shorten the horizon, or trust the forecast less",
            )
        )
    asked, checked = checked_levels(levels), checked_model(model)
    made: Forecast | None = None
    found = []
    for place in places:
        known = panel.until(place)
        if made is None or refit:
            made = forecast_panel(known, hierarchy, horizon, regressors, asked, checked, reconcile, paths, seed)
        else:
            # Series that began since the first origin were not fitted: their sales count in the levels above.
            made = extended(made, _same_series(known, made.panel))
        found.append(_cases(made, panel, place, horizon))
    import pandas as pd

    names = tuple(str(panel.periods[place - 1]) for place in places)
    return Backtest(pd.concat(found, ignore_index=True), asked, horizon, names, refit)


def _same_series(panel: Panel, before: Panel) -> Panel:
    from dataclasses import replace

    wanted = list(before.keys.itertuples(index=False, name=None))
    place = {key: number for number, key in enumerate(panel.keys.itertuples(index=False, name=None))}
    rows = [place[key] for key in wanted]
    return replace(panel, keys=before.keys, values=panel.values[rows])


def _cases(made: Forecast, panel: Panel, place: int, horizon: int) -> pd.DataFrame:
    """What was forecast at an origin beside what came; of the whole panel only what came is read here."""
    import pandas as pd

    table = made.table()
    count = len(table) // horizon
    period = panel.frequency.period
    actual = _actual(made, panel, place, horizon)
    known = [record(row) for row in made.engine.nodes.values]
    cases = table[["level", "series"]].copy()
    cases.insert(0, "origin", str(panel.periods[place - 1]))
    cases["step"] = np.tile(np.arange(1, horizon + 1), count)
    cases["actual"] = actual.ravel()
    cases["forecast"] = table["mean"]
    cases["naive"] = np.concatenate([seasonal_naive(row, horizon, period) for row in known])
    cases["naive2"] = np.concatenate([naive2(row, horizon, period) for row in known])
    cases["scale"] = np.repeat([mase_scale(row, period) for row in known], horizon)
    cases["crps"] = np.concatenate(
        [crps(made.paths(str(series)), row) for series, row in zip(made.hierarchy.nodes["series"], actual, strict=True)]
    )
    for column in table.columns:
        if column.startswith(("lower_", "upper_")):
            cases[column] = table[column]
    return pd.DataFrame(cases)


def _actual(made: Forecast, panel: Panel, place: int, horizon: int) -> Vector:
    """What came, of every node of a forecast; sales of series that began later count in the levels above them."""
    ahead = np.nan_to_num(panel.values[:, place : place + horizon])
    columns = list(made.hierarchy.columns)
    keys = panel.keys
    rows = []
    for node in made.hierarchy.nodes[columns].to_dict("records"):
        inside = np.ones(len(keys), dtype=bool)
        for column, name in node.items():
            if isinstance(name, str):
                inside &= (keys[column] == name).to_numpy()
        rows.append(ahead[inside].sum(axis=0))
    return np.array(rows)


def _covered(level: str, interval: int, row: Mapping[str, float]) -> Note:
    share, error = row[f"coverage_{interval}"], row[f"error_{interval}"]
    apart = share - interval / 100.0
    key = "backtest coverage right"
    if abs(apart) > 2.0 * error:
        key = "backtest coverage narrow" if apart < 0 else "backtest coverage wide"
    return note(key, level=level, interval=interval, share=percent(share), error=f"{100 * error:.0f}")


def _mean(values: Any) -> float:
    return float(np.mean(values)) if len(values) else math.nan
