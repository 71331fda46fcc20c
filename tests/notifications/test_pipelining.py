"""The commands of a mail sent together, to servers that answer as they like."""

from __future__ import annotations

import smtplib
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest

from notifications.pipelining import send

CONTENT = b"Subject: x\r\n\r\nBody\r\n"
GOOD = ["250 sender ok", "250 addressee ok", "354 go on", "250 accepted"]


@contextmanager
def answering(
    answers: list[str], offers: str = "250 PIPELINING"
) -> Iterator[tuple[int, list[bytes]]]:
    """A server with an answer for each command after the greeting: its port, and what came."""
    heard: list[bytes] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say("220 here")
            waiting = list(answers)
            while line := self.rfile.readline():
                verb = line.split()[0].upper()
                if verb == b"EHLO":
                    self.say(f"250-here\r\n{offers}")
                    continue
                heard.append(line)
                answer = "250 ok" if verb in {b"RSET", b"QUIT"} else waiting.pop(0)
                self.say(answer)
                if answer.startswith("421"):
                    return
                if answer.startswith("354"):
                    while (part := self.rfile.readline()) not in {b".\r\n", b""}:
                        heard.append(part)
                    self.say(waiting.pop(0))

        def say(self, words: str) -> None:
            self.wfile.write(words.encode() + b"\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1], heard
        finally:
            server.shutdown()


def sent(
    answers: list[str], *, to: str = "an@example.org", content: bytes = CONTENT, **server: Any
) -> list[bytes]:
    """What a server heard of one mail."""
    with (
        answering(answers, **server) as (port, heard),
        closing(smtplib.SMTP("127.0.0.1", port, timeout=5)) as connection,
    ):
        try:
            send(connection, "k@example.org", to, content)
        finally:
            if connection.sock:
                # Still of use for the next mail: what follows is understood as a command.
                assert connection.rset()[0] == 250
    return heard[:-1]


def test_what_the_server_hears_is_what_it_would_hear_one_by_one() -> None:
    together, one_by_one = sent(GOOD), sent(GOOD, offers="250 HELP")
    assert [line.lower() for line in together] == [line.lower() for line in one_by_one]
    assert together[:3] == [
        b"MAIL FROM:<k@example.org>\r\n", b"RCPT TO:<an@example.org>\r\n", b"DATA\r\n",
    ]  # fmt: skip


def test_its_size_is_told_where_it_is_wanted() -> None:
    heard = sent(GOOD, offers="250-PIPELINING\r\n250 SIZE 1000")
    assert heard[0] == b"MAIL FROM:<k@example.org> SIZE=%d\r\n" % len(CONTENT)


@pytest.mark.parametrize("content", [b".\r\nx\r\n", b"a\r\n.\r\n..b\r\n.c\r\n"])
def test_a_line_that_begins_with_a_dot_does_not_end_the_mail(content: bytes) -> None:
    heard = sent(GOOD, content=content)[3:]
    assert heard == [b"." + line if line.startswith(b".") else line for line in
                     content.splitlines(keepends=True)]  # fmt: skip


@pytest.mark.parametrize("data", ["503 no addressee", "354 go on anyway"])
def test_an_addressee_who_is_refused_gets_nothing_and_the_connection_stays(data: str) -> None:
    answers = ["250 ok", "550 5.1.1 unknown", data, "554 nobody to give it to"]
    with pytest.raises(smtplib.SMTPRecipientsRefused) as error:
        sent(answers)
    assert error.value.recipients == {"an@example.org": (550, b"5.1.1 unknown")}


def test_the_reason_is_that_of_the_first_command_that_was_refused() -> None:
    with pytest.raises(smtplib.SMTPSenderRefused, match="not you"):
        sent(["550 not you", "503 no sender", "503 no addressee"])


@pytest.mark.parametrize("answers", [[*GOOD[:2], "451 later"], [*GOOD[:3], "451 later"]])
def test_contents_that_are_refused(answers: list[str]) -> None:
    with pytest.raises(smtplib.SMTPDataError, match="later"):
        sent(answers)


@pytest.mark.parametrize("place", range(4))
def test_a_server_that_says_421_says_nothing_more(place: int) -> None:
    with pytest.raises(smtplib.SMTPResponseException, match="closing"):
        sent([*GOOD[:place], "421 closing"])


@pytest.mark.parametrize(
    "to", ["an@example.org> SIZE=1\r\nRCPT TO:<b@example.org", "a b@example.org", "a>b@example.org"]
)
def test_no_address_gets_to_say_a_command_of_its_own(to: str) -> None:
    heard: list[bytes] = []
    with suppress(ValueError):
        heard = sent(GOOD, to=to)
    assert sum(line.lower().startswith(b"rcpt") for line in heard) <= 1
