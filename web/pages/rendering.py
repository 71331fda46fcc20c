"""Templates, and what every page knows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as Values

from base.i18n import LANGUAGES, N_, locale_of, said, translate
from notifications.languages import NAMES
from web.context import context_of
from web.language import language_of
from web.signing_in import Someone, person_of

_FOLDER = Path(__file__).resolve().parent.parent / "templates"

#: What the error page is headed with, by status.
TITLES = {
    401: N_("Please sign in"),
    403: N_("This is not for you to do"),
    404: N_("There is nothing here"),
    500: N_("Something went wrong"),
}
OTHER_TITLE = N_("This did not work")


@pass_context
def _translated(values: Values, sentence: str, **places: Any) -> str:
    return translate(sentence, values["language"], **places)


@pass_context
def _said(values: Values, value: Any) -> Any:
    return said(value, values["language"])


@pass_context
def _day(values: Values, value: date) -> str:
    return format_date(value, format="long", locale=locale_of(values["language"]))


@pass_context
def _moment(values: Values, value: datetime, zone: str = "Europe/Brussels") -> str:
    local = value.astimezone(ZoneInfo(zone))
    return format_datetime(local, format="d MMMM y, HH:mm", locale=locale_of(values["language"]))


templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
templates.globals["_"] = _translated
templates.filters.update(say=_said, day=_day, moment=_moment)


def page(
    request: Request, name: str, *, status: int = 200, person: Someone | None = None,
    **values: Any,
) -> HTMLResponse:  # fmt: skip
    """A page.

    Arguments:
        name: its template.
        person: who is signed in, where the route knows; asked for otherwise.
        values: what the template shows.
    """
    context = context_of(request)
    language = language_of(request)
    html = templates.get_template(name).render(
        language=language,
        languages={code: NAMES[code] for code in LANGUAGES},
        person=person or person_of(request),
        demo=context.demo,
        now=context.tools.clock.now(),
        path=request.url.path,
        **values,
    )
    answer = HTMLResponse(html, status_code=status)
    if "lang" in request.query_params:
        answer.set_cookie("language", language, max_age=31_536_000, samesite="lax", httponly=True)
    return answer


def error_page(request: Request, status: int, error: dict[str, Any]) -> HTMLResponse:
    """The page an error is shown on."""
    title = TITLES.get(status, OTHER_TITLE)
    return page(request, "error.html", status=status, title=title, error=error)
