"""What a pay period comes to: whose credit counts for whom, what it pays, and what is taken back of it.

A component of a pay plan pays each rep, each team (a group, together) or each manager: a payee is a row of one of these
tables. Credit is kept by rep and month; a team's is that of those who were in it in each month.
"""

from __future__ import annotations

from salessim.pay.curve import Curves
from salessim.pay.settling import credited_cents, equal_part, paid_for, taken_back
from salessim.rules.worktime import month_of
from salessim.world.compiled import rule
from salessim.world.tables import CASH, MANAGED, MARGIN, NEVER, NEW_CUSTOMERS, OWN, TEAM, UNITS, Tables

__all__ = [
    "belongs", "counts_for", "credit_of_role", "credited", "credited_on", "credited_to", "day_pay", "first_day",
    "in_force", "last_with_anybody", "month_of_failure", "part_in_force", "payees", "period_begins", "period_ends",
    "period_pay", "take_back",
]  # fmt: skip


@rule
def _amount(w: Tables, d: int, measure: int) -> float:
    """Return what won deal `d` counts by a measure."""
    if measure == UNITS:
        return 1.0
    if measure == NEW_CUSTOMERS:
        return 1.0 * w.deals[d].fresh
    if measure == MARGIN:
        margin = w.products[w.deals[d].product].margin
        if w.deals[d].discount > 0.0:  # it comes out of the margin
            return w.deals[d].value - w.deals[d].value / (1.0 - w.deals[d].discount) * (1.0 - margin)
        return w.deals[d].value * margin
    return w.deals[d].value


@rule
def counts_for(w: Tables, c: int, d: int) -> bool:
    """Tell whether deal `d` is of a product and a segment that count for component `c`."""
    s = w.settings[0]
    row = c * (s.n_products + s.n_segments)
    p, g = w.deals[d].product, w.accounts[w.deals[d].account].segment
    return w.scopes[row + p].counts != 0 and w.scopes[row + s.n_products + g].counts != 0


@rule
def credit_of_role(w: Tables, c: int, d: int, role: int) -> int:
    """Return the credit of deal `d` for component `c` of its rep (role 0) or of the owner of the account (role 1)."""
    share = w.components[c].share if role == 0 else w.components[c].owner_share
    return credited_cents(_amount(w, d, w.components[c].measure) * share)


@rule
def in_force(w: Tables, c: int, m: int) -> bool:
    """Tell whether the plan of component `c` is in force in month `m`."""
    return w.components[c].first <= m < w.components[c].end


@rule
def period_begins(w: Tables, c: int, m: int) -> int:
    """Return the first month of the pay period of component `c` in which month `m` lies."""
    length = max(w.components[c].months, 1)
    return m - (m - w.components[c].first) % length


@rule
def period_ends(w: Tables, c: int, m: int) -> bool:
    """Tell whether a pay period of component `c` ends with month `m`: it is over, or the plan is, or the run."""
    length = max(w.components[c].months, 1)
    return (m + 1 - w.components[c].first) % length == 0 or m == w.components[c].end - 1


@rule
def part_in_force(w: Tables, c: int, m: int) -> float:
    """Return the share of the period ending with month `m` in which the plan is in force, where another takes over."""
    length = max(w.components[c].months, 1)
    there = m + 1 - period_begins(w, c, m)
    return 1.0 * there / length if w.components[c].cut != 0 else 1.0


@rule
def payees(w: Tables, kind: int) -> int:
    """Return how many payees of a kind there are."""
    return w.reps.size if kind == OWN else w.groups.size if kind == TEAM else w.managers.size


@rule
def belongs(w: Tables, kind: int, r: int, m: int) -> int:
    """Return the payee to whom the credit of rep `r` in month `m` goes; -1: nobody, as of a seat that is closed."""
    if kind == OWN:
        return r
    row = r * w.settings[0].n_months + m
    return w.diary[row].team if kind == TEAM else w.diary[row].manager


