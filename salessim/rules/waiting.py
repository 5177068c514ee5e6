"""Waiting work and its discipline: who waits where, what a rep takes next, and who waited too long."""

from __future__ import annotations

from salessim.rules.agenda import WAKE, announce
from salessim.rules.closing import close_deal
from salessim.rules.worktime import at_work, next_opening
from salessim.world.compiled import rule
from salessim.world.tables import (
    EXPIRED,
    INQUIRY,
    NEVER,
    NO_DECISION,
    NOTHING,
    WAITING,
    Tables,
)

__all__ = [
    "call_in", "close_overdue", "is_pooled", "join_queue", "patience", "put_in_line", "summon", "take_next_deal",
    "take_out_of_line", "urgency",
]  # fmt: skip


@rule
def patience(w: Tables, d: int) -> float:
    """Return how many days deal `d` waits for us before it is gone."""
    return w.settings[0].lead_patience if w.deals[d].stage == 0 else w.settings[0].deal_patience


@rule
def urgency(w: Tables, d: int, t: float) -> float:
    """Return the urgency of a waiting deal: far along, big, waiting long, in focus."""
    s = w.settings[0]
    deal = w.deals[d]
    return (
        s.stage_weight * deal.stage
        + s.value_weight * deal.value / s.mean_price
        + s.wait_weight * (t - deal.since)
        + w.products[deal.product].focus
    )


@rule
def _give_up(w: Tables, d: int, t: float) -> None:
    close_deal(w, d, EXPIRED if w.deals[d].stage == 0 else NO_DECISION, t)
    w.steps[w.deals[d].step].outcome = w.deals[d].state
    w.steps[w.deals[d].step].left = t


@rule
def is_pooled(w: Tables, d: int) -> bool:
    """Tell whether deal `d` waits in the lead pool of a group instead of with its rep."""
    return w.settings[0].pooled != 0 and w.deals[d].source == INQUIRY and w.deals[d].stage == 0


@rule
def call_in(w: Tables, r: int, t: float) -> None:
    """Wake rep `r`, should he be there and have nothing to do, since work may have come to him."""
    if w.reps[r].present != 0 and w.reps[r].doing == NOTHING and w.reps[r].wake != t:
        w.reps[r].wake = t
        announce(w, t, WAKE, r)


@rule
def put_in_line(w: Tables, d: int) -> None:
    """Put the waiting deal `d` into the line of its rep, or into the pool of his group."""
    r = w.deals[d].rep
    if is_pooled(w, d):
        g = w.reps[r].group
        w.deals[d].next = w.groups[g].first_deal
        w.groups[g].first_deal = d
        w.groups[g].waiting += 1
    else:
        w.deals[d].next = w.reps[r].first_deal
        w.reps[r].first_deal = d
        w.reps[r].waiting += 1


@rule
def take_out_of_line(w: Tables, d: int) -> None:
    """Take the waiting deal `d` out of the line or pool in which it waits."""
    r = w.deals[d].rep
    pooled = is_pooled(w, d)
    g = w.reps[r].group
    first = w.groups[g].first_deal if pooled else w.reps[r].first_deal
    if first == d:
        if pooled:
            w.groups[g].first_deal = w.deals[d].next
        else:
            w.reps[r].first_deal = w.deals[d].next
    else:
        before = first
        while w.deals[before].next != d:
            before = w.deals[before].next
        w.deals[before].next = w.deals[d].next
    if pooled:
        w.groups[g].waiting -= 1
    else:
        w.reps[r].waiting -= 1
    w.deals[d].next = -1


