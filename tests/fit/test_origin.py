"""An export cut at an earlier day knows nothing of later ones."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

from salessim.crm import CrmData, read_crm
from salessim.crm.tables import canonical_frame
from salessim.errors import CrmError
from salessim.fit.history import read_history
from salessim.fit.origin import known_on
from salessim.sample import write_sample

DAY = dt.date(2025, 3, 31)
END = pd.Timestamp("2025-04-01")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> CrmData:
    return read_crm(write_sample(tmp_path_factory.mktemp("sample")))


def test_nothing_of_later_days_is_left(whole: CrmData) -> None:
    then = known_on(whole, DAY)
    assert then.as_of == DAY
    for frame, columns in (
        (then.deals, ("created_at", "closed_at")),
        (then.stage_events, ("entered_at",)),
        (then.changes, ("changed_at",)),
        (then.activities, ("at",)),
        (then.users, ("hired_at", "left_at")),
    ):
        for column in columns:
            assert not (frame[column] >= END).any()
    assert len(then.deals) == (whole.deals["created_at"] < END).sum()
    later = whole.deals[(whole.deals["created_at"] < END) & (whole.deals["closed_at"] >= END)]
    assert len(later) > 10
    same = then.deals.set_index("deal_id").loc[later["deal_id"]]
    assert (same["status"] == "open").all()
    assert same["closed_at"].isna().all() and same["lost_reason"].isna().all()
    events = whole.stage_events[whole.stage_events["entered_at"] < END].sort_values("entered_at", kind="stable")
    last = events.drop_duplicates("deal_id", keep="last").set_index("deal_id")["stage"]
    assert (same["stage"] == last.reindex(same.index)).all()


def test_a_cut_at_the_end_changes_no_deal(whole: CrmData) -> None:
    then = known_on(whole, whole.as_of)
    pd.testing.assert_series_equal(then.deals["status"], whole.deals["status"])
    assert len(read_history(then).deals) == len(read_history(whole).deals)


def test_leads_converted_later_are_not_converted(whole: CrmData) -> None:
    leads = pd.DataFrame(
        {
            "lead_id": ["a", "b", "c"], "created_at": pd.to_datetime(["2025-01-05", "2025-01-06", "2025-06-01"]),
            "converted_at": pd.to_datetime(["2025-02-01", "2025-05-01", "2025-06-02"]),
            "is_converted": [True, True, True], "deal_id": ["D1", "D2", "D3"],
        }
    )  # fmt: skip
    changed = CrmData(
        **{**dict(whole.tables()), "leads": canonical_frame(leads, "leads")}, as_of=whole.as_of, report=whole.report
    )
    then = known_on(changed, DAY).leads.set_index("lead_id")
    assert list(then.index) == ["a", "b"]
    assert then["is_converted"].tolist() == [True, False]
    assert then["deal_id"].isna().tolist() == [False, True]


def test_changes_are_undone(whole: CrmData) -> None:
    deal = whole.deals[(whole.deals["created_at"] < END)].iloc[0]["deal_id"]
    logged = pd.DataFrame(
        {
            "deal_id": [deal, deal, deal], "field": ["amount", "amount", "owner_id"],
            "changed_at": pd.to_datetime(["2025-05-01", "2025-06-01", "2025-05-02"]),
            "old": ["123.0", "456.0", "somebody"], "new": ["456.0", "789.0", "else"], "user_id": [None] * 3,
        }
    )  # fmt: skip
    changed = CrmData(**{**dict(whole.tables()), "changes": logged}, as_of=whole.as_of, report=whole.report)
    row = known_on(changed, DAY).deals.set_index("deal_id").loc[deal]
    assert row["amount"] == 123.0
    assert row["owner_id"] == "somebody"


def test_accounts_of_open_deals_can_be_forgotten(whole: CrmData) -> None:
    then = known_on(whole, DAY, accounts_of_open=False)
    was_open = then.deals["status"] == "open"
    assert then.deals.loc[was_open, "account_id"].isna().all()
    assert then.deals.loc[~was_open, "account_id"].notna().all()


def test_a_day_after_the_export_is_refused(whole: CrmData) -> None:
    with pytest.raises(CrmError, match="ends before this day"):
        known_on(whole, dt.date(2031, 1, 1))
