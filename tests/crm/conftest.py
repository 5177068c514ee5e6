"""Exports written to disk for the tests: small ones by hand, and a whole sample company."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

Writer = Callable[..., Path]
SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@pytest.fixture
def export(tmp_path: Path) -> Writer:
    """Write files into a fresh folder and give its path."""

    def write(files: Mapping[str, str | bytes], encoding: str = "utf-8") -> Path:
        folder = tmp_path / f"export{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        for name, content in files.items():
            (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return folder

    return write


@pytest.fixture
def maven() -> Path:
    """The Maven sales pipeline, where it is at hand."""
    folder = SHARED / "maven_crm"
    if not folder.is_dir():
        pytest.skip("the Maven set is not here")
    return folder


@pytest.fixture
def shared() -> Path:
    """Real tables from elsewhere, where they are at hand."""
    if not SHARED.is_dir():
        pytest.skip("the real tables are not here")
    return SHARED


@pytest.fixture
def field_maps() -> Path:
    """Header tables of five CRMs, where they are at hand."""
    folder = SHARED / "crm_field_maps"
    if not folder.is_dir():
        pytest.skip("the header tables are not here")
    return folder


@pytest.fixture(scope="session")
def company() -> Callable[[int], dict[str, pd.DataFrame]]:
    """The tables of a sample company with the given number of deals, as a CRM would export them."""

    def build(count: int, seed: int = 20240131) -> dict[str, pd.DataFrame]:
        rng = np.random.default_rng(seed)
        users = pd.DataFrame(
            {
                "user_id": [f"U{number:03d}" for number in range(12)],
                "name": [f"Person {letter}{letter.lower() * 5}" for letter in "ABCDEFGHIJKL"],
                "team": "Field",
                "region": ["North", "South"] * 6,
                "place": ["Hamburg", "Munich"] * 6,
                "country": "Germany",
                "lat": [53.55, 48.14] * 6,
                "lon": [9.99, 11.58] * 6,
                "hired_at": "2019-03-01",
                "left_at": [""] * 8 + ["2023-05-31"] * 4,
            }
        )
        accounts = pd.DataFrame(
            {
                "account_id": [f"A{number:04d}" for number in range(80)],
                "name": [f"Customer Number {number} Works" for number in range(80)],
                "segment": rng.choice(["finance", "retail", "medical"], 80),
                "region": rng.choice(["North", "South"], 80),
                "place": "Hamburg",
                "country": "Germany",
                "lat": rng.uniform(47, 54, 80).round(4),
                "lon": rng.uniform(6, 15, 80).round(4),
                "potential": rng.lognormal(11, 1, 80).round(2),
                "is_customer": rng.random(80) < 0.3,
                "owner_id": rng.choice(users["user_id"], 80),
            }
        )
        products = pd.DataFrame(
            {"product": ["Alpha", "Beta", "Gamma"], "list_price": [100, 2000, 30000], "unit_cost": [40, 900, 9000]}
        ).assign(line=["S", "S", "L"])
        created = pd.Timestamp("2021-01-04") + pd.to_timedelta(np.sort(rng.integers(0, 86_400 * 900, count)), unit="s")
        cycle = pd.to_timedelta((rng.gamma(2, 25, count) * 86_400).astype(int), unit="s")
        closed = created + cycle
        done = closed < pd.Timestamp("2023-06-30")
        outcome = rng.choice(["won", "lost", "no_decision", "disqualified"], count, p=[0.3, 0.4, 0.2, 0.1])
        status = np.where(done, outcome, "open")
        deals = pd.DataFrame(
            {
                "deal_id": [f"D{number:06d}" for number in range(count)],
                "name": [f"Project {number}" for number in range(count)],
                "account_id": rng.choice(accounts["account_id"], count),
                "product": rng.choice(products["product"], count),
                "owner_id": rng.choice(users["user_id"], count),
                "stage": np.where(done, "Negotiation", rng.choice(["Qualification", "Proposal"], count)),
                "status": status,
                "amount": rng.lognormal(9, 1, count).round(2),
                "currency": "EUR",
                "created_at": created.strftime("%Y-%m-%d %H:%M:%S"),
                "expected_close": (created + pd.to_timedelta(rng.integers(30, 200, count), unit="D")).strftime(
                    "%Y-%m-%d"
                ),
                "closed_at": np.where(done, closed.strftime("%Y-%m-%d %H:%M:%S"), ""),
                "source": rng.choice(["web", "fair", "partner"], count),
                "lost_reason": np.where(status == "lost", "price", ""),
            }
        )
        events = pd.DataFrame(
            {
                "deal_id": np.repeat(deals["deal_id"].to_numpy(), 2),
                "stage": np.tile(["Qualification", "Proposal"], count),
                "entered_at": np.repeat(deals["created_at"].to_numpy(), 2),
                "owner_id": np.repeat(deals["owner_id"].to_numpy(), 2),
            }
        )
        activities = pd.DataFrame(
            {
                "activity_id": [f"X{number}" for number in range(count)],
                "type": rng.choice(["call", "visit"], count),
                "owner_id": deals["owner_id"],
                "account_id": deals["account_id"],
                "deal_id": deals["deal_id"],
                "at": deals["created_at"],
                "duration_min": rng.integers(5, 120, count),
            }
        )
        return {
            "deals": deals,
            "stage_events": events,
            "accounts": accounts,
            "products": products,
            "reps": users,
            "activities": activities,
        }

    return build


@pytest.fixture
def company_folder(export: Writer, company: Callable[[int], dict[str, pd.DataFrame]]) -> Path:
    """The sample company with 600 deals, on disk."""
    return export({f"{name}.csv": frame.to_csv(index=False) for name, frame in company(600).items()})
