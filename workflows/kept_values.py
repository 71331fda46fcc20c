"""What a case keeps of itself: days, numbers and words its steps were sent, or its effects found.

They stand in the case's own row under ``kept``, by the names that ``keeps`` of the process file
lists. Timers use them as they use the values of a round: ``end of case.last_day``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from workflows.definition import Process

#: How a point in time names a value of the case.
OWN = "case."
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Row = Mapping[str, Any]


def kept_values(case: Row) -> dict[str, Any]:
    """What a case keeps, by name; days as days. A row without them keeps nothing."""
    kept = case.get("kept") or {}
    return {name: _read(value) for name, value in kept.items()}


def with_own(values: Row, case: Row) -> Row:
    """The values of a round, and beside them those of the case under ``case.NAME``."""
    kept = kept_values(case)
    return {**values, **{OWN + name: value for name, value in kept.items()}} if kept else values


def kept_now(process: Process, case: Row, *sources: Row) -> dict[str, Any]:
    """What the case keeps after a step: what it kept, and what was sent or found under its names.

    Arguments:
        sources: what was sent along, then what effects found; the last one wins.
    """
    kept = dict(case.get("kept") or {})
    for source in sources:
        for name in process.keeps:
            if name in source:
                value = source[name]
                kept[name] = value.isoformat() if isinstance(value, date) else value
    return kept


def _read(value: Any) -> Any:
    if isinstance(value, str) and _DAY.fullmatch(value):
        return date.fromisoformat(value)
    return value
