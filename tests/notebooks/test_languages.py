"""The notebooks of all languages are the same lessons: the same code, the same sections, words of their own."""

from __future__ import annotations

import re
import string
from pathlib import Path

import nbformat
import pytest

from salessim.errors import SalesSimError
from salessim.lessons import EXERCISES, LINES, TERMS, Lesson, check
from salessim.words import languages

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
OTHERS = [language for language in languages() if language != "en"]


def cells(language: str, name: str) -> list[nbformat.NotebookNode]:
    folder = FOLDER if language == "en" else FOLDER / language
    found: list[nbformat.NotebookNode] = nbformat.read(folder / name, as_version=4).cells
    return found


def code(language: str, name: str) -> list[str]:
    return [cell.source for cell in cells(language, name) if cell.cell_type == "code"]


def has_hanzi(text: str) -> bool:
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def test_every_notebook_has_its_twin_and_every_twin_its_notebook() -> None:
    assert NAMES
    for language in OTHERS:
        assert sorted(path.name for path in (FOLDER / language).glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", OTHERS)
def test_code_differs_in_one_line_only(language: str, name: str) -> None:
    english, other = code("en", name), code(language, name)
    (first, *rest), (other_first, *other_rest) = english[0].splitlines(), other[0].splitlines()
    assert (first, other_first) == ('LANG = "en"', f'LANG = "{language}"')
    assert (rest, english[1:]) == (other_rest, other[1:])


@pytest.mark.parametrize("name", NAMES)
def test_code_has_no_words_of_a_language(name: str) -> None:
    """What a reader sees comes from `LINES` and the words; a comment would be read in one language only."""
    for source in code("en", name):
        for line in source.splitlines():
            assert "#" not in line or line.endswith("# fmt: skip"), line
        assert not has_hanzi(source)
        assert not re.search(r"""["'][A-Z][a-z]+ [a-z]""", source), "a sentence: put it into LINES"


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", OTHERS)
def test_texts_stand_in_the_same_places_in_their_own_language(language: str, name: str) -> None:
    english, other = cells("en", name), cells(language, name)
    assert [(cell.cell_type, cell.id) for cell in english] == [(cell.cell_type, cell.id) for cell in other]
    for one, two in zip(english, other, strict=True):
        if one.cell_type == "markdown":
            assert has_hanzi(two.source) and two.source != one.source
            for sign in ("^#+ ", r"\|", "^\\* ", "<details>", "</details>", "^```"):
                found = [len(re.findall(sign, cell.source, re.MULTILINE)) for cell in (one, two)]
                assert found[0] == found[1], (one.id, sign)
            # solutions of exercises: the same figures
            solved = [re.findall(r"= [\d.,]*\d", cell.source) for cell in (one, two)]
            assert [x for x in solved[0] if len(x) > 4] == [x for x in solved[1] if len(x) > 4]


def fields(template: str) -> list[tuple[str, str]]:
    return sorted((name, form or "") for _, name, form, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("key", LINES)
def test_lines_are_whole_in_every_language(key: str) -> None:
    english, chinese = LINES[key]
    assert english and chinese and fields(english) == fields(chinese)
    assert not has_hanzi(english)
    assert has_hanzi(chinese) or not re.search("[a-z]", re.sub(r"\{.*?\}", "", english))


def test_every_line_is_used_and_every_line_asked_for_is_there() -> None:
    sources = "\n".join(source for name in NAMES for source in code("en", name))
    asked = set(re.findall(r"""\bsay\(\s*"([^"]+)\"""", sources))
    assert len(asked) > 20 and asked <= LINES.keys()
    inside = (Path(__file__).resolve().parents[2] / "salessim" / "lessons" / "lesson.py").read_text(encoding="utf-8")
    asked |= set(re.findall(r"""\bsay\(\s*"([^"]+)\"""", inside))
    levels, found = {"error", "warning", "info"}, {"opportunities", "won share", "cycle days", "deal time"}
    directions = {"up", "down", "mixed", "none"}
    columns = {"mechanism", "adds", "standard_error", "difference_without_it", "line", "all"}
    columns |= {"value_moved", "travel_km", "imbalance", "profit"}
    assert LINES.keys() == asked | levels | found | directions | columns


def test_answers_in_words_are_right_in_both_languages_and_wrong_in_none() -> None:
    in_words = {name: one for name, one in EXERCISES.items() if isinstance(one.answer, str)}
    assert {name.partition(".")[0] for name in in_words} >= {"1", "3", "4"}
    for name, one in in_words.items():
        assert check(name, one.answer_zh, "zh") == f"正确：{one.answer_zh}。"
        assert check(name, one.answer, "zh").startswith("正确")
        assert check(name, "", "zh") == f"还不对。提示：{one.hint_zh}"
        assert check(name, "", "en") == f"Not yet. Hint: {one.hint_en}"


def test_the_words_of_the_answers_are_those_of_the_lesson() -> None:
    assert Lesson("zh").name("verdict", "cannot tell") == EXERCISES["1.3 honest verdict"].answer_zh
    for language, answer in zip(languages(), ("answer", "answer_zh"), strict=True):
        retrained = getattr(EXERCISES["4.4 what is worth most"], answer)
        assert Lesson(language).say("retrained") == retrained


LESSONS = [name for name in NAMES if not name.startswith("00")]


@pytest.mark.parametrize("name", LESSONS)
@pytest.mark.parametrize("language", languages())
def test_every_lesson_links_its_terms_to_its_glossary(language: str, name: str) -> None:
    """The links lead to the heading under which the words stand, and every linked word stands there."""
    texts = [cell.source for cell in cells(language, name) if cell.cell_type == "markdown"]
    (heading,) = (text for text in texts if text.startswith(("## Words of this lesson", "## 本课术语")))
    anchor = heading.removeprefix("## ").replace(" ", "-")
    links = re.findall(r"\]\(#(.*?)\)", "\n".join(texts))
    assert len(links) >= 3 and set(links) == {anchor}
    (call,) = (source for source in code(language, name) if "lesson.glossary(" in source)
    shown = Lesson(language).glossary(*re.findall(r'"([^"]+)"', call))
    for term in re.findall(r"\[\*\*(.*?)\*\*\]\(#", "\n".join(texts)):
        assert re.sub("(ies|y|s)$", "", term.lower()) in shown.lower(), term


def test_words_of_the_lessons_are_used_and_whole() -> None:
    used = "\n".join(source for name in LESSONS for source in code("en", name))
    for key, (english, chinese, meaning, meaning_zh) in TERMS.items():
        assert f'"{key}"' in used
        assert has_hanzi(chinese) and has_hanzi(meaning_zh) and not has_hanzi(english + meaning)
        assert meaning[-1] == "." and meaning_zh[-1] == "。"


def test_an_unknown_language_or_line_is_refused() -> None:
    with pytest.raises(SalesSimError, match="en, zh"):
        Lesson("fr")
    with pytest.raises(SalesSimError, match="en, zh"):
        check("1.1", 0.667, "fr")
    with pytest.raises(SalesSimError, match="'big bang'"):
        Lesson().say("big bank")


def test_folders_are_found_upward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "notebooks" / "zh"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert Lesson().find("data/sample", having="deals.csv") is None
    place = tmp_path / "data" / "sample"
    place.mkdir(parents=True)
    assert Lesson().find("data/sample", having="deals.csv") is None
    (place / "deals.csv").touch()
    assert Lesson().find("data/sample", having="deals.csv") == place


def test_tables_are_named_in_the_language_and_names_of_the_user_stay() -> None:
    import pandas as pd

    frame = pd.DataFrame({"my plan": [0.2], "all": [1]}, index=pd.Index(["travel"], name="mechanism"))
    named = Lesson("zh").table(frame)
    assert (named.index.name, *named.index, *named.columns) == ("机制", "路途", "my plan", "合计")
    assert list(Lesson("zh").table(frame, "ledger").index) == ["差旅"]
