"""The engine driven at random: whatever people and the clock do, what must hold holds.

Every process file that is found is driven, with its own actors, triggers and form.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from base.clock import VirtualClock
from base.errors import KeurmerkError
from models.cases import Case, Timer
from models.database import open_database
from rules.judge import Judge
from tests.builders import Desk
from workflows.answers import save_answers
from workflows.sweep import sweep
from workflows.timing import plan
from workflows.verifying import verify


class Driver:
    """Acts at random, and looks after every act whether all is still well."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.random = desk, random.Random(seed)
        self.people: list[str | None] = [
            *desk.teachers, desk.reviewer, desk.colleague, desk.coordinator, desk.css, None,
        ]  # fmt: skip
        self.taken = 0

    def act(self) -> None:
        chosen = self.random.choices(
            [self.fire, self.wait, self.fill_in, self.answer, self.undo, self.start],
            [10, 4, 2, 1, 1, 1],
        )[0]
        before = self.state()
        refused = None
        try:
            chosen()
        except KeurmerkError as error:
            refused = error
        if refused:
            assert refused.status < 500, refused
            assert refused.say("nl")
            assert self.state() == before, "a refusal changed something"
        else:
            self.taken += chosen is not self.wait
        self.look()

    def state(self) -> list[tuple[Any, ...]]:
        return [(row["id"], row["state"], row["version"], row["head"]) for row in self.cases()]

    def cases(self) -> list[dict[str, Any]]:
        return self.desk.rows(Case)

    def case(self) -> dict[str, Any]:
        cases = self.cases()
        return self.random.choice(cases) if cases else {"id": "none", "state": "", "version": 0}

    def fire(self) -> None:
        process = self.desk.published.process
        case = self.case()
        leading = [n for n, t in process.transitions.items() if case["state"] in t.source]
        # Mostly what could work, sometimes anything.
        names = leading if leading and self.random.random() < 0.8 else list(process.transitions)
        trigger = self.random.choice(names)
        payload: dict[str, Any] = {}
        for ask in process.transitions[trigger].asks:
            if self.random.random() < 0.9:
                payload[ask.name] = {"esafety": "x"} if "section" in ask.type else "Omdat."
        version = case["version"] if self.random.random() < 0.5 else None
        self.desk.engine.fire(
            case["id"], trigger, self.random.choice(self.people), payload, version
        )

    def start(self) -> None:
        way = self.random.choice(list(self.desk.published.process.starts))
        self.desk.engine.start(
            self.desk.published.process.process, way, organisation_id=self.desk.school,
            actor_id=self.random.choice(self.people),
            round_name=self.random.choice(self.desk.published.rounds),
        )  # fmt: skip

    def undo(self) -> None:
        self.desk.engine.undo(self.case()["id"], self.random.choice(self.people))

    def fill_in(self) -> None:
        self.desk.fill_in(self.case()["id"])

    def answer(self) -> None:
        fields = ["esafety.policy", "students.plan", "models.statement", "nonsense.field"]
        value = self.random.choice(["yes", "no", "x" * self.random.choice([1, 2500, 2501]), None])
        save_answers(
            self.desk.database, self.desk.engine.tools, self.case()["id"],
            {self.random.choice(fields): value}, self.desk.teachers[0],
        )  # fmt: skip

    def wait(self) -> None:
        by = self.random.choice(
            [timedelta(seconds=5), timedelta(hours=3), timedelta(days=1), timedelta(days=20)]
        )
        self.desk.clock.advance(by)
        if self.random.random() < 0.8:  # sometimes no sweep comes by
            sweep(self.desk.engine)

    def look(self) -> None:
        desk = self.desk
        report = verify(desk.database)
        assert report.faults == []
        cases = {row["id"]: row for row in self.cases()}
        process = desk.published.process
        taken = [row["unique_key"] for row in cases.values() if row["unique_key"]]
        assert len(taken) == len(set(taken)), "two applications of one school in one round"
        for row in cases.values():
            assert row["version"] > 0, "a state without its event"
            assert row["is_open"] is not process.states[row["state"]].final
        timers = [row for row in desk.rows(Timer) if row["case_id"]]
        for timer in timers:
            case = cases[timer["case_id"]]
            assert case["state"] in process.timers[timer["name"]].states, "a timer after its state"
            assert timer["failures"] == 0, timer
        for case in cases.values():
            values = desk.published.values(case["round"], case["area"])
            planned = {row["key"] for row in plan(process, case, values, case["since"])}
            assert {row["key"] for row in timers if row["case_id"] == case["id"]} <= planned
        mails = desk.mails()
        keys = [mail["key"] for mail in mails]
        assert len(keys) == len(set(keys)), "a mail twice"
        for mail in mails:
            if mail["status"] == "waiting" and mail["event_id"] is None and mail["case_id"]:
                rules = [r for r in process.timers.values() if r.mail]
                names = {name for rule in rules for name in rule.mail}
                assert mail["template"].rpartition("/")[2] in names


@contextmanager
def opened(template: Path, folder: str, judge: Judge) -> Iterator[Desk]:
    path = Path(folder) / "random.db"
    path.write_bytes(template.read_bytes())
    database = open_database(f"sqlite:///{path}", synchronous="NORMAL")
    try:
        clock = VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC))
        yield Desk.open(database, clock, judge)
    finally:
        database.dispose()


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(min_value=0, max_value=2**32), acts=st.integers(min_value=5, max_value=40))
def test_whatever_happens_what_must_hold_holds(
    seed: int, acts: int, sqlite_template: Path, judge: Judge
) -> None:
    with TemporaryDirectory() as folder, opened(sqlite_template, folder, judge) as desk:
        driver = Driver(desk, seed)
        for _ in range(acts):
            driver.act()


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_on_both_databases_over_a_long_time(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge, seed: int
) -> None:
    driver = Driver(Desk.open(engine, clock, judge), seed)
    for _ in range(80):
        driver.act()
    assert driver.taken > 5
