"""A real service, killed and cut off on its way through the screening; nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from rules.judge import Judge
from tests.chaos.house import (
    LEASES,
    SCHOOLS,
    SCREENING,
    House,
    OwnServer,
    all_sent,
    everything_came_out_once,
    own_postgres,
    prepared,
)
from tests.notifications.conftest import outbox

pytestmark = pytest.mark.chaos


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with own_postgres() as server:
        yield server


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
            house.wait(lambda: all_sent(desk), process)
    everything_came_out_once(desk, house, kills=2)


@pytest.mark.timeout(240)
def test_a_service_outlives_its_database(
    own_server: OwnServer, judge: Judge, tmp_path: Path
) -> None:
    control = own_server.control
    desk, house = prepared(own_server.database, judge), House(own_server.url, tmp_path)
    # Some mails are on their way when the database goes, however slow the machine.
    house.inbox.limit = 100
    with house.mail_server():
        with house.service(SCREENING) as process:
            house.wait(lambda: len(house.inbox.accepted) >= 100, process)
            house.wait(house.ready, process)
            control("stop")
            house.inbox.limit = None
            time.sleep(1)
            assert not house.ready()
            assert process.returncode is None
            control("start")
            house.wait(house.ready, process)
            before = len(house.inbox.accepted)
            house.wait(lambda: len(house.inbox.accepted) > before, process)
        # What was claimed when the database went away is free again when its lease ends.
        with house.service(SCREENING + LEASES) as process:
            house.wait(lambda: all_sent(desk), process)
    everything_came_out_once(desk, house, kills=1)


@pytest.mark.timeout(240)
def test_a_service_whose_database_goes_away_while_it_starts_waits_for_it(
    own_server: OwnServer, tmp_path: Path
) -> None:
    house = House(own_server.url, tmp_path)
    # What is published first waits for this lock: the start is under way.
    with own_server.database.connect() as connection, house.service(SCREENING) as process:
        connection.execute(text("LOCK TABLE definition"))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
        house.wait(lambda: connection.execute(waiting).scalar_one() > 0, process)
        own_server.control("stop")
        connection.invalidate()
        house.wait(lambda: house.told("serve").count("database away") >= 2, process)
        assert not house.ready()
        own_server.control("start")
        house.wait(house.ready, process)
    assert "publish" in house.told("serve")
