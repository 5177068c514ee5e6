"""The views of the cockpit: each in both languages, of the futures of the study, growing, and ended by a stop."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from salessim.measures import MEASURES
from salessim.model.market import Market
from salessim.model.pay_files import pay_preset
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.widgets import answer, views
from salessim.widgets.drawing import VIEWS, Drawer, Shown
from salessim.widgets.history import Setting
from salessim.widgets.levers import Levers
from salessim.widgets.replaying import Effort, Replayer, Stage
from salessim.widgets.views.facts import Kept
from salessim.widgets.views.phases import Phases
from salessim.widgets.views.view import Drawn, Scene, View, view_name, view_tip, with_plans
from salessim.words import keys, label

SIZE = (736, 254)
MONTHS, FUTURES = 6, 5
IN_WORDS = {"pinned", "measures"}  # tables, whatever there is
MANY = Setting(Levers().but(structure="product"), pins=(Levers().but(reps=10),))


def last_stage(market: Market, plan: Plan, setting: Setting, futures: int = FUTURES) -> Stage:
    *_, stage = Replayer(market, plan, Effort(MONTHS, futures, 2, 0, False)).stages(setting)
    return stage


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


@pytest.fixture(scope="module")
def paid(firm: tuple[Market, Plan]) -> Plan:
    return firm[1].but(pay=pay_preset("accelerator"))


@pytest.fixture(scope="module")
def stage(firm: tuple[Market, Plan], paid: Plan) -> Stage:
    return last_stage(firm[0], paid, MANY)


@pytest.fixture(scope="module")
def drawer(paid: Plan) -> Drawer:
    return Drawer(paid, *SIZE)


@pytest.fixture(autouse=True)
def quick_map(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("salessim.widgets.views.phases._LEVELS", (0.2, 0.8))
    monkeypatch.setattr("salessim.widgets.views.phases._REPLICATIONS", 2)


def everything(drawer: Drawer, stage: Stage, view: str, language: str = "en") -> list[Shown]:
    """What a cockpit shows of a view, from first to last, with warnings as errors (a missing glyph is one)."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = drawer.shown(stage, view, language, "1")
        return [first, *drawer.growing(stage, view, language, "1")]


def size_of(png: bytes) -> list[int]:
    return [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]


# ------------------------------------------------------------------------------------------------------------ registry


def test_every_view_has_its_words_and_every_word_its_view() -> None:
    names = [one.name for one in views.VIEWS]
    assert len(set(names)) == len(names) == len(VIEWS)
    assert tuple(names) == VIEWS
    assert {f"view.{name}" for name in names} == set(keys("view"))
    for language in ("en", "zh"):
        assert len({view_name(name, language) for name in names}) == len(names)
        for name in names:
            assert 0 < len(view_name(name, language)) <= 12  # they stand on buttons
            assert view_tip(name, language)
    promised = "revenue pinned funnel map pay profit path phases forecast measures"
    assert set(promised.split()) <= set(names)


def test_a_view_added_later_is_drawn_by_itself(
    monkeypatch: pytest.MonkeyPatch, firm: tuple[Market, Plan], stage: Stage
) -> None:
    class Later(View):
        name = "later"

        def draw(self, scene: Scene) -> Drawn:
            return Drawn(html=f"{scene.study.replications} {scene.labels[scene.live]}")

    monkeypatch.setattr(views, "VIEWS", (*views.VIEWS, Later))
    assert Drawer(firm[1], *SIZE).shown(stage, "later", "en", "1").table == f"{FUTURES} product"


# ------------------------------------------------------------------------------------------------------------ pictures


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", VIEWS)
def test_every_view_is_drawn_in_every_language(drawer: Drawer, stage: Stage, view: str, language: str) -> None:
    shown = everything(drawer, stage, view, language)[-1]
    assert (shown.picture is None) == (view in IN_WORDS)
    assert shown.key
    if shown.picture is None:
        assert shown.table.startswith("<")
    else:
        assert size_of(shown.picture) == [2 * SIZE[0], 2 * SIZE[1]]  # never another size, so nothing jumps
        assert len(shown.alt) > 10
    assert label("measure.revenue", language).lower() in shown.cards.lower()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("view", [view for view in VIEWS if view != "phases"])
def test_every_view_has_something_to_show_of_the_baseline_alone(
    firm: tuple[Market, Plan], view: str, language: str
) -> None:
    market, plan = firm
    shown = everything(Drawer(plan, *SIZE), last_stage(market, plan, Setting(), 2), view, language)[-1]
    assert shown.picture is not None or shown.table


