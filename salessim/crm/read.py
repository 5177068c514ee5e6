"""`read_crm`: from a folder of export files to canonical tables and an import report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from salessim.crm import checks, joins
from salessim.crm.codes import Codes, apply_codes, collect_codes
from salessim.crm.files import DAMAGED_MARK
from salessim.crm.history import (
    deals_of_events,
    entered_columns,
    events_of_changes,
    merge_events,
    settle_entry_times,
    split_events,
)
from salessim.crm.identifiers import tidy_identifiers
from salessim.crm.mapping import IGNORE, Wishes, check_used, read_wishes
from salessim.crm.parsing import Parsed, file_report, parse_all, unused_report
from salessim.crm.placing import Placed, place_files
from salessim.crm.privacy import hide_names, names_of
from salessim.crm.profiles import header_key, load_data, load_profiles
from salessim.crm.report import ColumnReport, ImportReport, ReportBuilder
from salessim.crm.rows import KeptRows, merge_duplicates, records_of
from salessim.crm.schema import ID_OF, SCHEMA
from salessim.crm.snapshots import differ, is_series
from salessim.crm.sources import Sources, find_files, read_sources
from salessim.crm.status import decide_closing, decide_status, stage_classes, with_status_events
from salessim.crm.tables import CrmData, canonical_frame
from salessim.errors import CrmError, explain

__all__ = ["read_crm"]

# What names a record where no column alone does.
_KEYS = {
    "stage_events": ["deal_id", "stage", "entered_at"],
    "changes": ["deal_id", "field", "changed_at", "new"],
    "stages": ["pipeline", "stage"],
    "quotas": ["user_id", "period"],
}


def read_crm(
    path: str | Path,
    *,
    as_of: date | str | None = None,
    mapping: str | Path | dict[str, Any] | None = None,
    pseudonyms: bool | str = False,
) -> CrmData:
    r"""Read a CRM export: Zoho, 纷享销客 (Fxiaoke), Salesforce, HubSpot, Pipedrive, or any tables with usual headers.

    Files are recognised by their headers, in English or Chinese, whatever their names. Read are CSV and tab-separated
    text (UTF-8, GB18030, UTF-16, cp1252), Excel workbooks, the JSON of the CRMs' interfaces, and ZIP or gzip archives
    of these. Exports of the same list on several days, with the day in the file name, are compared: what changed
    between them becomes the history of stages.

    Parameters
    ----------
    path : str or Path
        A folder with the exported tables, or one file with the deals. Deals or leads are needed; all other tables are
        taken where they are there.
    as_of : date or str, optional
        Date of the snapshot (``"2024-09-30"``). Without it: the last creation, closing, stage event or activity.
    mapping : dict or path of a YAML file, optional
        What the files do not say themselves; see `salessim.crm.mapping.Wishes` for the keys.
    pseudonyms : bool or str
        Put stable pseudonyms in place of the names of people and customers; a text is the key they are made with, so
        that nobody without it can try names out. The same name has the same pseudonym in every import with that key.

    Returns
    -------
    CrmData
        Tables and report. Nothing is dropped silently: ``print(data.report)`` accounts for every row.

    Raises
    ------
    CrmError
        If there is nothing to read, a file is damaged or built to harm, no table looks like deals, a needed column is
        missing, a column cannot be read in one format, day and month cannot be told apart, currencies are mixed, or a
        price is negative. The message says where and what to do.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "deals.csv").write_text(
    ...     "Deal ID,Stage,Amount,Created,Closed On\n"
    ...     "D1,Won,1200,2024-01-05,2024-02-01\nD2,Proposal,,2024-01-20,\n", encoding="utf-8")
    >>> data = read_crm(folder)
    >>> data
    CrmData(2 deals; as of 2024-02-01)
    >>> data.deals["status"].tolist()
    ['won', 'open']
    """
    wishes = read_wishes(mapping)
    given = _date(as_of)
    log = ReportBuilder(private=bool(pseudonyms))
    sources, others = _read_files(Path(path), wishes, log)
    profile, placed, unused = place_files(sources.tables, load_profiles(), wishes, others, log)
    if profile.time_zone and not wishes.time_zone:
        wishes = replace(wishes, time_zone=profile.time_zone)
    check_used(wishes, [*(raw.name for raw in sources.tables), *sources.ignored], _headers_by_table(placed))
    kept = [records_of(one, log) for one in placed]
    _refuse_empty(placed, kept, log)
    parsed = parse_all(placed, kept, wishes, log)
    dropped = {one.raw.name: records.dropped for one, records in zip(placed, kept, strict=True)}

    stages = [result.frame for one, result in zip(placed, parsed, strict=True) if one.table == "stages"]
    codes = collect_codes(profile, sources.codes, pd.concat(stages, ignore_index=True) if stages else None)
    more_events = _entered(placed, kept, parsed, codes, wishes)
    frames, of_snapshots = _tables(placed, parsed, wishes, dropped, log)
    told = {"stages in deals": more_events, "events of exports": of_snapshots[0], "changes of exports": of_snapshots[1]}
    tidy_identifiers({**frames, **told}, profile, log)
    apply_codes({**frames, "stage_events": of_snapshots[0]}, codes, log)
    if "deals" not in frames:
        frames["deals"] = _no_deals() if "leads" in frames else deals_of_events(frames, log)

    joins.complete_keys(frames, log)
    _merge(frames, dropped, log)
    closings = events_of_changes(frames, profile, codes, log)
    apply_codes({name: frames[name] for name in ("stage_events",) if name in frames}, codes, log)
    settle_entry_times(frames, log)
    for more in (more_events, of_snapshots[0]):
        merge_events(frames, more)
    if len(of_snapshots[1]):
        frames["changes"] = pd.concat([frames["changes"], of_snapshots[1]]) if "changes" in frames else of_snapshots[1]
    wishes = _with_stage_classes(wishes, sources.codes.get("_stage_classes", {}), frames)
    joins.tidy_labels(frames, log)
    split_events(frames, log)
    private = names_of(frames) if pseudonyms else None
    joins.join_tables(frames, wishes, log)
    deals = frames["deals"]
    if len(deals):
        deals["status"] = decide_status(deals, wishes, log)
        closing = decide_closing(deals, with_status_events(frames.get("stage_events"), closings), wishes, log)
        deals["closed_at"], deals["expected_close"] = closing.closed_at, closing.expected_close
        weak = closing.weak
        joins.settle_currency(deals, wishes, log)
        joins.blank_placeholder_amounts(deals, log)
        _take_out_closings(frames, wishes, log)
        if wishes.test_records == "drop":
            weak = _drop_tests(frames, weak, dropped, log)
    else:
        weak = pd.Series(dtype=bool)
    checks.refuse_bad_prices(frames.get("products"))
    if private is not None:
        hide_names(frames, private, pseudonyms)

    first, last = checks.date_range(frames, weak, given)
    snapshot = given or last
    tables = {table: canonical_frame(frames.get(table), table) for table in SCHEMA}
    seen = checks.look(tables, frames, snapshot, log)
    report = ImportReport(
        findings=log.findings(),
        files=(
            *(file_report(one, dropped[one.raw.name], result) for one, result in zip(placed, parsed, strict=True)),
            *(unused_report(raw) for raw in unused),
        ),
        profile=profile.name,
        as_of=snapshot,
        date_range=(first, last),
        missing=checks.missing_shares(tables),
        zombies=seen.zombies,
        zombie_cut_off_days=seen.zombie_cut_off_days,
        overdue=seen.overdue,
        cannot_tell=checks.cannot_tell(tables),
    )
    return CrmData(**tables, as_of=snapshot, report=report)


def _no_deals() -> pd.DataFrame:
    frame = canonical_frame(None, "deals")
    frame["_file"], frame["_row"] = pd.Series(dtype="str"), pd.Series(dtype="int64")
    return frame


def _entered(
    placed: Sequence[Placed], kept: Sequence[KeptRows], parsed: Sequence[Parsed], codes: Codes, wishes: Wishes
) -> pd.DataFrame:
    """Stage events that stand as columns in the rows of deals."""
    parts = []
    for one, records, result in zip(placed, kept, parsed, strict=True):
        if one.table == "deals":
            events, positions = entered_columns(one, records, result.frame.get("deal_id"), codes, wishes)
            for position in positions:
                header = one.raw.header[position]
                share = float((one.raw.cells[position] == "").mean()) if len(one.raw.rows) else 0.0
                result.reports[position] = ColumnReport(header, "stage_events", "date", 0, share)
            if events is not None and len(events):
                parts.append(events)
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame()


def _with_stage_classes(wishes: Wishes, classes: Mapping[str, str], frames: Mapping[str, pd.DataFrame]) -> Wishes:
    """What the CRM itself says about its stages, below what the user says."""
    told = dict(classes)
    stages = frames.get("stages")
    if stages is not None and len(stages):
        ending = decide_status(stages.assign(status=stages.get("ending")), Wishes(), ReportBuilder())
        told |= {
            str(stage): str(how)
            for stage, how in zip(stages["stage"], ending, strict=True)
            if isinstance(stage, str) and how != "open"
        }
    present = set(frames["deals"]["stage"].dropna()) if "stage" in frames["deals"] else set()
    return replace(wishes, stages={**{stage: how for stage, how in told.items() if stage in present}, **wishes.stages})


def _take_out_closings(frames: dict[str, pd.DataFrame], wishes: Wishes, log: ReportBuilder) -> None:
    """Leave in the events only stages in which a deal is open: how and when it ended stands with the deal."""
    events = frames.get("stage_events")
    if events is None or not len(events):
        return
    classes = stage_classes(events["stage"], wishes)
    closing = classes.notna() & (classes != "open")
    if not closing.any():
        return
    from_closing = stage_classes(events["stage_from"], wishes)
    reopened = ~closing & from_closing.notna() & (from_closing != "open")
    if reopened.any():
        log.add("reopened", column="stage", count=int(events.loc[reopened, "deal_id"].nunique()))
    log.add("events_closing", column="stage", count=int(closing.sum()))
    frames["stage_events"] = events.loc[~closing].reset_index(drop=True)


def _drop_tests(
    frames: dict[str, pd.DataFrame], weak: pd.Series, dropped: Mapping[str, dict[str, int]], log: ReportBuilder
) -> pd.Series:
    deals = frames["deals"]
    tests = checks.looks_like_test(deals)
    if tests.any():
        log.add("tests_dropped", column="name", records=deals.loc[tests])
        for name, count in deals.loc[tests, "_file"].value_counts().items():
            dropped[str(name)]["test"] += int(count)
        frames["deals"] = deals.loc[~tests].reset_index(drop=True)
    return weak[~tests.to_numpy()].reset_index(drop=True)


def _date(as_of: date | str | None) -> date | None:
    if as_of is None:
        return None
    if isinstance(as_of, datetime):
        return as_of.date()
    if isinstance(as_of, date):
        return as_of
    try:
        return date.fromisoformat(str(as_of))
    except ValueError:
        raise CrmError(
            explain("this is no date", where="as_of", value=as_of, allowed="year-month-day, e.g. 2024-09-30")
        ) from None


def _read_files(path: Path, wishes: Wishes, log: ReportBuilder) -> tuple[Sources, tuple[tuple[str, str], ...]]:
    found = find_files(path)
    profiles = load_profiles()
    wished = {header_key(header) for columns in wishes.columns.values() for header in columns}
    sources = read_sources(
        found,
        lambda cell: header_key(cell) in wished or any(profile.knows(cell) for profile in profiles),
        {name for name, table in wishes.files.items() if table == IGNORE},
    )
    for name in sources.ignored:
        log.add("file_ignored", file=name)
    for name in sources.empty:
        log.add("file_empty", file=name)
    for raw in sources.tables:
        if raw.header_row > 1:
            log.add("title_rows", file=raw.name, count=raw.header_row - 1)
        if str(len(raw.rows)) in load_data("values")["cut_offs"]:
            log.add("cut_off", file=raw.name, count=len(raw.rows))
        if raw.encoding.endswith(DAMAGED_MARK):
            log.add("encoding_damaged", file=raw.name, encoding=raw.encoding.removesuffix(DAMAGED_MARK))
        elif raw.encoding == "cp1252":
            log.add("encoding_assumed", file=raw.name)
    others = (*found.others, *sources.skipped)
    for name, kind in others:
        code = {"": "file_skipped", "a folder": "folder_skipped"}.get(kind, "file_not_read_here")
        log.add(code, file=name)
    if not sources.tables:
        names = ", ".join(item.name for item in found.tables)
        raise CrmError(
            explain("the export is empty: no file holds any table", where="export", value=names, remedy="Export again")
        )
    return sources, others


def _headers_by_table(placed: Sequence[Placed]) -> dict[str, list[str]]:
    headers: dict[str, list[str]] = {}
    for one in placed:
        headers.setdefault(one.table, []).extend(one.raw.header)
    return headers


def _refuse_empty(placed: Sequence[Placed], kept: Sequence[KeptRows], log: ReportBuilder) -> None:
    for one, records in zip(placed, kept, strict=True):
        if not len(records.rows):
            log.add("table_empty", file=one.raw.name, table=one.table)
    main = next(name for name in ("deals", "leads", "stage_events") if any(one.table == name for one in placed))
    deals = [(one, records) for one, records in zip(placed, kept, strict=True) if one.table == main]
    if not any(len(records.rows) for _, records in deals):
        raise CrmError(
            explain(
                f"the table of {main.replace('_', ' ')} has a header and no {main.replace('_', ' ')}",
                where=", ".join(one.raw.name for one, _ in deals),
                value=f"{sum(len(one.raw.rows) for one, _ in deals)} rows, none of them kept",
                remedy="Check the filter or list view it was exported from, and export again",
            )
        )


def _tables(
    placed: Sequence[Placed],
    parsed: Sequence[Parsed],
    wishes: Wishes,
    dropped: Mapping[str, dict[str, int]],
    log: ReportBuilder,
) -> tuple[dict[str, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]:
    """The files of each table in one frame, and events and changes that a series of exports tells."""
    parts: dict[str, list[pd.DataFrame]] = {}
    for one, result in zip(placed, parsed, strict=True):
        if len(result.frame):
            parts.setdefault(one.table, []).append(result.frame)
    told = (pd.DataFrame(), pd.DataFrame())
    if is_series(parts.get("deals", ()), wishes):
        found = differ(parts["deals"])
        log.add("snapshots", count=len(parts["deals"]), events=len(found.events), changes=len(found.changes))
        if found.vanished:
            log.add("vanished", count=found.vanished)
        for name, count in found.older.items():
            dropped[name]["older_snapshot"] += count
        parts["deals"], told = [found.latest], (found.events, found.changes)
    return {
        table: pd.concat(some, ignore_index=True) if len(some) > 1 else some[0] for table, some in parts.items()
    }, told


def _merge(frames: dict[str, pd.DataFrame], dropped: Mapping[str, dict[str, int]], log: ReportBuilder) -> None:
    """Merge records that come twice, and count the dropped copies against their files."""
    for table, frame in list(frames.items()):
        if not len(frame):
            continue
        key = _KEYS.get(table) or [ID_OF[table]] if table in ID_OF or table in _KEYS else []
        if "event_id" in frame and frame["event_id"].notna().all():
            key = ["event_id"]
        if not key or not set(key) <= set(frame.columns):
            continue
        frames[table], gone = merge_duplicates(frame, key, "modified_at", log, table)
        for name, count in gone.items():
            dropped[name]["duplicate"] += count


