"""A million deals with their history of stages: read in a minute of processor time and in 3 GB."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from validation.table import record

SECONDS, GIGABYTES = 60.0, 3.0
_READ = """
import resource, sys, time
from salessim.crm import read_crm
start = time.process_time()
data = read_crm(sys.argv[1])
print(len(data.deals), len(data.stage_events), time.process_time() - start,
      resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
"""


def write_million(folder: Path, count: int = 1_000_000) -> int:
    """Write a Bulk Read of Zoho with `count` deals; return the rows of its history in which a deal is open."""
    rng = np.random.default_rng(1)
    created = pd.Timestamp("2019-01-04") + pd.to_timedelta(np.sort(rng.integers(0, 86_400 * 1800, count)), unit="s")
    cycle = pd.to_timedelta((rng.gamma(2, 25, count) * 86_400).astype(int), unit="s")
    closed = created + cycle
    done = closed < pd.Timestamp("2023-12-31")
    end = rng.choice(["Closed Won", "Closed Lost"], count)
    stages = np.array(["Qualification", "Needs Analysis", "Proposal/Price Quote", "Negotiation/Review"])
    length = rng.integers(1, 5, count)
    deals = pd.DataFrame(
        {
            "Id": [f"50000000000{n:07d}" for n in range(count)],
            "Deal_Name": [f"Project {n}" for n in range(count)],
            "Owner": [f"40000{n:04d}" for n in rng.integers(0, 500, count)],
            "Account_Name": [f"30000{n:06d}" for n in rng.integers(0, 80_000, count)],
            "Stage": np.where(done, end, stages[length - 1]),
            "Amount": rng.lognormal(9, 1, count).round(2),
            "Closing_Date": closed.strftime("%Y-%m-%d"),
            "Created_Time": created.strftime("%Y-%m-%dT%H:%M:%S+08:00"),
        }
    )
    deals.to_csv(folder / "Deals.csv", index=False)
    row = np.repeat(np.arange(count), length)
    place = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    last = place + 1 == np.repeat(length, length)
    history = pd.DataFrame(
        {
            "Id": [f"7{n:010d}" for n in range(len(row))],
            "Potential_Name": deals["Id"].to_numpy()[row],
            "Stage": stages[place],
            "Moved_To__s": np.where(last, np.where(done[row], end[row], ""), stages[np.minimum(place + 1, 3)]),
            "Modified_Time": (created[row] + cycle[row] * (place / length[row])).strftime("%Y-%m-%dT%H:%M:%S+08:00"),
            "Amount": deals["Amount"].to_numpy()[row],
        }
    )
    history.to_csv(folder / "DealHistory.csv", index=False)
    return len(history)


def test_a_million_deals(tmp_path: Path) -> None:
    rows = write_million(tmp_path)
    done = subprocess.run([sys.executable, "-c", _READ, str(tmp_path)], capture_output=True, text=True, check=True)
    deals, events, seconds, gigabytes = map(float, done.stdout.split())
    record("crm", "1 million deals with history: processor seconds", bar=f"<= {SECONDS:.0f}", value=seconds,
           bound=seconds, n=1)  # fmt: skip
    record("crm", "1 million deals with history: GB at most", bar=f"<= {GIGABYTES:.0f}", value=gigabytes,
           bound=gigabytes, n=1)  # fmt: skip
    assert (deals, events) == (1_000_000, rows)
    assert seconds <= SECONDS and gigabytes <= GIGABYTES
