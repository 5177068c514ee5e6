"""A recorded funnel in four pictures: conversion by stage, ends by age, open deals by age, the bridge of the pipeline.

Each picture says its finding in its first line, and its base below; `funnel_alt_text` says the finding alone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from salessim.crm.analytics.pipeline import AGE_BANDS
from salessim.show.page import Page, plain_ticks
from salessim.show.style import STYLE, mixed
from salessim.study.wording import clean, currency_label, scale, stage_label
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from salessim.crm.analytics import Funnel

__all__ = ["ageing_figure", "bridge_figure", "conversion_figure", "funnel_alt_text", "incidence_figure"]

_COLOURS = {
    "advanced": "#009E73", "won": "#009E73", "lost": "#D55E00", "no_decision": "#E69F00", "disqualified": "#7F7F7F",
    "moved_back": "#CC79A7", "still_there": "#DDDDDD",
}  # fmt: skip
_OLD, _FRESH, _TOTAL, _CAME, _DOWN = "#7A1F00", "#CFE3F1", "#0072B2", "#56B4E9", "#B7C9D6"
_LEFT, _RIGHT, _BOTTOM = 170.0, 40.0, 84.0
_ENDS = ("opening", "closing", "residual")  # of a bridge: what is no step
_NARROW = 0.045  # share of the width below which a part has no number in it
_ZOOM = 0.99  # share of the ends seen within the picture of ages
_MOST_STAGES = 12


def conversion_figure(found: Funnel, language: str = "en", *, width: int = 1280, height: int = 560) -> Figure:
    """Draw how stays in each stage end, in shares of the deals that entered it (competing risks, open deals censored).

    Parameters
    ----------
    found : Funnel
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    table = found.by_stage().iloc[:_MOST_STAGES]
    parts = [name for name in ("advanced", "lost", "no_decision", "disqualified", "moved_back", "still_there")
             if (table[name] > 0.0005).any()]  # fmt: skip
    page, top = _page(width, height, _conversion_finding(found, language), sentence("funnel stages base", language))
    ax = page.axes(_LEFT, top, width - _RIGHT - 120, height - _BOTTOM)
    place = np.arange(len(table))
    start = np.zeros(len(table))
    ax.set(xlim=(0, 1), ylim=(len(table) - 0.5, -0.5))
    for name in parts:
        share = table[name].to_numpy()
        ax.barh(place, share, 0.72, left=start, color=_COLOURS[name], edgecolor="#ffffff", linewidth=0.8)
        for at, part in enumerate(share):
            if part >= _NARROW:
                _note(page, ax, start[at] + part / 2, at, f"{part:.0%}", _on(_COLOURS[name]))
        start += share
    page.ticks(ax, "x", np.linspace(0, 1, 6).tolist(), [f"{x:.0%}" for x in np.linspace(0, 1, 6)])
    page.ticks(ax, "y", place.tolist(), _short(page, table.index, _LEFT - 14, language))
    for at, count in enumerate(table["entered"]):
        _note(page, ax, 1.01, at, sentence("funnel figure entered", language, n=f"{count:,}"), STYLE["faint"], "left")
    _legend(page, [(label(f"funnel.{name}", language), _COLOURS[name]) for name in parts], _LEFT, height - 26)
    return page.figure


def incidence_figure(
    found: Funnel, language: str = "en", *, stage: str | None = None, width: int = 1280, height: int = 560
) -> Figure:
    """Draw which share has ended in which way by which age: cumulative incidence, ends competing (Aalen–Johansen).

    Parameters
    ----------
    found : Funnel
    language : {"en", "zh"}
    stage : str, optional
        Of the stays in this stage; without it, of whole deals.
    width, height : int
        In pixels.

    Raises
    ------
    CrmError
        If no deal enters the stage.
    """
    curves = found.curves(stage)
    base = "funnel figure incidence base" if stage is None else "funnel figure incidence stage"
    named = clean(stage) if stage is not None else ""
    page, top = _page(width, height, _incidence_finding(found, language, stage), sentence(base, language, stage=named))
    ax = page.axes(_LEFT - 90, top, width - _RIGHT, height - _BOTTOM)
    parts = [name for name in curves if name != "still_there" and curves[name].iloc[-1] > 0.0005]
    ended = 1.0 - curves["still_there"].to_numpy()
    most = float(curves.index.to_numpy()[np.argmax(ended >= _ZOOM * ended[-1])]) or 1.0
    days = np.append(curves.index.to_numpy(dtype=float), max(most, float(curves.index[-1])))
    bottom = np.zeros(len(days))
    for name in parts:
        upper = bottom + np.append(curves[name].to_numpy(), curves[name].iloc[-1])
        ax.fill_between(days, bottom, upper, step="post", color=_COLOURS[str(name)], linewidth=0)
        ax.step(days, upper, where="post", color="#ffffff", linewidth=0.8)
        bottom = upper
    ax.set(xlim=(0, most), ylim=(0, 1))
    page.ticks(ax, "x", *plain_ticks(0, most, 8))
    page.ticks(ax, "y", np.linspace(0, 1, 6).tolist(), [f"{x:.0%}" for x in np.linspace(0, 1, 6)])
    page.text(width - _RIGHT, height - _BOTTOM + 30, sentence("funnel figure age", language), STYLE["small"],
              STYLE["faint"], right=True)  # fmt: skip
    keys = [(label(f"funnel.{name}", language), _COLOURS[str(name)]) for name in parts]
    _legend(page, keys, _LEFT - 90, height - 26)
    return page.figure


