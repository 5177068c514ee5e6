"""Pay as pictures: last year's reps on a payout curve, who wins and loses, and effort over the year."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import StudyError, explain
from salessim.pay.programme import STEPS
from salessim.show.page import Page, drawable, font, plain_ticks
from salessim.show.payout_figure import Earnings, payout_figure, payouts_of
from salessim.show.style import STYLE, Look
from salessim.study.pay_facts import leading_component
from salessim.study.pay_groups import GROUPS
from salessim.study.phrases import quantity
from salessim.study.wording import capital, clean, currency_label, scale
from salessim.words import label, sentence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.study.pay_answer import PayAnswer
    from salessim.study.pay_replay import PayReplay

__all__ = ["effort_figure", "pay_looks", "payout_curve_figure", "winners_figure"]

_YEAR = 12
_WIN, _LOSE, _BEFORE = "#006D4E", "#A63603", "#9a9a9a"
_GROUP_TERMS = {"stars": "study.stars", "core": "study.core", "laggards": "study.laggards"}
_LOOKS = (
    Look("#555555", "#444444", "X", (0, (9, 2))),
    Look("#0072B2", "#0067a0", "o", "solid"),
    Look("#D55E00", "#a84a00", "s", (0, (5, 1.6))),
    Look("#009E73", "#007a59", "^", (0, (6, 1.4, 1.4, 1.4))),
    Look("#CC79A7", "#9c4f7b", "D", (0, (1.6, 1.2))),
)


def pay_looks(count: int) -> list[Look]:
    """Return how so many pay plans are drawn: colour, marker and line, the plan of today first.

    Examples
    --------
    >>> [look.marker for look in pay_looks(3)]
    ['X', 'o', 's']
    """
    return [_LOOKS[i % len(_LOOKS)] for i in range(count)]


def payout_curve_figure(
    replays: Mapping[str, PayReplay], language: str = "en", *, width: int = 1180, height: int = 420
) -> Figure:
    """Draw payout curves with last year's reps on them: above what is paid for which attainment, below how many had it.

    Parameters
    ----------
    replays : mapping of str to PayReplay
        By name of the plan, each with a component on attainment that has a quota of its own; the last is drawn with
        everybody's pay.
    language : {"en", "zh"}
    width, height : int
        In pixels.

    Raises
    ------
    StudyError
        A plan without a quota.
    """
    earned = [_earnings(name, replay) for name, replay in replays.items()]
    found = [payouts_of(replay.pay, [one]) for replay, one in zip(replays.values(), earned, strict=True)]
    # what happened is counted, not estimated: no interval stands beside it
    counted = [one._replace(reached=math.nan, mean=math.nan) for one in found]
    currency = next((replay.currency for replay in replays.values() if replay.currency), "")
    names = [clean(name) for name in replays]
    looks = pay_looks(len(names) + 1)[1:]
    figure = payout_figure(counted, names, looks, currency, language, width=width, height=height)
    last = earned[-1]
    reached = sentence("pay figure of", language, n=int((last.result >= 1.0).sum()), all=len(last.result))
    mean = quantity(float(f"{last.variable.mean():.3g}"), language, unit=currency_label(currency, language))
    y = 32.0
    for big, small in ((reached, "pay figure reached"), (mean, "pay figure mean")):
        for text, size, colour in ((big, 18.0, looks[-1].ink), (sentence(small, language), 14.0, STYLE["faint"])):
            figure.text(1.0 - 182.0 / width, 1.0 - y / height, drawable(text), fontproperties=font(size), color=colour,
                        va="top", parse_math=False, usetex=False)  # fmt: skip
            y += 1.4 * size
        y += 12.0
    return figure


def _earnings(name: str, replay: PayReplay) -> Earnings:
    led = leading_component(replay.pay)
    if led is None or led[1].quota is None:
        raise StudyError(
            explain("attainment needs a quota", where=f"plan {name!r}", allowed="one on attainment, with a quota",
                    remedy="Give it a quota, or draw the plan with salessim.show.payout_figure")
        )  # fmt: skip
    _, part = led
    assert part.quota is not None
    lines = replay.statement.lines
    earned = lines[lines["kind"] == "component"]
    reps = replay.statement.totals().index
    credit = np.array([
        earned[earned["title"] == one.title].groupby("rep")["credit"].sum().reindex(reps, fill_value=0.0).to_numpy()
        for one in replay.pay.components
    ])  # fmt: skip
    variable = lines[lines["kind"] != "salary"].groupby("rep")["cents"].sum().reindex(reps, fill_value=0).to_numpy()
    place = replay.pay.components.index(part)
    quota = part.quota * _YEAR / STEPS[part.period]
    total = float(credit[place].sum())
    ratio = credit.sum(axis=1) / total if total > 0.0 else np.zeros(len(credit))
    return Earnings(credit[place] / quota, variable / 100.0, ratio, quota, _YEAR)


def winners_figure(replay: PayReplay, language: str = "en", *, width: int = 1180, height: int | None = None) -> Figure:
    """Draw what each rep would have been paid last year under the plan of today and under this one, winners first.

    Parameters
    ----------
    replay : PayReplay
        With a plan to compare with.
    language : {"en", "zh"}
    width, height : int
        In pixels.

    Raises
    ------
    StudyError
        Without a plan to compare with.
    """
    if replay.before is None:
        raise StudyError(
            explain("winners and losers need a plan to compare with", where="before",
                    remedy="Give replay_pay(…, before=…) the plan of today")
        )  # fmt: skip
    table = replay.frame()
    page = Page(height or 118 + 25 * len(table), width)
    currency = currency_label(replay.currency or "XXX", language)
    size, unit = scale(float(table[["before", "last_year"]].to_numpy().max()), currency, language)
    names = [clean(str(rep)) for rep in table.index]
    room = min(max(page.wide(name, STYLE["small"]) for name in names) + 24.0, 220.0)
    won, lost = int((table["change"] > 0).sum()), int((table["change"] < 0).sum())
    title = sentence("pay figure winners", language, won=won, lost=lost, all=len(table))
    page.text(20, 12, title, STYLE["head"])
    key = sentence("pay figure key", language, unit=unit, currency=currency)
    page.text(20, 40, key, STYLE["small"], STYLE["faint"])
    ax = page.axes(room + 20.0, 66.0, width - 150.0, page.height - 40.0)
    columns = [table[name].to_numpy(np.float64) / size for name in ("before", "last_year")]
    ends = np.concatenate(columns)
    low, high = float(ends.min()), float(ends.max())
    spare = 0.06 * (high - low) or 1.0
    ax.set(xlim=(low - spare, high + spare), ylim=(len(table) - 0.5, -0.5))
    for y, (old, new) in enumerate(zip(*columns, strict=True)):
        colour = _WIN if new >= old else _LOSE
        ax.plot([old, new], [y, y], color=colour, linewidth=3.0, solid_capstyle="butt", zorder=2)
        ax.plot([old], [y], marker="o", markersize=7, color=_BEFORE, zorder=3)
        ax.plot([new], [y], marker=">" if new >= old else "<", markersize=9, color=colour, zorder=4)
    page.ticks(ax, "y", range(len(table)), names)
    page.ticks(ax, "x", *plain_ticks(low - spare, high + spare, 7))
    box = ax.get_position()
    for y, change in enumerate(table["change"].to_numpy(np.float64)):
        at = (1.0 - box.y1 + (y + 0.5) / len(table) * box.height) * page.height
        text = f"{'+' if change > 0 else '−' if change < 0 else ''}{abs(change):,.0f}"
        page.text(width - 30.0, at, text, STYLE["small"], _WIN if change >= 0 else _LOSE, right=True, middle=True)
    return page.figure


def effort_figure(answer: PayAnswer, language: str = "en", *, width: int = 1180, height: int = 430) -> Figure:
    """Draw the mean effort of each month, one panel for stars, core and laggards each, one line for each plan.

    Parameters
    ----------
    answer : PayAnswer
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    page = Page(height, width)
    looks = pay_looks(len(answer.names))
    page.text(20, 12, sentence("pay figure effort", language, n=answer.futures), STYLE["head"])
    titles = [capital(label(_GROUP_TERMS[group], language)) for group in GROUPS] if answer.has_groups else [""]
    top = 1.08 * max(float(answer.effort.max()), 1.0)
    x = 24.0
    for name, look in zip(answer.names, looks, strict=True):
        page.text(x + 34, 42, clean(name), STYLE["small"], look.ink)
        _sample(page, x, 50.0, look)
        x += 34 + page.wide(clean(name), STYLE["small"]) + 28
    wide = (width - 70.0) / len(titles)
    for g, title in enumerate(titles):
        left = 60.0 + g * wide
        ax = page.axes(left, 96.0, left + wide - 34.0, height - 64.0)
        page.text(left, 72.0, title, STYLE["text"])
        _efforts(page, ax, answer, g, looks, top)
    note = sentence("pay figure effort note", language, months=answer.deadline)
    page.text(24, height - 30, note, STYLE["small"], STYLE["faint"])
    page.text(width - 24, height - 30, sentence("axis months", language), STYLE["small"], STYLE["faint"], right=True)
    return page.figure


