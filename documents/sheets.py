"""Tables as files for a spreadsheet: CSV and XLSX, in which no text can become a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

#: A cell is a text, a number, a day, or nothing.
Cell = str | int | date | None

#: What a spreadsheet takes for the beginning of a formula.
_FORMULA = re.compile(r"^[\s]*[=+\-@\t\r]")
#: What a cell of XLSX cannot hold.
_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def plain(text: str) -> str:
    """``text`` so that a spreadsheet shows it and does not reckon it: behind an apostrophe."""
    text = _ODD.sub("", text)
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """A table as CSV (RFC 4180, UTF-8 with the mark by which spreadsheets know it)."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([plain(one) for one in head])
    for row in rows:
        writer.writerow([_in_csv(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _in_csv(cell: Cell) -> str | int:
    if isinstance(cell, date):
        return cell.isoformat()
    return plain(cell) if isinstance(cell, str) else "" if cell is None else cell


def as_xlsx(head: Sequence[str], rows: Iterable[Sequence[Cell]], *, title: str) -> bytes:
    """A table as XLSX, with one sheet.

    Arguments:
        title: of the sheet.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", title)[:31] or "1")
    sheet.freeze_panes = "A2"
    first = []
    for text in head:
        cell = WriteOnlyCell(sheet, value=plain(text))
        cell.font = Font(bold=True)
        first.append(cell)
    sheet.append(first)
    for row in rows:
        sheet.append([_in_xlsx(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _in_xlsx(cell: Cell) -> Cell:
    if isinstance(cell, datetime):
        return cell.isoformat()
    return plain(cell)[:32_767] if isinstance(cell, str) else cell
