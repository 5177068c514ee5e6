"""The picture of a forecast: past, points, bands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from salessim.forecast.plan_figure import unit_of
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["forecast_figure"]

_COLOUR = "#0072B2"
_PAST = 4  # times the horizon: more past makes the future too small to see


def forecast_figure(
    history: pd.Series,
    table: pd.DataFrame,
    levels: Sequence[int],
    language: str,
    style: Mapping[str, Any],
    font: Callable[[float], Any],
) -> Any:
    """Draw one series.

    Parameters
    ----------
    history : pandas.Series
        By period.
    table : pandas.DataFrame
        Its rows of `Forecast.table`.
    levels : sequence of int
    language : {"en", "zh"}
    style : mapping
        Colours and sizes of all figures.
    font : callable
        From a size in pixels to a font that can draw the language.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    past = history.iloc[-max(_PAST * len(table), 24) :]
    figure = Figure(figsize=(style["width"] / style["dots"], style["height"] / style["dots"]), dpi=style["dots"])
    axes = figure.add_subplot()
    divisor, unit = unit_of(float(max(past.abs().max(), table["mean"].abs().max())))
    before = range(len(past))
    # The fan opens at the last known value: a gap would look like a period without sales.
    ahead = [len(past) - 1 + step for step in range(len(table) + 1)]
    last = float(past.iloc[-1])

    def from_last(column: str) -> list[float]:
        return [value / divisor for value in [last, *table[column].tolist()]]

    axes.plot(
        before,
        past.to_numpy() / divisor,
        color=style["ink"],
        linewidth=style["thick"],
        label=sentence("forecast past", language),
    )
    for place, level in enumerate(sorted(levels, reverse=True)):
        axes.fill_between(
            ahead,
            from_last(f"lower_{level}"),
            from_last(f"upper_{level}"),
            color=_COLOUR,
            alpha=0.18 + 0.14 * place,
            linewidth=0,
            label=sentence("forecast band", language, level=level),
        )
    axes.plot(
        ahead,
        from_last("mean"),
        color=_COLOUR,
        linewidth=style["thick"],
        label=sentence("forecast points", language),
    )
    names = [str(period) for period in past.index] + table["period"].tolist()
    ticks = list(range(0, len(names), max(1, len(names) // 8)))
    axes.set_xticks(ticks, [names[tick] for tick in ticks], fontproperties=font(style["small"]))
    axes.tick_params(colors=style["faint"])
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(style["small"]))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    series = sentence("forecast word total", language) if history.name == "total" else str(history.name)
    axes.set_title(
        sentence("forecast title", language, series=series, unit=sentence(unit, language)),
        fontproperties=font(style["subtitle"]),
        color=style["ink"],
        loc="left",
    )
    axes.legend(prop=font(style["small"]), frameon=False, loc="upper left")
    return figure
