"""Files built to harm: bombs, tricks with paths, giant cells, entities, scripts and formulas in names."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import time
import zipfile
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from crm_mutations import check_mutant, seeds

from salessim.crm import limits, read_crm
from salessim.crm.write import write_export
from salessim.errors import CrmError

Writer = Callable[..., Path]
NASTY = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', '=HYPERLINK("http://x","y")', "+1+cmd|' /C calc'!A0",
    "@SUM(A1)", "-2+3+cmd", "=1+1", "{{7*7}}", "${7*7}", "Robert'); DROP TABLE deals;--", "%s%n", "normal",
]  # fmt: skip


def zipped(members: dict[str, bytes], *, links: tuple[str, ...] = ()) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            if name in links:
                info.external_attr = 0o120777 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def refuses(path: Path, words: str) -> None:
    start = time.process_time()
    with pytest.raises(CrmError, match=words) as caught:
        read_crm(path)
    assert "\n" not in str(caught.value)
    assert time.process_time() - start < 10


def sheet(xml: str, strings: str = "") -> bytes:
    """A workbook with hand-made XML."""
    buffer = io.BytesIO()
    book = openpyxl.Workbook()
    book.active["A1"] = "Deal Name"
    book.save(buffer)
    members = {}
    with zipfile.ZipFile(buffer) as archive:
        for name in archive.namelist():
            members[name] = archive.read(name)
    members["xl/worksheets/sheet1.xml"] = xml.encode()
    if strings:
        members["xl/sharedStrings.xml"] = strings.encode()
    return zipped(members)


class TestArchives:
    DEALS = b"Record Id,Deal Name,Stage\n1,a,Closed Won\n"

    def test_bomb(self, export: Writer) -> None:
        refuses(export({"x.zip": zipped({"deals.csv": b"a," * (12 << 20)})}), "unpacks to far too much")

    def test_gzip_bomb(self, export: Writer) -> None:
        import gzip

        refuses(export({"deals.csv.gz": gzip.compress(b"a," * (12 << 20))}), "unpacks to far too much")

    def test_archive_of_archives_is_not_opened(self, export: Writer) -> None:
        inner = zipped({"deals.csv": self.DEALS})
        data = read_crm(export({"x.zip": zipped({"deals.csv": self.DEALS, "inner.zip": inner})}), as_of="2024-01-01")
        assert len(data.deals) == 1
        assert data.report.of("file_not_read_here")[0].file == "x.zip/inner.zip"

    def test_a_size_that_lies(self, export: Writer) -> None:
        whole = bytearray(zipped({"deals.csv": self.DEALS * 1000}))
        size = len(self.DEALS) * 1000
        place = whole.rindex(struct.pack("<I", size))
        whole[place : place + 4] = struct.pack("<I", 10)
        refuses(export({"x.zip": bytes(whole)}), "larger than it says|damaged")

    @pytest.mark.parametrize(
        "name", ["../deals.csv", "a/../../deals.csv", "/etc/deals.csv", "C:\\x\\deals.csv", "..\\deals.csv"]
    )
    def test_paths(self, export: Writer, name: str) -> None:
        refuses(export({"x.zip": zipped({name: self.DEALS})}), "points outside it")

    def test_names_of_several_lines(self, export: Writer) -> None:
        deals = b"deal id,stage,created\n1,Won,2024-01-20\n"
        archive = zipped({"deals\n\x07\n2.csv": deals, "a\nb.pdf": b"%PDF"})
        data = read_crm(export({"x.zip": archive}), as_of="2024-02-01")
        assert [file.name for file in data.report.files] == ["x.zip/deals 2.csv"]
        assert "x.zip/a b.pdf" in {finding.file for finding in data.report.findings}
        damaged = bytearray(zipped({"deals\n2.csv": deals * 50}))
        damaged[60:70] = b"\0" * 10
        refuses(export({"x.zip": bytes(damaged)}), "damaged")

    def test_links(self, export: Writer) -> None:
        refuses(
            export({"x.zip": zipped({"deals.csv": b"/etc/passwd"}, links=("deals.csv",))}), "a link instead of a file"
        )

    def test_too_many_files(self, export: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("salessim.crm.archives.MAX_MEMBERS", 20)
        refuses(export({"x.zip": zipped({f"{n}.csv": b"a" for n in range(21)})}), "too many files")

    @pytest.mark.parametrize("cut", [0.2, 0.5, 0.95])
    def test_cut_off(self, export: Writer, cut: float) -> None:
        whole = zipped({"deals.csv": os.urandom(5000)})
        refuses(export({"x.zip": whole[: int(len(whole) * cut)]}), "damaged or cut off")

    def test_nothing_is_written(self, export: Writer) -> None:
        folder = export({"x.zip": zipped({"sub/deals.csv": self.DEALS})})
        read_crm(folder, as_of="2024-01-01")
        assert [path.name for path in folder.rglob("*")] == ["x.zip"]


class TestWorkbooks:
    HEAD = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'

    def test_billion_laughs(self, export: Writer) -> None:
        laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        xml = f"{laughs}{self.HEAD}<sheetData/></worksheet>"
        refuses(export({"deals.xlsx": sheet(xml)}), "declares entities")

    def test_entities_in_the_description_of_stages(self, export: Writer) -> None:
        xml = b'<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">]><StandardValueSet>&a;</StandardValueSet>'
        refuses(export({"OpportunityStage.standardValueSet-meta.xml": xml}), "declares entities")

    def test_a_sheet_of_seventeen_billion_cells(self, export: Writer) -> None:
        cell = '<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
        xml = f"{self.HEAD}<sheetData>{cell}</sheetData></worksheet>"
        refuses(export({"deals.xlsx": sheet(xml)}), "far too many cells")

    def test_web_page_saved_as_workbook(self, export: Writer) -> None:
        refuses(export({"deals.xls": b"<html><body><table><tr><td>Deal Name"}), "web page or XML saved under the name")

    def test_formula_cells_are_read_as_what_they_show(self, export: Writer, tmp_path: Path) -> None:
        book = openpyxl.Workbook()
        book.active.append(["Deal Name", "Stage"])
        book.active.append(["=1+1", "Won"])
        book.active.append(["plain", "Won"])
        book.save(tmp_path / "deals.xlsx")
        data = read_crm(tmp_path / "deals.xlsx", as_of="2024-01-01")
        assert data.deals["name"].tolist() == ["plain"], "a formula nobody has worked out shows nothing"
        assert data.report.of("rows_no_id_and_name")[0].count == 1


class TestGiants:
    def test_a_line_of_nine_megabytes(self, export: Writer) -> None:
        text = b"Deal Name,Stage\n" + b"x" * (limits.MAX_RECORD + 100) + b",Won\n"
        refuses(export({"deals.csv": text}), "far too long")

    def test_a_cell_of_many_lines(self, export: Writer) -> None:
        text = b'Deal Name,Stage\n"' + b"xxxxxxxxx\n" * (limits.MAX_CELL // 8) + b'",Won\n'
        refuses(export({"deals.csv": text}), "a cell is far too long")

    def test_a_file_over_the_limit_is_not_opened(self, tmp_path: Path) -> None:
        file = tmp_path / "deals.csv"
        with file.open("wb") as handle:
            handle.truncate(limits.MAX_FILE + 1)  # a sparse file: no space is used
        refuses(file, "far too large")

    @pytest.mark.slow
    def test_one_cell_of_nearly_a_gigabyte(self, tmp_path: Path) -> None:
        file = tmp_path / "deals.csv"
        with file.open("wb") as handle:
            handle.write(b"Deal Name,Stage\n")
            for _ in range(60):
                handle.write(b"x" * (16 << 20))
        refuses(file, "far too long")

    def test_json_of_many_fields(self, export: Writer) -> None:
        rows = [{f"k{n}": 1 for n in range(limits.MAX_COLUMNS + 1)}]
        refuses(export({"deals.json": json.dumps({"data": rows}).encode()}), "far too many fields")

    def test_numbers_with_thousands_of_digits_stay_text(self, export: Writer) -> None:
        text = '{"data": [{"id": ' + "9" * 10_000 + ', "Deal_Name": "a", "Stage": "Closed Won"}]}'
        data = read_crm(export({"deals.json": text}), as_of="2024-01-01")
        assert data.deals["deal_id"][0] == "9" * 10_000

    @pytest.mark.parametrize(
        "text", ["(" * 50_000, "1 " * 50_000, "0," * 50_000, " \t" * 50_000 + "x", "下午" * 30_000]
    )
    def test_long_cells_cost_no_time(self, export: Writer, text: str) -> None:
        rows = "".join(f"D{n},Won,{n},2024-01-{n % 28 + 1:02d}\n" for n in range(100))
        for row in (f'X,Won,"{text}",2024-01-01\n', f'X,Won,5,"{text}"\n', f'"{text}",Won,5,2024-01-01\n'):
            start = time.process_time()
            read_crm(export({"deals.csv": f"deal id,stage,amount,created\n{rows}{row}"}))
            assert time.process_time() - start < 5


class TestNothingRuns:
    def test_pickles_are_refused(self, export: Writer) -> None:
        refuses(export({"deals.csv": pickle.dumps({"a": 1})}), "a pickle")

    def test_mapping_is_plain_yaml(self, export: Writer, tmp_path: Path) -> None:
        wishes = tmp_path / "map.yaml"
        wishes.write_text("files: !!python/object/apply:os.system ['touch /tmp/never']\n", encoding="utf-8")
        with pytest.raises(CrmError, match="cannot be read as YAML"):
            read_crm(export({"deals.csv": "deal id,stage\nD1,Won\n"}), mapping=wishes)


class Tags(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert not any(name.startswith("on") for name, _ in attrs)


class TestNamesStayText:
    def tables(self) -> dict[str, pd.DataFrame]:
        count = len(NASTY)
        deals = pd.DataFrame(
            {
                "deal_id": [f"D{n}" for n in range(count)], "name": NASTY, "account_id": [f"A{n}" for n in range(count)],  # noqa: E501
                "owner_id": "U1", "stage": "Offer", "status": "open", "amount": 5.0, "currency": "EUR",
                "created_at": pd.Timestamp("2024-01-20"), "source": NASTY, "product": NASTY,
            }
        )  # fmt: skip
        accounts = pd.DataFrame(
            {"account_id": [f"A{n}" for n in range(count)], "name": NASTY, "segment": NASTY, "country": "China"}
        )
        return {
            "deals": deals,
            "accounts": accounts,
            "users": pd.DataFrame({"user_id": ["U1"], "name": ["=cmd"], "team": ["@x"]}),
        }

    @pytest.mark.parametrize(
        ("crm", "format"), [("zoho", "xlsx"), ("zoho", "csv"), ("hubspot", "xlsx"), ("salesforce", "csv")]
    )
    def test_in_files_and_back(self, tmp_path: Path, crm: str, format: str) -> None:
        write_export(self.tables(), crm, tmp_path, format=format)
        for file in tmp_path.iterdir():
            if format == "xlsx":
                for row in openpyxl.load_workbook(file).active.iter_rows():
                    assert all(cell.data_type != "f" for cell in row)
            else:
                table = pd.read_csv(file, dtype="str", keep_default_na=False)
                cells = [str(cell) for column in table for cell in table[column]]
                assert not any(cell[:1] in ("=", "+", "@") for cell in cells)
        data = read_crm(tmp_path, as_of="2024-02-01")
        assert data.deals["name"].tolist() == NASTY and data.accounts["name"].tolist() == NASTY

    def test_in_reports(self, tmp_path: Path) -> None:
        header = ",".join(f'"<script>{n}</script>"' for n in range(3))
        (tmp_path / "<b>odd.csv").write_text(f"{header}\n1,2,3\n", encoding="utf-8")
        rows = "\n".join(f'D{n},"{name.replace(chr(34), chr(34) * 2)}",Won,<script>' for n, name in enumerate(NASTY))
        (tmp_path / "deals.csv").write_text(f"deal id,account,stage,<img src=x>\n{rows}\n", encoding="utf-8")
        (tmp_path / "accounts.csv").write_text("account,city\n<script>x</script>,Rome\n", encoding="utf-8")
        report = read_crm(tmp_path, as_of="2024-02-01").report
        for lang in ("en", "zh"):
            page = report.to_html(lang)
            tags = Tags()
            tags.feed(page)
            assert not tags.seen & {"script", "img", "iframe", "a"} and "<script" not in page
            assert "&lt;script&gt;" in page and report.to_text(lang).count("<script>") >= 1


@pytest.mark.slow
def test_a_thousand_mutants(tmp_path: Path) -> None:
    """No traceback, no hang, every row accounted for; most files survive a slip of a byte or are refused in a sentence."""  # noqa: E501
    start = time.process_time()
    read = sum(check_mutant(number, tmp_path) for number in range(1000))
    assert len(seeds()) > 25 and 200 < read < 900
    assert time.process_time() - start < 60
