from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from base.canonical import sha256
from base.errors import BadFile
from documents import images
from documents.evidence import KINDS, MAX_BYTES, Checked, check_upload
from tests.conftest import examples
from tests.documents.making import (
    docx,
    jpeg,
    odt,
    pdf,
    pdf_locked_with_aes,
    pdf_with_action,
    png,
    zipped,
)

ALL = tuple(KINDS)
PROGRAM = b"MZ\x90\x00" + b"\x00" * 200


def refused(name: str, content: bytes, accept: tuple[str, ...] = ALL) -> str:
    with pytest.raises(BadFile) as caught:
        check_upload(name, content, accept)
    return caught.value.say()


@pytest.mark.parametrize(
    ("name", "content", "extension"),
    [
        ("policy.pdf", pdf(), "pdf"), ("photo.jpg", jpeg(), "jpg"), ("photo.JPEG", jpeg(), "jpg"),
        ("shot.png", png(), "png"), ("memo.docx", docx(), "docx"), ("memo.odt", odt(), "odt"),
        ("archive.tar.pdf", pdf(), "pdf"),
    ],
)  # fmt: skip
def test_a_file_is_let_in(name: str, content: bytes, extension: str) -> None:
    found = check_upload(name, content, ALL)
    assert found == Checked(
        content=found.content, content_type=found.content_type, extension=extension,
        sha256=sha256(found.content), size=len(found.content), safe_name=name,
    )  # fmt: skip
    if extension not in {"jpg", "png"}:
        assert found.content == content


def test_a_stream_is_read_no_further_than_needed() -> None:
    stream = io.BytesIO(pdf() + b"\n" * 100)
    assert check_upload("a.pdf", stream, ALL).extension == "pdf"
    stream = io.BytesIO(b"%PDF-1.7\n" + b"\n" * 1_000)
    with pytest.raises(BadFile):
        check_upload("a.pdf", stream, ALL, 100)
    assert stream.tell() == 101


def test_ten_megabytes_are_let_in_and_one_byte_more_is_not() -> None:
    small = pdf()
    exactly = small + b"\n" * (MAX_BYTES - len(small))
    assert MAX_BYTES == 10 * 2**20
    assert check_upload("a.pdf", exactly, ALL).size == MAX_BYTES
    assert refused("a.pdf", exactly + b"\n") == (
        "The file is larger than 10 MB. Make it smaller, or split it in two."
    )


def test_an_empty_file_is_refused() -> None:
    assert refused("a.pdf", b"") == "The file is empty. Choose the file once more."


def test_only_kinds_that_are_asked_for_are_let_in() -> None:
    sentence = "This kind of file cannot be added here. Use one of: PDF, JPG."
    for name in ("a.png", "a.exe", "a.pdf.exe", "a.svg", "a.html", "pdf", "a.pdf.", "a."):
        if name == "a.pdf.":
            continue
        assert refused(name, png(), ("pdf", "jpg")) == sentence


def test_a_kind_that_does_not_exist_is_an_error_of_the_process_file() -> None:
    with pytest.raises(ValueError, match="no such kind of file: gif"):
        check_upload("a.gif", b"GIF89a", ("gif",))


@pytest.mark.parametrize(
    "content",
    [PROGRAM, b"\x7fELF\x02\x01", b"#!/bin/sh\nexit\n", b"\xca\xfe\xba\xbe\x00", b"<?PHP exit;",
     b"\x00asm\x01\x00", b"@echo off\r\n"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.docx"])
def test_a_program_under_another_name_is_refused(name: str, content: bytes) -> None:
    ending = name.partition(".")[2]
    assert refused(name, content) == (
        f"This is a program, although its name ends in .{ending}. Programs are refused."
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.pdf", png()), ("a.pdf", b"<html><script>alert(1)</script>"), ("a.pdf", b"hello"),
        ("a.pdf", b"  " + pdf()), ("a.jpg", pdf()), ("a.png", jpeg()), ("a.docx", pdf()),
        ("a.docx", odt()), ("a.odt", docx()), ("a.docx", zipped({"a.txt": b"x"})),
        ("a.odt", zipped({"mimetype": b"application/epub+zip", "content.xml": b""})),
    ],
)  # fmt: skip
def test_a_file_that_is_not_what_its_name_says_is_refused(name: str, content: bytes) -> None:
    assert refused(name, content).startswith(f"The name ends in .{name.partition('.')[2]}, but")


def test_the_sentence_names_what_the_file_is() -> None:
    assert refused("a.pdf", png()) == (
        "The name ends in .pdf, but the file looks like .png. Save it as PDF and add it again."
    )


def test_a_photo_is_turned_upright_and_loses_what_the_camera_noted() -> None:
    notes = Image.Exif()
    notes[0x0112] = 6  # turned a quarter
    notes[0x010F] = "Camera of An Adler"
    notes.get_ifd(0x8825)[2] = (51.0, 12.0, 0.0)  # where it was taken
    sent = jpeg(exif=notes, comment=b"secret of An")
    kept = check_upload("a.jpg", sent, ALL).content
    assert b"An Adler" in sent
    assert b"secret" in sent
    assert b"An Adler" not in kept
    assert b"secret" not in kept
    with Image.open(io.BytesIO(kept)) as picture:
        assert picture.size == (20, 40)
        assert dict(picture.getexif()) == {}
        top, bottom = picture.getpixel((10, 5)), picture.getpixel((10, 35))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    assert (top[0] > 200, bottom[2] > 200) == (True, True)


def test_what_follows_a_photo_is_left_out() -> None:
    kept = check_upload("a.jpg", jpeg() + PROGRAM + b"<script>", ALL).content
    assert PROGRAM not in kept
    assert b"<script>" not in kept


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_pictures_of_every_mode_are_let_in(mode: str) -> None:
    assert check_upload("a.png", png(mode), ALL).extension == "png"


def _png_of(width: int, height: int) -> bytes:
    def part(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\x00" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", body) + part(b"IEND", b"")


@pytest.mark.parametrize(
    "size", [(7_072, 7_072), (10_000, 10_000), (30_000, 30_000), (2**31 - 1, 9)]
)
def test_a_picture_that_would_fill_the_memory_is_refused(size: tuple[int, int]) -> None:
    assert refused("a.png", _png_of(*size)) == (
        f"The picture has more than {images.MAX_PIXELS // 10**6} million points. "
        "Save it smaller, please."
    )


@pytest.mark.parametrize(
    ("name", "content"), [("a.jpg", jpeg()[:200]), ("a.png", png()[:40]), ("a.png", _png_of(9, 0))]
)
def test_a_damaged_picture_is_refused(name: str, content: bytes) -> None:
    assert refused(name, content).startswith("The picture cannot be read")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (pdf(password="secret"), "The PDF is protected with a password"),
        (pdf_locked_with_aes(), "The PDF is protected with a password"),
        (pdf(script="app.alert(1)"), "The PDF holds a script"),
        (pdf(attachment=PROGRAM), "The PDF holds a script"),
        (pdf_with_action("/Launch"), "The PDF holds a script"),
        (pdf_with_action("/JavaScript"), "The PDF holds a script"),
        (pdf_with_action("/SubmitForm"), "The PDF holds a script"),
        (b"%PDF-1.7\n", "The PDF cannot be read"),
        (b"%PDF-x.y\n" + pdf(), "The PDF cannot be read"),
        (pdf()[:200], "The PDF cannot be read"),
    ],
)  # fmt: skip
def test_a_pdf_that_acts_or_cannot_be_read_is_refused(content: bytes, sentence: str) -> None:
    assert refused("a.pdf", content).startswith(sentence)


