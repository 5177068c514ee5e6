"""Latent demand: candidates arrive at the rate of a saturated market and are thinned by what contact activates.

Candidates and the draws that thin them belong to the account and the product, so every plan meets the same ones and
better coverage only adds.
"""

from __future__ import annotations

import numpy as np

from salessim.rules.agenda import CANDIDATE, announce
from salessim.rules.goodwill import activation, spontaneous_share
from salessim.rules.waiting import join_queue
from salessim.rules.worktime import month_of, snap
from salessim.world.compiled import rule
from salessim.world.numbers import lognormal_unit
from salessim.world.random import ACTIVATION, INBOUND, LEAD_GAP, VALUE, exponential, key, uniform
from salessim.world.tables import BY_EFFORT, COMING, INQUIRY, NEVER, SPONTANEOUS, Tables

__all__ = ["candidate", "new_deal", "next_candidate"]


@rule
def next_candidate(w: Tables, c: int, t: float) -> float:
    """Return when the next candidate of cover `c` comes after the one at time `t`."""
    rate = w.covers[c].rate * w.settings[0].season_peak
    if rate <= 0.0:
        return NEVER
    k = key(w.settings[0].seed, w.covers[c].key)
    return t + snap(w, exponential(k, LEAD_GAP, w.covers[c].candidates, 1.0 / rate))


@rule
def new_deal(w: Tables, k: int | np.uint64, c: int, rep: int, source: int, t: float) -> int:
    """Write a new deal with identity `k` and return its row. Its value is its own luck times the price."""
    d = w.counts[0].deals
    w.counts[0].deals = d + 1
    p = w.covers[c].product
    w.deals[d].key = k
    w.deals[d].cover = c
    w.deals[d].account = w.covers[c].account
    w.deals[d].product = p
    w.deals[d].rep = rep
    w.deals[d].stage = 0
    w.deals[d].state = COMING
    w.deals[d].outcome = 0
    w.deals[d].source = source
    w.deals[d].parent = -1
    w.deals[d].next = -1
    w.deals[d].step = -1
    w.deals[d].value = w.products[p].price * lognormal_unit(uniform(k, VALUE, 0), w.products[p].price_cv)
    w.deals[d].created = t
    w.deals[d].since = t
    w.deals[d].first_touch = -1.0
    w.deals[d].closed = -1.0
    w.deals[d].hours = 0.0
    w.deals[d].older = w.covers[c].first_deal
    w.covers[c].first_deal = d
    w.deals[d].heir = -1
    w.deals[d].commission = 0.0
    w.deals[d].discount = 0.0
    w.deals[d].natural = -1.0
    w.deals[d].shifted = 0.0
    w.deals[d].holds = 0
    w.deals[d].keeper = -1
    w.deals[d].paid = -1.0
    w.deals[d].recorded = -1.0
    return d


@rule
def candidate(w: Tables, c: int, t: float) -> int:
    """Let a candidate of cover `c` arrive and announce the next. Returns the rep to ring or -1.

    A deal begins where what contact activates at this moment exceeds the candidate's own draw.
    """
    n = w.covers[c].candidates
    w.covers[c].candidates = n + 1
    announce(w, next_candidate(w, c, t), CANDIDATE, c)
    k = key(key(w.settings[0].seed, w.covers[c].key), n)
    u = uniform(k, ACTIVATION, 0) * w.settings[0].season_peak
    season = w.months[month_of(w, t)].season
    if u >= season * activation(w, c, t):
        return -1
    source = BY_EFFORT
    if u < season * spontaneous_share(w, c):
        source = INQUIRY if uniform(k, INBOUND, 0) < w.settings[0].inquiry_share else SPONTANEOUS
    d = new_deal(w, k, c, w.covers[c].owner, source, t)
    return join_queue(w, d, t)
