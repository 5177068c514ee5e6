"""Real sets that hold deals or leads: read as they are, at most with a small mapping."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from salessim.crm import read_crm


def test_leads_of_an_online_school(shared: Path) -> None:
    data = read_crm(shared / "lead_scoring_xeducation", as_of="2024-01-01")
    assert len(data.leads) == 9240 and data.deals.empty
    assert int(data.leads["is_converted"].sum()) == 3561
    assert "Select" not in set(data.leads["source"].dropna())
    assert not {"google", "Google"} <= set(data.leads["source"].dropna()), "one spelling"


def test_funnel_of_a_marketplace(shared: Path) -> None:
    mapping = {"columns": {"deals": {"seller_id": "account_id", "sr_id": "owner_id"}}}
    data = read_crm(shared / "olist_funnel", mapping=mapping)
    assert (len(data.leads), len(data.deals)) == (8000, 842)
    assert set(data.deals["status"]) == {"won"} and data.deals["closed_at"].notna().all()
    assert int(data.leads["deal_id"].notna().sum()) == 842
    assert data.deals["owner_id"].nunique() == 22


def test_order_lines_of_a_vendor(shared: Path) -> None:
    wishes = {"Row ID": "deal_id", "Order Date": "won_at", "Sales": "amount", "Customer": "account_name"}
    mapping = {"files": {"saas_sales_2020_2022.csv": "deals"}, "columns": {"deals": wishes}}
    data = read_crm(shared / "saas_sales", mapping=mapping)
    assert len(data.deals) == 6675 and set(data.deals["status"]) == {"won"}
    assert sorted(data.deals["closed_at"].dt.year.unique()) == [2020, 2021, 2022]


def test_work_items_of_a_bank(shared: Path) -> None:
    data = read_crm(shared / "bpi12_workitems")
    assert len(data.deals) == 9658 and data.report.of("deals_of_events")[0].level == "warning"
    assert data.stage_events["entered_at"].min().year == 2011


def test_order_lines_of_a_european_spreadsheet(shared: Path) -> None:
    name = "superstore_semicolon_decimalcomma_bom_crlf.csv"
    wishes = {"Row ID": "deal_id", "Order Date": "won_at", "Sales": "amount", "Customer Name": "account_name"}
    data = read_crm(shared / "format_quirks", mapping={"files": {name: "deals"}, "columns": {"deals": wishes}})
    assert len(data.deals) == 400 and data.deals["amount"].iloc[0] == 261.96
    assert data.deals["closed_at"].iloc[0] == pd.Timestamp("2020-11-08"), "day first"


# Sets without deals or leads: places, purchases of a shop, series, people, headers, prescriptions.
OTHERS = {"cities", "cdnow", "forecasting", "sales_people", "crm_field_maps", "sales_response"}
READ = {"maven_crm", "olist_funnel", "lead_scoring_xeducation", "saas_sales", "bpi12_workitems", "format_quirks"}


def test_no_set_is_forgotten(shared: Path) -> None:
    assert {folder.name for folder in shared.iterdir() if folder.is_dir()} <= READ | OTHERS


@pytest.mark.parametrize("name", ["maven_crm", "olist_funnel", "bpi12_workitems"])
def test_every_row_is_accounted_for(shared: Path, name: str) -> None:
    for file in read_crm(shared / name).report.files:
        assert file.rows_read == file.rows_kept + sum(file.dropped.values())
