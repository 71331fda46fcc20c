"""Typesetting: a template, its data, and out comes PDF/UA-1.

Data reach a template only as JSON in ``sys_inputs``, so nothing anybody wrote is ever read as
markup. The typefaces are those of an installed package and of typst itself: the same document is
the same bytes on every machine.
"""

from __future__ import annotations

import re
import struct
import unicodedata
from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson
import typst

from base.errors import Fault
from base.i18n import N_

TEMPLATES = Path(__file__).resolve().parent / "templates"
#: Stands for a character that no typeface here has.
MISSING = "□"
#: How many single characters are looked for one by one before all but plain ones are replaced.
_TRIES = 12

#: Alphabets of eTwinning's countries that typst's own typefaces have beside Source Sans 3.
_OTHER_ALPHABETS = (
    (0x0531, 0x0556), (0x0559, 0x0587),  # Armenian
    (0x05D0, 0x05EA),  # Hebrew
    (0x060C, 0x060C), (0x061B, 0x061B), (0x061F, 0x061F), (0x0621, 0x063A), (0x0640, 0x064A),
    (0x0660, 0x0669),  # Arabic, without its vowel signs
    (0x10D0, 0x10F0),  # Georgian
)  # fmt: skip
_REFUSED = re.compile(r'the text `"(.*?)"` could not be displayed', re.DOTALL)
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")
#: A run without spaces that would leave the page.
_LONG = re.compile(r"\S{40,}")


def typeset(template: str, data: dict[str, Any], day: date) -> bytes:
    """``template`` filled with ``data``, as PDF/UA-1.

    Arguments:
        template: name of a file in ``documents/templates``.
        data: what the template reads; all texts in it are cleaned of what cannot be printed.
        day: written into the file as its day of making, so that equal data gives equal bytes.

    Raises:
        Fault: the template cannot be typeset.
    """
    clean = _in_texts(data, printable)
    for attempt in range(_TRIES + 1):
        try:
            return _compile(template, clean, day)
        except typst.TypstError as error:
            refused = _REFUSED.search(str(error))
            if refused is None or attempt == _TRIES:
                raise Fault(
                    N_("The document could not be made: {why}."), why=str(error)[:200]
                ) from error
            wrong = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), refused[1])
            replace = _plain if attempt == _TRIES - 1 else _without(wrong)
            clean = _in_texts(clean, replace)
    raise AssertionError  # the last attempt returns or raises


def printable(text: str) -> str:
    """``text`` with :data:`MISSING` for what no typeface here has, and without control characters.

    Line breaks stay.
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    if text.isascii() and text.isprintable():
        return text
    known = _known()
    kept = []
    for char in text:
        if char == "\n" or ord(char) in known:
            kept.append(char)
        elif char == "\t" or char.isspace():
            kept.append(" ")
        elif unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Mn", "Me", "Sk"}:
            kept.append(MISSING)
    return "".join(kept)


def breakable(text: str) -> str:
    """``text`` with places to break a line in runs without spaces, such as addresses."""
    return _LONG.sub(
        lambda run: "\u200b".join(run[0][at : at + 20] for at in range(0, len(run[0]), 20)), text
    )


def _compile(template: str, data: dict[str, Any], day: date) -> bytes:
    made = typst.compile(
        str(TEMPLATES / template), root=str(TEMPLATES), font_paths=[_typefaces()],
        ignore_system_fonts=True, format="pdf", pdf_standards=["ua-1"],
        sys_inputs={"data": orjson.dumps(data).decode()},
        timestamp=datetime(day.year, day.month, day.day, tzinfo=UTC),
    )  # fmt: skip
    if not isinstance(made, bytes):
        raise Fault(N_("The document could not be made: {why}."), why=type(made).__name__)
    return made


def _typefaces() -> str:
    return str(files("fontpkg_source_sans_3") / "files")


def _in_texts(data: Any, change: Callable[[str], str]) -> Any:
    if isinstance(data, str):
        return change(data)
    if isinstance(data, dict):
        return {key: _in_texts(value, change) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_in_texts(value, change) for value in data]
    return data


def _without(wrong: str) -> Callable[[str], str]:
    return lambda text: text.replace(wrong, MISSING)


def _plain(text: str) -> str:
    """The last resort: letters of Western Europe only."""
    return "".join(char if ord(char) < 0x250 or char in "–—’‘“”„…€□" else MISSING for char in text)


@lru_cache(maxsize=1)
def _known() -> frozenset[int]:
    """The characters that can be printed: upright and slanted alike."""
    tables = [_characters(path.read_bytes()) for path in sorted(Path(_typefaces()).glob("*.ttf"))]
    known = frozenset.intersection(*tables)
    others = {code for first, last in _OTHER_ALPHABETS for code in range(first, last + 1)}
    return (known | others) - set(range(32)) - {0x7F}


def _characters(font: bytes) -> frozenset[int]:
    """The characters a TrueType font has a shape for: its ``cmap`` table of format 4."""
    count = struct.unpack_from(">H", font, 4)[0]
    tables = {
        font[12 + 16 * n : 16 + 16 * n]: struct.unpack_from(">I", font, 20 + 16 * n)[0]
        for n in range(count)
    }
    start = tables[b"cmap"]
    found: set[int] = set()
    for n in range(struct.unpack_from(">H", font, start + 2)[0]):
        at = start + struct.unpack_from(">I", font, start + 8 + 8 * n)[0]
        if struct.unpack_from(">H", font, at)[0] != 4:
            continue
        segments = struct.unpack_from(">H", font, at + 6)[0] // 2
        ends = struct.unpack_from(f">{segments}H", font, at + 14)
        starts = struct.unpack_from(f">{segments}H", font, at + 16 + 2 * segments)
        for first, last in zip(starts, ends, strict=True):
            found.update(range(first, last + 1))
    return frozenset(found - {0xFFFF})
