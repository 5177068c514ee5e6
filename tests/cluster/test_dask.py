"""A Dask cluster as executor: the same study to the last bit, also when a worker is killed on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import pytest

from salessim.model.presets import preset
from salessim.study.comparison import compare
from salessim.study.store import OutcomeStore
from salessim.study.study import Study

distributed = pytest.importorskip("distributed")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # warnings inside Dask are not ours


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Any]:
    """Two workers, each a process of its own, on this machine only."""
    import dask

    settings = {"distributed.scheduler.allowed-failures": 10, "distributed.worker.daemon": True}
    with (
        dask.config.set(settings),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
            local_directory=str(tmp_path),
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        yield client


def small(executor: Executor | None, **settings: Any) -> Study:
    market, plan = preset("small")
    plans = {name: plan.but(structure=name) for name in ("territory", "product", "customer")}
    given = {"months": 6, "replications": 10, "most_replications": 10, "draws": 3, **settings}
    return compare(market, plans, executor=executor, **given)  # type: ignore[arg-type]


def same(one: Study, other: Study) -> bool:
    return one.table.tobytes() == other.table.tobytes() and one.monthly.tobytes() == other.monthly.tobytes()


def test_a_cluster_finds_the_same(client: Any) -> None:
    found, usual = small(client.get_executor(pure=False)), small(None)
    assert same(found, usual)
    assert found.audited is True
    assert found.assumed is not None
    assert usual.assumed is not None
    assert found.assumed.differences.tobytes() == usual.assumed.differences.tobytes()


def test_the_standard_study_is_the_same_on_a_cluster(client: Any) -> None:
    market, plan = preset("standard")
    plans = {name: plan.but(structure=name) for name in ("territory", "product", "customer")}
    found, usual = (
        compare(market, plans, replications=30, most_replications=30, draws=0, audit=False, executor=executor)
        for executor in (client.get_executor(pure=False), None)
    )
    assert found.replications == 30
    assert same(found, usual)


def test_a_worker_killed_on_the_way_changes_nothing(client: Any, tmp_path: Path) -> None:
    """Dask runs what was lost again on another worker, and the store has every run once."""
    killed = []

    def kill(done: int, total: int) -> None:
        if done in (5, 25):
            pid = next(iter(client.run(os.getpid).values()))
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    with OutcomeStore(tmp_path / "s.sqlite") as store:
        found = small(client.get_executor(pure=False), progress=kill, audit=False, store=store, replications=30)
        asked = "SELECT count(*), count(DISTINCT key || replication) FROM replications"
        count = store._connection.execute(asked).fetchone()
    assert len(set(killed)) == 2
    assert found.replications == 30
    assert same(found, small(None, audit=False, replications=30))
    assert count == (3 * 30 + 3 * 3 * 2, 3 * 30 + 3 * 3 * 2)


def test_a_process_of_ones_own_goes_to_the_cluster(client: Any) -> None:
    days = 20.0

    def strike(sim: Any) -> Iterator[Any]:  # a closure: Dask sends it by value
        yield sim.env.timeout(days)
        sim.take_time([0, 1], days=5)

    given = {"processes": {"product": [strike]}, "draws": 0, "replications": 3, "most_replications": 3}
    assert same(small(client.get_executor(pure=False), **given), small(None, **given))
