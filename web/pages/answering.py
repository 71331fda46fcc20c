"""What participants see: the questionnaire of a link, from opening it to the certificate.

Nobody signs in, and nothing tells who answered. The key of a questionnaire and the answers given so
far stand in the page itself and travel in the bodies of requests, never in an address: so a step of
the questionnaire is the answer to a POST.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import Connection, select

from base.days import local_day
from base.errors import BadInput, NotPossible
from base.i18n import LANGUAGES, N_, say
from documents.participation import ParticipationCertificate, render_participation
from models.database import reading
from models.registry import Organisation
from models.surveys import SurveyCompany
from surveys.answering import Opened, begin, expires_at, open_link, submit
from surveys.questionnaire import LEFT_OUT, NOT_APPLICABLE, Questionnaire, questionnaire
from web.api.papers import pdf
from web.context import Context, Here
from web.pages.participant_rendering import participant_page
from web.pages.sending import Form, Sent

router = APIRouter()

_organisation = Organisation.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]

#: A certificate can be made for so many seconds after submitting.
CERTIFICATE_LASTS = 30 * 60
#: Names are not longer.
MOST_NAME = 100
#: How an answer is written in the page: 0 to 5, and this where there is none.
NONE = "-"


@dataclass(frozen=True, kw_only=True)
class Question:
    """A statement as the page shows it."""

    #: Its place among all statements of the group.
    number: int
    text: str
    #: Help of a school's own statement; empty if there is none.
    help: str
    #: The language the text is in, where it is not that of the page.
    language: str
    answer: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """The statements of one area."""

    title: Mapping[str, str]
    questions: Sequence[Question]


@router.get("/s/{token}")
def opened(request: Request, context: Here, token: str, lang: str = "") -> HTMLResponse:
    """What the link is for, and the button that begins; or that it is too early or too late."""
    with reading(context.database) as connection:
        found = open_link(connection, token, context.tools.clock.now())
        about = _about(connection, found)
    return participant_page(request, "answer_begin.html", language=_language(found, lang), **about)


@router.post("/s/{token}")
def start(request: Request, context: Here, token: str, sent: Form) -> HTMLResponse:
    """Begin, and show the first part."""
    now = context.tools.clock.now()
    key = begin(context.database, token, now)
    with reading(context.database) as connection:
        found = open_link(connection, token, now)
    return _shown(
        request, found, key=key, language=_language(found, sent.get("language")), at=0,
        answers=[LEFT_OUT] * len(found.statements), ends=found.expires_at(now),
    )  # fmt: skip


@router.post("/s/{token}/answers")
def answer(request: Request, context: Here, token: str, sent: Form) -> Response:
    """Take up the answers of a part, and go on, back, to another language, or to the end.

    Raises:
        TimeOver: the two hours are over, or it was submitted already.
        BadInput: what was sent is not of this questionnaire.
    """
    now = context.tools.clock.now()
    key = sent.get("key")
    with reading(context.database) as connection:
        found = open_link(connection, token, now)
        answers = _answers(found, sent)
        ends = expires_at(connection, token, key, now)
    language = _language(found, sent.get("language"))
    at = _place(sent.get("at", "0"))
    to = sent.get("to")
    if to == "submit":
        submit(context.database, token, key, answers, now)
        ticket = _signer(context).dumps([token, int(now.timestamp())])
        address = f"/s/{token}/done?ticket={ticket}&lang={language}"
        return RedirectResponse(address, status_code=303)
    step = {"next": 1, "back": -1}.get(to, 0)
    return _shown(
        request, found, key=key, language=language, at=at + step, answers=answers, ends=ends
    )


@router.get("/s/{token}/done")
def done(
    request: Request, context: Here, token: str, ticket: str = "", lang: str = ""
) -> HTMLResponse:
    """Thanks, and the certificate for whoever has just submitted."""
    with reading(context.database) as connection:
        found = open_link(connection, token, context.tools.clock.now())
    return participant_page(
        request, "answer_done.html", language=_language(found, lang), token=token,
        ticket=ticket, possible=_just_submitted(context, token, ticket), problem="", most=MOST_NAME,
    )  # fmt: skip


@router.post("/s/{token}/certificate")
def certificate(request: Request, context: Here, token: str, sent: Form) -> Response:
    """The certificate with the name that was typed in, which is not kept.

    Raises:
        NotPossible: the questionnaire was not submitted just now.
    """
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        found = open_link(connection, token, now)
        school = _school(connection, found)
    spoken, ticket = _language(found, sent.get("language")), sent.get("ticket")
    if not _just_submitted(context, token, ticket):
        raise NotPossible(
            N_("A certificate can only be made right after submitting. It cannot be made later, "
               "since nobody knows who has answered.")
        )  # fmt: skip
    typed = " ".join(
        "".join(c for c in sent.get("name") if unicodedata.category(c) not in {"Cc", "Cs"}).split()
    )
    if not typed or len(typed) > MOST_NAME:
        return participant_page(
            request, "answer_done.html", status=422, language=spoken, token=token, ticket=ticket,
            possible=True, problem="long" if typed else "missing", most=MOST_NAME,
        )  # fmt: skip
    asked = questionnaire(found.exercise["questionnaire"])
    day = local_day(now, ZoneInfo(found.exercise["zone"]))
    content = render_participation(
        ParticipationCertificate(
            holder=typed, questionnaire=asked.title, group=asked.group(found.group).title,
            school=school, day=day,
        ),
        spoken,
    )  # fmt: skip
    return pdf(content, "certificate")


def parts_of(
    statements: Sequence[Mapping[str, Any]], asked: Questionnaire, language: str,
    answers: Sequence[int],
) -> list[Part]:  # fmt: skip
    """The statements of a group, area by area, in ``language``; the school's own in theirs."""
    numbered = list(enumerate(statements))
    return [
        Part(
            title=asked.area(area).title,
            questions=[
                Question(
                    number=number, text=say(one["texts"], language),
                    help=say(one["help"], language) if one["help"] else "",
                    language="" if language in one["texts"] else next(iter(one["texts"])),
                    answer=_written(answers[number]),
                )
                for number, one in those
            ],
        )
        for area, those in groupby(numbered, key=lambda pair: pair[1]["area"])
    ]  # fmt: skip


