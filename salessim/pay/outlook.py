"""What a plan would have paid last year, and what it might pay next year.

The replay is the plan's statement on last year's events. Next year is drawn from the same events by a Poisson
bootstrap: every deal of last year happens N times, N Poisson with mean 1 (times growth), independently, on the same day
of the year and with the same amounts. Each rep's sales are then compound Poisson with the rep's own deals: number and
size of deals vary, customers and behaviour do not. What people do *because of* the plan is `salessim.pay.programme`'s.

Draws are a function of (seed, replication, deal): a deal more or less leaves the luck of the others as it was.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from salessim.errors import explain
from salessim.model.pay import Pay, PayError
from salessim.pay.curve import payouts
from salessim.pay.events import checked_events
from salessim.pay.groups import People, component_groups, member_weights
from salessim.pay.quotas import largest_remainder, to_cents
from salessim.pay.statement import Statement, make_statement
from salessim.world.compiled import rule
from salessim.world.numbers import exp
from salessim.world.random import PURCHASE, identities, key, seed_key, uniform

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["PayOutlook", "pay_outlook"]


@dataclass(frozen=True)
class PayOutlook:
    """What a plan would have paid, and what it might pay.

    Attributes
    ----------
    replay : Statement
        Last year under this plan.
    per_rep : DataFrame
        By rep, cents: last_year (salary, components, SPIFFs), mean, p50, p95 of next year.
    total : (replications,) int64
        Cents of the whole plan in each drawn year, ascending.
    """

    replay: Statement
    per_rep: pd.DataFrame
    total: NDArray[np.int64]

    def percentile(self, share: float) -> int:
        """Return a percentile of total pay, cents: the smallest drawn year that `share` of all do not exceed."""
        return int(self.total[max(int(np.ceil(share * len(self.total))) - 1, 0)])

    def at_risk(self, budget: float, share: float = 0.95) -> float:
        """Return payout at risk, money: a high percentile of total pay less the budget, 0 where it is within.

        Salaries, components and SPIFFs; see `pay_outlook` for what is left out.
        """
        return max(self.percentile(share) / 100.0 - budget, 0.0)


@rule
def _times(deals: NDArray[np.uint64], world: np.uint64, mean: float, found: NDArray[np.float64]) -> None:
    """Fill how often each deal happens: Poisson by inversion."""
    start = exp(-mean)
    for i in range(len(deals)):
        u = uniform(key(world, deals[i]), PURCHASE, 0)
        n, p = 0, start
        total = p
        while u > total and n < 1000:
            n += 1
            p *= mean / n
            total += p
        found[i] = n


def pay_outlook(
    pay: Pay,
    events: pd.DataFrame,
    start: dt.date,
    *,
    reps: Sequence[str] | None = None,
    people: People | None = None,
    quotas: Mapping[str, Mapping[str, ArrayLike]] | None = None,
    market_size: float | None = None,
    replications: int = 1000,
    seed: int = 1,
    growth: float = 0.0,
) -> PayOutlook:
    """Replay last year under a plan, and draw next year.

    Next year has salaries, components and SPIFFs. Contests, clawback, guarantees and draws are left out of it: a purse
    is what it is, and the others move money between months or depend on what happens to a deal later.

    Parameters
    ----------
    pay, events, start, reps, people, quotas, market_size
        As in `salessim.pay.statement.make_statement`; twelve months from `start` are replayed.
    replications : int
        Years drawn, 20 or more.
    seed : int
    growth : float
        Expected change of the number of deals, -1 or more (0.1 is ten percent more).

    Raises
    ------
    PayError
        Too few replications.
    """
    import pandas as pd

    if replications < 20 or not growth >= -1.0:
        raise PayError(
            explain("a 95th percentile takes 20 years or more, growth -1 or more", where="replications, growth",
                    value=(replications, growth))
        )  # fmt: skip
    who = People() if people is None else people
    table = checked_events(events)
    settings = {"reps": reps, "people": who, "quotas": quotas, "market_size": market_size}
    replay = make_statement(pay, table, start, **settings)  # type: ignore[arg-type]
    lines = replay.lines
    names = sorted(lines["rep"].unique())
    number = {name: i for i, name in enumerate(names)}
    fixed = np.zeros(len(names), dtype=np.int64)
    salaries = lines[lines["kind"] == "salary"].groupby("rep")["cents"].sum()
    fixed[[number[name] for name in salaries.index]] = salaries.to_numpy()
    times = _drawn(table, replications, seed, 1.0 + growth)
    paid = np.tile(fixed, (replications, 1))
    members = sorted(set(table["rep"]) | set(reps or ()))
    for part, managed in [(c, False) for c in pay.components] + [(c, True) for c in pay.manager_components]:
        groups = component_groups(pay, part, table, start, 12, members, who, quotas, market_size, managed)
        if not len(groups.rows):
            continue
        count = len(groups.payee)
        cents = np.empty((replications, count), dtype=np.int64)
        for r in range(replications):
            credit = np.bincount(groups.group, times[r, groups.rows] * groups.credit, minlength=count)
            cents[r] = to_cents(payouts(groups.curves, np.arange(count), credit / groups.unit))
        for g, payee in enumerate(groups.payee):
            if part.counts == "own" or managed:
                paid[:, number[payee]] += cents[:, g]
                continue
            team = who.members(payee, members, int(groups.first[g]), int(groups.month[g]))
            columns = [number[name] for name in team]
            paid[:, columns] += largest_remainder(cents[:, g], member_weights(part, team, who))
    spiffs = lines[lines["kind"] == "spiff"]
    if len(spiffs):
        row_of = {deal: i for i, deal in reversed(list(enumerate(table["deal"])))}
        at = np.array([row_of[deal] for deal in spiffs["deal"]])
        for name, i, cents in zip(spiffs["rep"], at, spiffs["cents"], strict=True):
            paid[:, number[name]] += (times[:, i] * cents).astype(np.int64)
    last = lines[lines["kind"].isin(["salary", "component", "spiff"])].groupby("rep")["cents"].sum()
    per_rep = pd.DataFrame(
        {
            "last_year": last.reindex(names, fill_value=0).to_numpy(),
            "mean": paid.mean(axis=0),
            "p50": np.percentile(paid, 50, axis=0, method="inverted_cdf"),
            "p95": np.percentile(paid, 95, axis=0, method="inverted_cdf"),
        },
        index=pd.Index(names, name="rep"),
    )
    return PayOutlook(replay, per_rep, np.sort(paid.sum(axis=1)))


def _drawn(table: pd.DataFrame, replications: int, seed: int, mean: float) -> NDArray[np.float64]:
    """Return how often each row's deal happens in each drawn year; all rows of a deal share its luck."""
    ids = [str(deal) for deal in table["deal"]]
    deals = identities([["pay outlook"] * len(ids), ids])
    found = np.zeros((replications, len(ids)))
    for r in range(replications):
        _times(deals, seed_key(seed, r), mean, found[r])
    return found
