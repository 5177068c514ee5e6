"""Which customers a reorganisation puts at risk: those who get another rep, what they are worth, what is lost of trust.

Sales to a customer whose rep is replaced fall by about 13 to 18 % (Shi, Sridhar, Grewal & Lilien 2017); so the list of
the biggest accounts that change hands is what a sales manager reads before the change is announced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from salessim.errors import StudyError, explain
from salessim.study.replay import Replay
from salessim.words import label
from salessim.world.tables import COMING, REORGANISED, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run
    from salessim.model.market import Market
    from salessim.model.plan import Plan

__all__ = ["customers_at_risk"]

Floats = NDArray[np.float64]
_YEAR = 365.0
_TERMS = {
    "account": "column.account", "segment": "column.segment", "region": "column.region",
    "value_a_year": "study.value_a_year", "value_error": "study.value_error",
    "old_owner": "study.old_owner", "new_owner": "study.new_owner",
    "relationship_before": "study.relationship_before", "relationship_after": "study.relationship_after",
    "open_pipeline": "study.open_pipeline", "share_of_futures": "study.share_of_futures",
}  # fmt: skip
"""What each column is called in the words."""


def customers_at_risk(
    market: Market,
    plan: Plan,
    *,
    months: int = 24,
    replications: int = 12,
    seed: int = 1,
    language: str | None = None,
) -> pd.DataFrame:
    """List the accounts that change hands because the plan changes, those worth most first.

    Accounts that change hands because a rep left are not in the list: they would do so without the change as well.

    Parameters
    ----------
    market : Market
    plan : Plan
        With a change at month 1 or later, or on a trigger.
    months : int
        Length of the run.
    replications : int
        Futures over which amounts and relationships are averaged; 2 or more.
    seed : int
        As in `compare`: the same seed is the same futures.
    language : {"en", "zh"}, optional
        Head the columns with their labels in this language; without it with the names below.

    Returns
    -------
    DataFrame
        One row per account: `account`, `segment`, `region`; `value_a_year` (revenue it brings a year while nothing
        changes) and `value_error` (standard error of that mean); `old_owner` and `new_owner` (seats; several where
        products part ways); `relationship_before` and `relationship_after` (0-1, at the moment of the handover, mean
        over the products that move); `open_pipeline` (value of the open deals for these products at that moment);
        `share_of_futures` in which it changes hands (below 1 for a trigger that need not fire).

    Raises
    ------
    StudyError
        For a plan that does not change after the start, or fewer than two replications.

    Examples
    --------
    >>> from salessim.model.change import Change
    >>> from salessim.model.presets import preset
    >>> market, stay = preset("small")
    >>> go = stay.but(changes=(Change(month=2, to={"structure": "customer"}),))
    >>> table = customers_at_risk(market, go, months=6, replications=2)
    >>> list(table.columns[:3]), float(table["share_of_futures"].min())
    (['account', 'segment', 'region'], 1.0)
    """
    import pandas as pd

    if len(plan.phases) < 2:
        raise StudyError(
            explain(
                "this plan hands over no account on the way",
                where="plan.changes",
                value=f"{len(plan.changes)} changes",
                remedy="Give it a change: plan.but(changes=(Change(month=3, to={...}),))",
            )
        )
    if replications < 2:
        raise StudyError(explain("too few replications", where="replications", value=replications, allowed="2 or more"))
    going, staying = Replay(market, plan, months, seed), Replay(market, plan.but(changes=()), months, seed)
    run = _run(going, 0)
    names, accounts = run.world.names, run.world["accounts"]
    years = float(run.world["settings"]["until"][0]) / _YEAR
    won = np.array([_won(_run(staying, n), len(names.accounts)) for n in range(replications)]) / years
    runs = (run, *(_run(going, n) for n in range(1, replications)))
    moves = pd.concat([_moves(one).assign(future=n) for n, one in enumerate(runs)])
    each = moves.groupby(["account", "future"])
    of_future = each[["before", "after"]].mean().join(each["pipeline"].sum())
    rows = of_future.groupby("account").mean()
    at = rows.index.to_numpy(dtype=np.int64)

    def seats(column: str) -> list[str]:
        found = moves.groupby("account")[column].unique()
        return [", ".join(sorted(names.reps[r] for r in found[a])) for a in at]

    table = pd.DataFrame(
        {
            "account": [names.accounts[a] for a in at],
            "segment": [names.segments[g] for g in accounts["segment"][at]],
            "region": [names.regions[g] for g in accounts["region"][at]],
            "value_a_year": won.mean(axis=0)[at],
            "value_error": won.std(axis=0, ddof=1)[at] / np.sqrt(replications),
            "old_owner": seats("old"),
            "new_owner": seats("new"),
            "relationship_before": rows["before"].to_numpy(),
            "relationship_after": rows["after"].to_numpy(),
            "open_pipeline": rows["pipeline"].to_numpy(),
            "share_of_futures": of_future.groupby("account").size().to_numpy() / replications,
        }
    )
    table = table.sort_values(["value_a_year", "account"], ascending=[False, True], ignore_index=True)
    if language is None:
        return table
    return table.rename(columns={column: label(term, language) for column, term in _TERMS.items()})


def _run(replay: Replay, replication: int) -> Run:
    run = replay.run(replication)
    assert run is not None  # nobody stops it
    return run


def _won(run: Run, accounts: int) -> Floats:
    """Return the revenue from each account."""
    deals = run.world.used("deals")
    deals = deals[deals["state"] == WON]
    return np.bincount(deals["account"], weights=deals["value"], minlength=accounts).astype(np.float64)


def _moves(run: Run) -> pd.DataFrame:
    """Return one row per account and product that a change gave to somebody else: from whom, to whom, what was open."""
    import pandas as pd

    world = run.world
    given = world.used("handovers")
    given = given[given["reason"] == REORGANISED]
    deals = world.used("deals")
    deals = deals[deals["state"] != COMING]
    pairs = zip(given["cover"], given["at"], strict=True)
    columns: dict[str, Any] = {
        "account": world["covers"]["account"][given["cover"]], "old": given["before"], "new": given["after"],
        "before": given["level_before"], "after": given["level_after"],
        "pipeline": [_open(deals, int(cover), float(at)) for cover, at in pairs],
    }  # fmt: skip
    return pd.DataFrame(columns)


def _open(deals: NDArray[Any], cover: int, at: float) -> float:
    """Return the value of the deals of a cover that are open at a time."""
    its = deals["cover"] == cover
    ongoing = (deals["created"] <= at) & ((deals["closed"] < 0.0) | (deals["closed"] > at))
    return float(deals["value"][its & ongoing].sum())
