"""Where links in mails lead: a page with a button, since mail programs open links themselves."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.database import reading
from web.context import Context, Here
from web.pages.rendering import page
from web.signing_in import Reader
from workflows.links import StepLink, read_link
from workflows.publishing import Published
from workflows.subjects import name_of, named_cases

router = APIRouter()

_case_table = Case.__table__  # type: ignore[attr-defined]


@router.get("/links/{token}")
def landing(request: Request, context: Here, token: str) -> HTMLResponse:
    """What the link does, and the button that does it; nothing has happened yet.

    Raises:
        NotFound: it is no link of ours.
    """
    opened = read_link(context.tools.secret, token)
    published, name = _case(context, opened)
    return page(
        request, "link.html", title=published.process.transitions[opened.trigger].title,
        process=published.process.title, about=name,
    )  # fmt: skip


@router.post("/links/{token}")
def follow(context: Here, person: Reader, token: str) -> Response:
    """Take the step, as whoever is signed in.

    Raises:
        NotFound: it is no link of ours.
        NotPossible: it has been used, or its time is over.
        NotMet: a condition is not met.
    """
    opened = read_link(context.tools.secret, token)
    context.engine.fire(opened.case_id, opened.trigger, person.id, link=token)
    return RedirectResponse(f"/cases/{opened.case_id}", status_code=303)


def _case(context: Context, opened: StepLink) -> tuple[Published, str]:
    with reading(context.database) as connection:
        query = named_cases().where(_case_table.c.id == opened.case_id)
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no such case."))
        case = dict(row)
        published = context.tools.library.release(connection, case["release_id"])
    return published, name_of(case)
