"""Excel workbooks: one sheet for each table, read row by row."""

from __future__ import annotations

import io
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from base.errors import BadInput, Problem
from base.i18n import N_
from base.located import nearest
from registry.records import Records
from registry.tables import TABLES, TableReader, check_headings, heading_of
from registry.values import shown

MAX_UNPACKED = 1_000 * 2**20
MAX_PARTS = 1_000
#: Real sheets shrink to a tenth; more than a hundredth is a bomb.
MAX_RATIO = 100
_SMALL = 2**20
#: Excel's own limit, and more cells a row than any table has columns.
MAX_ROWS = 1_048_576
MAX_CELLS = 200
_STEP = 2_000


def read_xlsx(
    content: bytes, records: Records, progress: Callable[[int, int], None]
) -> list[Problem]:
    """Read all sheets into ``records``; gives all that is wrong with them.

    Arguments:
        progress: is told how many of how many rows are read.

    Raises:
        BadInput: it is no workbook, or one that unpacks to far more than it is.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - large, and seldom needed

    _guard(content)
    problems: list[Problem] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions that are not read
        try:
            book = load_workbook(
                io.BytesIO(content), read_only=True, data_only=True, keep_links=False
            )
            try:
                sheets = book.worksheets
                total = sum(min(sheet.max_row or 0, MAX_ROWS) for sheet in sheets)
                done = 0
                for sheet in sheets:
                    for _ in _sheet(sheet, records, problems):
                        done += 1
                        if done % _STEP == 0:
                            progress(done, max(total, done))
            finally:
                book.close()
        except (BadInput, MemoryError):
            raise
        except Exception:  # noqa: BLE001 - the reader raises anything at all on a damaged workbook
            raise BadInput(
                N_("The workbook cannot be read; it may be damaged. Save it once more as XLSX.")
            ) from None
    if not len(records) and not problems:
        raise BadInput(N_("The file is empty."))
    return problems


def _sheet(sheet: Any, records: Records, problems: list[Problem]) -> Iterator[None]:
    name = sheet.title.strip().lower()
    reader: TableReader | None = None
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_row=MAX_ROWS), start=1):
        yield
        cells = _trimmed(row)
        if not cells:
            continue
        where = f"{name}, row {number}"
        if len(cells) > MAX_CELLS:
            problems.append(Problem(where=where, message=N_("This row has too many cells.")))
            return
        if reader is None:
            if name not in TABLES:
                problems.append(
                    Problem(
                        where=shown(sheet.title),
                        message=N_("No sheet is called so{hint}. Sheets are: {names}."),
                        values={"hint": nearest(name, TABLES), "names": list(TABLES)},
                    )
                )  # fmt: skip
                return
            headings = [heading_of(cell) for cell in cells]
            wrong = check_headings(name, headings, where)
            problems += wrong
            if wrong:
                return
            reader = TableReader(name, headings, records)
            reader.problems = problems
            continue
        reader.row(where, cells)


def _trimmed(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row without the empty cells at its end."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _guard(content: bytes) -> None:
    """Refuse what would unpack to too much, before anything is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            parts = book.infolist()
            total = sum(part.file_size for part in parts)
            bomb = total > MAX_UNPACKED or len(parts) > MAX_PARTS
            for part in parts:
                bomb |= part.file_size > max(_SMALL, MAX_RATIO * part.compress_size)
            if bomb:
                raise BadInput(
                    N_("The workbook unpacks to far more than it seems. Save it as CSV instead.")
                )
            for part in parts:
                with book.open(part) as stream:
                    # Declarations of entities are how little XML becomes much; Excel writes none.
                    if b"<!DOCTYPE" in stream.read(4096):
                        raise BadInput(N_("The workbook holds what Excel does not write."))
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, EOFError):
        raise BadInput(N_("The file is no workbook. Save it as XLSX.")) from None
    except NotImplementedError:
        raise BadInput(N_("The file is no workbook. Save it as XLSX.")) from None
