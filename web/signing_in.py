"""Who is asking: the person of the session; see :mod:`web.sessions`.

In the demo, and only there, a program may name a person in a header instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy import Connection, or_, select

from base.errors import NotAllowed
from base.i18n import N_
from models.database import reading
from models.registry import Grant, Person
from web import sessions
from web.context import context_of
from web.language import PERSON

#: For programs, in the demo only: a mail address.
HEADER = "Keurmerk-Person"
#: Under this name a request carries who is asking, once it was looked up.
_FOUND = "person_found"

_person = Person.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]


class NotSignedIn(NotAllowed):
    """Nobody is signed in, and this is not for everybody."""

    code = "not_signed_in"
    status = 401


@dataclass(frozen=True, kw_only=True)
class Someone:
    """The person who is asking."""

    id: str
    name: str
    email: str
    language: str | None
    #: Her session, and how she signed in; None for a program of the demo.
    session_id: str | None = None
    how: str | None = None


def person_of(request: Request) -> Someone | None:
    """The person who is asking; None if nobody is signed in."""
    if not hasattr(request.state, _FOUND):
        found = _person_of(request)
        setattr(request.state, _FOUND, found)
        if found:
            setattr(request.state, PERSON, found.language)
    known: Someone | None = getattr(request.state, _FOUND)
    return known


def _person_of(request: Request) -> Someone | None:
    context = context_of(request)
    email = request.headers.get(HEADER) if context.demo else None
    if email:
        with reading(context.database) as connection:
            return find(connection, _person.c.email == email.lower())
    with reading(context.database) as connection:
        session = sessions.session_of(connection, context, request)
    if session is None:
        return None
    sessions.seen(context, session)
    return Someone(
        id=session["person_id"], name=session["name"], email=session["email"],
        language=session["language"], session_id=session["id"], how=session["how"],
    )  # fmt: skip


def find(connection: Connection, which: object) -> Someone | None:
    """The person for whom ``which`` holds."""
    query = select(_person.c.id, _person.c.name, _person.c.email, _person.c.language)
    row = connection.execute(query.where(which)).first()  # type: ignore[arg-type]
    if row is None:
        return None
    return Someone(id=row.id, name=row.name, email=row.email, language=row.language)


_header = APIKeyHeader(
    name=HEADER, scheme_name="person", auto_error=False,
    description="In the demo only: the mail address of a demo person.",
)  # fmt: skip


def signed_in(
    request: Request, _described: Annotated[str | None, Security(_header)] = None
) -> Someone:
    """The person who is asking.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    person = person_of(request)
    if person is None:
        raise NotSignedIn(N_("Sign in first."))
    _see_to_passkey(request, person)
    return person


def _see_to_passkey(request: Request, person: Someone) -> None:
    """Where it is set so, staff change nothing without a passkey, but what they sign in with."""
    context = context_of(request)
    if (
        not context.settings.staff_passkey
        or request.method in {"GET", "HEAD"}
        or person.how == sessions.PASSKEY
        or request.url.path.startswith("/account")
    ):
        return
    today = context.tools.clock.now().date()
    rights = select(_grant.c.id).where(
        _grant.c.person_id == person.id, _grant.c.first_day <= today,
        or_(_grant.c.last_day.is_(None), _grant.c.last_day >= today),
    )  # fmt: skip
    with reading(context.database) as connection:
        if connection.execute(rights).first():
            raise NotAllowed(
                N_("Who has a right here signs in with a passkey before changing anything. Make "
                   "one under “My account”, sign out, and sign in with it.")
            )  # fmt: skip


def to_sign_in(request: Request) -> str | None:
    """Where whoever asks for a page is sent to sign in; None for programs, and for what acts."""
    if request.url.path.startswith("/api/") or request.method not in {"GET", "HEAD"}:
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return f"/sign-in?{urlencode({'then': request.url.path + query})}"


#: A page of ours: a path, with no second “/” at its head and nothing that climbs.
_PAGE = re.compile(r"/(?!/|sign-)[A-Za-z0-9_./?=&%+~:,@-]*")


def inside(then: str) -> str:
    """``then`` if it is a page of ours, else the start page: nobody is led to another site."""
    return then if _PAGE.fullmatch(then) and ".." not in then and "//" not in then else "/"


#: For a route's parameters: somebody, or nobody.
Perhaps = Annotated[Someone | None, Depends(person_of)]
#: For a route's parameters: somebody for sure.
Reader = Annotated[Someone, Depends(signed_in)]
