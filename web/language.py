"""The language a request is answered in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from base.i18n import best_language

COOKIE = "language"


def language_of(request: Request) -> str:
    """``?lang=``, else the reader's choice (a cookie), else the browser's wish, else English."""
    asked = request.query_params.get("lang") or request.cookies.get(COOKIE)
    return best_language(asked or request.headers.get("accept-language"))


#: For a route's parameters: ``language: Language``.
Language = Annotated[str, Depends(language_of)]
