"""What a user says about his files where the files do not say it themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml  # type: ignore[import-untyped]

from salessim.crm.schema import AUXILIARY, SCHEMA, STATUSES
from salessim.errors import CrmError, explain, nearest

__all__ = ["Wishes", "read_wishes"]

_KEYS = (
    "profile",
    "files",
    "columns",
    "stages",
    "day_first",
    "date_formats",
    "decimal",
    "time_zone",
    "currency",
    "rates",
    "names",
    "snapshots",
    "test_records",
)
IGNORE = "ignore"


@dataclass(frozen=True)
class Wishes:
    """A user's decisions; everything is optional.

    Attributes
    ----------
    profile : str
        Name of the CRM (zoho, fxiaoke, salesforce, hubspot, pipedrive, general) where the headers do not tell it.
    files : mapping
        File name -> table, or ``"ignore"``.
    columns : mapping
        Table -> {header: canonical name, or ``None`` to leave the column out}.
    stages : mapping
        Stage or status as written in the file -> one of open, won, lost, no_decision, disqualified.
    day_first : bool or None
        Whether 03/04/2024 is the third of April.
    date_formats : mapping
        Header -> format in the letters of `strptime`, e.g. ``"%d.%m.%y"``.
    decimal : str
        ``"."`` or ``","`` for numbers that can be read both ways.
    time_zone : str
        Zone in which dates that carry an offset, and epoch numbers, are shown, e.g. ``"Asia/Shanghai"``.
    currency : str
        Currency of amounts without one; with `rates`, the currency everything is converted to.
    rates : mapping
        Currency -> value of one unit of it in `currency`.
    names : mapping
        product, account or owner -> {name as written in the deals: name in its own table}.
    snapshots : bool or None
        Whether several files of deals are the same list exported on several days; ``None``: told by dates in their
        names.
    test_records : str
        ``"keep"`` or ``"drop"`` deals that look like tests.
    """

    profile: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)
    day_first: bool | None = None
    date_formats: Mapping[str, str] = field(default_factory=dict)
    decimal: str = ""
    time_zone: str = ""
    currency: str = ""
    rates: Mapping[str, float] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    snapshots: bool | None = None
    test_records: str = "keep"

    def columns_of(self, table: str) -> Mapping[str, str | None]:
        """Wishes for the columns of one table."""
        return self.columns.get(table, {})


def read_wishes(mapping: str | Path | Mapping[str, Any] | None) -> Wishes:
    """Check and read a mapping given as a dictionary or as a YAML file.

    Raises
    ------
    CrmError
        If the file cannot be read, or a key, table, column, status, rate or zone in it is unknown.

    Examples
    --------
    >>> read_wishes({"day_first": True}).day_first
    True
    """
    if mapping is None:
        return Wishes()
    content, where = _content(mapping)
    for key in content:
        if key not in _KEYS:
            raise CrmError(explain("unknown key", where=where, value=key, remedy=nearest(str(key), _KEYS)))
    for key in ("files", "columns", "stages", "date_formats", "rates", "names"):
        _need(isinstance(content.get(key, {}), Mapping), f"{where}, {key}", content.get(key), "a table of name: value")
    files = {str(name): str(table) for name, table in content.get("files", {}).items()}
    for name, table in files.items():
        _need(table in (*SCHEMA, IGNORE), f"{where}, files, {name}", table, ", ".join((*SCHEMA, IGNORE)))
    columns = {str(table): wishes for table, wishes in content.get("columns", {}).items()}
    for table, wishes in columns.items():
        _need(table in SCHEMA, f"{where}, columns", table, ", ".join(SCHEMA))
        _need(isinstance(wishes, Mapping), f"{where}, columns, {table}", wishes, "a table of header: column")
        allowed = [column.name for column in (*SCHEMA[table], *AUXILIARY[table])]
        for header, canonical in wishes.items():
            place = f"{where}, columns, {table}, {header}"
            if canonical is not None and canonical not in allowed:
                raise CrmError(
                    explain("no such column", where=place, value=canonical, remedy=nearest(str(canonical), allowed))
                )
    stages = {str(stage): str(status) for stage, status in content.get("stages", {}).items()}
    for stage, status in stages.items():
        _need(status in STATUSES, f"{where}, stages, {stage}", status, ", ".join(STATUSES))
    day_first = content.get("day_first")
    _need(day_first in (None, True, False), f"{where}, day_first", day_first, "true or false")
    decimal = str(content.get("decimal", ""))
    _need(decimal in ("", ".", ","), f"{where}, decimal", decimal, '"." or ","')
    names = {str(kind): pairs for kind, pairs in content.get("names", {}).items()}
    for kind, pairs in names.items():
        _need(kind in ("product", "account", "owner"), f"{where}, names", kind, "product, account, owner")
        _need(isinstance(pairs, Mapping), f"{where}, names, {kind}", pairs, "a table of name: name")
    snapshots = content.get("snapshots")
    _need(snapshots in (None, True, False), f"{where}, snapshots", snapshots, "true or false")
    tests = str(content.get("test_records", "keep"))
    _need(tests in ("keep", "drop"), f"{where}, test_records", tests, "keep or drop")
    return Wishes(
        profile=str(content.get("profile", "")),
        snapshots=snapshots,
        test_records=tests,
        files=files,
        columns={table: {str(header): name for header, name in wishes.items()} for table, wishes in columns.items()},
        stages=stages,
        day_first=day_first,
        date_formats=_formats(content.get("date_formats", {}), where),
        decimal=decimal,
        time_zone=_zone(str(content.get("time_zone", "")), where),
        currency=str(content.get("currency", "")).upper(),
        rates=_rates(content.get("rates", {}), str(content.get("currency", "")).upper(), where),
        names={kind: {str(old): str(new) for old, new in pairs.items()} for kind, pairs in names.items()},
    )


def _content(mapping: str | Path | Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    if isinstance(mapping, Mapping):
        return mapping, "mapping"
    path = Path(mapping)
    where = f"mapping {path.name}"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise CrmError(explain("there is no such file", where=where, value=str(path))) from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as trouble:
        reason = " ".join(str(trouble).split())
        raise CrmError(explain(f"the mapping cannot be read as YAML ({reason})", where=where)) from trouble
    _need(isinstance(content, Mapping), where, content, f"a table with the keys {', '.join(_KEYS)}")
    return content, where


def _need(fulfilled: bool, where: str, value: object, allowed: str) -> None:
    if not fulfilled:
        raise CrmError(explain("this is not understood", where=where, value=value, allowed=allowed))


def _zone(name: str, where: str) -> str:
    if name:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            remedy = "Write it as region and city, e.g. Asia/Shanghai"
            raise CrmError(
                explain("unknown time zone", where=f"{where}, time_zone", value=name, remedy=remedy)
            ) from None
    return name


def _formats(formats: Mapping[str, Any], where: str) -> dict[str, str]:
    for header, style in formats.items():
        try:
            datetime.strptime(datetime(2024, 1, 2).strftime(str(style)), str(style))
        except ValueError:
            place = f"{where}, date_formats, {header}"
            allowed = 'the letters of strptime, e.g. "%d.%m.%Y %H:%M"'
            raise CrmError(explain("this is no date format", where=place, value=style, allowed=allowed)) from None
    return {str(header): str(style) for header, style in formats.items()}


def _rates(rates: Mapping[str, Any], currency: str, where: str) -> dict[str, float]:
    if rates and not currency:
        raise CrmError(
            explain("rates need the currency they lead to", where=f"{where}, rates", remedy="Add e.g. currency: EUR")
        )
    read = {currency: 1.0} if rates else {}
    for name, rate in rates.items():
        good = isinstance(rate, int | float) and not isinstance(rate, bool) and 0 < rate < float("inf")
        _need(good, f"{where}, rates, {name}", rate, f"how much one {name} is worth in {currency}, more than 0")
        read[str(name).upper()] = float(rate)
    return read


def check_used(wishes: Wishes, files: Sequence[str], headers: Mapping[str, Sequence[str]]) -> None:
    """Refuse wishes about files or headers that do not exist: a misspelt wish must not be overlooked.

    Parameters
    ----------
    files : sequence of str
        Names of the files found.
    headers : mapping
        Table -> headers of its files.
    """
    from salessim.crm.profiles import header_key

    for name in wishes.files:
        if name not in files:
            raise CrmError(
                explain(
                    "there is no such file in the export",
                    where="mapping, files",
                    value=name,
                    remedy=nearest(name, files),
                )
            )
    for table, columns in wishes.columns.items():
        _known(columns, headers.get(table, ()), f"mapping, columns, {table}", header_key)
    every = [header for names in headers.values() for header in names]
    _known(wishes.date_formats, every, "mapping, date_formats", header_key)


def _known(wished: Mapping[str, Any], headers: Sequence[str], where: str, key: Any) -> None:
    keys = {key(header) for header in headers}
    for header in wished:
        if key(header) not in keys:
            raise CrmError(
                explain("no file has this header", where=where, value=header, remedy=nearest(header, headers))
            )
