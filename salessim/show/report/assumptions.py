"""The assumptions of a study as tables: the value used, the plausible range, and on whose word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from salessim.model.assumption import OURS, Assumption
from salessim.model.part import Part
from salessim.model.register import register
from salessim.show.report.document import Cell, Table, Text, number
from salessim.show.report.sources import source_in
from salessim.show.report.writing import figure
from salessim.study.wording import capital, plan_labels
from salessim.words import definition, label, sentence

if TYPE_CHECKING:
    from salessim.study.study import Study

__all__ = ["assumption_blocks", "counted"]


def assumption_blocks(study: Study, language: str) -> tuple[Text | Table, ...]:
    """Return what is assumed: a count by evidence, the assumptions that structures turn on, then all others.

    The value is that of the study's market, or of its baseline plan. Where it is not the default of the register, the
    source of the default does not speak for it, and the table says that the value was set for this firm.
    """
    entries = _entries(study)
    n, own, unsourced = counted(study)
    intro = sentence("report assumptions intro", language, n=n, unsourced=unsourced, own=own,
                     baseline=plan_labels(study, language)[study.baseline])  # fmt: skip
    kinds = ((True, "report assumptions structural"), (False, "report assumptions others"))
    tables = [
        _table(sentence(key, language), [pair for pair in entries if pair[0].structural is structural], language,
               folded=not structural)
        for structural, key in kinds
    ]  # fmt: skip
    return (Text(intro), *tables)


def counted(study: Study) -> tuple[int, int, int]:
    """Return how many numbers are assumed, how many of them are the firm's own, and how many have no source."""
    entries = _entries(study)
    unsourced = sum(OURS in entry.source and value == entry.default for entry, value in entries)
    return len(entries), sum(value != entry.default for entry, value in entries), unsourced


def _entries(study: Study) -> list[tuple[Assumption, float]]:
    values = _values(study.market) | _values(study.plans[study.names[study.baseline]])
    return [(entry, values[entry.part, entry.name]) for entry in register()]


def _values(part: Part) -> dict[tuple[str, str], float]:
    """Return the number of every setting by the part and name under which the register has it."""
    found: dict[tuple[str, str], float] = {}
    for name in type(part).model_fields:
        value = getattr(part, name)
        if isinstance(value, Part):
            found |= _values(value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found[type(part).__name__.lower(), name] = float(value)
    return found


def _table(title: str, entries: list[tuple[Assumption, float]], language: str, *, folded: bool) -> Table:
    keys = ("report assumption", "report source", "report value", "report range", "column unit")
    rows = tuple(
        (
            Cell(_meaning(entry.name, language)),
            Cell(_source(entry, value, language)),
            number(value, figure(value), "General"),
            Cell(sentence("range", language, low=figure(entry.low), high=figure(entry.high))),
            Cell(label(f"unit.{entry.unit}", language)),
        )
        for entry, value in entries
    )  # fmt: skip
    return Table(
        title, tuple(capital(sentence(key, language)) for key in keys), rows, text=frozenset({0, 1, 4}), folded=folded
    )


def _meaning(name: str, language: str) -> str:
    term = f"setting.{name}"
    return sentence("report meaning", language, name=capital(label(term, language)), meaning=definition(term, language))


def _source(entry: Assumption, value: float, language: str) -> str:
    if value != entry.default:
        return sentence("report set", language, default=figure(entry.default))
    if entry.source == OURS:
        return label("evidence.ours", language)
    source = source_in(language, entry.source)
    if OURS in entry.source:
        return source
    return sentence("report sourced", language, source=source, evidence=label(f"evidence.{entry.evidence}", language))
