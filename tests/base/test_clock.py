from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from base.clock import ShiftedClock, SystemClock, VirtualClock, in_utc

NOON = datetime(2023, 1, 31, 12, 0, tzinfo=UTC)


def test_every_clock_tells_utc() -> None:
    east = datetime(2023, 1, 31, 13, 0, tzinfo=timezone(timedelta(hours=1)))
    for clock in (SystemClock(), VirtualClock(east), ShiftedClock(east)):
        assert clock.now().tzinfo is UTC


def test_a_virtual_clock_stands_until_it_is_moved_and_never_runs_back() -> None:
    clock = VirtualClock(NOON)
    assert clock.now() == clock.now() == NOON
    clock.advance(timedelta(minutes=5))
    assert clock.now() == NOON + timedelta(minutes=5)
    with pytest.raises(ValueError, match="does not run back"):
        clock.move_to(NOON)


def test_a_shifted_clock_goes_on_from_another_time() -> None:
    real = VirtualClock(NOON)
    shifted = ShiftedClock(datetime(2020, 1, 1, tzinfo=UTC), real)
    real.advance(timedelta(hours=2))
    assert shifted.now() == datetime(2020, 1, 1, 2, tzinfo=UTC)


def test_a_time_without_a_zone_is_no_instant() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        in_utc(datetime(2023, 1, 1))  # noqa: DTZ001 - that is the point
