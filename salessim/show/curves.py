"""Revenue over time: the mean of every plan, and the spread of futures of two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, Look
from salessim.study.phrases import phrase
from salessim.study.wording import currency_label, scale
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from salessim.study.study import Study

__all__ = ["averaged", "draw_revenue", "spread_out"]

Floats = NDArray[np.float64]

_FEWEST_TO_SMOOTH = 6
_WINDOW = 3
_LINE = 19.0  # pixels between two names at the ends of lines


def draw_revenue(
    page: Page, study: Study, looks: Sequence[Look], names: Sequence[str], language: str,
    box: tuple[float, float, float, float],
) -> None:  # fmt: skip
    """Draw revenue per month into a box of the page, names at the ends of the lines.

    Months are averaged over three, because a month of one plan against the same month of another is mostly chance;
    shaded from the 10th to the 90th percentile of the futures are the baseline and the plan that leads.

    Parameters
    ----------
    page : Page
    study : Study
    looks, names : sequence
        Of every plan.
    language : {"en", "zh"}
    box : tuple of float
        Left, top, right and bottom in pixels.
    """
    left, top, right, bottom = box
    smooth = study.months >= _FEWEST_TO_SMOOTH
    monthly = averaged(study.monthly, _WINDOW) if smooth else study.monthly
    currency = currency_label(study.market.currency, language)
    size, unit = scale(float(np.abs(monthly.mean(axis=0)).max()), currency, language)
    monthly = monthly / size
    shaded = list(dict.fromkeys((study.baseline, study.judged.leader)))
    page.text(left, top, sentence("revenue title", language, unit=unit), STYLE["head"])
    plans = phrase(language, "comma").join(names[place] for place in shaded)
    note = sentence("revenue note" if smooth else "revenue note plain", language, window=_WINDOW, plans=plans)
    notes, small = page.fitted(note, (STYLE["small"], 13), right - left, 3)
    labels = [page.wrapped(name, STYLE["text"], 118, 1)[0] for name in names]
    wide = max(page.wide(text, STYLE["text"]) for text in labels)
    month = sentence("axis months", language)
    means, spread = monthly.mean(axis=0), np.quantile(monthly[:, shaded], [0.1, 0.9], axis=0)
    low, high = _limits(min(float(means.min()), float(spread.min())), max(float(means.max()), float(spread.max())))
    places, texts = plain_ticks(low, high, 5)
    edges = (top + 36, bottom - 32 - 1.32 * small * len(notes))
    start = left + max(*(page.wide(text, STYLE["small"]) for text in texts), page.wide(month, STYLE["small"]))
    ax = page.axes(start + 8, edges[0], right - wide - 14, edges[1])
    months = np.arange(1, study.months + 1)
    for place in sorted(range(len(names)), key=lambda place: place in shaded):
        _curve(ax, months, monthly[:, place], looks[place], place in shaded)
    ax.set(xlabel="", ylabel="", xlim=(1 - 0.02 * len(months), max(len(months), 1.5)), ylim=(low, high))
    page.ticks(ax, "y", places, texts)
    page.ticks(ax, "x", *_month_ticks(study.months))
    ax.grid(True, which="major", axis="y", color=STYLE["band"], alpha=1.0, linewidth=STYLE["thin"],
            linestyle="solid")  # fmt: skip
    ends = edges[1] - (means[:, -1] - low) / (high - low) * (edges[1] - edges[0])
    for place, y in enumerate(spread_out(ends, edges[0] - 8, edges[1] + 4, _LINE)):
        page.text(right - wide, y, labels[place], STYLE["text"], looks[place].ink, middle=True)
    page.text(start, edges[1] + 10, month, STYLE["small"], STYLE["faint"], right=True)
    page.block(left, edges[1] + 30, notes, small, STYLE["faint"])


def averaged(values: Floats, window: int) -> Floats:
    """Return moving averages along the last axis, over what there is of an odd window at both ends.

    Examples
    --------
    >>> averaged(np.array([1.0, 4.0, 1.0, 4.0]), 3).tolist()
    [2.5, 2.0, 3.0, 2.5]
    """
    half, n = window // 2, values.shape[-1]
    total = np.concatenate([np.zeros((*values.shape[:-1], 1)), values.cumsum(axis=-1)], axis=-1)
    first = np.maximum(np.arange(n) - half, 0)
    last = np.minimum(np.arange(n) + half + 1, n)
    result: Floats = (total[..., last] - total[..., first]) / (last - first)
    return result


def spread_out(places: Floats, low: float, high: float, gap: float) -> Floats:
    """Move labels as little as needed to stand at least `gap` apart, in the same order, from `low` to `high`.

    Examples
    --------
    >>> spread_out(np.array([10.0, 12.0, 40.0]), 0, 100, 10).tolist()
    [6.0, 16.0, 40.0]
    """
    order = np.argsort(places, kind="stable")
    gap = min(gap, (high - low) / max(len(places) - 1, 1))
    groups: list[tuple[float, int]] = []  # middle of a group of labels that touch, and their number
    for place in places[order]:
        middle, count = float(place), 1
        while groups and groups[-1][0] + (groups[-1][1] + count) * gap / 2 > middle:
            before, more = groups.pop()
            middle, count = (before * more + middle * count) / (more + count), more + count
        half = (count - 1) * gap / 2
        groups.append((min(max(middle, low + half), high - half), count))
    spread = [middle + gap * (n - (count - 1) / 2) for middle, count in groups for n in range(count)]
    for n in range(len(spread) - 2, -1, -1):  # groups pushed up from below may touch again
        spread[n] = min(spread[n], spread[n + 1] - gap)
    result = np.empty(len(places))
    result[order] = spread
    return result


def _curve(ax: Axes, months: NDArray[np.int64], values: Floats, look: Look, shaded: bool) -> None:
    """Draw the mean over the replications and, where asked for, the middle 80 % of them."""
    import pandas as pd
    import seaborn as sns

    means = values.mean(axis=0)
    shown = values if shaded else means[None, :]
    frame = pd.DataFrame({"month": np.tile(months, len(shown)), "revenue": shown.ravel()})
    sns.lineplot(
        frame, x="month", y="revenue", estimator="mean" if shaded else None, errorbar=("pi", 80), ax=ax,
        color=look.colour, linewidth=STYLE["thick"], linestyle=look.line, marker="none",
        dash_capstyle="butt", legend=False, zorder=3,
        err_kws={"alpha": 0.15, "linewidth": 0, "zorder": 1},
    )  # fmt: skip
    ax.plot(months[-1:], means[-1:], marker=look.marker, color=look.colour, markersize=9.0, zorder=4,
            markerfacecolor=look.colour, markeredgecolor="#ffffff", markeredgewidth=1.0, linestyle="none",
            clip_on=False)  # fmt: skip


def _limits(low: float, high: float) -> tuple[float, float]:
    """Return the ends of the axis: from 0 where that does not squeeze the curves."""
    from_zero = 0.0 <= low < 0.25 * high
    room = 0.04 * (high - (0.0 if from_zero else low)) or 0.5 * abs(high) or 1.0
    return (0.0 if from_zero else low - room), high + room


def _month_ticks(months: int) -> tuple[list[float], list[str]]:
    """Return the months to name: the first, and then every so many."""
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months <= 8 * step), 120)
    marks = sorted({1, *range(step, months + 1, step)})
    return [float(mark) for mark in marks], [f"{mark}" for mark in marks]
