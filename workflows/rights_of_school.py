"""The rights of a school: its people, who has which right, and both as a table to work on.

Giving, extending and revoking are steps of the process that registry/rights.yaml names; here is
what a principal needs around them (003_4a7623deb6c7c7ce.txt, step 2).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, or_, select

from base.days import local_day, zone_of
from base.errors import BadInput, NotFound
from base.i18n import N_
from models.cases import Case
from models.registry import Membership, Organisation, Person
from registry.rights import rights, rights_file
from workflows.kept_values import kept_values
from workflows.subjects import named_cases

#: The role at a school that gives rights there.
ROLE = "principal"
#: Rows shown; a school has fewer.
MOST = 1000

_case = Case.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class School:
    """A school whose rights somebody gives."""

    id: str
    name: str
    area: str
    zone: ZoneInfo


@dataclass(frozen=True, kw_only=True)
class Employee:
    """Somebody who works at a school today."""

    id: str
    name: str
    email: str
    role: str
    first_day: date
    last_day: date | None


@dataclass(frozen=True, kw_only=True)
class Search:
    """What people of a school are looked for by; texts are contained, days are equal."""

    first_name: str = ""
    name: str = ""
    role: str = ""
    first_day: date | None = None
    last_day: date | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is filled in."""
        return self == Search()


@dataclass(frozen=True, kw_only=True)
class RightShown:
    """A right of somebody at a school."""

    case_id: str
    person_id: str
    name: str
    email: str
    right: str
    first_day: date
    last_day: date
    state: str
    is_open: bool


def schools_led(connection: Connection, person_id: str, now: datetime) -> list[School]:
    """The schools whose principal a person is today, by name."""
    query = (
        select(_organisation, _member.c.first_day, _member.c.last_day)
        .join(_member, _member.c.organisation_id == _organisation.c.id)
        .where(_member.c.person_id == person_id, _member.c.role == ROLE)
        .order_by(_organisation.c.name, _organisation.c.id)
    )
    found = {}
    for row in connection.execute(query):
        zone = ZoneInfo(row.zone) if row.zone else zone_of(row.area)
        day = local_day(now, zone)
        if row.first_day <= day and (row.last_day is None or row.last_day >= day):
            found[row.id] = School(id=row.id, name=row.name, area=row.area, zone=zone)
    return list(found.values())


def school_led(
    connection: Connection, person_id: str, now: datetime, school_id: str | None
) -> School:
    """One of the schools whose principal a person is; the first if none is named.

    Raises:
        NotFound: she is of none, or not of that one.
    """
    for school in schools_led(connection, person_id, now):
        if school_id in (None, "", school.id):
            return school
    raise NotFound(N_("Only the principal of a school gives rights there."))


def people(connection: Connection, school: School, now: datetime) -> list[Employee]:
    """Everybody who works at a school today, by name."""
    day = local_day(now, school.zone)
    query = (
        select(
            _person.c.id, _person.c.name, _person.c.email, _member.c.role, _member.c.first_day,
            _member.c.last_day,
        )
        .join(_member, _member.c.person_id == _person.c.id)
        .where(
            _member.c.organisation_id == school.id, _member.c.first_day <= day,
            or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
        )
        .order_by(_person.c.name, _person.c.id, _member.c.first_day)
    )  # fmt: skip
    found = {row.id: Employee(**row._mapping) for row in connection.execute(query)}
    return list(found.values())


def search(connection: Connection, school: School, now: datetime, by: Search) -> list[Employee]:
    """The people of a school that are looked for.

    Raises:
        BadInput: nothing is filled in.
    """
    if by.is_empty:
        raise BadInput(N_("Fill in at least one field to search."))
    return [one for one in people(connection, school, now) if _is(one, by)]


def _is(one: Employee, by: Search) -> bool:
    # The registry keeps a name as one text; what stands before the first space is the first name.
    first, _, rest = one.name.partition(" ")
    return (
        by.first_name.casefold() in first.casefold()
        and by.name.casefold() in (rest or first).casefold()
        and by.role in ("", one.role)
        and by.first_day in (None, one.first_day)
        and by.last_day in (None, one.last_day)
    )


def not_needed(right: str, chosen: Collection[Employee]) -> list[Employee]:
    """Those of some people whose role does not need a right: a warning, never a refusal."""
    roles = rights()[right].not_needed_by
    return [one for one in chosen if one.role in roles]


def rights_at(connection: Connection, school: School) -> list[RightShown]:
    """The rights people have or had at a school: those that are open first, by name."""
    query = (
        named_cases()
        .add_columns(_person.c.email.label("email"))
        .where(_case.c.process == rights_file().process, _case.c.organisation_id == school.id)
        .order_by(_case.c.is_open.desc(), _person.c.name, _case.c.id.desc())
        .limit(MOST)
    )
    found = []
    for row in connection.execute(query).mappings():
        kept = kept_values(dict(row))
        found.append(
            RightShown(
                case_id=row["id"], person_id=row["person_id"], name=row["person_name"],
                email=row["email"], right=kept["right"], first_day=kept["first_day"],
                last_day=kept["last_day"], state=row["state"], is_open=row["is_open"],
            )
        )  # fmt: skip
    return found
