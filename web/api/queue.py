"""The queue, who looks after a case, and saved views."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection, delete, select

from base.errors import BadInput, NotFound
from base.i18n import N_
from base.ids import new_id
from models.database import reading, writing
from models.desk import SavedView
from web.api.lines import case_line, process_of
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.api.shapes import CaseLine
from web.context import Context, Here
from web.due import due
from web.language import Language
from web.queue import Filters, Page, Whom, queue_page
from web.scope import Scope, desk_scope, scope_of, visible_case
from web.signing_in import Reader, Someone
from workflows.assigning import assign, colleagues, reviewers_of
from workflows.parties import add_parties
from workflows.titles import add_titles

router = APIRouter(tags=["queue"])

_view = SavedView.__table__  # type: ignore[attr-defined]

#: Views one person can keep.
MOST_VIEWS = 30
#: What a view can filter by; whatever else an address has is left out.
FILTERS = ("for", "process", "state", "round", "area", "reviewer", "late", "q")


class PersonLine(BaseModel):
    """Somebody of the staff."""

    id: str
    name: str


class QueueLine(CaseLine):
    """A case that waits."""

    due_at: datetime = Field(description="The first instant that is too late; 9999 for none.")
    due: str = Field(description="Working days left or late, in words.")
    is_late: bool
    working_days: int | None = Field(description="Left; negative: late. Null without a deadline.")
    last_day: str | None = Field(description="The last day it is in time: 2023-02-07.")
    reviewer: PersonLine | None = Field(description="Who looks after it.")


class QueuePage(BaseModel):
    """A page of the queue."""

    cases: list[QueueLine]
    next: str | None = Field(description="Cursor of the next page; null on the last.")


class Assigned(Sent):
    """Who is to look after a case."""

    reviewer_id: str | None = Field(max_length=36, description="Null: nobody.")


class NewView(Sent):
    """A view to keep."""

    name: str = Field(max_length=60, examples=["Late ones of this round"])
    query: str = Field(max_length=1000, examples=["process=school_label&late=yes"])


class View(BaseModel):
    """A saved view."""

    id: str
    name: str
    query: str


@router.get("/queue", summary="What waits, the most urgent first", responses=READING)
def read_queue(
    context: Here,
    reader: Reader,
    language: Language,
    whom: Annotated[
        Whom,
        Query(alias="for", description="us: your own rights; nso: an NSO; school: not for staff."),
    ] = "us",
    process: str = "",
    state: str = "",
    round: str = "",  # noqa: A002 - the field's own word
    area: str = "",
    reviewer: Annotated[str, Query(description="A person’s id, “me” or “nobody”.")] = "",
    late: Annotated[str, Query(pattern="^(yes)?$", description="yes: only what is late.")] = "",
    q: Annotated[str, Query(max_length=100, description="Part of a name.")] = "",
    after: Annotated[str | None, Query(description="“next” of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QueuePage:
    """Open cases of the areas of your rights; pages do not shift when cases come and go."""
    filters = Filters(
        whom=whom, process=process, state=state, round=round, area=area, q=q,
        reviewer=reader.id if reviewer == "me" else reviewer, late=late == "yes",
    )  # fmt: skip
    with reading(context.database) as connection:
        scope = desk_scope(connection, reader.id, context.tools.clock)
        found = queue_page(
            connection, scope, scope.rights, filters, context.tools.clock.now(), after, limit
        )
        lines = queue_lines(connection, context, scope, found, language)
    return QueuePage(cases=lines, next=found.next)


def queue_lines(
    connection: Connection, context: Context, scope: Scope, found: Page, language: str
) -> list[QueueLine]:
    """The lines of a page of the queue."""
    tools, rows = context.tools, found.rows
    now = tools.clock.now()
    add_parties(connection, rows)
    add_titles(connection, process_of(connection, tools), rows)
    people = reviewers_of(connection, [row["id"] for row in rows])
    lines = []
    for row in rows:
        line = case_line(connection, tools, row, language, staff=scope.is_staff_in(row))
        left = due(row["due_at"], row, now)
        who = people.get(row["id"])
        lines.append(
            QueueLine(
                **line.model_dump(), due_at=row["due_at"], due=left.say(language),
                is_late=left.kind == "late", working_days=left.days,
                last_day=left.day.isoformat() if left.day else None,
                reviewer=PersonLine(id=who[0], name=who[1]) if who else None,
            )
        )  # fmt: skip
    return lines


@router.get("/cases/{case_id}/reviewers", summary="Who can look after a case", responses=READING)
def list_reviewers(context: Here, reader: Reader, case_id: str) -> list[PersonLine]:
    """Staff who can look after the case: those with a right for it and no link to it."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        _staff_only(scope, case)
        process = context.tools.library.release(connection, case["release_id"]).process
        found = colleagues(connection, process, case, context.tools.clock.now())
    return [PersonLine(id=one.id or "", name=one.name) for one in found]


