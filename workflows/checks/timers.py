"""Timers: that they can happen, do something, and do not contradict one another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import combinations
from typing import Any

from workflows.checks.check import Check, Place
from workflows.definition import TimerRule
from workflows.points_in_time import MOST_DAYS, At, Span
from workflows.timing import hour_of


def check_timers(check: Check) -> None:
    """Each timer by itself, then every two that share a state, then what they do together."""
    for name, timer in check.process.timers.items():
        _timer(check, name, timer)
    for name, digest in check.process.digests.items():
        for index, state in enumerate(digest.waiting):
            if state in check.process.states and check.process.states[state].final:
                message = f'"{state}" is final: nothing waits in it'
                check.error(("digests", name, "waiting", index), message)
    pairs = combinations(check.process.timers.items(), 2)
    for (first_name, first), (second_name, second) in pairs:
        shared = [state for state in first.states if state in second.states]
        if shared:
            _same_moment(check, first_name, first, second_name, second, shared[0])
    for name, timer in check.process.timers.items():
        for other_name, other in check.process.timers.items():
            if name != other_name:
                _too_late(check, name, timer, other_name, other)
    _round_for_ever(check)


def _timer(check: Check, name: str, timer: TimerRule) -> None:
    place: Place = ("timers", name)
    for index, state in enumerate(timer.states):
        if state in check.process.states and check.process.states[state].final:
            message = f'"{state}" is final: the case has ended before this timer comes'
            check.error((*place, "while", index), message)
    if timer.paused_in and timer.after is None:
        message = "only a timer that counts days can stand still: paused_in belongs to after"
        check.error((*place, "paused_in"), message)
    for index, state in enumerate(timer.paused_in):
        if state in timer.states:
            message = f'the clock cannot both run and stand still in "{state}"'
            check.error((*place, "paused_in", index), message)
    for index, span in enumerate(timer.before):
        if span in timer.before[:index]:
            message = "this moment stands here twice; the mail would go out twice"
            check.error((*place, "before", index), message)
    _fires(check, timer, (*place, "fire"))


def _fires(check: Check, timer: TimerRule, there: Place) -> None:
    step = check.process.transitions.get(timer.fire or "")
    if step is None:
        return
    for state in timer.states:
        if state not in step.source:
            check.error(there, f'"{timer.fire}" does not lead out of "{state}"')
    if not any(check.is_platform(actor) for actor in step.by):
        message = f'a timer acts as the platform, which may not do "{timer.fire}": add it to by'
        check.error(there, message)
    if any(ask.required for ask in step.asks):
        message = f'"{timer.fire}" asks for something that the platform cannot give'
        check.error(there, message)
    if timer.every and not step.guard:
        message = "a timer that comes again and again waits for a guard to be met: add one"
        check.error(there, message)
    if step.guard and not timer.every:
        message = (
            f'"{timer.fire}" has a guard: where it is not met the case stays, '
            "and the timer does not come again"
        )
        check.warning(there, message)


def _same_moment(
    check: Check, first_name: str, first: TimerRule, name: str, timer: TimerRule, state: str
) -> None:
    """Two timers of one state at one moment: which of two steps, or twice the same mail."""
    if (first.at, first.after) != (timer.at, timer.after):
        return
    if first.fire and timer.fire:
        message = f'in "{state}" this fires at the same moment as "{first_name}"; only one can win'
        check.error(("timers", name, "fire"), message)
    shared = set(first.before or [None]) & set(timer.before or [None])  # type: ignore[list-item]
    for template, actor in timer.mail.items():
        if shared and first.mail.get(template) == actor:
            message = f'in "{state}" "{first_name}" sends the same mail at the same moment'
            check.error(("timers", name, "mail", template), message)


def _too_late(check: Check, name: str, timer: TimerRule, end_name: str, end: TimerRule) -> None:
    """A mail that is due when another timer has already ended the state never goes out."""
    if not timer.mail or timer.at is None or end.at is None or not end.fire:
        return
    if not set(timer.states) <= set(end.states):
        return
    for round_name, values in _rounds(check):
        ends = _moment(end.at, values)
        if ends is None:
            continue
        for index, (span, due) in enumerate(_moments(timer, timer.at, values)):
            if due is not None and due >= ends:
                place: Place = ("timers", name, *(("before", index) if span else ("at",)))
                message = f'in round {round_name} "{end_name}" has ended the state by then'
                check.error(place, message)
                return


def _rounds(check: Check) -> Iterator[tuple[str, Mapping[str, Any]]]:
    yield from check.known.calendars.get(check.process.round or "", {}).items()


def _moment(at: At, values: Mapping[str, Any]) -> tuple[date, str] | None:
    """A point of a round as (day, local time); the end of a day is 00:00 of the next."""
    day = None if at.yearly else values.get(at.date)
    if not isinstance(day, date):
        return None
    if at.hour:
        return day, f"{hour_of(values.get(at.hour)) or 0:02}:00"
    return (day + timedelta(days=1), "00:00") if at.time is None else (day, at.time)


def _moments(
    timer: TimerRule, at: At, values: Mapping[str, Any]
) -> list[tuple[Span | None, tuple[date, str] | None]]:
    if not timer.before:
        return [(None, _moment(at, values))]
    day = None if at.yearly else values.get(at.date)
    moments: list[tuple[Span | None, tuple[date, str] | None]] = []
    for span in timer.before:
        count = values.get(span.parameter) if span.parameter else span.count
        due = None
        if isinstance(day, date) and isinstance(count, int) and 0 <= count <= MOST_DAYS:
            # A working day counts as a day here: it lies at least that much earlier.
            due = (day - timedelta(days=count), "09:00")
        moments.append((span, due))
    return moments


def _round_for_ever(check: Check) -> None:
    """Steps fired at points of the round must not lead in a circle: once past, it never stops."""
    ways: dict[str, list[str]] = {}
    for timer in check.process.timers.values():
        step = check.process.transitions.get(timer.fire or "")
        if step and timer.at and not timer.at.yearly:  # which is always to come
            for state in timer.states:
                ways.setdefault(state, []).extend(step.targets)
    for name, timer in check.process.timers.items():
        step = check.process.transitions.get(timer.fire or "")
        if not step or not timer.at or timer.at.yearly:
            continue
        seen: set[str] = set()
        front = list(step.targets)
        while front:
            state = front.pop()
            if state in timer.states:
                message = f'once this has passed, timers lead from "{state}" to itself for ever'
                check.error(("timers", name, "fire"), message)
                break
            if state not in seen:
                seen.add(state)
                front.extend(ways.get(state, []))
