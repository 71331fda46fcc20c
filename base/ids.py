"""Ids that sort by the time they were made (UUIDv7, RFC 9562)."""

from __future__ import annotations

import os
import struct
import threading
import time
from typing import Annotated

#: An id as text: 36 characters, lower case, sorting by age.
Id = Annotated[str, "UUIDv7"]

_lock = threading.Lock()
_last = [0]
#: Random numbers of 64 bits: the system is asked for many at a time, which costs it as much as one.
_random: list[int] = []
_MANY = 512
# Two processes must not draw the same ones.
os.register_at_fork(after_in_child=_random.clear)


def new_id(milliseconds: int | None = None) -> Id:
    """A fresh id, greater than every id this process made before in the same millisecond.

    Arguments:
        milliseconds: Unix time in milliseconds to stamp it with; the machine's when left out. The
            stamp only gives an order, so this is the one place besides the clock that reads time.
    """
    stamp = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    with _lock:
        if not _random:
            _random.extend(struct.unpack(f"{_MANY}Q", os.urandom(8 * _MANY)))
        random_bits = _random.pop() >> 2
        # 48 bits of time, then 12 bits that count within the millisecond (RFC 9562, method 1).
        head = max(stamp << 12, _last[0] + 1) if milliseconds is None else stamp << 12
        if milliseconds is None:
            _last[0] = head
    value = ((head >> 12) & (2**48 - 1)) << 80 | 0x7 << 76 | (head & 0xFFF) << 64
    value |= 0b10 << 62 | random_bits
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
