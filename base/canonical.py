"""One way to write data as bytes, so that equal data has an equal hash."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson


def canonical(data: Any) -> bytes:
    """``data`` as JSON with sorted keys and no spaces; dates and instants as ISO 8601."""
    return orjson.dumps(data, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def sha256(data: bytes | str) -> str:
    """The SHA-256 of ``data`` in hexadecimal; text is taken as UTF-8."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def hash_of(data: Any) -> str:
    """The SHA-256 of ``data`` in its canonical form."""
    return sha256(canonical(data))
