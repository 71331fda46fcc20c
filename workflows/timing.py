"""When the timers of a case are due: pure functions of the process, the round and the zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from base.days import add_working_days, end_of, is_working_day, local_day, start_of
from base.ids import new_id
from workflows.definition import At, Process, Span

#: Local time at which a reminder goes out some days before a deadline.
REMINDED_AT = time(9)


def instant(at: At, values: Mapping[str, Any], zone: ZoneInfo) -> datetime | None:
    """The instant of ``at`` in ``zone``; None if the round does not know the date."""
    day = values.get(at.date)
    if not isinstance(day, date):
        return None
    if at.time is None:
        return end_of(day, zone)
    return start_of(day, zone, time.fromisoformat(at.time))


def length(span: Span, values: Mapping[str, Any]) -> int | None:
    """How many days ``span`` is; None if the round does not know its parameter."""
    if span.parameter is None:
        return span.count
    value = values.get(span.parameter)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def after(
    since: datetime, span: Span, values: Mapping[str, Any], area: str, zone: ZoneInfo
) -> datetime | None:
    """The end of the day that lies ``span`` after the local day of ``since``; None if unknown."""
    count = length(span, values)
    if count is None:
        return None
    day = local_day(since, zone)
    day = add_working_days(day, count, area) if span.working else day + timedelta(days=count)
    return end_of(day, zone)


def before(
    day: date, span: Span, values: Mapping[str, Any], area: str, zone: ZoneInfo
) -> datetime | None:
    """09:00 local time, ``span`` before ``day``; None if unknown."""
    count = length(span, values)
    if count is None:
        return None
    if not span.working:
        return start_of(day - timedelta(days=count), zone, REMINDED_AT)
    while count > 0:
        day -= timedelta(days=1)
        count -= is_working_day(day, area)
    return start_of(day, zone, REMINDED_AT)


def plan(
    process: Process, case: Mapping[str, Any], values: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """The timer rows of ``case``, which has just come into its state.

    A reminder whose moment has passed is left out: it would come after its reason. A trigger whose
    moment has passed is kept: it is due at once.

    Arguments:
        case: the case row as it will be written (id, state, since, version, area, zone).
        values: the round's values for the case's area.
        now: the present instant.
    """
    zone = ZoneInfo(case["zone"])
    rows: list[dict[str, Any]] = []
    for name, rule in process.timers.items():
        if case["state"] not in rule.states:
            continue
        moments: list[datetime | None]
        if rule.after:
            moments = [after(case["since"], rule.after, values, case["area"], zone)]
        elif rule.at and rule.before:
            day = values.get(rule.at.date)
            moments = [
                before(day, span, values, case["area"], zone) if isinstance(day, date) else None
                for span in rule.before
            ]
        else:
            moments = [instant(rule.at, values, zone) if rule.at else None]
        for number, due in enumerate(moments):
            if due is None or (due <= now and not rule.fire):
                continue
            rows.append(
                {
                    "id": new_id(),
                    "key": f"{case['id']}:{case['version']}:{name}:{number}",
                    "process": process.process,
                    "case_id": case["id"],
                    "name": name,
                    "data": {},
                    "due_at": due,
                }
            )
    return rows
