"""What is said of a study: every line against a study made by hand, tables that align, HTML that is safe."""

from __future__ import annotations

import html.parser
import re
import unicodedata

import numpy as np
import pytest
from studies import PLACE, random_study, small, study_of

from salessim.measures import MEASURES
from salessim.study.study import Study
from salessim.study.wording import (
    clean,
    plan_labels,
    scale,
    second_line,
    strongest_assumptions,
    study_html,
    summary_text,
    verdict_text,
    what_it_hangs_on,
)
from salessim.words import WordsError, label, languages

FUTURES = [[100, 104.1], [90, 94.2], [110, 113.9], [95, 98.8], [105, 109.0]]
PAIR = {"today": "today", "customer": "customer"}
FOUR = [[0, 0.04], [0, 0.025], [0, -0.01], [0, 0.03]]


def lines(study: Study, language: str = "en") -> list[str]:
    return verdict_text(study, language).splitlines()


# ------------------------------------------------------------------------------------------------------- verdict lines


def test_first_line_is_the_verdict() -> None:
    said = lines(study_of(FUTURES, PAIR))[0]
    assert said.startswith(
        "Customer is better than today: +4.00 % revenue (95 % interval +3.54 to +4.56), best in 100 % of futures; "
        "exceeds the smallest difference that matters (1 %). Probability that the mean of customer is the best of "
        "2 plans: more than 99 %."
    )


def test_first_line_in_chinese_translates_plans_and_measure() -> None:
    said = lines(study_of(FUTURES, PAIR, measure="win_rate"), "zh")[0]
    assert said.startswith("客户型优于现状：赢单率+4.00%（95%区间+3.54至+4.56），在100%的未来情形中最优；")


def test_second_line_is_how_far_it_holds() -> None:
    study = study_of(FUTURES, PAIR, gaps=FOUR)
    expected = (
        "Over the ranges of the assumptions this holds in 75 % of 4 draws (95 % interval 30 % to 95 %). "
        "Where it does not hold, the lead goes to today (100 %)."
    )
    assert lines(study)[1] == second_line(study) == expected
    assert "客户型" not in lines(study, "zh")[1] and "现状（100%）" in lines(study, "zh")[1]


def test_assumptions_not_varied_is_said_and_nothing_is_claimed_of_them() -> None:
    study = study_of(FUTURES, PAIR)
    assert lines(study)[1].startswith("The assumptions were not varied")
    assert "hangs on" not in verdict_text(study)
    assert what_it_hangs_on(study) == lines(study)[1]


def test_too_few_draws_say_so() -> None:
    assert lines(study_of(FUTURES, PAIR, gaps=FOUR))[2].endswith(
        "20 draws of the assumptions or more, and 4 were made."
    )


def hanging(measure: str = "revenue", bow: bool = False) -> Study:
    """A study whose gap rises with the first of two factors and falls, by less, with the second (or bends over it)."""
    rng = np.random.default_rng(3)
    points = np.column_stack([rng.permutation(60), rng.permutation(60)]) / 59.0
    second = -2.0 * (points[:, 1] - 0.5) ** 2 if bow else -0.5 * points[:, 1]
    gap = points[:, 0] + second + 0.02 * rng.normal(size=60)
    return study_of(FUTURES, PAIR, measure=measure, gaps=np.column_stack([np.zeros(60), gap]), points=points)


def test_what_it_hangs_on_names_assumption_share_and_direction() -> None:
    first, second = strongest_assumptions(hanging())
    assert (first.name, second.name) == ("travel times", "speed of learning")
    assert (first.direction, second.direction) == (
        "the higher, the better for customer",
        "the higher, the better for today",
    )
    # A gap of u - v/2 with u and v uniform: shares of the variance 0.8 and 0.2; 60 draws give them to about 0.05.
    assert float(first.share.split()[0]) == pytest.approx(80, abs=5)
    assert float(second.share.split()[0]) == pytest.approx(20, abs=5)
    for factor in (first, second):
        assert f"{factor.name} ({factor.share}; {factor.direction})" in lines(hanging())[2]


def test_direction_turns_round_where_less_is_better() -> None:
    first, _ = strongest_assumptions(hanging("sales_cycle"))
    assert first.direction == "the higher, the better for today"


