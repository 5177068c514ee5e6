"""A plan changes: at a date, or on a sign in the record; all at once or in waves."""

from __future__ import annotations

from salessim.rules.agenda import SWITCH, announce
from salessim.rules.staffing import give_to, resign, seek_successor
from salessim.rules.turnover import yearly_commission
from salessim.rules.waiting import call_in, put_in_line
from salessim.world.compiled import rule
from salessim.world.tables import (
    ATTAINMENT,
    LAID_OFF,
    LOST,
    REORGANISED,
    WIN_RATE,
    WON,
    Tables,
)

__all__ = ["announce_waves", "read_signs", "recorded_measure", "switch"]


@rule
def announce_waves(w: Tables, k: int, month: int) -> None:
    """Announce the waves of change `k`, which begins `month` months after the start."""
    for j in range(w.changes[k].first_wave, w.changes[k].first_wave + w.changes[k].waves):
        at = month + w.waves[j].after
        if at < w.settings[0].n_months:
            announce(w, w.months[at - 1].ends if at > 0 else 0.0, SWITCH, j)


@rule
def recorded_measure(w: Tables, measure: int, region: int, m: int) -> float:
    """Return a measure of month `m` as the CRM has it at the month's end; `region` -1 is the company."""
    ends = w.months[m].ends
    begins = w.months[m - 1].ends if m > 0 else 0.0
    won, lost, revenue, pipeline = 0, 0, 0.0, 0.0
    for d in range(w.counts[0].deals):
        if region >= 0 and w.accounts[w.deals[d].account].region != region:
            continue
        known = w.deals[d].recorded
        if begins <= known < ends:
            if w.deals[d].state == WON:
                won += 1
                revenue += w.deals[d].value
            elif w.deals[d].state == LOST:
                lost += 1
        if w.deals[d].created < ends and (w.deals[d].closed < 0.0 or known >= ends):
            pipeline += w.deals[d].value
    share = 1.0 if region < 0 else w.regions[region].share
    if measure == ATTAINMENT:
        target = w.months[m].target * share
        return revenue / target if target > 0.0 else 1.0
    if measure == WIN_RATE:
        return won / (won + lost) if won + lost > 0 else 1.0
    target = 0.25 * w.settings[0].target * share
    return pipeline / target if target > 0.0 else 1.0


@rule
def read_signs(w: Tables, m: int, t: float) -> None:
    """Look for the sign on which the plan changes, at the end of month `m`."""
    for k in range(w.changes.size):
        if w.changes[k].months == 0 or w.changes[k].fired >= 0.0:
            continue
        if k > 0 and w.changes[k - 1].months == 0 and w.changes[k - 1].month > m + 1:
            continue  # an earlier change is still to come
        seen = recorded_measure(w, w.changes[k].measure, w.changes[k].region, m)
        w.changes[k].streak = w.changes[k].streak + 1 if seen < w.changes[k].below else 0
        if w.changes[k].streak >= w.changes[k].months:
            w.changes[k].fired = t
            announce_waves(w, k, m + 1)


@rule
def _collect_waiting(w: Tables) -> int:
    """Take all waiting deals out of their lines and pools; returns the first of their chain."""
    chain = -1
    for g in range(w.groups.size):
        d = w.groups[g].first_deal
        while d >= 0:
            following = w.deals[d].next
            w.deals[d].next = chain
            chain = d
            d = following
        w.groups[g].first_deal = -1
        w.groups[g].waiting = 0
    for r in range(w.reps.size):
        d = w.reps[r].first_deal
        while d >= 0:
            following = w.deals[d].next
            w.deals[d].next = chain
            chain = d
            d = following
        w.reps[r].first_deal = -1
        w.reps[r].waiting = 0
    return chain


@rule
def _new_posts(w: Tables, k: int, t: float) -> None:
    """Put everybody where he belongs under change `k`: groups, managers, seats that open or close."""
    n = w.reps.size
    old_cohesion = w.groups.copy()
    for g in range(w.groups.size):
        w.groups[g].cohesion = 0.0
        w.groups[g].first_rep = -1
    members = w.groups.copy()
    for g in range(w.groups.size):
        members[g].waiting = 0
    for r in range(n - 1, -1, -1):
        post = w.posts[k * n + r]
        old = w.reps[r].group
        if post.open != 0:
            close = 1.0 if old == post.group else 0.5
            w.groups[post.group].cohesion += close * old_cohesion[old].cohesion
            members[post.group].waiting += 1
            w.reps[r].group = post.group
            w.reps[r].next_of_group = w.groups[post.group].first_rep
            w.groups[post.group].first_rep = r
        w.reps[r].manager = post.manager
    for g in range(w.groups.size):
        if members[g].waiting > 0:
            w.groups[g].cohesion /= members[g].waiting
    for r in range(n):
        was, now = w.reps[r].open, w.posts[k * n + r].open
        w.reps[r].open = now
        if now != 0 and was == 0:
            w.reps[r].booked = t
            seek_successor(w, r, t, w.changes[k].months == 0)
        if now != 0 and w.posts[k * n + r].retrain != 0:
            w.reps[r].training += w.changes[k].retraining


@rule
def _close_seats(w: Tables, k: int, t: float) -> None:
    for r in range(w.reps.size):
        if w.reps[r].open == 0:
            resign(w, r, LAID_OFF, t)


@rule
def _protect_pay(w: Tables, k: int, t: float) -> None:
    m = 0
    while m < w.settings[0].n_months - 1 and w.months[m].ends < t:
        m += 1
    last = min(m + int(w.changes[k].protection), w.settings[0].n_months - 1)
    for r in range(w.reps.size):
        if w.reps[r].present != 0:
            w.reps[r].protected_pay = yearly_commission(w, r, m) / 12.0
            w.reps[r].protected_until = w.months[last].ends


@rule
def switch(w: Tables, j: int, t: float) -> None:
    """Let wave `j` of a change happen: settings and posts with its first wave, then its accounts change hands."""
    k = w.waves[j].change
    if j == w.changes[k].first_wave:
        w.changes[k].fired = t
        if w.changes[k].protection > 0.0:
            _protect_pay(w, k, t)
        waiting = _collect_waiting(w)
        w.settings[0] = w.phases[k]
        for p in range(w.products.size):
            w.products[p].focus = w.focuses[k * w.products.size + p].focus
        _new_posts(w, k, t)
        while waiting >= 0:
            following = w.deals[waiting].next
            put_in_line(w, waiting)
            waiting = following
    for i in range(w.waves[j].first_move, w.waves[j].first_move + w.waves[j].moves):
        give_to(w, w.moves[i].cover, w.moves[i].seat, REORGANISED, w.changes[k].move_deals != 0, t)
    if j == w.changes[k].first_wave + w.changes[k].waves - 1:
        _close_seats(w, k, t)
    for r in range(w.reps.size):
        call_in(w, r, t)
