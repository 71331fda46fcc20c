"""Giving a right to several people of a school in three steps.

The steps and their words are those of 003_4a7623deb6c7c7ce.txt, step 2. Nothing is kept between
them but what stands in the form, and nothing is done before the last is confirmed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from base.errors import BadInput, KeurmerkError, NotFound, Problem
from base.i18n import N_, say, translate
from models.database import reading
from registry.rights import rights, rights_file
from web.context import Context, Here
from web.language import Language, language_of
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
from workflows.bulk import check_many, start_each
from workflows.rights_file import day_of, written
from workflows.rights_of_school import (
    Employee,
    School,
    Search,
    not_needed,
    people,
    school_led,
    search,
)

router = APIRouter()

ROLES = {
    "teacher": N_("teacher"),
    "principal": N_("principal"),
    "coordinator": N_("coordinator"),
}
TITLES = {"first_day": N_("First day"), "last_day": N_("Last day"), "reason": N_("Reason")}


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
        most = process_of_rights(connection, context).starts[rights_file().start].together
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
    token = told.dumps([steps.right, result])
    to = f"/rights/granted?school={school.id}&result={quote(str(token))}"
    return RedirectResponse(to, status_code=303)


@router.get("/rights/granted")
def granted(
    request: Request, context: Here, reader: Reader, school: str = "",
    result: str = "",
) -> Response:  # fmt: skip
    """What came of each person."""
    came = read_told(result)
    with reading(context.database) as connection:
        one = school_led(connection, reader.id, context.tools.clock.now(), school)
    if came is None:
        return RedirectResponse(f"/rights?school={one.id}", status_code=303)
    right, lines = came
    return page(
        request, "rights_granted.html", school=one, right=rights()[right],
        given=[name for name, why in lines if not why],
        refused=[(name, why) for name, why in lines if why],
    )  # fmt: skip


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
            found[field] = _missing(field, language)
        elif day_of(value) is None:
            found[field] = translate(NO_DAY, language, value=value)
    if not steps.reason.strip():
        found["reason"] = _missing("reason", language)
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
            found |= placed(error, language, "reason")
    return found


def _missing(field: str, language: str) -> str:
    return translate(MISSING, language, title=translate(TITLES[field], language))


def _payload(steps: Wizard) -> dict[str, Any]:
    first, last = day_of(steps.first_day), day_of(steps.last_day)
    return {
        "right": steps.right, "reason": steps.reason,
        "first_day": first.isoformat() if first else None,
        "last_day": last.isoformat() if last else None,
    }  # fmt: skip


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
        return process_of_rights(connection, context).starts[rights_file().start].together


def _roles(language: str) -> dict[str, str]:
    return {role: translate(title, language) for role, title in ROLES.items()}
