"""The one clock. Nobody else asks the machine what time it is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved: for the demo, simulations and tests."""

    def __init__(self, start: datetime) -> None:
        """Set the clock to ``start``, an aware instant.

        Raises:
            ValueError: ``start`` has no zone.
        """
        self._now = in_utc(start)

    def now(self) -> datetime:
        """The instant the clock was last moved to, in UTC."""
        return self._now

    def move_to(self, instant: datetime) -> None:
        """Move forward to ``instant`` (aware).

        Raises:
            ValueError: ``instant`` has no zone or lies in the past of this clock.
        """
        instant = in_utc(instant)
        if instant < self._now:
            message = f"a clock does not run back: {instant} is before {self._now}"
            raise ValueError(message)
        self._now = instant

    def advance(self, by: timedelta) -> None:
        """Move forward by ``by``."""
        self.move_to(self._now + by)


def in_utc(instant: datetime) -> datetime:
    """``instant`` in UTC.

    Raises:
        ValueError: it carries no zone, so it names no instant.
    """
    if instant.tzinfo is None:
        message = f"{instant} has no time zone"
        raise ValueError(message)
    return instant.astimezone(UTC)


class ShiftedClock:
    """A clock that runs as fast as another, shows another time, and can be moved: for the demo."""

    def __init__(self, start: datetime, clock: Clock | None = None) -> None:
        """Show ``start`` (aware) now, and go on from there."""
        self._clock = clock or SystemClock()
        self._shift = in_utc(start) - self._clock.now()
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The instant it shows, in UTC."""
        return self._clock.now() + self._shift

    def move_to(self, instant: datetime) -> None:
        """Move forward to ``instant`` (aware), and go on from there.

        Raises:
            ValueError: ``instant`` has no zone, or lies in the past of this clock.
        """
        ahead = in_utc(instant) - self.now()
        if ahead < timedelta(0):
            message = f"a clock does not run back: {instant} is before {self.now()}"
            raise ValueError(message)
        self._shift += ahead

    @contextmanager
    def still(self) -> Iterator[None]:
        """Let nobody else move it, or carry out what is due, meanwhile; see ``workflows/moving``.

        A claim is held by the clock: one that jumps past its end would hand what is under way to
        somebody else.
        """
        with self._lock:
            yield
