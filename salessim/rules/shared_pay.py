"""Pay that is settled among several: what a team has together, contests, and what managers have of their people."""

from __future__ import annotations

import numpy as np

from salessim.pay.settling import cents_of, equal_part, prizes_won, settle_month
from salessim.rules.settlement import (
    belongs,
    credited_on,
    credited_to,
    day_pay,
    first_day,
    in_force,
    last_with_anybody,
    part_in_force,
    payees,
    period_begins,
    period_ends,
    period_pay,
    take_back,
)
from salessim.world.compiled import rule
from salessim.world.tables import MANAGED, OWN, TEAM, Tables

__all__ = ["note_posts", "settle_together"]


@rule
def note_posts(w: Tables, m: int) -> None:
    """Write down who is of which team and whose manager leads whom in month `m`, which ends; -1 of a closed seat."""
    for r in range(w.reps.size):
        row = r * w.settings[0].n_months + m
        there = w.reps[r].open != 0
        w.diary[row].team = w.reps[r].group if there else -1
        w.diary[row].manager = w.reps[r].manager if there else -1


@rule
def _share_out(w: Tables, team: int, cents: int, first: int, m: int) -> None:
    """Divide what a team earned in the months from `first` to `m` equally among its people."""
    if cents == 0:
        return
    there = last_with_anybody(w, team, first, m)
    n, i = 0, 0
    for r in range(w.reps.size):
        n += 1 if belongs(w, TEAM, r, there) == team else 0
    for r in range(w.reps.size):
        if belongs(w, TEAM, r, there) == team:
            w.diary[r * w.settings[0].n_months + m].shared += equal_part(cents, n, i)
            i += 1


@rule
def _hold_contest(w: Tables, c: int, first: int, m: int, day: int) -> None:
    """Give out the prizes of contest `c` for the months from `first` to `m`, or for one day (-1: none) of month `m`."""
    kind, part = w.components[c].payee, part_in_force(w, c, m) if day < 0 else 1.0
    scores = np.zeros(payees(w, kind), dtype=np.int64)
    won = np.zeros(scores.size, dtype=np.int64)
    for p in range(scores.size):
        cents, _ = credited_on(w, c, p, m, day) if day >= 0 else credited_to(w, c, p, first, m + 1)
        scores[p] = cents
    prizes = np.zeros(w.components[c].prizes, dtype=np.int64)
    for i in range(prizes.size):
        prizes[i] = cents_of(part * w.prizes[w.components[c].first_prize + i].cents / 100.0)
    prizes_won(scores, prizes, won)
    for p in range(scores.size):
        if won[p] > 0 and kind == OWN:
            w.diary[p * w.settings[0].n_months + m].shared += won[p]
        elif won[p] > 0:
            _share_out(w, p, won[p], first, m)


@rule
def _settle(w: Tables, c: int, m: int) -> None:
    """Settle component or contest `c` at the end of month `m`."""
    kind, first = w.components[c].payee, period_begins(w, c, m)
    if w.components[c].prizes > 0:
        if w.components[c].daily >= 0:
            for day in range(first_day(w, m), int(w.months[m].ends)):
                _hold_contest(w, c, m, m, day)
        elif period_ends(w, c, m):
            _hold_contest(w, c, first, m, -1)
        return
    for p in range(payees(w, kind)):
        take_back(w, c, p, m)
        if kind == MANAGED:
            w.led[p * w.settings[0].n_months + m].due += period_pay(w, c, p, m)
        elif w.components[c].daily >= 0:  # each day's pay is divided to the cent
            for day in range(first_day(w, m), int(w.months[m].ends)):
                _share_out(w, p, day_pay(w, c, p, m, day), m, m)
        else:
            _share_out(w, p, period_pay(w, c, p, m), first, m)


@rule
def settle_together(w: Tables, m: int) -> None:
    """Settle what month `m`, which ends, pays teams, winners of contests and managers; reps get theirs on payday."""
    note_posts(w, m)
    for c in range(w.components.size):
        if in_force(w, c, m) and (w.components[c].payee != OWN or w.components[c].prizes > 0):
            _settle(w, c, m)
    for k in range(w.managers.size):
        row = k * w.settings[0].n_months + m
        before = w.managers[k].debt
        _, _, _, carried, _, debt = settle_month(w.led[row].due - w.led[row].clawback, -1, 0, False, 0, before)
        w.managers[k].debt = debt
        w.led[row].variable = (w.led[row].due - w.led[row].clawback - before + carried) / 100.0
