"""Templates, and what every page knows."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal
from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as Values

from base.i18n import LANGUAGES, N_, colon, in_words, locale_of, said, translate
from documents.words import area_name, size_in_words
from notifications.languages import NAMES
from web.context import context_of
from web.language import language_of
from web.pages.navigation import navigation, unread_of
from web.signing_in import person_of

_FOLDER = Path(__file__).resolve().parent.parent / "templates"

#: What the error page is headed with, by status.
TITLES = {
    401: N_("Please sign in"),
    403: N_("This is not for you to do"),
    404: N_("There is nothing here"),
    409: N_("This is not possible now"),
    413: N_("This is too large"),
    429: N_("Please wait a moment"),
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
    return in_words(value, values["language"])


@pass_context
def _area(values: Values, area: str) -> str:
    return area_name(area, values["language"])


@pass_context
def _number(values: Values, value: float, places: int = 0) -> str:
    """A number as the reader writes it: 2,979 or 2.979; with so many decimals."""
    shape = "#,##0" + ("." + "0" * places if places else "")
    locale = locale_of(values["language"])
    return str(format_decimal(value, format=shape, locale=locale, decimal_quantization=True))


@pass_context
def _moment(values: Values, value: datetime, zone: str = "Europe/Brussels") -> str:
    return moment_in_words(value, zone, values["language"])


def moment_in_words(value: datetime, zone: str, language: str) -> str:
    """An instant as it is in ``zone``: 31 januari 2023, 15:30."""
    local = value.astimezone(ZoneInfo(zone))
    return f"{in_words(local.date(), language)}, {local:%H:%M}"


def _clock(value: datetime, zone: str) -> str:
    """A time of today, to the second."""
    return f"{value.astimezone(ZoneInfo(zone)):%H:%M:%S}"


@pass_context
def _deadline(values: Values, value: datetime, zone: str) -> str:
    """When something ends: a day is over at its own 24:00, not at the next day's 00:00."""
    local = value.astimezone(ZoneInfo(zone))
    if (local.hour, local.minute) != (0, 0):
        return _moment(values, value, zone)
    return f"{in_words(local.date() - timedelta(days=1), values['language'])}, 24:00"


@pass_context
def _local_day(values: Values, value: datetime, zone: str) -> str:
    return in_words(value.astimezone(ZoneInfo(zone)).date(), values["language"])


@pass_context
def _size(values: Values, size: int) -> str:
    return size_in_words(size, values["language"])


templates = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
templates.globals["_"] = _translated
templates.filters.update(
    say=_said,
    day=_day,
    moment=_moment,
    area=_area,
    deadline=_deadline,
    clock=_clock,
    size=_size,
    local_day=_local_day,
    number=_number,
)


def page(
    request: Request, name: str, /, *, status: int = 200, ask: bool = True, **values: Any
) -> HTMLResponse:
    """A page.

    Arguments:
        name: its template.
        ask: whether to look up who is signed in; not where the database may be the trouble.
        values: what the template shows.
    """
    context = context_of(request)
    person = person_of(request) if ask else None  # before the language, which may be hers
    language = language_of(request)
    html = templates.get_template(name).render(
        language=language,
        colon=colon(language),
        languages={code: NAMES[code].capitalize() for code in LANGUAGES},
        person=person,
        navigation=navigation(request, context, person, language),
        unread=unread_of(context, person),
        here=request.url.path,
        demo=context.demo,
        now=context.tools.clock.now(),
        languages_at={
            code: f"?{urlencode({**request.query_params, 'lang': code})}" for code in LANGUAGES
        },
        **values,
    )
    answer = HTMLResponse(html, status_code=status)
    if "lang" in request.query_params:
        answer.set_cookie("language", language, max_age=31_536_000, samesite="lax", httponly=True)
    return answer


def error_page(request: Request, status: int, error: dict[str, Any]) -> HTMLResponse:
    """The page an error is shown on."""
    told = {"problems": [], "who_may": [], **error}
    signing_in = request.url.path.startswith("/sign-in")
    return page(
        request, "error.html", status=status, ask=status < 500 and status != 429,
        title=OTHER_TITLE if signing_in and status == 403 else TITLES.get(status, OTHER_TITLE),
        error=told, signing_in=signing_in,
        # What is not hers to see is answered 404: of what is refused otherwise she may know.
        case_id=request.path_params.get("case_id") if status in {403, 409} else None,
    )  # fmt: skip
