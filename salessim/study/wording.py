"""A study in words: its verdict, what it hangs on, what is left out, and a table of its measures, as text and HTML."""

from __future__ import annotations

import html
import math
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import numpy as np

from salessim.measures import MEASURES, Measure, measure
from salessim.study.phrases import figures, phrase, probability, share
from salessim.words import has_term, keys, label, sentence

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.study.judgement import Judgement
    from salessim.study.study import Study

__all__ = [
    "Factor", "Names", "audit_lines", "capital", "clean", "currency_label", "names_for_sentences", "plan_labels",
    "scale", "second_line", "stage_label", "strongest_assumptions", "study_html", "summary_text", "verdict_text",
    "what_it_hangs_on",
]  # fmt: skip

_STRONGEST = 3
_FEWEST_DRAWS = 20
_WIDEST_NAME = 24
#: From which size on an amount is written in the large and in the middle unit of a language (billion, million; 亿, 万).
_LARGE = {"en": 1e9, "zh": 1e8}
_MIDDLE = {"en": 1e6, "zh": 1e4}


class Names(TypedDict):
    """What a sentence of a verdict names."""

    plans: list[str]
    measure: str
    unit: str


class Factor(NamedTuple):
    """An assumption that moves the verdict: its name, the share of the variation it explains, and which way."""

    name: str
    share: str
    direction: str


def verdict_text(study: Study, language: str = "en") -> str:
    """Say the verdict, in which share of the assumptions it holds, what it hangs on, and what is left out.

    Parameters
    ----------
    study : Study
    language : {"en", "zh"}

    Returns
    -------
    str
        Line 1 is the verdict, line 2 how far it holds over the ranges of the assumptions; then one line each for
        what it hangs on, for an assumed distance, for the cost of moving, for the missing evidence on structures and
        for the audit, where they apply.

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.study.comparison import compare
    >>> market, plan = preset("small")
    >>> plans = {"territory": plan, "product": plan.but(structure="product")}
    >>> study = compare(market, plans, months=3, replications=4, draws=0, audit=False)
    >>> for line in verdict_text(study).splitlines()[-2:]:
    ...     print(line)
    No published effect size exists for one structure against another: what is shown follows from the mechanisms and
    the assumptions.
    SimPy audit: not run
    """
    return "\n".join(_lines(study, language))


def second_line(study: Study, language: str = "en") -> str:
    """Say in which share of draws of the assumptions the verdict holds; parameters and errors as in `verdict_text`."""
    if study.holding is None:
        return sentence("not varied", language)
    return study.holding.text(language, plans=plan_labels(study, language))


def what_it_hangs_on(study: Study, language: str = "en") -> str:
    """Name the three assumptions that move the verdict most, each with its share and direction; else say why not.

    Parameters and errors as in `verdict_text`.
    """
    if study.assumed is None:
        return sentence("not varied", language)
    draws = len(study.assumed.points)
    if draws < _FEWEST_DRAWS:
        return sentence("too few draws", language, n=draws)
    strongest = [
        sentence("factor", language, assumption=factor.name, share=factor.share, direction=factor.direction)
        for factor in strongest_assumptions(study, language)
    ]
    if not strongest:
        return sentence("hangs on nothing", language, n=draws)
    return sentence("hangs on", language, factors=phrase(language, "comma").join(strongest))


def strongest_assumptions(study: Study, language: str = "en") -> list[Factor]:
    """Return the three assumptions that move the verdict most, in words; those that do nothing are left out.

    Parameters and errors as in `verdict_text`.
    """
    names, head, found = plan_labels(study, language), study.judged.headline, []
    for factor in [factor for factor in study.hangs_on if factor.share > 0][:_STRONGEST]:
        if factor.direction in ("up", "down"):
            gains = (factor.direction == "up") == head.higher_is_better
            direction = sentence("favours", language, plan=names[head.plan if gains else head.against])
        else:
            direction = sentence("mixed direction", language)
        found.append(Factor(label(f"setting.{factor.name}", language), share(factor.share, language), direction))
    return found


