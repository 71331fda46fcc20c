"""Exercises of schools: their set-up and participation, and answering over a link."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from base.i18n import LANGUAGES, say
from models.database import reading
from surveys import setup
from surveys.answering import begin as begin_questionnaire
from surveys.answering import submit
from surveys.exercises import companies_of, invited_companies, links_of, own_statements
from surveys.participation import participation
from web.api.outcomes import EVERYBODY_ONE, READING, WRITING, refusals
from web.api.sent import Sent
from web.context import Context, Here
from web.language import Language
from web.signing_in import Reader, Someone
from web.surveys import editable_survey, visible_survey

router = APIRouter(tags=["surveys"])

Id = Annotated[str, StringConstraints(max_length=60)]


class CompanyLine(BaseModel):
    """A company of the school."""

    id: str
    name: str
    sector: str
    takes_part: bool = Field(description="Whether it takes part in this exercise.")


class Version(Sent):
    """A statement of the school's own, as one group sees it."""

    text: str = Field(max_length=2000)
    help: str = Field(max_length=4000)


class OwnStatement(BaseModel):
    """A statement of the school's own."""

    number: int
    area: str
    versions: dict[str, Version]


class LinkLine(BaseModel):
    """The link of a group, or of the trainers of a company."""

    group: str
    company: str | None
    address: str


class ParticipationLine(BaseModel):
    """How many of a group have submitted."""

    group: str
    company: str
    submitted: int
    invited: int | None = Field(description="Null where nobody knows: trainers of companies.")
    percent: int | None
    recommended: int | None = Field(description="Null where the country has set no minimum.")


class Exercise(BaseModel):
    """An exercise as it is set up, and who has taken part so far."""

    case_id: str
    level: str
    school_year: str
    first_day: date | None
    last_day: date | None
    language: str
    invited: dict[str, int | None]
    with_companies: bool
    companies: list[CompanyLine]
    optional: list[str]
    own_statements: list[OwnStatement]
    locked_at: datetime | None = Field(description="When the links were made.")
    links: list[LinkLine]
    participation: list[ParticipationLine]


class Numbers(Sent):
    """People invited, by group; 0 is a group that is not invited, null one that is undecided."""

    invited: dict[Id, int | None] = Field(max_length=20)
    with_companies: bool = False


class Dates(Sent):
    """The days of an exercise."""

    first_day: date
    last_day: date
    language: str = Field(max_length=5, examples=["nl"])


class Optional(Sent):
    """The optional statements that are chosen."""

    optional: list[Id] = Field(max_length=200)


class NewCompany(Sent):
    """A company to register."""

    name: str = Field(max_length=400)
    sector: str = Field(max_length=200)


class Companies(Sent):
    """The companies that take part, by id."""

    companies: list[Id] = Field(max_length=500)


class NewStatement(Sent):
    """A statement of the school's own: a version for every group that answers."""

    area: str = Field(max_length=60)
    versions: dict[Id, Version] = Field(max_length=20)


@router.get("/exercises/{case_id}", summary="Read an exercise", responses=READING)
def read_exercise(context: Here, reader: Reader, case_id: str) -> Exercise:
    """An exercise of your school, under the id of its case."""
    return _whole(context, reader, case_id)


@router.put("/exercises/{case_id}/numbers", summary="Say how many are invited", responses=WRITING)
def save_numbers(context: Here, reader: Reader, case_id: str, sent: Numbers) -> Exercise:
    """People invited per group, and whether companies take part."""
    editable_survey(context, reader, case_id)
    setup.save_numbers(context.database, case_id, sent.invited, with_companies=sent.with_companies)
    return _whole(context, reader, case_id)


@router.put("/exercises/{case_id}/dates", summary="Set the days", responses=WRITING)
def save_dates(context: Here, reader: Reader, case_id: str, sent: Dates) -> Exercise:
    """The first and last day, and the language in which questionnaires open."""
    editable_survey(context, reader, case_id)
    setup.save_dates(context.database, case_id, sent.first_day, sent.last_day, sent.language)
    return _whole(context, reader, case_id)


@router.put("/exercises/{case_id}/optional", summary="Choose statements", responses=WRITING)
def choose_optional(context: Here, reader: Reader, case_id: str, sent: Optional) -> Exercise:
    """The optional statements that are asked beside the core ones."""
    editable_survey(context, reader, case_id)
    setup.choose_optional(context.database, case_id, sent.optional)
    return _whole(context, reader, case_id)


@router.post("/exercises/{case_id}/companies", summary="Register a company", responses=WRITING)
def register_company(context: Here, reader: Reader, case_id: str, sent: NewCompany) -> Exercise:
    """A new company of the school; it takes part."""
    editable_survey(context, reader, case_id)
    setup.register_company(context.database, case_id, sent.name, sent.sector)
    return _whole(context, reader, case_id)


@router.put("/exercises/{case_id}/companies", summary="Choose companies", responses=WRITING)
def choose_companies(context: Here, reader: Reader, case_id: str, sent: Companies) -> Exercise:
    """Which of the school's companies take part."""
    editable_survey(context, reader, case_id)
    setup.choose_companies(context.database, case_id, sent.companies)
    return _whole(context, reader, case_id)


