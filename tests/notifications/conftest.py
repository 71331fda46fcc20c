from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from base.clock import VirtualClock
from models.database import reading, writing
from models.messages import Mail
from notifications.carriers import Carrier, SmtpCarrier
from notifications.delivery import Post
from notifications.message import Sender
from notifications.outbox import Addressee, mail_row
from notifications.templates import Templates

NOW = datetime(2022, 11, 23, 5, 0, tzinfo=UTC)
_mail = Mail.__table__  # type: ignore[attr-defined]

#: Every value a mail may use.
CONTEXT: dict[str, Any] = {
    "process": {"name": "school_label", "title": {"en": "eTwinning School Label"}},
    "organisation": {"name": "Sint-Jan"},
    "subject": {"name": "Sint-Jan"},
    "made": {
        "school": "Sint-Jan", "codes": [{"name": "KS Leuven Dag", "code": "Digisnap_88Xf2y"}],
        "level": {"en": "Primary education", "nl": "Lager onderwijs"}, "school_year": "2022-2023",
        "description": {"en": "Access to Digisnap.", "nl": "Toegang tot Digisnap."},
        "badge_url": "https://keurmerk.example/badges/b", "holders": 3, "all_share": False,
    },
    "kept": {
        "first_day": "2022-12-01", "last_day": "2023-11-30",
        "right_title": {"en": "Digisnap manager", "nl": "Digisnap Beheerder"},
    },
    "links": {"activate": "https://keurmerk.example/links/k"},
    "parties": {
        "founder": {"name": "An"}, "co_founder": {"name": "Giulia"}, "old": {"name": "An"},
    },
    "round": {"name": "2023-2024", "title": {"en": "Label 2023-2024", "de": "Siegel 2023-2024"}},
    "dates": {
        "first_window.opens": "2022-11-23", "first_window.closes": "2023-01-31",
        "amend_window.closes": "2023-02-28", "label_valid_until": "2024-12-31",
        "activation_hours": 48,
    },
    "case": {"id": "c", "url": "https://keurmerk.example/cases/c", "state": {"en": "Draft"}},
    "payload": {
        "feedback": [
            {"section": {"en": "eSafety policy", "nl": "eSafety-beleid"}, "text": "Eén.\nTwee."}
        ],
        "reason": "Te weinig bewijs.", "what": "Een attest.", "question": "Voor wie?",
        "lists": "Dag- en avondschool", "school_number": "012345",
        "remarks": "Mooi werk.",
        "reasons": [{"section": {"en": "Results", "nl": "Resultaten"}, "text": "Toon meer."}],
        **{
            f"score_{name}": 4
            for name in ("collaboration", "technology", "pedagogy", "curriculum", "results")
        },
        **{f"part_{name}": 3 for name in ("online", "ict", "safety")},
    },
    "label": {
        "valid_from": "2023-03-29", "valid_until": "2024-12-31",
        "certificate_url": "https://keurmerk.example/labels/l/certificate.pdf",
        "verify_url": "https://keurmerk.example/labels/l",
    },
    "link": "https://keurmerk.example/sign-in/mail/k", "minutes": 15,
    "browser": "Firefox, Linux",
    "deadline": "2023-02-28", "days_left": 7, "since": "2022-12-01", "days_waiting": 8,
    "waiting": [
        {"organisation": "Sint-Jan", "url": "https://keurmerk.example/cases/c",
         "since": "2022-12-01", "days_left": 3, "days_late": 0}
    ],
    "late": [
        {"organisation": "De Brug", "url": "https://keurmerk.example/cases/d",
         "since": "2022-11-24", "days_left": -2, "days_late": 2}
    ],
    "scope": "BE-VLG", "day": "2022-12-08", "count": 2, "more": 0,
    "url": "https://keurmerk.example/",
}  # fmt: skip


