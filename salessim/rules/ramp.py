"""Who somebody is at work: talent, and the ramp from the first day to full pace."""

from __future__ import annotations

import numpy as np

from salessim.world.compiled import rule
from salessim.world.numbers import exp, log
from salessim.world.random import CANDIDATE_REP, normal
from salessim.world.tables import Tables

__all__ = ["become", "pace_now", "ramp_months", "talent_of"]

_MONTH = 365.0 / 12.0
_LEAST_PACE = 0.1
"""Pace of somebody who makes no effort at all, whatever the share: work that is begun is done one day."""


@rule
def ramp_months(w: Tables, person: int | np.uint64) -> float:
    """Return the months until `person` works at 90 % of full pace: lognormal over people."""
    s = w.settings[0]
    return s.ramp_time * exp(s.ramp_spread * normal(person, CANDIDATE_REP, 0))


@rule
def talent_of(w: Tables, person: int | np.uint64) -> float:
    """Return the talent of `person`, log-odds over the whole funnel: normal over people."""
    return w.settings[0].talent_spread * normal(person, CANDIDATE_REP, 1)


@rule
def become(w: Tables, r: int, person: int | np.uint64, since: float, ramped: bool) -> None:
    """Let `person` take the seat of rep `r`, in the first days or (`ramped`) at full pace."""
    s = w.settings[0]
    w.reps[r].person = person
    w.reps[r].since = since
    w.reps[r].talent = talent_of(w, person)
    w.reps[r].pace_start = s.ramp_start
    w.reps[r].pace_rate = 0.0
    if not ramped and s.ramp_time > 0.0 and s.ramp_start < 0.9:
        w.reps[r].pace_rate = log(10.0 * (1.0 - s.ramp_start)) / (ramp_months(w, person) * _MONTH)


@rule
def pace_now(w: Tables, r: int, t: float) -> float:
    """Return the pace of rep `r` at time `t`, as a share of full pace at the effort of today.

    The ramp is ``1 - (1 - start) exp(-t / tau)``; of the pace a share is in proportion to effort.
    """
    share = w.settings[0].effort_pace
    effort = max(1.0 - share + share * w.reps[r].effort, _LEAST_PACE)
    rate = w.reps[r].pace_rate
    if rate <= 0.0:
        return effort
    return effort * (1.0 - (1.0 - w.reps[r].pace_start) * exp(-rate * (t - w.reps[r].since)))
