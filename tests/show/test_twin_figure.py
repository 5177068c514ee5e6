"""One deal under two plans: what is drawn is what happened."""

from __future__ import annotations

import io

import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from salessim.clocks.run import Run
from salessim.clocks.settle import settle
from salessim.clocks.simulate import simulate
from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.show.twin_figure import twin_alt_text, twin_figure
from salessim.study.twins import trace_deal, twin_deals
from salessim.words import WordsError, label

ENDED = ("won", "lost", "no_decision", "disqualified", "expired")


@pytest.fixture(scope="module")
def runs() -> tuple[Run, Run]:
    market, plan = preset("small")
    return simulate(market, plan, 18), simulate(market, plan.but(structure="product"), 18)


@pytest.fixture(scope="module")
def keys(runs: tuple[Run, Run]) -> dict[tuple[str, str], int]:
    """One deal for every pair of states that occurs."""
    twins = twin_deals(*runs).dropna(subset=["state_left", "state_right"])
    first = twins.groupby(["state_left", "state_right"])["key"].first()
    return {(str(one), str(other)): int(key) for (one, other), key in first.items()}


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.texts]


def test_a_deal_won_and_lost(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    key = keys["won", "lost"]
    figure = twin_figure(*runs, key)
    said = words(figure)
    assert said[0] == "The same opportunity: won under territory, lost under product"
    assert sum(text.startswith("won on day") for text in said) == 1
    assert sum(text.startswith("lost on day") for text in said) == 1
    for run in runs:
        reps = list(dict.fromkeys(trace_deal(run, key)["rep"]))
        assert "rep " + ", ".join(reps) in said


def test_the_spans_are_the_times_of_the_trace(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    key = keys["won", "lost"]
    ax = twin_figure(*runs, key).axes[0]
    origin = min(float(trace_deal(run, key)["entered"].iloc[0]) for run in runs)
    for row, run in enumerate(runs):
        story = trace_deal(run, key)
        spans = [p for p in ax.patches if isinstance(p, Rectangle) and row - 0.5 < p.get_y() < row + 0.5]
        waiting = {(round(p.get_x(), 1), round(p.get_width(), 1)) for p in spans if p.get_hatch()}
        expected = {
            (round(entered - origin, 1), round(waited, 1))
            for entered, waited in zip(story["entered"], story["waited_days"], strict=True)
            if waited > 0
        }
        assert len(waiting) == len(expected)
        for (x, wide), (entered, waited) in zip(sorted(waiting), sorted(expected), strict=True):
            assert x == pytest.approx(entered, abs=0.11)
            assert wide == pytest.approx(waited, abs=0.11)
        ends = max(p.get_x() + p.get_width() for p in spans)
        assert ends == pytest.approx(float(story["answered"].iloc[-1]) - origin, abs=0.1)


@pytest.mark.slow
def test_every_pair_of_fates_is_told_in_both_languages(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    assert len(keys) >= 8
    for (one, other), key in keys.items():
        for language in ("en", "zh"):
            figure = twin_figure(*runs, key, language)
            title = words(figure)[0]
            assert label(f"state.{one}", language) in title
            assert label(f"state.{other}", language) in title
            figure.savefig(io.BytesIO(), format="png")  # a missing glyph is a warning, and a warning is an error
            for text in figure.texts:
                box = text.get_window_extent()
                assert -1 <= box.x0 <= box.x1 <= figure.bbox.width + 1, text.get_text()
                assert -1 <= box.y0 <= box.y1 <= figure.bbox.height + 1, text.get_text()
            ends = sum("on day" in text or ("第" in text and "天" in text) for text in words(figure)[1:])
            assert ends == sum(state in ENDED for state in (one, other))


def test_a_deal_open_at_the_start_is_timed_from_the_start() -> None:
    market, plan = preset("small")
    market = settle(market, plan, months=4)
    left, right = simulate(market, plan, 6), simulate(market, plan.but(structure="product"), 6)
    twins = twin_deals(left, right).dropna(subset=["state_left", "state_right"])
    old = twins[(twins["source_left"] == "at_start") & (twins["closed_left"] > 0)]
    figure = twin_figure(left, right, int(old["key"].iloc[0]))
    assert "days since the run began, when this deal was already open" in words(figure)
    assert f"{twins['state_left'][old.index[0]].replace('_', ' ')} on day {old['closed_left'].iloc[0]:.0f}" in words(
        figure
    )
    spans = [p for p in figure.axes[0].patches if isinstance(p, Rectangle) and p.get_y() < 0.5]
    first = float(trace_deal(left, int(old["key"].iloc[0]))["entered"].iloc[0])
    assert min(p.get_x() for p in spans) == pytest.approx(first, abs=0.01)


def test_the_same_fate_is_not_called_a_difference(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    assert words(twin_figure(*runs, keys["won", "won"]))[0] == (
        "The same opportunity ends the same way under territory and product: won"
    )


def test_two_plans_of_one_structure_go_by_their_names(runs: tuple[Run, Run]) -> None:
    market, plan = preset("small")
    few, many = plan.but(name="eight reps"), plan.but(name="nine reps", reps=9)
    left, right = simulate(market, few, 3), simulate(market, many, 3)
    key = int(twin_deals(left, right).dropna(subset=["state_left", "state_right"])["key"].iloc[0])
    said = words(twin_figure(left, right, key))
    assert "eight reps" in said
    assert "nine reps" in said


def test_the_story_for_those_who_cannot_see(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    key = keys["won", "lost"]
    said = twin_alt_text(*runs, key)
    for run in runs:
        for row in trace_deal(run, key).itertuples():
            assert f"{row.stage}: " in said
            assert str(row.rep) in said
    assert said.count("Under ") == 2
    assert "区域型下" in twin_alt_text(*runs, key, "zh")


def test_what_is_not_there_is_refused(runs: tuple[Run, Run], keys: dict[tuple[str, str], int]) -> None:
    with pytest.raises(StudyError, match="No deal of this run has this key"):
        twin_figure(*runs, 12345)
    with pytest.raises(WordsError, match="no such language"):
        twin_figure(*runs, keys["won", "lost"], "fr")
