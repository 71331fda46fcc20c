"""Which mails a person does without, and the secrets that stand in her private addresses."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, or_, select

from models.database import writing
from models.preferences import MailRefusal, PrivateAddress
from models.writes import insert_new

#: What a private address opens.
CALENDAR, UNSUBSCRIBE = "calendar", "unsubscribe"

_address = PrivateAddress.__table__  # type: ignore[attr-defined]
_refusal = MailRefusal.__table__  # type: ignore[attr-defined]


def address_of(
    connection: Connection, person_id: str, purpose: str, now: datetime | None = None
) -> str | None:
    """The secret of a person for a purpose.

    Arguments:
        now: makes one where there is none; None only looks.
    """
    if now is not None:
        row = {
            "person_id": person_id, "purpose": purpose, "token": secrets.token_urlsafe(32),
            "made_at": now,
        }  # fmt: skip
        insert_new(connection, _address, [row])
    query = select(_address.c.token).where(
        _address.c.person_id == person_id, _address.c.purpose == purpose
    )
    return connection.execute(query).scalar()


def revoke_address(connection: Connection, person_id: str, purpose: str) -> None:
    """Let an address lead nowhere from now on."""
    connection.execute(
        delete(_address).where(_address.c.person_id == person_id, _address.c.purpose == purpose)
    )


def whose_address(connection: Connection, purpose: str, token: str) -> str | None:
    """The person whose secret this is; None: nobody’s (any more)."""
    query = select(_address.c.person_id).where(
        _address.c.purpose == purpose, _address.c.token == token
    )
    return connection.execute(query).scalar()


def refused_by(connection: Connection, person_id: str) -> set[str]:
    """The templates of the mails that a person does without."""
    query = select(_refusal.c.template).where(_refusal.c.person_id == person_id)
    return set(connection.execute(query).scalars())


def refuse(connection: Connection, person_id: str, template: str, now: datetime) -> None:
    """Send a person no mails of this kind any more."""
    row = {"person_id": person_id, "template": template, "refused_at": now}
    insert_new(connection, _refusal, [row])


def choose(
    connection: Connection, person_id: str, there: Collection[str], wanted: Collection[str],
    now: datetime,
) -> None:  # fmt: skip
    """Keep which of the optional mails ``there`` are a person wants."""
    connection.execute(
        delete(_refusal).where(
            _refusal.c.person_id == person_id, _refusal.c.template.in_(list(wanted))
        )
    )
    for template in sorted(set(there) - set(wanted)):
        refuse(connection, person_id, template, now)


def unsubscribing(
    database: Engine, mails: Sequence[Mapping[str, Any]], public_url: str, now: datetime
) -> dict[str, str | None]:
    """For each optional mail the address that turns such mails off; None: she has done so.

    Arguments:
        mails: rows of the outbox; those that are not optional are left out.
        public_url: of this installation.
    """
    asked = [mail for mail in mails if mail["optional"] and mail["person_id"]]
    if not asked:
        return {}
    pairs = {(mail["person_id"], mail["template"]) for mail in asked}
    which = [
        and_(_refusal.c.person_id == person, _refusal.c.template == template)
        for person, template in sorted(pairs)
    ]
    with writing(database) as connection:
        query = select(_refusal.c.person_id, _refusal.c.template).where(or_(*which))
        refused = {(row.person_id, row.template) for row in connection.execute(query)}
        tokens = {
            person: address_of(connection, person, UNSUBSCRIBE, now)
            for person in sorted({person for person, _template in pairs - refused})
        }
    return {
        mail["id"]: None
        if (mail["person_id"], mail["template"]) in refused
        else f"{public_url}/unsubscribe/{tokens[mail['person_id']]}/{mail['template']}"
        for mail in asked
    }
