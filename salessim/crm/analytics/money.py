"""Pipeline in money over time: amounts as they stood on a day, and the bridge between two days."""

from __future__ import annotations

import pandas as pd

__all__ = ["amounts_at", "open_at", "waterfall"]

_EXITS = ("won", "lost", "no_decision", "disqualified")


def amounts_at(deals: pd.DataFrame, changes: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Amount of each deal as the record had it at a moment: today's, with later changes taken back.

    A deal without an amount counts as 0.
    """
    later = changes[(changes["field"] == "amount") & (changes["changed_at"] >= day)]
    first = later.sort_values("changed_at", kind="stable").drop_duplicates("deal_id").set_index("deal_id")["old"]
    before = pd.to_numeric(first, errors="coerce").reindex(deals["deal_id"]).to_numpy()
    return pd.Series(before, index=deals.index, dtype="float64").fillna(deals["amount"]).fillna(0.0)


def open_at(deals: pd.DataFrame, day: pd.Timestamp) -> pd.Series:
    """Which deals were open just before a moment: created by then, and not closed by then.

    A date without a clock is the start of its day, so a moment at midnight is the end of the day before.
    """
    created = deals["created_at"] < day
    return created & ((deals["status"] == "open") | (deals["closed_at"] >= day))


def waterfall(deals: pd.DataFrame, changes: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Bridge from the open pipeline at `start` to that at `end`.

    Every step is booked from its own deals, so that the residual is a check and not a plug: it is 0.

    Returns
    -------
    DataFrame
        Index: opening, created, increased, decreased, won, lost, no_decision, disqualified, closing, residual.
        Columns: deals (number), amount (currency).
    """
    dated = deals[deals["created_at"].notna() & ((deals["status"] == "open") | deals["closed_at"].notna())]
    before, after = open_at(dated, start), open_at(dated, end)
    then, now = amounts_at(dated, changes, start), amounts_at(dated, changes, end)
    fresh = ~before & (dated["created_at"] >= start) & (dated["created_at"] < end)
    in_play = before | fresh
    # A new deal enters with the amount it was created with.
    first = changes[changes["field"] == "amount"].sort_values("changed_at", kind="stable").drop_duplicates("deal_id")
    created_with = (
        pd.Series(
            pd.to_numeric(first.set_index("deal_id")["old"], errors="coerce").reindex(dated["deal_id"]).to_numpy(),
            index=dated.index,
            dtype="float64",
        )
        .fillna(dated["amount"])
        .fillna(0.0)
    )
    opening = then.where(before, created_with)
    change = (now - opening).where(in_play, 0.0)
    rows: dict[str, tuple[int, float]] = {
        "opening": (int(before.sum()), float(then[before].sum())),
        "created": (int(fresh.sum()), float(created_with[fresh].sum())),
        "increased": (0, float(change[change > 0].sum())),
        "decreased": (0, float(change[change < 0].sum())),
    }
    gone = in_play & ~after
    for how in _EXITS:
        out = gone & (dated["status"] == how)
        rows[how] = (-int(out.sum()), -float(now[out].sum()))
    rows["closing"] = (int(after.sum()), float(now[after].sum()))
    count = sum(value for name, (value, _) in rows.items() if name != "closing") - rows["closing"][0]
    money = sum(value for name, (_, value) in rows.items() if name != "closing") - rows["closing"][1]
    scale = max(abs(value) for _, value in rows.values()) or 1.0
    rows["residual"] = (count, 0.0 if abs(money) < 1e-9 * scale else money)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["deals", "amount"])
