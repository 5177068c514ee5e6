"""What a fit assumed or left out, in words of every language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

from salessim.words import sentence

__all__ = ["Note"]


class Note(str):
    """A remark on a fit: its English words, and the same in other languages.

    Examples
    --------
    >>> note = Note("fit few reps", used=40, all=900)
    >>> "40 of 900" in note, "900" in note.say("zh")
    (True, True)
    """

    key: str
    fields: dict[str, object]

    def __new__(cls, key: str, **fields: object) -> Self:
        """Fill a sentence of ``sentences.csv``: whole numbers with separators, functions called with the language."""
        note = super().__new__(cls, _said(key, fields, "en"))
        note.key, note.fields = key, fields
        return note

    def say(self, language: str = "en") -> str:
        """Return the remark in a language.

        Raises
        ------
        WordsError
            For a language that does not exist.
        """
        return _said(self.key, self.fields, language)


def _said(key: str, fields: Mapping[str, object], language: str) -> str:
    shown = {
        name: value(language) if callable(value) else f"{value:,}" if isinstance(value, int) else value
        for name, value in fields.items()
    }
    return sentence(key, language, **shown)
