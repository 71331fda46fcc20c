"""Facts about the quality labels of projects: who holds them, where, and with how many points."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, distinct, func, or_, select

from base.days import local_day, zone_of
from base.i18n import N_
from models.registry import (
    Label,
    Membership,
    Organisation,
    Project,
    ProjectFounder,
    ProjectMember,
)
from models.sql import id_table
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from rules.project_facts import projects_of

_label = Label.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]
_taking_part = ProjectMember.__table__  # type: ignore[attr-defined]

Found = Mapping[str, Value | None]
#: Which labels count: those of a kind, granted between two days, inclusive; the last is optional.
_KIND = {"kind": FactType.TEXT, "since": FactType.DATE, "until": FactType.DATE}
ROUNDING = (N_("down"), N_("up"), N_("nearest"))
TIES = (N_("all"), N_("none"))


def _granted(arguments: Mapping[str, Any]) -> ColumnElement[bool]:
    counts = and_(
        _label.c.kind == arguments["kind"],
        _label.c.project_id.is_not(None),
        _label.c.person_id.is_not(None),
        _label.c.granted_on >= arguments["since"],
    )
    return and_(counts, _label.c.granted_on <= last) if (last := arguments.get("until")) else counts


def _per_project(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any], value: Any
) -> Found:
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    query = (
        select(_label.c.project_id, value)
        .select_from(asked)
        .join(_label, (_label.c.project_id == asked.c.value) & _granted(arguments))
        .outerjoin(_organisation, _organisation.c.id == _label.c.school_at_grant_id)
        .group_by(_label.c.project_id)
    )
    known = {row[0]: row[1] for row in connection.execute(query)}
    return {key: known.get(id_, 0) for key, id_ in projects.items()}


@provider("label_partners", FactType.INTEGER, _KIND, ["until"], least=0)
def label_partners(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many people hold a label of a kind for the project, granted between two days.

    A partner is a person: two teachers of one school are two (INFERENCE; the sources say
    “partners”).
    """
    return _per_project(connection, subjects, arguments, func.count(distinct(_label.c.person_id)))


