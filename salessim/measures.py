"""The measures: each with one name, one unit, one formula and one direction, in one table."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from salessim.errors import StudyError, explain, nearest
from salessim.ledger import Ledger, ledger_of
from salessim.world.tables import DISMISSED, DISQUALIFIED, EXPIRED, LOST, NO_DECISION, QUIT_JOB, STARTED, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["MEASURES", "Books", "Measure", "measure", "measures_frame", "measures_of"]


class Books:
    """A run as the measures read it, with its ledger, which is made when first asked for."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.world = run.world

    @functools.cached_property
    def ledger(self) -> Ledger:
        """Every amount of the run, in whole cents."""
        return ledger_of(self.run)


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
        From the `Books` of a run to a number; NaN where it does not exist (a win rate without decided deals).
    """

    name: str
    unit: str
    better: Literal["up", "down", "neither"]
    formula: str
    compute: Callable[[Books], float]


def _ratio(above: float, below: float) -> float:
    return above / below if below else float("nan")


def _ended(books: Books, *states: int) -> int:
    return int(np.isin(books.world.used("deals")["state"], states).sum())


def _diary(books: Books, *columns: str) -> float:
    return float(sum(books.world["diary"][column].sum() for column in columns))


def _selling_expense(books: Books) -> float:
    ledger = books.ledger
    return ledger.total("revenue") + ledger.total("cost_of_goods") - ledger.total()


def _selling_hours(books: Books) -> float:
    """Selling hours of everybody's calendar while the seats were filled."""
    return _diary(books, "present_hours")


def _years(books: Books) -> float:
    return float(books.world["settings"]["until"][0]) / 365.0


def _headcount(books: Books) -> float:
    """Mean number of filled seats."""
    return _diary(books, "present_days") / float(books.world["settings"]["until"][0])


def _left(books: Books, *kinds: int) -> int:
    return int(np.isin(books.world.used("careers")["kind"], kinds).sum())


def _at_risk(books: Books) -> float:
    """Accounts that change hands in a reorganisation or because their rep left."""
    given = books.world.used("handovers")
    accounts = books.world["covers"]["account"][given["cover"]]
    start = books.world.alignment
    moved = ((start.before >= 0) & (start.before != start.owner)).any(axis=1)
    moved[accounts] = True
    return float(moved.sum())


def _sales_cycle(books: Books) -> float:
    deals = books.world.used("deals")
    won = deals[(deals["state"] == WON)]
    return float((won["closed"] - won["created"]).mean()) if len(won) else float("nan")


def _balance(books: Books) -> float:
    work = books.world.alignment.work
    return float((np.abs(100.0 * work / work.mean() - 100.0) <= 15.0).mean()) if work.mean() > 0 else float("nan")


MEASURES: tuple[Measure, ...] = (
    Measure("revenue", "currency", "up", "sum(value of won deals)", lambda books: books.run.revenue),
    Measure(
        "contribution", "currency", "up", "sum(value * margin of won deals) - selling_expense",
        lambda books: books.ledger.total(),
    ),
    Measure(
        "selling_expense", "currency", "down",
        "salaries + commission + pay_protection + travel + hiring + training + tools + management + overhead "
        "+ handover",
        _selling_expense,
    ),
    Measure(
        "selling_expense_ratio", "share", "down", "selling_expense / revenue",
        lambda books: _ratio(_selling_expense(books), books.run.revenue),
    ),
    Measure(
        "win_rate", "share", "up", "won / (won + lost)",
        lambda books: _ratio(_ended(books, WON), _ended(books, WON, LOST)),
    ),
    Measure(
        "win_rate_all", "share", "up", "won / (won + lost + no_decision + disqualified + expired)",
        lambda books: _ratio(_ended(books, WON), _ended(books, WON, LOST, NO_DECISION, DISQUALIFIED, EXPIRED)),
    ),
    Measure("sales_cycle", "days", "down", "mean(closed - created of won deals)", _sales_cycle),
    Measure("leads", "count", "up", "number of opportunities, those open at the start included",
            lambda books: float(len(books.world.used("deals")))),
    Measure("deals_won", "count", "up", "number of won deals", lambda books: float(_ended(books, WON))),
    Measure("leads_expired", "count", "down", "number of opportunities nobody worked on in time",
            lambda books: float(_ended(books, EXPIRED))),
    Measure(
        "travel_share", "share", "down", "travel_hours / selling_hours",
        lambda books: _ratio(_diary(books, "travel_hours"), _selling_hours(books)),
    ),
    Measure(
        "utilisation", "share", "neither", "(travel_hours + deal_hours + call_hours + training_hours) / selling_hours",
        lambda books: _ratio(
            _diary(books, "travel_hours", "deal_hours", "call_hours", "training_hours"), _selling_hours(books)
        ),
    ),
    Measure("calls", "count", "up", "number of customer calls", lambda books: _diary(books, "calls")),
    Measure(
        "customers_per_rep", "count", "neither", "mean over reps of the accounts a rep covers",
        lambda books: _ratio(float((books.world.used("relations")["covers"] > 0).sum()), _headcount(books)),
    ),
    Measure("reps_per_customer", "count", "down", "mean over accounts of the reps who cover it",
            lambda books: float(books.world["accounts"]["reps"].mean())),
    Measure(
        "territory_balance", "share", "up", "share of reps with a workload within 15 percent of the mean", _balance,
    ),
    Measure(
        "accounts_moved", "count", "down", "accounts with a product that changes its rep at the start",
        lambda books: float(books.world.alignment.moved),
    ),
    Measure("cash_collected", "currency", "up", "sum(value of won deals that are paid by the end)",
            lambda books: books.ledger.total("cash_collected")),
    Measure("turnover", "share", "down", "(quit + dismissed) / (mean filled seats * years)",
            lambda books: _ratio(_left(books, QUIT_JOB, DISMISSED), _headcount(books) * _years(books))),
    Measure("hires", "count", "neither", "number of reps who start", lambda books: float(_left(books, STARTED))),
    Measure("headcount", "count", "up", "mean number of filled seats", _headcount),
    Measure("training_hours", "hours", "neither", "selling hours spent in training",
            lambda books: _diary(books, "training_hours")),
    Measure("customers_at_risk", "count", "down", "accounts that change hands in the run, its start included",
            _at_risk),
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


def measures_of(run: Run | Books) -> dict[str, float]:
    """Compute every measure of a run."""
    books = run if isinstance(run, Books) else Books(run)
    return {entry.name: float(entry.compute(books)) for entry in MEASURES}


def measures_frame() -> pd.DataFrame:
    """Return the table of measures: name, unit, direction, formula."""
    import pandas as pd

    columns = ["name", "unit", "better", "formula"]
    return pd.DataFrame([[getattr(entry, column) for column in columns] for entry in MEASURES], columns=columns)
