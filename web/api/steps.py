"""Firing triggers, and taking a step back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError

from base.canonical import hash_of
from base.errors import BadInput, Refused
from base.i18n import N_
from models.cases import Idempotency
from models.database import reading, writing
from web.api.cases import whole
from web.api.shapes import CaseWhole
from web.context import Context, Here
from web.language import Language
from web.metrics import count_refusal, timed_fire
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone

router = APIRouter(tags=["steps"])

_kept = Idempotency.__table__  # type: ignore[attr-defined]


class Step(BaseModel):
    """What a trigger is fired with."""

    model_config = ConfigDict(extra="forbid")

    payload: dict[str, Any] = Field(
        default={}, description="What the trigger asks for.",
        examples=[{"feedback": {"esafety": "Please add the policy itself."}}],
    )  # fmt: skip
    version: int | None = Field(
        default=None, description="The case's version you saw; another one now is a conflict."
    )


@router.post("/cases/{case_id}/triggers/{trigger}", summary="Fire a trigger")
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
    """Move a case. The answer is the case as it is then."""
    _visible(context, reader, case_id)
    try:
        with timed_fire(trigger):
            if idempotency_key:
                _once(context, reader, case_id, trigger, step, idempotency_key)
            else:
                context.engine.fire(case_id, trigger, reader.id, step.payload, step.version)
    except Refused as refused:
        count_refusal(refused.code)
        raise
    return whole(context, reader, case_id, language)


@router.post("/cases/{case_id}/undo", summary="Take back your last step")
def undo(context: Here, reader: Reader, language: Language, case_id: str) -> CaseWhole:
    """Take back the step you have just taken, while its mails are still held."""
    _visible(context, reader, case_id)
    context.engine.undo(case_id, reader.id)
    return whole(context, reader, case_id, language)


def _visible(context: Context, reader: Someone, case_id: str) -> None:
    with reading(context.database) as connection:
        visible_case(connection, scope_of(connection, reader.id, context.tools.clock), case_id)


def _once(
    context: Context, reader: Someone, case_id: str, trigger: str, step: Step, key: str
) -> None:
    """Fire, and remember the key in the same transaction; nothing if the key was used for this."""
    request = hash_of([case_id, trigger, step.model_dump()])
    try:
        with writing(context.database) as connection:
            if _done(connection, reader, key, request):
                return
            taken = context.engine.fire_in(
                connection, case_id, trigger, reader.id, step.payload, step.version
            )
            connection.execute(
                _kept.insert(),
                {
                    "actor_id": reader.id, "key": key, "request": request, "status": 200,
                    "answer": {"event": taken.event["id"]}, "at": context.tools.clock.now(),
                },
            )  # fmt: skip
    except (Refused, IntegrityError) as error:
        # The same request may have been carried out beside this one, just now.
        with reading(context.database) as connection:
            if _done(connection, reader, key, request):
                return
        if isinstance(error, Refused):
            context.engine.note_refusal(case_id, trigger, reader.id, error)
        raise


def _done(connection: Connection, reader: Someone, key: str, request: str) -> bool:
    kept = connection.execute(
        select(_kept.c.request).where(_kept.c.actor_id == reader.id, _kept.c.key == key)
    ).scalar()
    if kept is None:
        return False
    if kept != request:
        raise BadInput(
            N_("This Idempotency-Key was used for another request. Take a new one for this one.")
        )
    return True
