"""The start without a CRM: every answer moves what it should, and nothing that it should not."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from salessim.errors import ModelError
from salessim.measures import MEASURES, measures_of
from salessim.model.market import Market
from salessim.model.plan import STRUCTURES, Plan
from salessim.start import Firm, questions
from salessim.start.models import potentials
from salessim.start.questions import QUESTIONS
from salessim.study.position import position
from salessim.study.replay import Replay
from salessim.words import WordsError, languages

BASE = Firm(reps=10, accounts=200)
Look = Callable[[Market, Plan], object]


def top_fifth(market: Market, plan: Plan) -> float:
    sizes = np.sort(market.accounts["potential"])
    return round(float(sizes[-len(sizes) // 5 :].sum() / sizes.sum()), 2)


MOVES: dict[str, tuple[object, Look, object]] = {
    # answer: the value given, where to look, what must be there
    "reps": (25, lambda m, p: p.headcount, 25),
    "structure": ("hybrid", lambda m, p: p.structure, "hybrid"),
    "accounts": (321, lambda m, p: len(m.accounts), 321),
    "concentration": (0.8, top_fifth, 0.8),
    "key_accounts": (0.25, lambda m, p: p.key_account_share, 0.25),
    "segments": (7, lambda m, p: len(m.segments), 7),
    "difference": (0.85, lambda m, p: position(m, p).difference, 0.85),
    "products": (6, lambda m, p: len(m.products), 6),
    "complexity": (0.9, lambda m, p: position(m, p).complexity, 0.9),
    "area": (800.0, lambda m, p: round(position(m, p).distance), 800),
    "price": (9_000.0, lambda m, p: round(float(m.products["price"].mean()), 1), 9_000.0),
    "win_rate": (0.3, lambda m, p: round(float(np.prod(m.stages["advance"])), 9), 0.3),
    "cycle": (120.0, lambda m, p: round(float(m.stages["dwell"].sum()), 6), 90.0),
    "growth": (0.12, lambda m, p: m.demand.growth, 0.12),
    "margin": (0.3, lambda m, p: set(m.products["margin"].tolist()), {0.3}),
    "salary": (60_000.0, lambda m, p: (p.management.salary, p.management.manager_cost), (60_000.0, 110_000.0)),
    "currency": ("EUR", lambda m, p: m.currency, "EUR"),
}


@pytest.mark.parametrize("answer", MOVES)
def test_an_answer_moves_its_setting(answer: str) -> None:
    value, look, expected = MOVES[answer]
    assert look(*BASE.models()) != expected
    assert look(*BASE.but(**{answer: value}).models()) == expected


@pytest.mark.parametrize("answer", MOVES)
def test_and_no_other_one(answer: str) -> None:
    value = MOVES[answer][0]
    before, after = BASE.models(), BASE.but(**{answer: value}).models()
    still = [name for name in MOVES if name != answer]
    if answer in ("accounts",):  # the realised share of a discrete fifth depends on how many there are
        still.remove("concentration")
    for other in still:
        look = MOVES[other][1]
        assert look(*before) == look(*after), other


def test_every_answer_but_revenue_is_in_the_table_and_asked() -> None:
    assert set(MOVES) | {"revenue"} == set(Firm.model_fields) == set(QUESTIONS)


def run(firm: Firm, months: int = 12, n: int = 3) -> dict[str, float]:
    replay = Replay(*firm.models(), months, 5)
    found = [measures_of(replay.run(k)) for k in range(n)]  # type: ignore[arg-type]
    return {entry.name: float(np.nanmean([one[entry.name] for one in found])) for entry in MEASURES}


@pytest.mark.slow
def test_the_simulated_firm_does_what_the_answers_say() -> None:
    """Direction of outcomes, in three futures of a year: the differences are many times their noise."""
    base = run(BASE)
    assert run(BASE.but(cycle=150.0))["sales_cycle"] > 1.5 * base["sales_cycle"]
    assert run(BASE.but(win_rate=0.4))["win_rate_all"] > 1.5 * base["win_rate_all"]
    assert run(BASE.but(area=1_500.0))["travel_share"] > base["travel_share"] + 0.05
    assert run(BASE.but(price=120_000.0))["revenue"] == pytest.approx(2.0 * base["revenue"], rel=0.02)
    assert run(BASE.but(salary=240_000.0))["selling_expense"] > 1.3 * base["selling_expense"]


@pytest.mark.slow
def test_the_first_year_brings_the_revenue_named() -> None:
    for revenue in (6e6, 15e6):
        firm = BASE.but(revenue=revenue)
        assert run(firm)["revenue"] == pytest.approx(revenue, rel=0.15)  # other futures than it was fitted on


def test_a_revenue_out_of_reach_is_refused_with_what_is_in_reach() -> None:
    with pytest.raises(ModelError, match=r"firm\.revenue.*nearest that was found is [\d,]+ a year"):
        Firm(reps=1, accounts=50, revenue=1e12).models()


@pytest.mark.parametrize("share", [0.2, 0.4, 0.8, 0.95])
@pytest.mark.parametrize("n", [20, 200, 2_000])
def test_concentration_is_the_share_of_the_largest_fifth(n: int, share: float) -> None:
    sizes = np.sort(potentials(n, share))
    assert sizes.mean() == pytest.approx(1.0, abs=1e-4)
    assert sizes[-n // 5 :].sum() / sizes.sum() == pytest.approx(share, abs=1e-4)


@pytest.mark.parametrize("language", languages())
def test_questions_are_asked_in_words_and_say_what_is_possible(language: str) -> None:
    asked = questions(language)
    assert [one.name for one in asked] == list(QUESTIONS)
    assert len({one.text for one in asked}) == len(asked)
    by_name = {one.name: one for one in asked}
    assert set(by_name["structure"].choices) == set(STRUCTURES) - {"today"}
    assert (by_name["complexity"].low, by_name["complexity"].high) == (0.0, 1.0)
    assert by_name["reps"].default == Firm().reps
    for one in asked:
        if one.low is not None and one.name != "area" and isinstance(one.default, float):
            with pytest.raises(ModelError, match=one.name):
                Firm(**{one.name: one.low - 1.0})
    with pytest.raises(WordsError):
        questions("fr")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"reps": 0}, ["firm.reps", "1 or more"]),
        ({"reps": 300, "accounts": 200}, ["more reps than accounts", "200"]),
        ({"segments": 9, "accounts": 8, "reps": 1}, ["more segments than accounts"]),
        ({"structure": "today"}, ["firm.structure", "CRM"]),
        ({"structure": "matrix"}, ["firm.structure"]),
        ({"complexity": 1.5}, ["firm.complexity", "1"]),
        ({"win_rate": "often"}, ["firm.win_rate"]),
        ({"area": -3.0}, ["firm.area", "more than 0"]),
        ({"area": float("nan")}, ["firm.area"]),
        ({"currency": "euro"}, ["firm.currency"]),
    ],
)
def test_a_bad_answer_is_refused_in_words(answers: dict[str, object], words: list[str]) -> None:
    with pytest.raises(ModelError) as refused:
        Firm(**answers).models()
    for word in words:
        assert word in str(refused.value), str(refused.value)


@pytest.mark.parametrize(
    "firm", [Firm(reps=1, accounts=1, segments=1, products=1), Firm(reps=3, accounts=3, segments=3)]
)
def test_the_smallest_firms_run(firm: Firm) -> None:
    outcome = Replay(*firm.models(), 3, 1).outcome(0)
    assert outcome is not None and np.isfinite(outcome.monthly).all()


def test_the_same_answers_give_the_same_models() -> None:
    assert BASE.models() == Firm(reps=10, accounts=200).models()


@pytest.mark.parametrize("language", languages())
def test_the_firm_says_where_it_stands(language: str) -> None:
    said = BASE.but(area=420.0, complexity=0.7, difference=0.2).where(language)
    for figure in ("420", "0.7", "0.2"):
        assert figure in said


@pytest.mark.slow
def test_the_map_marks_the_firm() -> None:
    figure = Firm(reps=4, accounts=60).plot(months=2, replications=2)
    assert "you are here" in {text.get_text() for text in figure.texts}
