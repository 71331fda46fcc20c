"""Mails that go out and notices shown in the application."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class Mail(Table, table=True):
    """One outgoing e-mail: a row of the outbox, rendered when it is delivered."""

    __tablename__ = "mail"
    __table_args__ = (Index("ix_mail_due", "status", "not_before", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: What makes it one of its kind: event (or timer), template and person. Never sent twice.
    key: str = Field(max_length=200, unique=True)
    process: str = Field(max_length=60)
    case_id: str | None = Field(default=None, foreign_key="case.id", max_length=36, index=True)
    #: The event that caused it; None for a reminder.
    event_id: str | None = Field(default=None, max_length=36, index=True)
    #: Template: school_label/approved.
    template: str = Field(max_length=100)
    language: str = Field(max_length=5)
    #: Set when ``language`` is not what the person asked for: the mail says so.
    fallback: bool = Field(default=False)
    person_id: str | None = Field(default=None, max_length=36, index=True)
    to_name: str = Field(max_length=200)
    to_address: str = Field(max_length=254)
    #: The area whose NSO answers (Reply-To).
    area: str = Field(default="", max_length=10)
    #: The values the template is filled with.
    context: dict[str, Any] = Field(sa_type=Json)
    #: ``subject`` and ``text`` in the words of the person who took the step.
    edited: dict[str, Any] | None = Field(default=None, sa_type=Json)
    #: Whether its reader may turn such mails off; see ``optional_mails`` of process files.
    optional: bool = Field(default=False)
    #: waiting, sent, failed or withdrawn.
    status: str = Field(default="waiting", max_length=10)
    created_at: datetime = Field(sa_type=Instant)
    #: Not delivered before this: the hold (grace), then the next try.
    not_before: datetime = Field(sa_type=Instant)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    attempts: int = Field(default=0)
    #: What the mail server said last.
    trouble: str = Field(default="", max_length=500)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    #: What was sent: the subject and the text part.
    subject: str = Field(default="", max_length=500)
    body: str = Field(default="")


class Notice(Table, table=True):
    """One in-app message; said in the reader's language when it is shown."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_person", "person_id", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    key: str = Field(max_length=200, unique=True)
    process: str = Field(max_length=60)
    case_id: str | None = Field(default=None, foreign_key="case.id", max_length=36, index=True)
    event_id: str | None = Field(default=None, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36)
    template: str = Field(max_length=100)
    context: dict[str, Any] = Field(sa_type=Json)
    created_at: datetime = Field(sa_type=Instant)
    read_at: datetime | None = Field(default=None, sa_type=Instant)
