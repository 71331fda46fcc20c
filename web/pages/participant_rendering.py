"""Pages for participants: they look up nobody, set no cookie, and have no way to sign in."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from base.i18n import LANGUAGES
from notifications.languages import NAMES
from web.context import context_of
from web.language import language_of
from web.pages.rendering import OTHER_TITLE, TITLES, error_page, templates

#: Under this part of the address are the pages of those who answer.
PARTICIPANTS = "/s/"


def participant_page(
    request: Request, name: str, *, language: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page for somebody who answers.

    Arguments:
        name: its template.
        language: chosen by her, else that of the exercise.
        values: what the template shows.
    """
    html = templates.get_template(name).render(
        language=language,
        languages={code: NAMES[code].capitalize() for code in LANGUAGES},
        demo=context_of(request).demo,
        **values,
    )
    return HTMLResponse(html, status_code=status)


def error_page_of(request: Request, status: int, error: dict[str, Any]) -> HTMLResponse:
    """The page an error is shown on; to those who answer, one of theirs."""
    if not request.url.path.startswith(PARTICIPANTS):
        return error_page(request, status, error)
    return participant_page(
        request, "answer_error.html", status=status, language=language_of(request),
        title=TITLES.get(status, OTHER_TITLE), error={"problems": [], **error},
        link=request.url.path.removeprefix(PARTICIPANTS).partition("/")[0],
    )  # fmt: skip
