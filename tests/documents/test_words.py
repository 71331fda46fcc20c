from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from documents.words import (
    area_name,
    day_in_words,
    filled,
    instant_in_words,
    known_language,
    size_in_words,
)


@pytest.mark.parametrize(
    ("language", "right"),
    [("en", "31 January 2023"), ("nl", "31 januari 2023"), ("fr", "31 janvier 2023"),
     ("de", "31. Januar 2023")],
)  # fmt: skip
def test_a_day_is_written_as_its_readers_write_it(language: str, right: str) -> None:
    assert day_in_words(date(2023, 1, 31), language) == right


def test_an_instant_is_told_in_its_zone() -> None:
    last = datetime(2023, 1, 31, 22, 59, tzinfo=UTC)
    assert instant_in_words(last, ZoneInfo("Europe/Brussels"), "de") == "31. Januar 2023, 23:59"
    assert instant_in_words(last, ZoneInfo("Europe/Athens"), "en") == "1 February 2023, 00:59"


@pytest.mark.parametrize(
    ("area", "language", "right"),
    [("BE-VLG", "nl", "Vlaanderen"), ("BE", "fr", "Belgique"), ("XK", "en", "Kosovo"),
     ("DE-BY", "de", "Deutschland")],
)  # fmt: skip
def test_an_area_has_a_name(area: str, language: str, right: str) -> None:
    assert area_name(area, language) == right


@pytest.mark.parametrize(
    ("size", "language", "right"),
    [(1, "en", "1 kB"), (1_024, "en", "1 kB"), (1_025, "en", "2 kB"), (2**20, "nl", "1 MB"),
     (1_234_567, "nl", "1,2 MB"), (1_234_567, "en", "1.2 MB"), (10 * 2**20, "de", "10 MB"),
     (1, "fr", "1 ko"), (1_234_567, "fr", "1,2 Mo")],
)  # fmt: skip
def test_a_size_is_rounded_up(size: int, language: str, right: str) -> None:
    assert size_in_words(size, language) == right


def test_names_in_values_are_not_filled_again() -> None:
    assert filled("{a} and {b}, {c}", a="{b}", b="x") == "{b} and x, {c}"
    assert filled("no {end", end="x") == "no {end"


def test_a_language_is_one_that_documents_exist_in() -> None:
    assert [known_language(one) for one in ("nl", "tr", "")] == ["nl", "en", "en"]
