"""A mail as the bytes that go over the wire (RFC 5322, two parts: text and HTML)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr

from base.errors import BadInput
from base.i18n import N_
from notifications.templates import Rendered

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
        return parseaddr(self.address)[1].rpartition("@")[2] or "localhost"

    @property
    def envelope(self) -> str:
        """The bare address."""
        return parseaddr(self.address)[1]

    def replies(self, area: str) -> str | None:
        """Who gets the replies of an area: the region's, else its country's, else the general."""
        country = area.split("-", maxsplit=1)[0]
        found = (self.reply_to.get(scope) for scope in (area, country, "*"))
        return next((address for address in found if address), None)


def message_id(mail_id: str, sender: Sender) -> str:
    """The Message-ID of a mail: the same at every try, so that a repeat can be told."""
    return f"<{mail_id}@{sender.domain}>"


def build(mail: Mapping[str, str], rendered: Rendered, sender: Sender, now: datetime) -> bytes:
    """The message of one mail row.

    Arguments:
        mail: id, to_name, to_address, language and area.
        now: the Date header.

    Raises:
        BadInput: a header would carry a line break or another control character.
    """
    message = MIMEMultipart("alternative")
    headers = {
        "From": sender.address,
        "To": formataddr((mail["to_name"], mail["to_address"])),
        "Subject": _encoded(rendered.subject),
        "Date": format_datetime(now),
        "Message-ID": message_id(mail["id"], sender),
        "Auto-Submitted": "auto-generated",
        "Content-Language": mail["language"],
    }
    replies = sender.replies(mail["area"])
    if replies:
        headers["Reply-To"] = replies
    if _CONTROL.search(mail["to_name"]):
        raise _unusable("To")
    for name, value in headers.items():
        # The legacy classes would let a line break through, and with it a header of one's own.
        if _CONTROL.search(value):
            raise _unusable(name)
        message[name] = value
    message.attach(MIMEText(rendered.text, "plain", "utf-8"))
    message.attach(MIMEText(rendered.html, "html", "utf-8"))
    return message.as_bytes(policy=SMTP)


def _encoded(subject: str) -> str:
    if subject.isascii():
        return subject
    # One line: the policy folds it when it is written.
    return Header(subject, "utf-8", maxlinelen=10_000).encode()


def _unusable(header: str) -> BadInput:
    return BadInput(
        N_("The mail cannot be sent: its header {header} has a line break in it."), header=header
    )
