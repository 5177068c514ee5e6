"""Processes of a user's own: on SimPy through the same comparison, said aloud, never answered from a stale store."""

from __future__ import annotations

import functools
import multiprocessing
import random
import sys
import textwrap
import types
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from salessim import measures
from salessim.clocks.simulation import Simulation
from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.own_process import code_hash
from salessim.study.replay import Replay
from salessim.study.store import OutcomeStore, outcome_key
from salessim.study.study import Study

sys.path.insert(0, str(Path(__file__).parent))  # the example is a file a worker process can import
import own_process_example as example

MARKET, PLAN = preset("small")
PLANS = {"today": PLAN, "fair": PLAN.but(name="fair")}


def study(**settings: Any) -> Study:
    given = {"months": 3, "replications": 3, "most_replications": 3, "draws": 0, **settings}
    return compare(MARKET, PLANS, **given)  # type: ignore[arg-type]


# ---- what it does ----------------------------------------------------------------------------------------------------
def test_it_runs_and_only_its_plan_differs() -> None:
    with_fair = study(processes={"fair": [example.trade_fair]})
    without = study(audit=False)
    assert with_fair.table[:, 0].tobytes() == without.table[:, 0].tobytes()
    by_hand = Simulation(MARKET, PLANS["fair"], 3, seed=1, replication=2, processes=[example.trade_fair]).run()
    assert with_fair.values()[2, 1] == by_hand.revenue
    leads = with_fair.values("leads")
    assert (leads[:, 1] > leads[:, 0]).all()


def test_a_process_that_does_nothing_changes_nothing() -> None:
    """So the plan on SimPy is paired with those on the compiled clock to the last bit."""

    def nothing(sim: Simulation) -> Iterator[Any]:
        yield sim.env.timeout(1)

    found = study(processes={"fair": [nothing]})
    assert found.table[:, 0].tobytes() == found.table[:, 1].tobytes()


def test_a_strike_takes_the_hours_and_nothing_is_done_meanwhile() -> None:
    usual = Simulation(MARKET, PLAN, 3).run()
    struck = Simulation(MARKET, PLAN, 3, processes=[example.strike]).run()
    per_day = MARKET.calendar.hours_per_day * PLAN.selling_time
    worked = [
        sum(float(run.world["diary"][name].sum()) for name in ("deal_hours", "call_hours", "travel_hours"))
        for run in (usual, struck)
    ]
    assert struck.world["diary"]["calls"].sum() < usual.world["diary"]["calls"].sum()
    gone = 8 * 10 * per_day
    assert 0.9 * gone < worked[0] - worked[1] <= gone + 1e-6  # short of all where somebody had nothing to do
    begun = struck.world.used("steps")["started"]
    assert not ((begun >= 42) & (begun < 52)).any()  # what was begun before goes on; then two whole weeks of nothing
    assert measures.measures_of(struck)["utilisation"] == pytest.approx(1.0, abs=0.02)


def test_luck_belongs_to_the_thing_and_the_replication() -> None:
    def luck(replication: int, plan: str, *given: Any) -> float:
        sim = Simulation(MARKET, PLAN.but(structure=plan), 1, replication=replication)
        return sim.luck(*given)

    assert luck(0, "territory", "fair", 3) == luck(0, "product", "fair", 3)
    assert len({luck(r, "territory", name, n) for r in (0, 1) for name in ("a", "b") for n in (0, 1)}) == 8


