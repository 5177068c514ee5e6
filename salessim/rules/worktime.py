"""Working time: a rep's hours run only while he is at work, on his own calendar."""

from __future__ import annotations

import math

from salessim.world.compiled import rule
from salessim.world.tables import NEVER, Tables

__all__ = ["at_work", "finish_time", "month_of", "next_opening", "snap", "worked"]


@rule
def snap(w: Tables, length: float) -> float:
    """Round a length in days up to the grid of the run (0: no grid), never to nothing."""
    grid = w.settings[0].grid
    return length if grid <= 0.0 else max(grid, math.ceil(length / grid - 1e-9) * grid)


@rule
def month_of(w: Tables, t: float) -> int:
    """Return the number of the month, counted from the start of the run, in which time `t` lies."""
    m = min(int(t / 30.0), w.settings[0].n_months - 1)
    while m > 0 and w.months[m - 1].ends > t:
        m -= 1
    while m < w.settings[0].n_months - 1 and w.months[m].ends <= t:
        m += 1
    return m


@rule
def worked(w: Tables, r: int, t: float) -> float:
    """Return the working hours of rep `r` from the start of the run to time `t`."""
    s = w.settings[0]
    row = w.reps[r].calendar * (s.n_days + 1)
    day = int(t)
    if day >= s.n_days:
        return w.hours[row + s.n_days].total + (t - s.n_days) * 24.0
    part = (t - day - s.opens) / s.day_length
    part = min(max(part, 0.0), 1.0)
    start = w.hours[row + day].total
    return start + part * (w.hours[row + day + 1].total - start)


@rule
def at_work(w: Tables, r: int, t: float) -> bool:
    """Tell whether rep `r` is at work at time `t`."""
    s = w.settings[0]
    day = int(t)
    if day >= s.n_days:
        return True
    row = w.reps[r].calendar * (s.n_days + 1) + day
    if w.hours[row + 1].total <= w.hours[row].total:
        return False
    # compared as `next_opening` computes it: a rounding error would let a rep sleep through his own opening
    return day + s.opens <= t < day + s.opens + s.day_length


@rule
def next_opening(w: Tables, r: int, t: float, later: bool) -> float:
    """Return when rep `r` next begins work: at or after `t`, or on a later day than that of `t`."""
    s = w.settings[0]
    first = w.reps[r].calendar * (s.n_days + 1)
    day = int(t)
    if later or t > day + s.opens:
        day += 1
    while day < s.n_days:
        if w.hours[first + day + 1].total > w.hours[first + day].total:
            return day + s.opens
        day += 1
    return NEVER


@rule
def finish_time(w: Tables, r: int, start: float, hours: float) -> float:
    """Return when work of `hours` begun at `start` is done, walking the rep's own calendar."""
    s = w.settings[0]
    first = w.reps[r].calendar * (s.n_days + 1)
    target = worked(w, r, start) + hours
    day = int(start)
    while day < s.n_days and w.hours[first + day + 1].total < target:
        day += 1
    if day >= s.n_days:
        return s.n_days + max(target - w.hours[first + s.n_days].total, 0.0) / 24.0
    before = w.hours[first + day].total
    length = w.hours[first + day + 1].total - before
    if length <= 0.0:
        return start
    return max(start, day + s.opens + s.day_length * (target - before) / length)
