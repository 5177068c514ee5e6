"""Funnel analytics against counts by hand, closed forms and the truth of a simulated log."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from salessim.crm import read_crm
from salessim.crm.analytics import Funnel, funnel
from salessim.crm.analytics.spells import incidence, median_days
from salessim.errors import CrmError, SalesSimError

Writer = Callable[..., Path]

DEALS = (
    "deal_id,name,owner_id,stage,status,amount,created_at,expected_close,closed_at\n"
    "D1,a,U1,Offer,won,100,2024-01-01,2024-02-01,2024-02-10\n"
    "D2,b,U1,Offer,lost,50,2024-01-11,2024-02-01,2024-01-31\n"
    "D3,c,U2,Needs,no decision,70,2024-02-01,2024-03-01,2024-03-02\n"
    "D4,d,U2,Offer,open,30,2024-02-15,2024-03-01,\n"
    "D5,e,U2,Needs,open,20,2024-03-20,2024-05-01,\n"
)
EVENTS = (
    "deal_id,stage,entered_at\nD1,Needs,2024-01-01\nD1,Offer,2024-01-21\nD2,Needs,2024-01-11\nD2,Offer,2024-01-21\n"
    "D3,Needs,2024-02-01\nD4,Needs,2024-02-15\nD4,Offer,2024-02-25\nD5,Needs,2024-03-20\n"
)
CHANGES = (
    "deal_id,field,changed_at,old,new\nD4,amount,2024-03-10,80,30\nD1,amount,2024-02-05,60,100\n"
    "D4,expected_close,2024-02-20,2024-02-10,2024-03-01\n"
)


@pytest.fixture
def small(export: Writer) -> Funnel:
    folder = export({"deals.csv": DEALS, "stage_events.csv": EVENTS, "changes.csv": CHANGES, "users.csv": "user_id,name,team\nU1,Ann,East\nU2,Ben,West\n"})  # fmt: skip  # noqa: E501
    return funnel(read_crm(folder, as_of="2024-03-31"))


class TestByHand:
    def test_win_rate_names_its_base(self, small: Funnel) -> None:
        assert small.win_rate(of="closed") == pytest.approx(1 / 3)
        assert small.win_rate(of="all") == pytest.approx(1 / 5)
        assert small.win_rate(of="closed", value=True) == pytest.approx(100 / 220)
        with pytest.raises(CrmError, match="no such base"):
            small.win_rate(of="some")

    def test_stages(self, small: Funnel) -> None:
        table = small.by_stage()
        assert table.index.tolist() == ["Needs", "Offer"]
        assert table["entered"].tolist() == [5, 3] and table["open"].tolist() == [1, 1]
        sums = table[["advanced", "lost", "no_decision", "disqualified", "moved_back", "still_there"]].sum(axis=1)
        assert sums.tolist() == pytest.approx([1, 1])
        # Needs: left after 20, 10, 30 (no decision) and 10 days, one still there after 12: of 4, 2 left at 10; 1 of 2 at 20.  # noqa: E501
        assert table.loc["Needs", "advanced"] == pytest.approx(2 / 5 + 3 / 5 * 1 / 2)
        assert table.loc["Needs", "no_decision"] == pytest.approx(3 / 5 * 1 / 2)
        assert table.loc["Needs", "median_days"] == 20

    @pytest.mark.parametrize(("start", "end"), [("2024-01-05", "2024-03-31"), ("2024-02-01", "2024-03-05"), ("2023-12-01", "2024-03-12")])  # fmt: skip  # noqa: E501
    def test_waterfall_closes_to_zero(self, small: Funnel, start: str, end: str) -> None:
        bridge = small.waterfall(start, end)
        assert bridge.loc["residual"].tolist() == [0, 0]
        assert tuple(bridge.loc["opening"]) == small.open_pipeline(start)
        assert tuple(bridge.loc["closing"]) == small.open_pipeline(end)

    def test_waterfall_by_hand(self, small: Funnel) -> None:
        bridge = small.waterfall("2024-01-31", "2024-03-31")
        assert bridge["amount"].to_dict() == {
            "opening": 60.0, "created": 170.0, "increased": 40.0, "decreased": -50.0, "won": -100.0, "lost": 0.0,
            "no_decision": -70.0, "disqualified": 0.0, "closing": 50.0, "residual": 0.0,
        }  # fmt: skip

    def test_slippage(self, small: Funnel) -> None:
        found = small.slippage()
        assert found["pushed_of_all"] == pytest.approx(1 / 5) and found["mean_push_days"] == 20
        assert found["overdue_of_open"] == 0.5 and found["median_days_late_of_won"] == 9

    def test_people_teams_and_cohorts(self, small: Funnel) -> None:
        reps = small.by_rep()
        assert reps.loc["U1", ["deals", "won", "lost", "win_rate_of_closed"]].tolist() == [2, 1, 1, 0.5]
        assert small.by_team().loc["West", "win_rate_of_all"] == 0
        cohorts = small.cohorts("M")
        assert cohorts.index.tolist() == ["2024-01", "2024-02", "2024-03"] and cohorts["created"].sum() == 5

    def test_velocity_and_coverage(self, small: Funnel) -> None:
        found = small.velocity()
        assert found["velocity"] == pytest.approx(2 * (1 / 3) * 100 / 40)
        assert small.coverage(25.0) == 2.0
        assert small.coverage({"U1": 10.0, "U2": 25.0})["coverage"].tolist() == [0.0, 2.0]

    def test_ageing(self, small: Funnel) -> None:
        table = small.ageing()
        assert table.loc["Offer", "30-60"] == 1 and table.loc["Needs", "0-30"] == 1 and table["amount"].sum() == 50

    def test_both_languages(self, small: Funnel) -> None:
        assert "Win rate of closed deals: 33.3% (1 won of 3 that have ended)" in small.to_text()
        assert "赢单率（占已结束）：33.3%（已结束3个，赢单1个）" in small.to_text("zh")
        with pytest.raises(SalesSimError, match="en, zh"):
            small.to_text("fr")


class TestClosedForms:
    def test_without_censoring_shares_are_counts(self) -> None:
        rng = np.random.default_rng(3)
        days, cause = rng.exponential(10, 500), rng.integers(1, 5, 500)
        shares = incidence(days, cause)
        for number, name in enumerate(("advanced", "lost", "no_decision", "disqualified"), 1):
            assert shares[name] == pytest.approx(float((cause == number).mean()))

    def test_censoring_does_not_bias(self) -> None:
        """Two ends with rates 0.03 and 0.01, censored at up to 60 days: the naive share is the same, the level is not.

        Of 20,000 deals the standard error of the share within 60 days is below 0.005: the band is four of them.
        """
        rng = np.random.default_rng(4)
        days = rng.exponential(25, 20_000)
        cause = np.where(rng.random(20_000) < 0.75, 1, 2)
        limit = rng.uniform(0, 120, 20_000)
        seen = np.where(days <= limit, cause, 0)
        shares = incidence(np.minimum(days, limit).round(1), seen)
        assert shares["advanced"] == pytest.approx(0.75 * (1 - np.exp(-120 / 25)), abs=0.02)
        assert median_days(np.minimum(days, limit), seen) == pytest.approx(25 * np.log(2), rel=0.05)


class TestRealSets:
    def test_maven_without_history(self, maven: Path) -> None:
        found = funnel(read_crm(maven))
        assert found.win_rate(of="closed") == pytest.approx(3042 / (3042 + 1684))
        table = found.by_stage()
        assert table.index.tolist() == ["whole cycle"] and found.spells.left_out == {"no date of creation": 500}
        bridge = found.waterfall("2017-03-31", "2017-06-30")
        assert bridge.loc["residual"].tolist() == [0, 0]

    def test_no_deals_is_refused(self, shared: Path) -> None:
        with pytest.raises(CrmError, match="no deals to analyse"):
            funnel(read_crm(shared / "lead_scoring_xeducation", as_of="2024-01-01"))


def test_unknown_stage_is_refused(small: Funnel) -> None:
    with pytest.raises(CrmError, match="no deal enters this stage"):
        funnel(small, stages=["Needs", "Ofer"])


def test_a_stage_skipped_backwards_is_told(export: Writer) -> None:
    deals = "deal_id,stage,status,created_at\n" + "".join(f"D{n},Offer,open,2024-01-01\n" for n in range(3))
    events = (
        "deal_id,stage,entered_at\n"
        + "".join(f"D{n},Needs,2024-01-01\nD{n},Offer,2024-01-05\n" for n in range(3))
        + "D0,Needs,2024-01-09\n"
    )
    table = funnel(
        read_crm(export({"deals.csv": deals, "stage_events.csv": events})), stages=["Needs", "Offer"]
    ).by_stage()
    assert table.loc["Offer", "moved_back"] > 0
    assert isinstance(table, pd.DataFrame)
