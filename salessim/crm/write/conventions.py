"""Canonical tables as one CRM would keep them: its closing stages and statuses, and the columns it derives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from salessim.crm.profiles import Profile, profile_of
from salessim.crm.stage_log import funnel_order
from salessim.crm.tables import canonical_frame
from salessim.errors import CrmError, explain

__all__ = ["as_kept_by", "open_stages"]

_OPEN_STATUS = {"fxiaoke": "进行中", "pipedrive": "Open"}
_LOST = ("lost", "no_decision", "disqualified")


def as_kept_by(
    tables: Mapping[str, pd.DataFrame], crm: str, *, stages: Sequence[str] = (), standard_stages: bool = False
) -> dict[str, pd.DataFrame]:
    """Tables as a CRM keeps them.

    A deal that ended stands in the closing stage of the CRM (Pipedrive: stays where it was, and its status says how it
    ended). An ending the CRM does not know becomes a loss with a reason. ``deals.status`` is what `read_crm` will make
    of it; the words the CRM writes are in the further columns of the result.

    Parameters
    ----------
    tables : mapping
        Canonical tables; ``deals`` is needed.
    crm : str
    stages : sequence of str
        The open stages in the order of the funnel; without it, in the order in which deals enter them.
    standard_stages : bool
        Give the open stages the names of the CRM's own funnel, in order, where it has as many.

    Returns
    -------
    dict of DataFrame
        All canonical tables with the further columns that exports of this CRM have.
    """
    profile = profile_of(crm)
    kept = {name: canonical_frame(tables.get(name), name) for name in _TABLES}
    for name in ("deals", "stage_events"):  # columns beyond the canonical ones
        for column in ("pipeline", "probability", "type", "amount"):
            if name in tables and column in tables[name] and column not in kept[name]:
                kept[name][column] = tables[name][column].reset_index(drop=True)
    order = list(stages) or open_stages(kept)
    if standard_stages:
        own = [row["stage"] for row in profile.content["stages"] if row["ending"] == "open"]
        if len(order) > len(own):
            raise CrmError(
                explain(
                    f"{profile.title['en']} has fewer stages of its own",
                    where="standard_stages",
                    value=len(order),
                    allowed=f"{len(own)} stages or fewer",
                    remedy="Keep the names of the stages",
                )
            )
        names = dict(zip(order, own, strict=False))
        for table, column in (("deals", "stage"), ("stage_events", "stage"), ("stage_events", "stage_from")):
            values = kept[table][column]
            kept[table][column] = values.map(names).astype("str").fillna(values)
        order = [names[stage] for stage in order]
    _add_names(kept)
    words = profile.content.get("lead_statuses", {})
    kept["leads"]["status"] = kept["leads"]["status"].replace(words)
    _close(kept, profile, order)
    _derive_dates(kept["deals"], kept["stage_events"])
    return kept


_TABLES = (
    "deals", "stage_events", "changes", "accounts", "products", "users", "activities", "leads", "contacts", "quotas",
)  # fmt: skip


def open_stages(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """Stages of a log in the order of the funnel: by the mean place at which deals enter them."""
    if len(tables["stage_events"]):
        return list(funnel_order(tables["stage_events"]))
    deals = tables["deals"]
    return sorted(deals.loc[deals["status"] == "open", "stage"].dropna().unique())


def _add_names(kept: dict[str, pd.DataFrame]) -> None:
    for table, key, name in (("users", "user_id", "owner"), ("accounts", "account_id", "account")):
        named = kept[table].drop_duplicates(key).set_index(key)["name"]
        for user in ("deals", "stage_events", "accounts", "activities", "leads", "contacts"):
            frame = kept[user]
            if f"{name}_id" in frame and user != table:
                frame[f"{name}_name"] = frame[f"{name}_id"].map(named).astype("str").fillna(frame[f"{name}_id"])
        if table == "users":
            kept["quotas"]["user_name"] = kept["quotas"]["user_id"].map(named).astype("str")


def _close(kept: dict[str, pd.DataFrame], profile: Profile, order: list[str]) -> None:
    deals, endings = kept["deals"], profile.content["endings"]
    how = deals["status"]
    deals["last_stage"] = deals["stage"]

    def word(part: str, missing: Any = None) -> pd.Series:
        words = how.map({name: ending.get(part) for name, ending in endings.items()}).astype("str")
        return words if missing is None else words.fillna(missing)

    deals["stage"] = word("stage", deals["stage"])
    deals["status_label"] = word("status", _OPEN_STATUS.get(profile.name, "Open"))
    deals["lost_reason"] = deals["lost_reason"].fillna(word("reason"))
    deals["status"] = word("read_as", how)
    chances = {row["stage"]: float(row["probability"]) / 100 for row in profile.content["stages"] if row["probability"]}
    for at, stage in enumerate(order):
        chances.setdefault(stage, round(0.1 + 0.8 * at / max(len(order) - 1, 1), 2))
    won, ended = deals["status"] == "won", deals["status"] != "open"
    derived = deals["stage"].map(chances).where(~ended, won.astype(float))
    deals["probability"] = deals["probability"].fillna(derived) if "probability" in deals else derived
    deals["is_won"], deals["is_closed"], deals["is_lost"] = won, ended, ended & ~won
    if "pipeline" not in deals:
        deals["pipeline"] = pd.Series("Standard", index=deals.index, dtype="str")
    if "type" not in deals:
        deals["type"] = pd.Series("New Business", index=deals.index, dtype="str")
    for table in ("deals", "accounts"):
        frame = kept[table]
        frame["life_status"] = pd.Series("正常" if profile.name == "fxiaoke" else "", index=frame.index, dtype="str")
        frame["is_deleted"] = pd.Series(False, index=frame.index)


def _derive_dates(deals: pd.DataFrame, events: pd.DataFrame) -> None:
    ended = deals["status"] != "open"
    deals["close"] = deals["closed_at"].where(ended, deals["expected_close"]).fillna(deals["expected_close"])
    deals["won_at"] = deals["closed_at"].where(deals["status"] == "won")
    deals["lost_at"] = deals["closed_at"].where(deals["status"].isin(_LOST))
    last = events.groupby("deal_id")["entered_at"].max().reindex(deals["deal_id"]).to_numpy()
    moved = pd.Series(last, index=deals.index).fillna(deals["created_at"])
    deals["stage_changed_at"] = deals["closed_at"].where(ended).fillna(moved)
    deals["modified_at"] = deals[["stage_changed_at", "created_at"]].max(axis=1)


def history_rows(kept: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The log of stages as a CRM keeps it: with the closing of each deal, where that is a stage, and what came next."""
    deals, events = kept["deals"], kept["stage_events"]
    closing = deals[(deals["status"] != "open") & deals["closed_at"].notna() & (deals["stage"] != deals["last_stage"])]
    ends = pd.DataFrame(
        {
            "deal_id": closing["deal_id"],
            "stage": closing["stage"],
            "entered_at": closing["closed_at"],
            "owner_id": closing["owner_id"],
            "amount": closing["amount"],
        }
    )
    amounts = deals.drop_duplicates("deal_id").set_index("deal_id")["amount"]
    rows = events.assign(amount=events["deal_id"].map(amounts)) if "amount" not in events else events
    every = pd.concat([rows, ends], ignore_index=True).sort_values(["deal_id", "entered_at"], kind="stable")
    every = every.reset_index(drop=True)
    groups = every.groupby("deal_id", sort=False)
    every["stage_from"] = groups["stage"].shift(1)
    every["moved_to"] = groups["stage"].shift(-1)
    left = groups["entered_at"].shift(-1)
    every["days_in_stage"] = np.floor((left - every["entered_at"]).dt.total_seconds() / 86_400)
    every["event_id"] = pd.Series([f"E{number + 1:07d}" for number in range(len(every))], dtype="str")
    every["is_deleted"] = False
    return every
