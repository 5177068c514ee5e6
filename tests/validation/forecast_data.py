"""The benchmark series that lie beside the project, as arrays and as panels. Absent data skips the test."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from salessim.forecast.panel import FREQUENCIES, Panel, to_panel

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "forecasting"
Vector = npt.NDArray[np.float64]
Pair = tuple[Vector, Vector]


def _read(name: str) -> pd.DataFrame:
    file = DATA / name
    if not file.exists():
        pytest.skip(f"{name} is not here")
    return pd.read_csv(file)


def competition(name: str, every: int = 1) -> list[Pair]:
    """History and test window of every `every`-th series of a competition's file."""
    frame = _read(name)
    wanted = frame["series_id"].unique()[::every]
    found = []
    for _, rows in frame[frame["series_id"].isin(wanted)].groupby("series_id", sort=True):
        values = rows["y"].to_numpy(dtype=np.float64)
        history = (rows["part"] == "train").to_numpy()
        found.append((values[history], values[~history]))
    return found


def retail(months: int | None = None, horizon: int = 18) -> list[Pair]:
    """History (its last `months`) and test window of each retail series."""
    found = []
    for _, rows in _read("aus_retail_monthly.csv.gz").groupby(["state", "industry"]):
        values = rows.sort_values("month")["turnover"].to_numpy(dtype=np.float64)
        values = values if months is None else values[-months - horizon :]
        found.append((values[:-horizon], values[-horizon:]))
    return found


def hierarchy(name: str) -> tuple[Panel, list[str]]:
    """Panel and hierarchy of "tourism", "retail" or "pbs"."""
    if name == "tourism":
        frame = _read("tourism_hier_quarterly.csv.gz")
        dates = pd.PeriodIndex(frame["quarter"], freq="Q-DEC").to_timestamp()
        frame = frame.assign(date=dates, revenue=frame["trips"])
        how, wanted = "quarter", ["state/region", "purpose"]
    elif name == "retail":
        frame = _read("aus_retail_monthly.csv.gz").rename(columns={"month": "date", "turnover": "revenue"})
        how, wanted = "month", ["state", "industry"]
    else:
        frame = _read("pbs_monthly.csv.gz").rename(columns={"month": "date", "cost": "revenue"})
        how, wanted = "month", ["concession", "type", "atc1/atc2"]
    columns = [part for entry in wanted for part in entry.split("/")]
    negatives = "keep" if (frame["revenue"] < 0).any() else "error"
    panel = to_panel(frame, FREQUENCIES[how], columns, gaps="zero", negatives=negatives)
    return panel, wanted
