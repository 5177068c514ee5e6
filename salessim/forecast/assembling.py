"""From fitted nodes to a `Forecast`: points and futures made to add up, and everything worth saying about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import explain
from salessim.forecast.anomalies import find_anomalies
from salessim.forecast.calibration import Calibration
from salessim.forecast.combination import Forecaster
from salessim.forecast.conformal import thirds
from salessim.forecast.errors import ForecastError
from salessim.forecast.hierarchy import Hierarchy
from salessim.forecast.joint import bottom_futures, joint_paths, spread_together
from salessim.forecast.nodes import Nodes, node_values, record
from salessim.forecast.panel import Panel
from salessim.forecast.regress import Adjusted, Effects
from salessim.forecast.reporting import Note, note, percent, shortened
from salessim.forecast.result import Forecast
from salessim.forecast.sparse import Shared
from salessim.forecast.steps import Vector

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["OWN_EFFECTS", "Engine", "assembled", "extended"]

OWN_EFFECTS = 60
"""Nodes up to which each gets a state-space fit of its own effects; more take those of the total."""


_DATA = {"month": "forecast data months", "week": "forecast data weeks", "quarter": "forecast data quarters"}
_METHOD = {
    "wls-sized": "forecast method wls-sized",
    "wls": "forecast method wls",
    "mint": "forecast method mint",
    "bottom-up": "forecast method bottom-up",
}


@dataclass(frozen=True, eq=False)
class Engine:
    """Everything that was fitted: with it, new periods are forecast without fitting again.

    Attributes
    ----------
    nodes : Nodes
        Fitted to the series without the effects of the regressors.
    fits : tuple of Forecaster
        The same with the effects put back.
    effects : tuple of Effects or None
    matrix : numpy.ndarray
        Bottom × nodes: the reconciliation.
    calibration : Calibration
    model, reconcile : str
        As asked for.
    paths, seed : int
    """

    nodes: Nodes
    fits: tuple[Forecaster, ...]
    effects: tuple[Effects | None, ...]
    matrix: Vector
    calibration: Calibration
    model: str
    reconcile: str
    paths: int
    seed: int


def assembled(
    engine: Engine,
    panel: Panel,
    tree: Hierarchy,
    values: Vector,
    horizon: int,
    levels: tuple[int, ...],
    futures: Vector | None = None,
) -> Forecast:
    """Forecast with a fitted engine.

    Parameters
    ----------
    engine : Engine
    panel : Panel
        The sales that the engine has seen.
    tree : Hierarchy
    values : numpy.ndarray
        Nodes × periods.
    horizon : int
    levels : tuple of int
    futures : numpy.ndarray, optional
        Nodes × paths × steps, where they have been drawn already.
    """
    import pandas as pd

    floor = bool(np.nanmin(panel.values) >= 0)
    if futures is None:
        futures = joint_paths(engine.fits, values.shape[1], engine.paths, horizon, np.random.default_rng(engine.seed))
    mean = np.array([fit.mean(horizon) for fit in engine.fits])
    bottom = _bottom(engine.matrix, mean, floor)
    joint = bottom_futures(engine.matrix, futures, floor)
    joint = spread_together(joint, bottom, engine.calibration.common[thirds(horizon)], floor)
    anomalies = _anomalies(panel, tree, values)
    return Forecast(
        panel=panel,
        hierarchy=tree,
        periods=pd.period_range(panel.periods[-1] + 1, periods=horizon, freq=panel.frequency.code),
        levels=levels,
        bottom=bottom,
        futures=joint,
        calibration=engine.calibration,
        methods=tuple(fit.name for fit in engine.fits),
        notes=tuple([*_notes(engine, panel, tree, floor), *_anomaly_notes(anomalies)]),
        anomalies=anomalies,
        effects=_effects_table(tree, engine.effects),
        floor=floor,
        engine=engine,
    )


def extended(forecast: Forecast, panel: Panel) -> Forecast:
    """The forecast from a later origin: the fitted models run on through the new periods.

    Raises
    ------
    ForecastError
        Where the panel has other series than the forecast, or does not continue it.
    """
    engine, old = forecast.engine, forecast.panel
    if not isinstance(engine, Engine):
        raise TypeError("a forecast without the models it was made with")
    same = panel.keys.equals(old.keys) and panel.periods[0] == old.periods[0] and len(panel.periods) >= len(old.periods)
    if not same:
        raise ForecastError(
            explain(
                "these sales do not continue those of the forecast: other series, or another beginning",
                remedy="Make a new forecast",
            )
        )
    tree = forecast.hierarchy
    values = node_values(tree.summing, panel.values)
    new = values.shape[1] - engine.nodes.values.shape[1]
    adjusted = [fit for fit in engine.fits if isinstance(fit, Adjusted)]
    horizon = len(forecast.periods)
    if adjusted:
        horizon = min(horizon, len(adjusted[0].effects.future) - new)
        if horizon < 1:
            raise ForecastError(
                explain("the regressors end before the first new period", remedy="Make a new forecast with later ones")
            )
        nodes = engine.nodes
        fits = tuple(fit.update(record(row)) for fit, row in zip(engine.fits, values, strict=True))
    else:
        nodes = engine.nodes.extended(values)
        fits = nodes.fits
    return assembled(replace(engine, nodes=nodes, fits=fits), panel, tree, values, horizon, forecast.levels)


def _bottom(matrix: Vector, base: Vector, floor: bool) -> Vector:
    bottom: Vector = matrix @ base
    return np.maximum(bottom, 0.0) if floor else bottom


def _effects_table(tree: Hierarchy, effects: Sequence[Effects | None]) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for series, effect in zip(tree.nodes["series"], effects, strict=True):
        if effect is None:
            continue
        for name, size, error in zip(effect.names, effect.size, effect.error, strict=True):
            ends = (size - 1.96 * error, size, size + 1.96 * error)
            low, middle, high = np.expm1(ends) if effect.logs else ends
            unit = "share" if effect.logs else "amount"
            rows.append((series, name, unit, float(middle), float(low), float(high)))
    return pd.DataFrame(rows, columns=["series", "regressor", "unit", "effect", "lower_95", "upper_95"])


def _anomalies(panel: Panel, tree: Hierarchy, values: Vector) -> pd.DataFrame:
    import pandas as pd

    rows = []
    for row, level, series in zip(values, tree.nodes["level"], tree.nodes["series"], strict=True):
        own = record(row)
        begin = len(row) - len(own)
        for found in find_anomalies(own, panel.frequency.period):
            when = panel.periods[begin + found.place]
            rows.append((level, series, str(when), found.kind, found.value, found.usual))
    return pd.DataFrame(rows, columns=["level", "series", "period", "kind", "value", "usual"])


def _anomaly_notes(anomalies: pd.DataFrame) -> list[Note]:
    if not len(anomalies):
        return [note("forecast no anomalies")]
    notes = []
    for kind, key in (("outlier", "forecast outliers"), ("level shift", "forecast level shifts")):
        found = anomalies[anomalies["kind"] == kind]
        if len(found):
            names = [f"{row.series} {row.period} ({row.usual:,.4g} → {row.value:,.4g})" for row in found.itertuples()]
            notes.append(note(key, n=len(found), names=shortened(names)))
    return notes


def _notes(engine: Engine, panel: Panel, tree: Hierarchy, floor: bool) -> list[Note]:
    nodes, calibration, effects = engine.nodes, engine.calibration, engine.effects
    names = tree.nodes["series"].tolist()
    notes = [
        note(
            _DATA[panel.frequency.name],
            rows=f"{panel.rows:,}",
            first=str(panel.periods[0]),
            last=str(panel.periods[-1]),
            n=len(panel.periods),
            bottom=tree.bottom,
            nodes=len(names),
            levels=len(tree.levels),
        )
    ]
    if panel.filled:
        notes.append(note("forecast filled", n=f"{panel.filled:,}"))
    if not floor:
        notes.append(note("forecast negative kept"))
    if tree.dropped:
        notes.append(note("forecast levels dropped", names=shortened(tree.dropped)))
    notes.append(note("forecast model accurate" if engine.model == "accurate" else "forecast model default"))
    shared = [place for place, fit in enumerate(nodes.fits) if isinstance(fit, Shared)]
    borrowed = [f"{names[place]} ← {names[nodes.borrowed[place]]}" for place in shared if nodes.borrowed[place] >= 0]
    alone = [names[place] for place in shared if nodes.borrowed[place] < 0]
    if borrowed:
        notes.append(note("forecast borrowed", n=len(borrowed), names=shortened(borrowed)))
    if alone:
        notes.append(note("forecast sparse", n=len(alone), names=shortened(alone)))
    empty = [names[place] for place, row in enumerate(nodes.values) if not np.nan_to_num(row).any()]
    if empty:
        notes.append(note("forecast empty", n=len(empty), names=shortened(empty)))
    if any(effect is not None for effect in effects):
        notes += _effect_notes(names, effects)
    if len(names) > 1:
        key = (
            "forecast reconciled chosen"
            if engine.reconcile == "backtest" and calibration.origins
            else "forecast reconciled"
        )
        notes.append(note(key, method=note(_METHOD[calibration.method]), n=len(calibration.origins)))
    if calibration.origins:
        spread = calibration.factors
        notes.append(
            note(
                "forecast calibrated",
                n=len(calibration.origins),
                first=str(panel.periods[calibration.origins[0] - 1]),
                low=f"{spread.min():.2f}",
                high=f"{spread.max():.2f}",
            )
        )
    else:
        notes.append(note("forecast not calibrated"))
    return notes


def _effect_notes(names: Sequence[str], effects: Sequence[Effects | None]) -> list[Note]:
    first = effects[0]
    if first is None:
        return [note("forecast effects none")]
    notes = []
    for name, size, error in zip(first.names, first.size, first.error, strict=True):
        if error == 0.0:
            notes.append(note("forecast effect unmoved", name=name))
        elif first.logs:
            low, middle, high = np.expm1([size - 1.96 * error, size, size + 1.96 * error])
            notes.append(
                note(
                    "forecast effect",
                    series=names[0],
                    name=name,
                    size=percent(middle, 1),
                    low=percent(low, 1),
                    high=percent(high, 1),
                )
            )
        else:
            low, high = size - 1.96 * error, size + 1.96 * error
            notes.append(
                note(
                    "forecast effect",
                    series=names[0],
                    name=name,
                    size=f"{size:,.4g}",
                    low=f"{low:,.4g}",
                    high=f"{high:,.4g}",
                )
            )
    without = sum(effect is None for effect in effects)
    if without:
        notes.append(note("forecast effects missing", n=without))
    if len(effects) > OWN_EFFECTS:
        notes.append(note("forecast effects shared", n=OWN_EFFECTS))
    return notes
