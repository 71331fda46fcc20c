"""Wake-ups on PostgreSQL: enqueued with the step, taken up by a real worker process."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from base.clock import VirtualClock
from base.errors import NotMet
from models.database import reading, writing
from models.messages import Mail
from rules.judge import Judge
from tests.builders import Desk
from tests.processes import Running
from workflows.engine import Engine
from workflows.waking import wake

_mail = Mail.__table__  # type: ignore[attr-defined]


@pytest.fixture
def desk(postgres_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Desk:
    found = Desk.open(postgres_engine, clock, judge)
    found.engine = Engine(postgres_engine, replace(found.engine.tools, wake=wake))
    return found


def jobs(database: sqlalchemy.Engine) -> int:
    with reading(database) as connection:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return int(connection.execute(query).scalar_one())


def test_a_step_leaves_a_wake_up_and_a_refused_one_does_not(desk: Desk) -> None:
    case_id = desk.invited()
    before = jobs(desk.database)
    desk.fire(case_id, "start", desk.teachers[0])
    assert jobs(desk.database) == before + 1
    with pytest.raises(NotMet):
        desk.fire(case_id, "submit", desk.teachers[0])
    assert jobs(desk.database) == before + 1


@pytest.mark.timeout(120)
def test_a_worker_takes_it_up_delivers_and_ends_when_told(
    desk: Desk, postgres_url: str, tmp_path: Path
) -> None:
    with writing(desk.database) as connection:
        connection.execute(text("DELETE FROM timer"))
    worker = Running(
        "worker", folder=tmp_path,
        settings={
            "database": postgres_url, "mail_folder": str(tmp_path / "mail"),
            "sweep_seconds": "3000",
        },
    )  # fmt: skip
    try:
        worker.until_told("worker ready")
        time.sleep(1)  # its first tick is over: only a wake-up makes it look again
        taken = desk.engine.start(
            "school_label", "screening", organisation_id=desk.school, actor_id=None,
            round_name="2023-2024",
        )  # fmt: skip
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if len(list((tmp_path / "mail").glob("*.eml"))) == taken.mails and not jobs(
                desk.database
            ):
                break
            time.sleep(0.1)
        assert taken.mails == 3
        assert len(list((tmp_path / "mail").glob("*.eml"))) == 3
    finally:
        worker.send_signal(signal.SIGTERM)
        ended = worker.wait(30)
    assert ended == 0
