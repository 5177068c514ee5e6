"""Which file is which table and which column is which: header synonyms read from ``profiles/*.yaml``.

A profile is data. Adding a CRM means adding a YAML file; the profile whose headers fit a folder best is chosen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Any

import yaml  # type: ignore[import-untyped]

__all__ = [
    "ColumnMatch",
    "Profile",
    "TableSpec",
    "header_key",
    "load_data",
    "load_profiles",
    "match_headers",
    "split_unit",
]

NAME_BONUS = 0.2  # what a file name that hints at the table adds to the share of matched headers


@cache
def load_data(name: str) -> Any:
    """Content of ``profiles/<name>.yaml``; every scalar is a string, so that ``no`` and ``1`` stay words."""
    text = (resources.files("salessim.crm") / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.BaseLoader)


def header_key(header: str) -> str:
    """Header without case, blanks, punctuation and full-width forms.

    Examples
    --------
    >>> header_key("Deal_Name") == header_key(" deal name ") == "dealname"
    True
    >>> header_key("商机金额（本位币）")
    '商机金额本位币'
    """
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", header).casefold())


def split_unit(header: str) -> tuple[str, str]:
    """Split ``"Amount (USD)"`` into the header and its unit.

    Examples
    --------
    >>> split_unit("金额（万元）")
    ('金额', '万元')
    >>> split_unit("Amount")
    ('Amount', '')
    """
    found = re.fullmatch(r"\s*(.*?)\s*[(\[](.*?)[)\]]\s*", unicodedata.normalize("NFKC", header))
    return (found.group(1), found.group(2).strip()) if found and found.group(1) else (header, "")


@dataclass(frozen=True)
class TableSpec:
    """One table of a profile: which headers it has and which of them it cannot do without."""

    name: str
    file_words: tuple[str, ...]
    needs: tuple[tuple[str, ...], ...]
    columns: Mapping[str, tuple[str, ...]]
    known: Mapping[str, tuple[str, int]]  # header key -> (canonical, rank within its list)


@dataclass(frozen=True)
class Profile:
    """Headers of one CRM."""

    name: str
    title: Mapping[str, str]
    tables: Mapping[str, TableSpec]

    def knows(self, header: str) -> bool:
        """Whether any table of the profile has this header."""
        keys = (header_key(header), header_key(split_unit(header)[0]))
        return any(key in spec.known for spec in self.tables.values() for key in keys if key)


@dataclass(frozen=True)
class ColumnMatch:
    """Column number `position` of a file is the canonical column `canonical`; `unit` comes from its header."""

    position: int
    header: str
    canonical: str
    unit: str


def read_profile(content: Mapping[str, Any]) -> Profile:
    """Build a profile from the content of its YAML file.

    Raises
    ------
    ValueError
        If one header stands for two columns of the same table: a mistake in the profile, not in a user's file.
    """
    tables = {}
    for name, table in content["tables"].items():
        known: dict[str, tuple[str, int]] = {}
        for canonical, synonyms in table["columns"].items():
            for rank, key in enumerate([header_key(canonical), *map(header_key, synonyms)]):
                if known.setdefault(key, (canonical, rank))[0] != canonical:
                    raise ValueError(
                        f"profile {content['profile']}, table {name}: {key!r} is both {known[key][0]} and {canonical}"
                    )
        tables[name] = TableSpec(
            name=name,
            file_words=tuple(header_key(word) for word in table.get("files", ())),
            needs=tuple(tuple(group) for group in table["needs"]),
            columns={canonical: tuple(synonyms) for canonical, synonyms in table["columns"].items()},
            known=known,
        )
    return Profile(content["profile"], content["title"], tables)


@lru_cache(maxsize=1)
def load_profiles() -> tuple[Profile, ...]:
    """All profiles that come with the package."""
    folder = resources.files("salessim.crm") / "profiles"
    names = sorted(item.name.removesuffix(".yaml") for item in folder.iterdir() if item.name.endswith(".yaml"))
    contents = [load_data(name) for name in names]
    return tuple(read_profile(content) for content in contents if "profile" in content)


def match_headers(spec: TableSpec, headers: Sequence[str], wishes: Mapping[str, str | None]) -> tuple[ColumnMatch, ...]:
    """Say which column of a file is which canonical column of `spec`.

    Parameters
    ----------
    spec : TableSpec
    headers : sequence of str
        As written in the file.
    wishes : mapping
        Header -> canonical name (``None``: leave the column out), as given by the user; goes before the profile.

    Returns
    -------
    tuple of ColumnMatch
        At most one per canonical column: a wish first, else the synonym that stands first in the profile.
    """
    wished = {header_key(header): canonical for header, canonical in wishes.items()}
    best: dict[str, tuple[int, int, ColumnMatch]] = {}
    for position, header in enumerate(headers):
        base, unit = split_unit(header)
        whole, key = header_key(header), header_key(base)
        if whole in wished:
            canonical, rank = wished[whole], -1
        elif whole in spec.known:
            canonical, rank = spec.known[whole]
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


def fit_of(spec: TableSpec, file_name: str, headers: Sequence[str], matches: Sequence[ColumnMatch]) -> float:
    """How well a file fits a table: share of its headers that matched, plus a bonus for a telling file name."""
    named = [header for header in headers if header.strip()]
    stem = header_key(file_name.rsplit(".", 1)[0])
    bonus = NAME_BONUS if any(word in stem for word in spec.file_words) else 0.0
    return (len(matches) / len(named) if named else 0.0) + bonus
