"""Small words of the command line's own output, which is English."""

from __future__ import annotations


def counted(count: int, one: str) -> str:
    """``1 case``, ``2 cases``, ``1,200 events``."""
    return f"{count:,} {one}{'' if count == 1 else 's'}"
