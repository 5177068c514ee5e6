"""The months ahead as a picture: what a forecast makes of the sales so far, beside what the replay says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.show.curves import spread_out
from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, Look
from salessim.study.phrases import quantity, share
from salessim.study.wording import currency_label, scale
from salessim.words import sentence

if TYPE_CHECKING:
    import datetime as dt

    from matplotlib.figure import Figure

__all__ = ["Ahead", "ahead_of", "outlook_alt_text", "outlook_figure"]

Floats = NDArray[np.float64]
_LEVEL = 80
_GREY = "#555555"
_NAMES = 190.0
_SETTLED = 0.75  # of the later level: a season seldom reaches below that, an empty pipeline does; ours, unsourced


class Ahead(NamedTuple):
    """What the picture shows: the months so far of one future, and those ahead.

    Attributes
    ----------
    past : (months,) array
        Sales of each month so far, in the first future.
    left_out : int
        Months at the beginning in which an empty pipeline filled: no forecaster would read them as growth.
    mean, low, high : (months ahead,) arrays
        The forecast and its 80 % interval.
    replay_mean, replay_low, replay_high : (months ahead,) arrays
        The replay: mean of the futures, 10th and 90th percentile.
    came : (months ahead,) array
        What came in the first future.
    replications : int
        Futures of the replay.
    inside : float
        Share of the months ahead in which what came lies in the interval of the forecast.
    """

    past: Floats
    left_out: int
    mean: Floats
    low: Floats
    high: Floats
    replay_mean: Floats
    replay_low: Floats
    replay_high: Floats
    came: Floats
    replications: int
    inside: float


def ahead_of(monthly: Floats, months: int, start: dt.date) -> Ahead:
    """Forecast the months after the first `months` of a future, and put beside it what the replay says.

    Parameters
    ----------
    monthly : (replications, all months) array
        Sales of each month, future by future; the first future is the one whose record is forecast.
    months : int
        Of these months a forecaster knows.
    start : date
        First day of the first month.

    Raises
    ------
    ForecastError
        If the months cannot be forecast: all of them zero, or fewer than a forecast needs.

    Examples
    --------
    >>> import datetime
    >>> sales = np.random.default_rng(1).normal(100.0, 5.0, (4, 30))
    >>> found = ahead_of(sales, 24, datetime.date(2026, 1, 1))
    >>> len(found.mean), bool((found.low <= found.mean).all()), found.replications
    (6, True, 4)
    """
    import pandas as pd

    from salessim.forecast.making import forecast

    ahead = monthly.shape[1] - months
    filling = _filling(monthly[:, :months])
    periods = pd.period_range(pd.Period(start, "M"), periods=months, freq="M")[filling:]
    table = pd.DataFrame({"date": periods.to_timestamp(), "revenue": monthly[0, filling:months]})
    after = (periods[-1] + 1).to_timestamp().date()
    found = forecast(table, horizon=ahead, levels=(_LEVEL,), as_of=after).table()
    low, high = (found[f"{side}_{_LEVEL}"].to_numpy(np.float64) for side in ("lower", "upper"))
    later = monthly[:, months:]
    ends = np.quantile(later, [0.1, 0.9], axis=0)
    came = later[0]
    return Ahead(
        monthly[0, :months], filling, found["mean"].to_numpy(np.float64), low, high, later.mean(axis=0), ends[0],
        ends[1], came, len(monthly), float(((came >= low) & (came <= high)).mean()),
    )  # fmt: skip


def _filling(monthly: Floats) -> int:
    """Return the months before sales, averaged over the futures, first come near their level of the second half."""
    mean = monthly.mean(axis=0)
    half = len(mean) // 2
    level = float(mean[half:].mean())
    below = mean[:half] < _SETTLED * level
    return int(np.argmin(below)) if not below.all() else half


def outlook_figure(
    found: Ahead, name: str, look: Look, currency: str, language: str = "en", *, width: int = 736, height: int = 254
) -> Figure:
    """Draw the record, the forecast with its interval, and the replay with its spread.

    Parameters
    ----------
    found : Ahead
    name, look : str, Look
        Of the plan.
    currency : str
        Of the market.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    months, ahead = len(found.past), len(found.mean)
    largest = float(np.max([*found.past, *found.replay_high, *found.high]))
    size, unit = scale(largest, currency_label(currency, language), language)
    page.text(4, 4, sentence("outlook title", language, plan=name, unit=unit), STYLE["text"])
    top, bottom, right = 32.0, height - 27.0, width - _NAMES
    places, texts = plain_ticks(0.0, 1.05 * largest / size, 5)
    month = sentence("axis months", language)
    left = 14.0 + max(page.wide(one, STYLE["small"]) for one in (*texts, month))
    ax = page.axes(left, top, right, bottom)
    reach = 1.05 * largest / size or 1.0
    ax.set(xlim=(0.5, months + ahead + 0.5), ylim=(0.0, reach))
    ax.grid(True, which="major", axis="y", color=STYLE["band"], linewidth=STYLE["thin"])
    before, later = np.arange(1, months + 1), np.arange(months + 1, months + ahead + 1)
    ax.axvline(months + 0.5, color=STYLE["faint"], linewidth=1.2, linestyle=(0, (4, 3)))
    ax.fill_between(later, found.replay_low / size, found.replay_high / size, color=look.colour, alpha=0.2, linewidth=0)
    for ends in (found.low, found.high):
        ax.plot(later, ends / size, color=_GREY, linewidth=1.4, linestyle=(0, (2, 1.5)), zorder=3)
    ax.plot(before, found.past / size, color=STYLE["ink"], linewidth=2.0, zorder=3)
    if found.left_out:
        ax.axvspan(0.5, found.left_out + 0.5, color=STYLE["band"], linewidth=0, zorder=0)
    ax.plot(later, found.mean / size, color=_GREY, linewidth=2.6, linestyle=(0, (5, 1.6)), zorder=4)
    ax.plot(later, found.replay_mean / size, color=look.colour, linewidth=2.6, zorder=4)
    ax.plot(later, found.came / size, color=STYLE["ink"], linewidth=0, marker="o", markersize=4.5, zorder=5)
    page.ticks(ax, "y", places, texts)
    step = 3 if months + ahead <= 36 else 6
    marks = range(step, months + ahead + 1, step)
    page.ticks(ax, "x", marks, [str(mark) for mark in marks])
    page.text(left - 5, bottom + 9, month, STYLE["small"], STYLE["faint"], right=True)
    said = (
        (found.mean[-1], sentence("outlook forecast", language, level=_LEVEL), _GREY),
        (found.replay_mean[-1], sentence("outlook replay", language, n=found.replications), look.ink),
        (found.came[-1], sentence("outlook came", language), STYLE["ink"]),
    )
    heights = np.array([bottom - value / size / reach * (bottom - top) for value, _, _ in said])
    for y, (_, words, ink) in zip(spread_out(heights, top + 8, bottom - 8, 38.0), said, strict=True):
        lines = page.wrapped(words, STYLE["small"], _NAMES - 18, 2)
        page.block(right + 12, float(y) - 9 * len(lines), lines, STYLE["small"], ink)
    return page.figure


def outlook_alt_text(found: Ahead, name: str, currency: str, language: str = "en") -> str:
    """Say what the picture shows: the sum of the months ahead by forecast and by replay, and how it came."""
    unit = currency_label(currency, language)
    return sentence(
        "outlook finding", language, plan=name, months=len(found.mean), n=found.replications,
        forecast=quantity(float(found.mean.sum()), language, unit=unit),
        replay=quantity(float(found.replay_mean.sum()), language, unit=unit),
        came=quantity(float(found.came.sum()), language, unit=unit), inside=share(found.inside, language), level=_LEVEL,
    )  # fmt: skip
