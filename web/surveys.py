"""Whose an exercise is: only its school's. An NSO sees that there is one, not how it goes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from base.errors import NotAllowed, NotFound
from base.i18n import N_
from models.database import reading
from surveys.exercises import exercise_of
from surveys.questionnaire import Questionnaire, questionnaire
from web.context import Context
from web.scope import scope_of, visible_case
from web.signing_in import Someone
from workflows.actors import acts_as
from workflows.publishing import Published

#: The step of an exercise's process that makes the links, and the start that opens one: those that
#: carry these effects, whatever the process calls them.
MAKES_LINKS, OPENS = "make_links", "open_exercise"


@dataclass(frozen=True, kw_only=True)
class Survey:
    """An exercise that its reader may see."""

    case: dict[str, Any]
    #: Its row, with its case's zone and state.
    exercise: dict[str, Any]
    published: Published
    #: Whether the reader may set it up, and the links are not made yet.
    editable: bool

    @property
    def questionnaire(self) -> Questionnaire:
        """What is asked."""
        return questionnaire(self.exercise["questionnaire"])

    @property
    def level(self) -> dict[str, str]:
        """The title of its level."""
        return self.questionnaire.level(self.exercise["level"]).title

    def in_order(self, links: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Links in the order of the questionnaire's groups."""
        order = [one.group for one in self.questionnaire.groups]
        return sorted(links, key=lambda link: order.index(link["group"]))

    @property
    def step(self) -> str:
        """The step that makes the links."""
        steps = self.published.process.transitions.items()
        return next(name for name, step in steps if MAKES_LINKS in step.effect)


def visible_survey(context: Context, person: Someone, case_id: str) -> Survey:
    """An exercise of the reader's own school.

    Raises:
        NotFound: there is none of hers.
    """
    with reading(context.database) as connection:
        return survey_in(connection, context, person, case_id)


def survey_in(connection: Connection, context: Context, person: Someone, case_id: str) -> Survey:
    """:func:`visible_survey` inside a transaction of the caller's."""
    scope = scope_of(connection, person.id, context.tools.clock)
    case = visible_case(connection, scope, case_id)
    if case["organisation_id"] not in scope.organisations:
        raise NotFound(N_("There is no such exercise."))
    exercise = exercise_of(connection, case_id)
    published = context.tools.library.release(connection, case["release_id"])
    return Survey(
        case=case, exercise=exercise, published=published,
        editable=exercise["locked_at"] is None
        and case["is_open"]
        and _sets_up(connection, context, published, case, person),
    )  # fmt: skip


def editable_survey(context: Context, person: Someone, case_id: str) -> Survey:
    """One that the reader may set up, if its links are not made yet: whoever changes it looks.

    Raises:
        NotFound: there is none of hers.
        NotAllowed: it is not hers to set up.
    """
    with reading(context.database) as connection:
        survey = survey_in(connection, context, person, case_id)
        if not _sets_up(connection, context, survey.published, survey.case, person):
            raise NotAllowed(N_("Only a coordinator of the school sets an exercise up."))
    return survey


def _sets_up(
    connection: Connection, context: Context, published: Published, case: dict[str, Any],
    person: Someone,
) -> bool:  # fmt: skip
    """Whether a person may make the links, and so decides on what comes before."""
    steps = published.process.transitions.values()
    names = [name for step in steps if MAKES_LINKS in step.effect for name in step.by]
    now = context.tools.clock.now()
    return acts_as(connection, published.process, names, case, person.id, now) is not None
