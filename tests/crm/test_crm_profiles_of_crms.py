"""What each of the five CRMs does in its own way, on files written by hand."""

# ruff: noqa: E501

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from salessim.crm import read_crm
from salessim.errors import CrmError

Writer = Callable[..., Path]


def book(*rows: list[object], title: str = "Sheet1", more: dict[str, list[list[object]]] | None = None) -> bytes:
    made = openpyxl.Workbook()
    made.active.title = title
    for row in rows:
        made.active.append(row)
    for name, lines in (more or {}).items():
        extra = made.create_sheet(name)
        for row in lines:
            extra.append(row)
    buffer = io.BytesIO()
    made.save(buffer)
    return buffer.getvalue()


class TestZoho:
    HISTORY = "Id,Potential_Name,Stage,Moved_To__s,Stage_Duration_Calendar_Days,Modified_Time,Amount\n"
    DEALS = (
        "Record Id,Deal Name,Deal Owner.id,Deal Owner,Stage,Amount,Closing Date,Created Time\n"
        "zcrm_1,First,zcrm_9,Ann,Closed Won,1000,2024-03-05,2024-01-02 09:00:00\n"
        "zcrm_2,Second,zcrm_9,Ann,Needs Analysis,500,2024-06-01,2024-02-01 10:00:00\n"
    )

    def test_prefix_of_identifiers(self, export: Writer) -> None:
        data = read_crm(export({"Deals_2026_05_28.csv": self.DEALS}))
        assert data.report.profile == "zoho"
        assert data.deals["deal_id"].tolist() == ["1", "2"] and data.deals["owner_id"].tolist() == ["9", "9"]

    def test_history_dated_by_entering(self, export: Writer) -> None:
        history = self.HISTORY + (
            "7,1,Qualification,Closed Won,30,2024-01-02T09:00:00+08:00,1000\n"
            "8,1,Closed Won,,,2024-02-01T09:00:00+08:00,1000\n"
            "9,2,Qualification,Needs Analysis,5,2024-02-01T10:00:00+08:00,500\n"
            "10,2,Needs Analysis,,,2024-02-06T10:00:00+08:00,500\n"
        )
        data = read_crm(export({"Deals.csv": self.DEALS, "DealHistory.csv": history}))
        assert data.report.of("events_by_entry")
        events = data.stage_events
        assert events["stage"].tolist() == ["Qualification", "Qualification", "Needs Analysis"]
        assert events["stage_from"].tolist()[2] == "Qualification"
        assert data.deals["closed_at"][0] == pd.Timestamp("2024-02-01 09:00"), "the event, not the expected date"
        assert data.report.of("events_closing")[0].count == 1

    def test_history_dated_by_leaving(self, export: Writer) -> None:
        history = self.HISTORY + (
            "7,1,Qualification,Closed Won,30,2024-02-01T09:00:00+08:00,1000\n"
            "8,1,Closed Won,,,2024-03-01T09:00:00+08:00,1000\n"
            "9,2,Qualification,Needs Analysis,5,2024-02-06T10:00:00+08:00,500\n"
            "10,2,Needs Analysis,,,2024-02-20T10:00:00+08:00,500\n"
        )
        data = read_crm(export({"Deals.csv": self.DEALS, "DealHistory.csv": history}))
        assert data.report.of("events_by_leaving")[0].level == "warning"
        assert data.stage_events["entered_at"].tolist() == [
            pd.Timestamp("2024-01-02 09:00"), pd.Timestamp("2024-02-01 10:00"), pd.Timestamp("2024-02-06 10:00"),
        ]  # fmt: skip

    def test_expected_date_used_for_closing_is_weak(self, export: Writer) -> None:
        data = read_crm(export({"Deals.csv": self.DEALS}))
        assert data.report.of("closing_weak")[0].count == 1

    def test_two_modules_joined(self, export: Writer) -> None:
        text = "Deal Id,Deal Name,Stage,Sub-Pipeline,Created Time(Created Time)\n1,a,Closed Won,x,2024-01-02\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["created_at"][0] == pd.Timestamp("2024-01-02")

    def test_leads(self, export: Writer) -> None:
        leads = "Record Id,Lead Owner,Company,Lead Source,Lead Status,Created Time\nzcrm_5,Ann,华信,Web,Contacted,2024-01-03\n"
        data = read_crm(export({"Deals.csv": self.DEALS, "Leads.csv": leads}))
        assert data.leads["lead_id"].tolist() == ["5"] and data.leads["status"].tolist() == ["Contacted"]


