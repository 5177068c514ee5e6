"""Twin deals: the same opportunity under two plans, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.errors import StudyError, explain
from salessim.world.tables import SOURCES, STATES

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["trace_deal", "twin_deals"]


def twin_deals(left: Run, right: Run) -> pd.DataFrame:
    """Match the opportunities of two runs of the same market and replication by their identity.

    Parameters
    ----------
    left, right : Run
        Runs under two plans.

    Returns
    -------
    DataFrame
        One row per opportunity that appeared in either run: key, account, product, value, and for each side its
        rep, state, date of creation, first touch and close (NaN where it never appeared).

    Examples
    --------
    >>> from salessim.model.presets import preset
    >>> from salessim.clocks.simulate import simulate
    >>> market, plan = preset("small")
    >>> twins = twin_deals(simulate(market, plan, 3), simulate(market, plan.but(structure="product"), 3))
    >>> {"account", "state_left", "state_right"} <= set(twins.columns)
    True
    """
    merged = _deals(left).merge(
        _deals(right), on=["key", "account", "product", "value"], how="outer", suffixes=("_left", "_right")
    )
    return merged.sort_values("value", ascending=False, kind="stable").reset_index(drop=True)


def trace_deal(run: Run, key: int) -> pd.DataFrame:
    """Tell the story of one deal in one run: each stage with its rep, when it was entered, worked on and left, and why.

    Raises
    ------
    StudyError
        If no deal of the run has this key.
    """
    import pandas as pd

    world = run.world
    deals = world.used("deals")
    rows = np.flatnonzero(deals["key"] == np.uint64(key))
    if not len(rows):
        raise StudyError(
            explain("no deal of this run has this key", value=int(key), remedy="Take a key from twin_deals")
        )
    steps = world.used("steps")
    mine = steps[steps["deal"] == rows[0]]
    return pd.DataFrame(
        {
            "stage": [world.names.stages[s] for s in mine["stage"]],
            "rep": [world.names.reps[r] for r in mine["rep"]],
            "entered": np.round(mine["entered"], 2),
            "waited_days": np.where(mine["started"] >= 0, np.round(mine["started"] - mine["entered"], 2), np.nan),
            "hours": np.round(mine["hours"], 2),
            "answered": np.where(mine["left"] >= 0, np.round(mine["left"], 2), np.nan),
            "outcome": [_outcome(int(o)) for o in mine["outcome"]],
        }
    )


def _outcome(code: int) -> str:
    return {-1: "advanced", 0: "in progress"}.get(code, STATES[code] if 0 < code < len(STATES) else "?")


def _deals(run: Run) -> pd.DataFrame:
    import pandas as pd

    world = run.world
    deals = world.used("deals")
    deals = deals[deals["step"] >= 0]
    return pd.DataFrame(
        {
            "key": deals["key"],
            "account": np.array(world.names.accounts, dtype=object)[deals["account"]],
            "product": np.array(world.names.products, dtype=object)[deals["product"]],
            "value": deals["value"],
            "rep": np.array(world.names.reps, dtype=object)[deals["rep"]],
            "state": np.array(STATES, dtype=object)[deals["state"]],
            "source": np.array(SOURCES, dtype=object)[deals["source"]],
            "created": deals["created"],
            "first_touch": np.where(deals["first_touch"] >= 0, deals["first_touch"], np.nan),
            "closed": np.where(deals["closed"] >= 0, deals["closed"], np.nan),
        }
    )
