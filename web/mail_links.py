"""Signing in by a link sent by mail: once, soon, and by pressing a button on the page it leads to.

Whether an address is known is never told. The link's key stands in the mail and nowhere else; the
outbox keeps the mail without it (:mod:`notifications.delivery`).
"""

from __future__ import annotations

import secrets
from datetime import timedelta

from sqlalchemy import Connection, delete, select

from base.i18n import LANGUAGES
from base.ids import new_id
from models.access import MailLink
from models.messages import Mail
from models.registry import Person
from notifications.outbox import Addressee, mail_row
from web.context import Context
from web.identities import address
from web.sessions import hashed

_link = MailLink.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

TEMPLATE = "sign_in/link"


def send(connection: Connection, context: Context, email: str, language: str) -> None:
    """Write the mail with a link, if somebody has this address; a link sent before ends.

    Arguments:
        language: the language of the page she asks on, where none is kept of her.
    """
    row = connection.execute(
        select(_person.c.id, _person.c.name, _person.c.email, _person.c.language).where(
            _person.c.email == address(email)
        )
    ).first()
    if row is None:
        return
    minutes = context.settings.mail_link_minutes
    key = secrets.token_urlsafe(32)
    connection.execute(delete(_link).where(_link.c.person_id == row.id))
    connection.execute(
        _link.insert().values(
            key_hash=hashed(key), person_id=row.id,
            expires_at=context.wall.now() + timedelta(minutes=minutes),
        )
    )  # fmt: skip
    now = context.tools.clock.now()
    to = Addressee(id=row.id, name=row.name, email=row.email, language=row.language or language)
    connection.execute(
        _mail.insert().values(
            mail_row(
                template=TEMPLATE, key=f"{TEMPLATE}/{new_id()}", process="", case_id=None,
                event_id=None, to=to, area="", now=now, not_before=now, languages=LANGUAGES,
                context={
                    "link": f"{context.tools.public_url}/sign-in/mail/{key}", "minutes": minutes,
                },
            )
        )
    )  # fmt: skip


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
