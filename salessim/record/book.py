"""The record of a run: canonical CRM tables, as people filled them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from salessim.record.entries import (
    CLOSE_LATE,
    TOO_MUCH,
    ZOMBIE,
    changes_of,
    entered_stages,
    expectations,
    exponentials,
    last_stage,
    leave_out,
    moments,
    uniforms,
)
from salessim.record.habits import RecordingHabits
from salessim.record.lists import (
    LEAD_CONVERTED,
    LEAD_NEW,
    accounts_of,
    activities_of,
    leads_of,
    products_of,
    quotas_of,
    users_of,
)
from salessim.world.random import identity, key
from salessim.world.tables import AT_START, DISQUALIFIED, EXPIRED, LOST, NO_DECISION, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["Book", "record"]

_SOURCES = ("start", "outbound", "inbound", "inquiry", "cross-sell")  # as people call world.tables.SOURCES
_TABLES = ("deals", "stage_events", "changes", "accounts", "products", "users", "activities", "leads", "quotas")
_ENDS = ((WON, "won"), (LOST, "lost"), (NO_DECISION, "no_decision"), (DISQUALIFIED, "disqualified"))


@dataclass(frozen=True, eq=False)
class Book:
    """What a CRM holds of a run.

    Attributes
    ----------
    deals, stage_events, changes, accounts, products, users, activities, leads, quotas : DataFrame
        Canonical tables (see `salessim.crm.CrmData`), without the columns a CRM only derives.
    as_of : datetime.date
        The last day of the run.
    """

    deals: pd.DataFrame
    stage_events: pd.DataFrame
    changes: pd.DataFrame
    accounts: pd.DataFrame
    products: pd.DataFrame
    users: pd.DataFrame
    activities: pd.DataFrame
    leads: pd.DataFrame
    quotas: pd.DataFrame
    as_of: dt.date

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        return {name: getattr(self, name) for name in _TABLES}

    def at(self, day: dt.date) -> Book:
        """The book as it stood at the end of a day: later entries are not there yet.

        Parameters
        ----------
        day : datetime.date
        """
        return _cut(self, day)

    def __iter__(self) -> Iterator[tuple[str, pd.DataFrame]]:
        yield from self.tables().items()


def record(
    run: Run, habits: RecordingHabits | dict[str, float] | None = None, *, seed: int = 0, lead_time: float = 60.0
) -> Book:
    """Write down a run.

    Deals that were open before the run began are left out, as a CRM introduced on its first day would have it.

    Parameters
    ----------
    run : Run
        For activities it must have been made with ``record_calls=True``.
    habits : RecordingHabits or dict, optional
        Without them everything is recorded as it happens.
    seed : int
        Luck of the recording alone; what happened in the run does not depend on it.
    lead_time : float
        Days after creation at which people expect a deal to close.

    Returns
    -------
    Book

    Examples
    --------
    >>> from salessim.clocks.simulate import simulate
    >>> from salessim.model.presets import preset
    >>> market, plan = preset("small")
    >>> book = record(simulate(market, plan, months=3), {"delay": 2.0, "zombies": 0.1})
    >>> bool((book.stage_events.groupby("deal_id")["entered_at"].diff().dropna().dt.total_seconds() >= 0).all())
    True
    """
    import pandas as pd

    dials = RecordingHabits.of(habits)
    world, names = run.world, run.world.names
    every = world.used("deals")
    chosen = (every["source"] != AT_START) & (every["step"] >= 0)
    deals = every[chosen]
    number = np.full(len(every), -1)
    number[chosen] = np.arange(len(deals))
    ids = np.array([f"D{n + 1:05d}" for n in range(len(deals))], dtype=object)
    account, product, rep, stage = (
        np.array(column, dtype=object) for column in (names.accounts, names.products, names.reps, names.stages)
    )
    keys = [int(key(int(one), identity("record", str(seed)))) for one in deals["key"]]
    end = float(world["settings"]["until"][0])

    status = np.full(len(deals), "open", dtype=object)
    for state, word in _ENDS:
        status[deals["state"] == state] = word
    expired = deals["state"] == EXPIRED
    status[expired] = "disqualified"
    closed = np.where(deals["closed"] >= 0, deals["closed"], np.nan)
    if dials.delay:
        closed = closed + exponentials(keys, CLOSE_LATE, dials.delay)
    ended = status != "open"
    zombie = ended & (status != "won") & (uniforms(keys, ZOMBIE) < dials.zombies if dials.zombies else False)
    status[zombie | (ended & (closed > end))] = "open"
    closed[status == "open"] = np.nan
    events = entered_stages(run, number, keys, dials, end, closed)

    true_amount = np.round(deals["value"], 0)
    hoped = true_amount
    if dials.amount_optimism:
        hoped = np.round(true_amount * (1 + 2 * dials.amount_optimism * uniforms(keys, TOO_MUCH)), 0)
    expected, moves = expectations(deals["created"], closed, keys, dials, end, lead_time)
    current = last_stage(events, len(deals), np.clip(deals["stage"], 0, len(stage) - 1))
    table = pd.DataFrame(
        {
            "deal_id": ids,
            "name": [f"{p} for {a}" for p, a in zip(product[deals["product"]], account[deals["account"]], strict=True)],
            "account_id": account[deals["account"]],
            "product": product[deals["product"]],
            "owner_id": rep[deals["rep"]],
            "stage": stage[current],
            "status": status,
            "amount": np.where(status == "won", true_amount, hoped),
            "currency": run.market.currency,
            "created_at": moments(run, deals["created"]),
            "expected_close": moments(run, expected).dt.floor("D"),
            "closed_at": moments(run, closed),
            "source": np.array(_SOURCES, dtype=object)[deals["source"]],
            "lost_reason": pd.Series("not worked on", index=range(len(deals)), dtype="str").where(
                expired & (status != "open")
            ),
        }
    )
    leave_out(table, keys, dials)
    log = pd.DataFrame(
        {
            "deal_id": ids[events["deal"]],
            "stage": stage[events["stage"]],
            "entered_at": moments(run, np.asarray(events["entered"], dtype=float)),
            "owner_id": rep[events["rep"]],
        }
    )
    return Book(
        deals=table,
        stage_events=log.sort_values(["deal_id", "entered_at"], kind="stable").reset_index(drop=True),
        changes=changes_of(run, moves, hoped, true_amount, ids, status, closed),
        accounts=accounts_of(run),
        products=products_of(run),
        users=users_of(run),
        activities=activities_of(run),
        leads=leads_of(run, deals, table),
        quotas=quotas_of(run),
        as_of=(pd.Timestamp(run.market.start) + pd.Timedelta(days=end)).date() - dt.timedelta(days=1),
    )


def _cut(book: Book, day: dt.date) -> Book:
    import pandas as pd

    after = pd.Timestamp(day) + pd.Timedelta(days=1)
    deals = book.deals[book.deals["created_at"] < after].copy()
    events = book.stage_events[
        book.stage_events["deal_id"].isin(deals["deal_id"]) & (book.stage_events["entered_at"] < after)
    ]
    still_open = ~(deals["closed_at"] < after)
    deals["status"] = deals["status"].mask(still_open, "open")
    deals["lost_reason"] = deals["lost_reason"].mask(still_open)
    deals["closed_at"] = deals["closed_at"].mask(still_open)
    last = events.drop_duplicates("deal_id", keep="last").set_index("deal_id")["stage"]
    deals["stage"] = deals["deal_id"].map(last).fillna(deals["stage"])
    later = book.changes[(book.changes["changed_at"] >= after) & book.changes["deal_id"].isin(deals["deal_id"])]
    for field in ("amount", "expected_close"):
        first = later[later["field"] == field].sort_values("changed_at").drop_duplicates("deal_id")
        before = deals["deal_id"].map(first.set_index("deal_id")["old"])
        known = pd.to_numeric(before) if field == "amount" else pd.to_datetime(before).astype("datetime64[us]")
        deals[field] = known.fillna(deals[field])
    return Book(
        deals.reset_index(drop=True),
        events.reset_index(drop=True),
        book.changes[book.changes["changed_at"] < after].reset_index(drop=True),
        book.accounts,
        book.products,
        book.users,
        book.activities[book.activities["at"] < after].reset_index(drop=True),
        _leads_at(book.leads, after),
        book.quotas.assign(attained=np.nan),  # what was attained by then is not kept
        day,
    )


def _leads_at(leads: pd.DataFrame, after: pd.Timestamp) -> pd.DataFrame:
    found = leads[leads["created_at"] < after].reset_index(drop=True)
    later = (found["status"] == LEAD_CONVERTED) & ~(found["converted_at"] < after)
    return found.assign(
        status=found["status"].mask(later, LEAD_NEW),
        is_converted=found["is_converted"] & ~later,
        converted_at=found["converted_at"].mask(later),
        deal_id=found["deal_id"].mask(later),
    )
