"""What one can apply for: what is met, what is missing and until when, and the start of a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select

from base.days import local_day
from base.errors import BadInput, Conflict, NotMet, Refused
from base.i18n import say
from models.cases import Case
from models.database import reading
from web.context import Context, Here
from web.language import Language
from web.opportunities import Opportunity, opportunities, opportunity, search
from web.pages.asking import SEARCH, AskedIn, Asking, asked_in, asked_of, payload_of
from web.pages.rendering import page
from web.pages.sending import NOTHING_SENT, Form, Sent
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone
from workflows.answers import may_edit
from workflows.eligibility import Trial, Verdict, verdicts
from workflows.new_cases import new_case
from workflows.parties import unique_key
from workflows.subjects import KINDS, NOTHING

router = APIRouter()

_case = Case.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One line of what one can apply for."""

    process: str
    way: str
    title: str
    #: What the start is called.
    what: str
    about: str
    name: str
    by_itself: bool
    zone: str
    #: Each round with its title; the first is the next one.
    rounds: list[tuple[str, Verdict]]
    #: Whether starting it could succeed today.
    possible: bool


@router.get("/apply")
def offers(request: Request, context: Here, reader: Reader, language: Language) -> HTMLResponse:
    """Everything the reader can start, and what is looked at by itself, with where it stands."""
    with reading(context.database) as connection:
        found = [
            _offer(connection, context, one, reader, language)
            for one in opportunities(connection, context, reader)
        ]
    return page(
        request, "apply.html",
        offers=[one for one in found if one.possible and not one.by_itself],
        others=[one for one in found if not one.possible and not one.by_itself],
        looked_at=[one for one in found if one.by_itself and one.rounds],
    )  # fmt: skip


@router.get("/apply/{process}/{way}")
def before_applying(
    request: Request, context: Here, reader: Reader, language: Language, process: str, way: str,
    about: Annotated[str, Query(max_length=36)] = "",
    words: Annotated[str, Query(max_length=100)] = "",
) -> HTMLResponse:  # fmt: skip
    """Whether one may apply: every condition, met or not, with what helps; and the form."""
    with reading(context.database) as connection:
        found = opportunity(connection, context, reader, process, way, about)
        return _show(
            request, connection, context, found, reader, language, NOTHING_SENT, words=words
        )


@router.post("/apply/{process}/{way}")
def apply(
    request: Request, context: Here, reader: Reader, language: Language, process: str, way: str,
    sent: Form,
) -> Response:  # fmt: skip
    """Start a case; what cannot be used is told beside what was filled in."""
    with reading(context.database) as connection:
        found = opportunity(connection, context, reader, process, way, sent.get("about")[:36])
        if sent.get(SEARCH) or sent.get("check"):
            return _show(request, connection, context, found, reader, language, sent)
        round_name = _round(connection, context, found, reader, sent)
    about = found.about or {}
    try:
        taken = context.engine.start(
            process, way, actor_id=reader.id, round_name=round_name,
            organisation_id=about.get("organisation_id"), person_id=about.get("person_id"),
            project_id=about.get("project_id"),
            payload=payload_of(found.process, found.start, sent),
        )  # fmt: skip
    except (Refused, BadInput) as refused:
        with reading(context.database) as connection:
            return _show(
                request, connection, context, found, reader, language, sent, refused=refused
            )
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, taken.case["id"])
        there = "/form" if may_edit(connection, context.tools, case, reader.id) else ""
    return RedirectResponse(f"/cases/{taken.case['id']}{there}", status_code=303)


def _offer(
    connection: Connection, context: Context, one: Opportunity, reader: Someone, language: str
) -> Offer:
    found: list[Verdict] = []
    if one.about is not None:
        found = _verdicts(connection, context, one, reader, language, {})
    return Offer(
        process=one.process.process, way=one.way, title=say(one.process.title, language),
        what=say(one.start.title, language), about=one.about_id, name=one.name,
        by_itself=one.by_itself, zone=_zone(one), rounds=_titled(one, found, language),
        possible=one.about is None or any(each.possible for each in found),
    )  # fmt: skip


