"""Signing in as a demo person, and out."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from base.errors import NotFound
from base.i18n import N_
from models.database import reading
from models.registry import Grant, Membership, Organisation, Person
from web.context import Context, Here
from web.pages.rendering import page
from web.signing_in import COOKIE, LASTS, find, token
from workflows.actors import EVERYWHERE

router = APIRouter()

_person = Person.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

#: What a right is called on the page.
RIGHTS = {
    "nso_reviewer": N_("reviewer"),
    "nso_coordinator": N_("coordinator"),
    "css": N_("Central Support Service"),
    "administrator": N_("administrator"),
    "survey_authority": N_("authority for surveys"),
}

#: Where signing in may lead.
PAGES = re.compile(r"/cases/[0-9a-f-]{36}")
#: People named on the page.
SHOWN = 200


def _demo(context: Context) -> None:
    if not context.demo:
        raise NotFound(N_("There is nothing at this address."))


@router.get("/sign-in")
def choose(request: Request, context: Here, then: str = "/") -> HTMLResponse:
    """The demo's people, by where they work.

    Arguments:
        then: the page to go to once signed in.
    """
    _demo(context)
    with reading(context.database) as connection:
        staff = connection.execute(
            select(_person.c.id, _person.c.name, _grant.c.right, _grant.c.scope)
            .join(_grant, _grant.c.person_id == _person.c.id)
            .order_by(_grant.c.scope, _person.c.name)
        ).all()
        schools: dict[str, list[tuple[str, str]]] = {}
        for row in connection.execute(
            select(_person.c.id, _person.c.name, _organisation.c.name.label("school"))
            .join(_member, _member.c.person_id == _person.c.id)
            .join(_organisation, _organisation.c.id == _member.c.organisation_id)
            .order_by(_organisation.c.name, _person.c.name)
            .limit(SHOWN)
        ):
            schools.setdefault(row.school, []).append((row.id, row.name))
    everywhere = [one for one in staff if one.scope == EVERYWHERE]
    areas = [one for one in staff if one.scope != EVERYWHERE]
    return page(
        request, "sign_in.html", areas=areas, everywhere=everywhere, schools=schools,
        rights=RIGHTS, then=_inside(then),
    )  # fmt: skip


@router.post("/sign-in")
def sign_in(
    context: Here,
    person: Annotated[str, Form(max_length=36)],
    then: Annotated[str, Form(max_length=200)] = "/",
) -> Response:
    """Sign in as a person of the demo."""
    _demo(context)
    with reading(context.database) as connection:
        found = find(connection, _person.c.id == person)
    if found is None:
        raise NotFound(N_("There is no such person."))
    answer = RedirectResponse(_inside(then), status_code=303)
    answer.set_cookie(
        COOKIE, token(context, found.id), max_age=LASTS, samesite="lax", httponly=True
    )
    return answer


def _inside(then: str) -> str:
    """``then`` if it is a page of ours, else the start page: nobody is led to another site."""
    return then if PAGES.fullmatch(then) else "/"


@router.post("/sign-out")
def sign_out() -> Response:
    """Sign out."""
    answer = RedirectResponse("/", status_code=303)
    answer.delete_cookie(COOKIE)
    return answer
