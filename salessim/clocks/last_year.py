"""The year before a run, for quotas that follow from it: what each seat sold, and what it can expect to sell.

A market holds no sales of persons in years past, and under another structure nobody had today's territory. So the year
is a reference run: the same market and plan without pay, at the effort of today, from the same start. Last year's sales
are those of one such year with luck of its own, the same in every replication, so that quotas contain last year's luck
as real ones do; expectations are the mean of several others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.clocks.compiled_clock import run_compiled
from salessim.pay.allocation import LastYear
from salessim.world.build import build_world
from salessim.world.random import seed_key
from salessim.world.tables import WON

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from salessim.model.market import Market
    from salessim.model.plan import Plan
    from salessim.world.alignment import Alignment

__all__ = ["year_before"]

_SEED = 20_251_231
_YEARS = 4
"""Years run: the first is last year, the others make the expectation."""


def year_before(market: Market, plan: Plan, alignment: Alignment) -> LastYear:
    """Return what each seat sold in the year before a run of `plan`, which has no pay plan, and what it expects to.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.world.phases import align_phases
    >>> market, plan = preset("small")
    >>> found = year_before(market, plan, align_phases(market, plan))
    >>> len(found.sold) == plan.headcount and bool((found.expected > 0).all())
    True
    """
    world = build_world(market, plan, 12, alignment=alignment)
    years: list[NDArray[np.float64]] = []
    for year in range(_YEARS):
        twin = world.copy(seed_key(_SEED, year))
        run_compiled(twin)
        deals = twin.used("deals")
        won = deals[deals["state"] == WON]
        sold = np.bincount(won["rep"], weights=won["value"], minlength=len(twin["reps"]))
        years.append(sold.astype(np.float64))
    return LastYear(years[0], np.mean(years[1:], axis=0))
