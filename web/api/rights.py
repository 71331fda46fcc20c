"""Rights of a school, and one case for each of several subjects at once."""

from __future__ import annotations

from datetime import date
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from base.i18n import say
from models.database import reading
from registry.rights import rights
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.api.shapes import Error
from web.context import Here
from web.language import Language
from web.problems import as_dict
from web.scope import scope_of, visible_person, visible_school
from web.signing_in import Reader
from workflows.bulk import start_each
from workflows.rights_of_school import not_needed, people, rights_at, school_led

router = APIRouter(tags=["rights"])


class NewCases(Sent):
    """What opens a case for each of several subjects."""

    process: str = Field(max_length=60, examples=["user_right"])
    way: str = Field(max_length=60, description="One of its starts.", examples=["grant"])
    subjects: list[str] = Field(
        max_length=1000, description="Ids of what the process is about; each is answered by itself."
    )
    organisation_id: str | None = Field(
        default=None, max_length=36, description="For people, at which of their schools."
    )
    round: str | None = Field(default=None, max_length=40)
    payload: dict[str, Any] = Field(default={}, description="What the start asks for.")


class SubjectAnswer(BaseModel):
    """What came of one subject."""

    subject_id: str
    case_id: str | None = Field(description="Its case; null where there is none.")
    error: Error | None = Field(description="Why there is none.")


class RightLine(BaseModel):
    """A right a school can give."""

    name: str
    title: str
    description: str
    not_needed_by: list[str] = Field(description="Roles whose holders do not need it.")


class RightHeld(BaseModel):
    """A right somebody has or had at a school."""

    case_id: str
    person_id: str
    name: str
    right: str
    first_day: date
    last_day: date = Field(description="Inclusive.")
    state: str
    is_open: bool
    not_needed: bool = Field(description="Her role does not need it.")


@router.post("/cases/each", summary="Open a case for each of several", responses=WRITING)
def open_cases(
    context: Here, reader: Reader, language: Language, new: NewCases
) -> list[SubjectAnswer]:
    """Open a case for each subject; what is refused for one undoes nothing for the others.

    Too many subjects, one that is named twice, or a payload that cannot be used is refused before
    anything is done.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        if new.organisation_id:
            visible_school(connection, scope, new.organisation_id)
        for one in new.subjects if new.organisation_id else ():
            visible_person(connection, scope, one, context.tools.clock, new.organisation_id)
        for one in () if new.organisation_id else new.subjects:
            visible_school(connection, scope, one)
    found = start_each(
        context.engine, new.process, new.way, new.subjects, actor_id=reader.id,
        organisation_id=new.organisation_id, round_name=new.round, payload=new.payload,
    )  # fmt: skip
    return [
        SubjectAnswer(
            subject_id=one.subject_id, case_id=one.taken.case["id"] if one.taken else None,
            error=Error.model_validate(as_dict(one.error, language)) if one.error else None,
        )
        for one in found
    ]  # fmt: skip


@router.get("/rights", summary="The rights a school can give", responses=READING)
def list_rights(_reader: Reader, language: Language) -> list[RightLine]:
    """Each with its words."""
    return [
        RightLine(
            name=name, title=say(one.title, language), description=say(one.description, language),
            not_needed_by=one.not_needed_by,
        )
        for name, one in rights().items()
    ]  # fmt: skip


@router.get("/rights/held", summary="Who has which right at your school", responses=READING)
def held(context: Here, reader: Reader, organisation_id: str | None = None) -> list[RightHeld]:
    """For its principal: the rights that are open first, by name."""
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        school = school_led(connection, reader.id, now, organisation_id)
        rows = rights_at(connection, school)
        staff = people(connection, school, now)
    idle = {(right, one.id) for right in rights() for one in not_needed(right, staff)}
    return [
        RightHeld(
            case_id=row.case_id, person_id=row.person_id, name=row.name, right=row.right,
            first_day=row.first_day, last_day=row.last_day, state=row.state, is_open=row.is_open,
            not_needed=(row.right, row.person_id) in idle,
        )
        for row in rows
    ]  # fmt: skip
