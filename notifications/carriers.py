"""Carriers: what takes a finished mail away.

A carrier says of each mail whether it was accepted. ``Later`` is a passing trouble, ``Never`` a
refusal of this one mail; anything about the connection itself is ``Unreachable``.
"""

from __future__ import annotations

import os
import smtplib
import ssl
from pathlib import Path
from typing import Literal, Protocol

from notifications.pipelining import send

Security = Literal["starttls", "tls", "none"]

#: Seconds to wait for a mail server's answer.
TIMEOUT = 30.0


class Later(Exception):
    """The server will not take this mail now (4xx)."""


class Never(Exception):
    """The server will not take this mail (5xx)."""


class Unreachable(Exception):
    """There is no server to talk to; no fault of any mail."""


class Carrier(Protocol):
    """Takes mails away over one kept connection. Used by one thread at a time."""

    def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
        """Hand over one mail.

        Raises:
            Later, Never, Unreachable: it was not accepted.
        """
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class FolderCarrier:
    """Writes each mail as ``<id>.eml`` into a folder: for trying out, without a mail server."""

    def __init__(self, folder: Path) -> None:
        """Write to ``folder``, which is made when the first mail comes."""
        self._folder = folder

    def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
        """Write the mail; it appears whole or not at all."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._folder / f".{mail_id}.part"
            unfinished.write_bytes(content)
            unfinished.replace(self._folder / f"{mail_id}.eml")
        except OSError as error:
            raise Unreachable(os.strerror(error.errno or 0)) from error

    def close(self) -> None:
        """Nothing is open."""


class SmtpCarrier:
    """Talks to a mail server over one kept connection, and connects anew when it is lost."""

    def __init__(
        self, host: str, port: int, *, security: Security = "starttls", user: str | None = None,
        password: str | None = None, trust: ssl.SSLContext | None = None,
    ) -> None:  # fmt: skip
        """Prepare; the first mail connects.

        Arguments:
            security: STARTTLS, TLS from the first byte, or none (for loopback only).
            trust: which certificates are believed; the system's when left out.
        """
        self._host, self._port, self._security = host, port, security
        self._user, self._password = user, password
        self._trust = trust or ssl.create_default_context()
        self._server: smtplib.SMTP | None = None

    def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
        """Hand over one mail; a connection the server had closed meanwhile is made anew, once."""
        kept = self._server is not None
        try:
            self._send(sender, to, content)
        except smtplib.SMTPServerDisconnected:
            self.close()
            if not kept:
                raise Unreachable("the server closed the connection") from None
            self.carry(mail_id, sender, to, content)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = error.recipients[to]
            raise self._refusal(code, words) from None
        except smtplib.SMTPSenderRefused as error:
            # Every mail has this sender: it is about us, not about the mail.
            self.close()
            raise Unreachable(str(self._refusal(error.smtp_code, error.smtp_error))) from None
        except smtplib.SMTPResponseException as error:
            raise self._refusal(error.smtp_code, error.smtp_error) from None
        except (OSError, smtplib.SMTPException) as error:
            self.close()
            raise Unreachable(str(error) or type(error).__name__) from None

    def _send(self, sender: str, to: str, content: bytes) -> None:
        if self._server is None:
            self._server = self._connect()
        send(self._server, sender, to, content)

    def _connect(self) -> smtplib.SMTP:
        server: smtplib.SMTP | None = None
        try:
            if self._security == "tls":
                server = smtplib.SMTP_SSL(
                    self._host, self._port, timeout=TIMEOUT, context=self._trust
                )
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT)
            if self._security == "starttls":
                server.starttls(context=self._trust)
            if self._user is not None:
                server.login(self._user, self._password or "")
        except (OSError, smtplib.SMTPException) as error:
            if server is not None:
                server.close()
            raise Unreachable(str(error) or type(error).__name__) from None
        return server

    @staticmethod
    def _refusal(code: int, words: bytes | str) -> Exception:
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        said = f"{code} {text}"[:500]
        if code == 421:  # the server closes the connection: it says nothing about the mail
            return Unreachable(said)
        return Never(said) if code >= 500 else Later(said)

    def close(self) -> None:
        """End the connection, politely if it is still there."""
        server, self._server = self._server, None
        if server is not None:
            try:
                server.quit()
            except (OSError, smtplib.SMTPException):
                server.close()
