"""The keys that sign badges: Ed25519, in a file of their own that only the service can read.

The file is a JWK set. The first key signs; the others are kept, so that what they signed can still
be verified. To change the key, put a new one first.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from base.errors import BadSetting
from base.i18n import N_


@dataclass(frozen=True, kw_only=True)
class BadgeKey:
    """One key."""

    key: OKPKey

    @property
    def id(self) -> str:
        """By what it is told from others: its thumbprint (RFC 7638)."""
        return str(self.key.thumbprint())

    def public(self) -> dict[str, Any]:
        """What is published of it."""
        return {**self.key.as_dict(private=False), "kid": self.id, "alg": "EdDSA", "use": "sig"}

    def sign(self, what: bytes) -> bytes:
        """The signature; the same bytes always give the same one."""
        return bytes(self.key.private_key.sign(what))  # type: ignore[union-attr]


def read_keys(file: Path) -> list[BadgeKey]:
    """The keys of an installation, the one that signs first; made where there is no file.

    Raises:
        BadSetting: the file cannot be read or made, or holds no such keys.
    """
    try:
        if not file.exists():
            _make(file)
        found = [
            BadgeKey(key=OKPKey.import_key(one)) for one in orjson.loads(file.read_bytes())["keys"]
        ]
        usable = found and all(one.key.is_private and one.key.curve_name == "Ed25519"
                               for one in found)  # fmt: skip
    except (OSError, JoseError, ValueError, KeyError, TypeError) as error:
        raise _unusable(file, str(error) or type(error).__name__) from None
    if not usable:
        raise _unusable(file, "not private Ed25519 keys")
    return found


def _unusable(file: Path, why: str) -> BadSetting:
    return BadSetting(
        N_("The keys of badges in {file} (KEURMERK_BADGE_KEY) cannot be used: {why}."),
        file=file, why=why,
    )  # fmt: skip


def _make(file: Path) -> None:
    """Make a key; of several processes that do so at once one wins, and all use its key."""
    file.parent.mkdir(parents=True, exist_ok=True)
    key = OKPKey.generate_key("Ed25519")
    whole = orjson.dumps({"keys": [key.as_dict(private=True)]})
    own = file.with_name(f".{file.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as out:
            out.write(whole)
            out.flush()
            os.fsync(out.fileno())
        if not file.exists():
            os.link(own, file)
    except FileExistsError:
        pass
    finally:
        own.unlink()
