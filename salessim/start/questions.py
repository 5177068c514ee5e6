"""The questions of the start in words, with what may be answered."""

from __future__ import annotations

from typing import NamedTuple, get_args

from salessim.model.plan import STRUCTURES
from salessim.start.firm import Firm
from salessim.words import sentence
from salessim.words.terms import checked_language

__all__ = ["QUESTIONS", "Question", "questions"]

QUESTIONS = {
    "reps": "firm reps",
    "structure": "firm structure",
    "accounts": "firm accounts",
    "concentration": "firm concentration",
    "key_accounts": "firm key accounts",
    "segments": "firm segments",
    "difference": "firm difference",
    "products": "firm products",
    "complexity": "firm complexity",
    "area": "firm area",
    "price": "firm price",
    "win_rate": "firm win rate",
    "cycle": "firm cycle",
    "growth": "firm growth",
    "margin": "firm margin",
    "salary": "firm salary",
    "revenue": "firm revenue",
    "currency": "firm currency",
}
"""Every answer of a `Firm` and the sentence that asks for it, in the order in which they are asked."""


class Question(NamedTuple):
    """One question.

    Attributes
    ----------
    name : str
        The answer it fills, a setting of `Firm`.
    text : str
    default : int, float, str or None
    low, high : float or None
        What is possible; None where there is no bound.
    choices : tuple of str
        Where one of several words is the answer.
    """

    name: str
    text: str
    default: int | float | str | None
    low: float | None
    high: float | None
    choices: tuple[str, ...]


def questions(language: str = "en") -> list[Question]:
    """Return the questions that make a firm, in the order in which to ask them.

    Parameters
    ----------
    language : {"en", "zh"}

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> first = questions()[0]
    >>> first.name, first.text, first.low
    ('reps', 'How many sales reps do you have?', 1)
    """
    checked_language(language)
    found = []
    for name, key in QUESTIONS.items():
        field = Firm.model_fields[name]
        bounds = {kind: getattr(rule, kind) for rule in field.metadata for kind in _BOUNDS if hasattr(rule, kind)}
        low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le")
        words = set(get_args(field.annotation)) & set(STRUCTURES) - {"today"}
        choices = tuple(one for one in STRUCTURES if one in words)
        found.append(Question(name, sentence(key, language), field.default, low, high, choices))
    return found


_BOUNDS = ("ge", "gt", "le")
