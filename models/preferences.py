"""What people choose for themselves: private addresses, and mails they do without."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field

from models.types import Instant, Table


class PrivateAddress(Table, table=True):
    """A secret of one person that stands in an address: whoever has it needs no sign-in for it."""

    __tablename__ = "private_address"

    person_id: str = Field(foreign_key="person.id", primary_key=True, max_length=36)
    #: What it opens: calendar or unsubscribe.
    purpose: str = Field(primary_key=True, max_length=20)
    token: str = Field(max_length=64, unique=True)
    made_at: datetime = Field(sa_type=Instant)


class MailRefusal(Table, table=True):
    """A kind of mail that a person does without."""

    __tablename__ = "mail_refusal"

    person_id: str = Field(foreign_key="person.id", primary_key=True, max_length=36)
    #: Template: school_label/draft_reminder.
    template: str = Field(primary_key=True, max_length=100)
    refused_at: datetime = Field(sa_type=Instant)
