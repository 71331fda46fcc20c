"""The rights of a school, for its principal: the list, and giving one to several people in steps.

The three steps and their words are those of 003_4a7623deb6c7c7ce.txt, step 2. Nothing is kept
between them but what stands in the form, and nothing is done before the last is confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, File, Form, Request, UploadFile
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection

from base.errors import BadInput, KeurmerkError, NotFound, Problem
from base.i18n import N_, say, translate
from base.ids import new_id
from models.database import reading
from registry.rights import rights, rights_file
from web.context import Context, Here
from web.language import Language, language_of
from web.pages.rendering import page
from web.pages.wrong import Wrong
from web.signing_in import Reader, Someone
from workflows.bulk import check_many, start_each
from workflows.definition import Process
from workflows.rights_file import as_csv, day_of, upload, written
from workflows.rights_of_school import (
    Employee,
    RightShown,
    School,
    Search,
    not_needed,
    people,
    rights_at,
    school_led,
    schools_led,
    search,
)

router = APIRouter()

#: People that can be chosen at once, as the source's heading says; the process file decides.
ROLES = {
    "teacher": N_("teacher"),
    "principal": N_("principal"),
    "coordinator": N_("coordinator"),
}
NO_DAY = N_("“{value}” is no date. Write it as dd/mm/yyyy, such as 26/07/2026.")
MISSING = N_("This has to be filled in.")
#: The file of an upload is a list of people: larger ones are none.
LARGEST = 2**20

#: Carries what came of a request to the page that tells it. It decides nothing.
_told = URLSafeSerializer(new_id(), salt="rights")

Text = Annotated[str, Form(max_length=500)]
Hers = Annotated[list[str], Form(max_length=200)]


class Wizard:
    """What the steps carry along, as the form has it."""

    def __init__(
        self, school: Text = "", person: Annotated[list[str] | None, Form(max_length=200)] = None,
        right: Text = "", first_day: Text = "", last_day: Text = "",
        reason: Annotated[str, Form(max_length=2000)] = "",
    ) -> None:  # fmt: skip
        self.school = school
        #: Ids, each once, in the order in which they were chosen.
        self.people = list(dict.fromkeys(person or []))
        self.right = right
        self.first_day, self.last_day, self.reason = first_day.strip(), last_day.strip(), reason


Steps = Annotated[Wizard, Depends()]


@router.get("/rights")
def listed(
    request: Request, context: Here, reader: Reader, school: str = "",
    done: str = "",
) -> HTMLResponse:  # fmt: skip
    """The rights people have at a school."""
    return _list(request, context, reader, school, done=_read(done))


def _list(
    request: Request, context: Context, reader: Someone, school: str, *, done: Any = None,
    wrong: BadInput | None = None,
) -> HTMLResponse:  # fmt: skip
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        led = schools_led(connection, reader.id, now)
        one = school_led(connection, reader.id, now, school)
        rows = rights_at(connection, one)
        process = _process(connection, context)
    return page(
        request, "rights.html", status=422 if wrong else 200, school=one, schools=led,
        rows=[row for row in rows if row.is_open], ended=[row for row in rows if not row.is_open],
        states=process.states, rights=rights(), written=written, done=done, wrong=wrong,
        actions={row.case_id: _possible(process, row) for row in rows},
    )  # fmt: skip


def _possible(process: Process, row: RightShown) -> list[str]:
    return [name for name in ("extend", "revoke") if row.state in process.transitions[name].source]


@router.get("/rights/grant")
def choose(request: Request, context: Here, reader: Reader, school: str = "") -> HTMLResponse:
    """Whom: nobody is looked for yet."""
    return _people(request, context, reader, _empty(school), {}, None)


@router.post("/rights/grant/people")
def find(
    request: Request, context: Here, reader: Reader, steps: Steps,
    first_name: Text = "", name: Text = "", role: Text = "", begin: Text = "", end: Text = "",
    act: Text = "search",
) -> HTMLResponse:  # fmt: skip
    """Whom: those who are looked for, and those who are chosen."""
    by = {"first_name": first_name, "name": name, "role": role, "begin": begin, "end": end}
    found = by if act == "search" else None
    return _people(request, context, reader, steps, by, found)


def _empty(school: str) -> Wizard:
    return Wizard(school, None, "", "", "", "")


def _people(
    request: Request, context: Context, reader: Someone, steps: Wizard, typed: dict[str, str],
    wanted: dict[str, str] | None, problems: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    now, language = context.tools.clock.now(), language_of(request)
    problems, results = dict(problems or {}), None
    with reading(context.database) as connection:
        one = school_led(connection, reader.id, now, steps.school)
        chosen = _chosen(connection, one, now, steps)
        most = _process(connection, context).starts[rights_file().start].together
        if wanted is not None:
            days = {field: day_of(wanted[field]) for field in ("begin", "end") if wanted[field]}
            problems |= {
                field: translate(NO_DAY, language, value=wanted[field])
                for field, day in days.items() if day is None
            }  # fmt: skip
            if not problems:
                by = Search(
                    first_name=wanted["first_name"].strip(), name=wanted["name"].strip(),
                    role=wanted["role"], first_day=days.get("begin"), last_day=days.get("end"),
                )  # fmt: skip
                try:
                    results = search(connection, one, now, by)
                except BadInput as error:
                    problems["first_name"] = error.say(language)
    ids = {person.id for person in chosen}
    return page(
        request, "rights_people.html", status=422 if problems else 200, school=one, steps=steps,
        typed={"first_name": "", "name": "", "role": "", "begin": "", "end": "", **typed},
        results=None if results is None else [one for one in results if one.id not in ids],
        chosen=chosen, most=most, roles=_roles(language), written=written, problems=Wrong(problems),
    )  # fmt: skip


@router.post("/rights/grant/right")
def step_1(request: Request, context: Here, reader: Reader, steps: Steps) -> HTMLResponse:
    """Step 1 of 3: which right."""
    if not steps.people or len(steps.people) > _most(context):
        return _not_so_many(request, context, reader, steps)
    return _step(request, context, reader, steps, 1)


@router.post("/rights/grant/days")
def step_2(
    request: Request, context: Here, reader: Reader, language: Language, steps: Steps
) -> HTMLResponse:
    """Step 2 of 3: from when until when, and why."""
    if not steps.people or len(steps.people) > _most(context):
        return _not_so_many(request, context, reader, steps)
    if steps.right not in rights():
        problems = {"right": translate(N_("Choose a right."), language)}
        return _step(request, context, reader, steps, 1, problems)
    return _step(request, context, reader, steps, 2)


@router.post("/rights/grant/confirm")
def step_3(
    request: Request, context: Here, reader: Reader, language: Language, steps: Steps
) -> HTMLResponse:
    """Step 3 of 3: all of it once more, to be confirmed."""
    problems = _wrong(context, steps, language)
    if problems:
        return _step(request, context, reader, steps, 2, problems)
    return _step(request, context, reader, steps, 3)


@router.post("/rights/grant/done")
def confirm(
    request: Request, context: Here, reader: Reader, language: Language, steps: Steps
) -> Response:
    """Give the right to everybody who is chosen; the next page tells what came of each."""
    problems = _wrong(context, steps, language)
    if problems:
        return _step(request, context, reader, steps, 2, problems)
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        school = school_led(connection, reader.id, now, steps.school)
        names = {one.id: one.name for one in people(connection, school, now)}
    # Who no longer works there is told like any other refusal; others are nobody to her.
    ids = [one for one in steps.people if one in names]
    if not ids:
        raise NotFound(N_("There is no such person at this school."))
    found = start_each(
        context.engine, rights_file().process, rights_file().start, ids, actor_id=reader.id,
        organisation_id=school.id, payload=_payload(steps),
    )  # fmt: skip
    result = [[names[one.subject_id], _why(one.error, language)] for one in found]
    token = _told.dumps([steps.right, result])
    to = f"/rights/granted?school={school.id}&result={quote(str(token))}"
    return RedirectResponse(to, status_code=303)


@router.get("/rights/granted")
def granted(
    request: Request, context: Here, reader: Reader, school: str = "",
    result: str = "",
) -> Response:  # fmt: skip
    """What came of each person."""
    told = _read(result)
    with reading(context.database) as connection:
        one = school_led(connection, reader.id, context.tools.clock.now(), school)
    if told is None:
        return RedirectResponse(f"/rights?school={one.id}", status_code=303)
    right, lines = told
    return page(
        request, "rights_granted.html", school=one, right=rights()[right],
        given=[name for name, why in lines if not why],
        refused=[(name, why) for name, why in lines if why],
    )  # fmt: skip


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
                text = translate(MISSING, language)
            return _change(request, context, reader, case_id, step, typed, {"last_day": text})
        payload["last_day"] = day.isoformat()
    try:
        context.engine.fire(row.case_id, step, reader.id, payload)
    except KeurmerkError as error:
        if error.status >= 500:
            raise
        problems = _placed(error, language, "last_day" if step == "extend" else "reason")
        return _change(request, context, reader, case_id, step, typed, problems)
    token = _told.dumps([step, row.name])
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
    token = _told.dumps(["file", given, moved])
    return RedirectResponse(f"/rights?school={one.id}&done={quote(str(token))}", status_code=303)


def _change(
    request: Request, context: Context, reader: Someone, case_id: str, step: str,
    typed: dict[str, str], problems: dict[str, str],
) -> HTMLResponse:  # fmt: skip
    with reading(context.database) as connection:
        school, row = _right(connection, context, reader, case_id)
        process = _process(connection, context)
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


def _step(
    request: Request, context: Context, reader: Someone, steps: Wizard, number: int,
    problems: dict[str, str] | None = None,
) -> HTMLResponse:  # fmt: skip
    now, language = context.tools.clock.now(), language_of(request)
    with reading(context.database) as connection:
        school = school_led(connection, reader.id, now, steps.school)
        chosen = _chosen(connection, school, now, steps)
    right = rights().get(steps.right)
    if right is None and number > 1:
        # The later steps are about a right.
        number, problems = 1, {"right": translate(N_("Choose a right."), language)}
    return page(
        request, "rights_step.html", status=422 if problems else 200, number=number,
        school=school, steps=steps, chosen=chosen, roles=_roles(language), right=right,
        not_needed=not_needed(steps.right, chosen) if right else [],
        choices={name: say(one.title, language) for name, one in rights().items()},
        problems=Wrong(problems or {}),
    )  # fmt: skip


def _not_so_many(
    request: Request, context: Context, reader: Someone, steps: Wizard
) -> HTMLResponse:
    language, count = language_of(request), len(steps.people)
    text = translate(N_("Choose at least one."), language)
    if count:
        message = N_("{count} are chosen; at most {most} are possible at once. Nothing was done.")
        text = translate(message, language, count=count, most=_most(context))
    return _people(request, context, reader, steps, {}, None, {"chosen": text})


def _wrong(context: Context, steps: Wizard, language: str) -> dict[str, str]:
    """What is wrong with what the steps have so far, by the field it is shown at."""
    found = {}
    for field in ("first_day", "last_day"):
        value = getattr(steps, field)
        if not value:
            found[field] = translate(MISSING, language)
        elif day_of(value) is None:
            found[field] = translate(NO_DAY, language, value=value)
    if not steps.reason.strip():
        found["reason"] = translate(MISSING, language)
    if not found:
        first, last = day_of(steps.first_day), day_of(steps.last_day)
        if first and last and last < first:
            message = N_("The last day lies before the first ({first}). Take a later one.")
            found["last_day"] = translate(message, language, first=first)
    if not found:
        try:
            given = rights_file()
            check_many(context.engine, given.process, given.start, steps.people, _payload(steps))
        except BadInput as error:
            found |= _placed(error, language, "reason")
    return found


def _payload(steps: Wizard) -> dict[str, Any]:
    first, last = day_of(steps.first_day), day_of(steps.last_day)
    return {
        "right": steps.right, "reason": steps.reason,
        "first_day": first.isoformat() if first else None,
        "last_day": last.isoformat() if last else None,
    }  # fmt: skip


def _placed(error: KeurmerkError, language: str, otherwise: str) -> dict[str, str]:
    """The sentences of a refusal by the field they belong to."""
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    found = {
        problem.where if problem.where in ("last_day", "reason") else otherwise: problem.say(
            language
        )
        for problem in problems
    }
    return found or {otherwise: error.say(language)}


def _why(error: KeurmerkError | None, language: str) -> str:
    if error is None:
        return ""
    problems: tuple[Problem, ...] = getattr(error, "problems", ())
    return " ".join([error.say(language), *(problem.say(language) for problem in problems)])


def _chosen(connection: Connection, school: School, now: datetime, steps: Wizard) -> list[Employee]:
    known = {one.id: one for one in people(connection, school, now)}
    return [known[one] for one in steps.people if one in known]


def _most(context: Context) -> int:
    with reading(context.database) as connection:
        return _process(connection, context).starts[rights_file().start].together


def _process(connection: Connection, context: Context) -> Process:
    tools = context.tools
    given, today = rights_file(), tools.clock.now().date()
    return tools.library.in_force(connection, given.process, today).process


def _roles(language: str) -> dict[str, str]:
    return {role: translate(title, language) for role, title in ROLES.items()}


def _read(token: str) -> Any:
    try:
        return _told.loads(token) if token else None
    except BadSignature:
        return None
