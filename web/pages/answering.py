"""What participants see: the questionnaire of a link, from opening it to the certificate.

Nobody signs in, and nothing tells who answered. The key of a questionnaire and the answers given so
far stand in the page itself and travel in the bodies of requests, never in an address: so a step of
the questionnaire is the answer to a POST.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from itsdangerous import BadSignature, Signer, URLSafeSerializer
from starlette.concurrency import run_in_threadpool
from starlette.routing import Route

from base.days import local_day
from base.errors import BadInput, NotPossible
from base.i18n import LANGUAGES, N_, say
from documents.participation import ParticipationCertificate, render_participation
from surveys.answering import OVER, TimeOver, begin, expires_at, submit
from surveys.opening import Link, Opened
from surveys.questionnaire import LEFT_OUT, Questionnaire, questionnaire
from web.api.papers import pdf
from web.context import Context, context_of
from web.pages.participant_rendering import Outline, outline_of, participant_html, participant_page
from web.pages.rendering import moment_in_words

#: A certificate can be made for so many seconds after submitting.
CERTIFICATE_LASTS = 30 * 60
#: Names are not longer.
MOST_NAME = 100
#: Fields of a form are not more.
MOST_FIELDS = 200
#: How an answer is written in the page: 0 to 5, and this where there is none.
NONE = "-"
NO_FIT = N_("The answers do not fit this questionnaire. Open the link again.")


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


async def opened(request: Request) -> HTMLResponse:
    """What the link is for, and the button that begins; or that it is too early or too late."""
    found = await _opened(request)
    language = _language(found.link, request.query_params.get("lang", ""))
    return HTMLResponse(_first_page(found.link, found.when, language, context_of(request).demo))


async def start(request: Request) -> HTMLResponse:
    """Begin, and show the first part."""
    context, form = context_of(request), await _form(request)
    now = context.tools.clock.now()
    key = await run_in_threadpool(begin, context.links, request.path_params["token"], now)
    link = (await _opened(request)).link
    return _shown(
        context, link, key=key, language=_language(link, form.get("language", "")), at=0,
        answers=[LEFT_OUT] * len(link.statements), ends=link.expires_at(now),
    )  # fmt: skip


async def answer(request: Request) -> Response:
    """Take up the answers of a part, and go on, back, to another language, or to the end.

    Raises:
        TimeOver: the two hours are over, or it was submitted already.
        BadInput: what was sent is not of this questionnaire.
    """
    context, form = context_of(request), await _form(request)
    now = context.tools.clock.now()
    link = (await _opened(request)).link
    answers = _answers(link, form)
    key, language = form.get("key", ""), _language(link, form.get("language", ""))
    to = form.get("to", "")
    if to == "submit":
        await run_in_threadpool(submit, context.links, link.token, key, answers, now)
        ticket = _tickets(context).dumps([link.token, int(now.timestamp())])
        address = f"/s/{link.token}/done?ticket={ticket}&lang={language}"
        return RedirectResponse(address, status_code=303)
    ends = _sealed(context, link, key, form.get("until", ""))
    if ends is None:
        ends = await run_in_threadpool(expires_at, context.links, link.token, key, now)
    if ends <= now:
        raise TimeOver(OVER)
    step = {"next": 1, "back": -1}.get(to, 0)
    return _shown(
        context, link, key=key, language=language, at=_place(form.get("at", "0")) + step,
        answers=answers, ends=ends,
    )  # fmt: skip


async def done(request: Request) -> HTMLResponse:
    """Thanks, and the certificate for whoever has just submitted."""
    context, asked = context_of(request), request.query_params
    link = (await _opened(request)).link
    ticket = asked.get("ticket", "")
    return HTMLResponse(
        _last_page(
            link, _language(link, asked.get("lang", "")), context.demo,
            possible=_just_submitted(context, link.token, ticket),
        ).filled(ticket=ticket)
    )  # fmt: skip


async def certificate(request: Request) -> Response:
    """The certificate with the name that was typed in, which is not kept.

    Raises:
        NotPossible: the questionnaire was not submitted just now.
    """
    context, form = context_of(request), await _form(request)
    link, ticket = (await _opened(request)).link, form.get("ticket", "")
    if not _just_submitted(context, link.token, ticket):
        raise NotPossible(
            N_("A certificate can only be made right after submitting. It cannot be made later, "
               "since nobody knows who has answered.")
        )  # fmt: skip
    language, name = _language(link, form.get("language", "")), form.get("name", "")
    typed = " ".join(
        "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cs"}).split()
    )
    if not typed or len(typed) > MOST_NAME:
        return participant_page(
            request, "answer_done.html", status=422, language=language, token=link.token,
            ticket=ticket, possible=True, problem="long" if typed else "missing", most=MOST_NAME,
        )  # fmt: skip
    asked = questionnaire(link.exercise["questionnaire"])
    day = local_day(context.tools.clock.now(), ZoneInfo(link.exercise["zone"]))
    paper = ParticipationCertificate(
        holder=typed, questionnaire=asked.title, group=asked.group(link.group).title,
        school=link.school, day=day,
    )  # fmt: skip
    return pdf(await run_in_threadpool(render_participation, paper, language), "certificate")


#: A whole school answers at one time. So these are routes without what a page for staff needs: no
#: fields are looked up by their types, and only what writes waits in a thread.
ROUTES = (
    Route("/s/{token}", opened, methods=["GET"]),
    Route("/s/{token}", start, methods=["POST"]),
    Route("/s/{token}/answers", answer, methods=["POST"]),
    Route("/s/{token}/done", done, methods=["GET"]),
    Route("/s/{token}/certificate", certificate, methods=["POST"]),
)


async def _opened(request: Request) -> Opened:
    context, token = context_of(request), request.path_params["token"]
    now = context.tools.clock.now()
    if known := context.links.known(token, now):
        return known
    return await run_in_threadpool(context.links.open, token, now)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form."""
    body = (await request.body()).decode(errors="replace")
    try:
        return dict(parse_qsl(body, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise BadInput(NO_FIT) from None


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
    context: Context, link: Link, *, key: str, language: str, at: int, answers: Sequence[int],
    ends: datetime,
) -> HTMLResponse:  # fmt: skip
    numbers = _numbers(link)
    place = max(0, min(at, len(numbers)))
    here = numbers[place] if place < len(numbers) else ()
    if any(answers[number] != LEFT_OUT for number in here):
        page = _part(link, language, place, answers, context.demo)
    else:
        page = _fresh_part(
            link, language, place, context.demo, left_out=0 if here else answers.count(LEFT_OUT)
        )
    return HTMLResponse(
        page.filled(
            key=key, until=_until(context, link, key, ends),
            answers="".join(_written(one) for one in answers),
            ends=moment_in_words(ends, link.exercise["zone"], language),
        )
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _numbers(link: Link) -> tuple[tuple[int, ...], ...]:
    """The places of the statements, part by part."""
    areas = enumerate(one["area"] for one in link.statements)
    parts = groupby(areas, key=lambda pair: pair[1])
    return tuple(tuple(number for number, _ in those) for _, those in parts)


@lru_cache(maxsize=1024)
def _first_page(link: Link, when: str, language: str, demo: bool) -> str:
    asked = questionnaire(link.exercise["questionnaire"])
    return participant_html(
        "answer_begin.html",
        language,
        demo,
        link=link,
        when=when,
        questionnaire=asked,
        group=asked.group(link.group),
    )


@lru_cache(maxsize=1024)
def _last_page(link: Link, language: str, demo: bool, *, possible: bool) -> Outline:
    return outline_of(
        "answer_done.html", language, demo, "ticket", token=link.token, possible=possible,
        problem="", most=MOST_NAME,
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _fresh_part(link: Link, language: str, place: int, demo: bool, *, left_out: int) -> Outline:
    """A part of which nothing is answered yet, or the end: the same for everybody, so made once."""
    nothing = [LEFT_OUT] * len(link.statements)
    return _part(link, language, place, nothing, demo, left_out=left_out)


def _part(
    link: Link, language: str, place: int, answers: Sequence[int], demo: bool, *, left_out: int = 0
) -> Outline:
    asked = questionnaire(link.exercise["questionnaire"])
    parts = parts_of(link.statements, asked, language, answers)
    return outline_of(
        "answer_part.html", language, demo, "key", "until", "answers", "ends", token=link.token,
        at=place, count=len(parts), part=parts[place] if place < len(parts) else None,
        questionnaire=asked, left_out=left_out,
    )  # fmt: skip


def _answers(link: Link, form: Mapping[str, str]) -> list[int]:
    """The answers so far: those of the parts before, and those of the part that was sent."""
    written = form.get("answers", "")
    if len(written) != len(link.statements) or not set(written) <= set(f"012345{NONE}"):
        raise BadInput(NO_FIT)
    given = [LEFT_OUT if one == NONE else int(one) for one in written]
    for number in range(len(given)):
        value = form.get(f"q{number}", "")
        if value in {"0", "1", "2", "3", "4", "5"}:
            given[number] = int(value)
    return given


def _written(answer: int) -> str:
    return NONE if answer == LEFT_OUT else str(answer)


def _place(at: str) -> int:
    return int(at) if at.isdecimal() and len(at) < 4 else 0


def _language(link: Link, chosen: str) -> str:
    return chosen if chosen in LANGUAGES else str(link.exercise["language"])


@lru_cache(maxsize=4)
def _signer(secret: str) -> Signer:
    return Signer(secret, salt="survey-until")


def _until(context: Context, link: Link, key: str, ends: datetime) -> str:
    """When a questionnaire ends, sealed: with it, going from part to part asks no database.

    Whether it was submitted already is asked when it is submitted.
    """
    at = str(ends.timestamp())
    seal = _signer(context.tools.secret).get_signature(f"{link.token} {key} {at}")
    return f"{at}~{seal.decode()}"


def _sealed(context: Context, link: Link, key: str, until: str) -> datetime | None:
    """When a questionnaire ends, of its seal; None where the seal is none of ours (any more)."""
    at, _, seal = until.partition("~")
    if not _signer(context.tools.secret).verify_signature(f"{link.token} {key} {at}", seal):
        return None
    return datetime.fromtimestamp(float(at), UTC)


def _tickets(context: Context) -> URLSafeSerializer:
    return URLSafeSerializer(context.tools.secret, salt="survey-certificate")


def _just_submitted(context: Context, token: str, ticket: str) -> bool:
    """Whether somebody has submitted over this link just now: the ticket tells when, not who."""
    try:
        link, at = _tickets(context).loads(ticket)
    except (BadSignature, ValueError, TypeError):
        return False
    since = context.tools.clock.now().timestamp() - int(at)
    return bool(link == token and 0 <= since < CERTIFICATE_LASTS)
