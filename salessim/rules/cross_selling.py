"""A won deal opens opportunities for other products; a colleague who must pick one up may drop it."""

from __future__ import annotations

from salessim.rules.agenda import REFERRAL, announce
from salessim.rules.demand import new_deal
from salessim.rules.waiting import join_queue
from salessim.rules.worktime import snap
from salessim.world.compiled import rule
from salessim.world.random import CROSS_SELL, HANDOFF, exponential, key, uniform
from salessim.world.tables import CROSS_SOLD, Tables

__all__ = ["cross_sell", "referral"]


@rule
def cross_sell(w: Tables, d: int, t: float) -> None:
    """Let deal `d`, won at `t`, open opportunities for other products in proportion to the account's demand."""
    s = w.settings[0]
    if s.cross_sell <= 0.0 or s.n_products < 2:
        return
    a, own = w.deals[d].account, w.deals[d].product
    others = 0.0
    for p in range(s.n_products):
        if p != own:
            others += w.covers[a * s.n_products + p].rate
    for p in range(s.n_products):
        if p == own:
            continue
        k = key(w.deals[d].key, w.products[p].key)
        c = a * s.n_products + p
        if uniform(k, CROSS_SELL, 0) * others >= s.cross_sell * w.covers[c].rate:
            continue
        if w.covers[c].owner != w.deals[d].rep and uniform(k, HANDOFF, 0) < s.handoff_loss * w.products[p].complexity:
            w.counts[0].handoffs_lost += 1
            continue
        when = t + snap(w, exponential(k, CROSS_SELL, 1, s.cross_sell_delay))
        if when < s.until:
            new = new_deal(w, k, c, w.covers[c].owner, CROSS_SOLD, when)
            w.deals[new].parent = d
            announce(w, when, REFERRAL, new)


@rule
def referral(w: Tables, d: int, t: float) -> int:
    """Let the cross-selling opportunity `d` appear. Returns the rep to ring or -1."""
    w.deals[d].rep = w.covers[w.deals[d].cover].owner
    return join_queue(w, d, t)
