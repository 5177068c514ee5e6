"""Every measure, setting, choice and unit is named and defined in both languages, and nothing else stands there."""

from __future__ import annotations

import ast
import string
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from salessim.crm.analytics.shown import TERMS as FUNNEL_TERMS
from salessim.errors import SalesSimError
from salessim.ledger import CUTS, LINES, MEMO
from salessim.measures import MEASURES
from salessim.model import market as market_module
from salessim.model import plan as plan_module
from salessim.model import today as today_module
from salessim.model.assumption import Evidence
from salessim.model.change import KEEP_RULES, TRIGGER_MEASURES, WAVES, Change, Trigger
from salessim.model.columns import Table
from salessim.model.management import TRAINED, VACANCY_RULES
from salessim.model.market import Market, Stages
from salessim.model.motivation import Motivation
from salessim.model.plan import COVERAGE_RULES, ROUTINGS, STRUCTURES, Plan
from salessim.model.presets import default_stages
from salessim.model.register import register
from salessim.study.judgement import Kind
from salessim.words import WordsError, definition, has_term, keys, kinds, label, languages, sentence, sentence_keys
from salessim.words.terms import read_rows
from salessim.world.tables import CAREERS, HANDOVERS, SOURCES, STATES

PACKAGE = Path(__file__).resolve().parents[2] / "salessim"


@cache
def strings_of_the_package() -> frozenset[str]:
    """Every string that stands in the code of the package, apart from the words themselves."""
    found: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        if file.is_relative_to(PACKAGE / "words"):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.add(node.value)
    return frozenset(found)


def tables() -> list[type[Table]]:
    modules = (market_module, plan_module, today_module)
    classes = [entry for module in modules for entry in vars(module).values() if isinstance(entry, type)]
    return [entry for entry in classes if issubclass(entry, Table) and entry is not Table]


def choices(field: str) -> tuple[Any, ...]:
    return get_args(Plan.model_fields[field].annotation)


EXPECTED: dict[str, set[str]] = {
    "measure": {entry.name for entry in MEASURES},
    "structure": set(STRUCTURES),
    "foresight": set(get_args(Motivation.model_fields["foresight"].annotation)),
    "coverage": set(COVERAGE_RULES),
    "routing": set(ROUTINGS),
    "open_deals": set(choices("open_deals")),
    "vacancy": set(VACANCY_RULES),
    "trained": set(TRAINED),
    "state": set(STATES),
    "source": set(SOURCES),
    "career": set(CAREERS),
    "handover": set(HANDOVERS),
    "setting": {*Market.names(), *Plan.names()},
    "column": {column.name for table in tables() for column in table.schema},
    "change": {*Change.model_fields, *Trigger.model_fields},
    "waves": set(WAVES),
    "keep": set(KEEP_RULES),
    "trigger": set(TRIGGER_MEASURES),
    "ledger": {*LINES, "contribution", *MEMO},
    "cut": set(CUTS),
    "law": {word for column in Stages.schema if column.name.endswith("_law") for word in column.choices},
    "evidence": set(get_args(Evidence)),
    "unit": {entry.unit for entry in MEASURES} | {entry.unit for entry in register()},
    "verdict": {kind.value for kind in Kind},
    "funnel": set(FUNNEL_TERMS),
    "stage": set(default_stages()["stage"]),
}
"""What the code has of each kind. Currencies are data of the market; words of a study are looked for in the code."""


@pytest.mark.parametrize("kind", EXPECTED)
def test_every_thing_has_its_term_and_every_term_its_thing(kind: str) -> None:
    assert {key.partition(".")[2] for key in keys(kind)} == EXPECTED[kind]


def test_no_other_kind_of_term() -> None:
    assert set(kinds()) == EXPECTED.keys() | {"currency", "pay", "study", "view"}
    for key in keys("currency"):
        assert len(key.removeprefix("currency.")) == 3 and key.removeprefix("currency.").isupper()


