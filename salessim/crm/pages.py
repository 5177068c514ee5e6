"""The import report as a page of HTML: one file, no script, nothing loaded from elsewhere, every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from salessim.crm.profiles import load_data

if TYPE_CHECKING:
    from salessim.crm.report import FileReport, ImportReport

__all__ = ["report_page"]

_STYLE = (
    "body{font:15px/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;max-width:70em;margin:2em auto;"
    "padding:0 1em;color:#222}table{border-collapse:collapse;margin:.5em 0 1.5em}td,th{border-bottom:1px solid #ddd;"
    "padding:.3em .8em;text-align:left;vertical-align:top}h1{font-size:1.5em}h2{font-size:1.15em;margin-top:2em}"
    ".error{color:#b00020}.warning{color:#8a5a00}.info{color:#555}.done{color:#555}"
)


def report_page(report: ImportReport, lang: str) -> str:
    """The page.

    Parameters
    ----------
    report : ImportReport
    lang : {"en", "zh"}

    Raises
    ------
    CrmError
        If `lang` is another language.
    """
    from salessim.crm.report import checked_language

    checked_language(lang)
    word = {name: texts[lang] for name, texts in load_data("messages")["words"].items()}
    parts = [
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8"><title>{escape(word["title"])}</title>',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<style>{_STYLE}</style></head><body><h1>{escape(word['title'])}</h1>",
        _rows(line.split(": ", 1) for line in report.head(lang)),
    ]
    for file in report.files:
        parts.append(_file(file, word))
    parts.append(f"<h2>{escape(word['findings'])} ({len(report.findings)})</h2><table>")
    for finding in report.findings:
        message, done = (finding.message_zh, finding.done_zh) if lang == "zh" else (finding.message_en, finding.done_en)
        place = ", ".join(part for part in (finding.file, finding.column) if part)
        rows = f"{word['row']} {', '.join(map(str, finding.rows))}" if finding.rows else ""
        parts.append(
            f'<tr><td class="{finding.level}">{escape(word[finding.level])}</td><td>{escape(place)}<br>{escape(rows)}'
            f'</td><td>{escape(message)}<br><span class="done">{escape(done)}</span></td></tr>'
        )
    parts.append(f"</table><h2>{escape(word['missing'])}</h2>")
    parts.append(
        _rows((f"{table}.{column}", f"{share:.1%}") for (table, column), share in report.missing.items() if share > 0)
    )
    items = "".join(f"<li>{escape(sentence.in_(lang))}</li>" for sentence in report.cannot_tell)
    parts.append(f"<h2>{escape(word['cannot_tell'])}</h2><ul>{items}</ul></body></html>")
    return "\n".join(parts)


def _file(file: FileReport, word: Mapping[str, str]) -> str:
    separator = {"\t": "tab"}.get(file.separator, file.separator)
    how = [file.encoding, *([f"{word['separator']} {separator}"] if separator else [])]
    dropped = "; ".join(
        f"{word.get('drop_' + reason, reason)} {count:,}" for reason, count in file.dropped.items() if count
    )
    lost = sum(file.dropped.values())
    counted = f"{word['read']} {file.rows_read:,} = {word['kept']} {file.rows_kept:,} + {word['dropped']} {lost:,}"
    columns = _rows((column.header, column.canonical, column.format) for column in file.columns if column.canonical)
    unused = f"<p>{escape(word['unused'])}: {escape(', '.join(file.unused))}</p>" if file.unused else ""
    return (
        f"<h2>{escape(file.name)} → {escape(file.table or word['not_used'])}</h2><p>{escape(' · '.join(how))}<br>"
        f"{escape(counted)}{escape(f' ({dropped})' if dropped else '')}</p>{columns}{unused}"
    )


def _rows(rows: Iterable[Iterable[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table>{body}</table>"
