"""The profit and loss account as a picture: two plans line by line, and what the difference is, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.ledger import LINES, ledger_of
from salessim.show.bars import draw_bars
from salessim.show.legend import draw_legend
from salessim.show.page import Page, signed_ticks
from salessim.show.style import STYLE, Look, mixed
from salessim.study.phrases import figures, phrase, quantity
from salessim.study.wording import capital, currency_label, scale
from salessim.words import label, sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from salessim.clocks.run import Run

__all__ = ["ACCOUNT", "Profits", "account_of", "profit_alt_text", "profit_figure", "profits_of"]

Floats = NDArray[np.float64]
ACCOUNT = (*LINES, "contribution")
"""Lines of an account, in its order; the last is the sum of the others."""
_LEVEL = 0.95
_TOP, _BOTTOM, _NAMES, _NUMBER, _SAID = 44.0, 27.0, 150.0, 78.0, 186.0
_FINER = 0.1  # the unit suits lines of a tenth of revenue: most are smaller still
_WIDEST = 1e5  # no amount is written with more digits before the point
_ROOMY = 18.0  # pixels from line to line: with less, letters are small
_LEAST = 5e-4  # of revenue: a smaller line is left out, and said to be


class Profits(NamedTuple):
    """What the picture shows, in money of the run: lines of the account as in `ACCOUNT`.

    Attributes
    ----------
    means, means_half : (plans, lines) arrays
        Mean of every line, and half the width of its 95 % interval.
    difference, half : (plans, lines) arrays
        Mean paired difference from the first plan, and half the width of its 95 % interval (Student's t).
    """

    means: Floats
    means_half: Floats
    difference: Floats
    half: Floats


def account_of(run: Run) -> Floats:
    """Return the account of a run: the lines of `ACCOUNT`, costs negative, each exact to the cent.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.presets import preset
    >>> account = account_of(simulate(*preset("small"), 3))
    >>> bool(np.isclose(account[:-1].sum(), account[-1])), bool(account[0] > 0 > account[2])
    (True, True)
    """
    ledger = ledger_of(run)
    known = ledger.line < len(LINES)
    cents = np.zeros(len(LINES), dtype=np.int64)
    np.add.at(cents, ledger.line[known], ledger.cents[known])
    return np.append(cents, cents.sum()) / 100.0


def profits_of(accounts: Sequence[Sequence[Floats]]) -> Profits:
    """Reduce accounts, plan by plan and future by future, to means and paired differences from the first plan.

    Examples
    --------
    >>> few, many = np.array([[9.0, -4.0], [7.0, -2.0]]), np.array([[9.0, -1.0], [8.0, -1.0]])
    >>> found = profits_of([few, many])
    >>> found.means[1].tolist(), found.difference[1].tolist()
    ([8.5, -1.0], [0.5, 2.0])
    """
    from scipy.special import stdtrit

    table = np.array(accounts, dtype=np.float64)
    n = table.shape[1]
    gap = table - table[[0]]
    width = float(stdtrit(n - 1, 0.5 + _LEVEL / 2.0)) / np.sqrt(n) if n > 1 else np.nan
    halves = [width * part.std(axis=1, ddof=min(n - 1, 1)) for part in (table, gap)]
    return Profits(table.mean(axis=1), halves[0], gap.mean(axis=1), halves[1])


def profit_figure(
    found: Profits, names: Sequence[str], looks: Sequence[Look], currency: str, language: str = "en", *,
    width: int = 736, height: int = 254,
) -> Figure:  # fmt: skip
    """Draw the account of the first two plans, line by line, and their differences; further plans only as marks.

    Parameters
    ----------
    found : Profits
    names, looks : sequences
        Of every plan.
    currency : str
        Of the market.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    shown = _shown(found)
    largest, currency = float(np.abs(found.means).max()), currency_label(currency, language)
    size, unit = scale(_FINER * largest, currency, language)
    if largest / size > _WIDEST:
        size, unit = scale(largest, currency, language)
    digits = _digits(largest / size)
    columns = [_NAMES + _NUMBER * (place + 1) for place in range(min(2, len(names)))]
    left, right = columns[-1] + 18.0, width - _SAID
    draw_legend(page, names, looks, 4.0, width - 4.0, 12.0)
    page.text(4, 27, unit, STYLE["small"], STYLE["faint"])
    heads = ("profit baseline", "profit plan")
    for x, key, look in zip(columns, heads, looks, strict=False):
        page.text(x, 27, sentence(key, language), STYLE["small"], look.ink, right=True)
    bottom = height - _BOTTOM
    step = (bottom - _TOP) / len(shown)
    rows = [_TOP + step * (row + 0.5) for row in range(len(shown))]
    letters = _letters(step)
    for y, line in zip(rows, shown, strict=True):
        said = capital(label(f"ledger.{ACCOUNT[line]}", language))
        name, small = page.fitted(said, (15, 14, 13) if step > _ROOMY else (13,), _NAMES - 8, 1)
        page.text(4, y, name[0], small, middle=True)
        for x, mean in zip(columns, found.means[:, line], strict=False):
            page.text(x, y, _amount(float(mean) / size, digits), letters, middle=True, right=True)
    _rule(page, rows[-1] - step / 2.0, right)
    if len(names) > 1:
        page.text(left, 27, sentence("profit difference", language), STYLE["small"], STYLE["faint"])
        _differences(page, found, looks, shown, (left, right, bottom, size), digits, language)
    else:
        page.text(left, 27, sentence("profit amount", language), STYLE["small"], STYLE["faint"])
        _amounts(page, found, looks[0], shown, (left, right, bottom, size))
    return page.figure


def profit_alt_text(found: Profits, names: Sequence[str], currency: str, language: str = "en", *, live: int = 0) -> str:
    """Say what the picture shows: the contribution, and the lines that differ most from those of the baseline."""
    unit = currency_label(currency, language)
    if not live:
        value = _money(float(found.means[0, -1]), language, unit)
        return sentence("profit alone", language, plan=names[0], value=value)
    difference, half = float(found.difference[live, -1]), float(found.half[live, -1])
    parts = figures(difference, difference - half, difference + half, language, unit=unit)
    order = np.argsort(-np.abs(found.difference[live, :-1]))[:3]
    most = [
        sentence("profit line", language, line=label(f"ledger.{ACCOUNT[line]}", language),
                 value=_money(float(found.difference[live, line]), language, unit, signed=True))
        for line in order if found.difference[live, line]
    ]  # fmt: skip
    said = sentence("profit finding", language, plan=names[live], baseline=names[0], difference=parts[0], low=parts[1],
                    high=parts[2])  # fmt: skip
    if not most:
        return said
    return phrase(language, "space").join(
        [said, sentence("profit mostly", language, lines=phrase(language, "comma").join(most))]
    )


def _shown(found: Profits) -> list[int]:
    """Return the lines worth a row: the contribution and whatever is not next to nothing under every plan."""
    large = np.abs(found.means).max(axis=0) > _LEAST * float(np.abs(found.means[:, 0]).max())
    return [line for line in range(len(ACCOUNT)) if large[line] or line in (0, len(ACCOUNT) - 1)]


def _differences(
    page: Page, found: Profits, looks: Sequence[Look], shown: Sequence[int], box: tuple[float, float, float, float],
    digits: int, language: str,
) -> None:  # fmt: skip
    left, right, bottom, size = box
    middle, half = found.difference[1:, shown], np.nan_to_num(found.half[1:, shown])
    widest = np.minimum(half[0], np.abs(middle).max())  # the interval of a preview of two futures may reach further
    ends = 1.08 * float(max((np.abs(middle[0]) + widest).max(), np.abs(middle).max())) / size or 1.0
    ax = page.axes(left, _TOP, right, bottom)
    ax.set(xlim=(-ends, ends), ylim=(len(shown) - 0.5, -0.5))
    ax.axvline(0.0, color=STYLE["faint"], linewidth=1.2, zorder=1)
    rows = np.arange(len(shown))
    for place in reversed(range(len(middle))):
        look = looks[place + 1]
        if not place:
            ax.hlines(rows, (middle[0] - half[0]) / size, (middle[0] + half[0]) / size, color=look.colour,
                      linewidth=3.0, zorder=3)  # fmt: skip
        ax.plot(middle[place] / size, rows, marker=look.marker, color=look.colour, markersize=7.0 if place else 8.5,
                alpha=0.7 if place else 1.0, markeredgecolor="#ffffff", markeredgewidth=0.8, linestyle="none",
                zorder=4 if place else 5)  # fmt: skip
    page.ticks(ax, "y", [], [])
    page.ticks(ax, "x", *signed_ticks(-ends, ends, 4))
    step = (bottom - _TOP) / len(shown)
    for row, line in enumerate(shown):
        said = _said(found, line, size, digits, language)
        y = _TOP + step * (row + 0.5)
        page.text(page.width - 4, y, said, _letters(step), looks[1].ink, middle=True, right=True)


def _amounts(
    page: Page, found: Profits, look: Look, shown: Sequence[int], box: tuple[float, float, float, float]
) -> None:
    """Draw the account of one plan that nothing is compared with: a bar for every line, with its interval."""
    left, right, bottom, size = box
    ax = page.axes(left, _TOP, right, bottom)
    mean, half = found.means[0, shown] / size, np.nan_to_num(found.means_half[0, shown]) / size
    low, high = 1.08 * float(min(mean.min(), 0.0)), 1.08 * float(max(mean.max(), 0.0)) or 1.0
    ax.set(xlim=(low, high), ylim=(len(shown) - 0.5, -0.5))
    rows = np.arange(len(shown), dtype=np.float64)
    draw_bars(ax, rows, mean, 0.62, lying=True, facecolor=mixed("#ffffff", look.colour, 0.6), zorder=2)
    ax.hlines(rows, mean - half, mean + half, color=STYLE["ink"], linewidth=1.6, zorder=3)
    ax.axvline(0.0, color=STYLE["faint"], linewidth=1.2, zorder=1)
    page.ticks(ax, "y", [], [])
    page.ticks(ax, "x", *signed_ticks(low, high, 5))


def _said(found: Profits, line: int, size: float, digits: int, language: str) -> str:
    """Write the difference of the second plan in a line, and its interval, in the unit of the page."""
    difference, half = float(found.difference[1, line]) / size, float(found.half[1, line]) / size
    value = _amount(difference, digits, signed=True)
    if not np.isfinite(half) or (not difference and not half):
        return value
    low, high = (_amount(end, digits, signed=True) for end in (difference - half, difference + half))
    return sentence("profit interval", language, value=value, low=low, high=high)


def _rule(page: Page, y: float, right: float) -> None:
    """Draw the line above the sum."""
    from matplotlib.lines import Line2D

    at = 1.0 - y / page.height
    page.figure.add_artist(Line2D([4 / page.width, 1.0 - 4 / page.width], [at, at], color=STYLE["line"], linewidth=1.0))


def _letters(step: float) -> float:
    return STYLE["small"] if step > _ROOMY else 13.0


def _digits(largest: float) -> int:
    """Return how many decimals every amount has, so that they stand under one another: five figures of the largest."""
    return max(0, min(2, 4 - math.floor(math.log10(max(largest, 1.0)))))


def _amount(number: float, digits: int, *, signed: bool = False) -> str:
    if abs(number) < 0.5 * 10.0**-digits:
        return "0"
    return f"{number:{'+' if signed else ''},.{digits}f}".replace("-", "−")


def _money(number: float, language: str, unit: str, *, signed: bool = False) -> str:
    sign = "−" if number < 0 else "+" if signed and number > 0 else ""
    return sign + quantity(abs(number), language, unit=unit)
