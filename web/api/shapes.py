"""The shapes of answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """One thing that is wrong."""

    where: str = Field(description="Field, or row and column.")
    step: int | None = Field(default=None, description="The form's step.")
    message: str


class Finding(BaseModel):
    """One criterion of a decision."""

    criterion: str
    outcome: str = Field(description="met, unmet or undetermined; only met is a pass.")
    actual: Any = None
    required: Any = None
    reason: str
    remedy: str


class Error(BaseModel):
    """Why a request failed."""

    code: str = Field(description="A stable word for programs.")
    message: str = Field(description="What to do, in the reader's language.")
    problems: list[Problem] = []
    findings: list[Finding] = []
    deadline: datetime | None = Field(default=None, description="The deadline that was missed.")
    who_may: list[str] = []
    reference: str | None = Field(default=None, description="What the log has it under.")


class ErrorAnswer(BaseModel):
    """The body of every failed request."""

    error: Error


class Name(BaseModel):
    """A thing's name for programs and its title for the reader."""

    name: str
    title: str


class CaseLine(BaseModel):
    """A case in a list."""

    id: str
    process: str
    round: str | None
    state: Name
    name: str = Field(description="By what it is known: its project, its person, else its school.")
    organisation: str | None
    organisation_id: str | None
    person_id: str | None
    project_id: str | None
    area: str
    since: datetime
    opened_at: datetime
    is_open: bool
    version: int


class CaseList(BaseModel):
    """A page of cases."""

    cases: list[CaseLine]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class Ahead(BaseModel):
    """What happens by itself if nobody acts."""

    name: str
    at: datetime
    fires: Name | None = Field(description="The trigger that fires.")
    mails: list[str] = Field(description="Templates of the mails that go out.")
    to: list[str] = Field(description="Who gets them, in words.")


class ClosedStep(BaseModel):
    """A step that cannot be taken today."""

    name: str
    title: str
    reason: str = Field(description="What is required, and what helps.")


class CaseWhole(CaseLine):
    """A case, read."""

    waits_for: str | None = Field(description="Who has to act, in words.")
    triggers: list[Name] = Field(description="What the reader may do now, guards aside.")
    closed: list[ClosedStep] = Field(
        description="What of that the calendar rules out today, by the dates of the round."
    )
    may_edit: bool = Field(description="Whether the reader may fill in the form now.")
    may_undo: bool = Field(description="Whether the reader may take back the last step now.")
    undo_until: datetime | None = Field(description="Until when she may; null where she may not.")
    blocked: str | None = Field(
        description="The conflict of interest that keeps the reader from acting, in words."
    )
    ahead: list[Ahead]


class EventLine(BaseModel):
    """One step of a case."""

    sequence: int
    at: datetime
    trigger: Name
    from_state: str
    to_state: str
    acted_as: str = Field(description="In which capacity, in words.")
    by: str | None = Field(description="Who, where the reader may know.")
    payload: dict[str, Any]
    decisions: list[str]
    hash: str


class DecisionWhole(BaseModel):
    """A decision, explained."""

    id: str
    purpose: str
    rule_set: str
    rule_set_sha256: str
    round: str | None
    at: datetime
    outcome: str
    facts: dict[str, Any]
    findings: list[Finding]


class MailLine(BaseModel):
    """A mail of the outbox."""

    id: str
    case_id: str | None
    template: str
    language: str
    to: str
    status: str
    created_at: datetime
    not_before: datetime
    sent_at: datetime | None
    attempts: int
    trouble: str
    subject: str
    body: str


class MailList(BaseModel):
    """A page of mails."""

    mails: list[MailLine]
    next: str | None


class NoticeLine(BaseModel):
    """A notice."""

    id: str
    case_id: str | None
    text: str
    created_at: datetime
    read_at: datetime | None


class EvidenceLine(BaseModel):
    """A link or file of a form."""

    id: str
    field: str
    url: str | None
    file_name: str
    content_type: str
    size: int
    sha256: str | None
    added_at: datetime
