"""The end of a month: books are balanced, people are appraised and leave, the plan may change, the next month is set.

Activities are never interrupted: who is in the middle of something acts at its end.
"""

from __future__ import annotations

from salessim.rules.agenda import MONTH, announce
from salessim.rules.appraisal import appraise, judge
from salessim.rules.coaching import coach
from salessim.rules.cohesion import fade_cohesion, team_days
from salessim.rules.effort import set_efforts
from salessim.rules.incentives import pay_month, ratchet_quotas
from salessim.rules.reorganisation import read_signs
from salessim.rules.shared_pay import settle_together
from salessim.rules.staffing import book_presence
from salessim.rules.training import schedule_training
from salessim.rules.turnover import forget_exits, let_quit
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log
from salessim.world.tables import Tables

__all__ = ["balance_books", "begin_month", "end_month"]

_A_YEAR = 365.0


@rule
def balance_books(w: Tables, m: int) -> None:
    """Book what month `m` cost: salaries and tools for the days people were there, protection, managers, overhead."""
    s = w.settings[0]
    ends = w.months[m].ends
    days = ends - (w.months[m - 1].ends if m > 0 else 0.0)
    seats = 0
    if s.paid != 0:
        settle_together(w, m)
    for r in range(w.reps.size):
        book_presence(w, r, ends)
        seats += 1 if w.reps[r].open != 0 else 0
        row = r * s.n_months + m
        there = w.diary[row].present_days / _A_YEAR
        if s.paid != 0:
            pay_month(w, r, m)
        else:
            w.diary[row].salary = there * s.salary * exp(w.reps[r].grade * log(1.0 + s.promotion_raise))
        w.diary[row].tools = there * s.tools_cost
        if w.reps[r].protected_until >= ends and w.reps[r].present != 0:
            variable = w.diary[row].variable if s.paid != 0 else s.commission * w.diary[row].sold
            short = w.reps[r].protected_pay - variable
            w.diary[row].protection = max(0.0, short)
    w.months[m].management = s.managers * s.manager_cost * days / _A_YEAR
    w.months[m].overhead = seats * s.overhead_cost * days / _A_YEAR


@rule
def begin_month(w: Tables, m: int) -> None:
    """Let month `m` begin: everybody chooses his effort, and its end is announced."""
    if m < w.settings[0].n_months:
        set_efforts(w, m)
    announce(w, w.months[m].ends, MONTH, m)


@rule
def end_month(w: Tables, m: int, t: float) -> None:
    """Let month `m` end at time `t`."""
    s = w.settings[0]
    balance_books(w, m)
    ratchet_quotas(w, m)
    judge(w, m, t)
    read_signs(w, m, t)
    forget_exits(w)
    if s.appraisal_months > 0 and (m + 1) % s.appraisal_months == 0:
        appraise(w, t)
    let_quit(w, m, t)
    for g in range(w.groups.size):
        fade_cohesion(w, g)
    if (m + 1) % 3 == 0:
        for g in range(w.groups.size):
            team_days(w, g, s.team_days / 4.0)
        for r in range(w.reps.size):
            if w.reps[r].present != 0:
                w.reps[r].training += s.team_days / 4.0
                schedule_training(w, r, t, s.training_days / 4.0)
    coach(w)
    begin_month(w, m + 1)
