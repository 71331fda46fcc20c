"""Mail servers to send to: each in a process of its own, so that they share no interpreter with us.

:func:`plain` answers every command at once and keeps nothing: it shows what sending costs us.
:func:`aiosmtpd` is the real server the tests use. :mod:`benchmarks.postfix` has the server that
stands in front of most installations, where this machine has it. All take the commands of a mail
together (RFC 2920), as mail servers do.
"""

from __future__ import annotations

import multiprocessing
import socket
import socketserver
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from typing import Any

#: Where mail servers of a benchmark listen: the system chooses the port.
LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """A port nobody uses, for a server that cannot say which one it was given."""
    with socket.create_server((LOOPBACK, 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


#: Tells the port, then counts mails until it is ended.
Serve = Callable[["Connection[int, None]", "Synchronized[int]"], None]


class Sink:
    """A running mail server."""

    def __init__(self, name: str, port: int, count: Synchronized[int]) -> None:
        """Know where it is."""
        self.name = name
        self.port = port
        self._count = count

    @property
    def accepted(self) -> int:
        """How many mails it took."""
        return self._count.value


@contextmanager
def running(name: str, serve: Serve) -> Iterator[Sink]:
    """A mail server in a fresh process, ended afterwards."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    count = context.Value("q", 0)
    process = context.Process(target=serve, args=(theirs, count), daemon=True)
    process.start()
    theirs.close()
    try:
        yield Sink(name, ours.recv(), count)
    finally:
        process.terminate()
        process.join()


def plain(port: Connection[int, None], count: Synchronized[int]) -> None:
    """The least a mail server can do."""

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            self.wfile.write(b"220 sink\r\n")
            while line := self.rfile.readline():
                verb = line[:4].upper()
                if verb == b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    while self.rfile.readline() != b".\r\n":
                        pass
                    with count.get_lock():
                        count.value += 1
                answers = {b"QUIT": b"221 bye\r\n", b"EHLO": b"250-sink\r\n250 PIPELINING\r\n"}
                self.wfile.write(answers.get(verb, b"250 ok\r\n"))
                if verb == b"QUIT":
                    return

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server((LOOPBACK, 0), Handler) as server:
        port.send(int(server.server_address[1]))
        server.serve_forever()


def aiosmtpd(port: Connection[int, None], count: Synchronized[int]) -> None:
    """aiosmtpd, which reads every mail whole and throws it away."""
    import asyncio  # noqa: PLC0415 - in the server's own process

    from aiosmtpd.smtp import SMTP  # noqa: PLC0415

    class Handler:
        async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
            self, _server: Any, session: Any, _envelope: Any, hostname: str, responses: list[str]
        ) -> list[str]:
            # It can, and does not say so.
            session.host_name = hostname
            return ["250-PIPELINING", *responses]

        async def handle_DATA(self, *_: Any) -> str:  # noqa: N802 - aiosmtpd's name
            count.value += 1
            return "250 accepted"

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: SMTP(Handler(), loop=loop), LOOPBACK, 0)
        port.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(serve())


SERVERS: dict[str, Serve] = {"aiosmtpd": aiosmtpd, "plain sink": plain}
