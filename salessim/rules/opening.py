"""Opening the books: what links the tables at the start of a run, and the first events."""

from __future__ import annotations

from salessim.rules.agenda import CANDIDATE, REPLY, WAKE, announce
from salessim.rules.coaching import coach
from salessim.rules.demand import next_candidate
from salessim.rules.funnel import EXPONENTIAL, LOGNORMAL, duration, outcome_of_stage
from salessim.rules.month_end import begin_month
from salessim.rules.relationship import inherited, relation_of
from salessim.rules.reorganisation import announce_waves
from salessim.rules.staffing import begin_career, note_career
from salessim.rules.travel import visit_hours, visit_km
from salessim.world.compiled import rule
from salessim.world.random import START, exponential, key, uniform
from salessim.world.tables import ABSENT, NEVER, NEWCOMER, STARTED, Tables

__all__ = ["open_books"]

_MEAN_TENURE = 3.0 * 365.0


@rule
def _link_relations(w: Tables) -> None:
    for i in range(w.counts[0].relations - 1, -1, -1):
        a, r = w.relations[i].account, w.relations[i].rep
        w.relations[i].travel = visit_hours(w, a, r)
        w.relations[i].km = visit_km(w, a, r)
        w.relations[i].called = -1e9
        if w.relations[i].predecessor >= 0.0:
            w.relations[i].level = inherited(w, w.relations[i].predecessor, w.relations[i].likeness)
        w.relations[i].first_cover = -1
        w.relations[i].demand = 0.0
        w.relations[i].next_of_account = w.accounts[a].first_relation
        w.accounts[a].first_relation = i
        w.relations[i].next_of_rep = w.reps[r].first_relation
        w.reps[r].first_relation = i


@rule
def _link_covers(w: Tables) -> None:
    for c in range(w.covers.size - 1, -1, -1):
        a = w.covers[c].account
        if w.covers[c].moved != 0:
            w.covers[c].goodwill *= w.settings[0].goodwill_kept
        i = w.accounts[a].first_relation
        while w.relations[i].rep != w.covers[c].owner:
            i = w.relations[i].next_of_account
        if w.relations[i].covers == 0:
            w.accounts[a].reps += 1
        w.covers[c].relation = i
        w.covers[c].next = w.relations[i].first_cover
        w.relations[i].first_cover = c
        w.relations[i].covers += 1
        w.relations[i].demand += w.covers[c].rate * w.products[w.covers[c].product].price


@rule
def _open_seats(w: Tables) -> None:
    """Let people take their seats: those whom the log knows at full pace, new ones on their first day."""
    for r in range(w.reps.size):
        was = w.reps[r].present
        person = key(w.settings[0].seed, w.reps[r].key)
        if was == ABSENT:
            w.reps[r].since = NEVER
            w.reps[r].gone = -NEVER
        elif was == NEWCOMER:
            begin_career(w, r, person, 0.0, False)
            note_career(w, STARTED, r, 0.0)
            w.reps[r].training = w.settings[0].onboarding_days
        else:
            begin_career(w, r, person, -exponential(person, START, 0, _MEAN_TENURE), True)
    for g in range(w.groups.size):
        w.groups[g].cohesion = 0.5
    coach(w)
    begin_month(w, 0)
    for k in range(w.changes.size):
        if w.changes[k].months == 0:
            announce_waves(w, k, w.changes[k].month)


@rule
def open_books(w: Tables) -> None:
    """Link accounts, reps and covers, and announce the first events: candidates, open deals, the first morning.

    A deal that is open today has had its rep's work on its stage and waits for the customer. How much of his delay is
    left is not known: its own draw says which part, of a delay that is long the more so since it is still running.
    """
    _link_relations(w)
    _link_covers(w)
    _open_seats(w)
    for c in range(w.covers.size):
        announce(w, next_candidate(w, c, 0.0), CANDIDATE, c)
    for d in range(w.counts[0].deals):
        w.deals[d].older = w.covers[w.deals[d].cover].first_deal
        w.covers[w.deals[d].cover].first_deal = d
        w.deals[d].key = key(w.settings[0].seed, w.deals[d].key)
        k = w.deals[d].key
        r = w.deals[d].rep
        w.deals[d].outcome = outcome_of_stage(w, d, r, relation_of(w, w.deals[d].account, r, 0.0), 0.0)
        s = w.deals[d].stage
        law, cv = w.stages[s].dwell_law, w.stages[s].dwell_cv
        delay = duration(law, w.stages[s].dwell, cv, uniform(k, START, 0))
        spread = 1.0 if law == EXPONENTIAL else (cv * cv if law == LOGNORMAL else 0.0)
        announce(w, delay * (1.0 + spread) * uniform(k, START, 1), REPLY, d)
    for r in range(w.reps.size):
        w.reps[r].wake = 0.0
        announce(w, 0.0, WAKE, r)
