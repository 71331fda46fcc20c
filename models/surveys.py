"""Surveys for schools: exercises, their links, and what participants answer.

Nothing here tells who answered: a sheet has no person, no address and no instant, and its random id
keeps no order. A questionnaire that is being filled in has a start, since it ends two hours later;
its row is deleted when it is submitted or when that time is over, and no sheet refers to it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Json, Table


class SurveyExercise(Table, table=True):
    """One exercise of a school at one education level: what its case is about."""

    __tablename__ = "survey_exercise"
    __table_args__ = (
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="survey_days_in_order"),
        Index("ix_survey_exercise_organisation", "organisation_id", "school_year"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    case_id: str = Field(foreign_key="case.id", unique=True, max_length=36)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=36)
    #: The questionnaire's file: selfie.
    questionnaire: str = Field(default="selfie", max_length=60)
    #: Education level, as the questionnaire names it: primary.
    level: str = Field(max_length=40)
    #: The school year it counts for, as its round is named: 2022-2023.
    school_year: str = Field(max_length=20)
    #: First and last day on which the links answer, both inclusive, in the case's zone.
    first_day: date | None = Field(default=None)
    last_day: date | None = Field(default=None)
    #: Language in which the questionnaire opens.
    language: str = Field(default="en", max_length=5)
    #: Group -> how many people are invited.
    invited: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    #: Ids of the optional statements that were chosen.
    optional: list[str] = Field(default_factory=list, sa_type=Json)
    #: Whether companies take part (work-based learning).
    with_companies: bool = Field(default=False)
    #: Set when the links were made: from then on nothing above can change.
    locked_at: datetime | None = Field(default=None, sa_type=Instant)
    #: What is asked, frozen with the links: group -> statements in their order, each with its id,
    #: area and texts. A sheet's answers stand in this order.
    statements: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class SurveyStatement(Table, table=True):
    """A school's own statement, in its version for one group."""

    __tablename__ = "survey_statement"

    exercise_id: str = Field(foreign_key="survey_exercise.id", primary_key=True, max_length=36)
    #: 1 to 10.
    number: int = Field(primary_key=True)
    #: school_leaders, teachers, students or trainers.
    group: str = Field(primary_key=True, max_length=30)
    #: The area of the questionnaire it is shown under.
    area: str = Field(max_length=40)
    text: str = Field(max_length=500)
    help: str = Field(max_length=1000)


class SurveyCompany(Table, table=True):
    """A company in which pupils of a school learn: registered once, invited as often as wanted."""

    __tablename__ = "survey_company"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=36)
    name: str = Field(max_length=200)
    sector: str = Field(max_length=100)


class SurveyInvitedCompany(Table, table=True):
    """A company takes part in an exercise."""

    __tablename__ = "survey_invited_company"

    exercise_id: str = Field(foreign_key="survey_exercise.id", primary_key=True, max_length=36)
    company_id: str = Field(foreign_key="survey_company.id", primary_key=True, max_length=36)


class SurveyLink(Table, table=True):
    """The link of one group: whoever has it may answer while the exercise is open."""

    __tablename__ = "survey_link"
    __table_args__ = (Index("ix_survey_link_exercise", "exercise_id", "group"),)

    #: Random letters and digits: the end of the address.
    token: str = Field(primary_key=True, max_length=20)
    exercise_id: str = Field(foreign_key="survey_exercise.id", max_length=36)
    group: str = Field(max_length=30)
    #: The trainers of one company, where companies take part.
    company_id: str | None = Field(default=None, foreign_key="survey_company.id", max_length=36)


class SurveyProgress(Table, table=True):
    """A questionnaire that is being filled in. It knows nobody, and is gone after two hours.

    What is answered so far is on the participant's page alone.
    """

    __tablename__ = "survey_progress"
    __table_args__ = (Index("ix_survey_progress_expires", "expires_at"),)

    #: SHA-256 of the random key that only the participant's page has.
    key_hash: str = Field(primary_key=True, max_length=64)
    token: str = Field(foreign_key="survey_link.token", max_length=20)
    expires_at: datetime = Field(sa_type=Instant)


class SurveySheet(Table, table=True):
    """One submitted questionnaire."""

    __tablename__ = "survey_sheet"
    #: SQLite keeps the rows in the order of their random ids, and no number of its own that tells
    #: which came first.
    __table_args__ = (
        Index("ix_survey_sheet_group", "exercise_id", "group"),
        {"sqlite_with_rowid": False},
    )

    #: Random (not sorted by time): the order of the rows tells nothing.
    id: str = Field(primary_key=True, max_length=36)
    exercise_id: str = Field(foreign_key="survey_exercise.id", max_length=36)
    group: str = Field(max_length=30)
    company_id: str | None = Field(default=None, foreign_key="survey_company.id", max_length=36)
    #: One byte a statement, in the order of the exercise's frozen statements of that group:
    #: 1 to 5 on the agreement scale, 0 not applicable, 255 left out.
    answers: bytes = Field(sa_type=LargeBinary)
