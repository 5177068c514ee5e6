"""Today from history: who serves whom, who knows what, which deals are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from salessim.fit.notes import Note
from salessim.fit.places import find_places
from salessim.model.plan import Team
from salessim.model.today import Insight, OpenDeals, Owners, Skill

if TYPE_CHECKING:
    import pandas as pd

    from salessim.crm.tables import CrmData
    from salessim.fit.history import History
    from salessim.model.market import Accounts, Market, Products

__all__ = ["Mix", "fit_experience", "fit_open_deals", "fit_owners", "fit_team", "read_mix"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


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
        sellers = set(sold)
        idle = [name for name in table.index if name not in sellers]
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
    """Find who serves each account and product today: whoever did most of the work on it, recent deals counting more.

    Where nobody did, because several reps share an account, each such account and product goes to one of them, so that
    everybody gets about as much as he worked on. A product never offered to an account belongs to the account's main
    rep, else to the owner named by the export.
    """
    import pandas as pd

    reps = pd.Index([str(r) for r in team["rep"]])
    names = np.array([str(a) for a in accounts["account"]], dtype=object)
    goods = np.array([str(p) for p in products["product"]], dtype=object)
    n_a, n_p, n_r = len(names), len(goods), len(reps)
    deals = history.deals[history.deals["known_account"]]
    rep, account = _places(reps, deals["rep"]), _places(pd.Index(names), deals["account"])
    product = _places(pd.Index(goods), deals["product"]) if n_p > 1 else np.zeros(len(deals), dtype=np.int64)
    use = (rep >= 0) & (account >= 0) & (product >= 0)
    rep, account, product = rep[use], account[use], product[use]
    recent = np.exp(-(deals["created"].max() - deals["created"]).dt.days.to_numpy()[use] / 180.0)
    owner = np.full(n_a, -1)
    if "owner_id" in crm.accounts and len(crm.accounts):
        at = _places(pd.Index(names), crm.accounts["account_id"])
        owner[at[at >= 0]] = _places(reps, crm.accounts["owner_id"])[at >= 0]
    owner = _most_work(account, rep, recent, n_a, n_r, owner)
    found = _shared_out(account * n_p + product, rep, recent, n_a * n_p, n_r, np.repeat(owner, n_p))
    kept = np.flatnonzero(found >= 0)
    return Owners(
        {
            "account": names[kept // n_p],
            "product": goods[kept % n_p],
            "rep": reps.to_numpy(dtype=object)[found[kept]],
        }
    )


def _places(names: pd.Index, values: pd.Series) -> Ints:
    """Return where each value stands among names; -1 where it does not."""
    import pandas as pd

    return np.asarray(names.get_indexer(pd.Index(values.astype(str))), dtype=np.int64)


def _shared_out(group: Ints, rep: Ints, weight: Floats, n: int, n_reps: int, other: Ints) -> Ints:
    """Return the rep of each of n groups: who has most of its weight, else one of those who have some.

    Groups without a majority go to reps in the order of their shares, as long as what a rep has got stays within what
    he worked on; what is left over then goes to whoever of its reps lacks most.
    """
    pairs, total = _summed(group, rep, weight, n_reps)
    of, who = pairs // n_reps, pairs % n_reps
    size = np.bincount(of, total, n)
    share = total / size[of]
    left = np.bincount(who, total, n_reps)
    result = other.copy()
    clear = share > 0.5
    result[of[clear]] = who[clear]
    np.subtract.at(left, who[clear], size[of[clear]])
    open_ = np.bincount(of[clear], minlength=n)[:n] == 0
    order = np.lexsort((pairs, -size[of], -share))
    order = order[open_[of[order]]]
    for g, r in zip(of[order].tolist(), who[order].tolist(), strict=True):
        if open_[g] and left[r] >= size[g] / 2.0:
            result[g], open_[g] = r, False
            left[r] -= size[g]
    rest = np.flatnonzero(open_ & (size > 0))
    start, stop = np.searchsorted(of, rest), np.searchsorted(of, rest, side="right")
    for k in np.argsort(-size[rest], kind="stable").tolist():
        choices = who[start[k] : stop[k]]
        best = choices[np.argmax(left[choices])]
        result[rest[k]] = best
        left[best] -= size[rest[k]]
    return result


def _summed(group: Ints, rep: Ints, weight: Floats, n_reps: int) -> tuple[Ints, Floats]:
    pairs, at = np.unique(group * n_reps + rep, return_inverse=True)
    return pairs, np.bincount(at, weight, len(pairs)).astype(np.float64)


def _most_work(group: Ints, rep: Ints, weight: Floats, n: int, n_reps: int, other: Ints) -> Ints:
    """Return of each of n groups the rep with the most weight (of equals the first), `other` where nobody has any."""
    pairs, total = _summed(group, rep, weight, n_reps)
    order = np.lexsort((pairs, -total, pairs // n_reps))
    where, first = np.unique((pairs // n_reps)[order], return_index=True)
    result = other.copy()
    result[where] = (pairs % n_reps)[order][first]
    return result


def _steady_level(days_of_effort: NDArray[np.float64], learning: float, forgetting: float) -> NDArray[np.float64]:
    """Level at which learning by `days_of_effort` a calendar day and forgetting balance."""
    gain = learning * days_of_effort
    return np.divide(gain, gain + forgetting, out=np.zeros_like(gain), where=gain + forgetting > 0)


class Mix(NamedTuple):
    """Whom each rep worked for: deals by rep and product, and by rep and segment, with the names of all three."""

    reps: tuple[str, ...]
    products: tuple[str, ...]
    segments: tuple[str, ...]
    by_product: NDArray[np.float64]
    by_segment: NDArray[np.float64]


def read_mix(history: History, market: Market, team: Team) -> Mix:
    """Count what each rep of the team worked on."""
    import pandas as pd

    reps = tuple(str(r) for r in team["rep"])
    products, segments = tuple(str(p) for p in market.products["product"]), tuple(market.segments)
    deals = history.deals
    rep = _places(pd.Index(reps), deals["rep"])
    product = _places(pd.Index(products), deals["product"])
    product = product if len(products) > 1 else np.zeros(len(deals), dtype=np.int64)
    segment_of = pd.Series(list(market.accounts["segment"]), index=list(market.accounts["account"]))
    segment = _places(pd.Index(segments), deals["account"].astype(str).map(segment_of))

    def counted(what: NDArray[np.int64], n: int) -> NDArray[np.float64]:
        use = (rep >= 0) & (what >= 0)
        return np.bincount(rep[use] * n + what[use], minlength=len(reps) * n).reshape(len(reps), n).astype(float)

    return Mix(reps, products, segments, counted(product, len(products)), counted(segment, len(segments)))


def fit_experience(mix: Mix, market: Market, effort_days: float) -> tuple[Skill, Insight]:
    """Estimate product skill and segment insight of each rep from what he worked on.

    A rep's effort (`effort_days` working days with customers a calendar day) is spread over products and segments as
    his deals were; the level is where the market's learning and forgetting balance at that effort. What experience is
    worth is an assumption here.
    """
    knowledge = market.knowledge
    levels = []
    for counts in (mix.by_product, mix.by_segment):
        # half an opportunity everywhere: nobody knows exactly nothing of what a colleague sells
        share = (counts + 0.5) / (counts + 0.5).sum(axis=1, keepdims=True)
        levels.append(_steady_level(share * effort_days, knowledge.learning, knowledge.forgetting))
    skill = Skill(
        {
            "rep": np.repeat(np.array(mix.reps, dtype=object), len(mix.products)),
            "product": list(mix.products) * len(mix.reps),
            "level": np.round(levels[0], 4).ravel(),
        }
    )
    insight = Insight(
        {
            "rep": np.repeat(np.array(mix.reps, dtype=object), len(mix.segments)),
            "segment": list(mix.segments) * len(mix.reps),
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
