"""Fan charts that are drawn again and again: revenue over time, and what a plan is ahead of the baseline.

Made for a picture that follows a lever: the figure, its canvas and its axes are made once and kept, only what changes
is drawn anew, and the bands are percentiles of the replications themselves (a bootstrap would be slower, and another
thing).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.show.curves import averaged, spread_out
from salessim.show.page import Page, plain_ticks, png, signed_ticks
from salessim.show.style import STYLE, Look, looks_of
from salessim.study.phrases import figures, phrase
from salessim.study.wording import currency_label, scale
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from salessim.study.study import Study

__all__ = ["Curves", "FanChart", "curves_of", "fan_alt_text"]

Floats = NDArray[np.float64]
Show = Literal["revenue", "lead"]

_FINDING = {"revenue": "fan finding revenue", "lead": "fan finding lead"}
_WINDOW = 3
_BAND = (0.1, 0.9)
_TOP, _BOTTOM, _NAMES, _LINE = 34.0, 26.0, 176.0, 19.0


class Curves(NamedTuple):
    """What a fan chart shows, in the currency of the market.

    Attributes
    ----------
    means : (plans, months) array
    low, high : (plans, months) array
        10th and 90th percentile of the replications.
    """

    means: Floats
    low: Floats
    high: Floats


def curves_of(study: Study, show: Show = "revenue") -> Curves:
    """Return the curves of every plan.

    Parameters
    ----------
    study : Study
    show : {"revenue", "lead"}
        Revenue per month, averaged over three months where there are six or more; or what each plan has sold since the
        start beyond the baseline, paired future by future.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.incremental import Futures
    >>> market, plan = preset("small")
    >>> study = Futures(months=3).study(market, {"few": plan, "many": plan.but(reps=12)}, 3)
    >>> lead = curves_of(study, "lead")
    >>> bool((lead.means[0] == 0).all()), lead.high.shape
    (True, (2, 3))
    >>> bool(np.isclose(lead.means[1, -1], np.diff(study.values("revenue").mean(axis=0))[0]))
    True
    """
    values = study.monthly
    if show == "lead":
        values = np.cumsum(values - values[:, [study.baseline]], axis=2)
    elif study.months >= 2 * _WINDOW:
        values = averaged(values, _WINDOW)
    low, high = np.quantile(values, _BAND, axis=0)
    return Curves(values.mean(axis=0), low, high)


def fan_alt_text(study: Study, names: Sequence[str], language: str = "en", *, show: Show = "revenue") -> str:
    """Say what a fan chart shows at its right end: mean and spread of every plan.

    Parameters
    ----------
    study : Study
    names : sequence of str
        Of every plan, in words.
    language : {"en", "zh"}
    show : {"revenue", "lead"}

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.incremental import Futures
    >>> market, plan = preset("small")
    >>> study = Futures(months=3).study(market, {"few": plan, "many": plan.but(reps=12)}, 3)
    >>> fan_alt_text(study, ["8 reps", "12 reps"])[:40]
    'Revenue of month 3, mean and eight futur'
    """
    curves, unit = curves_of(study, show), currency_label(study.market.currency, language)
    parts = []
    for place, name in enumerate(names):
        if show == "lead" and place == study.baseline:
            continue
        mean, lower, upper = (float(part[place, -1]) for part in curves)
        value, low, high = figures(mean, lower, upper, language, unit=unit)
        if show == "revenue":
            value, low, high = (text.replace("+", "") for text in (value, low, high))
        parts.append(sentence("fan plan", language, plan=name, value=value, low=low, high=high))
    if not parts:
        return sentence("fan finding none", language)
    plans = phrase(language, "comma").join(parts)
    return sentence(_FINDING[show], language, month=study.months, plans=plans)


class FanChart:
    r"""A fan chart of a fixed size, with its canvas kept between drawings. Not for two threads at a time.

    Parameters
    ----------
    width, height : int
        In pixels of the page.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.incremental import Futures
    >>> market, plan = preset("small")
    >>> study = Futures(months=3).study(market, {"few": plan, "many": plan.but(reps=12)}, 3)
    >>> FanChart(740, 280).png(study, ["8 reps", "12 reps"])[:4]
    b'\x89PNG'
    """

    def __init__(self, width: int = 740, height: int = 280) -> None:
        self.size = (width, height)
        self._page = Page(height, width)
        self._axes: Axes = self._page.axes(60.0, _TOP, width - _NAMES, height - _BOTTOM)
        self._axes.grid(True, which="major", axis="y", color=STYLE["band"], linewidth=STYLE["thin"])

    def png(
        self, study: Study, names: Sequence[str], language: str = "en", *, show: Show = "revenue", bands: int = 2,
        fine: float = 2.0,
    ) -> bytes:  # fmt: skip
        """Draw the curves of a study.

        Parameters
        ----------
        study : Study
        names : sequence of str
            Of every plan, for the ends of the lines.
        language : {"en", "zh"}
        show : {"revenue", "lead"}
            See `curves_of`.
        bands : int
            So many plans, from the first on, are drawn with the spread of their futures.
        fine : float
            Dots of the picture per pixel of the page; 2 for sharp screens, 1 where time is short.

        Returns
        -------
        bytes
            A PNG picture.
        """
        self._clear()
        self._draw(study, names, language, show, bands)
        return png(self._page.figure, fine)

    def _clear(self) -> None:
        for artist in (*self._axes.lines, *self._axes.collections, *self._page.figure.texts):
            artist.remove()

    def _draw(self, study: Study, names: Sequence[str], language: str, show: Show, bands: int) -> None:
        page, ax = self._page, self._axes
        curves = curves_of(study, show)
        shown = range(min(bands, len(names)))
        looks = list(looks_of(study.plans).values())
        largest = max(float(np.abs(curves.means).max()), float(np.abs(curves.high[list(shown)]).max()))
        size, unit = scale(largest, currency_label(study.market.currency, language), language)
        title = "lead title" if show == "lead" else "revenue title"
        page.text(4, 4, sentence(title, language, unit=unit), STYLE["text"])
        seen = np.concatenate([curves.means, curves.low[list(shown)], curves.high[list(shown)]]) / size
        low, high = _ends(seen, show)
        places, texts = (signed_ticks if show == "lead" else plain_ticks)(low, high, 5)
        wide = max(page.wide(text, STYLE["small"]) for text in (*texts, sentence("axis months", language)))
        labels = [page.wrapped(name, 15, _NAMES - 12, 1)[0] for name in names]
        right = page.width - max(page.wide(one, 15) for one in labels) - 14
        self._place(wide + 16, right)
        months = np.arange(1, study.months + 1)
        ax.set(xlim=(1 - 0.02 * study.months, max(study.months, 1.5)), ylim=(low, high))
        if show == "lead":
            ax.axhline(0.0, color=STYLE["faint"], linewidth=1.2, zorder=1)
        for place in reversed(range(len(names))):
            if show == "lead" and place == study.baseline:
                continue
            self._curve(months, Curves(*(part[place] / size for part in curves)), looks[place], place in shown)
        page.ticks(ax, "y", places, texts)
        page.ticks(ax, "x", *_months(study.months))
        bottom = page.height - _BOTTOM
        ends = bottom - (curves.means[:, -1] / size - low) / (high - low) * (bottom - _TOP)
        for place, y in enumerate(spread_out(ends, _TOP, bottom, _LINE)):
            page.text(right + 10, float(y), labels[place], 15, looks[place].ink, middle=True)
        page.text(wide + 7, bottom + 5, sentence("axis months", language), STYLE["small"], STYLE["faint"], right=True)

    def _place(self, left: float, right: float) -> None:
        """Put the axes between two edges, in pixels of the page."""
        page = self._page
        upper, lower = 1.0 - _TOP / page.height, _BOTTOM / page.height
        self._axes.set_position((left / page.width, lower, (right - left) / page.width, upper - lower))

    def _curve(self, months: NDArray[np.int64], curves: Curves, look: Look, band: bool) -> None:
        ax = self._axes
        if band:
            ax.fill_between(months, curves.low, curves.high, color=look.colour, alpha=0.16, linewidth=0, zorder=1)
        ax.plot(months, curves.means, color=look.colour, linewidth=2.6 if band else 1.8, linestyle=look.line, zorder=3,
                dash_capstyle="butt")  # fmt: skip
        ax.plot(months[-1:], curves.means[-1:], marker=look.marker, color=look.colour, markersize=8.0, clip_on=False,
                markeredgecolor="#ffffff", markeredgewidth=1.0, linestyle="none", zorder=4)  # fmt: skip


def _ends(values: Floats, show: Show) -> tuple[float, float]:
    """Return the ends of the axis: revenue from 0 where that does not squeeze the curves."""
    low, high = float(values.min()), float(values.max())
    if show == "revenue" and 0.0 <= low < 0.5 * high:
        low = 0.0
    room = 0.05 * (high - low) or 0.5 * abs(high) or 1.0
    return (low if show == "revenue" and low == 0.0 else low - room), high + room


def _months(months: int) -> tuple[list[float], list[str]]:
    """Return the months to name: the first, and then every so many."""
    step = next((step for step in (1, 2, 3, 6, 12, 24, 60) if months <= 8 * step), 120)
    marks = sorted({1, *range(step, months + 1, step)})
    return [float(mark) for mark in marks], [f"{mark}" for mark in marks]