def _shown(
    request: Request, found: Opened, *, key: str, language: str, at: int, answers: Sequence[int],
    ends: datetime,
) -> HTMLResponse:  # fmt: skip
    asked = questionnaire(found.exercise["questionnaire"])
    parts = parts_of(found.statements, asked, language, answers)
    place = max(0, min(at, len(parts)))
    return participant_page(
        request, "answer_part.html", language=language, token=found.token, key=key, at=place,
        parts=parts, part=parts[place] if place < len(parts) else None, questionnaire=asked,
        answers="".join(_written(one) for one in answers), ends=ends,
        zone=found.exercise["zone"],
        left_out=[
            (number, question)
            for number, part in enumerate(parts)
            for question in part.questions
            if question.answer == NONE
        ],
    )  # fmt: skip


def _answers(found: Opened, sent: Sent) -> list[int]:
    """The answers so far: those of the parts before, and those of the part that was sent."""
    written = sent.get("answers")
    if len(written) != len(found.statements) or not set(written) <= set(f"012345{NONE}"):
        raise BadInput(N_("The answers do not fit this questionnaire. Open the link again."))
    given = [LEFT_OUT if one == NONE else int(one) for one in written]
    for number in range(len(given)):
        value = sent.get(f"q{number}")
        if value in {"0", "1", "2", "3", "4", "5"}:
            given[number] = int(value)
    return given


def _written(answer: int) -> str:
    return NONE if answer == LEFT_OUT else str(answer)


def _place(at: str) -> int:
    return int(at) if at.isdecimal() and len(at) < 4 else 0


def _about(connection: Connection, found: Opened) -> dict[str, Any]:
    asked = questionnaire(found.exercise["questionnaire"])
    company = None
    if found.company_id:
        query = select(_company.c.name).where(_company.c.id == found.company_id)
        company = connection.execute(query).scalar()
    return {
        "opened": found, "group": asked.group(found.group), "questionnaire": asked,
        "school": _school(connection, found), "company": company or "",
        "not_applicable": NOT_APPLICABLE,
    }  # fmt: skip


def _school(connection: Connection, found: Opened) -> str:
    query = select(_organisation.c.name).where(
        _organisation.c.id == found.exercise["organisation_id"]
    )
    return str(connection.execute(query).scalar() or "")


def _language(found: Opened, chosen: str) -> str:
    return chosen if chosen in LANGUAGES else str(found.exercise["language"])


def _signer(context: Context) -> URLSafeSerializer:
    return URLSafeSerializer(context.tools.secret, salt="survey-certificate")


def _just_submitted(context: Context, token: str, ticket: str) -> bool:
    """Whether somebody has submitted over this link just now: the ticket tells when, not who."""
    try:
        link, at = _signer(context).loads(ticket)
    except (BadSignature, ValueError, TypeError):
        return False
    since = context.tools.clock.now().timestamp() - int(at)
    return bool(link == token and 0 <= since < CERTIFICATE_LASTS)
