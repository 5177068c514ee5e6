"""How plans work: the measures that say where a difference comes from, as a table and as one sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.measures import MEASURES, Measure
from salessim.show.report.document import Cell, Table, number
from salessim.show.report.writing import plain, plus_minus, unit_of
from salessim.study.phrases import phrase
from salessim.study.wording import capital
from salessim.words import label, sentence

if TYPE_CHECKING:
    from salessim.study.differences import Differences
    from salessim.study.study import Study

__all__ = ["how_plans_work", "works_in_words"]

_TOLD = (
    "revenue", "contribution", "selling_expense_ratio", "deals_won", "win_rate", "sales_cycle", "travel_share", "calls",
    "customers_per_rep", "reps_per_customer", "leads_expired", "turnover", "customers_at_risk",
)  # fmt: skip
"""The measures that say how a plan works, in the order of the table."""

_RESULTS = frozenset({"revenue", "contribution", "selling_expense_ratio", "deals_won", "customers_at_risk"})
"""Those of them that are what comes of it, not how it comes."""

_MOST = 3


class _Row(NamedTuple):
    """A measure: its mean under the baseline, its differences, and how they are written."""

    entry: Measure
    base: float
    found: Differences
    factor: float
    unit: str
    form: str
    decimals: int

    def gap(self, place: int) -> tuple[float, float, bool]:
        """Return difference and half its interval for a plan, and whether the interval excludes zero."""
        row = list(self.found.plan).index(place)
        gap, half = float(self.found.mean[row]), float(self.found.high[row] - self.found.mean[row])
        return gap, half, not self.found.low[row] <= 0.0 <= self.found.high[row]

    def cell(self, value: float, text: str) -> Cell:
        """Return a figure; a sheet has amounts of money in the unit that stands beside them, shares as they are."""
        money = self.entry.unit == "currency"
        return number(value / self.factor if money else value, text, "#,##0.00" if money else self.form)

    def written(self, place: int, language: str) -> str:
        """Write the difference of a plan; it shows at these decimals, or it is a bare 0."""
        gap, half, _ = self.gap(place)
        return plus_minus(gap / self.factor, half / self.factor, self.decimals, language)


def how_plans_work(study: Study, names: list[str], others: list[int], language: str) -> Table:
    """Return the table of the measures: the baseline, and every other plan's difference from it."""
    base = names[study.baseline]
    rows = []
    for row in _rows(study, language):
        cells = [Cell(capital(label(f"measure.{row.entry.name}", language))), Cell(row.unit)]
        cells.append(row.cell(row.base, plain(row.base / row.factor, row.decimals)))
        for place in others:
            gap, _, sure = row.gap(place)
            said = row.written(place, language)
            cells.append(row.cell(gap, said + (" *" if sure and said != "0" else "")))
        rows.append(tuple(cells))
    against = [sentence("report against", language, plan=names[i], baseline=base) for i in others]
    head = (sentence("column measure", language), sentence("column unit", language), base, *against)
    return Table(sentence("report how", language), tuple(capital(text) for text in head), tuple(rows),
                 text=frozenset({0, 1}))  # fmt: skip


def works_in_words(study: Study, names: list[str], place: int, language: str) -> str:
    """Say in which few measures a plan works most differently from the baseline, beyond chance."""
    found = []
    for row in _rows(study, language):
        gap, _, sure = row.gap(place)
        said = row.written(place, language)
        if sure and said != "0" and row.entry.name not in _RESULTS:
            found.append((abs(gap) / max(abs(row.base), 1e-12), row, said))
    found.sort(key=lambda one: -one[0])
    names_of = {"plan": names[place], "baseline": names[study.baseline]}
    if not found:
        return capital(sentence("report in short same", language, **names_of))
    space = "" if language == "zh" else " "
    parts = [
        sentence("report in short part", language, name=label(f"measure.{row.entry.name}", language), value=said)
        + ("" if row.entry.unit == "count" else f"{space}{row.unit}")
        for _, row, said in found[:_MOST]
    ]
    return capital(sentence("report in short works", language, parts=phrase(language, "comma").join(parts), **names_of))


def _rows(study: Study, language: str) -> list[_Row]:
    rows = [_row(study, next(one for one in MEASURES if one.name == name), language) for name in _TOLD]
    return [row for row in rows if row is not None]


def _row(study: Study, entry: Measure, language: str) -> _Row | None:
    """Return mean and differences of a measure; None where it does not exist in every replication."""
    values = study.values(entry.name)
    if not np.isfinite(values).all():
        return None
    base = float(values[:, study.baseline].mean())
    largest = float(np.abs(values.mean(axis=0)).max())
    found = study.differences(entry.name)
    gap = float(np.abs(found.mean).max())
    factor, unit, form = unit_of(entry, largest, study.market.currency, language, gap)
    decimals = 0 if largest / factor >= 1000.0 else 1 if largest / factor >= 10.0 else 2
    return _Row(entry, base, found, factor, unit, form, decimals)
