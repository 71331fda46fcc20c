"""Pages for participants: they look up nobody, set no cookie, and have no way to sign in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from markupsafe import escape

from base.i18n import LANGUAGES
from notifications.languages import NAMES
from web.context import context_of
from web.language import language_of
from web.pages.rendering import OTHER_TITLE, TITLES, error_page, templates

#: Under this part of the address are the pages of those who answer.
PARTICIPANTS = "/s/"
#: Where something is left open in a page: a character that no text has.
_GAP = "\0"


@dataclass(frozen=True)
class Outline:
    """A page with gaps: rendered once, and filled in for each who asks."""

    #: Text and names of gaps, in turns.
    pieces: tuple[str, ...]

    def filled(self, **values: str) -> str:
        """The page with its gaps filled; every gap that it has must be named."""
        found = {name: str(escape(value)) for name, value in values.items()}
        return "".join(
            found[piece] if number % 2 else piece for number, piece in enumerate(self.pieces)
        )


def outline_of(name: str, language: str, demo: bool, *gaps: str, **values: Any) -> Outline:
    """A page for somebody who answers, in which the values named ``gaps`` are left open."""
    left_open = {gap: f"{_GAP}{gap}{_GAP}" for gap in gaps}
    html = participant_html(name, language, demo, **values, **left_open)
    return Outline(tuple(re.split(f"{_GAP}({'|'.join(gaps)}){_GAP}", html)))


def participant_html(name: str, language: str, demo: bool, **values: Any) -> str:
    """A page for somebody who answers.

    Arguments:
        name: its template.
        language: chosen by her, else that of the exercise.
        values: what the template shows.
    """
    return templates.get_template(name).render(
        language=language, languages={code: NAMES[code].capitalize() for code in LANGUAGES},
        demo=demo, **values,
    )  # fmt: skip


def participant_page(
    request: Request, name: str, *, language: str, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page for somebody who answers, as an answer; see :func:`participant_html`."""
    html = participant_html(name, language, context_of(request).demo, **values)
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
