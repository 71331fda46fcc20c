"""A small Flanders to test with: schools, people, rights, and an engine with the School Label."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, select

from base.clock import VirtualClock
from base.ids import new_id
from documents.store import FolderStore
from models.cases import Case, CaseEvent, Evidence, Timer
from models.database import reading, writing
from models.messages import Mail, Notice
from models.registry import (
    Activity,
    Grant,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectSchool,
)
from notifications.templates import Templates
from rules.book import RuleBook
from rules.judge import Judge
from workflows.answers import add_link, save_answers
from workflows.engine import Engine
from workflows.publishing import Library, Published, publish
from workflows.step import Taken
from workflows.sweep import prepare, sweep
from workflows.tools import Tools

PROCESS = Path("workflows/school_label.yaml")
ROUND = "2023-2024"
BEGINNING = date(2015, 9, 1)
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"


@cache
def installed_mails() -> Templates:
    """The mails of the installation: they are compiled once for all tests."""
    return Templates()


def add(connection: Connection, row: Any) -> str:
    """Write one row of a model; gives its id."""
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    connection.execute(row.__table__.insert(), values)
    return str(values["id"])


def add_person(connection: Connection, name: str, **values: Any) -> str:
    """A person with a mail address made of the name."""
    email = f"{name.lower().replace(' ', '.')}@example.org"
    return add(connection, Person(**{"name": name, "email": email, "validated": True, **values}))


def add_member(connection: Connection, school: str, person: str, **values: Any) -> None:
    """A membership since 2015."""
    add(
        connection,
        Membership(
            **{
                "organisation_id": school, "person_id": person, "first_day": BEGINNING,
                "role": "teacher", **values,
            }
        ),
    )  # fmt: skip


def add_grant(connection: Connection, person: str, right: str, scope: str, **values: Any) -> None:
    """A right since 2015."""
    add(
        connection,
        Grant(
            **{
                "person_id": person, "right": right, "scope": scope, "first_day": BEGINNING,
                **values,
            }
        ),
    )  # fmt: skip


def add_school(
    connection: Connection, name: str, *, teachers: int = 3, active: int | None = None,
    registered_on: date = date(2020, 9, 1), nql_on: date | None = date(2020, 7, 1),
    countries: tuple[str, str] = ("BE", "IT"), country: str = "BE", area: str = "BE-VLG",
    language: str | None = "nl",
) -> tuple[str, list[str]]:  # fmt: skip
    """A school with a project and teachers, ``active`` of them on the first day that counts.

    Left as it is it just meets every criterion of the 2022-23 round.
    """
    school = add(
        connection,
        Organisation(
            name=name, country=country, area=area, registered_on=registered_on, validated=True
        ),
    )
    people = []
    for number in range(1, teachers + 1):
        person = add_person(connection, f"{name} {number}", language=language)
        add_member(connection, school, person)
        if number <= (teachers if active is None else active):
            add(connection, Activity(person_id=person, kind="webinar", on_day=date(2020, 9, 1)))
        people.append(person)
    if nql_on:
        project = add(connection, Project(title=f"{name} abroad"))
        for founder in countries:
            add(connection, ProjectFounder(project_id=project, country=founder))
        add(connection, ProjectSchool(project_id=project, organisation_id=school))
        add(
            connection,
            Label(
                kind="NQL", granted_on=nql_on, project_id=project, person_id=people[0],
                school_at_grant_id=school,
            ),
        )  # fmt: skip
    return school, people


@dataclass
class Desk:
    """Everything a test acts with."""

    engine: Engine
    clock: VirtualClock
    published: Published
    #: An eligible school and its three teachers.
    school: str
    teachers: list[str]
    reviewer: str
    colleague: str
    coordinator: str
    css: str
    extra: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(
        cls, database: sqlalchemy.Engine, clock: VirtualClock, judge: Judge,
        grace: timedelta = timedelta(seconds=20), process: Path = PROCESS,
        book: RuleBook | None = None,
    ) -> Desk:  # fmt: skip
        """Fill an empty database and publish a process, the School Label if none is named.

        Arguments:
            book: rule sets and rounds; those installed if left out.
        """
        tools = Tools(
            clock=clock, library=Library(), judge=judge, grace=grace,
            public_url="https://keurmerk.example",
        )  # fmt: skip
        with writing(database) as connection:
            school, teachers = add_school(connection, "Sint-Jan")
            reviewer = add_person(connection, "Rita Reviewer", language="nl")
            colleague = add_person(connection, "Karel Collega", language="nl")
            coordinator = add_person(connection, "Cora Coordinator", language="nl")
            css = add_person(connection, "Carl Support", language="en")
            for person in (reviewer, colleague):
                add_grant(connection, person, "nso_reviewer", "BE-VLG")
            add_grant(connection, coordinator, "nso_coordinator", "BE-VLG")
            add_grant(connection, css, "css", "*")
            published = publish(
                connection, process.read_text(encoding="utf-8"), book or RuleBook.from_folder(),
                mails=installed_mails(), author="test", now=clock.now(),
            )  # fmt: skip
        engine = Engine(database, tools)
        prepare(engine)
        return cls(
            engine=engine, clock=clock, published=published, school=school, teachers=teachers,
            reviewer=reviewer, colleague=colleague, coordinator=coordinator, css=css,
        )  # fmt: skip

    @property
    def database(self) -> sqlalchemy.Engine:
        """The database."""
        return self.engine.database

    def until(self, *when: int) -> int:
        """Move the clock to a moment in UTC, carrying out what is due on the way, in its order."""
        from workflows.sweep import next_due  # noqa: PLC0415

        goal, done = datetime(*when, tzinfo=UTC), 0  # type: ignore[arg-type,misc]
        while (due := next_due(self.database)) is not None and due <= goal:
            self.clock.move_to(max(due, self.clock.now()))
            done += sweep(self.engine)
            assert self.troubled() == [], "timers failed; the log says why"
        self.clock.move_to(goal)
        return done

    def troubled(self) -> list[str]:
        """The keys of timers that failed."""
        table = Timer.__table__  # type: ignore[attr-defined]
        with reading(self.database) as connection:
            return list(connection.scalars(select(table.c.key).where(table.c.failures > 0)))

    def case(self, case_id: str | None = None) -> dict[str, Any]:
        """A case row; the school's only one if no id is given."""
        table = Case.__table__  # type: ignore[attr-defined]
        query = select(table)
        query = (
            query.where(table.c.id == case_id)
            if case_id
            else query.where(table.c.organisation_id == self.school)
        )
        with reading(self.database) as connection:
            return dict(connection.execute(query).mappings().one())

    def rows(self, model: Any, **where: Any) -> list[dict[str, Any]]:
        """Rows of a model in order of id."""
        table = model.__table__
        query = select(table).order_by(table.c.id)
        for name, value in where.items():
            query = query.where(table.c[name] == value)
        with reading(self.database) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def rows_of(self, model: Any, **where: Any) -> list[dict[str, Any]]:
        """Rows of a model that has no id of its own, in no order."""
        table = model.__table__
        query = select(table).where(*(table.c[name] == value for name, value in where.items()))
        with reading(self.database) as connection:
            return [dict(row) for row in connection.execute(query).mappings()]

    def rows_of_cases(self) -> list[dict[str, Any]]:
        """All cases."""
        return self.rows(Case)

    def teacher_of(self, school: str) -> str:
        """A teacher of a school."""
        (first, *_others) = self.rows(Membership, organisation_id=school)
        return str(first["person_id"])

    def moment(self, text: str) -> datetime:
        """An instant from ISO 8601."""
        return datetime.fromisoformat(text)

    def mails(self, **where: Any) -> list[dict[str, Any]]:
        """Mail rows."""
        return self.rows(Mail, **where)

    def notices(self, **where: Any) -> list[dict[str, Any]]:
        """Notice rows."""
        return self.rows(Notice, **where)

    def events(self, case_id: str) -> list[dict[str, Any]]:
        """The log of a case."""
        return sorted(self.rows(CaseEvent, case_id=case_id), key=lambda row: row["sequence"])

    def timers(self, case_id: str) -> list[dict[str, Any]]:
        """The timers of a case, the next first."""
        return sorted(self.rows(Timer, case_id=case_id), key=lambda row: row["due_at"])

    def invited(self) -> str:
        """Run the screening; gives the school's case."""
        self.until(2022, 11, 23, 8)
        return str(self.case()["id"])

    def draft(self) -> str:
        """An invited case whose draft has been started."""
        case_id = self.invited()
        self.engine.fire(case_id, "start", self.teachers[0])
        return case_id

    def fill_in(
        self, case_id: str, *, leave_out: tuple[str, ...] = (), by: str | None = None
    ) -> None:
        """Answer everything the form asks for, except the fields named.

        Arguments:
            by: who does; the school's first teacher if nobody is named.
        """
        answers: dict[str, Any] = {}
        person = by or self.teachers[0]
        form = self.published.process.form
        assert form is not None
        for section in form.sections:
            for wanted in section.fields:
                key = f"{section.section}.{wanted.name}"
                if key in leave_out:
                    continue
                if wanted.type == "yes_no":
                    answers[key] = wanted.must_be or "yes"
                elif wanted.type == "choice":
                    answers[key] = next(iter(wanted.choices))
                elif wanted.type == "text" and wanted.required:
                    answers[key] = "Wij werken hier samen verder aan."
                elif wanted.type == "evidence":
                    self.add_evidence(case_id, key, person)
        save_answers(self.database, self.engine.tools, case_id, answers, person)

    def add_evidence(self, case_id: str, key: str, by: str | None = None) -> None:
        """A link where one is allowed, else the row of a file."""
        from workflows.form import find_field  # noqa: PLC0415

        wanted = find_field(self.published.process, key)
        assert wanted is not None
        if "url" in wanted.kinds:
            add_link(
                self.database, self.engine.tools, case_id, key, "https://school.example/beleid",
                by or self.teachers[0],
            )  # fmt: skip
            return
        with writing(self.database) as connection:
            add(
                connection,
                Evidence(
                    id=new_id(), case_id=case_id, field=key, sha256="0" * 64,
                    file_name="bewijs.pdf", content_type="application/pdf", size=1,
                    added_at=self.clock.now(), added_by=by or self.teachers[0],
                ),
            )  # fmt: skip

    def submitted(self) -> str:
        """A case that has been submitted in time."""
        case_id = self.draft()
        self.fill_in(case_id)
        self.engine.fire(case_id, "submit", self.teachers[0])
        return case_id

    def fire(self, case_id: str, trigger: str, person: str | None, **payload: Any) -> Taken:
        """Fire a trigger."""
        return self.engine.fire(case_id, trigger, person, payload or None)


def give_files(desk: Desk, folder: Path) -> None:
    """Give the desk's files, which have no content, a small one kept in ``folder``."""
    evidence = Evidence.__table__  # type: ignore[attr-defined]
    with writing(desk.database) as connection:
        kept = FolderStore(folder).put(PDF)
        connection.execute(
            evidence.update().where(evidence.c.sha256.is_not(None)).values(sha256=kept)
        )
