"""A funnel in words: its main figures as text and as HTML, in both languages; each ratio names its base."""

from __future__ import annotations

import html
import math
from typing import TYPE_CHECKING

from salessim.words import definition, has_term, label, sentence

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.analytics.funnel import Funnel

__all__ = ["SHARES", "TERMS", "funnel_html", "funnel_text", "named"]

SHARES = (
    "advanced", "moved_back", "still_there", "still_open", "won_of_entered_closed", "win_rate_of_closed",
    "win_rate_of_all", "pushed_of_all", "overdue_of_open",
)  # fmt: skip
"""What is a share of something; its term says of what."""
_ENDS = ("won", "lost", "no_decision", "disqualified")  # shares of the deals that entered, or numbers of deals
TERMS = (
    *SHARES, *_ENDS, "stage", "entered", "open", "created", "deals", "open_deals", "undated", "slow", "median_days",
    "days_90", "all_censored", "mean_won_cycle_days", "mean_push_days", "median_days_late_of_won",
    "pushes_per_pushed_deal", "amount", "won_amount", "mean_won_amount", "velocity", "open_amount", "target",
    "coverage", "opening", "increased", "decreased", "closing", "residual",
)  # fmt: skip
"""Everything that tables of a funnel call something: terms of the kind ``funnel``."""

_NOTES = {
    "closed without a date": "funnel left undated",
    "no history of stages": "funnel left no history",
    "no date of creation": "funnel left no creation",
    "left before entered, taken as 0 days": "funnel left negative",
}
_CELL = "padding:.25em .8em;text-align:{side};border-bottom:1px solid rgba(128,128,128,.35)"


def named(frame: pd.DataFrame, language: str = "en") -> pd.DataFrame:
    """Return a table of a funnel with its columns and rows called by their terms; stages and people keep their names.

    Examples
    --------
    >>> import pandas as pd
    >>> named(pd.DataFrame({"win_rate_of_all": [0.2]}, index=["Rep 1"]), "zh").columns.tolist()
    ['赢单率（占全部）']
    """
    called = {name: label(f"funnel.{name}", language) for name in TERMS}
    done = frame.rename(columns=called, index=called if frame.index.name != "stage" else {})
    done.index.name = called.get(str(frame.index.name), frame.index.name)
    return done


def funnel_text(found: Funnel, language: str = "en") -> str:
    """Return the main figures as text; see `Funnel.to_text`."""
    head, *rates = _head(found, language)
    table = _stages(found)
    width = max(len(text) for text in (*table.index, *table.columns))
    lines = [head, *rates, "", sentence("funnel stages base", language)]
    for stage, row in table.iterrows():
        lines.append(f"{stage:<{width}}")
        cells = (f"{label(f'funnel.{name}', language)} {_number(name, value)}" for name, value in row.items())
        lines.append("  " + ("；" if language == "zh" else "; ").join(cells))
    return "\n".join([*lines, *_left_out(found, language)])


def funnel_html(found: Funnel, language: str = "en") -> str:
    """Return the main figures as HTML; see `Funnel.to_html`. Names, which come from files, are escaped."""
    head, *rates = _head(found, language)
    outcomes = found.outcomes().to_frame("share").T
    parts = [
        f'<p style="font-size:1.15em;font-weight:600;margin:.3em 0">{html.escape(head)}</p>',
        *(f'<p style="margin:.2em 0">{html.escape(line)}</p>' for line in rates),
        _html_table(_stages(found), sentence("funnel stages base", language), language),
        _html_table(outcomes, sentence("funnel outcomes base", language), language, index=False),
        _html_table(found.ageing(), sentence("funnel ageing base", language), language),
        *(f'<p style="margin:.2em 0;opacity:.75">{html.escape(line)}</p>' for line in _left_out(found, language)),
    ]
    return f'<div lang="{language}" style="max-width:76em;line-height:1.45">{"".join(parts)}</div>'


def _stages(found: Funnel) -> pd.DataFrame:
    """The table of stages without the ends that never occur."""
    table = found.by_stage()
    return table.loc[:, [name for name in table if name in ("entered", "open") or (table[name] > 0).any()]]


def _head(found: Funnel, language: str) -> list[str]:
    deals = found.deals
    won, ended = int((deals["status"] == "won").sum()), int((deals["status"] != "open").sum())
    return [
        sentence("funnel head", language, deals=f"{len(deals):,}", day=found.as_of.isoformat()),
        sentence(
            "funnel rate closed", language, rate=_share(found.win_rate(of="closed")), won=f"{won:,}", base=f"{ended:,}"
        ),
        sentence(
            "funnel rate all", language, rate=_share(found.win_rate(of="all")), won=f"{won:,}", base=f"{len(deals):,}"
        ),
    ]


def _left_out(found: Funnel, language: str) -> list[str]:
    return [sentence(_NOTES[reason], language, count=f"{count:,}") for reason, count in found.spells.left_out.items()]


def _row_name(name: str, language: str) -> str:
    """A stage in the language where it is a common one; every other name as the files have it."""
    return label(f"stage.{name}", language) if has_term(f"stage.{name}") else name


def _html_table(table: pd.DataFrame, caption: str, language: str, *, index: bool = True, share: bool = False) -> str:
    if not len(table):
        return ""
    names = [str(name) for name in table.columns]
    heads = [_th(name, language) for name in names]
    if index:
        heads.insert(0, _th(str(table.index.name), language, side="left"))
    body = []
    for key, row in zip(table.index, table.itertuples(index=False), strict=True):
        texts = [html.escape(_number(name, value)) for name, value in zip(names, row, strict=True)]
        cells = [f'<td style="{_CELL.format(side="right")}">{text}</td>' for text in texts]
        if index:
            cells.insert(0, f'<th scope="row" style="{_CELL.format(side="left")};font-weight:400">'
                            f"{html.escape(_row_name(str(key), language))}</th>")  # fmt: skip
        body.append(f'<tr style="background:none">{"".join(cells)}</tr>')
    return (
        '<table style="border-collapse:collapse;color:inherit;font-size:inherit;margin:.9em 0;min-width:32em;'
        'font-variant-numeric:tabular-nums">'
        f'<caption style="text-align:left;padding:.2em 0">{html.escape(caption)}</caption>'
        f'<thead><tr style="background:none">{"".join(heads)}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def _th(name: str, language: str, side: str = "right") -> str:
    key = f"funnel.{name}"
    known = name in TERMS
    text = label(key, language) if known else name
    title = f' title="{html.escape(definition(key, language), quote=True)}"' if known else ""
    return f'<th scope="col" style="{_CELL.format(side=side)};font-weight:600"{title}>{html.escape(text)}</th>'


def _number(name: object, value: float) -> str:
    if isinstance(value, float) and math.isnan(value):
        return "–"
    if name in SHARES or (name in _ENDS and isinstance(value, float)):
        return _share(value)
    return f"{value:,.1f}" if name in ("median_days", "days_90") else f"{value:,.0f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"
