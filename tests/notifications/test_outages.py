"""What a mail server can do wrong, and what becomes of the mails: each against a real server."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from aiosmtpd.controller import Controller

from notifications import carriers
from notifications.carriers import SmtpCarrier
from notifications.delivery import Post, deliver
from notifications.templates import Templates
from tests.notifications.conftest import (
    Inbox,
    free_port,
    later,
    make_post,
    outbox,
    put,
)


@dataclass
class Answering(Inbox):
    """Answers the contents of the n-th mail as it is told."""

    contents: dict[int, str] = field(default_factory=dict)
    seen: int = 0

    async def handle_DATA(  # noqa: N802 - the name the server looks for
        self, server: object, session: object, envelope: object
    ) -> str:
        self.seen += 1
        return self.contents.get(self.seen) or await super().handle_DATA(server, session, envelope)


@pytest.fixture(params=[False, True], ids=["one-by-one", "together"])
def inbox(request: pytest.FixtureRequest) -> Answering:
    return Answering(pipelining=request.param)


def states(post: Post) -> list[str]:
    return [row["status"] for row in outbox(post.database)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [("554 5.7.1 no such thing here", "failed"), ("452 4.2.2 mailbox full", "waiting")],
)
def test_contents_that_are_refused_are_the_trouble_of_one_mail(
    engine: sqlalchemy.Engine, post: Post, inbox: Answering, answer: str, status: str
) -> None:
    inbox.contents[2] = answer
    put(engine, 3)
    assert deliver(post) == 2
    assert states(post) == ["sent", status, "sent"]
    assert [row["trouble"] for row in outbox(engine)] == ["", answer, ""]
    assert inbox.connections == 1


def test_a_server_that_says_421_in_the_middle_gets_the_rest_later(
    engine: sqlalchemy.Engine, post: Post, inbox: Answering
) -> None:
    inbox.contents[2] = "421 4.3.2 shutting down"
    put(engine, 4)
    assert deliver(post) == 1
    assert states(post) == ["sent", "waiting", "waiting", "waiting"]
    assert {row["trouble"] for row in outbox(engine)[1:]} == {"421 4.3.2 shutting down"}
    assert deliver(post) == 0
    later(post, minutes=2)
    assert deliver(post) == 3
    assert len(set(inbox.ids())) == len(inbox.accepted) == 4


def test_a_fault_of_ours_holds_up_no_other_mail(
    engine: sqlalchemy.Engine, templates: Templates, server: Controller, inbox: Answering
) -> None:
    """It breaks off after the server was told of the mail: the next one begins afresh."""

    class Faulty(SmtpCarrier):
        def carry(self, mail_id: str, sender: str, to: str, content: bytes) -> None:
            if mail_id == ids[1] and self._server:
                self._server.mail(sender)
                raise RuntimeError
            super().carry(mail_id, sender, to, content)

    ids = put(engine, 3)
    post = make_post(engine, templates, lambda: Faulty("127.0.0.1", server.port, security="none"))
    assert deliver(post) == 2
    assert states(post) == ["sent", "waiting", "sent"]
    held = outbox(engine)[1]
    assert held["trouble"].startswith("fault of ours, ")
    assert held["leased_until"] is None
    assert timedelta(seconds=48) <= held["not_before"] - post.clock.now() <= timedelta(seconds=72)
    assert len(inbox.accepted) == 2


class Mute:
    """Takes connections, says one thing (or nothing), and then keeps silent."""

    def __init__(self, greeting: bytes = b"") -> None:
        self.port = free_port()
        self._server = socket.create_server(("127.0.0.1", self.port))
        self._greeting = greeting
        self._open: list[socket.socket] = []
        self.taken = 0
        self._thread = threading.Thread(target=self._take)
        self._thread.start()

    def _take(self) -> None:
        while True:
            connection, _ = self._server.accept()
            self._open.append(connection)
            if self.taken < 0:
                return
            self.taken += 1
            connection.sendall(self._greeting)

    def close(self) -> None:
        self.taken = -1
        with socket.create_connection(("127.0.0.1", self.port)):
            self._thread.join()
        for one in (*self._open, self._server):
            one.close()


@pytest.fixture
def mute() -> Iterator[Mute]:
    server = Mute()
    yield server
    server.close()


@pytest.fixture
def closing() -> Iterator[Mute]:
    server = Mute(b"421 4.3.2 too many connections\r\n")
    yield server
    server.close()


def test_a_server_that_turns_us_away_at_the_door(
    engine: sqlalchemy.Engine, templates: Templates, closing: Mute
) -> None:
    put(engine, 3)
    post = make_post(
        engine, templates, lambda: SmtpCarrier("127.0.0.1", closing.port, security="none")
    )
    assert deliver(post) == 0
    assert states(post) == ["waiting"] * 3
    assert {row["attempts"] for row in outbox(engine)} == {1}
    assert "421" in outbox(engine)[0]["trouble"]
    assert closing.taken == 1


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_server_that_hangs_costs_one_wait_and_not_one_a_mail(
    engine: sqlalchemy.Engine, templates: Templates, mute: Mute, security: carriers.Security,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(carriers, "TIMEOUT", 0.3)
    put(engine, 20)
    post = make_post(
        engine, templates, lambda: SmtpCarrier("127.0.0.1", mute.port, security=security)
    )
    begun = time.monotonic()
    assert deliver(post) == 0
    assert time.monotonic() - begun < 2
    assert set(states(post)) == {"waiting"}
    assert {row["leased_until"] for row in outbox(engine)} == {None}


def test_a_server_that_falls_silent_over_a_mail(
    engine: sqlalchemy.Engine, templates: Templates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kept connection is made anew once; then the rest of the batch waits."""
    monkeypatch.setattr(carriers, "TIMEOUT", 0.3)
    awake = threading.Event()

    class Silent(Inbox):
        async def handle_RCPT(  # noqa: N802
            self, server: object, session: object, envelope: object, address: str,
            options: list[str],
        ) -> str:  # fmt: skip
            if len(self.accepted) == 2 and not awake.is_set():
                await asyncio.sleep(0.7)
                return "451 was asleep"
            return await super().handle_RCPT(server, session, envelope, address, options)

    inbox = Silent()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    post = make_post(
        engine, templates, lambda: SmtpCarrier("127.0.0.1", controller.port, security="none")
    )
    try:
        put(engine, 5)
        assert deliver(post) == 2
        assert states(post) == ["sent"] * 2 + ["waiting"] * 3
        awake.set()
        time.sleep(0.8)
        later(post, minutes=2)
        assert deliver(post) == 3
    finally:
        controller.stop(no_assert=True)
    assert len(set(inbox.ids())) == len(inbox.accepted) == 5


