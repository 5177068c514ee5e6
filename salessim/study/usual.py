"""What a rep usually sells in a year: the measure that ready-made pay plans are cut to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from salessim.study.replay import Replay

if TYPE_CHECKING:
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["usual_sales"]

_MONTHS, _YEAR = 24, 12
_FUTURES, _SEED = 2, 20_261_124
_LEAST = 1_000.0  # a firm that sells nothing has no quota either, but a pay plan needs one


def usual_sales(market: Market, plan: Plan) -> float:
    """Return what a rep of a plan sells in the second year of a run without variable pay, to two digits.

    In the first year pipelines fill, so it says less.

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> 5e5 < usual_sales(*preset("small")) < 5e6
    True
    """
    replay = Replay(market, plan.but(pay=None, changes=()), _MONTHS, _SEED)
    years = [float(run.by_month()[-_YEAR:].sum()) for run in map(replay.run, range(_FUTURES)) if run is not None]
    usual = max(float(np.mean(years)) / plan.headcount, _LEAST)
    size = 10.0 ** (math.floor(math.log10(usual)) - 1)
    return round(usual / size) * size
