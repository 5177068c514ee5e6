"""Lesson 5: its exercises are right by hand, and what it says of its own runs is true of them."""

from __future__ import annotations

from typing import Any

import pytest
from lesson_cells import Lesson, answers_are_told_apart
from scipy import stats

LESSON = Lesson("05_forecast_and_plan")


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        ("5.1 expected in time", 120_000, 300_000),
        ("5.2 weights", 0.72, 0.65),
        ("5.3 over-assignment", 10, 20),
        ("5.4 too narrow", "Cannot tell yet", "too narrow"),
    ],
)
def test_answers_and_hints(exercise: str, right: float | str, wrong: float | str) -> None:
    answers_are_told_apart(exercise, right, wrong)


def test_every_exercise_of_the_lesson_is_checked_and_solved_in_its_text() -> None:
    LESSON.asks_and_solves("= 120,000", "= 0.721", "= 10 %", "Cannot tell yet</i>")
    # 5.4: "7 or fewer in 32 % of all tries"
    assert stats.binom.cdf(7, 10, 0.8) == pytest.approx(0.32, abs=0.005)


@pytest.mark.slow
def test_what_the_lesson_says_is_true_of_its_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SALESSIM_FAST", raising=False)
    monkeypatch.chdir(LESSON.file.parent)
    world: dict[str, Any] = {"display": print}
    for text in ("whole = record", "series = ss.forecast(", "pipeline = ss.forecast_pipeline(", "year = ss.plan("):
        exec(LESSON.cell_with(text), world)
    # section 1: many times the sales
    assert world["asked"] > 3 * world["last_year"]
    # section 5: off by a multiple; the pipeline ahead at every horizon, most of all at 30 days; the combination behind
    scores = world["pipeline"].scores()
    assert (scores["wape_weighted_pipeline"] > 1.0).all()
    lead = (scores["wape_series"] - scores["wape_pipeline"]).tolist()
    assert min(lead) > 0 and lead[0] == max(lead)
    assert scores["wape_combined"].iloc[0] > scores["wape_pipeline"].iloc[0]
    # section 7: all sums are the target, to the cent
    assert {round(one) for one in world["sums"]} == {round(100 * world["target"])}
    assert world["year"].quotas.sum() == round(105 * world["target"])
