"""Badges as Open Badges 3.0: credentials of W3C's data model 2.0, signed as VC-JWT.

Whoever has a credential verifies it with what is published here and nothing else: the issuer's
``did:web`` document with its public key, and the list of revoked badges (Bitstring Status List
1.0), which is a signed credential itself. An Ed25519 signature is the same each time, so nothing
signed is kept: the row of the badge and the key are enough to make it again.
"""

from __future__ import annotations

import base64
import gzip
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import quote, urlsplit

import orjson

from base.clock import in_utc
from base.i18n import N_, Text, say, translate
from surveys.badge_keys import BadgeKey

CREDENTIALS = "https://www.w3.org/ns/credentials/v2"
OPEN_BADGES = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
#: Badges a list of revocations has room for: the fewest that keep each hidden among the others.
LIST_SIZE = 131_072

NAME = N_("SELFIE badge")
ABOUT = N_(
    "The school has reflected on its use of digital technologies with SELFIE, together with its "
    "school leaders, teachers and students."
)
CRITERIA = N_(
    "An exercise completed at one education level by school leaders, teachers and students, with "
    "more than ten of them together."
)


@dataclass(frozen=True, kw_only=True)
class Issuer:
    """Who issues badges: this installation."""

    #: Its address, without a slash at the end.
    url: str
    name: str
    #: The first signs.
    keys: list[BadgeKey]

    @property
    def did(self) -> str:
        """Its identifier, which is its address in another form."""
        parts = urlsplit(self.url)
        path = [quote(one, safe="") for one in parts.path.split("/") if one]
        return ":".join(["did:web", quote(parts.netloc, safe=""), *path])

    def key_id(self, key: BadgeKey) -> str:
        """How the DID document names a key."""
        return f"{self.did}#{key.id}"


def did_document(issuer: Issuer) -> dict[str, Any]:
    """What ``did.json`` says: the public keys, and that they sign credentials."""
    names = [issuer.key_id(key) for key in issuer.keys]
    return {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": issuer.did,
        "verificationMethod": [
            {
                "id": name, "type": "JsonWebKey", "controller": issuer.did,
                "publicKeyJwk": key.public(),
            }
            for name, key in zip(names, issuer.keys, strict=True)
        ],
        "assertionMethod": names,
    }  # fmt: skip


def issuer_profile(issuer: Issuer) -> dict[str, Any]:
    """Who issues, in the words of Open Badges."""
    return {"id": issuer.did, "type": ["Profile"], "name": issuer.name, "url": issuer.url}


def achievement(issuer: Issuer, language: str) -> dict[str, Any]:
    """What a school with the badge has done."""
    return {
        "id": f"{issuer.url}/badges/selfie",
        "type": ["Achievement"],
        "name": translate(NAME, language),
        "description": translate(ABOUT, language),
        "inLanguage": language,
        "criteria": {"narrative": translate(CRITERIA, language)},
        "image": {"id": f"{issuer.url}/badges/selfie.svg", "type": "Image"},
    }


def credential(
    badge: Mapping[str, Any], issuer: Issuer, language: str, level: Text | str
) -> dict[str, Any]:
    """The credential of a badge, unsigned.

    Arguments:
        badge: its row.
        language: of its texts: that of the school's area, and the same for everybody.
        level: the title of its education level.
    """
    page = f"{issuer.url}/badges/{badge['id']}"
    index = int(badge["number"])
    status = f"{issuer.url}/badges/status/{index // LIST_SIZE}"
    return {
        "@context": [CREDENTIALS, OPEN_BADGES],
        "id": page,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": translate(NAME, language),
        "issuer": issuer_profile(issuer),
        "validFrom": _instant(badge["awarded_at"]),
        "credentialSubject": {
            # The school by an id of its own; who works there is not in it.
            "id": f"urn:uuid:{badge['organisation_id']}",
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject", "hashed": False, "identityType": "name",
                    "identityHash": badge["school"],
                }
            ],
            "activityEndDate": f"{badge['completed_on'].isoformat()}T00:00:00Z",
            "term": badge["school_year"],
            "narrative": say(level, language),
            "achievement": achievement(issuer, language),
        },
        "credentialStatus": {
            "id": f"{status}#{index % LIST_SIZE}",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": str(index % LIST_SIZE),
            "statusListCredential": status,
        },
    }  # fmt: skip


def status_list(
    number: int, revoked: Collection[int], issuer: Issuer, valid_from: datetime
) -> dict[str, Any]:
    """The credential that says which badges of one list are revoked, unsigned.

    Arguments:
        number: of the list.
        revoked: the revoked badges' numbers.
        valid_from: when it last changed.
    """
    bits = bytearray(LIST_SIZE // 8)
    for index in revoked:
        place = index - number * LIST_SIZE
        if 0 <= place < LIST_SIZE:
            bits[place // 8] |= 0x80 >> place % 8
    address = f"{issuer.url}/badges/status/{number}"
    # Without a time in it: the same list is the same bytes.
    packed = gzip.compress(bytes(bits), mtime=0)
    return {
        "@context": [CREDENTIALS],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": issuer.did,
        "validFrom": _instant(valid_from),
        "credentialSubject": {
            "id": f"{address}#list",
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": f"u{_base64url(packed)}",
        },
    }


def signed(claims: Mapping[str, Any], issuer: Issuer) -> str:
    """A credential as VC-JWT (compact JWS), signed by the issuer's first key.

    The algorithm is named ``EdDSA``: what reads badges knows that name, and not yet the newer one.
    """
    key = issuer.keys[0]
    header = {"alg": "EdDSA", "typ": "JWT", "kid": issuer.key_id(key)}
    begins = datetime.fromisoformat(claims["validFrom"])
    subject = claims["credentialSubject"]["id"]
    payload = {
        **claims, "iss": issuer.did, "jti": claims["id"], "sub": subject,
        "nbf": int(begins.timestamp()),
    }  # fmt: skip
    parts = [_base64url(orjson.dumps(part)) for part in (header, payload)]
    what = ".".join(parts)
    return f"{what}.{_base64url(key.sign(what.encode('ascii')))}"


def baked(picture: str, token: str) -> str:
    """An SVG picture with the credential in it, as Open Badges bakes them."""
    opening, _, rest = picture.partition(">")
    name = 'xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0"'
    return f'{opening} {name}><openbadges:credential verify="{escape(token)}"/>{rest}'


def _instant(when: datetime) -> str:
    return in_utc(when).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def _base64url(what: bytes) -> str:
    return base64.urlsafe_b64encode(what).rstrip(b"=").decode("ascii")
