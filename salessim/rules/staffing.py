"""Who is there: people leave, a vacancy is filled from one company-wide list, and somebody looks after the accounts."""

from __future__ import annotations

import numpy as np

from salessim.rules.agenda import START, WAKE, announce
from salessim.rules.cohesion import loosen
from salessim.rules.effort import expected_variable
from salessim.rules.handover import hand_over, meet_again, move_deals
from salessim.rules.knowledge import insight_now
from salessim.rules.ramp import become, talent_of
from salessim.rules.travel import visit_hours
from salessim.rules.worktime import month_of, worked
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log, lognormal_unit
from salessim.world.random import FILL, HIRED, QUIT, exponential, key, uniform
from salessim.world.tables import (
    CARETAKER,
    LAID_OFF,
    LEAST_INSIGHT,
    NOTHING,
    QUIT_JOB,
    STARTED,
    SUCCESSOR,
    Tables,
)

__all__ = [
    "COLLEAGUES",
    "HOLD",
    "arrive",
    "begin_career",
    "book_presence",
    "chance_of_joining",
    "depart",
    "give_to",
    "note_career",
    "resign",
    "seek_successor",
]

HOLD, COLLEAGUES = 0, 1
_MOST_REFUSALS = 20
"""Candidates who are asked at most, one after another, before whoever is there is taken."""


@rule
def note_career(w: Tables, kind: int, r: int, t: float) -> None:
    """Write down a step in the career of who has the seat of rep `r`."""
    n = w.counts[0].careers
    w.counts[0].careers = n + 1
    w.careers[n].kind = kind
    w.careers[n].rep = r
    w.careers[n].person = w.reps[r].person
    w.careers[n].at = t
    w.careers[n].grade = w.reps[r].grade


@rule
def book_presence(w: Tables, r: int, t: float) -> None:
    """Book the days and selling hours for which the seat of rep `r` was filled, each into its month, up to time `t`."""
    n_months = w.settings[0].n_months
    start = w.reps[r].booked
    w.reps[r].booked = t
    if w.reps[r].present == 0:
        return
    m = month_of(w, start)
    while start < t:
        end = t if m == n_months - 1 else min(t, w.months[m].ends)
        row = r * n_months + m
        w.diary[row].present_days += end - start
        w.diary[row].present_hours += worked(w, r, end) - worked(w, r, start)
        start = end
        m += 1


@rule
def begin_career(w: Tables, r: int, person: int | np.uint64, since: float, ramped: bool) -> None:
    """Put `person` into the seat of rep `r`, with the luck that decides how long he stays."""
    become(w, r, person, since, ramped)
    w.reps[r].present = 1
    w.reps[r].leaving = 0
    w.reps[r].hazard = 0.0
    w.reps[r].threshold = exponential(person, QUIT, 0, 1.0)
    w.reps[r].attainment = 1.0
    w.reps[r].grade = 0


@rule
def _forget_tour(w: Tables, r: int) -> None:
    w.reps[r].tour_size = 0
    w.reps[r].tour_place = 0


@rule
def chance_of_joining(w: Tables, r: int, talent: float) -> float:
    """Return the chance that a candidate of some talent takes the seat of rep `r`, asked about what it pays him.

    1 where he may expect what others offer him, or more; below that it falls with a power of the ratio.
    """
    s = w.settings[0]
    if s.answers == 0 or s.entry_pay <= 0.0 or s.outside_pay <= 0.0:
        return 1.0
    pay = s.salary
    if w.reps[r].type >= 0:
        pay += expected_variable(w, w.reps[r].type, talent)
    ratio = pay / (s.outside_pay * exp(s.outside_talent * talent))
    return exp(s.entry_pay * log(max(ratio, 0.01))) if ratio < 1.0 else 1.0


@rule
def seek_successor(w: Tables, r: int, t: float, soon: bool) -> None:
    """Look for somebody for the seat of rep `r`: the next on the company's list starts when the vacancy is filled.

    Where the need was known in time (`soon`) he starts at once.
    """
    s = w.settings[0]
    for _ in range(_MOST_REFUSALS):
        k = w.counts[0].hires
        w.counts[0].hires = k + 1
        w.reps[r].person = key(key(s.seed, HIRED), k)
        if uniform(w.reps[r].person, FILL, 1) < chance_of_joining(w, r, talent_of(w, w.reps[r].person)):
            break
    delay = 0.0
    if not soon and s.fill_time > 0.0:
        delay = s.fill_time * lognormal_unit(uniform(w.reps[r].person, FILL, 0), s.fill_spread)
    announce(w, t + delay, START, r)


