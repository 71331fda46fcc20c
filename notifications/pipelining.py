"""SMTP with fewer ways to and fro: the commands of a mail go out together (RFC 2920).

A server that offers ``PIPELINING`` answers them one after the other, in their order. That spares
two of four waits a mail, and smtplib knows nothing of it.
"""

from __future__ import annotations

import re
import smtplib
from contextlib import suppress
from typing import Final

#: What stands for itself between ``<`` and ``>``. Other addresses are left to smtplib.
_PLAIN: Final = re.compile(r"[!-;=?-~]+")
_FIRST_DOT: Final = re.compile(rb"(?m)^\.")

Reply = tuple[int, bytes]


def send(server: smtplib.SMTP, sender: str, to: str, content: bytes) -> None:
    """Hand over one mail to one address, as ``server.sendmail`` does.

    Arguments:
        server: connected; greeted if need be.
        content: with CRLF at the end of each line.

    Raises:
        smtplib.SMTPException: what ``sendmail`` raises, for the same answers.
        OSError: the connection failed.
    """
    server.ehlo_or_helo_if_needed()
    plain = _PLAIN.fullmatch(sender) and _PLAIN.fullmatch(to)
    if not (plain and server.has_extn("pipelining")):
        server.sendmail(sender, [to], content)
        return
    size = f" SIZE={len(content)}" if server.has_extn("size") else ""
    commands = f"MAIL FROM:<{sender}>{size}\r\nRCPT TO:<{to}>\r\nDATA\r\n"
    server.send(commands.encode("ascii"))
    mail, rcpt, data = _reply(server), _reply(server), _reply(server)
    if mail[0] == 250 and rcpt[0] in {250, 251} and data[0] == 354:
        server.send(_transparent(content))
        data = _reply(server)
        if data[0] == 250:
            return
    elif data[0] == 354:
        # It waits for contents all the same; there is nobody they would go to.
        server.send(b".\r\n")
        _reply(server)
    # One that is gone already has forgotten this mail, too.
    with suppress(smtplib.SMTPServerDisconnected):
        server.rset()
    if mail[0] != 250:
        raise smtplib.SMTPSenderRefused(*mail, sender)
    if rcpt[0] not in {250, 251}:
        raise smtplib.SMTPRecipientsRefused({to: rcpt})
    raise smtplib.SMTPDataError(*data)


def _reply(server: smtplib.SMTP) -> Reply:
    reply = server.getreply()
    if reply[0] == 421:
        # It closes the connection, and answers nothing that was sent meanwhile.
        server.close()
        raise smtplib.SMTPResponseException(*reply)
    return reply


def _transparent(content: bytes) -> bytes:
    """Contents whose end can be told (RFC 5321, 4.5.2)."""
    if content.startswith(b".") or b"\n." in content:
        content = _FIRST_DOT.sub(b"..", content)
    return content + b".\r\n"
