"""The worker does the newest job only, tells the others to stop, and outlives what goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from salessim.widgets.worker import Task, Worker

LONG = 20.0  # seconds after which a test has failed; nothing waits that long


class Errors(list):  # type: ignore[type-arg]
    """What the jobs raised."""


@pytest.fixture
def errors() -> Errors:
    return Errors()


@pytest.fixture
def worker(errors: Errors) -> Iterator[Worker]:
    made = Worker(errors.append, name="worker under test")
    yield made
    assert made.close(LONG)


def until_stopped(task: Task, started: threading.Event) -> bool:
    """Work until told to stop; say whether that happened."""
    started.set()
    end = time.monotonic() + LONG
    while not task.stopped and time.monotonic() < end:
        time.sleep(0.001)
    return task.stopped


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "worker under test"]


def test_of_a_burst_only_the_first_and_the_last_are_begun(worker: Worker, errors: Errors) -> None:
    started, ran = threading.Event(), []

    def first(task: Task) -> None:
        ran.append("stopped" if until_stopped(task, started) else "never stopped")

    worker.submit(first)
    assert started.wait(LONG)
    for n in range(25):
        worker.submit(lambda task, n=n: ran.append(n))  # type: ignore[misc]
    assert worker.wait(LONG)
    assert ran == ["stopped", 24]
    assert errors == []


def test_jobs_that_meet_an_idle_worker_all_run_on_one_other_thread(worker: Worker) -> None:
    ran: list[int] = []
    assert threads() == []  # none before the first job
    for _ in range(5):
        worker.submit(lambda task: ran.append(threading.get_ident()))
        assert worker.wait(LONG)
    assert len(ran) == 5
    assert len(set(ran)) == 1
    assert ran[0] != threading.get_ident()
    assert threads() == ["worker under test"]


def test_a_new_job_stops_the_running_one_through_the_flag_that_the_clock_polls(worker: Worker) -> None:
    started, seen = threading.Event(), []

    def job(task: Task) -> None:
        seen.append(int(task.flag[0]))
        until_stopped(task, started)
        seen.append(int(task.flag[0]))

    worker.submit(job)
    assert started.wait(LONG)
    worker.submit(lambda task: seen.append(int(task.flag[0])))
    assert worker.wait(LONG)
    assert seen == [0, 1, 0]  # the new job has a flag of its own


def test_stop_ends_the_running_job_and_forgets_the_waiting_one(worker: Worker) -> None:
    started, release, ran = threading.Event(), threading.Event(), []

    def job(task: Task) -> None:
        ran.append(until_stopped(task, started))
        release.wait(LONG)

    worker.submit(job)
    assert started.wait(LONG)
    worker.submit(lambda task: ran.append("waiting"))
    worker.stop()
    release.set()
    assert worker.wait(LONG)
    assert ran == [True]
    worker.submit(lambda task: ran.append("later"))  # stopped is not closed
    assert worker.wait(LONG)
    assert ran == [True, "later"]


def test_an_error_is_told_and_the_worker_goes_on(worker: Worker, errors: Errors) -> None:
    def job(task: Task) -> None:
        raise ValueError("broken")

    ran: list[str] = []
    worker.submit(job)
    assert worker.wait(LONG)
    worker.submit(lambda task: ran.append("next"))
    assert worker.wait(LONG)
    assert [str(error) for error in errors] == ["broken"]
    assert ran == ["next"]


def test_wait_gives_up_after_its_time_and_tells(worker: Worker) -> None:
    started = threading.Event()
    worker.submit(lambda task: until_stopped(task, started) and None)
    assert started.wait(LONG)
    assert worker.busy
    assert not worker.wait(0.02)
    worker.stop()
    assert worker.wait(LONG)
    assert not worker.busy


def test_close_stops_what_runs_ends_the_thread_and_takes_nothing_more(worker: Worker) -> None:
    started, ran = threading.Event(), []
    worker.submit(lambda task: ran.append(until_stopped(task, started)))
    assert started.wait(LONG)
    begin = time.monotonic()
    assert worker.close(LONG)
    assert time.monotonic() - begin < LONG / 4
    assert ran == [True]
    assert threads() == []
    assert worker.closed
    worker.submit(lambda task: ran.append("after"))
    assert worker.wait(LONG)
    assert ran == [True]
    assert worker.close(LONG)  # twice does no harm


def test_close_tells_where_a_job_does_not_look_at_its_flag(worker: Worker) -> None:
    started, release = threading.Event(), threading.Event()

    def deaf(task: Task) -> None:
        started.set()
        release.wait(LONG)

    worker.submit(deaf)
    assert started.wait(LONG)
    assert not worker.close(0.02)
    release.set()


def test_a_job_may_close_its_worker(worker: Worker) -> None:
    closed: list[bool] = []
    worker.submit(lambda task: closed.append(worker.close()))
    assert worker.wait(LONG)
    assert closed == [True]


def test_many_threads_may_ask_at_once(worker: Worker, errors: Errors) -> None:
    ran: list[int] = []
    gate = threading.Barrier(4)

    def ask(first: int) -> None:
        gate.wait(LONG)
        for n in range(50):
            worker.submit(lambda task, n=first + n: ran.append(n))  # type: ignore[misc]

    askers = [threading.Thread(target=ask, args=(1000 * k,)) for k in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(LONG)
    assert worker.wait(LONG)
    assert errors == []
    assert len(ran) == len(set(ran))  # none twice
    assert ran[-1] % 1000 == 49  # the newest of some asker came last
    assert threads() == ["worker under test"]


class Threadless:
    """`threading.Thread` where the machine has none to give."""

    def __init__(self, **options: object) -> None:
        pass

    def start(self) -> None:
        raise RuntimeError("can't start new thread")


def test_without_threads_a_job_runs_inside_submit(
    worker: Worker, errors: Errors, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("salessim.widgets.worker.threading.Thread", Threadless)
    ran: list[object] = []

    def outer(task: Task) -> None:
        ran.append("outer begins")
        worker.submit(lambda inner: ran.append("inner"))
        ran.append(task.stopped)

    worker.submit(outer)
    assert ran == ["outer begins", True, "inner"]  # the inner one waits for the outer one
    worker.submit(lambda task: ran.append(1 / 0))
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert worker.wait(0.0)
