"""What comes out of surveys, for programs: a school's own report, and figures of participation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from models.database import reading
from surveys.statistics import Figures
from web.api.outcomes import EVERYBODY_ONE, READING
from web.badges import badge_row, issuer_of, token_of
from web.context import Here
from web.signing_in import Reader
from web.survey_figures import figures_for
from web.survey_results import visible_exercise

router = APIRouter(tags=["surveys"])


class ReportAnswer(BaseModel):
    """The report of an exercise."""

    case_id: str
    questionnaire: str
    level: str
    school_year: str
    first_day: date | None
    last_day: date | None
    due_at: datetime | None = Field(description="When it is made; null before the links are made.")
    made_at: datetime | None
    counted: int = Field(description="Questionnaires counted so far.")
    total: int | None = Field(description="Questionnaires to be counted; null before it began.")
    report: dict[str, Any] | None = Field(
        description="What may be shown, as docs/survey-reports.md explains it; null until it is "
        "made."
    )


class CountAnswer(BaseModel):
    """Schools, exercises and people; all null where it is of too few schools."""

    schools: int | None
    exercises: int | None
    participants: dict[str, int] | None = Field(description="By group.")


class YearAnswer(BaseModel):
    """The figures of one school year, or of all."""

    school_year: str | None = Field(description="Null: all together.")
    total: CountAnswer
    levels: dict[str, CountAnswer]
    provinces: dict[str, CountAnswer] = Field(
        description="By ISO 3166-2; under the empty name where the province is not known."
    )


class StatisticsAnswer(BaseModel):
    """Participation in an area."""

    area: str
    areas: list[str] = Field(description="The areas you may ask for.")
    threshold: int | None = Field(
        description="The fewest schools in a figure that is told; null: not set, and nothing is."
    )
    figures: list[YearAnswer]


class BadgeAnswer(BaseModel):
    """A badge, and the signed credential that proves it."""

    id: str
    school: str
    level: str
    school_year: str
    completed_on: date
    awarded_at: datetime
    revoked_at: datetime | None
    issuer: str = Field(description="did:web, whose document has the public key.")
    credential: str = Field(description="Open Badges 3.0 as VC-JWT.")


@router.get("/surveys/{case_id}/report", summary="The report of an exercise", responses=READING)
def report(context: Here, reader: Reader, case_id: str) -> ReportAnswer:
    """For coordinators and principals of the school alone."""
    with reading(context.database) as connection:
        row = visible_exercise(connection, reader.id, case_id, context.tools.clock)
    return ReportAnswer(**{**row, "counted": row["counted"] or 0, "report": row["content"]})


@router.get(
    "/survey-statistics", summary="Participation in surveys, for an authority", responses=READING
)
def statistics(
    context: Here, reader: Reader,
    area: Annotated[
        str, Query(max_length=10, description="One of yours; your first if empty.")
    ] = "",
) -> StatisticsAnswer:  # fmt: skip
    """Schools and participants by level and province; never a school's name or results."""
    with reading(context.database) as connection:
        chosen, areas, found = figures_for(connection, context, reader.id, area)
    if found is None:
        return StatisticsAnswer(area=chosen, areas=areas, threshold=None, figures=[])
    return StatisticsAnswer(
        area=chosen, areas=areas, threshold=found.threshold,
        figures=[
            YearAnswer(
                school_year=year or None, total=_count(whole), levels=_counts(found.levels[year]),
                provinces=_counts(found.provinces[year]),
            )
            for year, whole in found.totals.items()
        ],
    )  # fmt: skip


@router.get("/badges/{badge_id}", summary="A badge", responses=EVERYBODY_ONE)
def badge(context: Here, badge_id: str) -> BadgeAnswer:
    """Public, like the page of the badge."""
    with reading(context.database) as connection:
        row = badge_row(connection, badge_id)
    return BadgeAnswer(
        **{name: row[name] for name in BadgeAnswer.model_fields if name in row},
        issuer=issuer_of(context).did, credential=token_of(context, row),
    )  # fmt: skip


def _count(one: Figures) -> CountAnswer:
    people = None if one.people is None else dict(one.people)
    return CountAnswer(schools=one.schools, exercises=one.exercises, participants=people)


def _counts(many: Mapping[str, Figures]) -> dict[str, CountAnswer]:
    return {name: _count(one) for name, one in many.items()}
