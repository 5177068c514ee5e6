"""A million deals with their history of stages, fitted in two minutes of processor time.

The tables are made in memory: what reading them takes is measured by test_crm_million.py. One thread does the linear
algebra, so that waiting threads on a busy machine do not count as work; rules are compiled before.
"""

from __future__ import annotations

import datetime as dt
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from validation.table import record as file

from salessim.crm import CrmData
from salessim.crm.report import ImportReport
from salessim.crm.schema import SCHEMA
from salessim.crm.tables import canonical_frame

DEALS, SECONDS, GIGABYTES = 1_000_000, 120.0, 3.0
START, DAYS = pd.Timestamp("2019-01-05"), 1825
STAGES = np.array(["Qualification", "Needs", "Proposal", "Negotiation"])


def moment(days: np.ndarray) -> pd.DatetimeIndex:
    return START + pd.to_timedelta(np.asarray(days) * 86_400, unit="s").round("s")


def million(count: int = DEALS, reps: int = 500, accounts: int = 80_000, products: int = 8) -> CrmData:
    """Make an export: 6 segments, 12 regions, as many calls as deals, most deals with the owner of the account."""
    rng = np.random.default_rng(1)
    day, cycle = np.sort(rng.uniform(0.0, DAYS, count)), rng.gamma(2.0, 25.0, count)
    account, home = rng.integers(0, accounts, count), rng.integers(0, reps, accounts)
    rep = np.where(rng.random(count) < 0.85, home[account], rng.integers(0, reps, count))
    won, done = rng.random(count) < 0.3, day + cycle < DAYS
    length = np.where(won, len(STAGES), rng.integers(1, len(STAGES) + 1, count))
    ids = np.array([f"D{n:07d}" for n in range(count)])
    names, people = np.array([f"A{n:06d}" for n in range(accounts)]), np.array([f"R{n:04d}" for n in range(reps)])
    goods = np.array([f"Product {n}" for n in range(products)])
    row = np.repeat(np.arange(count), length)
    place = np.arange(len(row)) - np.repeat(np.cumsum(length) - length, length)
    called = rng.integers(0, accounts, count)
    tables = {
        "deals": {
            "deal_id": ids, "account_id": names[account], "owner_id": people[rep],
            "product": goods[rng.integers(0, products, count)], "stage": np.where(done, "", STAGES[length - 1]),
            "status": np.where(done, np.where(won, "won", rng.choice(["lost", "no_decision"], count)), "open"),
            "amount": rng.lognormal(9.0, 1.0, count).round(2), "created_at": moment(day),
            "closed_at": moment(day + cycle).where(done),
        },
        "stage_events": {
            "deal_id": ids[row], "stage": STAGES[place], "owner_id": people[rep[row]],
            "entered_at": moment(day[row] + cycle[row] * place / length[row]),
        },
        "activities": {
            "activity_id": [f"C{n}" for n in range(count)], "type": "call", "owner_id": people[home[called]],
            "account_id": names[called], "at": moment(rng.uniform(0.0, DAYS, count)), "duration_min": 30.0,
        },
        "accounts": {
            "account_id": names, "segment": [f"Segment {n}" for n in rng.integers(0, 6, accounts)],
            "region": [f"Region {n}" for n in rng.integers(0, 12, accounts)], "owner_id": people[home],
            "lat": rng.uniform(28.0, 40.0, accounts), "lon": rng.uniform(105.0, 120.0, accounts),
        },
        "users": {
            "user_id": people, "team": [f"Team {n % 12}" for n in range(reps)],
            "lat": rng.uniform(28.0, 40.0, reps), "lon": rng.uniform(105.0, 120.0, reps),
        },
        "products": {"product": goods, "list_price": 20_000.0, "unit_cost": 9_000.0},
    }  # fmt: skip
    frames = {name: canonical_frame(pd.DataFrame(tables[name]) if name in tables else None, name) for name in SCHEMA}
    as_of = (START + pd.Timedelta(days=DAYS)).date()
    assert isinstance(as_of, dt.date)
    return CrmData(**frames, as_of=as_of, report=ImportReport.__new__(ImportReport))


def test_a_million_deals_are_fitted() -> None:
    here = {"PYTHONPATH": str(Path(__file__).parents[1]), "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, __file__], capture_output=True, text=True, check=True, env={**os.environ, **here}
    )
    seconds, gigabytes = map(float, done.stdout.split())
    file("fit", "a million deals: processor seconds", bar=f"<= {SECONDS:.0f}", value=seconds, bound=seconds, n=1)
    file("fit", "a million deals: gigabytes at most", bar=f"<= {GIGABYTES:.0f}", value=gigabytes, bound=gigabytes, n=1)
    assert seconds <= SECONDS and gigabytes <= GIGABYTES


if __name__ == "__main__":
    from salessim.clocks.simulate import simulate
    from salessim.fit import fit_company
    from salessim.model.presets import preset

    simulate(*preset("small"), months=1)  # a first run on a machine compiles the rules, and keeps them
    crm = million()
    begin = time.process_time()
    fit_company(crm)
    print(time.process_time() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6)