def test_a_bend_has_no_direction() -> None:
    bent = {factor.name: factor.direction for factor in strongest_assumptions(hanging(bow=True))}
    assert bent["speed of learning"] == "not in one direction only"


def test_nothing_stands_out_of_noise() -> None:
    rng = np.random.default_rng(8)
    gaps = np.column_stack([np.zeros(40), 0.04 + 0.01 * rng.normal(size=40)])
    study = study_of(FUTURES, PAIR, gaps=gaps, points=rng.random((40, 2)))
    assert strongest_assumptions(study) == []
    assert "no single assumption stands out" in lines(study)[2]


def test_three_assumptions_at_most() -> None:
    rng = np.random.default_rng(5)
    points = rng.random((200, 5))
    gaps = np.column_stack([np.zeros(200), points @ np.array([5.0, 4.0, 3.0, 2.0, 1.0])])
    factors = ("travel", "learning", "forgetting", "difference", "cross_sell")
    study = study_of(FUTURES, PAIR, gaps=gaps, points=points, factors=factors)
    assert [factor.name for factor in strongest_assumptions(study)] == [label(name) for name in factors[:3]]


def test_an_assumed_distance_is_said_only_where_it_is_assumed() -> None:
    assumed = study_of(FUTURES, PAIR, market=small()[0].but(distance_assumed=True))
    assert any(line.startswith("Distance assumed: ") for line in lines(assumed))
    assert any(line.startswith("距离为假设：") for line in lines(assumed, "zh"))
    assert "istance" not in verdict_text(study_of(FUTURES, PAIR))


def test_the_cost_of_moving_is_said_where_somebody_moves() -> None:
    said = next(line for line in lines(study_of(FUTURES, PAIR, moved=12)) if "cost of moving" in line)
    assert "relationship, goodwill, learning and hand-over" in said and "dip" in said
    assert said.endswith("of 150: customer (12).")
    assert "cost of moving" not in verdict_text(study_of(FUTURES, PAIR, moved=0))


def test_missing_evidence_is_said_of_structures_only() -> None:
    assert "No published effect size exists" in verdict_text(study_of(FUTURES, PAIR))
    same = study_of(FUTURES, {"few": "customer", "many": "customer"})
    assert "No published effect size exists" not in verdict_text(same)


@pytest.mark.parametrize(
    ("audited", "said"),
    [(True, "SimPy audit: identical (replication 0 of every plan)"), (None, "SimPy audit: not run")],
)
def test_last_line_is_the_audit(audited: bool | None, said: str) -> None:
    assert lines(study_of(FUTURES, PAIR, audited=audited))[-1] == said


def test_an_unknown_language_is_refused() -> None:
    for say in (verdict_text, summary_text, study_html):
        with pytest.raises(WordsError, match="en, zh"):
            say(study_of(FUTURES, PAIR), "fr")


def test_plans_keep_their_names_where_the_language_would_confuse_them() -> None:
    study = study_of(FUTURES, {"today": "today", "现状": "customer"})
    assert plan_labels(study, "en") == ["today", "现状"]
    assert plan_labels(study, "zh") == ["today", "现状"]
    assert plan_labels(study_of(FUTURES, {"today": "today", "new one": "hybrid"}), "zh") == ["现状", "new one"]


# --------------------------------------------------------------------------------------------------------------- table

WIDE = {
    "today": "today",
    "按行业划分的客户型方案": "customer",
    "a plan with a very long name indeed, longer than any": "hybrid",
}


def columns(line: str) -> int:
    """Columns a terminal takes for a line, told by where Chinese characters and full-width signs stand in Unicode."""
    return len(line) + sum("\u2e80" <= char <= "\uffe6" for char in line)


@pytest.mark.parametrize("language", languages())
def test_columns_align_where_characters_take_two_columns(language: str) -> None:
    study = random_study(WIDE, [0.0, 0.03, -0.02])
    body = summary_text(study, language).splitlines()[3:]
    rows = [line for line in body if line and not line.startswith("-")]
    assert len(rows) == 1 + len(MEASURES) - 1 + 6
    assert len({columns(line) for line in rows}) == 1  # the last column is filled everywhere and set right
    for rule in (line for line in body if line.startswith("-")):
        assert len(rule) == columns(rows[0])


@pytest.mark.parametrize("language", languages())
def test_no_character_of_ambiguous_width_is_ours(language: str) -> None:
    text = summary_text(random_study({"today": "today", "product": "product"}, [0.0, 0.03]), language)
    assert not [char for char in text if unicodedata.east_asian_width(char) == "A"]


