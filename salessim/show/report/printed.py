"""A report as PDF: A4 pages drawn with matplotlib, with the fonts of the figures, so that both languages print."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.show.page import Page
from salessim.show.report.document import Cell, Document, Picture, Table, Text
from salessim.show.style import STYLE
from salessim.words import sentence

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["write_pdf"]

_WIDTH, _HEIGHT = 827, 1169  # A4 at 100 dots to the inch
_LEFT, _RIGHT, _TOP, _FOOT = 62.0, 765.0, 58.0, 1108.0
_SIZES = {"lead": 15.0, "plain": 11.5, "note": 10.0}
_TABLE, _PAD, _LEADING = 9.5, 9.0, 1.36
_LIST = 10.5
_MOST_MOVED = 420.0
_FINE = 2.0
_BLUE, _RULE, _HAIR = "#0072B2", "#8a8a8a", "#dfe2e5"


def write_pdf(document: Document, path: Path) -> None:
    """Write the report as a .pdf file."""
    from matplotlib.backends.backend_pdf import PdfPages

    sheets = _Sheets(document)
    sheets.draw()
    facts = {"Title": document.title, "Subject": document.question, "Creator": "salessim", "CreationDate": None}
    with PdfPages(path, metadata=facts) as pages:
        for page in sheets.finished():
            pages.savefig(page.figure)


class _Sheets:
    """Pages in the making: what does not fit goes on the next one."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.pages: list[Page] = []
        self.y = _TOP
        self._new()

    def _new(self) -> None:
        self.page = Page(_HEIGHT, _WIDTH)
        self.pages.append(self.page)
        self.y = _TOP

    def _room(self, height: float) -> None:
        if self.y + height > _FOOT and self.y > _TOP:
            self._new()

    def finished(self) -> list[Page]:
        """Number the pages and return them."""
        for n, page in enumerate(self.pages, 1):
            said = sentence("report page", self.document.language, n=n, all=len(self.pages))
            page.text(_RIGHT, _HEIGHT - 38, said, 9.5, STYLE["faint"], right=True)
            page.text(_LEFT, _HEIGHT - 38, page.wrapped(self.document.title, 9.5, _RIGHT - _LEFT - 120, 1)[0], 9.5,
                      STYLE["faint"])  # fmt: skip
        return self.pages

    def draw(self) -> None:
        """Draw everything."""
        document = self.document
        self._lines(document.title, 22.0)
        self.y += 4
        self._lines(document.question, 13.0)
        for line in document.agreed:
            self._lines(line, 11.5)
        self._lines(document.made, 10.0, STYLE["faint"])
        self.y += 8
        self._rule(self.y, _BLUE, 2.2)
        for section in document.sections:
            self._room(120.0)
            self.y += 24
            self._lines(section.title, 16.0)
            self._rule(self.y + 3, _HAIR)
            self.y += 14
            for block in section.blocks:
                if isinstance(block, Text):
                    if block.kind == "lead":
                        self._mark(block.text)
                    self._lines(block.text, _SIZES[block.kind], STYLE["faint"] if block.kind == "note" else None)
                    self.y += 7
                elif isinstance(block, Table):
                    self._table(block)
                else:
                    self._picture(block)

    def _lines(self, text: str, size: float, colour: str | None = None) -> None:
        for line in self.page.wrapped(text, size, _RIGHT - _LEFT):
            self._room(_LEADING * size)
            self.page.text(_LEFT, self.y, line, size, colour)
            self.y += _LEADING * size

    def _mark(self, text: str) -> None:
        """Draw a bar beside the answer, so that the eye finds it."""
        from matplotlib.lines import Line2D

        height = len(self.page.wrapped(text, _SIZES["lead"], _RIGHT - _LEFT)) * _LEADING * _SIZES["lead"]
        if self.y + height > _FOOT:
            self._new()
        x, ends = (_LEFT - 12.0) / _WIDTH, (1.0 - self.y / _HEIGHT, 1.0 - (self.y + height) / _HEIGHT)
        self.page.figure.add_artist(Line2D((x, x), ends, color=_BLUE, linewidth=3.0, linestyle="solid", marker="none"))

    def _rule(self, y: float, colour: str, width: float = 0.8) -> None:
        from matplotlib.lines import Line2D

        across, height = (_LEFT / _WIDTH, _RIGHT / _WIDTH), 1.0 - y / _HEIGHT
        self.page.figure.add_artist(
            Line2D(across, (height, height), color=colour, linewidth=width, linestyle="solid", marker="none")
        )

    # -------------------------------------------------------------------------------------------------------- tables

    def _table(self, table: Table) -> None:
        widths = self._columns(table)
        if not table.heads:
            self._list(table)
            return
        self._room(min(self._height(table, widths), _MOST_MOVED))
        if table.title:
            self._room(90.0)
            self.y += 6
            self._lines(table.title, 12.0)
            self.y += 4
        self._head(table, widths)
        for n, row in enumerate(table.rows):
            texts = [self.page.wrapped(cell.text, _TABLE, width - _PAD) or [""]
                     for cell, width in zip(row, widths, strict=True)]  # fmt: skip
            height = max(len(lines) for lines in texts) * _LEADING * _TABLE + 7
            if self.y + height > _FOOT:
                self._new()
                self._head(table, widths)
            if n in table.strong:
                self._rule(self.y - 3, _RULE, 1.2)
            ink = STYLE["ink"]
            self._row(texts, [place in table.text for place in range(len(row))], widths, ink)
            self.y += height
            self._rule(self.y - 3, _RULE if n in table.strong else _HAIR)
        self.y += 10

    def _list(self, table: Table) -> None:
        """Draw names and what belongs to them."""
        self._room(120.0)
        self.y += 6
        self._lines(table.head[-1], 12.0)
        self._rule(self.y + 1, _RULE, 1.2)
        self.y += 6
        first = max(self.page.wide(row[0].text, _LIST) for row in table.rows) + 2 * _PAD
        for row in table.rows:
            lines = self.page.wrapped(row[1].text, _LIST, _RIGHT - _LEFT - first)
            height = len(lines) * _LEADING * _LIST + 7
            self._room(height)
            self.page.text(_LEFT, self.y, row[0].text, _LIST, STYLE["faint"])
            for n, line in enumerate(lines):
                self.page.text(_LEFT + first, self.y + n * _LEADING * _LIST, line, _LIST)
            self.y += height
            self._rule(self.y - 3, _HAIR)
        self.y += 10

    def _height(self, table: Table, widths: list[float]) -> float:
        """Return about how high a table is: one that fits on the next page but not on this one goes there whole."""
        lines = 0
        for texts in ([Cell(text) for text in table.head], *table.rows):
            lines += max(len(self.page.wrapped(cell.text, _TABLE, width - _PAD))
                         for cell, width in zip(texts, widths, strict=True))  # fmt: skip
        return 45.0 + lines * _LEADING * _TABLE + 7.0 * (len(table.rows) + 1)

    def _head(self, table: Table, widths: list[float]) -> None:
        texts = [self.page.wrapped(text, _TABLE, width - _PAD) or [""]
                 for text, width in zip(table.head, widths, strict=True)]  # fmt: skip
        left = [place in table.text for place in range(len(texts))]
        self._row(texts, left, widths, STYLE["faint"])
        self.y += max(len(lines) for lines in texts) * _LEADING * _TABLE + 5
        self._rule(self.y - 2, _RULE, 1.2)
        self.y += 3

    def _row(self, texts: list[list[str]], left: list[bool], widths: list[float], ink: str) -> None:
        x = _LEFT
        for lines, to_left, width in zip(texts, left, widths, strict=True):
            for n, line in enumerate(lines):
                y = self.y + n * _LEADING * _TABLE
                if to_left:
                    self.page.text(x, y, line, _TABLE, ink)
                else:
                    self.page.text(x + width - _PAD, y, line, _TABLE, ink, right=True)
            x += width

    def _columns(self, table: Table) -> list[float]:
        """Share out the width: every column what its longest line takes; what is too much is taken from the widest."""
        count, total = len(table.head), _RIGHT - _LEFT
        wanted = []
        for place in range(count):
            body = max((self.page.wide(row[place].text, _TABLE) for row in table.rows), default=0.0)
            words = max((self.page.wide(word, _TABLE) for word in table.head[place].split()), default=0.0)
            wanted.append(max(body, words, min(self.page.wide(table.head[place], _TABLE), 90.0)) + _PAD + 1.0)
        while sum(wanted) > total + 1e-6:
            widest = max(wanted)
            at = [place for place, width in enumerate(wanted) if width > widest - 0.5]
            below = max((width for width in wanted if width <= widest - 0.5), default=0.0)
            cut = min(widest - below, (sum(wanted) - total) / len(at))
            for place in at:
                wanted[place] -= cut
        spare = total - sum(wanted)
        return [width + spare / count for width in wanted]

    # ------------------------------------------------------------------------------------------------------- pictures

    def _picture(self, block: Picture) -> None:
        import matplotlib.image as images

        pixels = images.imread(io.BytesIO(_png(block.figure)), format="png")
        height = (_RIGHT - _LEFT) * pixels.shape[0] / pixels.shape[1]
        self._room(height + 10)
        ax = self.page.axes(_LEFT, self.y, _RIGHT, self.y + height)
        ax.set_axis_off()
        ax.imshow(pixels, aspect="auto", interpolation="lanczos")
        self.y += height + 10


def _png(figure: Figure) -> bytes:
    store = io.BytesIO()
    figure.savefig(store, format="png", dpi=_FINE * STYLE["dots"])
    return store.getvalue()
