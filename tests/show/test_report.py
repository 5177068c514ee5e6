"""The report: whole, self-contained, escaped, the study's own figures, the same in every format and language."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from studies import small, study_of

from salessim import __version__
from salessim.errors import StudyError
from salessim.ledger import LINES
from salessim.model.change import Change
from salessim.model.pay_files import pay_preset
from salessim.model.register import register
from salessim.show.report import report, report_document
from salessim.show.report.costs import accounts_of
from salessim.show.report.document import Cell, Document, Picture, Section, Table, Text
from salessim.show.report.sources import source_in
from salessim.show.report.web import html_page
from salessim.show.report.writing import money_unit, pay_words, plus_minus
from salessim.show.study_figure import alt_text
from salessim.study.comparison import compare
from salessim.study.explain import explain_difference
from salessim.study.path import path_of
from salessim.study.store import results_hash
from salessim.study.study import Study
from salessim.study.wording import second_line
from salessim.words import WordsError, label, sentence

DAY = dt.date(2026, 11, 24)
TAG = "<script>alert('x')</script>"
FORMULA = "=1+1&cmd()"
VOID = {"meta", "img"}


@pytest.fixture(scope="module")
def study() -> Study:
    """Return a study whose market and plans are named by somebody who means harm; one plan changes on the way."""
    market, plan = small()
    plans = {
        "territory": plan,
        TAG: plan.but(structure="product", reps=9),
        FORMULA: plan.but(changes=(Change(month=2, to={"structure": "customer"}),)),
    }
    market = market.but(name=f"Miller & <b>Sons</b>{TAG}", speed=70.0)
    return compare(market, plans, months=6, replications=5, most_replications=5, draws=20)


def section(document: Document, key: str) -> Section:
    return next(one for one in document.sections if one.title == sentence(key, document.language))


def tables(part: Section) -> list[Table]:
    return [block for block in part.blocks if isinstance(block, Table)]


class Reader(HTMLParser):
    """Reads a page as a browser would: tags must close, and what is loaded or run is kept."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.alts: list[str] = []
        self.attributes: set[str] = set()
        self.text: list[str] = []
        self.language = ""
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.add(tag)
        self.attributes |= given.keys()
        self.loads += [given[name] or "" for name in ("src", "href", "data", "srcset") if name in given]
        self.alts += [given["alt"] or ""] if tag == "img" else []
        self.language = given.get("lang") or self.language
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data.replace("\u00a0", " "))


