"""Digisnap: asking for it, linking oneself to lists, the principal's report and its archive."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer

from base.days import local_day, zone_of
from base.errors import KeurmerkError, Problem
from base.ids import new_id
from digisnap.forgetting import kept_until
from digisnap.lists import PROCESS, ListShown, link
from digisnap.reports import archive, content
from models.database import reading, writing
from web.api.papers import pdf
from web.context import Context, Here
from web.language import Language, language_of
from web.pages.rendering import page
from web.pages.wrong import Wrong
from web.signing_in import Reader, Someone
from workflows.digisnap_desk import (
    keeping,
    my_lists,
    new_report,
    requests_for,
    requests_of,
    team_scopes,
)
from workflows.rights_of_school import schools_led

router = APIRouter()

#: Carries what was done to the page that tells it. It decides nothing.
_told = URLSafeSerializer(new_id(), salt="digisnap")

Text = Annotated[str, Form(max_length=2000)]


@router.get("/digisnap")
def desk(request: Request, context: Here, reader: Reader, done: str = "") -> HTMLResponse:
    """Everything of Digisnap that is the reader's."""
    try:
        told = _told.loads(done) if done else None
    except BadSignature:
        told = None
    return _desk(request, context, reader, told=told)


def _desk(
    request: Request, context: Context, reader: Someone, *, told: Any = None,
    typed: dict[str, Any] | None = None, problems: dict[str, str] | None = None, status: int = 422,
) -> HTMLResponse:  # fmt: skip
    tools = context.tools
    now = tools.clock.now()
    with reading(context.database) as connection:
        lists = my_lists(connection, tools, reader.id)
        schools = schools_led(connection, reader.id, now)
        asked = [one for school in schools for one in requests_of(connection, school.id)]
        waiting = requests_for(connection, reader.id, now)
        in_team = bool(team_scopes(connection, reader.id, now))
        kept = keeping(connection, tools)
        reports = [
            {**one, "until": kept_until(one, kept(one))}
            for one in archive(connection, reader.id, now)
        ]
        process = tools.library.in_force(connection, PROCESS, now.date()).process
    communities: dict[str, list[ListShown]] = {}
    for one in lists:
        communities.setdefault(one.community, []).append(one)
    nothing = {"lists": [], "title": "", "training": False, "code": "", "codes": "", "reason": ""}
    return page(
        request, "digisnap.html", status=status if problems else 200, lists=lists,
        communities=list(communities.values()), schools=schools, asked=asked, waiting=waiting,
        in_team=in_team, reports=reports, states=process.states, told=told,
        problems=Wrong(problems or {}),
        typed={**nothing, **(typed or {})},
        open_schools={one["organisation_id"] for one in asked if one["is_open"]},
        steps={**process.starts, **process.transitions},
    )  # fmt: skip


@router.post("/digisnap/requests")
def ask(
    request: Request, context: Here, reader: Reader, school: Text = "",
    teachers: Text = "",
) -> Response:  # fmt: skip
    """Ask for Digisnap for a school."""
    try:
        context.engine.start(
            PROCESS, "request", actor_id=reader.id, organisation_id=school,
            payload={"lists": teachers},
        )  # fmt: skip
    except KeurmerkError as error:
        return _again(request, context, reader, error, "teachers", {"teachers": teachers})
    return _done("asked")


@router.post("/digisnap/requests/{case_id}/{step}")
def answer(
    request: Request, context: Here, reader: Reader, case_id: str, step: str,
    codes: Text = "", reason: Text = "",
) -> Response:  # fmt: skip
    """Send the codes of a request, or decline it."""
    payload = {"codes": codes} if step == "send_codes" else {"reason": reason}
    try:
        context.engine.fire(case_id, step, reader.id, payload)
    except KeurmerkError as error:
        where = f"{'codes' if step == 'send_codes' else 'reason'}-{case_id}"
        typed = {f"codes-{case_id}": codes, f"reason-{case_id}": reason}
        return _again(request, context, reader, error, where, typed)
    return _done(step)


@router.post("/digisnap/links")
def take(request: Request, context: Here, reader: Reader, code: Text = "") -> Response:
    """Link the reader to the list of a code."""
    now = context.tools.clock.now()
    try:
        with writing(context.database) as connection:
            linked = link(connection, reader.id, code, now, local_day(now, zone_of("BE")))
    except KeurmerkError as error:
        return _again(request, context, reader, error, "code", {"code": code})
    return _done("again" if linked.again else "linked", linked.name, linked.code)


@router.post("/digisnap/reports")
def order(
    request: Request, context: Here, reader: Reader, language: Language,
    lists: Annotated[list[str] | None, Form(max_length=200)] = None, title: Text = "",
    training: Text = "",
) -> Response:  # fmt: skip
    """Ask for a report; it is made in the background."""
    try:
        with writing(context.database) as connection:
            new_report(
                connection, context.tools, reader.id, lists=lists or [], title=title,
                with_training=training == "yes", language=language,
            )  # fmt: skip
    except KeurmerkError as error:
        typed = {"lists": lists or [], "title": title, "training": training == "yes"}
        return _again(request, context, reader, error, "lists", typed)
    return _done("report")


@router.get("/digisnap/reports")
def progress(context: Here, reader: Reader) -> JSONResponse:
    """How far the reports are, for the page that waits for them."""
    with reading(context.database) as connection:
        rows = archive(connection, reader.id, context.tools.clock.now())
    return JSONResponse(
        {row["id"]: [row["counted"], len(row["lists"]), row["done_at"] is not None] for row in rows}
    )


@router.get("/digisnap/reports/{report_id}.pdf")
def download(context: Here, reader: Reader, report_id: str) -> Response:
    """A report, as often as wanted."""
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        made = content(connection, context.files, reader.id, report_id, now)
    return pdf(made, f"digisnap-{re.sub(r'[^0-9a-f-]', '', report_id)}")


def _done(*what: str) -> Response:
    token = str(_told.dumps(list(what)))
    return RedirectResponse(f"/digisnap?done={quote(token)}", status_code=303)


def _again(
    request: Request, context: Context, reader: Someone, error: KeurmerkError, where: str,
    typed: dict[str, Any],
) -> Response:  # fmt: skip
    """The page once more, with everything that was typed and what is wrong with it."""
    if error.status >= 500 or error.status == 404:
        raise error
    language = language_of(request)
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    text = " ".join([error.say(language), *(one.say(language) for one in problems)])
    return _desk(request, context, reader, typed=typed, problems={where: text}, status=error.status)
