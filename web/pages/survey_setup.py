"""The steps of an exercise's set-up: numbers, companies, statements, dates."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from base.errors import BadInput, NotFound, Problem
from base.i18n import N_
from models.database import reading
from notifications.languages import NAMES
from surveys import setup
from surveys.exercises import companies_of, invited_companies, own_statements
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.pages.sending import Form, Sent
from web.signing_in import Reader, Someone
from web.surveys import Survey, editable_survey, visible_survey

router = APIRouter()


@router.get("/surveys/{case_id}/{step}")
def step(request: Request, context: Here, person: Reader, case_id: str, step: str) -> HTMLResponse:
    """A step of the set-up, with what is there.

    Raises:
        NotFound: there is no such step, or no such exercise.
    """
    return _page(request, context, person, case_id, step, {}, {})


def _page(
    request: Request, context: Context, person: Someone, case_id: str, step: str,
    typed: Mapping[str, Any], problems: Mapping[str, str], status: int = 200,
) -> HTMLResponse:  # fmt: skip
    found = visible_survey(context, person, case_id)
    if step not in _SAVERS:
        raise NotFound(N_("There is nothing at this address."))
    exercise = found.exercise
    with reading(context.database) as connection:
        values: dict[str, Any] = {
            "companies": companies_of(connection, exercise["organisation_id"]),
            "invited": {one["id"] for one in invited_companies(connection, exercise["id"])},
            "own": own_statements(connection, exercise["id"]),
        }
    number = request.query_params.get("number", "")
    return page(
        request, f"survey_{step}.html", status=status, survey=found, typed=typed,
        problems=problems, names=NAMES, number=int(number) if number.isdecimal() else None,
        groups=found.questionnaire.groups_at(with_companies=exercise["with_companies"]),
        numbered=found.questionnaire.groups_at(with_companies=False),
        most=found.published.values_of(found.case).get("own_statements_max"), **values,
    )  # fmt: skip


@router.post("/surveys/{case_id}/{step}")
def save(
    request: Request, context: Here, person: Reader, language: Language, case_id: str, step: str,
    sent: Form,
) -> Response:  # fmt: skip
    """Save a step; what is wrong is said beside its field, with everything that was typed.

    Raises:
        NotFound: there is no such step, or no such exercise.
        NotAllowed: it is not hers to set up.
        NotPossible: the links have been made.
    """
    found = editable_survey(context, person, case_id)
    saver = _SAVERS.get(step)
    if saver is None:
        raise NotFound(N_("There is nothing at this address."))
    try:
        saver(context, found, sent)
    except BadInput as error:
        problems = {_field(one): one.say(language) for one in error.problems}
        return _page(request, context, person, case_id, step, sent.fields, problems, error.status)
    where = f"/surveys/{case_id}/{step}" if sent.get("then") == "stay" else f"/surveys/{case_id}"
    return RedirectResponse(where, status_code=303)


def _field(problem: Problem) -> str:
    """The field of the page a problem belongs to: ``teachers.text`` is ``teachers-text``."""
    return problem.where.replace(".", "-")


def _numbers(context: Context, found: Survey, sent: Sent) -> None:
    groups = found.questionnaire.groups_at(with_companies=False)
    setup.save_numbers(
        context.database, found.case["id"],
        {group: _whole(sent.get(group)) for group in groups},
        with_companies=sent.get("with_companies") == "yes",
    )  # fmt: skip


def _whole(text: str) -> Any:
    """A whole number; nothing for a blank; what was typed if it is no number, to be refused."""
    text = text.strip()
    if not text:
        return None
    return int(text) if text.removeprefix("-").isdecimal() and len(text) < 12 else text


def _companies(context: Context, found: Survey, sent: Sent) -> None:
    if sent.get("action") == "register":
        setup.register_company(
            context.database, found.case["id"], sent.get("name"), sent.get("sector")
        )
        return
    setup.choose_companies(context.database, found.case["id"], sent.all("companies"))


def _statements(context: Context, found: Survey, sent: Sent) -> None:
    case_id, action = found.case["id"], sent.get("action")
    number = sent.get("number")
    if action == "optional":
        setup.choose_optional(context.database, case_id, sent.all("optional"))
    elif action == "remove" and number.isdecimal():
        setup.remove_statement(context.database, case_id, int(number[:4]))
    else:
        groups = found.questionnaire.groups_at(with_companies=found.exercise["with_companies"])
        setup.save_statement(
            context.database, case_id, int(number[:4]) if number.isdecimal() else None,
            sent.get("area"),
            {
                group: {
                    part: sent.get(f"{group}-{part}") for part in ("text", "help")
                }
                for group in groups
            },
            found.published.values_of(found.case).get("own_statements_max"),
        )  # fmt: skip


def _dates(context: Context, found: Survey, sent: Sent) -> None:
    setup.save_dates(
        context.database, found.case["id"], _day(sent, "first_day"), _day(sent, "last_day"),
        sent.get("language"),
    )  # fmt: skip


def _day(sent: Sent, name: str) -> date | None:
    text = sent.get(name).strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = N_("Give a day, such as 2023-01-31.")
        raise BadInput(message, [Problem(where=name, message=message)]) from None


#: Steps of the set-up by their part of the address, and what saves each.
_SAVERS: Mapping[str, Callable[[Context, Survey, Sent], None]] = {
    "numbers": _numbers, "companies": _companies, "statements": _statements, "dates": _dates,
}  # fmt: skip
