"""Signing in with a passkey: two requests of ``static/passkeys.js``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from base.errors import NotAllowed
from base.i18n import N_
from models.database import writing
from models.registry import Person
from web import passkeys, starts
from web.account_mails import PASSKEY_USED, tell_of_passkey
from web.context import Here
from web.language import Language
from web.pages.sign_in import signed_in_as
from web.sessions import PASSKEY, Login
from web.signing_in import find

router = APIRouter(prefix="/sign-in/passkey")

_person = Person.__table__  # type: ignore[attr-defined]

KIND = "passkey"
STALE = N_("This took too long. Please try again.")


@router.post("/begin")
def begin(context: Here) -> Response:
    """What the browser asks the device."""
    options, challenge = passkeys.to_use(context)
    answer = Response(options, media_type="application/json")
    with writing(context.database) as connection:
        starts.begin(connection, context, answer, KIND, {"challenge": challenge})
    return answer


@router.post("")
def use(
    request: Request,
    context: Here,
    language: Language,
    credential: Annotated[str, Form(max_length=10_000)],
    then: Annotated[str, Form(max_length=500)] = "/",
) -> Response:
    """Sign in with what the device answered.

    Raises:
        NotAllowed: the passkey is not known, or does not answer what was asked.
    """
    given = passkeys.read_credential(credential.encode())
    with writing(context.database) as connection:
        kept = starts.take(connection, context, request, KIND)
    if kept is None:
        raise NotAllowed(STALE)
    with writing(context.database) as connection:
        person_id, is_new = passkeys.used(connection, context, kept["challenge"], given)
        owner = find(connection, _person.c.id == person_id) if is_new else None
        if owner:
            tell_of_passkey(connection, context, request, PASSKEY_USED, owner, language)
    return signed_in_as(request, context, person_id, Login(how=PASSKEY), then)
