"""Choosing the best of several plans: constants, elimination by hand, and how often the choice is right.

The long coverage study is tests/validation/test_selection.py; here 300 studies, of which 95 % or more must be right:
the bound is the 0.5 % point of a binomial count at 0.95 (91.3 %), so a true 95 % sounds a false alarm in 0.5 % of runs
and a true 87 % is caught with probability 0.98.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from salessim.errors import StudyError
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.study.selection import Selection, choose_best, eliminate, kn_constants
from salessim.study.store import OutcomeStore


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


def from_table(table: np.ndarray) -> Callable[[int, int, tuple[int, ...]], np.ndarray]:
    return lambda start, stop, alive: table[start:stop][:, list(alive)]


@pytest.mark.parametrize("plans", [2, 3, 10])
@pytest.mark.parametrize("first", [2, 10, 31])
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_constants_solve_the_equation_of_the_paper(plans: int, first: int, confidence: float) -> None:
    """g(eta) of Kim & Nelson (2001), summed as written there, at c = 1 and beta = alpha / (k - 1)."""
    if confidence <= 1 / plans:
        pytest.skip("no better than a blind choice")
    eta, h2 = kn_constants(plans, first, confidence)
    c, total = 1, 0.0
    for term in range(1, c + 1):
        weight = (-1) ** (term + 1) * (1 - 0.5 * (term == c))
        total += weight * (1 + 2 * eta * (2 * c - term) * term / c) ** (-(first - 1) / 2)
    assert total == pytest.approx((1 - confidence) / (plans - 1), rel=1e-9)
    assert h2 == pytest.approx(2 * c * eta * (first - 1), rel=1e-12)


def test_constants_come_to_those_of_known_variance() -> None:
    """As the variances become known, ``h2`` goes to ``-2 log(2 alpha / (k - 1))``."""
    assert kn_constants(3, 10**7, 0.95)[1] == pytest.approx(-2 * np.log(2 * 0.05 / 2), rel=1e-5)


def test_elimination_by_hand() -> None:
    """Two plans, differences 1 and 3 in turn: variance and margin are worked out here, and the first look decides."""
    n, delta = 10, 1.0
    difference = np.tile([1.0, 3.0], n // 2)
    table = np.stack([np.zeros(n), difference], axis=1)
    variance = difference.var(ddof=1)
    _, h2 = kn_constants(2, n, 0.95)
    margin = delta / (2 * n) * (h2 * variance / delta**2 - n)
    assert 0 <= max(margin, 0) < 2.0  # the mean difference
    ended = eliminate(from_table(table), 2, delta=delta, first=n)
    assert (ended.eliminated_at, ended.eliminated_by, ended.used) == ((10, 0), (1, -1), (10, 10))
    assert ended.means == (0.0, 2.0)
    # with less variance to bear, the same data cannot decide for a delta so small that the margin exceeds 2
    small = 0.02
    assert small / (2 * n) * (h2 * variance / small**2 - n) > 2.0
    ended = eliminate(from_table(table), 2, delta=small, first=n, most=n)
    assert ended.survivors == (0, 1)


def test_costs_are_minimised_and_names_and_order_change_nothing() -> None:
    table = np.random.default_rng(3).standard_normal((400, 3)) + np.array([0.0, 1.0, -1.0])
    up = eliminate(from_table(table), 3, delta=0.5)
    down = eliminate(from_table(table), 3, delta=0.5, higher_is_better=False)
    turned = eliminate(from_table(table[:, ::-1]), 3, delta=0.5)
    assert up.survivors == (1,) and down.survivors == (2,) and turned.survivors == (1,)
    assert turned.eliminated_at == up.eliminated_at[::-1]
    mirrored = eliminate(from_table(-table), 3, delta=0.5)
    assert mirrored.survivors == down.survivors and mirrored.eliminated_at == down.eliminated_at


def test_plans_that_are_the_same_are_not_chosen_between() -> None:
    one = np.random.default_rng(1).standard_normal((100, 1))
    ended = eliminate(from_table(np.concatenate([one, one, one - 9], axis=1)), 3, delta=0.5, first=10)
    assert ended.survivors == (0, 1) and ended.complete and ended.used[0] < 100


def test_the_choice_is_right_as_often_as_promised() -> None:
    rng = np.random.default_rng(8)
    studies, right = 300, 0
    for _ in range(studies):
        table = 4.0 * rng.standard_normal((900, 3)) + np.array([0.0, 0.0, 1.0])
        right += eliminate(from_table(table), 3, delta=1.0, most=900).survivors == (2,)
    assert right >= stats.binom.ppf(0.005, studies, 0.95)
    assert stats.binom.cdf(stats.binom.ppf(0.005, studies, 0.95) - 1, studies, 0.87) > 0.97


def test_a_choice_on_a_market(firm: tuple[Market, Plan], tmp_path: object) -> None:
    market, plan = firm
    plans = {"six": plan, "three": plan.but(reps=3), "nine": plan.but(reps=9)}
    seen: list[tuple[int, int]] = []
    found = choose_best(
        market, plans, months=3, measure_name="calls", first=10, progress=lambda done, of: seen.append((done, of))
    )
    assert isinstance(found, Selection)
    assert found.chosen == "nine" and found.frame().index[0] == "nine"
    assert found.frame().loc["three", "eliminated_at"] == 10
    assert seen[-1][0] == sum(found.used) and seen[-1][1] == 3000
    assert "nine" in found.words() and "95%" in found.words("zh")
    cost = choose_best(market, plans, months=3, measure_name="selling_expense", first=10)
    assert cost.chosen == "three"  # less is better
    assert "nine" in found._repr_html_()


def test_a_store_gives_back_the_same_choice(firm: tuple[Market, Plan], tmp_path: object) -> None:
    from pathlib import Path

    market, plan = firm
    plans = {"six": plan, "seven": plan.but(reps=7)}
    with OutcomeStore(Path(str(tmp_path)) / "s.sqlite") as store:
        first = choose_best(market, plans, months=3, first=10, most=20, store=store)
        again = choose_best(market, plans, months=3, first=10, most=20, store=store)
    without = choose_best(market, plans, months=3, first=10, most=20)
    assert first.means == again.means == without.means
    assert first.eliminated_at == again.eliminated_at == without.eliminated_at


def test_replications_that_do_not_suffice_choose_nothing(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    found = choose_best(market, {"a": plan, "b": plan.but(reps=7)}, months=3, delta=1e-4, first=10, most=10)
    assert found.chosen is None and found.survivors == ("a", "b")
    assert "No plan is chosen yet" in found.words() and "a, b" in found.words()
    same = choose_best(market, {"a": plan, "b": plan.but(name="b")}, months=3, first=10, most=50)
    assert same.chosen is None and max(same.used) == 10
    assert "exactly alike" in same.words()


def test_an_interruption_keeps_what_is_known() -> None:
    table = 50 * np.random.default_rng(2).standard_normal((500, 2))

    def rows(start: int, stop: int, alive: tuple[int, ...]) -> np.ndarray:
        if start >= 40:
            raise KeyboardInterrupt
        return table[start:stop][:, list(alive)]

    ended = eliminate(rows, 2, delta=1.0, first=20)
    assert not ended.complete and ended.used == (40, 40) and ended.survivors == (0, 1)
    assert ended.means == pytest.approx(table[:40].mean(axis=0))
    with pytest.raises(KeyboardInterrupt):
        eliminate(lambda *_: rows(50, 60, (0, 1)), 2, delta=1.0)


def test_what_cannot_be_is_refused(firm: tuple[Market, Plan]) -> None:
    market, plan = firm
    two = {"a": plan, "b": plan.but(reps=7)}
    with pytest.raises(StudyError, match="at least two plans"):
        choose_best(market, {"a": plan}, months=2)
    with pytest.raises(StudyError, match="numbers of replications"):
        choose_best(market, two, months=2, first=3)
    with pytest.raises(StudyError, match="numbers of replications"):
        choose_best(market, two, months=2, first=20, most=10)
    with pytest.raises(StudyError, match="confidence"):
        choose_best(market, two, months=2, confidence=0.4)
    with pytest.raises(StudyError, match="above 0"):
        choose_best(market, two, months=2, delta=0.0)
    with pytest.raises(StudyError, match="does not exist in some future"):
        idle = market.but(products=market.products.but(opportunities=0.0))
        choose_best(idle, two, months=2, measure_name="win_rate", first=10)
    with pytest.raises(StudyError, match="share of a mean that is zero"):
        choose_best(idle, two, months=2, first=10)
