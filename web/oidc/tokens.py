"""What a provider has signed: the ID token of a sign-in, the logout token of a logout.

Signature, issuer, audience, times and nonce are looked at here, and nothing that fails is used.
"""

from __future__ import annotations

import hmac
from typing import Any

import structlog
from joserfc import jwt
from joserfc.errors import JoseError

from base.clock import Clock
from base.errors import NotAllowed
from base.i18n import N_
from web.oidc.providers import ALGORITHMS
from web.oidc.remote import Remote

log = structlog.get_logger("keurmerk.sign_in")

#: How much two clocks may differ, in seconds.
LEEWAY = 60
#: An ID token or logout token is made for the moment; an older one is not taken, in seconds.
OLDEST = 600

LOGOUT = "http://schemas.openid.net/event/backchannel-logout"

REFUSED = N_("The provider’s answer cannot be used. Please start signing in again.")


class BadToken(NotAllowed):
    """A token is not what it should be; the log says why."""

    code = "bad_token"
    status = 400


def id_claims(remote: Remote, clock: Clock, token: str, nonce: str) -> dict[str, Any]:
    """The claims of an ID token that answers our request.

    Raises:
        BadToken: it is not signed by the provider, for us, now, and for this request.
        ProviderAway: its keys cannot be had.
    """
    claims = _claims(remote, clock, token, needs_exp=True)
    if not hmac.compare_digest(str(claims.get("nonce", "")), nonce):
        raise _bad(remote, "another nonce")
    if not claims.get("sub"):
        raise _bad(remote, "no subject")
    return claims


def logout_claims(remote: Remote, clock: Clock, token: str) -> tuple[str, str]:
    """Whose session, and which, a logout token ends: subject and session at the provider.

    Source: OpenID Connect Back-Channel Logout 1.0, section 2.6.

    Raises:
        BadToken: it is no logout token of the provider for us.
        ProviderAway: its keys cannot be had.
    """
    claims = _claims(remote, clock, token, needs_exp=False)
    events = claims.get("events")
    if not (isinstance(events, dict) and isinstance(events.get(LOGOUT), dict)):
        raise _bad(remote, "not about a logout")
    if "nonce" in claims:
        raise _bad(remote, "an ID token")
    subject, session = str(claims.get("sub") or ""), str(claims.get("sid") or "")
    if not (subject or session):
        raise _bad(remote, "of nobody")
    return subject, session


def _claims(remote: Remote, clock: Clock, token: str, *, needs_exp: bool) -> dict[str, Any]:
    provider = remote.provider
    options: dict[str, Any] = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
        "iat": {"essential": True},
        "exp": {"essential": needs_exp},
    }
    now = int(clock.now().timestamp())
    try:
        claims = dict(_decoded(remote, token).claims)
        jwt.JWTClaimsRegistry(now=now, leeway=LEEWAY, **options).validate(claims)
    except (JoseError, ValueError, TypeError) as error:
        raise _bad(remote, f"{type(error).__name__}: {error}") from None
    if claims["iat"] < now - OLDEST:
        raise _bad(remote, "too old")
    audience = claims["aud"]
    several = isinstance(audience, list) and len(audience) > 1
    if (several or "azp" in claims) and claims.get("azp") != provider.client_id:
        raise _bad(remote, "made for somebody else")
    return claims


def _decoded(remote: Remote, token: str) -> jwt.Token:
    try:
        return jwt.decode(token, remote.keys(), algorithms=ALGORITHMS)
    except (JoseError, ValueError):
        # Perhaps signed with a key that is newer than what we know.
        return jwt.decode(token, remote.keys(again=True), algorithms=ALGORITHMS)


def _bad(remote: Remote, why: str) -> BadToken:
    log.warning("token refused", provider=remote.provider.name, why=why)
    return BadToken(REFUSED)
