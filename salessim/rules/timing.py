"""When a deal is signed: reps who stand before the end of a pay period pull deals in, at a discount, or hold them back.

A deal is up for it once the rep's work on its last stage is done and the customer will sign: nothing else can be moved.
From then on its rep looks at it on the customer's own day and in the last days of each pay period, when he knows how
the period went:

* before the customer's day he may have it signed at once, at a discount that grows with the time won;
* on the customer's day he may keep it for the last days of the period, and in these he may keep it for the next one,
  at the risk that it is lost meanwhile. Keeping a deal is an option: it is worth something only where pay bends.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from salessim.pay.myopic import expected_payout
from salessim.pay.policy import worth_later, worth_now
from salessim.rules.effort import aim_row, aims_of, cycle_state, policies_of
from salessim.rules.worktime import month_of, snap
from salessim.world.compiled import rule
from salessim.world.numbers import sqrt
from salessim.world.random import DECISION, uniform
from salessim.world.tables import LOST, Tables

__all__ = ["first_look", "sign_or_wait", "take_out"]

_MONTH: Final = 365.0 / 12.0
_RUSH: Final = 5.0
"""Days before (after) the end of a period over which signings that are moved there are spread."""
_LUCK: Final = 1_000_000
"""First ordinal of the luck of keeping a deal; those below are the months of the looks."""
_NODES: Final = np.array([-2.8569700138728056, -1.3556261799742659, 0.0, 1.3556261799742659, 2.8569700138728056])
_WEIGHTS: Final = np.array([0.011257411327720691, 0.22207592200561263, 0.5333333333333333, 0.22207592200561263,
                            0.011257411327720691])  # fmt: skip
"""Gauss-Hermite quadrature for a standard normal, 5 nodes."""


@rule
def _last_month(w: Tables, t: float) -> int:
    """Return the last month of the pay period that time `t` falls into; it may lie beyond the run."""
    short = w.settings[0].policy_short
    m = month_of(w, t)
    return m - m % short + short - 1


@rule
def _last_days(w: Tables, d: int, last: int) -> float:
    """Return when the rep of deal `d` thinks about it in the last days of the period that ends with month `last`."""
    return w.months[last].ends - _RUSH * uniform(w.deals[d].key, DECISION, last)


@rule
def _worth(w: Tables, r: int, step: int, factor: float, y: float, size: float) -> float:
    """Return what crediting `size` in this cycle is worth to rep `r`, money."""
    s, i = w.settings[0], w.reps[r].type
    if s.myopic == 0:
        return worth_now(policies_of(w), i, step, factor, y, size)
    left = s.policy_short - step % s.policy_short
    mean = y + left * (w.types[i].base + w.types[i].effect * w.reps[r].effort)
    spread, aims, row = w.types[i].noise * sqrt(float(left)), aims_of(w), aim_row(w, i, step, factor)
    gain = expected_payout(aims, row, mean + size, spread) - expected_payout(aims, row, mean, spread)
    for _ in range(left):
        gain *= w.types[i].discount
    return gain + w.types[i].flow * size


@rule
def _worth_later(w: Tables, r: int, step: int, factor: float, y: float, size: float, wait: int) -> float:
    """Return what crediting `size` early in the next cycle is worth to rep `r` now, `wait` steps before it begins."""
    s, i = w.settings[0], w.reps[r].type
    if s.myopic == 0:
        return worth_later(policies_of(w), i, step, factor, y, size, wait)
    begins = (step // s.policy_short + 1) * s.policy_short % s.policy_steps
    worth = _worth(w, r, begins, factor, 0.0, size)
    for _ in range(wait):
        worth *= w.types[i].discount
    return worth


@rule
def _sells_out(w: Tables, r: int, d: int, t: float, natural: float, last: int) -> bool:
    """Tell whether rep `r` has deal `d` signed now, before the customer's day, at a discount that he grants."""
    s = w.settings[0]
    discount = s.pull_discount * math.ceil((natural - t) / _MONTH)
    if discount > s.discount_authority:
        return False
    m = month_of(w, t)
    step, factor, y = cycle_state(w, r, m)
    size = w.deals[d].value * w.reps[r].scale
    periods = (_last_month(w, natural) - last) // s.policy_short
    wait = last - m + 1 + (periods - 1) * s.policy_short
    now = _worth(w, r, step, factor, y, (1.0 - discount) * size)
    if now <= _worth_later(w, r, step, factor, y, size, wait):
        return False
    w.deals[d].value *= 1.0 - discount
    w.deals[d].discount = discount
    return True


