"""Sessions: who is signed in, in which browser, and until when.

The browser has a random key in a cookie; the database has its hash. A session ends when its person
signs out or ends it from another browser, when it was not used for a while, and after some hours in
any case. It gets a new key at each sign-in, and no other way is there to have one.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fastapi import Request, Response
from sqlalchemy import Connection, and_, delete, select, update

from base.ids import new_id
from models.access import MailLink, Session, SignInStart
from models.database import writing
from models.registry import Person
from web.context import Context

_session = Session.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: How one can sign in.
DEMO, MAIL, PASSKEY, OIDC = "demo", "mail", "passkey", "oidc"

#: When a session was last used is written no more often.
SEEN = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True)
class Login:
    """How somebody signed in."""

    #: One of the names above.
    how: str
    #: For ``oidc``; see :class:`models.access.Session`.
    provider: str = ""
    subject: str = ""
    provider_session: str = ""
    id_token: str = ""


def cookie_name(context: Context) -> str:
    """The cookie's name: one that no other host and no unsafe page can set, where there is TLS."""
    return "__Host-session" if is_secure(context) else "session"


def is_secure(context: Context) -> bool:
    """Whether people reach this installation by https."""
    return context.settings.public_url.startswith("https:")


def hashed(key: str) -> str:
    """What the database keeps of a random key."""
    return hashlib.sha256(key.encode()).hexdigest()


def sign_in(
    connection: Connection, context: Context, request: Request, person_id: str, login: Login
) -> str:
    """Begin a session; whatever session the browser had before ends. Gives the key."""
    now = context.wall.now()
    end_this(connection, context, request)
    key = secrets.token_urlsafe(32)
    connection.execute(
        _session.insert().values(
            id=new_id(), key_hash=hashed(key), person_id=person_id, made_at=now, seen_at=now,
            expires_at=now + timedelta(hours=context.settings.session_hours), how=login.how,
            browser=browser_of(request.headers.get("user-agent", "")), provider=login.provider,
            subject=login.subject, provider_session=login.provider_session,
            id_token=login.id_token,
        )
    )  # fmt: skip
    return key


def keep(answer: Response, context: Context, key: str) -> None:
    """Give the browser its key."""
    answer.set_cookie(
        cookie_name(context), key, max_age=context.settings.session_hours * 3600, path="/",
        secure=is_secure(context), httponly=True, samesite="lax",
    )  # fmt: skip


def forget(answer: Response, context: Context) -> None:
    """Take the key away from the browser."""
    answer.delete_cookie(
        cookie_name(context), path="/", secure=is_secure(context), httponly=True, samesite="lax"
    )


def session_of(
    connection: Connection, context: Context, request: Request
) -> Mapping[str, Any] | None:
    """The session of a request with its person (as ``name``, ``email``, ``language``), or None."""
    key = request.cookies.get(cookie_name(context))
    if not key:
        return None
    row = connection.execute(
        select(_session, _person.c.name, _person.c.email, _person.c.language)
        .join(_person, _person.c.id == _session.c.person_id)
        .where(_session.c.key_hash == hashed(key), _alive(context))
    ).mappings()
    return row.first()


def seen(context: Context, session: Mapping[str, Any]) -> None:
    """Note that a session is being used."""
    now = context.wall.now()
    if now - session["seen_at"] < SEEN:
        return
    with writing(context.database) as connection:
        connection.execute(
            update(_session).where(_session.c.id == session["id"]).values(seen_at=now)
        )


def sessions_of(connection: Connection, context: Context, person_id: str) -> list[dict[str, Any]]:
    """A person's sessions, the last used first."""
    query = select(_session).where(_session.c.person_id == person_id, _alive(context))
    rows = connection.execute(query.order_by(_session.c.seen_at.desc(), _session.c.id)).mappings()
    return [dict(row) for row in rows]


def end_this(connection: Connection, context: Context, request: Request) -> None:
    """End the session of the browser that asks, if it has one."""
    key = request.cookies.get(cookie_name(context))
    if key:
        connection.execute(delete(_session).where(_session.c.key_hash == hashed(key)))


def end(connection: Connection, person_id: str, session_id: str) -> int:
    """End one session of a person; gives whether there was one."""
    mine = and_(_session.c.id == session_id, _session.c.person_id == person_id)
    return int(connection.execute(delete(_session).where(mine)).rowcount)


def end_others(connection: Connection, person_id: str, but: str | None) -> int:
    """End a person's sessions but one; gives how many."""
    others = and_(_session.c.person_id == person_id, _session.c.id != (but or ""))
    return int(connection.execute(delete(_session).where(others)).rowcount)


def end_at_provider(
    connection: Connection, provider: str, *, subject: str = "", provider_session: str = ""
) -> int:
    """End the sessions that began at a provider's session, or at any of a subject's.

    Arguments:
        provider_session: its ``sid``; with a subject, too, both must fit.
    """
    which = _session.c.provider == provider
    if subject:
        which &= _session.c.subject == subject
    if provider_session:
        which &= _session.c.provider_session == provider_session
    return int(connection.execute(delete(_session).where(which)).rowcount)


def sweep_out(connection: Connection, now: datetime, idle: timedelta) -> None:
    """Delete what has run out: sessions, links, sign-ins that went no further."""
    over = (_session.c.expires_at <= now) | (_session.c.seen_at <= now - idle)
    connection.execute(delete(_session).where(over))
    for model in (MailLink, SignInStart):
        table = model.__table__  # type: ignore[attr-defined]
        connection.execute(delete(table).where(table.c.expires_at <= now))


def idle_limit(context: Context) -> timedelta:
    """How long a session lasts unused."""
    return timedelta(minutes=context.settings.session_idle_minutes)


def _alive(context: Context) -> Any:
    now = context.wall.now()
    return and_(_session.c.expires_at > now, _session.c.seen_at > now - idle_limit(context))


#: In this order: Edge and Opera call themselves Chrome, too, and Chrome calls itself Safari.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_of(agent: str) -> str:
    """A browser in two words, of what it says of itself; nothing of it is kept besides."""
    found = (
        next((name for mark, name in known if re.search(re.escape(mark), agent)), "")
        for known in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(part for part in found if part)
