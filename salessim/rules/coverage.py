"""Coverage: whom a rep calls on in the time that deals leave free.

A rep plans a tour of a few calls at a time, by the coverage rule of the plan, and then makes them one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.rules.effort import care_now
from salessim.rules.goodwill import add_goodwill, goodwill_now, response_slope, spontaneous_share
from salessim.rules.knowledge import learn
from salessim.rules.ramp import pace_now
from salessim.rules.relationship import build_relation, relation_now
from salessim.world.compiled import rule
from salessim.world.tables import Tables

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "DAYS_BETWEEN_CALLS", "EASIEST", "MARGINAL", "PROPORTIONAL", "TIERS", "begin_call", "finish_call", "next_call",
    "worth_of_call",
]  # fmt: skip

MARGINAL, PROPORTIONAL, EASIEST, TIERS = 0, 1, 2, 3
DAYS_BETWEEN_CALLS = (21.0, 45.0, 90.0)


@rule
def _sales_share(w: Tables, i: int, own: float) -> float:
    """Return the past sales of the account of relation `i`, in proportion to the demand `own` it covers there."""
    sales, value = 0.0, 0.0
    j = w.accounts[w.relations[i].account].first_relation
    while j >= 0:
        sales += w.relations[j].sales
        value += w.relations[j].demand
        j = w.relations[j].next_of_account
    return sales * own / value if value > 0.0 else 0.0


@rule
def _calls_so_far(w: Tables, i: int) -> float:
    """Return the calls made so far for what relation `i` covers, whoever made them: they move with the account."""
    total = 0
    c = w.relations[i].first_cover
    while c >= 0:
        total += w.covers[c].calls
        c = w.covers[c].next
    return total / w.relations[i].covers if w.relations[i].covers > 0 else 0.0


@rule
def worth_of_call(w: Tables, i: int, t: float) -> float:
    """Return how much a call on relation `i` is worth to its rep now, by the coverage rule of the plan.

    ``marginal`` is the gain in activated demand per hour (CALLPLAN's principle), ``proportional`` the sales per call
    made so far, ``easiest`` the warmest and nearest, ``tiers`` the most overdue by a fixed frequency per tier.
    """
    s = w.settings[0]
    hours = w.relations[i].travel + s.call_hours * w.relations[i].covers
    if s.coverage == MARGINAL:
        gain = 0.0
        c = w.relations[i].first_cover
        while c >= 0:
            p = w.covers[c].product
            wakes = (1.0 - spontaneous_share(w, c)) * response_slope(w, p, goodwill_now(w, c, t))
            gain += wakes * w.covers[c].rate * w.products[p].price
            c = w.covers[c].next
        return gain / max(hours, 1e-6)
    if s.coverage == PROPORTIONAL:
        own = w.relations[i].demand
        return (_sales_share(w, i, own) + 365.0 * own) / (_calls_so_far(w, i) + 1.0)
    if s.coverage == EASIEST:
        return (0.2 + relation_now(w, i, t)) / max(hours, 1e-6)
    tier = w.accounts[w.relations[i].account].tier
    return min(t - w.relations[i].called, 1000.0) / DAYS_BETWEEN_CALLS[tier]


@rule
def _may_be_worth(w: Tables, i: int, worth: float) -> bool:
    """Tell, cheaply, whether a call on relation `i` can be worth more than `worth`, were no demand activated yet."""
    s = w.settings[0]
    if s.coverage != MARGINAL or s.curved != 0:
        return True
    hours = max(w.relations[i].travel + s.call_hours * w.relations[i].covers, 1e-6)
    # a rounding error must not hide a tie
    return 1.000001 * s.goodwill_effect * w.relations[i].demand / hours >= worth


@rule
def _pick(w: Tables, r: int, t: float, customers: int, place: int, size: int, worth: NDArray[np.float64]) -> int:
    """Fill the tour of rep `r` from `place` to `size` with the best customers (or prospects); returns its new size."""
    if place >= size:
        return place
    tour = r * w.settings[0].tour_length
    n = place
    i = w.reps[r].first_relation
    while i >= 0:
        following = w.relations[i].next_of_rep
        if (
            w.relations[i].covers > 0
            and w.accounts[w.relations[i].account].customer == customers
            and t - w.relations[i].called >= w.settings[0].call_gap
        ):
            value = worth_of_call(w, i, t) if n < size or _may_be_worth(w, i, worth[size - 1]) else -1.0
            if n < size or value > worth[size - 1]:
                j = n if n < size else size - 1
                while j > place and worth[j - 1] < value:
                    worth[j] = worth[j - 1]
                    w.tours[tour + j].row = w.tours[tour + j - 1].row
                    j -= 1
                worth[j] = value
                w.tours[tour + j].row = i
                n = min(n + 1, size)
        i = following
    return n


@rule
def _plan_tour(w: Tables, r: int, t: float) -> None:
    length = w.settings[0].tour_length
    worth = np.empty(length)
    prospects = int(length * w.settings[0].prospecting + 0.5)
    n = _pick(w, r, t, 1, 0, length - prospects, worth)
    m = _pick(w, r, t, 0, n, n + prospects, worth)
    if m - n < prospects:
        # prospects ran out: their places go to customers, so the tour is planned again without them
        prospects = m - n
        n = _pick(w, r, t, 1, 0, length - prospects, worth)
        m = _pick(w, r, t, 0, n, n + prospects, worth)
    if m == 0:
        # all customers were seen lately: better a prospect than nobody
        m = _pick(w, r, t, 0, 0, length, worth)
    w.reps[r].tour_size = m
    w.reps[r].tour_place = 0


@rule
def next_call(w: Tables, r: int, t: float) -> int:
    """Return the relation on which rep `r` calls next, or -1 where nobody is due."""
    if w.settings[0].calls == 0:
        return -1
    for planned in range(2):
        while w.reps[r].tour_place < w.reps[r].tour_size:
            i = w.tours[r * w.settings[0].tour_length + w.reps[r].tour_place].row
            w.reps[r].tour_place += 1
            if w.relations[i].covers > 0 and t - w.relations[i].called >= w.settings[0].call_gap:
                return i
        if planned == 0:
            _plan_tour(w, r, t)
    return -1


@rule
def begin_call(w: Tables, r: int, i: int, t: float) -> None:
    """Let rep `r` set out for a call on relation `i`: half an hour or so for each product he covers there."""
    w.reps[r].hours = w.settings[0].call_hours * w.relations[i].covers / pace_now(w, r, t)
    w.reps[r].travel = w.relations[i].travel
    w.relations[i].called = t


@rule
def finish_call(w: Tables, r: int, i: int, t: float) -> None:
    """Let rep `r` finish the call on relation `i`: goodwill for each product covered, relationship, learning."""
    build_relation(w, i, care_now(w, w.relations[i].rep), t)
    w.relations[i].calls += 1
    segment = w.accounts[w.relations[i].account].segment
    c = w.relations[i].first_cover
    while c >= 0:
        add_goodwill(w, c, 1.0, t)
        w.covers[c].calls += 1
        learn(w, r, w.covers[c].product, segment, w.settings[0].call_hours, t)
        c = w.covers[c].next
    if w.settings[0].record_calls != 0:
        n = w.counts[0].calls
        w.counts[0].calls = n + 1
        w.calls[n].relation = i
        w.calls[n].account = w.relations[i].account
        w.calls[n].rep = r
        w.calls[n].at = t
        w.calls[n].hours = w.reps[r].hours
