"""The answer of the panel as HTML of a fixed height: what is compared, cards, verdict and picture."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from salessim.cockpit.picture import interval_figure
from salessim.cockpit.texts import text
from salessim.measures import measure
from salessim.study.incremental import Reading, readings
from salessim.study.judgement import Kind
from salessim.study.phrases import figures, phrase, quantity
from salessim.study.wording import capital, currency_label
from salessim.words import label

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = ["CARDS", "HEIGHT", "Names", "answer_html", "message_html", "status_html", "warm_up"]

CARDS = ("revenue", "contribution", "travel_share", "win_rate")
"""The measures on the cards."""
HEIGHT = 510
"""Height of the answer in pixels: it never changes, so nothing on the page jumps."""

_WIDTH, _PICTURE = 740, 240
_INK = {"better": "#006b4e", "worse": "#a83c00"}


class Names(NamedTuple):
    """What is compared, in words: for the heading, and each plan for the sentences."""

    heading: str
    base: str
    live: str


def answer_html(study: Study, names: Names, language: str, *, same: bool = False) -> str:
    """Return the answer of a study of two plans.

    Parameters
    ----------
    study : Study
        The baseline first.
    names : Names
    language : {"en", "zh"}
    same : bool
        Whether both plans are one and the same.
    """
    read = readings(study, CARDS)
    said = text("same plan", language) if same else _verdict(study, names, language)
    cards = "".join(_card(reading, study, language, same) for reading in read)
    money = [reading for reading in read if measure(reading.name).unit == "currency"]
    picture = f'<div style="height:{_PICTURE}px"></div>' if same else _image(study, money, said, language)
    key = "" if same else f"{_key(money[0], study, language)} {text('not varied', language)}"
    return _box(
        f'<div style="font-size:15px;font-weight:600">{html.escape(names.heading)}</div>'
        f'<div style="display:flex;gap:10px;margin:8px 0">{cards}</div>'
        f'<div class="ss-verdict" style="font-size:16px;line-height:1.35;height:66px;overflow:auto">'
        f"{html.escape(said)}</div>"
        f'{picture}<div style="font-size:13px;line-height:1.3;opacity:.75">{html.escape(key)}</div>'
    )


def warm_up(study: Study) -> None:
    """Draw a picture and throw it away, so that what drawing must load is there when a hand moves the first lever."""
    _image(study, readings(study, CARDS[:2]), "", "en")


def message_html(said: str) -> str:
    """Return a message in place of an answer, at the same height."""
    return _box(f'<div style="font-size:16px;padding:24px 0">{html.escape(said)}</div>')


def status_html(said: str, *, wrong: bool = False) -> str:
    """Return the status line; red, and announced by screen readers at once, where something is wrong."""
    role = "alert" if wrong else "status"
    style = "color:#b00020;font-weight:600" if wrong else "opacity:.85"
    style = f"font-size:14px;line-height:1.35;{style}"
    return f'<div class="ss-status-text" role="{role}" style="{style}">{html.escape(said)}</div>'


def _box(inside: str) -> str:
    return f'<div class="ss-answer-box" style="height:{HEIGHT}px;overflow:hidden">{inside}</div>'


def _verdict(study: Study, names: Names, language: str) -> str:
    unit = currency_label(study.market.currency, language)
    lines = study.judged.lines(
        language, plans=[names.base, names.live], measure=label(f"measure.{study.measure_name}", language), unit=unit
    )
    if study.judged.kind in (Kind.WORSE, Kind.PRACTICALLY_EQUAL):
        lines = lines[1:]  # "none of the other plans …" is odd where there is one other plan
    return phrase(language, "space").join(lines)


def _card(reading: Reading, study: Study, language: str, same: bool) -> str:
    name = label(f"measure.{reading.name}", language)
    value, base = (_amount(number, reading, study, language) for number in (reading.value, reading.baseline))
    second, was = "" if same else _change(reading, language), text("was", language, value=base)
    kind = "" if reading.judgement is None or same else reading.judgement.kind.value
    ink = f"color:{_INK[kind]}" if kind in _INK else ""
    return (
        '<div class="ss-card" style="flex:1 1 0;min-width:0;height:100px;overflow:hidden;padding:5px 9px;'
        'border:1px solid rgba(128,128,128,.45);border-radius:6px">'
        f'<div style="font-size:14px">{html.escape(capital(name))}</div>'
        f'<div style="font-size:17px;font-weight:600;line-height:1.4;white-space:nowrap">{html.escape(value)}</div>'
        f'<div style="font-size:14px;line-height:1.25;{ink}">{html.escape(second)}</div>'
        f'<div style="font-size:13px;opacity:.75;line-height:1.25">{html.escape(was)}</div></div>'
    )


def _amount(number: float, reading: Reading, study: Study, language: str) -> str:
    if not math.isfinite(number):
        return "–"
    unit = measure(reading.name).unit
    if unit == "share":
        return quantity(number, language, relative=True)
    sign = "−" if number < 0 else ""
    shown = currency_label(study.market.currency, language) if unit == "currency" else ""
    return sign + quantity(abs(number), language, unit=shown)


def _change(reading: Reading, language: str) -> str:
    """Say which way a measure goes, and by how much."""
    judged = reading.judgement
    if judged is None:
        return ""
    word = text(f"direction {judged.kind.value}", language)
    if measure(reading.name).unit == "share":
        number = f"{judged.difference:+.1f}".replace("-", "−")
        size = phrase(language, "with unit", number=number, unit=text("points", language))
    elif math.isnan(judged.relative_difference):
        return word
    else:
        shares = (judged.relative_difference, judged.relative_low, judged.relative_high)
        size = figures(*shares, language, relative=True)[0]
    return f"{word} {size}"


def _key(reading: Reading, study: Study, language: str) -> str:
    assert reading.judgement is not None
    unit = currency_label(study.market.currency, language)
    return text("key", language, delta="± " + quantity(reading.judgement.delta, language, unit=unit))


def _image(study: Study, money: Sequence[Reading], alt: str, language: str) -> str:
    figure = interval_figure(study, money, language, width=_WIDTH, height=_PICTURE)
    store = io.BytesIO()
    figure.savefig(store, format="png", dpi=200)
    data = base64.b64encode(store.getvalue()).decode("ascii")
    return (
        f'<img class="ss-picture" alt="{html.escape(alt, quote=True)}" width="{_WIDTH}" height="{_PICTURE}" '
        f'style="display:block;background:#fff" src="data:image/png;base64,{data}">'
    )
