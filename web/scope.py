"""What a person may see, in one place.

A reviewer or coordinator sees the cases of the areas her grants cover; the CSS sees all; a school's
people see the cases of their school, once their account is validated: whoever only says that she
works there sees nothing. What is not theirs does not exist for them. Somebody who works for an NSO
and for the school reads the school's cases as the school does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, or_, select, true

from base.clock import Clock
from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.registry import Grant, Membership, Organisation, Person
from workflows.actors import EVERYWHERE

_case = Case.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: Rights that let a person see cases of their scope.
SEEING = ("nso_reviewer", "nso_coordinator", "css")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """What one person may see today."""

    person_id: str
    #: Scopes of her rights: BE-VLG, IT, *.
    areas: tuple[str, ...]
    #: Schools she is linked to.
    organisations: tuple[str, ...]

    @property
    def is_staff(self) -> bool:
        """Whether she works for an NSO or the CSS."""
        return bool(self.areas)

    def is_staff_for(self, area: str) -> bool:
        """Whether one of her rights covers ``area``."""
        return any(
            scope in (EVERYWHERE, area) or area.startswith(f"{scope}-") for scope in self.areas
        )

    def is_staff_in(self, case: Mapping[str, Any]) -> bool:
        """Whether she reads a case as staff: it is of her area and not of her own school."""
        return self.is_staff_for(case["area"]) and case["organisation_id"] not in self.organisations

    def cases(self) -> ColumnElement[bool]:
        """The condition on cases that leaves only those she may see."""
        return or_(self.staff_cases(), _case.c.organisation_id.in_(self.organisations))

    def staff_cases(self) -> ColumnElement[bool]:
        """The condition on cases that leaves only those she reads as staff."""
        if EVERYWHERE in self.areas:
            covered: ColumnElement[bool] = true()
        else:
            parts = [
                or_(_case.c.area == scope, _case.c.area.startswith(f"{scope}-", autoescape=True))
                for scope in self.areas
            ]
            covered = or_(false(), *parts)
        if not self.organisations:
            return covered
        # NULL is no school of hers either.
        foreign = func.coalesce(_case.c.organisation_id, "").not_in(self.organisations)
        return and_(covered, foreign)


def scope_of(connection: Connection, person_id: str, clock: Clock) -> Scope:
    """What a person may see now.

    Grants and memberships are looked at by the day in UTC; acting looks at the case's own day.
    """
    day = clock.now().date()
    areas = connection.execute(
        select(_grant.c.scope)
        .where(_grant.c.person_id == person_id, _grant.c.right.in_(SEEING), _in_force(_grant, day))
        .distinct()
    ).scalars()
    schools = connection.execute(
        select(_member.c.organisation_id)
        .join(_person, _person.c.id == _member.c.person_id)
        .where(
            _member.c.person_id == person_id,
            _person.c.validated.is_(True),
            _in_force(_member, day),
        )
        .distinct()
    ).scalars()
    return Scope(person_id=person_id, areas=tuple(areas), organisations=tuple(schools))


def visible_case(connection: Connection, scope: Scope, case_id: str) -> dict[str, Any]:
    """A case's row, if it is hers to see.

    Raises:
        NotFound: there is no such case, or it is not hers to see; the answer is the same.
    """
    query = select(_case).where(_case.c.id == case_id, scope.cases())
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such case."))
    return dict(row)


def visible_school(connection: Connection, scope: Scope, organisation_id: str | None) -> None:
    """See that a school is hers to know of: her own, or one of her area.

    Raises:
        NotFound: there is no such school, or it is not; the answer is the same.
    """
    query = select(_organisation.c.area).where(_organisation.c.id == organisation_id)
    area = connection.execute(query).scalar()
    if area is None or not (organisation_id in scope.organisations or scope.is_staff_for(area)):
        raise NotFound(N_("There is no such school."))


def _in_force(table: Any, day: date) -> ColumnElement[bool]:
    return and_(table.c.first_day <= day, or_(table.c.last_day.is_(None), table.c.last_day >= day))
