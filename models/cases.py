"""Cases, their log, decisions, forms and timers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class Definition(Table, table=True):
    """The text of one published file. Its hash is its name; it never changes."""

    __tablename__ = "definition"

    sha256: str = Field(primary_key=True, max_length=64)
    #: process, rule_set or round.
    kind: str = Field(max_length=20)
    #: school_label, school_label/eligibility, school_label/2023-2024.
    name: str = Field(max_length=100, index=True)
    text: str
    published_at: datetime = Field(sa_type=Instant)
    author: str = Field(max_length=200)
    approver: str = Field(default="", max_length=200)


class Release(Table, table=True):
    """What a case pins: a process with the rule sets and rounds it had when published."""

    __tablename__ = "release"
    __table_args__ = (UniqueConstraint("process", "number"), UniqueConstraint("process", "sha256"))

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    process: str = Field(max_length=60)
    #: 1, 2, 3 … per process.
    number: int
    #: Hash of ``parts``.
    sha256: str = Field(max_length=64)
    #: {"process": sha, "rule_sets": {name: sha}, "rounds": {name: sha}}
    parts: dict[str, Any] = Field(sa_type=Json)
    in_force_from: date
    published_at: datetime = Field(sa_type=Instant)
    author: str = Field(max_length=200)


class Case(Table, table=True):
    """One running instance of a process."""

    __tablename__ = "case"
    __table_args__ = (
        UniqueConstraint("process", "unique_key"),
        Index("ix_case_queue", "process", "area", "state", "id"),
        Index("ix_case_subject", "organisation_id", "process"),
        Index("ix_case_project", "project_id", "process"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    process: str = Field(max_length=60)
    release_id: str = Field(foreign_key="release.id", max_length=36)
    round: str | None = Field(default=None, max_length=40)
    state: str = Field(max_length=60)
    #: Since when it is in this state.
    since: datetime = Field(sa_type=Instant)
    #: Whether its state is not final.
    is_open: bool = Field(default=True)
    #: The school it concerns: the subject, or the school of the person it is about.
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=36)
    #: The person it is about; a case with one is hers, not her school's.
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=36, index=True)
    project_id: str | None = Field(default=None, foreign_key="project.id", max_length=36)
    #: Copy of the subject's area and zone when the case was opened: scope and deadlines.
    area: str = Field(max_length=10)
    zone: str = Field(max_length=40)
    #: What may exist once (subject, round, as the process says); NULL once it frees its place.
    unique_key: str | None = Field(default=None, max_length=120)
    #: What it keeps of itself, by the names its process lists: days as ISO text.
    kept: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    #: Grows by one with every event: the row's version, and the sequence of its last event.
    version: int = Field(default=0)
    #: Hash of the last event.
    head: str = Field(default="", max_length=64)
    opened_at: datetime = Field(sa_type=Instant)


class CaseParty(Table, table=True):
    """Somebody or something else a case is about, under the name its process gives it."""

    __tablename__ = "case_party"
    __table_args__ = (
        CheckConstraint(
            "coalesce(person_id, organisation_id, project_id) IS NOT NULL",
            name="party_is_something",
        ),
    )

    case_id: str = Field(foreign_key="case.id", primary_key=True, max_length=36)
    #: The party's name in the process file: co_founder.
    party: str = Field(primary_key=True, max_length=60)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=36, index=True)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=36)
    project_id: str | None = Field(default=None, foreign_key="project.id", max_length=36)
    #: A person's is that of the school she works at: whose NSO is asked.
    area: str = Field(default="", max_length=10, index=True)


class CaseEvent(Table, table=True):
    """One step of a case. Each carries the hash of the one before."""

    __tablename__ = "case_event"
    __table_args__ = (UniqueConstraint("case_id", "sequence"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="case.id", max_length=36)
    sequence: int
    at: datetime = Field(sa_type=Instant)
    trigger: str = Field(max_length=60)
    from_state: str = Field(max_length=60)
    to_state: str = Field(max_length=60)
    #: Person id; None is the platform.
    actor_id: str | None = Field(default=None, max_length=36)
    #: In which capacity: the actor's name in the process file (reviewer, teacher, platform).
    acted_as: str = Field(max_length=40)
    #: What the step carried: feedback, a reason, the form as submitted.
    payload: dict[str, Any] = Field(sa_type=Json)
    #: Ids of the decisions its guards gave.
    decisions: list[str] = Field(sa_type=Json)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class Decision(Table, table=True):
    """What a rule set said of some facts. It can be evaluated again at any time."""

    __tablename__ = "decision"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str | None = Field(default=None, foreign_key="case.id", max_length=36, index=True)
    organisation_id: str | None = Field(
        default=None, foreign_key="organisation.id", max_length=36, index=True
    )
    #: What it was asked for: a trigger, or the start (screening).
    purpose: str = Field(max_length=60)
    rule_set: str = Field(max_length=100)
    rule_set_sha256: str = Field(max_length=64)
    round: str | None = Field(default=None, max_length=40)
    round_sha256: str | None = Field(default=None, max_length=64)
    #: The round's values were resolved for this area.
    area: str = Field(default="", max_length=10)
    at: datetime = Field(sa_type=Instant)
    #: met, unmet or undetermined.
    outcome: str = Field(max_length=12)
    #: The facts it saw, by criterion fact key.
    facts: dict[str, Any] = Field(sa_type=Json)
    #: {criterion id: outcome}; actual and required follow from facts and rule set.
    findings: dict[str, str] = Field(sa_type=Json)


class Attempt(Table, table=True):
    """A trigger that was refused. Written although nothing else was."""

    __tablename__ = "attempt"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str | None = Field(default=None, max_length=36, index=True)
    at: datetime = Field(sa_type=Instant)
    trigger: str = Field(max_length=60)
    actor_id: str | None = Field(default=None, max_length=36)
    #: Code of the error, and its sentence in English.
    code: str = Field(max_length=30)
    reason: str


class Answer(Table, table=True):
    """One answered field of a case's form."""

    __tablename__ = "answer"

    case_id: str = Field(foreign_key="case.id", primary_key=True, max_length=36)
    #: section.field
    field: str = Field(primary_key=True, max_length=120)
    value: Any = Field(sa_type=Json)
    saved_at: datetime = Field(sa_type=Instant)
    saved_by: str | None = Field(default=None, max_length=36)


