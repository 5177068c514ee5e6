"""Stage events and other changes, from whatever log a CRM keeps.

Logs differ: Zoho writes a row for each period in a stage, Salesforce one for each change of anything, Pipedrive one for
each changed field, HubSpot a column for each stage. All become one row each time a deal enters a stage, and one for
each change of amount, expected date or owner.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

import numpy as np
import pandas as pd

from salessim.crm.codes import Codes, relabel
from salessim.crm.columns import ColumnContext, read_date_columns
from salessim.crm.dates import zone_of
from salessim.crm.mapping import Wishes
from salessim.crm.placing import Placed
from salessim.crm.plain import among
from salessim.crm.profiles import LONGEST_HEADER, Profile, header_key
from salessim.crm.report import ReportBuilder
from salessim.crm.rows import KeptRows

__all__ = [
    "deals_of_events",
    "entered_columns",
    "events_of_changes",
    "merge_events",
    "settle_entry_times",
    "split_events",
]

_FIELDS = {
    "stage": "stage", "stagename": "stage", "dealstage": "stage", "商机阶段": "stage", "阶段": "stage",
    "amount": "amount", "金额": "amount", "商机金额": "amount",
    "closedate": "expected_close", "closingdate": "expected_close", "expectedclose": "expected_close",
    "预计成交日期": "expected_close",
    "owner": "owner_id", "ownerid": "owner_id", "负责人": "owner_id",
    "status": "status", "阶段状态": "status",
}  # fmt: skip
_KEPT = ("amount", "expected_close", "owner_id")
_SAME_DAY = pd.Timedelta(days=1)
_MOST = 0.5  # share of deals whose first row must stand at their creation for rows to be dated by entry


def entered_columns(
    placed: Placed, records: KeptRows, deal_ids: pd.Series | None, codes: Codes, wishes: Wishes
) -> tuple[pd.DataFrame | None, Sequence[int]]:
    """Stage events from columns such as ``Date entered "Offer (Sales Pipeline)"``.

    Returns
    -------
    (DataFrame or None, sequence of int)
        The events, and the positions of the columns used.
    """
    pattern = placed.spec.entered
    if pattern is None or deal_ids is None:
        return None, ()
    used = {match.position for match in placed.columns}
    headers = [_without_zone(header) for header in placed.raw.header]
    found = [
        (position, match)
        for position, (header, _) in enumerate(headers)
        if position not in used and len(header) <= LONGEST_HEADER and (match := pattern.fullmatch(header))
    ]
    if not found:
        return None, ()
    contexts = [
        ColumnContext(
            file=placed.raw.name, table="deals", header=placed.raw.header[position], canonical="entered_at",
            kind="date", unit=headers[position][1], separator=placed.raw.separator, rows=records.rows, wishes=wishes,
        )
        for position, _ in found
    ]  # fmt: skip
    columns = [(records.cells[position], context) for (position, _), context in zip(found, contexts, strict=True)]
    parts = []
    labels = codes.get("stage", {})
    for (_, match), reading in zip(found, read_date_columns(columns), strict=True):
        groups = match.groupdict()
        stage = groups.get("stage") or groups.get("zh") or groups.get("code") or ""
        filled = reading.values.notna().to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "deal_id": deal_ids[filled].to_numpy(),
                    "stage": labels.get(stage, stage),
                    "entered_at": reading.values[filled].to_numpy(),
                    "_file": placed.raw.name,
                    "_row": records.rows[filled],
                }
            )
        )
    events = pd.concat(parts, ignore_index=True).astype({"deal_id": "str", "stage": "str", "_file": "str"})
    events["origin"] = pd.Series("columns", index=events.index, dtype="str")
    events = events.sort_values(["_row", "entered_at"], kind="stable").reset_index(drop=True)
    return events, [position for position, _ in found]


def _without_zone(header: str) -> tuple[str, str]:
    """A header and the zone it names behind itself, as in ``Date entered "Offer" (UTC)``; empty: none."""
    plain = unicodedata.normalize("NFKC", header).strip()
    base, bracket, unit = plain.removesuffix(")").rpartition("(")
    named = bracket and plain.endswith(")") and zone_of(unit) is not None
    return (base.strip(), unit) if named else (header.strip(), "")


def events_of_changes(
    frames: dict[str, pd.DataFrame], profile: Profile, codes: Codes, log: ReportBuilder
) -> pd.DataFrame | None:
    """Stage events from a log of changed fields; the other changes stay behind in ``changes``.

    The stage before the first change was entered when the deal was created; a deal without any change of stage is
    where it began.

    Returns
    -------
    DataFrame or None
        When each deal was closed or reopened: deal_id, status, changed_at.
    """
    log_of = frames.get("changes")
    if log_of is None or not len(log_of):
        return None
    fields = {**_FIELDS, **{header_key(name): ours for name, ours in profile.fields.items()}}
    named = relabel(log_of["field"].map(header_key, na_action="ignore"), fields)
    log_of = log_of.assign(field=named).dropna(subset=["deal_id", "changed_at"])
    log_of["old"] = log_of["old"] if "old" in log_of else pd.Series(np.nan, index=log_of.index, dtype="str")
    stages = log_of[log_of["field"] == "stage"].sort_values("changed_at", kind="stable")
    other = ~named.isin(["stage", "status", *_KEPT])
    if other.any():
        log.add("changes_other", file=str(frames["changes"]["_file"].iloc[0]), count=int(other.sum()))
    if len(stages):
        labels = codes.get("stage", {})
        _add_events(frames, stages.assign(old=relabel(stages["old"], labels), new=relabel(stages["new"], labels)))
    frames["changes"] = log_of[log_of["field"].isin(_KEPT)].reset_index(drop=True)
    status = log_of[log_of["field"] == "status"]
    return status.assign(status=status["new"])[["deal_id", "status", "changed_at"]] if len(status) else None


def _add_events(frames: dict[str, pd.DataFrame], stages: pd.DataFrame) -> None:
    who = stages["user_id"] if "user_id" in stages else pd.Series(np.nan, index=stages.index, dtype="str")
    moved = pd.DataFrame(
        {
            "deal_id": stages["deal_id"],
            "stage": stages["new"],
            "entered_at": stages["changed_at"],
            "owner_id": who,
            "stage_from": stages["old"],
            "_file": stages["_file"],
            "_row": stages["_row"],
        }
    )
    deals = frames["deals"]
    parts = [moved]
    if {"deal_id", "created_at", "stage"} <= set(deals):
        first = stages.drop_duplicates("deal_id").set_index("deal_id")
        begun = deals.loc[deals["created_at"].notna() & deals["deal_id"].notna()]
        began = first["old"].reindex(begun["deal_id"]).to_numpy(dtype=object)
        known = among(begun["deal_id"], first.index.to_series())
        stage = np.where(known, began, begun["stage"].to_numpy(dtype=object))
        start = pd.DataFrame(
            {
                "deal_id": begun["deal_id"].to_numpy(),
                "stage": pd.Series(stage, dtype="str"),
                "entered_at": begun["created_at"].to_numpy(),
                "_file": begun["_file"].to_numpy(),
                "_row": begun["_row"].to_numpy(),
            }
        )
        parts.insert(0, start[start["stage"].notna()])
    if "stage_events" in frames:
        parts.append(frames["stage_events"])
    events = pd.concat(parts, ignore_index=True).sort_values(["deal_id", "entered_at"], kind="stable")
    frames["stage_events"] = events.reset_index(drop=True)


def settle_entry_times(frames: dict[str, pd.DataFrame], log: ReportBuilder) -> None:
    """Find out whether Zoho's rows are dated by entering or by leaving the stage, and date them by entering.

    If the first row of most deals stands at their creation, rows are dated by entry. Otherwise each row's stage was
    entered when the one before was left, the first when the deal was created.
    """
    events, deals = frames.get("stage_events"), frames["deals"]
    if events is None or "moved_to" not in events or "created_at" not in deals or not len(events):
        return
    order = events.sort_values(["deal_id", "entered_at"], kind="stable")
    created = deals.drop_duplicates("deal_id").set_index("deal_id")["created_at"]
    first = order.drop_duplicates("deal_id")
    gap = (first["entered_at"] - pd.Series(created.reindex(first["deal_id"]).to_numpy(), index=first.index)).abs()
    gap = gap.dropna()
    if not len(gap) or (gap < _SAME_DAY).mean() >= _MOST:
        log.add("events_by_entry", column="entered_at", count=len(events))
        return
    before = order.groupby("deal_id", sort=False)["entered_at"].shift(1)
    start = pd.Series(created.reindex(order["deal_id"]).to_numpy(), index=order.index)
    events["entered_at"] = before.fillna(start)
    log.add("events_by_leaving", column="entered_at", count=len(events))


def split_events(frames: dict[str, pd.DataFrame], log: ReportBuilder) -> None:
    """Make rows that repeat the stage into changes of amount and expected date, and name the stage before each."""
    events = frames.get("stage_events")
    if events is None or not len(events):
        return
    events["origin"] = (
        events["origin"].fillna("history") if "origin" in events else pd.Series("history", events.index, dtype="str")
    )
    order = events.sort_values(["deal_id", "entered_at"], kind="stable")
    codes, _ = pd.factorize(order["deal_id"])
    same_deal = np.append(False, (codes[1:] == codes[:-1]) & (codes[1:] >= 0))
    stage, _ = pd.factorize(order["stage"])
    repeated = same_deal & np.append(False, stage[1:] == stage[:-1])
    _find_changes(frames, order, same_deal)
    if repeated.any():
        log.add("events_repeated", column="stage", count=int(repeated.sum()))
    rest = order[~repeated]
    before = rest.groupby("deal_id", sort=False)["stage"].shift(1)
    rest = rest.assign(stage_from=rest["stage_from"].fillna(before) if "stage_from" in rest else before)
    frames["stage_events"] = rest.sort_index(kind="stable").reset_index(drop=True)


def deals_of_events(frames: dict[str, pd.DataFrame], log: ReportBuilder) -> pd.DataFrame:
    """Deals of an export that has nothing but a history of stages."""
    order = frames["stage_events"].dropna(subset=["deal_id"]).sort_values(["deal_id", "entered_at"], kind="stable")
    groups = order.groupby("deal_id", sort=False)
    deals = groups[["stage", "_file", "_row"]].last().assign(created_at=groups["entered_at"].first()).reset_index()
    log.add("deals_of_events", count=len(deals))
    return deals


def _find_changes(frames: dict[str, pd.DataFrame], order: pd.DataFrame, same_deal: np.ndarray) -> None:
    parts = [frames["changes"]] if "changes" in frames and len(frames["changes"]) else []
    for field in ("amount", "expected_close"):
        if field not in order:
            continue
        values = order[field]
        before = values.shift(1)
        changed = same_deal & values.notna().to_numpy() & before.notna().to_numpy() & (values != before).to_numpy()
        if changed.any():
            text = _money_text if field == "amount" else _date_text
            parts.append(
                pd.DataFrame(
                    {
                        "deal_id": order["deal_id"][changed],
                        "field": pd.Series(field, index=order.index[changed], dtype="str"),
                        "changed_at": order["entered_at"][changed],
                        "old": text(before[changed]),
                        "new": text(values[changed]),
                        "_file": order["_file"][changed],
                        "_row": order["_row"][changed],
                    }
                )
            )
    if parts:
        frames["changes"] = pd.concat(parts, ignore_index=True)


def _money_text(values: pd.Series) -> pd.Series:
    return values.map(lambda value: f"{value:.15g}").astype("str")


def _date_text(values: pd.Series) -> pd.Series:
    return values.dt.strftime("%Y-%m-%d").astype("str")


def merge_events(frames: dict[str, pd.DataFrame], more: pd.DataFrame | None) -> None:
    """Add events to those of a history; where a deal has a history, events from elsewhere are not needed."""
    if more is None or not len(more):
        return
    known = frames.get("stage_events")
    if known is None or not len(known):
        frames["stage_events"] = more
        return
    extra = more[~among(more["deal_id"], known["deal_id"])]
    frames["stage_events"] = pd.concat([known, extra], ignore_index=True)
