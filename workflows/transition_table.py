"""The steps of a process as rows: the same as its diagram, for those who read rather than look."""

from __future__ import annotations

from dataclasses import dataclass

from base.i18n import say
from workflows.definition import Branch, Process, Step


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
    return Row(
        trigger=name,
        source=source or "",
        target=branch.to,
        title=say(step.title, language),
        from_title=say(process.states[source].title, language) if source else "",
        to_title=say(process.states[branch.to].title, language),
        by=tuple(say(process.actors[actor].title, language) for actor in step.by),
    )