@rule
def last_with_anybody(w: Tables, team: int, first: int, m: int) -> int:
    """Return the last month from `first` to `m` in which a team has anybody: those share what it earned; -1: none."""
    while m >= first:
        for r in range(w.reps.size):
            if belongs(w, TEAM, r, m) == team:
                return m
        m -= 1
    return -1


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
def credited_to(w: Tables, c: int, payee: int, first: int, end: int) -> tuple[int, int]:
    """Return what a payee of component `c` has been credited in the months from `first` to before `end`, and deals."""
    kind = w.components[c].payee
    if kind == OWN:
        return credited(w, c, payee, first, end)
    cents, deals = 0, 0
    for r in range(w.reps.size):
        for m in range(first, end):
            if belongs(w, kind, r, m) == payee:
                row = (c * w.reps.size + r) * w.settings[0].n_months + m
                cents += w.credits[row].cents
                deals += w.credits[row].deals
    return cents, deals


@rule
def credited_on(w: Tables, c: int, payee: int, m: int, day: int) -> tuple[int, int]:
    """Return what a payee of component `c`, paid by the day, has been credited on a day of month `m`, and deals."""
    kind = w.components[c].payee
    days = int(w.months[w.settings[0].n_months - 1].ends)
    cents, deals = 0, 0
    for r in range(w.reps.size) if kind != OWN else range(payee, payee + 1):
        if belongs(w, kind, r, m) == payee:
            cell = (w.components[c].daily * w.reps.size + r) * days + day
            cents += w.daily[cell].cents
            deals += w.daily[cell].deals
    return cents, deals


@rule
def _paid(w: Tables, c: int, payee: int, cents: int, part: float) -> int:
    """Return what component `c` pays for a period's credit, cents; a quota that a ratchet moved is read as it is."""
    if w.components[c].payee == OWN:
        i = c * w.reps.size + payee
        curve, first, quota = w.quotas[i].curve, w.quotas[i].first, w.quotas[i].quota
    else:
        i = w.components[c].goals + payee
        curve, first, quota = w.goals[i].curve, w.goals[i].first, w.goals[i].quota
    curves = Curves(w.curves["first"], w.pieces["start"], w.pieces["level"], w.pieces["slope"], w.pieces["closed"])
    return paid_for(curves, curve, cents / 100.0, first / quota if quota != first else 1.0, part)


@rule
def first_day(w: Tables, m: int) -> int:
    """Return the first day of month `m`, counted from the start."""
    return int(w.months[m - 1].ends) if m > 0 else 0


@rule
def day_pay(w: Tables, c: int, payee: int, m: int, day: int) -> int:
    """Return what component `c`, paid by the day, pays a payee for a day of month `m`, cents."""
    cents, deals = credited_on(w, c, payee, m, day)
    return _paid(w, c, payee, cents, 1.0) if deals > 0 else 0


@rule
def period_pay(w: Tables, c: int, payee: int, m: int) -> int:
    """Return what component `c` pays a payee with month `m`, cents: for the days of the month or the period it ends."""
    due = 0
    if w.components[c].daily >= 0:
        for day in range(first_day(w, m), int(w.months[m].ends)):
            due += day_pay(w, c, payee, m, day)
    elif period_ends(w, c, m):
        cents, deals = credited_to(w, c, payee, period_begins(w, c, m), m + 1)
        if deals > 0:
            due += _paid(w, c, payee, cents, part_in_force(w, c, m))
    return due


# ---- taking back -----------------------------------------------------------------------------------------------------
@rule
def month_of_failure(w: Tables, d: int) -> int:
    """Return the month in which it shows that deal `d` will never be paid; the number of months where none does."""
    s = w.settings[0]
    day = int(w.deals[d].closed) + int(s.write_off)
    return month_of(w, float(day)) if day < w.months[s.n_months - 1].ends else s.n_months


@rule
def _first_of(w: Tables, r: int, role: int) -> int:
    """Return the deal that rep `r` won last (role 0) or that was won last of those he owns (role 1); -1: none."""
    return w.reps[r].first_won if role == 0 else w.reps[r].first_owned


@rule
def _next_of(w: Tables, d: int, role: int) -> int:
    return w.deals[d].next_won if role == 0 else w.deals[d].next_owned


