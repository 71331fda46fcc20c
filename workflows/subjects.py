"""What a case is about: an organisation, a person or a project, and by what name it is known.

A case has up to three of them in its own row. The one that ``subject`` names in the process file is
what it is about; the organisation is also the school of a person it is about (it gives area, zone
and conflicts of interest), the project one that she takes part in.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Select, func, or_, select

from base.days import local_day, zone_of
from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.reads import rows_of
from models.registry import Membership, Organisation, Person, Project, ProjectFounder
from models.sql import among

#: What a case can be about; each has a column ``<kind>_id`` in its row.
KINDS = ("organisation", "person", "project")

#: What a case is made of whose subject is yet to be made.
NOTHING: Mapping[str, Any] = MappingProxyType(
    {
        "organisation_id": None, "organisation_name": None, "person_id": None, "person_name": None,
        "project_id": None, "project_title": None, "area": "", "zone": None,
    }
)  # fmt: skip

_case = Case.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]
_founder = ProjectFounder.__table__  # type: ignore[attr-defined]

_TABLES = {"organisation": _organisation, "person": _person, "project": _project}

Row = Mapping[str, Any]


@lru_cache(maxsize=1)
def named_cases() -> Select[Any]:
    """Cases with the names of what they are about: to be narrowed down by whoever asks."""
    return (
        select(
            _case,
            _organisation.c.name.label("organisation_name"),
            _person.c.name.label("person_name"),
            _project.c.title.label("project_title"),
        )
        .outerjoin(_organisation, _organisation.c.id == _case.c.organisation_id)
        .outerjoin(_person, _person.c.id == _case.c.person_id)
        .outerjoin(_project, _project.c.id == _case.c.project_id)
    )


def add_names(connection: Connection, cases: Sequence[dict[str, Any]]) -> None:
    """Put the names of people and projects into rows of cases; most are about schools alone."""
    wanted = (("person", _person.c.name, "name"), ("project", _project.c.title, "title"))
    for kind, column, word in wanted:
        ids = {case[f"{kind}_id"] for case in cases} - {None}
        names: dict[str, str] = {}
        if ids:
            query = select(_TABLES[kind].c.id, column)
            rows = connection.execute(query.where(_TABLES[kind].c.id.in_(ids)))
            names = {row[0]: row[1] for row in rows}
        for case in cases:
            case[f"{kind}_{word}"] = names.get(case[f"{kind}_id"])


def name_of(case: Row) -> str:
    """By what a case is known: the title in its form, its project, its person, else its school.

    Arguments:
        case: a row of :func:`named_cases`, with the title that ``workflows.titles`` adds.
    """
    for part in ("form_title", "project_title", "person_name", "organisation_name"):
        if case.get(part):
            return str(case[part])
    return ""


def subject(connection: Connection, kind: str, id_: str, now: datetime) -> dict[str, Any] | None:
    """What a new case of one organisation, person or project is made of; None if there is none.

    Returns:
        ``organisation_id``, ``person_id``, ``project_id`` with their names, ``area`` and ``zone``.
    """
    table = _TABLES[kind]
    row = connection.execute(select(table).where(table.c.id == id_)).mappings().first()
    return _described(connection, kind, [dict(row)], now)[0] if row else None


def at_school(
    connection: Connection, about: Row, organisation_id: str, now: datetime
) -> dict[str, Any]:
    """A person as :func:`subject` gives her, at another of the schools she works at.

    Raises:
        NotFound: she does not work there today; whether there is such a school is not told.
    """
    query = select(_organisation).where(_organisation.c.id == organisation_id)
    found = connection.execute(query).mappings().first()
    row = dict(found) if found else None
    day = local_day(now, ZoneInfo(of_school(row)["zone"])) if row else None
    here = select(_member.c.id).where(
        _member.c.person_id == about["person_id"], _member.c.organisation_id == organisation_id,
        _member.c.first_day <= day, or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
    )  # fmt: skip
    if row is None or connection.execute(here).first() is None:
        raise NotFound(N_("{name} does not work at this school today."), name=about["person_name"])
    return {**about, **of_school(row)}


def subjects_after(
    connection: Connection, kind: str, after: str, limit: int, now: datetime
) -> list[dict[str, Any]]:
    """The next subjects of a kind in order of id, as :func:`subject` gives them.

    Arguments:
        after: id of the last one there was; empty for the first page.
    """
    table = _TABLES[kind]
    query = select(table).where(table.c.id > after).order_by(table.c.id).limit(limit)
    if kind == "organisation":
        query = query.where(table.c.kind == "school")
    rows = rows_of(connection.execute(query))
    return _described(connection, kind, rows, now)


def count_subjects(connection: Connection, kind: str) -> int:
    """How many subjects of a kind there are."""
    table = _TABLES[kind]
    return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def schools_of(
    connection: Connection, people: Collection[str], day: date
) -> dict[str, dict[str, Any]]:
    """The school each of ``people`` works at on ``day``: of several the one she came to last."""
    query = (
        select(_member.c.person_id, _organisation)
        .join(_organisation, _organisation.c.id == _member.c.organisation_id)
        .where(
            among(connection, _member.c.person_id, sorted(people)),
            _member.c.first_day <= day,
            or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
        )
        .order_by(_member.c.first_day, _member.c.id)
    )
    return {row["person_id"]: dict(row) for row in connection.execute(query).mappings()}


def of_school(school: Row | None) -> dict[str, Any]:
    """What a case takes from its school; nothing is known without one."""
    if school is None:
        return {
            name: NOTHING[name] for name in ("organisation_id", "organisation_name", "area", "zone")
        }
    return {
        "organisation_id": school["id"], "organisation_name": school["name"],
        "area": school["area"], "zone": school["zone"] or zone_of(school["area"]).key,
    }  # fmt: skip


def _described(
    connection: Connection, kind: str, rows: Sequence[dict[str, Any]], now: datetime
) -> list[dict[str, Any]]:
    if kind == "organisation":
        return [{**NOTHING, **of_school(row)} for row in rows]
    day = local_day(now, zone_of(""))
    if kind == "person":
        schools = schools_of(connection, [row["id"] for row in rows], day)
        return [
            {**NOTHING, **of_school(schools.get(row["id"])),
             "person_id": row["id"], "person_name": row["name"]}
            for row in rows
        ]  # fmt: skip
    founders = _first_founders(connection, [row["id"] for row in rows])
    people = [one["person_id"] for one in founders.values() if one["person_id"]]
    schools = schools_of(connection, people, day)
    found = []
    for row in rows:
        founder = founders.get(row["id"], {})
        about = {**NOTHING, **of_school(schools.get(founder.get("person_id") or ""))}
        if not about["area"] and founder:
            about |= {"area": founder["country"], "zone": zone_of(founder["country"]).key}
        found.append({**about, "project_id": row["id"], "project_title": row["title"]})
    return found


def _first_founders(connection: Connection, projects: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The founder of each project who was written down first: her NSO is asked first."""
    query = (
        select(_founder.c.project_id, _founder.c.person_id, _founder.c.country)
        .where(among(connection, _founder.c.project_id, projects))
        .order_by(_founder.c.id.desc())
    )
    return {row["project_id"]: dict(row) for row in connection.execute(query).mappings()}
