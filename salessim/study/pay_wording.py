"""What pay plans do, and what they would have paid, in words: as text and as HTML that needs nothing from outside."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import StudyError, explain, nearest
from salessim.study.pay_answer import GROUP_MEASURES, PAY_MEASURES
from salessim.study.pay_facts import CLOSING_DAYS
from salessim.study.pay_groups import GROUPS
from salessim.study.phrases import figures, phrase, quantity, share
from salessim.study.wording import capital, clean, currency_label, scale
from salessim.words import label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.study.differences import Differences
    from salessim.study.pay_answer import PayAnswer
    from salessim.study.pay_replay import PayReplay

__all__ = ["answer_html", "answer_table", "answer_text", "replay_html", "replay_table", "replay_text"]

_GROUP_TERMS = {"stars": "study.stars", "core": "study.core", "laggards": "study.laggards"}
_REPLAY_TERMS = {
    "before": "study.pay_before", "last_year": "study.pay_last_year", "change": "study.pay_change",
    "p50": "study.pay_next_p50", "p95": "study.pay_next_p95", "p50_ahead": "study.pay_ahead_p50",
    "p95_ahead": "study.pay_ahead_p95",
}  # fmt: skip
_FEW_FUTURES = 40


# -------------------------------------------------------------------------------------------------------------- answer


def answer_text(answer: PayAnswer, language: str = "en") -> str:
    """Say what the plans do: sales and cost, risk, timing, fairness, and who gains, one line each and plan.

    Raises
    ------
    WordsError
        For a language that does not exist.
    """
    return "\n".join(_answer_lines(answer, language))


def answer_html(answer: PayAnswer, language: str = "en") -> str:
    """Return text and tables of an answer as HTML; errors as in `answer_text`."""
    lines = _answer_lines(answer, language)
    names = [clean(name) for name in answer.names]
    first, unit = sentence("column measure", language), sentence("column unit", language)
    blocks = [_paragraphs(lines), _table([first, unit, *names], _measure_rows(answer, language), 2)]
    if answer.has_groups:
        blocks.append(_table([first, unit, *names], _group_rows(answer, language), 2))
    if not np.isnan(answer.p_attain).all():
        rows = [[clean(rep), *(_share(value, language) for value in row)]
                for rep, row in zip(answer.reps, answer.p_attain, strict=True)]  # fmt: skip
        blocks.append(_table([capital(label("study.p_attain", language)), *names], rows, 1))
    return _page(blocks, language)


def _answer_lines(answer: PayAnswer, language: str) -> list[str]:
    names = [clean(name) for name in answer.names]
    base = names[answer.baseline]
    lines = [sentence("pay setup", language, n=answer.futures, months=answer.months, baseline=base)]
    sales, cost, margin = (answer.differences(name) for name in ("revenue", "pay_cost", "gross_margin"))
    for i, j in enumerate(sales.plan):
        lines.append(
            sentence(
                "pay against", language, plan=names[j], baseline=base,
                sales=_relative(sales, i, language), cost=_relative(cost, i, language),
                margin=_relative(margin, i, language),
            )
        )  # fmt: skip
    unit = currency_label(answer.currency, language)
    few = [sentence("pay few futures", language, n=answer.futures)] if answer.futures < _FEW_FUTURES else []
    for name, plan in zip(names, answer.names, strict=True):
        over, low, high = answer.at_risk(plan)
        risk = sentence(
            "pay at risk", language, plan=name, p50=quantity(answer.payout(plan), language, unit=unit),
            p95=quantity(answer.payout(plan, 0.95), language, unit=unit),
            over=quantity(over, language, unit=unit), low=quantity(low, language), high=quantity(high, language),
        )  # fmt: skip
        lines.append(phrase(language, "space").join([risk, *few]))
    timing = ("concentration", "discount", "hole", "pulled", "held")
    for j, name in enumerate(names):
        late, discount, hole, pulled, held = (float(answer.values[key][:, j].mean()) for key in timing)
        lines.append(
            sentence(
                "pay timing", language, plan=name, months=answer.deadline, share=_share(late, language),
                even=_share(CLOSING_DAYS / (answer.deadline * 365.0 / 12.0), language),
                discount=_share(discount, language, 1), hole=_signed_share(-hole, language), pulled=f"{pulled:,.0f}",
                held=f"{held:,.0f}",
            )
        )  # fmt: skip
    lines += [line for j in range(len(names)) for line in _fairness(answer, j, names[j], language)]
    for i, j in enumerate(sales.plan):
        lines += _gains(answer, i, names[j], base, language)
    return lines


def _fairness(answer: PayAnswer, j: int, name: str, language: str) -> list[str]:
    lines, attain = [], answer.p_attain[:, j]
    if not np.isnan(attain).all():
        low, high = int(np.argmin(attain)), int(np.argmax(attain))
        lines.append(
            sentence(
                "pay attain", language, plan=name, mean=_share(float(attain.mean()), language),
                low=_share(float(attain[low]), language), worst=clean(answer.reps[low]),
                high=_share(float(attain[high]), language), best=clean(answer.reps[high]),
            )
        )  # fmt: skip
    split = answer.split(answer.names[j])
    if not math.isnan(split.luck):
        parts = {part: _share(getattr(split, part), language) for part in ("luck", "skill", "territory")}
        lines.append(sentence("pay luck", language, plan=name, **parts))
    return lines


def _gains(answer: PayAnswer, i: int, name: str, base: str, language: str) -> list[str]:
    lines = []
    for group in GROUPS if answer.has_groups else ():
        sales, pay, left = (answer.differences(key, group) for key in ("revenue", "pay_cost", "turnover"))
        lines.append(
            sentence(
                "pay group", language, plan=name, baseline=base, group=label(_GROUP_TERMS[group], language),
                sales=_relative(sales, i, language), pay=_relative(pay, i, language),
                turnover=_points(left, i, language),
            )
        )  # fmt: skip
    return lines


def answer_table(answer: PayAnswer, measures: Sequence[str], language: str = "en") -> pd.DataFrame:
    """Return chosen measures of each plan in words, each followed by its difference from the baseline.

    Raises
    ------
    StudyError
        For a measure that does not exist.
    """
    import pandas as pd

    first, unit = sentence("column measure", language), sentence("column unit", language)
    rows = _measure_rows(answer, language, measures)
    return pd.DataFrame(rows, columns=[first, unit, *answer.names]).set_index([first, unit])


def _measure_rows(answer: PayAnswer, language: str, chosen: Sequence[str] = ()) -> list[list[str]]:
    rows = []
    table = answer.frame()
    terms = {**PAY_MEASURES, "pay_p50": ("study.pay_p50", "currency"), "pay_p95": ("study.pay_p95", "currency")}
    for name in chosen:
        if name not in terms:
            raise StudyError(explain("there is no such measure of pay", value=name, remedy=nearest(name, terms)))
    for name in chosen or terms:
        term, kind = terms[name]
        values = table.loc[name].to_numpy(np.float64)
        texts, unit = _written(values, kind, answer.currency, language)
        rows.append([capital(label(term, language)), unit, *texts])
        if name in PAY_MEASURES and not np.isnan(answer.values[name]).any():
            found = answer.differences(name)
            cells = ["" for _ in answer.names]
            for i, j in enumerate(found.plan):
                relative = kind == "currency"
                cells[j] = _relative(found, i, language) if relative else _absolute(found, i, kind, language)
            rows.append(["  " + sentence("pay difference", language), "", *cells])
    return rows


def _group_rows(answer: PayAnswer, language: str) -> list[list[str]]:
    rows = []
    for group in GROUPS:
        for name in GROUP_MEASURES:
            term, kind = PAY_MEASURES[name]
            texts, unit = _written(answer.by_group[group, name].mean(axis=0), kind, answer.currency, language)
            a_year = sentence("pay a year", language, unit=unit) if kind == "currency" else unit
            title = sentence(
                "pay of group", language, group=label(_GROUP_TERMS[group], language), measure=label(term, language)
            )
            rows.append([capital(title), a_year, *texts])
    return rows


# -------------------------------------------------------------------------------------------------------------- replay


def replay_text(replay: PayReplay, language: str = "en") -> str:
    """Say what a plan would have paid, who gains and who loses, and what next year may cost.

    Raises
    ------
    WordsError
        For a language that does not exist.
    """
    return "\n".join(_replay_lines(replay, language))


def replay_html(replay: PayReplay, language: str = "en") -> str:
    """Return text and the table of reps as HTML; errors as in `replay_text`."""
    table = replay_table(replay, language)
    heads = [str(table.index.name), *table.columns]
    rows = [[str(rep), *map(str, row)] for rep, row in zip(table.index, table.to_numpy(), strict=True)]
    blocks = [_paragraphs(_replay_lines(replay, language)), _table(heads, rows, 1)]
    if replay.currency:
        note = sentence("pay amounts in", language, unit=currency_label(replay.currency, language))
        blocks.append(f'<p style="margin:.2em 0;opacity:.75">{html.escape(note)}</p>')
    return _page(blocks, language)


def replay_table(replay: PayReplay, language: str = "en") -> pd.DataFrame:
    """Return the table of reps in words, everybody together in its last row; errors as in `replay_text`."""
    import pandas as pd

    table, totals = replay.frame(), replay.totals()
    heads = [capital(label(_REPLAY_TERMS[name], language)) for name in table.columns]
    rows = [[_money(value, column == "change") for column, value in row.items()] for _, row in table.iterrows()]
    rows.append([_money(totals[name], name == "change") if name in totals else "" for name in table.columns])
    names = [*(clean(str(rep)) for rep in table.index), sentence("pay all reps", language)]
    return pd.DataFrame(rows, index=pd.Index(names, name=capital(label("column.rep", language))), columns=heads)


def _replay_lines(replay: PayReplay, language: str) -> list[str]:
    unit = currency_label(replay.currency, language) if replay.currency else ""
    totals = replay.totals()
    money = {name: quantity(value, language, unit=unit) for name, value in totals.items()}
    start = replay.statement.start.isoformat()
    if replay.before is None:
        lines = [sentence("pay last year", language, start=start, after=money["last_year"])]
    else:
        change = totals["change"] / totals["before"] if totals["before"] else math.nan
        lines = [
            sentence(
                "pay last year against", language, start=start, after=money["last_year"], before=money["before"],
                change=_signed_share(change, language),
            )
        ]  # fmt: skip
        lines.append(_who(replay, language, unit))
    lines.append(sentence("pay next year", language, p50=money["p50"], p95=money["p95"]))
    if replay.ahead is None:
        lines.append(sentence("pay behaviour fixed", language))
    else:
        n = len(replay.ahead_total)
        lines.append(sentence("pay behaviour on", language, n=n, p50=money["p50_ahead"], p95=money["p95_ahead"]))
    pay = replay.pay
    if pay.contests or pay.draw or pay.guarantee_months:
        lines.append(sentence("pay left out", language))
    return lines


def _who(replay: PayReplay, language: str, unit: str) -> str:
    won, lost = replay.winners, replay.losers

    def most(series: pd.Series) -> str:
        if not len(series):
            return ""
        value = quantity(abs(float(series.iloc[0])), language, unit=unit)
        return sentence("pay most", language, rep=clean(str(series.index[0])), value=value)

    return sentence(
        "pay winners", language, all=len(replay.frame()), won=len(won), gain=most(won), lost=len(lost), loss=most(lost)
    )


# -------------------------------------------------------------------------------------------------------------- pieces


def _relative(found: Differences, i: int, language: str) -> str:
    mean, low, high = (float(getattr(found, name)[i]) for name in ("relative", "relative_low", "relative_high"))
    if math.isnan(mean):
        return "–"
    three = figures(mean, low, high, language, relative=True)
    between = sentence("range", language, low=three[1], high=three[2])
    return sentence("estimate", language, mean=three[0], range=between)


def _absolute(found: Differences, i: int, kind: str, language: str) -> str:
    return _points(found, i, language) if kind == "share" else _estimate(found, i, language, 1.0)


def _points(found: Differences, i: int, language: str) -> str:
    return sentence("pay points", language, value=_estimate(found, i, language, 100.0))


def _estimate(found: Differences, i: int, language: str, factor: float) -> str:
    mean, low, high = (factor * float(getattr(found, name)[i]) for name in ("mean", "low", "high"))
    three = figures(mean, low, high, language)
    between = sentence("range", language, low=three[1], high=three[2])
    return sentence("estimate", language, mean=three[0], range=between)


def _share(value: float, language: str, decimals: int = 0) -> str:
    return "–" if math.isnan(value) else share(float(value), language, decimals=decimals)


def _signed_share(value: float, language: str) -> str:
    """Write a share with its sign, to a tenth of a per cent."""
    if math.isnan(value):
        return "–"
    rounded = round(100.0 * float(value), 1) + 0.0
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    return phrase(language, "percent", number=f"{sign}{abs(rounded):.1f}")


def _tenths(value: float) -> str:
    """Write a number to one decimal with a true minus sign; what rounds to zero has none."""
    return f"{round(float(value), 1) + 0.0:,.1f}".replace("-", "−")


def _money(value: float, signed: bool = False) -> str:
    if math.isnan(value):
        return "–"
    sign = ("+" if value > 0 else "−" if value < 0 else "") if signed else ("−" if value < 0 else "")
    return f"{sign}{abs(value):,.0f}"


def _written(values: np.ndarray, kind: str, currency: str, language: str) -> tuple[list[str], str]:
    """Write one measure of all plans in the same unit."""
    if kind == "share":
        return ["–" if math.isnan(x) else _tenths(100.0 * x) for x in values], sentence("percent sign", language)
    if kind == "currency":
        top = float(np.nanmax(np.abs(values)))
        factor, unit = scale(top, currency_label(currency, language), language)
        decimals = min(max(3 - math.floor(math.log10(top / factor)), 0), 3) if factor > 1.0 else 0
        return [f"{x / factor:,.{decimals}f}" for x in values], unit
    digits = 2 if kind == "times" else 1
    unit = sentence("pay times today", language) if kind == "times" else sentence("number of", language)
    return [f"{x:,.{digits}f}" for x in values], unit


def _paragraphs(lines: Sequence[str]) -> str:
    first, *rest = lines
    strong = f'<p style="font-size:1.1em;font-weight:600;margin:.3em 0">{html.escape(first)}</p>'
    return strong + "".join(f'<p style="margin:.3em 0">{html.escape(line)}</p>' for line in rest)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> str:
    """Return a table whose first `texts` columns are words and whose others are figures."""

    def line(cells: Sequence[str], tag: str) -> str:
        found = ""
        for place, cell in enumerate(cells):
            head = tag == "th" or place == 0
            scope = f' scope="{"col" if tag == "th" else "row"}"' if head else ""
            side = "left" if place < texts else "right"
            found += (
                f'<{"th" if head else "td"}{scope} style="padding:3px 12px 3px 0;text-align:{side};'
                f'vertical-align:top;font-weight:{600 if tag == "th" else 400}">{html.escape(cell)}'
                f'</{"th" if head else "td"}>'
            )
        return f'<tr style="border-top:1px solid rgba(128,128,128,.35);background:none">{found}</tr>'

    body = "".join(line(row, "td") for row in rows)
    return (
        '<table style="border-collapse:collapse;color:inherit;font-size:inherit;margin:.9em 0 .3em;'
        f'font-variant-numeric:tabular-nums"><thead>{line(heads, "th")}</thead><tbody>{body}</tbody></table>'
    )


def _page(blocks: Sequence[str], language: str) -> str:
    return f'<div lang="{language}" style="max-width:76em;line-height:1.45">{"".join(blocks)}</div>'
