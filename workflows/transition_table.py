"""The steps of a process as rows: the same as its diagram, for those who read rather than look."""

from __future__ import annotations

from dataclasses import dataclass

from base.i18n import N_, say, translate
from workflows.definition import Branch, Process, Step
from workflows.points_in_time import At, Span


@dataclass(frozen=True, kw_only=True)
class Row:
    """One way from one state to another, in words of one language."""

    #: Names of the file, for programs; the source is empty for a start.
    trigger: str
    source: str
    target: str
    #: Titles, for people.
    title: str
    from_title: str
    to_title: str
    #: Who may do it.
    by: tuple[str, ...]
    #: When it happens by itself; empty if it does not.
    when: tuple[str, ...]
    #: Rule sets that must be met.
    guards: tuple[str, ...]
    #: Who is written to.
    told: tuple[str, ...]


def transition_table(process: Process, language: str) -> list[Row]:
    """Every start and transition, a row for each state it leads from and to."""
    rows = [
        _row(process, language, name, start, None, branch)
        for name, start in process.starts.items()
        for branch in start.branches
    ]
    rows += [
        _row(process, language, name, step, source, branch)
        for name, step in process.transitions.items()
        for source in step.source
        for branch in step.branches
    ]
    return rows


def is_automatic(process: Process, trigger: str) -> bool:
    """Whether a start or transition happens by itself: at its point in the round, or by a timer."""
    start = process.starts.get(trigger)
    if start is not None:
        return start.at is not None
    return any(timer.fire == trigger for timer in process.timers.values())


def _row(
    process: Process, language: str, name: str, step: Step, source: str | None, branch: Branch
) -> Row:
    readers = dict.fromkeys([*step.mail.values(), *step.notice.values()])
    return Row(
        trigger=name,
        source=source or "",
        target=branch.to,
        title=say(step.title, language),
        from_title=say(process.states[source].title, language) if source else "",
        to_title=say(process.states[branch.to].title, language),
        by=tuple(say(process.actors[actor].title, language) for actor in step.by),
        when=tuple(_moments(process, language, name, source)),
        guards=(*step.guard, *branch.when),
        told=tuple(say(process.actors[actor].title, language) for actor in readers),
    )


def _moments(process: Process, language: str, trigger: str, source: str | None) -> list[str]:
    if source is None:
        at = process.starts[trigger].at
        return [point(at, language)] if at else []
    return [
        point(timer.at, language) if timer.at else span(timer.after, language)
        for timer in process.timers.values()
        if timer.fire == trigger and source in timer.states
    ]


def point(at: At, language: str) -> str:
    """A point of the round, by the name its date has in the round file."""
    if at.hour:
        return translate(N_("at the hour {hour} on {date}"), language, hour=at.hour, date=at.date)
    if at.time is None:
        return translate(N_("at the end of {date}"), language, date=at.date)
    return translate(N_("at {time} on {date}"), language, time=at.time, date=at.date)


def span(length: Span | None, language: str) -> str:
    """So long after a case came into its state; empty without a span."""
    if length is None:
        return ""
    count = length.parameter or length.count
    if length.hours:
        return translate(N_("after {count} hours"), language, count=count)
    if length.working:
        return translate(N_("after {count} working days"), language, count=count)
    return translate(N_("after {count} days"), language, count=count)