@router.post("/exercises/{case_id}/statements", summary="Add a statement", responses=WRITING)
def add_statement(context: Here, reader: Reader, case_id: str, sent: NewStatement) -> Exercise:
    """A statement of the school's own."""
    _save_statement(context, reader, case_id, None, sent)
    return _whole(context, reader, case_id)


@router.put(
    "/exercises/{case_id}/statements/{number}", summary="Change a statement", responses=WRITING
)
def change_statement(
    context: Here, reader: Reader, case_id: str, number: int, sent: NewStatement
) -> Exercise:
    """A statement of the school's own, written anew."""
    _save_statement(context, reader, case_id, number, sent)
    return _whole(context, reader, case_id)


@router.delete(
    "/exercises/{case_id}/statements/{number}", summary="Remove a statement", responses=WRITING
)
def remove_statement(context: Here, reader: Reader, case_id: str, number: int) -> Exercise:
    """Take out a statement of the school's own."""
    editable_survey(context, reader, case_id)
    setup.remove_statement(context.database, case_id, min(number, 2**31 - 1))
    return _whole(context, reader, case_id)


def _save_statement(
    context: Context, reader: Someone, case_id: str, number: int | None, sent: NewStatement
) -> None:
    found = editable_survey(context, reader, case_id)
    setup.save_statement(
        context.database, case_id, number, sent.area,
        {group: version.model_dump() for group, version in sent.versions.items()},
        found.published.values_of(found.case).get("own_statements_max"),
    )  # fmt: skip


def _whole(context: Context, reader: Someone, case_id: str) -> Exercise:
    found = visible_survey(context, reader, case_id)
    row = found.exercise
    with reading(context.database) as connection:
        invited = {one["id"] for one in invited_companies(connection, row["id"])}
        companies = companies_of(connection, row["organisation_id"])
        own = own_statements(connection, row["id"])
        links = links_of(connection, row["id"])
        values = found.published.values_of(found.case)
        taking_part = participation(connection, row, values) if row["locked_at"] else []
    return Exercise(
        **{name: row[name] for name in Exercise.model_fields if name in row},
        companies=[CompanyLine(**_of(one), takes_part=one["id"] in invited) for one in companies],
        own_statements=[OwnStatement(number=number, **one) for number, one in own.items()],
        links=[
            LinkLine(
                group=one["group"], company=one["company"],
                address=f"{context.tools.public_url}/s/{one['token']}",
            )
            for one in found.in_order(links)
        ],
        participation=[
            ParticipationLine(
                group=one.group, company=one.company, submitted=one.submitted,
                invited=one.invited, percent=one.percent, recommended=one.recommended,
            )
            for one in taking_part
        ],
    )  # fmt: skip


def _of(company: dict[str, Any]) -> dict[str, Any]:
    return {name: company[name] for name in ("id", "name", "sector")}


class Asked(BaseModel):
    """What a link asks."""

    when: str = Field(description="before, open or after: whether it answers now.")
    group: str
    level: str
    first_day: date
    last_day: date
    statements: list[AskedStatement]


class AskedStatement(BaseModel):
    """A statement, in the reader's language where it exists in it."""

    id: str
    area: str
    text: str
    help: str | None


class Begun(BaseModel):
    """A questionnaire that has begun."""

    key: str = Field(description="Needed to submit; nothing else knows this questionnaire.")


class Answers(Sent):
    """The answers of a questionnaire."""

    key: str = Field(max_length=60)
    answers: list[int] = Field(
        max_length=200,
        description="In the order of the statements: 1 to 5, 0 not applicable, 255 left out.",
    )


@router.get("/questionnaires/{token}", summary="What a link asks", responses=EVERYBODY_ONE)
def read_questionnaire(context: Here, language: Language, token: str, lang: str = "") -> Asked:
    """What is asked over a link; nobody signs in."""
    found = context.links.open(token, context.tools.clock.now())
    row = found.link.exercise
    spoken = language if lang in LANGUAGES else str(row["language"])
    return Asked(
        when=found.when, group=found.link.group, level=row["level"], first_day=row["first_day"],
        last_day=row["last_day"],
        statements=[
            AskedStatement(
                id=one["id"], area=one["area"], text=say(one["texts"], spoken),
                help=say(one["help"], spoken) if one["help"] else None,
            )
            for one in found.link.statements
        ],
    )  # fmt: skip


@router.post(
    "/questionnaires/{token}/begin", summary="Begin a questionnaire",
    responses=refusals(404, 409, 429),
)  # fmt: skip
def begin(context: Here, token: str) -> Begun:
    """Begin a questionnaire: it can be submitted for two hours."""
    return Begun(key=begin_questionnaire(context.links, token, context.tools.clock.now()))


@router.post(
    "/questionnaires/{token}/submit", status_code=204, summary="Submit a questionnaire",
    responses=refusals(404, 409, 413),
)  # fmt: skip
def hand_in(context: Here, token: str, sent: Answers) -> None:
    """Hand in the answers; nothing tells whose they are, so they cannot be changed."""
    submit(context.links, token, sent.key, sent.answers, context.tools.clock.now())


Asked.model_rebuild()
