"""Signing in at a provider (OpenID Connect: authorization code, PKCE), and its logout."""

from __future__ import annotations

import hmac
import secrets
from typing import Annotated, Any
from urllib.parse import urlencode

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from base.errors import KeurmerkError, NotAllowed, NotFound
from base.i18n import N_
from models.database import reading, writing
from web import sessions, starts
from web.context import Context, Here
from web.identities import Claimed, claimed, newcomer, person_for
from web.language import Language
from web.oidc.remote import Remote
from web.oidc.tokens import id_claims, logout_claims
from web.pages.rendering import page
from web.pages.sign_in import signed_in_as
from web.sessions import OIDC, Login
from web.signing_in import inside

router = APIRouter(prefix="/sign-in")

#: Kinds of beginnings; see :mod:`web.starts`.
WAY, NEW = "provider", "newcomer"

STALE = N_("This sign-in was not begun here, or too long ago. Please start again.")
DENIED = N_("The provider did not sign you in. Please start again, or sign in another way.")
NOBODY = N_(
    "You are signed in at {provider}, but nobody here has the mail address it gave ({email}). Ask "
    "your school or your National Support Organisation which address is kept of you."
)
UNVERIFIED = N_(
    "{provider} has not verified your mail address, so it cannot tell who you are here. Have it "
    "verified there, or sign in another way."
)


class NotKnown(NotAllowed):
    """Somebody is signed in at a provider, and nobody here."""

    code = "not_known"


@router.get("/with/{provider}")
def begin(context: Here, provider: str, then: str = "/") -> Response:
    """Send the browser to the provider."""
    remote = _remote(context, provider)
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    values = {
        **remote.provider.parameters,
        "response_type": "code", "client_id": remote.provider.client_id,
        "redirect_uri": _back(context, provider), "scope": " ".join(remote.provider.scopes),
        "state": state, "nonce": nonce, "code_challenge_method": "S256",
        "code_challenge": create_s256_code_challenge(verifier),
    }  # fmt: skip
    address = str(remote.metadata()["authorization_endpoint"])
    answer = RedirectResponse(
        f"{address}{'&' if '?' in address else '?'}{urlencode(values)}", status_code=303
    )
    kept = {
        "provider": provider, "state": state, "nonce": nonce, "verifier": verifier,
        "then": inside(then),
    }  # fmt: skip
    with writing(context.database) as connection:
        starts.begin(connection, context, answer, WAY, kept)
    return answer


@router.get("/with/{provider}/done")
def done(
    request: Request, context: Here, provider: str, state: str = "", code: str = "",
    error: str = "", iss: str = "",
) -> Response:  # fmt: skip
    """The browser comes back from the provider.

    Raises:
        NotAllowed: it was not sent there by us, or the provider did not sign anybody in.
        BadToken: what the provider says is not for us, or not for this request.
        NotKnown: nobody here is meant.
    """
    remote = _remote(context, provider)
    with writing(context.database) as connection:
        kept = starts.take(connection, context, request, WAY)
    if kept is None or kept["provider"] != provider:
        raise NotAllowed(STALE)
    if error:  # some providers say so without the state
        raise NotAllowed(DENIED)
    if not hmac.compare_digest(state.encode(), kept["state"].encode()):
        raise NotAllowed(STALE)
    if not code or iss not in {"", remote.provider.issuer}:
        raise NotAllowed(DENIED)
    tokens = remote.tokens(code, kept["verifier"], _back(context, provider))
    id_token = str(tokens.get("id_token") or "")
    claims = id_claims(remote, context.wall, id_token, kept["nonce"])
    who = claimed(remote.provider, _with_userinfo(remote, claims, tokens))
    login = Login(
        how=OIDC, provider=provider, subject=who.subject, id_token=id_token,
        provider_session=str(claims.get("sid") or ""),
    )  # fmt: skip
    with writing(context.database) as connection:
        person_id = person_for(connection, context, who)
    if person_id is not None:
        return signed_in_as(request, context, person_id, login, kept["then"])
    return _unknown(context, remote, who, login)


def _with_userinfo(
    remote: Remote, claims: dict[str, Any], tokens: dict[str, Any]
) -> dict[str, Any]:
    """The claims, and what the provider tells beside the token where the address is not in it."""
    if claims.get(remote.provider.email_claim) or not tokens.get("access_token"):
        return claims
    more = remote.userinfo(str(tokens["access_token"]))
    # OpenID Connect Core 1.0, section 5.3.2: of another subject it must not be used.
    return {**more, **claims} if more.get("sub") == claims["sub"] else claims


def _unknown(context: Context, remote: Remote, who: Claimed, login: Login) -> Response:
    title = remote.provider.title
    if not (who.verified and who.email):
        raise NotKnown(UNVERIFIED, provider=title)
    if not remote.provider.newcomers:
        raise NotKnown(NOBODY, provider=title, email=who.email)
    answer = RedirectResponse("/sign-in/new", status_code=303)
    kept = {"who": vars(who), "login": vars(login)}
    with writing(context.database) as connection:
        starts.begin(connection, context, answer, NEW, kept)
    return answer


@router.get("/new")
def ask_newcomer(request: Request, context: Here) -> Response:
    """Whoever the provider knows and nobody here does may make an account."""
    with reading(context.database) as connection:
        kept = starts.look(connection, context, request, NEW)
    if kept is None:
        return RedirectResponse("/sign-in", status_code=303)
    return page(request, "sign_in_new.html", who=kept["who"])


@router.post("/new")
def make_newcomer(request: Request, context: Here, language: Language) -> Response:
    """Make the account: not validated, and with no right or school until a process gives it one."""
    with writing(context.database) as connection:
        kept = starts.take(connection, context, request, NEW)
        if kept is None:
            raise NotAllowed(STALE)
        who = Claimed(**kept["who"])
        # Two windows: the first has made it.
        person_id = person_for(connection, context, who) or newcomer(
            connection, context, who, language
        )
    return signed_in_as(request, context, person_id, Login(**kept["login"]), "/apply")


@router.post("/with/{provider}/logout")
def logged_out(
    context: Here, provider: str, logout_token: Annotated[str, Form(max_length=20_000)] = ""
) -> Response:
    """The provider tells that somebody signed out there (OIDC Back-Channel Logout 1.0)."""
    remote = _remote(context, provider)
    try:
        subject, session = logout_claims(remote, context.wall, logout_token)
    except KeurmerkError as error:
        return Response(error.code, status_code=400, media_type="text/plain")
    with writing(context.database) as connection:
        sessions.end_at_provider(connection, provider, subject=subject, provider_session=session)
    return Response(status_code=200)


def _remote(context: Context, name: str) -> Remote:
    found = next((one for one in context.remotes if one.provider.name == name), None)
    if found is None:
        raise NotFound(N_("There is no such way to sign in here."))
    return found


def _back(context: Context, provider: str) -> str:
    return f"{context.tools.public_url}/sign-in/with/{provider}/done"
