"""What begins with a page of its own: the newcomer, the questions, a kernel that dies, and Voilà."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

MOST_CLICKS = 8
QUESTIONS = {"reps": "12", "accounts": "200", "products": "3", "area": "500", "price": "80000", "cycle": "90"}
PAINTED = """() => { const one = document.querySelector('img.ss-picture');
                    return one && one.complete && one.naturalWidth > 0; }"""


def test_a_newcomer_compares_two_structures_and_saves_the_report(lab: Callable[[str], str], page: Any) -> None:
    clicks = 0

    def click(target: Any) -> None:
        nonlocal clicks
        clicks += 1
        target.click()

    one = page.page
    one.goto(lab("00_cockpit.ipynb"))
    page.until_kernel()
    click(one.locator(".lm-MenuBar-itemLabel", has_text="Run").first)
    click(one.locator(".lm-Menu-itemLabel", has_text="Run All Cells").first)
    page.until_ready()
    click(one.locator(".ss-structure button", has_text="Customer"))
    click(one.locator(".ss-report"))
    link = one.locator(".ss-download a.ss-file")
    link.wait_for(timeout=120_000)
    with one.expect_download() as found:
        click(link)
    report = Path(found.value.path()).read_text(encoding="utf-8")
    assert found.value.suggested_filename == "answer.html"
    assert "Customer against territory" in report
    assert "customer" in page.words("verdict").lower()
    assert clicks <= MOST_CLICKS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_dozen_questions_open_the_cockpit_with_keys_alone(
    lab: Callable[[str], str], page: Any, language: str
) -> None:
    one = page.page
    page.run_all(lab("00_cockpit.ipynb" if language == "en" else "zh/00_cockpit.ipynb"))
    first = one.locator(".ss-firm-reps input")
    first.focus()
    for name, answer in QUESTIONS.items():
        for _ in range(30):  # Tab leads from question to question
            if one.evaluate("name => document.activeElement.closest('.ss-firm-' + name) !== null", name):
                break
            one.keyboard.press("Tab")
        one.keyboard.press("Control+A")
        one.keyboard.type(answer)
    one.keyboard.press("Tab")
    for _ in range(20):
        if one.evaluate("document.activeElement.classList.contains('ss-go')"):
            break
        one.keyboard.press("Tab")
    one.keyboard.press("Enter")
    said = one.locator(".ss-where", has_text="500")
    said.wait_for(timeout=120_000)
    made = one.locator(".ss-questions .ss-cockpit")
    made.locator(".ss-status-text[data-stage=ready]").wait_for(timeout=120_000)
    assert made.locator(".ss-reps .widget-readout").inner_text() == "12"
    seen = made.locator(".ss-views button.mod-active")
    assert seen.inner_text() == {"en": "Structures", "zh": "结构地图"}[language]
    one.locator(".ss-back").focus()
    one.keyboard.press("Enter")
    first.wait_for()
    assert first.input_value() == "12"


def test_answers_that_contradict_one_another_are_a_red_line(lab: Callable[[str], str], page: Any) -> None:
    one = page.page
    page.run_all(lab("00_cockpit.ipynb"))
    one.locator(".ss-firm-accounts input").fill("5")
    one.locator(".ss-firm-accounts input").press("Enter")
    one.locator(".ss-go").click()
    line = one.locator(".ss-form-status [role=alert]")
    line.wait_for(timeout=60_000)
    assert "there are more reps than accounts" in line.inner_text()
    assert "Traceback" not in one.locator(".ss-questions").inner_text()


def test_a_page_whose_kernel_has_died_says_so(lab: Callable[[str], str], page: Any) -> None:
    one = page.page
    page.run_all(lab("zh/00_cockpit.ipynb"))
    one.wait_for_selector(".ss-dead", state="attached")
    assert not one.locator(".ss-dead").is_visible()
    one.evaluate(
        """() => { window.jupyterapp.shell.currentWidget.sessionContext.session.kernel
                   .requestExecute({code: 'import os; os._exit(1)', store_history: false}); }"""
    )
    line = one.locator(".ss-dead")
    line.wait_for(timeout=60_000)
    assert "没有回应" in line.inner_text()


def test_voila_shows_the_cockpit_and_a_lever_moves_it(
    voila: str, page: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first visitor may find the kernel still on its way; the second finds it preheated."""
    one = page.page
    spent = []
    for _ in range(2):
        begin = time.monotonic()
        one.goto(voila, timeout=120_000)
        one.wait_for_function(PAINTED, timeout=120_000)
        spent.append(time.monotonic() - begin)
        page.until_ready()
        one.wait_for_timeout(100)
    page.watch()
    with capsys.disabled():
        print(f"\n  Voila, address to first picture: {spent[0]:.1f} s, then {spent[1]:.1f} s")
    assert one.locator(".jp-CodeCell .jp-InputArea:visible").count() == 0  # no code
    assert page.misfits() == []
    shown = one.locator("img.ss-picture").get_attribute("src")
    before = page.mark()
    page.handle("reps").focus()
    one.keyboard.press("ArrowRight")
    page.until_drawn(before)
    assert one.locator("img.ss-picture").get_attribute("src") != shown
    assert "51 reps" in page.words("verdict")
    before = page.mark()
    one.locator(".ss-language button", has_text="中文").click()
    page.until_answered(before)
    assert "51人" in page.words("verdict")
    assert page.misfits() == []


def test_voila_wants_its_token(voila: str, page: Any) -> None:
    page.page.goto(voila.partition("?")[0], timeout=120_000)
    assert "/login" in page.page.url
