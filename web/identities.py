"""Whom a provider means: the person who is linked to its subject, or has its verified address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import Connection, select

from base.ids import new_id
from models.access import Identity
from models.registry import Person
from models.writes import insert_new
from web.context import Context
from web.oidc.providers import Provider

_identity = Identity.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Claimed:
    """What a provider says of somebody."""

    issuer: str
    subject: str
    name: str
    #: Lower case; empty if there is none that can be written to.
    email: str
    #: Whether the provider has verified the address.
    verified: bool


def claimed(provider: Provider, claims: Mapping[str, Any]) -> Claimed:
    """What the claims say, by the names the provider's file gives."""
    verified = provider.address_verified == "always" or claims.get(provider.verified_claim) in (
        True, "true",
    )  # fmt: skip
    return Claimed(
        issuer=provider.issuer, subject=str(claims["sub"])[:255],
        name=" ".join(str(claims.get(provider.name_claim) or "").split())[:200],
        email=address(str(claims.get(provider.email_claim) or "")), verified=verified,
    )  # fmt: skip


def address(text: str) -> str:
    """A mail address as the registry keeps it; empty if it is none."""
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.lower()[:254]
    except EmailNotValidError:
        return ""


def person_for(connection: Connection, context: Context, who: Claimed) -> str | None:
    """The person a provider means; linked from now on, so that her address may change."""
    linked = connection.execute(
        select(_identity.c.person_id).where(
            _identity.c.issuer == who.issuer, _identity.c.subject == who.subject
        )
    ).scalar()
    if linked is not None:
        return str(linked)
    if not (who.verified and who.email):
        return None
    found = connection.execute(select(_person.c.id).where(_person.c.email == who.email)).scalar()
    if found is not None:
        _link(connection, context, who, str(found))
    return None if found is None else str(found)


def newcomer(connection: Connection, context: Context, who: Claimed, language: str) -> str:
    """Make an account for somebody who is not known yet; nobody has validated it."""
    row = {
        "id": new_id(), "name": who.name or who.email.partition("@")[0], "email": who.email,
        "language": language, "validated": False, "available": False,
        "created_at": context.tools.clock.now(),
    }  # fmt: skip
    # Pressed twice, it makes one.
    insert_new(connection, _person, [row])
    query = select(_person.c.id).where(_person.c.email == who.email)
    person_id = str(connection.execute(query).scalar_one())
    _link(connection, context, who, person_id)
    return person_id


def _link(connection: Connection, context: Context, who: Claimed, person_id: str) -> None:
    row = {
        "issuer": who.issuer, "subject": who.subject, "person_id": person_id,
        "made_at": context.wall.now(),
    }  # fmt: skip
    insert_new(connection, _identity, [row])