class TestFxiaoke:
    def record(self, **values: object) -> dict[str, object]:
        return {
            "_id": "a" * 24, "name": "甲", "account_id": "b" * 24, "account_id__r": "华信", "owner": ["1000"],
            "owner__r": {"id": "1000", "name": "张三"}, "sales_stage": "2", "sales_status": "1", "amount": "150000.00",
            "probability": "30.00", "close_date": 1735228800000, "create_time": 1588040003479,
            "stg_changed_time": 1590040003479, "life_status": "normal", "is_deleted": False, **values,
        }  # fmt: skip

    def read(self, export: Writer, *records: dict[str, object], **more: object):  # type: ignore[no-untyped-def]
        answer = {"errorCode": 0, "data": {"dataList": list(records)}}
        files = {"NewOpportunityObj.json": json.dumps(answer)}
        files |= {f"{name}.json": json.dumps(content) for name, content in more.items()}
        return read_crm(export(files), as_of="2025-01-01")

    def test_three_is_invalid_and_four_is_lost(self, export: Writer) -> None:
        data = self.read(
            export,
            *(
                self.record(_id=code * 24, sales_status=code, sales_stage=stage)
                for code, stage in zip("1234", "2576", strict=True)
            ),
        )
        assert data.report.profile == "fxiaoke"
        assert data.deals["status"].tolist() == ["open", "won", "disqualified", "lost"]
        assert data.deals["stage"].tolist() == ["需求确定", "赢单", "无效", "输单"]
        assert data.deals["owner_id"].tolist() == ["1000"] * 4

    def test_status_goes_before_a_renamed_stage(self, export: Writer) -> None:
        describe = {
            "data": {"describe": {"fields": {"sales_stage": {"options": [{"value": "9", "label": "成功签约啦"}]}}}}
        }
        data = self.read(export, self.record(sales_stage="9", sales_status="2"), describe=describe)
        assert data.deals["stage"].tolist() == ["成功签约啦"] and data.deals["status"].tolist() == ["won"]

    def test_epoch_days_are_those_of_china(self, export: Writer) -> None:
        data = self.read(export, self.record(close_date=1735228800000))
        assert data.deals["expected_close"][0] == pd.Timestamp("2024-12-27")
        assert data.deals["created_at"][0].floor("s") == pd.Timestamp("2020-04-28 10:13:23")

    @pytest.mark.parametrize(
        ("field", "value", "reason"), [("is_deleted", True, "deleted"), ("life_status", "invalid", "not_in_force")]
    )
    def test_rows_no_longer_in_force(self, export: Writer, field: str, value: object, reason: str) -> None:
        data = self.read(export, self.record(), self.record(_id="c" * 24, **{field: value}))
        assert len(data.deals) == 1 and data.report.files[0].dropped[reason] == 1
        assert data.report.of(f"rows_{reason}")

    def test_closed_at_is_the_last_change_of_stage(self, export: Writer) -> None:
        data = self.read(export, self.record(sales_status="4", sales_stage="6"))
        assert data.deals["closed_at"][0].floor("s") == pd.Timestamp("2020-05-21 13:46:43")

    def test_an_error_of_the_interface(self, export: Writer) -> None:
        with pytest.raises(CrmError, match="answered with an error"):
            read_crm(export({"x.json": '{"errorCode": 20016, "errorMessage": "token expired"}'}))

    def test_workbook_with_a_title_and_totals(self, export: Writer) -> None:
        header = ["商机名称", "客户名称", "商机阶段", "阶段状态", "商机金额（万元）", "负责人", "创建时间"]
        rows = [
            ["甲", "华信", "赢单", "赢单", 12, "张三", "2024-01-02"],
            ["乙", "宏达", "输单", "输单", 1.5, "李四", "2024-01-05"],
        ]
        content = book(["商机列表"], header, *rows, ["合计", None, None, None, 13.5], more={"说明": [["导出于2024年"]]})
        data = read_crm(export({"商机.xlsx": content}), as_of="2024-02-01")
        assert data.deals["amount"].tolist() == [120_000, 15_000] and data.deals["status"].tolist() == ["won", "lost"]
        assert {file.table for file in data.report.files} == {"deals", ""}, "the other sheet is named, not lost"