def _verdicts(
    connection: Connection, context: Context, one: Opportunity, reader: Someone, language: str,
    named: Mapping[str, Any],
) -> list[Verdict]:  # fmt: skip
    trial = Trial(
        published=one.published, way=one.way, about=one.about or NOTHING,
        actor_id=None if one.by_itself else reader.id, named=named,
    )  # fmt: skip
    return verdicts(connection, trial, context.tools.clock.now(), language)


def _zone(one: Opportunity) -> str:
    return (one.about or {}).get("zone") or one.process.zone


def _titled(one: Opportunity, found: list[Verdict], language: str) -> list[tuple[str, Verdict]]:
    return [
        (say(one.published.round_title(each.round), language) if each.round else "", each)
        for each in found
    ]


def _show(
    request: Request, connection: Connection, context: Context, one: Opportunity, reader: Someone,
    language: str, sent: Sent, *, words: str = "", refused: Refused | BadInput | None = None,
) -> HTMLResponse:  # fmt: skip
    payload = payload_of(one.process, one.start, sent)
    named = {
        ask.name: payload[ask.name]
        for ask in one.start.asks
        if ask.type in KINDS and ask.name in payload
    }
    problems = _problems(refused, language)
    found: list[Verdict] = []
    if one.about is not None:
        try:
            found = _verdicts(connection, context, one, reader, language, named)
        except BadInput as unknown:
            problems = {**_problems(unknown, language), **problems}
            found = _verdicts(connection, context, one, reader, language, {})
    scope = scope_of(connection, reader.id, context.tools.clock)
    asking = Asking(person_id=reader.id, language=language, everywhere=scope.is_staff)
    # The one that is open, else the next.
    fitting = sorted(found, key=lambda each: not each.in_time)
    kind = one.process.subject
    return page(
        request, "before_applying.html", status=refused.status if refused else 200, one=one,
        rounds=_titled(one, found, language), sent=sent, words=words, zone=_zone(one),
        round_choices={each.round or "": title for title, each in _titled(one, found, language)},
        round=sent.get("round") or (fitting[0].round if fitting else ""),
        asked=asked_of(
            connection, one.process, one.start, asking, sent, problems, _asked_in(context, one)
        ),
        subjects=search(connection, kind, words, reader.id, everywhere=True)
        if one.about is None
        else {},
        names_somebody=any(ask.type in KINDS for ask in one.start.asks),
        problems=problems,
        refusal=refused.say(language) if refused and not problems else "",
        told=[
            finding for unmet in refused.findings for finding in unmet.findings(language)
        ]
        if isinstance(refused, NotMet)
        else [],
        there=_there(connection, context, one, reader, sent)
        if isinstance(refused, Conflict)
        else None,
    )  # fmt: skip


def _asked_in(context: Context, one: Opportunity) -> AskedIn:
    """Where that is asked which is not asked everywhere; what is typed does not change it."""
    chosen = any(ask.type == "area" for ask in one.start.asks)
    area = "" if chosen else (one.about or {}).get("area", "")
    today = local_day(context.tools.clock.now(), ZoneInfo(one.process.zone))
    return asked_in(one.published, one.published.round_on(today), one.start, area)


def _round(
    connection: Connection, context: Context, one: Opportunity, reader: Someone, sent: Sent
) -> str | None:
    """The round that was chosen, else the one that is open, else the next."""
    if one.process.round is None:
        return None
    found = [] if sent.get("round") else _verdicts(connection, context, one, reader, "en", {})
    return sent.get("round") or next(
        (each.round for each in sorted(found, key=lambda each: not each.in_time)), None
    )


def _problems(refused: Refused | BadInput | None, language: str) -> dict[str, str]:
    """What is wrong, by field."""
    if not isinstance(refused, BadInput | NotMet):
        return {}
    return {problem.where: problem.say(language) for problem in refused.problems}


def _there(
    connection: Connection, context: Context, one: Opportunity, reader: Someone, sent: Sent
) -> str | None:
    """The id of the case that stands in the way, if the reader may see it."""
    now = context.tools.clock.now()
    round_name = _round(connection, context, one, reader, sent)
    case = new_case(one.published, one.about or NOTHING, round_name, now)
    scope = scope_of(connection, reader.id, context.tools.clock)
    query = select(_case.c.id).where(
        _case.c.process == one.process.process,
        scope.cases(),
        _case.c.unique_key == unique_key(one.process, case),
    )
    return connection.execute(query).scalar()
