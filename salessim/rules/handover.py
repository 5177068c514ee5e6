"""An account changes hands: what the new owner inherits of the relationship, and what becomes of its open deals."""

from __future__ import annotations

from salessim.rules.goodwill import goodwill_now
from salessim.rules.knowledge import insight_now
from salessim.rules.relationship import begin_relation, inherited, relation_now
from salessim.rules.waiting import call_in, put_in_line, take_out_of_line
from salessim.world.compiled import rule
from salessim.world.tables import CUSTOMER, LEAST_INSIGHT, WAITING, WORKING, Tables

__all__ = ["hand_over", "meet_again", "move_deals", "note_handover"]


@rule
def _likeness(w: Tables, a: int, old: int, new: int, t: float) -> float:
    segment = w.accounts[a].segment
    before = max(insight_now(w, old, segment, t), LEAST_INSIGHT)
    return min(1.0, insight_now(w, new, segment, t) / before)


@rule
def note_handover(w: Tables, reason: int, c: int, old: int, new: int, before: float, after: float, t: float) -> None:
    """Write down that cover `c` went from rep `old` to rep `new`, and the relationships before and after."""
    n = w.counts[0].handovers
    w.counts[0].handovers = n + 1
    w.handovers[n].reason = reason
    w.handovers[n].cover = c
    w.handovers[n].before = old
    w.handovers[n].after = new
    w.handovers[n].at = t
    w.handovers[n].level_before = before
    w.handovers[n].level_after = after


@rule
def _detach(w: Tables, c: int) -> None:
    i = w.covers[c].relation
    if w.relations[i].first_cover == c:
        w.relations[i].first_cover = w.covers[c].next
    else:
        j = w.relations[i].first_cover
        while w.covers[j].next != c:
            j = w.covers[j].next
        w.covers[j].next = w.covers[c].next
    w.relations[i].covers -= 1
    if w.relations[i].covers == 0:
        w.accounts[w.covers[c].account].reps -= 1
    _weigh(w, i)


@rule
def _attach(w: Tables, c: int, i: int) -> None:
    if w.relations[i].covers == 0:
        w.accounts[w.covers[c].account].reps += 1
    w.relations[i].covers += 1
    # in the order of the products, so that a way back leads to where it began
    before, j = -1, w.relations[i].first_cover
    while j >= 0 and j < c:
        before, j = j, w.covers[j].next
    w.covers[c].next = j
    if before >= 0:
        w.covers[before].next = c
    else:
        w.relations[i].first_cover = c
    w.covers[c].relation = i
    _weigh(w, i)


@rule
def _weigh(w: Tables, i: int) -> None:
    """Add up the demand that relation `i` covers, afresh: adding and taking away would leave rounding errors."""
    total = 0.0
    c = w.relations[i].first_cover
    while c >= 0:
        total += w.covers[c].rate * w.products[w.covers[c].product].price
        c = w.covers[c].next
    w.relations[i].demand = total


@rule
def hand_over(w: Tables, c: int, new: int, reason: int, t: float) -> None:
    """Give cover `c` to rep `new`, who inherits a part of the relationship and of the goodwill."""
    old = w.covers[c].owner
    if old == new:
        return
    a = w.covers[c].account
    before = relation_now(w, w.covers[c].relation, t)
    level = inherited(w, before, _likeness(w, a, old, new, t))
    i = w.accounts[a].first_relation
    while i >= 0 and w.relations[i].rep != new:
        i = w.relations[i].next_of_account
    if i < 0:
        i = begin_relation(w, a, new, level, t)
    else:
        level = max(level, relation_now(w, i, t))
        w.relations[i].level = level
        w.relations[i].touched = t
    _detach(w, c)
    _attach(w, c, i)
    w.covers[c].owner = new
    w.covers[c].goodwill = goodwill_now(w, c, t) * w.settings[0].goodwill_kept
    w.covers[c].touched = t
    note_handover(w, reason, c, old, new, before, level, t)


@rule
def meet_again(w: Tables, r: int, i: int, likeness: float, reason: int, t: float) -> None:
    """Let the successor in the seat of rep `r` take over relation `i` from the one who left the seat."""
    before = relation_now(w, i, t)
    level = inherited(w, before, likeness)
    w.relations[i].level = level
    w.relations[i].touched = t
    c = w.relations[i].first_cover
    while c >= 0:
        w.covers[c].goodwill = goodwill_now(w, c, t) * w.settings[0].goodwill_kept
        w.covers[c].touched = t
        note_handover(w, reason, c, r, r, before, level, t)
        c = w.covers[c].next


@rule
def move_deals(w: Tables, c: int, t: float) -> None:
    """Let the open deals of cover `c` follow it to its owner; one that is being worked on follows after that."""
    new = w.covers[c].owner
    d = w.covers[c].first_deal
    while d >= 0:
        state = w.deals[d].state
        if w.deals[d].rep != new:
            if state == WAITING:
                take_out_of_line(w, d)
                w.deals[d].rep = new
                w.steps[w.deals[d].step].rep = new
                put_in_line(w, d)
                call_in(w, new, t)
            elif state == CUSTOMER:
                w.deals[d].rep = new
            elif state == WORKING:
                w.deals[d].heir = new
        d = w.deals[d].older