class TestSalesforce:
    def test_history_repeats_the_stage_for_other_changes(self, export: Writer) -> None:
        deals = "Id,Name,StageName,IsClosed,IsWon,Amount,CloseDate,CreatedDate,AccountId\n1,a,Closed Lost,1,0,9,2024-03-01,2024-01-01 08:00:00,000000000000000AAA\n"
        history = (
            "Id,OpportunityId,StageName,Amount,CloseDate,CreatedDate\n"
            "h1,1,Prospecting,5,2024-02-01,2024-01-01 08:00:00\n"
            "h2,1,Prospecting,9,2024-02-01,2024-01-05 08:00:00\n"
            "h3,1,Prospecting,9,2024-03-01,2024-01-09 08:00:00\n"
            "h4,1,Closed Lost,9,2024-03-01,2024-03-01 08:00:00\n"
        )
        data = read_crm(export({"Opportunity.csv": deals, "OpportunityHistory.csv": history}))
        assert data.report.profile == "salesforce"
        assert data.stage_events["stage"].tolist() == ["Prospecting"]
        assert data.report.of("events_repeated")[0].count == 2
        assert data.changes[["field", "old", "new"]].to_numpy().tolist() == [
            ["amount", "5", "9"], ["expected_close", "2024-02-01", "2024-03-01"],
        ]  # fmt: skip
        assert data.deals["account_id"].isna().all() and data.deals["status"].tolist() == ["lost"]

    def test_field_history(self, export: Writer) -> None:
        deals = "Id,Name,StageName,CloseDate,CreatedDate\n1,a,Proposal,2024-03-01,2024-01-01 08:00:00\n"
        changes = (
            "OpportunityId,Field,OldValue,NewValue,CreatedDate,CreatedById\n"
            "1,StageName,Prospecting,Proposal,2024-01-09 08:00:00,u1\n"
            "1,Owner,Ann,Ben,2024-01-10 08:00:00,u1\n1,Description,x,y,2024-01-11 08:00:00,u1\n"
        )
        data = read_crm(export({"Opportunity.csv": deals, "OpportunityFieldHistory.csv": changes}))
        assert data.stage_events["stage"].tolist() == ["Prospecting", "Proposal"]
        assert data.changes["field"].tolist() == ["owner_id"] and data.report.of("changes_other")[0].count == 1

    def test_description_of_stages(self, export: Writer) -> None:
        xml = (
            '<?xml version="1.0"?><StandardValueSet xmlns="http://soap.sforce.com/2006/04/metadata">'
            "<standardValue><fullName>Signé</fullName><label>Signé</label><closed>true</closed><won>true</won></standardValue>"
            "</StandardValueSet>"
        )
        deals = "Opportunity Name,Stage,Close Date,Created Date\na,Signé,2024-03-01,2024-01-20\n"
        data = read_crm(export({"r.csv": deals, "OpportunityStage.standardValueSet-meta.xml": xml}))
        assert data.deals["status"].tolist() == ["won"]

    def test_grouped_report(self, tmp_path: Path) -> None:
        made = openpyxl.Workbook()
        sheet = made.active
        for row in (["Pipeline by owner"], ["Opportunity Owner", "Opportunity Name", "Stage", "Close Date"],
                    ["Ann", "a", "Closed Won", "2024-03-01"], [None, "b", "Closed Lost", "2024-03-02"]):  # fmt: skip
            sheet.append(row)
        sheet.merge_cells("A1:D1")
        sheet.merge_cells("A3:A4")
        made.save(tmp_path / "report.xlsx")
        data = read_crm(tmp_path)
        assert data.deals["owner_id"].tolist() == ["Ann", "Ann"] and data.report.files[0].header_row == 2


