"""“My applications”: every case of the reader or her school, and what waits for her."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from models.database import reading
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader
from web.standing import own_standings

router = APIRouter()


@router.get("/applications")
def applications(
    request: Request, context: Here, reader: Reader, language: Language
) -> HTMLResponse:
    """Where each case stands, what she must do and by when, what was decided, what is ahead."""
    with reading(context.database) as connection:
        running = own_standings(connection, context, reader, language, is_open=True)
        ended = own_standings(connection, context, reader, language, is_open=False)
    return page(
        request, "applications.html", ended=ended,
        hers=[one for one in running if one.hers],
        others=[one for one in running if not one.hers],
    )  # fmt: skip
