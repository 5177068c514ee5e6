"""The answer in HTML of fixed heights: cards, verdict with its second line, pinned plans, and what went wrong."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from salessim.measures import measure
from salessim.study.incremental import Reading, readings
from salessim.study.judgement import Kind
from salessim.study.phrases import figures, phrase, quantity
from salessim.study.wording import capital, currency_label
from salessim.widgets.texts import text
from salessim.words import definition, label, sentence

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = [
    "CARDS", "Named", "cards_html", "details_html", "key_text", "measures_html", "small_html", "status_html",
    "table_html", "verdict_html", "verdict_text", "words_html",
]  # fmt: skip

CARDS = ("revenue", "contribution", "travel_share", "win_rate")
"""The measures on the cards."""

_TABLE = ("revenue", "contribution", "selling_expense_ratio", "travel_share")
_PAIR = 2
_BETTER = {"up": "better up", "down": "better down", "neither": "better neither"}
_TOLD = ("days", "hours")  # units that a number does not show by itself
_INK = {"better": "#006b4e", "worse": "#a83c00"}
_LINE = "rgba(128,128,128,.45)"


class Named(NamedTuple):
    """Plans in words: what stands in the heading, and each plan for sentences and the ends of lines."""

    heading: str
    plans: tuple[str, ...]


def cards_html(study: Study, language: str, *, same: bool = False) -> str:
    """Return a card per measure: value, direction in a sign and a word, size, interval, and the baseline's value.

    Parameters
    ----------
    study : Study
        The baseline first, then the plan that is compared.
    language : {"en", "zh"}
    same : bool
        Whether both are one and the same plan.
    """
    cards = "".join(_card(reading, study, language, same) for reading in readings(study, CARDS))
    return f'<div style="display:flex;gap:5px;height:100px;width:736px">{cards}</div>'


def verdict_text(study: Study, named: Named, language: str, *, same: bool = False) -> list[str]:
    """Say the verdict on the plan against the baseline: the headline, then what there is to add."""
    if same:
        return [text("same plan", language)]
    unit = currency_label(study.market.currency, language)
    lines = study.judged.lines(
        language, plans=list(named.plans[:2]), measure=label(f"measure.{study.measure_name}", language), unit=unit
    )
    if study.judged.kind in (Kind.WORSE, Kind.PRACTICALLY_EQUAL):
        lines = lines[1:]  # "none of the other plans …" is odd where there is one other plan
    return [lines[0], phrase(language, "space").join(lines[1:])]


def verdict_html(said: Sequence[str], heading: str, mark: str) -> str:
    """Return heading and verdict, read out by screen readers; `mark` says which request it answers."""
    return (
        f'<div class="ss-said" role="status" data-mark="{html.escape(mark, quote=True)}" '
        'style="line-height:1.3;max-width:736px">'
        f'<div style="font-size:13px;opacity:.8;white-space:nowrap;overflow:hidden;text-overflow:ellipsis">'
        f"{html.escape(heading)}</div>"
        f'<div style="font-size:14px;font-weight:600">{html.escape(said[0])}</div>'
        f'<div style="font-size:13px">{html.escape(" ".join(said[1:]))}</div></div>'
    )


def small_html(said: str) -> str:
    """Return a text in small letters."""
    return f'<div style="font-size:13px;line-height:1.35;opacity:.85">{html.escape(said)}</div>'


def key_text(study: Study, view: str, language: str) -> str:
    """Say what the picture shows."""
    if view in ("revenue", "lead"):
        return sentence("fan note", language)
    judged = readings(study, ("revenue",))[0].judgement
    unit = currency_label(study.market.currency, language)
    delta = "± " + quantity(judged.delta, language, unit=unit) if judged is not None else "–"
    return text("key futures" if view == "futures" else "key pinned", language, delta=delta)


def table_html(study: Study, named: Named, language: str) -> str:
    """Return a table of the baseline and every other plan of a study: values, differences with intervals, verdicts."""
    heads = [html.escape(text("plan", language)), *(_hinted(name, language) for name in _TABLE)]
    first = readings(study, _TABLE)
    base = [_amount(one.baseline, one, study, language) for one in first]
    rows = [_row([named.plans[0], *base])]
    for place, name in enumerate(named.plans[1:], 1):
        found = readings(study, _TABLE, place)
        rows.append(_row([name, *(_change(one, language, interval=True) for one in found)], found))
    top = "".join(f'<th style="{_cell(_side(n))}">{head}</th>' for n, head in enumerate(heads))
    return (
        f'<table style="border-collapse:collapse;width:100%;font-size:14px;line-height:1.25;color:inherit">'
        f'<thead><tr style="background:none">{top}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    ) + ("" if len(study.names) > _PAIR else small_html(text("no pins", language)))


def measures_html(study: Study, names: Sequence[str], language: str, *, same: bool = False) -> str:
    """Return a table of measures of a plan and the baseline, each with its definition and formula one hover away.

    Parameters
    ----------
    study : Study
        The baseline first, then the plan that is compared.
    names : sequence of str
        Measures.
    language : {"en", "zh"}
    same : bool
        Whether both are one and the same plan.
    """
    heads = [sentence("column measure", language), sentence("profit baseline", language)]
    heads += [] if same else [sentence("profit plan", language), sentence("profit difference", language)]
    rows = []
    for one in readings(study, tuple(names)):
        cells = [_hinted(one.name, language), html.escape(_amount(one.baseline, one, study, language))]
        if not same:
            value, change = _amount(one.value, one, study, language), _change(one, language, interval=True)
            cells += [html.escape(value), f'<span style="{_ink(one)}">{html.escape(change)}</span>']
        rows.append("".join(f'<{_tag(n)} style="{_cell(_side(n))}">{cell}</{_tag(n)}>' for n, cell in enumerate(cells)))
    top = "".join(f'<th style="{_cell(_side(n))}">{html.escape(capital(head))}</th>' for n, head in enumerate(heads))
    return (
        '<table style="border-collapse:collapse;width:100%;font-size:14px;line-height:1.25;color:inherit">'
        f'<thead><tr style="background:none">{top}</tr></thead><tbody>'
        + "".join(f'<tr style="background:none;border-top:1px solid {_LINE}">{row}</tr>' for row in rows)
        + "</tbody></table>"
    )


def words_html(said: Sequence[str]) -> str:
    """Return what stands in place of a picture: the first sentence larger, the others below it."""
    rest = "".join(f'<p style="margin:8px 0 0 0">{html.escape(one)}</p>' for one in said[1:])
    return (
        '<div style="font-size:15px;line-height:1.45;max-width:640px;padding:24px 12px">'
        f'<div style="font-weight:600">{html.escape(said[0])}</div>{rest}</div>'
    )


def _hint(name: str, language: str) -> str:
    """Say what a measure is, how it is computed and which way is good."""
    found = measure(name)
    return sentence(
        "measures formula", language, definition=definition(f"measure.{name}", language), formula=found.formula,
        better=sentence(_BETTER[found.better], language),
    )  # fmt: skip


def _hinted(name: str, language: str) -> str:
    """Return the name of a measure with its formula one hover away."""
    hint = html.escape(_hint(name, language), quote=True)
    found, shown = measure(name), capital(label(f"measure.{name}", language))
    if found.unit in _TOLD:
        shown = sentence("measures unit", language, measure=shown, unit=label(f"unit.{found.unit}", language))
    return f'<abbr title="{hint}" style="text-decoration-color:{_LINE};cursor:help">{html.escape(shown)}</abbr>'


def _tag(n: int) -> str:
    return "td" if n else "th"


def _side(n: int) -> str:
    return "right" if n else "left"


def status_html(said: str, *, wrong: bool = False, stage: str = "") -> str:
    """Return the status line; red, with a sign, and announced by screen readers at once, where something is wrong."""
    role = "alert" if wrong else "status"
    style = "color:#b00020;font-weight:600" if wrong else "opacity:.9"
    return (
        f'<div class="ss-status-text" role="{role}" data-stage="{stage}" '
        f'style="font-size:14px;line-height:1.35;{style}">{"⚠ " if wrong else ""}{html.escape(said)}</div>'
    )


def details_html(said: str, details: str, language: str) -> str:
    """Return a message in place of a verdict, with details that can be selected and copied."""
    inside = f'<div style="font-size:15px;font-weight:600;color:#b00020">{html.escape(said)}</div>'
    if details:
        inside += (
            f'<details class="ss-details"><summary style="font-size:14px">{html.escape(text("details", language))}'
            f'</summary><textarea readonly rows="8" style="width:98%;font:12px monospace" '
            f'onfocus="this.select()">{html.escape(details)}</textarea></details>'
        )
    return inside


def _row(cells: Sequence[str], found: Sequence[Reading] = ()) -> str:
    inks = ["", *(_ink(one) for one in found)] if found else [""] * len(cells)
    return f'<tr style="background:none;border-top:1px solid {_LINE}">' + "".join(
        f'<{_tag(n)} style="{_cell(_side(n))};{ink}">{html.escape(cell)}</{_tag(n)}>'
        for n, (cell, ink) in enumerate(zip(cells, inks, strict=True))
    ) + "</tr>"  # fmt: skip


def _cell(side: str) -> str:
    return f"text-align:{side};padding:4px 6px;vertical-align:top;font-weight:{600 if side == 'left' else 400}"


def _card(reading: Reading, study: Study, language: str, same: bool) -> str:
    value, base = (_amount(number, reading, study, language) for number in (reading.value, reading.baseline))
    word = "–" if reading.judgement is None else text(f"direction {reading.judgement.kind.value}", language)
    change = "" if same else word
    interval = "" if same else _interval(reading, language)
    lines = (
        (capital(label(f"measure.{reading.name}", language)), "font-size:14px"),
        (value, "font-size:18px;font-weight:600"),
        (change, f"font-size:14px;{'' if same else _ink(reading)}"),
        (interval, "font-size:13px"),
        (text("was", language, value=base), "font-size:13px;opacity:.8"),
    )
    hint = html.escape(_hint(reading.name, language), quote=True)
    inside = "".join(
        f'<div style="{style};line-height:1.3;white-space:nowrap">{html.escape(line)}</div>' for line, style in lines
    )
    return (
        f'<div class="ss-card" data-measure="{reading.name}" title="{hint}" '
        f'style="flex:1 1 0;min-width:0;overflow:hidden;'
        f'padding:2px 4px;border:1px solid {_LINE};border-radius:6px">{inside}</div>'
    )


def _ink(reading: Reading) -> str:
    kind = "" if reading.judgement is None else reading.judgement.kind.value
    return f"color:{_INK[kind]}" if kind in _INK else ""


def _amount(number: float, reading: Reading, study: Study, language: str) -> str:
    if not math.isfinite(number):
        return "–"
    unit = measure(reading.name).unit
    if unit == "share":
        return quantity(number, language, relative=True)
    sign = "−" if number < 0 else ""
    shown = currency_label(study.market.currency, language) if unit == "currency" else ""
    return sign + quantity(abs(number), language, unit=shown)


def _change(reading: Reading, language: str, *, interval: bool = False) -> str:
    """Say which way a measure goes, and by how much."""
    judged = reading.judgement
    if judged is None:
        return "–"
    word = text(f"direction {judged.kind.value}", language)
    parts = _figures(reading, language)
    if parts is None:
        return word
    size = parts[0]
    if measure(reading.name).unit == "share":
        size = phrase(language, "with unit", number=size, unit=text("points", language))
    said = f"{word} {size}"
    return sentence("profit interval", language, value=said, low=parts[1], high=parts[2]) if interval else said


def _interval(reading: Reading, language: str) -> str:
    """Say by how much a measure differs, and between what and what it can lie."""
    parts = _figures(reading, language, short=True)
    if parts is None:
        return ""
    size = parts[0]
    if measure(reading.name).unit == "share":
        size = phrase(language, "with unit", number=size, unit=text("pts", language))
    return text("interval", language, size=size, low=parts[1], high=parts[2])


def _figures(reading: Reading, language: str, *, short: bool = False) -> tuple[str, str, str] | None:
    """Return difference and interval, of a share in points, else in per cent of the baseline."""
    judged = reading.judgement
    if judged is None:
        return None
    if measure(reading.name).unit == "share":
        first, low, high = (f"{x:+.1f}".replace("-", "−") for x in (judged.difference, judged.low, judged.high))
        return first, low, high
    if math.isnan(judged.relative_difference):
        return None
    bounds = judged.relative_low, judged.relative_high
    return figures(judged.relative_difference, *bounds, language, relative=True, short=short)
