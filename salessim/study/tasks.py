"""One plan on one market as a task: small to hand to another thread, process or machine, prepared there once."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from salessim.study.own_process import Process
from salessim.study.replay import Outcome, Replay
from salessim.study.store import outcome_key

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["Task", "audit_task", "forget", "make_task", "prepare", "run_task"]

_KEPT = 12
_prepared: OrderedDict[str, Replay] = OrderedDict()
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Task:
    """What a worker needs to replay a plan: everything its outcomes depend on, and the key they are filed under.

    Where `filed` is False, a process of the user's own depends on something that has no hash: the key is then made up,
    good for this task only.
    """

    market: Market
    plan: Plan
    months: int
    seed: int
    key: str
    alignment: Alignment | None = None
    processes: tuple[Process, ...] = ()
    filed: bool = True


def make_task(
    market: Market,
    plan: Plan,
    months: int,
    seed: int,
    alignment: Alignment | None = None,
    processes: Sequence[Process] = (),
) -> Task:
    """Describe a plan on a market as a task."""
    key = outcome_key(market, plan, months, seed, processes)
    return Task(
        market, plan, months, seed, key or uuid.uuid4().hex, alignment, tuple(processes), filed=key is not None
    )


def prepare(task: Task) -> Replay:
    """Return the prepared world of a task, built at most once per process while it is among the last used."""
    with _lock:
        # building inside the lock: two threads never build the same world, and building holds the interpreter anyway
        if task.key not in _prepared:
            _prepared[task.key] = Replay(
                task.market, task.plan, task.months, task.seed, task.alignment, task.processes
            )
        _prepared.move_to_end(task.key)
        while len(_prepared) > _KEPT:
            _prepared.popitem(last=False)
        return _prepared[task.key]


def forget() -> None:
    """Forget every prepared world, so that the next is built anew: for measuring, and where memory is short."""
    with _lock:
        _prepared.clear()


def run_task(task: Task, replication: int, stop: NDArray[np.int64] | None = None) -> Outcome | None:
    """Run one replication of a task; None where `stop` was set meanwhile. Runs anywhere: the result is the same."""
    return prepare(task).outcome(replication, stop)


def audit_task(task: Task, stop: NDArray[np.int64] | None = None) -> bool | None:
    """Run replication 0 on SimPy as well and tell whether the tables are equal, byte for byte; None where stopped."""
    return prepare(task).audit(0, stop)
