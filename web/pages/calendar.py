"""Deadlines in one's own calendar: a private address that a calendar looks at, and a download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from base.errors import NotFound
from base.i18n import N_, best_language
from models.database import reading, writing
from models.registry import Person
from notifications.choices import CALENDAR, address_of, revoke_address, whose_address
from web.calendar_feed import calendar_of
from web.context import Context, Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader, Someone, find
from web.standing import own_standings

router = APIRouter()

_person = Person.__table__  # type: ignore[attr-defined]


@router.get("/calendar")
def calendar(request: Request, context: Here, reader: Reader) -> HTMLResponse:
    """The reader's private address, to make, renew or revoke."""
    with reading(context.database) as connection:
        token = address_of(connection, reader.id, CALENDAR)
    address = f"{context.tools.public_url}/calendar/{token}.ics" if token else ""
    return page(request, "calendar.html", address=address)


@router.post("/calendar")
def change(
    context: Here, reader: Reader, do: Annotated[str, Form(pattern="^(make|renew|revoke)$")]
) -> Response:
    """Make, renew or revoke the address; one that was renewed or revoked leads nowhere at once."""
    with writing(context.database) as connection:
        if do != "make":
            revoke_address(connection, reader.id, CALENDAR)
        if do != "revoke":
            address_of(connection, reader.id, CALENDAR, context.tools.clock.now())
    return RedirectResponse("/calendar", status_code=303)


@router.get("/calendar/mine.ics")
def download(context: Here, reader: Reader, language: Language) -> Response:
    """The deadlines as they are now, to keep."""
    with reading(context.database) as connection:
        found = _calendar(connection, context, reader, language)
    return _answer(found, "attachment; filename=keurmerk.ics")


@router.get("/calendar/{token}.ics")
def feed(context: Here, token: str) -> Response:
    """The deadlines of the person whose address this is, in her language."""
    with reading(context.database) as connection:
        person_id = whose_address(connection, CALENDAR, token[:64])
        person = find(connection, _person.c.id == person_id) if person_id else None
        if person is None:
            raise NotFound(N_("There is nothing at this address."))
        found = _calendar(connection, context, person, best_language(person.language))
    return _answer(found, "inline; filename=keurmerk.ics")


def _calendar(connection: Connection, context: Context, person: Someone, language: str) -> bytes:
    standings = own_standings(connection, context, person, language, is_open=True)
    return calendar_of(standings, language, context.tools.public_url, context.tools.clock.now())


def _answer(content: bytes, disposition: str) -> Response:
    return Response(
        content, media_type="text/calendar; charset=utf-8",
        headers={"Content-Disposition": disposition},
    )  # fmt: skip
