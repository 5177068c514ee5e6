"""The import report: what was read, what was kept, what was dropped and why, what was decided, what cannot be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from salessim.crm.profiles import load_data
from salessim.errors import CrmError, explain, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColumnReport", "FileReport", "Finding", "ImportReport", "ReportBuilder", "Sentence", "checked_language"]

LANGUAGES = ("en", "zh")
LEVELS = ("error", "warning", "info")
SHOWN_ROWS = 5
WITHHELD = "***"
# Findings whose words are stages, labels or currencies and never names of people or customers.
_NAMELESS = frozenset(
    {"no_created", "status_unknown", "stage_by_probability", "nothing_closed", "nothing_won", "currency_base",
     "label_repaired", "label_slip"}
)  # fmt: skip


def checked_language(lang: str) -> str:
    """Return `lang` if the report is written in it.

    Raises
    ------
    CrmError
    """
    if lang not in LANGUAGES:
        raise CrmError(
            explain(
                "the report is written in English or Chinese", where="lang", value=lang, remedy=nearest(lang, LANGUAGES)
            )
        )
    return lang


@dataclass(frozen=True)
class Sentence:
    """One text in both languages."""

    en: str
    zh: str

    def in_(self, lang: str) -> str:
        """The text in `lang` ("en" or "zh")."""
        return self.zh if lang == "zh" else self.en


@dataclass(frozen=True)
class Finding:
    """One thing the import noticed.

    Attributes
    ----------
    level : str
        ``"info"`` (a choice was made), ``"warning"`` (look at it), ``"error"`` (results that use it will be wrong).
    code : str
        Short stable name of the kind of finding.
    file, column : str
        Where it was seen; empty where it does not apply.
    rows : tuple of int
        The first few spreadsheet rows (the header is row 1), empty where it does not apply.
    count : int or None
        How many rows or values it is about.
    message_en, message_zh : str
        What was seen.
    done_en, done_zh : str
        What was done about it.
    """

    level: str
    code: str
    file: str
    column: str
    rows: tuple[int, ...]
    count: int | None
    message_en: str
    message_zh: str
    done_en: str
    done_zh: str


@dataclass(frozen=True)
class ColumnReport:
    """How one column of one file was read.

    Attributes
    ----------
    header : str
        As written in the file.
    canonical : str
        The name it got; empty for an unused column.
    format : str
        The one format chosen for it (dates, money, numbers); empty for text.
    odd : int
        Cells that do not fit the format and were read as missing.
    missing : float
        Share of the rows read without a value, 0 to 1.
    """

    header: str
    canonical: str
    format: str
    odd: int
    missing: float


@dataclass(frozen=True)
class FileReport:
    """How one file was read. ``rows_read == rows_kept + sum(dropped.values())`` always holds."""

    name: str
    table: str
    encoding: str
    separator: str
    header_row: int
    rows_read: int
    rows_kept: int
    dropped: Mapping[str, int]
    columns: tuple[ColumnReport, ...]

    @property
    def mapping(self) -> dict[str, str]:
        """Header -> canonical name of the used columns."""
        return {column.header: column.canonical for column in self.columns if column.canonical}

    @property
    def unused(self) -> tuple[str, ...]:
        """Headers that were not used."""
        return tuple(column.header for column in self.columns if not column.canonical)


@dataclass(frozen=True)
class ImportReport:
    """What an import did, in English and Chinese.

    Attributes
    ----------
    findings : tuple of Finding
        Most serious first.
    files : tuple of FileReport
        One per file read.
    profile : str
        Name of the header profile that fitted best.
    as_of : datetime.date
        The date of the snapshot.
    date_range : tuple of datetime.date
        First and last date seen in the deals and activities.
    missing : mapping of (table, column) to float
        Share of rows without a value, 0 to 1, for every canonical column.
    zombies : int
        Open deals older than the longest closed cycle.
    zombie_cut_off_days : float or None
        That longest cycle, in days; ``None`` where too few deals closed to say.
    overdue : int
        Open deals whose expected closing date lies before `as_of`.
    cannot_tell : tuple of Sentence
        What these files cannot answer.
    """

    findings: tuple[Finding, ...]
    files: tuple[FileReport, ...]
    profile: str
    as_of: date
    date_range: tuple[date, date]
    missing: Mapping[tuple[str, str], float]
    zombies: int
    zombie_cut_off_days: float | None
    overdue: int
    cannot_tell: tuple[Sentence, ...] = field(default=())

    def of(self, code: str) -> tuple[Finding, ...]:
        """The findings of one kind, e.g. ``report.of("name_repaired")``."""
        return tuple(finding for finding in self.findings if finding.code == code)

    def to_frame(self) -> pd.DataFrame:
        """The findings as a table, one row each, columns as the attributes of `Finding`."""
        import pandas as pd

        names = list(Finding.__dataclass_fields__)
        return pd.DataFrame([[getattr(finding, name) for name in names] for finding in self.findings], columns=names)

    def to_text(self, lang: str = "en") -> str:
        """The whole report as text.

        Parameters
        ----------
        lang : {"en", "zh"}

        Raises
        ------
        CrmError
            If `lang` is another language.
        """
        checked_language(lang)
        word = {name: texts[lang] for name, texts in load_data("messages")["words"].items()}
        lines = [word["title"], ""]
        lines += self.head(lang)
        for file in self.files:
            lines += ["", *_file_lines(file, word)]
        lines += ["", f"{word['findings']} ({len(self.findings)})"]
        for finding in self.findings:
            chinese = lang == "zh"
            message, done = (finding.message_zh, finding.done_zh) if chinese else (finding.message_en, finding.done_en)
            lines.append(f"  [{word[finding.level]}] {_place(finding, word)}{message}")
            if done:
                lines.append(f"      -> {done}")
        lines += ["", word["missing"]]
        lines += [f"  {table}.{column}: {share:.1%}" for (table, column), share in self.missing.items() if share > 0]
        lines += ["", word["cannot_tell"]]
        lines += [f"  - {sentence.in_(lang)}" for sentence in self.cannot_tell]
        return "\n".join(lines)

    def to_html(self, lang: str = "en") -> str:
        """The whole report as a page that needs nothing else; see `salessim.crm.pages`."""
        from salessim.crm.pages import report_page

        return report_page(self, lang)

    def head(self, lang: str) -> list[str]:
        """The lines at the head of the report: snapshot, dates, profile, zombies, overdue deals."""
        word = {name: texts[lang] for name, texts in load_data("messages")["words"].items()}
        zombies = (
            word["too_few"]
            if self.zombie_cut_off_days is None
            else f"{self.zombies:,} (> {self.zombie_cut_off_days:,.0f} {word['days']})"
        )
        return [
            f"{word['as_of']}: {self.as_of.isoformat()}",
            f"{word['dates']}: {self.date_range[0].isoformat()} … {self.date_range[1].isoformat()}",
            f"{word['profile']}: {self.profile}",
            f"{word['zombies']}: {zombies}",
            f"{word['overdue']}: {self.overdue:,}",
        ]

    def __str__(self) -> str:
        return self.to_text("en")


def _place(finding: Finding, word: Mapping[str, str]) -> str:
    parts = [part for part in (finding.file, finding.column) if part]
    if finding.rows:
        parts.append(f"{word['row']} {', '.join(str(row) for row in finding.rows)}")
    return f"{', '.join(parts)}: " if parts else ""


def _file_lines(file: FileReport, word: Mapping[str, str]) -> list[str]:
    separator = {"\t": "tab"}.get(file.separator, file.separator)
    kept, dropped = f"{word['kept']} {file.rows_kept:,}", f"{word['dropped']} {sum(file.dropped.values()):,}"
    lines = [
        f"{file.name} -> {file.table or word['not_used']}",
        f"  {file.encoding} · {word['separator']} {separator} · {word['header_row']} {file.header_row}",
        f"  {word['read']} {file.rows_read:,} = {kept} + {dropped}",
    ]
    lines += [
        f"      {word.get('drop_' + reason, reason)}: {count:,}" for reason, count in file.dropped.items() if count
    ]
    for column in file.columns:
        if column.canonical:
            chosen = f" [{column.format}]" if column.format else ""
            lines.append(f"  {column.header} -> {column.canonical}{chosen}")
    if file.unused:
        lines.append(f"  {word['unused']}: {', '.join(file.unused)}")
    return lines


@lru_cache(maxsize=1)
def _templates() -> dict[str, dict[str, str]]:
    templates: dict[str, dict[str, str]] = load_data("messages")["findings"]
    return templates


class ReportBuilder:
    """Collects findings while an import runs; the texts come from ``profiles/messages.yaml``."""

    def __init__(self, *, private: bool = False) -> None:
        self._findings: list[Finding] = []
        self._private = private

    def add(
        self,
        code: str,
        *,
        file: str = "",
        column: str = "",
        rows: Iterable[int] = (),
        count: int | None = None,
        records: pd.DataFrame | None = None,
        **words: object,
    ) -> None:
        """Add a finding of kind `code`.

        Parameters
        ----------
        code : str
            Its name in ``profiles/messages.yaml``.
        file, column, rows, count
            As in `Finding`.
        records : pandas.DataFrame, optional
            The records it is about, with the columns ``_file`` and ``_row``; gives count, file and rows (where there
            are several files, those of the first).
        **words
            Fill the blanks of the texts, as `count` does.
        """
        template = _templates()[code]
        if records is not None:
            file, count = str(records["_file"].iloc[0]), len(records)
            rows = records.loc[records["_file"] == file, "_row"]
        blanks: dict[str, object] = {"count": count, **words}
        if self._private and code not in _NAMELESS:
            blanks |= {name: WITHHELD for name in ("words", "found", "read_as") if name in blanks}
        shown = tuple(int(row) for _, row in zip(range(SHOWN_ROWS), rows, strict=False))
        en, zh, done_en, done_zh = (
            template.get(name, "").format(**blanks) for name in ("en", "zh", "done_en", "done_zh")
        )
        self._findings.append(Finding(template["level"], code, file, column, shown, count, en, zh, done_en, done_zh))

    def findings(self) -> tuple[Finding, ...]:
        """All findings, most serious first, otherwise in the order they were made."""
        return tuple(sorted(self._findings, key=lambda finding: LEVELS.index(finding.level)))


def sentence(code: str) -> Sentence:
    """A sentence of the list "what these files cannot tell"."""
    texts = load_data("messages")["cannot_tell"][code]
    return Sentence(texts["en"], texts["zh"])
