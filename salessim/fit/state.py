"""Today from history: who serves whom, who knows what, which deals are open."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.fit.notes import Note
from salessim.fit.places import find_places
from salessim.model.plan import Team
from salessim.model.today import Insight, OpenDeals, Owners, Skill

if TYPE_CHECKING:
    from salessim.crm.tables import CrmData
    from salessim.fit.history import History
    from salessim.model.market import Accounts, Market, Products

__all__ = ["fit_experience", "fit_open_deals", "fit_owners", "fit_team"]


def fit_team(crm: CrmData, history: History) -> tuple[Team, list[Note]]:
    """Read the people who sell: those with deals in the log who have not left.

    People listed as sellers who never had a deal are left out, and a note counts them.
    """
    import pandas as pd

    notes: list[Note] = []
    users = crm.users
    sold = history.deals["rep"].dropna().astype(str)
    ids = sorted(set(sold))
    group: dict[str, str] = {}
    home: dict[str, tuple[float, float]] = {}
    if users is not None and len(users):
        table = users.assign(key=users["user_id"].astype(str)).drop_duplicates("key").set_index("key")
        if "left_at" in table:
            left = set(table.index[pd.to_datetime(table["left_at"]).notna()])
            gone = left & set(ids)
            if gone:
                notes.append(Note("fit left", count=len(gone)))
                ids = [name for name in ids if name not in left]
        idle = [name for name in table.index if name not in set(sold)]
        if idle:
            notes.append(Note("fit idle", count=len(idle)))
        for source in ("team", "region", "manager"):
            if source in table and table[source].notna().any():
                group = {str(k): str(v) for k, v in table[source].dropna().items()}
                break
        found = find_places(
            table["place"].where(table["place"].notna(), None).tolist(),
            table["country"].where(table["country"].notna(), None).tolist(),
        )
        lat = pd.to_numeric(table["lat"], errors="coerce").to_numpy(dtype=float)
        lon = pd.to_numeric(table["lon"], errors="coerce").to_numpy(dtype=float)
        lat = np.where(np.isfinite(lat), lat, found[:, 0])
        lon = np.where(np.isfinite(lon), lon, found[:, 1])
        home = {str(k): (float(a), float(b)) for k, a, b in zip(table.index, lat, lon, strict=True)}
    if not ids:
        ids = ["rep"]
        notes.append(Note("fit no owner"))
    if not any(np.isfinite(home.get(name, (np.nan, np.nan))[0]) for name in ids):
        notes.append(Note("fit no homes"))
    return (
        Team(
            {
                "rep": ids,
                "group": [group.get(name, "team") for name in ids],
                "lat": [round(home.get(name, (np.nan, np.nan))[0], 5) for name in ids],
                "lon": [round(home.get(name, (np.nan, np.nan))[1], 5) for name in ids],
            }
        ),
        notes,
    )


def fit_owners(crm: CrmData, history: History, accounts: Accounts, products: Products, team: Team) -> Owners:
    """Find who serves each account and product today: whoever worked most on it, recent deals counting more.

    A product never offered to an account belongs to the account's main rep, else to the owner named by the export.
    """
    reps = [str(r) for r in team["rep"]]
    rows = {str(a): i for i, a in enumerate(accounts["account"])}
    columns = {str(p): i for i, p in enumerate(products["product"])}
    weight = np.zeros((len(rows), len(columns), len(reps)))
    deals = history.deals[history.deals["known_account"]]
    recent = (
        np.exp(-(deals["created"].max() - deals["created"]).dt.days.to_numpy() / 180.0) if len(deals) else np.array([])
    )
    place = {r: i for i, r in enumerate(reps)}
    single = len(columns) == 1
    for a, p, r, w in zip(
        deals["account"].astype(str), deals["product"].astype(str), deals["rep"].astype(str), recent, strict=True
    ):
        if r in place and a in rows and (single or p in columns):
            weight[rows[a], 0 if single else columns[p], place[r]] += w
    named = {}
    if crm.accounts is not None and "owner_id" in crm.accounts:
        named = {
            str(a): str(o)
            for a, o in zip(crm.accounts["account_id"], crm.accounts["owner_id"], strict=True)
            if isinstance(o, str)
        }
    found = []
    for a, i in rows.items():
        main = weight[i].sum(axis=0)
        owner = reps[int(np.argmax(main))] if main.any() else (named.get(a) if named.get(a) in place else None)
        for p, j in columns.items():
            rep = reps[int(np.argmax(weight[i, j]))] if weight[i, j].any() else owner
            if rep is not None:
                found.append({"account": a, "product": p, "rep": rep})
    return Owners(found)


def _steady_level(days_of_effort: NDArray[np.float64], learning: float, forgetting: float) -> NDArray[np.float64]:
    """Level at which learning by `days_of_effort` a calendar day and forgetting balance."""
    gain = learning * days_of_effort
    return np.divide(gain, gain + forgetting, out=np.zeros_like(gain), where=gain + forgetting > 0)


def fit_experience(history: History, market: Market, team: Team, effort_days: float) -> tuple[Skill, Insight]:
    """Estimate product skill and segment insight of each rep from what he worked on.

    A rep's effort (`effort_days` working days with customers a calendar day) is spread over products and segments as
    his deals were; the level is where the market's learning and forgetting balance at that effort. What experience is
    worth is an assumption here.
    """
    reps = [str(r) for r in team["rep"]]
    products = [str(p) for p in market.products["product"]]
    segments = list(market.segments)
    segment_of = dict(zip(market.accounts["account"], market.accounts["segment"], strict=True))
    deals = history.deals
    by_product = np.zeros((len(reps), len(products)))
    by_segment = np.zeros((len(reps), len(segments)))
    place = {r: i for i, r in enumerate(reps)}
    for r, p, a in zip(deals["rep"].astype(str), deals["product"].astype(str), deals["account"], strict=True):
        if r not in place:
            continue
        if p in products or len(products) == 1:
            by_product[place[r], products.index(p) if p in products else 0] += 1
        g = segment_of.get(str(a))
        if g is not None:
            by_segment[place[r], segments.index(g)] += 1
    knowledge = market.knowledge
    levels = []
    for counts in (by_product, by_segment):
        # half an opportunity everywhere: nobody knows exactly nothing of what a colleague sells
        share = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
        levels.append(_steady_level(share * effort_days, knowledge.learning, knowledge.forgetting))
    skill = Skill(
        {
            "rep": np.repeat(reps, len(products)),
            "product": products * len(reps),
            "level": np.round(levels[0], 4).ravel(),
        }
    )
    insight = Insight(
        {
            "rep": np.repeat(reps, len(segments)),
            "segment": segments * len(reps),
            "level": np.round(levels[1], 4).ravel(),
        }
    )
    return skill, insight


def fit_open_deals(history: History, market: Market, owners: Owners) -> tuple[OpenDeals, list[Note]]:
    """Take over the deals that are open today. One without a known account goes to one of its rep's accounts, noted."""
    notes: list[Note] = []
    open_deals = history.deals[history.deals["status"] == "open"]
    known_stages = [str(s) for s in market.stages["stage"]]
    products = {str(p) for p in market.products["product"]}
    fallback_product = str(market.products["product"][0])
    of_rep: dict[tuple[str, str], list[str]] = {}
    of_rep_any: dict[str, list[str]] = {}
    for a, p, r in zip(owners["account"], owners["product"], owners["rep"], strict=True):
        of_rep.setdefault((r, p), []).append(a)
        of_rep_any.setdefault(r, []).append(a)
    total = float((market.stages["dwell"]).sum()) or 1.0
    bounds = np.cumsum(market.stages["dwell"]) / total
    typical = float(history.decided["age"].median()) if len(history.decided) else 30.0
    rows, placed = [], 0
    for n, (deal, a, p, r, stage, age, amount) in enumerate(
        zip(
            open_deals["deal"],
            open_deals["account"],
            open_deals["product"].astype(str),
            open_deals["rep"].astype(str),
            open_deals["stage"].astype(str),
            open_deals["age"],
            open_deals["amount"],
            strict=True,
        )
    ):
        product = p if p in products else fallback_product
        account = a if isinstance(a, str) else None
        if account is None:
            choices = of_rep.get((r, product)) or of_rep_any.get(r)
            if not choices:
                continue
            account = choices[n % len(choices)]
            placed += 1
        if stage not in known_stages:
            part = min(age / (2 * typical + 1e-9), 0.999)
            stage = known_stages[int(np.searchsorted(bounds, part, side="right").clip(0, len(known_stages) - 1))]
        rows.append(
            {"deal": deal, "account": account, "product": product, "rep": r, "stage": stage,
             "age": round(float(age), 3), "value": float(amount) if np.isfinite(amount) and amount > 0 else None}
        )  # fmt: skip
    if placed:
        notes.append(Note("fit placed", count=placed))
    if len(rows) < len(open_deals):
        notes.append(Note("fit nobody", count=len(open_deals) - len(rows)))
    return OpenDeals(rows), notes
