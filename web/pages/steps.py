"""Taking a step of a case on a page: any step of any process, by whoever may take it.

What the step asks for is a form. Staff see the mails it sends before, and can put them in other
words. A refusal keeps everything that was typed, and says what to do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response

from base.errors import BadInput, Conflict, KeurmerkError, NotAllowed, NotFound, NotMet, Refused
from base.i18n import N_, say
from models.database import reading
from web.api.sent import check_address
from web.context import Context, Here
from web.language import Language
from web.metrics import timed_fire
from web.pages.asking import SEARCH, Asked, Asking, asked_of, errors_of, payload_of
from web.pages.letters import edits_of, letters
from web.pages.rendering import page
from web.pages.sending import NOTHING_SENT, Form, Sent
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone
from web.standing import submitting
from workflows import foresight
from workflows.definition import Process, Transition
from workflows.rehearsal import Rehearsal, rehearse
from workflows.subjects import name_of
from workflows.titles import add_titles

router = APIRouter(dependencies=[Depends(check_address)])


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """A step of a case that somebody is about to take."""

    case: dict[str, Any]
    process: Process
    trigger: str
    step: Transition
    #: Whether she reads the case as staff: she sees the mails.
    staff: bool


@dataclass(kw_only=True)
class Looked:
    """What a look at the step before it is taken tells."""

    rehearsal: Rehearsal | None = None
    refusal: KeurmerkError | None = None
    #: What the step's effects would do, in sentences.
    consequences: Sequence[str] = field(default_factory=list)


@router.get("/cases/{case_id}/steps/{trigger}")
def ask(
    request: Request, context: Here, person: Reader, language: Language, case_id: str,
    trigger: str,
) -> Response:  # fmt: skip
    """The form of a step, with the mails it sends where nothing has to be filled in first."""
    there = _occasion(context, person, case_id, trigger)
    return _shown(request, context, person, language, there, NOTHING_SENT)


@router.post("/cases/{case_id}/steps/{trigger}")
def take(
    request: Request, context: Here, person: Reader, language: Language, case_id: str,
    trigger: str, sent: Form,
) -> Response:  # fmt: skip
    """Take the step, or show what it would come to first."""
    there = _occasion(context, person, case_id, trigger)
    do = sent.get("do", "take")
    if sent.get(SEARCH):
        return _shown(request, context, person, language, there, sent)
    payload = payload_of(there.process, there.step, sent)
    if do == "change" or (do == "look" and there.staff):
        return _shown(request, context, person, language, there, sent, looking=do == "look")
    try:
        with timed_fire(trigger):
            taken = context.engine.fire(
                case_id, trigger, person.id, payload,
                sent.number("version"), edits_of(sent) if there.staff else [],
            )  # fmt: skip
    except (Refused, BadInput) as error:
        return _shown(
            request, context, person, language, there, sent, looking=there.staff, error=error
        )
    back = sent.get("then")
    where = f"/cases/{case_id}"
    if back.startswith("/queue"):
        where = back
    elif trigger in submitting(there.process):
        where = f"/cases/{case_id}/receipts/{taken.event['sequence']}"
    return RedirectResponse(where, status_code=303)


@router.post("/cases/{case_id}/undo")
def undo(
    request: Request, context: Here, person: Reader, language: Language, case_id: str
) -> Response:
    """Take the last step back."""
    with reading(context.database) as connection:
        visible_case(connection, scope_of(connection, person.id, context.tools.clock), case_id)
    try:
        context.engine.undo(case_id, person.id)
    except Refused as error:
        return page(
            request, "undo.html", status=error.status, case_id=case_id, why=error.say(language)
        )
    return RedirectResponse(f"/cases/{case_id}", status_code=303)


def _occasion(context: Context, person: Someone, case_id: str, trigger: str) -> Occasion:
    """The step and the case it is of.

    Raises:
        NotFound: no such case for this person, or its process has no such step.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        process = context.tools.library.release(connection, case["release_id"]).process
        add_titles(connection, lambda _case: process, [case])
    step = process.transitions.get(trigger)
    if step is None or all(process.actors[name].platform for name in step.by):
        raise NotFound(N_("There is nothing at this address."))
    return Occasion(
        case=case, process=process, trigger=trigger, step=step, staff=scope.is_staff_in(case)
    )


