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
