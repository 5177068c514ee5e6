"""The cockpit without a front end: levers, previews, pictures, stop, languages, and what must never reach a user."""

from __future__ import annotations

import base64
import gc
import random
import re
import string
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import ipywidgets
import pytest

from salessim.clocks.simulate import simulate
from salessim.errors import ModelError, StudyError
from salessim.measures import measure
from salessim.model.change import Change
from salessim.model.market import Market
from salessim.model.pay_files import pay_preset
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.incremental import readings
from salessim.study.study import Study
from salessim.study.usual import usual_sales
from salessim.widgets import Cockpit, cells
from salessim.widgets import cockpit as open_cockpit
from salessim.widgets.catalogue import FRONT, Lever, all_levers, lever, started
from salessim.widgets.controls import PICTURE
from salessim.widgets.drawing import Drawer
from salessim.widgets.levers import Levers
from salessim.widgets.replaying import Stage
from salessim.widgets.texts import TEXTS, text
from salessim.widgets.worker import Task
from salessim.words import WordsError, label

LONG = 120.0  # seconds; the first answer may have to compile the rules

Opener = Callable[..., Cockpit]


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


@pytest.fixture
def opened(firm: tuple[Market, Plan]) -> Iterator[Opener]:
    """Open cockpits on a small firm; all are closed in the end, and none may have met a defect it was not told of."""
    made: list[Cockpit] = []

    def make(market: Market | None = None, plan: Plan | None = None, **options: Any) -> Cockpit:
        options = {"months": 3, "replications": 5, "draws": 0, "audit": False} | options
        made.append(open_cockpit(market or firm[0], plan or firm[1], **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
        assert one.errors == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("salessim")]


def settled(cockpit: Cockpit) -> Cockpit:
    assert cockpit.wait(LONG)
    return cockpit


def controls(cockpit: Cockpit) -> Any:
    return cockpit.controls


def knob(cockpit: Cockpit, name: str) -> Any:
    return controls(cockpit).knobs[name].control


def status(cockpit: Cockpit) -> str:
    return str(controls(cockpit).status.value)


def verdict(cockpit: Cockpit) -> str:
    return str(controls(cockpit).verdict.value)


def words(cockpit: Cockpit) -> str:
    """Everything the cockpit says, without the marks of HTML."""
    names = ("cards", "verdict", "second", "table", "key", "status")
    return re.sub(r"<[^>]*>", " ", " ".join(getattr(controls(cockpit), name).value for name in names))


def all_widgets(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


# ------------------------------------------------------------------------------------------------------------- answers


def test_the_answer_is_that_of_a_comparison_and_every_preview_its_beginning(
    opened: Opener, firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Study] = []
    draw = Drawer.shown

    def kept(self: Drawer, stage: Stage, *rest: Any) -> Any:
        shown.append(stage.pair)
        return draw(self, stage, *rest)

    monkeypatch.setattr(Drawer, "shown", kept)
    cockpit = settled(opened())
    shown.clear()
    cockpit.set(structure="product", difference=0.7)
    settled(cockpit)
    market, plan = firm
    whole = compare(
        market.but(difference=0.7), {"baseline": plan, "live": plan.but(structure="product")}, months=3,
        replications=5, most_replications=5, draws=0, audit=False,
    )  # fmt: skip
    assert [study.replications for study in shown] == [2, 4, 5]
    for study in shown:
        assert study.table.tobytes() == whole.table[: study.replications].tobytes()
    assert whole.judged.lines(plans=["territory", "product"], unit="CNY")[-1] in verdict(cockpit)
    cockpit.set(structure="customer")
    settled(cockpit)
    shown.clear()
    cockpit.undo()
    settled(cockpit)
    assert [study.replications for study in shown] == [5]  # what is known is shown at once


def test_audit_and_second_line_are_those_of_a_comparison(opened: Opener, firm: tuple[Market, Plan]) -> None:
    cockpit = settled(opened(draws=8, audit=True))
    cockpit.set(structure="product")
    settled(cockpit)
    market, plan = firm
    whole = compare(
        market, {"baseline": plan, "live": plan.but(structure="product")}, months=3, replications=5,
        most_replications=5, draws=8,
    )  # fmt: skip
    assert whole.holding is not None
    assert whole.holding.text(plans=["territory", "product"]) in controls(cockpit).second.value
    assert "SimPy audit: identical" in status(cockpit)
    assert cockpit.study is not None
    assert cockpit.study.audited is True


def elsewhere(one: Lever, plan: Plan) -> Any:
    """Return where a lever can stand that is not where it starts."""
    if one.kind == "choice":
        return next(choice for choice in one.choices if choice != one.start)
    if one.kind == "switch":
        return not one.start
    if one.kind == "count":
        return plan.headcount + 1 if one.name == "reps" else int(one.high)
    return one.low + (0 if one.start != one.low else one.step)


@pytest.mark.parametrize("name", [one.name for one in all_levers() if one.home == "setting" and one.name != "pay"])
def test_every_setting_of_the_model_is_a_lever_that_moves_it_and_nothing_else(
    firm: tuple[Market, Plan], name: str
) -> None:
    market, plan = firm
    one = started(lever(name), market, plan)
    value = elsewhere(one, plan)
    moved = Levers().but(**{name: value})
    if one.owner == "plan":
        assert moved.market(market) is market
        assert moved.plan(plan) == plan.but(**{name: value}) != plan
    elif one.low == 0.0 and name == "hours_per_day":
        assert one.high == 24.0  # the least of it is refused: a day without hours
    else:
        assert moved.plan(plan) is plan
        assert moved.market(market) == market.but(**{name: value}) != market


@pytest.mark.parametrize("name", [one.name for one in all_levers() if one.home == "pay"])
def test_every_setting_of_a_pay_plan_is_a_lever_that_moves_it_and_nothing_else(
    firm: tuple[Market, Plan], name: str
) -> None:
    market, plan = firm[0], firm[1].but(pay=pay_preset("accelerator"))
    value = elsewhere(started(lever(name), market, plan), plan)
    assert Levers().but(**{name: value}).plan(plan) == plan.but(**{name: value}) != plan
    with pytest.raises(ModelError, match="no pay plan of its own"):
        Levers().but(**{name: value}).plan(firm[1])


def test_a_ready_made_pay_plan_is_cut_to_what_reps_sell(opened: Opener) -> None:
    cockpit = opened()
    cockpit.set(pay="accelerator")
    settled(cockpit)
    study = cockpit.study
    assert study is not None
    pay = study.plans["live"].pay
    assert pay is not None
    quota = pay.components[0].quota
    assert quota == usual_sales(cockpit.market, cockpit.plan)
    sold = simulate(cockpit.market, cockpit.plan, months=24, seed=7).by_month()[12:].sum() / cockpit.plan.headcount
    assert quota == pytest.approx(sold, rel=0.2)


def test_a_pay_plan_can_be_chosen_and_a_target_is_divided_into_its_quotas(firm: tuple[Market, Plan]) -> None:
    _, plan = firm
    assert Levers().but(pay="capped").plan(plan) == plan.but(pay=pay_preset("capped"))
    divided = Levers().but(pay="capped", target=5e6, over_assignment=1.2).plan(plan)
    assert divided.target == 5e6
    assert divided.pay is not None
    assert divided.pay.components[0].quota is None
    assert divided.pay.quotas.over_assignment == 1.2


@pytest.mark.parametrize("name", [one.name for one in all_levers() if one.home == "change" and one.name != "month"])
def test_every_setting_of_a_change_is_a_lever_that_moves_it_and_nothing_else(
    firm: tuple[Market, Plan], name: str
) -> None:
    market, plan = firm
    value = elsewhere(started(lever(name), market, plan), plan)
    moved = Levers().but(structure="product", month=6, **{name: value}).plan(plan)
    assert moved == plan.but(changes=(Change(month=6, to={"structure": "product"}, **{name: value}),))
    assert Levers().but(month=6, **{name: value}).plan(plan) is plan  # nothing that could change


@pytest.mark.parametrize("name", [one.name for one in all_levers() if one.owner == "plan" and one.home != "change"])
def test_whatever_is_moved_of_a_plan_can_wait_for_a_month(firm: tuple[Market, Plan], name: str) -> None:
    market, plan = firm[0], firm[1].but(pay=pay_preset("accelerator"))
    value = elsewhere(started(lever(name), market, plan), plan)
    now, later = (Levers().but(**{name: value}, **when).plan(plan) for when in ({}, {"month": 6}))
    if later.changes:
        assert later.phases[0][0] == plan
        assert later.phases[-1][0].but(open_deals="stay") == now.but(open_deals="stay", changes=())
    else:  # it holds for the whole run, or is how open deals change hands where nothing changes
        assert later == now or name == "open_deals"


@pytest.mark.parametrize(
    ("name", "value"),
    [("structure", "customer"), ("reps", 11), ("coverage", "tiers"), ("prospecting", 0.35), ("selling_time", 0.7),
     ("complexity", 0.9), ("difference", 0.1), ("distance", 640.0), ("growth", 0.1)],
)  # fmt: skip
def test_every_lever_in_sight_answers_to_a_hand(opened: Opener, name: str, value: Any) -> None:
    cockpit = settled(opened())
    start = knob(cockpit, name).value
    knob(cockpit, name).value = value
    settled(cockpit)
    assert dict(cockpit.levers.items) == {name: value}
    study = cockpit.study
    assert study is not None
    assert study.market == cockpit.levers.market(cockpit.market)
    assert study.plans == {"baseline": cockpit.plan, "live": cockpit.levers.plan(cockpit.plan)}
    assert "ready" in status(cockpit)
    knob(cockpit, name).value = start
    settled(cockpit)
    assert cockpit.levers == Levers()


def test_the_levers_in_sight_are_nine_and_the_rest_is_made_when_a_group_is_opened(opened: Opener) -> None:
    cockpit = settled(opened())
    assert list(controls(cockpit).knobs) == list(FRONT)
    assert len(FRONT) == 9
    folded = controls(cockpit).more
    for index in range(len(folded.children)):
        folded.selected_index = index
    assert set(controls(cockpit).knobs) == {one.name for one in all_levers()}
    knob(cockpit, "call_gap").value = 3.0
    settled(cockpit)
    assert dict(cockpit.levers.items) == {"call_gap": 3.0}
    assert "gap between calls 3" in verdict(cockpit)


def test_levers_can_be_chosen(opened: Opener) -> None:
    cockpit = settled(opened(levers=["speed", "reps"], more=False))
    assert list(controls(cockpit).knobs) == ["reps", "speed"]
    assert not [widget for widget in all_widgets(cockpit.widget) if isinstance(widget, ipywidgets.Accordion)]
    with pytest.raises(StudyError, match="no such lever"):
        open_cockpit(levers=["sped"])


def test_levers_moved_from_code_move_the_widgets_too(opened: Opener) -> None:
    cockpit = settled(opened())
    cockpit.set(structure="hybrid", reps=10, complexity=0.26)
    settled(cockpit)
    assert [knob(cockpit, name).value for name in ("structure", "reps", "complexity")] == ["hybrid", 10, 0.26]
    controls(cockpit).buttons["reset"].click()
    settled(cockpit)
    assert cockpit.levers == Levers()
    assert [knob(cockpit, name).value for name in ("structure", "reps")] == ["territory", 8]
    with pytest.raises(StudyError, match="no such lever"):
        cockpit.set(struktur="product")


def test_a_market_alone_is_refused(firm: tuple[Market, Plan]) -> None:
    with pytest.raises(StudyError, match="a market and a plan"):
        open_cockpit(firm[0])


@pytest.mark.parametrize("numbers", [{"preview": 1}, {"preview": 6, "replications": 5}, {"replications": 0}])
def test_impossible_numbers_of_futures_are_refused(firm: tuple[Market, Plan], numbers: dict[str, int]) -> None:
    with pytest.raises(StudyError, match="cockpit, preview"):
        open_cockpit(*firm, **numbers)


# ------------------------------------------------------------------------------------------- undo, pins, luck, views


def test_undo_and_redo_bring_back_what_was_seen(opened: Opener) -> None:
    cockpit = settled(opened())
    assert controls(cockpit).buttons["undo"].disabled
    cockpit.set(reps=9)
    settled(cockpit)
    seen = verdict(cockpit)
    cockpit.set(structure="product")
    settled(cockpit)
    controls(cockpit).buttons["undo"].click()
    settled(cockpit)
    assert dict(cockpit.levers.items) == {"reps": 9}
    assert knob(cockpit, "structure").value == "territory"
    assert re.sub(r'data-mark="\d+"', "", verdict(cockpit)) == re.sub(r'data-mark="\d+"', "", seen)
    controls(cockpit).buttons["redo"].click()
    settled(cockpit)
    assert dict(cockpit.levers.items) == {"reps": 9, "structure": "product"}
    assert controls(cockpit).buttons["redo"].disabled


def test_pinned_plans_are_compared_four_at_most(opened: Opener) -> None:
    cockpit = settled(opened())
    assert controls(cockpit).buttons["pin"].disabled  # the baseline needs no pin
    for reps in (5, 6, 7, 9, 10):
        cockpit.set(reps=reps)
        cockpit.pin()
        settled(cockpit)
    assert [one.moved["reps"] for one in cockpit.setting.pins] == [6, 7, 9, 10]
    cockpit.set(reps=12)
    cockpit.look("pinned")
    settled(cockpit)
    assert cockpit.study is not None
    assert [plan.headcount for plan in cockpit.study.plans.values()] == [8, 12, 6, 7, 9, 10]
    table = controls(cockpit).table.value
    assert table.count("<tr") == 7
    assert "D: territory with 10 reps" in table
    (one,) = readings(cockpit.study, ("revenue",), 5)
    assert one.judgement is not None
    assert text(f"direction {one.judgement.kind.value}") in table.split("D: territory")[1]
    cockpit.set(reps=10)
    assert controls(cockpit).buttons["pin"].description == "Unpin"
    cockpit.pin()
    assert len(cockpit.setting.pins) == 3
    settled(cockpit)


def test_pins_stay_when_the_market_moves_and_are_replayed_on_it(opened: Opener) -> None:
    cockpit = settled(opened())
    cockpit.set(structure="product")
    cockpit.pin()
    cockpit.set(structure="customer", difference=0.9)
    settled(cockpit)
    assert cockpit.study is not None
    assert cockpit.study.market.knowledge.difference == 0.9
    assert [plan.structure for plan in cockpit.study.plans.values()] == ["territory", "customer", "product"]


def test_new_luck_is_another_seed(opened: Opener) -> None:
    cockpit = settled(opened())
    cockpit.set(structure="product")
    settled(cockpit)
    first = cockpit.study
    controls(cockpit).buttons["luck"].click()
    settled(cockpit)
    assert first is not None
    assert cockpit.study is not None
    assert (first.seed, cockpit.study.seed) == (1, 2)
    assert not (first.table == cockpit.study.table).all()
    assert "seed 2" in status(cockpit)
    cockpit.undo()
    settled(cockpit)
    assert cockpit.study is not None
    assert cockpit.study.table.tobytes() == first.table.tobytes()


def test_every_view_has_a_picture_of_its_own(opened: Opener) -> None:
    cockpit = settled(opened())
    cockpit.set(structure="product")
    settled(cockpit)
    seen = set()
    for view in ("revenue", "lead", "futures"):
        controls(cockpit).views.value = view
        settled(cockpit)
        shown = controls(cockpit).picture.value
        png = base64.b64decode(shown.split("base64,")[1].split('"')[0])
        size = tuple(int.from_bytes(png[at : at + 4], "big") for at in (16, 20))
        assert size == (2 * PICTURE[0], 2 * PICTURE[1])
        assert len(re.search('alt="([^"]*)"', shown)[1]) > 20  # type: ignore[index]
        seen.add(png)
    assert len(seen) == 3
    with pytest.raises(StudyError, match="no such view"):
        cockpit.look("rain")  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------- what a user sees


def test_four_cards_show_value_direction_interval_and_baseline(opened: Opener) -> None:
    cockpit = settled(opened(months=12, replications=8))
    seen = set()
    for change in ({"reps": 16}, {"reps": 2}, {"reps": None, "structure": "product"}):
        cockpit.set(**change)
        settled(cockpit)
        assert cockpit.study is not None
        cards = controls(cockpit).cards.value.split('class="ss-card"')[1:]
        read = readings(cockpit.study, ("revenue", "contribution", "travel_share", "win_rate"))
        assert len(cards) == len(read)
        for card, reading in zip(cards, read, strict=True):
            assert label(f"measure.{reading.name}") in card.lower()
            assert "baseline " in card
            assert re.search(r"[+−]?[\d.]+ (%|pts) \[.*, .*\]", card)
            assert reading.judgement is not None
            rises = reading.judgement.difference > 0
            assert text(f"direction {reading.judgement.kind}") in card
            if reading.judgement.kind in ("better", "worse"):
                assert ("▲" in card) == (rises == (measure(reading.name).better == "up"))
            seen.add(str(reading.judgement.kind))
    assert {"better", "worse"} <= seen


def test_the_baseline_against_itself_is_said_to_be_the_baseline(opened: Opener) -> None:
    cockpit = settled(opened())
    assert text("same plan") in verdict(cockpit)
    cockpit.set(difference=0.9)  # another world, the same plan in it
    settled(cockpit)
    assert text("same plan") in verdict(cockpit)
    assert "difference between segments 0.9" in verdict(cockpit)


def test_there_is_no_output_widget_no_icon_and_a_name_on_everything(opened: Opener) -> None:
    cockpit = settled(opened())
    for index in range(len(controls(cockpit).more.children)):
        controls(cockpit).more.selected_index = index
    widgets = list(all_widgets(cockpit.widget))
    assert not [widget for widget in widgets if isinstance(widget, ipywidgets.Output)]
    assert not [widget for widget in widgets if getattr(widget, "icon", "") or getattr(widget, "icons", ())]
    assert not [widget for widget in widgets if isinstance(widget, ipywidgets.Dropdown)]  # no arrow keys in JupyterLab
    named = {name for widget in widgets for name in getattr(widget, "_dom_classes", ()) if name.startswith("ss-")}
    assert named >= {f"ss-{one.name}" for one in all_levers()} | {"ss-cockpit", "ss-stop", "ss-pin", "ss-stage"}
    for widget in widgets:
        if isinstance(widget, (ipywidgets.Button, ipywidgets.IntSlider, ipywidgets.FloatSlider, ipywidgets.Checkbox)):
            assert widget.description
            assert widget.tooltip


def test_a_notebook_shows_the_widget(opened: Opener) -> None:
    cockpit = settled(opened())
    shown = cockpit._repr_mimebundle_()
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == cockpit.widget.model_id


def test_what_comes_from_a_file_is_escaped(opened: Opener, firm: tuple[Market, Plan]) -> None:
    cockpit = settled(opened(market=firm[0].but(currency="<i>&")))
    cockpit.set(structure="product")
    settled(cockpit)
    assert "<i>" not in controls(cockpit).cards.value
    assert "&lt;i&gt;&amp;" in controls(cockpit).cards.value


# ----------------------------------------------------------------------------------------------------------- languages


def test_both_languages_have_the_same_texts_with_the_same_fields() -> None:
    fields = {
        language: {key: sorted(name for _, name, _, _ in string.Formatter().parse(one) if name)
                   for key, one in texts.items()}
        for language, texts in TEXTS.items()
    }  # fmt: skip
    assert fields["en"] == fields["zh"]
    said = [re.sub(r"{\w+}", "", one) for one in TEXTS["zh"].values()]
    assert all(re.search("[一-鿿]", one) for one in said if re.search("[A-Za-z]", one))


def test_the_language_can_be_switched_by_hand_and_back(opened: Opener) -> None:
    cockpit = settled(opened(draws=2, audit=True))
    cockpit.set(structure="product", distance=500.0, coverage="tiers", growth=0.05, calls=False)
    settled(cockpit)
    english, before = words(cockpit), cockpit.setting
    controls(cockpit).language.value = "zh"
    settled(cockpit)
    assert cockpit.language == "zh"
    for widget in all_widgets(cockpit.widget):
        if getattr(widget, "description", ""):
            assert re.search("[一-鿿]", widget.description), widget.description
    assert not re.search("[A-Za-z]{3,}", words(cockpit).replace("SimPy", ""))
    assert "产品型" in words(cockpit)
    assert "区域跨度500" in words(cockpit)
    assert cockpit.setting == before
    cockpit.speak("en")
    settled(cockpit)
    assert re.sub(r"[\d,]+ ms", "", words(cockpit)) == re.sub(r"[\d,]+ ms", "", english)
    with pytest.raises(WordsError, match="no such language"):
        cockpit.speak("fr")


def test_it_opens_in_chinese(opened: Opener) -> None:
    cockpit = opened(lang="zh")
    assert controls(cockpit).language.value == "zh"
    assert "就绪" in status(settled(cockpit))


# -------------------------------------------------------------------------------------------------- what can go wrong


@pytest.mark.parametrize("setting", [{"reps": 0}, {"structure": "today"}, {"complexity": 1.5}, {"structure": "matrix"}])
def test_an_impossible_setting_gives_a_red_line_in_words(opened: Opener, setting: dict[str, Any]) -> None:
    cockpit = settled(opened())
    cockpit.set(**setting)
    settled(cockpit)
    assert 'role="alert"' in status(cockpit)
    assert "color:#b00020" in status(cockpit)
    assert "⚠ Not possible: " in status(cockpit)
    assert "Traceback" not in words(cockpit)
    assert controls(cockpit).picture.layout.visibility == "hidden"  # no picture of another setting stays
    assert controls(cockpit).cards.value == ""
    assert cockpit.study is None
    assert cockpit.errors == []
    cockpit.set(**{**dict.fromkeys(setting), "structure": "product"})
    settled(cockpit)
    assert "ready" in status(cockpit)
    assert 'role="status"' in status(cockpit)
    assert controls(cockpit).picture.layout.visibility == "visible"


def test_a_defect_is_said_kept_and_survived(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    cockpit = settled(opened())

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("a <b> of ours")

    with monkeypatch.context() as patch:
        patch.setattr(Drawer, "shown", broken)
        cockpit.set(structure="product")
        settled(cockpit)
    assert [type(error) for error in cockpit.errors] == [ZeroDivisionError]
    assert "ZeroDivisionError: a &lt;b&gt; of ours" in status(cockpit)
    assert "Traceback" in verdict(cockpit)  # folded, to copy
    assert "<textarea readonly" in verdict(cockpit)
    cockpit.errors.clear()
    cockpit.set(structure="customer")
    settled(cockpit)
    assert "ready" in status(cockpit)


def test_a_callback_that_fails_is_said_too(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    cockpit = settled(opened())
    with monkeypatch.context() as patch:
        patch.setattr(cockpit, "_follow", lambda _: 1 / 0)
        controls(cockpit).buttons["luck"].click()
    assert "ZeroDivisionError" in status(cockpit)
    assert [type(error) for error in cockpit.errors] == [ZeroDivisionError]
    cockpit.errors.clear()


# ---------------------------------------------------------------------------------------------- stop, threads, closing


def hold(cockpit: Cockpit) -> threading.Event:
    """Keep the worker busy with a job that obeys; return what lets it go."""
    begun, release = threading.Event(), threading.Event()

    def job(task: Task) -> None:
        begun.set()
        while not (task.stopped or release.is_set()):
            time.sleep(0.001)

    cockpit._answerer.worker.submit(job)
    assert begun.wait(LONG)
    return release


def test_stop_stops_in_the_middle_and_go_on_goes_on(opened: Opener) -> None:
    cockpit = opened(months=24, replications=100_000)
    deadline = time.monotonic() + LONG
    while cockpit.study is None and time.monotonic() < deadline:
        time.sleep(0.01)
    begin = time.monotonic()
    stop = controls(cockpit).buttons["stop"]
    stop.click()
    assert cockpit.wait(LONG)
    assert time.monotonic() - begin < 5.0  # measured 0.02 s; a hundred thousand futures would take an hour
    assert cockpit.study is not None
    assert re.search(r"stopped at \d+ futures", status(cockpit))
    assert stop.description == "▶ Go on"
    stop.click()
    assert stop.description == "■ Stop"
    assert not cockpit.wait(0.05)  # it goes on
    cockpit.set(structure="product")
    stop.click()
    assert cockpit.wait(LONG)
    assert "stopped" in status(cockpit)


def test_stop_where_nothing_runs_changes_nothing(opened: Opener) -> None:
    cockpit = settled(opened())
    before = status(cockpit)
    controls(cockpit).buttons["stop"].click()
    assert status(cockpit) == before
    assert controls(cockpit).buttons["stop"].description == "■ Stop"


def test_a_stop_before_an_answer_says_that_what_is_shown_is_of_other_levers(opened: Opener) -> None:
    cockpit = settled(opened())
    with cockpit._lock:  # a lever moves and Stop is pressed before the worker can look
        knob(cockpit, "reps").value = 12
        controls(cockpit).buttons["stop"].click()
    settled(cockpit)
    assert cockpit.study is not None
    assert cockpit.study.plans["live"].headcount == 8
    assert "stopped before there was an answer to these levers" in status(cockpit)


def test_a_callback_returns_while_the_worker_is_busy(opened: Opener) -> None:
    cockpit = settled(opened())
    release = hold(cockpit)
    try:
        with cockpit._lock:  # the worker cannot answer meanwhile: what the callbacks did, they did by themselves
            for reps in (9, 10, 11):
                knob(cockpit, "reps").value = reps
            assert cockpit.levers == Levers().but(reps=11)
            assert "with 11 reps" not in verdict(cockpit)
    finally:
        release.set()
    settled(cockpit)
    assert cockpit.study is not None
    assert cockpit.study.plans["live"].headcount == 11
    cockpit.undo()  # 9 and 10 were never seen
    assert cockpit.levers == Levers()


def test_callbacks_may_arrive_on_any_thread(opened: Opener) -> None:
    cockpit = settled(opened())
    gate = threading.Barrier(4)
    failed: list[BaseException] = []

    def drag(name: str, values: list[Any]) -> None:
        try:
            gate.wait(LONG)
            for value in values:
                knob(cockpit, name).value = value
        except BaseException as error:
            failed.append(error)

    drags = {
        "reps": [9, 12, 14, 10],
        "complexity": [0.1, 0.9, 0.3],
        "difference": [0.9, 0.1, 0.8],
        "distance": [100.0, 800.0, 250.0],
    }
    threads = [threading.Thread(target=drag, args=item) for item in drags.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG)
    settled(cockpit)
    assert failed == []
    assert dict(cockpit.levers.items) == {"reps": 10, "complexity": 0.3, "difference": 0.8, "distance": 250.0}
    assert cockpit.study is not None
    assert cockpit.study.plans["live"].headcount == 10


@pytest.mark.slow
def test_five_hundred_moves_leave_one_thread_and_the_right_answer(opened: Opener) -> None:
    cockpit = settled(opened())
    rng = random.Random(11)
    sliders = [one.control for one in controls(cockpit).knobs.values() if one.lever.kind in ("count", "number")]
    before = threading.active_count()
    for _ in range(500):
        if rng.random() < 0.3:
            knob(cockpit, "structure").value = rng.choice(["territory", "product", "customer", "hybrid"])
        else:
            slider = rng.choice(sliders)
            slider.value = type(slider.value)(rng.uniform(slider.min, slider.max))
    cockpit.reset()
    cockpit.set(structure="customer", reps=9, complexity=0.5, difference=0.5, distance=200.0)
    settled(cockpit)
    assert threading.active_count() <= before
    assert cockpit.study is not None
    assert cockpit.study.plans["live"] == cockpit.plan.but(structure="customer", reps=9)
    assert cockpit.study.market == cockpit.market.but(complexity=0.5, difference=0.5, distance=200.0)
    assert "ready" in status(cockpit)


def test_without_threads_the_answer_is_there_at_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    class Threadless:
        def __init__(self, *_: object, **__: object) -> None:
            self.daemon = True

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("threading.Thread", Threadless)
        cockpit = opened(draws=2)
        knob(cockpit, "structure").value = "product"
        assert cockpit.wait(0.0)
        assert cockpit.study is not None
        assert cockpit.study.plans["live"].structure == "product"


def test_the_first_answer_is_waited_for_in_words(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    home = sys.modules["salessim.widgets.speaking"]
    for compiled, said in ((True, "loading the compiled rules"), (False, "compiles the rules, about half a minute")):
        monkeypatch.setattr(home, "is_compiled", lambda compiled=compiled: compiled)
        release = threading.Event()
        draw = Drawer.shown
        with monkeypatch.context() as patch:
            patch.setattr(Drawer, "shown", lambda *rest: (release.wait(LONG), draw(*rest))[1])  # noqa: B023
            cockpit = opened()
            deadline = time.monotonic() + LONG
            while "1 s" not in status(cockpit) and time.monotonic() < deadline:
                time.sleep(0.01)
            assert said in status(cockpit)
            release.set()
            settled(cockpit)
        assert "ready" in status(cockpit)


def test_running_the_cell_again_closes_the_cockpit_it_made_before(
    opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "cell_of_now", lambda: "cell a")
    first = settled(opened())
    second = settled(opened())
    assert first.closed
    assert not second.closed
    assert text("closed") in status(first)
    monkeypatch.setattr(cells, "cell_of_now", lambda: "cell b")
    other = settled(opened())
    assert not second.closed
    assert not other.closed
    shown = verdict(first)
    first.set(structure="product")  # a closed cockpit does nothing, and does no harm
    assert first.wait(LONG)
    assert verdict(first) == shown
    first.close()


def test_outside_a_notebook_cockpits_live_side_by_side(opened: Opener) -> None:
    assert cells.cell_of_now() is None
    first, second = settled(opened()), settled(opened())
    assert not first.closed
    assert not second.closed


def test_the_registry_keeps_no_cockpit_alive(firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "cell_of_now", lambda: "cell c")
    cockpit = open_cockpit(*firm, months=2, replications=2, draws=0, audit=False)
    assert cockpit.wait(LONG)
    cockpit.close()
    del cockpit
    gc.collect()
    assert not [name for name in cells._open if "cell c" in name]
