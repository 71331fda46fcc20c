"""Evidence that is uploaded: what is let in, and in which form it is kept.

A file is judged by its name's ending, by its first bytes and by reading it; all three must agree.
Photos are written anew, so that what is kept is a picture and nothing else. See
``docs/decisions/0401-evidence-files.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import puremagic

from base.canonical import sha256
from base.errors import BadFile
from base.i18n import N_
from documents.images import clean_jpeg, clean_png
from documents.names import check_url, safe_name
from documents.office import check_office

__all__ = ["MAX_BYTES", "Checked", "check_upload", "check_url"]

MEGABYTE = 2**20
#: "tot 10MB" (002_7da36b1a3396e4d1.txt, step 3): taken as 10 x 2^20 bytes, itself included.
MAX_BYTES = 10 * MEGABYTE

#: How programs begin: they are named as such, whatever the file is called.
_PROGRAMS = (
    b"MZ", b"\x7fELF", b"#!", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe", b"\xcf\xfa\xed\xfe", b"\x00asm", b"<?php", b"@echo off",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A file that was let in, as it is to be kept."""

    #: What is kept; for photos not what was sent but the same picture, written anew.
    content: bytes
    content_type: str
    #: Without a dot: pdf.
    extension: str
    #: Of ``content``.
    sha256: str
    #: Of ``content``, in bytes.
    size: int
    safe_name: str


@dataclass(frozen=True, kw_only=True)
class _Kind:
    extensions: tuple[str, ...]
    content_type: str
    #: How such a file begins.
    signature: bytes
    #: Reads the content; gives what is kept, raises BadFile.
    read: Callable[[bytes], bytes]


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OASIS = "application/vnd.oasis.opendocument."


def _office(kind: str, content_type: str) -> _Kind:
    def read(content: bytes) -> bytes:
        check_office(content, kind, content_type)
        return content

    return _Kind(extensions=(kind,), content_type=content_type, signature=b"PK\x03\x04", read=read)


def _pdf(content: bytes) -> bytes:
    from documents.pdf_files import check_pdf  # noqa: PLC0415 - pypdf is large: once a file comes

    return check_pdf(content)


_KINDS = {
    "pdf": _Kind(
        extensions=("pdf",), content_type="application/pdf", signature=b"%PDF-", read=_pdf
    ),
    "jpg": _Kind(
        extensions=("jpg", "jpeg"), content_type="image/jpeg", signature=b"\xff\xd8\xff",
        read=clean_jpeg,
    ),
    "png": _Kind(
        extensions=("png",), content_type="image/png", signature=b"\x89PNG\r\n\x1a\n",
        read=clean_png,
    ),
    "docx": _office("docx", f"{_OFFICE}wordprocessingml.document"),
    "xlsx": _office("xlsx", f"{_OFFICE}spreadsheetml.sheet"),
    "pptx": _office("pptx", f"{_OFFICE}presentationml.presentation"),
    "odt": _office("odt", f"{_OASIS}text"),
    "ods": _office("ods", f"{_OASIS}spreadsheet"),
    "odp": _office("odp", f"{_OASIS}presentation"),
}  # fmt: skip

#: What a process file may accept.
KINDS = tuple(_KINDS)


def check_upload(
    file_name: str,
    content: bytes | BinaryIO,
    accept: Sequence[str],
    max_bytes: int = MAX_BYTES,
) -> Checked:
    """Let a file in, or refuse it.

    Arguments:
        file_name: as the sender named it.
        content: the bytes, or a stream of which at most one byte more than the limit is read.
        accept: the kinds that are let in here, of :data:`KINDS`.
        max_bytes: the largest size that is let in.

    Raises:
        BadFile: it is refused; the sentence says why and what would be right.
        ValueError: ``accept`` names a kind that does not exist.
    """
    unknown = [kind for kind in accept if kind not in _KINDS]
    if unknown:
        message = f"no such kind of file: {', '.join(unknown)}"
        raise ValueError(message)
    name = safe_name(file_name)
    data = content if isinstance(content, bytes) else content.read(max_bytes + 1)
    _check_size(data, max_bytes)
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    kind = next((_KINDS[kind] for kind in accept if ending in _KINDS[kind].extensions), None)
    if kind is None:
        raise BadFile(
            N_("This kind of file cannot be added here. Use one of: {kinds}."),
            kinds=[one.upper() for one in accept],
        )
    _check_signature(data, kind, ending)
    kept = kind.read(data)
    return Checked(
        content=kept, content_type=kind.content_type, extension=kind.extensions[0],
        sha256=sha256(kept), size=len(kept), safe_name=name,
    )  # fmt: skip


def _check_size(data: bytes, max_bytes: int) -> None:
    if not data:
        raise BadFile(N_("The file is empty. Choose the file once more."))
    if len(data) > max_bytes:
        raise BadFile(
            N_("The file is larger than {limit} MB. Make it smaller, or split it in two."),
            limit=max_bytes // MEGABYTE,
        )


def _check_signature(data: bytes, kind: _Kind, ending: str) -> None:
    if data.startswith(kind.signature):
        return
    if data[:16].lower().startswith(tuple(start.lower() for start in _PROGRAMS)):
        raise BadFile(
            N_("This is a program, although its name ends in .{ending}. Programs are refused."),
            ending=ending,
        )
    found = _ending_of(data)
    if found:
        raise BadFile(
            N_("The name ends in .{ending}, but the file looks like .{found}. "
               "Save it as {kind} and add it again."),
            ending=ending, found=found, kind=kind.extensions[0].upper(),
        )  # fmt: skip
    raise BadFile(
        N_("The name ends in .{ending}, but this is no {kind} file. "
           "Save it as {kind} and add it again."),
        ending=ending, kind=kind.extensions[0].upper(),
    )  # fmt: skip


def _ending_of(data: bytes) -> str:
    """What the content looks like, as a file ending; empty where that is not clear."""
    try:
        return str(puremagic.from_string(data[:65536])).removeprefix(".")
    except (puremagic.PureError, ValueError):
        return ""
