from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Fault
from documents.pdf import Declaration, render_declaration
from documents.typesetting import _known, breakable, printable, typeset
from tests.conftest import examples
from tests.documents.papers import DECLARATION, opened


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("plain", "plain"), ("a\r\nb\rc", "a\nb\nc"), ("a\tb\x00c\x07", "a bc"),
        ("x\u202ey", "xy"), ("cafe\u0301", "café"), ("日 😀", "□ □"), ("a\u00a0b", "a\u00a0b"),
        ("👨\u200d👩", "□□"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_is_marked_or_left_out(text: str, printed: str) -> None:
    assert printable(text) == printed


def test_long_runs_can_be_broken_and_short_ones_are_left_alone() -> None:
    assert breakable("short words stay") == "short words stay"
    assert breakable("x" * 50) == "\u200b".join(["x" * 20, "x" * 20, "x" * 10])


def test_every_character_that_is_said_to_be_known_is_printed() -> None:
    everything = " ".join(chr(code) for code in sorted(_known()))
    made = render_declaration(_saying(everything), "en")
    assert made.startswith(b"%PDF-")


def _saying(text: str) -> Declaration:
    return replace(DECLARATION, statements=[text])


@settings(max_examples=examples(30))
@given(text=st.text(max_size=40))
def test_any_text_is_printed(text: str) -> None:
    assert opened(render_declaration(_saying(text), "nl")).pages


def test_a_template_that_fails_is_our_fault() -> None:
    with pytest.raises(Fault, match="could not be made"):
        typeset("certificate.typ", {"words": {}}, date(2023, 1, 1))
