"""The usual dirt of exports, each in a hand-made file: read, told in the report, and never lost silently."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from salessim.crm import CrmData, read_crm
from salessim.errors import CrmError

Writer = Callable[..., Path]
HEADER = "deal id,deal name,account,owner,stage,status,amount,created,expected close,closed at\n"


def rows(count: int, **values: str) -> str:
    """Ordinary closed deals, as a background."""
    lines = []
    for n in range(count):
        cells = {
            "id": f"D{n}", "name": f"Deal {n}", "account": f"Customer {n % 7}", "owner": f"Rep {n % 3}", "stage": "Offer",  # noqa: E501
            "status": ["won", "lost"][n % 2], "amount": str(1000 + n), "created": f"2024-01-{n % 28 + 1:02d}",
            "expected": f"2024-03-{(n * 5) % 28 + 1:02d}", "closed": f"2024-02-{n % 28 + 1:02d}", **values,
        }  # fmt: skip
        lines.append(",".join(cells.values()))
    return "\n".join(lines) + "\n"


def read(export: Writer, text: str, header: str = HEADER, **options: object) -> CrmData:
    data = read_crm(export({"deals.csv": header + text}), **options)  # type: ignore[arg-type]
    for file in data.report.files:
        assert file.rows_read == file.rows_kept + sum(file.dropped.values())
    return data


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("X,x,Acme,Rep 1,Offer,open,5,2024-01-05,2024-01-20,", "overdue"),
        ("X,x,Acme,Rep 1,Offer,won,5,2024-01-05,2024-01-20,2024-12-01", "closed_in_future"),
        ("X,x,Acme,Rep 1,Offer,won,5,2024-01-05,2024-01-20,2024-01-03", "closed_before_created"),
        ("X,x,Acme,Rep 1,Offer,open,1,2024-01-05,2024-06-20,", "amount_token"),
        ("X,x,Acme,Rep 1,Offer,open,-7,2024-01-05,2024-06-20,", "amount_negative"),
        ("X,测试商机,Acme,Rep 1,Offer,won,5,2024-01-05,2024-01-20,2024-02-01", "test_records"),
        ("X,King (Sample),Acme,Rep 1,Offer,won,5,2024-01-05,2024-01-20,2024-02-01", "test_records"),
        ("X,x,Acme,Rep 1,Offer,won,n/a?,2024-01-05,2024-01-20,2024-02-01", "odd_cells"),
        ("X,x,Acme,Rep 1,Offer,won,5,1900-01-01,2024-01-20,2024-02-01", "date_placeholder"),
        ("D1,Deal 1,Acme,Rep 1,Offer,lost,5,2024-01-05,2024-01-20,2024-02-01", "duplicates_differ"),
        (",,,,Offer,won,5,2024-01-05,2024-01-20,2024-02-01", "rows_no_id_and_name"),
        ("Total,,,,,,99999,,,", "rows_total"),
        ("小计,,,,,,99999,,,", "rows_total"),
        ("X,x,Acme,Rep 1,offer ,won,5,2024-01-05,2024-01-20,2024-02-01", "label_repaired"),
        ("X,x,Acme,Rep 1,Offer,archived,5,2024-01-05,2024-01-20,", "status_unknown"),
        ("X,x,Acme,Rep 1,Offer,open,5,2022-01-05,2025-01-20,", "zombies"),
    ],
)
def test_a_dirty_row_is_told(export: Writer, row: str, code: str) -> None:
    data = read(export, rows(120) + row + "\n", as_of="2024-03-31")
    assert data.report.of(code), [finding.code for finding in data.report.findings]
    assert code not in {finding.code for finding in read(export, rows(120), as_of="2024-03-31").report.findings}


def test_dummy_expected_dates(export: Writer) -> None:
    text = "".join(
        f"D{n},x,A,R,Offer,open,5,2024-01-{n + 1:02d},{pd.Timestamp(2024, 1, n + 8):%Y-%m-%d},\n"
        for n in range(23)
    )
    more = "".join(
        f"E{n},Deal,A,R,Offer,open,5,2024-02-{n % 20 + 1:02d},{pd.Timestamp(2024, 2, n % 20 + 8):%Y-%m-%d},\n"
        for n in range(40)
    )
    assert "exactly 7 days" in read(export, text + more).report.of("expected_close_dummy")[0].message_en


def test_names_with_blanks_entities_full_width_emoji_and_lines(export: Writer) -> None:
    text = (
        'D1,"two\nlines",R&amp;D Works ,Ann,Offer,won,5,2024-01-20,,2024-02-01\n'
        "D2,🚀 launch,（上海）华信０１,Ann,Offer,won,5,2024-01-20,,2024-02-01\n"
    )
    deals = read(export, text).deals
    assert deals["name"].tolist() == ["two lines", "🚀 launch"] and deals["account_id"][0] == "R&D Works"


def test_identifiers_in_powers_of_ten_are_told_apart(export: Writer) -> None:
    text = "5.2E+17,a,A,R,Offer,won,5,2024-01-20,,2024-02-01\n5.2E+17,b,A,R,Offer,lost,5,2024-01-20,,2024-02-01\n"
    data = read(export, text)
    assert (
        len(data.deals) == 2 and data.report.of("id_damaged")[0].level == "error" and data.report.of("ids_told_apart")
    )


def test_phone_numbers_as_floats(export: Writer) -> None:
    files = {
        "deals.csv": HEADER + rows(3),
        "contacts.csv": "contact id,name,account,phone\n1.0,Ann,Customer 1,13800138000.0\n",
    }
    data = read_crm(export(files))
    assert data.contacts["contact_id"].tolist() == ["1"] and data.report.of("id_decimals")


@pytest.mark.parametrize("dates", [("31/01/2024", "01/31/2024"), ("13/02/2024", "02/13/2024")])
def test_mixed_orders_of_dates_are_refused(export: Writer, dates: tuple[str, str]) -> None:
    text = "".join(f"D{n},x,A,R,Offer,won,5,{dates[n % 2]},,\n" for n in range(10))
    with pytest.raises(CrmError, match="day-first and month-first dates are mixed"):
        read(export, text)


def test_mixed_currencies_are_never_added(export: Writer) -> None:
    header = "deal id,stage,amount,currency,created\n"
    text = "1,Won,5,EUR,2024-01-20\n2,Won,7,USD,2024-01-21\n"
    with pytest.raises(CrmError, match="several currencies cannot be added"):
        read(export, text, header)
    told = read(export, text, header, mapping={"currency": "EUR", "rates": {"USD": 0.5}})
    assert told.deals["amount"].tolist() == [5.0, 3.5]


def test_leavers_and_hand_overs(export: Writer) -> None:
    files = {
        "deals.csv": HEADER + rows(3) + "X,x,Acme,Rep 9,Offer,open,5,2024-01-05,2024-06-20,\n",
        "users.csv": "name,team,left on\nRep 0,East,\nRep 1,East,\nRep 2,East,\nRep 9,East,2024-01-31\n",
        "changes.csv": "deal id,field,changed at,old,new\nX,owner,2024-02-01,Rep 1,Rep 9\n",
    }
    data = read_crm(export(files), as_of="2024-03-31")
    assert data.report.of("owner_left")[0].count == 1
    assert data.changes["field"].tolist() == ["owner_id"]


def test_row_limit(export: Writer) -> None:
    data = read(export, rows(2000))
    assert data.report.of("cut_off")[0].count == 2000


def test_created_on_one_day_of_migration(export: Writer) -> None:
    data = read(export, rows(120) + rows(60, created="2024-02-29").replace("D", "M"))
    assert data.report.of("created_on_one_day")


def test_wrong_sheet_and_empty_ones(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    book.active.append(["month", "revenue"])
    book.active.append(["Jan", 5])
    book.create_sheet("empty")
    book.save(tmp_path / "x.xlsx")
    with pytest.raises(CrmError, match="no table looks like deals"):
        read_crm(tmp_path)


EVENTS = "deal id,stage,entered at\n"


def history(count: int, first: str = "Needs", second: str = "Offer", start: int = 0, year: int = 2024) -> str:
    """Ordinary histories: one stage, and a week later the next."""
    return "".join(
        f"D{n},{first},{year}-{n % 3 + 1:02d}-{n % 20 + 1:02d}\nD{n},{second},{year}-{n % 3 + 1:02d}-{n % 20 + 8:02d}\n"
        for n in range(start, start + count)
    )


def codes_of(export: Writer, **files: str) -> dict[str, int | None]:
    found = read_crm(export({f"{name}.csv": text for name, text in files.items()}), as_of="2024-12-31").report
    return {one.code: one.count for one in found.findings}


def test_stages_turned_back_and_skipped(export: Writer) -> None:
    deals, usual = HEADER + rows(60), EVENTS + history(60) + "".join(f"D{n},Close,2024-04-01\n" for n in range(50))
    assert not {"stages_backward", "stages_skipped"} & set(codes_of(export, deals=deals, stage_events=usual))
    odd = usual + "D1,Needs,2024-05-01\nD55,Needs,2024-05-01\nD55,Close,2024-05-09\n"
    found = codes_of(export, deals=deals, stage_events=odd)
    assert found["stages_backward"] == 2 and found["stages_skipped"] == 1


def test_stages_updated_in_bulk_at_the_end_of_a_quarter(export: Writer) -> None:
    deals = HEADER + rows(90)
    assert "stages_bulk" not in codes_of(export, deals=deals, stage_events=EVENTS + history(90))
    bulk = EVENTS + history(90) + "".join(f"D{n},Close,2024-06-28\n" for n in range(60))
    assert codes_of(export, deals=deals, stage_events=bulk)["stages_bulk"] == 60


def test_a_stage_renamed_over_the_years(export: Writer) -> None:
    deals = HEADER + rows(80)
    assert "stage_renamed" not in codes_of(export, deals=deals, stage_events=EVENTS + history(80))
    renamed = EVENTS + history(40, year=2022) + history(40, second="Proposal", start=40, year=2023)
    assert codes_of(export, deals=deals, stage_events=renamed)["stage_renamed"] == 1


def test_all_deals_of_a_leaver_handed_over_on_one_day(export: Writer) -> None:
    changes = "deal id,field,changed at,old,new\n"
    deals = HEADER + rows(30)
    single = changes + "".join(f"D{n},owner,2024-02-{n + 1:02d},Rep 0,Rep 1\n" for n in range(8))
    assert "handed_over" not in codes_of(export, deals=deals, changes=single)
    many = changes + "".join(f"D{n},owner,2024-03-01,Rep 0,Rep 1\n" for n in range(8))
    assert codes_of(export, deals=deals, changes=many)["handed_over"] == 8


@pytest.mark.parametrize("table", ["deals", "accounts"])
def test_one_account_under_two_legal_forms(export: Writer, table: str) -> None:
    names = ["华信科技有限公司", "华信科技股份有限公司", "宏达贸易有限公司"]
    files = {"deals": HEADER + "".join(f"D{n},x,{name},R,Offer,won,5,2024-01-20,,\n" for n, name in enumerate(names))}
    if table == "accounts":
        files["accounts"] = "account id,name,segment\n" + "".join(f"{n},{name},x\n" for n, name in enumerate(names))
    assert codes_of(export, **files)["accounts_alike"] == 2


def test_codes_instead_of_places(export: Writer) -> None:
    accounts = "account id,name,省,市\n1,Acme,310000,310100\n2,Beta,Jiangsu,Nanjing\n"
    deals = HEADER + "D1,x,Acme,R,Offer,won,5,2024-01-20,,\n"
    assert codes_of(export, deals=deals, accounts=accounts)["places_coded"] == 1


def test_a_day_and_month_turned_into_a_name_by_a_spreadsheet(export: Writer) -> None:
    data = read(export, rows(120) + "X,x,Acme,Rep 1,Offer,won,5,01-May,2024-01-20,2024-02-01\n")
    odd = data.report.of("odd_cells")[0]
    assert odd.count == 1 and "01-May" in odd.message_en
    assert data.deals.set_index("deal_id")["created_at"].isna()["X"]


def test_amounts_of_lost_deals_that_are_zero(export: Writer) -> None:
    text = "".join(
        f"D{n},x,A,R,Offer,{['won', 'lost'][n % 2]},{[500, 0][n % 2]},2024-01-{n + 1:02d},,\n" for n in range(28)
    )
    data = read(export, text)
    assert data.report.of("amount_placeholder_lost")[0].count == 14
    assert data.deals.loc[data.deals["status"] == "lost", "amount"].isna().all()


def test_a_name_written_two_ways_is_one(export: Writer) -> None:
    files = {
        "deals.csv": "deal id,stage,product,account,created\n1,Won,GTXPro,Brokerage ,2024-01-20\n"
        "2,Won,GTX Pro,Brokerage,2024-01-20\n",
        "products.csv": "product,list price\nGTX Pro,5\n",
    }
    data = read_crm(export(files))
    assert data.deals["product"].tolist() == ["GTX Pro"] * 2 and len(set(data.deals["account_id"])) == 1
    assert data.report.of("name_repaired")


def test_permissions_are_asked_about(export: Writer) -> None:
    said = read(export, rows(3)).report.to_text()
    assert "whether the exporting user could see all deals: ask" in said
