"""A limit on how often one address does something; nothing of it is written down.

Counts are in memory, by a hash with a salt that is made anew every minute; with the minute both are
dropped, so that nobody can be looked up.
"""

from __future__ import annotations

import secrets
import threading
from collections import Counter
from hashlib import blake2b

from base.clock import Clock
from base.errors import NotPossible
from base.i18n import N_

#: Seconds that are counted together.
WINDOW = 60


class TooOften(NotPossible):
    """Too many requests in too short a time."""

    code = "too_often"
    status = 429


class Limit:
    """At most so many a minute from one address."""

    def __init__(self, clock: Clock, most: int) -> None:
        self._clock, self._most = clock, most
        self._window, self._salt = -1, b""
        self._counts: Counter[bytes] = Counter()
        self._lock = threading.Lock()

    def count(self, address: str) -> None:
        """Count one request.

        Raises:
            TooOften: there have been too many within the minute.
        """
        window = int(self._clock.now().timestamp()) // WINDOW
        with self._lock:
            if window != self._window:
                self._window, self._salt = window, secrets.token_bytes(16)
                self._counts.clear()
            key = blake2b(address.encode(), key=self._salt, digest_size=16).digest()
            self._counts[key] += 1
            many = self._counts[key] > self._most
        if many:
            raise TooOften(N_("Very many people open this at once. Please try again in a minute."))
