"""Patterns of rule files: the harmless pass, the slow are refused, and none is slow."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.fitting import TEXT_LIMIT
from rules.patterns import MAX_PATTERN, pattern_fault
from tests.conftest import examples

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    "pattern",
    [
        "BE-[A-Z]{3}", "[0-9]{4}", "a{}", "(?:ab)*", "(?:-[a-z]{2})?x", r"\(a+\)+", "[(]+[|]",
        "(a|b)c{2,3}", ".*@.*", "a{,5}", r"[\]]+", "[^]]+", "",
    ],
)  # fmt: skip
def test_what_cannot_take_long_passes(pattern: str) -> None:
    assert pattern_fault(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("(a+)+b", "a pattern cannot repeat what itself can match in several ways"),
        ("(a|aa)+", "a pattern cannot repeat what itself can match in several ways"),
        ("(?:a?){9}", "a pattern cannot repeat what itself can match in several ways"),
        ("a?" * 30, "the pattern has too many ways to match: use fewer repetitions"),
        (".*.*.*x", "the pattern has too many ways to match: use fewer repetitions"),
        (r"(a)\1", "a pattern cannot refer back to what it found"),
        ("(?P<a>a)(?P=a)", "of the forms that begin with (? only (?: is allowed in a pattern"),
        ("(?=a)a", "of the forms that begin with (? only (?: is allowed in a pattern"),
        ("(?i)a", "of the forms that begin with (? only (?: is allowed in a pattern"),
        ("[", "the pattern cannot be read: unterminated character set at position 0"),
        ("a{3}{3}", "the pattern cannot be read: multiple repeat at position 4"),
        ("a" * (MAX_PATTERN + 1), "a pattern has at most 200 characters"),
    ],
)
def test_what_could_take_long_is_refused(pattern: str, fault: str) -> None:
    assert pattern_fault(pattern) == fault


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "b",
                "ab",
                "(",
                "(?:",
                ")",
                "|",
                "*",
                "+",
                "?",
                "{2}",
                "{0,9}",
                "[ab]",
                ".",
                "\\w",
            ]
        ),
        max_size=12,
    ).map("".join)
)
@settings(max_examples=examples(150))
def test_no_pattern_that_passes_is_slow(pattern: str) -> None:
    if pattern_fault(pattern) is not None:
        return
    compiled = re.compile(pattern)
    for text in ("a" * TEXT_LIMIT, "ab" * (TEXT_LIMIT // 2), "a" * (TEXT_LIMIT - 1) + "c"):
        start = time.perf_counter()
        compiled.fullmatch(text)
        assert time.perf_counter() - start < 1.0