def summary_text(study: Study, language: str = "en") -> str:
    """Return a table of every measure per plan as plain text, aligned also where characters take two columns.

    Below the measures stand, for the one that decides: difference and simultaneous interval, the two probabilities
    and the accounts moved. Parameters and errors as in `verdict_text`.
    """
    table = _table(study, language)
    heads = [_shortened(name, _WIDEST_NAME) for name in table.plans]
    first, unit = sentence("column measure", language), sentence("column unit", language)
    upper = [_flat(row) for row in table.measures]
    lower = [_flat(row) for row in table.answers]
    lines = [[first, unit, *heads], *upper, *lower]
    widths = [max(cells(line[column]) for line in lines) for column in range(len(lines[0]))]
    rule = "-" * (sum(widths) + 2 * (len(widths) - 1))
    body = [_joined(line, widths) for line in lines]
    return "\n".join(
        [
            sentence("setup", language, **_setup(study)),
            sentence("table note", language, baseline=plan_labels(study, language)[study.baseline]),
            "",
            body[0], rule, *body[1 : 1 + len(upper)], rule, *body[1 + len(upper) :],
        ]
    )  # fmt: skip


def study_html(study: Study, language: str = "en") -> str:
    """Return verdict and table as HTML that needs nothing from outside; parameters and errors as in `verdict_text`.

    Names of plans, which come from the user, are escaped. Colours of the text are left to the page, so that it can be
    read on light and on dark ground.
    """
    lines = _lines(study, language)
    table = _table(study, language)
    heads = [sentence("column measure", language), sentence("column unit", language), *table.plans]
    body = "".join(
        _html_row(row, "2px solid rgba(128,128,128,.9)" if n == 0 else "1px solid rgba(128,128,128,.35)")
        for block in (table.measures, table.answers)
        for n, row in enumerate(block)
    )
    note = sentence("table note", language, baseline=table.plans[study.baseline])
    setup = sentence("setup", language, **_setup(study))
    return (
        f'<div lang="{language}" style="max-width:76em;line-height:1.45">'
        f'<p style="font-size:1.15em;font-weight:600;margin:.3em 0">{html.escape(lines[0])}</p>'
        + "".join(f'<p style="margin:.3em 0">{html.escape(line)}</p>' for line in lines[1:])
        + '<table style="border-collapse:collapse;color:inherit;font-size:inherit;margin:.9em 0 .3em;'
        + 'font-variant-numeric:tabular-nums">'
        + f'<thead><tr style="background:none">{_html_cells(heads, "th", "col", 600)}</tr></thead>'
        + f"<tbody>{body}</tbody></table>"
        + f'<p style="margin:.2em 0;opacity:.75">{html.escape(setup)}; {html.escape(note)}</p></div>'
    )


def plan_labels(study: Study, language: str = "en") -> list[str]:
    """Return the names of the plans; one that is the name of a structure is put into the language.

    Where that would give two plans the same name, the names stay as they are.
    """
    known = {key.partition(".")[2] for key in keys("structure")}
    names = [label(f"structure.{name}", language) if name in known else clean(name) for name in study.names]
    return names if len(set(names)) == len(names) else list(study.names)


def names_for_sentences(study: Study, language: str = "en") -> Names:
    """Return plans, measure and unit as sentences of a verdict take them; shares and numbers of things have no unit."""
    chosen = measure(study.measure_name)
    unit = "" if chosen.unit in ("share", "count") else label(f"unit.{chosen.unit}", language)
    if chosen.unit == "currency":
        unit = currency_label(study.market.currency, language)
    return {"plans": plan_labels(study, language), "measure": label(f"measure.{chosen.name}", language), "unit": unit}


def clean(text: str) -> str:
    r"""Return a user's text on one line: what cannot be printed, and runs of spaces, become one space.

    Examples
    --------
    >>> clean("north\n  and south")
    'north and south'
    """
    return " ".join("".join(char if char.isprintable() else " " for char in text).split()) or "?"


def capital(text: str) -> str:
    """Return the text with its first letter as a capital.

    Examples
    --------
    >>> capital("win rate")
    'Win rate'
    """
    return text[:1].upper() + text[1:]


def stage_label(name: str, language: str = "en") -> str:
    """Return what a stage of the funnel is called: the market's own name, in Chinese too where it is a common one.

    Examples
    --------
    >>> stage_label("negotiation", "zh"), stage_label("first date", "zh")
    ('商务谈判', 'first date')
    """
    key = f"stage.{name}"
    return label(key, language) if has_term(key) else clean(name)


