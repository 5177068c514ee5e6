"""Pay: credit, payday, and quotas that ratchet.

Credit and quota belong to the seat: whoever sits there when a period ends is paid for it. What a deal earned is not
taken back: a run has no cancelled orders, and what a customer never pays earns nothing where cash is credited.
"""

from __future__ import annotations

import numpy as np

from salessim.pay.curve import Curves, payout
from salessim.pay.settling import cents_of, credited_cents, settle_month
from salessim.rules.worktime import month_of
from salessim.world.compiled import rule
from salessim.world.tables import CASH, MARGIN, NEVER, NEW_CUSTOMERS, UNITS, Tables

__all__ = ["credit_deal", "credited", "pay_month", "ratchet_quotas", "variable_pay"]


@rule
def _amount(w: Tables, d: int, measure: int) -> float:
    """Return what deal `d`, about to be won, counts by a measure."""
    if measure == UNITS:
        return 1.0
    if measure == NEW_CUSTOMERS:
        return 1.0 if w.accounts[w.deals[d].account].customer == 0 else 0.0
    if measure == MARGIN:
        margin = w.products[w.deals[d].product].margin
        if w.deals[d].discount > 0.0:  # it comes out of the margin
            return w.deals[d].value - w.deals[d].value / (1.0 - w.deals[d].discount) * (1.0 - margin)
        return w.deals[d].value * margin
    return w.deals[d].value


@rule
def credit_deal(w: Tables, d: int, t: float) -> None:
    """Credit the rep of deal `d`, won at time `t`: in the month of the win, or of the payment where cash counts."""
    s = w.settings[0]
    r = w.deals[d].rep
    won = month_of(w, t)
    p, g = w.deals[d].product, w.accounts[w.deals[d].account].segment
    width = s.n_products + s.n_segments
    for c in range(w.components.size):
        if w.scopes[c * width + p].counts == 0 or w.scopes[c * width + s.n_products + g].counts == 0:
            continue
        m = won
        if w.components[c].measure == CASH:
            if w.deals[d].paid >= s.until or w.deals[d].paid >= NEVER:
                continue
            m = month_of(w, w.deals[d].paid)
        cell = (c * w.reps.size + r) * s.n_months + m
        w.credits[cell].cents += credited_cents(_amount(w, d, w.components[c].measure) * s.credit_share)
        w.credits[cell].deals += 1
    for i in range(w.spiffs.size):
        if (w.spiffs[i].product < 0 or w.spiffs[i].product == p) and w.spiffs[i].first <= t < w.spiffs[i].last:
            w.diary[r * s.n_months + won].spiffs += w.spiffs[i].cents


@rule
def credited(w: Tables, c: int, r: int, first: int, end: int) -> tuple[int, int]:
    """Return what rep `r` has been credited for component `c` in the months from `first` to before `end`, and deals."""
    row = (c * w.reps.size + r) * w.settings[0].n_months
    cents, deals = 0, 0
    for m in range(first, min(end, w.settings[0].n_months)):
        cents += w.credits[row + m].cents
        deals += w.credits[row + m].deals
    return cents, deals


@rule
def _earned(w: Tables, c: int, r: int, cents: int) -> int:
    """Return what component `c` pays rep `r` for a period's credit, cents."""
    quota = w.quotas[c * w.reps.size + r]
    amount = cents / 100.0
    if quota.quota != quota.first:  # a ratchet moved it: the same attainment of the first quota earns the same
        amount = np.rint(amount * quota.first / quota.quota * 1e6) / 1e6
    curves = Curves(
        w.curves["first"], w.pieces["start"], w.pieces["level"], w.pieces["slope"], w.pieces["closed"]
    )
    return cents_of(payout(curves, quota.curve, amount))


@rule
def pay_month(w: Tables, r: int, m: int) -> None:
    """Pay rep `r` for month `m`: salary for the days he was there, and what is due of his variable pay."""
    s = w.settings[0]
    row = r * s.n_months + m
    days = w.months[m].ends - (w.months[m - 1].ends if m > 0 else 0.0)
    raised = 1.0
    for _ in range(w.reps[r].grade):
        raised *= 1.0 + s.promotion_raise
    w.diary[row].salary = cents_of(w.months[m].salary / 100.0 * (w.diary[row].present_days / days) * raised) / 100.0
    due = w.diary[row].spiffs
    for c in range(w.components.size):
        length = w.components[c].months
        if (m + 1) % length == 0 or m == s.n_months - 1:
            cents, deals = credited(w, c, r, m - m % length, m + 1)
            if deals > 0:
                due += _earned(w, c, r, cents)
    floor = -1
    if w.reps[r].since >= 0.0 and w.reps[r].present != 0 and s.guarantee_months > 0:
        floor = s.guarantee if m - month_of(w, w.reps[r].since) < s.guarantee_months else -1
    draw = s.draw if w.diary[row].present_days > 0.0 else 0
    before = w.reps[r].debt
    guarantee, drawn, back, carried, owed, debt = settle_month(
        due, floor, draw, s.draw_recoverable != 0, w.reps[r].owed, before
    )
    w.reps[r].owed, w.reps[r].debt = owed, debt
    w.diary[row].variable = (due - before + guarantee + drawn - back + carried) / 100.0


@rule
def variable_pay(w: Tables, r: int, m: int) -> float:
    """Return the variable pay a year of rep `r` as he sees it after month `m`: that of the last twelve months.

    In the first year, in which a yearly component has paid nothing yet, it is the plan's target where it has one.
    """
    s = w.settings[0]
    months = min(m + 1, 12)
    if months < 12 and s.target_variable > 0.0:
        return s.target_variable
    paid = 0.0
    for back in range(months):
        paid += w.diary[r * s.n_months + m - back].variable
    return paid * 12.0 / months if months > 0 else 0.0


@rule
def ratchet_quotas(w: Tables, m: int) -> None:
    """At the end of month `m`, of each component whose period ends: its results move the quota of the next period."""
    s = w.settings[0]
    if s.paid == 0 or (s.ratchet_up <= 0.0 and s.ratchet_down <= 0.0):
        return
    for c in range(w.components.size):
        length = w.components[c].months
        if w.components[c].attained == 0 or (m + 1) % length != 0:
            continue
        for r in range(w.reps.size):
            i = c * w.reps.size + r
            cents, _ = credited(w, c, r, m + 1 - length, m + 1)
            over = cents / 100.0 - w.quotas[i].quota
            moved = cents_of((s.ratchet_up if over > 0.0 else s.ratchet_down) * over) / 100.0
            least = 0.01 * w.quotas[i].first
            w.quotas[i].quota = max(cents_of(w.quotas[i].quota + moved) / 100.0, least)
