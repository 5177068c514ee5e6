"""Locks, firms, files, report, the sign of life and the questions, without a front end."""

from __future__ import annotations

import base64
import datetime as dt
import errno
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from salessim.errors import ModelError, StudyError
from salessim.model.market import Market
from salessim.model.plan import Plan
from salessim.model.presets import preset
from salessim.sample import write_sample
from salessim.start.firm import Firm
from salessim.widgets import Cockpit, Questionnaire, pulse, questionnaire
from salessim.widgets import cockpit as open_cockpit
from salessim.widgets.bases import base_named
from salessim.widgets.files import Upload
from salessim.widgets.levers import Levers
from salessim.widgets.scenario import write_scenario
from salessim.widgets.steering import Steering

LONG = 180.0  # seconds; the first answer may have to compile the rules

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)

Opener = Callable[..., Cockpit]


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Open cockpits on a small firm; all are closed in the end, and none may have met a defect."""
    made: list[Cockpit] = []

    def make(market: Market | None = None, plan: Plan | None = None, **options: Any) -> Cockpit:
        small = preset("small")
        options = {"months": 3, "replications": 4, "draws": 0, "audit": False} | options
        made.append(open_cockpit(market or small[0], plan or small[1], **options))
        return settled(made[-1])

    yield make
    for one in made:
        one.close()
        assert one.errors == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("salessim")]


def settled(cockpit: Cockpit) -> Cockpit:
    assert cockpit.wait(LONG)
    return cockpit


def status(cockpit: Cockpit) -> str:
    return str(cockpit.controls.status.value)


def moved(cockpit: Cockpit) -> dict[str, Any]:
    return dict(cockpit.levers.moved)


# --------------------------------------------------------------------------------------------------------------- locks


def test_a_locked_lever_is_disabled_and_survives_undo_reset_firm_code_and_file(opened: Opener) -> None:
    cockpit = opened()
    cockpit.set(reps=9, growth=0.1)
    settled(cockpit)
    code, file = cockpit.code(), cockpit.scenario()
    cockpit.set(reps=12)
    settled(cockpit)
    knob = cockpit.controls.knobs["reps"]
    knob.lock.value = True  # by hand
    assert cockpit.locked == {"reps"}
    assert knob.control.disabled
    cockpit.undo()
    assert moved(cockpit) == {"reps": 12}
    cockpit.redo()
    assert moved(cockpit) == {"growth": 0.1, "reps": 12}
    cockpit.reset()
    assert moved(cockpit) == {"reps": 12}
    assert cockpit.controls.buttons["reset"].disabled  # nothing is left that it could put back
    cockpit.load(code)
    assert moved(cockpit) == {"growth": 0.1, "reps": 12}
    cockpit.load(file)
    assert moved(cockpit) == {"growth": 0.1, "reps": 12}
    cockpit.stand(base_named("standard"))
    assert moved(cockpit) == {"reps": 12}
    assert (knob.control.value, knob.control.max) == (12, 100)
    assert cockpit.plan.headcount == 50
    with pytest.raises(StudyError, match="locked"):
        cockpit.set(reps=10)
    knob.lock.value = False
    assert not knob.control.disabled
    cockpit.undo()
    settled(cockpit)
    assert cockpit.plan.headcount == 8


def test_a_lever_locked_where_it_starts_keeps_its_value_on_another_firm(opened: Opener) -> None:
    cockpit = opened()
    cockpit.lock("reps", "structure")
    cockpit.stand(base_named("standard"))
    assert moved(cockpit) == {"reps": 8, "structure": "territory"}
    settled(cockpit)
    cockpit.undo()
    assert moved(cockpit) == {"reps": 8, "structure": "territory"}
    settled(cockpit)
    with pytest.raises(StudyError, match="no such lever"):
        cockpit.lock("repz")


def test_a_scenario_brings_its_locks_along(opened: Opener) -> None:
    first, second = opened(), opened()
    first.set(prospecting=0.3)
    first.lock("prospecting")
    second.load(first.code())
    assert second.locked == {"prospecting"}
    assert moved(second) == {"prospecting": 0.3}
    assert second.controls.knobs["prospecting"].control.disabled
    settled(first), settled(second)


def test_steps_that_differ_in_locked_levers_only_are_passed_over() -> None:
    steering = Steering(base_named("small"), 1)
    for levers in ({"growth": 0.1}, {"growth": 0.1, "reps": 9}, {"growth": 0.1, "reps": 10}):
        steering.history.seen(steering.now)
        steering.go(steering.now.but(levers=Levers().but(**levers)))
    steering.history.seen(steering.now)
    steering.hold(["reps"])
    steering.undo()
    assert dict(steering.now.levers.moved) == {"reps": 10}
    steering.redo()
    assert dict(steering.now.levers.moved) == {"growth": 0.1, "reps": 10}


# --------------------------------------------------------------------------------------------------------------- firms


def test_presets_can_be_chosen_by_hand_and_undone(opened: Opener) -> None:
    cockpit = opened()
    files = cockpit.controls.files
    assert files.firm.value == "small"
    cockpit.set(structure="product")
    cockpit.pin()
    settled(cockpit)
    files.firm.value = "standard"
    settled(cockpit)
    assert cockpit.plan.headcount == 50
    assert moved(cockpit) == {}
    assert cockpit.setting.pins == ()
    assert cockpit.study is not None
    assert len(cockpit.study.market.accounts) == 1000
    cockpit.undo()
    settled(cockpit)
    assert files.firm.value == "small"
    assert moved(cockpit) == {"structure": "product"}
    assert cockpit.study is not None
    assert len(cockpit.study.market.accounts) == 150


def test_a_firm_of_ones_own_stands_among_the_presets(opened: Opener) -> None:
    market, plan = preset("small")
    cockpit = opened(market.but(currency="EUR"), plan.but(reps=9), lang="zh")
    options = [words for words, _ in cockpit.controls.files.firm.options]
    assert "您自己的企业：9名销售，150个客户" in options
    assert cockpit.controls.files.firm.value == "own"
    assert cockpit.code().startswith("ss1.")


@pytest.mark.slow
def test_an_export_is_opened_from_the_page(opened: Opener, tmp_path: Path) -> None:
    cockpit = opened()
    folder = write_sample(tmp_path / "sample")
    files = [Upload(path.name, path.read_bytes()) for path in sorted(folder.iterdir()) if path.is_file()]
    cockpit.controls.files.upload.value = [
        {"name": one.name, "type": "", "size": len(one.content), "content": memoryview(one.content),
         "last_modified": NOW} for one in files
    ]  # fmt: skip
    settled(cockpit)  # the export
    settled(cockpit)  # the answer
    assert cockpit.controls.files.firm.value == "own"
    assert cockpit.controls.files.upload.value == ()
    assert re.search(r"[\d,]+ of [\d,]+ rows kept", cockpit.controls.files.link.value)
    assert "ready" in status(cockpit)
    assert cockpit.study is not None
    assert len(cockpit.study.market.accounts) > 20


def test_files_that_are_no_export_are_a_red_line_and_the_answer_stays(opened: Opener) -> None:
    cockpit = opened()
    cockpit.set(structure="product")
    settled(cockpit)
    before = cockpit.controls.verdict.value
    for name, content in (("deals.csv", b"nothing,here\n1,2\n"), ("x.xlsx", b"PK\x03\x04 broken"), ("a.zip", b"")):
        cockpit.controls.files._opened([Upload(name, content)])
        settled(cockpit)
        assert 'role="alert"' in status(cockpit), name
        assert "Not possible" in status(cockpit)
        assert "Traceback" not in status(cockpit)
        assert cockpit.controls.verdict.value == before
    cockpit.set(structure="customer")
    settled(cockpit)
    assert "ready" in status(cockpit)


def test_a_name_cannot_lead_out_of_the_folder(opened: Opener) -> None:
    cockpit = opened()
    seen: list[Upload] = []
    cockpit.controls.files._opened = seen.extend  # type: ignore[method-assign]
    cockpit.controls.files.upload.value = [
        {"name": name, "type": "", "size": 1, "content": memoryview(b"x"), "last_modified": NOW}
        for name in ("../../etc/passwd", "..\\..\\evil.csv")
    ]  # fmt: skip
    assert [one.name for one in seen] == ["passwd", "evil.csv"]


def test_a_scenario_is_saved_and_opened_in_the_page(opened: Opener) -> None:
    cockpit = opened()
    cockpit.set(structure="hybrid", month=2)
    settled(cockpit)
    cockpit.controls.files.save.click()
    link = cockpit.controls.files.link.value
    content = base64.b64decode(link.split("base64,")[1].split('"')[0])
    assert content.decode() == write_scenario(cockpit.scenario())
    cockpit.reset()
    cockpit.controls.files._opened([Upload("scenario.yaml", content)])
    settled(cockpit)
    assert moved(cockpit) == {"structure": "hybrid", "month": 2}


def test_a_code_is_shown_while_the_panel_is_open_and_taken_from_it(opened: Opener) -> None:
    cockpit = opened()
    files = cockpit.controls.files
    assert files.code.value == ""
    cockpit.controls.panel.value = True
    start = files.code.value
    cockpit.set(reps=9)
    assert files.code.value == cockpit.code() != start
    other = files.code.value
    cockpit.reset()
    files.code.value = other  # pasted
    assert moved(cockpit) == {"reps": 9}
    files.code.value = "ss1.rubbish"
    assert "This share code is damaged" in status(cockpit)
    assert files.code.value == other
    with pytest.raises(ModelError):
        cockpit.load("rubbish")
    settled(cockpit)


def test_what_was_refused_stays_to_be_read_until_a_hand_moves_again(opened: Opener) -> None:
    cockpit = opened()
    cockpit.controls.panel.value = True
    cockpit.set(reps=9)  # an answer is under way, and tells how far it is
    cockpit.controls.files.code.value = "ss1.rubbish"
    settled(cockpit)
    assert "This share code is damaged" in status(cockpit)
    cockpit.set(reps=10)
    settled(cockpit)
    assert "ready" in status(cockpit)


# -------------------------------------------------------------------------------------------------------------- report


@pytest.mark.slow
def test_the_report_holds_the_question_and_what_was_locked(opened: Opener, tmp_path: Path) -> None:
    market, plan = preset("small")
    cockpit = opened(market.but(name="<script>alert(1)</script>"), plan, draws=4, audit=True, months=6)
    cockpit.set(structure="customer", prospecting=0.3)
    cockpit.pin()
    cockpit.set(structure="product")
    cockpit.lock("prospecting", "reps")
    cockpit.report(tmp_path / "answer.html")
    settled(cockpit)
    page = (tmp_path / "answer.html").read_text(encoding="utf-8")
    assert "Agreed beforehand and locked: share of prospecting 30 %, sales force size 8." in page
    assert "what happens within 6 months?" in page
    assert "A: customer (share of prospecting 30 %)" in page
    assert "identical" in page
    assert "<script" not in page
    link = cockpit.controls.download.value
    assert base64.b64decode(link.split("base64,")[1].split('"')[0]) == page.encode()
    assert "report written: answer.html" in status(cockpit)


def test_nothing_is_reported_of_the_baseline_alone(opened: Opener, tmp_path: Path) -> None:
    cockpit = opened()
    cockpit.report(tmp_path / "answer.html")
    settled(cockpit)
    assert "There is nothing to report yet" in status(cockpit)
    assert not list(tmp_path.iterdir())
    with pytest.raises(StudyError, match="ending"):
        cockpit.report("answer.doc")


def test_a_full_disk_is_a_red_line_in_words(
    opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cockpit = opened()
    cockpit.set(structure="product")
    settled(cockpit)

    def full(self: Path, *_: Any, **__: Any) -> int:
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_text", full)
        cockpit.report(tmp_path / "answer.html")
        settled(cockpit)
    assert 'role="alert"' in status(cockpit)
    assert "No space left on device" in status(cockpit)
    assert cockpit.study is not None  # the answer stays
    cockpit.set(structure="customer")
    settled(cockpit)
    assert "ready" in status(cockpit)


# -------------------------------------------------------------------------------------------------------- sign of life


def test_the_page_waits_for_beats_only_while_there_is_something_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_EVERY", 0.01)
    monkeypatch.setattr(pulse, "_AFTER", 0.1)
    busy, said = threading.Event(), []
    one = pulse.Pulse(said.append, lambda: "<gone>", busy.is_set)
    busy.set()
    one.touch()
    end = time.monotonic() + 10
    while len(said) < 20 and time.monotonic() < end:
        time.sleep(0.01)
    beats = re.findall(r'data-beat="(\d+)"', "".join(said))
    assert [int(beat) for beat in beats] == list(range(1, len(beats) + 1))
    assert "&lt;gone&gt;" in said[0]
    busy.clear()
    while said[-1] and time.monotonic() < end:
        time.sleep(0.01)
    assert said[-1] == ""  # no line waits in the page, so that its kernel may rest
    count = len(said)
    time.sleep(0.1)
    assert len(said) == count
    one.touch()
    while len(said) == count and time.monotonic() < end:
        time.sleep(0.01)
    assert said[count]
    one.close()
    assert said[-1] == ""
    one.touch()
    assert said[-1] == ""


# ----------------------------------------------------------------------------------------------------------- questions


@pytest.fixture
def form() -> Iterator[Questionnaire]:
    made = questionnaire("en", months=3, replications=4)
    yield made
    made.close()
    made.close()
    assert made.errors == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("salessim")]


def test_the_form_asks_every_question_and_starts_with_the_usual_answers(form: Questionnaire) -> None:
    assert Firm(**form.answers) == Firm()
    assert list(form.answers)[:3] == ["reps", "structure", "accounts"]
    form.language.value = "zh"
    said = " ".join(one.value for one in form._texts.values())
    assert "您有多少名销售代表" in said
    assert not re.search("[A-Za-z]{4,}", re.sub("<[^>]*>", "", said))
    assert form.fields["structure"].options[0] == ("区域型", "territory")


@pytest.mark.slow
def test_answers_open_the_cockpit_on_the_map_with_the_place_of_the_firm(form: Questionnaire) -> None:
    form.fields["reps"].value, form.fields["area"].value = 6, 400.0
    form.fields["accounts"].value, form.fields["price"].value = 90, 50_000.0
    form.go.click()
    assert form.wait(LONG)
    assert form.cockpit is not None
    assert form.cockpit.plan.headcount == 6
    assert "400 km across" in form.where.value
    assert form.cockpit.controls.views.value == "phases"
    form.cockpit.look("revenue")
    settled(form.cockpit)
    first = form.cockpit
    form.back.click()
    form.fields["reps"].value = 7
    form.go.click()
    assert form.wait(LONG)
    assert form.cockpit is first
    assert form.cockpit.plan.headcount == 7
    form.cockpit.look("revenue")
    settled(form.cockpit)
    assert form.cockpit.errors == []


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [("revenue", "lots", "revenue is a number"), ("currency", "yuan", "currency"), ("accounts", 3, "more reps than")],
)
def test_an_impossible_answer_is_a_red_line(form: Questionnaire, name: str, answer: Any, said: str) -> None:
    form.fields[name].value = answer
    form.go.click()
    assert form.wait(LONG)
    assert 'role="alert"' in form.status.value
    assert said in form.status.value
    assert form.cockpit is None
    assert not form.go.disabled
