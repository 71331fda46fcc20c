"""A case, for whoever it concerns: the address that mails link to.

The school reads where it stands and what it has to do; staff read the application beside its
evidence, what the rules say of it, and what colleagues wrote.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import Connection, select

from base.errors import BadInput, NotFound
from base.i18n import N_, say, translate
from models.cases import Decision
from models.database import reading
from web.api.cases import events, process_by_id, whole
from web.api.comments import comments, remove, write
from web.api.decisions import explained_rows
from web.api.evidence import readable_file
from web.api.forms import FormShown, shown
from web.api.queue import put_into_hands
from web.api.sent import check_address
from web.api.shapes import DecisionWhole, EventLine
from web.context import Context, Here
from web.due import Due, due
from web.language import Language
from web.pages.rendering import page
from web.pages.sending import Form
from web.queue import due_of
from web.scope import scope_of, visible_case
from web.signing_in import NotSignedIn, Perhaps, Reader, Someone
from web.standing import main_step
from web.surveys import OPENS
from workflows.actors import acts_as
from workflows.assigning import colleagues, reviewers_of
from workflows.definition import Process
from workflows.diagram import diagram
from workflows.form_changes import Changes, changes
from workflows.log_words import MOVE, processes_of
from workflows.preview import in_words

router = APIRouter(dependencies=[Depends(check_address)])

_decision = Decision.__table__  # type: ignore[attr-defined]

#: Kinds of file that a browser shows; others can be kept.
PICTURES = ("image/jpeg", "image/png")
PDF = "application/pdf"
#: A file shown in a page runs nothing, loads nothing, and stands in no page but ours.
_SHOWN = "default-src 'none'; img-src 'self'; object-src 'self'; style-src 'unsafe-inline'; "
_ALONE = _SHOWN + "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@dataclass(frozen=True, kw_only=True)
class StaffSide:
    """What only staff see of a case."""

    due: Due | None
    reviewer: tuple[str, str] | None
    colleagues: dict[str, str]
    comments: list[Any]
    changes: Changes | None


@router.get("/cases/{case_id}")
def case(
    request: Request, context: Here, person: Perhaps, language: Language, case_id: str
) -> Response:
    """Where the case stands, what is missing, what happened and what will happen by itself.

    Raises:
        NotFound: there is no such case for this reader.
        NotSignedIn: nobody is signed in; she is led to where one does.
    """
    if person is None:
        raise NotSignedIn(N_("A case can be read only by those it concerns. Sign in first."))
    return _case_page(request, context, person, language, case_id)


def _case_page(
    request: Request, context: Context, person: Someone, language: str, case_id: str, *,
    comment: str = "", comment_error: str = "", assign_error: str = "", status: int = 200,
) -> Response:  # fmt: skip
    found = whole(context, person, case_id, language)
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        row = visible_case(connection, scope, case_id)
        published = context.tools.library.release(connection, row["release_id"])
        process, call = published.process, ""
        if row["round"]:
            call = say(published.round_title(row["round"]), language)
        history = events(connection, context, scope, row, language)
        processes = processes_of(
            process_by_id(connection, context), row["release_id"],
            [(one.trigger.name, one.payload) for one in history],
        )  # fmt: skip
        staff = scope.is_staff_in(row)
        side = _staff_side(connection, context, person, row, process, language) if staff else None
        waits_for, now = process.states[row["state"]].waits_for, context.tools.clock.now()
        hers = (
            bool(waits_for)
            and acts_as(connection, process, [waits_for or ""], row, person.id, now) is not None
        )
        query = select(_decision).where(_decision.c.case_id == case_id)
        decisions = explained_rows(connection, query, language)
    audience: Literal["staff", "school"] = "staff" if staff else "school"
    picture = diagram(process, language, current_state=row["state"], audience=audience)
    told = [
        list(_told(one, event, language)) for one, event in zip(processes, history, strict=True)
    ]
    steps = {**process.starts, **process.transitions}
    purposes = {name: say(one.title, language) for name, one in steps.items()}
    closed = {one.name for one in found.closed}
    steps_today = [one for one in found.triggers if one.name not in closed]
    return page(
        request, "case.html", status=status, case=found, zone=row["zone"], process=process,
        round=call, form=_form(context, person, case_id, language) if process.form else None,
        declares=process.form is not None and any(one.document for one in process.form.sections),
        history=list(zip(history, told, strict=True)), told_last=told[-1], side=side,
        decisions=_by_step(decisions), purposes=purposes,
        picture=Markup(picture),  # noqa: S704 - escaped in it
        pictures=PICTURES, pdf=PDF, comment=comment, comment_error=comment_error,
        assign_error=assign_error, hers=hers,
        main=main_step(process, row["state"], [one.name for one in steps_today]), steps=steps_today,
        has_survey=row["organisation_id"] in scope.organisations
        and any(OPENS in start.effect for start in process.starts.values()),
        seconds=int((found.undo_until - context.tools.clock.now()).total_seconds())
        if found.undo_until else 0,
    )  # fmt: skip


def _staff_side(
    connection: Connection, context: Context, person: Someone, row: dict[str, Any],
    process: Process, language: str,
) -> StaffSide:  # fmt: skip
    now = context.tools.clock.now()
    due_at = due_of(connection, row["id"])
    able = colleagues(connection, process, row, now) if row["is_open"] else []
    return StaffSide(
        due=due(due_at, row, now) if due_at else None,
        reviewer=reviewers_of(connection, [row["id"]]).get(row["id"]),
        colleagues={one.id: one.name for one in able if one.id},
        comments=comments(connection, row["id"], person),
        changes=changes(connection, process, row["id"], language),
    )  # fmt: skip


def _by_step(decisions: list[DecisionWhole]) -> list[tuple[str, list[DecisionWhole]]]:
    """The decisions of each step, the last first; those of one step belong together."""
    found: list[tuple[str, list[DecisionWhole]]] = []
    for one in reversed(decisions):
        last = found[-1] if found else None
        if last and last[0] == one.purpose and last[1][0].at == one.at:
            last[1].insert(0, one)
        else:
            found.append((one.purpose, [one]))
    return found


@router.post("/cases/{case_id}/comments")
def comment_on(
    request: Request, context: Here, person: Reader, language: Language, case_id: str, sent: Form
) -> Response:
    """Tell one's colleagues something about the case."""
    text = sent.get("text")
    try:
        write(context, person, case_id, text)
    except BadInput as error:
        return _case_page(
            request, context, person, language, case_id, comment=text, status=error.status,
            comment_error=error.say(language),
        )  # fmt: skip
    return RedirectResponse(f"/cases/{case_id}#comments", status_code=303)