class TestHubSpot:
    def test_stages_in_columns(self, export: Writer) -> None:
        text = (
            'Record ID,Deal Name,Deal Stage,Close Date,Create Date,"Date entered ""Offer (Sales Pipeline)""",'
            '"Date entered ""Closed Won (Sales Pipeline)"""\n'
            "1,a,Closed Won,2024-03-01 10:00,2024-01-20 09:00,2024-01-22 09:00,2024-03-01 10:00\n"
            "2,b,Offer,2024-05-01 00:00,2024-02-20 09:00,2024-02-22 09:00,\n"
        )
        data = read_crm(export({"hubspot-crm-exports-all-deals-2026-05-01.csv": text}))
        assert data.report.profile == "hubspot" and not data.report.files[0].unused
        assert data.stage_events["stage"].tolist() == ["Offer", "Offer"]
        assert set(data.stage_events["origin"]) == {"columns"}

    def test_flags(self, export: Writer) -> None:
        text = "Record ID,Deal Name,Deal Stage,Is Closed Won,Is closed lost,Create Date\n1,a,Signed!,true,false,2024-01-20\n2,b,Gone,false,true,2024-01-20\n3,c,Offer,false,false,2024-01-20\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["status"].tolist() == ["won", "lost", "open"]


class TestPipedrive:
    def test_flow_of_deals(self, export: Writer) -> None:
        deals = {"success": True, "data": [{"id": 1, "title": "a", "stage_id": 3, "status": "won", "add_time": "2024-01-02 08:00:00",
                 "won_time": "2024-02-01 08:00:00", "value": 10, "currency": "EUR", "user_id": {"id": 5, "name": "Ann"}},
                 {"id": 2, "title": "b", "stage_id": 1, "status": "open", "add_time": "2024-01-03 08:00:00"}]}  # fmt: skip
        flow = {"success": True, "data": [{"object": "dealChange", "data": {"item_id": 1, "user_id": 5, "field_key": key,
                "old_value": old, "new_value": new, "log_time": time}} for key, old, new, time in (
                ("stage_id", "1", "3", "2024-01-09 08:00:00"), ("value", "7", "10", "2024-01-10 08:00:00"),
                ("status", "open", "won", "2024-02-01 08:00:00"))]}  # fmt: skip
        stages = {"success": True, "data": [{"id": 1, "name": "Qualified", "order_nr": 1, "pipeline_name": "P"},
                                            {"id": 3, "name": "Proposal Made", "order_nr": 2, "pipeline_name": "P"}]}  # fmt: skip
        files = {"deals.json": json.dumps(deals), "flow.json": json.dumps(flow), "stages.json": json.dumps(stages)}
        data = read_crm(export(files))
        assert data.report.profile == "pipedrive"
        found = data.stage_events[["deal_id", "stage"]].to_numpy().tolist()
        assert found == [["1", "Qualified"], ["1", "Proposal Made"], ["2", "Qualified"]]
        assert data.deals["status"].tolist() == ["won", "open"] and data.deals["stage"].tolist() == [
            "Proposal Made",
            "Qualified",
        ]
        assert data.changes["field"].tolist() == ["amount"]

    def test_prefix_of_another_language(self, export: Writer) -> None:
        text = "Obchod - Název,Obchod - Fáze,Obchod - Stav,Obchod - Hodnota\na,Nabídka,Won,10\n"
        data = read_crm(export({"deals.csv": text}), as_of="2024-01-01")
        assert data.deals["name"].tolist() == ["a"] and data.deals["status"].tolist() == ["won"]


