"""Ids that sort by the time they were made (UUIDv7, RFC 9562)."""

from __future__ import annotations

import os
import threading
import time
from typing import Annotated

#: An id as text: 36 characters, lower case, sorting by age.
Id = Annotated[str, "UUIDv7"]

_lock = threading.Lock()
_last = [0]


def new_id(milliseconds: int | None = None) -> Id:
    """A fresh id, greater than every id this process made before in the same millisecond.

    Arguments:
        milliseconds: Unix time in milliseconds to stamp it with; the machine's when left out. The
            stamp only gives an order, so this is the one place besides the clock that reads time.
    """
    stamp = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    random_bits = int.from_bytes(os.urandom(8), "big") >> 2
    with _lock:
        # 48 bits of time, then 12 bits that count within the millisecond (RFC 9562, method 1).
        head = max(stamp << 12, _last[0] + 1) if milliseconds is None else stamp << 12
        if milliseconds is None:
            _last[0] = head
    value = ((head >> 12) & (2**48 - 1)) << 80 | 0x7 << 76 | (head & 0xFFF) << 64
    value |= 0b10 << 62 | random_bits
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
