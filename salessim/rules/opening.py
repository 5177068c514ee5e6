"""Opening the books: what links the tables at the start of a run, and the first events."""

from __future__ import annotations

from salessim.rules.agenda import CANDIDATE, REPLY, WAKE, announce
from salessim.rules.demand import next_candidate
from salessim.rules.funnel import EXPONENTIAL, LOGNORMAL, duration, outcome_of_stage
from salessim.rules.relationship import relation_of
from salessim.rules.travel import visit_hours, visit_km
from salessim.world.compiled import rule
from salessim.world.random import START, key, uniform
from salessim.world.tables import Tables

__all__ = ["open_books"]


@rule
def _link_relations(w: Tables) -> None:
    for i in range(w.counts[0].relations - 1, -1, -1):
        a, r = w.relations[i].account, w.relations[i].rep
        w.relations[i].travel = visit_hours(w, a, r)
        w.relations[i].km = visit_km(w, a, r)
        w.relations[i].called = -1e9
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
def open_books(w: Tables) -> None:
    """Link accounts, reps and covers, and announce the first events: candidates, open deals, the first morning.

    A deal that is open today has had its rep's work on its stage and waits for the customer. How much of his delay is
    left is not known: its own draw says which part, of a delay that is long the more so since it is still running.
    """
    _link_relations(w)
    _link_covers(w)
    for c in range(w.covers.size):
        announce(w, next_candidate(w, c, 0.0), CANDIDATE, c)
    for d in range(w.counts[0].deals):
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
