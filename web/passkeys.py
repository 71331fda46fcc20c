"""Passkeys: keys of a person's devices (WebAuthn), which no page but ours can ask for.

The device must know its holder, by a finger or a PIN, each time. Which key it is, the device tells:
one signs in without saying who one is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson
import structlog
import webauthn
from sqlalchemy import Connection, delete, select, update
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from base.errors import BadInput, NotAllowed
from base.i18n import N_
from base.ids import new_id
from models.access import Passkey
from models.reads import rows_of
from web.context import Context
from web.signing_in import Someone

log = structlog.get_logger("keurmerk.sign_in")

_CREDENTIAL = re.compile(r"[\w-]{1,1400}", re.ASCII)
#: A person may have so many.
MOST = 20

_passkey = Passkey.__table__  # type: ignore[attr-defined]

NOT_MADE = N_("The passkey was not made. Please try again.")
NOT_KNOWN = N_("This passkey is not known here. Sign in another way.")


def site(context: Context) -> str | None:
    """The host passkeys are made for; None where there can be none: a bare number has no name."""
    host = urlsplit(context.settings.public_url).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host or None
    return None


def passkeys_of(connection: Connection, person_id: str) -> list[dict[str, Any]]:
    """A person's passkeys, the oldest first."""
    query = select(_passkey).where(_passkey.c.person_id == person_id).order_by(_passkey.c.id)
    return rows_of(connection.execute(query))


def to_make(connection: Connection, context: Context, person: Someone) -> tuple[str, str]:
    """What the browser needs to make a passkey, as JSON, and the challenge to remember."""
    known = passkeys_of(connection, person.id)
    if len(known) >= MOST:
        raise BadInput(N_("You have {number} passkeys already. Remove one first."), number=MOST)
    made = webauthn.generate_registration_options(
        rp_id=_site(context), rp_name="Keurmerk", user_id=person.id.encode(),
        user_name=person.email, user_display_name=person.name,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[
            PublicKeyCredentialDescriptor(id=base64url_to_bytes(one["credential_id"]))
            for one in known
        ],
    )  # fmt: skip
    return webauthn.options_to_json(made), bytes_to_base64url(made.challenge)


def keep(
    connection: Connection, context: Context, person: Someone, challenge: str, name: str,
    credential: Mapping[str, Any],
) -> str:  # fmt: skip
    """Keep a passkey that the browser has made; gives its id.

    Raises:
        BadInput: it does not answer our challenge, or the device does not know its holder.
    """
    try:
        made = webauthn.verify_registration_response(
            credential=dict(credential), expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_site(context), expected_origin=_origin(context),
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        log.warning("passkey refused", why=f"{type(error).__name__}: {error}")
        raise BadInput(NOT_MADE) from None
    passkey_id, credential_id = new_id(), bytes_to_base64url(made.credential_id)
    there = select(_passkey.c.id).where(_passkey.c.credential_id == credential_id)
    if connection.execute(there).first():
        raise BadInput(NOT_MADE)
    connection.execute(
        _passkey.insert().values(
            id=passkey_id, person_id=person.id, name=name, credential_id=credential_id,
            public_key=made.credential_public_key, sign_count=made.sign_count,
            made_at=context.wall.now(), used_at=None,
        )
    )  # fmt: skip
    return passkey_id


def to_use(context: Context) -> tuple[str, str]:
    """What the browser needs to ask for a passkey, as JSON, and the challenge to remember."""
    made = webauthn.generate_authentication_options(
        rp_id=_site(context), user_verification=UserVerificationRequirement.REQUIRED
    )
    return webauthn.options_to_json(made), bytes_to_base64url(made.challenge)


def used(
    connection: Connection, context: Context, challenge: str, credential: Mapping[str, Any]
) -> tuple[str, bool]:
    """The person whose passkey answers our challenge, and whether it is its first use.

    Raises:
        NotAllowed: it is not known, or does not answer.
    """
    named = str(credential.get("id", ""))
    if not _CREDENTIAL.fullmatch(named):
        raise NotAllowed(NOT_KNOWN)
    row = connection.execute(select(_passkey).where(_passkey.c.credential_id == named)).first()
    if row is None:
        raise NotAllowed(NOT_KNOWN)
    try:
        done = webauthn.verify_authentication_response(
            credential=dict(credential), expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_site(context), expected_origin=_origin(context),
            credential_public_key=row.public_key, credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        log.warning("passkey refused", why=f"{type(error).__name__}: {error}")
        raise NotAllowed(NOT_KNOWN) from None
    connection.execute(
        update(_passkey)
        .where(_passkey.c.id == row.id)
        .values(sign_count=done.new_sign_count, used_at=context.wall.now())
    )
    return str(row.person_id), row.used_at is None


def remove(connection: Connection, person_id: str, passkey_id: str) -> int:
    """Remove one of a person's passkeys; gives whether there was one."""
    mine = (_passkey.c.id == passkey_id) & (_passkey.c.person_id == person_id)
    return int(connection.execute(delete(_passkey).where(mine)).rowcount)


def read_credential(text: bytes) -> dict[str, Any]:
    """A credential as the browser sends it.

    Raises:
        BadInput: it is no JSON object.
    """
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise BadInput(NOT_MADE)
    return found


def _site(context: Context) -> str:
    found = site(context)
    if found is None:
        raise BadInput(
            N_("Passkeys need an address with a name, such as localhost; this one is a number.")
        )
    return found


def _origin(context: Context) -> str:
    parts = urlsplit(context.settings.public_url)
    return f"{parts.scheme}://{parts.netloc}"
