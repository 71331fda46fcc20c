"""A mail as the bytes that go over the wire (RFC 5322, two parts: text and HTML)."""

from __future__ import annotations

import re
from binascii import b2a_base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.utils import format_datetime, formataddr, parseaddr
from functools import lru_cache

from base.errors import BadInput
from base.i18n import N_
from notifications.templates import Rendered

#: As headers write it; the mails of a batch have one.
_date = lru_cache(maxsize=16)(format_datetime)
#: Name and bare address; the few senders there are, once each.
_parts = lru_cache(maxsize=256)(parseaddr)

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who mails come from."""

    #: ``Keurmerk <keurmerk@example.org>``.
    address: str
    #: Reply-To by area; ``*`` for areas that are not named.
    reply_to: Mapping[str, str]

    @property
    def domain(self) -> str:
        """The domain of the sender's address: the right side of every Message-ID."""
        return _parts(self.address)[1].rpartition("@")[2] or "localhost"

    @property
    def envelope(self) -> str:
        """The bare address."""
        return _parts(self.address)[1]

    def replies(self, area: str) -> str | None:
        """Who gets the replies of an area: the region's, else its country's, else the general."""
        country = area.split("-", maxsplit=1)[0]
        found = (self.reply_to.get(scope) for scope in (area, country, "*"))
        return next((address for address in found if address), None)


def message_id(mail_id: str, sender: Sender) -> str:
    """The Message-ID of a mail: the same at every try, so that a repeat can be told."""
    return f"<{mail_id}@{sender.domain}>"


def build(
    mail: Mapping[str, str], rendered: Rendered, sender: Sender, now: datetime,
    turn_off: str | None = None,
) -> bytes:  # fmt: skip
    """The message of one mail row.

    Arguments:
        mail: id, to_name, to_address, language and area.
        now: the Date header.
        turn_off: the address that turns such mails off, by one click of a mail program (RFC 8058).

    Raises:
        BadInput: a header would carry a line break or another control character.
    """
    # "=_" stands nowhere in base64, so the boundary cannot occur in a part.
    boundary = f"=_{mail['id']}"
    headers = {
        "From": _address("From", *_parts(sender.address)),
        "To": _address("To", mail["to_name"], mail["to_address"]),
        "Subject": _words("Subject", rendered.subject),
        "Date": _date(now),
        "Message-ID": message_id(mail["id"], sender),
        "Auto-Submitted": "auto-generated",
        "Content-Language": mail["language"],
        "Reply-To": _address("Reply-To", *_parts(sender.replies(mail["area"]) or "")),
        "List-Unsubscribe": f"<{turn_off}>" if turn_off else "",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click" if turn_off else "",
        "MIME-Version": "1.0",
        "Content-Type": f'multipart/alternative;\r\n boundary="{boundary}"',
    }
    lines = [f"{name}: {value}" for name, value in headers.items() if value]
    for kind, content in (("plain", rendered.text), ("html", rendered.html)):
        lines += ["", f"--{boundary}", *_PART.format(kind=kind).splitlines(), _wrapped(content)]
    lines += ["", f"--{boundary}--", ""]
    return "\r\n".join(lines).encode("ascii")


#: The head of a part.
_PART = 'Content-Type: text/{kind}; charset="utf-8"\nContent-Transfer-Encoding: base64\n\n'
#: A header line should not be longer (RFC 5322), and a line of base64 must not.
_LINE, _WRAP = 78, 76


# Nearly all mails have one sender, and few addresses are replied to.
@lru_cache(maxsize=256)
def _address(header: str, name: str, address: str) -> str:
    _check(header, name + address)
    if not address.isascii():
        raise _unusable(header)
    written = formataddr((name, address))
    if len(header) + 2 + len(written) <= _LINE:
        return written
    return f"{_words(header, name)}\r\n <{address}>"


# Many mails have one subject, and encoding it takes a while.
@lru_cache(maxsize=1024)
def _words(header: str, value: str) -> str:
    _check(header, value)
    if value.isascii() and len(header) + 2 + len(value) <= _LINE:
        return value
    # Encoded, which also folds what has no space to fold at.
    return Header(value, "utf-8", maxlinelen=_LINE, header_name=header).encode(linesep="\r\n")


def _check(header: str, value: str) -> None:
    # It would let a line break through, and with it a header of one's own.
    if _CONTROL.search(value):
        raise _unusable(header)


def _wrapped(text: str) -> str:
    coded = b2a_base64(text.encode(), newline=False).decode("ascii")
    return "\r\n".join([coded[at : at + _WRAP] for at in range(0, len(coded), _WRAP)])


def _unusable(header: str) -> BadInput:
    return BadInput(
        N_("The mail cannot be sent: its header {header} has a character that cannot be sent."),
        header=header,
    )
