"""What a user does in the cockpit, done in a real browser: with the mouse, with keys alone, in two languages."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from salessim.widgets.catalogue import FRONT, all_levers
from salessim.widgets.drawing import VIEWS

OPTIONS = {"structure": "Hybrid", "coverage": "Tiers"}
PICTURES = os.environ.get("SALESSIM_SCREENSHOTS")  # a folder to keep screenshots in, for a human to look at
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


def look(cockpit: Any, view: str) -> None:
    if not cockpit.page.locator(".ss-views button.mod-active", has_text=view).count():
        choose(cockpit, "views", view)


def upload(cockpit: Any, name: str, content: bytes) -> None:
    """Choose a file, as the dialogue of the browser would."""
    with cockpit.page.expect_file_chooser() as found:
        cockpit.find("upload").click()
    found.value.set_files({"name": name, "mimeType": "text/yaml", "buffer": content})


def downloaded(cockpit: Any, place: str) -> bytes:
    """Press the link of a place and return what it brings."""
    with cockpit.page.expect_download() as found:
        cockpit.page.locator(f".ss-{place} a.ss-file").click()
    return Path(found.value.path()).read_bytes()


def key(cockpit: Any, lever: str, name: str = "ArrowRight") -> None:
    before = cockpit.mark()
    cockpit.handle(lever).focus()
    cockpit.page.keyboard.press(name)
    cockpit.until_answered(before)


def value(cockpit: Any, lever: str) -> str:
    return str(cockpit.find(lever).locator(".widget-readout").inner_text())


def keep(page: Any, name: str) -> None:
    """Keep a screenshot, where somebody wants to look at it."""
    if PICTURES:
        Path(PICTURES).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


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
    card = r"(▲ better|▼ worse|≈ practically equal|\? cannot tell yet)\n[+−]?[\d.]+ (%|pts) \[.+, .+\]"
    assert re.search(card, cockpit.words("cards"))
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
    look(cockpit, "Pinned")
    cockpit.page.wait_for_function("document.querySelectorAll('.ss-table tbody tr').length === 3")
    rows = cockpit.page.locator(".ss-table tbody tr")
    first = [rows.nth(n).locator("th").inner_text() for n in range(3)]
    assert first == ["territory", "product", "A: customer"]
    assert re.search(r"(▲|▼|≈|\?) .*%", rows.nth(2).inner_text())
    choose(cockpit, "structure", "Customer")
    press(cockpit, "pin")
    look(cockpit, "Revenue")
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
        "whole, open_one._answerer._show = open_one._answerer._show, lambda *_: 1 / 0",
    )
    cockpit.handle("reps").focus()
    cockpit.page.keyboard.press("ArrowRight")
    cockpit.page.wait_for_selector('[data-stage="wrong"]', state="attached")
    assert "not your fault (ZeroDivisionError" in cockpit.words("status")
    details = cockpit.page.locator(".ss-details")
    details.locator("summary").click()
    assert "Traceback" in details.locator("textarea").input_value()
    run_in_kernel(cockpit, "open_one._answerer._show = whole; open_one.errors.clear(); del open_one, whole")
    key(cockpit, "reps")
    cockpit.until_ready()


def test_the_language_can_be_switched(cockpit: Any) -> None:
    choose(cockpit, "structure", "Product")
    cockpit.until_ready()
    choose(cockpit, "language", "中文")
    cockpit.until_ready()
    page = cockpit.page.locator(".ss-cockpit").inner_text()
    assert "产品型对比区域型" in cockpit.words("verdict")
    left = re.findall(r"[A-Za-z]{3,}", re.sub(r"English|SimPy|CRM|HTML|PDF|Excel", "", page))
    assert left == []
    choose(cockpit, "language", "English")


def test_everything_can_be_done_with_keys_alone(cockpit: Any) -> None:
    cockpit.find("luck").focus()
    reached: list[str] = []
    for _ in range(90):
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
    for view in ("Lead", "Futures", "Pinned", "Pay", "Measures", "Revenue"):
        choose(cockpit, "views", view)
    press(cockpit, "undo")
    cockpit.until_ready()
    page.evaluate("window.ssDone = true")
    assert len(page.evaluate("[...window.ssBoxes]")) == 1


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
@pytest.mark.parametrize("language", ["English", "中文"])
def test_every_view_fits_on_a_projector_and_can_be_read(cockpit: Any, size: tuple[int, int], language: str) -> None:
    page = cockpit.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    choose(cockpit, "structure", "Product")
    press(cockpit, "pin")
    key(cockpit, "reps")
    key(cockpit, "complexity")
    if language != "English":
        choose(cockpit, "language", language)
    page.evaluate("document.querySelector('.ss-cockpit').scrollIntoView({block: 'end'})")
    for n in (*range(1, len(VIEWS)), 0):
        before = cockpit.mark()
        cockpit.find("views").locator("button").nth(n).click()
        cockpit.until_answered(before)
        cockpit.until_steady()
        assert cockpit.misfits() == []
        assert page.evaluate(SMALLEST) >= 13.0
        picture = page.locator("img.ss-picture:visible")
        if picture.count():  # other views are words and tables
            assert len(picture.get_attribute("alt")) > 20
        keep(page, f"{size[0]}_{'en' if language == 'English' else 'zh'}_{VIEWS[n]}")
    cockpit.find("panel").click()
    page.locator(".ss-files").wait_for()
    assert cockpit.misfits() == []
    assert page.evaluate(SMALLEST) >= 13.0
    keep(page, f"{size[0]}_{'en' if language == 'English' else 'zh'}_files")
    box = page.evaluate("(() => { const b = document.querySelector('.ss-cockpit').getBoundingClientRect();"
                        " return [b.height, b.left, b.right]; })()")  # fmt: skip
    assert box[0] <= size[1] - 106  # what JupyterLab leaves between its bars
    assert box[1] >= 0
    assert box[2] <= size[0]
    if language != "English":
        choose(cockpit, "language", "English")
    press(cockpit, "undo")
    press(cockpit, "undo")
    press(cockpit, "pin")


# ------------------------------------------------------------------------------------------- locks, files, report, form


def test_a_lever_that_is_locked_survives_everything(cockpit: Any) -> None:
    key(cockpit, "reps")
    moved = value(cockpit, "reps")
    lock = cockpit.find("reps").locator(".ss-lock")
    lock.focus()
    cockpit.page.keyboard.press("Space")
    cockpit.page.wait_for_selector(".ss-reps [disabled]", state="attached")
    key(cockpit, "growth")
    press(cockpit, "undo")
    press(cockpit, "reset") if cockpit.find("reset").is_enabled() else None
    assert value(cockpit, "reps") == moved
    cockpit.find("panel").click()
    choose(cockpit, "firm", "Small")
    cockpit.until_ready()
    assert f"{moved} reps" in cockpit.words("verdict")
    choose(cockpit, "firm", "Standard")
    cockpit.find("panel").click()
    assert value(cockpit, "reps") == moved
    lock.click()
    cockpit.page.wait_for_selector(".ss-reps [disabled]", state="detached")
    press(cockpit, "reset")


def test_a_share_code_brings_everything_back_and_a_bad_one_is_a_red_line(cockpit: Any) -> None:
    choose(cockpit, "structure", "Hybrid")
    key(cockpit, "distance")
    cockpit.until_ready()
    before = cockpit.words("cards")
    field = cockpit.page.locator(".ss-code input")
    stale = field.input_value()
    cockpit.find("panel").click()
    cockpit.page.wait_for_function("old => document.querySelector('.ss-code input').value !== old", arg=stale)
    code = field.input_value()
    assert code.startswith("ss1.")
    assert len(code) < 200
    press(cockpit, "reset")
    field.fill(code[:-3] + "AAA")
    field.press("Enter")
    cockpit.page.wait_for_selector('[data-stage="refused"]', state="attached")
    assert "share code is damaged" in cockpit.words("status")
    marked = cockpit.mark()
    field.fill(code)
    field.press("Enter")
    cockpit.until_answered(marked)
    cockpit.until_ready()
    assert cockpit.words("cards") == before
    cockpit.find("panel").click()


def test_a_scenario_is_saved_and_loaded_and_a_bad_file_is_a_red_line(cockpit: Any, tmp_path: Path) -> None:
    choose(cockpit, "structure", "Product")
    press(cockpit, "pin")
    key(cockpit, "difference")
    cockpit.find("panel").click()
    cockpit.find("save").click()
    cockpit.page.locator(".ss-link a.ss-file").wait_for()
    content = downloaded(cockpit, "link")
    assert b"salessim scenario 1" in content
    press(cockpit, "pin")
    press(cockpit, "reset")
    upload(cockpit, "evil.yaml", b"a: &x [1]\nb: *x\n")
    cockpit.page.wait_for_selector('[data-stage="refused"]', state="attached")
    assert "repeats nothing by reference" in cockpit.words("status")
    before = cockpit.mark()
    upload(cockpit, "scenario.yaml", content)
    cockpit.until_answered(before)
    assert "roduct" in cockpit.words("verdict")
    cockpit.find("panel").click()
    press(cockpit, "undo")
    press(cockpit, "pin") if cockpit.find("pin").inner_text() == "Unpin" else None


@pytest.mark.parametrize("kind", ["HTML", "PDF", "Excel"])
def test_the_report_can_be_downloaded(cockpit: Any, kind: str) -> None:
    choose(cockpit, "structure", "Customer")
    cockpit.find("panel").click()
    cockpit.find("kind").locator("button", has_text=kind).click()
    cockpit.find("panel").click()
    cockpit.find("report").click()
    name = {"HTML": "answer.html", "PDF": "answer.pdf", "Excel": "answer.xlsx"}[kind]
    cockpit.page.locator(".ss-download a.ss-file", has_text=name).wait_for(timeout=120_000)
    content = downloaded(cockpit, "download")
    assert content.startswith({"HTML": b"<!DOCTYPE html>", "PDF": b"%PDF", "Excel": b"PK"}[kind])
    if kind == "HTML":
        page = content.decode("utf-8")
        assert "customer" in page.lower()
        assert "<script" not in page
    cockpit.find("panel").click()
    cockpit.find("kind").locator("button", has_text="HTML").click()


@pytest.mark.parametrize("language", ["English", "中文"])
def test_every_lever_in_every_group_answers_to_the_keys(cockpit: Any, language: str) -> None:
    page = cockpit.page
    if language != "English":
        choose(cockpit, "language", language)
    headers = page.locator(".ss-more .jupyter-widget-Collapse-header")
    left = {one.name for one in all_levers()} - set(FRONT)
    for n in range(headers.count()):
        headers.nth(n).click()
        page.locator(".ss-more .jupyter-widget-Collapse-open .ss-lock").first.wait_for()
        assert cockpit.misfits() == []
        group = page.locator(".ss-more .jupyter-widget-Collapse-open")
        here = [name for name in sorted(left) if group.locator(f".ss-{name}").count()]
        assert here
        for name in sorted(here, key=lambda name: name != "pay"):  # without a plan, levers of pay have nothing to set
            step(cockpit, name)
        left -= set(here)
        if "pay" not in here:  # quotas, the next group, need it too
            press(cockpit, "reset")
        headers.nth(n).click()
    assert not left
    if language != "English":
        choose(cockpit, "language", "English")


def step(cockpit: Any, name: str) -> None:
    """Move a lever by its keys; there is an answer, or a red line in words where it cannot be."""
    page, before = cockpit.page, cockpit.mark()
    row = page.locator(f".ss-{name}").first
    if row.locator(".noUi-handle").count():
        handle = row.locator(".noUi-handle").first
        full = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.focus()
        page.keyboard.press("ArrowLeft" if full else "ArrowRight")
    elif row.locator("input[type=checkbox]").count():
        row.locator("input[type=checkbox]").focus()
        page.keyboard.press("Space")
    else:
        row.locator(".widget-toggle-button:not(.mod-active):not(.ss-lock)").last.focus()
        page.keyboard.press("Enter")
    page.wait_for_function(
        """before => Number(document.querySelector('.ss-said')?.dataset.mark ?? 0) > before
                  || document.querySelector('.ss-status-text').dataset.stage === 'wrong'""",
        arg=before, timeout=60_000,
    )  # fmt: skip
    said = cockpit.words("status")
    assert "not your fault" not in said and "并非由您造成" not in said, (name, said)


def test_a_reorganisation_can_be_put_off(cockpit: Any) -> None:
    choose(cockpit, "structure", "Product")
    group = cockpit.page.locator(".ss-more .jupyter-widget-Collapse-header", has_text="Reorganisation")
    group.click()
    cockpit.handle("month").wait_for()
    key(cockpit, "month")
    assert "begins in month 1" in cockpit.words("verdict")
    look(cockpit, "Path")
    cockpit.until_ready()
    group.click()
    press(cockpit, "undo")
    look(cockpit, "Revenue")


def test_pay_levers_wait_for_a_pay_plan(cockpit: Any) -> None:
    group = cockpit.page.locator(".ss-more .jupyter-widget-Collapse-header", has_text="Pay plan")
    group.click()
    lever = cockpit.page.locator(".ss-clawback_share")
    lever.wait_for()
    assert lever.locator("[disabled]").count()
    choose(cockpit, "pay", "Capped")
    cockpit.page.wait_for_selector(".ss-clawback_share [disabled]", state="detached")
    press(cockpit, "undo")
    cockpit.page.wait_for_selector(".ss-clawback_share [disabled]", state="attached")
    group.click()


def test_running_the_cell_again_closes_the_cockpit_it_made(cockpit: Any) -> None:
    page = cockpit.page
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function("document.querySelector('.ss-said')?.dataset.mark === '1'", timeout=120_000)
    cockpit.until_ready()
    run_in_kernel(
        cockpit,
        "import gc, threading; from salessim.widgets import Cockpit\n"
        "assert sum(one.name == 'salessim cockpit' for one in threading.enumerate()) == 1",
    )
