"""Firing triggers, and taking a step back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from base.canonical import hash_of
from base.errors import BadInput, NotAllowed, Refused
from base.i18n import N_, say
from models.cases import Idempotency
from models.database import reading, writing
from web.api.cases import whole, whole_in
from web.api.outcomes import READING_STEP, WRITING
from web.api.sent import Sent
from web.api.shapes import CaseWhole, Name
from web.context import Context, Here
from web.language import Language
from web.metrics import timed_fire
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone
from workflows import foresight
from workflows.definition import Process
from workflows.rehearsal import rehearse

router = APIRouter(tags=["steps"])

_kept = Idempotency.__table__  # type: ignore[attr-defined]


class EditedMail(Sent):
    """What is sent instead of a mail's own words."""

    template: str = Field(max_length=60, examples=["approved"])
    language: str = Field(max_length=5, examples=["nl"])
    subject: str = Field(max_length=400)
    text: str = Field(max_length=40_000, description="{name} stands for the name of who gets it.")


class Step(Sent):
    """What a trigger is fired with."""

    payload: dict[str, Any] = Field(
        default={}, description="What the trigger asks for.",
        examples=[{"feedback": {"esafety": "Please add the policy itself."}}],
    )  # fmt: skip
    version: int | None = Field(
        default=None, description="The case's version you saw; another one now is a conflict."
    )
    mails: list[EditedMail] = Field(
        default=[], max_length=20,
        description="Of staff: mails of the step in other words. They are kept in the log.",
    )  # fmt: skip

    @property
    def edited(self) -> list[dict[str, str]]:
        """The edited mails as the engine takes them."""
        return [one.model_dump() for one in self.mails]


@router.post("/cases/{case_id}/triggers/{trigger}", summary="Fire a trigger", responses=WRITING)
def fire(
    context: Here,
    reader: Reader,
    language: Language,
    case_id: str,
    trigger: str,
    step: Step,
    idempotency_key: Annotated[
        str | None,
        Header(max_length=100, description="Repeat a request with it: it is carried out once."),
    ] = None,
) -> CaseWhole:
    """Move a case. The answer is the case as it is then; a repeat gets the first answer again."""
    process = _process(context, reader, case_id)
    # Only names that exist become labels of a figure: anybody can make others up, without end.
    with timed_fire(trigger if trigger in process.transitions else "unknown"):
        if idempotency_key:
            asked = _Asked(
                reader=reader, language=language, case_id=case_id, trigger=trigger, step=step,
                key=idempotency_key,
            )  # fmt: skip
            return _once(context, asked)
        context.engine.fire(case_id, trigger, reader.id, step.payload, step.version, step.edited)
    return whole(context, reader, case_id, language)


@router.get(
    "/cases/{case_id}/triggers/{trigger}/consequences",
    summary="What a trigger would do",
    responses=READING_STEP,
)
def consequences(
    context: Here, reader: Reader, language: Language, case_id: str, trigger: str
) -> list[str]:
    """What firing the trigger would do beside moving the case; nothing is changed.

    In sentences: which projects and labels would be lost, say.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        found = foresight.consequences(connection, context.tools, case, trigger, reader.id)
    return [consequence.say(language) for consequence in found]


class MailDraft(BaseModel):
    """A mail of a step, as all who get it in one language will read it."""

    template: str
    language: str
    subject: str
    text: str = Field(description="Without its foot; {name} is each name, where several get it.")
    to: list[str]


class Rehearsed(BaseModel):
    """What a step would come to."""

    state: Name
    mails: list[MailDraft]


@router.post(
    "/cases/{case_id}/triggers/{trigger}/rehearsal",
    summary="What a trigger would come to, and its mails",
    responses=WRITING,
)
def rehearsal(
    context: Here, reader: Reader, language: Language, case_id: str, trigger: str, step: Step
) -> Rehearsed:
    """Where the trigger would lead and the mails that would go out; nothing is changed.

    For staff. A refusal is the one that firing it would meet.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        process = context.tools.library.release(connection, case["release_id"]).process
        if not scope.is_staff_in(case):
            raise NotAllowed(N_("Only staff see the mails of a step before it is taken."))
    found = rehearse(
        context.engine, context.templates, case_id, trigger, reader.id, step.payload, step.version
    )
    title = say(process.states[found.to_state].title, language)
    return Rehearsed(
        state=Name(name=found.to_state, title=title),
        mails=[MailDraft(**vars(draft)) for draft in found.drafts],
    )


@router.post("/cases/{case_id}/undo", summary="Take back your last step", responses=WRITING)
def undo(context: Here, reader: Reader, language: Language, case_id: str) -> CaseWhole:
    """Take back the step you have just taken, while its mails are still held."""
    _process(context, reader, case_id)
    context.engine.undo(case_id, reader.id)
    return whole(context, reader, case_id, language)


def _process(context: Context, reader: Someone, case_id: str) -> Process:
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        return context.tools.library.release(connection, case["release_id"]).process


@dataclass(frozen=True, kw_only=True)
class _Asked:
    """A request that carries an Idempotency-Key."""

    reader: Someone
    language: str
    case_id: str
    trigger: str
    step: Step
    key: str

    @property
    def request(self) -> str:
        """The hash of what was asked: the same key with anything else is a mistake."""
        return hash_of([self.case_id, self.trigger, self.step.model_dump()])


def _once(context: Context, asked: _Asked) -> CaseWhole:
    """Fire, and keep the answer under the key in the same transaction; else the answer kept."""
    step, engine = asked.step, context.engine
    try:
        with writing(context.database) as connection:
            if kept := _kept_answer(connection, asked):
                return kept
            engine.fire_in(
                connection, asked.case_id, asked.trigger, asked.reader.id, step.payload,
                step.version, step.edited,
            )  # fmt: skip
            answer = whole_in(connection, context, asked.reader, asked.case_id, asked.language)
            connection.execute(
                _kept.insert(),
                {
                    "actor_id": asked.reader.id, "key": asked.key, "request": asked.request,
                    "status": 200, "answer": answer.model_dump(mode="json"),
                    "at": context.tools.clock.now(),
                },
            )  # fmt: skip
            return answer
    except (Refused, IntegrityError) as error:
        # The same request may have been carried out beside this one, just now.
        with reading(context.database) as connection:
            if kept := _kept_answer(connection, asked):
                return kept
        if isinstance(error, Refused):
            engine.note_refusal(asked.case_id, asked.trigger, asked.reader.id, error)
        raise


def _kept_answer(connection: Connection, asked: _Asked) -> CaseWhole | None:
    row = connection.execute(
        select(_kept.c.request, _kept.c.answer).where(
            _kept.c.actor_id == asked.reader.id, _kept.c.key == asked.key
        )
    ).first()
    if row is None:
        return None
    if row.request != asked.request:
        raise BadInput(
            N_("This Idempotency-Key was used for another request. Take a new one for this one.")
        )
    return CaseWhole.model_validate(row.answer)
