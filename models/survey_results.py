"""What comes out of a survey: a school's report, and the badge of an exercise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class SurveyReport(Table, table=True):
    """The report of one exercise: to be made, being made, or made. It is made once."""

    __tablename__ = "survey_report"
    __table_args__ = (Index("ix_survey_report_due", "made_at", "due_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    exercise_id: str = Field(foreign_key="survey_exercise.id", unique=True, max_length=36)
    #: The day after the last one begins, where the school is.
    due_at: datetime = Field(sa_type=Instant)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    #: How many questionnaires have been counted so far, and how many there are.
    counted: int = Field(default=0)
    total: int | None = Field(default=None)
    #: How often it could not be made, one time after another.
    failures: int = Field(default=0)
    made_at: datetime | None = Field(default=None, sa_type=Instant)
    #: What may be shown, and nothing else; see surveys/report.py.
    content: dict[str, Any] | None = Field(default=None, sa_type=Json)


class SurveyBadge(Table, table=True):
    """The badge a school was awarded for an exercise. What is signed is made of this row."""

    __tablename__ = "survey_badge"

    #: Its place in the list that says which badges are revoked.
    number: int | None = Field(default=None, primary_key=True)
    id: str = Field(default_factory=new_id, unique=True, max_length=36)
    case_id: str = Field(foreign_key="case.id", max_length=36, index=True)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=36)
    exercise_id: str = Field(foreign_key="survey_exercise.id", unique=True, max_length=36)
    #: The school's name at the award, since a credential does not change.
    school: str = Field(max_length=200)
    #: How the questionnaire names the level: primary.
    level: str = Field(max_length=40)
    school_year: str = Field(max_length=20)
    #: Last day of the exercise.
    completed_on: date
    awarded_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    #: Why it was revoked; empty while it stands.
    reason: str = Field(default="", max_length=1000)
