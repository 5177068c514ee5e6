"""The answer in one minute: how sure, what it costs, where it comes from, what would change it, what is assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.ledger import LINES
from salessim.show.report.assumptions import counted
from salessim.show.report.costs import accounts_of
from salessim.show.report.document import Table, words
from salessim.show.report.works import works_in_words
from salessim.show.report.writing import money_unit, plus_minus, rounded
from salessim.study.wording import capital, what_it_hangs_on
from salessim.words import sentence

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = ["SELLING", "compared", "glance"]

SELLING = [place for place, line in enumerate(LINES) if line not in ("revenue", "cost_of_goods")]
"""Places of the lines of the account that are costs of selling."""


def compared(study: Study) -> int:
    """Return the plan that the headline sets against the baseline."""
    head = study.judged.headline
    return head.plan if head.plan != study.baseline else head.against


def glance(study: Study, names: list[str], sure: str, language: str) -> Table:
    """Return the table that a reader with one minute reads; `sure` says how far the verdict can be trusted."""
    place = compared(study)
    n, own, unsourced = counted(study)
    said = (
        ("report in short sure", sure),
        ("report in short costs", _money(study, names, place, language)),
        ("report in short from", works_in_words(study, names, place, language)),
        ("report in short changes", what_it_hangs_on(study, language) or sentence("not varied", language)),
        ("report in short assumed", sentence("report in short model", language, n=n, own=own, unsourced=unsourced)),
    )
    rows = tuple(words((capital(sentence(key, language)), text)) for key, text in said if text)
    return Table("", ("", sentence("report in short", language)), rows, text=frozenset({0, 1}), heads=False)


def _money(study: Study, names: list[str], place: int, language: str) -> str:
    account = accounts_of(study)
    if account is None:
        return sentence("report no account", language)
    gap, half = account.difference(place, study.baseline)
    spent, spent_half = account.difference_of(SELLING, place, study.baseline)
    factor, unit, _ = money_unit(max(abs(rounded(float(x))) for x in (gap[-1], spent)), study.market.currency, language)
    decimals = 0 if factor == 1.0 else 2 if max(np.abs([gap[-1], spent])) < 100.0 * factor else 0

    def written(value: float, width: float) -> str:
        return plus_minus(rounded(value) / factor, rounded(width, 2) / factor, decimals, language)

    return capital(sentence(
        "report in short money", language, plan=names[place], baseline=names[study.baseline], months=study.months,
        contribution=written(float(gap[-1]), float(half[-1])), selling=written(spent, spent_half), unit=unit,
    ))  # fmt: skip
