"""Facts from the registry of schools, people and projects.

Each provider asks one statement for the whole batch (and one more per local day, where a batch
spans zones in which different days are).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, distinct, func, or_, select, union

from base.days import local_day
from models.registry import (
    Activity,
    Label,
    Membership,
    Organisation,
    Person,
    ProjectFounder,
    ProjectSchool,
)
from models.sql import id_table
from rules.criteria import FactType, Value
from rules.facts import Subject, provider

_organisation = Organisation.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_activity = Activity.__table__  # type: ignore[attr-defined]
_label = Label.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_school = ProjectSchool.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
#: Whose quality labels count for a school. The sources differ; a round says which.
SCHOOL_INVOLVED = "school_involved"
OWN_TEACHER = "own_teacher"


@provider("today", FactType.DATE)
def today(
    _connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """The calendar day it is where the subject is."""
    return {one.key: day for day, there in by_day(subjects, now).items() for one in there}


@provider("round_value", FactType.INTEGER, {"value": FactType.INTEGER})
def round_value(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """A number of the round itself, for criteria about what the round allows."""
    return {subject.key: arguments["value"] for subject in subjects}


@provider("round_says", FactType.BOOLEAN, {"value": FactType.BOOLEAN})
def round_says(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """A yes or no of the round itself, for criteria about what a country's rules are."""
    return {subject.key: arguments["value"] for subject in subjects}


@provider("registered_on", FactType.DATE)
def registered_on(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The day the school was registered; not known where the registry has none."""
    return _column(connection, subjects, _organisation.c.registered_on)


@provider("school_validated", FactType.BOOLEAN)
def school_validated(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the NSO has validated the school."""
    return _column(connection, subjects, _organisation.c.validated)


@provider("active_teachers", FactType.INTEGER, {"since": FactType.DATE}, least=0)
def active_teachers(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many validated people who work at the school today were active since a day.

    SEED-002 wants teachers "aan het werk in de school" who took part in projects, professional
    development or other activities. So a person counts once, however active; any activity will do,
    from ``since`` to today inclusive, at whichever school; and who has left does not count. Whether
    the three must have been active each or together is UNKNOWN: each is. Principals are not
    counted. See docs/decisions/0108-who-is-an-active-teacher.md.
    """
    found: dict[str, Value | None] = {}
    for day, there in by_day(subjects, now).items():
        asked = id_table(connection, _schools(there))
        active = (
            select(_activity.c.id)
            .where(
                _activity.c.person_id == _member.c.person_id,
                _activity.c.on_day >= arguments["since"],
                _activity.c.on_day <= day,
            )
            .exists()
        )
        query = (
            select(_member.c.organisation_id, func.count(distinct(_member.c.person_id)))
            .select_from(asked)
            .join(_member, _member.c.organisation_id == asked.c.value)
            .join(_person, _person.c.id == _member.c.person_id)
            .where(
                _member.c.role != "principal",
                _member.c.first_day <= day,
                or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
                _person.c.validated.is_(True),
                active,
            )
            .group_by(_member.c.organisation_id)
        )
        counts = {row[0]: row[1] for row in connection.execute(query)}
        found |= _by_school(there, counts, 0)
    return found


@provider(
    "projects_with_label",
    FactType.INTEGER,
    {
        "kind": FactType.TEXT,
        "since": FactType.DATE,
        "until": FactType.DATE,
        "counts": FactType.TEXT,
    },
    optional=["until"],
    choices={"kind": ("NQL", "EQL"), "counts": (SCHOOL_INVOLVED, OWN_TEACHER)},
    least=0,
)
def projects_with_label(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many European projects of the school got a label of a kind between two days, inclusive.

    European: founders from at least two countries; a national project earns no quality label
    (SEED-004:831). ``counts`` says whose label counts, on which the sources do not agree:
    ``school_involved``, the school takes part in the project (SEED-002), or ``own_teacher``, a
    teacher got it while serving at the school (Italy). ``until`` UNKNOWN: no bound but today.
    """
    found: dict[str, Value | None] = {}
    founder, other = _founder.alias("founder"), _founder.alias("other")
    european = (
        select(founder.c.id)
        .join(other, other.c.project_id == founder.c.project_id)
        .where(founder.c.project_id == _label.c.project_id, founder.c.country < other.c.country)
        .exists()
    )
    for day, there in by_day(subjects, now).items():
        asked = id_table(connection, _schools(there))
        until: date | None = arguments.get("until")
        labelled = (
            _label.c.kind == arguments["kind"],
            _label.c.granted_on >= arguments["since"],
            _label.c.granted_on <= (min(day, until) if until else day),
            european,
        )
        own = (
            select(asked.c.value.label("school"), _label.c.project_id)
            .select_from(asked)
            .join(_label, _label.c.school_at_grant_id == asked.c.value)
            .where(*labelled)
        )
        involved = (
            select(asked.c.value.label("school"), _label.c.project_id)
            .select_from(asked)
            .join(_school, _school.c.organisation_id == asked.c.value)
            .join(_label, _label.c.project_id == _school.c.project_id)
            .where(*labelled)
        )
        only_own = arguments["counts"] == OWN_TEACHER
        pairs = (own.distinct() if only_own else union(own, involved)).subquery("pair")
        query = select(pairs.c.school, func.count()).group_by(pairs.c.school)
        counts = {row[0]: row[1] for row in connection.execute(query)}
        found |= _by_school(there, counts, 0)
    return found


@provider("holds_label_on", FactType.BOOLEAN, {"kind": FactType.TEXT, "day": FactType.DATE})
def holds_label_on(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the school holds a label of a kind that is valid on a day.

    A label without a last day does not end; one without a first day has always been valid.
    """
    asked = id_table(connection, _schools(subjects))
    day: date = arguments["day"]
    query = (
        select(_label.c.organisation_id)
        .select_from(asked)
        .join(_label, _label.c.organisation_id == asked.c.value)
        .where(
            _label.c.kind == arguments["kind"],
            or_(_label.c.valid_from.is_(None), _label.c.valid_from <= day),
            or_(_label.c.valid_until.is_(None), _label.c.valid_until >= day),
        )
        .distinct()
    )
    holders = dict.fromkeys(connection.execute(query).scalars(), True)
    return _by_school(subjects, holders, False)


def _column(connection: Connection, subjects: Sequence[Subject], column: Any) -> Found:
    """A column of the subjects' schools."""
    asked = id_table(connection, _schools(subjects))
    query = (
        select(_organisation.c.id, column)
        .select_from(asked)
        .join(_organisation, _organisation.c.id == asked.c.value)
    )
    return _by_school(subjects, {row[0]: row[1] for row in connection.execute(query)})


def _schools(subjects: Sequence[Subject]) -> list[str]:
    return [one.organisation_id for one in subjects if one.organisation_id]


def by_day(subjects: Sequence[Subject], now: datetime) -> dict[date, list[Subject]]:
    """The subjects by the calendar day it is where they are."""
    days: dict[str, date] = {}
    found: dict[date, list[Subject]] = {}
    for subject in subjects:
        if subject.zone not in days:
            days[subject.zone] = local_day(now, ZoneInfo(subject.zone))
        found.setdefault(days[subject.zone], []).append(subject)
    return found


def _by_school(
    subjects: Sequence[Subject], values: Mapping[str, Any], otherwise: Value | None = None
) -> dict[str, Value | None]:
    return {
        subject.key: values.get(subject.organisation_id, otherwise)
        for subject in subjects
        if subject.organisation_id
    }
