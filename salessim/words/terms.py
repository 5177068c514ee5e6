"""Terms: label and one-sentence definition in every language, read from ``terms.csv``.

The key of a term is ``kind.name`` ("measure.calls", "setting.calls"). The bare name does as well; where several kinds
share it, the kind that stands first in the table is meant: measures, then structures, then the rest.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from salessim.errors import SalesSimError, explain, nearest

__all__ = [
    "Row",
    "WordsError",
    "checked_language",
    "definition",
    "has_term",
    "keys",
    "kinds",
    "label",
    "languages",
    "read_rows",
]

_LANGUAGES = ("en", "zh")

Row = dict[str, str]


class WordsError(SalesSimError, LookupError):
    """A term, a sentence or a language that does not exist."""


class _Term(NamedTuple):
    labels: Mapping[str, str]
    definitions: Mapping[str, str]


def languages() -> tuple[str, ...]:
    """Return the codes of the languages, English first.

    Examples
    --------
    >>> languages()
    ('en', 'zh')
    """
    return _LANGUAGES


def label(key: str, language: str = "en") -> str:
    """Return what a term is called.

    Parameters
    ----------
    key : str
        ``kind.name`` or the bare name; see `keys`.
    language : {"en", "zh"}

    Returns
    -------
    str
        In English in lower case, as inside a sentence.

    Raises
    ------
    WordsError
        For a term or language that does not exist; the nearest is named.

    Examples
    --------
    >>> label("travel_share"), label("structure.customer", "zh")
    ('travel time share', '客户型')
    >>> label("wn_rate")
    Traceback (most recent call last):
    ...
    salessim.words.terms.WordsError: There is no such term. Found: 'wn_rate'. Did you mean 'win_rate'?
    """
    return _term(key).labels[checked_language(language)]


def definition(key: str, language: str = "en") -> str:
    """Return the definition of a term, one sentence; parameters and errors as in `label`.

    Examples
    --------
    >>> definition("deals_won")
    'Number of won deals.'
    """
    return _term(key).definitions[checked_language(language)]


def has_term(key: str) -> bool:
    """Say whether a term exists.

    Examples
    --------
    >>> has_term("currency.CNY"), has_term("currency.XAU")
    (True, False)
    """
    table = _terms()
    return key in table or key in _bare(table)


def keys(kind: str | None = None) -> tuple[str, ...]:
    """Return the full keys of all terms, or of one kind, in the order of the table.

    Raises
    ------
    WordsError
        For a kind that does not exist; the nearest is named.

    Examples
    --------
    >>> keys("routing")
    ('routing.owner', 'routing.pool')
    """
    if kind is None:
        return tuple(_terms())
    if kind not in kinds():
        raise WordsError(explain("there is no such kind of term", value=kind, remedy=nearest(kind, kinds())))
    return tuple(key for key in _terms() if key.startswith(f"{kind}."))


def kinds() -> tuple[str, ...]:
    """Return the kinds of terms, in the order of the table.

    Examples
    --------
    >>> kinds()[:3]
    ('measure', 'stage', 'structure')
    """
    return tuple(dict.fromkeys(key.partition(".")[0] for key in _terms()))


def checked_language(language: str) -> str:
    """Return the language, or refuse one that does not exist."""
    if language not in _LANGUAGES:
        raise WordsError(explain("no such language", where="language", value=language, allowed=", ".join(_LANGUAGES)))
    return language


def read_rows(name: str) -> list[Row]:
    """Read a table that stands beside this module."""
    text = (files("salessim.words") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _term(key: str) -> _Term:
    table = _terms()
    full = key if key in table else _bare(table).get(key)
    if full is None:
        known = table if "." in key else _bare(table)
        raise WordsError(explain("there is no such term", value=key, remedy=_nearest(key, known)))
    return table[full]


def _nearest(key: str, known: Mapping[str, object]) -> str:
    """Name the nearest term, but not all two hundred where nothing is near."""
    remedy = nearest(key, known)
    return remedy if remedy.startswith("Did") else "salessim.words.keys() lists all terms"


@cache
def _terms() -> Mapping[str, _Term]:
    found: dict[str, _Term] = {}
    for row in read_rows("terms.csv"):
        key = f"{row['kind']}.{row['name']}"
        if key in found:
            raise WordsError(explain("a term stands twice in the table", where="terms.csv", value=key))
        labels = {language: row[language] for language in _LANGUAGES}
        definitions = {language: row[f"definition_{language}"] for language in _LANGUAGES}
        found[key] = _Term(MappingProxyType(labels), MappingProxyType(definitions))
    return MappingProxyType(found)


def _bare(table: Mapping[str, _Term]) -> dict[str, str]:
    """Return the full key of every bare name: of several, the first in the table."""
    found: dict[str, str] = {}
    for key in table:
        found.setdefault(key.partition(".")[2], key)
    return found