@router.post("/cases/{case_id}/comments/{comment_id}/remove")
def take_comment_away(context: Here, person: Reader, case_id: str, comment_id: str) -> Response:
    """Take a comment of one's own away."""
    remove(context, person, case_id, comment_id)
    return RedirectResponse(f"/cases/{case_id}#comments", status_code=303)


@router.post("/cases/{case_id}/reviewer")
def look_after(
    request: Request, context: Here, person: Reader, language: Language, case_id: str, sent: Form
) -> Response:
    """Put the case into somebody's hands."""
    try:
        put_into_hands(context, person, [case_id], sent.get("reviewer") or None)
    except BadInput as error:
        return _case_page(
            request, context, person, language, case_id, status=error.status,
            assign_error=error.say(language),
        )  # fmt: skip
    return RedirectResponse(f"/cases/{case_id}", status_code=303)


@router.get("/cases/{case_id}/evidence/{evidence_id}")
def evidence(context: Here, person: Reader, case_id: str, evidence_id: str) -> Response:
    """A picture or PDF, to be shown in the page of the case and nowhere else.

    Raises:
        NotFound: there is none for this reader, or it is of a kind that is not shown.
    """
    row = readable_file(context, person, case_id, evidence_id)
    if row["content_type"] not in (*PICTURES, PDF):
        raise NotFound(N_("There is nothing at this address."))
    return Response(
        context.files.get(row["sha256"]), media_type=row["content_type"],
        headers={
            "Content-Disposition": "inline", "Content-Security-Policy": _ALONE,
            "X-Content-Type-Options": "nosniff", "Cross-Origin-Resource-Policy": "same-origin",
        },
    )  # fmt: skip


def _form(context: Context, person: Someone, case_id: str, language: str) -> FormShown | str:
    """The form, or why the reader does not see it."""
    try:
        return shown(context, person, case_id, language)
    except NotFound as hidden:
        return hidden.say(language)


def _told(process: Process, event: EventLine, language: str) -> Iterator[tuple[str, str]]:
    """What the actor wrote with a step, each text under its title."""
    if event.trigger.name == MOVE:
        yield translate(N_("Why"), language), event.payload["why"]
    step = {**process.starts, **process.transitions}.get(event.trigger.name)
    sections = process.form.sections if process.form else []
    titles = {one.section: say(one.title, language) for one in sections}
    for ask in step.asks if step else []:
        value = event.payload.get(ask.name)
        if isinstance(value, dict):
            for name, text in dict[str, str](value).items():
                yield titles.get(name, name), text
        elif value and ask.type not in ("organisation", "project"):  # the case names them
            yield say(ask.title, language), in_words(ask, str(value), language)