@rule
def join_queue(w: Tables, d: int, t: float) -> int:
    """Let deal `d` wait for a rep. Returns the rep to ring because he has nothing to do, or -1."""
    if w.deals[d].heir >= 0:
        w.deals[d].rep = w.deals[d].heir
        w.deals[d].heir = -1
    step = w.counts[0].steps
    w.counts[0].steps = step + 1
    w.steps[step].deal = d
    w.steps[step].stage = w.deals[d].stage
    w.steps[step].rep = w.deals[d].rep
    w.steps[step].outcome = 0
    w.steps[step].entered = t
    w.steps[step].started = -1.0
    w.steps[step].finished = -1.0
    w.steps[step].left = -1.0
    w.steps[step].hours = 0.0
    w.deals[d].step = step
    w.deals[d].state = WAITING
    w.deals[d].since = t
    r = w.deals[d].rep
    put_in_line(w, d)
    if is_pooled(w, d):
        return _first_free(w, w.reps[r].group, t)
    return r if w.reps[r].doing == NOTHING else -1


@rule
def _free_from(w: Tables, r: int, t: float) -> float:
    """Return when rep `r`, who has nothing to do, is at work next."""
    return t if at_work(w, r, t) else next_opening(w, r, t, False)


@rule
def _first_free(w: Tables, g: int, t: float) -> int:
    """Return the rep of group `g` who has nothing to do and is at work first; of several the longest idle; -1: none."""
    best, soonest = -1, NEVER
    r = w.groups[g].first_rep
    while r >= 0:
        if w.reps[r].doing == NOTHING and w.reps[r].present != 0:
            when = _free_from(w, r, t)
            if best < 0 or when < soonest or (when == soonest and w.reps[r].began < w.reps[best].began):
                best, soonest = r, when
        r = w.reps[r].next_of_group
    return best


@rule
def summon(w: Tables, r: int, t: float) -> None:
    """Let rep `r`, who has just begun something, call a colleague if leads wait in the pool of their group."""
    g = w.reps[r].group
    if w.settings[0].pooled == 0 or w.groups[g].waiting == 0:
        return
    other = _first_free(w, g, t)
    if other >= 0:
        when = _free_from(w, other, t)
        if when < NEVER and w.reps[other].wake != when:
            w.reps[other].wake = when
            announce(w, when, WAKE, other)


@rule
def take_next_deal(w: Tables, r: int, t: float) -> int:
    """Take the most urgent deal waiting for rep `r`, in his own queue or his group's pool; -1 where there is none.

    Deals that waited longer than their patience leave on the way, dated at the moment their patience ended.
    """
    g = w.reps[r].group
    best, best_before, best_pooled, top = -1, -1, False, -1e300
    for pooled in (False, True):
        if pooled and w.settings[0].pooled == 0:
            break
        before = -1
        d = w.groups[g].first_deal if pooled else w.reps[r].first_deal
        while d >= 0:
            following = w.deals[d].next
            limit = w.deals[d].since + patience(w, d)
            if t > limit:
                if before >= 0:
                    w.deals[before].next = following
                elif pooled:
                    w.groups[g].first_deal = following
                else:
                    w.reps[r].first_deal = following
                if pooled:
                    w.groups[g].waiting -= 1
                else:
                    w.reps[r].waiting -= 1
                _give_up(w, d, limit)
            else:
                u = urgency(w, d, t)
                if u > top or (u == top and d < best):
                    best, best_before, best_pooled, top = d, before, pooled, u
                before = d
            d = following
    if best < 0:
        return -1
    if best_before >= 0:
        w.deals[best_before].next = w.deals[best].next
    elif best_pooled:
        w.groups[g].first_deal = w.deals[best].next
    else:
        w.reps[r].first_deal = w.deals[best].next
    if best_pooled:
        w.groups[g].waiting -= 1
    else:
        w.reps[r].waiting -= 1
    w.deals[best].next = -1
    w.deals[best].rep = r
    return best


@rule
def close_overdue(w: Tables) -> None:
    """At the end of a run, let go of the deals whose patience ended before it."""
    until = w.settings[0].until
    for d in range(w.counts[0].deals):
        if w.deals[d].state == WAITING:
            limit = w.deals[d].since + patience(w, d)
            if limit < until:
                _give_up(w, d, limit)
