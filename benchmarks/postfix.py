"""Postfix as the mail server of a benchmark: it keeps each mail safe, then throws it away."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.sinks import LOOPBACK, free_port

#: Nothing leaves this machine, whoever it is for.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example
mydestination =
default_transport = discard:
relay_transport = discard:
smtpd_recipient_restrictions = permit_mynetworks, reject
"""
#: The daemons it needs, and no other.
_MASTER = """\
{address} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
discard unix - - n - - discard
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
"""
#: What its log says of every mail it has taken and kept.
_TAKEN = ": message-id=<"
_START = 20.0


class Postfix:
    """A running Postfix."""

    name = "Postfix"

    def __init__(self, port: int, log: Path) -> None:
        """Know where it is."""
        self.port = port
        self._log = log

    @property
    def accepted(self) -> int:
        """How many mails it took."""
        with self._log.open(encoding="utf-8") as lines:
            return sum(_TAKEN in line for line in lines)


def available() -> bool:
    """Whether it can be started here: it is installed, and we may give it its own user."""
    return shutil.which("postfix") is not None and os.geteuid() == 0


@contextmanager
def running() -> Iterator[Postfix]:
    """A Postfix with a folder and a port of its own, ended afterwards.

    Raises:
        TimeoutError: it does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="keurmerk-postfix-", dir="/var/tmp") as place:
        folder, port = Path(place), free_port()
        # Its daemons give up root, and have to get in all the same.
        folder.chmod(0o755)
        for name in ("queue", "data", "etc"):
            (folder / name).mkdir()
        shutil.chown(folder / "data", "postfix")
        texts = {"main.cf": _MAIN, "master.cf": _MASTER}
        for name, text in texts.items():
            filled = text.format(folder=folder, address=f"{LOOPBACK}:{port}")
            (folder / "etc" / name).write_text(filled, encoding="ascii")
        _postfix(folder, "start")
        try:
            _wait_for(port)
            yield Postfix(port, folder / "log")
        finally:
            _postfix(folder, "stop")


def _postfix(folder: Path, act: str) -> None:
    command = ["postfix", "-c", str(folder / "etc"), act]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _START
    while time.monotonic() < deadline:
        try:
            with socket.create_connection((LOOPBACK, port), timeout=_START) as there:
                if there.recv(3) == b"220":
                    return
        except ConnectionRefusedError:
            time.sleep(0.1)
    message = f"Postfix does not answer on port {port}"
    raise TimeoutError(message)
