"""Effects: what a step computes besides moving the case, by name.

An effect reads, and gives what is to be written in the step's own transaction, and values that the
step's mails may use. It writes nothing itself. Process files call effects by the names registered
here; there is no other way to reach code from a file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.sql.dml import UpdateBase

from base.i18n import FALLBACK, translate


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """What an effect knows."""

    #: For reading only.
    connection: Connection
    #: The case's row, before the step.
    case: Mapping[str, Any]
    #: Its parties: name -> person_id, organisation_id, project_id, area.
    parties: Mapping[str, Mapping[str, Any]]
    #: What was sent along with the step; people, organisations and projects by id.
    payload: Mapping[str, Any]
    #: Who takes the step; None is the platform.
    actor_id: str | None
    #: In which capacity: the actor's name in the process file.
    acted_as: str
    #: The round's values in the case's area; None is UNKNOWN.
    values: Mapping[str, Any]
    #: The arguments of the process file; ``round.NAME`` is replaced by the round's value.
    arguments: Mapping[str, Any]
    now: datetime
    public_url: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an effect gives."""

    #: Rows to insert.
    rows: list[tuple[Table, dict[str, Any]]] = field(default_factory=list)
    #: Rows to change or delete.
    changes: list[UpdateBase] = field(default_factory=list)
    #: Values for mails and notices.
    context: dict[str, Any] = field(default_factory=dict)
    #: Columns of the case that it settles: what a case is about that the effect makes.
    about: dict[str, Any] = field(default_factory=dict)
    #: What the case keeps from now on, by the names its process lists under ``keeps``.
    keeps: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Consequence:
    """One thing a step would do, said before it is done."""

    #: English sentence, marked with ``N_``.
    text: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def say(self, language: str = FALLBACK) -> str:
        """The sentence in ``language``."""
        return translate(self.text, language, **self.values)


Effect = Callable[[Occasion], Outcome]
Foresight = Callable[[Occasion], list[Consequence]]
EFFECTS: dict[str, Effect] = {}
#: Effects that can say beforehand what they will do.
FORESIGHTS: dict[str, Foresight] = {}
#: Effects that take up some of what a school has a limited number of: see :func:`takes_up`.
TAKING_UP: set[str] = set()


def effect(function: Effect) -> Effect:
    """Register ``function`` under its own name."""
    EFFECTS[function.__name__] = function
    return function


def takes_up(done: Effect) -> Effect:
    """Let the steps with the effect ``done`` be taken one after another at each school.

    What their guards count elsewhere at the school then stays as they have counted it.
    """
    TAKING_UP.add(done.__name__)
    return done


def foresees(done: Effect) -> Callable[[Foresight], Foresight]:
    """Register a function that says what the effect ``done`` would do."""

    def register(function: Foresight) -> Foresight:
        FORESIGHTS[done.__name__] = function
        return function

    return register
