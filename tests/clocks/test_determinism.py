"""The same seed gives the same tables: in another process, after a stop, from tables that grow, on any thread."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from worlds import RECORD, busy_case, differences, replay, same_tables, shrink

from salessim.clocks.compiled_clock import DONE, STOPPED, run_compiled
from salessim.clocks.run import Run
from salessim.clocks.simulate import simulate
from salessim.model.presets import preset
from salessim.world.build import build_world
from salessim.world.tables import CALENDAR, DTYPES
from salessim.world.world import World

TESTS = Path(__file__).resolve().parents[1]
CASE = busy_case()


def fingerprint(world: World) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for name in DTYPES:
        if name not in CALENDAR:
            digest.update(name.encode() + world.used(name).tobytes())
    return digest.hexdigest()


def fresh() -> World:
    return build_world(CASE.market, CASE.plan, CASE.months, seed=CASE.seed, record_calls=True)


_ELSEWHERE = """
import sys
sys.path.insert(0, sys.argv[1])
from test_determinism import CASE, fingerprint, replay
print(fingerprint(replay(CASE, sys.argv[2]).world))
"""


@pytest.mark.parametrize("clock", ["compiled", "simpy"])
def test_another_process_leaves_the_same_tables(clock: str) -> None:
    """Whatever the order of sets and dictionaries is there: nothing may hang on Python's hash of text."""
    expected = fingerprint(replay(CASE, clock).world)
    for hash_seed in ("0", "12345"):
        path = os.pathsep.join([str(TESTS), os.environ.get("PYTHONPATH", "")])
        done = subprocess.run(
            [sys.executable, "-c", _ELSEWHERE, str(TESTS / "clocks"), clock],
            env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        assert done.stdout.strip() == expected


def test_the_same_seed_leaves_the_same_tables() -> None:
    assert same_tables(replay(CASE), replay(CASE))


def test_another_seed_or_replication_is_another_world() -> None:
    """Luck differs, the world does not: the same accounts, owners and calendars, other deals."""
    first = replay(CASE)
    others = [replay(CASE, replication=1), replay(CASE, replication=2), replay(CASE._replace(seed=CASE.seed + 1))]
    found = {fingerprint(first.world), *(fingerprint(other.world) for other in others)}
    assert len(found) == 4
    for other in others:
        assert {text.split(":")[0] for text in differences(first.world, other.world)} >= {"deals", "steps"}
        assert first.world["covers"]["owner"].tobytes() == other.world["covers"]["owner"].tobytes()
        assert first.world["hours"].tobytes() == other.world["hours"].tobytes()
        start = first.world.used("deals")["source"] != 0
        shared = set(first.world.used("deals")["key"][start]) & set(other.world.used("deals")["key"])
        assert not shared, "no deal of one world lives in another"


def test_a_run_can_be_stopped_and_taken_up_again() -> None:
    """The flag is read every few thousand events; all state is in the tables, so the rest of the run is the same."""
    market, plan = preset("standard")
    whole = simulate(market, plan, 6, seed=3)
    world = build_world(market, plan, 6, seed=3)
    flag = np.ones(1, dtype=np.int64)
    stops = 0
    while True:
        status = run_compiled(world, flag)
        if status == DONE:
            break
        assert status == STOPPED
        stops += 1
        assert run_compiled(world, flag) == STOPPED, "still stopped"
        flag[0] = 0
        before = int(world["counts"]["events"][0])
        if stops < 4:
            stopper = _Stopper(world, flag, before + 1)
            stopper.start()
            status = run_compiled(world, flag)
            stopper.join()
            assert int(world["counts"]["events"][0]) > before
            flag[0] = 1 if status == STOPPED else 0
            if status == DONE:
                break
    assert stops >= 1
    assert same_tables(whole, Run(market, plan, 6, world))


class _Stopper(threading.Thread):
    """Sets the flag as soon as the run has passed a number of events."""

    def __init__(self, world: World, flag: np.ndarray, events: int) -> None:
        super().__init__(daemon=True)
        self._world, self._flag, self._events = world, flag, events

    def run(self) -> None:
        while int(self._world["counts"]["events"][0]) < self._events:
            pass
        self._flag[0] = 1


@pytest.mark.parametrize("clock", ["compiled", "simpy"])
def test_tables_that_grow_leave_the_same_rows(clock: str) -> None:
    """A world whose growing tables are full at the start ends as one that had room from the beginning."""
    small, roomy = replay(CASE, clock, tiny=True), replay(CASE, clock)
    assert not differences(small.world, roomy.world)
    assert len(small.world["deals"]) != len(roomy.world["deals"]), "the tables did grow on the way"
    for name in RECORD[:3]:
        assert len(small.world.used(name)) > 100, name


@pytest.mark.parametrize("products", [40, 300])
def test_a_long_price_list_does_not_stall_the_clock(products: int) -> None:
    """One event may add a deal for every product: the tables must grow to hold that many, however small the company."""
    from salessim.model.presets import make_market, make_plan

    market = make_market(2, products, 1, opportunities=0.1)
    world = build_world(market, make_plan(1), 1)
    shrink(world)
    for _ in range(20):
        world.grow()
    counts = world["counts"][0]
    for name in ("deals", "steps", "relations", "heap", "later", "agenda"):
        room = len(world[name]) - int(counts[name])
        assert room >= 2 * (products + 2), f"{name} has room for {room} rows more after growing twenty times"


def test_runs_side_by_side_do_not_disturb_each_other() -> None:
    """The compiled clock runs without Python's lock; worlds share nothing."""
    expected = [fingerprint(replay(CASE, replication=k).world) for k in range(4)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda k: fingerprint(replay(CASE, replication=k).world), range(4)))
    assert found == expected


def test_a_copy_of_a_world_runs_by_itself() -> None:
    """Copies share no table: the original stays as it was, and both end alike."""
    world = fresh()
    copy = world.copy()
    before = fingerprint(world)
    run_compiled(copy)
    assert fingerprint(world) == before
    run_compiled(world)
    assert fingerprint(world) == fingerprint(copy) != before
