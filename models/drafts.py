"""Drafts of process, rule and round files: one person proposes them, another publishes them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class Draft(Table, table=True):
    """A changed file on its way to being published; kept afterwards, as its history."""

    __tablename__ = "draft"
    __table_args__ = (
        Index("ix_draft_file", "kind", "name", "id"),
        CheckConstraint(
            "status <> 'published' OR (decided_by IS NOT NULL AND decided_by <> proposed_by)",
            name="draft_four_eyes",
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: process, rule_set or round.
    kind: str = Field(max_length=20)
    #: school_label, school_label/eligibility, school_label/2023-2024.
    name: str = Field(max_length=100)
    #: The country or region whose values of a round it sets, and nothing else; empty: the whole.
    area: str = Field(default="", max_length=10)
    text: str
    #: Hash of the text it was begun from; empty: the file is new.
    base_sha256: str = Field(default="", max_length=64)
    #: Hash of the installed file when it was published: another one since is a conflict.
    installed_sha256: str = Field(default="", max_length=64)
    #: What is changed, and why.
    why: str = Field(default="", max_length=1000)
    #: First day cases that begin take it.
    first_day: date | None = None
    #: open, proposed, published, refused or withdrawn.
    status: str = Field(default="open", max_length=10)
    #: Grows by one with every change.
    version: int = Field(default=0)
    #: Everybody who wrote in it; none of them may publish it.
    written_by: list[str] = Field(sa_type=Json)
    begun_at: datetime = Field(sa_type=Instant)
    changed_at: datetime = Field(sa_type=Instant)
    proposed_by: str | None = Field(default=None, max_length=36)
    proposed_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: str | None = Field(default=None, max_length=36)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    #: Why it was refused, or what its publisher had to say.
    remark: str = Field(default="", max_length=1000)
    #: {process: number of its release}: what publishing it made.
    releases: dict[str, Any] = Field(sa_type=Json)
