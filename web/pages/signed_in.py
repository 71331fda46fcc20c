"""For pages that only somebody signed in can see: others are led to the sign-in, and back."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from web.context import context_of
from web.problems import answer
from web.signing_in import NotSignedIn, Someone, signed_in


class NotYet(NotSignedIn):
    """Nobody is signed in: a page asks to sign in first."""


def visitor(request: Request) -> Someone:
    """Who is looking at a page.

    Raises:
        NotYet: nobody is signed in.
    """
    try:
        return signed_in(request)
    except NotSignedIn as error:
        raise NotYet(error.message) from None


def lead_to_sign_in(app: FastAPI) -> None:
    """Let :class:`NotYet` lead to the sign-in where there is one."""

    @app.exception_handler(NotYet)
    async def to_sign_in(request: Request, error: NotYet) -> Response:
        if context_of(request).demo and request.method == "GET":
            return RedirectResponse(f"/sign-in?then={request.url.path}", status_code=303)
        message = {"code": error.code, "message": error.say()}
        return answer(request, error.status, message)


#: For a page's parameters: somebody for sure.
Visitor = Annotated[Someone, Depends(visitor)]
