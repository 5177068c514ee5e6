"""The record of a run: canonical CRM tables, as people filled them in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.record.habits import RecordingHabits
from salessim.world.random import RECORD, exponential, identity, key, uniform
from salessim.world.tables import AT_START, DISQUALIFIED, EXPIRED, LOST, NO_DECISION, WON

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["Book", "record"]

Floats = NDArray[np.float64]

_SOURCES = ("start", "outbound", "inbound", "inquiry", "cross-sell")  # as people call world.tables.SOURCES
_ENDS = ((WON, "won"), (LOST, "lost"), (NO_DECISION, "no_decision"), (DISQUALIFIED, "disqualified"))
_MOST_PUSHES = 60
# What each draw of a deal decides: ordinals of the stream of the record.
_ZOMBIE, _CLOSE_LATE, _TOO_SOON, _TOO_MUCH, _NO_SOURCE, _NO_REASON, _NO_DATE, _NO_AMOUNT, _STEP_LATE = range(9)


@dataclass(frozen=True, eq=False)
class Book:
    """What a CRM holds of a run.

    Attributes
    ----------
    deals, stage_events, changes, accounts, products, users, activities : DataFrame
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
    as_of: dt.date

    def tables(self) -> dict[str, pd.DataFrame]:
        """The tables by name."""
        names = ("deals", "stage_events", "changes", "accounts", "products", "users", "activities")
        return {name: getattr(self, name) for name in names}

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
        closed = closed + _exponential(keys, _CLOSE_LATE, dials.delay)
    ended = status != "open"
    zombie = ended & (status != "won") & (_uniform(keys, _ZOMBIE) < dials.zombies if dials.zombies else False)
    status[zombie | (ended & (closed > end))] = "open"
    closed[status == "open"] = np.nan
    events = _events(run, number, keys, dials, end, closed)

    true_amount = np.round(deals["value"], 0)
    hoped = true_amount
    if dials.amount_optimism:
        hoped = np.round(true_amount * (1 + 2 * dials.amount_optimism * _uniform(keys, _TOO_MUCH)), 0)
    expected, moves = _expectations(deals["created"], closed, keys, dials, end, lead_time)
    current = _last_stage(events, len(deals), np.clip(deals["stage"], 0, len(stage) - 1))
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
            "created_at": _moments(run, deals["created"]),
            "expected_close": _moments(run, expected).dt.floor("D"),
            "closed_at": _moments(run, closed),
            "source": np.array(_SOURCES, dtype=object)[deals["source"]],
            "lost_reason": pd.Series("not worked on", index=range(len(deals)), dtype="str").where(
                expired & (status != "open")
            ),
        }
    )
    _leave_out(table, keys, dials)
    log = pd.DataFrame(
        {
            "deal_id": ids[events["deal"]],
            "stage": stage[events["stage"]],
            "entered_at": _moments(run, np.asarray(events["entered"], dtype=float)),
            "owner_id": rep[events["rep"]],
        }
    )
    return Book(
        deals=table,
        stage_events=log.sort_values(["deal_id", "entered_at"], kind="stable").reset_index(drop=True),
        changes=_changes(run, moves, hoped, true_amount, ids, status, closed),
        accounts=_accounts(run),
        products=_products(run),
        users=_users(run),
        activities=_activities(run),
        as_of=(pd.Timestamp(run.market.start) + pd.Timedelta(days=end)).date() - dt.timedelta(days=1),
    )


def _uniform(keys: list[int], ordinal: int) -> Floats:
    return np.array([uniform(one, RECORD, ordinal) for one in keys])


def _exponential(keys: list[int], ordinal: int, mean: float) -> Floats:
    return np.array([exponential(one, RECORD, ordinal, mean) for one in keys])


def _moments(run: Run, days: Floats) -> pd.Series:
    import pandas as pd

    since = pd.to_timedelta(np.asarray(days, dtype=float), unit="D")
    return pd.Series(pd.Timestamp(run.market.start) + since).dt.floor("min").astype("datetime64[us]")


def _events(
    run: Run, number: NDArray[np.int64], keys: list[int], dials: RecordingHabits, end: float, closed: Floats
) -> dict[str, NDArray[np.int64] | Floats]:
    """When each stage was entered, as recorded; what would come after the end or the closing is not there."""
    steps = run.world.used("steps")
    steps = steps[number[steps["deal"]] >= 0]
    deal = number[steps["deal"]]
    entered = steps["entered"].astype(float)
    if dials.delay:
        order = np.lexsort((entered, deal))
        deal, entered, steps = deal[order], entered[order], steps[order]
        place = np.arange(len(deal)) - np.searchsorted(deal, deal)
        late = np.array(
            [exponential(keys[d], RECORD, _STEP_LATE + k, dials.delay) for d, k in zip(deal, place, strict=True)]
        )
        recorded = np.where(place == 0, entered, entered + late)  # a deal is created when its first stage is
        for at in range(1, int(place.max(initial=0)) + 1):  # nobody enters a later stage before an earlier one
            rows = np.flatnonzero(place == at)
            recorded[rows] = np.maximum(recorded[rows], recorded[rows - 1])
        limit = np.where(np.isnan(closed), end, np.minimum(closed, end))
        keep = recorded <= limit[deal]
        deal, entered, steps = deal[keep], recorded[keep], steps[keep]
    return {"deal": deal, "stage": steps["stage"], "rep": steps["rep"], "entered": entered}


