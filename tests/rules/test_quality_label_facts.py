"""Places, shares and ties: who is within the best part of an NSO's projects."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.quality_label_facts import ROUNDING, TIES, beyond


def within(averages: list[int], one_in: int, rounding: str, ties: str) -> list[int]:
    """The averages that are within, the best first."""
    ranked = [Fraction(one) for one in averages]
    share = Fraction(len(ranked), one_in)
    return [one for one in averages if beyond(Fraction(one), ranked, share, rounding, ties) == 0]


SEVEN = [30, 28, 26, 25, 24, 22, 21]


@pytest.mark.parametrize(
    ("averages", "one_in", "rounding", "places"),
    [
        (SEVEN, 4, "down", 1), (SEVEN, 4, "up", 2), (SEVEN, 4, "nearest", 2),  # 1.75 places
        (SEVEN, 3, "down", 2), (SEVEN, 3, "up", 3), (SEVEN, 3, "nearest", 2),  # 2.33 places
        (SEVEN[:3], 4, "down", 0), (SEVEN[:3], 4, "up", 1), (SEVEN[:3], 4, "nearest", 1),
        (SEVEN[:2], 4, "down", 0), (SEVEN[:2], 4, "up", 1), (SEVEN[:2], 4, "nearest", 0),
        (SEVEN[:4], 4, "down", 1), (SEVEN[:4], 4, "up", 1), (SEVEN[:4], 4, "nearest", 1),
        (SEVEN[:1], 4, "down", 0), (SEVEN[:1], 4, "up", 1), (SEVEN[:1], 4, "nearest", 0),
    ],
)  # fmt: skip
def test_places_are_rounded_as_the_round_says(
    averages: list[int], one_in: int, rounding: str, places: int
) -> None:
    assert within(averages, one_in, rounding, "none") == averages[:places]


@pytest.mark.parametrize(
    ("averages", "ties", "found"),
    [
        # One place of four.
        ([30, 30, 20, 20], "none", []), ([30, 30, 20, 20], "all", [30, 30]),
        ([30, 20, 20, 20], "none", [30]), ([30, 20, 20, 20], "all", [30]),
        # Two of eight: the second is shared by three.
        ([30, 25, 25, 25, 20, 19, 18, 17], "none", [30]),
        ([30, 25, 25, 25, 20, 19, 18, 17], "all", [30, 25, 25, 25]),
        ([30, 30, 25, 25, 20, 19, 18, 17], "none", [30, 30]),
        ([20] * 4, "none", []), ([20] * 4, "all", [20] * 4),
    ],
)  # fmt: skip
def test_who_shares_the_last_place_is_in_or_out_as_the_round_says(
    averages: list[int], ties: str, found: list[int]
) -> None:
    assert within(averages, 4, "down", ties) == found


@given(
    averages=st.lists(st.integers(min_value=0, max_value=30), min_size=1, max_size=40),
    one_in=st.integers(min_value=1, max_value=6),
    rounding=st.sampled_from(ROUNDING),
    ties=st.sampled_from(TIES),
)
def test_who_is_within_is_never_worse_than_who_is_not(
    averages: list[int], one_in: int, rounding: str, ties: str
) -> None:
    found = within(averages, one_in, rounding, ties)
    outside = [one for one in averages if one not in found]
    assert min(found, default=31) > max(outside, default=-1)
    places = Fraction(len(averages), one_in)
    if ties == "none":
        assert len(found) <= places.__ceil__()
    if rounding == "down" and ties == "none":
        assert len(found) <= places
    if ties == "all":
        assert len(found) >= places.__floor__()
