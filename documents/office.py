"""Documents of word processors and their like: zip files that may hold too much, or programs."""

from __future__ import annotations

import io
import lzma
import struct
import zipfile
import zlib

from base.errors import BadFile
from base.i18n import N_

MAX_ENTRIES = 2_000
#: What a document may take unpacked. Real ones of 10 MB stay well below it.
MAX_UNPACKED = 200 * 2**20
#: A larger entry that shrank more than this is no text: a bomb.
MAX_RATIO = 200
_SMALL = 2**20
_CHUNK = 2**18

#: The part without which a document is not of its kind.
_MAIN = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
}
_PROGRAM_PARTS = ("vbaproject.bin", "vbadata.xml", ".exe", ".dll", ".js", ".vbs", ".scr", ".bat")
_MACRO_FOLDERS = ("basic/", "scripts/")
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError,
    OSError, ValueError, struct.error, KeyError, IndexError,
)  # fmt: skip


def check_office(content: bytes, kind: str, content_type: str) -> None:
    """Read a document through, part by part, holding little of it.

    Arguments:
        kind: docx, xlsx, pptx, odt, ods or odp.
        content_type: what an OpenDocument file says it is, first thing.

    Raises:
        BadFile: it is damaged, not of this kind, protected, holds macros or programs, or would
            unpack to far more than it is.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as document:
            _check_parts(document)
            _check_kind(document, kind, content_type)
            _unpack(document)
    except _BROKEN:
        raise BadFile(
            N_("The document cannot be read; it may be damaged. Save it once more as {kind}."),
            kind=kind.upper(),
        ) from None


def _check_parts(document: zipfile.ZipFile) -> None:
    parts = document.infolist()
    if len(parts) > MAX_ENTRIES or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _bomb()
    for part in parts:
        name = part.filename.replace("\\", "/").lower()
        if part.flag_bits & 1:
            raise _protected()
        if name.startswith("/") or ".." in name.split("/"):
            raise BadFile(N_("The document holds parts that lead out of it. Save it once more."))
        if name.endswith(_PROGRAM_PARTS) or name.startswith(_MACRO_FOLDERS) or "/activex/" in name:
            raise BadFile(
                N_("The document holds macros or programs. Save it without them, or as PDF.")
            )
        if "/embeddings/" in name and name.endswith(".bin"):
            raise BadFile(
                N_("The document holds another file inside. Save it as PDF and add that.")
            )


def _check_kind(document: zipfile.ZipFile, kind: str, content_type: str) -> None:
    names = set(document.namelist())
    if kind in _MAIN:
        right = {_MAIN[kind], "[Content_Types].xml"} <= names
    else:
        right = (
            {"mimetype", "content.xml"} <= names
            and document.getinfo("mimetype").file_size < 200
            and document.read("mimetype").decode("ascii").strip() == content_type
        )
        # OpenDocument locks its parts one by one and says so in the manifest only.
        if right and b"encryption-data" in _small(document, "META-INF/manifest.xml"):
            raise _protected()
    if not right:
        raise BadFile(
            N_("The name ends in .{ending}, but this is no {kind} file. "
               "Save it as {kind} and add it again."),
            ending=kind, kind=kind.upper(),
        )  # fmt: skip


def _small(document: zipfile.ZipFile, name: str) -> bytes:
    """The part called ``name``; empty if there is none or if it is no small one."""
    if name not in document.namelist() or document.getinfo(name).file_size >= _SMALL:
        return b""
    return document.read(name)


def _unpack(document: zipfile.ZipFile) -> None:
    """Read all parts: each is of its declared size, its checksum fits, and none is a bomb."""
    total = 0
    for part in document.infolist():
        size = 0
        with document.open(part) as stream:
            while chunk := stream.read(_CHUNK):
                size += len(chunk)
                shrunk = size > MAX_RATIO * max(part.compress_size, 1)
                if total + size > MAX_UNPACKED or (size > _SMALL and shrunk):
                    raise _bomb()
        total += size


def _bomb() -> BadFile:
    return BadFile(
        N_("The document unpacks to far more than it seems. Save it as PDF and add that.")
    )


def _protected() -> BadFile:
    return BadFile(
        N_("The document is protected with a password, so your NSO cannot read it. "
           "Save it without a password.")
    )  # fmt: skip
