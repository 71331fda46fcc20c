"""A process is killed in the middle of its work; another goes on, and all comes out right."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from aiosmtpd.controller import Controller

from models.database import writing
from notifications.carriers import SmtpCarrier
from notifications.delivery import LEASE as MAIL_LEASE
from notifications.delivery import deliver
from notifications.templates import Templates
from tests.builders import Desk, add_school
from tests.notifications.conftest import NOW, Inbox, free_port, make_post, outbox, put
from workflows.sweep import LEASE as TIMER_LEASE
from workflows.sweep import sweep
from workflows.verifying import verify

pytestmark = pytest.mark.chaos
ROOT = Path(__file__).resolve().parents[2]

DELIVER = """
import sys
from base.clock import VirtualClock
from models.database import open_database
from notifications.carriers import SmtpCarrier
from notifications.templates import Templates
from notifications.delivery import deliver
from tests.notifications.conftest import NOW, make_post
port = int(sys.argv[2])
carrier = lambda: SmtpCarrier("127.0.0.1", port, security="none")
deliver(make_post(open_database(sys.argv[1]), Templates(), carrier, 2))
"""

SWEEP = """
import sys
from datetime import UTC, datetime, timedelta
from base.clock import VirtualClock
from models.database import open_database
from rules.judge import Judge
from workflows.engine import Engine
from workflows.publishing import Library
from workflows.tools import Tools
from workflows.sweep import sweep
clock = VirtualClock(datetime.fromisoformat(sys.argv[2]))
with Judge() as judge:
    tools = Tools(
        clock=clock, library=Library(), judge=judge, grace=timedelta(seconds=20),
        public_url="https://keurmerk.example",
    )
    sweep(Engine(open_database(sys.argv[1]), tools), batch=20)
"""


def start(code: str, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def kill_when(process: subprocess.Popen[bytes], reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


@pytest.mark.timeout(180)
def test_killed_while_it_delivers(engine: sqlalchemy.Engine, database_url: str) -> None:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        ids = put(engine, 900)
        for goal in (150, 400, 650):
            process = start(DELIVER, database_url, str(controller.port))
            kill_when(process, lambda goal=goal: len(inbox.accepted) >= goal)  # type: ignore[misc]
        assert len(inbox.accepted) < 900
        post = make_post(
            engine, Templates(), lambda: SmtpCarrier("127.0.0.1", controller.port, security="none")
        )
        post.clock.move_to(NOW + MAIL_LEASE)  # type: ignore[attr-defined]
        deliver(post)
    finally:
        controller.stop(no_assert=True)
    wanted = {f"<{mail_id}@example.org>" for mail_id in ids}
    got = inbox.ids()
    assert set(got) == wanted
    # Each of two connections may have had one batch of 50 accepted and not yet marked, three times.
    assert len(got) - len(wanted) <= 3 * 2 * 50
    assert {row["status"] for row in outbox(engine)} == {"sent"}


@pytest.mark.timeout(180)
def test_killed_while_it_sweeps(desk: Desk, database_url: str) -> None:
    with writing(desk.database) as connection:
        for number in range(150):
            add_school(connection, f"School {number}")
    desk.until(2022, 11, 23, 8)
    cases = desk.rows_of_cases()
    for row in cases:
        desk.engine.fire(row["id"], "start", desk.teacher_of(row["organisation_id"]))
    moment = "2023-01-31T23:00:00+00:00"
    for goal in (20, 60, 100):
        process = start(SWEEP, database_url, moment)
        kill_when(
            process,
            lambda goal=goal: (
                sum(row["state"] == "expired" for row in desk.rows_of_cases())  # type: ignore[misc]
                >= goal
            ),
        )
    desk.clock.move_to(desk.moment(moment) + TIMER_LEASE + timedelta(seconds=1))
    sweep(desk.engine)
    assert {row["state"] for row in desk.rows_of_cases()} == {"expired"}
    mails = desk.mails(template="school_label/expired")
    assert len(mails) == len({mail["case_id"] for mail in mails}) == len(cases)
    assert verify(desk.database).faults == []
