"""Which files, columns, formats and encodings each kind of export of a CRM has; read from ``layouts.yaml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml  # type: ignore[import-untyped]

from salessim.crm.profiles import Profile, profile_of
from salessim.errors import CrmError, explain, nearest

__all__ = ["Layout", "forms_of", "header_of", "layout_of"]

_CHOICES = ("formats", "encodings", "languages", "dates", "money")


@dataclass(frozen=True)
class Layout:
    """One kind of export.

    Attributes
    ----------
    crm, form : str
    formats, encodings, languages, dates, money : tuple of str
        What it comes in; the usual one first.
    tables : mapping
        File name -> (table, ((column, header or ""), …)).
    habits : mapping
        Everything else: prefixes, codes, wrapping.
    """

    crm: str
    form: str
    formats: tuple[str, ...]
    encodings: tuple[str, ...]
    languages: tuple[str, ...]
    dates: tuple[str, ...]
    money: tuple[str, ...]
    tables: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]
    habits: Mapping[str, Any]

    def choose(self, option: str, wanted: str | None) -> str:
        """The wanted format, encoding, language or notation, or the usual one.

        Raises
        ------
        CrmError
            If this kind of export does not come in it.
        """
        allowed: tuple[str, ...] = getattr(self, option)
        if wanted is None:
            return allowed[0]
        if wanted not in allowed:
            raise CrmError(
                explain(
                    f"this export of {self.crm} does not come in it",
                    where=f"form {self.form!r}, {option}",
                    value=wanted,
                    allowed=", ".join(allowed),
                    remedy=nearest(wanted, allowed),
                )
            )
        return wanted


@lru_cache(maxsize=1)
def _contents() -> dict[str, dict[str, Any]]:
    text = (resources.files("salessim.crm.write") / "layouts.yaml").read_text(encoding="utf-8")
    contents: dict[str, dict[str, Any]] = yaml.load(text, Loader=yaml.BaseLoader)
    return contents


def forms_of(crm: str) -> tuple[str, ...]:
    """Kinds of export of a CRM, the usual one first.

    Raises
    ------
    CrmError
        If no export of this CRM can be written.
    """
    contents = _contents()
    if crm not in contents:
        raise CrmError(
            explain("no export of this CRM can be written", where="crm", value=crm, remedy=nearest(crm, contents))
        )
    return tuple(contents[crm])


def layout_of(crm: str, form: str | None = None) -> Layout:
    """Layout of a kind of export; without `form` the usual one.

    Raises
    ------
    CrmError
        If there is no such CRM or kind of export.

    Examples
    --------
    >>> layout_of("fxiaoke").formats
    ('xlsx', 'csv')
    """
    forms = forms_of(crm)
    if form is not None and form not in forms:
        raise CrmError(
            explain("there is no such export of this CRM", where="form", value=form, remedy=nearest(form, forms))
        )
    content = _contents()[crm][form or forms[0]]
    tables = {}
    for file, about in content["tables"].items():
        pairs = (column.partition(" as ") for column in about["columns"])
        tables[file] = (about["table"], tuple((name, header) for name, _, header in pairs))
    habits = {name: value for name, value in content.items() if name not in (*_CHOICES, "tables")}
    choices = {name: tuple(content[name]) for name in _CHOICES}
    return Layout(crm=crm, form=form or forms[0], tables=tables, habits=habits, **choices)


def header_of(profile: Profile | str, table: str, column: str, language: str) -> str:
    """Header of a column as a CRM writes it; where the CRM has no such column, as others write it.

    Examples
    --------
    >>> header_of("zoho", "deals", "name", "zh"), header_of("zoho", "deals", "name", "api")
    ('商机名称', 'Deal_Name')
    """
    if isinstance(profile, str):
        profile = profile_of(profile)
    spec = profile.tables[table]
    label = spec.labels.get(column, {})
    if language in label:
        return label[language]
    if label:
        return label.get("en") or next(iter(label.values()))
    names = spec.columns.get(column, ())
    if language == "zh":
        return next((name for name in names if not name.isascii()), column)
    return column if language == "api" else next((name for name in names if name.isascii()), column).title()
