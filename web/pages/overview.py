"""The overview of the staff: counts as charts with their tables, and the cases as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response
from markupsafe import Markup
from sqlalchemy import Connection

from base.days import local_day
from base.i18n import N_, say, translate
from documents import sheets
from documents.charts import Bar, Bars, bar_chart
from documents.words import area_name
from models.database import reading
from web.api.definitions import in_force
from web.api.lines import process_of
from web.api.sent import check_address
from web.context import Context, Here
from web.figures import AGES, LEFT, Figures, Slice, cases_of, figures
from web.language import Language
from web.pages.queue import staff_scope
from web.pages.rendering import page
from web.queue import areas_of
from web.scope import Scope
from web.signing_in import Reader
from workflows.assigning import reviewers_of
from workflows.subjects import name_of
from workflows.titles import add_titles
from workflows.waiting import NEVER

router = APIRouter(dependencies=[Depends(check_address)])

#: Cases in a file: what a spreadsheet still opens with ease.
MOST = 50_000

Process = Annotated[str, Query(max_length=60)]
Round = Annotated[str, Query(max_length=40)]
Area = Annotated[str, Query(max_length=10)]

HEAD = (
    N_("Case"), N_("School"), N_("Process"), N_("Round"), N_("Country or region"), N_("State"),
    N_("Since"), N_("In time until"), N_("Looked after by"), N_("Address"),
)  # fmt: skip


@router.get("/overview")
def overview(
    request: Request, context: Here, person: Reader, language: Language,
    process: Process = "", round: Round = "", area: Area = "",  # noqa: A002 - its own word
) -> Response:  # fmt: skip
    """How many cases there are, how old, how urgent, and with whom."""
    which = Slice(process=process, round=round, area=area)
    with reading(context.database) as connection:
        scope = staff_scope(connection, context, person)
        found = figures(connection, scope, which, context.tools.clock.now())
        by_process = _by_process(connection, context, found, language)
        areas = {one: area_name(one, language) for one in areas_of(connection, scope) if one}
    running = in_force(context)
    titles = {one.process.process: say(one.process.title, language) for one in running}
    rounds = {
        name: say(one.round_title(name), language)
        for one in running
        if process in ("", one.process.process)
        for name in one.rounds
    }
    age = {translate(word, language): found.ages[key] for key, word in AGES.items()}
    left = {translate(word, language): found.left[key] for key, word in LEFT.items()}
    nobody = translate(N_("nobody"), language)
    loads = [(one.person or nobody, one.waiting, one.late) for one in found.loads]
    groups = [
        Bars(heading=title, bars=[_bar(state, count) for state, count in states])
        for title, states in by_process
    ]
    load = {name: waiting for name, waiting, _late in loads}
    return page(
        request, "overview.html", by_process=by_process, age=age, left=left, loads=loads,
        titles=titles, rounds=rounds, areas=areas, which=which,
        address=f"process={process}&round={round}&area={area}", total=sum(found.states.values()),
        most=MOST,
        charts={
            "states": _chart(groups, N_("Cases by state"), language),
            "left": _chart([_bars(left)], N_("Time left of those that wait"), language),
            "age": _chart([_bars(age)], N_("Age of those that wait"), language),
            "load": _chart([_bars(load)], N_("Who looks after those that wait"), language),
        },
    )  # fmt: skip


def _bar(label: str, count: int) -> Bar:
    return Bar(label=label, value=count, said=str(count))


def _bars(counts: dict[str, int]) -> Bars:
    return Bars(heading="", bars=[_bar(label, count) for label, count in counts.items()])


def _chart(groups: list[Bars], title: str, language: str) -> Markup:
    description = translate(N_("The same figures stand in the table beside it."), language)
    drawn = bar_chart(groups, title=translate(title, language), description=description)
    return Markup(drawn)  # noqa: S704 - escaped in it


def _by_process(
    connection: Connection, context: Context, found: Figures, language: str
) -> list[tuple[str, list[tuple[str, int]]]]:
    """Counts by state, in the order of each process file."""
    places: dict[str, dict[str, tuple[int, int]]] = {}
    names: dict[str, str] = {}
    for (name, _round, state, release), count in found.states.items():
        process = context.tools.library.release(connection, release).process
        names[name] = say(process.title, language)
        title = say(process.states[state].title, language)
        place, before = places.setdefault(name, {}).get(
            title, (list(process.states).index(state), 0)
        )
        places[name][title] = place, before + count
    return [
        (
            names[name],
            [(title, count) for title, (_place, count) in
             sorted(states.items(), key=lambda one: one[1][0])],
        )
        for name, states in sorted(places.items())
    ]  # fmt: skip


@router.get("/overview/cases.{kind}")
def export(
    context: Here, person: Reader, language: Language, kind: Literal["csv", "xlsx"],
    process: Process = "", round: Round = "", area: Area = "",  # noqa: A002 - its own word
) -> Response:  # fmt: skip
    """The counted cases as a file, one a row: those of the reader's areas, and no others."""
    which = Slice(process=process, round=round, area=area)
    head = [translate(one, language) for one in HEAD]
    with reading(context.database) as connection:
        scope = staff_scope(connection, context, person)
        rows = list(_rows(connection, context, scope, which, language))
    if kind == "csv":
        content, media = sheets.as_csv(head, rows), sheets.CSV
    else:
        title = translate(N_("Cases"), language)
        content, media = sheets.as_xlsx(head, rows, title=title), sheets.XLSX
    return Response(
        content, media_type=media,
        headers={"Content-Disposition": f'attachment; filename="cases.{kind}"'},
    )  # fmt: skip


def _rows(
    connection: Connection, context: Context, scope: Scope, which: Slice, language: str
) -> Iterator[list[sheets.Cell]]:
    tools = context.tools
    for rows in cases_of(connection, scope, which, MOST):
        add_titles(connection, process_of(connection, tools), rows)
        people = reviewers_of(connection, [row["id"] for row in rows])
        for row in rows:
            yield _row(connection, context, row, people.get(row["id"], ("", ""))[1], language)


def _row(
    connection: Connection, context: Context, row: dict[str, Any], reviewer: str, language: str
) -> list[sheets.Cell]:
    process = context.tools.library.release(connection, row["release_id"]).process
    zone = ZoneInfo(row["zone"])
    due = row["due_at"]
    last = local_day(due - timedelta(seconds=1), zone) if due and due < NEVER else None
    return [
        name_of(row), row["organisation_name"] or "", say(process.title, language),
        row["round"] or "", area_name(row["area"], language) if row["area"] else "",
        say(process.states[row["state"]].title, language), local_day(row["since"], zone), last,
        reviewer, f"{context.tools.public_url}/cases/{row['id']}",
    ]  # fmt: skip
