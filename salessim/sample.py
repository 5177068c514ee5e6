"""The sample company: made by the simulator, with known truth and no real people.

Lanhai Instruments (蓝海仪器) sells laboratory instruments from sixteen reps in the Yangtze delta, by territory today.
What its CRM would show after two years is written as files; the truth behind them is written beside them.
"""

from __future__ import annotations

import datetime as dt
import math
import random
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from salessim.clocks.settle import settle
from salessim.clocks.simulate import simulate
from salessim.errors import StudyError, explain
from salessim.model.files import dump
from salessim.model.management import Management
from salessim.model.market import Accounts, Affinity, Calendar, Market, Products
from salessim.model.plan import Plan, Team
from salessim.model.presets import default_stages
from salessim.record import record

if TYPE_CHECKING:
    import pandas as pd

    from salessim.clocks.run import Run

__all__ = ["sample_company", "write_sample"]

_CITIES = {
    # city: (latitude, longitude, share of accounts); coordinates from GeoNames (geonames.org), CC BY 4.0, rounded
    "Shanghai": (31.22, 121.46, 70), "Suzhou": (31.30, 120.60, 40), "Hangzhou": (30.29, 120.16, 44),
    "Nanjing": (32.06, 118.78, 42), "Wuxi": (31.57, 120.29, 26), "Ningbo": (29.88, 121.55, 26),
    "Changzhou": (31.77, 119.95, 20), "Nantong": (32.03, 120.87, 18), "Shaoxing": (30.00, 120.58, 16),
    "Jiaxing": (30.75, 120.75, 16), "Yangzhou": (32.40, 119.44, 14), "Hefei": (31.86, 117.28, 28),
    "Wuhu": (31.34, 118.37, 12), "Jinhua": (29.11, 119.65, 14),
}  # fmt: skip
_SEGMENTS = {"university": 0.34, "hospital": 0.28, "pharma": 0.22, "industry": 0.16}
_START = dt.date(2024, 1, 1)
_HISTORY_MONTHS = 24
_ACCOUNTS, _REPS = 386, 16


def sample_company() -> tuple[Market, Plan]:
    """Return the true market and today's plan of the sample company, before its history.

    Examples
    --------
    >>> market, plan = sample_company()
    >>> len(market.accounts), plan.headcount, market.segments
    (386, 16, ('hospital', 'industry', 'pharma', 'university'))
    """
    rng = random.Random(20240101)
    cities = rng.choices(list(_CITIES), weights=[share for _, _, share in _CITIES.values()], k=_ACCOUNTS)
    segments = rng.choices(list(_SEGMENTS), weights=list(_SEGMENTS.values()), k=_ACCOUNTS)
    size = [math.exp(rng.gauss(-0.18, 0.6)) for _ in range(_ACCOUNTS)]
    mean = sum(size) / len(size)
    accounts = Accounts(
        {
            "account": [f"A{n + 1:03d}" for n in range(_ACCOUNTS)],
            "segment": segments,
            "potential": [round(x / mean, 4) for x in size],
            "customer": [rng.random() < 0.65 for _ in range(_ACCOUNTS)],
            "lat": [round(_CITIES[c][0] + rng.gauss(0, 0.12), 4) for c in cities],
            "lon": [round(_CITIES[c][1] + rng.gauss(0, 0.12), 4) for c in cities],
            "region": cities,
        }
    )
    products = Products(
        {
            "product": ["Analyzer", "Consumables", "Microscope"],
            "price": [180_000.0, 24_000.0, 95_000.0],
            "price_cv": [0.45, 0.5, 0.4],
            "margin": [0.46, 0.38, 0.42],
            "complexity": [0.7, 0.2, 0.5],
            "opportunities": [1.7, 3.0, 2.0],
        }
    )
    affinity = Affinity(
        [
            {"segment": "pharma", "product": "Analyzer", "demand": 1.6, "win": 0.3},
            {"segment": "hospital", "product": "Consumables", "demand": 1.5, "win": 0.2},
            {"segment": "university", "product": "Microscope", "demand": 1.4, "win": 0.2},
            {"segment": "industry", "product": "Microscope", "demand": 0.6, "win": -0.4},
        ]
    )
    market = Market(
        name="Lanhai Instruments",
        currency="CNY",
        start=_START,
        products=products,
        accounts=accounts,
        stages=default_stages(),
        affinity=affinity,
        calendar=Calendar(),
    ).but(season=(0.85, 0.7, 1.1, 1.05, 1.0, 1.1, 0.9, 0.9, 1.1, 1.0, 1.15, 1.15))
    homes = _homes()
    team = Team(
        {
            "rep": [f"S{n + 1:02d}" for n in range(_REPS)],
            "group": [_group(city) for city in homes],
            "lat": [_CITIES[city][0] for city in homes],
            "lon": [_CITIES[city][1] for city in homes],
        }
    )
    pay = Management(
        salary=180_000.0, commission=0.02, tools_cost=20_000.0, overhead_cost=40_000.0, manager_cost=360_000.0,
        hiring_cost=50_000.0, training_cost=2_000.0,
    )  # fmt: skip
    market = market.but(outside_pay=230_000.0)
    return market, Plan(name="today", structure="territory", team=team, management=pay)


