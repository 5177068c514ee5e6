"""The tie between an account and a rep: found or begun, built by calls, fading without contact."""

from __future__ import annotations

from salessim.rules.travel import visit_hours, visit_km
from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.tables import Tables

__all__ = ["begin_relation", "build_relation", "inherited", "relation_now", "relation_of"]


@rule
def relation_now(w: Tables, i: int, t: float) -> float:
    """Return the strength (0-1) of relation `i` at time `t`."""
    return w.relations[i].level * exp(-w.settings[0].relation_fade * (t - w.relations[i].touched))


@rule
def begin_relation(w: Tables, a: int, r: int, level: float, t: float) -> int:
    """Add a relation of account `a` and rep `r` and return its row."""
    i = w.counts[0].relations
    w.counts[0].relations = i + 1
    w.relations[i].account = a
    w.relations[i].rep = r
    w.relations[i].level = level
    w.relations[i].touched = t
    w.relations[i].travel = visit_hours(w, a, r)
    w.relations[i].km = visit_km(w, a, r)
    w.relations[i].first_cover = -1
    w.relations[i].covers = 0
    w.relations[i].demand = 0.0
    w.relations[i].called = -1e9
    w.relations[i].calls = 0
    w.relations[i].sales = 0.0
    w.relations[i].hours = 0.0
    w.relations[i].driven = 0.0
    w.relations[i].predecessor = -1.0
    w.relations[i].likeness = 1.0
    w.relations[i].next_of_account = w.accounts[a].first_relation
    w.accounts[a].first_relation = i
    w.relations[i].next_of_rep = w.reps[r].first_relation
    w.reps[r].first_relation = i
    return i


@rule
def relation_of(w: Tables, a: int, r: int, t: float) -> int:
    """Return the row of the relation of account `a` and rep `r`, begun from nothing where there is none."""
    i = w.accounts[a].first_relation
    while i >= 0:
        if w.relations[i].rep == r:
            return i
        i = w.relations[i].next_of_account
    return begin_relation(w, a, r, 0.0, t)


@rule
def build_relation(w: Tables, i: int, care: float, t: float) -> None:
    """Strengthen relation `i` by one contact, made with `care` (1: that of today)."""
    level = relation_now(w, i, t)
    w.relations[i].level = level + min(w.settings[0].relation_gain * care, 1.0) * (1.0 - level)
    w.relations[i].touched = t


@rule
def inherited(w: Tables, level: float, likeness: float) -> float:
    """Return the relationship that a new owner finds where the old one's was `level`.

    What is lost of it grows with how little the new owner knows of the segment (`likeness` 0-1 against the old one);
    where it had gone stale, a fresh face may find more than was left.
    """
    s = w.settings[0]
    lost = (1.0 - s.relation_kept) * (1.0 + s.match_effect * (1.0 - 2.0 * likeness))
    stale = 1.0 - level
    return min(1.0, level * (1.0 - min(lost, 1.0)) + s.revival * stale * stale * stale * stale)
