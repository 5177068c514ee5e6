"""`PipelineForecast`: tables of deals, horizons and past origins, and what they mean in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.errors import explain
from salessim.forecast.errors import ForecastError
from salessim.forecast.pipeline_backtest import Judged, came, outcomes
from salessim.forecast.pipeline_rules import rules_of_thumb
from salessim.forecast.pipeline_snapshot import Record
from salessim.forecast.reporting import Note, note, percent, report_lines
from salessim.forecast.scores import crps
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PipelineForecast"]

_BINS = 10
_FEW = 20  # outcomes that a slope needs
_WEEK = 7.0
_TOLD = 80  # the interval of the report, in per cent
_TELL, _NAMED = 5.0, 3  # zombies worth a line, and reps named in it


@dataclass(frozen=True, eq=False, repr=False)
class PipelineForecast:
    """A forecast from the pipeline, combined with the series of sales and with what reps call.

    Attributes
    ----------
    record : Record
        The deals it was made from.
    now : Judged
        The origin.
    past : tuple of Judged
        Past month ends, each with what was known then.
    horizon : tuple of int
        Days ahead.
    levels : tuple of int
        Intervals in per cent.
    """

    record: Record
    now: Judged
    past: tuple[Judged, ...]
    horizon: tuple[int, ...]
    levels: tuple[int, ...]

    def table(self) -> pd.DataFrame:
        """Won value by horizon, in the currency of the export.

        Returns
        -------
        pandas.DataFrame
            ``days``; ``combined`` with ``lower_80``, ``upper_80``, …; the sources ``pipeline`` (``open`` + ``new``),
            ``series``, ``call`` and their weights; and, of the open deals only, the rules of thumb
            ``weighted_pipeline``, ``stage_weighted``, ``best_practice`` and ``rep_dates``.
        """
        import pandas as pd

        rules = rules_of_thumb(self.now.look.outlook)
        return pd.DataFrame(self._row(self.now, place, rules) for place in range(len(self.horizon)))

    def deals(self) -> pd.DataFrame:
        """Open deals: chance of being won within each horizon, and expected value.

        Returns
        -------
        pandas.DataFrame
            ``deal_id``, ``rep``, ``product``, ``stage``, ``age_days``, ``amount`` (expected if won), ``known`` (whether
            the export has an amount), ``stale`` (older than deals that are won ever were), ``lives`` (chance that it
            will ever be closed; of the stale NaN), and ``win_30``, ``expected_30``, …; most valuable first.
        """
        import pandas as pd

        outlook = self.now.look.outlook
        table = outlook.snapshot.open[["deal_id", "rep", "product", "stage"]].reset_index(drop=True)
        age = outlook.snapshot.end - outlook.snapshot.open["created"].to_numpy()
        table["age_days"] = np.floor(age)
        table["amount"], table["known"] = outlook.value, outlook.known
        table["stale"] = age // _WEEK >= outlook.hazards.cut
        table["lives"] = np.where(table["stale"], np.nan, outlook.living.lives[outlook.snapshot.open.index.to_numpy()])
        for place, days in enumerate(self.horizon):
            table[f"win_{days}"] = self.now.chance[:, place]
            table[f"expected_{days}"] = self.now.chance[:, place] * outlook.value
        return pd.DataFrame(table.sort_values(f"expected_{self.horizon[-1]}", ascending=False, ignore_index=True))

    def chance(self, target: float, days: int | None = None) -> float:
        """Chance that at least `target` is won within a horizon, by the combined futures.

        Parameters
        ----------
        target : float
            Currency, 0 or more.
        days : int, optional
            One of `horizon`; the longest if not given.
        """
        if isinstance(target, bool) or not np.isfinite(target) or target < 0:
            raise ForecastError(explain("a target is an amount", where="target", value=target, allowed="0 or more"))
        return float(np.mean(self.paths(days) >= target))

    def paths(self, days: int | None = None) -> Vector:
        """Joint futures of the combined value won within a horizon (paths)."""
        place = self._place(self.horizon[-1] if days is None else days)
        return self.now.mixed.futures[:, place]

    def backtest(self) -> pd.DataFrame:
        """Past origins whose outcome is known, one row per origin and horizon.

        As `table`, with ``origin``, ``actual_open`` and ``actual`` (all of it), ``brier`` of the open deals, and
        ``crps`` of the combined futures.
        """
        import pandas as pd

        rows = []
        for one in self.past:
            old, new = came(self.record, one.look)
            rules = rules_of_thumb(one.look.outlook)
            for place, days in enumerate(self.horizon):
                if self._known(one, days):
                    won = outcomes(self.record, one.look, days)
                    actual = old[place] + new[place]
                    score = float(crps(one.mixed.futures[:, [place]], np.array([actual]))[0])
                    brier = float(np.mean((one.chance[:, place] - won) ** 2)) if len(won) else np.nan
                    truth = {"actual_open": old[place], "actual": actual, "brier": brier, "crps": score}
                    rows.append({"origin": one.look.origin, **self._row(one, place, rules), **truth})
        return pd.DataFrame(rows)

    def scores(self) -> pd.DataFrame:
        """How good each forecast was at past origins, by horizon.

        Returns
        -------
        pandas.DataFrame
            ``days``, ``origins``; of the open deals ``wape_open``, ``bias_open``, ``brier`` and the ``wape_…`` of each
            rule of thumb; of the total ``wape_…`` of each source and of the combination, and ``coverage_80``, … of its
            interval.
        """
        import pandas as pd

        cases = self.backtest()
        rows = []
        for days, mine in cases.groupby("days") if len(cases) else []:
            row: dict[str, Any] = {"days": days, "origins": len(mine)}
            for name, truth in (("open", "actual_open"), ("weighted_pipeline", "actual_open"),
                                ("stage_weighted", "actual_open"), ("best_practice", "actual_open"),
                                ("rep_dates", "actual_open"), ("pipeline", "actual"), ("series", "actual"),
                                ("call", "actual"), ("combined", "actual")):  # fmt: skip
                total = float(mine[truth].sum())
                row[f"wape_{name}"] = (
                    float((mine[name] - mine[truth]).abs().sum(skipna=False)) / total if total else np.nan
                )
            total = float(mine["actual_open"].sum())
            row["bias_open"] = float(mine["open"].sum()) / total - 1.0 if total else np.nan
            row["brier"] = float(mine["brier"].mean())
            for level in self.levels:
                row[f"coverage_{level}"] = float(
                    mine["actual"].between(mine[f"lower_{level}"], mine[f"upper_{level}"]).mean()
                )
                row[f"coverage_open_{level}"] = float(
                    mine["actual_open"].between(mine[f"open_lower_{level}"], mine[f"open_upper_{level}"]).mean()
                )
            rows.append(row)
        return pd.DataFrame(rows)

    def calibration(self, days: int | None = None) -> pd.DataFrame:
        """Chances that were given to open deals at past origins, and how many of those deals were won.

        Parameters
        ----------
        days : int, optional
            One of `horizon`; the longest with an outcome if not given.

        Returns
        -------
        pandas.DataFrame
            ``from``, ``to`` (chances), ``n``, ``forecast`` and ``won`` (means), and ``error`` (standard error of
            ``won``); ``attrs["slope"]`` and ``attrs["intercept"]`` of the logit of what happened on that of what was
            said (1 and 0 are right).
        """
        import pandas as pd

        asked = [self.horizon[self._place(days)]] if days is not None else list(reversed(self.horizon))
        ahead = next((one for one in asked if any(self._known(past, one) for past in self.past)), None)
        if ahead is None:
            raise ForecastError(
                explain("no past origin has an outcome at this horizon", where="days", value=asked[-1],
                        remedy="Take a shorter horizon, or an export that reaches further back")
            )  # fmt: skip
        mine = [one for one in self.past if self._known(one, ahead)]
        place = self._place(ahead)
        said = np.concatenate([one.chance[:, place] for one in mine])
        won = np.concatenate([outcomes(self.record, one.look, ahead) for one in mine])
        cut = np.minimum((said * _BINS).astype(np.int64), _BINS - 1)
        rows = []
        for number in range(_BINS):
            here = cut == number
            n, share = int(here.sum()), float(won[here].mean()) if here.any() else np.nan
            rows.append(
                {"from": number / _BINS, "to": (number + 1) / _BINS, "n": n,
                 "forecast": float(said[here].mean()) if n else np.nan, "won": share,
                 "error": float(np.sqrt(share * (1 - share) / n)) if n else np.nan}
            )  # fmt: skip
        table = pd.DataFrame(rows)
        table.attrs["slope"], table.attrs["intercept"] = _logit_line(said, won)
        return table

    def report(self, language: str = "en") -> str:
        """What was found, what was left out, and how far to trust it.

        Parameters
        ----------
        language : {"en", "zh"}
        """
        return "\n".join(report_lines(self._notes(), language))

    def plot(self, language: str = "en") -> Any:
        """Draw what is expected by each horizon: sources, combination and its intervals, rules of thumb.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from salessim.forecast.pipeline_figure import pipeline_figure
        from salessim.show.page import font
        from salessim.show.style import STYLE

        return pipeline_figure(self.table(), self.levels, language, STYLE, font)

    def __repr__(self) -> str:
        count = len(self.now.look.outlook.value)
        return f"PipelineForecast({count:,} open deals on {self.now.look.origin}, {self.horizon} days ahead)"

    def _repr_html_(self) -> str:
        from html import escape

        lines = "".join(f"<li>{escape(line)}</li>" for line in report_lines(self._notes(), "en"))
        return f"{self.table().to_html(index=False, float_format=lambda x: f'{x:,.2f}')}<ul>{lines}</ul>"

    def _known(self, one: Judged, days: int) -> bool:
        return (self.now.look.origin - one.look.origin).days >= days

    def _place(self, days: int) -> int:
        if days not in self.horizon:
            raise ForecastError(
                explain("there is no such horizon", where="days", value=days, allowed=", ".join(map(str, self.horizon)))
            )
        return self.horizon.index(days)

    def _row(self, one: Judged, place: int, rules: dict[str, Vector]) -> dict[str, float]:
        row: dict[str, float] = {"days": self.horizon[place], "combined": float(one.mixed.mean[place])}
        for level in self.levels:
            row[f"lower_{level}"], row[f"upper_{level}"] = map(
                float, np.quantile(one.mixed.futures[:, place], _chances(level))
            )
        row["pipeline"], row["open"], row["new"] = (
            float(values[place]) for values in (one.pipeline, one.open, one.new)
        )
        for level in self.levels:
            row[f"open_lower_{level}"], row[f"open_upper_{level}"] = map(
                float, np.quantile(one.open_futures[:, place], _chances(level))
            )
        row["series"], row["call"] = float(one.look.series[place]), float(one.call[place])
        row |= {f"weight_{name}": float(weights[place]) for name, weights in one.mixed.weights.items()}
        return row | {name: float(values[place]) for name, values in rules.items()}

    def _notes(self) -> list[Note]:
        outlook = self.now.look.outlook
        snapshot = outlook.snapshot
        last = len(self.horizon) - 1
        days = self.horizon[last]
        row = self._row(self.now, last, rules_of_thumb(outlook))
        deals = self.deals()
        stale = int(deals["stale"].sum())
        low, high = np.quantile(self.paths(days), _chances(_TOLD))
        found = [
            note("pipeline expected", days=days, combined=f"{row['combined']:,.0f}", level=_TOLD, low=f"{low:,.0f}",
                 high=f"{high:,.0f}"),
            note("pipeline sources", open=f"{row['open']:,.0f}", new=f"{row['new']:,.0f}",
                 series=f"{row['series']:,.0f}", weight=percent(row["weight_pipeline"]),
                 series_weight=percent(row["weight_series"])),
            note("pipeline rule", weighted=f"{row['weighted_pipeline']:,.0f}", open=f"{row['open']:,.0f}"),
            note("pipeline stale", n=f"{stale:,}", total=f"{len(outlook.value):,}", weeks=outlook.hazards.cut),
        ]  # fmt: skip
        dead = (1.0 - deals["lives"]).fillna(0.0)
        if dead.sum() >= _TELL:
            by_rep = dead.groupby(deals["rep"]).sum().nlargest(_NAMED)
            found.append(note("pipeline zombies", n=f"{dead.sum():,.0f}", reps=", ".join(by_rep.index)))
        if len(outlook.value) and not outlook.known.any():
            found.append(note("pipeline amounts"))
        if len(outlook.hazards.stages) == 1:
            found.append(note("pipeline no stages"))
        found += [
            note("pipeline left out", n=f"{count:,}", reason=note(reason))
            for reason, count in snapshot.left_out.items()
        ]
        scores = self.scores()
        if not len(scores):
            found.append(note("pipeline not judged"))
        for score in scores.to_dict("records"):
            found.append(
                note("pipeline judged", days=int(score["days"]), n=int(score["origins"]),
                     combined=percent(score["wape_combined"]), pipeline=percent(score["wape_pipeline"]),
                     series=percent(score["wape_series"]))
            )  # fmt: skip
        found.append(note("pipeline snapshots"))
        return found


def _chances(level: int) -> tuple[float, float]:
    return 0.5 - level / 200.0, 0.5 + level / 200.0


def _logit_line(said: Vector, won: Vector) -> tuple[float, float]:
    """Slope and intercept of the logit of outcomes on the logit of chances (Newton); NaN for too few outcomes."""
    inside = (said > 1e-6) & (said < 1 - 1e-6)
    said, won = said[inside], won[inside]
    if len(won) < _FEW or not 0 < won.mean() < 1:
        return float("nan"), float("nan")
    design = np.column_stack([np.ones(len(said)), np.log(said / (1 - said))])
    beta = np.array([0.0, 1.0])
    for _ in range(25):
        mean = 1.0 / (1.0 + np.exp(-np.clip(design @ beta, -30, 30)))
        information = (design * (mean * (1 - mean))[:, None]).T @ design + 1e-9 * np.eye(2)
        beta = beta + np.linalg.solve(information, design.T @ (won - mean))
    return float(beta[1]), float(beta[0])
