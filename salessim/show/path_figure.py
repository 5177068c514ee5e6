"""The path of a change as a picture: the difference month by month with its dip, and the sum with its break-even."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.show.page import Page, signed_ticks
from salessim.show.style import STYLE, Look
from salessim.study.phrases import share
from salessim.study.wording import currency_label, scale
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.study.path import Path

__all__ = ["path_figure"]

Floats = NDArray[np.float64]
_BANDS = ((0.05, 0.95), (0.25, 0.75))
_SHADES = (0.14, 0.26)
_WINDOW = 3
_WIDE = 2.2  # times as wide as high: the panels stand side by side
_ACCENT, _BAD, _GOOD = "#0072B2", "#A63603", "#006D4E"


def path_figure(
    path: Path, language: str = "en", *, width: int = 1280, height: int = 720, look: Look | None = None
) -> Figure:
    """Draw the path of a change.

    Parameters
    ----------
    path : Path
    language : {"en", "zh"}
    width, height : int
        In pixels. In a picture much wider than high the panels stand side by side.
    look : Look, optional
        How the plan is drawn elsewhere; blue where it is not given.

    Returns
    -------
    Figure
        What it says in words is ``path.text(language)``.
    """
    page = Page(height, width)
    colour = _ACCENT if look is None else look.colour
    smooth, total = _moving(path.revenue), path.contribution.cumsum(axis=1)
    if width > _WIDE * height:
        return _beside(page, path, (smooth, total), language, colour)
    middle = height // 2
    left, right = 120.0, width - 40.0
    upper = page.axes(left, 52.0, right, middle - 38.0)
    _panel(page, upper, path, smooth, ("path figure month", left, 12.0, STYLE["text"]), language, colour)
    lower = page.axes(left, middle + 54.0, right, height - 70.0)
    _panel(page, lower, path, total, ("path figure sum", left, middle + 14.0, STYLE["text"]), language, colour)
    for ax in (upper, lower):
        _mark_change(ax, path, language, page)
    _mark_dip(upper, path, smooth.mean(axis=0), language, page)
    _mark_break_even(lower, path, language, page)
    page.text(left, height - 30, sentence("path figure note", language, n=len(path.revenue)), STYLE["small"],
              STYLE["faint"])  # fmt: skip
    page.text(right, height - 30, sentence("axis months", language), STYLE["small"], STYLE["faint"], right=True)
    return page.figure


def _beside(page: Page, path: Path, values: tuple[Floats, Floats], language: str, colour: str) -> Figure:
    """Draw both panels side by side, in a picture with no room for them under one another nor for their note."""
    smooth, total = values
    half = page.width / 2.0
    first, second = 50.0, half + 62.0
    month = page.axes(first, 32.0, half - 8.0, page.height - 27.0)
    _panel(page, month, path, smooth, ("path figure month short", 4.0, 6.0, STYLE["small"]), language, colour)
    summed = page.axes(second, 32.0, page.width - 10.0, page.height - 27.0)
    _panel(page, summed, path, total, ("path figure sum short", half + 16.0, 6.0, STYLE["small"]), language, colour)
    for ax in (month, summed):
        _mark_change(ax, path, language, page)
    _mark_dip(month, path, smooth.mean(axis=0), language, page)
    _mark_break_even(summed, path, language, page)
    for left in (first, second):
        page.text(left - 5, page.height - 22, sentence("axis months", language), STYLE["small"], STYLE["faint"],
                  right=True)  # fmt: skip
    return page.figure


def _moving(values: Floats) -> Floats:
    """Return the mean of each month with the two before it, as the dip is read."""
    total = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    last = np.arange(1, values.shape[1] + 1)
    first = np.maximum(last - _WINDOW, 0)
    return (total[:, last] - total[:, first]) / (last - first)


def _panel(
    page: Page, ax: Axes, path: Path, values: Floats, title: tuple[str, float, float, float], language: str, colour: str
) -> None:
    """Draw one panel; `title` is the key of its title, where that stands, and its size."""
    bands = [np.quantile(values, ends, axis=0) for ends in _BANDS]
    size, unit = scale(float(np.abs(bands[0]).max()), currency_label(path.currency, language), language)
    months = np.arange(1, path.months + 1)
    key, left, top, letters = title
    said = sentence(key, language, plan=path.name, baseline=path.baseline, unit=unit)
    lines, letters = page.fitted(said, (letters, 13), ax.get_position().x1 * page.width - left, 1)
    page.text(left, top, lines[0], letters)
    for (low, high), shade in zip(bands, _SHADES, strict=True):
        ax.fill_between(months, low / size, high / size, color=colour, alpha=shade, linewidth=0)
    ax.plot(months, values.mean(axis=0) / size, color=colour, linewidth=2.6)
    ax.axhline(0.0, color=STYLE["ink"], linewidth=1.0)
    if path.begins:
        ax.axvline(path.begins + 0.5, color=STYLE["faint"], linewidth=1.2, linestyle=(0, (4, 3)))
    reach = 1.08 * max(float(np.abs(bands[0]).max()) / size, 1e-9)
    low_end, high_end = min(bands[0].min() / size * 1.1, -0.15 * reach), max(bands[0].max() / size * 1.1, 0.15 * reach)
    ax.set(xlim=(0.5, path.months + 0.5), ylim=(low_end, high_end))
    page.ticks(ax, "y", *signed_ticks(low_end, high_end, 5))
    step = 3 if path.months <= 36 and page.width <= _WIDE * page.height else 6
    places = range(step, path.months + 1, step)
    page.ticks(ax, "x", places, [str(x) for x in places])


def _mark_change(ax: Axes, path: Path, language: str, page: Page) -> None:
    """Name the dashed line, beside its upper end."""
    if not path.begins:
        return
    (left, right), (low, high) = ax.get_xlim(), ax.get_ylim()
    text = sentence("path figure change", language)
    beside = (page.wide(text, STYLE["small"]) / 2.0 + 8.0) / (ax.get_position().width * page.width) * (right - left)
    late = path.begins + 0.5 + 2.0 * beside > right
    x = path.begins + 0.5 + (-beside if late else beside)
    _label(page, ax, x, high - 0.05 * (high - low), text, STYLE["faint"])


def _mark_dip(ax: Axes, path: Path, mean: Floats, language: str, page: Page) -> None:
    if path.dip_depth.low <= 0.0:  # none, or none that can be told from chance
        return
    first = (path.begins or 0) + _WINDOW - 1
    if first >= len(mean):
        return
    place = first + int(np.argmin(mean[first:]))
    low, high = ax.get_ylim()
    y = float(np.asarray(ax.lines[0].get_ydata())[place])
    ax.plot([place + 1], [y], marker="v", markersize=11, color=_BAD, linestyle="none", zorder=5)
    label = sentence("path figure dip", language, depth="−" + share(path.dip_depth.value, language, decimals=1))
    _label(page, ax, place + 1, y - 0.07 * (high - low), label, _BAD)


def _mark_break_even(ax: Axes, path: Path, language: str, page: Page) -> None:
    month = path.break_even.value
    if np.isnan(month) or path.never_behind:
        return
    low, high = ax.get_ylim()
    ax.plot([month], [0.0], marker="o", markersize=11, color=_GOOD, linestyle="none", zorder=5)
    label = sentence("path figure even", language, month=f"{month:.0f}")
    _label(page, ax, month, -0.09 * (high - low), label, _GOOD)


def _label(page: Page, ax: Axes, x: float, y: float, text: str, colour: str) -> None:
    from matplotlib.patheffects import withStroke

    box, (left, right), (low, high) = ax.get_position(), ax.get_xlim(), ax.get_ylim()
    at_x = (box.x0 + (x - left) / (right - left) * box.width) * page.width
    at_y = (1.0 - box.y0 - (y - low) / (high - low) * box.height) * page.height
    half = page.wide(text, STYLE["small"]) / 2.0 + 4.0
    at = min(max(at_x, half), page.width - half)
    written = page.text(at, at_y, text, STYLE["small"], colour, centre=True, middle=True)
    written.set_path_effects([withStroke(linewidth=3.5, foreground=STYLE["ground"])])  # it may stand on a band