def _look(
    context: Context, person: Someone, language: str, there: Occasion,
    payload: Mapping[str, Any], version: int | None,
) -> Looked:  # fmt: skip
    """Try the step without taking it.

    Arguments:
        version: of the case as it was looked at.
    """
    looked = Looked()
    try:
        with reading(context.database) as connection:
            found = foresight.consequences(
                connection, context.tools, there.case, there.trigger, person.id
            )
        looked.consequences = [one.say(language) for one in found]
        looked.rehearsal = rehearse(
            context.engine, context.templates, there.case["id"], there.trigger, person.id, payload,
            version,
        )  # fmt: skip
    except (Refused, BadInput) as error:
        looked.refusal = error
    return looked


def _shown(
    request: Request, context: Context, person: Someone, language: str, there: Occasion,
    sent: Sent, *, looking: bool = False, error: KeurmerkError | None = None,
) -> Response:  # fmt: skip
    """The step's page.

    Arguments:
        looking: whether the mails are to be shown: whoever takes the step has filled in the rest.
        error: why it was not taken.
    """
    needs = any(one.required for one in there.step.asks)
    payload = payload_of(there.process, there.step, sent)
    looked = Looked()
    if error is None or isinstance(error, BadInput):
        looked = _look(
            context, person, language, there, payload if looking else {}, sent.number("version")
        )
    if not looking and needs and isinstance(looked.refusal, BadInput):
        looked.refusal = None  # nothing has been filled in yet
    why = error or looked.refusal
    gone = isinstance(why, Refused) and not isinstance(why, NotMet)
    fits = not isinstance(why, BadInput) or all(
        place.startswith("mail-") for place in errors_of(why, language)
    )
    ready = looked.rehearsal is not None and (looking or not there.step.asks)
    problems = errors_of(why, language) if why and not gone else {}
    findings = (
        [finding for one in why.findings for finding in one.findings(language)]
        if isinstance(why, NotMet)
        else []
    )
    to_state = looked.rehearsal.to_state if looked.rehearsal else None
    drafts = looked.rehearsal.drafts if looked.rehearsal and there.staff and ready else []
    asked = _asked(context, person, language, there, sent, problems)
    return page(
        request, "step.html", status=why.status if why and (error or gone) else 200,
        case=there.case, case_name=name_of(there.case) or say(there.process.title, language),
        process=there.process, step=there.step, trigger=there.trigger, staff=there.staff,
        asked=asked,
        frozen=ready and bool(there.step.asks) and there.staff and fits,
        letters=letters(drafts, sent), mails_to_come=bool(there.step.mail) and there.staff,
        ready=ready, problems={} if findings else problems, findings=findings,
        why=why.say(language) if why else "", gone=gone, conflict=isinstance(why, Conflict),
        barred=isinstance(why, NotAllowed),
        version=sent.get("version", str(there.case["version"])),
        to_state=say(
            getattr(there.process.states[to_state], "title" if there.staff else "to_school"),
            language,
        ) if to_state else "",
        consequences=looked.consequences, grace=int(context.tools.grace.total_seconds()),
        typed=_typed(asked, sent) if gone else [],
        then=sent.get("then", request.query_params.get("then", "")),
    )  # fmt: skip


def _asked(
    context: Context, person: Someone, language: str, there: Occasion, sent: Sent,
    problems: Mapping[str, str],
) -> list[Asked]:  # fmt: skip
    if not there.step.asks:
        return []
    who = Asking(person_id=person.id, language=language, everywhere=there.staff)
    with reading(context.database) as connection:
        return asked_of(connection, there.process, there.step, who, sent, problems)


def _typed(asked: Sequence[Asked], sent: Sent) -> list[tuple[str, str]]:
    """What was typed into a form that can no longer be sent: to copy it."""
    found = [
        (one.title, one.choices.get(one.value, one.value))
        for each in asked
        for one in each.fields
        if one.value.strip()
    ]
    return found + [(one["subject"], one["text"]) for one in edits_of(sent)]
