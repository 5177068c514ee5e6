"""Lesson 4: its exercises are right by hand, and what it says of its own runs is true of them."""

from __future__ import annotations

from typing import Any

import pytest
from lesson_cells import Lesson, answers_are_told_apart

import salessim as ss
from salessim.world.frontier import alignment_frontier

LESSON = Lesson("04_reorganise")


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        ("4.1 break-even month", 11, 8),
        ("4.2 price of handovers", 633_600, 1_440_000),
        ("4.3 dip or lower level", "Lower level", "dip"),
        ("4.4 what is worth most", "retrained", "deals move"),
    ],
)
def test_answers_and_hints(exercise: str, right: float | str, wrong: float | str) -> None:
    answers_are_told_apart(exercise, right, wrong)


def test_every_exercise_of_the_lesson_is_checked_and_solved_in_its_text() -> None:
    LESSON.asks_and_solves("= 11.", "633,600", "lower level</i>", "retrained</i>")


@pytest.mark.slow
def test_what_the_lesson_says_is_true_of_its_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SALESSIM_FAST", raising=False)
    monkeypatch.chdir(LESSON.file.parent)
    world: dict[str, Any] = {"display": print}
    for text in ("fit_company(ss.read_crm(folder))", "believed = market.but"):
        exec(LESSON.cell_with(text), world)
    how, today = world["how"], world["today"]
    # exercise 4.4: beyond chance, future by future
    values = how.values()
    for name in ("big bang", "deals move", "pay protected", "segment by segment", "region by region"):
        gain = values[:, how.names.index("retrained")] - values[:, how.names.index(name)]
        assert gain.mean() > 2.5 * gain.std(ddof=1) / len(gain) ** 0.5, name
    # section 6: both kinds of waves end lower, beyond chance, and idle time is seen
    for name in ("segment by segment", "region by region"):
        gain = values[:, how.names.index(name)] - values[:, how.names.index("big bang")]
        assert gain.mean() < -2.5 * gain.std(ddof=1) / len(gain) ** 0.5, name
    busy = how.summary().loc["utilisation"]
    assert busy["segment by segment"] < 0.998 < busy["big bang"]
    # section 5: behind in the end beyond chance, and ahead in a minority of futures
    done = ss.path_of(how, "big bang")
    assert done.end.high < 0 and done.better_at_end < 0.5
    # section 6: two thirds of the accounts move anyway; dividing afresh moves some twenty more and saves no travel
    frontier = alignment_frontier(world["believed"], today.but(structure="customer"))
    afresh, kept = frontier.iloc[0], frontier.iloc[-1]
    assert 0.6 < kept["accounts_moved"] / len(world["market"].accounts) < 0.7
    assert 15 <= afresh["accounts_moved"] - kept["accounts_moved"] <= 30
    assert abs(afresh["travel_km"] / kept["travel_km"] - 1.0) < 0.01
    # sections 3 and 4: as assumed the product structure does not come back, and no switch breaks even
    kinds = ("product", "customer", "hybrid")
    plans = {"stay": today} | {kind: today.but(changes=(ss.Change(month=3, to={"structure": kind}),)) for kind in kinds}
    study = ss.compare(
        world["market"], plans, measure_name="contribution", replications=30, most_replications=30, draws=0, audit=False
    )
    paths = {kind: ss.path_of(study, kind) for kind in kinds}
    assert all(path.end.high < 0 for path in paths.values())
    assert paths["product"].dip_depth.low > 0.1 and str(paths["product"].dip_months.low) == "nan"
    travel = study.summary().loc["travel_share"]
    assert travel["product"] > 2 * travel["stay"]