@rule
def _loss_risk(w: Tables, days: float) -> float:
    return min(w.settings[0].push_loss * days / _MONTH, 1.0)


@rule
def _keeps_over(w: Tables, r: int, d: int, t: float, until: float, last: int) -> bool:
    """Tell whether rep `r` keeps deal `d`, which could be signed now, in the last days, for the next period."""
    m = month_of(w, t)
    step, factor, y = cycle_state(w, r, m)
    size = w.deals[d].value * w.reps[r].scale
    later = _worth_later(w, r, step, factor, y, size, last - m + 1)
    return (1.0 - _loss_risk(w, until - t)) * later > _worth(w, r, step, factor, y, size)


@rule
def _keeps_for_the_end(w: Tables, r: int, d: int, t: float, until: float, last: int) -> bool:
    """Tell whether rep `r` keeps deal `d` for the last days of the period, when he will know how it went."""
    i = w.reps[r].type
    m = month_of(w, t)
    step, factor, y = cycle_state(w, r, m)
    size = w.deals[d].value * w.reps[r].scale
    at_end = step + last - m
    months = (until - t) / _MONTH
    mean = y + months * (w.types[i].base + w.types[i].effect * w.reps[r].effort)
    spread = w.types[i].noise * sqrt(months)
    kept = 1.0 - _loss_risk(w, _RUSH)
    option = 0.0
    for k in range(_NODES.size):
        then = mean + spread * _NODES[k]
        signed = _worth(w, r, at_end, factor, then, size)
        option += _WEIGHTS[k] * max(signed, kept * _worth_later(w, r, at_end, factor, then, size, 1))
    for _ in range(last - m):
        option *= w.types[i].discount
    return (1.0 - _loss_risk(w, until - t)) * option > _worth(w, r, step, factor, y, size)


@rule
def _keep(w: Tables, d: int, t: float, until: float) -> float:
    """Keep deal `d` from `t` until `until`: it may be lost meanwhile. Returns when it comes up again."""
    w.deals[d].holds += 1
    if uniform(w.deals[d].key, DECISION, _LUCK + w.deals[d].holds) < _loss_risk(w, until - t):
        w.deals[d].outcome = LOST
    if w.settings[0].grid > 0.0:
        return t + snap(w, until - t)
    return until


@rule
def take_out(w: Tables, d: int) -> None:
    """Take deal `d` out of those that a rep keeps for the last days."""
    if w.deals[d].keeper >= 0:
        w.reps[w.deals[d].keeper].kept -= w.deals[d].value
        w.deals[d].keeper = -1


@rule
def first_look(w: Tables, d: int, t: float, natural: float) -> float:
    """Return when the rep of deal `d`, ready at `t`, first looks at it; the customer would sign on day `natural`."""
    w.deals[d].natural = natural
    last = _last_month(w, t)
    if w.settings[0].discount_authority <= 0.0 or last >= w.settings[0].n_months or natural < w.months[last].ends:
        return natural
    look = max(t, _last_days(w, d, last))
    if w.settings[0].grid > 0.0 and look > t:
        look = t + snap(w, look - t)
    return min(look, natural)


@rule
def sign_or_wait(w: Tables, d: int, t: float) -> float:
    """Let the rep of deal `d` look at it at time `t`: `t` if it is signed now, or the time at which he looks again."""
    s = w.settings[0]
    if w.deals[d].natural < 0.0:
        w.deals[d].natural = t
    natural, r = w.deals[d].natural, w.deals[d].rep
    last = _last_month(w, t)
    if w.reps[r].type < 0 or last >= s.n_months:
        return max(t, natural)
    if t < natural:
        if _sells_out(w, r, d, t, natural, last):
            w.deals[d].shifted = t - natural
            return t
        following = last + s.policy_short
        if following >= s.n_months or natural < w.months[following].ends:
            return natural
        return min(natural, _last_days(w, d, following))
    w.deals[d].shifted = t - natural
    if s.push_days <= 0.0:
        return t
    end, look = w.months[last].ends, _last_days(w, d, last)
    if t >= look or t >= end - 1.0:  # on a grid a look may fall a little later
        until = end + _RUSH * uniform(w.deals[d].key, DECISION, last)
        if until - natural <= s.push_days and _keeps_over(w, r, d, t, until, last):
            return _keep(w, d, t, until)
    elif look - natural <= s.push_days and _keeps_for_the_end(w, r, d, t, look, last):
        w.deals[d].keeper = r
        w.reps[r].kept += w.deals[d].value
        return _keep(w, d, t, look)
    return t
