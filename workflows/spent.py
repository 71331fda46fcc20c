"""Time that a case has spent in its states already, for timers whose clock can stand still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from base.days import local_day, working_days_between
from models.cases import CaseEvent
from models.sql import among
from workflows.definition import Process, TimerRule
from workflows.log_words import MOVE

_event = CaseEvent.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]


def days_spent(
    connection: Connection, process: Process, cases: Sequence[Row]
) -> dict[str, dict[str, int]]:
    """How many days of each pausing timer have passed already, by case id and name of the timer.

    Days are counted as a timer counts them (working days where its span says so), up to the end of
    each earlier stay in its states. A stay that was ended by anything but a pause does not count:
    the clock began anew.

    Arguments:
        cases: as they will be written; their last event is not in the log yet.
    """
    spent: dict[str, dict[str, int]] = {case["id"]: {} for case in cases}
    rules = {name: rule for name, rule in process.timers.items() if rule.paused_in}
    returning = [
        case
        for case in cases
        if case["version"] > 1 and any(case["state"] in rule.states for rule in rules.values())
    ]
    if not returning:
        return spent
    query = (
        select(_event.c.case_id, _event.c.at, _event.c.to_state)
        .where(
            among(connection, _event.c.case_id, [case["id"] for case in returning]),
            # A case that is moved to another version stays where it is.
            _event.c.trigger != MOVE,
        )
        .order_by(_event.c.case_id, _event.c.sequence)
    )
    logs: dict[str, list[tuple[Any, str]]] = {}
    for row in connection.execute(query):
        logs.setdefault(row.case_id, []).append((row.at, row.to_state))
    for case in returning:
        for name, rule in rules.items():
            if case["state"] in rule.states:
                spent[case["id"]][name] = _days(rule, case, logs[case["id"]])
    return spent


def _days(rule: TimerRule, case: Row, log: list[tuple[Any, str]]) -> int:
    zone = ZoneInfo(case["zone"])
    until = local_day(case["since"], zone)
    count = 0
    # From now backwards, as long as the case was in the timer's states or paused.
    for at, state in reversed(log):
        came = local_day(at, zone)
        if state in rule.states:
            count += _between(rule, came, until, case["area"])
        elif state not in rule.paused_in:
            break
        until = came
    return count


def _between(rule: TimerRule, first: date, last: date, area: str) -> int:
    """The days after ``first`` up to ``last``."""
    if rule.after and rule.after.working:
        return working_days_between(first, last, area)
    return (last - first).days
