"""Write canonical tables as the export of a CRM."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from salessim.crm.profiles import Profile, profile_of
from salessim.crm.schema import kind_of
from salessim.crm.tables import canonical_frame
from salessim.crm.write.conventions import as_kept_by, history_rows, open_stages
from salessim.crm.write.layouts import Layout, header_of, layout_of
from salessim.crm.write.notation import date_texts, money_texts, number_texts
from salessim.errors import CrmError, explain

__all__ = ["guarded", "write_export"]

_DAY_ONLY = ("expected_close", "close", "hired_at", "left_at")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_SEPARATORS = (",", ";", "\t")


def guarded(text: str) -> str:
    """A text that no spreadsheet takes for a formula: an apostrophe before what begins like one and is no number.

    Examples
    --------
    >>> guarded("=HYPERLINK(1)"), guarded("-5.0"), guarded("plain")
    ("'=HYPERLINK(1)", '-5.0', 'plain')
    """
    if not text.startswith(_FORMULA):
        return text
    try:
        float(text.replace(",", ""))
    except ValueError:
        return "'" + text
    return text


def write_export(
    tables: Mapping[str, pd.DataFrame],
    crm: str,
    folder: str | Path,
    *,
    form: str | None = None,
    format: str | None = None,
    encoding: str | None = None,
    language: str | None = None,
    dates: str | None = None,
    money: str | None = None,
    separator: str = ",",
    newline: str = "\n",
    standard_stages: bool = False,
    stages: Sequence[str] = (),
) -> Path:
    r"""Write tables as a CRM would export them.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Canonical tables, as the attributes of `CrmData`; ``deals`` is needed.
    crm : {"zoho", "fxiaoke", "salesforce", "hubspot", "pipedrive"}
    folder : str or Path
        Made if it does not exist; files of the same names are replaced.
    form : str, optional
        Kind of export; see `forms_of`. Without it, and for each option below, the usual one.
    format : {"csv", "xlsx", "json", "zip"}, optional
    encoding : {"utf-8", "utf-8-sig", "gb18030", "utf-16", "cp1252"}, optional
        Of text files.
    language : {"en", "zh", "api"}, optional
        Of the headers.
    dates, money : str, optional
        Notation, a key of `DATES` and of `MONEY`.
    separator : {",", ";", "\t"}
    newline : {"\n", "\r\n"}
    standard_stages : bool
        Name the stages as the CRM's own funnel does.
    stages : sequence of str
        The open stages in the order of the funnel; without it, in the order in which deals enter them.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CrmError
        If the CRM has no such export, or a text cannot be written in the encoding.
    """
    layout, profile = layout_of(crm, form), profile_of(crm)
    chosen = {
        "format": layout.choose("formats", format),
        "encoding": layout.choose("encodings", encoding),
        "language": layout.choose("languages", language),
        "dates": layout.choose("dates", dates),
        "money": layout.choose("money", money),
    }
    if separator not in _SEPARATORS:
        raise CrmError(explain("no CSV is separated by it", where="separator", value=separator, allowed=", ; or a tab"))
    if "deals" not in tables:
        raise CrmError(explain("there are no deals to write", where="tables", value=", ".join(tables)))
    order = list(stages) or open_stages(
        {name: canonical_frame(tables.get(name), name) for name in ("deals", "stage_events")}
    )
    kept = as_kept_by(tables, crm, stages=order, standard_stages=standard_stages)
    if standard_stages:
        order = open_stages({"deals": kept["deals"], "stage_events": kept["stage_events"]})
    writer = _Writer(layout, profile, chosen, separator, newline, _stage_codes(layout, profile, kept, order))
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = writer.files(kept)
        if chosen["format"] == "zip":
            for name, content in files.items():
                with zipfile.ZipFile(folder / f"{name}.zip", "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.writestr(f"{name}.csv", content)
        else:
            for name, content in files.items():
                (folder / f"{name}.{chosen['format']}").write_bytes(content)
        for name, answer in writer.descriptions(kept, order).items():
            (folder / f"{name}.json").write_bytes(_json(answer))
    except OSError as trouble:
        raise CrmError(explain(f"the export cannot be written ({trouble.strerror})", where=str(folder))) from None
    return folder


def _stage_codes(
    layout: Layout, profile: Profile, kept: Mapping[str, pd.DataFrame], order: list[str]
) -> dict[str, str]:
    """Stage -> the code the interface of the CRM writes for it."""
    if "stage" not in layout.habits.get("codes", ()):
        return {}
    default = {label: code for code, label in profile.codes.get("stage", {}).items()}
    closing = [ending["stage"] for ending in profile.content["endings"].values() if "stage" in ending]
    others = kept["deals"]["stage"].dropna().unique()
    stages = list(dict.fromkeys([*order, *closing, *others]))
    if set(order) | set(others) <= set(default):
        return {stage: default[stage] for stage in stages if stage in default}
    return {stage: str(100 + at) for at, stage in enumerate(stages)}


class _Writer:
    """Writes the tables of one export in the notations chosen."""

    def __init__(
        self,
        layout: Layout,
        profile: Profile,
        chosen: Mapping[str, str],
        separator: str,
        newline: str,
        stage_codes: Mapping[str, str],
    ) -> None:
        self._layout, self._profile, self._chosen = layout, profile, chosen
        self._separator, self._newline = separator, newline
        self._stage_codes = stage_codes
        self._status_codes = {label: code for code, label in reversed(list(profile.codes.get("status", {}).items()))}

    def files(self, kept: Mapping[str, pd.DataFrame]) -> dict[str, bytes]:
        """File name without ending -> content."""
        files: dict[str, bytes] = {}
        for file, (table, columns) in self._layout.tables.items():
            frame = history_rows(kept) if table == "stage_events" else kept[table]
            if not len(frame):
                continue
            cells = self._cells(table, frame, columns, kept)
            if self._chosen["format"] == "json":
                files[file] = _json(self._answer(table, cells, kept))
            elif self._chosen["format"] == "xlsx":
                files[file] = _workbook(cells)
            else:
                files[file] = self._csv(cells, file)
        return files

    def _cells(
        self,
        table: str,
        frame: pd.DataFrame,
        columns: Sequence[tuple[str, str]],
        kept: Mapping[str, pd.DataFrame],
    ) -> dict[str, list[str]]:
        cells: dict[str, list[str]] = {}
        for column, header in columns:
            canonical = header if column == "close" else column
            if column == "close" or not header:
                header = header_of(self._profile, table, canonical, self._chosen["language"])
                if self._layout.habits.get("prefix") == "labels":
                    header = self._profile.content["label_prefix"].get(table, "") + header
            cells[header] = self._texts(table, column, canonical, frame)
        if table == "deals" and self._layout.habits.get("entered") == "columns":
            cells |= self._entered(frame, kept)
        return cells

    def _texts(self, table: str, column: str, canonical: str, frame: pd.DataFrame) -> list[str]:
        if table == "deals" and column == "status":
            column = "status_label"
        if column not in frame:
            return [""] * len(frame)
        values = frame[column]
        kind = kind_of(table, canonical)
        if kind == "date":
            clock = column not in _DAY_ONLY and self._layout.habits.get("clock") != "dates only"
            return date_texts(values, self._chosen["dates"], clock=clock, zone=self._profile.time_zone)
        if kind == "money":
            return money_texts(values, frame.get("currency"), self._chosen["money"])
        if kind == "percent":
            share = values if self._layout.habits.get("probability") == "fraction" else values * 100
            return number_texts(share.round(6))
        if kind in ("number", "minutes", "latitude", "longitude"):
            return number_texts(values)
        if values.dtype == bool or str(values.dtype) == "boolean":
            yes, no = ("1", "0") if self._layout.habits.get("flags") == "digits" else ("true", "false")
            return ["" if pd.isna(value) else yes if value else no for value in values.tolist()]
        texts = [value if isinstance(value, str) else "" for value in values.tolist()]
        if (canonical == "stage" and self._stage_codes) or (
            canonical in ("stage_from", "moved_to") and self._stage_codes
        ):
            texts = [self._stage_codes.get(text, text) for text in texts]
        if canonical == "status" and "status" in self._layout.habits.get("codes", ()):
            texts = [self._status_codes.get(text, text) for text in texts]
        if kind == "id":
            if self._layout.habits.get("prefix") == "ids" and column != "product":
                texts = [self._profile.id_prefix + text if text else "" for text in texts]
            null = self._layout.habits.get("null_id", "")
            return [text or null for text in texts]
        return texts

    def _entered(self, deals: pd.DataFrame, kept: Mapping[str, pd.DataFrame]) -> dict[str, list[str]]:
        rows = history_rows(kept)
        order = open_stages(kept)
        wide = rows.groupby(["stage", "deal_id"])["entered_at"].max()
        columns = {}
        for stage in [*order, *rows.loc[~rows["stage"].isin(order), "stage"].unique()]:
            dates = wide.get(stage, pd.Series(dtype="datetime64[us]")).reindex(deals["deal_id"])
            header = (
                f'进入"{stage}"的日期'
                if self._chosen["language"] == "zh"
                else f'Date entered "{stage} ({deals["pipeline"].iloc[0]})"'
            )
            columns[header] = date_texts(dates.reset_index(drop=True), self._chosen["dates"], clock=True)
        return columns

    def _csv(self, cells: Mapping[str, list[str]], file: str) -> bytes:
        buffer = io.StringIO(newline="")
        every = self._layout.habits.get("quoted") == "all"
        writer = csv.writer(
            buffer,
            delimiter=self._separator,
            lineterminator=self._newline,
            quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
        )
        writer.writerow(cells)
        writer.writerows(zip(*([guarded(text) for text in column] for column in cells.values()), strict=True))
        if self._layout.habits.get("footer") == "report":
            buffer.write(
                self._newline.join(["", "", f'"{file}"', '"Copyright (c) 2000-2026 salesforce.com, inc."', ""])
            )
        try:
            return buffer.getvalue().encode(self._chosen["encoding"])
        except UnicodeEncodeError as trouble:
            raise CrmError(
                explain(
                    f"this text cannot be written in {self._chosen['encoding']}",
                    where=file,
                    value=trouble.object[trouble.start : trouble.start + 20],
                    allowed=", ".join(self._layout.encodings),
                    remedy="Take another encoding",
                )
            ) from None

    def _answer(self, table: str, cells: Mapping[str, list[str]], kept: Mapping[str, pd.DataFrame]) -> Any:
        drop_empty = self._layout.habits.get("absent") == "empty"
        records: list[dict[str, Any]] = []
        for row in zip(*cells.values(), strict=True):
            record: dict[str, Any] = {}
            for header, text in zip(cells, row, strict=True):
                if not text and drop_empty:
                    continue
                place, _, inner = header.partition(".")
                value: Any = text or None
                if self._profile.name == "fxiaoke" and header == "owner":
                    value = [text]
                elif self._layout.habits.get("labelled") == "codes" and header in ("sales_stage", "sales_status"):
                    value = {"label": self._label(header, text), "value": text}
                if inner:
                    record.setdefault(place, {})[inner] = value
                else:
                    record[header] = value
            records.append(record)
        return self._wrapped(table, records, kept)

    def _label(self, header: str, code: str) -> str:
        codes = self._stage_codes if header == "sales_stage" else self._status_codes
        return next((label for label, known in codes.items() if known == code), code)

    def _wrapped(self, table: str, records: list[dict[str, Any]], kept: Mapping[str, pd.DataFrame]) -> Any:
        wrap = self._layout.habits["wrap"]
        if wrap == "dataList":
            data = {"offset": 0, "limit": 100, "total": 0, "dataList": records}
            return {"traceId": "E-O", "errorDescription": "success", "errorMessage": "OK", "errorCode": 0, "data": data}
        if wrap == "recordResult":
            return {"recordResult": records, "queryMeta": {"totalNumber": len(records)}}
        if wrap == "results":
            return {"results": self._properties(table, records, kept), "paging": {}}
        if self._profile.name == "pipedrive":
            return {"success": True, "data": records}
        return {wrap: records, "info": {"more_records": False}}

    def _properties(
        self, table: str, records: list[dict[str, Any]], kept: Mapping[str, pd.DataFrame]
    ) -> list[dict[str, Any]]:
        wrapped: list[dict[str, Any]] = []
        history: dict[str, list[dict[str, str]]] = {}
        if table == "deals":
            rows = history_rows(kept)
            times = date_texts(rows["entered_at"], "zulu", clock=True)
            for deal, stage, time in zip(rows["deal_id"], rows["stage"], times, strict=True):
                value = {"value": self._stage_codes.get(stage, stage), "timestamp": time}
                history.setdefault(deal, []).insert(0, value)  # the newest first, as the interface has it
        for record in records:
            identifier = record.get("hs_object_id")
            company = record.pop("associations", None)
            item: dict[str, Any] = {"id": identifier, "properties": record}
            if company and company.get("company"):
                item["associations"] = {
                    "companies": {"results": [{"id": company["company"], "type": "deal_to_company"}]}
                }
            if identifier in history:
                item["propertiesWithHistory"] = {"dealstage": history[identifier]}
            wrapped.append(item)
        return wrapped

    def descriptions(self, kept: Mapping[str, pd.DataFrame], order: list[str]) -> dict[str, Any]:
        """What codes mean, and the flow of deals, where the interface of the CRM has a call for them."""
        if self._chosen["format"] != "json":
            return {}
        answers: dict[str, Any] = {}
        if self._profile.name == "fxiaoke":
            options = [{"value": code, "label": label} for label, code in self._stage_codes.items()]
            fields = {"sales_stage": {"label": "商机阶段", "type": "select_one", "options": options}}
            answers["describe"] = {"errorCode": 0, "data": {"describe": {"fields": fields}}}
        if self._profile.name == "hubspot":
            stages = [
                {"id": code, "label": stage, "displayOrder": at, "metadata": {}}
                for at, (stage, code) in enumerate(self._stage_codes.items())
            ]
            answers["pipelines"] = {"results": [{"id": "default", "label": "Standard", "stages": stages}]}
        if self._layout.habits.get("flow") == "file":
            stages = [
                {"id": code, "name": stage, "order_nr": at, "pipeline_name": "Standard"}
                for at, (stage, code) in enumerate(self._stage_codes.items())
            ]
            answers["stages"] = {"success": True, "data": stages}
            answers["flow"] = {"success": True, "data": self._flow(kept)}
        return answers

    def _flow(self, kept: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
        rows = history_rows(kept)
        moved = rows[rows["stage_from"].notna() & (rows["stage_from"] != rows["stage"])]
        found = [
            (deal, "stage_id", self._stage_codes.get(old, old), self._stage_codes.get(new, new), time, user)
            for deal, old, new, time, user in zip(
                moved["deal_id"], moved["stage_from"], moved["stage"],
                date_texts(moved["entered_at"], "iso", clock=True), moved["owner_id"], strict=True,
            )
        ]  # fmt: skip
        names = {"amount": "value", "expected_close": "expected_close_date", "owner_id": "user_id"}
        changes = kept["changes"]
        found += [
            (deal, names.get(field, field), old, new, time, user)
            for deal, field, old, new, time, user in zip(
                changes["deal_id"], changes["field"], changes["old"], changes["new"],
                date_texts(changes["changed_at"], "iso", clock=True), changes["user_id"], strict=True,
            )
        ]  # fmt: skip
        return [
            {
                "object": "dealChange",
                "data": {
                    "item_id": deal, "user_id": user if isinstance(user, str) else None, "field_key": field,
                    "old_value": old, "new_value": new, "log_time": time,
                },
            }
            for deal, field, old, new, time, user in found
        ]  # fmt: skip


def _json(content: Any) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _workbook(cells: Mapping[str, list[str]]) -> bytes:
    """A workbook in which every cell is text, or a number that is one: no text becomes a formula."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Sheet1")

    def text_cell(text: str) -> Any:
        cell = WriteOnlyCell(sheet, value="")
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)[:32_767]
        cell.data_type = "s"
        return cell

    sheet.append([text_cell(header) for header in cells])
    for row in zip(*cells.values(), strict=True):
        sheet.append([text_cell(text) if text else None for text in row])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
