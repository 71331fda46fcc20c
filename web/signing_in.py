"""Who is asking: the person of the session; see :mod:`web.sessions`.

In the demo, and only there, a program may name a person in a header instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from sqlalchemy import Connection, select

from base.errors import NotAllowed
from base.i18n import N_
from models.database import reading
from models.registry import Person
from web import sessions
from web.context import context_of
from web.language import PERSON

#: For programs, in the demo only: a mail address.
HEADER = "Keurmerk-Person"
#: Under this name a request carries who is asking, once it was looked up.
_FOUND = "person_found"

_person = Person.__table__  # type: ignore[attr-defined]


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
    return person


#: For a route's parameters: somebody, or nobody.
Perhaps = Annotated[Someone | None, Depends(person_of)]
#: For a route's parameters: somebody for sure.
Reader = Annotated[Someone, Depends(signed_in)]
