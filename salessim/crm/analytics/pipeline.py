"""The open deals: how old they are, how their expected dates hold, how fast the pipeline turns into sales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

__all__ = ["AGE_BANDS", "age_table", "coverage_of", "slippage_of", "velocity_of"]

_DAY = 86_400  # seconds
_AGES = (0, 30, 60, 90, 180, 365, np.inf)
_SLOW = 0.9  # quantile of the closed cycles beyond which an open deal is slow
AGE_BANDS = tuple(f"{low}-{high:.0f}" if high < np.inf else f"{low}+" for low, high in pairwise(_AGES))
"""Ages of open deals, days since creation."""


def _days(late: pd.Series | pd.Timestamp, early: pd.Series) -> pd.Series:
    return (late - early).dt.total_seconds() / _DAY


def age_table(deals: pd.DataFrame, end: pd.Timestamp, order: Sequence[str]) -> pd.DataFrame:
    """Return open deals by stage, those in `order` first, and age; see `Funnel.ageing`."""
    is_open = deals[deals["status"] == "open"]
    age = _days(end, is_open["created_at"])
    closed = deals[deals["status"] != "open"]
    cycles = _days(closed["closed_at"], closed["created_at"]).dropna()
    limit = float(cycles.quantile(_SLOW)) if len(cycles) else np.inf
    band = pd.cut(age, list(_AGES), labels=list(AGE_BANDS), right=False).astype("str").fillna("undated")
    stage = is_open["stage"].fillna("?")
    table = pd.crosstab(stage, band).reindex(columns=[*AGE_BANDS, "undated"], fill_value=0)
    table["slow"] = (age > limit).groupby(stage).sum().reindex(table.index)
    table["amount"] = is_open["amount"].groupby(stage).sum().reindex(table.index)
    known = [name for name in order if name in table.index]
    table = table.loc[[*known, *(name for name in table.index if name not in known)]]
    table.index.name, table.columns.name = "stage", None
    return table


def slippage_of(deals: pd.DataFrame, changes: pd.DataFrame, today: pd.Timestamp) -> pd.Series:
    """Return how expected closing dates hold; see `Funnel.slippage`."""
    moves = changes[changes["field"] == "expected_close"]
    before, after = (pd.to_datetime(moves[name], errors="coerce") for name in ("old", "new"))
    step = _days(after, before)
    later = moves[step > 0]
    is_open = deals[(deals["status"] == "open") & deals["expected_close"].notna()]
    won = deals[(deals["status"] == "won") & deals["expected_close"].notna() & deals["closed_at"].notna()]
    late = _days(won["closed_at"].dt.floor("D"), won["expected_close"].dt.floor("D"))
    pushed = int(later["deal_id"].nunique())
    nothing = float("nan")
    return pd.Series(
        {
            "pushed_of_all": pushed / len(deals) if len(moves) else nothing,
            "pushes_per_pushed_deal": len(later) / pushed if pushed else nothing,
            "mean_push_days": float(step[step > 0].mean()) if pushed else nothing,
            "overdue_of_open": float((is_open["expected_close"] < today).mean()) if len(is_open) else nothing,
            "median_days_late_of_won": float(late.median()) if len(late) else nothing,
        }
    )


def velocity_of(deals: pd.DataFrame, win_rate_of_closed: float) -> pd.Series:
    """Return the sales velocity and its factors; see `Funnel.velocity`."""
    won = deals[deals["status"] == "won"]
    factors = {
        "open_deals": float((deals["status"] == "open").sum()),
        "win_rate_of_closed": win_rate_of_closed,
        "mean_won_amount": float(won["amount"].mean()),
        "mean_won_cycle_days": float(_days(won["closed_at"], won["created_at"]).clip(lower=0).mean()),
    }
    speed = factors["open_deals"] * factors["win_rate_of_closed"] * factors["mean_won_amount"]
    days = factors["mean_won_cycle_days"]
    return pd.Series({**factors, "velocity": speed / days if days > 0 else float("nan")})


def coverage_of(deals: pd.DataFrame, target: float | Mapping[str, float]) -> pd.DataFrame | float:
    """Return open amount over what is still to be sold; see `Funnel.coverage`."""
    is_open = deals[deals["status"] == "open"]
    if not isinstance(target, Mapping):
        return float(is_open["amount"].sum()) / float(target) if target > 0 else float("nan")
    goal = pd.Series({str(name): float(value) for name, value in target.items()})
    amount = is_open.groupby("owner_id")["amount"].sum().reindex(goal.index).fillna(0.0)
    return pd.DataFrame({"open_amount": amount, "target": goal, "coverage": amount / goal.where(goal > 0)})
