"""Files to upload, good and bad, made on the spot."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, NumberObject, TextStringObject


def jpeg(size: tuple[int, int] = (40, 20), **options: Any) -> bytes:
    """A photo: red at the left, blue at the right."""
    picture = Image.new("RGB", size, "red")
    picture.paste("blue", (size[0] // 2, 0, *size))
    kept = io.BytesIO()
    picture.save(kept, "JPEG", quality=95, **options)
    return kept.getvalue()


def png(mode: str = "RGBA") -> bytes:
    """A small picture."""
    kept = io.BytesIO()
    Image.new(mode, (20, 10)).save(kept, "PNG")
    return kept.getvalue()


def pdf(*, password: str = "", script: str = "", attachment: bytes = b"") -> bytes:
    """A PDF file of one empty page."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    if script:
        action = DictionaryObject(
            {
                NameObject("/S"): NameObject("/JavaScript"),
                NameObject("/JS"): TextStringObject(script),
            }
        )
        writer.root_object[NameObject("/OpenAction")] = action
    if attachment:
        writer.add_attachment("a.exe", attachment)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


def pdf_with_action(kind: str) -> bytes:
    """A PDF file with an annotation that does something of ``kind`` when it is clicked."""
    writer = PdfWriter()
    page = writer.add_blank_page(200, 200)
    action = DictionaryObject(
        {NameObject("/S"): NameObject(kind), NameObject("/F"): TextStringObject("a")}
    )
    note = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Annot"),
            NameObject("/Subtype"): NameObject("/Link"),
            NameObject("/F"): NumberObject(4),
            NameObject("/A"): action,
        }
    )
    writer.add_annotation(page, note)
    kept = io.BytesIO()
    writer.write(kept)
    return kept.getvalue()


def zipped(parts: Mapping[str, bytes]) -> bytes:
    """A zip file."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return kept.getvalue()


def docx(more: Mapping[str, bytes] | None = None) -> bytes:
    """A document of a word processor."""
    parts = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<document/>"}
    return zipped(parts | dict(more or {}))


def odt(more: Mapping[str, bytes] | None = None) -> bytes:
    """The same as OpenDocument."""
    parts = {
        "mimetype": b"application/vnd.oasis.opendocument.text",
        "content.xml": b"<document/>",
        "META-INF/manifest.xml": b"<manifest/>",
    }
    return zipped(parts | dict(more or {}))


def pdf_locked_with_aes() -> bytes:
    """A PDF file that says it is encrypted as PDF 2.0 has it."""
    key, long_key = b"00" * 32, b"00" * 48
    return (
        b"%PDF-1.7\n1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj\n"
        b"2 0 obj <</Type /Pages /Kids [3 0 R] /Count 1>> endobj\n"
        b"3 0 obj <</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>> endobj\n"
        b"4 0 obj <</Filter /Standard /V 5 /R 6 /Length 256 /P -4"
        b" /CF <</StdCF <</CFM /AESV3 /Length 32>>>> /StmF /StdCF /StrF /StdCF"
        b" /U <" + long_key + b"> /O <" + long_key + b"> /UE <" + key + b"> /OE <" + key + b">"
        b" /Perms <" + b"00" * 16 + b">>> endobj\n"
        b"trailer <</Root 1 0 R /Encrypt 4 0 R /ID [<00><00>] /Size 5>>\nstartxref\n0\n%%EOF\n"
    )
