"""The overview of the staff: how many cases there are, how old, how urgent, and with whom."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from base.i18n import say, translate
from models.database import reading
from web.api.outcomes import READING
from web.api.queue import PersonLine
from web.api.shapes import Name
from web.context import Context, Here
from web.figures import AGES, LEFT, Figures, Slice, figures
from web.language import Language
from web.scope import desk_scope
from web.signing_in import Reader

router = APIRouter(tags=["queue"])

Process = Annotated[str, Query(max_length=60, description="Only this process.")]
Round = Annotated[str, Query(max_length=40, description="Only this round.")]
Area = Annotated[str, Query(max_length=10, description="Only this country or region.")]


class Counted(Name):
    """How many cases are of one kind."""

    count: int


class ProcessFigures(BaseModel):
    """The cases of one process, by state, in the order of its file; ended ones too."""

    process: Name
    states: list[Counted]


class LoadLine(BaseModel):
    """How much somebody looks after."""

    reviewer: PersonLine | None = Field(description="Null: nobody.")
    waiting: int
    late: int


class Overview(BaseModel):
    """Figures of the cases of your areas."""

    total: int
    processes: list[ProcessFigures]
    left: list[Counted] = Field(description="Time left of those that wait for staff.")
    ages: list[Counted] = Field(description="For how long those have been in their state.")
    loads: list[LoadLine] = Field(description="Who looks after those; nobody comes last.")


@router.get("/overview", summary="How many cases are where", responses=READING)
def read_overview(
    context: Here, reader: Reader, language: Language,
    process: Process = "", round: Round = "", area: Area = "",  # noqa: A002 - its own word
) -> Overview:  # fmt: skip
    """Counts by state, time left, age and reviewer, of the cases that you read as staff."""
    which = Slice(process=process, round=round, area=area)
    with reading(context.database) as connection:
        scope = desk_scope(connection, reader.id, context.tools.clock)
        found = figures(connection, scope, which, context.tools.clock.now())
        return overview_of(connection, context, found, language)


def overview_of(
    connection: Connection, context: Context, found: Figures, language: str
) -> Overview:
    """The figures with their titles."""
    return Overview(
        total=sum(found.states.values()),
        processes=_processes(connection, context, found, language),
        left=_counted(LEFT, found.left, language), ages=_counted(AGES, found.ages, language),
        loads=[
            LoadLine(
                reviewer=PersonLine(id=one.person_id, name=one.person) if one.person_id else None,
                waiting=one.waiting, late=one.late,
            )
            for one in found.loads
        ],
    )  # fmt: skip


def _counted(titles: dict[str, str], counts: dict[str, int], language: str) -> list[Counted]:
    return [
        Counted(name=name, title=translate(title, language), count=counts[name])
        for name, title in titles.items()
    ]


def _processes(
    connection: Connection, context: Context, found: Figures, language: str
) -> list[ProcessFigures]:
    places: dict[str, dict[str, tuple[int, Counted]]] = {}
    processes: dict[str, Name] = {}
    for (name, _round, state, release), count in found.states.items():
        process = context.tools.library.release(connection, release).process
        processes[name] = Name(name=name, title=say(process.title, language))
        states = places.setdefault(name, {})
        place = list(process.states).index(state)
        before = states[state][1].count if state in states else 0
        title = say(process.states[state].title, language)
        states[state] = place, Counted(name=state, title=title, count=before + count)
    return [
        ProcessFigures(
            process=processes[name],
            states=[one for _place, one in sorted(states.values(), key=lambda each: each[0])],
        )
        for name, states in sorted(places.items())
    ]
