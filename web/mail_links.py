"""Signing in by a link sent by mail: once, soon, and by pressing a button on the page it leads to.

Whether an address is known is never told. The link's key stands in the mail and nowhere else; the
outbox keeps the mail without it (:mod:`notifications.delivery`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, select

from models.access import MailLink
from models.registry import Person
from models.writes import insert_new
from web.account_mails import LINK, write
from web.context import Context
from web.identities import address
from web.sessions import hashed
from web.signing_in import find

_link = MailLink.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


def send(
    connection: Connection, context: Context, email: str, language: str, then: str = "/"
) -> None:
    """Write the mail with a link, if somebody has this address; a link sent before ends.

    Arguments:
        language: the language of the page she asks on, where none is kept of her.
        then: the page of ours that the link leads to.
    """
    to = find(connection, _person.c.email == address(email))
    if to is None:
        return
    minutes = context.settings.mail_link_minutes
    key = secrets.token_urlsafe(32)
    connection.execute(delete(_link).where(_link.c.person_id == to.id))
    until = context.wall.now() + timedelta(minutes=minutes)
    insert_new(
        connection, _link, [{"key_hash": hashed(key), "person_id": to.id, "expires_at": until}]
    )
    if not is_open(connection, context, key):
        return  # asked for twice at once: the other link is on its way
    there = f"?{urlencode({'then': then})}" if then != "/" else ""
    values = {
        "link": f"{context.tools.public_url}/sign-in/mail/{key}{there}", "minutes": minutes,
    }  # fmt: skip
    write(connection, context, LINK, to, language, values)


def is_open(connection: Connection, context: Context, key: str) -> bool:
    """Whether a link still signs in; looking uses nothing up."""
    query = select(_link.c.expires_at).where(_link.c.key_hash == hashed(key))
    until = connection.execute(query).scalar()
    return until is not None and until > context.wall.now()


def use(connection: Connection, context: Context, key: str) -> str | None:
    """The person of a link, which is used up then; None if it is no link, or none any more."""
    row = connection.execute(
        delete(_link)
        .where(_link.c.key_hash == hashed(key))
        .returning(_link.c.person_id, _link.c.expires_at)
    ).first()
    return str(row.person_id) if row and row.expires_at > context.wall.now() else None
