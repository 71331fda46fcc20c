"""Who is signed in, by what one signs in, and who read what."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class Session(Table, table=True):
    """Somebody is signed in, in one browser. The row is deleted when she signs out."""

    __tablename__ = "session"
    __table_args__ = (Index("ix_session_provider", "provider", "provider_session"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: SHA-256 of the random key that only the browser has.
    key_hash: str = Field(unique=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    made_at: datetime = Field(sa_type=Instant)
    #: Last request, to the minute.
    seen_at: datetime = Field(sa_type=Instant)
    #: Ends then at the latest.
    expires_at: datetime = Field(sa_type=Instant, index=True)
    #: demo, mail, passkey or oidc.
    how: str = Field(max_length=10)
    #: What the browser calls itself, in two words: Firefox, Windows.
    browser: str = Field(default="", max_length=60)
    #: Where she signed in, for oidc: the provider's name, her subject and session there, and the
    #: token that tells it who signs out.
    provider: str = Field(default="", max_length=40)
    subject: str = Field(default="", max_length=255)
    provider_session: str = Field(default="", max_length=255)
    id_token: str = Field(default="")


class Identity(Table, table=True):
    """A provider knows a person under this subject."""

    __tablename__ = "identity"

    issuer: str = Field(primary_key=True, max_length=255)
    subject: str = Field(primary_key=True, max_length=255)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    made_at: datetime = Field(sa_type=Instant)


class MailLink(Table, table=True):
    """A link that signs in once; gone when it was used or when there is a newer one."""

    __tablename__ = "mail_link"

    #: SHA-256 of the random key that stands in the mail.
    key_hash: str = Field(primary_key=True, max_length=64)
    person_id: str = Field(foreign_key="person.id", unique=True, max_length=36)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Passkey(Table, table=True):
    """A key of a person's device, for signing in."""

    __tablename__ = "passkey"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    #: What she calls it.
    name: str = Field(max_length=60)
    #: The device's name for the key, base64url.
    credential_id: str = Field(unique=True, max_length=1400)
    public_key: bytes = Field(sa_type=LargeBinary)
    #: How often it was used, as it says itself: a copy would count differently.
    sign_count: int = Field(default=0)
    made_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class SignInStart(Table, table=True):
    """A sign-in that has begun; taken, and gone, when it goes on."""

    __tablename__ = "sign_in_start"

    #: SHA-256 of the random key in the browser's cookie.
    key_hash: str = Field(primary_key=True, max_length=64)
    #: oidc, passkey, new_passkey or newcomer.
    kind: str = Field(max_length=20)
    data: dict[str, Any] = Field(sa_type=Json)
    expires_at: datetime = Field(sa_type=Instant, index=True)


class Access(Table, table=True):
    """Somebody of the staff read something of a case, or took an export along."""

    __tablename__ = "access"
    __table_args__ = (
        Index("ix_access_person", "person_id", "id"),
        Index("ix_access_case", "case_id", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(max_length=36)
    #: None: an export over cases.
    case_id: str | None = Field(default=None, max_length=36)
    #: case, form, evidence/…, application.pdf; the address of an export.
    what: str = Field(max_length=200)
    at: datetime = Field(sa_type=Instant, index=True)