def currency_label(code: str, language: str = "en") -> str:
    """Return what a currency is called: its code in English, its name where the language has one; of none, nothing.

    Examples
    --------
    >>> currency_label("CNY"), currency_label("CNY", "zh"), currency_label("XAU", "zh"), currency_label("")
    ('CNY', '元', 'XAU', '')
    """
    if not code.strip():
        return ""  # files do not say: a bare number, not a wrong name
    key = f"currency.{code}"
    return label(key, language) if has_term(key) else clean(code)


def scale(largest: float, unit: str, language: str = "en") -> tuple[float, str]:
    """Return by what to divide amounts up to `largest`, and the unit that remains.

    Examples
    --------
    >>> scale(3.2e7, "CNY"), scale(3.2e7, "元", "zh"), scale(900, "CNY")
    ((1000000.0, 'million CNY'), (10000.0, '万元'), (1.0, 'CNY'))
    >>> scale(3.2e7, ""), scale(3.2e7, "", "zh")
    ((1000000.0, 'million'), (10000.0, '万'))
    """
    for limits, key in ((_LARGE, "large unit"), (_MIDDLE, "middle unit")):
        if largest >= limits.get(language, math.inf):
            return limits[language], sentence(key, language, unit=unit).strip()
    return 1.0, unit


def cells(text: str) -> int:
    """Return how many columns of a terminal a text takes: two for a full-width character, none for a combining one.

    Examples
    --------
    >>> cells("win"), cells("赢单率")
    (3, 6)
    """
    return sum(_cells_of(char) for char in text)


# ------------------------------------------------------------------------------------------------------------- verdict


def _lines(study: Study, language: str) -> list[str]:
    names = plan_labels(study, language)
    lines = [study.judged.text(language, **names_for_sentences(study, language)), second_line(study, language)]
    if study.assumed is not None:
        lines.append(what_it_hangs_on(study, language))
    if study.market.distance_assumed:
        lines.append(sentence("distance assumed", language))
    if any(study.moved.values()):
        total = len(study.market.accounts)
        moved = [
            sentence("moved by", language, plan=name, count=study.moved[key])
            for key, name in zip(study.names, names, strict=True)
            if study.moved[key]
        ]
        lines.append(sentence("moving cost", language, total=total, moved=phrase(language, "comma").join(moved)))
    if len({plan.structure for plan in study.plans.values()}) > 1:
        lines.append(sentence("no effect size", language))
    return [*lines, *audit_lines(study, language)]


def audit_lines(study: Study, language: str = "en") -> list[str]:
    """Say what ran on SimPy with processes of the user's own, what the audit found, and what another version made.

    Parameters and errors as in `verdict_text`.
    """
    names = dict(zip(study.names, plan_labels(study, language), strict=True))
    lines = [sentence("other version", language, version=clean(study.other_version))] if study.other_version else []
    for plan, given in study.processes.items():
        process = phrase(language, "comma").join(clean(one) for one in given)
        lines.append(sentence("own process", language, plan=names[plan], process=process))
    lines += [sentence("not kept", language, plan=names[plan]) for plan in study.not_kept]
    if study.audited and study.processes:
        lines.append(sentence("audit identical others", language))
    elif len(study.processes) < len(study.plans):
        lines.append(sentence("audit identical" if study.audited else "audit not run", language))
    return lines


# --------------------------------------------------------------------------------------------------------------- table


class _Row(NamedTuple):
    name: str
    unit: str
    texts: list[str]
    decides: bool = False


class _Table(NamedTuple):
    plans: list[str]
    measures: list[_Row]
    answers: list[_Row]


def _table(study: Study, language: str) -> _Table:
    names = plan_labels(study, language)
    means = study.table.mean(axis=0)
    rows = []
    for place, entry in enumerate(MEASURES):
        if entry.name == "accounts_moved":  # it stands below, as what the answer costs
            continue
        texts, unit = _written(means[:, place], entry, study.market.currency, language)
        decides = entry.name == study.measure_name
        name = capital(label(f"measure.{entry.name}", language)) + (" *" if decides else "")
        rows.append(_Row(name, unit, texts, decides))
    return _Table(names, rows, _answers(study, names, language))


