"""The compiled clock: an event calendar in machine code that calls the same rules as the SimPy model.

It is resumable: all state is in the tables, the calendar included. Where a table could overflow it returns, the world
grows, and it goes on.

The calendar has a page for each day. Events of the day at hand are kept in a heap, ordered by (time, class, id) as on
the SimPy clock; those of later days lie unordered on their page until it is turned, so most cost no search at all.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.rules.agenda import CANDIDATE, MONTH, REFERRAL, REPLY, START, SWITCH, WORK, has_room
from salessim.rules.cross_selling import referral
from salessim.rules.demand import candidate
from salessim.rules.funnel import answer
from salessim.rules.month_end import end_month
from salessim.rules.opening import open_books
from salessim.rules.reorganisation import switch
from salessim.rules.staffing import arrive
from salessim.rules.work import choose_work, close_books, finish_work
from salessim.world.access import opened
from salessim.world.compiled import rule
from salessim.world.tables import NOTHING, Tables
from salessim.world.world import World

__all__ = ["DONE", "FULL", "STOPPED", "run_compiled"]

DONE, FULL, STOPPED = 0, 1, 2
_POLL = 4096
_KIND = 40
_IDENT = (1 << _KIND) - 1


@rule
def _push(w: Tables, t: float, code: int) -> None:
    """Put an event among those of today."""
    heap = w.heap
    i = w.counts[0].heap
    w.counts[0].heap = i + 1
    while i > 0:
        up = (i - 1) >> 1
        if t > heap[up].time or (t == heap[up].time and code > heap[up].code):
            break
        heap[i].time, heap[i].code = heap[up].time, heap[up].code
        i = up
    heap[i].time, heap[i].code = t, code


@rule
def _drop_first(w: Tables) -> None:
    """Drop the first event of today: the gap sinks to the bottom and the last event rises from there."""
    heap = w.heap
    n = w.counts[0].heap - 1
    w.counts[0].heap = n
    if n == 0:
        return
    i = 0
    down = 1
    while down < n:
        if down + 1 < n and (
            heap[down + 1].time < heap[down].time
            or (heap[down + 1].time == heap[down].time and heap[down + 1].code < heap[down].code)
        ):
            down += 1
        heap[i].time, heap[i].code = heap[down].time, heap[down].code
        i = down
        down = 2 * i + 1
    t, code = heap[n].time, heap[n].code
    while i > 0:
        up = (i - 1) >> 1
        if t > heap[up].time or (t == heap[up].time and code > heap[up].code):
            break
        heap[i].time, heap[i].code = heap[up].time, heap[up].code
        i = up
    heap[i].time, heap[i].code = t, code


@rule
def _enter(w: Tables, t: float, code: int) -> None:
    """Enter an event into the calendar: today's are kept in order, those of a later day in a chain of that day."""
    day = int(t)
    if day <= w.counts[0].today:
        _push(w, t, code)
        return
    i = w.counts[0].free
    if i >= 0:
        w.counts[0].free = w.later[i].next
    else:
        i = w.counts[0].later
        w.counts[0].later = i + 1
    w.later[i].time = t
    w.later[i].code = code
    w.later[i].next = w.days[day].first
    w.days[day].first = i


@rule
def _turn_page(w: Tables) -> bool:
    """Go on to the next day on which something happens; False where there is none."""
    day = w.counts[0].today + 1
    while day < w.days.size and w.days[day].first < 0:
        day += 1
    if day >= w.days.size:
        return False
    w.counts[0].today = day
    i = w.days[day].first
    w.days[day].first = -1
    while i >= 0:
        following = w.later[i].next
        _push(w, w.later[i].time, w.later[i].code)
        w.later[i].next = w.counts[0].free
        w.counts[0].free = i
        i = following
    return True


@rule
def _take_agenda(w: Tables) -> None:
    for i in range(w.counts[0].agenda):
        _enter(w, w.agenda[i].time, w.agenda[i].kind << _KIND | w.agenda[i].ident)
    w.counts[0].agenda = 0


@rule
def _begin(a: NDArray[np.int64]) -> None:
    w = opened(a)
    open_books(w)
    _take_agenda(w)


@rule(nogil=True)
def _advance(a: NDArray[np.int64], stop: NDArray[np.int64]) -> int:
    w = opened(a)
    while True:
        if not has_room(w):
            return FULL
        if w.counts[0].heap == 0 and not _turn_page(w):
            break
        if w.counts[0].events % _POLL == 0 and stop[0] != 0:
            return STOPPED
        t, code = w.heap[0].time, w.heap[0].code
        kind, i = code >> _KIND, code & _IDENT
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
        elif kind == MONTH:
            end_month(w, i, t)
            ring = -1
        elif kind == SWITCH:
            switch(w, i, t)
            ring = -1
        elif kind == START:
            arrive(w, i, t)
            ring = -1
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
    if world["counts"]["events"][0] == 0 and world["counts"]["later"][0] == 0:
        world.make_room_to_open()
        _begin(world.address)
    while True:
        status = int(_advance(world.address, flag))
        if status == DONE:
            world.close_calendar()
        if status != FULL:
            return status
        world.grow()
