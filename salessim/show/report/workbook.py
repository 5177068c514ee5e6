"""A report as an Excel workbook: a sheet per section, figures as numbers, text never as a formula."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from salessim.show.report.document import Cell, Document, Picture, Table, Text
from salessim.show.style import STYLE

if TYPE_CHECKING:
    from openpyxl.cell import Cell as ExcelCell
    from openpyxl.cell import MergedCell
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["write_workbook"]

_WIDEST, _NARROWEST = 60, 12
_FORBIDDEN = str.maketrans({char: " " for char in "[]:*?/\\"})


def write_workbook(document: Document, path: Path) -> None:
    """Write the report as an .xlsx file."""
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    book.properties.title = document.title
    sheet = book.worksheets[0]
    for place, section in enumerate(document.sections):
        sheet = book.worksheets[0] if place == 0 else book.create_sheet()
        sheet.title = section.short.translate(_FORBIDDEN)[:31]
        sheet.sheet_view.showGridLines = False
        row = 1
        if place == 0:
            for text, font in ((document.title, Font(bold=True, size=16)), (document.question, Font(size=12)),
                               *((line, Font(size=11)) for line in document.agreed),
                               (document.made, Font(color="585858"))):  # fmt: skip
                _write(sheet, row, 1, Cell(text)).font = font
                row += 1
            row += 1
        _write(sheet, row, 1, Cell(section.title)).font = Font(bold=True, size=14)
        row += 2
        for block in section.blocks:
            if isinstance(block, Text):
                _write(sheet, row, 1, Cell(block.text)).font = Font(bold=block.kind == "lead")
                row += 2
            elif isinstance(block, Table):
                row = _table(sheet, row, block)
            else:
                row = _picture(sheet, row, block)
        _widths(sheet, section.blocks)
    book.save(path)


def _write(sheet: Worksheet, row: int, column: int, cell: Cell) -> ExcelCell | MergedCell:
    """Write one cell. A text that begins like a formula stays a text, also when somebody edits the cell."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment

    there = sheet.cell(row, column)
    if cell.value is not None:
        there.value = cell.value
        there.number_format = cell.form
        return there
    there.value = ILLEGAL_CHARACTERS_RE.sub(" ", cell.text)
    there.data_type = "s"
    there.quotePrefix = cell.text[:1] in "=+-@"
    there.alignment = Alignment(vertical="top")
    return there


def _table(sheet: Worksheet, row: int, table: Table) -> int:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side

    if table.title:
        _write(sheet, row, 1, Cell(table.title)).font = Font(bold=True)
        row += 1
    for column, text in enumerate(table.head, 1):  # also of a list of names: its last head is its title
        there = _write(sheet, row, column, Cell(text))
        there.font, there.fill = Font(bold=True), PatternFill("solid", fgColor="E6EEF4")
        there.alignment = Alignment(wrap_text=True, vertical="bottom")
    for n, cells in enumerate(table.rows):
        row += 1
        for column, cell in enumerate(cells, 1):
            there = _write(sheet, row, column, cell)
            if cell.value is None:
                there.alignment = Alignment(wrap_text=True, vertical="top")
            if n in table.strong:
                there.font, there.border = Font(bold=True), Border(top=Side("thin"))
    return row + 3


def _picture(sheet: Worksheet, row: int, block: Picture) -> int:
    from openpyxl.drawing.image import Image

    store = io.BytesIO()
    block.figure.savefig(store, format="png", dpi=STYLE["dots"], pil_kwargs={"compress_level": 9})
    image = Image(store)
    sheet.add_image(image, f"A{row}")
    row += int(image.height / 20) + 2
    _write(sheet, row, 1, Cell(block.finding))
    return row + 3


def _widths(sheet: Worksheet, blocks: tuple[object, ...]) -> None:
    """Make each column as wide as its longest cell, within reason; long text wraps in the cells of tables."""
    from openpyxl.utils import get_column_letter

    widest: dict[int, int] = {}
    for block in blocks:
        if isinstance(block, Table):
            for cells in block.rows:
                for column, cell in enumerate(cells, 1):
                    size = sum(2 if ord(char) > 0x2E7F else 1 for char in cell.text)
                    widest[column] = max(widest.get(column, _NARROWEST), min(size + 2, _WIDEST))
    for column, width in widest.items():
        sheet.column_dimensions[get_column_letter(column)].width = width
