"""What a user does in the cockpit, done in a real browser: with the mouse, with keys alone, in two languages."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from salessim.widgets.catalogue import FRONT

OPTIONS = {"structure": "Hybrid", "coverage": "Tiers"}
PICTURES = os.environ.get("SALESSIM_SCREENSHOTS")  # a folder to keep screenshots in, for a human to look at
FITS = """() => [...document.querySelectorAll('.ss-cockpit *')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible'
                   && one.clientWidth > 0 && getComputedStyle(one).textOverflow !== 'ellipsis')
    .map(one => `${one.className}: ${one.scrollWidth} in ${one.clientWidth}`)"""
SMALLEST = """() => Math.min(...[...document.querySelectorAll('.ss-cockpit *')]
    .filter(one => [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim()) && one.offsetParent)
    .map(one => parseFloat(getComputedStyle(one).fontSize)))"""



def choose(cockpit: Any, name: str, words: str) -> None:
    before = cockpit.mark()
    cockpit.find(name).locator("button", has_text=words).click()
    cockpit.until_answered(before)


def press(cockpit: Any, button: str) -> None:
    before = cockpit.mark()
    cockpit.find(button).click()
    cockpit.until_answered(before)


def key(cockpit: Any, lever: str, name: str = "ArrowRight") -> None:
    before = cockpit.mark()
    cockpit.handle(lever).focus()
    cockpit.page.keyboard.press(name)
    cockpit.until_answered(before)


def value(cockpit: Any, lever: str) -> str:
    return str(cockpit.find(lever).locator(".widget-readout").inner_text())


def run_in_kernel(cockpit: Any, code: str) -> None:
    cockpit.page.evaluate(
        """code => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
                   .requestExecute({code, store_history: false}).done.then(() => true)""",
        code,
    )


def test_every_lever_in_sight_changes_what_is_compared(cockpit: Any) -> None:
    for lever in FRONT:
        before = cockpit.words("verdict")
        if lever in OPTIONS:
            choose(cockpit, lever, OPTIONS[lever])
        else:
            key(cockpit, lever)
        assert cockpit.words("verdict") != before, lever


def test_the_answer_grows_into_an_audited_one_with_its_second_line(cockpit: Any) -> None:
    choose(cockpit, "structure", "Product")
    cockpit.until_ready()
    cockpit.page.wait_for_function("document.querySelector('.ss-status').innerText.includes('SimPy audit: identical')")
    cockpit.page.wait_for_function(
        "/ranges of the assumptions .* [0-9]+ % of 24 draws/.test(document.querySelector('.ss-second').innerText)",
        timeout=60_000,
    )
    assert re.search(r"(▲ better|▼ worse|≈ practically equal|\? cannot tell yet) [+−]?\d", cockpit.words("cards"))
    assert cockpit.page.locator(".ss-said").get_attribute("role") == "status"  # read out: a picture alone is not


def test_undo_redo_and_reset(cockpit: Any) -> None:
    start = value(cockpit, "reps")
    key(cockpit, "reps")
    moved = value(cockpit, "reps")
    assert int(moved) == int(start) + 1
    press(cockpit, "undo")
    assert value(cockpit, "reps") == start
    press(cockpit, "redo")
    assert value(cockpit, "reps") == moved
    key(cockpit, "distance")
    press(cockpit, "reset")
    assert value(cockpit, "reps") == start
    assert cockpit.find("reset").is_disabled()
    assert "pinned as baseline" in cockpit.words("verdict")


def test_pin_and_compare(cockpit: Any) -> None:
    choose(cockpit, "structure", "Customer")
    press(cockpit, "pin")
    assert cockpit.find("pin").inner_text() == "Unpin"
    choose(cockpit, "structure", "Product")
    cockpit.until_ready()
    choose(cockpit, "views", "Pinned")
    cockpit.page.wait_for_function("document.querySelectorAll('.ss-table tbody tr').length === 3")
    rows = cockpit.page.locator(".ss-table tbody tr")
    first = [rows.nth(n).locator("th").inner_text() for n in range(3)]
    assert first == ["territory", "product", "A: customer"]
    assert re.search(r"(▲|▼|≈|\?) .*%", rows.nth(2).inner_text())
    choose(cockpit, "structure", "Customer")
    press(cockpit, "pin")
    choose(cockpit, "views", "Revenue")
    assert cockpit.find("pin").inner_text() == "Pin"


def test_new_luck_changes_the_figures_and_says_so(cockpit: Any) -> None:
    choose(cockpit, "structure", "Product")
    cockpit.until_ready()
    before = cockpit.words("cards")
    assert "seed 1" in cockpit.words("status")
    press(cockpit, "luck")
    cockpit.until_ready()
    assert "seed 2" in cockpit.words("status")
    assert cockpit.words("cards") != before
    press(cockpit, "undo")
    cockpit.until_ready()
    assert cockpit.words("cards") == before


def test_an_impossible_setting_is_a_red_line_in_words(cockpit: Any) -> None:
    group = cockpit.page.locator(".ss-more .jupyter-widget-Collapse-header", has_text="Calendar")
    group.click()
    handle = cockpit.handle("hours_per_day")
    handle.wait_for()
    handle.focus()
    cockpit.page.keyboard.press("End")
    cockpit.page.wait_for_selector('[data-stage="wrong"]', state="attached")
    said = cockpit.words("status")
    assert "Not possible" in said
    assert "working day ends after midnight" in said
    assert "Traceback" not in cockpit.page.locator(".ss-cockpit").inner_text()
    assert cockpit.page.locator(".ss-status-text").first.get_attribute("role") == "alert"
    assert not cockpit.page.locator("img.ss-picture").is_visible()
    before = cockpit.mark()
    cockpit.find("undo").click()
    cockpit.until_answered(before)
    assert cockpit.page.locator("img.ss-picture").is_visible()
    group.click()


def test_a_defect_is_a_red_line_with_details_to_copy(cockpit: Any) -> None:
    run_in_kernel(
        cockpit,
        "import gc; from salessim.widgets import Cockpit\n"
        "[open_one] = [one for one in gc.get_objects() if isinstance(one, Cockpit) and not one.closed]\n"
        "whole, open_one._drawer.shown = open_one._drawer.shown, lambda *_: 1 / 0",
    )
    cockpit.handle("reps").focus()
    cockpit.page.keyboard.press("ArrowRight")
    cockpit.page.wait_for_selector('[data-stage="wrong"]', state="attached")
    assert "not your fault (ZeroDivisionError" in cockpit.words("status")
    details = cockpit.page.locator(".ss-details")
    details.locator("summary").click()
    assert "Traceback" in details.locator("textarea").input_value()
    run_in_kernel(cockpit, "open_one._drawer.shown = whole; open_one.errors.clear(); del open_one, whole")
    key(cockpit, "reps")
    cockpit.until_ready()


def test_the_language_can_be_switched(cockpit: Any) -> None:
    choose(cockpit, "structure", "Product")
    cockpit.until_ready()
    choose(cockpit, "language", "中文")
    cockpit.until_ready()
    page = cockpit.page.locator(".ss-cockpit").inner_text()
    assert "产品型对比区域型" in cockpit.words("verdict")
    left = re.findall(r"[A-Za-z]{3,}", re.sub(r"English|SimPy|CRM", "", page))
    assert left == []
    choose(cockpit, "language", "English")


def test_everything_can_be_done_with_keys_alone(cockpit: Any) -> None:
    cockpit.find("luck").focus()
    reached: list[str] = []
    for _ in range(60):
        cockpit.page.keyboard.press("Tab")
        reached.append(cockpit.page.evaluate(
            """() => { let one = document.activeElement; const found = [];
                       while (one) { found.push(...(one.classList ?? [])); one = one.parentElement; }
                       return found.find(name => name.startsWith('ss-')) ?? ''; }"""
        ))  # fmt: skip
    assert {f"ss-{lever}" for lever in FRONT} | {"ss-stop", "ss-language", "ss-views"} <= set(reached)
    before = cockpit.mark()
    cockpit.page.locator(".ss-structure button", has_text="Customer").focus()
    cockpit.page.keyboard.press("Space")
    cockpit.until_answered(before)
    assert "ustomer" in cockpit.words("verdict")
    before = cockpit.mark()
    cockpit.find("undo").focus()
    cockpit.page.keyboard.press("Enter")
    cockpit.until_answered(before)
    assert "pinned as baseline" in cockpit.words("verdict")


def test_a_value_can_be_typed(cockpit: Any) -> None:
    before = cockpit.mark()
    readout = cockpit.find("reps").locator(".widget-readout")
    readout.click()
    cockpit.page.keyboard.press("Control+A")
    cockpit.page.keyboard.type("62")
    cockpit.page.keyboard.press("Enter")
    cockpit.until_answered(before)
    assert "62 reps" in cockpit.words("verdict")


def test_nothing_on_the_page_jumps(cockpit: Any) -> None:
    page = cockpit.page
    page.evaluate("""() => { window.ssBoxes = new Set();
        const top = name => document.querySelector(name).getBoundingClientRect().top;
        const look = () => { window.ssBoxes.add(JSON.stringify(['.ss-cards', '.ss-verdict', '.ss-views', '.ss-status']
            .map(name => [document.querySelector(name).offsetHeight, Math.round(top(name) - top('.ss-cockpit'))])));
            if (!window.ssDone) requestAnimationFrame(look); };
        look(); }""")
    choose(cockpit, "structure", "Product")
    for view in ("Lead", "Futures", "Pinned", "Revenue"):
        choose(cockpit, "views", view)
    press(cockpit, "undo")
    cockpit.until_ready()
    page.evaluate("window.ssDone = true")
    assert len(page.evaluate("[...window.ssBoxes]")) == 1


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("language", ["English", "中文"])
def test_it_fits_on_a_projector_and_can_be_read(cockpit: Any, size: tuple[int, int], language: str) -> None:
    page = cockpit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    choose(cockpit, "structure", "Product")
    press(cockpit, "pin")
    key(cockpit, "reps")
    key(cockpit, "complexity")
    if language != "English":
        choose(cockpit, "language", language)
    try:
        page.evaluate("document.querySelector('.ss-cockpit').scrollIntoView({block: 'end'})")
        for n in range(4):
            before = cockpit.mark()
            cockpit.find("views").locator("button").nth((n + 1) % 4).click()
            cockpit.until_answered(before)
            cockpit.until_ready()
            page.wait_for_timeout(300)
            assert page.evaluate(FITS) == []
            assert page.evaluate(SMALLEST) >= 13.0
            if PICTURES:
                folder = Path(PICTURES)
                folder.mkdir(parents=True, exist_ok=True)
                file = folder / f"{size[0]}_{'en' if language == 'English' else 'zh'}_{(n + 1) % 4}.png"
                page.screenshot(path=file)
        box = page.evaluate("(() => { const b = document.querySelector('.ss-cockpit').getBoundingClientRect();"
                            " return [b.top, b.bottom, b.right]; })()")  # fmt: skip
        assert box[0] >= 0
        assert box[1] <= size[1]
        assert box[2] <= size[0]
    finally:
        page.set_viewport_size({"width": 1280, "height": 720})
    choose(cockpit, "language", "English") if language != "English" else None
    press(cockpit, "undo")
    press(cockpit, "undo")
    press(cockpit, "pin")


def test_running_the_cell_again_closes_the_cockpit_it_made(cockpit: Any) -> None:
    page = cockpit.page
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("!document.querySelector('.ss-said')")
    cockpit.until_ready()
    run_in_kernel(
        cockpit,
        "import gc, threading; from salessim.widgets import Cockpit\n"
        "assert sum(one.name == 'salessim cockpit' for one in threading.enumerate()) == 1",
    )
