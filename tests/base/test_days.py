from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.days import (
    ZONES,
    add_working_days,
    end_of,
    is_working_day,
    local_day,
    start_of,
    working_days_between,
    zone_of,
)

DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))


@given(day=DAYS, area=st.sampled_from(sorted(ZONES)))
def test_a_day_ends_where_the_next_begins_and_is_itself_until_then(day: date, area: str) -> None:
    zone = zone_of(area)
    end = end_of(day, zone)
    assert end == start_of(day + timedelta(days=1), zone)
    assert local_day(end - timedelta(seconds=1), zone) == day
    assert local_day(end, zone) == day + timedelta(days=1)


def test_a_region_has_its_countrys_zone_unless_it_has_its_own() -> None:
    assert [zone_of(area).key for area in ("BE-VLG", "ES", "ES-CN", "ZZ")] == [
        "Europe/Brussels", "Europe/Madrid", "Atlantic/Canary", "UTC",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "area", "works"),
    [
        (date(2023, 7, 11), "BE-VLG", False),  # feast of the Flemish Community
        (date(2023, 7, 11), "BE", True),
        (date(2023, 9, 27), "BE-WAL", False),
        (date(2023, 7, 21), "BE-VLG", False),  # national day
        (date(2023, 4, 27), "NL", False),  # King's Day
        (date(2023, 4, 29), "NL", False),  # a Saturday
        (date(2023, 5, 1), "DE", False),
        (date(2023, 5, 1), "NL", True),
        (date(2023, 5, 2), "ZZ", True),  # an area nobody knows has weekends
    ],
)
def test_working_days_are_the_areas_own(day: date, area: str, *, works: bool) -> None:
    assert is_working_day(day, area) is works


def test_an_organisation_can_close_by_itself() -> None:
    monday = date(2023, 5, 15)
    assert not is_working_day(monday, "NL", [monday])
    assert add_working_days(date(2023, 5, 12), 1, "NL", [monday]) == date(2023, 5, 16)
    # A closing day of a weekend takes none away; Ascension Day on the 18th does by itself.
    closed = [monday, date(2023, 5, 14), date(2023, 5, 26)]
    assert working_days_between(date(2023, 5, 12), date(2023, 5, 19), "NL", closed) == 3


@given(day=DAYS, count=st.integers(0, 30), area=st.sampled_from(["BE-VLG", "NL", "FR", "DE"]))
def test_counting_and_adding_agree(day: date, count: int, area: str) -> None:
    later = add_working_days(day, count, area)
    assert working_days_between(day, later, area) == count
    assert working_days_between(later, day, area) == -count


def test_years_of_working_days_are_counted_one_by_one() -> None:
    first, last = date(2021, 11, 3), date(2024, 2, 29)
    days = [first + timedelta(days=n) for n in range(1, (last - first).days + 1)]
    one_by_one = sum(is_working_day(day, "BE-VLG") for day in days)
    assert working_days_between(first, last, "BE-VLG") == one_by_one


def test_summer_time_moves_the_end_of_a_day() -> None:
    brussels = ZoneInfo("Europe/Brussels")
    assert end_of(date(2023, 1, 31), brussels) == datetime(2023, 1, 31, 23, tzinfo=UTC)
    assert end_of(date(2023, 3, 28), brussels) == datetime(2023, 3, 28, 22, tzinfo=UTC)
