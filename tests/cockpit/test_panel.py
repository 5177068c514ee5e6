"""The panel without a front end: levers, previews, pictures, stop, languages, and what must never reach a user."""

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

from salessim.cockpit import cells
from salessim.cockpit import panel as open_panel
from salessim.cockpit.answer import HEIGHT, answer_html
from salessim.cockpit.levers import Levers
from salessim.cockpit.panel import Panel
from salessim.cockpit.texts import TEXTS, text
from salessim.cockpit.worker import Task
from salessim.errors import StudyError
from salessim.measures import measure
from salessim.model.market import Market
from salessim.model.plan import STRUCTURES, Plan
from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.incremental import readings
from salessim.study.study import Study
from salessim.words import WordsError, label

LONG = 120.0  # seconds; the first answer may have to compile the rules
HOME = sys.modules["salessim.cockpit.panel"]  # the module: the function of this name hides it

Opener = Callable[..., Panel]


@pytest.fixture(scope="module")
def firm() -> tuple[Market, Plan]:
    return preset("small")


@pytest.fixture
def opened(firm: tuple[Market, Plan]) -> Iterator[Opener]:
    """Open panels on a small firm; all are closed in the end, and none may have met a defect it was not told of."""
    panels: list[Panel] = []

    def make(market: Market | None = None, plan: Plan | None = None, **options: Any) -> Panel:
        options = {"months": 3, "replications": 5, "preview": 2} | options
        panels.append(open_panel(market or firm[0], plan or firm[1], **options))
        return panels[-1]

    yield make
    for one in panels:
        one.close()
        assert one.errors == []
    assert not [thread for thread in threading.enumerate() if thread.name == "salessim panel"]


def settled(panel: Panel) -> Panel:
    assert panel.wait(LONG)
    return panel


def controls(panel: Panel) -> Any:
    return panel._controls


def status(panel: Panel) -> str:
    return str(controls(panel).status.value)


def answer(panel: Panel) -> str:
    return str(controls(panel).answer.value)


def all_widgets(widget: Any) -> Iterator[Any]:
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_widgets(child)


# ------------------------------------------------------------------------------------------------------------- answers


