"""A page measured in pixels to write and draw on, with fonts for every language and lines broken as its script asks.

Everything is given to each text, line and axis as it is made. Settings of matplotlib (``rcParams``) are never changed,
because they belong to the whole process and figures are drawn in threads; of a user's own settings only those count
that say how finely lines and letters are drawn.

``fonts/NotoSansSC-Subset.ttf`` is a subset of Noto Sans SC 2.004 (SIL Open Font License, ``fonts/OFL.txt``) made with
fontTools: Latin letters, punctuation and the 6763 characters of GB 2312. What it lacks comes from DejaVu Sans, which
matplotlib brings along, then from a Chinese font of the machine if there is one; else a box stands for it.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.show.style import STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties
    from matplotlib.text import Text

__all__ = ["Page", "drawable", "font", "plain_ticks", "png", "signed_ticks"]

_FAMILY = "Noto Sans SC Subset"
_FONT = Path(__file__).parent / "fonts" / "NotoSansSC-Subset.ttf"
_LAST = "DejaVu Sans"
_SYSTEM = ("Microsoft YaHei", "PingFang SC", "Noto Sans CJK SC", "Source Han Sans SC", "WenQuanYi Micro Hei")
_MISSING = "□"

# Where a line may not be broken: before closing punctuation and signs, after opening punctuation.
_CLOSING = frozenset("，。；：、！？）」』】》”’…,.;:!?)]}%·+−")
_OPENING = frozenset("（「『【《“‘([{±")


class Page:
    """A figure measured in pixels from its top left corner, at 100 pixels to the inch.

    Parameters
    ----------
    height, width : int, optional
        In pixels; 720 and 1280 unless given.
    """

    def __init__(self, height: int | None = None, width: int | None = None) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width = width or int(STYLE["width"])
        self.height = height or int(STYLE["height"])
        dots = STYLE["dots"]
        size = (self.width / dots, self.height / dots)
        self.figure: Figure = Figure(figsize=size, dpi=dots, facecolor=STYLE["ground"], edgecolor="none")
        self.figure.set_layout_engine("none")
        FigureCanvasAgg(self.figure)

    def text(
        self, x: float, y: float, text: str, size: float | None = None, colour: str | None = None, *,
        right: bool = False, centre: bool = False, middle: bool = False,
    ) -> Text:  # fmt: skip
        """Write one line: `x` is its left end (or right end, or centre), `y` its top (or middle)."""
        return self.figure.text(
            x / self.width, 1.0 - y / self.height, drawable(text), color=colour or STYLE["ink"],
            fontproperties=font(size or STYLE["text"]), ha="right" if right else "center" if centre else "left",
            va="center" if middle else "top", parse_math=False, usetex=False,
        )  # fmt: skip

    def block(self, x: float, y: float, lines: Sequence[str], size: float, colour: str | None = None) -> float:
        """Write lines under one another; return where the next one would begin."""
        for line in lines:
            self.text(x, y, line, size, colour)
            y += round(1.32 * size)
        return y

    def axes(self, left: float, top: float, right: float, bottom: float) -> Axes:
        """Return bare axes between these edges: a line below, nothing else."""
        ax = self.figure.add_axes(
            (left / self.width, 1.0 - bottom / self.height, (right - left) / self.width, (bottom - top) / self.height),
            facecolor="none", frame_on=True,
        )  # fmt: skip
        ax.grid(False, which="both")
        for side, spine in ax.spines.items():
            spine.set(visible=side == "bottom", color=STYLE["line"], linewidth=STYLE["thin"])
        ax.tick_params(which="both", length=0, width=STYLE["thin"], color=STYLE["line"], pad=5, bottom=True, left=False,
                       right=False, top=False, labelbottom=True, labelleft=True, labelright=False,
                       labeltop=False)  # fmt: skip
        ax.tick_params(axis="x", which="major", length=4, direction="out")
        ax.set_axisbelow(True)
        return ax

    def ticks(self, ax: Axes, axis: str, places: Sequence[float], labels: Sequence[str]) -> None:
        """Put labelled ticks on an axis."""
        put, across, down = (ax.set_xticks, "center", "top") if axis == "x" else (ax.set_yticks, "right", "center")
        put(list(places), [drawable(label) for label in labels], fontproperties=font(STYLE["small"]),
            color=STYLE["faint"], rotation=0, parse_math=False, usetex=False, ha=across, va=down)  # fmt: skip
        put([], minor=True)

    def wide(self, text: str, size: float) -> float:
        """Return the width of one line in pixels; drawn letters are set on whole pixels, which takes a little more."""
        return 1.02 * size * sum(_advance(char) for char in drawable(text))

    def wrapped(self, text: str, size: float, width: float, most: int = 99) -> list[str]:
        """Break a text into lines no wider than `width`, by the rules of its script; "…" where more than `most`."""
        lines: list[str] = []
        current = ""
        for piece in _pieces(drawable(text)):
            if current and self.wide((current + piece).rstrip(), size) > width:
                lines.append(current.rstrip())
                current = ""
            while self.wide(piece.rstrip(), size) > width and len(piece) > 1:
                fits = self._longest(piece, size, width)
                lines.append(piece[:fits])
                piece = piece[fits:]
            current += piece
        if current.strip():
            lines.append(current.rstrip())
        if len(lines) > most:
            last = lines[most - 1] + " " + lines[most]
            lines = [*lines[: most - 1], last[: self._longest(last, size, width, "…")].rstrip() + "…"]
        return lines

    def fitted(
        self, text: str, sizes: Sequence[float], width: float, most: int, *, even: bool = False
    ) -> tuple[list[str], float]:
        """Break a text into at most `most` lines in the largest size that allows it; `even` makes the lines alike."""
        for size in sizes:
            lines = self.wrapped(text, size, width)
            if len(lines) <= most:
                break
        else:
            return self.wrapped(text, sizes[-1], width, most), sizes[-1]
        if even and len(lines) > 1:
            tries = (self.wrapped(text, size, width * part / 20) for part in range(11, 20))
            lines = next((tried for tried in tries if len(tried) == len(lines)), lines)
        return lines, size

    def _longest(self, text: str, size: float, width: float, end: str = "") -> int:
        """Return how many characters of a text fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.wide(text[:middle].rstrip() + end, size) <= width:
                low = middle
            else:
                high = middle - 1
        return low


