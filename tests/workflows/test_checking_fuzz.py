"""Whatever stands in a process file, it is read and checked without an unexpected error."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import BadDefinition
from tests.conftest import examples
from workflows.checking import check_process
from workflows.checks.check import Known
from workflows.process_file import read_process

pytestmark = pytest.mark.unit

LINES = (
    (Path(__file__).resolve().parent / "processes" / "lending.yaml").read_text("utf-8").splitlines()
)
#: Words that stand in place of others: of the file, of the format, and of nothing.
WORDS = [
    "asked", "lent", "returned", "librarian", "platform", "asker", "close", "true", "[]", "{}",
    "null", "0", "-1", "1e9", "~", "''", "yes", "2023-01-01", "round.lend_days days", "3650 days",
    "end of round.year_ends", "08:00 on round.lend_days", "&a", "*a", "!!int x", "organisation",
    "person", "use", "\u0000", "\ud83d", "é" * 70,
]  # fmt: skip

swaps = st.lists(
    st.tuples(st.integers(0, len(LINES) - 1), st.integers(0, 12), st.sampled_from(WORDS)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=examples(60))
@given(swaps=swaps, gone=st.sets(st.integers(0, len(LINES) - 1), max_size=2))
def test_a_file_with_odd_words_is_remarked_on_or_fine(
    known: Known, swaps: list[tuple[int, int, str]], gone: set[int]
) -> None:
    lines = list(LINES)
    for number, place, word in swaps:
        words = lines[number].split(" ")
        words[place % len(words)] = word
        lines[number] = " ".join(words)
    text = "\n".join(line for number, line in enumerate(lines) if number not in gone)
    try:
        process, located = read_process(text, "x.yaml")
        remarks = check_process(process, located, known)
    except BadDefinition as error:
        remarks = list(error.remarks)
        assert remarks
    count = len(text.splitlines())
    assert all(1 <= remark.line <= count + 1 for remark in remarks)
