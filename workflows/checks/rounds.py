"""What a process takes from its rounds and cases: all of it is there and of the right kind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from base.located import nearest
from workflows.checks.check import Check, Place
from workflows.kept_values import OWN
from workflows.points_in_time import MOST_DAYS, At, Span
from workflows.timing import hour_of

#: How the value of an effect's argument names a value of the round.
ROUND = "round."
#: Kinds of value, as the messages name them.
DATE, NUMBER, ANY = "date", f"number of days from 0 to {MOST_DAYS}", "value"
HOUR, YES_OR_NO = "hour from 0 to 23", "yes or no"


def check_rounds(check: Check) -> None:
    """Every ``round.NAME`` names a value of the calendar's rounds, ``case.NAME`` one of a case."""
    wanted = list(_of_rounds(check))
    _starts(check)
    calendar = check.process.round
    if calendar is None:
        for place, name, _kind in wanted:
            check.error(place, f"the process has no round, so there is no round.{name}")
        return
    if not check.named("calendar of rounds", calendar, check.known.calendars, ("round",)):
        return
    rounds = check.known.calendars[calendar]
    given = {name for values in rounds.values() for name in values}
    told: set[str] = set()
    for place, name, kind in wanted:
        if name not in given:
            hint = nearest(name, given)
            check.error(place, f'no round of "{calendar}" gives "{name}"{hint}')
            continue
        values = {round_name: values.get(name) for round_name, values in rounds.items()}
        for round_name, value in values.items():
            if value is not None and not _is(kind, value):
                check.error(place, f'"{name}" of round {round_name} is no {kind}')
        unknown = sorted(round_name for round_name, value in values.items() if value is None)
        if unknown and name not in told:
            told.add(name)
            rest = (
                "the beginning of the day counts there"
                if kind == HOUR
                else "what hangs on it does not happen there"
            )
            check.warning(place, f'"{name}" is not known in {", ".join(unknown)}: {rest}')


def _starts(check: Check) -> None:
    """A start belongs to a round, and to no case yet."""
    for name, start in check.process.starts.items():
        for key, at in (("at", start.at), ("until", start.until)):
            if at and (at.yearly or at.date.startswith(OWN)):
                message = "a start belongs to a round: only round.NAME is possible here"
                check.error(("starts", name, key), message)


def _of_rounds(check: Check) -> Iterator[tuple[Place, str, str]]:
    """What is to be found in the rounds; what a case keeps itself is looked for here."""
    for place, name, kind in _wanted(check):
        if name.startswith(OWN):
            check.named("value a case keeps", name.removeprefix(OWN), check.process.keeps, place)
        else:
            yield place, name, kind


def _is(kind: str, value: Any) -> bool:
    if kind == DATE:
        return isinstance(value, date)
    if kind == NUMBER:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MOST_DAYS
    if kind == HOUR:
        return hour_of(value) is not None
    if kind == YES_OR_NO:
        return isinstance(value, bool)
    return True


def _wanted(check: Check) -> Iterator[tuple[Place, str, str]]:
    """Every name a process takes from its rounds, where, and what it must be."""
    for name, start in check.process.starts.items():
        yield from _at(start.at, ("starts", name, "at"))
        yield from _at(start.until, ("starts", name, "until"))
    for name, timer in check.process.timers.items():
        yield from _at(timer.at, ("timers", name, "at"))
        yield from _span(timer.after, ("timers", name, "after"))
        for index, span in enumerate(timer.before):
            yield from _span(span, ("timers", name, "before", index))
    for name, digest in check.process.digests.items():
        yield from _span(digest.late_after, ("digests", name, "late_after"))
    yield from _of_steps(check)


def _of_steps(check: Check) -> Iterator[tuple[Place, str, str]]:
    for place, _name, step in check.steps():
        for index, ask in enumerate(step.asks):
            if ask.only_if:
                there = (*place, "asks", index, "only_if")
                yield there, ask.only_if.removeprefix(ROUND), YES_OR_NO
        if step.mail_if:
            yield (*place, "mail_if"), step.mail_if.removeprefix(ROUND), YES_OR_NO
        for effect, arguments in step.effect.items():
            for argument, value in arguments.items():
                if isinstance(value, str) and value.startswith(ROUND):
                    there = (*place, "effect", effect, argument)
                    yield there, value.removeprefix(ROUND), ANY


def _at(at: At | None, place: Place) -> Iterator[tuple[Place, str, str]]:
    if at:
        yield place, at.date, DATE
    if at and at.hour:
        yield place, at.hour, HOUR


def _span(span: Span | None, place: Place) -> Iterator[tuple[Place, str, str]]:
    if span and span.parameter:
        yield place, span.parameter, NUMBER
