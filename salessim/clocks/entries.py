"""The rules as the SimPy clock calls them: with the address array of a world in place of its tables.

Each returns what the clock must do next: the rep to ring (-1: none), how many events the rules put on the agenda, and
whether every table still has room for the next event.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from salessim.rules import (
    agenda,
    cross_selling,
    demand,
    funnel,
    goodwill,
    month_end,
    opening,
    reorganisation,
    staffing,
    waiting,
    work,
)
from salessim.world.access import opened
from salessim.world.compiled import rule
from salessim.world.tables import INQUIRY, NOTHING, Tables

__all__ = [
    "add_goodwill", "answer", "arrive", "candidate", "choose_work", "close_books", "end_month", "finish_work",
    "inquiry", "open_books", "referral", "switch",
]  # fmt: skip

Address = NDArray[np.int64]


@rule
def open_books(a: Address) -> None:
    """See `salessim.rules.opening.open_books`."""
    opening.open_books(opened(a))


@rule
def close_books(a: Address) -> None:
    """See `salessim.rules.work.close_books`."""
    work.close_books(opened(a))


@rule
def _report(w: Tables, ring: int) -> tuple[int, int, bool]:
    return ring, w.counts[0].agenda, agenda.has_room(w)


@rule
def candidate(a: Address, c: int, t: float) -> tuple[int, int, bool]:
    """Let a candidate of cover `c` arrive at `t` and announce the next."""
    w = opened(a)
    w.counts[0].agenda = 0
    return _report(w, demand.candidate(w, c, t))


@rule
def referral(a: Address, d: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.cross_selling.referral`."""
    w = opened(a)
    w.counts[0].agenda = 0
    return _report(w, cross_selling.referral(w, d, t))


@rule
def answer(a: Address, d: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.funnel.answer`."""
    w = opened(a)
    w.counts[0].agenda = 0
    return _report(w, funnel.answer(w, d, t))


@rule
def choose_work(a: Address, r: int, t: float) -> tuple[bool, int, bool]:
    """See `salessim.rules.work.choose_work`. The first thing returned is whether the rep is busy now."""
    w = opened(a)
    w.counts[0].agenda = 0
    work.choose_work(w, r, t)
    return w.reps[r].doing != NOTHING, w.counts[0].agenda, agenda.has_room(w)


@rule
def finish_work(a: Address, r: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.work.finish_work`."""
    w = opened(a)
    w.counts[0].agenda = 0
    work.finish_work(w, r, t)
    return _report(w, -1)


@rule
def add_goodwill(a: Address, c: int, calls: float, t: float) -> None:
    """See `salessim.rules.goodwill.add_goodwill`. Only processes of a user's own call it from here."""
    goodwill.add_goodwill(opened(a), c, calls, t)


@rule
def inquiry(a: Address, c: int, k: np.uint64, t: float) -> tuple[int, int, bool]:
    """Let an inquiry with identity `k` come in on cover `c`. Only processes of a user's own call it from here."""
    w = opened(a)
    w.counts[0].agenda = 0
    return _report(w, waiting.join_queue(w, demand.new_deal(w, k, c, w.covers[c].owner, INQUIRY, t), t))


@rule
def end_month(a: Address, m: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.month_end.end_month`."""
    w = opened(a)
    w.counts[0].agenda = 0
    month_end.end_month(w, m, t)
    return _report(w, -1)


@rule
def switch(a: Address, j: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.reorganisation.switch`."""
    w = opened(a)
    w.counts[0].agenda = 0
    reorganisation.switch(w, j, t)
    return _report(w, -1)


@rule
def arrive(a: Address, r: int, t: float) -> tuple[int, int, bool]:
    """See `salessim.rules.staffing.arrive`."""
    w = opened(a)
    w.counts[0].agenda = 0
    staffing.arrive(w, r, t)
    return _report(w, -1)
