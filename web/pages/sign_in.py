"""Signing in: the ways there are, the demo's people among them, and out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Row, select

from base.errors import KeurmerkError, NotFound
from base.i18n import N_, say
from models.database import reading, writing
from models.registry import Grant, Membership, Organisation, Person
from web import passkeys, sessions
from web.access_log import sweep_access
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.pages.rights_steps import ROLES
from web.sessions import DEMO, OIDC, Login
from web.signing_in import find, inside, nobody_now
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
    "digisnap_team": N_("Digisnap team"),
    "survey_authority": N_("authority for surveys"),
}

#: People named on the page.
SHOWN = 200


@router.get("/sign-in")
def choose(request: Request, context: Here, language: Language, then: str = "/") -> HTMLResponse:
    """The ways to sign in; in the demo its people, by where they work.

    Arguments:
        then: the page to go to once signed in.
    """
    return page(request, "sign_in.html", **ways(context, language, then))


def ways(context: Context, language: str, then: str = "/") -> dict[str, Any]:
    """What the page of sign-in shows."""
    areas, everywhere, schools = _people(context) if context.demo else ([], [], {})
    return {
        "areas": areas, "everywhere": everywhere, "schools": schools, "rights": RIGHTS,
        "then": inside(then),
        "providers": [
            (one.provider.name, say(one.provider.title, language)) for one in context.remotes
        ],
        "by_mail": context.settings.sign_in_mail,
        "by_passkey": passkeys.site(context) is not None,
        "email": "", "problems": {},
    }  # fmt: skip


#: By school: id, name, and what she is there, if not a teacher.
_Schools = dict[str, list[tuple[str, str, str]]]


def _people(context: Context) -> tuple[Sequence[Row[Any]], Sequence[Row[Any]], _Schools]:
    with reading(context.database) as connection:
        staff = connection.execute(
            select(_person.c.id, _person.c.name, _grant.c.right, _grant.c.scope)
            .join(_grant, _grant.c.person_id == _person.c.id)
            .order_by(_grant.c.scope, _person.c.name)
        ).all()
        schools: _Schools = {}
        for row in connection.execute(
            select(
                _person.c.id,
                _person.c.name,
                _member.c.role,
                _organisation.c.name.label("school"),
            )
            .join(_member, _member.c.person_id == _person.c.id)
            .join(_organisation, _organisation.c.id == _member.c.organisation_id)
            .order_by(_organisation.c.name, _person.c.name)
            .limit(SHOWN)
        ):
            role = "" if row.role == "teacher" else ROLES.get(row.role, "")
            schools.setdefault(row.school, []).append((row.id, row.name, role))
    everywhere = [one for one in staff if one.scope == EVERYWHERE]
    # A right at one school belongs to its people, who stand with their school.
    areas = [one for one in staff if one.scope != EVERYWHERE and one.right in RIGHTS]
    return areas, everywhere, schools


@router.post("/sign-in")
def sign_in(
    request: Request,
    context: Here,
    person: Annotated[str, Form(max_length=36)],
    then: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in as a person of the demo."""
    if not context.demo:
        raise NotFound(N_("There is nothing at this address."))
    with reading(context.database) as connection:
        found = find(connection, _person.c.id == person)
    if found is None:
        raise NotFound(N_("There is no such person."))
    return signed_in_as(request, context, found.id, Login(how=DEMO), then)


def signed_in_as(
    request: Request, context: Context, person_id: str, login: Login, then: str = "/"
) -> Response:
    """Begin a session, and lead to the page that was wanted."""
    with writing(context.database) as connection:
        key = sessions.sign_in(connection, context, request, person_id, login)
        sessions.sweep_out(connection, context.wall.now(), sessions.idle_limit(context))
    sweep_access(context)
    answer = RedirectResponse(inside(then), status_code=303)
    sessions.keep(answer, context, key)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, context: Here) -> Response:
    """Sign out: the session is over, whoever may have its key; the one at the provider, too."""
    with writing(context.database) as connection:
        session = sessions.session_of(connection, context, request)
        sessions.end_this(connection, context, request)
    nobody_now(request)
    address = _logout(context, session) if session and session["how"] == OIDC else None
    # A page, not a redirect: browsers let a form lead to no other site, by our own policy.
    answer: Response = (
        page(request, "signing_out.html", address=address)
        if address
        else RedirectResponse("/", status_code=303)
    )
    sessions.forget(answer, context)
    return answer


def _logout(context: Context, session: Any) -> str | None:
    """Where the provider ends its own session (RP-Initiated Logout 1.0, section 2)."""
    remote = next(
        (one for one in context.remotes if one.provider.name == session["provider"]), None
    )
    if remote is None:
        return None
    try:
        address = remote.metadata().get("end_session_endpoint")
    except KeurmerkError:
        return None  # it is away: here one is signed out all the same
    if not isinstance(address, str) or not address.startswith(("https://", "http://")):
        return None
    values = {
        "id_token_hint": session["id_token"], "client_id": remote.provider.client_id,
        "post_logout_redirect_uri": f"{context.tools.public_url}/",
    }  # fmt: skip
    return f"{address}{'&' if '?' in address else '?'}{urlencode(values)}"
