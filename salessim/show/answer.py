"""The page of the answer: above the verdict, left the differences and their spread, right revenue over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.measures import measure
from salessim.show.curves import draw_revenue
from salessim.show.page import Page, signed_ticks
from salessim.show.style import STYLE, Look, looks_of, mixed
from salessim.study.judgement import Judgement, Kind
from salessim.study.phrases import figures, phrase, quantity, share
from salessim.study.wording import (
    audit_lines,
    capital,
    names_for_sentences,
    plan_labels,
    scale,
    second_line,
    strongest_assumptions,
    what_it_hangs_on,
)
from salessim.words import label, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.study.study import Study

__all__ = ["Answer"]

Floats = NDArray[np.float64]

# Edges of the left and of the right half, in pixels.
_LEFT, _MIDDLE, _START, _RIGHT = 28, 752, 808, 1254
_FEWEST_FOR_BAR = 10


class _Row(NamedTuple):
    """One plan in the two panels of differences."""

    name: str
    look: Look
    judgement: Judgement


class Answer:
    """The page in the making; what stands where depends on how long the words are.

    Parameters
    ----------
    study : Study
    language : {"en", "zh"}
    """

    def __init__(self, study: Study, language: str) -> None:
        self.study = study
        self.language = language
        self.names = plan_labels(study, language)
        self.words = names_for_sentences(study, language)
        looks = looks_of(study.plans)
        self.looks = [looks[name] for name in study.names]
        self.rows = [_Row(self.names[one.plan], self.looks[one.plan], one) for one in study.judged.judgements]
        self.page = Page(max(int(STYLE["height"]), 400 + 64 * len(self.rows)))
        self.relative = not any(math.isnan(row.judgement.relative_difference) for row in self.rows)
        self.delta = 100.0 * study.delta if self.relative else 0.0
        self.factor, self.unit = 0.01, ""
        if not self.relative:
            judged = [row.judgement for row in self.rows]
            ends = [abs(x) for one in judged for x in (one.difference, one.low, one.high) if math.isfinite(x)]
            self.factor, self.unit = scale(max(ends), self.words["unit"], language)
        widest = max(self.page.wide(row.name, STYLE["text"]) for row in self.rows)
        self.label_width = min(max(widest, 40.0), 176.0)
        self.left = _LEFT + self.label_width + 20
        self.foot = self.page.height - 46.0

    def draw(self) -> Figure:
        """Draw everything and return the figure."""
        top = self._heading() + 26
        varied = self.study.assumed is not None
        split = top + 0.54 * (self.foot - top) if varied else self.foot
        self._differences(top, split)
        self._revenue(top, split)
        if varied:
            self._assumptions(split + 18)
            self._hangs_on(split + 18)
        self._footer()
        return self.page.figure

    # ---------------------------------------------------------------------------------------------------- head, foot

    def _heading(self) -> float:
        """Write the verdict and its second line."""
        said = self.study.judged.lines(self.language, **self.words)
        settled = all(row.judgement.kind in (Kind.WORSE, Kind.PRACTICALLY_EQUAL) for row in self.rows)
        under = [said[1]] if settled else []
        under.append(second_line(self.study, self.language))
        width = _RIGHT - _LEFT
        lines, size = self.page.fitted(said[0], (STYLE["title"], 22, 20, 18), width, 2, even=True)
        y = self.page.block(_LEFT, 20, lines, size) + 6
        text = phrase(self.language, "space").join(under)
        lines, size = self.page.fitted(text, (STYLE["subtitle"], STYLE["text"]), width, 3)
        return self.page.block(_LEFT, y, lines, size, STYLE["faint"])

    def _footer(self) -> None:
        """Write how the figures were made and what is left out."""
        study, language = self.study, self.language
        setup = {"months": study.months, "replications": study.replications, "seed": study.seed}
        parts = [sentence("setup", language, **setup)]
        parts += audit_lines(study, language)
        if any(study.moved.values()):
            parts.append(sentence("moving cost short", language))
        if study.market.distance_assumed:
            parts.append(label("setting.distance_assumed", language))
        lines, size = self.page.fitted("  ·  ".join(parts), (STYLE["small"], 13), _RIGHT - _LEFT, 1)
        self.page.block(_LEFT, self.page.height - 32, lines, size, STYLE["faint"])

    # --------------------------------------------------------------------------------------------------- differences

    def _differences(self, top: float, end: float) -> None:
        """Draw the differences in the replications with their intervals and verdicts."""
        page, rows = self.page, self.rows
        words = [self._verdict(row.judgement) for row in rows]
        margin = max(max(page.wide(a, STYLE["text"]), page.wide(b, STYLE["small"])) for a, b in words)
        right = _MIDDLE - margin - 20
        page.block(_LEFT, top, page.wrapped(self._title(), STYLE["head"], _MIDDLE - _LEFT, 1), STYLE["head"])
        level = share(rows[0].judgement.level, self.language)
        inner = share(2 * rows[0].judgement.level - 1, self.language)
        note = sentence("intervals", self.language, level=level, inner=inner)
        if self.delta:
            delta = quantity(self.study.delta, self.language, relative=True)
            note += sentence("band", self.language, delta=delta)
        notes, size = page.fitted(note, (STYLE["small"], 13), _MIDDLE - _LEFT, 2)
        upper, lower = top + 32, min(end - 32 - 1.32 * size * len(notes), top + 32 + 130.0 * len(rows))
        numbers = [self._numbers(row.judgement) for row in rows]
        ax = self._panel(upper, right, lower, [x for five in numbers for x in five], self.delta, self.relative)
        for y, (row, five, (word, text)) in enumerate(zip(rows, numbers, words, strict=True)):
            _interval(ax, y, row.look, five)
            middle = self._name(row, y, upper, lower)
            page.text(_MIDDLE - margin, middle - 9, word, STYLE["text"], row.look.ink, middle=True)
            page.text(_MIDDLE - margin, middle + 10, text, STYLE["small"], STYLE["faint"], middle=True)
        page.block(_LEFT, lower + 30, notes, size, STYLE["faint"])

    def _assumptions(self, top: float) -> None:
        """Draw the difference of each plan at every draw of the assumptions."""
        assert self.study.assumed is not None
        page, gaps = self.page, 100.0 * self.study.assumed.differences
        sign = 1.0 if self.rows[0].judgement.higher_is_better else -1.0
        places = [row.judgement.plan for row in self.rows]
        wins = [share(float((sign * gaps[:, place] > 0).mean()), self.language) for place in places]
        ahead = [sentence("ahead", self.language, share=win) for win in wins]
        margin = max(page.wide(text, STYLE["text"]) for text in ahead)
        right = _MIDDLE - margin - 20
        page.text(_LEFT, top, sentence("draws title", self.language, n=len(gaps)), STYLE["head"])
        upper, lower = top + 32, min(self.foot - 52, top + 32 + 100.0 * len(self.rows))
        ax = self._panel(upper, right, lower, gaps[:, places].ravel().tolist(), 100.0 * self.study.delta, True)
        for y, (row, text) in enumerate(zip(self.rows, ahead, strict=True)):
            _cloud(ax, y, gaps[:, row.judgement.plan], row.look)
            middle = self._name(row, y, upper, lower)
            page.text(_MIDDLE - margin, middle, text, STYLE["text"], row.look.ink, middle=True)
        key = "draws note" if len(gaps) >= _FEWEST_FOR_BAR else "draws note few"
        page.text(_LEFT, lower + 30, sentence(key, self.language), STYLE["small"], STYLE["faint"])

    def _panel(
        self, upper: float, right: float, lower: float, values: Sequence[float], delta: float, percent: bool
    ) -> Axes:
        """Return axes for one row per plan, with the band that does not matter and the line of the baseline."""
        finite = [x for x in values if math.isfinite(x)] + [0.0, 1.25 * delta, -1.25 * delta]
        low, high = min(finite), max(finite)
        room = 0.07 * (high - low) or 1.0
        low, high = low - room, high + room
        ax = self.page.axes(self.left, upper, right, lower)
        ax.set_xlim(low, high)
        ax.set_ylim(len(self.rows) - 0.5, -0.5)
        self.page.ticks(ax, "y", [], [])
        if delta:
            ax.axvspan(-delta, delta, color=STYLE["band"], linewidth=0, zorder=0)
        ax.axvline(0.0, color=STYLE["faint"], linewidth=1.4, linestyle="solid", marker="none", zorder=1)
        places, numbers = signed_ticks(low, high, max(int((right - self.left) / 84), 2))
        texts = [phrase(self.language, "percent", number=number) for number in numbers] if percent else numbers
        self.page.ticks(ax, "x", places, texts)
        return ax

    def _name(self, row: _Row, y: int, upper: float, lower: float) -> float:
        """Write the name of a plan to the left of its row and return the middle of the row."""
        middle = upper + (lower - upper) * (y + 0.5) / len(self.rows)
        lines, size = self.page.fitted(row.name, (STYLE["text"], STYLE["small"]), self.label_width, 2, even=True)
        for n, line in enumerate(lines):
            at = middle + 18 * (n - (len(lines) - 1) / 2)
            self.page.text(_LEFT, at, line, size, row.look.ink, middle=True)
        return middle

    def _title(self) -> str:
        """Return what the axis of differences shows, and which side of it is good."""
        names = {"measure": capital(self.words["measure"]), "baseline": self.names[self.study.baseline]}
        if self.unit:
            title = sentence("axis difference unit", self.language, unit=self.unit, **names)
        else:
            title = sentence("axis difference", self.language, **names)
        better = measure(self.study.measure_name).better
        if better == "neither":
            return title
        return sentence("better right" if better == "up" else "better left", self.language, axis=title)

    def _verdict(self, one: Judgement) -> tuple[str, str]:
        """Return the verdict on a plan in a word, and its difference with the interval."""
        if self.relative:
            three = figures(one.relative_difference, one.relative_low, one.relative_high, self.language, relative=True)
        else:
            three = figures(one.difference, one.low, one.high, self.language, unit=self.words["unit"])
        between = sentence("range", self.language, low=three[1], high=three[2])
        estimate = sentence("estimate", self.language, mean=three[0], range=between)
        return label(f"verdict.{one.kind.value}", self.language), estimate

    def _numbers(self, one: Judgement) -> tuple[float, float, float, float, float]:
        """Return difference, interval and interval of the test for equality in the unit of the axis."""
        if self.relative:
            five = (
                one.relative_difference, one.relative_low, one.relative_high, one.relative_equivalence_low,
                one.relative_equivalence_high,
            )  # fmt: skip
        else:
            five = (one.difference, one.low, one.high, one.equivalence_low, one.equivalence_high)
        mean, low, high, inner_low, inner_high = (x / self.factor for x in five)
        return mean, low, high, inner_low, inner_high

    # ----------------------------------------------------------------------------------------------------- right half

    def _revenue(self, top: float, end: float) -> None:
        draw_revenue(self.page, self.study, self.looks, self.names, self.language, (_START, top, _RIGHT, end))

    def _hangs_on(self, top: float) -> None:
        """Write what the verdict hangs on."""
        page, strongest = self.page, strongest_assumptions(self.study, self.language)
        if not strongest:
            lines = page.wrapped(what_it_hangs_on(self.study, self.language), STYLE["text"], _RIGHT - _START)
            page.block(_START, top, lines, STYLE["text"])
            return
        page.text(_START, top, sentence("hangs title", self.language), STYLE["head"])
        y = top + 32
        for factor in strongest:
            head = page.wrapped(f"{capital(factor.name)}  {factor.share}", STYLE["text"], _RIGHT - _START, 1)
            y = page.block(_START, y, head, STYLE["text"])
            under = page.wrapped(factor.direction, STYLE["small"], _RIGHT - _START, 1)
            y = page.block(_START, y, under, STYLE["small"], STYLE["faint"]) + 7
        note = page.wrapped(sentence("hangs note", self.language), STYLE["small"], _RIGHT - _START)
        page.block(_START, y + 3, note, STYLE["small"], STYLE["faint"])


def _interval(ax: Axes, y: int, look: Look, numbers: Sequence[float]) -> None:
    """Draw one difference with its two intervals; where one has no end, an arrow at the edge says so."""
    low, high = ax.get_xlim()
    mean, *bounds = numbers
    ends = [min(max(bound, low), high) for bound in bounds]
    ax.plot(ends[2:], [y, y], color=mixed(look.colour, "#ffffff", 0.5), linewidth=9.0, linestyle="solid", marker="none",
            zorder=2, solid_capstyle="butt")  # fmt: skip
    ax.plot(ends[:2], [y, y], color=look.colour, linewidth=2.2, linestyle="solid", marker="none", zorder=3,
            solid_capstyle="butt")  # fmt: skip
    for bound, edge, arrow in ((bounds[0], low, "<"), (bounds[1], high, ">")):
        if math.isinf(bound):
            _mark(ax, edge, y, arrow, look.colour, 8.0)
    _mark(ax, mean, y, look.marker, look.colour, 11.0)


def _cloud(ax: Axes, y: int, values: Floats, look: Look) -> None:
    """Draw the draws of one plan as dots, spread by their rank so that the picture is the same every time."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    golden = (math.sqrt(5.0) - 1.0) / 2.0
    height = 0.56 * ((order * golden) % 1.0 - 0.5)
    if len(values) >= _FEWEST_FOR_BAR:
        ends = np.quantile(values, [0.1, 0.9])
        ax.plot(ends, [y, y], color=mixed(look.colour, "#ffffff", 0.72), linewidth=15.0, linestyle="solid",
                marker="none", zorder=2, solid_capstyle="butt")  # fmt: skip
    ax.scatter(values, y + height, s=26.0 if len(values) <= 100 else 12.0, color=look.colour, alpha=0.6, linewidths=0,
               marker="o", zorder=3)  # fmt: skip
    middle = float(np.median(values))
    ax.plot([middle, middle], [y - 0.38, y + 0.38], color=look.ink, linewidth=2.6, linestyle="solid", marker="none",
            zorder=4)  # fmt: skip


def _mark(ax: Axes, x: float, y: float, marker: str, colour: str, size: float) -> None:
    ax.plot([x], [y], marker=marker, color=colour, markersize=size, markerfacecolor=colour, markeredgecolor="#ffffff",
            markeredgewidth=1.2, linestyle="none", clip_on=False, zorder=5)  # fmt: skip
