"""Talking to a provider: what it says of itself, its keys, and a code for a token."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from base.clock import Clock
from base.errors import KeurmerkError
from base.i18n import N_
from web.oidc.providers import Provider

log = structlog.get_logger("keurmerk.sign_in")

#: How long a provider is waited for, in seconds.
PATIENCE = 10.0
#: How long what it says of itself holds, in seconds.
HOLDS = 3600
#: Its keys are asked for again, for one that is not known, no more often than that, in seconds.
ASKED_AGAIN = 10

AWAY = N_("The provider cannot be reached at the moment. Try again later, or sign in another way.")


class ProviderAway(KeurmerkError):
    """A provider does not answer, or answers nonsense."""

    code = "provider_away"
    status = 502


class Remote:
    """One provider, and what is known of it."""

    def __init__(self, provider: Provider, clock: Clock) -> None:
        """Nothing is asked yet."""
        self.provider = provider
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: dict[str, Any] | None = None
        self._metadata_at = 0.0
        self._keys: KeySet | None = None
        self._keys_at = 0.0

    def metadata(self) -> Mapping[str, Any]:
        """What the provider says of itself.

        Raises:
            ProviderAway: it does not answer, or is another one than is set.
        """
        with self._lock:
            if self._metadata is None or self._now() - self._metadata_at > HOLDS:
                issuer = self.provider.issuer
                found = self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
                needed = ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if found.get("issuer") != issuer or not all(
                    isinstance(found.get(one), str) for one in needed
                ):
                    raise self._away("its metadata are of another issuer, or not whole")
                self._metadata, self._metadata_at = found, self._now()
            return self._metadata

    def keys(self, *, again: bool = False) -> KeySet:
        """The provider's public keys.

        Arguments:
            again: ask anew, since a token is signed with another one; not too often.

        Raises:
            ProviderAway: it does not answer.
        """
        address = self.metadata()["jwks_uri"]
        with self._lock:
            age = self._now() - self._keys_at
            if self._keys is None or age > HOLDS or (again and age > ASKED_AGAIN):
                try:
                    self._keys = KeySet.import_key_set(self._get(address))  # type: ignore[arg-type]
                except (JoseError, KeyError, TypeError, ValueError) as error:
                    raise self._away(f"its keys cannot be read: {error}") from None
                self._keys_at = self._now()
            return self._keys

    def tokens(self, code: str, verifier: str, redirect_uri: str) -> dict[str, Any]:
        """The tokens for a code.

        Raises:
            ProviderAway: the provider does not answer, or not with tokens.
        """
        provider = self.provider
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        auth = None
        if provider.client_auth == "basic":
            auth = httpx.BasicAuth(_encoded(provider.client_id), _encoded(provider.secret()))
        else:
            form["client_id"] = provider.client_id
            if provider.client_auth == "post":
                form["client_secret"] = provider.secret()
        return self._asked(
            httpx.Request(
                "POST", self.metadata()["token_endpoint"], data=form,
                headers={"Accept": "application/json"},
            ),
            auth,
        )  # fmt: skip

    def userinfo(self, access_token: str) -> dict[str, Any]:
        """What the provider tells of the person beside the token; nothing if it has no such place.

        Raises:
            ProviderAway: it does not answer.
        """
        address = self.metadata().get("userinfo_endpoint")
        if not isinstance(address, str):
            return {}
        headers = {"Authorization": f"Bearer {access_token}", "Accept": "application/json"}
        return self._asked(httpx.Request("GET", address, headers=headers))

    def _get(self, address: str) -> dict[str, Any]:
        return self._asked(httpx.Request("GET", address, headers={"Accept": "application/json"}))

    def _asked(self, request: httpx.Request, auth: httpx.BasicAuth | None = None) -> dict[str, Any]:
        try:
            with httpx.Client(timeout=PATIENCE, follow_redirects=False) as client:
                answer = client.send(request, auth=auth)
            answer.raise_for_status()
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            # Nothing of the answer: it may tell of a person.
            raise self._away(
                f"{type(error).__name__} at {request.url.copy_with(query=None)}"
            ) from None
        if not isinstance(found, dict):
            raise self._away("it does not answer with an object")
        return found

    def _away(self, why: str) -> ProviderAway:
        log.warning("provider away", provider=self.provider.name, why=why)
        return ProviderAway(AWAY)

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _encoded(text: str) -> str:
    """As RFC 6749, section 2.3.1 wants it before it is put into the header."""
    return str(httpx.QueryParams({"": text}))[1:]
