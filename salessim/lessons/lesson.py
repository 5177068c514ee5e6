"""What a notebook asks for every text its reader sees: the code of all languages is the same."""

from __future__ import annotations

import html
import os
import re
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

from salessim.errors import StudyError, explain, nearest
from salessim.lessons.glossary import TERMS
from salessim.lessons.lines import LINES
from salessim.words import definition, has_term, label, languages, sentence, sentence_keys
from salessim.words.terms import checked_language

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Lesson"]

_COLUMNS = 110  # of printed text, so that a notebook 1280 wide need not break a line
_MECHANISM = "report mechanism "  # sentences that name the mechanisms


class Lesson:
    """The texts of a lesson in one language, and where its data are.

    Parameters
    ----------
    language : {"en", "zh"}

    Raises
    ------
    WordsError
        For a language that does not exist.

    Examples
    --------
    >>> Lesson().say("big bang"), Lesson("zh").say("big bang"), Lesson("zh").name("structure", "product")
    ('big bang', '一次性切换', '产品型')
    """

    def __init__(self, language: str = "en") -> None:
        self.language = checked_language(language)

    @property
    def fast(self) -> bool:
        """Whether ``SALESSIM_FAST`` is 1 in the environment, as in tests: fewer futures, the same lesson."""
        return os.environ.get("SALESSIM_FAST") == "1"

    def find(self, folder: str, having: str) -> Path | None:
        """Return the nearest such folder, in the working folder or one above it, that has this file in it."""
        places = (place / folder for place in (Path.cwd(), *Path.cwd().parents))
        return next((place for place in places if (place / having).is_file()), None)

    def say(self, key: str, **fields: object) -> str:
        """Return a line of `LINES` with its fields filled in.

        Raises
        ------
        StudyError
            For a line that does not exist; the nearest is named.
        """
        if key not in LINES:
            raise StudyError(explain("there is no such line in the lessons", value=key, remedy=nearest(key, LINES)))
        english, chinese = LINES[key]
        said = (english if self.language == "en" else chinese).format(**fields)
        return re.sub(r"(?<![\w-])-(?=\d)", "−", said)  # a true minus sign, as in the figures

    def name(self, kind: str, key: str) -> str:
        """Return what a term is called: `salessim.words.label` of ``kind.key``."""
        return label(f"{kind}.{key}", self.language)

    def wrapped(self, text: str) -> str:
        """Break the long lines of a text between words; a notebook would break them anywhere.

        Examples
        --------
        >>> max(len(line) for line in Lesson().wrapped("word " * 100).splitlines()) <= 110
        True
        """
        if self.language != "en":
            return text  # there is no space to break at, and none is needed
        return "\n".join(
            textwrap.fill(line, _COLUMNS, subsequent_indent=re.match(r"[\s•–-]*", line).end() * " ")  # type: ignore[union-attr]
            for line in text.splitlines()
        )

    def glossary(self, *keys: str) -> str:
        """Return the words of a lesson as HTML: in the language and in the others, with what they mean.

        Parameters
        ----------
        *keys : str
            Keys of `TERMS`, or of terms of `salessim.words`.

        Raises
        ------
        WordsError
            For a term that does not exist.

        Examples
        --------
        >>> Lesson("zh").glossary("backtest").startswith("<ul><li><b>回测</b> · backtest：站在")
        True
        """
        parts = []
        for key in keys:
            if key in TERMS:
                english, chinese, *meanings = TERMS[key]
                names, meaning = {"en": english, "zh": chinese}, meanings[self.language != "en"]
            else:
                names, meaning = {one: label(key, one) for one in languages()}, definition(key, self.language)
            others = " · ".join(html.escape(name) for one, name in names.items() if one != self.language)
            head = f"<b>{html.escape(names[self.language])}</b> · {others}"
            colon = ": " if self.language == "en" else "："
            parts.append(f"<li>{head}{colon}{html.escape(meaning)}</li>")
        return f"<ul>{''.join(parts)}</ul>"

    def table(self, frame: pd.DataFrame, *kinds: str) -> pd.DataFrame:
        """Return a table with its rows, columns and headings named in the language.

        A name is looked up as a term of one of these kinds, in their order, then as a mechanism, then in `LINES`. One
        that is found nowhere, such as a name of the user's, stays.
        """

        def named(key: Any) -> Any:
            if not isinstance(key, str):
                return key
            kind = next((kind for kind in kinds if has_term(f"{kind}.{key}")), None)
            if kind is not None:
                return self.name(kind, key)
            if _MECHANISM + key in sentence_keys():
                return sentence(_MECHANISM + key, self.language)
            return self.say(key) if key in LINES else key

        done = frame.rename(index=named, columns=named)
        return done.rename_axis(index=named(frame.index.name), columns=named(frame.columns.name))

    def findings(self, crm: Any) -> str:
        """Say what an import found: the head of its report, and its findings, one a line."""
        lines = list(crm.report.head(self.language))
        for one in crm.report.findings:
            message = one.message_en if self.language == "en" else one.message_zh
            lines.append(f"  {self.say(one.level)}: {' '.join(filter(None, (one.file, message)))}")
        return self.wrapped("\n".join(lines))

    def fitted(self, company: Any) -> str:
        """Say what a fit found, and the notes of what it assumed, one a line."""
        market = company.market
        comma = ", " if self.language == "en" else "，"
        found = comma.join(f"{self.say(name.replace('_', ' '))} {value:.0%}" for name, value in company.check.items())
        return self.wrapped("\n".join([
            self.say(
                "fitted", accounts=len(market.accounts), segments=len(market.segments), products=len(market.products),
                reps=company.plan.headcount, stages=len(market.stages), deals=len(market.today.open_deals),
            ),
            self.say("settled", found=found),
            self.say("untold"),
            *(f"  - {note}" for note in company.words(self.language).splitlines()),
        ]))  # fmt: skip