def test_a_certificate_nobody_vouches_for_costs_no_mail(
    engine: sqlalchemy.Engine, templates: Templates, safe_server: Controller, inbox: Answering
) -> None:
    put(engine, 3)
    post = make_post(engine, templates, lambda: SmtpCarrier("127.0.0.1", safe_server.port))
    assert deliver(post) == 0
    assert states(post) == ["waiting"] * 3
    assert "certificate" in outbox(engine)[0]["trouble"]
    assert inbox.accepted == []


def test_a_server_without_starttls_is_told_nothing(
    engine: sqlalchemy.Engine, templates: Templates, server: Controller, inbox: Answering
) -> None:
    put(engine, 3)
    post = make_post(engine, templates, lambda: SmtpCarrier("127.0.0.1", server.port))
    assert deliver(post) == 0
    assert states(post) == ["waiting"] * 3
    assert "STARTTLS" in outbox(engine)[0]["trouble"]
    assert inbox.accepted == []


def test_a_sender_the_server_does_not_want_costs_no_mail(
    engine: sqlalchemy.Engine, templates: Templates, safe_server: Controller,
    certificate: tuple[Path, Path],
) -> None:  # fmt: skip
    """Somebody forgot to set the password: 530 Authentication required, for every mail."""
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    put(engine, 3)
    post = make_post(
        engine, templates, lambda: SmtpCarrier("127.0.0.1", safe_server.port, trust=trust)
    )
    assert deliver(post) == 0
    assert states(post) == ["waiting"] * 3
    assert outbox(engine)[0]["trouble"].startswith("530 ")
