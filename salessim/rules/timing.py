"""When a deal is signed: reps who stand before the end of a pay period pull deals in, at a discount, or hold them back.

A deal is up for it once the rep's work on its last stage is done and the customer will sign: nothing else can be moved.
"""

from __future__ import annotations

import math

from salessim.pay.policy import marginal_value_at, timing_gain, value_at
from salessim.rules.incentives import cycle_state, policies_of
from salessim.rules.worktime import month_of, snap
from salessim.world.compiled import rule
from salessim.world.random import DECISION, uniform
from salessim.world.tables import LOST, Tables

__all__ = ["choose_signing"]

_MONTH = 365.0 / 12.0
_RUSH = 5.0
"""Days before (after) the end of a period over which signings that are moved there are spread."""


@rule
def _pull_in(w: Tables, r: int, d: int, t: float, planned: float, end: float, wait: int) -> float:
    """Return when deal `d` is signed that the customer would sign at `planned`, after the `end` of the period."""
    s = w.settings[0]
    signing = max(t, end - _RUSH * uniform(w.deals[d].key, DECISION, 0))
    discount = s.pull_discount * math.ceil((planned - signing) / _MONTH)
    if discount > s.discount_authority:
        return planned
    p, i = policies_of(w), w.reps[r].type
    step, factor, y = cycle_state(w, r, month_of(w, t))
    size = w.deals[d].value * w.reps[r].scale
    given_away = discount * size * (marginal_value_at(p, i, step, factor, y + size) + p.flow[i])
    if timing_gain(p, i, step, factor, y, size, wait) <= given_away:
        return planned
    w.deals[d].value *= 1.0 - discount
    w.deals[d].discount = discount
    return signing


@rule
def _hold_back(w: Tables, r: int, d: int, t: float, planned: float, end: float, wait: int) -> float:
    """Return when deal `d` is signed that the customer would sign at `planned`, before the `end` of the period."""
    s = w.settings[0]
    signing = end + _RUSH * uniform(w.deals[d].key, DECISION, 0)
    if signing - planned > s.push_days:
        return planned
    risk = s.push_loss * (signing - planned) / _MONTH
    p, i = policies_of(w), w.reps[r].type
    step, factor, y = cycle_state(w, r, month_of(w, t))
    size = w.deals[d].value * w.reps[r].scale
    now = value_at(p, i, step, factor, y + size) - value_at(p, i, step, factor, y) + p.flow[i] * size
    later = now - timing_gain(p, i, step, factor, y, size, wait)
    if (1.0 - risk) * later <= now:
        return planned
    if uniform(w.deals[d].key, DECISION, 1) < risk:
        w.deals[d].outcome = LOST
    return signing


@rule
def choose_signing(w: Tables, r: int, d: int, t: float, planned: float) -> float:
    """Return when the customer signs deal `d`, ready at `t` and signed at `planned` if rep `r` leaves it alone."""
    s = w.settings[0]
    if w.reps[r].type < 0:
        return planned
    m = month_of(w, t)
    after = m - m % s.policy_short + s.policy_short
    if after > s.n_months:
        return planned  # the period outlasts the run
    end = w.months[after - 1].ends
    if planned >= end:
        signing = _pull_in(w, r, d, t, planned, end, after - m) if s.discount_authority > 0.0 else planned
    else:
        signing = _hold_back(w, r, d, t, planned, end, after - m) if s.push_days > 0.0 else planned
    if signing != planned:
        if s.grid > 0.0:
            signing = t + (snap(w, signing - t) if signing > t else 0.0)
        w.deals[d].shifted = signing - planned
    return signing
