"""What could be done with a case as it is, and what it would come to; nothing is changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from base.errors import NotAllowed
from workflows.actors import Row, acts_as
from workflows.applying import foreseen
from workflows.closed_today import Closed, closed_today
from workflows.effects.effect import Consequence
from workflows.machine import triggers_from
from workflows.parties import with_parties
from workflows.refusals import conflict_of_interest, no_step, no_way, not_allowed
from workflows.tools import Cause, Tools


def possible(connection: Connection, tools: Tools, case: Row, actor_id: str | None) -> list[str]:
    """The triggers this person may fire in the case as it is, guards aside."""
    published = tools.library.release(connection, case["release_id"])
    now = tools.clock.now()
    return [
        name
        for name in triggers_from(published.process, case["state"])
        if acts_as(
            connection, published.process, published.process.transitions[name].by, case,
            actor_id, now,
        )
    ]  # fmt: skip


def closed(
    connection: Connection, tools: Tools, case: Row, names: Sequence[str]
) -> dict[str, Closed]:
    """Of these triggers those that the calendar rules out today, each with the reason."""
    published = tools.library.release(connection, case["release_id"])
    now = tools.clock.now()
    found = {
        name: closed_today(published, case, published.process.transitions[name], now)
        for name in names
    }
    return {name: reason for name, reason in found.items() if reason}


def blocked(
    connection: Connection, tools: Tools, case: dict[str, Any], actor_id: str
) -> NotAllowed | None:
    """The conflict of interest that alone keeps a person from a step that is possible now."""
    published = tools.library.release(connection, case["release_id"])
    now = tools.clock.now()
    with_parties(connection, published.process, [case])
    for name in triggers_from(published.process, case["state"]):
        step = published.process.transitions[name]
        if acts_as(connection, published.process, step.by, case, actor_id, now):
            continue
        found = conflict_of_interest(connection, published, step, case, actor_id, now)
        if found:
            return found
    return None


def consequences(
    connection: Connection, tools: Tools, case: dict[str, Any], trigger: str, actor_id: str | None
) -> list[Consequence]:
    """What the effects of a step would do to the case, as far as they can say; guards aside.

    Raises:
        NotAllowed: the person may not take the step.
        NotPossible: it does not lead out of the case's state.
        Conflict: it did a moment ago, and somebody else was first.
    """
    published = tools.library.release(connection, case["release_id"])
    transition = published.process.transitions.get(trigger)
    if transition is None:
        raise no_step(published, case, trigger)
    if case["state"] not in transition.source:
        raise no_way(connection, tools, published, case, trigger, actor_id)
    now = tools.clock.now()
    with_parties(connection, published.process, [case])
    acted_as = acts_as(connection, published.process, transition.by, case, actor_id, now)
    if acted_as is None:
        raise not_allowed(connection, published, transition, case, actor_id, now)
    cause = Cause(trigger=trigger, step=transition, actor_id=actor_id, acted_as=acted_as, now=now)
    return foreseen(connection, tools.public_url, published, cause, case)
