"""Whole exports: the Maven set with its quirks, the sample company, and every error a user can meet."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest

from salessim.crm import CrmData, read_crm
from salessim.crm.schema import SCHEMA, STATUSES
from salessim.errors import CrmError

Writer = Callable[..., Path]

DEALS = (
    "deal_id,name,account_id,owner_id,stage,amount,created_at,closed_at\n"
    "D1,First,A1,U1,Won,1000,2024-01-05,2024-02-01\n"
    "D2,Second,A2,U1,Lost,500,2024-01-09,2024-02-20\n"
    "D3,Third,A1,U2,Proposal,700,2024-02-11,\n"
)


def fails(path: Path, *words: str, **options: object) -> str:
    """The message of the error, which must be one paragraph and say all of `words`."""
    with pytest.raises(CrmError) as caught:
        read_crm(path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert "\n" not in message
    for word in words:
        assert word in message, f"{word!r} not in {message!r}"
    return message


class TestMaven:
    @pytest.fixture
    def data(self, maven: Path) -> CrmData:
        return read_crm(maven)

    def test_size_and_snapshot(self, data: CrmData) -> None:
        sizes = {name: len(frame) for name, frame in data.tables() if len(frame)}
        assert sizes == {"deals": 7635, "accounts": 85, "products": 7, "users": 35}
        assert data.as_of == date(2017, 9, 30)
        assert data.report.date_range == (date(2016, 10, 20), date(2017, 9, 30))

    def test_status_by_stage(self, data: CrmData) -> None:
        assert data.deals["status"].value_counts().to_dict() == {"open": 2909, "won": 3042, "lost": 1684}
        assert data.deals["stage"].value_counts().to_dict() == {
            "Won": 3042,
            "Lost": 1684,
            "Engaging": 2409,
            "Prospecting": 500,
        }

    def test_won_value_adds_up(self, data: CrmData) -> None:
        won = data.deals[data.deals["status"] == "won"]
        assert won["amount"].sum() == 7_203_038
        assert data.deals.loc[data.deals["status"] != "won", "amount"].isna().all()
        assert data.report.of("amount_placeholder_lost")[0].count == 1684
        assert data.report.of("amount_only_won")[0].count == 4593

    def test_product_spelled_two_ways(self, data: CrmData) -> None:
        assert set(data.deals["product"]) <= set(data.products["product"])
        (finding,) = data.report.of("name_repaired")
        assert finding.message_en == "'GTXPro' read as 'GTX Pro', 1,285 rows"
        assert (data.deals["product"] == "GTX Pro").sum() == 1285

    def test_deals_without_dates_stay(self, data: CrmData) -> None:
        assert data.deals["created_at"].isna().sum() == 500
        (finding,) = data.report.of("no_created")
        assert finding.count == 500 and "Prospecting 500" in finding.message_en

    def test_missing_accounts_give_the_outcome_away(self, data: CrmData) -> None:
        still_open = data.deals["status"] == "open"
        assert data.deals.loc[still_open, "account_id"].isna().mean() == pytest.approx(0.675, abs=0.01)
        assert data.deals.loc[~still_open, "account_id"].notna().all()
        (finding,) = data.report.of("missing_uneven")
        assert "68% of the open and 0% of the closed" in finding.message_en

    def test_zombies_and_truncation(self, data: CrmData) -> None:
        assert (data.report.zombies, data.report.zombie_cut_off_days) == (530, 138)
        (finding,) = data.report.of("left_truncated")
        assert "2017-03-01" in finding.message_en
        assert data.deals["closed_at"].min() == pd.Timestamp("2017-03-01")

    def test_owners_match_and_five_never_sell(self, data: CrmData) -> None:
        assert set(data.deals["owner_id"]) <= set(data.users["user_id"])
        (finding,) = data.report.of("users_without_deals")
        assert finding.count == 5 and "Carol Thompson" in finding.message_en

    def test_slips_in_labels(self, data: CrmData) -> None:
        slips = {finding.message_en for finding in data.report.of("label_slip")}
        assert slips == {"'technolgy' read as 'technology', 12 rows", "'Philipines' read as 'Philippines', 1 rows"}
        assert (data.accounts["segment"] == "technology").sum() == 12
        assert data.accounts["country"].value_counts()["United States"] == 71

    def test_what_it_cannot_tell(self, data: CrmData) -> None:
        english = " ".join(sentence.en for sentence in data.report.cannot_tell)
        for word in ("stage history", "places", "activities", "unit costs", "hiring dates"):
            assert word in english

    def test_unused_columns_are_named(self, data: CrmData) -> None:
        (accounts,) = [file for file in data.report.files if file.table == "accounts"]
        assert accounts.unused == ("year_established", "revenue", "employees", "subsidiary_of")
        assert data.accounts["potential"].isna().all(), "yearly revenue of a customer is not what he would buy"


class TestSampleCompany:
    def test_every_value_survives(
        self, company: Callable[[int], dict[str, pd.DataFrame]], export: Writer, company_folder: Path
    ) -> None:
        written, data = company(600), read_crm(company_folder)
        for table, frame in data.tables():
            assert list(frame.columns) == [column.name for column in SCHEMA[table]], table
        for table, name in (
            ("deals", "deals"),
            ("accounts", "accounts"),
            ("users", "reps"),
            ("activities", "activities"),
        ):
            read = getattr(data, table)
            for column in written[name].columns:
                expected = written[name][column].replace("", None)
                if column in ("created_at", "expected_close", "closed_at", "hired_at", "left_at", "at"):
                    expected = pd.to_datetime(expected)
                same = (read[column] == expected) | (read[column].isna() & expected.isna())
                assert same.all(), (table, column)
        assert data.products["list_price"].tolist() == [100, 2000, 30000]
        assert len(data.stage_events) == 1200 and data.stage_events["entered_at"].notna().all()

    def test_types(self, company_folder: Path) -> None:
        data = read_crm(company_folder)
        assert data.deals["deal_id"].dtype == "str"
        assert data.deals["amount"].dtype == "float64"
        assert data.deals["created_at"].dtype == "datetime64[us]"
        assert data.accounts["is_customer"].dtype == "boolean"
        assert set(data.deals["status"]) <= set(STATUSES)

    def test_people_who_left_with_open_deals(self, company_folder: Path) -> None:
        data = read_crm(company_folder)
        expected = (
            (data.deals["status"] == "open") & data.deals["owner_id"].isin(["U008", "U009", "U010", "U011"])
        ).sum()
        assert expected > 0
        assert data.report.of("owner_left")[0].count == expected

    def test_overdue_is_counted_against_the_snapshot(self, company_folder: Path) -> None:
        data = read_crm(company_folder)
        late = (data.deals["status"] == "open") & (data.deals["expected_close"] < pd.Timestamp(data.as_of))
        assert data.report.overdue == late.sum() > 0

    def test_due_today_is_not_overdue(self, export: Writer) -> None:
        text = "deal_id,stage,created_at,expected_close\nD1,Open,2024-01-01,2024-06-30\nD2,Open,2024-01-01,2024-06-29\n"
        data = read_crm(export({"deals.csv": text}), as_of="2024-06-30")
        assert data.report.overdue == 1 and data.report.of("overdue")[0].rows == (3,)

    def test_as_of_is_the_last_date_unless_given(self, company_folder: Path) -> None:
        data = read_crm(company_folder)
        assert data.as_of == data.deals[["created_at", "closed_at"]].max().max().date()
        assert read_crm(company_folder, as_of="2024-01-31").as_of == date(2024, 1, 31)
        assert read_crm(company_folder, as_of=datetime(2024, 1, 31, 9)).as_of == date(2024, 1, 31)

    def test_only_what_it_lacks_cannot_be_told(self, company_folder: Path) -> None:
        lacking = [sentence.en for sentence in read_crm(company_folder).report.cannot_tell]
        assert len(lacking) == 1 and "exporting user" in lacking[0]

    def test_repr(self, company_folder: Path) -> None:
        assert repr(read_crm(company_folder)).startswith("CrmData(600 deals, 1,200 stage events, 80 accounts,")


class TestShippedSample:
    def test_nothing_to_repair(self) -> None:
        folder = Path(__file__).resolve().parents[2] / "data" / "sample"
        data = read_crm(folder)
        filled = {name for name, frame in data.tables() if len(frame)}
        assert filled == {"deals", "stage_events", "accounts", "products", "users", "activities"}
        codes = {finding.code for finding in data.report.findings}
        assert not codes & {"unmatched", "name_repaired", "name_slip", "odd_cells", "status_unknown", "closing_missing"}
        assert {"won", "lost", "open"} <= set(data.deals["status"])
        unused = {file.name: file.unused for file in data.report.files if file.unused}
        assert not unused
        assert sum(file.rows_read for file in data.report.files) == sum(len(frame) for _, frame in data.tables())


class TestFingerprint:
    def test_same_content_same_hash(self, export: Writer) -> None:
        rows = DEALS.splitlines()
        turned = "\n".join([rows[0], *rows[:0:-1]])
        first = read_crm(export({"deals.csv": DEALS})).fingerprint()
        assert first == read_crm(export({"other_name.csv": turned})).fingerprint()
        assert len(first) == 64

    @pytest.mark.parametrize(("old", "new"), [("1000", "1001"), ("Won", "Lost"), ("2024-01-09", "2024-01-10")])
    def test_other_content_other_hash(self, export: Writer, old: str, new: str) -> None:
        first = read_crm(export({"deals.csv": DEALS}))
        assert first.fingerprint() != read_crm(export({"deals.csv": DEALS.replace(old, new)})).fingerprint()

    def test_the_snapshot_counts(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS})
        assert read_crm(folder).fingerprint() != read_crm(folder, as_of="2024-12-31").fingerprint()


class TestErrors:
    def test_no_such_folder(self, tmp_path: Path) -> None:
        fails(tmp_path / "nowhere", "there is no such file or folder", "nowhere")

    def test_empty_folder(self, export: Writer) -> None:
        fails(export({}), "no table to read", "The folder is empty", "CSV UTF-8")

    def test_folder_with_other_files_only(self, export: Writer) -> None:
        fails(export({"deals.docx": b"PK\x03\x04"}), "no table to read", "deals.docx", ".xlsx")

    def test_damaged_workbook_is_named(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS, "more.xlsx": b"PK\x03\x04"})
        fails(folder, "more.xlsx", "damaged or cut off", '"more.xlsx": "ignore"')
        data = read_crm(folder, mapping={"files": {"more.xlsx": "ignore"}})
        assert data.report.of("file_ignored")[0].file == "more.xlsx" and len(data.deals) == 3

    def test_no_table_of_deals(self, export: Writer) -> None:
        folder = export({"weather.csv": "day,rain\n1,2\n", "accounts.csv": "account,sector\nAcme,retail\n"})
        fails(
            folder,
            "no table looks like deals",
            "weather.csv: day, rain",
            "read as accounts",
            "stage or status",
            "files",
        )

    @pytest.mark.parametrize("lost", ["stage", "deal_id,name"])
    def test_needed_column_missing(self, export: Writer, lost: str) -> None:
        table = pd.DataFrame(
            [line.split(",") for line in DEALS.splitlines()[1:]], columns=DEALS.splitlines()[0].split(",")
        )
        folder = export({"deals.csv": table.drop(columns=lost.split(",")).to_csv(index=False)})
        need = "stage or status" if lost == "stage" else "deal_id or name"
        fails(folder, "deals.csv", f"lacks a column for {need}", "owner_id", "mapping=")

    def test_missing_column_named_by_the_mapping(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS.replace(",stage,", ",Etappe,")})
        data = read_crm(folder, mapping={"columns": {"deals": {"Etappe": "stage"}}})
        assert data.deals["status"].tolist() == ["won", "lost", "open"]

    def test_header_only(self, export: Writer) -> None:
        fails(export({"deals.csv": DEALS.splitlines()[0] + "\n"}), "deals.csv", "has a header and no deals", "filter")

    def test_no_text_at_all(self, export: Writer) -> None:
        fails(export({"deals.csv": "\n\n"}), "no file holds any table", "deals.csv")

    def test_unreadable_dates(self, export: Writer) -> None:
        message = fails(
            export({"deals.csv": DEALS.replace("2024-01-09", "soon").replace("2024-02-11", "later")}),
            "deals.csv, column 'created_at' (read as created_at), rows 3, 4",
            "2 of 3 cells",
            "'soon, later'",
            "formats tried: ISO, y/m/d, d/m/y",
            "date_formats",
        )
        assert "epoch milliseconds" in message

    def test_single_odd_date_is_told(self, export: Writer) -> None:
        rows = [f"D{number},Won,2024-01-{number % 28 + 1:02d}" for number in range(100)]
        rows[41] = "D41,Won,last week"
        data = read_crm(export({"deals.csv": "deal_id,stage,created_at\n" + "\n".join(rows)}))
        assert data.deals["created_at"].isna().sum() == 1
        (finding,) = data.report.of("odd_cells")
        assert (finding.file, finding.column, finding.rows, finding.count) == ("deals.csv", "created_at", (43,), 1)
        assert "last week" in finding.message_en

    def test_day_or_month(self, export: Writer) -> None:
        text = (
            DEALS.replace("2024-01-05", "05/01/2024")
            .replace("2024-01-09", "09/01/2024")
            .replace("2024-02-11", "11/02/2024")
        )
        folder = export({"deals.csv": text})
        fails(folder, "day and month cannot be told apart", "column 'created_at', row 2", "05/01/2024", "day_first")
        first = read_crm(folder, mapping={"day_first": True}).deals["created_at"]
        assert first.dt.month.tolist() == [1, 1, 2]
        assert read_crm(folder, mapping={"day_first": False}).deals["created_at"].dt.month.tolist() == [5, 9, 11]

    def test_negative_price(self, export: Writer) -> None:
        products = "product,list_price\nAlpha,10\nBeta,-5\n"
        folder = export({"deals.csv": DEALS, "products.csv": products})
        fails(folder, "products.csv, row 3, list_price", "'Beta'", "-5.0", "0 or more")

    @pytest.mark.parametrize(
        ("name", "content", "words"),
        [
            ("deals.csv", b"PK\x03\x04rest", "damaged or cut off"),
            ("deals.csv", b"\xd0\xcf\x11\xe0rest", "the workbook cannot be read"),
            ("deals.csv", b"deal_id\0,stage\n1,Won\n", "zero bytes"),
            ("deals.csv", b"\x80\x04\x95rest", "a pickle"),
            ("deals.xlsx", b"PK\x03\x04rest", "damaged or cut off"),
            ("deals.xls", b"<html><table><tr><td>Deal Name", "web page or XML"),
            ("deals.json", b"{}", "no list of records"),
            ("deals.json", b'{"data": [', "no JSON"),
            ("deals.json", b"[" * 100_000, "nested far too deep"),
            ("deals.zip", b"PK\x03\x04rest", "damaged or cut off"),
            ("deals.docx", b"PK\x03\x04rest", "a file of another kind"),
        ],
    )
    def test_no_table_file(self, export: Writer, name: str, content: bytes, words: str) -> None:
        fails(export({name: content}) / name, name, words)

    def test_unknown_encoding(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS.replace("First", "\x81 \x8d").encode("latin-1")})
        fails(folder, "deals.csv", "encoding", "UTF-8, GB18030")

    def test_western_encoding_is_told(self, export: Writer) -> None:
        data = read_crm(export({"deals.csv": DEALS.replace("First", "Café Ämter été").encode("cp1252")}))
        assert data.deals["name"][0] == "Café Ämter été"
        assert data.report.of("encoding_assumed")[0].level == "warning"

    def test_few_damaged_bytes_are_told(self, export: Writer) -> None:
        text = DEALS.replace("First", "蓝海仪器有限公司" * 40).encode("utf-8")
        damaged = text.replace("海".encode(), b"\xe6\xff\xb7", 1)
        data = read_crm(export({"deals.csv": damaged}))
        assert data.report.of("encoding_damaged")[0].level == "error" and len(data.deals) == 3

    def test_mixed_currencies(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS.replace(",1000,", ",€ 1000,").replace(",500,", ",$ 500,")})
        fails(
            folder,
            "several currencies",
            "EUR: 1 deals (first in deals.csv, row 2)",
            "USD: 1 deals (first in deals.csv, row 3)",
            "rates",
        )

    def test_no_date_at_all(self, export: Writer) -> None:
        folder = export({"deals.csv": "deal_id,stage\nD1,Won\nD2,Open\n"})
        fails(folder, "date of the snapshot", "as_of")
        assert read_crm(folder, as_of="2024-05-01").as_of == date(2024, 5, 1)

    def test_as_of_is_no_date(self, export: Writer) -> None:
        fails(export({"deals.csv": DEALS}), "as_of", "yesterday", as_of="yesterday")

    def test_closed_stage_nobody_knows(self, export: Writer) -> None:
        rows = [f"W{n},Gewonnen,2024-01-{n + 1:02d},2024-02-{n + 1:02d}" for n in range(8)]
        rows += [f"O{n},Angebot,2024-02-{n + 1:02d}," for n in range(8)]
        folder = export({"deals.csv": "deal_id,stage,created_at,closed_at\n" + "\n".join(rows)})
        fails(folder, "the stage 'Gewonnen' is not known", "8 deals have a closing date", "stages")
        data = read_crm(folder, mapping={"stages": {"Gewonnen": "won"}})
        assert data.deals["status"].value_counts().to_dict() == {"won": 8, "open": 8}

    def test_unclosed_quotation_mark(self, export: Writer) -> None:
        fails(export({"deals.csv": DEALS.replace("Second", '"Second')}), "deals.csv, row 3", "quotation mark")

    def test_ragged_rows(self, export: Writer) -> None:
        text = DEALS.replace("Second", "Second, part two").replace("Third", "Third, part two")
        fails(
            export({"deals.csv": text}), "deals.csv, rows 3, 4", "more cells than the header has (8)", "quotation marks"
        )

    @pytest.mark.parametrize(
        ("mapping", "words"),
        [
            ({"colums": {}}, ["'colums'", "Did you mean 'columns'?"]),
            ({"files": {"deals.csv": "deal"}}, ["files, deals.csv", "'deal'", "deals, stage_events"]),
            ({"files": {"deal.csv": "deals"}}, ["no such file in the export", "Did you mean 'deals.csv'?"]),
            ({"columns": {"deals": {"amount": "amout"}}}, ["no such column", "Did you mean 'amount'?"]),
            ({"columns": {"deals": {"amout": "amount"}}}, ["no file has this header", "Did you mean 'amount'?"]),
            ({"columns": {"dealz": {}}}, ["'dealz'", "deals"]),
            ({"columns": {"deals": ["amount"]}}, ["columns, deals", "header: column"]),
            ({"stages": {"Won": "gewonnen"}}, ["stages, Won", "no_decision"]),
            ({"stages": {"Wonn": "won"}}, ["no deal has this stage", "Did you mean 'Won'?"]),
            ({"day_first": "perhaps"}, ["day_first", "true or false"]),
            ({"decimal": ";"}, ["decimal"]),
            ({"time_zone": "Mars/Olympus"}, ["unknown time zone", "Asia/Shanghai"]),
            ({"rates": {"USD": 0.9}}, ["rates need the currency"]),
            ({"currency": "EUR", "rates": {"USD": -1}}, ["rates, USD", "more than 0"]),
            ({"names": {"city": {}}}, ["'city'", "product, account, owner"]),
            ({"date_formats": {"created_at": "%Q"}}, ["date_formats, created_at", "strptime"]),
            ({"stages": "won"}, ["stages", "table of name: value"]),
        ],
    )
    def test_mistakes_in_the_mapping(self, export: Writer, mapping: dict[str, object], words: list[str]) -> None:
        fails(export({"deals.csv": DEALS}), *words, mapping=mapping)

    def test_mapping_file(self, export: Writer, tmp_path: Path) -> None:
        folder = export({"deals.csv": DEALS.replace(",stage,", ",Etappe,")})
        rules = tmp_path / "rules.yaml"
        fails(folder, "mapping rules.yaml", "no such file", mapping=rules)
        rules.write_text("columns: [", encoding="utf-8")
        fails(folder, "mapping rules.yaml", "YAML", mapping=rules)
        rules.write_text("just words", encoding="utf-8")
        fails(folder, "mapping rules.yaml", "columns", mapping=rules)
        rules.write_text("columns:\n  deals:\n    Etappe: stage\n    owner_id: null\n", encoding="utf-8")
        data = read_crm(folder, mapping=rules)
        assert data.deals["stage"].tolist() == ["Won", "Lost", "Proposal"]
        assert data.deals["owner_id"].isna().all()


class TestDirt:
    """The dirt that real exports have."""

    def test_title_rows_footer_and_totals(self, export: Writer) -> None:
        text = (
            "Open pipeline,,,\nExported by A,,,\n,,,\n"
            "Deal Name,Stage,Amount,Close Date\n"
            "Total Energies,Won,100,2024-03-01\n\n"
            "Second,Proposal,200,2024-04-01\n"
            "Total,,300,\n,,,\nConfidential,,,\n"
        )
        data = read_crm(export({"report.csv": text}), as_of="2024-04-30")
        assert data.deals["name"].tolist() == ["Total Energies", "Second"]
        (file,) = data.report.files
        assert file.header_row == 4
        assert {reason: count for reason, count in file.dropped.items() if count} == {
            "empty": 2,
            "footer": 1,
            "total": 1,
        }
        assert file.rows_read == 6 and file.rows_kept == 2
        assert data.report.of("rows_total")[0].rows == (8,)
        assert data.report.of("title_rows")[0].count == 3

    def test_total_account_is_no_total(self, export: Writer) -> None:
        accounts = "account,sector,city,potential\nTotal,energy,Paris,5\nAcme,retail,Rome,7\n"
        data = read_crm(export({"deals.csv": DEALS, "accounts.csv": accounts}))
        assert data.accounts["name"].tolist() == ["Total", "Acme"]

    def test_rows_without_identifier_and_name(self, export: Writer) -> None:
        data = read_crm(
            export(
                {
                    "deals.csv": DEALS
                    + ",,A9,U2,Lost,5,2024-01-01,2024-01-02\n"
                    + "D4,Fourth,A9,U2,Lost,5,2024-01-01,2024-01-02\n"
                }
            )
        )
        assert data.report.of("rows_no_id_and_name")[0].rows == (5,)
        assert data.deals["deal_id"].tolist() == ["D1", "D2", "D3", "D4"]

    def test_two_list_views_are_merged(self, export: Writer) -> None:
        first = "deal_id,stage,amount,created_at\nD1,Proposal,100,2024-01-01\nD2,Won,50,2024-01-02\n"
        second = "deal_id,stage,owner,created_at\nD1,Negotiation,Anna,2024-01-01\nD3,Lost,Ben,2024-01-03\n"
        data = read_crm(export({"deals_a.csv": first, "deals_b.csv": second}))
        deals = data.deals.set_index("deal_id")
        assert deals.loc["D1", ["stage", "amount", "owner_id"]].tolist() == ["Negotiation", 100.0, "Anna"]
        assert len(deals) == 3
        kept = {file.name: (file.rows_read, file.rows_kept, file.dropped["duplicate"]) for file in data.report.files}
        assert kept == {"deals_a.csv": (2, 1, 1), "deals_b.csv": (2, 2, 0)}
        assert data.report.of("duplicates_differ")[0].rows == (2,)

    def test_the_row_changed_last_wins(self, export: Writer) -> None:
        text = (
            "deal_id,stage,created_at,modified time\nD1,Won,2024-01-01,2024-03-01\nD1,Proposal,2024-01-01,2024-02-01\n"
        )
        assert read_crm(export({"deals.csv": text})).deals["stage"].tolist() == ["Won"]

    def test_order_of_merged_records(self, export: Writer) -> None:
        cells = ("D1,A,1", "D2,B,", "D3,C,3", "D2,B,2", "D1,A,")
        text = "deal_id,stage,amount,created_at\n" + "".join(f"{row},2024-01-01\n" for row in cells)
        deals = read_crm(export({"deals.csv": text})).deals
        assert dict(zip(deals["deal_id"], deals["amount"], strict=True)) == {"D1": 1.0, "D2": 2.0, "D3": 3.0}

    def test_identifiers_a_spreadsheet_damaged(self, export: Writer) -> None:
        text = "deal_id,stage,created_at\n5.2E+17,Won,2024-01-01\n5.2E+17,Proposal,2024-01-02\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["deal_id"].tolist() == ["5.2E+17 (row 2)", "5.2E+17 (row 3)"]
        assert {finding.level for finding in data.report.findings if finding.code.startswith("id")} == {"error"}

    def test_long_identifiers_rounded(self, export: Writer) -> None:
        text = "deal_id,stage,created_at\n520000000000000000,Won,2024-01-01\n520000000000001000,Open,2024-01-02\n"
        assert read_crm(export({"deals.csv": text})).report.of("id_rounded")[0].count == 2

    def test_identifiers_with_decimals(self, export: Writer) -> None:
        users = "user_id,name,team\n7,Anna,A\n8,Ben,B\n"
        text = "deal_id,stage,owner_id,created_at\n1.0,Won,7.0,2024-01-01\n2.0,Won,8.0,2024-01-01\n"
        data = read_crm(export({"deals.csv": text, "users.csv": users}))
        assert data.deals["deal_id"].tolist() == ["1", "2"]
        assert data.deals["owner_id"].tolist() == ["7", "8"] and not data.report.of("unmatched")

    def test_deals_without_identifier(self, export: Writer) -> None:
        text = "name,stage,amount,created_at\nA,Won,1,2024-01-01\nA,Lost,2,2024-01-02\n"
        text += "B,Won,3,2024-01-03\nB,Won,3,2024-01-03\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["deal_id"].tolist() == ["A (row 2)", "A (row 3)", "B"]
        assert data.report.files[0].dropped["duplicate"] == 1

    def test_entities_full_width_blanks_and_line_breaks(self, export: Writer) -> None:
        accounts = "account_id,name,city\nA1,R&amp;D  GmbH ,Bonn\nA2,华信（北京）有限公司,北京\n"
        deals = (
            'deal_id,account,stage,created_at\nD1,R&D GmbH,Won,2024-01-01\nD2,"华信(北京)\n有限公司",Won,2024-01-02\n'
        )
        data = read_crm(export({"deals.csv": deals, "accounts.csv": accounts}))
        assert data.deals["account_id"].tolist() == ["A1", "A2"]
        assert data.accounts["name"].tolist()[0] == "R&D GmbH"

    def test_dates_out_of_order_or_in_the_future(self, export: Writer) -> None:
        text = "deal_id,stage,created_at,closed_at\nD1,Won,2024-02-05,2024-02-01\n"
        text += "D2,Won,2024-01-05,2024-12-01\nD3,Open,2024-08-01,\n"
        data = read_crm(export({"deals.csv": text}), as_of="2024-06-30")
        assert data.report.of("closed_before_created")[0].rows == (2,)
        assert data.report.of("closed_in_future")[0].rows == (3,)
        assert data.report.of("created_in_future")[0].rows == (4,)
        assert len(data.deals) == 3

    def test_defaults_and_migration_days(self, export: Writer) -> None:
        rows = [f"D{n},Open,2024-01-15,2024-01-22" for n in range(60)]
        rows += [f"E{n},Open,2024-{n % 9 + 1:02d}-03,2024-{n % 9 + 2:02d}-11" for n in range(60)]
        data = read_crm(export({"deals.csv": "deal_id,stage,created_at,expected_close\n" + "\n".join(rows)}))
        assert "exactly 7 days" in data.report.of("expected_close_dummy")[0].message_en
        assert "2024-01-15" in data.report.of("created_on_one_day")[0].message_en

    def test_placeholder_amounts_and_test_records(self, export: Writer) -> None:
        cells = (
            "D1,Testing Lab Supplies,Won,90",
            "D2,测试商机,Open,1",
            "D3,Acme (Sample),Open,0",
            "D4,Contest hall,Open,7",
            "D5,Old,Lost,-3",
        )
        text = "deal_id,name,stage,amount,created_at\n" + "".join(f"{row},2024-01-01\n" for row in cells)
        data = read_crm(export({"deals.csv": text}))
        assert data.report.of("amount_token")[0].rows == (3, 4)
        assert data.report.of("amount_negative")[0].rows == (6,)
        assert 3 in data.report.of("test_records")[0].rows and 4 in data.report.of("test_records")[0].rows
        assert 5 not in data.report.of("test_records")[0].rows

    def test_one_lone_late_date(self, export: Writer) -> None:
        rows = [f"D{n},Won,2024-0{n % 3 + 1}-{n % 28 + 1:02d}" for n in range(400)]
        data = read_crm(
            export({"deals.csv": "deal_id,stage,created_at\n" + "\n".join([*rows, "D400,Open,2042-03-01"])})
        )
        assert data.as_of == date(2042, 3, 1)
        assert "2042-03-01" in data.report.of("as_of_alone")[0].message_en

    def test_cut_off(self, export: Writer) -> None:
        rows = "\n".join(f"D{n},Won,2024-01-01" for n in range(2000))
        assert (
            read_crm(export({"deals.csv": f"deal_id,stage,created_at\n{rows}"})).report.of("cut_off")[0].count == 2000
        )

    def test_accounts_alike_are_flagged_not_merged(self, export: Writer) -> None:
        accounts = "account_id,name,city\nA1,华信科技有限公司,北京\nA2,华信科技股份有限公司,北京\n"
        accounts += "A3,Acme Inc.,Rome\nA4,Acme Ltd,Rome\nA5,Beta,Rome\n"
        data = read_crm(export({"deals.csv": DEALS, "accounts.csv": accounts}))
        assert data.report.of("accounts_alike")[0].count == 4
        assert len(data.accounts) == 5

    def test_unmatched_names_stay_and_are_told(self, export: Writer) -> None:
        data = read_crm(export({"deals.csv": DEALS, "accounts.csv": "account_id,name,city\nA1,Acme,Rome\n"}))
        assert data.deals["account_id"].tolist() == ["A1", "A2", "A1"]
        (finding,) = data.report.of("unmatched")
        assert finding.column == "deals.account_id" and finding.count == 1 and "A2" in finding.message_en

    def test_events_and_activities_of_unknown_deals_stay(self, export: Writer) -> None:
        events = "deal_id,stage,entered_at\nD1,Proposal,2024-01-06\nD9,Proposal,2024-01-06\n"
        data = read_crm(export({"deals.csv": DEALS, "stage_events.csv": events}))
        assert data.stage_events["deal_id"].tolist() == ["D1", "D9"]
        assert data.report.of("unmatched")[0].column == "stage_events.deal_id"
        assert data.report.of("deals_without_history")[0].count == 2


class TestCurrency:
    MIXED = (
        "deal_id,stage,amount,currency,created_at{more}\nD1,Won,100,EUR,2024-01-01{a}\nD2,Won,100,USD,2024-01-02{b}\n"
    )

    def test_rates(self, export: Writer) -> None:
        folder = export({"deals.csv": self.MIXED.format(more="", a="", b="")})
        data = read_crm(folder, mapping={"currency": "eur", "rates": {"usd": 0.9}})
        assert data.deals["amount"].tolist() == [100, 90] and set(data.deals["currency"]) == {"EUR"}
        assert data.report.of("currency_converted")[0].count == 1
        fails(folder, "there is no rate", "'EUR'", mapping={"currency": "CNY", "rates": {"USD": 7}})

    def test_converted_amounts_of_the_export(self, export: Writer) -> None:
        for header in ("Amount (converted)", "Amount in company currency", "商机金额（本位币）"):
            folder = export({"deals.csv": self.MIXED.format(more=f",{header}", a=",100", b=",91")})
            data = read_crm(folder)
            assert data.deals["amount"].tolist() == [100, 91] and set(data.deals["currency"]) == {"EUR"}
            assert data.report.of("currency_base")[0].message_en == "amounts in several currencies (EUR, USD)"
        fails(
            export({"deals.csv": self.MIXED.format(more=",Amount (converted)", a=",100", b=",")}), "several currencies"
        )

    def test_one_currency_serves_for_all(self, export: Writer) -> None:
        text = "deal_id,stage,amount,created_at\nD1,Won,$100,2024-01-01\nD2,Won,50,2024-01-01\nD3,Open,,2024-01-01\n"
        data = read_crm(export({"deals.csv": text}))
        assert data.deals["currency"].tolist() == ["USD"] * 3
        assert data.report.of("currency_assumed")[0].count == 1

    def test_named_by_header_or_user(self, export: Writer) -> None:
        data = read_crm(export({"deals.csv": DEALS.replace(",amount,", ",Amount (k€),")}))
        assert data.deals["amount"].tolist() == [1_000_000, 500_000, 700_000]
        assert set(data.deals["currency"]) == {"EUR"}
        assert set(read_crm(export({"deals.csv": DEALS}), mapping={"currency": "CHF"}).deals["currency"]) == {"CHF"}


class TestWishes:
    def test_names(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS, "accounts.csv": "account_id,name,city\nB1,Acme,Rome\nA2,Beta,Rome\n"})
        data = read_crm(folder, mapping={"names": {"account": {"A1": "Acme"}}})
        assert data.deals["account_id"].tolist() == ["B1", "A2", "B1"]

    def test_a_file_named_a_table_it_cannot_be(self, export: Writer) -> None:
        folder = export({"deals.csv": DEALS, "other.csv": "p,q\n1,2\n"})
        fails(folder, "other.csv", "this table of products lacks", mapping={"files": {"other.csv": "products"}})

    def test_time_zone(self, export: Writer) -> None:
        text = "deal_id,stage,created_at\nD1,Won,2024-03-05T22:30:11Z\n"
        folder = export({"deals.csv": text})
        assert read_crm(folder).as_of == date(2024, 3, 5)
        assert read_crm(folder).report.of("date_offset")[0].count == 1
        shown = read_crm(folder, mapping={"time_zone": "Asia/Shanghai"})
        assert shown.as_of == date(2024, 3, 6) and not shown.report.of("date_offset")

    def test_date_format_and_decimal(self, export: Writer) -> None:
        text = "deal_id,stage,created_at,amount\nD1,Won,05032024,1.234\n"
        wishes = {"date_formats": {"Created At": "%d%m%Y"}, "decimal": ","}
        deals = read_crm(export({"deals.csv": text}), mapping=wishes).deals
        assert deals["created_at"].tolist() == [pd.Timestamp("2024-03-05")] and deals["amount"].tolist() == [1234]

    def test_number_that_can_be_read_two_ways_is_told(self, export: Writer) -> None:
        text = "deal_id,stage,created_at,amount\nD1,Won,2024-03-05,1.234\n"
        assert read_crm(export({"deals.csv": text})).report.of("decimal_assumed")[0].level == "warning"

    @pytest.mark.parametrize(
        ("chances", "expected"),
        [
            ("20;50;100", [0.2, 0.5, 1]),
            ("0.2;0.5;1", [0.2, 0.5, 1]),
            ("20%;50%;0%", [0.2, 0.5, 0]),
            ("0;1;1", [0, 0.01, 0.01]),
            ("0.5%;0.2%;1%", [0.005, 0.002, 0.01]),
        ],
    )
    def test_probability_is_a_share(self, export: Writer, chances: str, expected: list[float]) -> None:
        rows = [f"D{n},Visit,2024-01-01,{chance}\n" for n, chance in enumerate(chances.split(";"))]
        data = read_crm(export({"deals.csv": "deal_id,stage,created_at,probability\n" + "".join(rows)}))
        assert data.deals["probability"].tolist() == pytest.approx(expected)
        assert bool(data.report.of("percent_unclear")) == (chances == "0;1;1")

    @pytest.mark.parametrize(("name", "table"), [("customers.csv", "accounts"), ("sales team.csv", "users")])
    def test_file_name_decides_between_tables_that_fit_alike(self, export: Writer, name: str, table: str) -> None:
        data = read_crm(export({"deals.csv": DEALS, name: "name,region,city\nAcme,North,Rome\n"}))
        assert len(getattr(data, table)) == 1

    def test_location_is_a_country_or_a_town(self, export: Writer) -> None:
        for where, column in (("Germany", "country"), ("Hamburg", "place")):
            data = read_crm(export({"deals.csv": DEALS, "accounts.csv": f"account,office location\nAcme,{where}\n"}))
            assert data.accounts[column].tolist() == [where]


class TestChinese:
    def test_fxiaoke_like_headers(self, export: Writer) -> None:
        text = (
            "商机名称,客户名称,商机阶段,阶段状态,商机金额（万元）,赢率,预计成交日期,负责人,创建时间,输单原因\n"
            "甲项目,华信,赢单,赢单,12,100,2024年3月5日,张三,2024-01-02 09:30,\n"
            "乙项目,华信,输单,输单,1.5,0,2024年4月9日,李四,2024-01-05 10:00,客户不想买了\n"
            "丙项目,宏达,无效,无效,3,0,2024年4月20日,李四,2024-01-09 10:00,\n"
            "丁项目,宏达,需求确定,进行中,8,30,2024年5月1日,张三,2024-02-01 08:00,\n"
        )
        data = read_crm(export({"商机.csv": text}, encoding="gb18030"))
        assert data.report.files[0].encoding == "gb18030"
        assert data.deals["status"].tolist() == ["won", "lost", "disqualified", "open"]
        assert data.deals["amount"].tolist() == [120_000, 15_000, 30_000, 80_000]
        assert set(data.deals["currency"]) == {"CNY"}
        assert data.deals["probability"].tolist() == [1.0, 0.0, 0.0, 0.3]
        assert data.deals["owner_id"].tolist() == ["张三", "李四", "李四", "张三"]
        assert data.report.of("lost_to_no_decision")[0].count == 1
        assert data.deals["closed_at"].notna().sum() == 3 and data.report.of("closing_weak")[0].count == 3
        assert data.as_of == date(2024, 2, 1), "expected dates are no record of what happened"


class TestReport:
    def test_both_languages(self, export: Writer) -> None:
        report = read_crm(export({"deals.csv": DEALS})).report
        english, chinese = report.to_text(), report.to_text("zh")
        assert english == str(report)
        assert "rows read 3 = kept 3 + dropped 0" in english and "读取行数 3 = 保留 3 + 剔除 0" in chinese
        assert "Snapshot as of: 2024-02-20" in english and "快照日期: 2024-02-20" in chinese
        assert not re.search(r"[一-鿿]", english)
        assert english.count("\n") == chinese.count("\n")
        with pytest.raises(CrmError, match="English or Chinese"):
            report.to_text("de")

    def test_frame(self, export: Writer) -> None:
        report = read_crm(export({"deals.csv": DEALS, "strange.csv": "p,q\n1,2\n"})).report
        frame = report.to_frame()
        assert list(frame.columns)[:6] == ["level", "code", "file", "column", "rows", "count"]
        assert len(frame) == len(report.findings)
        assert frame.loc[frame["code"] == "file_not_used", "file"].tolist() == ["strange.csv"]

    def test_unused_file_counts_its_rows(self, export: Writer) -> None:
        report = read_crm(export({"deals.csv": DEALS, "strange.csv": "p,q\n1,2\n3,4\n"})).report
        (strange,) = [file for file in report.files if file.name == "strange.csv"]
        assert (strange.table, strange.rows_read, strange.rows_kept, dict(strange.dropped)) == (
            "",
            2,
            0,
            {"not_used": 2},
        )

    def test_ignored_file(self, export: Writer) -> None:
        data = read_crm(
            export({"deals.csv": DEALS, "accounts.csv": "account,city\nA,B\n"}),
            mapping={"files": {"accounts.csv": "ignore"}},
        )
        assert data.accounts.empty and data.report.of("file_ignored")[0].file == "accounts.csv"

    def test_formats_and_mapping_are_shown(self, export: Writer) -> None:
        report = read_crm(export({"deals.csv": DEALS.replace(",", ";").replace("1000", "1.000,50")})).report
        (file,) = report.files
        assert file.separator == ";"
        formats = {column.canonical: column.format for column in file.columns}
        assert formats["amount"] == "decimal ," and formats["created_at"] == "ISO"
        assert file.mapping["deal_id"] == "deal_id"

    def test_missing_shares(self, export: Writer) -> None:
        report = read_crm(export({"deals.csv": DEALS})).report
        assert report.missing["deals", "closed_at"] == pytest.approx(1 / 3)
        assert report.missing["deals", "product"] == 1.0
        assert ("accounts", "name") not in report.missing

    def test_most_serious_first(self, export: Writer) -> None:
        text = "deal_id,stage,created_at\n5.2E+17,Won,2024-01-01\n5.2E+17,Proposal,\n"
        levels = [finding.level for finding in read_crm(export({"deals.csv": text})).report.findings]
        assert levels == sorted(levels, key=["error", "warning", "info"].index)
