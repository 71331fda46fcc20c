"""Real workers: woken when mails are due, and still there when their database comes back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import text

from base.clock import ShiftedClock, VirtualClock
from models.database import reading, writing
from rules.judge import Judge
from tests.builders import Desk
from tests.chaos.house import (
    EVE,
    SCHOOLS,
    House,
    OwnServer,
    all_sent,
    everything_came_out_once,
    own_postgres,
    prepared,
)
from tests.notifications.conftest import outbox
from workflows.engine import Engine
from workflows.waking import wake, waker

pytestmark = pytest.mark.chaos

GRACE = timedelta(seconds=3)


@pytest.fixture
def own_server() -> Iterator[OwnServer]:
    with own_postgres() as server:
        yield server


def wake_ups(database: sqlalchemy.Engine) -> int:
    with reading(database) as connection:
        return int(connection.execute(text("SELECT count(*) FROM procrastinate_jobs")).scalar_one())


def test_a_worker_is_woken_when_the_hold_of_a_mail_is_over(
    postgres_url: str, postgres_engine: sqlalchemy.Engine, judge: Judge, tmp_path: Path
) -> None:
    database, house = postgres_engine, House(postgres_url, tmp_path)
    desk = Desk.open(database, VirtualClock(EVE), judge, grace=GRACE)
    clock, woken = ShiftedClock(EVE), waker(distributed=True, grace=GRACE)
    desk.engine = Engine(database, replace(desk.engine.tools, clock=clock, wake=woken))
    # Only a wake-up makes it look before an hour is over.
    with (
        house.mail_server(),
        house.process("worker", clock.now(), sweep_seconds="3600") as worker,
    ):
        house.wait(lambda: "worker ready" in house.told("worker"), worker)
        time.sleep(1)  # its first look, at the start, is over
        taken = desk.engine.start(
            "school_label", "screening", organisation_id=desk.school, actor_id=None,
            round_name="2023-2024",
        )  # fmt: skip
        begun = time.monotonic()
        assert (taken.mails, wake_ups(database)) == (3, 1)
        house.wait(lambda: len(house.inbox.accepted) == 3, worker)
        took = time.monotonic() - begun
        house.wait(lambda: wake_ups(database) == 0, worker)
    assert GRACE.total_seconds() - 0.5 <= took
    assert {mail["status"] for mail in outbox(database)} == {"sent"}


def test_with_sqlite_a_worker_shares_the_work_of_the_service_beside_it(
    sqlite_engine: sqlalchemy.Engine, judge: Judge, tmp_path: Path
) -> None:
    url = sqlite_engine.url.render_as_string(hide_password=False)
    desk, house = prepared(sqlite_engine, judge), House(url, tmp_path)
    with (
        house.mail_server(),
        # The service does not look before an hour is over: what goes out, the worker sends.
        house.process("serve", EVE, sweep_seconds="3600") as service,
        house.process("worker", EVE) as worker,
    ):
        house.wait(lambda: "worker ready" in house.told("worker"), service, worker)
        house.wait(house.ready, service, worker)
        house.later()
        house.wait(lambda: all_sent(desk), service, worker)
        assert house.ready()
    everything_came_out_once(desk, house, kills=0)


@pytest.mark.timeout(400)
def test_a_service_and_a_worker_outlive_their_database(
    own_server: OwnServer, judge: Judge, tmp_path: Path
) -> None:
    database = own_server.database
    desk, house = prepared(database, judge), House(own_server.url, tmp_path)
    # Some mails are on their way when the database goes, however slow the machine.
    house.inbox.limit = 100
    # A claim whose answer was cut off is free again when its lease ends.
    with (
        house.mail_server(),
        house.process("serve", EVE, lease=40, distributed="true") as service,
        house.process("worker", EVE, lease=40) as worker,
    ):
        house.wait(lambda: "worker ready" in house.told("worker"), service, worker)
        house.wait(house.ready, service, worker)
        house.later()
        house.wait(lambda: len(house.inbox.accepted) >= 100, service, worker)
        own_server.control("stop")
        house.inbox.limit = None
        time.sleep(1)
        cut_off = len(house.inbox.accepted)
        assert not house.ready()
        own_server.control("start")
        house.wait(house.ready, service, worker)
        house.wait(lambda: all_sent(desk), service, worker, seconds=150)
        house.wait(lambda: house.told("worker").count("worker ready") >= 2, service, worker)
        with writing(database) as connection:
            wake(connection)
        house.wait(lambda: wake_ups(database) == 0, service, worker)
        assert cut_off < 3 * SCHOOLS
        assert "database away" in house.told("worker")
    everything_came_out_once(desk, house, kills=0)
