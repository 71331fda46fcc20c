"""The form of a case: read, save, preview."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from models.database import reading
from web.api.lines import evidence_line
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.api.shapes import EvidenceLine, Problem
from web.context import Context, Here
from web.language import Language
from web.scope import scope_of, visible_case, visible_form
from web.signing_in import Reader, Someone
from workflows.answers import save_answers
from workflows.overtaken import UNANSWERED, versions_of
from workflows.preview import preview

router = APIRouter(tags=["forms"])


class FieldShown(BaseModel):
    """One field of the form with its answer."""

    key: str = Field(description="section.field")
    type: str
    title: str
    answer: str = Field(description="In words.")
    value: Any = Field(description="As it was saved.")
    evidence: list[EvidenceLine]
    missing: str = Field(description="What it still lacks; empty for nothing.")
    version: str = Field(description="To hand back under `seen` when it is saved.")


class SectionShown(BaseModel):
    """One section of the form."""

    section: str
    step: int
    title: str
    text: str
    fields: list[FieldShown]


class FormShown(BaseModel):
    """The form as it stands: what was answered and what is missing."""

    sections: list[SectionShown]
    missing: list[Problem] = Field(description="Everything that keeps it from being submitted.")
    is_complete: bool
    sent_at: datetime | None = Field(
        description="Set for whoever sees it as it was sent in then, not what was written since."
    )


class Answers(Sent):
    """Answers to save; fields that are not named stay as they are, null clears one."""

    answers: dict[str, Any] = Field(max_length=500, examples=[{"esafety.policy": "yes"}])
    seen: dict[str, str] = Field(
        default={}, max_length=500,
        description=(
            "The `version` of fields as you read them. If somebody else has changed one since, "
            "nothing is saved (409). Fields that are not named are overwritten."
        ),
    )  # fmt: skip


@router.get("/cases/{case_id}/form", summary="The form with what is missing", responses=READING)
def read_form(context: Here, reader: Reader, language: Language, case_id: str) -> FormShown:
    """The form, section by section, with every missing thing and its step.

    Who judges it sees it as it was sent in; what has not been, answers as if it did not exist.
    """
    return shown(context, reader, case_id, language)


@router.patch("/cases/{case_id}/form", summary="Save answers", responses=WRITING)
def save_form(
    context: Here, reader: Reader, language: Language, case_id: str, given: Answers
) -> FormShown:
    """Save some answers: all of them, or none and every problem."""
    with reading(context.database) as connection:
        visible_case(connection, scope_of(connection, reader.id, context.tools.clock), case_id)
    save_answers(context.database, context.tools, case_id, given.answers, reader.id, given.seen)
    return shown(context, reader, case_id, language)


def shown(context: Context, reader: Someone, case_id: str, language: str) -> FormShown:
    """The form of a case as its reader sees it.

    Raises:
        NotFound: no such case for this reader, no form, or one that is not hers to read yet.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        process = context.tools.library.release(connection, case["release_id"]).process
        form = visible_form(connection, context.tools, scope, case)
        # Of what is shown: a version tells something of the text it is of.
        versions = {} if form.sent_at else versions_of(connection, case_id)
    evidence: dict[str, list[Any]] = {}
    for row in form.evidence:
        evidence.setdefault(row["field"], []).append(row)
    found = preview(process, form.answers, evidence, language)
    return FormShown(
        sections=[
            SectionShown(
                section=section.section, step=section.step, title=section.title,
                text=section.text,
                fields=[
                    FieldShown(
                        key=one.key, type=one.type, title=one.title, answer=one.answer,
                        value=form.answers.get(one.key),
                        evidence=[evidence_line(row) for row in one.evidence],
                        missing=one.missing,
                        version=versions.get(one.key, UNANSWERED),
                    )
                    for one in section.fields
                ],
            )
            for section in found.sections
        ],
        missing=[
            Problem(where=one.where, step=one.step, message=one.say(language))
            for one in found.missing
        ],
        is_complete=found.is_complete, sent_at=form.sent_at,
    )  # fmt: skip
