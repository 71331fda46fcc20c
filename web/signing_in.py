"""Who is asking. Until there is real sign-in, only the demo knows people: one chooses who one is.

The choice is kept in a signed cookie. A program may name the person in a header instead. Outside
the demo nobody is signed in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Connection, select

from base.errors import NotAllowed
from base.i18n import N_
from models.database import reading
from models.registry import Person
from web.context import Context, context_of
from web.language import PERSON

COOKIE = "person"
#: For programs, in the demo only: a mail address.
HEADER = "Keurmerk-Person"
#: A demo sign-in ends after a working day, in seconds.
LASTS = 10 * 3600

_person = Person.__table__  # type: ignore[attr-defined]
_made = secrets.token_urlsafe(32)


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


def token(context: Context, person_id: str) -> str:
    """The value of the cookie for a person."""
    return str(_serializer(context).dumps(person_id))


def person_of(request: Request) -> Someone | None:
    """The person who is asking; None if nobody is signed in."""
    found = _person_of(request)
    if found:
        setattr(request.state, PERSON, found.language)
    return found


def _person_of(request: Request) -> Someone | None:
    context = context_of(request)
    if not context.demo:
        return None
    email = request.headers.get(HEADER)
    if email:
        which = _person.c.email == email.lower()
    else:
        try:
            person_id = _serializer(context).loads(request.cookies.get(COOKIE, ""), max_age=LASTS)
        except BadSignature:
            return None
        which = _person.c.id == person_id
    with reading(context.database) as connection:
        return find(connection, which)


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


def _serializer(context: Context) -> URLSafeTimedSerializer:
    key = context.settings.secret_key
    return URLSafeTimedSerializer(key.get_secret_value() if key else _made, salt="demo-person")


#: For a route's parameters: somebody, or nobody.
Perhaps = Annotated[Someone | None, Depends(person_of)]
#: For a route's parameters: somebody for sure.
Reader = Annotated[Someone, Depends(signed_in)]