class Evidence(Table, table=True):
    """A link or an uploaded file that belongs to a field of a case's form."""

    __tablename__ = "evidence"
    __table_args__ = (
        CheckConstraint("(url IS NULL) <> (sha256 IS NULL)", name="url_or_file"),
        Index("ix_evidence_case_field", "case_id", "field"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="case.id", max_length=36)
    field: str = Field(max_length=120)
    url: str | None = Field(default=None, max_length=2000)
    #: The file's content is kept once, under its hash.
    sha256: str | None = Field(default=None, max_length=64)
    file_name: str = Field(default="", max_length=200)
    content_type: str = Field(default="", max_length=100)
    size: int = Field(default=0)
    added_at: datetime = Field(sa_type=Instant)
    added_by: str | None = Field(default=None, max_length=36)
    #: Taken away by the school; kept while an earlier submission names it.
    removed_at: datetime | None = Field(default=None, sa_type=Instant)


class Timer(Table, table=True):
    """Something that happens by itself at an instant.

    A case's timer is deleted when it has happened or when its state has ended; a timer of the
    process itself stays, marked as done, so that it happens once.
    """

    __tablename__ = "timer"
    __table_args__ = (
        Index(
            "ix_timer_due", "due_at", "id",
            sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL"),
        ),
    )  # fmt: skip

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: What makes it one of its kind: case, its version, name and number; or process and day.
    key: str = Field(max_length=160, unique=True)
    process: str = Field(max_length=60)
    #: None: it belongs to the process (a screening, a digest), not to a case.
    case_id: str | None = Field(default=None, foreign_key="case.id", max_length=36, index=True)
    #: Its name in the process file.
    name: str = Field(max_length=60)
    #: What it needs to know: round, day.
    data: dict[str, Any] = Field(sa_type=Json)
    due_at: datetime = Field(sa_type=Instant)
    done_at: datetime | None = Field(default=None, sa_type=Instant)
    #: Claimed by a sweep until this instant; free again after it.
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    #: How often firing it failed, and the reference of the last fault.
    failures: int = Field(default=0)
    fault: str | None = Field(default=None, max_length=40)


class Idempotency(Table, table=True):
    """The answer to a request with an Idempotency-Key, so that a repeat gets the same."""

    __tablename__ = "idempotency"

    actor_id: str = Field(primary_key=True, max_length=36)
    key: str = Field(primary_key=True, max_length=100)
    #: Hash of the request: the same key with another request is an error.
    request: str = Field(max_length=64)
    status: int
    answer: dict[str, Any] = Field(sa_type=Json)
    at: datetime = Field(sa_type=Instant)
