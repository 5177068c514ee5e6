"""Training: days out of the field that close a part of what a rep does not know yet."""

from __future__ import annotations

import numpy as np

from salessim.rules.knowledge import insight_now, skill_now
from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.tables import Tables

__all__ = ["EVERYBODY", "NEW", "WEAK", "finish_training", "improve", "schedule_training"]

EVERYBODY, NEW, WEAK = 0, 1, 2
_A_YEAR = 365.0


@rule
def schedule_training(w: Tables, r: int, t: float, days: float) -> None:
    """Enrol rep `r` for `days` of training if he belongs to those who are trained."""
    trained = w.settings[0].trained
    if trained == NEW and t - w.reps[r].since > _A_YEAR:
        return
    if trained == WEAK and w.reps[r].attainment >= 1.0:
        return
    w.reps[r].training += days


@rule
def improve(w: Tables, r: int, share: float, t: float) -> None:
    """Close `share` of what rep `r` does not know of the products and segments he covers."""
    products = np.zeros(w.settings[0].n_products, np.int64)
    segments = np.zeros(w.settings[0].n_segments, np.int64)
    i = w.reps[r].first_relation
    while i >= 0:
        c = w.relations[i].first_cover
        if c >= 0:
            segments[w.accounts[w.relations[i].account].segment] = 1
        while c >= 0:
            products[w.covers[c].product] = 1
            c = w.covers[c].next
        i = w.relations[i].next_of_rep
    for p in range(products.size):
        if products[p] != 0:
            level = skill_now(w, r, p, t)
            row = r * products.size + p
            w.skill[row].level = level + share * (1.0 - level)
            w.skill[row].touched = t
    for g in range(segments.size):
        if segments[g] != 0:
            level = insight_now(w, r, g, t)
            row = r * segments.size + g
            w.insight[row].level = level + share * (1.0 - level)
            w.insight[row].touched = t


@rule
def finish_training(w: Tables, r: int, days: float, t: float) -> None:
    """Let rep `r` come back from `days` of training."""
    improve(w, r, 1.0 - exp(-w.settings[0].training_effect * days), t)
