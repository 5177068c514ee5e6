"""Several exports of the same list on several days: what changed between them, and when at the latest.

For a CRM that keeps no log of stages (纷享销客) this is the only way to one. A stage first seen in the export of the
15th was entered after the export before it and not later than the 15th.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd

from salessim.crm.mapping import Wishes
from salessim.errors import CrmError, explain

__all__ = ["Differences", "date_in_name", "differ", "is_series"]

_DATE = re.compile(r"(?<!\d)(20\d\d)\s*[-_.年]?\s*(\d{1,2})\s*[-_.月]?\s*(\d{1,2})(?!\d)")
_SHARED = 0.3  # share of the deals of the smaller file that the next one must have too
_WATCHED = ("amount", "expected_close", "owner_id")


@dataclass(frozen=True)
class Differences:
    """What a series of exports tells.

    Attributes
    ----------
    latest : pandas.DataFrame
        Each deal as last seen.
    events : pandas.DataFrame
        deal_id, stage, stage_from, entered_at (first seen), entered_after (last seen before), origin.
    changes : pandas.DataFrame
        deal_id, field, changed_at (first seen), old, new.
    older : dict
        File -> rows that a later export replaces.
    vanished : int
        Deals that the last export no longer has.
    """

    latest: pd.DataFrame
    events: pd.DataFrame
    changes: pd.DataFrame
    older: dict[str, int]
    vanished: int


def date_in_name(name: str) -> date | None:
    """The date in a file name, if there is one.

    Examples
    --------
    >>> date_in_name("Deals_2026_05_28.csv"), date_in_name("商机2024年3月5日.xlsx"), date_in_name("deals_2.csv")
    (datetime.date(2026, 5, 28), datetime.date(2024, 3, 5), None)
    """
    for found in _DATE.finditer(name):
        try:
            return date(int(found[1]), int(found[2]), int(found[3]))
        except ValueError:
            continue
    return None


def _key(frame: pd.DataFrame) -> pd.Series | None:
    return frame["deal_id"] if "deal_id" in frame else frame.get("name")


def is_series(parts: Sequence[pd.DataFrame], wishes: Wishes) -> bool:
    """Whether files of deals are the same list on several days.

    Raises
    ------
    CrmError
        If the user says so and a file's name has no date, or two have the same.
    """
    if wishes.snapshots is False or len(parts) < 2:
        return False
    names = [str(part["_file"].iloc[0]) for part in parts]
    days = [date_in_name(name) for name in names]
    if None in days or len(set(days)) < len(days):
        if wishes.snapshots:
            raise CrmError(
                explain(
                    "exports of several days need a date of their own in each file name",
                    where="mapping, snapshots",
                    value=", ".join(names[:5]),
                    allowed="names such as Deals_2024-03-31.csv",
                    remedy="Name each file after the day it was exported on",
                )
            )
        return False
    keys = [_key(part) for part in parts]
    if any(key is None for key in keys):
        return False
    if wishes.snapshots:
        return True
    ordered = [key for _, key in sorted(zip(days, keys, strict=True), key=lambda pair: str(pair[0]))]
    shares = [
        earlier.isin(later).sum() / max(min(len(earlier), len(later)), 1)
        for earlier, later in pairwise(ordered)
        if earlier is not None and later is not None
    ]
    return min(shares) >= _SHARED


def differ(parts: Sequence[pd.DataFrame]) -> Differences:
    """Compare each export with the one before it.

    Parameters
    ----------
    parts : sequence of DataFrame
        Deals of one file each, with ``_file``; parsed.
    """
    dated = sorted(parts, key=lambda part: str(date_in_name(str(part["_file"].iloc[0]))))
    rows = []
    for part in dated:
        seen = part.assign(_day=pd.Timestamp(str(date_in_name(str(part["_file"].iloc[0])))), _key=_key(part))
        rows.append(seen.drop_duplicates("_key", keep="last") if seen["_key"].notna().all() else seen)
    every = pd.concat(rows, ignore_index=True)
    every = every[every["_key"].notna()].sort_values(["_key", "_day"], kind="stable")
    same = (every["_key"] == every["_key"].shift(1)).to_numpy()
    last_seen = every["_day"].shift(1).where(same)
    keyless = pd.concat(rows, ignore_index=True)
    keyless = keyless[keyless["_key"].isna()]
    latest = pd.concat([every.drop_duplicates("_key", keep="last"), keyless]).sort_values(["_file", "_row"])
    final = every["_day"].max()
    vanished = int((latest["_day"] < final).sum())
    gone = every[every.duplicated("_key", keep="last")]
    older: dict[str, int] = {str(name): int(count) for name, count in gone["_file"].value_counts().items()}
    for part, kept in zip(dated, rows, strict=True):
        if len(part) > len(kept):
            name = str(part["_file"].iloc[0])
            older[name] = older.get(name, 0) + len(part) - len(kept)
    return Differences(
        latest.drop(columns=["_day", "_key"]).reset_index(drop=True),
        _events(every, same, last_seen),
        _changes(every, same),
        older,
        vanished,
    )


def _events(every: pd.DataFrame, same: np.ndarray, last_seen: pd.Series) -> pd.DataFrame:
    if "stage" not in every:
        return pd.DataFrame()
    stage = every["stage"]
    before = stage.shift(1).where(same)
    entered = stage.notna().to_numpy() & (~same | (stage != before).to_numpy())
    created = every["created_at"] if "created_at" in every else pd.Series(pd.NaT, index=every.index)
    # A deal is first seen somewhere on its way; only where it is in the stage in which most new deals are first seen
    # was it there from its creation.
    new = ~same & (every["_day"] > every["_day"].min()).to_numpy()
    usual = stage[new].mode()
    at_start = ~same & created.notna().to_numpy() & stage.isin(usual.iloc[:1]).to_numpy()
    moment = every["_day"].where(~at_start, created)
    after = last_seen.where(same, created).where(~at_start)
    events = pd.DataFrame(
        {
            "deal_id": every["_key"],
            "stage": stage,
            "stage_from": before,
            "entered_at": moment.astype("datetime64[us]"),
            "entered_after": after.astype("datetime64[us]"),
            "owner_id": every["owner_id"] if "owner_id" in every else pd.Series(np.nan, index=every.index, dtype="str"),
            "_file": every["_file"],
            "_row": every["_row"],
        }
    )[entered]
    return events.assign(origin=pd.Series("snapshot", index=events.index, dtype="str")).reset_index(drop=True)


def _changes(every: pd.DataFrame, same: np.ndarray) -> pd.DataFrame:
    parts = []
    for field in _WATCHED:
        column = field if field in every else "owner_name" if field == "owner_id" and "owner_name" in every else ""
        if not column:
            continue
        values = every[column]
        before = values.shift(1)
        changed = same & values.notna().to_numpy() & before.notna().to_numpy() & (values != before).to_numpy()
        if changed.any():
            parts.append(
                pd.DataFrame(
                    {
                        "deal_id": every["_key"][changed],
                        "field": pd.Series(field, index=every.index[changed], dtype="str"),
                        "changed_at": every["_day"][changed].astype("datetime64[us]"),
                        "old": _text(before[changed]),
                        "new": _text(values[changed]),
                        "_file": every["_file"][changed],
                        "_row": every["_row"][changed],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _text(values: pd.Series) -> pd.Series:
    if values.dtype.kind == "M":
        return values.dt.strftime("%Y-%m-%d").astype("str")
    if values.dtype.kind == "f":
        return values.map(lambda value: f"{value:.15g}").astype("str")
    return values.astype("str")
