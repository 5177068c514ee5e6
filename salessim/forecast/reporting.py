"""Notes, as keys and fields, and the sentences they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from salessim.words import sentence

__all__ = ["Note", "note", "page_of", "percent", "report_lines", "shortened"]

Note = Mapping[str, Any]


def note(key: str, **fields: object) -> Note:
    """A line of a report: the key of its sentence and the fields. A field may be a note itself."""
    return {"key": key, **fields}


def report_lines(notes: Sequence[Note], language: str) -> list[str]:
    """The lines in a language."""
    return [_said(one, language) for one in notes]


def percent(share: float, digits: int = 0) -> str:
    """A share in per cent.

    Examples
    --------
    >>> percent(0.256)
    '26 %'
    """
    return f"{100 * share:.{digits}f} %"


def shortened(names: Sequence[str], most: int = 3) -> str:
    """The first few names.

    Examples
    --------
    >>> shortened(["a", "b", "c", "d"])
    'a; b; c; …'
    """
    return "; ".join([*names[:most], *(["…"] if len(names) > most else [])])


def page_of(heads: Sequence[str], rows: Sequence[Sequence[str]], lines: Sequence[str], language: str) -> str:
    """A table and the lines of a report, as a notebook shows them.

    Examples
    --------
    >>> page_of(["a"], [["1 < 2"]], ["said"], "en").count("<td")
    1
    """
    from html import escape

    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    said = "".join(f"<li>{escape(line)}</li>" for line in lines)
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div lang="{language}" style="max-width:76em;line-height:1.45">{table}<ul>{said}</ul></div>'


def _said(one: Note, language: str) -> str:
    fields = {
        name: _said(value, language) if isinstance(value, Mapping) else value
        for name, value in one.items()
        if name != "key"
    }
    said = sentence(one["key"], language, **fields)
    return said.replace(" %", "%") if language == "zh" else said  # Chinese sets no space before the sign
