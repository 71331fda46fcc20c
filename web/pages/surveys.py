"""A school's exercises: the list, one of them with who has taken part so far, and its links."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any

import segno
from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup
from sqlalchemy import Connection, select

from base.errors import BadInput, NotFound, Refused
from base.i18n import N_, say, translate
from documents.charts import Bar, Bars, bar_chart
from models.cases import Case
from models.database import reading
from models.reads import rows_of
from models.registry import Organisation
from surveys.exercises import exercises, invited_companies, links_of, own_statements
from surveys.links import frozen_statements
from surveys.participation import Participation, participation
from surveys.questionnaire import LEFT_OUT, Questionnaire, questionnaires
from web.context import Context, Here
from web.language import Language
from web.opportunities import opportunities
from web.pages.answering import parts_of
from web.pages.rendering import page
from web.problems import as_dict
from web.scope import scope_of
from web.signing_in import Reader, Someone
from web.survey_results import visible_exercise
from web.surveys import OPENS, Survey, editable_survey, visible_survey

router = APIRouter()

_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_exercise_case = exercises().subquery()


@router.get("/surveys")
def overview(request: Request, context: Here, person: Reader, language: Language) -> HTMLResponse:
    """The reader's schools, each with its account and its exercises."""
    return _overview(request, context, person, language)


def _overview(
    request: Request, context: Context, person: Someone, language: str, *, status: int = 200,
    error: Mapping[str, Any] | None = None, school: str = "", level: str = "",
) -> HTMLResponse:  # fmt: skip
    return page(
        request, "surveys.html", status=status, schools=_schools(context, person, language),
        error=error, wrong_school=school, level=level,
    )  # fmt: skip


def _schools(context: Context, person: Someone, language: str) -> list[dict[str, Any]]:
    """The reader's schools: for each questionnaire its account and exercises, and how to begin."""
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        query = (
            select(_organisation.c.id, _organisation.c.name)
            .where(_organisation.c.id.in_(scope.organisations))
            .order_by(_organisation.c.name)
        )
        found = rows_of(connection.execute(query))
        opening = [
            one for one in opportunities(connection, context, person) if OPENS in one.start.effect
        ]
        for school in found:
            school["surveys"] = [
                {
                    "questionnaire": one,
                    "account": _account(connection, context, one, school["id"], language),
                    "exercises": _exercises(connection, context, one, school["id"], language),
                    "begins": [
                        {
                            "process": way.process.process, "way": way.way,
                            "level": next(ask for ask in way.start.asks if ask.name == "level"),
                        }
                        for way in opening
                        if way.about_id == school["id"]
                        and way.start.effect[OPENS].get("questionnaire") == one.questionnaire
                    ],
                }
                for one in questionnaires()
            ]  # fmt: skip
    return found


def _account(
    connection: Connection, context: Context, asked: Questionnaire, school: str, language: str
) -> dict[str, Any] | None:
    newest = (
        select(_case)
        .where(_case.c.organisation_id == school, _case.c.process == asked.account.process)
        .order_by(_case.c.opened_at.desc(), _case.c.id.desc())
    )
    row = connection.execute(newest).mappings().first()
    if row is None:
        return None
    process = context.tools.library.release(connection, row["release_id"]).process
    return {
        "id": row["id"], "is_open": row["is_open"],
        "state": say(process.states[row["state"]].to_school, language),
    }  # fmt: skip


def _exercises(
    connection: Connection, context: Context, asked: Questionnaire, school: str, language: str
) -> list[dict[str, Any]]:
    rows = connection.execute(
        select(_exercise_case)
        .where(
            _exercise_case.c.organisation_id == school,
            _exercise_case.c.questionnaire == asked.questionnaire,
        )
        .order_by(_exercise_case.c.id.desc())
    ).mappings()
    found = []
    for row in rows:
        process = context.tools.library.release(connection, row["release_id"]).process
        state = say(process.states[row["state"]].to_school, language)
        found.append({**row, "state": state, "level": asked.level(row["level"]).title})
    return found


@router.post("/surveys/begin")
def begin(
    request: Request, context: Here, person: Reader, language: Language,
    school: Annotated[str, Form(max_length=36)] = "",
    process: Annotated[str, Form(max_length=60)] = "",
    way: Annotated[str, Form(max_length=60)] = "",
    level: Annotated[str, Form(max_length=60)] = "",
) -> Response:  # fmt: skip
    """Begin an exercise at a level."""
    try:
        taken = context.engine.start(
            process, way, actor_id=person.id, organisation_id=school, payload={"level": level}
        )
    except (BadInput, Refused) as error:
        return _overview(
            request, context, person, language, status=error.status,
            error=as_dict(error, language), school=school, level=level,
        )  # fmt: skip
    return RedirectResponse(f"/surveys/{taken.case['id']}", status_code=303)