def test_every_assumption_and_its_unit_and_evidence_have_terms() -> None:
    for entry in register():
        assert (
            has_term(f"setting.{entry.name}")
            and has_term(f"unit.{entry.unit}")
            and has_term(f"evidence.{entry.evidence}")
        )


def test_words_of_a_study_are_used() -> None:
    assert set(keys("study")) <= strings_of_the_package()


def test_every_sentence_is_used() -> None:
    assert set(sentence_keys()) <= strings_of_the_package()


def test_every_sentence_asked_for_is_there() -> None:
    asked: set[str] = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id == "sentence"
                and node.args
            ):
                first = node.args[0]
                branches = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
                asked |= {b.value for b in branches if isinstance(b, ast.Constant) and isinstance(b.value, str)}
    assert len(asked) > 20
    assert asked <= set(sentence_keys())


def has_hanzi(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


@pytest.mark.parametrize("key", keys())
def test_labels_and_definitions_are_whole(key: str) -> None:
    for language in languages():
        for text in (label(key, language), definition(key, language)):
            assert text and text == text.strip() and "  " not in text
        assert label(key, language)[-1] not in ".。,，;；"
    assert definition(key)[-1] == "." and definition(key)[:1].isupper()
    assert not has_hanzi(label(key)) and not has_hanzi(definition(key))
    assert definition(key, "zh")[-1] == "。"
    assert has_hanzi(label(key, "zh")) and has_hanzi(definition(key, "zh"))


@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("kind", kinds())
def test_no_two_things_of_a_kind_share_a_name(kind: str, language: str) -> None:
    labels = [label(key, language) for key in keys(kind)]
    assert len(set(labels)) == len(labels)


def fields(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_sentences_have_the_same_fields_in_every_language() -> None:
    rows = read_rows("sentences.csv")
    assert len(rows) == len(sentence_keys())
    for row in rows:
        assert row["en"] and row["zh"]
        assert fields(row["en"]) == fields(row["zh"]), row["key"]
        assert not has_hanzi(row["en"])


def test_no_row_has_a_cell_too_many_or_too_few() -> None:
    for name, columns in (("terms.csv", 6), ("sentences.csv", 3)):
        for row in read_rows(name):
            assert len(row) == columns and None not in row and None not in row.values()


@pytest.mark.parametrize(
    ("bare", "full"),
    [
        ("revenue", "measure.revenue"),
        ("calls", "measure.calls"),
        ("today", "structure.today"),
        ("customer", "structure.customer"),
        ("complexity", "setting.complexity"),
    ],
)
def test_a_bare_name_means_measure_then_structure_then_the_rest(bare: str, full: str) -> None:
    assert definition(bare) == definition(full)


def test_a_bare_name_is_never_ambiguous_between_neighbours() -> None:
    assert label("calls") != label("setting.calls")
    assert definition("structure.product") != definition("column.product")


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [("wn_rate", "win_rate"), ("structure.teritory", "structure.territory"), ("setting.lerning", "setting.learning")],
)
def test_an_unknown_term_names_the_nearest(wrong: str, hint: str) -> None:
    with pytest.raises(WordsError, match=f"Did you mean '{hint}'"):
        label(wrong)
    with pytest.raises(SalesSimError, match=f"Did you mean '{hint}'"):
        definition(wrong)
    assert not has_term(wrong)


def test_a_term_like_nothing_else_does_not_list_all_of_them() -> None:
    with pytest.raises(WordsError) as error:
        label("qqqqqqqqqq")
    assert len(str(error.value)) < 200


def test_unknown_language_kind_sentence_and_field() -> None:
    with pytest.raises(WordsError, match="en, zh"):
        label("revenue", "fr")
    with pytest.raises(WordsError, match="en, zh"):
        sentence("audit not run", "de")
    with pytest.raises(WordsError, match="'measure'"):
        keys("mesure")
    with pytest.raises(WordsError, match="'audit not run'"):
        sentence("audit not ran")
    with pytest.raises(WordsError, match="plan"):
        sentence("favours", "en")
