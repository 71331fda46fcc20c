"""What protects every request.

That is: headers, limits on bodies and on how often one may ask, no requests from other sites, and
a record of what the staff read.
"""

from __future__ import annotations

import ipaddress

from asgi_cross_origin_protection import CrossOriginProtection
from fastapi import FastAPI, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from base.i18n import N_, translate
from web.access_log import is_reading, note_reading
from web.context import Context
from web.head import HeadAsGet
from web.language import language_of
from web.limits import LARGE
from web.problems import TOO_LARGE, answer
from web.sessions import is_secure

#: Larger bodies are refused before they are read: the largest file and some form around it.
LARGEST_BODY = 12 * 2**20

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

#: Where people come by https, browsers come by nothing else for two years.
HEADERS_OF_TLS = {"Strict-Transport-Security": "max-age=63072000"}

TOO_OFTEN = N_(
    "That was too often in a short time. Nothing was done; please try again in {seconds} seconds."
)

ONLY_HERE = N_("The demo is for this machine only: open it at http://127.0.0.1.")

OTHER_SITE = N_("This request comes from another site. Open the page here and try again.")


def secure(app: FastAPI, context: Context) -> None:
    """Protect ``app``; the demo also answers to nobody but this machine."""

    async def from_elsewhere(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        message = translate(OTHER_SITE, language_of(request))
        found = answer(request, 403, {"code": "other_site", "message": message})
        await found(scope, receive, send)

    # Added first, so that they stand inside: their refusals get our form, and the headers. Bodies
    # are counted as they come in, since a request need not say how long it is.
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=LARGEST_BODY)
    app.add_middleware(CrossOriginProtection, deny_app=from_elsewhere)

    app.add_middleware(Protection, context=context)
    app.add_middleware(HeadAsGet)


class Protection:
    """Refuses what may not come in, and gives every answer its headers.

    It wraps what is sent, rather than wait for a whole answer: every request goes through here, and
    this is several times as quick.
    """

    def __init__(self, app: ASGIApp, context: Context) -> None:
        """Protect ``app``."""
        self._app, self._context = app, context
        self._headers = HEADERS | (HEADERS_OF_TLS if is_secure(context) else {})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        refusal = _refusal(request, self._context)

        async def begin(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(raw=message["headers"])
                kind = headers.get("content-type", "")
                if refusal is None and is_reading(request, message["status"], kind):
                    await run_in_threadpool(note_reading, request, kind, self._context)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if not scope["path"].startswith("/static/"):
                    # What one person sees is not for whoever uses the same browser or proxy after.
                    headers.setdefault("Cache-Control", "no-store")
                message["headers"] = headers.raw
            await send(message)

        await (refusal or self._app)(scope, receive, begin)


def _refusal(request: Request, context: Context) -> Response | None:
    # Most requests are not refused: the language is looked for where one is.
    if context.demo and not (_here(request.url.hostname) and _here(_client(request))):
        message = translate(ONLY_HERE, language_of(request))
        return answer(request, 403, {"code": "demo_only_here", "message": message})
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > LARGEST_BODY:
        message = translate(TOO_LARGE, language_of(request))
        return answer(request, 413, {"code": "too_large", "message": message})
    if context.settings.rate_limits and not context.demo:  # the demo is one machine
        # Who does not say how much is to come is counted as if it were a file.
        size = LARGE if "transfer-encoding" in request.headers else int(length)
        path = request.scope["path"]
        wait = context.limits.wait(request.method, path, _client(request), size)
        if wait:
            message = translate(TOO_OFTEN, language_of(request), seconds=wait)
            found = answer(request, 429, {"code": "too_often", "message": message})
            found.headers["Retry-After"] = str(wait)
            return found
    return None


def _client(request: Request) -> str | None:
    return request.client.host if request.client else None


def _here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False
