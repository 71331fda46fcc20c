"""A case, to read: the address that mails link to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from base.errors import NotFound
from base.i18n import N_, say
from models.database import reading
from web.api.cases import events, whole
from web.api.forms import FormShown, shown
from web.api.shapes import EventLine
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.scope import scope_of, visible_case
from web.signing_in import NotSignedIn, Perhaps, Someone
from workflows.definition import Process
from workflows.diagram import diagram

router = APIRouter()


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
    found = whole(context, person, case_id, language)
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        row = visible_case(connection, scope, case_id)
        published = context.tools.library.release(connection, row["release_id"])
        process, call = published.process, ""
        if row["round"]:
            call = say(published.round_title(row["round"]), language)
        history = events(connection, context, scope, row, language)
    audience: Literal["staff", "school"] = "staff" if scope.is_staff_in(row) else "school"
    picture = diagram(process, language, current_state=row["state"], audience=audience)
    told = [list(_told(process, event, language)) for event in history]
    return page(
        request, "case.html", case=found, zone=row["zone"], process=process, round=call,
        form=_form(context, person, case_id, language) if process.form else None,
        history=list(zip(history, told, strict=True)), told_last=told[-1],
        picture=Markup(picture),  # noqa: S704 - escaped in it
    )  # fmt: skip


def _form(context: Context, person: Someone, case_id: str, language: str) -> FormShown | str:
    """The form, or why the reader does not see it."""
    try:
        return shown(context, person, case_id, language)
    except NotFound as hidden:
        return hidden.say(language)


def _told(process: Process, event: EventLine, language: str) -> Iterator[tuple[str, str]]:
    """What the actor wrote with a step, each text under its title."""
    step = {**process.starts, **process.transitions}.get(event.trigger.name)
    sections = process.form.sections if process.form else []
    titles = {one.section: say(one.title, language) for one in sections}
    for ask in step.asks if step else []:
        value = event.payload.get(ask.name)
        if isinstance(value, dict):
            for name, text in dict[str, str](value).items():
                yield titles.get(name, name), text
        elif value:
            yield say(ask.title, language), str(value)