@pytest.fixture(scope="module", params=["en", "zh"])
def page(request: pytest.FixtureRequest, study: Study, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    path = report(study, tmp_path_factory.mktemp("report") / "answer.html", request.param, date=DAY)
    return path.read_text(encoding="utf-8"), request.param


# ----------------------------------------------------------------------------------------------------------------- HTML


def test_the_page_loads_and_runs_nothing(page: tuple[str, str]) -> None:
    read = Reader(page[0])
    assert read.loads and all(one.startswith("data:image/png;base64,") for one in read.loads)
    assert not {"script", "iframe", "link", "object", "form", "b"} & read.tags
    assert not [name for name in read.attributes if name.startswith("on")]
    assert "default-src 'none'" in page[0]
    assert not re.search(r"https?:|@import|url\(", page[0])


def test_names_are_shown_as_they_are_and_are_no_tags(page: tuple[str, str]) -> None:
    text = "".join(Reader(page[0]).text)
    assert TAG in text and FORMULA in text and "Miller & <b>Sons</b>" in text
    assert "<script" not in page[0]


def test_the_page_is_in_its_language_and_holds_what_a_reader_needs(page: tuple[str, str], study: Study) -> None:
    read, language = Reader(page[0]), page[1]
    text = "".join(read.text)
    assert read.language == {"en": "en", "zh": "zh-CN"}[language]
    for wanted in (
        *study.verdict(language).splitlines()[1:2], second_line(study, language), __version__,
        results_hash(), "2026-11-24",
        sentence("audit identical", language), label("evidence.ours", language),
        *(label(f"ledger.{line}", language) for line in ("cost_of_goods", "travel", "management")),
    ):  # fmt: skip
        assert wanted[1:] in text, wanted
    assert read.alts[0] == alt_text(study, language)
    told = path_of(study, FORMULA).text(language).splitlines()
    assert FORMULA in read.alts[1] and len(read.alts[1]) > 0.8 * sum(map(len, told))


def test_the_same_study_gives_the_same_page(page: tuple[str, str], study: Study, tmp_path: Path) -> None:
    again = report(study, tmp_path / "again.html", page[1], date=DAY)
    assert again.read_text(encoding="utf-8") == page[0]


def test_a_question_of_the_user_is_asked_in_his_words(study: Study) -> None:
    asked = report_document(study, question="Shall we <i>move</i>?\n", date=DAY).question
    assert asked == "Shall we <i>move</i>?"
    own = report_document(study, date=DAY).question
    assert "6 months" in own and "“territory” gives way to" in own


# -------------------------------------------------------------------------------------------------------------- figures


def test_the_account_adds_up_and_is_the_study_s_own(study: Study) -> None:
    account = accounts_of(study)
    assert account is not None and account.replications == study.replications
    np.testing.assert_allclose(account.amounts[:, :, :-1].sum(axis=2), account.amounts[:, :, -1], atol=1e-6)
    np.testing.assert_allclose(account.amounts[:, :, -1], study.values("contribution"), rtol=1e-9)
    gap, half = account.difference(1, 0)
    told = study.differences("contribution").mean[0]
    assert gap[-1] == pytest.approx(told) and (half >= 0).all()


def test_the_table_of_costs_shows_the_lines_that_move(study: Study) -> None:
    (table,) = tables(section(report_document(study, date=DAY), "report costs"))
    lines = {row[0].text.lower(): row for row in table.rows}
    wanted = {label(f"ledger.{line}") for line in (*LINES, "contribution")}
    assert set(lines) <= wanted and {"revenue", "base salaries", "contribution margin"} <= set(lines)
    assert "pay protection" not in lines  # nobody gets any: a line of zeros says nothing
    salaries = lines["base salaries"]
    assert salaries[1].value is not None and salaries[1].value < 0
    assert salaries[2].value is not None and salaries[2].value < 0  # a ninth rep costs
    assert re.fullmatch(r"−[\d.,]+ ± <?[\d.,]+", salaries[2].text)


def test_an_account_that_is_not_the_study_s_is_left_out_and_said_to_be() -> None:
    made_up = study_of(np.array([[100.0, 103.0], [90.0, 95.0], [95.0, 97.0]]), {"a": "territory", "b": "product"})
    assert accounts_of(made_up) is None
    costs = section(report_document(made_up, date=DAY), "report costs")
    assert costs.blocks == (Text(sentence("report no account"), "note"),)


def test_an_explanation_sums_to_its_total(study: Study) -> None:
    market, plan = small()
    plans = {"territory": plan, TAG: plan.but(structure="product")}
    why = explain_difference(market, plans, TAG, "territory", months=3, replications=2, dials=["travel", "skill"])
    first = tables(section(report_document(study, explanation=why, date=DAY), "report why"))[0]
    *parts, total = [row[1].value for row in first.rows]
    assert TAG in first.title
    assert sum(parts) == pytest.approx(total)  # type: ignore[arg-type]
    assert [row[0].text for row in first.rows][-1] == "The whole difference"


def test_only_plans_that_change_on_the_way_have_a_path(study: Study) -> None:
    document = report_document(study, date=DAY)
    pictures = [block for block in section(document, "report path").blocks if isinstance(block, Picture)]
    assert len(pictures) == 1
    plain = study_of(np.array([[100.0, 103.0], [90.0, 95.0], [95.0, 97.0]]), {"a": "territory", "b": "product"})
    assert sentence("report path") not in [one.title for one in report_document(plain, date=DAY).sections]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_assumption_is_there_and_no_source_speaks_for_another_value(study: Study, language: str) -> None:
    part = section(report_document(study, language, date=DAY), "report assumptions")
    rows = [row for table in tables(part) for row in table.rows]
    assert len(rows) == len(register())
    speed = next(row for row in rows if row[0].text.lower().startswith(label("setting.speed", language)))
    assert speed[2].value == 70.0 and speed[1].text == sentence("report set", language, default="60")
    unsourced = [row for row in rows if label("evidence.ours", language) in row[1].text]
    assert len(unsourced) > 30
    intro = next(block.text for block in part.blocks if isinstance(block, Text))
    assert str(len(unsourced)) in intro


def test_every_source_is_put_over_or_only_cites() -> None:
    cites = re.compile(r"[A-Z][\w.,&' ]+ \d{4}")  # names and a year
    english = {entry.source for entry in register()}
    left = {source for source in english if source_in("zh", source) == source}
    assert all(cites.fullmatch(source) for source in left), left


# ------------------------------------------------------------------------------------------------------- Excel and PDF


def cells(book: openpyxl.Workbook) -> Iterator[object]:
    for sheet in book.worksheets:
        for row in sheet.iter_rows():
            yield from row


@pytest.mark.parametrize("language", ["en", "zh"])
def test_formulas_stay_text_in_excel_and_figures_are_numbers(study: Study, language: str, tmp_path: Path) -> None:
    book = openpyxl.load_workbook(report(study, tmp_path / "answer.xlsx", language, date=DAY))
    found = list(cells(book))
    assert not [cell for cell in found if cell.data_type == "f"]  # type: ignore[attr-defined]
    named = [cell for cell in found if cell.value == FORMULA]  # type: ignore[attr-defined]
    assert named and all(cell.data_type == "s" and cell.quotePrefix for cell in named)  # type: ignore[attr-defined]
    sheet = book[sentence("report costs short", language)]
    revenue = next(
        row for row in sheet.iter_rows(values_only=True) if str(row[0]).lower() == label("ledger.revenue", language)
    )
    mean = float(study.values("revenue")[:, 0].mean())
    factor, unit, _ = money_unit(mean, study.market.currency, language)
    head = next(str(row[0]) for row in sheet.iter_rows(values_only=True) if unit in str(row[0]) and row[1])
    assert revenue[1] == pytest.approx(mean / factor, rel=1e-7) and unit in head  # in the unit that its head names
    assert len(book.worksheets) == len(report_document(study, language, date=DAY).sections)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_pdf_has_its_pages_and_is_the_same_every_time(study: Study, language: str, tmp_path: Path) -> None:
    # a character that no font can draw would be a warning, and a warning is an error in these tests
    first, again = (report(study, tmp_path / f"{n}.pdf", language, date=DAY).read_bytes() for n in (1, 2))
    assert first.startswith(b"%PDF") and first == again
    assert 3 <= len(re.findall(rb"/Type /Page\b", first)) <= 12


def test_numbers_that_do_not_exist_are_text_only() -> None:
    from salessim.show.report.document import number

    assert number(float("nan"), "–") == Cell("–", None, "#,##0")


# -------------------------------------------------------------------------------------------------------------- refused


def test_what_cannot_be_written_is_refused_in_words(study: Study, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"\.html, \.pdf, \.xlsx"):
        study.report(tmp_path / "answer.docx")
    with pytest.raises(StudyError, match="Make it first"):
        study.report(tmp_path / "nowhere" / "answer.html")
    with pytest.raises(WordsError, match="en, zh"):
        study.report(tmp_path / "answer.html", "fr")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(StudyError, match="cannot be written"):
        study.report(tmp_path / "folder.html", date=DAY)


# -------------------------------------------------------------------------------------------------------- one minute


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_answer_in_one_minute_says_all_six_things(study: Study, language: str) -> None:
    answer = section(report_document(study, language, date=DAY), "report answer")
    glance = next(table for table in tables(answer) if not table.heads)
    keys = ("sure", "costs", "from", "changes", "assumed")
    wanted = [sentence(f"report in short {key}", language) for key in keys]
    assert [row[0].text.lower() for row in glance.rows] == wanted
    told = [row[1].text for row in glance.rows]
    assert second_line(study, language) in told[0]
    assert "±" in told[1] and {"en": "CNY", "zh": "元"}[language] in told[1]
    assert str(len(register())) in told[4]


def test_no_verdict_word_stands_in_the_lead_without_its_interval() -> None:
    values = np.array([[100.0, 90.0], [90.0, 81.0], [95.0, 85.0], [97.0, 87.5]])
    settled = study_of(values, {"a": "territory", "b": "product"})
    for language, word in (("en", "interval"), ("zh", "区间")):
        lead = next(block for block in report_document(settled, language, date=DAY).sections[0].blocks
                    if isinstance(block, Text) and block.kind == "lead")  # fmt: skip
        assert lead.text.startswith({"en": "None of the other plans", "zh": "其他方案均未"}[language])
        assert word in lead.text


def test_what_was_agreed_has_a_line_of_its_own(study: Study, tmp_path: Path) -> None:
    asked = "Shall we move?\nAgreed beforehand: <b>pay</b> stays."
    document = report_document(study, question=asked, date=DAY)
    assert (document.question, document.agreed) == ("Shall we move?", ("Agreed beforehand: <b>pay</b> stays.",))
    page = report(study, tmp_path / "a.html", question=asked, date=DAY).read_text(encoding="utf-8")
    assert '<p class="agreed">Agreed beforehand: &lt;b&gt;pay&lt;/b&gt; stays.</p>' in page
    sheet = openpyxl.load_workbook(report(study, tmp_path / "a.xlsx", question=asked, date=DAY)).worksheets[0]
    assert sheet["A3"].value == "Agreed beforehand: <b>pay</b> stays."


@pytest.mark.parametrize("language", ["en", "zh"])
def test_pay_plans_are_told_in_words_and_the_baseline_says_its_own(language: str) -> None:
    made_up = study_of(np.array([[100.0, 103.0], [90.0, 95.0], [95.0, 97.0]]), {"a": "territory", "b": "territory"})
    plans = {key: plan.but(pay=pay_preset(name)) for (key, plan), name in
             zip(made_up.plans.items(), ("commission", "commission_and_bonus"), strict=True)}  # fmt: skip
    table = tables(section(report_document(replace(made_up, plans=plans), language, date=DAY), "report plans"))[0]
    told = [row[-1].text for row in table.rows]
    assert all(label("setting.pay", language) in text and pay_words(plan.pay, language) in text  # type: ignore[arg-type]
               for text, plan in zip(told, plans.values(), strict=True))  # fmt: skip
    assert not [text for text in told if "=" in text or "_" in text or "Tier" in text]


def test_a_unit_does_not_swallow_the_differences() -> None:
    assert money_unit(1.6e8, "CNY", "zh", gap=6e7)[1] == "亿元"
    assert money_unit(1.6e8, "CNY", "zh", gap=6e6)[1] == "万元"
    assert money_unit(3e9, "CNY", "en", gap=6e6)[1] == "million CNY"


def test_no_half_interval_reads_as_certain() -> None:
    for gap, half in ((0.5, 0.001), (-3.0, 1e-9), (0.0, 0.004), (0.02, 0.5)):
        assert not re.search(r"± 0[.0]*$", plus_minus(gap, half, 2, "en"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_long_names_break_and_short_words_do_not(language: str) -> None:
    name = "a_name_without_any_space_that_never_ends_and_goes_on"
    found = study_of(np.array([[100.0, 103.0], [90.0, 95.0], [95.0, 97.0]]), {"a": "territory", name: "product"})
    page = html_page(report_document(found, language, date=DAY))
    assert f'<th class="l w" scope="row">{name}</th>' in page
    assert '<th class="l" scope="row">a</th>' in page
