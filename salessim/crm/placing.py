"""Which file of an export is which table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from salessim.crm.files import SAVE_AS, RawFile
from salessim.crm.mapping import IGNORE, Wishes
from salessim.crm.profiles import (
    ColumnMatch,
    Profile,
    TableSpec,
    fit_of,
    lacking,
    marks_of,
    match_headers,
    profile_of,
)
from salessim.crm.report import ReportBuilder
from salessim.errors import CrmError, explain

__all__ = ["Placed", "place_files"]

_RESEMBLES = 0.4  # share of matched headers from which a file is called a table of deals that lacks something


@dataclass(frozen=True)
class Placed:
    """A file, the table it is, and its columns that are used."""

    raw: RawFile
    table: str
    columns: tuple[ColumnMatch, ...]
    spec: TableSpec

    def position(self, canonical: str) -> int | None:
        """Column number of a canonical column in the file, ``None`` if the file has none."""
        return next((match.position for match in self.columns if match.canonical == canonical), None)


def place_files(
    raws: Sequence[RawFile],
    profiles: Sequence[Profile],
    wishes: Wishes,
    others: Sequence[tuple[str, str]],
    log: ReportBuilder,
) -> tuple[Profile, list[Placed], list[RawFile]]:
    """Choose the profile that fits an export best and say which file is which table.

    Parameters
    ----------
    raws : sequence of RawFile
    profiles : sequence of Profile
    wishes : Wishes
        A file placed or ignored by the user stays so.
    others : sequence of (name, kind)
        Files that were not read, for the message.
    log : ReportBuilder

    Returns
    -------
    (Profile, list of Placed, list of RawFile)
        The profile, the files that are tables, and those that are not used.

    Raises
    ------
    CrmError
        If no file is a table of deals, or a file lacks a column its table cannot do without.
    """
    wanted = [raw for raw in raws if wishes.files.get(raw.name) != IGNORE]
    profile = (wishes.profile and profile_of(wishes.profile)) or _chosen(wanted, profiles, wishes)
    placed: list[Placed] = []
    unused: list[RawFile] = []
    ignored: list[RawFile] = []
    for raw in raws:
        wish = wishes.files.get(raw.name)
        if wish == IGNORE:
            log.add("file_ignored", file=raw.name)
            ignored.append(raw)
            continue
        if wish:
            spec = profile.tables[wish]
            columns = match_headers(spec, raw.header, wishes.columns_of(wish), profile.prefix)
            missing = lacking(spec, [match.canonical for match in columns])
            if missing:
                raise CrmError(_lacks(raw, spec, missing))
            placed.append(Placed(raw, wish, columns, spec))
            continue
        _, table, columns = _best(raw, profile, wishes)
        if table:
            placed.append(Placed(raw, table, columns, profile.tables[table]))
        else:
            unused.append(raw)
    tables = {one.table for one in placed}
    # A history of stages stands for the deals only where no other file looks like deals that lack a column.
    alone = "stage_events" in tables and not _resembling(unused, placed, profile, wishes)
    if not (tables & {"deals", "leads"} or alone):
        raise CrmError(_no_deals(unused, placed, profile, wishes, others))
    for raw in unused:
        log.add("file_not_used", file=raw.name, headers=", ".join(raw.header[:12]))
    return profile, placed, [*unused, *ignored]


def _chosen(raws: Sequence[RawFile], profiles: Sequence[Profile], wishes: Wishes) -> Profile:
    """The profile whose headers fit best; a CRM's only where a header stands that nobody else writes."""
    headers = [header for raw in raws for header in raw.header]

    def score(profile: Profile) -> float:
        return sum(_best(raw, profile, wishes)[0] + marks_of(profile, raw.header) for raw in raws)

    possible = [profile for profile in profiles if not profile.marks or marks_of(profile, headers)]
    return max(possible, key=lambda profile: round(score(profile), 9))


def _best(raw: RawFile, profile: Profile, wishes: Wishes) -> tuple[float, str, tuple[ColumnMatch, ...]]:
    """Fit, name and columns of the table of `profile` that the file fits best; an empty name if it fits none."""
    best: tuple[float, str, tuple[ColumnMatch, ...]] = (0.0, "", ())
    for spec in profile.tables.values():
        columns = match_headers(spec, raw.header, wishes.columns_of(spec.name), profile.prefix)
        if lacking(spec, [match.canonical for match in columns]):
            continue
        fit = fit_of(spec, raw.name, raw.header, columns)
        if fit > best[0]:
            best = (fit, spec.name, columns)
    return best


def _groups(groups: Sequence[Sequence[str]]) -> str:
    return " and ".join(f"a column for {' or '.join(group)}" for group in groups)


def _lacks(raw: RawFile, spec: TableSpec, missing: Sequence[Sequence[str]]) -> str:
    words = [f"{name} (e.g. {', '.join(spec.columns[name][:2])})" for group in missing for name in group]
    return explain(
        f"this table of {spec.name} lacks {_groups(missing)}",
        where=raw.name,
        value=", ".join(header for header in raw.header if header),
        allowed=f"headers such as {'; '.join(words)}",
        remedy=f'Export the missing column too, or name it: mapping={{"columns": {{"{spec.name}": '
        f'{{"<your header>": "{missing[0][0]}"}}}}}}',
    )


def _resembling(
    unused: Sequence[RawFile], placed: Sequence[Placed], profile: Profile, wishes: Wishes
) -> list[tuple[float, RawFile, tuple[ColumnMatch, ...]]]:
    """Files that look like deals and lack a column: how well each fits, the file, its columns."""
    spec = profile.tables["deals"]
    found = []
    for raw in (*unused, *(one.raw for one in placed if one.table != "stage_events")):
        columns = match_headers(spec, raw.header, wishes.columns_of("deals"), profile.prefix)
        fit = fit_of(spec, raw.name, raw.header, columns)
        if len(columns) >= 2 and fit >= _RESEMBLES and lacking(spec, [match.canonical for match in columns]):
            found.append((fit, raw, columns))
    return found


def _no_deals(
    unused: Sequence[RawFile],
    placed: Sequence[Placed],
    profile: Profile,
    wishes: Wishes,
    others: Sequence[tuple[str, str]],
) -> str:
    spec = profile.tables["deals"]
    candidates = _resembling(unused, placed, profile, wishes)
    if candidates:
        _, raw, columns = max(candidates, key=lambda candidate: candidate[0])
        return _lacks(raw, spec, lacking(spec, [match.canonical for match in columns]))
    seen = [f"{raw.name}: {', '.join(raw.header[:12])}" for raw in unused]
    seen += [f"{one.raw.name} (read as {one.table}): {', '.join(one.raw.header[:12])}" for one in placed]
    unread = [f"{name} ({kind})" for name, kind in others if kind]
    hint = f"Not read were: {', '.join(unread)}. {SAVE_AS}. " if unread else ""
    return explain(
        "no table looks like deals",
        where="export",
        value="; ".join(seen) or "no headers",
        allowed=f"one table with {_groups(spec.needs)}",
        remedy=f'{hint}If one of them holds the deals, say so: mapping={{"files": {{"<file>": "deals"}}}}',
    )
