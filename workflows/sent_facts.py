"""Facts about what was sent along with a step, and about a person's other cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from base.days import local_day, months_after
from models.cases import Case, CaseEvent
from models.sql import among
from registry.same_school import schools_called
from rules.criteria import FactType, Value
from rules.facts import Subject, provider

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
_STARTING = {"starting": FactType.TEXT}
#: What stands for no school.
NO_SCHOOL = "–"


def _numbers(
    subjects: Sequence[Subject], starting: str, made_of: Callable[[list[int]], int]
) -> Found:
    found: dict[str, Value | None] = {}
    for subject in subjects:
        numbers = [
            value
            for name, value in subject.sent.items()
            if name.startswith(starting) and isinstance(value, int)
        ]
        if numbers:
            found[subject.key] = made_of(numbers)
    return found


@provider("sent_sum", FactType.INTEGER, _STARTING)
def sent_sum(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The sum of the numbers that were sent along under names that start so."""
    return _numbers(subjects, arguments["starting"], sum)


@provider("sent_least", FactType.INTEGER, _STARTING)
def sent_least(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The least of them."""
    return _numbers(subjects, arguments["starting"], min)


@provider("sent_largest", FactType.INTEGER, _STARTING)
def sent_largest(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The largest of them."""
    return _numbers(subjects, arguments["starting"], max)


@provider(
    "earlier_submissions",
    FactType.INTEGER,
    {
        "trigger": FactType.TEXT,
        "since": FactType.DATE,
        "until": FactType.DATE,
        "standing": FactType.BOOLEAN,
    },
    least=0,
)
def earlier_submissions(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many other cases of this process and person saw a step between two days, inclusive.

    Days are those of the zone of the case that is judged. A case that saw the step twice counts
    once. ``standing``: only those that still hold their place; a case that was withdrawn or refused
    has given it up, where its state says so (``frees``).
    """
    first: date = arguments["since"]
    last: date = arguments["until"]
    people = {one.person_id for one in subjects if one.person_id}
    query = (
        select(_case.c.process, _case.c.person_id, _case.c.id, _case.c.unique_key, _event.c.at)
        .join(_event, _event.c.case_id == _case.c.id)
        .where(
            among(connection, _case.c.person_id, sorted(people)),
            _event.c.trigger == arguments["trigger"],
        )
    )
    steps: dict[tuple[str, str], list[Any]] = {}
    for row in connection.execute(query):
        steps.setdefault((row.process, row.person_id), []).append(row)
    found: dict[str, Value | None] = {}
    for subject in subjects:
        if subject.person_id is None:
            continue
        zone = ZoneInfo(subject.zone)
        others = {
            row.id: row.unique_key is not None
            for row in steps.get((subject.process, subject.person_id), [])
            if row.id != subject.case_id and first <= local_day(row.at, zone) <= last
        }
        found[subject.key] = sum(others.values()) if arguments["standing"] else len(others)
    return found


@provider("earlier_outcomes", FactType.INTEGER, {"state": FactType.TEXT}, least=0)
def earlier_outcomes(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many other cases of this process, person and project are in a state."""
    people = {one.person_id for one in subjects if one.person_id}
    query = select(_case.c.process, _case.c.person_id, _case.c.project_id, _case.c.id).where(
        among(connection, _case.c.person_id, sorted(people)), _case.c.state == arguments["state"]
    )
    cases: dict[tuple[Any, ...], set[str]] = {}
    for row in connection.execute(query):
        cases.setdefault((row.process, row.person_id, row.project_id), set()).add(row.id)
    return {
        one.key: len(cases.get((one.process, one.person_id, one.project_id), set()) - {one.case_id})
        for one in subjects
        if one.person_id
    }


@provider(
    "days_beyond_first_partner",
    FactType.INTEGER,
    {"trigger": FactType.TEXT, "months": FactType.INTEGER},
    least=0,
)
def days_beyond_first_partner(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """By how many days it is later than so many months after a step of the first partner.

    Partners are people of one country whose cases of this process are about one project. 0 is in
    time: so is the first, and whoever took the step for the project before, whose time was judged
    then. The months begin on the day of the step in the zone of the case that is judged, and end on
    the day of the same number, the month's last where there is none, inclusive. What became of a
    case does not matter. Both are readings (INFERENCE); the sources say “within one month”.
    """
    projects = {one.project_id for one in subjects if one.project_id}
    query = (
        select(_case.c.process, _case.c.project_id, _case.c.area, _case.c.person_id, _event.c.at)
        .join(_event, _event.c.case_id == _case.c.id)
        .where(
            among(connection, _case.c.project_id, sorted(projects)),
            _event.c.trigger == arguments["trigger"],
        )
    )
    steps: dict[tuple[str, str, str], list[Any]] = {}
    for row in connection.execute(query):
        key = (row.process, row.project_id, row.area.partition("-")[0])
        steps.setdefault(key, []).append(row)
    found: dict[str, Value | None] = {}
    for subject in subjects:
        if subject.project_id is None:
            continue
        key = (subject.process, subject.project_id, subject.area.partition("-")[0])
        taken, zone = steps.get(key, []), ZoneInfo(subject.zone)
        found[subject.key] = 0
        if taken and subject.person_id not in {row.person_id for row in taken}:
            first = min(local_day(row.at, zone) for row in taken)
            last = months_after(first, arguments["months"])
            found[subject.key] = max(0, (local_day(now, zone) - last).days)
    return found


@provider(
    "sent_school_known",
    FactType.TEXT,
    {"name": FactType.TEXT, "place": FactType.TEXT, "area": FactType.TEXT},
)
def sent_school_known(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The school there is already of the name and town sent along; – where there is none.

    A school that was asked for by this process and not validated is none: it can be asked for
    again.
    """
    found: dict[str, Value | None] = {}
    for subject in subjects:
        name, place, area = (
            str(subject.sent.get(arguments[part], "")) for part in ("name", "place", "area")
        )
        rows = schools_called(connection, area.partition("-")[0], name, place)
        turned_down = _turned_down(connection, subject.process, [row.id for row in rows])
        there = [row for row in rows if row.validated or row.id not in turned_down]
        found[subject.key] = f"{there[0].name}, {there[0].place}" if there else NO_SCHOOL
    return found


def _turned_down(connection: Connection, process: str, schools: list[str]) -> set[str]:
    """Those of ``schools`` whose cases of a process are all over."""
    query = select(_case.c.organisation_id, _case.c.is_open).where(
        _case.c.process == process, among(connection, _case.c.organisation_id, schools)
    )
    cases = [(row.organisation_id, row.is_open) for row in connection.execute(query)]
    return {school for school, _open in cases} - {school for school, is_open in cases if is_open}
