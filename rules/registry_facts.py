"""Facts from the registry of schools, people and projects.

Each provider asks one statement for the whole batch (and one more per local day where the batch spans
two of them, at the date line of a deadline).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, and_, distinct, func, or_, select

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
#: ``nql_counts``: which quality labels count for a school. The sources differ.
SCHOOL_INVOLVED = "school_involved"
OWN_TEACHER = "own_teacher"


@provider("today", FactType.DATE)
def today(
    _connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """The calendar day it is where the subject is."""
    return {subject.key: local_day(now, ZoneInfo(subject.zone)) for subject in subjects}


@provider("round_value", FactType.INTEGER, {"value": FactType.INTEGER})
def round_value(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """A number of the round itself, for criteria about what the round allows."""
    return {subject.key: arguments["value"] for subject in subjects}


@provider("registered_on", FactType.DATE)
def registered_on(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The day the school was registered."""
    query = select(_organisation.c.id, _organisation.c.registered_on).where(
        _organisation.c.id.in_(_schools(subjects))
    )
    return _by_school(subjects, {row.id: row.registered_on for row in connection.execute(query)})


@provider("active_teachers", FactType.INTEGER, {"since": FactType.DATE})
def active_teachers(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many validated people working at the school today were active since a day.

    Any activity counts: a project, professional development, another activity (SEED-002). Whether
    the three must each have been active once or jointly is UNKNOWN; each is counted once.
    """
    found: dict[str, Value | None] = {}
    for day, there in _by_day(subjects, now).items():
        query = (
            select(_member.c.organisation_id, func.count(distinct(_member.c.person_id)))
            .join(_person, _person.c.id == _member.c.person_id)
            .where(
                _member.c.organisation_id.in_(_schools(there)),
                _member.c.first_day <= day,
                or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
                _person.c.validated.is_(True),
                select(_activity.c.id)
                .where(
                    _activity.c.person_id == _member.c.person_id,
                    _activity.c.on_day >= arguments["since"],
                    _activity.c.on_day <= day,
                )
                .exists(),
            )
            .group_by(_member.c.organisation_id)
        )
        counts = {school: count for school, count in connection.execute(query)}
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
)
def projects_with_label(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """How many European projects of the school got a label of a kind between two days.

    European: founders from at least two countries; a national project earns no quality label
    (SEED-004:831). ``counts`` says whose label counts, which the sources do not agree on:
    ``school_involved`` (the school takes part in the project, SEED-002), or ``own_teacher`` (a
    teacher got it while serving at the school, the Italian wording). ``until`` UNKNOWN: no upper
    bound but today.
    """
    found: dict[str, Value | None] = {}
    european = (
        select(_founder.c.project_id)
        .group_by(_founder.c.project_id)
        .having(func.count(distinct(_founder.c.country)) > 1)
    )
    for day, there in _by_day(subjects, now).items():
        schools = _schools(there)
        last = min(day, arguments["until"]) if arguments.get("until") else day
        labelled = and_(
            _label.c.kind == arguments["kind"],
            _label.c.granted_on >= arguments["since"],
            _label.c.granted_on <= last,
            _label.c.project_id.in_(european),
        )
        own = select(_label.c.school_at_grant_id.label("school"), _label.c.project_id).where(
            labelled, _label.c.school_at_grant_id.in_(schools)
        )
        involved = (
            select(_school.c.organisation_id.label("school"), _label.c.project_id)
            .join(_label, _label.c.project_id == _school.c.project_id)
            .where(labelled, _school.c.organisation_id.in_(schools))
        )
        pairs = (own if arguments["counts"] == OWN_TEACHER else own.union(involved)).subquery()
        query = select(pairs.c.school, func.count(distinct(pairs.c.project_id))).group_by(
            pairs.c.school
        )
        counts = {school: count for school, count in connection.execute(query)}
        found |= _by_school(there, counts, 0)
    return found


@provider("holds_label_on", FactType.BOOLEAN, {"kind": FactType.TEXT, "day": FactType.DATE})
def holds_label_on(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """Whether the school holds a label of a kind that is valid on a day."""
    day: date = arguments["day"]
    query = (
        select(_label.c.organisation_id)
        .where(
            _label.c.organisation_id.in_(_schools(subjects)),
            _label.c.kind == arguments["kind"],
            or_(_label.c.valid_from.is_(None), _label.c.valid_from <= day),
            _label.c.valid_until >= day,
        )
        .distinct()
    )
    holders = dict.fromkeys(connection.execute(query).scalars(), True)
    return _by_school(subjects, holders, False)


def _schools(subjects: Sequence[Subject]) -> list[str]:
    return list({one.organisation_id for one in subjects if one.organisation_id})


def _by_day(subjects: Sequence[Subject], now: datetime) -> dict[date, list[Subject]]:
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
        if subject.organisation_id is not None
    }
