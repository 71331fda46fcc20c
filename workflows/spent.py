"""Time that a case has spent in its states already, for timers whose clock can stand still."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from base.days import local_day, working_days_between
from workflows.definition import Process, TimerRule
from workflows.stays import Stay, renamed, stays_of

Row = Mapping[str, Any]


def days_spent(
    connection: Connection, process: Process, cases: Sequence[Row], *, undone: bool = False,
    states: Mapping[str, str] | None = None,
) -> dict[str, dict[str, int]]:  # fmt: skip
    """How many days of each pausing timer have passed already, by case id and name of the timer.

    Days are counted as a timer counts them (working days where its span says so), up to the end of
    each earlier stay in its states. A stay that was ended by anything but a pause does not count:
    the clock began anew.

    Arguments:
        cases: as they will be written; their last event is not in the log yet.
        undone: whether that event takes back the last one that is there.
        states: the new name of each state that this event gives another one.
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
    stays = stays_of(connection, [case["id"] for case in returning])
    for case in returning:
        for name, rule in rules.items():
            if case["state"] in rule.states:
                log = renamed(stays[case["id"]], states or {})
                spent[case["id"]][name] = _days(rule, case, log[:-1] if undone else log)
    return spent


def _days(rule: TimerRule, case: Row, log: Sequence[Stay]) -> int:
    zone = ZoneInfo(case["zone"])
    until = local_day(case["since"], zone)
    count = 0
    # From now backwards, as long as the case was in the timer's states or paused.
    for stay in reversed(log):
        came = local_day(stay.at, zone)
        if stay.state in rule.states:
            count += _between(rule, came, until, case["area"])
        elif stay.state not in rule.paused_in:
            break
        until = came
    return count


def _between(rule: TimerRule, first: date, last: date, area: str) -> int:
    """The days after ``first`` up to ``last``."""
    if rule.after and rule.after.working:
        return working_days_between(first, last, area)
    return (last - first).days
