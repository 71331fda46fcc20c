"""The queue of a reviewer as a page, with its filters in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlalchemy import Connection

from base.errors import BadInput
from base.i18n import N_, say, translate
from documents.words import area_name
from models.database import reading
from web.api.definitions import in_force
from web.api.queue import (
    FILTERS,
    drop_view,
    keep_view,
    put_into_hands,
    queue_lines,
    views_of,
)
from web.api.sent import check_address
from web.context import Context, Here
from web.due import due
from web.language import Language
from web.pages.rendering import page
from web.pages.sending import Form
from web.queue import NSO, Filters, Whom, areas_of, people_of, queue_page
from web.scope import Scope, desk_scope
from web.signing_in import Reader, Someone

router = APIRouter(dependencies=[Depends(check_address)])

#: Cases on a page.
LINES = 50
#: For whom the listed cases wait.
WHOM = {
    "us": N_("for us"), "nso": N_("for an NSO"), "school": N_("for the school or somebody else"),
}  # fmt: skip


@router.get("/queue")
def queue(
    request: Request,
    context: Here,
    person: Reader,
    language: Language,
    after: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """What waits, the most urgent first."""
    return _page(request, context, person, language, after=after)


def _page(
    request: Request, context: Context, person: Someone, language: str, *,
    after: str | None = None, error: str = "", status: int = 200,
    query: dict[str, str] | None = None,
) -> Response:  # fmt: skip
    given = query if query is not None else {
        name: value for name, value in request.query_params.items() if name in FILTERS and value
    }  # fmt: skip
    now = context.tools.clock.now()
    with reading(context.database) as connection:
        scope = desk_scope(connection, person.id, context.tools.clock)
        filters = _filters(given, person)
        areas = areas_of(connection, scope)
        found = queue_page(connection, scope, scope.rights, filters, now, after, LINES, areas)
        lines = queue_lines(connection, context, scope, found, language)
        options = _options(connection, context, scope, person, given, areas, language)
        views = views_of(connection, person.id)
    dues = [due(row["due_at"], row, now) for row in found.rows]
    address = urlencode(given)
    return page(
        request, "queue.html", status=status, lines=list(zip(lines, dues, strict=True)),
        titles=options["process"], options=options, given=given, views=views, address=address,
        next=f"/queue?{urlencode({**given, 'after': found.next})}" if found.next else None,
        first_page=after is None, error=error, filtered=bool(given),
    )  # fmt: skip


@router.post("/queue/reviewer")
def hand_over(
    request: Request, context: Here, person: Reader, language: Language, sent: Form
) -> Response:
    """Put the chosen cases into somebody's hands."""
    chosen, back = list(sent.all("case"))[:LINES], sent.get("back")
    who = sent.get("reviewer")
    try:
        if not chosen:
            raise BadInput(N_("Choose at least one case first."))
        put_into_hands(context, person, chosen, {"me": person.id, "nobody": None}.get(who, who))
    except BadInput as error:
        return _page(
            request, context, person, language, error=error.say(language), status=error.status,
            query=_of(back),
        )  # fmt: skip
    return RedirectResponse(f"/queue?{urlencode(_of(back))}", status_code=303)


@router.post("/queue/views")
def save_view(
    request: Request, context: Here, person: Reader, language: Language, sent: Form
) -> Response:
    """Save the filters under a name."""
    back = sent.get("back")
    try:
        keep_view(context, person, sent.get("name"), back)
    except BadInput as error:
        return _page(
            request, context, person, language, error=error.say(language), status=error.status,
            query=_of(back),
        )  # fmt: skip
    return RedirectResponse(f"/queue?{urlencode(_of(back))}", status_code=303)


@router.post("/queue/views/{view_id}/remove")
def remove_view(context: Here, person: Reader, view_id: str) -> Response:
    """Remove a view."""
    drop_view(context, person, view_id)
    return RedirectResponse("/queue", status_code=303)


def _of(address: str) -> dict[str, str]:
    return {name: value for name, value in parse_qsl(address) if name in FILTERS}


def _filters(given: dict[str, str], person: Someone) -> Filters:
    whom = given.get("for", "us")
    reviewer = given.get("reviewer", "")
    return Filters(
        whom=whom if whom in get_args(Whom) else "us",  # type: ignore[arg-type]
        process=given.get("process", ""), state=given.get("state", ""),
        round=given.get("round", ""), area=given.get("area", ""),
        reviewer=person.id if reviewer == "me" else reviewer, late=given.get("late") == "yes",
        q=given.get("q", "")[:100],
    )  # fmt: skip


def _options(
    connection: Connection, context: Context, scope: Scope, person: Someone,
    given: dict[str, str], areas: Sequence[str], language: str,
) -> dict[str, dict[str, str]]:  # fmt: skip
    """What each filter can be set to, by its name in the address."""
    running = in_force(context)
    states: dict[str, str] = {}
    rounds: dict[str, str] = {}
    for one in running:
        if given.get("process", one.process.process) != one.process.process:
            continue
        for name, state in one.process.states.items():
            if not state.final:
                title = say(state.title, language)
                states.setdefault(name, title)
        for name in one.rounds:
            rounds.setdefault(name, say(one.round_title(name), language))
    whom = {key: translate(word, language) for key, word in WHOM.items()}
    if not scope.rights.isdisjoint(NSO):
        del whom["nso"]
    people = people_of(connection, scope, context.tools.clock.now().date())
    people.pop(person.id, None)
    return {
        "for": whom,
        "process": {one.process.process: say(one.process.title, language) for one in running},
        "state": states,
        "round": rounds,
        "area": {area: area_name(area, language) for area in areas if area},
        "reviewer": {
            "me": translate(N_("me"), language), "nobody": translate(N_("nobody"), language),
            **people,
        },
    }  # fmt: skip
