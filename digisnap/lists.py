"""The lists of Digisnap: their codes, who manages them, and to which community they belong.

A list is managed by whoever linked herself to it by its code (003_4a7623deb6c7c7ce.txt, step 3), as
long as she has the right :data:`RIGHT` at its school. What a code looks like is not a rule: the
source shows one, ``Digisnap_88Xf2y``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from base.errors import BadInput, NotAllowed, NotFound
from base.i18n import N_
from base.ids import new_id
from models.digisnap import Digisnap, DigisnapManager, DigisnapScan
from models.registry import Grant, Organisation, OrganisationGroup, OrganisationGroupMember, Person
from models.writes import insert_new
from registry.rights import holding, schools_with
from registry.values import BadValue, text_up_to

#: The right that lets somebody manage the lists of her school (registry/rights.yaml).
RIGHT = "digisnap_manager"
#: The process by which a school asks for Digisnap; its round has the settings of the reports.
PROCESS = "digisnap_request"
#: The kind of group within which lists are reported on together: scholengemeenschap.
COMMUNITY = "school_community"
LONGEST_CODE, LONGEST_NAME = 60, 200

_digisnap = Digisnap.__table__  # type: ignore[attr-defined]
_manager = DigisnapManager.__table__  # type: ignore[attr-defined]
_scan = DigisnapScan.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_group = OrganisationGroup.__table__  # type: ignore[attr-defined]
_grouped = OrganisationGroupMember.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: An English sentence marked with ``N_``, and what fills it.
Fault = tuple[str, dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class ListShown:
    """A list as its manager sees it."""

    id: str
    code: str
    name: str
    organisation_id: str
    school: str
    area: str
    zone: str | None
    #: Id of the group of schools it can be reported on with; its school's own where it has none.
    community: str
    community_name: str
    #: How many scans are completed.
    completed: int
    managers: tuple[str, ...] = ()


def new_lists(
    connection: Connection, text: str
) -> tuple[list[dict[str, Any]], list[Fault]]:  # fmt: skip
    """The lists of a text with one code and name a line, and what is wrong with it."""
    rows: list[dict[str, Any]] = []
    faults: list[Fault] = []
    for line in (one.strip() for one in text.splitlines()):
        code, _, name = line.partition(" ")
        if not line:
            continue
        try:
            code = text_up_to(LONGEST_CODE)(code)
            name = text_up_to(LONGEST_NAME)(name)
        except BadValue:
            faults.append(
                (N_("“{line}”: write the code, a space and the name of the list."),
                 {"line": line[:80]})
            )  # fmt: skip
            continue
        if code in {row["code"] for row in rows}:
            faults.append((N_("The code {code} stands here twice."), {"code": code}))
        rows.append({"id": new_id(), "code": code, "name": name})
    query = select(_digisnap.c.code).where(_digisnap.c.code.in_([row["code"] for row in rows]))
    taken = sorted(connection.execute(query).scalars())
    other = N_("The code {code} is that of another list already.")
    return rows, [*faults, *((other, {"code": code}) for code in taken)]


@dataclass(frozen=True, kw_only=True)
class Linked:
    """A list somebody linked herself to."""

    name: str
    code: str
    #: Whether she was linked to it already.
    again: bool


def link(connection: Connection, person_id: str, code: str, now: datetime, day: date) -> Linked:
    """Link a person to the list of a code, so that she manages it.

    Whoever has the right at no school is told so before the code is looked at; a code that is not
    known and one of another school are answered alike, so that nobody finds codes out.

    Arguments:
        day: today, where the person is.

    Raises:
        NotAllowed: she has the right at no school.
        BadInput: there is no such list at a school where she has it.
    """
    schools = schools_with(connection, person_id, RIGHT, day)
    if not schools:
        raise NotAllowed(
            N_("To link yourself to a Digisnap you need the right to manage it. Your principal "
               "gives it.")
        )  # fmt: skip
    found = (
        connection.execute(select(_digisnap).where(_digisnap.c.code == code.strip()))
        .mappings()
        .first()
    )
    if found is None or found["organisation_id"] not in schools:
        raise BadInput(
            N_("There is no Digisnap with the code “{code}” at a school where you may manage it. "
               "Look at the mail with the access codes, and mind capitals."),
            code=code.strip()[:LONGEST_CODE],
        )  # fmt: skip
    key = {"digisnap_id": found["id"], "person_id": person_id}
    known = select(_manager.c.person_id).where(
        _manager.c.digisnap_id == found["id"], _manager.c.person_id == person_id
    )
    again = connection.execute(known).first() is not None
    insert_new(connection, _manager, [{**key, "linked_at": now}])
    return Linked(name=found["name"], code=found["code"], again=again)


def managed(connection: Connection, person_id: str, day: date) -> list[ListShown]:
    """The lists a person manages on ``day``, by community and name."""
    query = _lists().join(
        _manager, and_(_manager.c.digisnap_id == _digisnap.c.id, _manager.c.person_id == person_id)
    )
    schools = schools_with(connection, person_id, RIGHT, day)
    query = query.where(_digisnap.c.organisation_id.in_(sorted(schools)))
    rows = connection.execute(query).mappings().all()
    ids = [row["id"] for row in rows]
    counts = completed(connection, ids)
    managers = _managers(connection, ids, day)
    return [
        ListShown(
            id=row["id"], code=row["code"], name=row["name"], school=row["school"],
            organisation_id=row["organisation_id"], area=row["area"], zone=row["zone"],
            community=row["group_id"] or row["organisation_id"],
            community_name=row["community"] or row["school"], completed=counts.get(row["id"], 0),
            managers=tuple(managers.get(row["id"], [])),
        )
        for row in rows
    ]  # fmt: skip


def completed(connection: Connection, lists: Collection[str]) -> dict[str, int]:
    """How many scans of each list are completed."""
    query = (
        select(_scan.c.digisnap_id, func.count())
        .where(_scan.c.digisnap_id.in_(list(lists)))
        .group_by(_scan.c.digisnap_id)
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def list_of(connection: Connection, code: str) -> dict[str, Any]:
    """The list of a code, with its school's area.

    Raises:
        NotFound: there is none.
    """
    query = _lists().where(_digisnap.c.code == code)
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no Digisnap with this code."))
    return dict(row)


def _lists() -> Select[Any]:
    return (
        select(
            _digisnap, _organisation.c.name.label("school"), _organisation.c.area,
            _organisation.c.zone, _grouped.c.group_id, _group.c.name.label("community"),
        )
        .join(_organisation, _organisation.c.id == _digisnap.c.organisation_id)
        .outerjoin(
            _grouped,
            and_(
                _grouped.c.organisation_id == _digisnap.c.organisation_id,
                _grouped.c.kind == COMMUNITY,
            ),
        )
        .outerjoin(_group, _group.c.id == _grouped.c.group_id)
        .order_by(_group.c.name, _organisation.c.name, _digisnap.c.name, _digisnap.c.id)
    )  # fmt: skip


def _managers(connection: Connection, lists: Collection[str], day: date) -> dict[str, list[str]]:
    """The names of those who manage each list on ``day``."""
    query = (
        select(_manager.c.digisnap_id, _person.c.name)
        .join(_person, _person.c.id == _manager.c.person_id)
        .join(_digisnap, _digisnap.c.id == _manager.c.digisnap_id)
        .join(
            _grant,
            and_(
                _grant.c.person_id == _manager.c.person_id,
                _grant.c.scope == _digisnap.c.organisation_id,
                holding(RIGHT, day),
            ),
        )
        .where(_manager.c.digisnap_id.in_(list(lists)))
        .order_by(_person.c.name)
        .distinct()
    )
    found: dict[str, list[str]] = {}
    for row in connection.execute(query):
        found.setdefault(row.digisnap_id, []).append(row.name)
    return found