@rule
def _caretaker(w: Tables, r: int, a: int) -> int:
    """Return the colleague who looks after account `a` of the empty seat `r`: of his group, the nearest; -1: nobody."""
    best, nearest = -1, 1e300
    other = w.groups[w.reps[r].group].first_rep
    while other >= 0:
        if other != r and w.reps[other].present != 0 and w.reps[other].open != 0:
            way = visit_hours(w, a, other)
            if way < nearest:
                best, nearest = other, way
        other = w.reps[other].next_of_group
    return best


@rule
def give_to(w: Tables, c: int, seat: int, reason: int, deals: bool, t: float) -> None:
    """Give cover `c` to a seat; where it is empty and colleagues look after accounts, to one of them for a while."""
    w.covers[c].seat = seat
    new = seat
    if w.reps[seat].present == 0 and w.settings[0].vacancy == COLLEAGUES:
        other = _caretaker(w, seat, w.covers[c].account)
        if other >= 0:
            new = other
    if new == w.covers[c].owner:
        return
    hand_over(w, c, new, reason, t)
    if deals:
        move_deals(w, c, t)


@rule
def _find_caretakers(w: Tables, r: int, t: float) -> None:
    i = w.reps[r].first_relation
    while i >= 0:
        following = w.relations[i].next_of_rep
        c = w.relations[i].first_cover
        while c >= 0:
            after = w.covers[c].next
            give_to(w, c, w.covers[c].seat, CARETAKER, True, t)
            c = after
        i = following


@rule
def depart(w: Tables, r: int, t: float) -> None:
    """Let rep `r`, who has nothing in hand, leave."""
    kind = w.reps[r].leaving - 1
    book_presence(w, r, t)
    note_career(w, kind, r, t)
    w.reps[r].present = 0
    w.reps[r].gone = t
    w.reps[r].leaving = 0
    w.reps[r].training = 0.0
    w.reps[r].protected_until = -1.0
    _forget_tour(w, r)
    g = w.reps[r].group
    loosen(w, g)
    if kind != LAID_OFF:
        w.groups[g].left += 1 if kind == QUIT_JOB else 0
        if w.settings[0].vacancy == COLLEAGUES:
            _find_caretakers(w, r, t)
        seek_successor(w, r, t, False)


@rule
def resign(w: Tables, r: int, kind: int, t: float) -> None:
    """Let rep `r` leave for the reason `kind`: now, or when he has finished what he has in hand."""
    if w.reps[r].present == 0 or w.reps[r].leaving != 0:
        return
    w.reps[r].leaving = kind + 1
    if w.reps[r].doing == NOTHING:
        depart(w, r, t)


@rule
def _take_back(w: Tables, r: int, t: float) -> None:
    """Let rep `r` take over what colleagues looked after while his seat was empty."""
    n_p = w.settings[0].n_products
    i = w.reps[r].first_relation
    while i >= 0:
        following = w.relations[i].next_of_rep
        a = w.relations[i].account
        for p in range(n_p):
            c = a * n_p + p
            if w.covers[c].seat == r and w.covers[c].owner != r:
                hand_over(w, c, r, SUCCESSOR, t)
        i = following


@rule
def arrive(w: Tables, r: int, t: float) -> None:
    """Let the successor begin in the seat of rep `r`: inexperienced, and new to its customers."""
    if w.reps[r].present != 0 or w.reps[r].open == 0:
        return
    s = w.settings[0]
    book_presence(w, r, t)
    gone = w.reps[r].gone
    begin_career(w, r, w.reps[r].person, t, False)
    note_career(w, STARTED, r, t)
    loosen(w, w.reps[r].group)
    i = w.reps[r].first_relation
    while i >= 0:
        if w.relations[i].touched > gone:
            pass  # handed over to the seat since it fell empty, or before anybody had it
        elif w.relations[i].covers > 0:
            segment = w.accounts[w.relations[i].account].segment
            before = max(insight_now(w, r, segment, t), LEAST_INSIGHT)
            meet_again(w, r, i, min(1.0, s.new_rep_level / before), SUCCESSOR, t)
        elif w.relations[i].level > 0.0:
            w.relations[i].level = 0.0  # the one whom this customer knew is gone
            w.relations[i].touched = t
        i = w.relations[i].next_of_rep
    for p in range(s.n_products):
        w.skill[r * s.n_products + p].level = s.new_rep_level
        w.skill[r * s.n_products + p].touched = t
    for g in range(s.n_segments):
        w.insight[r * s.n_segments + g].level = s.new_rep_level
        w.insight[r * s.n_segments + g].touched = t
    _take_back(w, r, t)
    w.reps[r].training = s.onboarding_days
    w.reps[r].began = t
    w.reps[r].wake = t
    announce(w, t, WAKE, r)