def _efforts(page: Page, ax: Axes, answer: PayAnswer, g: int, looks: Sequence[Look], top: float) -> None:
    months = np.arange(1, answer.months + 1)
    ax.set(xlim=(0.5, answer.months + 0.5), ylim=(0.0, top))
    ax.axhline(1.0, color=STYLE["line"], linewidth=1.0, zorder=1)
    for end in range(answer.deadline, answer.months, answer.deadline):
        heavy = end % _YEAR == 0
        ax.axvline(end + 0.5, color=STYLE["faint" if heavy else "line"], linewidth=1.2 if heavy else 0.7,
                   linestyle=(0, (4, 3)), zorder=1)  # fmt: skip
    for j, look in enumerate(looks):
        ax.plot(months, answer.effort[j, g], color=look.colour, linewidth=2.4, linestyle=look.line, zorder=3)
    page.ticks(ax, "y", *plain_ticks(0.0, top, 5))
    step = 3 if answer.months <= 24 else 6
    places = range(step, answer.months + 1, step)
    page.ticks(ax, "x", places, [str(place) for place in places])


def _sample(page: Page, x: float, y: float, look: Look) -> None:
    ax = page.axes(x, y - 6.0, x + 28.0, y + 6.0)
    ax.set(xlim=(0, 1), ylim=(0, 1))
    ax.spines["bottom"].set_visible(False)
    page.ticks(ax, "x", [], [])
    page.ticks(ax, "y", [], [])
    ax.plot([0, 1], [0.5, 0.5], color=look.colour, linewidth=2.4, linestyle=look.line)