def png(figure: Figure, fine: float = 2.0) -> bytes:
    """Return a figure as a PNG picture for a screen, with `fine` dots per pixel of the page.

    It is hardly compressed: it goes to a browser on the same machine, and packing would take longer than sending.
    """
    store = io.BytesIO()
    figure.savefig(store, format="png", dpi=fine * STYLE["dots"], pil_kwargs={"compress_level": 1})
    return store.getvalue()


def font(size: float) -> FontProperties:
    """Return the font of a size in pixels, with its fall-backs."""
    from matplotlib.font_manager import FontProperties

    points = size * 72.0 / STYLE["dots"]
    return FontProperties(family=list(_families()), size=points, style="normal", weight="normal", stretch="normal")


def drawable(text: str) -> str:
    """Return the text on one line with a box for every character that no font at hand can draw."""
    line = " ".join(text.split())
    kept = [char for char in line if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Cn")]
    return "".join(char if any(ord(char) in known for _, known in _fonts()) else _MISSING for char in kept)


def plain_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """Return round places between two ends, about `most` of them, and how they are written.

    Examples
    --------
    >>> plain_ticks(0, 1.1, 5)
    ([0.0, 0.25, 0.5, 0.75, 1.0], ['0', '0.25', '0.50', '0.75', '1.00'])
    """
    from matplotlib.ticker import MaxNLocator

    found = MaxNLocator(nbins=max(most, 1), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    places = [float(place) + 0.0 for place in found if low <= place <= high]
    step = float(found[1] - found[0]) if len(found) > 1 else 1.0
    decimals = next((d for d in range(9) if abs(round(step, d) - step) < 1e-6 * step), 9)
    return places, [f"{place:,.{decimals}f}" if abs(place) > 1e-9 * step else "0" for place in places]


def signed_ticks(low: float, high: float, most: int) -> tuple[list[float], list[str]]:
    """Return ticks like `plain_ticks`, written with their signs.

    Examples
    --------
    >>> signed_ticks(-3, 5, 4)[1]
    ['−2', '0', '+2', '+4']
    """
    places, texts = plain_ticks(low, high, most)
    signs = ["+" if text != "0" and not text.startswith("-") else "" for text in texts]
    return places, [sign + text.replace("-", "−") for sign, text in zip(signs, texts, strict=True)]


@cache
def _families() -> tuple[str, ...]:
    """Make our font known to matplotlib and return the families to try, in this order."""
    from matplotlib.font_manager import fontManager

    fontManager.addfont(_FONT)
    there = {entry.name for entry in fontManager.ttflist}
    return (_FAMILY, _LAST, *(name for name in _SYSTEM if name in there))


@cache
def _fonts() -> tuple[tuple[str, frozenset[int]], ...]:
    """Return the files of the families, in order, with the characters each can draw."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font

    wanted = [FontProperties(family=[name]) for name in _families()]
    paths = [str(fontManager.findfont(one, fallback_to_default=False)) for one in wanted]
    return tuple((path, frozenset(get_font(path).get_charmap())) for path in paths)


@cache
def _advance(char: str) -> float:
    """Return how far a character moves the pen, in sizes of the font."""
    from matplotlib.font_manager import get_font
    from matplotlib.ft2font import LoadFlags

    for path, characters in _fonts():
        if ord(char) in characters:
            face = get_font(path)
            return float(face.load_char(ord(char), flags=LoadFlags.NO_SCALE).horiAdvance) / face.units_per_EM
    return 1.0


def _pieces(text: str) -> list[str]:
    """Cut a text where a line may end: after spaces, and beside wide characters."""
    pieces = [""]
    for before, char in zip(" " + text, text, strict=False):
        wide = any(unicodedata.east_asian_width(c) in ("W", "F") for c in (before, char))
        here = (before == " " and char != " ") or (wide and before != " " and char != " ")
        if here and char not in _CLOSING and before not in _OPENING:
            pieces.append("")
        pieces[-1] += char
    return [piece for piece in pieces if piece]
