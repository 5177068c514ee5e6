"""Which file is which table and which column is which: header synonyms read from ``profiles/*.yaml``.

A profile is data. Adding a CRM means adding a YAML file; the profile whose headers fit a folder best is chosen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property, lru_cache
from importlib import resources
from typing import Any

import yaml  # type: ignore[import-untyped]

from salessim.errors import CrmError, explain, nearest

__all__ = [
    "STYLES",
    "ColumnMatch",
    "Profile",
    "TableSpec",
    "header_key",
    "load_data",
    "load_profiles",
    "marks_of",
    "match_headers",
    "profile_of",
    "split_unit",
]

MARK_BONUS = 0.05  # what each header adds that only this CRM writes
STYLES = ("api", "en", "zh")  # the ways in which a CRM names its columns
LONGEST_HEADER = 255  # characters; no CRM allows longer names of fields
NAME_BONUS = 0.2  # what a file name that hints at the table adds to the share of matched headers


@cache
def load_data(name: str) -> Any:
    """Content of ``profiles/<name>.yaml``; every scalar is a string, so that ``no`` and ``1`` stay words."""
    text = (resources.files("salessim.crm") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)


@lru_cache(maxsize=8192)
def header_key(header: str) -> str:
    """Header without case, blanks, punctuation, full-width forms and traditional Chinese characters.

    Examples
    --------
    >>> header_key("Deal_Name") == header_key(" deal name ") == "dealname"
    True
    >>> header_key("商机金额（本位币）"), header_key("商機金額")
    ('商机金额本位币', '商机金额')
    """
    key = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header).casefold())
    return key if key.isascii() else key.translate(_simplified())


@cache
def _simplified() -> dict[int, str]:
    return str.maketrans(load_data("values")["traditional"])


@lru_cache(maxsize=8192)
def split_unit(header: str) -> tuple[str, str]:
    """Split ``"Amount (USD)"`` into the header and its unit.

    Examples
    --------
    >>> split_unit("金额（万元）")
    ('金额', '万元')
    >>> split_unit("Amount")
    ('Amount', '')
    """
    if len(header) > LONGEST_HEADER:  # the pattern below takes long over long texts
        return header, ""
    found = re.fullmatch(r"\s*(.*?)\s*[(\[](.*?)[)\]]\s*", unicodedata.normalize("NFKC", header))
    return (found.group(1), found.group(2).strip()) if found and found.group(1) else (header, "")


@dataclass(frozen=True)
class TableSpec:
    """One table of a profile.

    Attributes
    ----------
    file_words : tuple of str
        Words of a file name that hint at the table.
    needs : tuple of tuple of str
        Groups of columns of each of which it must have one.
    columns : mapping
        Canonical name -> header names.
    known : mapping
        Header key -> (canonical, rank within its list).
    labels : mapping
        Canonical name -> {"api", "en", "zh": the header in that style}.
    drop : mapping
        Reason -> {canonical column: values}: rows that are no records any more.
    entered : re.Pattern or None
        Headers of columns that hold the date on which a stage was entered.
    """

    name: str
    file_words: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    known: Mapping[str, tuple[str, int]]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    drop: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    entered: re.Pattern[str] | None = None


@dataclass(frozen=True)
class Profile:
    """Headers, codes and habits of one CRM.

    Attributes
    ----------
    tables : mapping
        Name -> `TableSpec`.
    marks : frozenset of str
        Header keys that only this CRM writes.
    prefix : re.Pattern or None
        What stands before every header ("Deal - Title").
    codes : mapping
        Column -> {code: label}.
    fields : mapping
        Names of fields in a history of changes -> ours.
    id_prefix, time_zone : str
        Before identifiers; zone of epoch numbers. Empty: none.
    content : mapping
        The file itself: default stages, endings and prefixes that are only written.
    """

    name: str
    title: Mapping[str, str]
    tables: Mapping[str, TableSpec]
    marks: frozenset[str] = frozenset()
    prefix: re.Pattern[str] | None = None
    codes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    id_prefix: str = ""
    time_zone: str = ""
    content: Mapping[str, Any] = field(default_factory=dict)

    def knows(self, header: str) -> bool:
        """Whether any table of the profile has this header."""
        if len(header) > LONGEST_HEADER:
            return False
        keys = [header_key(header), header_key(split_unit(header)[0])]
        if self.prefix and (found := self.prefix.match(header)):
            keys.append(header_key(header[found.end() :]))
        return any(key in self._every_key for key in keys if key)

    @cached_property
    def _every_key(self) -> frozenset[str]:
        return frozenset(key for spec in self.tables.values() for key in spec.known)


@dataclass(frozen=True)
class ColumnMatch:
    """Column number `position` of a file is the canonical column `canonical`; `unit` comes from its header."""

    position: int
    header: str
    canonical: str
    unit: str


def read_profile(content: Mapping[str, Any], base: Profile | None = None) -> Profile:
    """Build a profile from the content of its YAML file.

    Parameters
    ----------
    content : mapping
    base : Profile, optional
        Whose tables and names serve where this profile has none of its own.

    Raises
    ------
    ValueError
        If one header stands for two columns of the same table: a mistake in the profile, not in a user's file.
    """
    tables = dict(base.tables) if base else {}
    for name, table in content["tables"].items():
        known: dict[str, tuple[str, int]] = {}
        names = {canonical: _names(given) for canonical, given in table["columns"].items()}
        for canonical, synonyms in names.items():
            for rank, key in enumerate([header_key(canonical), *map(header_key, synonyms)]):
                if known.setdefault(key, (canonical, rank))[0] != canonical:
                    if rank == 0:  # our own name, which the CRM uses for another column
                        continue
                    raise ValueError(
                        f"profile {content['profile']}, table {name}: {key!r} is both {known[key][0]} and {canonical}"
                    )
        inherited = base.tables.get(name) if base else None
        if inherited:
            for key, (canonical, rank) in inherited.known.items():
                known.setdefault(key, (canonical, rank + len(names.get(canonical, ())) + 1))
        tables[name] = TableSpec(
            name=name,
            file_words=tuple(header_key(word) for word in table.get("files", ())),
            needs=tuple(tuple(group) for group in table["needs"]) if "needs" in table else _needs_of(inherited),
            columns={**(inherited.columns if inherited else {}), **names},
            known=known,
            labels={
                canonical: {style: given[style] for style in STYLES if style in given}
                for canonical, given in table["columns"].items()
                if isinstance(given, Mapping)
            },
            drop={
                reason: {column: tuple(values) for column, values in rule.items()}
                for reason, rule in table.get("drop", {}).items()
            },
            entered=re.compile(table["entered"], re.IGNORECASE) if "entered" in table else None,
        )
    return Profile(
        name=content["profile"],
        title=content["title"],
        tables=tables,
        marks=frozenset(map(header_key, content.get("marks", ()))),
        prefix=re.compile(content["prefix"]) if "prefix" in content else None,
        codes=content.get("codes", {}),
        fields=content.get("fields", {}),
        id_prefix=content.get("id_prefix", ""),
        time_zone=content.get("time_zone", ""),
        content=content,
    )


def _needs_of(inherited: TableSpec | None) -> tuple[tuple[str, ...], ...]:
    return inherited.needs if inherited else ()


def _names(given: Sequence[str] | Mapping[str, Any]) -> tuple[str, ...]:
    """Header names of a column: a list, or {api, en, zh, also}."""
    if isinstance(given, Mapping):
        return (*(given[style] for style in ("en", "api", "zh") if style in given), *given.get("also", ()))
    return tuple(given)


@lru_cache(maxsize=1)
def load_profiles() -> tuple[Profile, ...]:
    """All profiles that come with the package; the general one first."""
    folder = resources.files("salessim.crm") / "profiles"
    names = sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))
    contents = {name: load_data(name) for name in names}
    general = read_profile(contents.pop("general"))
    return (general, *(read_profile(content, general) for content in contents.values() if "profile" in content))


def profile_of(name: str) -> Profile:
    """The profile of a CRM.

    Raises
    ------
    CrmError
        If there is none of that name.
    """
    known = {profile.name: profile for profile in load_profiles()}
    if name not in known:
        raise CrmError(explain("there is no profile of this CRM", where="crm", value=name, remedy=nearest(name, known)))
    return known[name]


def match_headers(
    spec: TableSpec,
    headers: Sequence[str],
    wishes: Mapping[str, str | None],
    prefix: re.Pattern[str] | None = None,
) -> tuple[ColumnMatch, ...]:
    """Say which column of a file is which canonical column of `spec`.

    Parameters
    ----------
    spec : TableSpec
    headers : sequence of str
        As written in the file.
    wishes : mapping
        Header -> canonical name (``None``: leave the column out), as given by the user; goes before the profile.
    prefix : re.Pattern, optional
        What stands before every header.

    Returns
    -------
    tuple of ColumnMatch
        At most one per canonical column: a wish first, else the synonym that stands first in the profile.
    """
    wished = {header_key(header): canonical for header, canonical in wishes.items()}
    best: dict[str, tuple[int, int, ColumnMatch]] = {}
    for position, header in enumerate(headers):
        whole = header_key(header)
        name = header[found.end() :] if prefix and whole not in wished and (found := prefix.match(header)) else header
        base, unit = split_unit(name)
        own, key = header_key(name), header_key(base)
        if header_key(unit) == key:  # "Created Time(Created Time)": two modules joined
            unit = ""
        if whole in wished:
            canonical, rank = wished[whole], -1
        elif own in spec.known:
            canonical, rank = spec.known[own]
        elif key in spec.known:
            canonical, rank = spec.known[key]
        else:
            continue
        if canonical is None:
            continue
        candidate = (rank, position, ColumnMatch(position, header, canonical, unit))
        if canonical not in best or candidate[:2] < best[canonical][:2]:
            best[canonical] = candidate
    return tuple(match for _, _, match in sorted(best.values(), key=lambda item: item[1]))


def lacking(spec: TableSpec, canonical: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """The groups of needed columns of which `canonical` has none."""
    return tuple(group for group in spec.needs if not set(group) & set(canonical))


def marks_of(profile: Profile, headers: Sequence[str]) -> float:
    """What the headers add to the fit of a profile because only this CRM writes them."""
    return MARK_BONUS * sum(header_key(header) in profile.marks for header in headers)


def fit_of(spec: TableSpec, file_name: str, headers: Sequence[str], matches: Sequence[ColumnMatch]) -> float:
    """How well a file fits a table: share of its headers that matched, plus a bonus for a telling file name."""
    named = [header for header in headers if header.strip()]
    stem = header_key(file_name.rsplit(".", 1)[0])
    bonus = NAME_BONUS if any(word in stem for word in spec.file_words) else 0.0
    return (len(matches) / len(named) if named else 0.0) + bonus
