"""When the timers of a case are due: pure functions of the process, the round and the zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from base.days import add_working_days, end_of, is_working_day, local_day, start_of
from base.ids import new_id
from workflows.definition import Process, TimerRule
from workflows.kept_values import with_own
from workflows.points_in_time import At, Span

#: Local time at which a reminder goes out some days before a deadline.
REMINDED_AT = time(9)


def instant(
    at: At, values: Mapping[str, Any], zone: ZoneInfo, since: datetime | None = None
) -> datetime | None:
    """The instant of ``at`` in ``zone``; None if its date is not known.

    Arguments:
        since: for ``yearly.NAME``, the instant after whose day it is the next one.
    """
    day = day_of(at, values, local_day(since, zone) if since else None)
    if day is None:
        return None
    if at.hour:
        return start_of(day, zone, time(hour_of(values.get(at.hour)) or 0))
    if at.time is None:
        return end_of(day, zone)
    return start_of(day, zone, time.fromisoformat(at.time))


def hour_of(value: Any) -> int | None:
    """An hour that a round says, from 0 to 23; None where it says none."""
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24
    return value if fits else None


def day_of(at: At, values: Mapping[str, Any], since: date | None = None) -> date | None:
    """The day of ``at``; None if it is not known.

    Arguments:
        since: for ``yearly.NAME``: the first such day after this one.
    """
    day = values.get(at.date)
    if not isinstance(day, date):
        return None
    if not at.yearly or since is None:
        return day
    this_year = _in_year(day, since.year)
    return this_year if this_year > since else _in_year(day, since.year + 1)


def _in_year(day: date, year: int) -> date:
    # 29 February is 28 February in every year.
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) else day.day)


def length(span: Span, values: Mapping[str, Any]) -> int | None:
    """How many days ``span`` is; None if the round does not know its parameter."""
    if span.parameter is None:
        return span.count
    value = values.get(span.parameter)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def last_day(
    rule: TimerRule, case: Mapping[str, Any], values: Mapping[str, Any], spent: int = 0
) -> date | None:
    """The local day a timer is about: the round's, or so long after the case came; None if unknown.

    Arguments:
        spent: days of its span that had passed before the case came into its state again.
    """
    if rule.at:
        since = local_day(case["since"], ZoneInfo(case["zone"]))
        return day_of(rule.at, with_own(values, case), since)
    count = length(rule.after, values) if rule.after else None
    if count is None or rule.after is None:
        return None
    if rule.after.hours:
        return local_day(case["since"] + timedelta(hours=count), ZoneInfo(case["zone"]))
    left = max(0, count - spent)
    day = local_day(case["since"], ZoneInfo(case["zone"]))
    if rule.after.working:
        return add_working_days(day, left, case["area"])
    return day + timedelta(days=left)


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


def next_time(
    span: Span, values: Mapping[str, Any], now: datetime, zone: ZoneInfo
) -> datetime | None:
    """00:00 local time, so many days after the day it is at ``now``; None if unknown."""
    count = length(span, values)
    return start_of(local_day(now, zone) + timedelta(days=count), zone) if count else None


def plan(
    process: Process, case: Mapping[str, Any], values: Mapping[str, Any], now: datetime,
    spent: Mapping[str, int] = MappingProxyType({}),
) -> list[dict[str, Any]]:  # fmt: skip
    """The timer rows of ``case``, which has just come into its state.

    A reminder whose moment has passed is left out: it would come after its reason. A trigger whose
    moment has passed is kept: it is due at once.

    Arguments:
        case: the case row as it will be written (id, state, since, version, area, zone).
        values: the round's values for the case's area.
        now: the present instant.
        spent: for timers whose clock can stand still, the days that have passed already.
    """
    zone = ZoneInfo(case["zone"])
    values = with_own(values, case)
    rows: list[dict[str, Any]] = []
    for name, rule in process.timers.items():
        if case["state"] not in rule.states:
            continue
        day = last_day(rule, case, values, spent.get(name, 0))
        moments: list[datetime | None]
        if rule.before:
            moments = [
                before(day, span, values, case["area"], zone) if day else None
                for span in rule.before
            ]
        elif rule.at:
            moments = [instant(rule.at, values, zone, case["since"])]
        elif rule.after and rule.after.hours:
            count = length(rule.after, values)
            moments = [None if count is None else case["since"] + timedelta(hours=count)]
        elif rule.every:
            moments = [next_time(rule.every, values, now, zone)]
        else:
            moments = [end_of(day, zone) if day else None]
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
