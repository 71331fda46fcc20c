from __future__ import annotations

from datetime import date

import pytest

from base.i18n import in_words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "1 February 2023"), ("nl", "1 februari 2023"), ("fr", "1er février 2023"),
        ("de", "1. Februar 2023"),
    ],
)  # fmt: skip
def test_a_day_is_written_as_its_language_does(language: str, words: str) -> None:
    assert in_words(date(2023, 2, 1), language) == words
    assert in_words(date(2023, 2, 11), language) == words.replace("1er", "1").replace("1", "11", 1)
