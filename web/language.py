"""The language a request is answered in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from base.i18n import best_language

COOKIE = "language"
#: Under this name a request carries the language of its person, once she is known.
PERSON = "person_language"


def language_of(request: Request) -> str:
    """The language asked for.

    That is ``?lang=``, else the reader's choice (a cookie), else what the browser asks for, else
    the language kept of the person who is signed in, else English.
    """
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    kept = getattr(request.state, PERSON, None)
    return best_language(asked or request.headers.get("accept-language") or kept)


async def _language(request: Request) -> str:
    # What is no coroutine would be called in a thread of its own, which takes far longer.
    return language_of(request)


#: For a route's parameters: ``language: Language``.
Language = Annotated[str, Depends(_language)]
