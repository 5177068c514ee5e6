"""The measures: each with one name, one unit, one formula and one direction, in one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from salessim.errors import StudyError, explain, nearest
from salessim.world.tables import DISQUALIFIED, EXPIRED, LOST, NO_DECISION, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["MEASURES", "Measure", "measure", "measures_frame", "measures_of"]


@dataclass(frozen=True)
class Measure:
    """One measure.

    Attributes
    ----------
    name : str
        Key; its label in each language stands in the words.
    unit : str
        ``currency``, ``share``, ``days``, ``count`` or ``hours``.
    better : {"up", "down", "neither"}
        Which direction is good.
    formula : str
        How it is computed, in the names of the tables and of other measures.
    compute : callable
        From a `Run` to a number; NaN where it does not exist (a win rate without decided deals).
    """

    name: str
    unit: str
    better: Literal["up", "down", "neither"]
    formula: str
    compute: Callable[[Run], float]


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")


def _ended(run: Run, *states: int) -> int:
    return int(np.isin(run.world.used("deals")["state"], states).sum())


def _diary(run: Run, *columns: str) -> float:
    return float(sum(run.world["diary"][column].sum() for column in columns))


def _gross_margin(run: Run) -> float:
    deals = run.world.used("deals")
    won = deals[deals["state"] == WON]
    return float((won["value"] * run.world["products"]["margin"][won["product"]]).sum())


def _selling_expense(run: Run) -> float:
    years = float(run.world["settings"]["until"][0]) / 365.0
    people = run.plan.rep_cost * len(run.world.names.reps) * years
    travel = run.market.money.cost_per_km * _diary(run, "km")
    moving = run.market.money.relocation_cost * run.world.alignment.moved
    return people + travel + moving


def _selling_hours(run: Run) -> float:
    """Selling hours of everybody's calendar from the start to the end of the run."""
    settings = run.world["settings"][0]
    days = int(settings["n_days"]) + 1
    hours = run.world["hours"]["total"].reshape(-1, days)
    last = int(settings["until"])
    return float(hours[run.world["reps"]["calendar"], last].sum())


def _sales_cycle(run: Run) -> float:
    deals = run.world.used("deals")
    won = deals[(deals["state"] == WON)]
    return float((won["closed"] - won["created"]).mean()) if len(won) else float("nan")


def _balance(run: Run) -> float:
    work = run.world.alignment.work
    return float((np.abs(100.0 * work / work.mean() - 100.0) <= 15.0).mean()) if work.mean() > 0 else float("nan")


MEASURES: tuple[Measure, ...] = (
    Measure("revenue", "currency", "up", "sum(value of won deals)", lambda run: run.revenue),
    Measure(
        "contribution", "currency", "up", "sum(value * margin of won deals) - selling_expense",
        lambda run: _gross_margin(run) - _selling_expense(run),
    ),
    Measure(
        "selling_expense", "currency", "down",
        "rep_cost * reps * years + cost_per_km * km + relocation_cost * accounts_moved", _selling_expense,
    ),
    Measure(
        "selling_expense_ratio", "share", "down", "selling_expense / revenue",
        lambda run: _ratio(_selling_expense(run), run.revenue),
    ),
    Measure(
        "win_rate", "share", "up", "won / (won + lost)", lambda run: _ratio(_ended(run, WON), _ended(run, WON, LOST)),
    ),
    Measure(
        "win_rate_all", "share", "up", "won / (won + lost + no_decision + disqualified + expired)",
        lambda run: _ratio(_ended(run, WON), _ended(run, WON, LOST, NO_DECISION, DISQUALIFIED, EXPIRED)),
    ),
    Measure("sales_cycle", "days", "down", "mean(closed - created of won deals)", _sales_cycle),
    Measure("leads", "count", "up", "number of opportunities, those open at the start included",
            lambda run: float(len(run.world.used("deals")))),
    Measure("deals_won", "count", "up", "number of won deals", lambda run: float(_ended(run, WON))),
    Measure("leads_expired", "count", "down", "number of opportunities nobody worked on in time",
            lambda run: float(_ended(run, EXPIRED))),
    Measure(
        "travel_share", "share", "down", "travel_hours / (travel_hours + deal_hours + call_hours + idle_hours)",
        lambda run: _ratio(_diary(run, "travel_hours"), _selling_hours(run)),
    ),
    Measure(
        "utilisation", "share", "neither", "(travel_hours + deal_hours + call_hours) / selling_hours",
        lambda run: _ratio(_diary(run, "travel_hours", "deal_hours", "call_hours"), _selling_hours(run)),
    ),
    Measure("calls", "count", "up", "number of customer calls", lambda run: _diary(run, "calls")),
    Measure(
        "customers_per_rep", "count", "neither", "mean over reps of the accounts a rep covers",
        lambda run: _ratio(float((run.world.used("relations")["covers"] > 0).sum()), len(run.world.names.reps)),
    ),
    Measure("reps_per_customer", "count", "down", "mean over accounts of the reps who cover it",
            lambda run: float(run.world["accounts"]["reps"].mean())),
    Measure(
        "territory_balance", "share", "up", "share of reps with a workload within 15 percent of the mean", _balance,
    ),
    Measure(
        "accounts_moved", "count", "down", "accounts with a product that changes its rep at the start",
        lambda run: float(run.world.alignment.moved),
    ),
)  # fmt: skip

_BY_NAME = {entry.name: entry for entry in MEASURES}


def measure(name: str) -> Measure:
    """Return the measure of this name.

    Raises
    ------
    StudyError
        For a name that does not exist; the nearest is named.
    """
    if name not in _BY_NAME:
        raise StudyError(explain("there is no such measure", value=name, remedy=nearest(name, _BY_NAME)))
    return _BY_NAME[name]


def measures_of(run: Run) -> dict[str, float]:
    """Compute every measure of a run."""
    return {entry.name: float(entry.compute(run)) for entry in MEASURES}


def measures_frame() -> pd.DataFrame:
    """Return the table of measures: name, unit, direction, formula."""
    import pandas as pd

    columns = ["name", "unit", "better", "formula"]
    return pd.DataFrame([[getattr(entry, column) for column in columns] for entry in MEASURES], columns=columns)
