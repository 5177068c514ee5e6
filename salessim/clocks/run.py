"""What happened in one run: its world at the end, as tables, measures and totals."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from salessim.world.tables import WON
from salessim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["Run"]


class Run:
    """A finished run.

    Attributes
    ----------
    market, plan : Market, Plan
    months : int
    world : World
        The tables as they were at the end.
    """

    def __init__(self, market: Market, plan: Plan, months: int, world: World) -> None:
        self.market = market
        self.plan = plan
        self.months = months
        self.world = world

    def __repr__(self) -> str:
        return f"Run({self.plan.name}: {self.plan.structure}, {self.months} months, revenue {self.revenue:,.0f})"

    @property
    def revenue(self) -> float:
        """Value of the deals won."""
        deals = self.world.used("deals")
        return float(deals["value"][deals["state"] == WON].sum())

    @property
    def events(self) -> int:
        """Number of model events."""
        return int(self.world["counts"]["events"][0])

    def frame(self, name: str) -> pd.DataFrame:
        """Return one table (``deals``, ``steps``, ``reps``, ``relations`` …) as a data frame."""
        return self.world.frame(name)

    def to_crm(self, crm: str, folder: str | Path, **options: Any) -> Path:
        """Write the run as people recorded it, in the format of a CRM; options: `salessim.record.write_crm`."""
        from salessim.record import write_crm

        return write_crm(self, crm, folder, **options)

    def by_month(self) -> np.ndarray:
        """Return the revenue of each month of the run, shape (months,)."""
        deals = self.world.used("deals")
        won = deals[deals["state"] == WON]
        month = np.searchsorted(self.world["months"]["ends"], won["closed"], side="right")
        return np.bincount(month, weights=won["value"], minlength=self.months)[: self.months]
