"""The picture of a pipeline forecast: what is expected by each horizon, by whom, and the rule of thumb beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from salessim.forecast.plan_figure import unit_of
from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pipeline_figure"]

_SHOWN = {
    "pipeline": ("pipeline word pipeline", "#009E73"),
    "series": ("pipeline word series", "#56B4E9"),
    "call": ("pipeline word call", "#CC79A7"),
    "best_practice": ("pipeline word best_practice", "#999999"),
}
_BLUE = "#0072B2"


def pipeline_figure(
    table: pd.DataFrame, levels: Sequence[int], language: str, style: Mapping[str, Any], font: Callable[[float], Any]
) -> Any:
    """Draw the table of a `PipelineForecast`.

    Parameters
    ----------
    table : pandas.DataFrame
    levels : sequence of int
    language : {"en", "zh"}
    style : mapping
    font : callable

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style["width"] / style["dots"], style["height"] / style["dots"]), dpi=style["dots"])
    axes = figure.add_subplot()
    at = list(range(len(table)))
    divisor, unit = unit_of(float(table["combined"].max()))
    for level in sorted(levels, reverse=True):
        axes.vlines(
            at, table[f"lower_{level}"] / divisor, table[f"upper_{level}"] / divisor, color=_BLUE, alpha=0.35,
            linewidth=4 + 4 * (level == min(levels)), label=sentence("forecast band", language, level=level),
        )  # fmt: skip
    axes.plot(at, table["combined"] / divisor, "o", color=_BLUE, label=sentence("pipeline word combined", language))
    for place, (name, (word, colour)) in enumerate(_SHOWN.items()):
        if table[name].notna().any():
            shifted = [x + 0.08 * (place + 1) for x in at]
            axes.plot(shifted, table[name] / divisor, "D", color=colour, label=sentence(word, language))
    axes.set_xticks(
        at,
        [sentence("pipeline word days", language, days=days) for days in table["days"]],
        fontproperties=font(style["small"]),
    )
    axes.set_xlim(-0.5, len(at) - 0.5 + 0.2)
    axes.set_ylim(bottom=0)
    axes.tick_params(colors=style["faint"])
    for label in axes.get_yticklabels():
        label.set_fontproperties(font(style["small"]))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.set_title(
        sentence("pipeline word title", language, unit=sentence(unit, language)),
        fontproperties=font(style["subtitle"]),
        color=style["ink"],
        loc="left",
    )
    axes.legend(prop=font(style["small"]), frameon=False, loc="upper left")
    return figure