def _homes() -> list[str]:
    """Where the reps live: cities in proportion to their accounts, the largest first (highest averages)."""
    chosen: list[str] = []
    while len(chosen) < _REPS:
        chosen.append(max(_CITIES, key=lambda city: (_CITIES[city][2] / (chosen.count(city) + 1), city)))
    return sorted(chosen)


def _group(city: str) -> str:
    latitude, longitude, _ = _CITIES[city]
    return "west" if longitude < 119.6 else ("north" if latitude > 31.0 else "south")


def write_sample(folder: str | Path) -> Path:
    """Write the CRM export of the sample company after two years, and the truth behind it.

    Parameters
    ----------
    folder : str or Path
        Made if it does not exist; files of the same names are replaced.

    Returns
    -------
    Path
        The folder, with deals, stage_events, accounts, products, reps and activities as CSV and the truth as YAML.

    Raises
    ------
    StudyError
        If the folder cannot be written.
    """
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(
            explain("the folder cannot be made", where=str(folder), remedy=f"Choose another folder ({error.strerror})")
        ) from None
    market, plan = sample_company()
    market = settle(market, plan, months=18)
    run = simulate(market, plan, months=_HISTORY_MONTHS, seed=2024, record_calls=True)
    for name, frame in _tables(run).items():
        frame.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    dump(market.but(today=type(market.today)()), folder / "truth_market.yaml")
    dump(plan, folder / "truth_plan.yaml")
    return folder


def _tables(run: Run) -> dict[str, pd.DataFrame]:
    """What the people of the company wrote into their CRM: exactly what happened."""
    book = record(run)
    deals, accounts, activities = book.deals, book.accounts, book.activities
    columns = ["deal_id", "stage", "entered_at", "owner_id"]
    return {
        "deals": deals.assign(
            amount=deals["amount"].astype(int),
            expected_close=deals["expected_close"].dt.date,
            lost_reason=deals["lost_reason"].fillna(""),
        ),
        "stage_events": book.stage_events[columns],
        "accounts": accounts.assign(country="China", is_customer=np.where(accounts["is_customer"], "yes", "no")),
        "products": book.products[["product", "list_price", "unit_cost", "line"]],
        "reps": _rep_table(run.plan),
        "activities": activities.assign(deal_id="", duration_min=activities["duration_min"].astype(int))[
            ["activity_id", "type", "owner_id", "account_id", "deal_id", "at", "duration_min"]
        ],
    }


def _rep_table(plan: Plan) -> pd.DataFrame:
    import pandas as pd

    team = plan.team
    return pd.DataFrame(
        {
            "user_id": team["rep"],
            "name": [f"Seller {rep[1:]}" for rep in team["rep"]],
            "team": team["group"],
            "region": team["group"],
            "place": _homes(),
            "country": "China",
            "lat": team["lat"],
            "lon": team["lon"],
            "hired_at": "2021-01-01",
            "left_at": "",
        }
    )
