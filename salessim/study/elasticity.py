"""How much more selling time sells: measured from the simulation, not set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from salessim.measures import MEASURES, measure
from salessim.study.replay import Replay

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Elasticity", "effort_elasticity"]


class Elasticity(NamedTuple):
    """An elasticity and its standard error over replications."""

    value: float
    standard_error: float


def effort_elasticity(
    market: Market,
    plan: Plan,
    *,
    factors: Sequence[float] = (0.8, 0.9, 1.0, 1.1, 1.2),
    months: int = 24,
    replications: int = 8,
    seed: int = 1,
    measure_name: str = "revenue",
) -> Elasticity:
    """Measure the elasticity of revenue to selling time by log-log regression over effort levels.

    Every replication is regressed on its own (the same future at every level), so luck drops out of the slope.

    Parameters
    ----------
    factors : sequence of float
        Multiples of the plan's selling time; levels above a whole working day are cut to it.
    replications : int

    Returns
    -------
    Elasticity

    Notes
    -----
    Published: 0.1 to 0.6, mean 0.34, corrected for bias 0.31 (Albers, Mantrala & Sridhar 2010).

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> -1 < effort_elasticity(market, plan, months=3, replications=2, factors=(0.8, 1.2)).value < 2
    True
    """
    place = [entry.name for entry in MEASURES].index(measure(measure_name).name)
    levels = np.unique(np.minimum(np.array(factors) * plan.selling_time, 1.0))
    values = np.empty((replications, len(levels)))
    for j, level in enumerate(levels):
        replay = Replay(market, plan.but(selling_time=float(level)), months, seed)
        for n in range(replications):
            outcome = replay.outcome(n)
            values[n, j] = outcome.measures[place] if outcome is not None else np.nan
    x = np.log(levels) - np.log(levels).mean()
    slopes = (np.log(np.maximum(values, 1e-300)) @ x) / (x @ x)
    error = float(slopes.std(ddof=1) / np.sqrt(replications)) if replications > 1 else float("nan")
    return Elasticity(float(slopes.mean()), error)