def test_a_preview_has_a_quarter_of_the_dots(drawer: Drawer, stage: Stage) -> None:
    shown = drawer.shown(replace(stage, final=False), "funnel", "en", "1")
    assert shown.picture is not None and size_of(shown.picture) == list(SIZE)


def test_a_key_has_one_line(drawer: Drawer, stage: Stage) -> None:
    """The line below the picture is 740 pixels wide: at most 6.7 a letter of 13 pixels, 13 a Chinese character."""
    for language, most in (("en", 112), ("zh", 57)):
        for view in VIEWS:
            said = everything(drawer, stage, view, language)[0].key.split(">", 1)[1].removesuffix("</div>")
            assert len(said) <= most, (view, language, said)


# -------------------------------------------------------------------------------------------------- the same futures


def test_what_is_kept_is_of_the_very_futures_of_the_study(stage: Stage) -> None:
    study, kept = stage.whole, Kept()
    known = [kept.known(study) for _ in kept.extend(study)]
    assert known == [2, 4, 5]
    facts = kept.facts(study)
    revenue = [[one.account[0] for one in plan] for plan in facts]
    contribution = [[one.account[-1] for one in plan] for plan in facts]
    assert np.allclose(np.array(revenue).T, study.values("revenue"), atol=1.0)
    assert np.allclose(np.array(contribution).T, study.values("contribution"))
    assert np.allclose([[one.monthly for one in plan] for plan in facts], study.monthly.transpose(1, 0, 2))
    travel = [[one.hours.travel.sum() / one.hours.present.sum() for one in plan] for plan in facts]
    assert np.allclose(np.array(travel).T, study.values("travel_share"))
    won = [[int(one.stages.advanced[-1]) for one in plan] for plan in facts]
    assert np.array_equal(np.array(won).T, study.values("deals_won"))


def test_a_longer_run_begins_as_the_run_it_continues(firm: tuple[Market, Plan]) -> None:
    """What the forecast view shows after the run are the same futures, run on.

    Where pay is by the year, that holds of runs of whole years: reps look ahead to the end of a period that is cut.
    """
    alone, kept = with_plans(last_stage(*firm, MANY, 2).whole, [1]), Kept()
    for _ in kept.extend(alone, months=MONTHS + 3, most=2):
        pass
    assert kept.known(alone) == 0 and kept.known(alone, MONTHS + 3) == 2
    longer = np.array([one.monthly for one in kept.facts(alone, MONTHS + 3)[0]])
    assert np.array_equal(longer[:, :MONTHS], alone.monthly[:2, 0])


