"""The overview of the staff: counts as charts with their tables, and the cases as a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Request
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
from web.api.overview import Area, Counted, Process, Round, overview_of
from web.api.sent import check_address
from web.context import Context, Here
from web.figures import Slice, cases_of, figures
from web.language import Language
from web.pages.rendering import page
from web.queue import areas_of
from web.scope import Scope, desk_scope
from web.signing_in import Reader
from workflows.assigning import reviewers_of
from workflows.subjects import name_of
from workflows.titles import add_titles
from workflows.waiting import NEVER

router = APIRouter(dependencies=[Depends(check_address)])

#: Cases in a file: what a spreadsheet still opens with ease.
MOST = 50_000
#: A chart stands beside its table: pixels of its width.
CHART = 540

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
        scope = desk_scope(connection, person.id, context.tools.clock)
        counted = figures(connection, scope, which, context.tools.clock.now())
        found = overview_of(connection, context, counted, language)
        areas = {one: area_name(one, language) for one in areas_of(connection, scope) if one}
    running = in_force(context)
    titles = {one.process.process: say(one.process.title, language) for one in running}
    rounds = {
        name: say(one.round_title(name), language)
        for one in running
        if process in ("", one.process.process)
        for name in one.rounds
    }
    nobody = translate(N_("nobody"), language)
    loads = [
        (one.reviewer.name if one.reviewer else nobody, one.waiting, one.late)
        for one in found.loads
    ]
    by_reviewer = [(name, waiting) for name, waiting, _late in loads]
    by_state = [_bars(_pairs(one.states), one.process.title) for one in found.processes]
    return page(
        request, "overview.html", found=found, loads=loads, titles=titles, rounds=rounds,
        areas=areas, which=which, address=urlencode(asdict(which)), most=MOST,
        charts={
            "states": _chart(by_state, N_("Cases by state"), language),
            "left": _chart(
                [_bars(_pairs(found.left))], N_("Time left of those that wait"), language
            ),
            "age": _chart([_bars(_pairs(found.ages))], N_("Age of those that wait"), language),
            "load": _chart([_bars(by_reviewer)], N_("Who looks after those that wait"), language),
        },
    )  # fmt: skip


def _pairs(counted: Sequence[Counted]) -> list[tuple[str, int]]:
    return [(one.title, one.count) for one in counted]


def _bars(counts: Sequence[tuple[str, int]], heading: str = "") -> Bars:
    bars = [Bar(label=label, value=count, said=str(count)) for label, count in counts]
    return Bars(heading=heading, bars=bars)


def _chart(groups: list[Bars], title: str, language: str) -> Markup:
    description = translate(N_("The same figures stand in the table beside it."), language)
    drawn = bar_chart(
        groups, title=translate(title, language), description=description, width=CHART
    )
    return Markup(drawn)  # noqa: S704 - escaped in it


@router.get("/overview/cases.{kind}")
def export(
    context: Here, person: Reader, language: Language, kind: Literal["csv", "xlsx"],
    process: Process = "", round: Round = "", area: Area = "",  # noqa: A002 - its own word
) -> Response:  # fmt: skip
    """The counted cases as a file, one a row: those of the reader's areas, and no others."""
    which = Slice(process=process, round=round, area=area)
    head = [translate(one, language) for one in HEAD]
    with reading(context.database) as connection:
        scope = desk_scope(connection, person.id, context.tools.clock)
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
