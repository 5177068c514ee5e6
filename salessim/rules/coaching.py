"""Coaching: managers are people whose time is finite, and what reports and vacancies leave of it they coach."""

from __future__ import annotations

import numpy as np

from salessim.world.compiled import rule
from salessim.world.tables import Tables

__all__ = ["coach", "coached", "coaching_hours"]

_OWN_WORK = 0.25
"""Share of a manager's time that belongs to nobody's team: planning, meetings, own accounts."""


@rule
def coaching_hours(w: Tables, reps: int, vacancies: int) -> float:
    """Return the hours a month that a manager coaches each of `reps` reps, with `vacancies` to fill beside."""
    s = w.settings[0]
    if reps == 0:
        return 0.0
    left = (1.0 - _OWN_WORK) * s.manager_hours - s.leading_hours * reps - s.recruiting_hours * vacancies
    return max(0.0, min(s.coaching_share * s.manager_hours, left)) / reps


@rule
def coached(w: Tables, hours: float) -> float:
    """Return the degree of coaching (0-1) that `hours` a month give, saturating."""
    return hours / (hours + w.settings[0].coaching_half)


@rule
def coach(w: Tables) -> None:
    """Share out the managers' time for the month to come."""
    teams = np.zeros((w.managers.size, 2), np.int64)
    for r in range(w.reps.size):
        if w.reps[r].open != 0:
            teams[w.reps[r].manager, 0 if w.reps[r].present != 0 else 1] += 1
    for m in range(w.managers.size):
        w.managers[m].reps = teams[m, 0]
        w.managers[m].vacancies = teams[m, 1]
    for r in range(w.reps.size):
        m = w.reps[r].manager
        w.reps[r].coached = coached(w, coaching_hours(w, w.managers[m].reps, w.managers[m].vacancies))
