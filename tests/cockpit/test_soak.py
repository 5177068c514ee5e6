"""A long session: whatever hands do, the end is what a fresh cockpit shows, and nothing is left behind."""

from __future__ import annotations

import gc
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.widgets import Cockpit
from salessim.widgets import cockpit as open_cockpit
from salessim.widgets.bases import base_named
from salessim.widgets.catalogue import all_levers
from salessim.widgets.drawing import VIEWS

LONG = 300.0
GROWTH = 50.0  # MB, once everything has been loaded and the caches hold what they may
SLOW_VIEWS = ("phases", "forecast")  # they replay for minutes: drawn when looked at, not in passing
WARM = 0.3  # share of the session after which memory is measured first


def megabytes() -> float:
    """Return the memory that this process holds."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def hands(cockpit: Cockpit, rng: random.Random) -> list[tuple[int, Callable[[], None]]]:
    """Return everything that a user does, with how often."""
    controls = cockpit.controls

    def lever() -> None:
        knob = rng.choice(list(controls.knobs.values()))
        one = knob.lever
        if knob.control.disabled:
            return
        if one.kind == "choice":
            knob.control.value = rng.choice(one.choices)
        elif one.kind == "switch":
            knob.control.value = not knob.control.value
        else:
            low, high = knob.control.min, knob.control.max
            knob.control.value = type(knob.control.value)(rng.uniform(low + 0.1 * (high - low), high))

    def group() -> None:
        controls.more.selected_index = rng.randrange(len(controls.more.children))

    def lock() -> None:
        knob = rng.choice(list(controls.knobs.values()))
        knob.lock.value = not knob.lock.value

    def view() -> None:
        controls.views.value = rng.choice([one for one in VIEWS if one not in SLOW_VIEWS])

    def code() -> None:
        cockpit.load(cockpit.code())

    return [
        (60, lever), (3, group), (4, lock), (5, view), (3, code),
        *((n, controls.buttons[name].click) for n, name in
          ((8, "undo"), (4, "redo"), (4, "reset"), (4, "pin"), (1, "luck"), (3, "stop"))),
        (1, lambda: setattr(controls.language, "value", rng.choice(["en", "zh"]))),
        (1, lambda: cockpit.stand(base_named("small"))),
        (1, lambda: setattr(controls.panel, "value", not controls.panel.value)),
    ]  # fmt: skip


def session(events: int, seed: int) -> str:
    """Do so many things at random; hold the end to a fresh cockpit; return what was measured."""
    assert all_levers()
    rng = random.Random(seed)
    market, plan = preset("small")
    options = {"months": 3, "replications": 6, "draws": 2, "audit": True}
    cockpit = open_cockpit(market, plan, **options)  # type: ignore[arg-type]
    try:
        assert cockpit.wait(LONG)
        weighed = hands(cockpit, rng)
        before, threads, began = 0.0, 0, time.process_time()
        for n in range(events):
            if n == int(WARM * events):
                assert cockpit.wait(LONG)
                before, threads = megabytes(), threading.active_count()
            rng.choices([one for _, one in weighed], [weight for weight, _ in weighed])[0]()
            if rng.random() < 0.15:  # now and then somebody looks at the answer, or at its beginning
                cockpit.wait(rng.choice([0.02, 0.2, LONG]))
        assert cockpit.wait(LONG)
        cockpit.reset()
        cockpit.lock(*cockpit.locked, hold=False)
        cockpit.reset()
        cockpit.look("revenue")
        cockpit.set(structure="customer", reps=9, prospecting=0.3, distance=200.0)
        assert cockpit.wait(LONG)
        growth = megabytes() - before
        said = (
            f"{events} events: {growth:+.1f} MB, {threads} threads then {threading.active_count()}, "
            f"{time.process_time() - began:.0f} s of processor time"
        )
        assert cockpit.errors == [], said
        assert "ready" in cockpit.controls.status.value or "就绪" in cockpit.controls.status.value
        fresh = open_cockpit(market, plan, **options)  # type: ignore[arg-type]
        try:
            fresh.load(cockpit.scenario())
            assert fresh.wait(LONG)
            assert cockpit.study is not None
            assert fresh.study is not None
            assert list(cockpit.study.plans.values()) == list(fresh.study.plans.values())
            assert cockpit.study.market == fresh.study.market
            assert cockpit.study.table.tobytes() == fresh.study.table.tobytes()
            assert cockpit.study.audited is fresh.study.audited is True
            fresh.speak(cockpit.language)
            assert fresh.wait(LONG)
            for name in ("cards", "second", "picture"):
                assert getattr(cockpit.controls, name).value == getattr(fresh.controls, name).value, name
        finally:
            fresh.close()
        assert threading.active_count() <= threads, said
        assert growth < GROWTH, said
    finally:
        cockpit.close()
    return said


@pytest.mark.slow
def test_three_hundred_events_end_where_a_fresh_cockpit_begins() -> None:
    session(300, seed=5)


@pytest.mark.validation
def test_two_thousand_events_leave_nothing_behind(capsys: pytest.CaptureFixture[str]) -> None:
    said = session(2_000, seed=11)
    with capsys.disabled():
        print(f"\n  {said}")


def test_stop_is_not_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    """A stopped cockpit that is moved goes on, and a lever that does not exist is still refused."""
    cockpit = open_cockpit(*preset("small"), months=3, replications=4, draws=0, audit=False)
    try:
        cockpit.stop()
        cockpit.set(reps=9)
        assert cockpit.wait(LONG)
        with pytest.raises(StudyError):
            cockpit.set(nothing=1)
    finally:
        cockpit.close()
