"""What programs look for at fixed addresses: whom to tell of a weakness, the picture of a tab."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, PlainTextResponse

from base.errors import NotFound
from base.i18n import LANGUAGES, N_
from web.context import Here

router = APIRouter()

_SEAL = Path(__file__).resolve().parent.parent / "static" / "seal.svg"
#: Whoever reads it again gets a new date: it is never out of date while it is there.
HOLDS = timedelta(days=30)


@router.get("/.well-known/security.txt")
def security(context: Here) -> PlainTextResponse:
    """Whom to tell of a weakness (RFC 9116).

    Raises:
        NotFound: the installation names nobody.
    """
    contact = context.settings.security_contact
    if not contact:
        raise NotFound(N_("There is nothing at this address."))
    until = (context.wall.now() + HOLDS).strftime("%Y-%m-%dT00:00:00Z")
    return PlainTextResponse(
        f"Contact: {contact}\n"
        f"Expires: {until}\n"
        f"Preferred-Languages: {', '.join(LANGUAGES)}\n"
        f"Canonical: {context.tools.public_url}/.well-known/security.txt\n"
    )


@router.get("/favicon.ico")
def favicon() -> FileResponse:
    """The seal, for whoever asks for it without having read a page."""
    return FileResponse(
        _SEAL, media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"}
    )
