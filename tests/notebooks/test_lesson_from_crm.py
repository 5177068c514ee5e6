"""Lesson 3: its exercises are right by hand, and what it says of its own company is true."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lesson_cells import Lesson, answers_are_told_apart

from salessim.crm.analytics.spells import incidence
from salessim.lessons import EXERCISES

LESSON = Lesson("03_from_crm_to_market")
SHOWN = ("conversion_figure(", "incidence_figure(", "bridge_figure(", "display(", "HTML(", "%")


def run_cells(until: str) -> dict[str, Any]:
    """Run the code up to the cell that holds a text, without the pictures."""
    world: dict[str, Any] = {}
    for kind, source in LESSON.cells:
        if kind == "code":
            exec("\n".join(line for line in source.splitlines() if not line.startswith(SHOWN)), world)
            if until in source:
                return world
    raise AssertionError(until)


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        ("3.1 two bases", 30, 20),
        ("3.2 competing ends", 0.75, 0.667),
        ("3.3 a code", "Disqualified", "lost"),
        ("3.4 one rep per product", "cannot tell", "little"),
    ],
)
def test_answers_and_hints(exercise: str, right: float | str, wrong: float | str) -> None:
    answers_are_told_apart(exercise, right, wrong)


def test_the_exercise_by_hand_is_what_the_funnel_computes() -> None:
    shares = incidence(np.array([10.0, 20.0, 30.0, 40.0]), np.array([1, 2, 0, 1]))
    assert shares["advanced"] == pytest.approx(EXERCISES["3.2 competing ends"].answer)


def test_every_exercise_of_the_lesson_is_checked_and_solved_in_its_text() -> None:
    text = "\n".join(source for kind, source in LESSON.cells if kind == "markdown")
    code = "\n".join(source for kind, source in LESSON.cells if kind == "code")
    assert len(LESSON.exercises) == 4
    for number in LESSON.exercises:
        assert f"**{number} " in text and f'"{number}": None' in code
    assert text.count("<details>") == text.count("</details>") == len(LESSON.exercises)


@pytest.mark.slow
def test_what_the_lesson_says_of_the_record_is_true() -> None:
    world = run_cells("by_age")
    report, funnel = world["report"], world["funnel"]
    deals = next(one for one in report.files if one.table == "deals")
    assert deals.dropped["duplicate"] == 30 and deals.dropped["footer"] == 2
    assert deals.encoding == "gb18030" and report.profile == "salesforce"
    # section 6: of closed too high, of all too low, the dead as ended nearest
    record, everything, dead, truth = _rates(world)
    assert everything < truth < record
    assert abs(dead - truth) < min(abs(record - truth), abs(everything - truth))
    # section 7: the last quarter looks far worse, and is not
    recent, before = world["recent"], world["before"]
    assert recent.win_rate() < 0.7 * before.win_rate()
    assert world["by_age"][0] == pytest.approx(world["by_age"][1], abs=0.02)
    # section 8: the bridge closes
    assert funnel.waterfall("2025-09-30").loc["residual"].tolist() == [0, 0]


def _rates(world: dict[str, Any]) -> tuple[float, float, float, float]:
    funnel, exact, report = world["funnel"], world["exact"], world["report"]
    dead = world["won"] / (world["closed"] + report.zombies)
    return funnel.win_rate(of="closed"), funnel.win_rate(of="all"), float(dead), exact.win_rate(of="closed")


@pytest.mark.slow
def test_what_the_lesson_says_of_the_fit_is_true(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SALESSIM_FAST", "1")
    world = run_cells("goodness_of_fit(")
    known, worth = world["known"], world["company"].worth.frame().set_index("effect")
    skill = worth.loc["skill_effect"]
    # section 10: the naive interval is the narrower one and misses product skill; what a market takes holds all
    assert not skill["naive_low"] <= known["skill_effect"] <= skill["naive_high"]
    assert skill["high"] - skill["low"] > 2 * (skill["naive_high"] - skill["naive_low"])
    for effect, row in worth.iterrows():
        assert abs(row["taken"] - known[effect]) < 1.96 * row["taken_error"]
    # section 11: fewer comparisons inside than there should be, the win rate among those outside
    goodness = world["goodness"]
    assert goodness.share_inside < 0.88
    whole = goodness.frame().query("by == 'all'").set_index("measure")
    assert not whole.loc["win rate", "inside"] and whole["inside"].sum() >= 3