class TestConventions:
    def test_two_forms_of_an_identifier(self, export: Writer) -> None:
        deals = "Opportunity ID,Opportunity Name,Stage,Close Date,Created Date\n0065g00000AbCdE,a,Closed Won,2024-03-01,2024-01-20\n"
        history = (
            "Id,OpportunityId,StageName,CreatedDate\nh1,0065g00000AbCdEAAV,Prospecting,2024-01-20 08:00:00\n"
            "h2,0065g00000aBcDeAAA,Prospecting,2024-01-20 08:00:00\n"
        )
        data = read_crm(export({"o.csv": deals, "OpportunityHistory.csv": history}))
        assert data.stage_events["deal_id"].tolist() == ["0065g00000AbCdE", "0065g00000aBcDeAAA"], "capitals count"
        assert data.report.of("ids_short")[0].count == 1 and data.report.of("unmatched")

    def test_traditional_characters(self, export: Writer) -> None:
        text = "商機名稱,客戶名稱,商機階段,階段狀態,商機金額,預計成交日期,負責人,創建時間\n甲,華信,贏單,贏單,100,2024-03-05,張三,2024-01-20\n乙,華信,報價,進行中,90,2024-03-05,張三,2024-01-20\n"
        data = read_crm(export({"商機.csv": text}), as_of="2024-02-01")
        assert data.report.profile == "fxiaoke" and not data.report.files[0].unused
        assert data.deals["status"].tolist() == ["won", "open"] and data.deals["account_id"].tolist() == ["華信"] * 2

    def test_several_associated_companies(self, export: Writer) -> None:
        text = "Record ID,Deal Name,Deal Stage,Create Date,Associated Company,Associated Company IDs\n1,a,Closed Won,2024-01-20 09:00,Acme;Beta,11;12\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["account_id"].tolist() == ["11"] and data.report.of("associated_several")

    def test_owners_in_json(self, export: Writer) -> None:
        text = 'deal id,stage,owner,created at\n1,Won,"{""id"":""7"",""name"":""Ann""}",2024-01-20\n2,Won,"[""1000""]",2024-01-20\n3,Won,[x],2024-01-20\n'
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["owner_id"].tolist() == ["7", "1000", "[x]"] and data.report.of("people_json")[0].count == 2

    def test_times_under_a_header_that_names_their_zone(self, export: Writer) -> None:
        text = "deal id,stage,Created Time (UTC),Closed Time (GMT+8)\n1,Won,2024-01-20 23:00:00,2024-02-03 20:00:00\n"
        told = read_crm(export({"deals.csv": text}), mapping={"time_zone": "Asia/Shanghai"}).deals
        assert told["created_at"][0] == pd.Timestamp("2024-01-21 07:00") and told["closed_at"][0] == pd.Timestamp("2024-02-03 20:00")
        untold = read_crm(export({"deals.csv": text}))
        assert untold.deals["created_at"][0] == pd.Timestamp("2024-01-20 23:00") and untold.report.of("date_offset")

    def test_first_generation_opportunities(self, export: Writer) -> None:
        record = {"_id": "a" * 24, "name": "x", "account_id__r": "华信", "oppo_stage_id": "f" * 32, "sales_process_name": "P",
                  "biz_status": "running", "expected_deal_closed_date": 1735228800000, "sales_stg_changed_time": 1588040003479,
                  "probability": "30", "create_time": 1588040003479, "owner": ["1000"], "life_status": "normal"}  # fmt: skip
        for data in ({"dataList": [record]}, record):
            answer = json.dumps({"errorCode": 0, "data": data})
            deals = read_crm(export({"OpportunityObj.json": answer}), as_of="2025-01-01").deals
            assert deals["status"].tolist() == ["open"] and deals["account_id"].tolist() == ["华信"]
            assert deals["expected_close"][0] == pd.Timestamp("2024-12-27") and deals["probability"][0] == 0.3

    def test_bigin(self, export: Writer) -> None:
        text = (
            "Deal Id,Deal Owner.id,Deal Owner,Deal Name,Company Name.id,Company Name,Contact Name.id,Contact Name,Sub-Pipeline,Amount,Stage,Closing Date,Created Time,Pipeline.id,Pipeline\n"
            "zcrm_1,zcrm_2,Ann,D,zcrm_5,Acme,zcrm_6,Bob,Sub,10,Closed Won,2024-03-01,2024-01-20 10:00:00,zcrm_77,Sales\n"
        )
        deals = read_crm(export({"deals.csv": text})).deals
        assert deals[["deal_id", "account_id", "owner_id", "pipeline"]].iloc[0].tolist() == ["1", "5", "2", "Sales"]

    def test_changelog_of_deals(self, export: Writer) -> None:
        deals = {"success": True, "data": [{"id": 1, "title": "a", "stage_id": 3, "status": "won", "add_time": "2024-01-02 08:00:00",
                 "won_time": "2024-02-01 08:00:00", "value": 10, "currency": "EUR"}]}  # fmt: skip
        stages = {"success": True, "data": [{"id": 1, "name": "Qualified", "order_nr": 1}, {"id": 3, "name": "Proposal", "order_nr": 2}]}
        changelog = {"success": True, "data": [{"deal_id": 1, "field_key": "stage_id", "old_value": "1", "new_value": "3",
                     "actor_user_id": 5, "time": "2024-01-09 08:00:00"}]}  # fmt: skip
        files = {"deals.json": deals, "stages.json": stages, "changelog.json": changelog}
        data = read_crm(export({name: json.dumps(content) for name, content in files.items()}))
        assert data.stage_events["stage"].tolist() == ["Qualified", "Proposal"]

    def test_internal_values(self, export: Writer) -> None:
        text = (
            "Record ID,Deal Name,Deal Stage,Pipeline,Close Date,Create Date,Amount,hs_v2_date_entered_appointmentscheduled,hs_v2_date_entered_closedwon\n"
            "1,a,closedwon,default,2024-03-01 10:00,2024-01-20 09:00,5,2024-01-22 09:00,2024-03-01 10:00\n"
            "2,b,appointmentscheduled,default,2024-05-01 00:00,2024-02-20 09:00,(No value),2024-02-22 09:00,\n"
        )
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["stage"].tolist() == ["Closed Won", "Appointment Scheduled"]
        assert data.stage_events["stage"].tolist() == ["Appointment Scheduled"] * 2 and data.deals["amount"].isna()[1]


