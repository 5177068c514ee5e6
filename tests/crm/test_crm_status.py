"""Open, won, lost, no decision, disqualified; and when a deal was closed."""

from __future__ import annotations

import pandas as pd
import pytest

from salessim.crm.mapping import Wishes
from salessim.crm.report import ReportBuilder
from salessim.crm.status import decide_closing, decide_status
from salessim.errors import CrmError


def frame(**columns: list[object]) -> pd.DataFrame:
    made = {}
    for name, values in columns.items():
        dated = name.endswith(("_at", "_close", "_date"))
        kind = "datetime64[us]" if dated else "float64" if name == "probability" else "str"
        made[name] = pd.Series(values, dtype=kind)
    table = pd.DataFrame(made)
    table["_file"], table["_row"] = "deals.csv", range(2, len(table) + 2)
    return table


def status(wishes: Wishes | None = None, **columns: list[object]) -> list[str]:
    return decide_status(frame(**columns), wishes or Wishes(), ReportBuilder()).tolist()


def codes(log: ReportBuilder) -> dict[str, int | None]:
    return {finding.code: finding.count for finding in log.findings()}


class TestStatus:
    @pytest.mark.parametrize(
        ("word", "expected"),
        [
            ("Won", "won"),
            ("Closed Won", "won"),
            ("closedwon", "won"),
            ("Closed Won (Sales Pipeline)", "won"),
            ("赢单", "won"),
            ("Closed Lost to Competition", "lost"),
            ("输单", "lost"),
            ("丢单", "lost"),
            ("无效", "disqualified"),
            ("No Decision", "no_decision"),
            ("no_decision", "no_decision"),
            ("未决", "no_decision"),
            ("进行中", "open"),
            ("Negotiation/Review", "open"),
            ("谈判审核", "open"),
        ],
    )
    def test_words_as_stage(self, word: str, expected: str) -> None:
        assert status(stage=[word, "Won", "Lost"])[0] == expected

    def test_status_goes_before_stage(self) -> None:
        assert status(stage=["Proposal", "Won", "Lost"], status=["lost", "open", None]) == ["lost", "open", "lost"]

    def test_unknown_status_falls_back_to_the_stage(self) -> None:
        log = ReportBuilder()
        table = frame(stage=["Won", "Proposal"], status=["archived", "archived"])
        assert decide_status(table, Wishes(), log).tolist() == ["won", "open"]
        assert codes(log)["status_unknown"] == 2

    def test_reason_does_not_change_a_loss(self) -> None:
        assert status(stage=["Lost"], lost_reason=["no decision"]) == ["lost"]

    def test_probability_decides_unknown_stages(self) -> None:
        result = status(stage=["Signé", "Signé", "Perdu", "Offre", "Offre"], probability=[1.0, 1.0, 0.0, 0.0, 0.4])
        assert result == ["won", "won", "lost", "open", "open"]

    def test_mapping_goes_before_all(self) -> None:
        assert status(Wishes(stages={"Won": "open", "Offre": "lost"}), stage=["Won", "Offre", "Lost"]) == [
            "open",
            "lost",
            "lost",
        ]

    def test_mapping_of_a_stage_that_does_not_occur(self) -> None:
        with pytest.raises(CrmError, match="no deal has this stage"):
            status(Wishes(stages={"Gagné": "won"}), stage=["Won"])

    def test_nothing_closed_and_nothing_won_are_told(self) -> None:
        for stages, code in ((["Offer", "Visit"], "nothing_closed"), (["Offer", "Lost"], "nothing_won")):
            log = ReportBuilder()
            decide_status(frame(stage=stages), Wishes(), log)
            assert code in codes(log)

    def test_expected_dates_are_no_reason_to_ask(self) -> None:
        dates = [f"2024-0{month}-01" for month in range(1, 9)]
        table = frame(stage=["Visit"] * 7 + ["Won"], closed_at=dates, created_at=["2024-01-01"] * 8)
        assert decide_status(table, Wishes(), ReportBuilder()).tolist() == ["open"] * 7 + ["won"]

    @pytest.mark.parametrize("others", [["Offer"] * 6, ["Won"] * 6])
    def test_unknown_stage_with_closing_dates_is_asked_about(self, others: list[str]) -> None:
        closed = ["2024-02-01"] * 6 + ([None] * 6 if others[0] == "Offer" else ["2024-02-01"] * 6)
        table = frame(stage=["Verloren"] * 6 + others, closed_at=closed, created_at=["2024-02-15"] * 12)
        with pytest.raises(CrmError, match="'Verloren' is not known"):
            decide_status(table, Wishes(), ReportBuilder())

    def test_dates_ahead_do_not_hide_that_other_open_deals_have_none(self) -> None:
        dates = ["2024-02-01"] * 5 + ["2024-03-01"] + [None] * 6
        table = frame(stage=["Verloren"] * 6 + ["Offer"] * 6, closed_at=dates, created_at=["2024-02-15"] * 12)
        with pytest.raises(CrmError, match="6 deals have a closing date"):
            decide_status(table, Wishes(), ReportBuilder())

    def test_neither_stage_nor_status(self) -> None:
        log = ReportBuilder()
        assert decide_status(frame(stage=["Won", None]), Wishes(), log).tolist() == ["won", "open"]
        assert codes(log)["status_missing"] == 1


