"""The providers one can sign in with: a file of the installation, see ``docs/sign-in.md``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from base.errors import BadSetting
from base.i18n import N_
from base.located import read_yaml, validated

Title = dict[str, Annotated[str, Field(min_length=1, max_length=60)]]
#: Signatures that need no shared secret; “none” and HMAC are never taken.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512")


class Provider(BaseModel):
    """One provider."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Stands in addresses: eu_login. It stays, once people have signed in with it.
    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    #: What the button says, per language.
    title: Title
    #: Its issuer; ``/.well-known/openid-configuration`` behind it tells the rest.
    issuer: str = Field(max_length=255)
    client_id: str = Field(min_length=1, max_length=255)
    client_secret: SecretStr | None = None
    #: A file with the secret alone, instead.
    client_secret_file: Path | None = None
    #: How the secret is shown to the token endpoint.
    client_auth: Literal["basic", "post", "none"] = "basic"
    scopes: list[str] = Field(default=["openid", "profile", "email"], min_length=1)
    #: Further parameters of the request: acr_values, prompt, ui_locales.
    parameters: dict[str, str] = Field(default={})
    #: The claims with the name, the mail address, and whether the address is verified.
    name_claim: str = "name"
    email_claim: str = "email"
    verified_claim: str = "email_verified"
    #: ``always`` where the provider gives out no address that it has not verified.
    address_verified: Literal["by_claim", "always"] = "by_claim"
    #: Whether somebody who is not known yet can make an account.
    newcomers: bool = False

    @field_validator("issuer")
    @classmethod
    def _safe(cls, issuer: str) -> str:
        loopback = ("http://127.0.0.1:", "http://localhost:")
        if not issuer.startswith(("https://", *loopback)):
            message = "an issuer begins with https://"
            raise ValueError(message)
        return issuer

    @model_validator(mode="after")
    def _one_secret(self) -> Provider:
        given = (self.client_secret is not None) + (self.client_secret_file is not None)
        if given != (self.client_auth != "none"):
            message = (
                'give "client_secret" or "client_secret_file", or say "client_auth: none" where '
                "the provider knows this installation without a secret"
            )
            raise ValueError(message)
        if "openid" not in self.scopes:
            message = 'the scopes need "openid"'
            raise ValueError(message)
        return self

    def secret(self) -> str:
        """The client's secret, as it stands now: a file may be renewed while the service runs."""
        if self.client_secret_file is not None:
            return self.client_secret_file.read_text(encoding="utf-8").strip()
        return self.client_secret.get_secret_value() if self.client_secret else ""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    providers: list[Provider]

    @field_validator("providers")
    @classmethod
    def _once(cls, providers: list[Provider]) -> list[Provider]:
        names = [one.name for one in providers]
        if len(set(names)) < len(names):
            message = "each provider has a name of its own"
            raise ValueError(message)
        return providers


def read_providers(path: Path | None) -> tuple[Provider, ...]:
    """The providers of a file; none without one.

    Raises:
        BadSetting: the file, or a file with a secret, cannot be read.
        BadDefinition: it has errors; each with its line and column.
    """
    if path is None:
        return ()
    found = validated(_File, read_yaml(_text(path), str(path)))
    for one in found.providers:
        if one.client_secret_file is not None:
            _text(one.client_secret_file)
    return tuple(found.providers)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            N_("KEURMERK_PROVIDERS leads to {file}, which cannot be read: {why}."),
            file=path, why=error,
        ) from None  # fmt: skip