def _answers(study: Study, names: Sequence[str], language: str) -> list[_Row]:
    judged = study.judged
    unit = names_for_sentences(study, language)["unit"]
    differences, intervals, words = ([""] * len(names) for _ in range(3))
    for one in judged.judgements:
        difference, low, high = _figures(one, language, unit)
        differences[one.plan] = difference
        intervals[one.plan] = sentence("range", language, low=low, high=high)
        words[one.plan] = label(f"verdict.{one.kind.value}", language)
    words[study.baseline] = label("study.baseline", language)
    best = [probability(float(value), language) for value in judged.chances.mean_is_best]
    wins = [share(float(value), language) for value in judged.chances.wins]
    moved = [f"{study.moved[name]:,d}" for name in study.names]
    level = share(judged.headline.level, language)
    interval = sentence("row interval", language, level=level, interval=label("study.interval", language))
    rows = [
        _Row(sentence("row verdict", language), "", words),
        _Row(
            sentence("row difference", language, baseline=_shortened(names[study.baseline], _WIDEST_NAME)),
            "",
            differences,
        ),
        _Row(interval, "", intervals),
        _Row(label("study.mean_is_best", language), "", best),
        _Row(label("study.wins", language), "", wins),
        _Row(label("measure.accounts_moved", language), sentence("number of", language), moved),
    ]
    return [row._replace(name=capital(row.name)) for row in rows]


def _figures(one: Judgement, language: str, unit: str) -> tuple[str, str, str]:
    if one.relative and not math.isnan(one.relative_difference):
        return figures(one.relative_difference, one.relative_low, one.relative_high, language, relative=True)
    return figures(one.difference, one.low, one.high, language, unit=unit)


def _written(values: NDArray[np.float64], entry: Measure, currency: str, language: str) -> tuple[list[str], str]:
    """Write one measure of all plans with the same unit and the same number of decimals."""
    largest = float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
    factor, digits = 1.0, 3
    if entry.unit == "share":
        factor, unit = 0.01, sentence("percent sign", language)
    elif entry.unit == "currency":
        (factor, unit), digits = scale(largest, currency_label(currency, language), language), 4
    else:
        unit = sentence("number of", language) if entry.unit == "count" else label(f"unit.{entry.unit}", language)
    top = largest / factor
    decimals = min(max(digits - 1 - math.floor(math.log10(top)), 0), 2) if top > 0 else 0
    return [f"{value / factor:,.{decimals}f}" if math.isfinite(value) else "-" for value in values], unit


def _setup(study: Study) -> dict[str, int]:
    return {"months": study.months, "replications": study.replications, "seed": study.seed}


def _html_row(row: _Row, line: str) -> str:
    weight = 600 if row.decides else 400
    name = _html_cells([row.name], "th", "row", weight)
    rest = _html_cells([row.unit, *row.texts], "td", "", weight, first=1)
    return f'<tr style="border-top:{line};background:none">{name}{rest}</tr>'


def _html_cells(texts: Sequence[str], tag: str, scope: str, weight: int, first: int = 0) -> str:
    """Return cells of a table; the first two columns of it are text, the rest figures."""
    attribute = f' scope="{scope}"' if scope else ""
    style = f"padding:3px 12px 3px 0;vertical-align:top;font-weight:{weight};text-align:"
    return "".join(
        f'<{tag}{attribute} style="{style}{"left" if place < 2 else "right"}">{html.escape(text)}</{tag}>'
        for place, text in enumerate(texts, first)
    )


def _flat(row: _Row) -> list[str]:
    return [row.name, row.unit, *row.texts]


def _joined(line: Sequence[str], widths: Sequence[int]) -> str:
    parts = [
        _padded(text, width, right=column > 1) for column, (text, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(parts).rstrip()


def _padded(text: str, width: int, right: bool) -> str:
    space = " " * (width - cells(text))
    return space + text if right else text + space


def _shortened(text: str, most: int) -> str:
    """Cut a text to a number of columns; two points say that something is missing."""
    if cells(text) <= most:
        return text
    kept = ""
    for char in text:
        if cells(kept) + _cells_of(char) > most - 2:
            break
        kept += char
    return kept + ".."


def _cells_of(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