def closing(table: pd.DataFrame, events: pd.DataFrame | None = None):
    log = ReportBuilder()
    return decide_closing(table, events, Wishes(), log), codes(log)


class TestClosing:
    def test_closing_date_of_the_file(self) -> None:
        table = frame(deal_id=["1", "2"], status=["won", "open"], closed_at=["2024-03-01", None])
        result, told = closing(table)
        assert result.closed_at.tolist()[0] == pd.Timestamp("2024-03-01") and result.closed_at.isna().tolist() == [
            False,
            True,
        ]
        assert told == {} and not result.weak.any()

    def test_a_date_on_open_deals_is_the_expected_one(self) -> None:
        table = frame(deal_id=["1", "2"], status=["won", "open"], close_date=["2024-03-01", "2024-05-01"])
        result, told = closing(table)
        assert result.closed_at.isna().tolist() == [False, True]
        assert result.expected_close.isna().tolist() == [True, False]
        assert told == {"close_date_both": 1}

    def test_a_stray_date_on_an_open_deal_does_not_close_it(self) -> None:
        size = 100
        dates = ["2024-03-01"] * 100 + ["2024-05-01"] + [None] * 99
        table = frame(deal_id=[str(n) for n in range(200)], status=["won"] * size + ["open"] * size, closed_at=dates)
        result, told = closing(table)
        assert result.closed_at.notna().sum() == 100 and result.expected_close.notna().sum() == 1
        assert told == {"open_with_closing_date": 1}

    def test_ladder_stage_event_then_last_change(self) -> None:
        table = frame(
            deal_id=["1", "2", "3", "4"],
            status=["won", "lost", "lost", "open"],
            closed_at=["2024-03-01", None, None, None],
            stage_changed_at=["2024-02-01"] * 4,
            expected_close=["2024-09-01"] * 4,
        )
        events = frame(
            deal_id=["2", "2", "2", "4"],
            stage=["Proposal", "Closed Lost", "Lost", "Proposal"],
            entered_at=["2024-01-01", "2024-01-05", "2024-01-09", "2024-01-02"],
        )
        result, told = closing(table, events)
        days = [None if pd.isna(day) else str(day.date()) for day in result.closed_at]
        assert days == ["2024-03-01", "2024-01-09", "2024-02-01", None]
        assert told == {"closing_from": 1} and not result.weak.any()

    def test_expected_date_only_where_there_are_no_closing_dates(self) -> None:
        table = frame(
            deal_id=["1", "2"], status=["won", "lost"], closed_at=[None, None], expected_close=["2024-09-01", None]
        )
        result, told = closing(table)
        assert result.weak.tolist() == [True, False] and told == {"closing_weak": 1, "closing_missing": 1}
        table["closed_at"] = pd.Series([None, "2024-08-01"], dtype="datetime64[us]")
        result, told = closing(table)
        assert not result.weak.any() and told == {"closing_missing": 1}

    def test_no_events_into_a_closed_stage(self) -> None:
        table = frame(deal_id=["1"], status=["won"], closed_at=["2024-03-01"])
        events = frame(deal_id=["1"], stage=["Proposal"], entered_at=["2024-01-01"])
        assert closing(table, events)[0].closed_at.notna().all()
