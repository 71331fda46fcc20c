"""Why a step is refused: not possible, not hers to take, or taken by somebody else before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from base.days import local_day
from base.errors import Conflict, NotAllowed, NotPossible, Refused
from base.i18n import N_
from models.registry import Person
from workflows.actors import Row, acts_as
from workflows.case_rows import last_event
from workflows.definition import Start, Transition
from workflows.judging import judge_guard, refusal
from workflows.log_words import actor_title, step_title
from workflows.machine import next_state, triggers_from
from workflows.publishing import Published
from workflows.tools import Tools

_person = Person.__table__  # type: ignore[attr-defined]


def not_allowed(
    connection: Connection, published: Published, step: Transition | Start, case: Row,
    actor_id: str | None, now: datetime,
) -> NotAllowed:  # fmt: skip
    """The refusal that says who may, or that it is a conflict of interest."""
    who = [published.process.actors[name].title for name in step.by]
    apart = conflict_of_interest(connection, published, step, case, actor_id, now)
    return apart or NotAllowed(
        N_("“{trigger}” can only be done by {who}."), step.by, trigger=step.title, who=who
    )


def conflict_of_interest(
    connection: Connection, published: Published, step: Transition | Start, case: Row,
    actor_id: str | None, now: datetime,
) -> NotAllowed | None:  # fmt: skip
    """The refusal of somebody who could take a step if she were not linked to the case."""
    process = published.process
    who = [process.actors[name].title for name in step.by]
    for name in step.by if actor_id else []:
        actor = process.actors[name]
        free = actor.model_copy(update={"unless": None})
        alone = process.model_copy(update={"actors": {**process.actors, name: free}})
        if actor.unless and acts_as(connection, alone, [name], case, actor_id, now):
            return NotAllowed(
                N_("You are linked to this school, so somebody else decides on it: {who}."),
                step.by, who=who,
            )  # fmt: skip
    return None


def no_step(published: Published, case: Row, trigger: str) -> NotPossible:
    """The refusal of a step that the process does not have."""
    return NotPossible(
        N_("{process} has no step “{trigger}”. From here there are: {possible}."),
        process=published.process.title, trigger=trigger,
        possible=titles(published, triggers_from(published.process, case["state"])),
    )  # fmt: skip


def no_way(
    connection: Connection, tools: Tools, published: Published, case: Row, trigger: str,
    actor_id: str | None,
) -> Refused:  # fmt: skip
    """The refusal of a step that does not lead out of the case's state.

    What was possible one step ago was decided by somebody else in the meantime, or ended by time.
    """
    if case["version"] > 0:
        last = last_event(connection, case)
        earlier = last["from_state"]
        if earlier and next_state(published.machine, earlier, trigger) is not None:
            missed = _missed(connection, tools, published, case, trigger, last)
            return missed or conflict(connection, tools, published, case, actor_id)
    return NotPossible(
        N_("“{trigger}” is not possible: the case is “{state}”. Possible now: {possible}."),
        trigger=published.process.transitions[trigger].title,
        state=published.process.states[case["state"]].title,
        possible=titles(published, triggers_from(published.process, case["state"])),
    )


def _missed(
    connection: Connection, tools: Tools, published: Published, case: Row, trigger: str, last: Row
) -> Refused | None:
    """Where the platform closed the case because time was up: the deadline, not the closing."""
    if last["actor_id"] is not None:
        return None
    guard = published.process.transitions[trigger].guard
    now = tools.clock.now()
    said = judge_guard(connection, tools.judge, published, guard, [case], now)
    error = refusal(connection, published, case, said[case["id"]])
    return error if error and error.deadline else None


def conflict(
    connection: Connection, tools: Tools, published: Published, case: Row, actor_id: str | None
) -> Conflict:
    """The refusal of somebody who acts on a case that has moved: who moved it, and where to."""
    last = last_event(connection, case)
    title = actor_title(published.process, last["acted_as"])
    # The sentence begins with it.
    name: Any = title
    if isinstance(title, Mapping):
        name = {code: f"{text[:1].upper()}{text[1:]}" for code, text in title.items()}
    if last["actor_id"]:
        person = connection.execute(
            select(_person.c.name).where(_person.c.id == last["actor_id"])
        ).scalar()
        # A school is not told which reviewer it was; colleagues tell one another.
        same = published.process.actors.get(last["acted_as"])
        may_know = (same is not None and not same.grant) or (
            actor_id is not None
            and acts_as(
                connection, published.process,
                [n for n, a in published.process.actors.items() if a.grant],
                case, actor_id, tools.clock.now(),
            )
            is not None
        )  # fmt: skip
        name = person if person and may_know else name
    return Conflict(
        N_("{who} was first, on {day}: “{trigger}”. The case is now “{state}”."),
        who=name,
        trigger=step_title(published.process, last["trigger"], last["payload"]),
        state=published.process.states[case["state"]].title,
        day=local_day(last["at"], ZoneInfo(case["zone"])),
    )


def titles(published: Published, triggers: list[str]) -> list[Any]:
    """The names of steps, for the reader's language."""
    return [published.process.transitions[name].title for name in triggers]
