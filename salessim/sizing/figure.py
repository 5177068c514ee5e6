"""The picture of a sizing: contribution against headcount, its flat top, and where each method stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.sizing.answer import reps_text
from salessim.study.wording import currency_label, scale
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.sizing.answer import SizingAnswer

__all__ = ["draw_sizing"]

_LINES: dict[str, tuple[str, Any]] = {
    "breakdown": ("#555555", (0, (1.6, 1.2))),
    "workload": ("#D55E00", (0, (5, 1.6))),
    "incremental": ("#009E73", (0, (6, 1.4, 1.4, 1.4))),
    "simulated": ("#0072B2", "solid"),
}
_CURVE, _INK, _FAINT, _BAND = "#0072B2", "#1c1c1c", "#585858", "#e6e6e6"


def draw_sizing(page: Any, answer: SizingAnswer, language: str = "en") -> Figure:
    """Draw a sizing on a page.

    Dots are mean contribution a year at each headcount, the line the same smoothed round the top; shaded is the
    simultaneous interval of the difference from the best; the grey field holds the sizes within the tolerance of the
    best. A line down for each method.

    Parameters
    ----------
    page : Page
        What `SizingAnswer.plot` brings: measured in pixels, with fonts for both languages.
    answer : SizingAnswer
    language : {"en", "zh"}
    """
    from matplotlib.ticker import MaxNLocator

    said = answer.lines(language)
    lines, size = page.fitted(said[0], (25, 22, 20), page.width - 80, 2, even=True)
    y = page.block(40, 26, lines, size)
    lines, size = page.fitted(said[2], (17, 16, 15), page.width - 80, 2, even=True)
    y = page.block(40, y + 4, lines, size, _FAINT)
    curve = answer.curve
    x = curve.headcounts.astype(np.float64)
    means, raw = curve.means / curve.years, curve.values().mean(axis=0) / curve.years
    apart = curve.from_best()
    low, high = raw.copy(), raw.copy()
    low[apart.plan] = raw[curve.best] + apart.low / curve.years
    high[apart.plan] = raw[curve.best] + apart.high / curve.years
    low, high = (np.where(np.isfinite(bound), bound, raw) for bound in (low, high))
    factor, unit = scale(float(np.abs(means).max()), currency_label(answer.market.currency, language), language)
    page.text(40, y + 12, sentence("sizing axis contribution", language, unit=unit), 16)
    bottom = page.height - 86
    ax = page.axes(110, y + 128, page.width - 40, bottom)
    first, last = answer.top[0].value, min(answer.top[1].value, x[-1])
    ax.axvspan(first, last, color=_BAND, linewidth=0, zorder=0)
    ax.fill_between(x, low / factor, high / factor, color=_CURVE, alpha=0.15, linewidth=0, zorder=1)
    ax.plot(x, means / factor, color=_CURVE, linewidth=2.6, zorder=3)
    ax.plot(x, raw / factor, color=_CURVE, linestyle="none", marker="o", markersize=5, zorder=3)
    ax.plot([curve.today], [means[curve.at_today] / factor], marker="X", markersize=12, color=_INK,
            markeredgecolor="#ffffff", zorder=4, linestyle="none")  # fmt: skip
    left, right = _limits(answer)
    ax.set_xlim(left, right)
    bounds = ax.get_ylim()
    ax.set_ylim(bounds)
    for place, one in enumerate(sorted(answer.methods, key=lambda method: method.reps.value)):
        colour, dashes = _LINES[one.name]
        text = sentence(
            "sizing method at", language, method=answer.method_name(one, language), reps=reps_text(one.reps.value)
        )
        at = min(max(one.reps.value, left), right)
        pixel = 110 + (at - left) / (right - left) * (page.width - 150)
        ax.axvline(at, color=colour, linestyle=dashes, linewidth=1.8, zorder=2)
        wide = page.wide(text, 16)
        page.text(min(max(pixel - wide / 2, 110), page.width - 40 - wide), y + 40 + 21 * place, text, 16, colour)
    places = [float(tick) for tick in ax.get_yticks() if bounds[0] <= tick <= bounds[1]]
    page.ticks(ax, "y", places, [f"{tick:,.4g}" for tick in places])
    whole = MaxNLocator(9, integer=True).tick_values(left, right)
    places = [float(tick) for tick in whole if left <= tick <= right]
    page.ticks(ax, "x", places, [f"{tick:,.4g}" for tick in places])
    page.text(page.width - 40, bottom + 30, sentence("sizing axis reps", language), 14, _FAINT, right=True)
    note = sentence("sizing note", language, today=curve.today, replications=curve.replications)
    page.block(40, bottom + 52, page.wrapped(note, 14, page.width - 80, 2), 14, _FAINT)
    figure: Figure = page.figure
    return figure


def _limits(answer: SizingAnswer) -> tuple[float, float]:
    """Return the ends of the axis of headcount: all sizes tried, and every method not far beyond them."""
    sizes = answer.curve.headcounts
    reps = [one.reps.value for one in answer.methods if 0.5 * sizes[0] <= one.reps.value <= 1.5 * sizes[-1]]
    left, right = min([float(sizes[0]), *reps]), max([float(sizes[-1]), *reps])
    room = 0.03 * (right - left) or 1.0
    return left - room, right + room
