r"""Zombies: deals that stop and are never closed, which no one age tells from slow ones, but whose reps do.

A share of the deals of each rep that enter a stage never leave it, whatever their age. Of a deal that has stayed in its
stage for its time at risk, the chance that it lives falls with the hazards it has survived there (a mixture cure model:
Boag 1949; Farewell 1982), fitted by expectation-maximisation around the hazards:

.. math:: P(\text{lives} \mid \text{still there}) = \frac{(1-\pi_r)\,S}{\pi_r + (1-\pi_r)\,S},\quad
          S = \exp\Bigl(-\int \lambda_{moved} + \lambda_{won} + \lambda_{lost}\Bigr)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from salessim.forecast.hazards import Hazards, Weeks, fit_hazards, person_weeks
from salessim.forecast.pipeline_snapshot import Snapshot
from salessim.forecast.steps import Numbers, Vector

__all__ = ["Living", "fit_living"]

_ROUNDS, _ENOUGH = 25, 1e-3  # at most, and the change of a share at which they stop
_WORTH = 5.0  # deals of a rep that the share of all reps counts as much as
_WEEK = 7.0


@dataclass(frozen=True, eq=False)
class Living:
    """Hazards of deals that live, and which do.

    Attributes
    ----------
    hazards : Hazards
    share : (reps,) float64
        Share of the deals of each rep that go on, of those that enter a stage.
    overall : float
        The same of all reps.
    lives : (deals,) float64
        Chance that each deal of the snapshot has not stopped; 1 of a closed one. Deals older than the cut of the
        hazards have 1: their hazard is that of the stale as a whole.
    """

    hazards: Hazards
    share: Vector
    overall: float
    lives: Vector

    def of(self, rep: Numbers) -> Vector:
        """Share of deals that go on of each rep; −1: of one never seen."""
        return np.append(self.share, self.overall)[rep]


def fit_living(snapshot: Snapshot) -> Living:
    """Fit hazards and each rep's share of zombies to a snapshot.

    Parameters
    ----------
    snapshot : Snapshot
    """
    weeks = person_weeks(snapshot)
    days = weeks.days
    assert days is not None  # person_weeks always keeps them
    deals, spells = snapshot.deals, snapshot.spells
    deal = spells["deal"].to_numpy(dtype=np.int64)
    place = {name: number for number, name in enumerate(weeks.reps)}
    rep: Numbers = np.asarray(deals["rep"].map(place), dtype=np.int64)[deal]
    still = (spells["to"] == "").to_numpy()
    age = (snapshot.end - 1.0 - np.floor(deals["created"].to_numpy()[deal])) // _WEEK
    stale = still & (age >= weeks.cut)
    seen = np.bincount(days.spell, days.spent, minlength=len(spells)) > 0
    young = weeks.age < weeks.cut
    hazards = fit_hazards(weeks)
    # Begin with all young deals living: what the hazards cannot explain then shows in the old ones.
    dead = stale.astype(float)
    share, overall = _shares(dead, rep, seen, len(weeks.reps))
    for _ in range(_ROUNDS):
        rate = hazards.leaving(weeks) * young
        survived = np.exp(-np.bincount(days.spell, days.spent * rate[days.cell], minlength=len(spells)))
        alive = share[rep] * survived / (1.0 - share[rep] + share[rep] * survived)
        dead = np.where(stale, 1.0, np.where(still, 1.0 - alive, 0.0))
        before = share
        share, overall = _shares(dead, rep, seen, len(weeks.reps))
        hazards = fit_hazards(_living(weeks, dead), hazards)
        if np.abs(share - before).max() < _ENOUGH:
            break
    lives = np.ones(len(deals))
    lives[deal[still]] = np.where(stale[still], 1.0, 1.0 - dead[still])
    return Living(hazards, share, overall, lives)


def _living(weeks: Weeks, dead: Vector) -> Weeks:
    """The time at risk: that of the stale, and of the others as far as they live."""
    days = weeks.days
    assert days is not None
    lived = days.spent * (1.0 - dead[days.spell])
    living = np.bincount(days.cell, lived, minlength=len(weeks.weeks))
    return replace(weeks, living=np.where(weeks.age < weeks.cut, living, weeks.weeks))


def _shares(dead: Vector, rep: Numbers, seen: NDArray[np.bool_], reps: int) -> tuple[Vector, float]:
    """Share of each rep's deals that go on, shrunken to that of all."""
    n = np.bincount(rep[seen], minlength=reps)
    overall = float(dead[seen].sum() / max(seen.sum(), 1))
    found = (np.bincount(rep[seen], dead[seen], minlength=reps) + _WORTH * overall) / (n + _WORTH)
    return np.asarray(1.0 - found), 1.0 - overall
