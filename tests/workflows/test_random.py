"""The engine driven at random: whatever people and the clock do, what must hold holds.

Every process file that is found is driven, with its own actors, triggers, asks and form, by people
of two countries.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from base.clock import VirtualClock
from base.errors import KeurmerkError
from models.cases import Case, CaseParty, Timer
from models.database import reading, writing
from models.messages import Mail
from models.registry import (
    Contact,
    Grant,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectMember,
)
from models.surveys import SurveyExercise
from rules.book import RuleBook
from rules.judge import Judge
from surveys.setup import save_dates, save_numbers
from tests.builders import Desk, add, add_grant, add_member, add_school
from tests.conftest import examples, new_sqlite
from tests.surveys.exercises import ACCOUNT, EXERCISE, coordinator, publish_beside
from tests.surveys.making import give_badges
from tests.workflows.quality_labels import EVERYWHERE, give_labels, settings_book
from workflows.answers import save_answers
from workflows.definition import Ask
from workflows.form import fields
from workflows.process_file import FOLDER
from workflows.subjects import KINDS
from workflows.sweep import sweep
from workflows.timing import plan
from workflows.verifying import verify

PROCESSES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
#: A process in which nothing can be done at random would prove nothing.
LEAST_TAKEN = 5
#: Nothing happens in these before somebody has set something.
SET_FIRST = ("user_right", EXERCISE)
#: So many are there from the start, for whoever may revoke them.
BADGES = 14
#: After so many acts everything is looked at again from its beginning, which takes its time.
VERIFIED_AFTER = 10


def populate(desk: Desk) -> list[str]:
    """Add a second country and what links people; gives everybody who may act."""
    with writing(desk.database) as connection:
        _school, abroad = add_school(
            connection, "Scuola", country="IT", area="IT", language=None, countries=("IT", "BE")
        )
        for right in ("nso_reviewer", "nso_coordinator"):
            person = add(connection, Person(name=f"{right} IT", email=f"{right}@example.it"))
            add_grant(connection, person, right, "IT")
            abroad.append(person)
        newcomers = [
            add(connection, Person(name=name, email=f"{name.lower()}@example.org"))
            for name in ("Nieuw", "Nuova")
        ]
        teachers = [*desk.teachers, *abroad[:3]]
        # Those who mostly act lead their schools.
        connection.execute(
            Membership.__table__.update()  # type: ignore[attr-defined]
            .where(Membership.__table__.c.person_id.in_([teachers[0], teachers[3]]))  # type: ignore[attr-defined]
            .values(role="principal")
        )
        team = add(connection, Person(name="Dirk Digisnap", email="dirk@digisnap.example"))
        add_grant(connection, team, "digisnap_team", "*")
        connection.execute(Person.__table__.update().values(available=True))  # type: ignore[attr-defined]
        contacts = [
            {"person_id": one, "contact_id": other}
            for one in teachers
            for other in teachers
            if one != other
        ]
        connection.execute(Contact.__table__.insert(), contacts)  # type: ignore[attr-defined]
        founders = ProjectFounder.__table__  # type: ignore[attr-defined]
        connection.execute(
            founders.update().where(founders.c.country == "BE").values(person_id=teachers[0])
        )
        for row in connection.execute(Project.__table__.select()).mappings().all():  # type: ignore[attr-defined]
            for person in (teachers[0], teachers[3]):
                add(connection, ProjectMember(project_id=row["id"], person_id=person))
    with_roles(desk, teachers)
    return [
        *teachers, *abroad[3:], *newcomers, desk.reviewer, desk.colleague, desk.coordinator,
        desk.css,
    ]  # fmt: skip


def with_roles(desk: Desk, people: list[str]) -> None:
    """Give people the roles at their schools that the process asks for, beside those they have."""
    roles = {role for actor in desk.published.process.actors.values() for role in actor.roles}
    there = {row["role"] for row in desk.rows(Membership)}
    works = {person: desk.rows(Membership, person_id=person)[0] for person in people[::2]}
    with writing(desk.database) as connection:
        for role in sorted(roles - there):
            for person, first in works.items():
                add_member(
                    connection, first["organisation_id"], person, role=role,
                    first_day=date(2016, 9, 1),
                )  # fmt: skip


class Driver:
    """Acts at random, and looks after every act whether all is still well."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk, self.random = desk, random.Random(seed)
        self.people: list[str | None] = [*populate(desk), None]
        if desk.published.process.process == "selfie_badge":
            give_badges(desk, BADGES)
        tables = {"organisation": Organisation, "person": Person, "project": Project}
        self.things = {
            kind: [row["id"] for row in desk.rows(table)] for kind, table in tables.items()
        }
        self.emails = {row["id"]: row["email"] for row in desk.rows(Person)}
        self.holders: dict[str, list[str]] = {}
        for row in desk.rows(Grant):
            self.holders.setdefault(row["right"], []).append(row["person_id"])
        self.acts = self.taken = 0
        self.has_exercises = desk.published.process.process == EXERCISE

    def act(self) -> None:
        chosen = self.random.choices(
            [self.fire, self.wait, self.fill_in, self.answer, self.undo, self.start, self.set_up],
            [10, 4, 2, 1, 1, 5 if not self.cases() else 2, 3 * self.has_exercises],
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
        self.acts += 1
        if self.acts % VERIFIED_AFTER == 0:
            self.verify()
        self.look()

    def verify(self) -> None:
        """Every log and every decision is what it was when it was written."""
        report = verify(self.desk.database)
        assert report.faults == []

    def state(self) -> list[tuple[Any, ...]]:
        return [(row["id"], row["state"], row["version"], row["head"]) for row in self.cases()]

    def cases(self) -> list[dict[str, Any]]:
        return self.desk.rows(Case, process=self.desk.published.process.process)

    def case(self) -> dict[str, Any]:
        cases = self.cases()
        return self.random.choice(cases) if cases else {"id": "none", "state": "", "version": 0}

    def somebody(self, case: dict[str, Any]) -> str | None:
        """Mostly somebody the case is about, so that things happen."""
        near = [case["person_id"]] if case.get("person_id") else []
        parties = self.desk.rows_of(CaseParty, case_id=case["id"])
        near += [row["person_id"] for row in parties if row["person_id"]]
        process = self.desk.published.process
        state = process.states.get(case["state"])
        waited_for = process.actors.get(state.waits_for or "") if state else None
        near += self.holders.get(waited_for.grant or "", []) if waited_for else []
        people: list[str | None] = near if near and self.random.random() < 0.4 else self.people
        return self.random.choice(people)

    def sent(self, asks: list[Ask]) -> dict[str, Any]:
        """What is asked for, mostly as it should be."""
        return {ask.name: self.given(ask) for ask in asks if self.random.random() < 0.95}

    def given(self, ask: Ask) -> Any:
        if self.random.random() < 0.03:
            return self.random.choice(["", "\0", 7, [], None, "x" * 3000])
        if ask.type in KINDS and ask.type != "person":
            return self.random.choice(self.things[ask.type])
        return {
            "text": f"Omdat_{self.random.random()} zo.", "date": "2023-12-01",
            "email": "directie@example.org",
            "text_per_section": {next(self.sections(), "none"): "x"},
            "yes_no": ask.must_be or self.random.choice(["yes", "no"]),
            "choice": self.random.choice([*ask.choices, "none"]),
            "number": self.random.randint(ask.least or 0, ask.most or 30),
            "area": self.random.choice(["BE-VLG", "IT"]),
            "right": "digisnap_manager",
            "person": self.emails[self.random.choice(self.people) or self.desk.teachers[0]],
        }[ask.type]  # fmt: skip

    def sections(self) -> Iterator[str]:
        form = self.desk.published.process.form
        return iter([section.section for section in form.sections] if form else [])

    def fire(self) -> None:
        process = self.desk.published.process
        case = self.case()
        leading = [n for n, t in process.transitions.items() if case["state"] in t.source]
        # Mostly what could work, sometimes anything.
        names = leading if leading and self.random.random() < 0.8 else list(process.transitions)
        trigger = self.random.choice(names)
        payload = self.sent(process.transitions[trigger].asks)
        version = case["version"] if self.random.random() < 0.5 else None
        link = self.link(case, trigger)
        self.desk.engine.fire(case["id"], trigger, self.somebody(case), payload, version, link=link)

    def link(self, case: dict[str, Any], trigger: str) -> str | None:
        """The link in the last mail of a case that has one to this step."""
        for mail in reversed(self.desk.rows(Mail, case_id=case["id"])):
            if trigger in mail["context"].get("links", {}):
                return str(mail["context"]["links"][trigger]).rpartition("/")[2]
        return None

    def set_up(self) -> None:
        """Set up an exercise, where cases have one."""
        rows = self.desk.rows(SurveyExercise)
        if not rows:
            return
        case_id = self.random.choice(rows)["case_id"]
        today = self.desk.clock.now().date()
        first, last = (today + timedelta(days=self.random.randint(0, 25)) for _ in range(2))
        numbers = dict.fromkeys(("school_leaders", "teachers", "students"), 3)
        save_numbers(self.desk.database, case_id, numbers, with_companies=False)
        save_dates(self.desk.database, case_id, first, last, "nl")

    def start(self) -> None:
        process = self.desk.published.process
        way = self.random.choice(list(process.starts))
        about = {f"{kind}_id": self.random.choice(ids) for kind, ids in self.things.items()}
        rounds: list[str | None] = [*self.desk.published.rounds]
        # Mostly somebody in a project.
        most = self.random.random() < 0.7
        person = self.random.choice([self.people[0], self.people[3]] if most else self.people)
        if process.subject == "person" and person and self.random.random() < 0.7:
            # Mostly about somebody of her own school.
            about = self.colleague(person, about)
        taken = self.desk.engine.start(
            process.process, way, actor_id=person,
            round_name=self.random.choice(rounds or [None]),
            payload=self.sent(process.starts[way].asks), **about,
        )  # fmt: skip
        if process.form and person and self.random.random() < 0.7:
            with suppress(KeurmerkError):
                self.desk.fill_in(taken.case["id"], by=person)

    def colleague(self, person: str, about: dict[str, str]) -> dict[str, str]:
        links = self.desk.rows(Membership)
        schools = [row["organisation_id"] for row in links if row["person_id"] == person]
        if not schools:
            return about
        there = [row["person_id"] for row in links if row["organisation_id"] == schools[0]]
        mate = self.random.choice(there)
        return {**about, "organisation_id": schools[0], "person_id": mate}

    def undo(self) -> None:
        self.desk.engine.undo(self.case()["id"], self.random.choice(self.people))

    def fill_in(self) -> None:
        case = self.case()
        if self.desk.published.process.form and case["state"]:
            self.desk.fill_in(case["id"], by=self.somebody(case) or self.desk.teachers[0])

    def answer(self) -> None:
        names = [key for key, _section, _field in fields(self.desk.published.process)]
        value = self.random.choice(["yes", "no", "x" * self.random.choice([1, 2500, 2501]), None])
        case = self.case()
        save_answers(
            self.desk.database, self.desk.engine.tools, case["id"],
            {self.random.choice([*names, "nonsense.field"]): value},
            self.somebody(case) or self.desk.teachers[0],
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
        cases = {row["id"]: row for row in self.cases()}
        process = desk.published.process
        taken = [row["unique_key"] for row in cases.values() if row["unique_key"]]
        assert len(taken) == len(set(taken)), "two cases where there may be one"
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
        reminders = {name for rule in process.timers.values() for name in rule.mail}
        keys = []
        for key, status, event_id, case_id, template in self.mails():
            keys.append(key)
            if status == "waiting" and event_id is None and case_id:
                assert template.rpartition("/")[2] in reminders
        assert len(keys) == len(set(keys)), "a mail twice"

    def mails(self) -> list[tuple[Any, ...]]:
        """What is looked at of each mail: to read all that they say takes longer than an act."""
        table = Mail.__table__  # type: ignore[attr-defined]
        names = ("key", "status", "event_id", "case_id", "template")
        with reading(self.desk.database) as connection:
            rows = connection.execute(select(*(table.c[name] for name in names)))
            return [tuple(row) for row in rows]


@contextmanager
def desk_of(template: Path, folder: Path, judge: Judge, process: str) -> Iterator[Desk]:
    with new_sqlite(template, folder) as database:
        clock = VirtualClock(datetime(2022, 11, 22, 11, 0, tzinfo=UTC))
        book = settings_book(process, EVERYWHERE[process]) if process in EVERYWHERE else None
        yield Desk.open(database, clock, judge, process=FOLDER / f"{process}.yaml", book=book)


@pytest.mark.parametrize("process", PROCESSES)
@settings(
    max_examples=examples(5),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(min_value=0, max_value=2**32), acts=st.integers(min_value=5, max_value=40))
def test_whatever_happens_what_must_hold_holds(
    process: str, seed: int, acts: int, sqlite_template: Path, sqlite_folder: Path, judge: Judge
) -> None:
    with desk_of(sqlite_template, sqlite_folder, judge, process) as desk:
        driver = Driver(desk, seed)
        if process == "european_quality_label":
            give_labels(desk, desk.teachers[0], desk.teachers[1])
        if process == EXERCISE:
            publish_beside(desk, ACCOUNT, RuleBook.from_folder())
            coordinator(desk)
        for _ in range(acts):
            driver.act()
        driver.verify()


@pytest.mark.parametrize("process", PROCESSES)
def test_the_same_on_both_databases_over_a_long_time(
    engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge, process: str
) -> None:
    book = settings_book(process, EVERYWHERE[process]) if process in SET_FIRST else None
    path = FOLDER / f"{process}.yaml"
    desk = Desk.open(engine, clock, judge, process=path, book=book)
    driver = Driver(desk, seed=2)
    if process == EXERCISE:
        publish_beside(desk, ACCOUNT, RuleBook.from_folder())
        coordinator(desk)
    for _ in range(80):
        driver.act()
    driver.verify()
    assert driver.taken > LEAST_TAKEN
