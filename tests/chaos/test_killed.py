"""A process is killed in the middle of its work; another goes on, and all comes out right."""

from __future__ import annotations

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
from tests.processes import Running
from workflows.sweep import LEASE as TIMER_LEASE
from workflows.sweep import sweep
from workflows.verifying import verify

pytestmark = pytest.mark.chaos


def start(act: str, *arguments: str, folder: Path) -> Running:
    return Running(*arguments, folder=folder, main=f"tests.chaos.acts:{act}")


def kill_when(process: Running, reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not reached() and process.returncode is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.wait()


@pytest.mark.timeout(180)
def test_killed_while_it_delivers(
    engine: sqlalchemy.Engine, database_url: str, tmp_path: Path
) -> None:
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        ids = put(engine, 900)
        for goal in (150, 400, 650):
            process = start("deliver_mails", database_url, str(controller.port), folder=tmp_path)
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
def test_killed_while_it_sweeps(desk: Desk, database_url: str, tmp_path: Path) -> None:
    with writing(desk.database) as connection:
        for number in range(150):
            add_school(connection, f"School {number}")
    desk.until(2022, 11, 23, 8)
    cases = desk.rows_of_cases()
    for row in cases:
        desk.engine.fire(row["id"], "start", desk.teacher_of(row["organisation_id"]))
    moment = "2023-01-31T23:00:00+00:00"
    for goal in (20, 60, 100):
        process = start("sweep_timers", database_url, moment, folder=tmp_path)
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
