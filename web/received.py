"""In the demo: mails as their people received them, from the folder they were written to.

The outbox keeps no link that lets its reader in (docs/decisions/1104-the-link-is-not-kept.md). In a
demo nobody has another mailbox than this, so there the mails are read as they went out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default

from web.context import Context

_ADDRESS = re.compile(r"https?://[^\s<>\"]+")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Part of a mail's text."""

    text: str
    #: Where it leads: an address of this installation; empty for other words.
    address: str = ""


def received(context: Context, mail_id: str) -> str | None:
    """The text of a mail as it went out; None if it did not, or its file is gone."""
    file = context.settings.mail_folder / f"{mail_id}.eml"
    if not file.is_file():
        return None
    mail = message_from_bytes(file.read_bytes(), policy=default)
    part = mail.get_body(("plain",))
    return None if part is None else str(part.get_content())


def pieces(context: Context, text: str) -> Iterator[Piece]:
    """A mail's text, with the addresses of this installation as links."""
    end = 0
    for found in _ADDRESS.finditer(text):
        if found[0].startswith(context.settings.public_url):
            yield Piece(text=text[end : found.start()])
            yield Piece(text=found[0], address=found[0])
            end = found.end()
    yield Piece(text=text[end:])
