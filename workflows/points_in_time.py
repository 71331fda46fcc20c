"""How a process file says when something is, and how long it takes.

``workflows/timing.py`` works out the instants.
"""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, model_validator

from workflows.definition_parts import Part

#: No span is longer: ten years. A larger number is a slip of the pen.
MOST_DAYS = 3650

_AT = re.compile(
    r"^(?:(?P<end>end of)|(?P<time>(?:[01][0-9]|2[0-3]):[0-5][0-9]) on"
    r"|round\.(?P<hour>[a-z0-9_.]+) on)"
    r" (?:(?:round|(?P<yearly>yearly))\.(?P<date>[a-z0-9_.]+)|(?P<own>case\.[a-z0-9_]+))$"
)
_SPAN = re.compile(
    r"^(?:(?P<count>[0-9]{1,4})|round\.(?P<parameter>[a-z0-9_.]+))"
    r" (?:(?P<working>working )?days?|(?P<hours>hours?))$"
)


class At(Part):
    """A point on a day of the round, or of the case itself, in the zone of the case.

    ``end of round.first_window.closes`` is 24:00 of that day; ``09:00 on round.publication`` is
    that local time; ``end of case.last_day`` is 24:00 of a day the case keeps. ``yearly.NAME`` is
    the next day of the round's date's day and month, in whatever year. With ``round.NAME on``, the
    round says the hour: a whole number from 0 to 23; where it does not, the day's beginning counts.
    """

    #: Name of the round's date: first_window.closes; or of one the case keeps: case.last_day.
    date: str
    #: Local time, HH:MM; None is the end of the day …
    time: str | None = None
    #: … or the name of a round parameter that gives the hour.
    hour: str | None = None
    #: Whether it comes back every year.
    yearly: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _AT.match(value)
        if not found:
            hint = 'write "end of round.DATE", "09:00 on round.DATE" or the same of case.DATE'
            message = f'"{value}" is no point in time: {hint}'
            raise ValueError(message)
        return {
            "date": found["date"] or found["own"], "time": found["time"],
            "hour": found["hour"], "yearly": bool(found["yearly"]),
        }  # fmt: skip


class Span(Part):
    """A length of time: ``14 days``, ``2 working days``, ``round.NAME working days``, ``48 hours``.

    Days last until the end of the last one; hours are counted to the second.
    """

    #: A fixed number, or …
    count: int | None = Field(default=None, ge=0, le=MOST_DAYS)
    #: … the name of a round parameter that gives it.
    parameter: str | None = None
    working: bool = False
    #: Whether the number is one of hours.
    hours: bool = False

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        found = _SPAN.match(value)
        if not found:
            hint = 'write "14 days", "2 working days" or "round.NAME days"'
            message = f'"{value}" is no span: {hint}'
            raise ValueError(message)
        count = int(found["count"]) if found["count"] else None
        return {
            "count": count, "parameter": found["parameter"], "working": bool(found["working"]),
            "hours": bool(found["hours"]),
        }  # fmt: skip
