"""Lesson 2: its exercises are right by hand, and what it says of its own runs is true of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from lesson_cells import Lesson, answers_are_told_apart

import salessim as ss
from salessim.lessons import EXERCISES

LESSON = Lesson("02_pay_plan")


@pytest.mark.parametrize(
    ("exercise", "right", "wrong"),
    [
        ("2.1 payout", 92_400, 126_000),
        ("2.2 chance to attain", "65.5 %", 0.345),
        ("2.3 equal cost", 0.884, 0.954),
        ("2.4 sprint", 3.19, 0.314),
        ("2.5 best quarter", "Luck", "skill"),
    ],
)
def test_answers_and_hints(exercise: str, right: float | str, wrong: float | str) -> None:
    answers_are_told_apart(exercise, right, wrong)


def test_answers_are_those_of_the_model() -> None:
    """The payout of 2.1 from a payout curve, the sprint of 2.4 from the programme (INC-4), independent of the text."""
    from salessim.pay.curve import compile_component, payout

    tiers = [ss.Tier(rate=0.6), ss.Tier(above=1.0, rate=2.0)]
    part = ss.Component(title="q", basis="attainment", quota=2_100_000, target_pay=84_000, tiers=tiers)
    assert payout(compile_component(part), 0, 1.25 * 2_100_000) == pytest.approx(EXERCISES["2.1 payout"].answer)
    assert EXERCISES["2.4 sprint"].answer == pytest.approx(3.187, abs=5e-4)


def test_every_exercise_of_the_lesson_is_checked_and_solved_in_its_text() -> None:
    LESSON.asks_and_solves("= 92,400", "= 0.655", "= 0.884", "= 3.187", "luck</i>")


@pytest.mark.slow
def test_what_the_lesson_says_is_true_of_its_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Differences are held beyond chance: their simultaneous 95 % interval excludes 0."""
    monkeypatch.delenv("SALESSIM_FAST", raising=False)
    monkeypatch.chdir(LESSON.file.parent)
    world: dict[str, Any] = {"display": print}
    for text in (
        "sample_company()", "my_winners = ", "replay_pay(", 'off_values("motivation"), t', "def answer(",
        "discount_factor=delta", "limits = {", "strict = market", "equal_cost(", "shared = spread",
    ):  # fmt: skip
        exec(LESSON.cell_with(text), world)
    said = capsys.readouterr().out
    say, replay = world["say"], world["replay"]
    # section 3: the replay is exact, and with behaviour off a run pays its statement
    assert len(replay.winners) + len(replay.losers) == len(replay.frame()) == 16
    assert say("equal") in said
    # section 5: at delta 1 hardly a sprint; impatience makes it, and makes a quarter better than a year
    table = world["rows"]
    rise = {delta: row[say("yearly rise")] for delta, row in table.items()}
    assert rise[1.0] < rise[0.97] < rise[0.9] and rise[0.9] > 2.0
    assert rise[1.0] - 1.0 < 0.5 * (rise[0.97] - 1.0)
    gain = {delta: float(row[say("quarterly gains")].split()[0].replace("−", "-")) for delta, row in table.items()}
    assert gain[1.0] < gain[0.97] < gain[0.9] and gain[0.9] > 5.0
    # section 6: both limits cost sales, effort is lower from the first year on, and most among the stars
    limited = world["limited"]
    sales = limited.differences("revenue")
    assert (sales.high < 0.0).all()
    first_year = limited.effort[:, :, :12].mean(axis=2)
    assert (first_year[1:] < first_year[0]).all()
    lost = first_year[0] - first_year[1:]
    assert (lost[:, 0] > lost[:, 2]).all()
    # section 7: deals move under the accelerator, at a discount, and none where nobody may move them
    found, firm = world["found"], world["firm"]
    assert (found.differences("pulled").low > 0.0).all() and (found.differences("discount").low > 0.0).all()
    assert firm.values["pulled"].max() == firm.values["held"].max() == firm.values["discount"].max() == 0.0
    # section 8: equal cost to one per cent; a replay would set other rates
    equal = world["equal"]
    assert (np.abs(equal.differences("pay_cost").relative) < 0.01).all()
    assert abs(world["static"].factor / world["scaled"].factor - 1.0) > 0.05
    # section 9: luck is most of a quarter; potential does not narrow the chances to attain
    assert all(equal.split(name).luck > 0.7 for name in equal.names)
    spread = world["chances"].loc[say("spread")]
    by_luck = 0.5 / (2 * world["FUTURES"]) ** 0.5  # of a rep who reaches quota in half of the years
    assert by_luck == pytest.approx(0.07, abs=0.005) and spread[say("yearly")] > 2 * by_luck
    assert min(equal.split(say("yearly")).territory, equal.split(say("yearly")).skill) > 0.02
    assert spread[say("by potential")] > 0.9 * spread[say("yearly")]
    # section 4: a steep curve speaks to those who can reach its steep part
    stars, laggards = (equal.differences("revenue", group) for group in ("stars", "laggards"))
    assert stars.relative_low[0] > max(laggards.relative_high[0], 0.0)
