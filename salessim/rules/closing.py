"""How a deal ends: when the CRM hears of it, what its rep is paid, when the customer pays."""

from __future__ import annotations

from salessim.rules.effort import care_now
from salessim.rules.incentives import credit_deal
from salessim.world.compiled import rule
from salessim.world.numbers import lognormal_unit
from salessim.world.random import PAYMENT, RECORD, exponential, uniform
from salessim.world.tables import NEVER, WON, Tables

__all__ = ["close_deal"]


@rule
def close_deal(w: Tables, d: int, state: int, t: float) -> None:
    """End deal `d` at time `t`: won, lost, no decision, disqualified or expired."""
    s = w.settings[0]
    k = w.deals[d].key
    w.deals[d].state = state
    w.deals[d].closed = t
    w.deals[d].recorded = t
    if s.record_missing > 0.0 and uniform(k, RECORD, 0) < s.record_missing:
        w.deals[d].recorded = NEVER
    elif s.record_delay > 0.0:
        w.deals[d].recorded = t + exponential(k, RECORD, 1, s.record_delay) / care_now(w, w.deals[d].rep)
    if state != WON:
        return
    w.deals[d].commission = s.commission * w.deals[d].value
    w.deals[d].paid = t
    if s.bad_debt > 0.0 and uniform(k, PAYMENT, 0) < s.bad_debt:
        w.deals[d].paid = NEVER
    elif s.payment_delay > 0.0:
        w.deals[d].paid = t + s.payment_delay * lognormal_unit(uniform(k, PAYMENT, 1), s.payment_spread)
    if s.paid != 0:
        credit_deal(w, d, t)
