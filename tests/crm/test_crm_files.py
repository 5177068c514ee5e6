"""Text tables: encodings, separators, header rows, row numbers, and rows that cannot be told apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from salessim.crm.dates import read_dates
from salessim.crm.files import decode, read_file
from salessim.crm.profiles import load_profiles
from salessim.crm.quantities import read_numbers
from salessim.crm.sources import find_files
from salessim.errors import CrmError

Writer = Callable[..., Path]

TABLE = "deal id,deal name,stage,amount\nD1,Grüße,Won,5\nD2,华信科技,Lost,7\n"


def knows(cell: str) -> bool:
    return any(profile.knows(cell) for profile in load_profiles())


def read(export: Writer, content: str | bytes, name: str = "deals.csv") -> Any:
    return read_file(export({name: content}) / name, knows)


class TestEncodings:
    @pytest.mark.parametrize(
        ("encoding", "found"),
        [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030"), ("utf-16", "utf-16")],
    )
    def test_each(self, export: Writer, encoding: str, found: str) -> None:
        raw = read(export, TABLE.replace("Grüße", "灰").encode(encoding))
        assert raw.encoding == found
        assert raw.header == ("deal id", "deal name", "stage", "amount")
        assert raw.cells[1].tolist() == ["灰", "华信科技"]

    def test_gbk_without_mark(self) -> None:
        assert decode("商机名称,金额\n甲,5\n".encode("gbk"), "x.csv")[1] == "gb18030"

    @pytest.mark.parametrize("text", ["José Pérez,Málaga", "Käse,Köln,Größe", "naïve,café au lait,Noël"])
    def test_western_bytes_are_not_taken_for_chinese(self, text: str) -> None:
        assert decode(text.encode("cp1252"), "x.csv") == (text, "cp1252")

    def test_chinese_with_a_few_western_words(self) -> None:
        text = "客户,Straße AG,北京市海淀区中关村大街一号,备注\n" * 3
        assert decode(text.replace("ß", "ss").encode("gb18030"), "x.csv") == (text.replace("ß", "ss"), "gb18030")


class TestSeparators:
    @pytest.mark.parametrize("separator", [",", ";", "\t"])
    @pytest.mark.parametrize("line", ["\n", "\r\n"])
    def test_each(self, export: Writer, separator: str, line: str) -> None:
        raw = read(export, TABLE.replace(",", separator).replace("\n", line))
        assert (raw.separator, raw.header_row) == (separator, 1)
        assert raw.cells[3].tolist() == ["5", "7"]

    def test_commas_inside_a_semicolon_file(self, export: Writer) -> None:
        raw = read(export, "deal id;deal name;amount\nD1;a, b, c;1,5\nD2;d, e, f;2,5\n")
        assert raw.separator == ";" and raw.cells[2].tolist() == ["1,5", "2,5"]

    def test_hint_line_of_a_spreadsheet(self, export: Writer) -> None:
        raw = read(export, "sep=;\ndeal id;stage\nD1;Won\n")
        assert (raw.separator, raw.header_row, raw.rows.tolist()) == (";", 2, [3])

    def test_unknown_headers_are_split_by_width(self, export: Writer) -> None:
        raw = read(export, "eins;zwei;drei\n1,5;2;3\n4,5;5;6\n")
        assert raw.separator == ";" and len(raw.header) == 3

    def test_separator_behind_every_row(self, export: Writer) -> None:
        raw = read(export, "deal id,stage\nD1,Won,\nD2,Lost,\n")
        assert raw.cells[1].tolist() == ["Won", "Lost"] and not raw.too_long.any()

    def test_one_row_moved_on_is_set_apart(self, export: Writer) -> None:
        rows = [f"D{n},Won,x,\n" for n in range(99)]
        raw = read(export, "deal id,stage,name,source\n" + "".join(rows) + "D99,Won,a, b,\n")
        assert raw.rows[raw.too_long].tolist() == [101]


class TestRows:
    def test_rows_are_those_of_a_spreadsheet(self, export: Writer) -> None:
        text = 'Title\n\ndeal id,deal name,stage\nD1,"two\nlines",Won\n\nD2,x,Lost\n'
        raw = read(export, text)
        assert raw.header_row == 3
        assert dict(zip(raw.rows.tolist(), raw.cells[0].tolist(), strict=True)) == {4: "D1", 5: "", 6: "D2"}
        assert raw.cells[1][0] == "two\nlines"

    def test_quotation_marks_inside_a_quoted_text(self, export: Writer) -> None:
        assert read(export, 'deal id,stage,name\nD1,Won,"the ""big"" one"\n').cells[2][0] == 'the "big" one'

    def test_identifiers_stay_text(self, export: Writer) -> None:
        raw = read(export, "deal id,stage\n00123456789012345678,Won\nNA,Lost\nnull,Lost\n")
        assert raw.cells[0].tolist() == ["00123456789012345678", "NA", "null"]

    def test_header_without_rows(self, export: Writer) -> None:
        raw = read(export, "deal id,stage")
        assert raw.header == ("deal id", "stage") and len(raw.rows) == 0

    @pytest.mark.parametrize("content", ["", "\n\n", ",,,\n,,\n", "\ufeff"])
    def test_no_text(self, export: Writer, content: str) -> None:
        assert read(export, content) is None

    @pytest.mark.parametrize("before", [0, 1, 5])
    def test_unclosed_mark_names_its_row(self, export: Writer, before: int) -> None:
        rows = "".join(f"D{n},Won\n" for n in range(before))
        with pytest.raises(CrmError, match=f"row {before + 2}: a quotation mark"):
            read(export, f'deal id,stage\n{rows}"X,Won\nY,Lost\n')


class TestRealTables:
    def test_continental_spreadsheet(self, shared: Path) -> None:
        raw = read_file(shared / "format_quirks" / "superstore_semicolon_decimalcomma_bom_crlf.csv", knows)
        assert raw is not None
        assert (raw.encoding, raw.separator, raw.header_row, len(raw.header)) == ("utf-8-sig", ";", 1, 21)
        assert not raw.too_long.any()
        texts = raw.cells[raw.header.index("Sales")].drop_duplicates().tolist()
        sales = read_numbers(texts, np.ones(len(texts), dtype=np.int64), european=True)
        assert sales.decimal == "," and sales.sure and sales.values[0] == 261.96 and not np.isnan(sales.values).any()
        texts = raw.cells[raw.header.index("Order Date")].drop_duplicates().tolist()
        dates = read_dates(texts, np.ones(len(texts), dtype=np.int64))
        assert dates.order == "day first" and dates.share == 1.0
        assert dates.values[0] == np.datetime64("2020-11-08")

    def test_dates_saved_again_by_a_spreadsheet(self, shared: Path) -> None:
        raw = read_file(shared / "olist_funnel" / "closed_deals.csv", knows)
        assert raw is not None and len(raw.rows) == 842
        texts = raw.cells[raw.header.index("won_date")].drop_duplicates().tolist()
        dates = read_dates(texts, np.ones(len(texts), dtype=np.int64))
        assert dates.order == "day first" and dates.share == 1.0
        assert (dates.values.min(), dates.values.max()) >= (np.datetime64("2017-12-05"), np.datetime64("2018-11-14"))


class TestFinding:
    def test_what_is_read_and_what_is_not(self, export: Writer) -> None:
        folder = export(
            {"b.csv": "x", "a.TSV": "x", "c.txt": "x", "d.xlsx": "x", "e.md": "x", ".hidden.csv": "x", "~$e.csv": "x"}
        )
        (folder / "sub").mkdir()
        found = find_files(folder)
        assert [path.name for path in found.tables] == ["a.TSV", "b.csv", "c.txt", "d.xlsx"]
        assert found.others == (("e.md", ""), ("sub", "a folder"))
