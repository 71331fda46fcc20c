from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import Fault
from surveys import counting
from surveys.counting import Count, Tally, added, rounded
from surveys.report_figures import decimals, difference, figure

ANSWER = st.sampled_from([0, 1, 2, 3, 4, 5, 255])
ROWS = st.integers(1, 6).flatmap(
    lambda width: st.lists(st.lists(ANSWER, min_size=width, max_size=width), max_size=40)
)


@settings(max_examples=60)
@given(rows=ROWS, buffer=st.sampled_from([1, 7, 1 << 20]))
def test_columns_of_bytes_count_as_a_loop_over_answers_does(
    rows: list[list[int]], buffer: int
) -> None:
    width = len(rows[0]) if rows else 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "BUFFER", buffer)
        tally = Tally(width)
        for row in rows:
            tally.add(bytes(row))
        found = tally.counts()
    assert tally.sheets == len(rows)
    for at in range(width):
        column = [row[at] for row in rows]
        on_scale = [one for one in column if 1 <= one <= 5]
        assert found[at] == Count(len(on_scale), sum(on_scale), column.count(0), column.count(255))
    together = added(found)
    whole = [one for row in rows for one in row if 1 <= one <= 5]
    assert (together.answers, together.total) == (len(whole), sum(whole))


@pytest.mark.parametrize(
    "sheet", [b"", b"\x01\x02", b"\x01\x02\x03\x04", b"\x01\x02\x06", b"\x01\x02\xfe"]
)
def test_a_sheet_that_does_not_fit_is_no_answer(sheet: bytes) -> None:
    tally = Tally(3)

    def count() -> None:
        tally.add(sheet)
        tally.counts()

    with pytest.raises(Fault, match="questionnaire"):
        count()


@given(total=st.integers(1, 10_000), answers=st.integers(1, 2_000), places=st.integers(0, 2))
@settings(max_examples=60)
def test_means_are_rounded_half_up_in_whole_numbers(total: int, answers: int, places: int) -> None:
    exact = Decimal(total) / Decimal(answers)
    step = Decimal(1).scaleb(-places)
    assert rounded(total, answers, places) == str(exact.quantize(step, ROUND_HALF_UP))


def test_what_a_binary_fraction_would_round_down() -> None:
    assert rounded(53, 20) == "2.7"  # 2.65
    assert rounded(-53, 20) == "-2.7"
    assert rounded(-1, 100) == "0.0"


@pytest.mark.parametrize(
    ("places", "mean", "points"),
    [
        (0, "3", "1"),
        (1, "2.7", "0.7"),
        (2, "2.65", "0.65"),
        (None, "2.7", "0.7"),
        (7, "2.7", "0.7"),
    ],
)
def test_a_country_sets_the_decimals(places: int | None, mean: str, points: str) -> None:
    country = {"mean_decimals": places}
    cell = {"n": 20, "sum": 53, "na": 0, "left": 0}
    assert figure(cell, country, "en").said == mean
    assert figure(cell, country, "nl").said == mean.replace(".", ",")
    assert difference(Fraction(13, 20), "en", decimals(country), sign=True) == f"+{points}"
    assert difference(Fraction(0), "en", decimals(country), sign=True).startswith("±0")