def test_a_study_that_grows_replays_nothing_twice(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    from salessim.study.replay import Replay

    run = Replay.run
    monkeypatch.setattr(Replay, "run", lambda self, n, stop=None: ran.append(n) or run(self, n, stop))  # type: ignore[func-returns-value]
    kept = Kept()
    fewer = replace(stage.whole, table=stage.whole.table[:2], monthly=stage.whole.monthly[:2])
    for study in (fewer, stage.whole, stage.whole):
        for _ in kept.extend(study):
            pass
    assert sorted(ran) == sorted([*range(FUTURES)] * len(stage.whole.plans))


# --------------------------------------------------------------------------------------------------- growing, stopping


def test_a_view_grows_to_all_futures_of_the_study(firm: tuple[Market, Plan], stage: Stage) -> None:
    shown = everything(Drawer(firm[1], *SIZE), stage, "funnel")
    counts = [int(one.key.split("Means of ")[1].split()[0]) for one in shown]
    assert counts[0] == 2 and counts == sorted(counts) and counts[-1] == FUTURES
    again = everything(Drawer(firm[1], *SIZE), stage, "revenue")
    assert len(again) == 1  # needs no more than the study


def test_views_that_take_seconds_wait_until_all_else_is_there_and_grow_where_one_looks(
    firm: tuple[Market, Plan], stage: Stage
) -> None:
    drawer = Drawer(firm[1], *SIZE)
    assert drawer.shown(stage, "phases", "en", "1").picture is None  # words, at once
    assert not list(drawer.growing(stage, "phases", "en", "1", last=False))
    grown = list(drawer.growing(stage, "phases", "en", "1", last=True))
    assert len(grown) == 2 * 2 * 2
    assert all(one.picture is not None for one in grown)
    assert "7 to come" in grown[0].key and "to come" not in grown[-1].key
    assert drawer.shown(stage, "phases", "zh", "1").picture is not None  # in another language nothing is run again
    assert not list(drawer.growing(stage, "phases", "zh", "1"))


def test_a_stop_ends_every_view_in_the_middle_of_a_run(stage: Stage, paid: Plan) -> None:
    for view in ("funnel", "profit", "map", "pay", "forecast", "phases"):
        drawer, flag = Drawer(paid, *SIZE), np.ones(1, dtype=np.int64)
        shown = drawer.shown(stage, view, "en", "1", flag)
        assert shown.picture is None and shown.table
        assert not list(drawer.growing(stage, view, "en", "1", flag))


def test_the_map_belongs_to_the_firm_and_not_to_its_place_on_it(
    firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("salessim.widgets.views.phases._LEVELS", (0.5,))
    monkeypatch.setattr("salessim.widgets.views.phases._REPLICATIONS", 2)
    drawer = Drawer(firm[1], *SIZE)
    moves: list[dict[str, Any]] = [{"structure": "product"}, {"structure": "customer"}, {"complexity": 0.8},
                                   {"difference": 0.9}]  # fmt: skip
    for place, moved in enumerate(moves):
        stage = last_stage(*firm, Setting(Levers().but(**moved)), 2)
        assert bool(list(drawer.growing(stage, "phases", "en", "1"))) == (place == 0), moved
    stage = last_stage(*firm, Setting(Levers().but(reps=12)), 2)
    assert list(drawer.growing(stage, "phases", "en", "1"))  # another firm
    found = drawer._views["phases"]
    assert isinstance(found, Phases)


# ----------------------------------------------------------------------------------------------------------- in words


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_plan_without_variable_pay_is_said_to_have_none_and_what_to_do(
    firm: tuple[Market, Plan], language: str
) -> None:
    market, plan = firm
    stage = last_stage(market, plan, Setting(Levers().but(structure="product")), 2)
    shown = everything(Drawer(plan, *SIZE), stage, "pay", language)
    assert len(shown) == 1 and shown[0].picture is None
    assert {"en": "choose a pay plan", "zh": "选择一个薪酬方案"}[language] in shown[0].table
    salary = plan.but(pay=pay_preset("salary"))
    only = last_stage(market, salary, Setting(Levers().but(structure="product")), 2)
    said = everything(Drawer(salary, *SIZE), only, "pay", language)[0].table
    assert {"en": "150,000", "zh": "15万"}[language] in said


def test_months_that_cannot_be_forecast_are_said_to_be(
    stage: Stage, drawer: Drawer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from salessim.forecast.errors import ForecastError

    def refused(*_: object) -> None:
        raise ForecastError("All sales are <zero>.")

    monkeypatch.setattr("salessim.widgets.views.ahead.ahead_of", refused)
    shown = everything(Drawer(drawer._plan, *SIZE), stage, "forecast")[-1]
    assert shown.picture is None and "&lt;zero&gt;" in shown.table


def test_text_of_strangers_is_escaped() -> None:
    assert "<script>" not in answer.words_html(["<script>alert(1)</script>", "<img src=x>"])
    assert "<img" not in answer.words_html(["one", "<img src=x>"])


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_measure_has_its_formula_one_hover_away(stage: Stage, drawer: Drawer, language: str) -> None:
    table = drawer.shown(stage, "measures", language, "1").table
    for entry in MEASURES:
        escaped = entry.formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        assert escaped in table, entry.name
    assert table.count("<abbr") == len(MEASURES)
    cards = drawer.shown(stage, "revenue", language, "1").cards
    assert cards.count("title=") == len(answer.CARDS)
    assert drawer.shown(stage, "pinned", language, "1").table.count("<abbr") == 4


# ------------------------------------------------------------------------------------------------------------- time


@pytest.fixture(scope="module")
def fan_time(stage: Stage, drawer: Drawer) -> float:
    return processor_time(drawer, stage, "revenue")


def processor_time(drawer: Drawer, stage: Stage, view: str) -> float:
    """Median processor time of drawing a view whose futures are there."""
    scene, looked = drawer._scene(stage, "en"), drawer._view(view)
    looked.draw(scene)
    times = []
    for _ in range(7):
        begin = time.thread_time()
        looked.draw(scene)
        times.append(time.thread_time() - begin)
    return float(np.median(times))


@pytest.mark.slow
@pytest.mark.parametrize("view", ["funnel", "map", "pay", "profit", "path", "forecast", "measures"])
def test_no_view_takes_longer_than_a_few_fan_charts(drawer: Drawer, stage: Stage, fan_time: float, view: str) -> None:
    """A fan chart takes 20 to 30 ms alone; in proportion, because it is the load of the machine that varies."""
    everything(drawer, stage, view)
    assert processor_time(drawer, stage, view) < 3.5 * fan_time


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    import threading

    yield
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("salessim")]
