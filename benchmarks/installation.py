"""An installation to measure: the School Label published, schools, and cases in any state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import func, select, update

from base.clock import VirtualClock
from base.ids import new_id
from models.cases import Case, CaseEvent
from models.database import writing
from models.registry import Grant, Membership, Organisation, Person
from notifications.templates import Templates
from registry.bulk import chunks, insert_many
from rules.book import RuleBook
from rules.judge import Judge
from workflows.definition import Transition
from workflows.engine import Engine
from workflows.new_cases import new_case
from workflows.publishing import Library, Published, publish
from workflows.step import take
from workflows.subjects import NOTHING, of_school
from workflows.tools import Cause, Tools

PROCESS = Path(__file__).resolve().parent.parent / "workflows" / "school_label.yaml"
ROUND = "2023-2024"
AREA = "BE-VLG"
#: A working day in the round's evaluation period.
DURING = datetime(2023, 2, 7, 10, 0, tzinfo=UTC)
#: Teachers a school: those of the 2021-22 call were 39,346 in 5,198 schools.
TEACHERS = 8

_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]


@contextmanager
def installation(
    database: sqlalchemy.Engine, now: datetime, grace: timedelta = timedelta(0)
) -> Iterator[tuple[Engine, VirtualClock, Published]]:
    """An engine on ``database``, an empty one, with the School Label in force."""
    clock = VirtualClock(now)
    with Judge() as judge:
        tools = Tools(
            clock=clock, library=Library(), judge=judge, grace=grace,
            public_url="https://keurmerk.example",
        )  # fmt: skip
        with writing(database) as connection:
            published = publish(
                connection, PROCESS.read_text(encoding="utf-8"), RuleBook.from_folder(),
                mails=Templates(), author="benchmark", now=now,
            )  # fmt: skip
        yield Engine(database, tools), clock, published


def add_schools(database: sqlalchemy.Engine, count: int, teachers: int) -> list[dict[str, Any]]:
    """Flemish schools with teachers; gives the school rows."""
    schools: list[dict[str, Any]] = []
    people: list[dict[str, Any]] = []
    members: list[dict[str, Any]] = []
    for number in range(count):
        school = {
            "id": new_id(), "kind": "school", "name": f"School {number}", "place": "Brugge",
            "country": "BE", "area": AREA, "registered_on": date(2019, 9, 1), "validated": True,
            "zone": None,
        }  # fmt: skip
        schools.append(school)
        for place in range(teachers):
            person = new_id()
            people.append(
                {
                    "id": person, "name": f"Teacher {number} {place}",
                    "email": f"teacher.{number}.{place}@example.org", "language": "nl",
                    "validated": True,
                }
            )  # fmt: skip
            members.append(
                {
                    "id": new_id(), "organisation_id": school["id"], "person_id": person,
                    "role": "teacher", "first_day": date(2019, 9, 1), "last_day": None,
                }
            )  # fmt: skip
    with writing(database) as connection:
        for table, rows in ((_organisation, schools), (_person, people), (_member, members)):
            insert_many(connection, table, rows)
    return schools


def add_reviewer(database: sqlalchemy.Engine) -> str:
    """A person who may judge the Flemish applications."""
    person = new_id()
    with writing(database) as connection:
        connection.execute(
            _person.insert(),
            {
                "id": person, "name": "Rita Reviewer", "email": "rita@example.org",
                "language": "nl", "validated": True,
            },
        )  # fmt: skip
        connection.execute(
            _grant.insert(),
            {
                "id": new_id(), "person_id": person, "right": "nso_reviewer", "scope": AREA,
                "first_day": date(2019, 9, 1), "last_day": None,
            },
        )  # fmt: skip
    return person


def add_cases(
    engine: Engine, published: Published, schools: Sequence[dict[str, Any]], trigger: str,
    state: str,
) -> list[str]:  # fmt: skip
    """A case of each school, by one step from nothing to ``state``, with its event and timers.

    Arguments:
        trigger: as what the step is logged, by the school's first teacher.
    """
    now = engine.tools.clock.now()
    step = Transition(title={"en": trigger}, source=["draft"], to=state, by=["teacher"])
    cause = Cause(trigger=trigger, step=step, actor_id=None, acted_as="teacher", now=now)
    ids: list[str] = []
    for part in chunks(schools, 1_000):
        about = [{**NOTHING, **of_school(school)} for school in part]
        cases = [new_case(published, one, ROUND, now) for one in about]
        said: dict[str, list[Any]] = {case["id"]: [] for case in cases}
        with writing(engine.database) as connection:
            take(
                connection, engine.tools, published, cause, cases,
                lambda _case, _chosen: state, said=said,
            )  # fmt: skip
        ids += said
    first_teacher = (
        select(func.min(_member.c.person_id))
        .join(_case, _case.c.organisation_id == _member.c.organisation_id)
        .where(_case.c.id == _event.c.case_id)
        .scalar_subquery()
    )
    with writing(engine.database) as connection:
        # A chain of hashes this breaks; no measurement reads it.
        connection.execute(update(_event).values(actor_id=first_teacher))
    return ids
