"""Records as the interface of a CRM answers with them, and what its codes mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from salessim.crm.write.cells import Cells, Notation
from salessim.crm.write.conventions import history_rows
from salessim.crm.write.notation import date_texts

__all__ = ["answer", "descriptions"]


def answer(notation: Notation, table: str, cells: Cells, kept: Mapping[str, pd.DataFrame]) -> Any:
    """Return the answer that holds these records, one per row of the cells, as the CRM wraps them."""
    drop_empty = notation.layout.habits.get("absent") == "empty"
    records: list[dict[str, Any]] = []
    for row in zip(*cells.values(), strict=True):
        record: dict[str, Any] = {}
        for header, text in zip(cells, row, strict=True):
            if not text and drop_empty:
                continue
            place, _, inner = header.partition(".")
            value: Any = text or None
            if notation.profile.name == "fxiaoke" and header == "owner":
                value = [text]
            elif notation.layout.habits.get("labelled") == "codes" and header in ("sales_stage", "sales_status"):
                value = {"label": _label(notation, header, text), "value": text}
            if inner:
                record.setdefault(place, {})[inner] = value
            else:
                record[header] = value
        records.append(record)
    return _wrapped(notation, table, records, kept)


def _label(notation: Notation, header: str, code: str) -> str:
    codes = notation.stage_codes if header == "sales_stage" else notation.status_codes
    return next((label for label, known in codes.items() if known == code), code)


def _wrapped(notation: Notation, table: str, records: list[dict[str, Any]], kept: Mapping[str, pd.DataFrame]) -> Any:
    wrap = notation.layout.habits["wrap"]
    if wrap == "dataList":
        data = {"offset": 0, "limit": 100, "total": 0, "dataList": records}
        return {"traceId": "E-O", "errorDescription": "success", "errorMessage": "OK", "errorCode": 0, "data": data}
    if wrap == "recordResult":
        return {"recordResult": records, "queryMeta": {"totalNumber": len(records)}}
    if wrap == "results":
        return {"results": _properties(notation, table, records, kept), "paging": {}}
    if notation.profile.name == "pipedrive":
        return {"success": True, "data": records}
    return {wrap: records, "info": {"more_records": False}}


def _properties(
    notation: Notation, table: str, records: list[dict[str, Any]], kept: Mapping[str, pd.DataFrame]
) -> list[dict[str, Any]]:
    wrapped: list[dict[str, Any]] = []
    history: dict[str, list[dict[str, str]]] = {}
    if table == "deals":
        rows = history_rows(kept)
        times = date_texts(rows["entered_at"], "zulu", clock=True)
        for deal, stage, time in zip(rows["deal_id"], rows["stage"], times, strict=True):
            value = {"value": notation.stage_codes.get(stage, stage), "timestamp": time}
            history.setdefault(deal, []).insert(0, value)  # the newest first, as the interface has it
    for record in records:
        identifier = record.get("hs_object_id")
        company = record.pop("associations", None)
        item: dict[str, Any] = {"id": identifier, "properties": record}
        if company and company.get("company"):
            item["associations"] = {"companies": {"results": [{"id": company["company"], "type": "deal_to_company"}]}}
        if identifier in history:
            item["propertiesWithHistory"] = {"dealstage": history[identifier]}
        wrapped.append(item)
    return wrapped


def descriptions(notation: Notation, kept: Mapping[str, pd.DataFrame], order: list[str]) -> dict[str, Any]:
    """What codes mean, and the flow of deals, where the interface of the CRM has a call for them."""
    answers: dict[str, Any] = {}
    if notation.profile.name == "fxiaoke":
        options = [{"value": code, "label": label} for label, code in notation.stage_codes.items()]
        fields = {"sales_stage": {"label": "商机阶段", "type": "select_one", "options": options}}
        answers["describe"] = {"errorCode": 0, "data": {"describe": {"fields": fields}}}
    if notation.profile.name == "hubspot":
        stages = [
            {"id": code, "label": stage, "displayOrder": at, "metadata": {}}
            for at, (stage, code) in enumerate(notation.stage_codes.items())
        ]
        answers["pipelines"] = {"results": [{"id": "default", "label": "Standard", "stages": stages}]}
    if notation.layout.habits.get("flow") == "file":
        stages = [
            {"id": code, "name": stage, "order_nr": at, "pipeline_name": "Standard"}
            for at, (stage, code) in enumerate(notation.stage_codes.items())
        ]
        answers["stages"] = {"success": True, "data": stages}
        answers["flow"] = {"success": True, "data": _flow(notation, kept)}
    return answers


def _flow(notation: Notation, kept: Mapping[str, pd.DataFrame]) -> list[dict[str, Any]]:
    rows = history_rows(kept)
    moved = rows[rows["stage_from"].notna() & (rows["stage_from"] != rows["stage"])]
    found = [
        (deal, "stage_id", notation.stage_codes.get(old, old), notation.stage_codes.get(new, new), time, user)
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
