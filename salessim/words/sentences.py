"""Sentences around a verdict and on a figure, in every language, read from ``sentences.csv``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from salessim.errors import explain, nearest
from salessim.words.terms import WordsError, checked_language, languages, read_rows

__all__ = ["sentence", "sentence_keys"]


def sentence(key: str, language: str = "en", **fields: object) -> str:
    """Return a sentence with its fields filled in.

    Parameters
    ----------
    key : str
        Its name in the table.
    language : {"en", "zh"}
    **fields
        What stands for each ``{field}`` of the sentence.

    Raises
    ------
    WordsError
        For a sentence, language or field that does not exist.

    Examples
    --------
    >>> sentence("axis difference", measure="revenue", baseline="today")
    'revenue: difference from today'
    """
    table = _sentences()
    if key not in table:
        raise WordsError(explain("there is no such sentence", value=key, remedy=nearest(key, table)))
    try:
        return table[key][checked_language(language)].format(**fields)
    except KeyError as error:
        raise WordsError(explain("a field of this sentence is not given", where=key, value=error.args[0])) from None


def sentence_keys() -> tuple[str, ...]:
    """Return the names of all sentences, in the order of the table."""
    return tuple(_sentences())


@cache
def _sentences() -> Mapping[str, Mapping[str, str]]:
    found: dict[str, Mapping[str, str]] = {}
    for row in read_rows("sentences.csv"):
        if row["key"] in found:
            raise WordsError(explain("a sentence stands twice in the table", where="sentences.csv", value=row["key"]))
        found[row["key"]] = MappingProxyType({language: row[language] for language in languages()})
    return MappingProxyType(found)