@router.put(
    "/cases/{case_id}/reviewer", status_code=204, summary="Say who looks after a case",
    responses=WRITING,
)  # fmt: skip
def assign_case(context: Here, reader: Reader, case_id: str, who: Assigned) -> None:
    """Put a case into somebody's hands, or into nobody's; nothing else of it changes."""
    put_into_hands(context, reader, [case_id], who.reviewer_id)


def put_into_hands(
    context: Context, reader: Someone, case_ids: list[str], reviewer_id: str | None
) -> None:
    """Assign cases: all of them, or none.

    Raises:
        NotFound: one is not the reader's to see, as staff.
        BadInput: one cannot be looked after by that person.
    """
    with writing(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        for case_id in case_ids:
            case = visible_case(connection, scope, case_id)
            _staff_only(scope, case)
            assign(connection, context.tools, case, reviewer_id, reader.id)


def _staff_only(scope: Scope, case: dict[str, object]) -> None:
    if not scope.is_staff_in(case):
        raise NotFound(N_("There is no such case."))


@router.get("/views", summary="Your saved views", responses=READING)
def list_views(context: Here, reader: Reader) -> list[View]:
    """The views of the queue that you have saved, by name."""
    with reading(context.database) as connection:
        desk_scope(connection, reader.id, context.tools.clock)
        return views_of(connection, reader.id)


@router.post("/views", status_code=201, summary="Save a view", responses=WRITING)
def save_view(context: Here, reader: Reader, new: NewView) -> View:
    """Save filters under a name; one of the same name is replaced."""
    return keep_view(context, reader, new.name, new.query)


@router.delete("/views/{view_id}", status_code=204, summary="Remove a view", responses=WRITING)
def remove_view(context: Here, reader: Reader, view_id: str) -> None:
    """Remove one of your views."""
    drop_view(context, reader, view_id)


def views_of(connection: Connection, person_id: str) -> list[View]:
    """The views somebody has saved, by name."""
    query = select(_view).where(_view.c.person_id == person_id).order_by(_view.c.name)
    return [View(id=row.id, name=row.name, query=row.query) for row in connection.execute(query)]


def keep_view(context: Context, reader: Someone, name: str, query: str) -> View:
    """Save filters under a name; one of the same name is replaced.

    Raises:
        NotFound: she has no queue.
        BadInput: it has no name, or there are too many.
    """
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise BadInput(N_("Give the view a name of at most 60 characters."))
    kept = urlencode([(key, value) for key, value in parse_qsl(query) if key in FILTERS])
    view = View(id=new_id(), name=name, query=kept[:1000])
    row = {
        **view.model_dump(), "person_id": reader.id, "saved_at": context.tools.clock.now(),
    }  # fmt: skip
    mine = _view.c.person_id == reader.id
    with writing(context.database) as connection:
        desk_scope(connection, reader.id, context.tools.clock)
        connection.execute(delete(_view).where(mine, _view.c.name == name))
        if len(views_of(connection, reader.id)) >= MOST_VIEWS:
            raise BadInput(N_("You have {most} views: remove one first."), most=MOST_VIEWS)
        connection.execute(_view.insert(), row)
    return view


def drop_view(context: Context, reader: Someone, view_id: str) -> None:
    """Remove one of the reader's views.

    Raises:
        NotFound: there is none of hers.
    """
    with writing(context.database) as connection:
        gone = connection.execute(
            delete(_view).where(_view.c.id == view_id, _view.c.person_id == reader.id)
        )
        if not gone.rowcount:
            raise NotFound(N_("There is no such view."))