@provider("label_countries", FactType.INTEGER, _KIND, ["until"], least=0)
def label_countries(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """In how many countries somebody holds such a label, by the school at the grant."""
    return _per_project(
        connection, subjects, arguments, func.count(distinct(_organisation.c.country))
    )


@provider("label_average", FactType.INTEGER, _KIND, ["until"], least=0)
def label_average(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The average of the points of all such labels of the project, times 100, rounded up.

    Of those whose points are known; without any it is not known. The sources say “average scores
    of all projects”, and not how it is made: every label counts once, whatever its country
    (INFERENCE). It is rounded up so that what is above a whole number stays above it.
    """
    projects = projects_of(subjects)
    averages = _averages(connection, arguments, list(projects.values()))
    return {key: ceil(averages[id_]) if id_ in averages else None for key, id_ in projects.items()}


def _averages(
    connection: Connection, arguments: Mapping[str, Any], ids: Sequence[str] | None = None
) -> dict[str, Fraction]:
    """The exact average of each project that has points; of all there are without ``ids``."""
    query = select(_label.c.project_id, func.sum(_label.c.score), func.count()).where(
        _granted(arguments), _label.c.score.is_not(None)
    )
    if ids is not None:
        asked = id_table(connection, ids)
        query = query.join(asked, asked.c.value == _label.c.project_id)
    rows = connection.execute(query.group_by(_label.c.project_id))
    return {row[0]: Fraction(int(row[1]), int(row[2])) for row in rows}


@provider(
    "places_beyond",
    FactType.INTEGER,
    {
        **_KIND,
        "one_in": FactType.INTEGER,
        "rounding": FactType.TEXT,
        "ties": FactType.TEXT,
        "partners": FactType.INTEGER,
    },
    ["until"],
    choices={"rounding": ROUNDING, "ties": TIES},
    least=0,
)
def places_beyond(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    now: datetime,
) -> Found:  # fmt: skip
    """By how many places the project lies beyond the best one in so many of its NSO's projects.

    Of the ``n`` projects of an NSO with such a label ``n / one_in`` places are given, rounded as
    told. A project is with the NSO of the founder who was written down first, where she works today
    (INFERENCE: a project is founded in two countries, and ranked once). Those with at least so many
    ``partners`` who hold the label are ranked by their average, the best first. Who shares the
    average of the last place is in (``ties``: all), or all who share it are out (none). 0 is
    within; a project without known points, or with fewer partners, has no place.
    """
    projects = projects_of(subjects)
    averages, partners = _averages(connection, arguments), _partners(connection, arguments)
    nso_of = _nsos(connection, partners, now)
    counts = Counter(nso_of.get(project, "") for project in partners)
    ranked: dict[str, list[Fraction]] = {}
    for project, average in averages.items():
        if partners[project] >= arguments["partners"]:
            ranked.setdefault(nso_of.get(project, ""), []).append(average)
    found: dict[str, Value | None] = {}
    for key, id_ in projects.items():
        if id_ not in averages or partners[id_] < arguments["partners"]:
            continue
        nso = nso_of.get(id_, "")
        share = Fraction(counts[nso], arguments["one_in"])
        found[key] = beyond(
            averages[id_], ranked[nso], share, arguments["rounding"], arguments["ties"]
        )
    return found


def _partners(connection: Connection, arguments: Mapping[str, Any]) -> dict[str, int]:
    """How many people hold such a label, by project."""
    query = (
        select(_label.c.project_id, func.count(distinct(_label.c.person_id)))
        .where(_granted(arguments))
        .group_by(_label.c.project_id)
    )
    return {row[0]: int(row[1]) for row in connection.execute(query)}


def beyond(
    own: Fraction, all_: Sequence[Fraction], share: Fraction, rounding: str, ties: str
) -> int:
    """By how many places ``own`` lies beyond the places given; 0 is within.

    Arguments:
        all_: the averages of all that are ranked, its own among them.
        share: how many places there are, before they are rounded.
        rounding: down, up or nearest (a half is rounded down: “up to” is a ceiling).
        ties: all or none of those who share the last place.
    """
    places = {
        "down": share.__floor__(),
        "up": share.__ceil__(),
        "nearest": -((Fraction(1, 2) - share).__floor__()),
    }[rounding]
    better = sum(one > own for one in all_)
    alike = sum(one == own for one in all_)
    last = better + (1 if ties == "all" else alike)
    return max(0, last - places)


def _nsos(connection: Connection, projects: Iterable[str], now: datetime) -> dict[str, str]:
    """The area of each project's NSO: of the first founder's school today, else her country."""
    day = local_day(now, zone_of(""))
    asked = id_table(connection, projects)
    works_there = and_(
        _member.c.person_id == _founder.c.person_id,
        _member.c.first_day <= day,
        or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
    )
    query = (
        select(_founder.c.project_id, _founder.c.country, _organisation.c.area)
        .select_from(asked)
        .join(_founder, _founder.c.project_id == asked.c.value)
        .outerjoin(_member, works_there)
        .outerjoin(_organisation, _organisation.c.id == _member.c.organisation_id)
        # The last one stays: the first founder, at the school she came to last.
        .order_by(_founder.c.id.desc(), _member.c.first_day, _member.c.id)
    )
    return {row.project_id: row.area or row.country for row in connection.execute(query)}


@provider("project_registered_on", FactType.DATE)
def project_registered_on(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """The day the project was registered; not known where the registry has none."""
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    query = select(_project.c.id, _project.c.registered_on).select_from(asked)
    rows = connection.execute(query.join(_project, _project.c.id == asked.c.value))
    known = {row.id: row.registered_on for row in rows}
    return {key: known.get(id_) for key, id_ in projects.items()}


@provider("project_schools", FactType.INTEGER, least=0)
def project_schools(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many schools take part in the project by their teachers."""
    counts = _members_per_school(connection, subjects)
    return {key: len(schools) for key, schools in counts.items()}


@provider("most_teachers_of_a_school", FactType.INTEGER, least=0)
def most_teachers_of_a_school(
    connection: Connection, subjects: Sequence[Subject], _arguments: Mapping[str, Any],
    _now: datetime,
) -> Found:  # fmt: skip
    """How many teachers take part in the project from the school with the most of them."""
    counts = _members_per_school(connection, subjects)
    return {key: max(schools, default=0) for key, schools in counts.items()}


def _members_per_school(
    connection: Connection, subjects: Sequence[Subject]
) -> dict[str, list[int]]:
    projects = projects_of(subjects)
    asked = id_table(connection, projects.values())
    query = (
        select(_taking_part.c.project_id, func.count())
        .select_from(asked)
        .join(_taking_part, _taking_part.c.project_id == asked.c.value)
        .where(_taking_part.c.organisation_id.is_not(None))
        .group_by(_taking_part.c.project_id, _taking_part.c.organisation_id)
    )
    counts: dict[str, list[int]] = {}
    for project, count in connection.execute(query):
        counts.setdefault(project, []).append(int(count))
    return {key: counts.get(id_, []) for key, id_ in projects.items()}
