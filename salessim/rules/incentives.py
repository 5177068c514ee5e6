"""Pay: credit, payday, and quotas that ratchet.

Credit and quota belong to the seat: whoever sits there when a period ends is paid for it. What a team, a manager or the
winner of a contest is paid is settled in `salessim.rules.shared_pay`.
"""

from __future__ import annotations

from salessim.pay.settling import cents_of, settle_month, taken_back
from salessim.rules.settlement import (
    counts_for,
    credit_of_role,
    credited,
    credited_to,
    in_force,
    month_of_failure,
    payees,
    period_pay,
    take_back,
)
from salessim.rules.worktime import month_of
from salessim.world.compiled import rule
from salessim.world.tables import CASH, NEVER, OWN, Tables

__all__ = ["credit_deal", "pay_month", "ratchet_quotas", "variable_pay"]

_A_YEAR = 365.0


@rule
def _credit(w: Tables, c: int, r: int, m: int, at: float, cents: int) -> None:
    """Credit rep `r` for component `c` at time `at`, in month `m`."""
    cell = (c * w.reps.size + r) * w.settings[0].n_months + m
    w.credits[cell].cents += cents
    w.credits[cell].deals += 1
    if w.components[c].daily >= 0:
        days = int(w.months[w.settings[0].n_months - 1].ends)
        cell = (w.components[c].daily * w.reps.size + r) * days + int(at)
        w.daily[cell].cents += cents
        w.daily[cell].deals += 1


@rule
def _pay_spiff(w: Tables, d: int, r: int, won: int, cents: int, clawback: float) -> None:
    """Note a SPIFF for rep `r`, in the month of the win, and that it is taken back if deal `d` is never paid."""
    n_months = w.settings[0].n_months
    w.diary[r * n_months + won].spiffs += cents
    if w.deals[d].paid >= NEVER:
        m = max(month_of_failure(w, d), won)
        if m < n_months:
            w.diary[r * n_months + m].clawback += taken_back(clawback, cents)


@rule
def credit_deal(w: Tables, d: int, t: float) -> None:
    """Credit deal `d`, won at time `t`, to its rep and, where the plan says so, to the owner of account and product.

    It counts in the month of the win, or of the payment where cash counts.
    """
    s = w.settings[0]
    r, owner = w.deals[d].rep, w.covers[w.deals[d].cover].owner
    won = month_of(w, t)
    w.deals[d].fresh = 1 if w.accounts[w.deals[d].account].customer == 0 else 0
    w.deals[d].owner = owner
    w.deals[d].next_won, w.deals[d].next_owned = w.reps[r].first_won, w.reps[owner].first_owned
    w.reps[r].first_won = w.reps[owner].first_owned = d
    for c in range(w.components.size):
        if not counts_for(w, c, d):
            continue
        m, at = won, t
        if w.components[c].measure == CASH:
            if w.deals[d].paid >= s.until or w.deals[d].paid >= NEVER:
                continue
            at = w.deals[d].paid
            m = month_of(w, at)
        if in_force(w, c, m):
            _credit(w, c, r, m, at, credit_of_role(w, c, d, 0))
            if w.components[c].owner_share >= 0.0:
                _credit(w, c, owner, m, at, credit_of_role(w, c, d, 1))
    for i in range(w.spiffs.size):
        if (w.spiffs[i].product < 0 or w.spiffs[i].product == w.deals[d].product) and (
            w.spiffs[i].first <= t < w.spiffs[i].last
        ):
            _pay_spiff(w, d, r, won, w.spiffs[i].cents, w.spiffs[i].clawback)
            _pay_spiff(w, d, owner, won, w.spiffs[i].owner_cents, w.spiffs[i].clawback)


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
    due = w.diary[row].spiffs + w.diary[row].shared
    for c in range(w.components.size):
        if w.components[c].payee == OWN and w.components[c].prizes == 0 and in_force(w, c, m):
            due += period_pay(w, c, r, m)
            take_back(w, c, r, m)
    due -= w.diary[row].clawback
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
def _moved(w: Tables, c: int, first: float, quota: float, cents: int) -> float:
    """Return the quota that follows from `quota` and the credit of the span that ends; `first` is where it began."""
    s = w.settings[0]
    share = 1.0 if w.components[c].months > 0 else 1.0 / _A_YEAR
    over = cents / 100.0 * share - quota
    moved = cents_of((s.ratchet_up if over > 0.0 else s.ratchet_down) * over) / 100.0
    return max(cents_of(quota + moved) / 100.0, 0.01 * first)


@rule
def ratchet_quotas(w: Tables, m: int) -> None:
    """At the end of month `m`, of components whose period ends: its results move the quota of the next one.

    Quotas of days are moved by the results of a year of the pay plan.
    """
    s = w.settings[0]
    if s.paid == 0 or (s.ratchet_up <= 0.0 and s.ratchet_down <= 0.0):
        return
    for c in range(w.components.size):
        span = w.components[c].months if w.components[c].months > 0 else 12
        if w.components[c].attained == 0 or not in_force(w, c, m) or (m + 1 - w.components[c].first) % span != 0:
            continue
        payee = w.components[c].payee
        if payee == OWN:
            for r in range(w.reps.size):
                i = c * w.reps.size + r
                cents, _ = credited(w, c, r, m + 1 - span, m + 1)
                w.quotas[i].quota = _moved(w, c, w.quotas[i].first, w.quotas[i].quota, cents)
            continue
        for p in range(payees(w, payee)):
            i = w.components[c].goals + p
            cents, _ = credited_to(w, c, p, m + 1 - span, m + 1)
            w.goals[i].quota = _moved(w, c, w.goals[i].first, w.goals[i].quota, cents)