def test_goodwill_never_falls_below_nothing() -> None:
    def scandal(sim: Simulation) -> Iterator[Any]:
        yield sim.env.timeout(30)
        sim.add_goodwill(np.arange(len(sim.world["covers"])), calls=-1e6)
        assert (sim.world["covers"]["goodwill"] == 0).all()

    Simulation(MARKET, PLAN, 2, processes=[scandal]).run()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda sim: sim.take_time([99], days=1), "no such rep"),
        (lambda sim: sim.take_time([0], days=0), "too few days"),
        (lambda sim: sim.add_goodwill([-1], 1.0), "no such cover"),
        (lambda sim: sim.add_inquiry([10**6], "x"), "no such cover"),
    ],
)
def test_what_cannot_be_is_refused(act: Callable[[Simulation], None], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        act(Simulation(MARKET, PLAN, 1))


def test_a_function_that_does_not_wait_is_refused() -> None:
    with pytest.raises(StudyError, match="must be a generator"):
        study(processes=[lambda sim: None])


@pytest.mark.parametrize(
    ("given", "words"), [({"far": [example.strike]}, "Did you mean 'fair'"), ({"fair": example.strike}, "a list")]
)
def test_impossible_processes_are_refused(given: Any, words: str) -> None:
    with pytest.raises(StudyError, match=words):
        study(processes=given)


# ---- said aloud ------------------------------------------------------------------------------------------------------
def test_it_is_said_everywhere() -> None:
    some = study(processes={"fair": [example.trade_fair]})
    said = "fair runs on SimPy with your process trade_fair: the audit does not apply to it"
    assert said in some.verdict()
    assert said in some._repr_html_()
    assert "fair on SimPy with trade_fair" in repr(some)
    assert "SimPy audit: identical (replication 0 of every other plan)" in some.verdict()
    assert "您自己的过程trade_fair" in some.verdict("zh")
    every = study(processes=[example.strike])
    assert every.audited is None
    assert "SimPy audit" not in every.verdict()
    assert every.verdict().count("with your process strike") == 2


# ---- executors -------------------------------------------------------------------------------------------------------
def test_what_cannot_be_sent_is_refused_before_anything_runs() -> None:
    with ProcessPoolExecutor(1) as pool, pytest.raises(StudyError, match="cannot be sent to other processes"):
        study(processes=[lambda sim: iter(())], executor=pool)


@pytest.mark.slow
def test_processes_find_the_same() -> None:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        sent = study(processes={"fair": [example.trade_fair]}, executor=pool)
    assert sent.table.tobytes() == study(processes={"fair": [example.trade_fair]}).table.tobytes()
    assert sent.audited is True


# ---- never stale -----------------------------------------------------------------------------------------------------
def key(*processes: Any) -> str | None:
    return outcome_key(MARKET, PLAN, 3, 1, processes)


def made(text: str, **names: Any) -> types.ModuleType:
    """Return a module with this source, as a user's own file would be."""
    module = types.ModuleType("my_own_file")
    vars(module).update(names)
    exec(compile(textwrap.dedent(text), "my_own_file.py", "exec"), vars(module))
    return module


SOURCE = """
    import numpy as np
    DAYS, TABLE, LUCK = 3, {"a": [1, 2]}, np.arange(3.0)
    class Fair:
        cost = 5
        def visitors(self):
            return 7
    def helper(x):
        return x * 2
    def wait(sim, calls=2.0, *, share=0.3):
        yield sim.env.timeout(helper(DAYS) + TABLE["a"][0] + LUCK[0] + Fair().visitors() + Fair.cost)
        def inner():
            return DEEP
        sim.add_goodwill([0], calls)
    DEEP = 1
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("DAYS, TABLE, LUCK = 3", "DAYS, TABLE, LUCK = 4"),
        ('{"a": [1, 2]}', '{"a": [1, 3]}'),
        ("np.arange(3.0)", "np.arange(4.0)"),
        ("cost = 5", "cost = 6"),
        ("return 7", "return 8"),
        ("x * 2", "x * 3"),
        ("calls=2.0", "calls=2.5"),
        ("share=0.3", "share=0.4"),
        ("DEEP = 1", "DEEP = 2"),
        ("add_goodwill([0]", "add_goodwill([1]"),
        ("timeout(", "timeout(1 + "),
    ],
)
def test_whatever_a_process_depends_on_changes_its_key(old: str, new: str) -> None:
    assert old in SOURCE
    before, after = made(SOURCE).wait, made(SOURCE.replace(old, new)).wait
    assert key(before) is not None
    assert key(before) == key(made(SOURCE).wait)
    assert key(before) != key(after)
    assert key(before) != key()


def test_closures_partials_and_order_change_the_key() -> None:
    def after(days: float) -> Callable[[Simulation], Iterator[Any]]:
        def wait(sim: Simulation) -> Iterator[Any]:
            yield sim.env.timeout(days)

        return wait

    assert key(after(3)) == key(after(3)) != key(after(4))
    wait = made(SOURCE).wait
    assert key(functools.partial(wait, calls=1.0)) != key(functools.partial(wait, calls=1.5))
    assert key(after(3), wait) != key(wait, after(3))


def test_a_global_changed_between_two_studies_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        first = study(processes=[example.trade_fair], store=store)
        assert study(processes=[example.trade_fair], store=store).table.tobytes() == first.table.tobytes()
        monkeypatch.setattr(example, "CALLS", 60.0)
        changed = study(processes=[example.trade_fair], store=store)
    fresh = study(processes=[example.trade_fair])
    assert changed.table.tobytes() == fresh.table.tobytes() != first.table.tobytes()


def test_the_store_answers_without_running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        first = study(processes=[example.strike], store=store)

        def refuse(*_: Any) -> None:
            raise AssertionError("ran again")

        monkeypatch.setattr(Replay, "outcome", refuse)
        assert study(processes=[example.strike], store=store).table.tobytes() == first.table.tobytes()


def test_what_has_no_hash_is_not_kept_and_said(tmp_path: Path) -> None:
    dice = random.Random(1)

    def restless(sim: Simulation) -> Iterator[Any]:
        yield sim.env.timeout(dice.random())

    assert code_hash(restless) is None
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        found = study(processes={"fair": [restless]}, store=store)
        count = store._connection.execute("SELECT count(*) FROM replications").fetchone()
    assert found.not_kept == ("fair",)
    assert "The results of fair are not kept" in found.verdict()
    assert count == (3,)  # of the plan without a process


def test_a_changed_measure_is_never_answered_from_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        study(store=store, audit=False)
        before = key()
        twice = replace(measures.MEASURES[0], compute=lambda run: 2.0 * run.revenue)
        monkeypatch.setattr(measures, "MEASURES", (twice, *measures.MEASURES[1:]))
        assert key() != before
        monkeypatch.undo()
        assert key() == before
        monkeypatch.setattr(measures, "_ended", lambda run, *states: 0)  # a function that measures call
        assert key() != before
        changed = study(store=store, audit=False)
    assert (changed.values("deals_won") == 0).all()
