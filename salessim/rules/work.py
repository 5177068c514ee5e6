"""A rep's day: what to do next, doing it, and the diary in which every hour is written down."""

from __future__ import annotations

from salessim.rules.agenda import WAKE, WORK, announce
from salessim.rules.coverage import begin_call, finish_call, next_call
from salessim.rules.funnel import begin_step, finish_step
from salessim.rules.month_end import balance_books
from salessim.rules.staffing import depart
from salessim.rules.training import finish_training
from salessim.rules.waiting import close_overdue, summon, take_next_deal
from salessim.rules.worktime import at_work, finish_time, month_of, next_opening, snap, worked
from salessim.world.compiled import rule
from salessim.world.tables import NEVER, NOTHING, ON_CALL, ON_DEAL, ON_TRAINING, Tables

__all__ = ["choose_work", "close_books", "finish_work"]


@rule
def _rest(w: Tables, r: int, t: float, until: float) -> None:
    if w.reps[r].doing != NOTHING:
        w.reps[r].began = t
    w.reps[r].doing = NOTHING
    w.reps[r].subject = -1
    if until < NEVER and w.reps[r].wake != until:
        w.reps[r].wake = until
        announce(w, until, WAKE, r)


@rule
def _set_to_work(w: Tables, r: int, t: float) -> None:
    w.reps[r].began = t
    done = finish_time(w, r, t, w.reps[r].hours + w.reps[r].travel)
    if w.settings[0].grid > 0.0:
        done = t + snap(w, done - t)
    announce(w, done, WORK, r)


@rule
def _begin_training(w: Tables, r: int, t: float) -> None:
    """Send rep `r` to the training he is due, a day at a time."""
    days = min(w.reps[r].training, 1.0)
    w.reps[r].training -= days
    w.reps[r].hours = days * w.settings[0].field_day
    w.reps[r].travel = 0.0
    w.reps[r].doing = ON_TRAINING
    w.reps[r].subject = -1
    _set_to_work(w, r, t)


@rule
def choose_work(w: Tables, r: int, t: float) -> None:
    """Let rep `r`, who has nothing to do, take his next piece of work: training, a waiting deal, a call, else rest.

    Outside working hours he waits for the morning, so that what came overnight is chosen from with fresh eyes.
    """
    if w.reps[r].leaving != 0:
        depart(w, r, t)
    if w.reps[r].present == 0:
        _rest(w, r, t, NEVER)
        return
    if not at_work(w, r, t):
        _rest(w, r, t, next_opening(w, r, t, False))
        return
    if w.reps[r].training > 0.0:
        _begin_training(w, r, t)
        return
    d = take_next_deal(w, r, t)
    if d >= 0:
        begin_step(w, r, d, t)
        w.reps[r].doing = ON_DEAL
        w.reps[r].subject = d
    else:
        i = next_call(w, r, t)
        if i < 0:
            _rest(w, r, t, next_opening(w, r, t, True) if w.settings[0].calls != 0 else NEVER)
            return
        begin_call(w, r, i, t)
        w.reps[r].doing = ON_CALL
        w.reps[r].subject = i
    _set_to_work(w, r, t)
    summon(w, r, t)


@rule
def _write_diary(w: Tables, r: int, t: float) -> None:
    """Book the hours of rep `r` since he began, the way there first, each into the month in which it was worked."""
    n_months = w.settings[0].n_months
    way = w.reps[r].travel
    start = w.reps[r].began
    m = month_of(w, start)
    while start < t:
        end = t if m == n_months - 1 else min(t, w.months[m].ends)
        hours = worked(w, r, end) - worked(w, r, start)
        row = r * n_months + m
        part = min(hours, way)
        w.diary[row].travel_hours += part
        way -= part
        if w.reps[r].doing == ON_DEAL:
            w.diary[row].deal_hours += hours - part
        elif w.reps[r].doing == ON_TRAINING:
            w.diary[row].training_hours += hours - part
        else:
            w.diary[row].call_hours += hours - part
        start = end
        m += 1


@rule
def _note_effort(w: Tables, r: int, i: int, row: int, visit: float) -> None:
    """Book what rep `r` just spent on the customer of relation `i`."""
    km = w.relations[i].km * visit if w.reps[r].travel > 0.0 else 0.0
    w.diary[row].km += km
    w.relations[i].driven += km
    w.relations[i].hours += w.reps[r].hours + w.reps[r].travel


@rule
def finish_work(w: Tables, r: int, t: float) -> None:
    """Let rep `r` finish what he does, with all that follows from it. He then has nothing to do."""
    _write_diary(w, r, t)
    row = r * w.settings[0].n_months + month_of(w, t)
    if w.reps[r].doing == ON_DEAL:
        d = w.reps[r].subject
        finish_step(w, r, d, t)
        i = w.accounts[w.deals[d].account].first_relation
        while w.relations[i].rep != r:
            i = w.relations[i].next_of_account
        _note_effort(w, r, i, row, w.stages[w.steps[w.deals[d].step].stage].visit)
    elif w.reps[r].doing == ON_TRAINING:
        days = w.reps[r].hours / w.settings[0].field_day
        finish_training(w, r, days, t)
        w.diary[row].training_cost += days * w.settings[0].training_cost
    else:
        i = w.reps[r].subject
        finish_call(w, r, i, t)
        _note_effort(w, r, i, row, 1.0)
        w.diary[row].calls += 1
    w.reps[r].doing = NOTHING
    w.reps[r].subject = -1
    w.reps[r].began = t


@rule
def close_books(w: Tables) -> None:
    """At the end of a run, book the hours of work in progress and let go of what waited too long."""
    until = w.settings[0].until
    for r in range(w.reps.size):
        if w.reps[r].doing != NOTHING:
            _write_diary(w, r, until)
            w.reps[r].began = until
    balance_books(w, w.settings[0].n_months - 1)
    close_overdue(w)
