"""Cases: list, read, open, history, diagram."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse, Response
from pydantic import Field
from sqlalchemy import Connection, or_, select

from base.i18n import say
from models.cases import Case, CaseEvent, Timer
from models.database import reading
from models.reads import rows_of
from models.registry import Organisation, Person, Project
from web.api.lines import behind, case_line, cursor, process_of
from web.api.outcomes import PICTURE, READING, WRITING
from web.api.sent import Sent
from web.api.shapes import Ahead, CaseList, CaseWhole, ClosedStep, EventLine, Name
from web.context import Context, Here
from web.language import Language
from web.scope import Scope, scope_of, visible_case, visible_person, visible_school
from web.signing_in import Reader, Someone
from workflows import foresight
from workflows.answers import may_edit
from workflows.case_rows import last_event
from workflows.definition import Process
from workflows.diagram import diagram
from workflows.log_words import actor_title, processes_of, step_title
from workflows.parties import add_parties
from workflows.subjects import named_cases
from workflows.titles import add_titles

router = APIRouter(tags=["cases"])

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]


class NewCase(Sent):
    """What opens a case."""

    process: str = Field(max_length=60, examples=["school_label"])
    way: str = Field(max_length=60, description="One of the process's starts.", examples=["apply"])
    organisation_id: str | None = Field(
        default=None, max_length=36, description="The school, where the process is about one."
    )
    person_id: str | None = Field(
        default=None, max_length=36, description="The person, where it is about somebody else."
    )
    project_id: str | None = Field(
        default=None, max_length=36, description="The project, where it is about one."
    )
    round: str | None = Field(default=None, max_length=40, examples=["2023-2024"])
    payload: dict[str, Any] = Field(default={}, description="What the start asks for.")


@router.get("/cases", summary="The cases you may see", responses=READING)
def list_cases(
    context: Here,
    reader: Reader,
    language: Language,
    process: str | None = None,
    state: Annotated[list[str] | None, Query(description="Any of these states.")] = None,
    round: str | None = None,  # noqa: A002 - the field's own word
    area: str | None = None,
    organisation_id: str | None = None,
    is_open: bool | None = None,
    q: Annotated[str | None, Query(max_length=100, description="Part of a name.")] = None,
    after: Annotated[str | None, Query(description="“next” of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CaseList:
    """Cases in order of age, a page at a time; pages do not shift when cases are opened."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        query = named_cases().where(scope.cases()).order_by(_case.c.id).limit(limit + 1)
        wanted = {
            "process": process, "round": round, "area": area,
            "organisation_id": organisation_id, "is_open": is_open,
        }  # fmt: skip
        for name, value in wanted.items():
            if value is not None:
                query = query.where(_case.c[name] == value)
        if state:
            query = query.where(_case.c.state.in_(state))
        if q:
            names = (_organisation.c.name, _person.c.name, _project.c.title)
            query = query.where(or_(*(name.icontains(q, autoescape=True) for name in names)))
        if last := behind(after):
            query = query.where(_case.c.id > last)
        rows = rows_of(connection.execute(query))
        add_parties(connection, rows)
        add_titles(connection, process_of(connection, context.tools), rows)
        more = len(rows) > limit
        lines = [
            case_line(
                connection,
                context.tools,
                dict(row),
                language,
                staff=scope.is_staff_in(row),
            )
            for row in rows[:limit]
        ]
    return CaseList(cases=lines, next=cursor(lines[-1].id) if more else None)


@router.post("/cases", status_code=201, summary="Open a case", responses=WRITING)
def open_case(context: Here, reader: Reader, language: Language, new: NewCase) -> CaseWhole:
    """Open a case by one of the process's starts; the answer is the case."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        if new.organisation_id:
            visible_school(connection, scope, new.organisation_id)
        if new.person_id:
            clock = context.tools.clock
            visible_person(connection, scope, new.person_id, clock, new.organisation_id)
    taken = context.engine.start(
        new.process, new.way, organisation_id=new.organisation_id, person_id=new.person_id,
        project_id=new.project_id, actor_id=reader.id, round_name=new.round, payload=new.payload,
    )  # fmt: skip
    return whole(context, reader, taken.case["id"], language)


@router.get("/cases/{case_id}", summary="Read a case", responses=READING)
def read_case(context: Here, reader: Reader, language: Language, case_id: str) -> CaseWhole:
    """A case: where it stands, what you may do, and what happens if nobody acts."""
    return whole(context, reader, case_id, language)


@router.get("/cases/{case_id}/history", summary="Everything that happened", responses=READING)
def history(context: Here, reader: Reader, language: Language, case_id: str) -> list[EventLine]:
    """The case's log. A school sees in which capacity its NSO acted, not who it was."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        return events(connection, context, scope, case, language)


