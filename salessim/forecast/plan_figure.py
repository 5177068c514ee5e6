"""The picture of a plan: the year's target against what is expected, and each series' chance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.words import sentence

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["plan_figure", "unit_of"]

_BLUE, _ORANGE = "#0072B2", "#D55E00"
_MOST = 12  # series that can be told apart on a page


def unit_of(amount: float) -> tuple[float, str]:
    """What to divide amounts of this size by in a figure, and the sentence that names the unit."""
    if amount >= 2e6:
        return 1e6, "plan word millions"
    return (1e3, "plan word thousands") if amount >= 2e4 else (1.0, "plan word units")


def plan_figure(
    months: pd.DataFrame, series: pd.DataFrame, language: str, style: Mapping[str, Any], font: Callable[[float], Any]
) -> Any:
    """Draw a plan.

    Parameters
    ----------
    months : pandas.DataFrame
        Added up from the start: ``month``, ``target``, ``middle``, ``lower``, ``upper``.
    series : pandas.DataFrame
        ``name``, ``middle``, ``lower`` and ``upper`` in shares of the target, ``chance``; of many series the least
        certain are drawn.
    language : {"en", "zh"}
    style : mapping
    font : callable

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(style["width"] / style["dots"], style["height"] / style["dots"]), dpi=style["dots"])
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    at = np.arange(len(months))
    millions, unit = unit_of(float(months["target"].iloc[-1]))
    left.fill_between(
        at, months["lower"] / millions, months["upper"] / millions, color=_BLUE, alpha=0.25, linewidth=0,
        label=sentence("forecast band", language, level=80),
    )  # fmt: skip
    left.plot(at, months["middle"] / millions, color=_BLUE, linewidth=style["thick"],
              label=sentence("forecast points", language))  # fmt: skip
    left.plot(at, months["target"] / millions, "--", color=_ORANGE, linewidth=style["thick"],
              label=sentence("plan word target", language))  # fmt: skip
    left.set_xticks(at[::2], months["month"].tolist()[::2], fontproperties=font(style["small"]))
    left.set_ylim(bottom=0)
    left.set_title(sentence("plan word cumulated", language, unit=sentence(unit, language)),
                   fontproperties=font(style["subtitle"]), color=style["ink"], loc="left")  # fmt: skip
    left.legend(prop=font(style["small"]), frameon=False, loc="upper left")

    shown = series.sort_values("chance", kind="stable").head(_MOST).iloc[::-1].reset_index(drop=True)
    rows = np.arange(len(shown))
    right.axvline(100.0, color=_ORANGE, linewidth=style["thick"])
    right.hlines(rows, 100 * shown["lower"], 100 * shown["upper"], color=_BLUE, alpha=0.35, linewidth=6)
    right.plot(100 * shown["middle"], rows, "o", color=_BLUE)
    right.set_yticks(rows, shown["name"].tolist(), fontproperties=font(style["small"]))
    for row, chance in zip(rows, shown["chance"], strict=True):
        right.annotate(f"{chance:.0%}", (1.0, row), xycoords=("axes fraction", "data"), xytext=(6, 0), va="center",
                       textcoords="offset points", fontproperties=font(style["small"]), color=style["ink"])  # fmt: skip
    right.set_ylim(-0.7, len(shown) - 0.3)
    right.set_title(sentence("plan word chances", language), fontproperties=font(style["subtitle"]),
                    color=style["ink"], loc="left")  # fmt: skip
    for axes in (left, right):
        axes.tick_params(colors=style["faint"])
        for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
            label.set_fontproperties(font(style["small"]))
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
    figure.subplots_adjust(left=0.06, right=0.94, wspace=0.28, top=0.9, bottom=0.1)
    return figure
