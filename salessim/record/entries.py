"""What people enter about a deal, and when: stages, closings, expected dates, amounts, and what they leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from salessim.record.habits import RecordingHabits
from salessim.world.random import RECORD, exponential, uniform

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = [
    "CLOSE_LATE", "TOO_MUCH", "ZOMBIE", "Floats", "Moves", "changes_of", "entered_stages", "expectations",
    "exponentials", "last_stage", "leave_out", "moments", "uniforms",
]  # fmt: skip

Floats = NDArray[np.float64]
Moves = list[tuple[NDArray[np.int64], Floats, Floats, Floats]]
"""Each time expected dates were moved on: deals, moments, dates before and after."""

_MOST_PUSHES = 60
# What each draw of a deal decides: ordinals of the stream of the record.
ZOMBIE, CLOSE_LATE, _TOO_SOON, TOO_MUCH, _NO_SOURCE, _NO_REASON, _NO_DATE, _NO_AMOUNT, _STEP_LATE = range(9)


def uniforms(keys: list[int], ordinal: int) -> Floats:
    """Return a draw between 0 and 1 for each deal."""
    return np.array([uniform(one, RECORD, ordinal) for one in keys])


def exponentials(keys: list[int], ordinal: int, mean: float) -> Floats:
    """Return an exponential draw for each deal."""
    return np.array([exponential(one, RECORD, ordinal, mean) for one in keys])


def moments(run: Run, days: Floats) -> pd.Series:
    """Return days of a run as moments, to the minute."""
    import pandas as pd

    since = pd.to_timedelta(np.asarray(days, dtype=float), unit="D")
    return pd.Series(pd.Timestamp(run.market.start) + since).dt.floor("min").astype("datetime64[us]")


def entered_stages(
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


def last_stage(
    events: dict[str, NDArray[np.int64] | Floats], count: int, truth: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The stage each deal is in by the record."""
    current = truth.copy()
    order = np.lexsort((events["entered"], events["deal"]))
    current[events["deal"][order].astype(np.int64)] = events["stage"][order].astype(np.int64)
    return current


def expectations(
    created: Floats, closed: Floats, keys: list[int], dials: RecordingHabits, end: float, lead_time: float
) -> tuple[Floats, list[tuple[NDArray[np.int64], Floats, Floats, Floats]]]:
    """The expected date as it stands at last, and each time it was moved on: deals, moments, before, after."""
    ahead = np.full(len(created), lead_time)
    if dials.close_optimism:
        ahead = lead_time * (1 - np.minimum(2 * dials.close_optimism * uniforms(keys, _TOO_SOON), 0.99))
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


def leave_out(table: pd.DataFrame, keys: list[int], dials: RecordingHabits) -> None:
    """Empty the cells that nobody fills in."""
    if not dials.missing:
        return
    for column, ordinal in (("source", _NO_SOURCE), ("lost_reason", _NO_REASON), ("expected_close", _NO_DATE)):
        table[column] = table[column].mask(uniforms(keys, ordinal) < dials.missing)
    unknown = (uniforms(keys, _NO_AMOUNT) < dials.missing) & (table["status"] == "open").to_numpy()
    table["amount"] = table["amount"].mask(unknown)


def changes_of(
    run: Run,
    moves: list[tuple[NDArray[np.int64], Floats, Floats, Floats]],
    hoped: Floats,
    truth: Floats,
    ids: NDArray[np.object_],
    status: NDArray[np.object_],
    closed: Floats,
) -> pd.DataFrame:
    """Return the log of changes: expected dates moved on, amounts that came true."""
    import pandas as pd

    parts = []
    for deals, times, before, after in moves:
        parts.append(
            pd.DataFrame(
                {
                    "deal_id": ids[deals],
                    "field": "expected_close",
                    "changed_at": moments(run, times),
                    "old": moments(run, before).dt.strftime("%Y-%m-%d"),
                    "new": moments(run, after).dt.strftime("%Y-%m-%d"),
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
                    "changed_at": moments(run, closed[won]),
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
