"""The ledger of a run: every amount once, in cents, with the month, team, product, segment and region it belongs to.

Whatever is added up from it, by any cut, adds up to the cent, because all of it is the same entries in whole cents.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain, nearest
from salessim.world.calendars import month_ends
from salessim.world.tables import REORGANISED, STARTED, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["CUTS", "LINES", "MEMO", "Ledger", "ledger_of"]

LINES = (
    "revenue", "cost_of_goods", "salaries", "commission", "pay_protection", "travel", "hiring", "training", "tools",
    "management", "overhead", "handover",
)  # fmt: skip
"""Lines of the profit and loss account, in its order. Costs are negative; the sum of all lines is the contribution."""
MEMO = ("cash_collected",)
"""Lines beside the account: what was paid of what was won."""
CUTS = ("month", "team", "product", "segment", "region")
_NONE = -1


@dataclass(frozen=True)
class Ledger:
    """Amounts in whole cents, one entry each.

    Attributes
    ----------
    line : int array
        Place in `LINES`, then `MEMO`.
    month, team, product, segment, region : int arrays
        Row numbers; -1 where an amount belongs to none, as overhead belongs to no product.
    cents : int array
    names : dict
        The names behind the numbers, for each of `CUTS`.
    """

    line: NDArray[np.int64]
    month: NDArray[np.int64]
    team: NDArray[np.int64]
    product: NDArray[np.int64]
    segment: NDArray[np.int64]
    region: NDArray[np.int64]
    cents: NDArray[np.int64]
    names: dict[str, tuple[str, ...]]

    def total(self, line: str | None = None) -> float:
        """Return the sum of a line, or (None) of the whole account: the contribution."""
        names = LINES + MEMO
        if line is None:
            return int(self.cents[self.line < len(LINES)].sum()) / 100.0
        if line not in names:
            raise StudyError(explain("there is no such line in the ledger", value=line, remedy=nearest(line, names)))
        return int(self.cents[self.line == names.index(line)].sum()) / 100.0

    def frame(self, *by: str) -> pd.DataFrame:
        """Return the profit and loss account as a table, cut by any of `CUTS`.

        Parameters
        ----------
        *by
            Cuts: ``month``, ``team``, ``product``, ``segment``, ``region``; without one a single column.

        Returns
        -------
        DataFrame
            Lines as rows, then the contribution and the cash collected; one column for each value of the cuts.
            Amounts that belong to none of a cut stand in its column ``—``.

        Raises
        ------
        StudyError
            For a cut that does not exist.
        """
        import pandas as pd

        for cut in by:
            if cut not in CUTS:
                raise StudyError(explain("the ledger has no such cut", value=cut, remedy=nearest(cut, CUTS)))
        table = pd.DataFrame({"line": self.line, "cents": self.cents, **{cut: getattr(self, cut) for cut in by}})
        sums = table.groupby([*by, "line"])["cents"].sum()
        wide = sums.unstack(list(by), fill_value=0) if by else sums.to_frame("total")  # noqa: PD010  keys, not values
        wide = wide.reindex(range(len(LINES + MEMO)), fill_value=0).sort_index(axis=1)
        contribution = wide.iloc[: len(LINES)].sum()
        wide.index = pd.Index([*LINES, *MEMO], name="line")
        wide.loc["contribution"] = contribution
        wide = wide.loc[[*LINES, "contribution", *MEMO]] / 100.0
        if by:
            shown = [self._named(cut, level) for cut, level in zip(by, _levels(wide.columns, len(by)), strict=True)]
            wide.columns = (
                pd.Index(shown[0], name=by[0]) if len(by) == 1 else pd.MultiIndex.from_arrays(shown, names=by)
            )
        return wide

    def _named(self, cut: str, rows: list[int]) -> list[str]:
        names = self.names[cut]
        return [names[row] if row >= 0 else "—" for row in rows]

    def contribution_by_month(self) -> NDArray[np.float64]:
        """Return the contribution of each month, shape (months,): the sum of all lines of the account."""
        n, of_account = len(self.names["month"]), self.line < len(LINES)
        return np.bincount(self.month[of_account], weights=self.cents[of_account], minlength=n) / 100.0

    def against(self, budget: Ledger, *by: str) -> pd.DataFrame:
        """Return budget and actual side by side, and the difference (actual less budget).

        Examples
        --------
        >>> from salessim.clocks.simulate import simulate
        >>> from salessim.model.presets import preset
        >>> market, plan = preset("small")
        >>> run = simulate(market, plan, 3)
        >>> float(ledger_of(run).against(ledger_of(run))["difference"].abs().max())
        0.0
        """
        import pandas as pd

        actual, planned = self.frame(*by), budget.frame(*by)
        planned = planned.reindex(columns=actual.columns.union(planned.columns), fill_value=0.0)
        actual = actual.reindex(columns=planned.columns, fill_value=0.0)
        if not by:
            return pd.DataFrame(
                {
                    "budget": planned["total"],
                    "actual": actual["total"],
                    "difference": actual["total"] - planned["total"],
                }
            )
        return pd.concat({"budget": planned, "actual": actual, "difference": actual - planned}, axis=1)


def _levels(columns: pd.Index, count: int) -> list[list[int]]:
    if count == 1:
        return [[int(x) for x in columns]]
    return [[int(x) for x in columns.get_level_values(i)] for i in range(count)]


def _cents(amount: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(amount * 100.0).astype(np.int64)


class _Book:
    def __init__(self) -> None:
        self.rows: list[tuple[NDArray[np.int64], ...]] = []

    def enter(
        self,
        line: str,
        amount: NDArray[np.float64],
        month: NDArray[np.int64],
        team: NDArray[np.int64] | int = _NONE,
        product: NDArray[np.int64] | int = _NONE,
        segment: NDArray[np.int64] | int = _NONE,
        region: NDArray[np.int64] | int = _NONE,
    ) -> None:
        cents = _cents(amount)
        which = np.full(len(cents), (LINES + MEMO).index(line))
        others = [np.broadcast_to(np.asarray(value), cents.shape) for value in (month, team, product, segment, region)]
        keep = cents != 0
        self.rows.append(tuple(np.asarray(column)[keep] for column in (which, *others, cents)))


def ledger_of(run: Run) -> Ledger:
    """Return the ledger of a run.

    Revenue counts in the month in which a deal is won, cash in the month in which it is paid (payments after the end
    of the run do not count). Commission follows the deal or,
    under a pay plan, payday; salaries and tools the days on which a seat was filled;
    travel the kilometres; hiring the first day; managers (their variable pay included) and overhead belong to no team,
    product or customer.

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> ledger = ledger_of(simulate(market, plan, 6))
    >>> by_team = ledger.frame("team", "product")
    >>> round(float(by_team.loc["contribution"].sum()) - ledger.total(), 6)
    0.0
    """
    world, names = run.world, run.world.names
    ends = world["months"]["ends"]
    n_months = len(ends)
    reps, accounts = world["reps"], world["accounts"]
    book = _Book()
    deals = world.used("deals")
    won = deals[deals["state"] == WON]
    month = np.searchsorted(ends, won["closed"], side="right")
    team, product = reps["group"][won["rep"]], won["product"]
    segment, region = accounts["segment"][won["account"]], accounts["region"][won["account"]]
    cut = (team, product, segment, region)
    margin = world["products"]["margin"][product]
    book.enter("revenue", won["value"], month, *cut)
    undiscounted = won["value"] / (1.0 - won["discount"])
    book.enter("cost_of_goods", -undiscounted * (1.0 - margin), month, *cut)
    book.enter("commission", -won["commission"], month, *cut)
    paid = won["paid"] < ends[-1]
    cash = won[paid]
    book.enter("cash_collected", cash["value"], np.searchsorted(ends, cash["paid"], side="right"),
               *(column[paid] for column in cut))  # fmt: skip

    diary = world["diary"]
    of_month, of_team = np.tile(np.arange(n_months), len(reps)), np.repeat(reps["group"], n_months)
    for name, amount in (
        ("salaries", diary["salary"]), ("tools", diary["tools"]), ("training", diary["training_cost"]),
        ("commission", diary["variable"]), ("pay_protection", diary["protection"]),
        ("travel", run.market.money.cost_per_km * diary["km"]),
    ):  # fmt: skip
        book.enter(name, -amount, of_month, of_team)

    careers = world.used("careers")
    hired = careers[careers["kind"] == STARTED]
    book.enter("hiring", np.full(len(hired), -run.plan.management.hiring_cost),
               np.searchsorted(ends, hired["at"], side="right"), reps["group"][hired["rep"]])  # fmt: skip
    months = world["months"]
    for name in ("management", "overhead"):
        book.enter(name, -months[name], np.arange(n_months))
    book.enter("management", -world["led"]["variable"], np.arange(len(world["led"])) % n_months)

    cost = run.market.money.relocation_cost
    who = world.alignment
    moved = np.flatnonzero(((who.before >= 0) & (who.before != who.owner)).any(axis=1))
    book.enter("handover", np.full(len(moved), -cost), np.zeros(len(moved), np.int64), _NONE, _NONE,
               accounts["segment"][moved], accounts["region"][moved])  # fmt: skip
    given = world.used("handovers")
    given = given[given["reason"] == REORGANISED]
    if len(given):
        at = np.searchsorted(ends, given["at"], side="right")
        pairs = np.unique(np.column_stack([world["covers"]["account"][given["cover"]], at]), axis=0)
        book.enter("handover", np.full(len(pairs), -cost), pairs[:, 1], _NONE, _NONE,
                   accounts["segment"][pairs[:, 0]], accounts["region"][pairs[:, 0]])  # fmt: skip

    line, month, *cuts, cents = (np.concatenate(column) for column in zip(*book.rows, strict=True))
    return Ledger(
        line=line,
        month=np.minimum(month, n_months - 1),
        team=cuts[0],
        product=cuts[1],
        segment=cuts[2],
        region=cuts[3],
        cents=cents,
        names={
            "month": month_ends(run.market.start, run.months).labels,
            "team": names.groups,
            "product": names.products,
            "segment": names.segments,
            "region": tuple(name or "—" for name in names.regions),
        },
    )