def test_a_pdf_with_links_is_let_in() -> None:
    assert check_upload("a.pdf", pdf_with_action("/URI"), ALL).extension == "pdf"


@pytest.mark.parametrize("make", [docx, odt])
@pytest.mark.parametrize(
    ("part", "content", "sentence"),
    [
        ("bomb.xml", b"0" * 60_000_000, "The document unpacks to far more than it seems."),
        ("../../etc/passwd", b"x", "The document holds parts that lead out of it."),
        ("/etc/passwd", b"x", "The document holds parts that lead out of it."),
        ("word/vbaProject.bin", b"x", "The document holds macros or programs."),
        ("word/embeddings/oleObject1.bin", b"x", "The document holds another file inside."),
        ("word/activeX/a.xml", b"x", "The document holds macros or programs."),
        ("run.exe", PROGRAM, "The document holds macros or programs."),
    ],
)
def test_a_document_with_more_than_text_is_refused(
    make: Callable[[dict[str, bytes]], bytes], part: str, content: bytes, sentence: str
) -> None:
    name = "a.docx" if make is docx else "a.odt"
    assert refused(name, make({part: content})).startswith(sentence)


def test_an_opendocument_with_macros_or_a_password_is_refused() -> None:
    assert refused("a.odt", odt({"Basic/script.xml": b"x"})).startswith("The document holds macros")
    locked = odt({"META-INF/manifest.xml": b"<manifest:encryption-data/>"})
    assert refused("a.odt", locked).startswith("The document is protected with a password")


def test_a_document_of_very_many_parts_is_refused() -> None:
    many = docx({f"word/{number}": b"" for number in range(2_000)})
    assert refused("a.docx", many).startswith("The document unpacks to far more")


def test_a_damaged_document_is_refused() -> None:
    whole = bytearray(docx({"word/a.xml": bytes(range(256)) * 40}))
    whole[len(whole) // 2] ^= 0xFF
    assert refused("a.docx", bytes(whole)).startswith("The document cannot be read")
    assert refused("a.docx", b"PK\x03\x04").startswith("The document cannot be read")


def told(name: str, content: bytes) -> str:
    """What is said of a file, or "kept"; any other exception passes."""
    try:
        check_upload(name, content, ALL)
    except BadFile as error:
        return error.say()
    return "kept"


_GOOD = {
    "a.pdf": pdf(), "a.jpg": jpeg(), "a.png": png(), "a.docx": docx({"word/a.xml": b"abc" * 99}),
    "a.odt": odt(),
}  # fmt: skip


@settings(max_examples=examples(100))
@given(data=st.data())
def test_any_damaged_file_is_let_in_or_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(_GOOD)))
    content = bytearray(_GOOD[name])
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(len(content) // 2, len(content)))
    assert told(name, bytes(content))
    assert told(name, bytes(content[:cut]))


@settings(max_examples=examples(100))
@given(
    name=st.text(max_size=30) | st.sampled_from(sorted(_GOOD)),
    head=st.sampled_from([b"", b"%PDF-1.4", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x03\x04"]),
    content=st.binary(max_size=300),
)
def test_any_name_and_bytes_are_let_in_or_refused(name: str, head: bytes, content: bytes) -> None:
    assert told(name, head + content)
