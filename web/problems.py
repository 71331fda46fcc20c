"""Errors as answers: one form for programs, one page for people, never a stack trace."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from base.errors import BadInput, Conflict, KeurmerkError, NotAllowed, NotMet, Refused
from base.i18n import N_, translate
from base.ids import new_id
from web.language import language_of
from web.metrics import count_refusal
from web.signing_in import NotSignedIn, to_sign_in
from web.unfit import unfit

log = structlog.get_logger("keurmerk.web")

FAULT = N_("Something went wrong that is our fault. Please tell us this reference: {reference}.")
UNREADABLE = N_("The request cannot be used. Please look at these parts of it.")
NO_PAGE = N_("There is nothing at this address.")
NOT_SO = N_("This address does not take such a request.")
TOO_LARGE = N_("This is too large: 12 MB is the most that can be sent at once.")
#: What is said of a request that no route has looked at, and the word for programs.
UNHEARD = {
    400: (UNREADABLE, "bad_input"),
    404: (NO_PAGE, "not_found"),
    413: (TOO_LARGE, "too_large"),
}


def as_dict(error: KeurmerkError, language: str) -> dict[str, Any]:
    """An error as programs read it, its sentences in ``language``."""
    found: dict[str, Any] = {"code": error.code, "message": error.say(language)}
    if isinstance(error, BadInput | Conflict | NotMet) and error.problems:
        found["problems"] = [
            {"where": one.where, "step": one.step, "message": one.say(language)}
            for one in error.problems
        ]
    if isinstance(error, NotMet):
        found["findings"] = [
            finding for unmet in error.findings for finding in unmet.findings(language)
        ]
        found["deadline"] = error.deadline
    if isinstance(error, NotAllowed) and error.who_may:
        found["who_may"] = list(error.who_may)
    return found


def handle_errors(app: FastAPI) -> None:
    """Let every error of ``app`` be answered in one form."""

    @app.exception_handler(KeurmerkError)
    async def ours(request: Request, error: KeurmerkError) -> Response:
        if error.status == 500:
            return _fault(request, error)
        if isinstance(error, NotSignedIn) and (address := to_sign_in(request)):
            return RedirectResponse(address, status_code=303)
        language = language_of(request)
        if isinstance(error, Refused):
            count_refusal(error.code)
        return answer(request, error.status, as_dict(error, language))

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> Response:
        language = language_of(request)
        problems = [
            {"where": problem.where, "step": None, "message": problem.say(language)}
            for problem in unfit(error.errors())
        ]
        message = translate(UNREADABLE, language)
        return answer(request, 422, {"code": "bad_input", "message": message, "problems": problems})

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        sentence, code = UNHEARD.get(error.status_code, (NOT_SO, "not_so"))
        message = translate(sentence, language_of(request))
        # A body that is no text at all cannot be used either: programs look for one status.
        status = 422 if error.status_code == 400 else error.status_code
        found = answer(request, status, {"code": code, "message": message})
        found.headers.update(error.headers or {})  # which methods are allowed, say
        return found

    @app.exception_handler(Exception)
    async def unexpected(request: Request, error: Exception) -> Response:
        return _fault(request, error)


def _fault(request: Request, error: Exception) -> Response:
    reference = new_id()
    log.error(
        "request failed", reference=reference, path=request.url.path, method=request.method,
        exc_info=error,
    )  # fmt: skip
    message = translate(FAULT, language_of(request), reference=reference)
    return answer(request, 500, {"code": "fault", "message": message, "reference": reference})


def answer(request: Request, status: int, error: dict[str, Any]) -> Response:
    """The answer to a failed request: JSON under ``/api``, else a page."""
    page = getattr(request.app.state, "error_page", None)
    if page is not None and not request.url.path.startswith("/api/"):
        found: Response = page(request, status, error)
        return found
    return JSONResponse({"error": error}, status_code=status)