class TestOthers:
    def test_another_object_is_refused_by_name(self, export: Writer) -> None:
        contacts = "Contact ID,First Name,Last Name,Email,Account Name\n1,A,B,a@b.c,华信\n"
        with pytest.raises(CrmError, match=r"no table looks like deals.*contacts"):
            read_crm(export({"Contacts.csv": contacts}))

    def test_profile_told_by_the_user(self, export: Writer) -> None:
        text = "deal name,stage\na,Won\n"
        assert read_crm(export({"d.csv": text}), as_of="2024-01-01").report.profile == "general"
        told = read_crm(export({"d.csv": text}), as_of="2024-01-01", mapping={"profile": "zoho"})
        assert told.report.profile == "zoho"
        with pytest.raises(CrmError, match="Did you mean 'zoho'"):
            read_crm(export({"d.csv": text}), mapping={"profile": "zohoo"})

    def test_tests_dropped_when_asked(self, export: Writer) -> None:
        text = "deal name,stage,created\n测试商机,Won,2024-01-20\nreal,Won,2024-01-21\n"
        assert len(read_crm(export({"d.csv": text})).deals) == 2
        data = read_crm(export({"d.csv": text}), mapping={"test_records": "drop"})
        assert data.deals["name"].tolist() == ["real"] and data.report.files[0].dropped["test"] == 1

    def test_order_of_days_from_another_file(self, export: Writer) -> None:
        deals = "deal id,stage,created\n1,Won,31/01/2024\n"
        users = "user id,name,hire date\nU1,Ann,03/04/2020\n"
        data = read_crm(export({"deals.csv": deals, "users.csv": users}))
        assert data.users["hired_at"][0] == pd.Timestamp("2020-04-03") and data.report.of("order_from_others")


class TestPrivacy:
    FILES = {  # noqa: RUF012
        "deals.csv": "deal name,account,owner,stage,created\nAcme rollout,Acme,Jane Doe,Won,2024-01-20\nBeta,acme,Jim Poe,Lost,2024-01-21\n",
        "users.csv": "name,team,manager\nJane Doe,East,Boss Man\nJim Poe,West,Boss Man\nIdle Joe,West,Boss Man\n",
        "accounts.csv": "account,city\nAcme,Rome\nAcme Inc,Rome\n",
    }

    def test_no_name_is_left(self, export: Writer) -> None:
        data = read_crm(export(self.FILES), pseudonyms=True)
        everything = "".join(frame.to_csv() for _, frame in data.tables())
        everything += (
            data.report.to_text() + data.report.to_text("zh") + data.report.to_html() + data.report.to_frame().to_csv()
        )
        for name in ("Acme", "acme", "Jane", "Doe", "Jim", "Poe", "Boss", "Idle", "Beta"):
            assert name not in everything, name

    def test_structure_is_left(self, export: Writer) -> None:
        plain, hidden = read_crm(export(self.FILES)), read_crm(export(self.FILES), pseudonyms=True)
        assert hidden.deals["owner_id"].isin(hidden.users["user_id"]).all()
        assert hidden.deals["account_id"].nunique() == plain.deals["account_id"].nunique()
        assert hidden.deals["status"].tolist() == plain.deals["status"].tolist()

    def test_stable_and_keyed(self, export: Writer) -> None:
        one, again, keyed = (read_crm(export(self.FILES), pseudonyms=key) for key in (True, True, "secret"))
        assert one.users["name"].tolist() == again.users["name"].tolist() != keyed.users["name"].tolist()