def _last_stage(
    events: dict[str, NDArray[np.int64] | Floats], count: int, truth: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The stage each deal is in by the record."""
    current = truth.copy()
    order = np.lexsort((events["entered"], events["deal"]))
    current[events["deal"][order].astype(np.int64)] = events["stage"][order].astype(np.int64)
    return current


def _expectations(
    created: Floats, closed: Floats, keys: list[int], dials: RecordingHabits, end: float, lead_time: float
) -> tuple[Floats, list[tuple[NDArray[np.int64], Floats, Floats, Floats]]]:
    """The expected date as it stands at last, and each time it was moved on: deals, moments, before, after."""
    ahead = np.full(len(created), lead_time)
    if dials.close_optimism:
        ahead = lead_time * (1 - np.minimum(2 * dials.close_optimism * _uniform(keys, _TOO_SOON), 0.99))
    expected = created + ahead
    moves = []
    if dials.push:
        until = np.where(np.isnan(closed), end, closed)
        for _ in range(_MOST_PUSHES):
            due = np.flatnonzero(np.floor(expected) + 1 < until)
            if not due.size:
                break
            before = expected[due].copy()
            expected[due] = before + dials.push
            moves.append((due, np.floor(before) + 1, before, expected[due].copy()))
    return expected, moves


def _leave_out(table: pd.DataFrame, keys: list[int], dials: RecordingHabits) -> None:
    if not dials.missing:
        return
    for column, ordinal in (("source", _NO_SOURCE), ("lost_reason", _NO_REASON), ("expected_close", _NO_DATE)):
        table[column] = table[column].mask(_uniform(keys, ordinal) < dials.missing)
    unknown = (_uniform(keys, _NO_AMOUNT) < dials.missing) & (table["status"] == "open").to_numpy()
    table["amount"] = table["amount"].mask(unknown)


def _changes(
    run: Run,
    moves: list[tuple[NDArray[np.int64], Floats, Floats, Floats]],
    hoped: Floats,
    truth: Floats,
    ids: NDArray[np.object_],
    status: NDArray[np.object_],
    closed: Floats,
) -> pd.DataFrame:
    import pandas as pd

    parts = []
    for deals, moments, before, after in moves:
        parts.append(
            pd.DataFrame(
                {
                    "deal_id": ids[deals],
                    "field": "expected_close",
                    "changed_at": _moments(run, moments),
                    "old": _moments(run, before).dt.strftime("%Y-%m-%d"),
                    "new": _moments(run, after).dt.strftime("%Y-%m-%d"),
                }
            )
        )
    won = np.flatnonzero((status == "won") & (hoped != truth))
    if won.size:
        parts.append(
            pd.DataFrame(
                {
                    "deal_id": ids[won],
                    "field": "amount",
                    "changed_at": _moments(run, closed[won]),
                    "old": [f"{value:.15g}" for value in hoped[won]],
                    "new": [f"{value:.15g}" for value in truth[won]],
                }
            )
        )
    if not parts:
        return pd.DataFrame(
            {name: pd.Series(dtype="str") for name in ("deal_id", "field", "old", "new", "user_id")}
        ).assign(changed_at=pd.Series(dtype="datetime64[us]"))
    return pd.concat(parts, ignore_index=True).assign(user_id=None)


def _accounts(run: Run) -> pd.DataFrame:
    import pandas as pd

    accounts, world = run.market.accounts, run.world
    row = {name: i for i, name in enumerate(world.names.accounts)}
    order = [row[name] for name in accounts["account"]]
    owner = world["covers"]["owner"].reshape(-1, len(world.names.products))[order, 0]
    reps = np.array([*world.names.reps, None], dtype=object)
    region = [place or None for place in accounts["region"]]
    return pd.DataFrame(
        {
            "account_id": accounts["account"],
            "name": [
                f"{segment.capitalize()} {name[1:]}"
                for name, segment in zip(accounts["account"], accounts["segment"], strict=True)
            ],
            "segment": accounts["segment"],
            "region": region,
            "place": region,
            "country": None,
            "lat": accounts["lat"],
            "lon": accounts["lon"],
            "is_customer": world["accounts"]["customer"][order] == 1,
            "owner_id": reps[owner],
        }
    )


def _products(run: Run) -> pd.DataFrame:
    import pandas as pd

    products = run.market.products
    return pd.DataFrame(
        {
            "product": products["product"],
            "line": products["product"],
            "list_price": products["price"],
            "unit_cost": np.round(products["price"] * (1 - products["margin"]), 2),
        }
    )


def _users(run: Run) -> pd.DataFrame:
    import pandas as pd

    team = run.plan.team
    return pd.DataFrame(
        {
            "user_id": team["rep"],
            "name": [f"Seller {rep}" for rep in team["rep"]],
            "team": team["group"],
            "region": team["group"],
            "lat": team["lat"],
            "lon": team["lon"],
        }
    )


def _activities(run: Run) -> pd.DataFrame:
    import pandas as pd

    calls, names = run.world.used("calls"), run.world.names
    return pd.DataFrame(
        {
            "activity_id": [f"V{n + 1:05d}" for n in range(len(calls))],
            "type": pd.Series("visit", index=range(len(calls)), dtype="str"),
            "owner_id": np.array(names.reps, dtype=object)[calls["rep"]],
            "account_id": np.array(names.accounts, dtype=object)[calls["account"]],
            "at": _moments(run, calls["at"]),
            "duration_min": np.round(calls["hours"] * 60),
        }
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
        day,
    )
