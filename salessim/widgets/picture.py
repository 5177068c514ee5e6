"""The picture of the panel: the paired differences of money, future by future, with their intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from salessim.show.page import Page, signed_ticks
from salessim.show.style import STYLE, looks_of
from salessim.study.phrases import figures
from salessim.study.wording import capital, currency_label, scale
from salessim.widgets.texts import text
from salessim.words import label, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.study.incremental import Reading
    from salessim.study.study import Study

__all__ = ["interval_figure"]

_LABELS, _MARGIN = 160.0, 196.0


def interval_figure(
    study: Study, read: Sequence[Reading], language: str = "en", *, width: int = 740, height: int = 240
) -> Figure:
    """Draw the differences of the second plan from the first in several amounts of money, one row each.

    Parameters
    ----------
    study : Study
        Of two plans, the baseline first.
    read : sequence of Reading
        Amounts of money; see `salessim.study.incremental.readings`.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    look = looks_of(study.plans)[study.names[1]]
    rows = [(reading, reading.judgement) for reading in read if reading.judgement is not None]
    seen = [x for reading, _ in rows for x in reading.differences.tolist()]
    ends = [x for _, one in rows for x in (one.low, one.high, 1.3 * one.delta, -1.3 * one.delta) if math.isfinite(x)]
    currency = currency_label(study.market.currency, language)
    factor, unit = scale(max((abs(x) for x in (*seen, *ends)), default=1.0), currency, language)
    low, high = min((*seen, *ends)) / factor, max((*seen, *ends)) / factor
    room = 0.06 * (high - low) or 1.0
    upper, lower, right = 8.0, height - 54.0, width - _MARGIN
    ax = page.axes(_LABELS, upper, right, lower)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    delta = max((one.delta for _, one in rows), default=0.0) / factor
    ax.axvspan(-delta, delta, color=STYLE["band"], linewidth=0, zorder=0)
    ax.axvline(0.0, color=STYLE["faint"], linewidth=1.4, zorder=1)
    page.ticks(ax, "y", [], [])
    places, texts = signed_ticks(low - room, high + room, 5)
    page.ticks(ax, "x", places, texts)
    page.text(right, lower + 31, text("axis", language, unit=unit), STYLE["small"], STYLE["faint"], right=True)
    for row, (reading, one) in enumerate(rows):
        values = reading.differences / factor
        shifts = [0.24 + 0.07 * (n % 3) for n in range(len(values))]
        ax.plot(values, [row + shift for shift in shifts], marker="o", linestyle="none", markersize=4.2,
                color=look.colour, alpha=0.55, markeredgewidth=0, zorder=2)  # fmt: skip
        line = [min(max(x / factor, low - room), high + room) for x in (one.low, one.high)]
        ax.plot(line, [row - 0.05] * 2, color=look.colour, linewidth=3.2, solid_capstyle="butt", zorder=3)
        ax.plot([one.difference / factor], [row - 0.05], marker=look.marker, color=look.colour, markersize=12,
                markeredgecolor="#ffffff", markeredgewidth=1.3, linestyle="none", zorder=4)  # fmt: skip
        middle = upper + (lower - upper) * (row + 0.5) / len(rows)
        name, size = page.fitted(capital(label(f"measure.{reading.name}", language)), (16, 15), _LABELS - 14, 2)
        for n, part in enumerate(name):
            page.text(4, middle + 19 * (n - (len(name) - 1) / 2), part, size, middle=True)
        number, from_, to = figures(one.difference, one.low, one.high, language, unit=currency)
        word = label(f"verdict.{one.kind.value}", language)
        said, size = page.fitted(sentence("range", language, low=from_, high=to), (15, 14, 13), _MARGIN - 16, 1)
        page.text(right + 14, middle - 21, word, 16, look.ink, middle=True)
        page.text(right + 14, middle, page.wrapped(number, 15, _MARGIN - 16, 1)[0], 15, middle=True)
        page.text(right + 14, middle + 20, said[0], size, STYLE["faint"], middle=True)
    return page.figure