def row(study: Study, name: str, language: str = "en") -> list[str]:
    line = next(line for line in summary_text(study, language).splitlines() if line.startswith(name))
    return re.split(r"\s{2,}", line)


def test_rows_of_the_measure_that_decides() -> None:
    study = study_of(np.array(FUTURES) * 1e5, PAIR, moved=12)
    assert row(study, "Revenue *") == ["Revenue *", "million CNY", "10.00", "10.40"]
    assert row(study, "Difference from today")[-1] == "+4.00 %"
    assert row(study, "95 % simultaneous interval")[-1] == "+3.54 to +4.56"
    assert row(study, "Verdict")[-2:] == ["baseline", "better"]
    assert row(study, "Probability that its mean is best")[-2:] == ["less than 1 %", "more than 99 %"]
    assert row(study, "Share of futures it wins")[-2:] == ["0 %", "100 %"]
    assert row(study, "Accounts moved")[-2:] == ["0", "12"]
    assert row(study, "销售收入 *", "zh")[1:] == ["万元", "1,000", "1,040"]


def test_every_measure_stands_in_the_table_once() -> None:
    study = study_of(FUTURES, PAIR)
    for language in languages():
        text = summary_text(study, language).lower()
        for entry in MEASURES:
            name = label(f"measure.{entry.name}", language)
            assert len(re.findall(rf"^{re.escape(name)}(?: \*)?  ", text, flags=re.MULTILINE)) == 1, name


def test_shares_are_percentages_and_what_does_not_exist_is_a_dash() -> None:
    study = study_of(FUTURES, PAIR, others=0.254)
    study.table[:, 1, PLACE["win_rate"]] = np.nan
    assert row(study, "Win rate  ") == ["Win rate", "%", "25.4", "-"]
    assert row(study, "Sales cycle") == ["Sales cycle", "days", "0.25", "0.25"]


def test_all_zero_is_written_as_zero() -> None:
    assert row(study_of(FUTURES, PAIR, others=0.0), "Deals won") == ["Deals won", "number", "0", "0"]


@pytest.mark.parametrize(
    ("largest", "language", "expected"),
    [
        (999_999.0, "en", (1.0, "CNY")),
        (1e6, "en", (1e6, "million CNY")),
        (1e9, "en", (1e9, "billion CNY")),
        (9_999.0, "zh", (1.0, "CNY")),
        (1e4, "zh", (1e4, "万CNY")),
        (1e8, "zh", (1e8, "亿CNY")),
    ],
)
def test_scales_of_money(largest: float, language: str, expected: tuple[float, str]) -> None:
    assert scale(largest, "CNY", language) == expected


def test_names_from_outside_stay_on_one_line() -> None:
    assert clean(" a\tb\n\x07c ") == "a b c"
    assert clean("\n") == "?"
    study = study_of(FUTURES, {"today": "today", "two\nlines": "customer"})
    assert "two lines" in summary_text(study) and len(lines(study)) == 4


# ---------------------------------------------------------------------------------------------------------------- HTML


class Reader(html.parser.HTMLParser):
    """Collects the text, and checks that every element is closed in turn."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("language", languages())
def test_html_says_the_same_and_needs_nothing_from_outside(language: str) -> None:
    study = random_study({"today": "today", "product": "product", "customer": "customer"}, [0.0, -0.02, 0.03])
    text = study_html(study, language)
    reader = read(text)
    assert reader.seen <= {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}
    assert reader.attributes <= {"style", "lang", "scope"}
    assert "http" not in text and "url(" not in text
    for line in verdict_text(study, language).splitlines():
        assert line in reader.texts
    for line in summary_text(study, language).splitlines()[3:]:
        for cell in re.split(r"\s{2,}", line.strip()):
            assert cell.startswith("-----") or cell in reader.texts


def test_html_escapes_names() -> None:
    nasty = "<script>alert('1')</script> & \"co\""
    text = study_html(study_of(FUTURES, {"today": "today", nasty: "customer"}))
    assert "<script" not in text and "&lt;script&gt;" in text
    assert nasty in read(text).texts


def test_a_notebook_shows_the_html() -> None:
    study = study_of(FUTURES, PAIR)
    assert study._repr_html_() == study_html(study)