def test_the_answer_is_that_of_a_comparison_and_the_preview_its_beginning(
    opened: Opener, firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[Study] = []

    def kept(study: Study, *rest: Any, **options: Any) -> str:
        shown.append(study)
        return answer_html(study, *rest, **options)

    monkeypatch.setattr(HOME, "answer_html", kept)
    panel = settled(opened())
    shown.clear()
    panel.set(structure="product", difference=0.7)
    settled(panel)
    market, plan = firm
    whole = compare(
        market.but(difference=0.7), {"baseline": plan, "live": plan.but(structure="product")}, months=3,
        replications=5, most_replications=5, draws=0, audit=False,
    )  # fmt: skip
    assert [study.replications for study in shown] == [2, 5]
    assert shown[0].table.tobytes() == whole.table[:2].tobytes()
    assert shown[1].table.tobytes() == whole.table.tobytes()
    assert panel.study is shown[1]
    assert whole.judged.lines(plans=["territory", "product"], unit="CNY")[-1] in answer(panel)
    panel.set(structure="customer")
    settled(panel)
    panel.set(structure="product")
    settled(panel)
    assert [study.replications for study in shown] == [2, 5, 2, 5, 5]  # what is known is shown at once


@pytest.mark.parametrize(
    ("lever", "value"),
    [("structure", "customer"), ("reps", 11), ("complexity", 0.9), ("difference", 0.05), ("distance", 640.0)],
)
def test_every_lever_moves_what_it_is_named_after_and_nothing_else(opened: Opener, lever: str, value: Any) -> None:
    panel = settled(opened())
    widget = controls(panel).structure if lever == "structure" else controls(panel).sliders[lever]
    start = widget.value
    widget.value = value
    settled(panel)
    assert panel.levers == Levers(**{lever: value})
    study = panel.study
    assert study is not None
    base, live = study.plans["baseline"], study.plans["live"]
    assert base == panel.plan
    if lever in ("structure", "reps"):
        assert live == panel.plan.but(**{lever: value})
        assert study.market is panel.market
    else:
        assert live == panel.plan
        assert study.market == panel.market.but(**{lever: value})
    assert "ready" in status(panel)
    widget.value = start
    settled(panel)
    assert panel.levers == Levers()
    assert panel.study is not None
    assert panel.study.market is panel.market


def test_levers_moved_from_code_move_the_widgets_too(opened: Opener) -> None:
    panel = settled(opened())
    panel.set(structure="hybrid", reps=10, complexity=0.25)
    settled(panel)
    assert controls(panel).structure.value == "hybrid"
    assert controls(panel).sliders["reps"].value == 10
    assert controls(panel).sliders["complexity"].value == 0.25
    controls(panel).back.click()
    settled(panel)
    assert panel.levers == Levers()
    assert controls(panel).structure.value == "territory"
    assert controls(panel).sliders["reps"].value == 8
    with pytest.raises(StudyError, match="no such lever"):
        panel.set(struktur="product")


def test_the_baseline_against_itself_is_said_to_be_the_baseline(opened: Opener) -> None:
    panel = settled(opened())
    assert text("same plan") in answer(panel)
    assert "<img" not in answer(panel)
    panel.set(difference=0.9)  # another world, the same plan in it
    settled(panel)
    assert text("same plan") in answer(panel)
    assert "difference 0.9" in answer(panel)


def test_the_same_plan_with_other_reps_has_a_name_of_its_own(opened: Opener) -> None:
    panel = settled(opened())
    panel.set(reps=10)
    settled(panel)
    assert "Territory with 10 reps against territory with 8 reps" in answer(panel)
    panel.set(reps=None, structure="product")
    settled(panel)
    assert "roduct is " in answer(panel) or "whether product or territory" in answer(panel)


# --------------------------------------------------------------------------------------------------- what a user sees


def test_the_picture_has_a_fixed_height_and_says_the_verdict(opened: Opener) -> None:
    panel = settled(opened())
    panel.set(structure="product")
    settled(panel)
    (image,) = re.findall(r"<img[^>]*>", answer(panel))
    alt = re.search(r'alt="([^"]*)"', image)
    assert alt is not None
    assert alt.group(1) in answer(panel).split("<img")[0]  # the verdict above the picture
    assert "revenue" in alt.group(1)
    data = re.search(r'src="data:image/png;base64,([^"]*)"', image)
    assert data is not None
    png = base64.b64decode(data.group(1))
    assert png.startswith(b"\x89PNG")
    size = [int.from_bytes(png[at : at + 4], "big") for at in (16, 20)]
    told = [int(found) for found in re.findall(r'(?:width|height)="(\d+)"', image)]
    assert size == [2 * one for one in told]  # twice as fine as it is shown, for sharp screens


def test_nothing_on_the_page_changes_its_height(opened: Opener) -> None:
    panel = opened()
    heights = {controls(panel).answer.layout.height}
    seen = [answer(panel)]
    for change in ({}, {"structure": "product"}, {"reps": 0}, {"reps": 12, "structure": None}):
        panel.set(**change)
        settled(panel)
        seen.append(answer(panel))
        heights.add(controls(panel).answer.layout.height)
    assert len(heights) == 1
    assert len(set(seen)) >= 4
    assert all(f"height:{HEIGHT}px" in one for one in seen)


def test_four_cards_show_value_direction_and_baseline(opened: Opener) -> None:
    panel = settled(opened(months=12, replications=8))
    seen = set()
    for change in ({"reps": 16}, {"reps": 2}, {"reps": None, "structure": "product"}):
        panel.set(**change)
        settled(panel)
        cards = answer(panel).split('class="ss-verdict"')[0].split('class="ss-card"')[1:]
        assert panel.study is not None
        read = readings(panel.study, ("revenue", "contribution", "travel_share", "win_rate"))
        assert len(cards) == len(read)
        for card, reading in zip(cards, read, strict=True):
            assert label(f"measure.{reading.name}") in card.lower()
            assert "baseline " in card
            assert reading.judgement is not None
            rises = reading.judgement.difference > 0
            assert text(f"direction {reading.judgement.kind}") in card
            if reading.judgement.kind in ("better", "worse"):
                good = rises == (measure(reading.name).better == "up")
                assert ("▲" in card) == good
                assert ("+" in card) == rises
            seen.add(str(reading.judgement.kind))
    assert {"better", "worse"} <= seen


def test_there_is_no_output_widget_no_icon_and_a_name_on_everything(opened: Opener) -> None:
    panel = settled(opened())
    widgets = list(all_widgets(panel.widget))
    assert not [widget for widget in widgets if isinstance(widget, ipywidgets.Output)]
    assert not [widget for widget in widgets if getattr(widget, "icon", "") or getattr(widget, "icons", ())]
    named = {name for widget in widgets for name in getattr(widget, "_dom_classes", ()) if name.startswith("ss-")}
    levers = {"ss-structure", "ss-reps", "ss-complexity", "ss-difference", "ss-distance"}
    assert named >= levers | {"ss-panel", "ss-stop", "ss-back", "ss-language", "ss-answer", "ss-status"}
    for widget in widgets:
        if isinstance(widget, (ipywidgets.Button, ipywidgets.IntSlider, ipywidgets.FloatSlider)):
            assert widget.description


def test_a_notebook_shows_the_widget(opened: Opener) -> None:
    panel = settled(opened())
    shown = panel._repr_mimebundle_()
    assert shown["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.widget.model_id


def test_what_comes_from_a_file_is_escaped(opened: Opener, firm: tuple[Market, Plan]) -> None:
    panel = settled(opened(market=firm[0].but(currency="<i>&")))
    panel.set(structure="product")
    settled(panel)
    assert "<i>" not in answer(panel)
    assert "&lt;i&gt;&amp;" in answer(panel)


# ----------------------------------------------------------------------------------------------------------- languages


def test_both_languages_have_the_same_texts_with_the_same_fields() -> None:
    fields = {
        language: {key: sorted(name for _, name, _, _ in string.Formatter().parse(one) if name)
                   for key, one in texts.items()}
        for language, texts in TEXTS.items()
    }  # fmt: skip
    assert fields["en"] == fields["zh"]
    assert all(re.search("[一-鿿]", one) for one in TEXTS["zh"].values() if re.search("[A-Za-z]{4}", one))


def test_the_language_can_be_switched_by_hand_and_back(opened: Opener) -> None:
    panel = settled(opened())
    panel.set(structure="product", distance=500.0)
    settled(panel)
    english = answer(panel)
    before = [panel.levers, panel.study]
    controls(panel).language.value = "zh"
    settled(panel)
    assert panel.language == "zh"
    assert [name for name, _ in controls(panel).structure.options] == [
        label(f"structure.{s}", "zh") for s in STRUCTURES
    ]
    for widget in all_widgets(panel.widget):
        if getattr(widget, "description", ""):
            assert re.search("[一-鿿]", widget.description), widget.description
    assert "产品型对比区域型" in answer(panel).replace("（8人）", "")
    assert "区域跨度500公里" in answer(panel)
    assert "就绪" in status(panel)
    assert not re.search("[A-Za-z]{4}", re.sub(r"<[^>]*>", "", answer(panel)).replace("compare", ""))
    assert panel.levers == before[0]
    panel.speak("en")
    settled(panel)
    assert controls(panel).language.value == "en"
    assert answer(panel) == english
    with pytest.raises(WordsError, match="no such language"):
        panel.speak("fr")


def test_it_opens_in_chinese(opened: Opener) -> None:
    panel = opened(language="zh")
    assert controls(panel).language.value == "zh"
    assert "就绪" in status(settled(panel))


# -------------------------------------------------------------------------------------------------- what can go wrong


@pytest.mark.parametrize("setting", [{"reps": 0}, {"structure": "today"}, {"complexity": 1.5}, {"structure": "matrix"}])
def test_an_impossible_setting_gives_a_red_line_in_words(opened: Opener, setting: dict[str, Any]) -> None:
    panel = settled(opened())
    panel.set(**setting)
    settled(panel)
    assert 'role="alert"' in status(panel)
    assert "color:#b00020" in status(panel)
    assert "Not possible: " in status(panel)
    assert "Traceback" not in status(panel) + answer(panel)
    assert "<img" not in answer(panel)  # no picture of another setting stays
    assert panel.study is None
    assert panel.errors == []
    panel.set(**{**dict.fromkeys(setting), "structure": "product"})
    settled(panel)
    assert "ready" in status(panel)
    assert 'role="status"' in status(panel)


def test_a_defect_is_said_kept_and_survived(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = settled(opened())

    def broken(*_: Any, **__: Any) -> str:
        raise ZeroDivisionError("a <b> of ours")

    with monkeypatch.context() as patch:
        patch.setattr(HOME, "answer_html", broken)
        panel.set(structure="product")
        settled(panel)
    assert [type(error) for error in panel.errors] == [ZeroDivisionError]
    assert "ZeroDivisionError: a &lt;b&gt; of ours" in status(panel)
    assert 'role="alert"' in status(panel)
    panel.errors.clear()
    panel.set(structure="customer")
    settled(panel)
    assert "ready" in status(panel)


@pytest.mark.parametrize("numbers", [{"preview": 1}, {"preview": 6, "replications": 5}, {"replications": 0}])
def test_impossible_numbers_of_futures_are_refused(firm: tuple[Market, Plan], numbers: dict[str, int]) -> None:
    with pytest.raises(StudyError, match="panel, preview"):
        open_panel(*firm, **numbers)


# ---------------------------------------------------------------------------------------------- stop, threads, closing


def hold(panel: Panel) -> tuple[threading.Event, threading.Event]:
    """Keep the worker busy with a job that obeys; return when it has begun, and what lets it go."""
    begun, release = threading.Event(), threading.Event()

    def job(task: Task) -> None:
        begun.set()
        while not (task.stopped or release.is_set()):
            time.sleep(0.001)

    panel._worker.submit(job)
    assert begun.wait(LONG)
    return begun, release


def test_stop_stops_in_the_middle_and_go_on_goes_on(opened: Opener) -> None:
    panel = opened(months=24, replications=100_000)
    deadline = time.monotonic() + LONG
    while panel.study is None and time.monotonic() < deadline:
        time.sleep(0.01)
    begin = time.monotonic()
    controls(panel).stop.click()
    assert panel.wait(LONG)
    assert time.monotonic() - begin < 5.0  # measured 0.02 s; a hundred thousand futures would take an hour
    assert panel.study is not None
    assert panel.study.replications == 2
    assert "stopped at 2 futures" in status(panel)
    assert controls(panel).stop.description == "Go on"
    controls(panel).stop.click()
    assert controls(panel).stop.description == "Stop"
    assert not panel.wait(0.05)  # it goes on
    panel.set(structure="product")
    controls(panel).stop.click()
    assert panel.wait(LONG)
    assert "stopped" in status(panel)


def test_stop_where_nothing_runs_changes_nothing(opened: Opener) -> None:
    panel = settled(opened())
    before = status(panel)
    controls(panel).stop.click()
    assert status(panel) == before
    assert controls(panel).stop.description == "Stop"


def test_a_stop_before_an_answer_says_that_what_is_shown_is_of_other_levers(opened: Opener) -> None:
    panel = settled(opened())
    with panel._lock:  # a lever moves and Stop is pressed before the worker can look
        controls(panel).sliders["reps"].value = 12
        controls(panel).stop.click()
    settled(panel)
    assert panel.study is not None
    assert panel.study.plans["live"].headcount == 8
    assert "stopped before there was an answer to these levers" in status(panel)


def test_a_callback_returns_while_the_worker_is_busy(opened: Opener) -> None:
    panel = settled(opened())
    _, release = hold(panel)
    try:
        with panel._lock:  # the worker cannot answer meanwhile: what the callbacks did, they did by themselves
            for reps in (9, 10, 11):
                controls(panel).sliders["reps"].value = reps
            assert panel.levers == Levers(reps=11)
            assert answer(panel).count("with 11 reps") == 0
    finally:
        release.set()
    settled(panel)
    assert panel.study is not None
    assert panel.study.plans["live"].headcount == 11


def test_callbacks_may_arrive_on_any_thread(opened: Opener) -> None:
    panel = settled(opened())
    gate = threading.Barrier(4)
    failed: list[BaseException] = []

    def drag(name: str, values: list[Any]) -> None:
        try:
            gate.wait(LONG)
            for value in values:
                controls(panel).sliders[name].value = value
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
    settled(panel)
    assert failed == []
    assert panel.levers == Levers(reps=10, complexity=0.3, difference=0.8, distance=250.0)
    assert panel.study is not None
    assert panel.study.plans["live"].headcount == 10
    assert panel.study.market == panel.market.but(complexity=0.3, difference=0.8, distance=250.0)


@pytest.mark.slow
def test_five_hundred_moves_leave_one_thread_and_the_right_answer(opened: Opener) -> None:
    panel = settled(opened())
    rng = random.Random(11)
    levers = controls(panel)
    before = threading.active_count()
    for _ in range(500):
        if rng.random() < 0.3:
            levers.structure.value = rng.choice(STRUCTURES[1:])
        else:
            slider = levers.sliders[rng.choice(list(levers.sliders))]
            slider.value = round(rng.uniform(slider.min, slider.max), 2 if slider.max <= 1 else 0)
    panel.set(structure="customer", reps=9, complexity=0.5, difference=0.5, distance=200.0)
    settled(panel)
    assert threading.active_count() <= before
    assert panel.study is not None
    assert panel.study.plans["live"] == panel.plan.but(structure="customer", reps=9)
    assert panel.study.market == panel.market.but(complexity=0.5, difference=0.5, distance=200.0)
    assert "ready" in status(panel)


def test_without_threads_the_answer_is_there_at_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    class Threadless:
        def __init__(self, **options: object) -> None:
            pass

        def start(self) -> None:
            raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr("salessim.cockpit.worker.threading.Thread", Threadless)
        panel = opened()
        controls(panel).structure.value = "product"
        assert panel.wait(0.0)
        assert panel.study is not None
        assert panel.study.plans["live"].structure == "product"


def test_running_the_cell_again_closes_the_panel_it_made_before(
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
    shown = answer(first)
    first.set(structure="product")  # a closed panel does nothing, and does no harm
    assert first.wait(LONG)
    assert answer(first) == shown
    first.close()


def test_outside_a_notebook_panels_live_side_by_side(opened: Opener) -> None:
    assert cells.cell_of_now() is None
    first, second = settled(opened()), settled(opened())
    assert not first.closed
    assert not second.closed


def test_the_registry_keeps_no_panel_alive(firm: tuple[Market, Plan], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cells, "cell_of_now", lambda: "cell c")
    panel = open_panel(*firm, months=2, replications=2, preview=2)
    assert panel.wait(LONG)
    panel.close()
    del panel
    gc.collect()
    assert "cell c" not in cells._open
