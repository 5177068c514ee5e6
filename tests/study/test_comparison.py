"""Comparisons: the same result from every executor, order and number of workers; stopped, resumed, stored."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from salessim.clocks.simulation import Simulation
from salessim.errors import StudyError
from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.replay import Replay
from salessim.study.store import OutcomeStore, outcome_key
from salessim.study.study import Study

MARKET, PLAN = preset("small")
PLANS = {"territory": PLAN, "product": PLAN.but(structure="product")}
ROOT = Path(__file__).resolve().parents[2]


def study(**settings: Any) -> Study:
    given = {"months": 3, "replications": 4, "most_replications": 4, "draws": 3, "audit": False, **settings}
    return compare(MARKET, PLANS, **given)  # type: ignore[arg-type]


class Backwards(Executor):
    """Runs jobs one at a time, the last submitted first, when somebody asks for a result."""

    def __init__(self) -> None:
        self._jobs: list[tuple[Future[Any], Callable[..., Any], tuple[Any, ...]]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        executor = self

        class Lazy(Future):  # type: ignore[type-arg]
            def result(self, timeout: float | None = None) -> Any:
                while executor._jobs and not self.done():
                    future, work, given = executor._jobs.pop()
                    future.set_result(work(*given))
                return super().result(timeout)

        future: Future[Any] = Lazy()
        self._jobs.append((future, fn, args))
        return future


def same(one: Study, other: Study) -> bool:
    assert one.assumed is not None
    assert other.assumed is not None
    return (
        one.table.tobytes() == other.table.tobytes()
        and one.monthly.tobytes() == other.monthly.tobytes()
        and one.assumed.differences.tobytes() == other.assumed.differences.tobytes()
    )


def test_no_executor_order_or_number_of_workers_changes_anything() -> None:
    usual = study()
    for workers in (1, 3):
        with ThreadPoolExecutor(workers) as pool:
            assert same(study(executor=pool), usual)
    assert same(study(executor=Backwards()), usual)


@pytest.mark.slow
def test_processes_change_nothing() -> None:
    import multiprocessing

    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert same(study(executor=pool), study())


def test_equals_runs_made_by_hand() -> None:
    found = study()
    for j, plan in enumerate(PLANS.values()):
        replay = Replay(MARKET, plan, 3, 1)
        for n in range(4):
            outcome = replay.outcome(n)
            assert outcome is not None
            assert found.table[n, j].tobytes() == outcome.measures.tobytes()
    by_simpy = Simulation(MARKET, PLAN, 3, seed=1, replication=2).run()
    assert found.values()[2, 0] == by_simpy.revenue


def test_adding_a_plan_changes_no_other_plan() -> None:
    two = study()
    three = compare(
        MARKET, {**PLANS, "customer": PLAN.but(structure="customer")}, months=3, replications=4, most_replications=4,
        draws=0, audit=False,
    )  # fmt: skip
    assert three.table[:, :2].tobytes() == two.table.tobytes()


def test_audit_is_said() -> None:
    audited = compare(MARKET, PLANS, months=2, replications=2, most_replications=2, draws=0)
    assert audited.audited is True
    assert "SimPy audit: identical" in audited.verdict()


def test_goes_on_by_width_alone_up_to_the_limit() -> None:
    wide = study(delta=1e-4, most_replications=9, draws=0)
    assert wide.replications == 9
    narrow = study(delta=0.9, most_replications=9, draws=0)
    assert narrow.replications == 4


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"baseline": "teritory"}, "Did you mean 'territory'"),
        ({"measure_name": "revenu"}, "Did you mean 'revenue'"),
        ({"replications": 1}, "too few replications"),
        ({"draws": -1}, "negative"),
    ],
)
def test_impossible_comparisons_are_refused(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(StudyError, match=words):
        study(**settings)


def test_one_plan_is_no_comparison() -> None:
    with pytest.raises(StudyError, match="at least two plans"):
        compare(MARKET, {"only": PLAN})


# ---- stop and resume -------------------------------------------------------------------------------------------------
class Impatient:
    """Interrupts as Ctrl-C does, after so many finished runs."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self, done: int, total: int) -> None:
        if done == self.after:
            raise KeyboardInterrupt


