"""CSV files, as the spreadsheets of Europe write them: with commas, semicolons or tabs."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable

from base.errors import BadInput, Problem
from base.i18n import N_
from registry.records import Records
from registry.tables import TableReader, check_headings, heading_of, table_of

#: More cells than any table has columns.
MAX_CELLS = 200
_STEP = 2_000


def read_csv(
    content: bytes, records: Records, progress: Callable[[int, int], None]
) -> list[Problem]:
    """Read one table into ``records``; gives all that is wrong with it.

    Arguments:
        progress: is told how many of how many characters are read.

    Raises:
        BadInput: it is no CSV file, or none of the tables of an import.
    """
    text = _text(content)
    first_line = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(",;\t", key=first_line.count)
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    number, reader = 0, None
    try:
        for cells in rows:
            number += 1
            if reader is None:
                if not any(cell.strip() for cell in cells):
                    continue
                reader = _reader(cells, number, records)
                if reader.problems:
                    return reader.problems
                continue
            reader.row(f"row {number}", cells[:MAX_CELLS])
            if number % _STEP == 0:
                progress(lines.done, len(text))
    except csv.Error:
        raise BadInput(
            N_("Row {number} cannot be read: a quotation mark is missing or a cell is too long."),
            number=number + 1,
        ) from None
    if reader is None:
        raise BadInput(N_("The file is empty."))
    return reader.problems


class _Lines:
    """The lines of a text, counting the characters given."""

    def __init__(self, text: str) -> None:
        self._lines = io.StringIO(text, newline="")
        self.done = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        self.done += len(line)
        return line


def _text(content: bytes) -> str:
    """The text of a file: UTF-8, or UTF-16 where its first bytes say so."""
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            N_("The file is not in UTF-8 (line {line}). Save it as “CSV UTF-8”."),
            line=content[: error.start].count(b"\n") + 1,
        ) from None


def _reader(cells: list[str], number: int, records: Records) -> TableReader:
    headings = [heading_of(cell) for cell in cells[:MAX_CELLS]]
    table = table_of(headings)
    if table is None:
        raise BadInput(
            N_("The first row names no table of an import. docs/import.md lists the columns."),
        )
    problems = check_headings(table, headings, f"row {number}")
    reader = TableReader(table, [] if problems else headings, records)
    reader.problems += problems
    return reader
