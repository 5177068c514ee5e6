"""Appraisal: what is held against whom, feedback, promotion, and the exit rule."""

from __future__ import annotations

import numpy as np

from salessim.rules.staffing import note_career, resign
from salessim.rules.training import improve
from salessim.world.compiled import rule
from salessim.world.tables import DISMISSED, PROMOTED, Tables

__all__ = ["appraise", "judge"]

_MONTHS_LOOKED_AT = 3
_SETTLED_IN = 180.0
_READY = 365.0


@rule
def judge(w: Tables, m: int, t: float) -> None:
    """Set everybody's attainment: what he sold in the last three months against his territory's part of all sales.

    The part of a territory is that of its demand, for the time its seat was filled. Who has just come counts as 1.
    """
    n_months = w.settings[0].n_months
    sold, demand = 0.0, 0.0
    first = max(0, m - _MONTHS_LOOKED_AT + 1)
    length = w.months[m].ends - (w.months[first - 1].ends if first > 0 else 0.0)
    for r in range(w.reps.size):
        w.reps[r].demand = 0.0
    for i in range(w.counts[0].relations):
        if w.relations[i].covers > 0:
            w.reps[w.relations[i].rep].demand += w.relations[i].demand
    for r in range(w.reps.size):
        days = 0.0
        for month in range(first, m + 1):
            days += w.diary[r * n_months + month].present_days
            sold += w.diary[r * n_months + month].sold
        w.reps[r].demand *= days / length
        demand += w.reps[r].demand
    for r in range(w.reps.size):
        w.reps[r].attainment = 1.0
        if w.reps[r].present != 0 and t - w.reps[r].since > _SETTLED_IN and w.reps[r].demand > 0.0 and sold > 0.0:
            own = 0.0
            for month in range(first, m + 1):
                own += w.diary[r * n_months + month].sold
            w.reps[r].attainment = (own / sold) / (w.reps[r].demand / demand)


@rule
def _next_extreme(w: Tables, done: np.ndarray, sign: float) -> int:  # type: ignore[type-arg]
    """Return who has the highest (`sign` 1) or lowest (-1) attainment of those not done; -1: nobody."""
    best = -1
    for r in range(w.reps.size):
        if w.reps[r].present == 0 or w.reps[r].leaving != 0 or done[r] != 0:
            continue
        if best < 0 or sign * w.reps[r].attainment > sign * w.reps[best].attainment:
            best = r
    return best


@rule
def appraise(w: Tables, t: float) -> None:
    """Hold the appraisal: the lowest are dismissed, the highest promoted, all get feedback."""
    s = w.settings[0]
    people = 0
    for r in range(w.reps.size):
        people += 1 if w.reps[r].present != 0 else 0
    done = np.zeros(w.reps.size, np.int64)
    for _ in range(int(s.exit_share * people)):
        r = _next_extreme(w, done, -1.0)
        if r < 0:
            break
        done[r] = 1
        if t - w.reps[r].since > _SETTLED_IN:
            resign(w, r, DISMISSED, t)
    for _ in range(int(s.promotion_share * people)):
        r = _next_extreme(w, done, 1.0)
        if r < 0:
            break
        done[r] = 1
        if t - w.reps[r].since > _READY:
            w.reps[r].grade += 1
            note_career(w, PROMOTED, r, t)
    if s.feedback_gain > 0.0:
        for r in range(w.reps.size):
            if w.reps[r].present != 0:
                improve(w, r, s.feedback_gain, t)
