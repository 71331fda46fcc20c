"""A case, to read: the address that mails link to."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from models.database import reading
from web.api.cases import events, whole
from web.api.forms import shown
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.scope import scope_of, visible_case
from web.signing_in import Perhaps

router = APIRouter()


@router.get("/cases/{case_id}")
def case(
    request: Request, context: Here, person: Perhaps, language: Language, case_id: str
) -> Response:
    """Where the case stands, what is missing, what happened and what will happen by itself."""
    if person is None and context.demo:
        return RedirectResponse("/sign-in", status_code=303)
    if person is None:
        return _nothing(request)
    found = whole(context, person, case_id, language)
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        row = visible_case(connection, scope, case_id)
        process = context.tools.library.release(connection, row["release_id"]).process
        history = events(connection, context, scope, row, language)
    form = shown(context, person, case_id, language) if process.form else None
    sections = {one.section: one.title for one in process.form.sections} if process.form else {}
    return page(
        request, "case.html", person=person, case=found, zone=row["zone"], form=form,
        history=history, process=process, sections=sections,
        staff=scope.is_staff_in(row),
    )  # fmt: skip


def _nothing(request: Request) -> HTMLResponse:
    return page(
        request, "error.html", status=401, title="Please sign in",
        error={"message": "", "code": "not_signed_in"},
    )  # fmt: skip
