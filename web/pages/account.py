"""My account: where one is signed in, and with which passkeys one can sign in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response

from base.errors import BadInput, NotAllowed, NotFound
from base.i18n import N_, say
from models.database import reading, writing
from web import passkeys, sessions, starts
from web.account_mails import PASSKEY_MADE, tell_of_passkey
from web.api.sent import check_address
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader

router = APIRouter(prefix="/account", dependencies=[Depends(check_address)])

KIND = "new_passkey"

#: How somebody signed in, in words.
WAYS = {
    sessions.DEMO: N_("chosen in the demo"),
    sessions.MAIL: N_("by a link in a mail"),
    sessions.PASSKEY: N_("with a passkey"),
}

STALE = N_("This took too long. Please try again.")


@router.get("")
def account(request: Request, context: Here, reader: Reader, language: Language) -> Response:
    """The reader's sessions and passkeys."""
    with reading(context.database) as connection:
        found = sessions.sessions_of(connection, context, reader.id)
        keys = passkeys.passkeys_of(connection, reader.id)
    titles = {one.provider.name: say(one.provider.title, language) for one in context.remotes}
    return page(
        request, "account.html", sessions=found, mine=reader.session_id, ways=WAYS,
        titles=titles, passkeys=keys, can_make=passkeys.site(context) is not None,
        needed=context.settings.staff_passkey,
    )  # fmt: skip


@router.post("/sessions/{session_id}/end")
def end_session(context: Here, reader: Reader, session_id: str) -> Response:
    """End one of the reader's sessions."""
    with writing(context.database) as connection:
        if not sessions.end(connection, reader.id, session_id):
            raise NotFound(N_("This session has ended already."))
    return RedirectResponse("/account", status_code=303)


@router.post("/sessions/end-others")
def end_other_sessions(context: Here, reader: Reader) -> Response:
    """End all of the reader's sessions but the one she asks from."""
    with writing(context.database) as connection:
        sessions.end_others(connection, reader.id, reader.session_id)
    return RedirectResponse("/account", status_code=303)


@router.post("/passkeys/begin")
def begin_passkey(context: Here, reader: Reader) -> Response:
    """What the browser needs to make a passkey."""
    with writing(context.database) as connection:
        options, challenge = passkeys.to_make(connection, context, reader)
        answer = Response(options, media_type="application/json")
        kept = {"challenge": challenge, "person_id": reader.id}
        starts.begin(connection, context, answer, KIND, kept)
    return answer


@router.post("/passkeys")
def keep_passkey(
    request: Request,
    context: Here,
    reader: Reader,
    language: Language,
    credential: Annotated[str, Form(max_length=10_000)],
    name: Annotated[str, Form(max_length=60)] = "",
) -> Response:
    """Keep a passkey that the device has made."""
    called = " ".join(name.split())
    if not called or not called.isprintable():
        raise BadInput(N_("Give the passkey a name by which you know the device."))
    given = passkeys.read_credential(credential.encode())
    with writing(context.database) as connection:
        kept = starts.take(connection, context, request, KIND)
    if kept is None or kept["person_id"] != reader.id:
        raise NotAllowed(STALE)
    with writing(context.database) as connection:
        passkeys.keep(connection, context, reader, kept["challenge"], called, given)
        tell_of_passkey(connection, context, request, PASSKEY_MADE, reader, language)
    return RedirectResponse("/account", status_code=303)


@router.post("/passkeys/{passkey_id}/remove")
def remove_passkey(context: Here, reader: Reader, passkey_id: str) -> Response:
    """Remove one of the reader's passkeys: it signs nobody in any more."""
    with writing(context.database) as connection:
        if not passkeys.remove(connection, reader.id, passkey_id):
            raise NotFound(N_("There is no such passkey."))
    return RedirectResponse("/account", status_code=303)