def ageing_figure(found: Funnel, language: str = "en", *, width: int = 1280, height: int = 560) -> Figure:
    """Draw the open deals by stage and age; parameters as of `conversion_figure`."""
    table = found.ageing().iloc[:_MOST_STAGES]
    page, top = _page(width, height, _ageing_finding(found, language), sentence("funnel ageing base", language))
    bands = [band for band in (*AGE_BANDS, "undated") if table[band].any()]
    shades = {band: mixed(_FRESH, _OLD, at / (len(AGE_BANDS) - 1)) for at, band in enumerate(AGE_BANDS)}
    shades["undated"] = _COLOURS["still_there"]
    ax = page.axes(_LEFT, top, width - _RIGHT, height - _BOTTOM)
    place, start = np.arange(len(table)), np.zeros(len(table))
    total = table[bands].sum(axis=1)
    most = 1.06 * float(max(total.max() if len(table) else 1, 1))
    ax.set(xlim=(0, most), ylim=(max(len(table), 1) - 0.5, -0.5))
    for band in bands:
        count = table[band].to_numpy(dtype=float)
        ax.barh(place, count, 0.72, left=start, color=shades[band], edgecolor="#ffffff", linewidth=0.8)
        for at, part in enumerate(count):
            if part >= _NARROW * most:
                _note(page, ax, start[at] + part / 2, at, f"{part:.0f}", _on(shades[band]))
        start += count
    for at, count in enumerate(total):
        _note(page, ax, start[at] + 0.006 * most, at, f"{count:,}", STYLE["ink"], "left")
    page.ticks(ax, "x", *plain_ticks(0, most, 6))
    page.ticks(ax, "y", place.tolist(), _short(page, table.index, _LEFT - 14, language))
    words = {"undated": label("funnel.undated", language)}
    _legend(page, [(words.get(band, band.replace("-", "–")), shades[band]) for band in bands], _LEFT, height - 26)
    return page.figure


def bridge_figure(
    bridge: pd.DataFrame, currency: str = "", language: str = "en", *, width: int = 1280, height: int = 560
) -> Figure:
    """Draw the bridge from one open pipeline to another, in money.

    Parameters
    ----------
    bridge : DataFrame
        As `Funnel.waterfall` returns it; its residual is written below, and is 0 or the table is wrong.
    currency : str
        Code of the amounts.
    language : {"en", "zh"}
    width, height : int
        In pixels.
    """
    steps = [str(name) for name, value in bridge["amount"].items() if value and name not in _ENDS]
    names = ["opening", *steps, "closing"]
    size, unit = scale(float(bridge["amount"].abs().max()), currency_label(currency, language), language)
    residual = f"{bridge['amount']['residual'] / size:,.4g}"
    base = sentence("funnel figure bridge base", language, unit=unit, residual=residual)
    page, top = _page(width, height, _bridge_finding(bridge, currency, language), base)
    ax = page.axes(_LEFT - 90, top + 14, width - _RIGHT, height - _BOTTOM + 20)
    money = bridge["amount"] / size
    level = 0.0
    tops, lows = [], []
    for at, name in enumerate(names):
        amount = float(money[name])
        whole = name in ("opening", "closing")
        low, high = (0.0, amount) if whole else sorted((level, level + amount))
        level = amount if whole else level + amount
        colour = _TOTAL if whole else _COLOURS.get(str(name), _CAME if amount > 0 else _DOWN)
        ax.bar(at, high - low, 0.68, bottom=low, color=colour, linewidth=0)
        if at + 1 < len(names):
            ax.plot([at + 0.34, at + 0.66], [level, level], color=STYLE["line"], linewidth=1.0)
        tops.append((at, high, f"{amount:,.1f}" if whole else f"{amount:+,.1f}".replace("-", "−")))
        lows.append(low)
    most, least = max(high for _, high, _ in tops), min(*lows, 0.0)
    ax.set(xlim=(-0.6, len(names) - 0.4), ylim=(least * 1.1, 1.12 * max(most, 1e-9)))
    for at, high, text in tops:
        _note(page, ax, at, high + 0.045 * most, text, STYLE["ink"])
    page.ticks(ax, "x", list(range(len(names))), [label(f"funnel.{name}", language) for name in names])
    page.ticks(ax, "y", [], [])
    return page.figure


