"""Why people quit: an integrated hazard of attainment (an inverted U), pay, peers' exits and tenure."""

from __future__ import annotations

from salessim.rules.cohesion import cohesion_factor
from salessim.rules.incentives import variable_pay
from salessim.rules.staffing import resign
from salessim.world.compiled import rule
from salessim.world.numbers import exp, log
from salessim.world.tables import QUIT_JOB, Tables

__all__ = ["forget_exits", "let_quit", "quit_rate", "yearly_commission", "yearly_pay"]

_A_YEAR = 365.0
_WIDTH = 0.5
"""Attainment above or below 1 at which somebody no longer counts as an average performer."""


@rule
def yearly_commission(w: Tables, r: int, m: int) -> float:
    """Return the commission a year of rep `r`: that of the last three months, times four.

    Under a pay plan, of which much is paid once a year, the variable pay of the last year.
    """
    s = w.settings[0]
    if s.paid != 0:
        return variable_pay(w, r, m)
    row = r * s.n_months
    sold, months = 0.0, 0
    for back in range(3):
        if m - back >= 0:
            sold += w.diary[row + m - back].sold
            months += 1
    return s.commission * sold * 12.0 / months if months > 0 else 0.0


@rule
def yearly_pay(w: Tables, r: int, m: int) -> float:
    """Return the pay a year of rep `r`: salary of his grade and the commission of the last three months, times four."""
    s = w.settings[0]
    return s.salary * exp(w.reps[r].grade * log(1.0 + s.promotion_raise)) + yearly_commission(w, r, m)


@rule
def quit_rate(w: Tables, r: int, m: int, t: float) -> float:
    """Return the rate per year at which rep `r` quits."""
    s = w.settings[0]
    off = min(abs(w.reps[r].attainment - 1.0) / _WIDTH, 2.0)
    rate = s.turnover * exp(-s.turnover_attainment * off * off)
    if s.turnover_pay > 0.0 and s.outside_pay > 0.0:
        outside = s.outside_pay * exp(s.outside_talent * w.reps[r].talent)
        ratio = min(max(yearly_pay(w, r, m) / outside, 0.25), 4.0)
        rate *= exp(-s.turnover_pay * log(ratio))
    g = w.reps[r].group
    left = w.groups[g].left + w.groups[g].left_before + w.groups[g].left_long_ago
    if w.groups[g].members > 0:
        rate *= 1.0 + s.turnover_peers * left / w.groups[g].members
    rate *= 1.0 + s.turnover_tenure * exp(-(t - w.reps[r].since) / _A_YEAR)
    return rate * cohesion_factor(w, g)


@rule
def let_quit(w: Tables, m: int, t: float) -> None:
    """Let a month pass in everybody's hazard; who has reached his threshold resigns."""
    if w.settings[0].turnover <= 0.0:
        return
    days = w.months[m].ends - (w.months[m - 1].ends if m > 0 else 0.0)
    for g in range(w.groups.size):
        w.groups[g].members = 0
    for r in range(w.reps.size):
        w.groups[w.reps[r].group].members += w.reps[r].open
    for r in range(w.reps.size):
        if w.reps[r].present != 0 and w.reps[r].leaving == 0:
            there = min(days, t - w.reps[r].since)
            w.reps[r].hazard += quit_rate(w, r, m, t) * there / _A_YEAR
    for r in range(w.reps.size):
        if w.reps[r].present != 0 and w.reps[r].leaving == 0 and w.reps[r].hazard >= w.reps[r].threshold:
            resign(w, r, QUIT_JOB, t)


@rule
def forget_exits(w: Tables) -> None:
    """Let a month pass in what groups remember of who left: three months."""
    for g in range(w.groups.size):
        w.groups[g].left_long_ago = w.groups[g].left_before
        w.groups[g].left_before = w.groups[g].left
        w.groups[g].left = 0
