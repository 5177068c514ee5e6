"""The map of structures: which one wins where, by how much, and where that is not sure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.model.plan import Plan
from salessim.show.page import Page
from salessim.show.style import STYLE, looks_of, mixed
from salessim.study.phrases import phrase, quantity
from salessim.words import label
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.study.phase_map import PhaseMap
    from salessim.study.position import Position

__all__ = ["phase_alt_text", "phase_counts", "phase_figure", "phase_finding"]

_LEFT, _GAP = 28.0, 54.0
_LOW = 400  # pixels: a lower page has no room for a heading

_TEXT = {
    "en": {
        "everywhere": "{first} leads at all {n} points of the map",
        "varies": "No structure is best everywhere: {shares}",
        "share": "{structure} leads at {count} of {n} points",
        "more shares": "{structure} at {count}",
        "under": "Highest {measure} in {replications} futures; %: lead over the second best. Hatched: not sure, the "
        "lead is below twice its standard error ({unsure} of {n} points).",
        "panel": "{distance} km across",
        "leads": "of {n} points: {counts}",
        "count": "{structure} {count}",
        "complexity": "complexity of products",
        "here": "you are here",
        "alt": "At {distance} km, complexity {complexity}, difference {difference}: {structure}, {lead} ahead{unsure}.",
        "alt unsure": ", not sure",
        "stop": ".",
        "note": "The map follows from the mechanisms and the values assumed for them; no published measurement of it "
        "exists.",
    },
    "zh": {
        "everywhere": "在图上全部{n}个点，领先的都是{first}",
        "varies": "没有处处最优的结构：{shares}",
        "share": "{structure}在{n}个点中的{count}个领先",
        "more shares": "{structure}{count}个",
        "under": "{replications}个未来情形中{measure}最高者；百分数：领先第二名的幅度。斜线：尚不确定，"
        "领先不足标准误的两倍（{n}个点中的{unsure}个）。",
        "panel": "区域跨度{distance}公里",
        "leads": "{n}个点中：{counts}",
        "count": "{structure}{count}个",
        "complexity": "产品复杂度",
        "here": "您在这里",
        "alt": "跨度{distance}公里，复杂度{complexity}，差异度{difference}：{structure}，领先{lead}{unsure}。",
        "alt unsure": "，尚不确定",
        "stop": "。",
        "note": "此图出自各机制及其假设值；目前没有已发表的实测结果。",
    },
}  # fmt: skip


class _Panel(NamedTuple):
    """The panel of one distance: its place among the distances and its edges in pixels."""

    number: int
    left: float
    top: float
    right: float
    bottom: float


def phase_figure(
    phase_map: PhaseMap, language: str = "en", *, here: Position | None = None,
    known: NDArray[np.bool_] | None = None, width: int = 1280, height: int = 720,
) -> Figure:  # fmt: skip
    """Draw a map of structures, one panel per distance.

    Each cell has the colour of the structure that wins there, its name and its lead over the second; the stronger the
    lead, the stronger the colour. A cell whose winner is not sure is hatched.

    Parameters
    ----------
    phase_map : PhaseMap
    language : {"en", "zh"}
    here : Position, optional
        Where the firm stands; marked in the panel of the nearest distance. See `salessim.study.position.position`.
    known : (distances, complexities, differences) bool array, optional
        Points that are found already; the others are left empty. All of them where it is not given.
    width, height : int
        In pixels. A low picture has the panels only: the finding is `phase_finding`, to be said beside it.

    Returns
    -------
    matplotlib.figure.Figure
        12.8 by 7.2 inches at 100 dots to the inch. Nothing is shown or saved.

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.phase_map import phase_map
    >>> market, plan = preset("small")
    >>> point = {"complexities": [0.2, 0.8], "differences": [0.5], "distances": [200.0]}
    >>> len(phase_figure(phase_map(market, plan, months=2, replications=2, **point)).axes)
    1
    """
    found = np.ones(phase_map.values.shape[:3], dtype=bool) if known is None else known
    return _Map(phase_map, checked_language(language), here, found, Page(height, width)).draw()


def phase_finding(phase_map: PhaseMap, language: str = "en", *, known: NDArray[np.bool_] | None = None) -> str:
    """Say in one line who leads where; parameters and errors as in `phase_figure`.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.phase_map import phase_map
    >>> point = {"complexities": [0.2], "differences": [0.5], "distances": [200.0]}
    >>> phase_finding(phase_map(*preset("small"), months=2, replications=2, **point))[-32:]
    'leads at all 1 points of the map'
    """
    found = np.ones(phase_map.values.shape[:3], dtype=bool) if known is None else known
    return _finding(phase_map, checked_language(language), found)


def phase_alt_text(phase_map: PhaseMap, language: str = "en") -> str:
    """Say what the map shows to those who cannot see it: the finding, then every point.

    Parameters and errors as in `phase_figure`.
    """
    words = _TEXT[checked_language(language)]
    parts = [phase_finding(phase_map, language) + words["stop"]]
    for point in np.ndindex(*phase_map.winner.shape):
        winner = phase_map.structures[phase_map.winner[point]]
        parts.append(
            words["alt"].format(
                distance=quantity(phase_map.distances[point[0]], language),
                complexity=f"{phase_map.complexities[point[1]]:g}", difference=f"{phase_map.differences[point[2]]:g}",
                structure=label(f"structure.{winner}", language),
                lead=_percent(float(phase_map.lead[point]), language),
                unsure="" if phase_map.sure[point] else words["alt unsure"],
            )
        )  # fmt: skip
    return phrase(language, "space").join(parts)


def _finding(phase_map: PhaseMap, language: str, known: NDArray[np.bool_]) -> str:
    """Say in one line who leads where, of the points that are known."""
    words = _TEXT[language]
    counts = _counts(phase_map.winner[known], len(phase_map.structures))
    order = [i for i in sorted(range(len(counts)), key=lambda i: -counts[i]) if counts[i]]
    names = [label(f"structure.{phase_map.structures[i]}", language) for i in order]
    n = int(known.sum())
    if len(order) == 1:
        return words["everywhere"].format(first=_capital(names[0]), n=n)
    shares = [
        words["share" if place == 0 else "more shares"].format(structure=name, count=counts[i], n=n)
        for place, (i, name) in enumerate(zip(order, names, strict=True))
    ]
    return words["varies"].format(shares=phrase(language, "comma").join(shares))


def phase_counts(phase_map: PhaseMap, language: str = "en", *, known: NDArray[np.bool_] | None = None) -> str:
    """Say at how many points each structure leads, without a verdict; parameters and errors as in `phase_figure`."""
    words = _TEXT[checked_language(language)]
    winner = phase_map.winner if known is None else phase_map.winner[known]
    counts = _counts(winner, len(phase_map.structures))
    order = [i for i in sorted(range(len(counts)), key=lambda i: -counts[i]) if counts[i]]
    names = [label(f"structure.{phase_map.structures[i]}", language) for i in order]
    each = [words["count"].format(structure=name, count=counts[i]) for i, name in zip(order, names, strict=True)]
    return words["leads"].format(n=winner.size, counts=phrase(language, "comma").join(each))


class _Map:
    def __init__(
        self, phase_map: PhaseMap, language: str, here: Position | None, known: NDArray[np.bool_], page: Page
    ) -> None:
        self.map = phase_map
        self.language = language
        self.words = _TEXT[language]
        self.here = here
        self.known = known
        self.winner, self.lead, self.sure = phase_map.winner, phase_map.lead, phase_map.sure  # each is computed anew
        self.page = page
        self.low = page.height < _LOW
        self.left, self.right = (4.0, page.width - 6.0) if self.low else (_LEFT, page.width - _LEFT)
        self.looks = looks_of({name: Plan(structure=name, reps=1) for name in phase_map.structures})
        self.names = [label(f"structure.{name}", language) for name in phase_map.structures]

    def draw(self) -> Figure:
        page, found = self.page, self.map
        if self.low:
            for panel in self._panels(2.0, 0.0):
                self._panel(panel)
            return page.figure
        said = _finding(found, self.language, self.known)
        lines, size = page.fitted(said, (STYLE["title"], 22, 20), self.right - self.left, 2, even=True)
        y = page.block(_LEFT, 20, lines, size) + 6
        under = self.words["under"].format(
            measure=label(f"measure.{found.measure_name}", self.language), replications=found.values.shape[3],
            unsure=int((~self.sure & self.known).sum()), n=int(self.known.sum()),
        )  # fmt: skip
        lines, size = page.fitted(under, (STYLE["subtitle"], STYLE["text"]), self.right - self.left, 3)
        top = page.block(_LEFT, y, lines, size, STYLE["faint"]) + 20
        for panel in self._panels(top, 36.0):
            self._panel(panel)
        note, small = page.fitted(self.words["note"], (STYLE["small"], 13), self.right - self.left, 1)
        page.block(_LEFT, page.height - 30, note, small, STYLE["faint"])
        return page.figure

    def _panels(self, top: float, foot: float) -> list[_Panel]:
        """Share out the page: panels side by side, in two rows where there are more than three."""
        count = len(self.map.distances)
        rows = 1 if count <= 3 else math.ceil(count / math.ceil(math.sqrt(count)))
        columns = math.ceil(count / rows)
        gap = 24.0 if self.low else _GAP
        wide, high = (self.right - self.left + gap) / columns, (self.page.height - foot - top) / rows
        corners = [(self.left + (n % columns) * wide, top + (n // columns) * high) for n in range(count)]
        return [_Panel(n, x, y, x + wide - gap, y + high) for n, (x, y) in enumerate(corners)]

    def _panel(self, panel: _Panel) -> None:
        page, found, small = self.page, self.map, STYLE["small"]
        y_name = label("setting.difference", self.language)
        x_name = self.words["complexity"]
        y_texts = [f"{value:g}" for value in found.differences]
        left = panel.left + max(page.wide(text, small) for text in y_texts) + 10
        upper, lower = (panel.top + 40, panel.bottom - 24) if self.low else (panel.top + 54, panel.bottom - 52)
        head = STYLE["small"] + 1 if self.low else STYLE["head"]
        title = self.words["panel"].format(distance=quantity(found.distances[panel.number], self.language))
        page.text(panel.left, panel.top, _capital(title), head)
        axes = f"↑ {y_name} · {x_name} →" if self.low else f"↑ {y_name}"
        page.text(panel.left, panel.top + (19 if self.low else 29), axes, small, STYLE["faint"])
        leads = self._leads(panel.number)
        if not self.low and page.wide(leads, small) + page.wide(title, head) + 24 < panel.right - panel.left:
            page.text(panel.right, panel.top + 3, leads, small, STYLE["faint"], right=True)
        ax = page.axes(left, upper, panel.right, lower)
        ax.set_xlim(-0.5, len(found.complexities) - 0.5)
        ax.set_ylim(-0.5, len(found.differences) - 0.5)
        page.ticks(ax, "x", range(len(found.complexities)), [f"{value:g}" for value in found.complexities])
        page.ticks(ax, "y", range(len(found.differences)), y_texts)
        if not self.low:
            page.text(panel.right, lower + 28, f"{x_name} →", small, STYLE["faint"], right=True)
        wide = (panel.right - left) / len(found.complexities)
        high = (lower - upper) / len(found.differences)
        cells = [(j, k) for j in range(len(found.complexities)) for k in range(len(found.differences))]
        self._grounds(ax, panel.number, cells)
        for j, k in cells:
            if self.known[panel.number, j, k]:
                middle = (left + (j + 0.5) * wide, lower - (k + 0.5) * high)
                self._cell(ax, (panel.number, j, k), middle, wide, high)
        if self.here is not None and panel.number == _nearest(self.here.distance, found.distances):
            self._mark(ax, panel, left, wide, lower, high)

    def _tint(self, place: tuple[int, int, int]) -> str:
        """Return the ground of a cell: the stronger the lead, the stronger the colour; white where it is not found."""
        if not self.known[place]:
            return str(STYLE["ground"])
        look = self.looks[self.map.structures[int(self.winner[place])]]
        strength = _strength(float(self.lead[place])) if self.sure[place] else 0.16
        return mixed("#ffffff", look.colour, strength)

    def _grounds(self, ax: Axes, number: int, cells: Sequence[tuple[int, int]]) -> None:
        """Draw the grounds of all cells of a panel as one artist: one for each would take longer than all the rest."""
        from matplotlib.collections import PolyCollection

        corners = [[(j + x, k + y) for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))] for j, k in cells]
        known = [bool(self.known[number, j, k]) for j, k in cells]
        ax.add_collection(
            PolyCollection(
                corners, facecolors=[self._tint((number, j, k)) for j, k in cells], linewidths=2.0, zorder=1,
                edgecolors=["#ffffff" if found else STYLE["band"] for found in known],
            ), autolim=False,
        )  # fmt: skip

    def _cell(
        self, ax: Axes, place: tuple[int, int, int], middle: tuple[float, float], wide: float, high: float
    ) -> None:
        """Write into a cell who wins and by how much; hatch it where that is not sure."""
        from matplotlib.patches import Rectangle

        found, page = self.map, self.page
        winner, lead, sure = int(self.winner[place]), float(self.lead[place]), bool(self.sure[place])
        look, tint = self.looks[found.structures[winner]], self._tint(place)
        if not sure:
            ax.add_patch(
                Rectangle((place[1] - 0.5, place[2] - 0.5), 1, 1, facecolor="none", edgecolor="#ffffff", linewidth=2.0,
                          zorder=2, hatch="//", hatch_linewidth=1.4, hatchcolor=mixed("#ffffff", look.colour, 0.5))
            )  # fmt: skip
        number = _percent(lead, self.language)
        if self.low and high >= 30 and page.wide(self.names[winner], 13) <= wide - 6:
            self._write(((self.names[winner], 13.0, -8.0), (number, 13.0, 8.0)), middle, tint, sure)
            return
        name = self._fit(self.names[winner], wide - 14)
        if high >= 42 and page.wide(number, STYLE["text"]) <= wide - 8:
            lines = [(name, STYLE["text"], -10.0), (number, STYLE["text"], 11.0)]
        elif high >= 20:
            both = f"{name} {number}"
            lines = [(both if page.wide(both, STYLE["small"]) <= wide - 8 else name, STYLE["small"], 0.0)]
        else:
            lines = []
        self._write(lines, middle, tint, sure)

    def _write(
        self, lines: Sequence[tuple[str, float, float]], middle: tuple[float, float], tint: str, sure: bool
    ) -> None:
        """Write lines about the middle of a cell; on a plain ground where the cell is hatched."""
        page = self.page
        for text, size, shift in lines:
            written = page.text(middle[0], middle[1] + shift, text, size, centre=True, middle=True)
            if not sure:
                written.set_bbox({"facecolor": tint, "edgecolor": "none", "pad": 1.0})

    def _fit(self, name: str, wide: float) -> str:
        """Return a name, or its first letter where the name is too wide."""
        return name if self.page.wide(name, STYLE["text"]) <= wide else name[:1].upper()

    def _mark(self, ax: Axes, panel: _Panel, left: float, wide: float, lower: float, high: float) -> None:
        """Mark where the firm stands: a ring in its place, the words at the side that has room."""
        assert self.here is not None
        x = _between(self.here.complexity, self.map.complexities)
        y = _between(self.here.difference, self.map.differences)
        ring = 11.0 if self.low else 17.0
        for colour, width in (("#ffffff", 5.0), (STYLE["ink"], 2.6)):
            ax.plot([x], [y], marker="o", markersize=ring, markerfacecolor="none", markeredgecolor=colour,
                    markeredgewidth=width, linestyle="none", zorder=6, clip_on=False)  # fmt: skip
        text = self.words["here"]
        across, up = left + (x + 0.5) * wide, lower - (y + 0.5) * high
        letters, beside = (13.0, 13.0) if self.low else (STYLE["text"], 18.0)
        needs = self.page.wide(text, letters) + beside + 6
        on_left = across + needs > panel.right
        written = self.page.text(
            across - beside if on_left else across + beside, up, text, letters, STYLE["ink"], right=on_left, middle=True
        )
        written.set_bbox({"facecolor": "#ffffff", "edgecolor": STYLE["ink"], "linewidth": 1.0,
                          "pad": 1.5 if self.low else 3.0})  # fmt: skip
        written.set_zorder(7)

    def _leads(self, number: int) -> str:
        """Say how many points of a panel each structure leads."""
        here = np.zeros_like(self.known)
        here[number] = self.known[number]
        return phase_counts(self.map, self.language, known=here)


def _counts(winner: np.ndarray, structures: int) -> list[int]:
    return [int(count) for count in np.bincount(winner.ravel(), minlength=structures)]


def _strength(lead: float) -> float:
    """Return how strong the colour of a lead is: strongest from 15 % on, where black still stands out from it."""
    return 0.28 + 0.44 * min(max(lead, 0.0) / 0.15, 1.0)


def _percent(lead: float, language: str) -> str:
    text = f"{100 * lead:.0f}" if lead >= 0.0095 else "<1"
    return (
        "+" + phrase(language, "percent", number=text) if lead >= 0.0095 else phrase(language, "percent", number=text)
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _nearest(value: float, among: Sequence[float]) -> int:
    return min(range(len(among)), key=lambda i: abs(among[i] - value))


def _between(value: float, points: Sequence[float]) -> float:
    """Return where a value lies among the cells, held to the map."""
    if len(points) == 1:
        return 0.0
    order = np.argsort(points)
    return float(np.interp(value, np.array(points)[order], order))