def funnel_alt_text(
    found: Funnel | pd.DataFrame, picture: str, language: str = "en", *, stage: str | None = None, currency: str = ""
) -> str:
    """Say in words what a picture of this module shows, its finding first.

    Parameters
    ----------
    found : Funnel or DataFrame
        What was drawn; a DataFrame for the bridge.
    picture : {"conversion", "incidence", "ageing", "bridge"}
    language : {"en", "zh"}
    stage, currency : str, optional
        As the picture was given.
    """
    if picture == "bridge":
        return _bridge_finding(found, currency, language)  # type: ignore[arg-type]
    if picture == "incidence":
        return _incidence_finding(found, language, stage)  # type: ignore[arg-type]
    findings: dict[str, Callable[[Funnel, str], str]] = {
        "conversion": _conversion_finding,
        "ageing": _ageing_finding,
    }
    return findings[picture](found, language)  # type: ignore[arg-type]


# ------------------------------------------------------------------------------------------------------------- findings


def _conversion_finding(found: Funnel, language: str) -> str:
    table = found.by_stage()
    stage, share, count = min(
        zip(table.index, table["advanced"], table["entered"], strict=True), key=lambda one: float(one[1])
    )
    named = stage_label(str(stage), language)
    return sentence("funnel figure conversion", language, stage=named, share=f"{share:.0%}", n=f"{count:,}")


def _incidence_finding(found: Funnel, language: str, stage: str | None) -> str:
    curves = found.curves(stage)
    ended = 1.0 - curves["still_there"].to_numpy()
    good = "won" if stage is None else "advanced"
    share = f"{curves[good].iloc[-1]:.0%}"
    half = np.flatnonzero(ended >= 0.5)
    if not half.size:
        return sentence("funnel figure incidence open", language, share=share)
    key = "funnel figure incidence" if stage is None else "funnel figure incidence left"
    days = float(curves.index[half[0]])
    return sentence(key, language, days=f"{days:.0f}", share=share, stage=clean(stage) if stage else "")


def _ageing_finding(found: Funnel, language: str) -> str:
    table = found.ageing()
    count = int((found.deals["status"] == "open").sum())
    return sentence("funnel figure ageing", language, slow=f"{int(table['slow'].sum()):,}", n=f"{count:,}")


def _bridge_finding(bridge: pd.DataFrame, currency: str, language: str) -> str:
    amount = bridge["amount"]
    size, unit = scale(float(amount.abs().max()), currency_label(currency, language), language)
    gone = float(amount[["lost", "no_decision", "disqualified"]].sum())
    texts = {
        "opening": amount["opening"], "closing": amount["closing"], "created": amount["created"],
        "won": -amount["won"], "gone": -gone,
    }  # fmt: skip
    return sentence(
        "funnel figure bridge", language, unit=unit, **{name: f"{value / size:,.1f}" for name, value in texts.items()}
    )


# ------------------------------------------------------------------------------------------------------------- drawing


def _page(width: int, height: int, finding: str, base: str) -> tuple[Page, float]:
    """A page with its finding and its base, and where the picture may begin."""
    page = Page(height, width)
    lines, size = page.fitted(finding, (STYLE["title"], 22, 20), width - 80.0, 2)
    y = page.block(40.0, 22.0, lines, size)
    y = page.block(40.0, y + 6.0, page.wrapped(base, STYLE["text"], width - 80.0, 2), STYLE["text"], STYLE["faint"])
    return page, y + 22.0


def _short(page: Page, names: pd.Index, width: float, language: str) -> list[str]:
    """The names of the stages, each cut to its place."""
    return [page.wrapped(stage_label(str(name), language), STYLE["small"], width, 1)[0] for name in names]


def _note(page: Page, ax: Axes, x: float, y: float, text: str, colour: str, side: str = "centre") -> None:
    """Write at a place of the data, in the fonts of the page."""
    box, (left, right), (low, high) = ax.get_position(), ax.get_xlim(), ax.get_ylim()
    at_x = (box.x0 + (x - left) / (right - left) * box.width) * page.width
    at_y = (1.0 - box.y0 - (y - low) / (high - low) * box.height) * page.height
    page.text(at_x, at_y, text, STYLE["small"], colour, centre=side == "centre", middle=True)


def _on(colour: str) -> str:
    """The colour of text on a ground: white on dark, black on light."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return "#ffffff" if 0.299 * red + 0.587 * green + 0.114 * blue < 150 else STYLE["ink"]


def _legend(page: Page, keys: Sequence[tuple[str, str]], left: float, y: float) -> None:
    from matplotlib.patches import Rectangle

    x = left
    for text, colour in keys:
        page.figure.add_artist(
            Rectangle((x / page.width, 1.0 - (y + 7) / page.height), 14 / page.width, 14 / page.height, color=colour)
        )
        page.text(x + 20, y, text, STYLE["small"], middle=True)
        x += 20 + page.wide(text, STYLE["small"]) + 22
