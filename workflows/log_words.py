"""What the steps in a case's log are called: each by the version of the process it was taken under.

A case can have been moved to another version since. The log says when, and from which.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from base.i18n import LANGUAGES, N_, Text, translate
from workflows.definition import Process

#: The engine's own words for steps that no process file has: a step taken back, and a case moved
#: to another version of its process.
UNDO = "undo"
MOVE = "move_to_version"
#: In which capacity somebody moves a case: no actor of the process either.
ADMINISTRATOR = "administrator"

#: Name of an engine's own actor -> its title.
_ACTORS = {ADMINISTRATOR: N_("administrator")}


def processes_of(
    process_of: Callable[[str], Process], release_id: str,
    steps: Sequence[tuple[str, Mapping[str, Any]]],
) -> list[Process]:  # fmt: skip
    """The process of each step of a log, as it was when the step was taken.

    Arguments:
        process_of: the process of a version, by its id.
        release_id: the version the case has now.
        steps: trigger and payload of each event, in their order.
    """
    found = []
    for trigger, payload in reversed(steps):
        found.append(process_of(release_id))
        if trigger == MOVE:
            release_id = payload["from"]["release"]
    return found[::-1]


def step_title(process: Process, trigger: str, payload: Mapping[str, Any]) -> Text | str:
    """What a step of the log is called, in each language."""
    if trigger == UNDO:
        return _texts(N_("Taken back"))
    if trigger == MOVE:
        number = payload["to"]["number"]
        return _texts(N_("Moved to version {number} of the process"), number=number)
    step = {**process.starts, **process.transitions}.get(trigger)
    return step.title if step else trigger


def actor_title(process: Process, name: str) -> Text | str:
    """What the capacity is called in which somebody took a step, in each language."""
    actor = process.actors.get(name)
    if actor is None:
        return _texts(_ACTORS[name]) if name in _ACTORS else name
    return actor.title


def _texts(sentence: str, **values: Any) -> dict[str, str]:
    return {language: translate(sentence, language, **values) for language in LANGUAGES}
