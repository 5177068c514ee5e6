"""The plans of a picture in one line: marker and name, each in its colour."""

from __future__ import annotations

from collections.abc import Sequence

from salessim.show.page import Page
from salessim.show.style import STYLE, Look

__all__ = ["draw_legend", "draw_marker"]

_GAP = 22.0


def draw_legend(page: Page, names: Sequence[str], looks: Sequence[Look], left: float, right: float, y: float) -> None:
    """Write plans into a line whose middle is at `y`, between two edges in pixels; long names give way first.

    Parameters
    ----------
    page : Page
    names, looks : sequences
        Of every plan.
    left, right, y : float
    """
    size = STYLE["small"]
    wanted = [page.wide(name, size) + 18.0 + _GAP for name in names]
    room = right - left
    fair = room / len(names)
    spare = sum(max(fair - one, 0.0) for one in wanted)
    long = sum(one > fair for one in wanted)
    x = left
    for name, look, one in zip(names, looks, wanted, strict=True):
        mine = min(one, fair + spare / long) if one > fair else one
        draw_marker(page, x + 7, y, look)
        text = page.wrapped(name, size, mine - 16.0 - (_GAP if mine < one else 0.0) / 2, 1)[0]
        page.text(x + 18, y, text, size, look.ink, middle=True)
        x += mine


def draw_marker(page: Page, x: float, y: float, look: Look, size: float = 8.0) -> None:
    """Put the marker of a plan on the page, its centre at `x` and `y` in pixels."""
    from matplotlib.lines import Line2D

    page.figure.add_artist(
        Line2D([x / page.width], [1.0 - y / page.height], marker=look.marker, markersize=size, color=look.colour,
               linestyle="none", markeredgecolor="#ffffff", markeredgewidth=0.8)
    )  # fmt: skip
