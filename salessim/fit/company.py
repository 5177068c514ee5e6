"""Accounts, products and demand from history, with shrinkage for thin cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from salessim.fit.notes import Note
from salessim.fit.places import find_places
from salessim.fit.shrinkage import shrunk_rates
from salessim.model.market import Accounts, Affinity, Products

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.tables import CrmData
    from salessim.fit.history import History

__all__ = ["fit_accounts", "fit_affinity", "fit_products", "fit_season"]

_OTHER = "other"


def fit_accounts(crm: CrmData, history: History) -> tuple[Accounts, list[Note]]:
    """Read the accounts: segment, place, who has bought, and potential from the number of opportunities (shrunken).

    An account that only deals name is added with segment ``other``.
    """
    import pandas as pd

    notes: list[Note] = []
    table = crm.accounts
    named = history.deals.loc[history.deals["known_account"], "account"].astype(str)
    ids = list(
        dict.fromkeys([*(table["account_id"].dropna().astype(str) if table is not None else []), *sorted(set(named))])
    )
    if not ids:
        ids = ["all customers"]
        notes.append(Note("fit no account"))
    rows = (
        table.assign(key=table["account_id"].astype(str)).drop_duplicates("key").set_index("key").reindex(ids)
        if table is not None
        else None
    )

    def column(name: str) -> pd.Series:
        if rows is None or name not in rows:
            return pd.Series([None] * len(ids), index=ids, dtype=object)
        return rows[name]

    segment = column("segment").astype(object).where(column("segment").notna(), _OTHER).astype(str).tolist()
    lat = pd.to_numeric(column("lat"), errors="coerce").to_numpy(dtype=float)
    lon = pd.to_numeric(column("lon"), errors="coerce").to_numpy(dtype=float)
    unknown = ~np.isfinite(lat)
    if unknown.any():
        found = find_places(
            column("place").where(column("place").notna(), None).tolist(),
            column("country").where(column("country").notna(), None).tolist(),
        )
        lat = np.where(unknown, found[:, 0], lat)
        lon = np.where(unknown, found[:, 1], lon)
        missing = int((~np.isfinite(lat)).sum())
        if missing:
            notes.append(Note("fit no place", count=missing, total=len(ids)))
    counts = named.value_counts().reindex(ids).fillna(0.0).to_numpy(dtype=float)
    potential = shrunk_rates(counts, np.full(len(ids), max(counts.mean(), 1e-9)))
    won = set(
        history.deals.loc[(history.deals["status"] == "won") & history.deals["known_account"], "account"].astype(str)
    )
    flagged = column("is_customer")
    customer = [
        account in won or flag is True or flag is np.True_ for account, flag in zip(ids, flagged.tolist(), strict=True)
    ]
    region = column("region").astype(object).where(column("region").notna(), "").astype(str).tolist()
    accounts = Accounts(
        {
            "account": ids,
            "segment": segment,
            "potential": np.round(potential / potential.mean(), 6),
            "customer": customer,
            "lat": np.round(lat, 5),
            "lon": np.round(lon, 5),
            "region": region,
        }
    )
    return accounts, notes


def fit_products(crm: CrmData, history: History, accounts: Accounts) -> tuple[Products, list[Note]]:
    """Read the products: price from won deals (list price where none was won), spread, margin, opportunities a year.

    `opportunities` are those that were seen; `salessim.fit.settling` turns them into the demand of a saturated market.
    """
    notes: list[Note] = []
    deals = history.deals
    table = crm.products
    listed = {}
    if table is not None and len(table):
        listed = {str(row["product"]): row for row in table.to_dict("records")}
    names = sorted({*listed, *deals["product"].dropna().astype(str)}) or ["product"]
    if not deals["product"].notna().any():
        names = ["product"]
        notes.append(Note("fit no product"))
    seen = history.in_window["product"].astype(str).value_counts()
    years = history.days / 365.0
    rows = []
    for name in names:
        won = deals[(deals["status"] == "won") & (deals["amount"] > 0)]
        amount = won.loc[won["product"].astype(str) == name, "amount"] if names != ["product"] else won["amount"]
        entry = listed.get(name, {})
        list_price = _number(entry.get("list_price"))
        unit_cost = _number(entry.get("unit_cost"))
        price = float(amount.mean()) if len(amount) >= 3 else (list_price or float(won["amount"].mean()))
        spread = float(np.clip(amount.std() / amount.mean(), 0.01, 2.0)) if len(amount) >= 10 else 0.4
        margin = 0.5
        if list_price and unit_cost is not None:
            margin = float(np.clip(1.0 - unit_cost / list_price, -1.0, 1.0))
        n = float(seen.get(name, 0)) if names != ["product"] else float(len(history.in_window))
        rows.append(
            {
                "product": name,
                "price": round(price, 2),
                "price_cv": round(spread, 3),
                "margin": round(margin, 4),
                "opportunities": round(max(n, 0.5) / years / len(accounts), 6),
            }
        )
    if not any("unit_cost" in entry and _number(entry.get("unit_cost")) is not None for entry in listed.values()):
        notes.append(Note("fit no cost"))
    notes.append(Note("fit no complexity"))
    return Products(rows), notes


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if np.isfinite(number) else None


def fit_affinity(history: History, accounts: Accounts, products: Products, wins: Affinity) -> Affinity:
    """Combine demand by segment and product (observed over expected, shrunken) with the shifts of the win chance."""
    segment_of = dict(zip(accounts["account"], accounts["segment"], strict=True))
    deals = history.in_window
    known = deals[deals["known_account"] & deals["product"].notna()]
    segments = sorted(set(accounts["segment"]))
    names = [str(p) for p in products["product"]]
    segment = known["account"].astype(str).map(segment_of)
    counts = np.zeros((len(segments), len(names)))
    for g, p in zip(segment, known["product"].astype(str), strict=True):
        if g in segments and p in names:
            counts[segments.index(g), names.index(p)] += 1
    potential = np.array([accounts["potential"][accounts["segment"] == g].sum() for g in segments])
    share = counts.sum(axis=0) / max(counts.sum(), 1.0)
    expected = potential[:, None] / potential.sum() * counts.sum() * share[None, :]
    ratio = shrunk_rates(counts, expected)
    win = {(g, p): w for g, p, w in zip(wins["segment"], wins["product"], wins["win"], strict=True)}
    rows = [
        {"segment": g, "product": p, "demand": round(float(ratio[i, j]), 4), "win": win.get((g, p), 0.0)}
        for i, g in enumerate(segments)
        for j, p in enumerate(names)
    ]
    return Affinity(rows)


def fit_season(history: History) -> tuple[tuple[float, ...], list[Note]]:
    """Estimate the seasonality index from two or more full years of new deals; with less it is flat, with a note."""
    if history.days < 730:
        return (1.0,) * 12, [Note("fit short season")]
    deals = history.in_window
    months = deals["created"].dt.to_period("M")
    counts = months.value_counts().sort_index().iloc[1:-1]
    by_month = counts.groupby(counts.index.month)
    seen = by_month.sum().reindex(range(1, 13)).fillna(0.0).to_numpy(dtype=float)
    expected = by_month.size().reindex(range(1, 13)).fillna(0.0).to_numpy(dtype=float) * float(counts.mean())
    index = shrunk_rates(seen, expected)
    index = index / index.mean()
    index = np.round(index, 4)
    index[-1] += 12 - index.sum()
    return tuple(float(x) for x in index), []