@router.get(
    "/cases/{case_id}/diagram", summary="The process with the case's state marked",
    response_class=Response, responses=READING | PICTURE,
)  # fmt: skip
def case_diagram(
    context: Here,
    reader: Reader,
    language: Language,
    case_id: str,
    format: Literal["svg", "dot", "mermaid"] = "svg",  # noqa: A002 - the command line's own word
) -> Response:
    """The process as a picture: SVG, or the text of DOT or Mermaid."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        published = context.tools.library.release(connection, case["release_id"])
    audience: Literal["staff", "school"] = "staff" if scope.is_staff_in(case) else "school"
    drawn = diagram(published.process, language, format, case["state"], audience)
    if format == "svg":
        return Response(drawn, media_type="image/svg+xml")
    return PlainTextResponse(drawn)


def whole(context: Context, reader: Someone, case_id: str, language: str) -> CaseWhole:
    """A case as its reader sees it.

    Raises:
        NotFound: there is no such case for this reader.
    """
    with reading(context.database) as connection:
        return whole_in(connection, context, reader, case_id, language)


def whole_in(
    connection: Connection, context: Context, reader: Someone, case_id: str, language: str
) -> CaseWhole:
    """:func:`whole` inside a transaction of the caller's."""
    tools = context.tools
    scope = scope_of(connection, reader.id, tools.clock)
    case = visible_case(connection, scope, case_id)
    process = tools.library.release(connection, case["release_id"]).process
    add_titles(connection, lambda _case: process, [case])
    waits_for = process.states[case["state"]].waits_for
    last = last_event(connection, case)
    step = process.transitions.get(last["trigger"])
    line = case_line(connection, tools, case, language, staff=scope.is_staff_in(case))
    undo_until = last["at"] + tools.grace
    may_undo = (
        bool(step and step.undo)
        and last["actor_id"] == reader.id
        and tools.clock.now() <= undo_until
    )
    blocked = foresight.blocked(connection, context.tools, case, reader.id)
    triggers = [
        Name(name=trigger, title=say(process.transitions[trigger].title, language))
        for trigger in foresight.possible(connection, tools, case, reader.id)
    ]
    closed = foresight.closed(connection, tools, case, [one.name for one in triggers])
    return CaseWhole(
        **line.model_dump(),
        waits_for=say(process.actors[waits_for].title, language) if waits_for else None,
        triggers=triggers,
        closed=[
            ClosedStep(name=one.name, title=one.title, reason=closed[one.name].say(language))
            for one in triggers
            if one.name in closed
        ],
        may_edit=may_edit(connection, tools, case, reader.id),
        may_undo=may_undo,
        undo_until=undo_until if may_undo else None,
        blocked=blocked.say(language) if blocked else None,
        ahead=ahead(connection, context, case, language),
    )


def ahead(
    connection: Connection, context: Context, case: dict[str, Any], language: str
) -> list[Ahead]:
    """What the case's timers will do, in their order: from the rows the engine itself uses."""
    process = context.tools.library.release(connection, case["release_id"]).process
    query = select(_timer).where(_timer.c.case_id == case["id"])
    found = []
    for row in connection.execute(query.order_by(_timer.c.due_at, _timer.c.id)).mappings():
        rule = process.timers[row["name"]]
        fires = None
        if rule.fire:
            title = say(process.transitions[rule.fire].title, language)
            fires = Name(name=rule.fire, title=title)
        mails = rule.mail or (process.transitions[rule.fire].mail if rule.fire else {})
        found.append(
            Ahead(
                name=row["name"], at=row["due_at"], fires=fires,
                mails=[f"{process.process}/{template}" for template in mails],
                to=list(dict.fromkeys(
                    say(process.actors[actor].title, language) for actor in mails.values()
                )),
            )
        )  # fmt: skip
    return found


def deadlines(
    connection: Connection, context: Context, case: dict[str, Any], language: str
) -> list[Ahead]:
    """The steps the case's timers will take, in their order.

    What is looked at again and again is taken only once its rule is met: that is no deadline.
    """
    timers = context.tools.library.release(connection, case["release_id"]).process.timers
    coming = ahead(connection, context, case, language)
    return [one for one in coming if one.fires and not timers[one.name].every]


def _without_mails(payload: dict[str, Any]) -> dict[str, Any]:
    """What a step carried, without the mails that staff wrote to others."""
    return {name: value for name, value in payload.items() if name != "mails"}


def process_by_id(connection: Connection, context: Context) -> Callable[[str], Process]:
    """The process of a version, by its id."""
    return lambda release_id: context.tools.library.release(connection, release_id).process


def events(
    connection: Connection, context: Context, scope: Scope, case: dict[str, Any], language: str
) -> list[EventLine]:
    """The log of a case for a reader: names of staff are for staff."""
    staff = scope.is_staff_in(case)
    query = (
        select(_event, _person.c.name.label("person_name"))
        .outerjoin(_person, _person.c.id == _event.c.actor_id)
        .where(_event.c.case_id == case["id"])
        .order_by(_event.c.sequence)
    )
    rows = connection.execute(query).mappings().all()
    steps = [(row["trigger"], row["payload"]) for row in rows]
    processes = processes_of(process_by_id(connection, context), case["release_id"], steps)
    found = []
    for row, process in zip(rows, processes, strict=True):
        actor = process.actors.get(row["acted_as"])
        may_know = staff or (actor is not None and not actor.grant)
        title = say(step_title(process, row["trigger"], row["payload"]), language)
        found.append(
            EventLine(
                sequence=row["sequence"], at=row["at"],
                trigger=Name(name=row["trigger"], title=title),
                from_state=row["from_state"], to_state=row["to_state"],
                acted_as=say(actor_title(process, row["acted_as"]), language),
                by=row["person_name"] if may_know else None,
                payload=row["payload"] if staff else _without_mails(row["payload"]),
                decisions=row["decisions"], hash=row["hash"],
            )
        )  # fmt: skip
    return found