@dataclass
class Inbox:
    """A mail server's handler: keeps what it accepts, and refuses what it is told to."""

    accepted: list[EmailMessage] = field(default_factory=list)
    #: Answer by address, as often as it is there.
    answers: dict[str, list[str]] = field(default_factory=dict)
    connections: int = 0
    #: With so many accepted, the others wait for their answer until it is None.
    limit: int | None = None
    #: Whether it takes the commands of a mail together (RFC 2920). aiosmtpd can, and does not say.
    pipelining: bool = False

    async def handle_EHLO(  # noqa: N802 - the name the server looks for
        self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.connections += 1
        return ["250-PIPELINING", *responses] if self.pipelining else responses

    async def handle_RCPT(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any, address: str, _options: list[str]
    ) -> str:
        waiting = self.answers.get(address)
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, _server: Any, _session: Any, envelope: Any
    ) -> str:
        # What another thread sets wakes nothing in this loop.
        while self.limit is not None and len(self.accepted) >= self.limit:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        found = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(found, EmailMessage)
        self.accepted.append(found)
        return "250 Accepted"

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.accepted]


@pytest.fixture
def inbox() -> Inbox:
    # Mail servers do; those of ``test_outages`` are of both kinds.
    return Inbox(pipelining=True)


@pytest.fixture
def server(inbox: Inbox) -> Iterator[Controller]:
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller
    controller.stop(no_assert=True)


def free_port() -> int:
    """A port nobody uses: the server cannot say which one it was given."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def templates() -> Templates:
    return Templates()


@pytest.fixture
def post(engine: sqlalchemy.Engine, templates: Templates, server: Controller) -> Post:
    return make_post(
        engine, templates, lambda: SmtpCarrier("127.0.0.1", server.port, security="none")
    )


def make_post(
    engine: sqlalchemy.Engine, templates: Templates, carrier: Callable[[], Carrier],
    connections: int = 1,
) -> Post:  # fmt: skip
    return Post(
        database=engine, clock=VirtualClock(NOW), templates=templates, carrier=carrier,
        sender=Sender(
            address="Keurmerk <keurmerk@example.org>",
            reply_to={"BE-VLG": "nso@vlaanderen.example", "*": "desk@example.org"},
        ),
        connections=connections,
    )  # fmt: skip


def put(engine: sqlalchemy.Engine, count: int = 1, **changed: Any) -> list[str]:
    """Put mails into the outbox; gives their ids."""
    values: dict[str, Any] = {
        "template": "school_label/invited", "process": "school_label", "case_id": None,
        "event_id": None, "area": "BE-VLG", "context": CONTEXT, "now": NOW, "not_before": NOW,
        "languages": ["en", "nl", "fr", "de"], **changed,
    }  # fmt: skip
    name = values.pop("name", None)
    language = values.pop("language", "nl")
    rows = [
        mail_row(
            key=f"k{name or ''}{number}",
            to=Addressee(
                id=f"p{number}", name=name or f"Persoon {number}",
                email=f"persoon{number}@example.org", language=language,
            ),
            **values,
        )
        for number in range(count)
    ]  # fmt: skip
    with writing(engine) as connection:
        connection.execute(_mail.insert(), rows)
    return [row["id"] for row in rows]


def outbox(engine: sqlalchemy.Engine) -> list[dict[str, Any]]:
    with reading(engine) as connection:
        rows = connection.execute(_mail.select().order_by(_mail.c.id))
        return [dict(row) for row in rows.mappings()]


def later(post: Post, **by: int) -> None:
    assert isinstance(post.clock, VirtualClock)
    post.clock.advance(timedelta(**by))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that nobody signed but itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    pem, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
            "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out",
            str(pem),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    return pem, key


@pytest.fixture
def safe_server(inbox: Inbox, certificate: tuple[Path, Path]) -> Iterator[Controller]:
    """A server that wants STARTTLS and then a password."""
    pem, key = certificate
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem, key)

    def check(
        _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: LoginPassword
    ) -> AuthResult:
        return AuthResult(
            success=data == LoginPassword(b"keurmerk", b"geheim"),
            handled=False,  # the server itself says 535
        )

    controller = Controller(
        inbox, hostname="127.0.0.1", port=free_port(), tls_context=tls, require_starttls=True,
        authenticator=check, auth_required=True,
    )  # fmt: skip
    controller.start()
    yield controller
    controller.stop(no_assert=True)