@router.get("/surveys/{case_id}")
def survey(
    request: Request, context: Here, person: Reader, language: Language, case_id: str
) -> HTMLResponse:
    """One exercise: what is set up, or who has taken part so far."""
    return survey_page(request, context, person, language, case_id)


def survey_page(
    request: Request, context: Context, person: Someone, language: str, case_id: str,
    *, status: int = 200, error: Mapping[str, Any] | None = None,
) -> HTMLResponse:  # fmt: skip
    """The page of an exercise; with what is wrong, where the links could not be made."""
    found = visible_survey(context, person, case_id)
    rows: Sequence[Participation] = []
    result = None
    with reading(context.database) as connection:
        companies = invited_companies(connection, found.exercise["id"])
        own = len(own_statements(connection, found.exercise["id"]))
        if found.exercise["locked_at"]:
            values = found.published.values_of(found.case)
            rows = participation(connection, found.exercise, values)
            with suppress(NotFound):  # her school's, and yet not hers to read
                result = visible_exercise(connection, person.id, case_id, context.tools.clock)
    return page(
        request, "survey.html", status=status, survey=found, rows=rows, error=error, result=result,
        companies=[one["name"] for one in companies], own=own,
        state=found.published.process.states[found.case["state"]].to_school,
        chart=Markup(chart_of(rows, language)) if rows else "",  # noqa: S704 - escaped in it
        step=found.published.process.transitions[found.step],
    )  # fmt: skip


def chart_of(rows: Sequence[Participation], language: str) -> str:
    """Bars of those who have taken part: of the people invited; of trainers as they are."""
    most = max((row.submitted for row in rows if row.invited is None), default=0)
    bars = [
        Bar(
            # A bar’s label is short; the table says that a company’s are trainers.
            label=row.company or say(row.title, language),
            value=row.submitted / row.invited if row.invited
            else row.submitted / most if most else 0,
            said=str(row.submitted) if row.percent is None
            else f"{row.percent}\N{NO-BREAK SPACE}%",
        )
        for row in rows
    ]  # fmt: skip
    return bar_chart(
        [Bars(heading="", bars=bars)], most=1.0,
        title=translate(N_("Participation"), language),
        description=translate(N_("The figures are in the table below."), language),
    )  # fmt: skip


@router.post("/surveys/{case_id}/links")
def make_links(
    request: Request, context: Here, person: Reader, language: Language, case_id: str
) -> Response:
    """Make the links: from here on the set-up is locked."""
    found = editable_survey(context, person, case_id)
    try:
        context.engine.fire(case_id, found.step, person.id)
    except Refused as error:
        return survey_page(
            request, context, person, language, case_id, status=error.status,
            error=as_dict(error, language),
        )  # fmt: skip
    return RedirectResponse(f"/surveys/{case_id}/links", status_code=303)


@router.get("/surveys/{case_id}/links")
def links(request: Request, context: Here, person: Reader, case_id: str) -> HTMLResponse:
    """The links, to be copied or printed with their QR codes."""
    found = visible_survey(context, person, case_id)
    with reading(context.database) as connection:
        rows = links_of(connection, found.exercise["id"])
    shown = [
        {
            **row, "title": found.questionnaire.group(row["group"]).title,
            "address": (address := f"{context.tools.public_url}/s/{row['token']}"),
            "qr": _qr(address),
        }
        for row in found.in_order(rows)
    ]  # fmt: skip
    return page(request, "survey_links.html", survey=found, links=shown)


@router.get("/surveys/{case_id}/preview/{group}")
def preview(
    request: Request, context: Here, person: Reader, language: Language, case_id: str, group: str
) -> HTMLResponse:
    """The questionnaire of a group as it would be, or is, asked."""
    found = visible_survey(context, person, case_id)
    title = found.questionnaire.group(group).title
    statements = _statements(context, found).get(group, [])
    return page(
        request, "survey_preview.html", survey=found, group=title,
        parts=parts_of(statements, found.questionnaire, language, [LEFT_OUT] * len(statements)),
    )  # fmt: skip


def _statements(context: Context, found: Survey) -> Mapping[str, Any]:
    if found.exercise["locked_at"]:
        frozen: Mapping[str, Any] = found.exercise["statements"]
        return frozen
    with reading(context.database) as connection:
        # Also for groups that have no number yet.
        everybody = {group: number or 1 for group, number in found.exercise["invited"].items()}
        return frozen_statements(connection, {**found.exercise, "invited": everybody})


def _qr(address: str) -> str:
    """``address`` as a QR code: an SVG in a data address, so that a page loads nothing for it."""
    return str(segno.make(address, error="m", micro=False).svg_data_uri(border=2, scale=4))
