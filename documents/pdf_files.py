"""PDF files that come in: readable by a reviewer, and nothing that acts by itself."""

from __future__ import annotations

import io
import logging
import re
import struct
import zlib
from collections.abc import Iterator
from typing import Any

from pypdf import PdfReader
from pypdf.errors import DependencyError, PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, PdfObject

from base.errors import BadFile
from base.i18n import N_

#: More objects than this take seconds to look through; a scan or a printed file has far fewer.
MAX_OBJECTS = 50_000
#: Actions that start something; a link to a page or an address does not.
_ACTS = {"/JavaScript", "/Launch", "/ImportData", "/SubmitForm", "/Rendition", "/RichMediaExecute"}
_HOLDS = {"/JavaScript", "/JS", "/EmbeddedFiles", "/EF", "/RichMediaContent", "/XFA"}
_START = re.compile(rb"%PDF-[12]\.\d")
_BROKEN = (
    PyPdfError, OSError, ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError,
    AssertionError, ArithmeticError, NotImplementedError, MemoryError, struct.error, zlib.error,
    RecursionError,
)  # fmt: skip


def check_pdf(content: bytes) -> bytes:
    """``content`` itself, if it is a PDF file that can be read and does nothing by itself.

    Raises:
        BadFile: it is damaged, has no pages, is locked with a password, or holds programs,
            attachments or forms that act.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what it mends it need not tell
    if not _START.match(content):
        raise _damaged()
    try:
        reader = PdfReader(io.BytesIO(content), strict=False)
        if reader.is_encrypted:
            raise _protected()
        if len(reader.pages) < 1:
            raise _damaged()
        acts = any(_acts(found) for found in _objects(reader))
    except DependencyError:  # the newer kinds of encryption need more than pypdf to try them
        raise _protected() from None
    except _BROKEN:
        raise _damaged() from None
    if acts:
        raise BadFile(
            N_("The PDF holds a script, a form or another file inside. "
               "Print it to PDF and add the new file.")
        )  # fmt: skip
    return content


def _objects(reader: PdfReader) -> Iterator[PdfObject]:
    """Every object of the file, whether a page leads to it or not."""
    numbers = {
        (number, generation)
        for generation, places in reader.xref.items()
        for number in places
    }  # fmt: skip
    numbers |= {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MAX_OBJECTS:
        raise BadFile(N_("The PDF is too complex. Print it to PDF and add the new file."))
    yield reader.trailer
    for number, generation in sorted(numbers):
        try:
            found = reader.get_object(IndirectObject(number, generation, reader))
        except PyPdfError:
            continue  # an entry that leads nowhere is common, and harmless
        if found is not None:
            yield found


def _acts(found: Any, depth: int = 0) -> bool:
    """Whether an object, or one written inside it, starts or holds a program or a file."""
    if depth > 50:
        return True
    if isinstance(found, DictionaryObject):
        if found.raw_get("/S") in _ACTS if "/S" in found else False:
            return True
        if any(key in _HOLDS and _filled(found, key) for key in found):
            return True
        inside: list[Any] = [found.raw_get(key) for key in found]
    elif isinstance(found, ArrayObject):
        inside = list(list.__iter__(found))
    else:
        return False
    return any(
        _acts(one, depth + 1) for one in inside if isinstance(one, DictionaryObject | ArrayObject)
    )


def _filled(holder: DictionaryObject, key: str) -> bool:
    """Whether there is something under ``key``: writers leave empty trees of names behind."""
    value = holder.raw_get(key)
    if isinstance(value, IndirectObject):
        value = value.get_object()
    if isinstance(value, DictionaryObject) and key in {"/EmbeddedFiles", "/JavaScript"}:
        return bool(value.get("/Names")) or bool(value.get("/Kids"))
    return value is not None


def _protected() -> BadFile:
    return BadFile(
        N_("The PDF is protected with a password or against changes, so it cannot be checked. "
           "Print it to PDF and add the new file.")
    )  # fmt: skip


def _damaged() -> BadFile:
    return BadFile(N_("The PDF cannot be read; the file may be damaged. Save it once more as PDF."))
