"""HEAD: what GET would be answered with, without its body."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class HeadAsGet:
    """Answers HEAD wherever GET is answered.

    It stands outside of everything else, so that limits, rights and the record of who read what
    hold for the one as for the other.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Answer HEAD for ``app``."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        is_head = scope["type"] == "http" and scope["method"] == "HEAD"

        async def without_body(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 405:
                _allow_head(message)
            elif message["type"] == "http.response.body" and is_head:
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"} if is_head else scope, receive, without_body)


def _allow_head(message: Message) -> None:
    """Name HEAD beside GET where an answer says what its address takes."""
    headers = MutableHeaders(raw=message["headers"])
    allowed = {one.strip() for one in headers.get("allow", "").split(",")}
    if "GET" in allowed:
        headers["allow"] = ", ".join(sorted(allowed | {"HEAD"}))
    message["headers"] = headers.raw
