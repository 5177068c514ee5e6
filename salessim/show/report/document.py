"""What a report is made of, whatever it is written as: sections of paragraphs, tables and pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Block", "Cell", "Document", "Picture", "Section", "Table", "Text", "number", "words"]


@dataclass(frozen=True)
class Cell:
    """One cell: how it reads, and the number behind it where it is one, with the format a spreadsheet gives it."""

    text: str
    value: float | None = None
    form: str = "General"


@dataclass(frozen=True)
class Text:
    """A paragraph: the ``lead`` of a report, a ``plain`` one, or a ``note`` in small letters."""

    text: str
    kind: Literal["lead", "plain", "note"] = "plain"


@dataclass(frozen=True)
class Table:
    """A table: its title, the heads of the columns, the rows; columns in `text` are set to the left, figures right.

    `strong` are the rows that stand out (sums). A `folded` table is a long one that a screen shows on demand. One
    without `heads` is a list of names and what belongs to them; the last of its heads is its title.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    text: frozenset[int] = frozenset({0})
    strong: frozenset[int] = frozenset()
    folded: bool = False
    heads: bool = True


@dataclass(frozen=True)
class Picture:
    """A figure and what it shows, in words, for those who cannot see it."""

    figure: Figure
    finding: str


Block = Text | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; `short` is the name a spreadsheet has room for."""

    title: str
    short: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Document:
    """A whole report; `agreed` are lines that stand below the question, such as what was locked beforehand."""

    language: str
    title: str
    question: str
    made: str
    sections: tuple[Section, ...] = field(default=())
    agreed: tuple[str, ...] = ()


def words(texts: Sequence[str]) -> tuple[Cell, ...]:
    """Return a row of text."""
    return tuple(Cell(text) for text in texts)


def number(value: float, text: str, form: str = "#,##0") -> Cell:
    """Return a figure; one that does not exist is written as its text only.

    Examples
    --------
    >>> number(float("nan"), "-").value is None
    True
    """
    return Cell(text, None if math.isnan(value) else value, form)
