"""The rights of a school, for its principal: the list, as a file, changing and revoking one.

Giving one to several people is ``web/pages/rights_steps.py``.
"""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from base.errors import BadInput, KeurmerkError, NotFound
from base.i18n import N_, translate
from models.database import reading
from registry.rights import rights
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.pages.rights_shared import (
    MISSING,
    NO_DAY,
    Text,
    placed,
    process_of_rights,
    read_told,
    told,
)
from web.pages.wrong import Wrong
from web.signing_in import Reader, Someone
from workflows.definition import Process
from workflows.rights_file import as_csv, day_of, upload, written
from workflows.rights_of_school import (
    RightShown,
    School,
    rights_at,
    school_led,
    schools_led,
)

router = APIRouter()

#: The file of an upload is a list of people: larger ones are none.
LARGEST = 2**20


@router.get("/rights")
def listed(
    request: Request, context: Here, reader: Reader, school: str = "",
    done: str = "",
) -> HTMLResponse:  # fmt: skip
    """The rights people have at a school."""
    return _list(request, context, reader, school, done=read_told(done))


def _list(
    request: Request, context: Context, reader: Someone, school: str, *, done: Any = None,
    wrong: BadInput | None = None,
) -> HTMLResponse:  # fmt: skip
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        led = schools_led(connection, reader.id, now)
        one = school_led(connection, reader.id, now, school)
        rows = rights_at(connection, one)
        process = process_of_rights(connection, context)
    return page(
        request, "rights.html", status=422 if wrong else 200, school=one, schools=led,
        rows=[row for row in rows if row.is_open], ended=[row for row in rows if not row.is_open],
        states=process.states, rights=rights(), written=written, done=done, wrong=wrong,
        actions={row.case_id: _possible(process, row) for row in rows},
    )  # fmt: skip


def _possible(process: Process, row: RightShown) -> list[str]:
    return [name for name in ("extend", "revoke") if row.state in process.transitions[name].source]


@router.get("/rights/{case_id}/{step}")
def change(
    request: Request, context: Here, reader: Reader, case_id: str, step: str
) -> HTMLResponse:
    """The form of a new last day, or of revoking."""
    return _change(request, context, reader, case_id, step, {}, {})


@router.post("/rights/{case_id}/{step}")
def changed(
    request: Request, context: Here, reader: Reader, language: Language, case_id: str, step: str,
    last_day: Text = "", reason: Text = "",
) -> Response:  # fmt: skip
    """Change the last day of a right, or revoke it."""
    with reading(context.database) as connection:
        school, row = _right(connection, context, reader, case_id)
    typed = {"last_day": last_day, "reason": reason}
    payload: dict[str, str] = {"reason": reason}
    if step == "extend":
        day = day_of(last_day)
        if day is None:
            text = translate(NO_DAY, language, value=last_day)
            if not last_day.strip():
                title = translate(N_("New last day"), language)
                text = translate(MISSING, language, title=title)
            return _change(request, context, reader, case_id, step, typed, {"last_day": text})
        payload["last_day"] = day.isoformat()
    try:
        context.engine.fire(row.case_id, step, reader.id, payload)
    except KeurmerkError as error:
        if error.status >= 500:
            raise
        problems = placed(error, language, "last_day" if step == "extend" else "reason")
        return _change(request, context, reader, case_id, step, typed, problems)
    token = told.dumps([step, row.name])
    to = f"/rights?school={school.id}&done={quote(str(token))}"
    return RedirectResponse(to, status_code=303)


@router.get("/rights.csv")
def download(context: Here, reader: Reader, school: str = "") -> Response:
    """The rights that are open, as a CSV file: the form of the upload, too."""
    with reading(context.database) as connection:
        one = school_led(connection, reader.id, context.tools.clock.now(), school)
        text = as_csv(connection, one)
    headers = {"Content-Disposition": 'attachment; filename="rights.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/rights")
def sent(
    request: Request, context: Here, reader: Reader,
    file: Annotated[UploadFile, File()], school: Text = "",
) -> Response:  # fmt: skip
    """Carry out an uploaded CSV file, all of it or nothing."""
    with reading(context.database) as connection:
        one = school_led(connection, reader.id, context.tools.clock.now(), school)
    content = file.file.read(LARGEST + 1)
    try:
        if len(content) > LARGEST:
            raise BadInput(N_("The file is too large: 1 MB is the most."))
        given, moved = upload(context.engine, one, reader.id, content)
    except BadInput as error:
        return _list(request, context, reader, one.id, wrong=error)
    token = told.dumps(["file", given, moved])
    return RedirectResponse(f"/rights?school={one.id}&done={quote(str(token))}", status_code=303)


def _change(
    request: Request, context: Context, reader: Someone, case_id: str, step: str,
    typed: dict[str, str], problems: dict[str, str],
) -> HTMLResponse:  # fmt: skip
    with reading(context.database) as connection:
        school, row = _right(connection, context, reader, case_id)
        process = process_of_rights(connection, context)
    if step not in _possible(process, row):
        raise NotFound(N_("There is nothing at this address."))
    return page(
        request, "rights_change.html", status=422 if problems else 200, school=school, row=row,
        right=rights()[row.right], step=step, written=written, problems=Wrong(problems),
        title=process.transitions[step].title,
        typed={"last_day": "", "reason": "", **typed},
    )  # fmt: skip


def _right(
    connection: Connection, context: Context, reader: Someone, case_id: str
) -> tuple[School, RightShown]:
    now = context.tools.clock.now()
    for school in schools_led(connection, reader.id, now):
        for row in rights_at(connection, school):
            if row.case_id == case_id:
                return school, row
    raise NotFound(N_("There is nothing at this address."))
