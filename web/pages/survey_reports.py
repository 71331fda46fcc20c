"""A school's report of an exercise: on the page, on paper and as a table; its badge; a certificate.

Only the school's coordinators and principals come here; see web/survey_results.py.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from markupsafe import Markup

from base.days import local_day, zone_of
from base.errors import KeurmerkError, NotPossible
from base.i18n import N_, say, translate
from documents.coordinator import CoordinatorCertificate, render_coordinator_certificate
from documents.survey_report import render_survey_report
from models.database import reading
from surveys.questionnaire import questionnaire
from surveys.report_csv import report_csv
from surveys.report_paper import counts, paper_of
from surveys.report_view import PARTS, make_view
from web.api.papers import pdf
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader, Someone
from web.survey_results import made_report, other_sessions, report_of_session, visible_exercise

router = APIRouter(prefix="/surveys")


@router.get("/{case_id}/report")
def report(
    request: Request, context: Here, person: Reader, language: Language, case_id: str,
    show: str = "areas", compare: str = "",
) -> HTMLResponse:  # fmt: skip
    """The report: one part of it at a time, beside another session if wanted."""
    return _report_page(request, context, person, language, case_id, show, compare)


def _report_page(
    request: Request, context: Context, person: Someone, language: str, case_id: str,
    show: str = "areas", compare: str = "", errors: dict[str, str] | None = None, name: str = "",
    status: int = 200,
) -> HTMLResponse:  # fmt: skip
    with reading(context.database) as connection:
        exercise = visible_exercise(connection, person.id, case_id, context.tools.clock)
        sessions = other_sessions(connection, exercise)
        content = exercise["content"]
        other = report_of_session(connection, exercise, compare) if compare and content else None
    level = say(_level(exercise), language)
    shared: dict[str, Any] = {
        "exercise": exercise,
        "level": level,
        "errors": errors or {},
        "called": name,
        "over": exercise["due_at"] is not None and exercise["due_at"] <= context.tools.clock.now(),
    }
    if content is None:
        return page(request, "survey_report_waits.html", status=status, **shared)
    view = make_view(exercise, content, language, other)
    return page(
        request, "survey_report.html", status=status, view=view,
        show=show if show in view.parts else "areas", compare=compare,
        parts={part: translate(PARTS[part], language) for part in view.parts},
        sessions={one["case_id"]: _session(one, language) for one in sessions},
        # Drawn in documents/charts.py, with every text in it escaped.
        drawn=Markup,
        counts=lambda one: ", ".join(counts(one, language)), **shared,
    )  # fmt: skip


def _level(exercise: dict[str, Any]) -> dict[str, str]:
    return questionnaire(exercise["questionnaire"]).level(exercise["level"]).title


def _session(one: dict[str, Any], language: str) -> str:
    return translate(
        N_("{first} to {last}"), language, first=one["first_day"], last=one["last_day"]
    )


@router.get("/{case_id}/report.pdf")
def report_pdf(
    context: Here, reader: Reader, language: Language, case_id: str, compare: str = ""
) -> Response:
    """The whole report on paper, as PDF/UA."""
    with reading(context.database) as connection:
        exercise = visible_exercise(connection, reader.id, case_id, context.tools.clock)
        content = made_report(exercise)
        other = report_of_session(connection, exercise, compare) if compare else None
    view = make_view(exercise, content, language, other)
    paper = paper_of(view, exercise["school"], language)
    return pdf(render_survey_report(paper, language), "report")


@router.get("/{case_id}/report.csv")
def report_table(context: Here, reader: Reader, language: Language, case_id: str) -> Response:
    """Every figure of the report, one a line."""
    with reading(context.database) as connection:
        exercise = visible_exercise(connection, reader.id, case_id, context.tools.clock)
    return as_csv(report_csv(exercise, made_report(exercise), language), "report")


def as_csv(content: bytes, name: str) -> Response:
    """A table to keep."""
    return Response(
        content, media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )  # fmt: skip


@router.post("/{case_id}/badge")
def ask_for_badge(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str
) -> Response:
    """Ask for the badge of the exercise; it is there at once where the criteria are met."""
    with reading(context.database) as connection:
        exercise = visible_exercise(connection, reader.id, case_id, context.tools.clock)
    if exercise["badge_id"] is None:
        badge = questionnaire(exercise["questionnaire"]).badge
        try:
            context.engine.start(
                badge.process, badge.start, organisation_id=exercise["organisation_id"],
                actor_id=reader.id, payload={"exercise": case_id},
            )  # fmt: skip
        except KeurmerkError as error:
            # What is not met is said where it was asked for.
            return _report_page(
                request, context, reader, language, case_id,
                errors={"badge": error.say(language)}, status=error.status,
            )  # fmt: skip
        with reading(context.database) as connection:
            exercise = visible_exercise(connection, reader.id, case_id, context.tools.clock)
    return RedirectResponse(f"/badges/{exercise['badge_id']}", status_code=303)


@router.post("/{case_id}/certificate")
def certificate(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str,
    name: Annotated[str, Form(max_length=200)] = "",
) -> Response:  # fmt: skip
    """A certificate for who coordinated the exercise, by the name given here; it is not kept.

    Raises:
        NotPossible: the exercise is not over yet.
    """
    with reading(context.database) as connection:
        exercise = visible_exercise(connection, reader.id, case_id, context.tools.clock)
    now = context.tools.clock.now()
    if exercise["due_at"] is None or exercise["due_at"] > now:
        raise NotPossible(N_("The certificate is there when the exercise is over."))
    if not name.strip():
        missing = translate(N_("Give the name that is to stand on the certificate."), language)
        return _report_page(
            request, context, reader, language, case_id, errors={"name": missing}, status=422
        )
    data = CoordinatorCertificate(
        name=name.strip(), school=exercise["school"], level=_level(exercise),
        school_year=exercise["school_year"], first_day=exercise["first_day"],
        last_day=exercise["last_day"], made_on=local_day(now, zone_of(exercise["area"])),
    )  # fmt: skip
    return pdf(render_coordinator_certificate(data, language), "certificate")
