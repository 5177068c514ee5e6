"""The compiled clock: an event calendar in machine code that calls the same rules as the SimPy model.

It is resumable: all state is in the tables, the calendar included. Where a table could overflow it returns, the world
grows, and it goes on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.rules.agenda import CANDIDATE, REFERRAL, REPLY, WORK, has_room
from salessim.rules.cross_selling import referral
from salessim.rules.demand import candidate
from salessim.rules.funnel import answer
from salessim.rules.opening import open_books
from salessim.rules.work import choose_work, close_books, finish_work
from salessim.world.access import opened
from salessim.world.compiled import rule
from salessim.world.tables import NOTHING, Tables
from salessim.world.world import World

__all__ = ["DONE", "FULL", "STOPPED", "run_compiled"]

DONE, FULL, STOPPED = 0, 1, 2
_POLL = 4096


@rule
def _earlier(t: float, kind: int, ident: int, t2: float, kind2: int, ident2: int) -> bool:
    if t != t2:
        return t < t2
    if kind != kind2:
        return kind < kind2
    return ident < ident2


@rule
def _push(w: Tables, t: float, kind: int, ident: int) -> None:
    heap = w.heap
    i = w.counts[0].heap
    w.counts[0].heap = i + 1
    while i > 0:
        up = (i - 1) >> 1
        if not _earlier(t, kind, ident, heap[up].time, heap[up].kind, heap[up].ident):
            break
        heap[i].time, heap[i].kind, heap[i].ident = heap[up].time, heap[up].kind, heap[up].ident
        i = up
    heap[i].time, heap[i].kind, heap[i].ident = t, kind, ident


@rule
def _drop_first(w: Tables) -> None:
    heap = w.heap
    n = w.counts[0].heap - 1
    w.counts[0].heap = n
    t, kind, ident = heap[n].time, heap[n].kind, heap[n].ident
    i = 0
    while True:
        down = 2 * i + 1
        if down >= n:
            break
        if down + 1 < n and _earlier(
            heap[down + 1].time,
            heap[down + 1].kind,
            heap[down + 1].ident,
            heap[down].time,
            heap[down].kind,
            heap[down].ident,
        ):
            down += 1
        if not _earlier(heap[down].time, heap[down].kind, heap[down].ident, t, kind, ident):
            break
        heap[i].time, heap[i].kind, heap[i].ident = heap[down].time, heap[down].kind, heap[down].ident
        i = down
    heap[i].time, heap[i].kind, heap[i].ident = t, kind, ident


@rule
def _take_agenda(w: Tables) -> None:
    for i in range(w.counts[0].agenda):
        _push(w, w.agenda[i].time, w.agenda[i].kind, w.agenda[i].ident)
    w.counts[0].agenda = 0


@rule
def _begin(a: NDArray[np.int64]) -> None:
    w = opened(a)
    open_books(w)
    _take_agenda(w)


@rule(nogil=True)
def _advance(a: NDArray[np.int64], stop: NDArray[np.int64]) -> int:
    w = opened(a)
    while w.counts[0].heap > 0:
        if not has_room(w):
            return FULL
        if w.counts[0].events % _POLL == 0 and stop[0] != 0:
            return STOPPED
        t, kind, i = w.heap[0].time, w.heap[0].kind, w.heap[0].ident
        _drop_first(w)
        w.counts[0].events += 1
        if kind == CANDIDATE:
            ring = candidate(w, i, t)
        elif kind == REFERRAL:
            ring = referral(w, i, t)
        elif kind == REPLY:
            ring = answer(w, i, t)
        elif kind == WORK:
            finish_work(w, i, t)
            ring = i
        else:
            ring = i if w.reps[i].doing == NOTHING else -1
        if ring >= 0:
            choose_work(w, ring, t)
        _take_agenda(w)
    close_books(w)
    return DONE


def run_compiled(world: World, stop: NDArray[np.int64] | None = None) -> int:
    """Run a world to its end, growing its tables on the way.

    Parameters
    ----------
    world : World
        Fresh, or stopped before.
    stop : (1,) int64 array, optional
        Set its element to another value than 0, from any thread, to stop the run.

    Returns
    -------
    int
        `DONE` or `STOPPED`.
    """
    flag = np.zeros(1, dtype=np.int64) if stop is None else stop
    if world["counts"]["events"][0] == 0 and world["counts"]["heap"][0] == 0:
        world.make_room_to_open()
        _begin(world.address)
    while True:
        status = int(_advance(world.address, flag))
        if status != FULL:
            return status
        world.grow()