def test_interrupted_it_returns_what_is_finished() -> None:
    stopped = study(replications=20, most_replications=20, draws=0, progress=Impatient(9))
    assert stopped.replications == 4  # eight runs of two plans and one more: four whole futures
    full = study(replications=20, most_replications=20, draws=0)
    assert stopped.table.tobytes() == full.table[:4].tobytes()


def test_interrupted_too_soon_it_stops() -> None:
    with pytest.raises(KeyboardInterrupt):
        study(progress=Impatient(1))


def test_a_store_is_used_and_never_stale(tmp_path: Path) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        first = study(store=store)
        started = time.perf_counter()
        again = study(store=store)
        assert same(first, again)
        assert time.perf_counter() - started < 10
        key = outcome_key(MARKET, PLAN, 3, 1)
        assert sorted(store.get(key)) == [0, 1, 2, 3]
    changed = [
        outcome_key(MARKET.but(learning=0.031), PLAN, 3, 1),
        outcome_key(MARKET, PLAN.but(call_gap=8.0), 3, 1),
        outcome_key(MARKET.but(products=MARKET.products.but(margin=0.4)), PLAN, 3, 1),
        outcome_key(MARKET, PLAN, 4, 1),
        outcome_key(MARKET, PLAN, 3, 2),
    ]
    assert len({key, *changed}) == 6
    assert outcome_key(MARKET.but(name="other"), PLAN.but(name="other"), 3, 1) == key


def test_a_store_survives_and_two_may_share_it(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with OutcomeStore(path) as one, OutcomeStore(path) as other:
        first = study(store=one)
        assert same(study(store=other), first)
        other.clear()
        assert one.get(outcome_key(MARKET, PLAN, 3, 1)) == {}


def test_what_is_stored_is_what_was_put(tmp_path: Path) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        found = study(store=store)
        row = store.get(outcome_key(MARKET, PLAN, 3, 1))[3]
        assert row.measures.tobytes() == found.table[3, 0].tobytes()
        assert row.monthly.tobytes() == found.monthly[3, 0].tobytes()


def test_a_file_that_is_no_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, only words " * 100)
    with pytest.raises(StudyError, match="no store of results"):
        OutcomeStore(path)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="store of results"):
        OutcomeStore(tmp_path / "file" / "s.sqlite")


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    with OutcomeStore(tmp_path / "s.sqlite") as store:
        store._connection.execute("PRAGMA max_page_count = 3").close()
        with pytest.raises(StudyError, match="the disk is full"):
            study(replications=60, most_replications=60, draws=0, store=store)
        # what was filed before stays readable
        kept = store.get(outcome_key(MARKET, PLAN, 3, 1))
        assert all(np.isfinite(row.measures[0]) for row in kept.values())


KILLED = """
import sys
from pathlib import Path
from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.store import OutcomeStore
market, plan = preset("small")
plans = {"territory": plan, "product": plan.but(structure="product")}
begun = lambda done, total: print("begun", flush=True) if done == 1 else None
with OutcomeStore(Path(sys.argv[1])) as store:
    compare(market, plans, months=3, replications=4000, most_replications=4000, draws=0, audit=False, store=store,
            progress=begun)
"""


@pytest.mark.slow
def test_killed_at_any_moment_nothing_finished_is_lost_or_counted_twice(tmp_path: Path) -> None:
    """Twenty kills at moments spread over the study: the store stays whole and grows, and the end is the usual one."""
    path = tmp_path / "s.sqlite"
    keys = [outcome_key(MARKET, plan, 3, 1) for plan in PLANS.values()]
    rng = np.random.default_rng(8)
    before = 0
    for _ in range(20):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE, cwd=ROOT) as child:
            assert child.stdout is not None
            assert child.stdout.readline()
            time.sleep(float(rng.uniform(0.0, 0.2)))
            os.kill(child.pid, signal.SIGKILL)
        with OutcomeStore(path) as store:
            rows = [store.get(key) for key in keys]
        finished = sum(len(found) for found in rows)
        assert finished > 0
        assert finished >= before
        before = finished
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            count, distinct = connection.execute(
                "SELECT count(*), count(DISTINCT key || ':' || replication) FROM replications"
            ).fetchone()
        connection.close()
        assert count == distinct
    assert before > 0
    with OutcomeStore(path) as store:
        resumed = study(replications=40, most_replications=40, draws=0, store=store)
    assert resumed.table.tobytes() == study(replications=40, most_replications=40, draws=0).table.tobytes()
