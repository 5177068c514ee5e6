"""The phases of a plan: the settings and the alignment that hold from each change on, and the steps in between."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import ModelError, explain, nearest
from salessim.model.change import Change
from salessim.world.alignment import Alignment, align
from salessim.world.frontier import most_profitable_incumbency

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Phase", "Wave", "align_phases", "phases_of", "seats_of", "waves_of"]

_INCUMBENCY = {"incumbent": 1.0, "best match": 1.0, "balance": 0.0}


@dataclass(frozen=True)
class Phase:
    """What holds from one change on.

    Attributes
    ----------
    plan : Plan
        The settings that hold, without changes to come.
    alignment : Alignment
        Who serves whom.
    seat : (n_reps of the alignment,) int array
        The seat of each rep of the alignment, among all seats that the plan ever has.
    change : Change or None
        What leads to it; None for the start.
    """

    plan: Plan
    alignment: Alignment
    seat: NDArray[np.int64]
    change: Change | None


@dataclass(frozen=True)
class Wave:
    """One step of a change: months after it begins, and the covers that move."""

    after: int
    covers: NDArray[np.int64]


def align_phases(market: Market, plan: Plan) -> Alignment:
    """Return who serves whom at the start, with the alignments of the later phases of the plan in `later`."""
    first = plan.phases[0][0]
    found = [align(market, first)]
    for setting, change in plan.phases[1:]:
        assert change is not None
        before = found[-1]
        if change.keep == "profit":
            keep = most_profitable_incumbency(market, setting, before)
        else:
            keep = _INCUMBENCY[change.keep]
        found.append(align(market, setting.but(incumbency=keep), before=before, by_ties=change.keep == "best match"))
    return replace(found[0], later=tuple(found[1:]))


def seats_of(alignment: Alignment) -> tuple[str, ...]:
    """Return the names of all seats that a plan ever has, sorted."""
    return tuple(sorted({name for one in (alignment, *alignment.later) for name in one.reps}))


def phases_of(plan: Plan, alignment: Alignment) -> list[Phase]:
    """Return the phases of a plan, in the order of its changes."""
    row = {name: i for i, name in enumerate(seats_of(alignment))}
    return [
        Phase(setting, one, np.array([row[name] for name in one.reps], dtype=np.int64), change)
        for (setting, change), one in zip(plan.phases, (alignment, *alignment.later), strict=True)
    ]


def waves_of(market: Market, phase: Phase, before: Phase) -> list[Wave]:
    """Return the waves of the change that leads to a phase: the covers that get another owner, by segment or region.

    Raises
    ------
    ModelError
        If the pilot is no segment or region of the market.
    """
    change = phase.change
    assert change is not None
    owner, was = phase.seat[phase.alignment.owner], before.seat[before.alignment.owner]
    moved = np.flatnonzero((owner != was).ravel())
    if change.waves == "at once":
        return [Wave(0, moved)]
    row = {name: i for i, name in enumerate(market.accounts["account"].astype(str))}
    accounts = market.accounts.where([row[name] for name in phase.alignment.accounts])
    kind = accounts[change.waves].astype(str)
    names = sorted(set(kind))
    if change.pilot:
        if change.pilot not in names:
            raise ModelError(
                explain(
                    f"a pilot must be a {change.waves} of the market",
                    where="change.pilot",
                    value=change.pilot,
                    allowed=", ".join(name or "(none)" for name in names),
                    remedy=nearest(change.pilot, names),
                )
            )
        names.remove(change.pilot)
        names.insert(0, change.pilot)
    waves, after = [], 0
    n_products = owner.shape[1]
    for i, name in enumerate(names):
        waves.append(Wave(after, moved[kind[moved // n_products] == name]))
        after += change.pilot_months if i == 0 and change.pilot else change.wave_months
    return waves