@rule
def _roles(w: Tables, c: int) -> int:
    """Return how many people a deal is credited to under component `c`: its rep, and the owner where he has a share."""
    return 2 if w.components[c].owner_share >= 0.0 else 1


@rule
def _counts_in(w: Tables, c: int, payee: int, r: int, d: int) -> bool:
    """Tell whether deal `d` of rep `r` counts for a payee of component `c`."""
    return counts_for(w, c, d) and belongs(w, w.components[c].payee, r, month_of(w, w.deals[d].closed)) == payee


@rule
def _before(w: Tables, c: int, payee: int, d: int, r: int, role: int, since: float) -> tuple[int, int]:
    """Return credit and number of what a payee is credited before the part of rep `r` in deal `d`, in its period.

    As in a statement the order is by day, deal, rep and role. Deals won before `since` are of earlier periods; of a
    component by the day, so are those of other days.
    """
    day, daily = int(w.deals[d].closed), w.components[c].daily >= 0
    own = w.components[c].payee == OWN
    cents, deals = 0, 0
    for other in range(payee, payee + 1) if own else range(w.reps.size):
        for k in range(_roles(w, c)):
            e = _first_of(w, other, k)
            while e >= 0 and w.deals[e].closed >= since:
                at = int(w.deals[e].closed)
                sooner = at < day and not daily
                if at == day:
                    sooner = e < d or (e == d and (other < r or (other == r and k < role)))
                if sooner and _counts_in(w, c, payee, other, e):
                    cents += credit_of_role(w, c, e, k)
                    deals += 1
                e = _next_of(w, e, k)
    return cents, deals


@rule
def _take_back_deal(w: Tables, c: int, payee: int, d: int, r: int, role: int, first: int, m: int) -> None:
    """Note what is taken back of the pay for the part of rep `r` in deal `d`: its rise of the pay of the period.

    The period, from month `first`, is paid with month `m`. It is taken in the month in which the deal fails, or now
    where that was before.
    """
    s = w.settings[0]
    fails = max(month_of_failure(w, d), m)
    if fails >= s.n_months:
        return
    kind, share = w.components[c].payee, w.components[c].clawback
    part = part_in_force(w, c, m) if w.components[c].daily < 0 else 1.0
    cents, deals = _before(w, c, payee, d, r, role, 1.0 * first_day(w, first))
    had = _paid(w, c, payee, cents, part) if deals > 0 else 0
    has = _paid(w, c, payee, cents + credit_of_role(w, c, d, role), part)
    if kind == OWN:
        w.diary[payee * s.n_months + fails].clawback += taken_back(share, has - had)
    elif kind == MANAGED:
        w.led[payee * s.n_months + fails].clawback += taken_back(share, has - had)
    else:
        there = last_with_anybody(w, payee, first, m)
        n, i = 0, 0
        for other in range(w.reps.size):
            n += 1 if belongs(w, TEAM, other, there) == payee else 0
        for other in range(w.reps.size):
            if belongs(w, TEAM, other, there) == payee:
                line = equal_part(has, n, i) - equal_part(had, n, i)
                w.diary[other * s.n_months + fails].clawback += taken_back(share, line)
                i += 1


@rule
def take_back(w: Tables, c: int, payee: int, m: int) -> None:
    """Note what is taken back of what component `c` pays a payee with month `m`, for deals that are never paid."""
    if w.components[c].clawback <= 0.0 or w.components[c].measure == CASH:
        return
    if w.components[c].daily < 0 and not period_ends(w, c, m):
        return
    first = period_begins(w, c, m)
    since = 1.0 * first_day(w, first)
    own = w.components[c].payee == OWN
    for r in range(payee, payee + 1) if own else range(w.reps.size):
        for role in range(_roles(w, c)):
            d = _first_of(w, r, role)
            while d >= 0 and w.deals[d].closed >= since:
                if w.deals[d].paid >= NEVER and _counts_in(w, c, payee, r, d):
                    _take_back_deal(w, c, payee, d, r, role, first, m)
                d = _next_of(w, d, role)
