"""JSON as CRMs send it, as tables of text.

Shapes: Fxiaoke ``data.dataList`` and ``recordResult``, Zoho ``data``, Salesforce ``records``, HubSpot ``results`` with
``properties``, Pipedrive ``data``, or a bare list. Besides the records a file may hold what codes mean: Fxiaoke's
``describe``, HubSpot's pipelines. Numbers stay as they are written, so that an identifier of 18 digits loses none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from salessim.crm.files import RawFile, decode
from salessim.crm.limits import MAX_CELL, MAX_COLUMNS, refused
from salessim.errors import CrmError, explain

__all__ = ["JsonTables", "read_json"]

_LISTS = ("dataList", "recordResult", "records", "results", "data", "value", "items")
_LABELS = ("label", "name", "value", "id")
_SINGULAR = {"companies": "company", "contacts": "contact", "deals": "deal"}
_DEPTH = 6  # levels of wrapping around the records


@dataclass(frozen=True)
class JsonTables:
    """Tables of a JSON file, and what its codes mean: field -> {code: label}."""

    tables: list[RawFile]
    codes: dict[str, dict[str, str]] = field(default_factory=dict)


def read_json(raw: bytes, name: str) -> JsonTables:
    """Read a JSON file.

    Raises
    ------
    CrmError
        If it is no JSON, reports an error of the CRM, or holds no records.
    """
    text, encoding = decode(raw, name)
    try:
        content = json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as trouble:
        what = f"this is no JSON, or it is cut off ({trouble.msg})"
        where = f"{name}, line {trouble.lineno}"
        raise CrmError(explain(what, where=where, remedy="Download or export it again")) from None
    except RecursionError:
        raise refused("the JSON is nested far too deep", name, "thousands of levels", "records in a list") from None
    _refuse_error(content, name)
    codes = _described(content)
    records = _records(content)
    if records is None:
        if codes:
            return JsonTables([], codes)
        keys = ", ".join(map(str, content)) if isinstance(content, Mapping) else type(content).__name__
        raise CrmError(
            explain(
                "the JSON holds no list of records",
                where=name,
                value=keys[:200],
                allowed="dataList, recordResult, records, results or data with a list",
            )
        )
    tables = [_table([_flat(record) for record in records], name, encoding)]
    histories = list(_histories(records))
    if histories:
        tables.append(_table(histories, f"{name} [dealstage history]", encoding))
    stages = list(_pipelines(records))
    if stages:
        tables = [_table(stages, f"{name} [stages]", encoding)]
    return JsonTables([table for table in tables if len(table.header)], codes)


def _refuse_error(content: Any, name: str) -> None:
    if isinstance(content, Mapping):
        code = content.get("errorCode", "0")
        if isinstance(code, str) and code not in ("0", ""):
            raise CrmError(
                explain(
                    f"the CRM answered with an error ({str(content.get('errorMessage', ''))[:200]})",
                    where=name,
                    value=code[:50],
                    remedy="Repeat the request",
                )
            )


def _records(content: Any, depth: int = 0) -> list[Mapping[str, Any]] | None:
    """The list of records in an answer, whatever it is wrapped in; a single record counts as a list of one."""
    if isinstance(content, list):
        found = [item for item in content if isinstance(item, Mapping)]
        return found if found or not content else None
    if not isinstance(content, Mapping) or depth > _DEPTH:
        return None
    for key in _LISTS:
        inner = content.get(key)
        if isinstance(inner, list | Mapping):
            found_inner = _records(inner, depth + 1)
            if found_inner is not None:
                return found_inner
    is_record = {"_id", "id", "Id"} & set(content)
    return [content] if is_record and depth else None


def _flat(record: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in record.items():
        if key == "properties" and isinstance(value, Mapping):
            flat |= {str(name): _cell(inner) for name, inner in value.items()}
        elif key in ("propertiesWithHistory", "associations") and isinstance(value, Mapping):
            for name, inner in value.items():
                if key == "associations":
                    flat[f"associations.{_SINGULAR.get(name, name)}"] = _associated(inner)
        elif isinstance(value, Mapping):
            label = next((value[name] for name in _LABELS if isinstance(value.get(name), str)), None)
            if label is not None:
                flat[str(key)] = _cell(label)
            flat |= {f"{key}.{name}": _cell(inner) for name, inner in value.items()}
        else:
            flat[str(key)] = _cell(value)
    return flat


def _associated(inner: Any) -> str:
    results = inner.get("results", []) if isinstance(inner, Mapping) else []
    return next((str(item["id"]) for item in results if isinstance(item, Mapping) and "id" in item), "")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return json.dumps(value, ensure_ascii=False)


def _histories(records: list[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """HubSpot's ``propertiesWithHistory``: a row for each value the stage has had."""
    for record in records:
        history = record.get("propertiesWithHistory")
        values = history.get("dealstage") if isinstance(history, Mapping) else None
        for value in values if isinstance(values, list) else ():
            if isinstance(value, Mapping):
                yield {
                    "hs_object_id": _cell(record.get("id")),
                    "value": _cell(value.get("value")),
                    "timestamp": _cell(value.get("timestamp")),
                    "updatedByUserId": _cell(value.get("updatedByUserId")),
                }


def _pipelines(records: list[Mapping[str, Any]]) -> Iterator[dict[str, str]]:
    """HubSpot's pipelines: a row for each stage."""
    for record in records:
        stages = record.get("stages")
        for stage in stages if isinstance(stages, list) else ():
            if isinstance(stage, Mapping):
                about = stage.get("metadata")
                about = about if isinstance(about, Mapping) else {}
                yield {
                    "pipeline": _cell(record.get("label")),
                    "code": _cell(stage.get("id")),
                    "stage": _cell(stage.get("label")),
                    "order": _cell(stage.get("displayOrder")),
                    "probability": _cell(about.get("probability")),
                    "is closed": _cell(about.get("isClosed")),
                }


def _described(content: Any) -> dict[str, dict[str, str]]:
    """Fxiaoke's ``describe``: options of each field of a choice."""
    inner = content.get("data", content) if isinstance(content, Mapping) else {}
    describe = inner.get("describe") if isinstance(inner, Mapping) else None
    fields = describe.get("fields") if isinstance(describe, Mapping) else None
    codes: dict[str, dict[str, str]] = {}
    for name, about in fields.items() if isinstance(fields, Mapping) else ():
        options = about.get("options") if isinstance(about, Mapping) else None
        labels = {
            _cell(option.get("value")): _cell(option.get("label"))
            for option in (options if isinstance(options, list) else ())
            if isinstance(option, Mapping) and option.get("label")
        }
        if labels:
            codes[str(name)] = labels
    return codes


def _table(records: list[dict[str, str]], name: str, encoding: str) -> RawFile:
    header: dict[str, None] = {}
    for record in records:
        header |= dict.fromkeys(record)
        if len(header) > MAX_COLUMNS:
            raise refused("the records have far too many fields", name, len(header), f"{MAX_COLUMNS:,} or fewer")
    longest = max((len(cell) for record in records for cell in record.values()), default=0)
    if longest > MAX_CELL:
        raise refused("a value is far too long", name, longest, f"{MAX_CELL:,} characters")
    cells = pd.DataFrame(
        {at: pd.Series([record.get(key, "") for record in records], dtype="str") for at, key in enumerate(header)}
    )
    rows = np.arange(1, len(records) + 1, dtype=np.int64)
    return RawFile(name, f"JSON, {encoding}", "", tuple(header), 0, cells, rows, np.zeros(len(records), dtype=bool))
