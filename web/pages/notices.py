"""Notices: what happened in the reader's cases, read and unread."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection, select, update

from models.database import writing
from models.messages import Notice
from web.api.messages import notices as lines
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader

router = APIRouter()

_notice = Notice.__table__  # type: ignore[attr-defined]


@router.get("/notices")
def notices(request: Request, context: Here, reader: Reader, language: Language) -> HTMLResponse:
    """The reader's last notices, newest first."""
    found = lines(context, reader, language)
    return page(
        request, "notices.html", new=[one for one in found if one.read_at is None],
        old=[one for one in found if one.read_at is not None],
    )  # fmt: skip


@router.post("/notices")
def mark(
    context: Here, reader: Reader,
    notice: Annotated[str, Form(max_length=36)] = "",
    then: Annotated[str, Form(pattern="^(|case)$")] = "",
) -> Response:  # fmt: skip
    """Mark one notice as read, or all of them; ``then`` goes on to the notice’s case."""
    mine = (_notice.c.person_id == reader.id) & _notice.c.read_at.is_(None)
    with writing(context.database) as connection:
        connection.execute(
            update(_notice)
            .where(mine, *([_notice.c.id == notice] if notice else []))
            .values(read_at=context.tools.clock.now())
        )
        case_id = _case_of(connection, notice, reader.id) if then else None
    return RedirectResponse(f"/cases/{case_id}" if case_id else "/notices", status_code=303)


def _case_of(connection: Connection, notice: str, person_id: str) -> str | None:
    query = select(_notice.c.case_id).where(
        _notice.c.id == notice, _notice.c.person_id == person_id
    )
    return connection.execute(query).scalar()
