"""A report as one HTML page: everything in it, nothing fetched, every text escaped."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from salessim.show.report.document import Block, Cell, Document, Picture, Section, Table, Text
from salessim.show.style import STYLE
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["html_page"]

_FINE = 1.6  # dots per pixel of the page: sharp on paper and on fine screens
_WHOLE = 16  # rows of a table that paper keeps on one page
_LONG_WORD, _SHORT = 24, 18  # characters of a word that may be broken, of a cell that stays on one line
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#eef0f2;color:#1c1c1c;font:16px/1.55 "Segoe UI","Helvetica Neue",Arial,"Noto Sans",
"PingFang SC","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Micro Hei",sans-serif}
main{max-width:66rem;margin:0 auto;background:#fff;padding:3rem 3.5rem 4rem}
header{border-bottom:3px solid #0072B2;padding-bottom:1.1rem;margin-bottom:1.6rem}
h1{font-size:1.75rem;line-height:1.25;margin:0 0 .5rem;font-weight:600}
h2{font-size:1.3rem;margin:2.6rem 0 .7rem;font-weight:600;border-bottom:1px solid #d5d8db;padding-bottom:.3rem}
p{margin:.6rem 0;max-width:52rem}
.question{font-size:1.12rem;color:#333;margin:.2rem 0 .6rem}
.agreed{font-size:.95rem;color:#333;border-left:3px solid #c3c8cd;padding-left:.7rem}
.made{color:#585858;font-size:.88rem;margin:0}
.lead{font-size:1.22rem;line-height:1.45;font-weight:600;border-left:5px solid #0072B2;background:#f3f7fa;
padding:.9rem 1.2rem;margin:.6rem 0 1rem;max-width:none}
.note{color:#585858;font-size:.88rem}
table{border-collapse:collapse;width:100%;margin:.6rem 0 1rem;font-size:.9rem;font-variant-numeric:tabular-nums}
caption,summary{text-align:left;font-weight:600;padding:.5rem 0 .35rem;font-size:.98rem}
summary{cursor:pointer}
th,td{padding:.38rem .9rem .38rem 0;border-bottom:1px solid #e3e5e8;vertical-align:top;text-align:right}
th{font-weight:600;color:#444;vertical-align:bottom;border-bottom:1.5px solid #8a8a8a}
tbody th{font-weight:400;color:inherit;vertical-align:top;border-bottom:1px solid #e3e5e8}
th,td{min-width:4.4em}
.w{overflow-wrap:anywhere;min-width:9em}
.l{text-align:left}
.l:not(:first-child){padding-left:1rem}
.glance th{width:9.5rem;font-weight:600;color:#444;padding-right:1.2rem}
.glance td{text-align:left;max-width:none}
th:last-child,td:last-child{padding-right:0}
.n{white-space:nowrap}
.strong>*{font-weight:700;border-top:1.5px solid #8a8a8a}
figure{margin:1rem 0}
img{width:100%;height:auto;display:block;border:1px solid #e3e5e8}
.scroll{overflow-x:auto}
@media(max-width:50rem){main{padding:1.4rem 1.1rem}}
@media print{html{font-size:11.5px}body{background:#fff;font-size:1rem}main{max-width:none;padding:0}
h2,caption{break-after:avoid}.scroll{overflow:visible}figure,tr,.lead,.whole,.glance{break-inside:avoid}
details::details-content{content-visibility:visible}
h2{margin-top:1.6rem}figure{width:76%;margin:.6rem 0}
.lead,.glance td,thead th{print-color-adjust:exact}@page{size:A4;margin:13mm}}
""".replace("\n", "")


def html_page(document: Document) -> str:
    """Return the page. It loads nothing: a content policy in its head forbids it, and pictures are in it.

    Parameters
    ----------
    document : Document
    """
    language = "zh-CN" if document.language == "zh" else document.language
    body = "".join(_section(section, document.language) for section in document.sections)
    agreed = "".join(f'<p class="agreed">{escape(line)}</p>' for line in document.agreed)
    return (
        f'<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(document.title)}</title><style>{_STYLE}</style></head><body><main>"
        f'<header><h1>{escape(document.title)}</h1><p class="question">{_shown(document.question)}</p>'
        f"{agreed}"
        f'<p class="made">{escape(document.made)}</p></header>{body}</main></body></html>\n'
    )


def _section(section: Section, language: str) -> str:
    return (
        f"<section><h2>{escape(section.title)}</h2>{''.join(_block(b, language) for b in section.blocks)}</section>\n"
    )


def _block(block: Block, language: str) -> str:
    if isinstance(block, Text):
        kind = "" if block.kind == "plain" else f' class="{block.kind}"'
        return f"<p{kind}>{_shown(block.text)}</p>"
    if isinstance(block, Picture):
        data = base64.b64encode(_png(block.figure)).decode("ascii")
        return f'<figure><img alt="{escape(block.finding)}" src="data:image/png;base64,{data}"></figure>'
    return _table(block, language)


def _table(table: Table, language: str) -> str:
    head = "".join(
        _cell(Cell(text), place in table.text, "th", ' scope="col"') for place, text in enumerate(table.head)
    )
    rows = []
    for n, row in enumerate(table.rows):
        strong = ' class="strong"' if n in table.strong else ""
        cells = [_cell(cell, place in table.text, "td" if place else "th", "" if place else ' scope="row"')
                 for place, cell in enumerate(row)]  # fmt: skip
        rows.append(f"<tr{strong}>{''.join(cells)}</tr>")
    inner = f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    if not table.heads:
        title = f"<caption>{escape(table.head[-1])}</caption>"
        return f'<table class="glance">{title}<tbody>{"".join(rows)}</tbody></table>'
    if table.folded:
        title = sentence("report fold", language, title=table.title, n=len(table.rows))
        return f'<details><summary>{escape(title)}</summary><div class="scroll"><table>{inner}</table></div></details>'
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    whole = ' class="whole"' if len(table.rows) <= _WHOLE else ""
    return f'<div class="scroll"><table{whole}>{caption}{inner}</table></div>'


def _cell(cell: Cell, left: bool, tag: str, more: str) -> str:
    kinds = ["l"] if left else []
    if max(map(len, cell.text.split()), default=0) > _LONG_WORD and cell.text.isascii():
        kinds.append("w")  # a name without spaces must not push the figures off the page
    elif cell.value is not None or (tag == "td" and len(cell.text) <= _SHORT):
        kinds.append("n")
    named = f' class="{" ".join(kinds)}"' if kinds else ""
    return f"<{tag}{named}{more}>{_shown(cell.text)}</{tag}>"


def _shown(text: str) -> str:
    """Return text for the page: escaped, and no line ends between a figure and what belongs to it."""
    return escape(text).replace(" %", "\u00a0%").replace(" ± ", "\u00a0±\u00a0")


def _png(figure: Figure) -> bytes:
    store = io.BytesIO()
    figure.savefig(store, format="png", dpi=_FINE * STYLE["dots"], pil_kwargs={"compress_level": 9})
    return store.getvalue()
