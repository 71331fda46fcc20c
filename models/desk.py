"""What the people of an NSO work with beside the cases themselves: their queue and their notes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Table


class Waiting(Table, table=True):
    """An open case in the queue of an area: for whom it waits there, and until when.

    Written by the engine with every step, in its transaction; see ``workflows/waiting.py``. A case
    that two NSOs look at has a row for each of their areas.
    """

    __tablename__ = "waiting"
    __table_args__ = (
        Index("ix_waiting_due", "area", "right", "due_at", "case_id"),
        Index("ix_waiting_process_due", "area", "right", "process", "due_at", "case_id"),
    )

    case_id: str = Field(foreign_key="case.id", primary_key=True, max_length=36)
    area: str = Field(primary_key=True, max_length=10)
    #: The right of those it waits for (nso_reviewer); empty: for nobody of the staff.
    right: str = Field(max_length=40)
    process: str = Field(max_length=60)
    #: When it is late, or else when something happens by itself; far off where nothing does.
    due_at: datetime = Field(sa_type=Instant)


class Assignment(Table, table=True):
    """Who of the staff looks after a case. It outlives the steps of the case."""

    __tablename__ = "assignment"
    __table_args__ = (Index("ix_assignment_reviewer", "reviewer_id", "case_id"),)

    case_id: str = Field(foreign_key="case.id", primary_key=True, max_length=36)
    reviewer_id: str = Field(foreign_key="person.id", max_length=36)
    assigned_by: str = Field(max_length=36)
    assigned_at: datetime = Field(sa_type=Instant)


class Comment(Table, table=True):
    """What one of the staff tells the others about a case. No school sees it, no mail has it."""

    __tablename__ = "comment"
    __table_args__ = (Index("ix_comment_case", "case_id", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="case.id", max_length=36)
    author_id: str = Field(foreign_key="person.id", max_length=36)
    text: str = Field(max_length=5000)
    written_at: datetime = Field(sa_type=Instant)


class SavedView(Table, table=True):
    """The filters of a queue under a name, of one person."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36)
    name: str = Field(max_length=60)
    #: As in the address of the page: process=school_label&late=yes.
    query: str = Field(max_length=1000)
    saved_at: datetime = Field(sa_type=Instant)
