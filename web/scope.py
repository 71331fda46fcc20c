"""What a person may see, in one place.

A reviewer or coordinator sees the cases of the areas her grants cover, and those with a party from
there; the CSS sees all; the holder of another right those of the processes it acts in. A school's
people see the cases of their school, once their account is validated: whoever only says that she
works there sees nothing. A case about a person is hers, not her school's, unless somebody of a
certain role there acts in it, such as the principal. What is not theirs does not exist for them.
Somebody who works for an NSO and for the school reads the school's cases as the school does. Staff
read a form as it was sent in, never what is still being written; see workflows/sent_form.py.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, false, func, not_, or_, select, true

from base.clock import Clock
from base.errors import NotFound
from base.i18n import N_
from models.cases import Case, CaseParty
from models.registry import Grant, Membership, Organisation, Person
from workflows.actors import EVERYWHERE, acts_as
from workflows.known import seen_by_right, seen_by_role
from workflows.parties import add_parties
from workflows.sent_form import FormAt, form_as_it_stands, form_as_sent
from workflows.subjects import named_cases, schools_of
from workflows.tools import Tools

_case = Case.__table__  # type: ignore[attr-defined]
_party = CaseParty.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]

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
    #: Which rights those are: nso_reviewer, css.
    rights: frozenset[str] = frozenset()
    #: Processes and scopes of the rights that let her see these alone.
    narrow: tuple[tuple[str, str], ...] = ()
    #: Processes about people and the schools where her role acts in them.
    led: tuple[tuple[str, str], ...] = ()

    @property
    def is_staff(self) -> bool:
        """Whether she reads any cases as staff, be it of one process alone."""
        return bool(self.areas or self.narrow)

    @property
    def has_desk(self) -> bool:
        """Whether she has a queue and an overview: she works for an NSO or the CSS."""
        return bool(self.areas)

    def is_staff_for(self, area: str) -> bool:
        """Whether one of her rights covers ``area``."""
        return any(_covers(scope, area) for scope in self.areas)

    def is_staff_in(self, case: Row) -> bool:
        """Whether she reads a case as staff: it, or a party of it, is of her area, and not hers.

        Arguments:
            case: its row with its ``parties``.
        """
        parties = case["parties"].values()
        mine = case["organisation_id"] in self.organisations or self.person_id in (
            case["person_id"], *(party["person_id"] for party in parties),
        )  # fmt: skip
        areas = (case["area"], *(party["area"] for party in parties))
        narrow = any(
            process == case["process"] and _covers(scope, case["area"])
            for process, scope in self.narrow
        )
        return not mine and (narrow or any(self.is_staff_for(area) for area in areas))

    def cases(self) -> ColumnElement[bool]:
        """The condition on cases that leaves only those she may see."""
        return or_(self.staff_cases(), self.own_cases())

    def own_cases(self) -> ColumnElement[bool]:
        """The condition on cases that are her own: about her, about her school, or with her in it.

        A case about a person is that person's, not her school's.
        """
        of_school = and_(
            _case.c.organisation_id.in_(self.organisations), _case.c.person_id.is_(None)
        )
        led = [
            and_(_case.c.process == process, _case.c.organisation_id == school)
            for process, school in self.led
        ]
        return or_(_case.c.person_id == self.person_id, of_school, self._takes_part(), *led)

    def staff_cases(self) -> ColumnElement[bool]:
        """The condition on cases that leaves only those she reads as staff."""
        if EVERYWHERE in self.areas:
            covered: ColumnElement[bool] = true()
        else:
            of_party = select(_party.c.case_id).where(self._covers(_party.c.area))
            narrow = [
                and_(_case.c.process == process, _within(_case.c.area, scope))
                for process, scope in self.narrow
            ]
            covered = or_(self._covers(_case.c.area), _case.c.id.in_(of_party), *narrow)
        return and_(covered, self.not_hers()) if self.is_staff else covered

    def not_hers(self) -> ColumnElement[bool]:
        """The condition on cases that leaves out those that concern herself or her school."""
        # NULL is neither a school of hers nor herself.
        foreign = func.coalesce(_case.c.organisation_id, "").not_in(self.organisations)
        another = func.coalesce(_case.c.person_id, "") != self.person_id
        return and_(foreign, another, not_(self._takes_part()))

    def _covers(self, area: ColumnElement[str]) -> ColumnElement[bool]:
        return or_(false(), *(_within(area, scope) for scope in self.areas))

    def _takes_part(self) -> ColumnElement[bool]:
        mine = select(_party.c.case_id).where(_party.c.person_id == self.person_id)
        taking: ColumnElement[bool] = _case.c.id.in_(mine)
        return taking


def scope_of(connection: Connection, person_id: str, clock: Clock) -> Scope:
    """What a person may see now.

    Grants and memberships are looked at by the day in UTC; acting looks at the case's own day.
    """
    day = clock.now().date()
    rights = connection.execute(
        select(_grant.c.right, _grant.c.scope)
        .where(_grant.c.person_id == person_id, _in_force(_grant, day))
        .distinct()
    ).all()
    schools = connection.execute(
        select(_member.c.organisation_id, _member.c.role)
        .join(_person, _person.c.id == _member.c.person_id)
        .where(
            _member.c.person_id == person_id,
            _person.c.validated.is_(True),
            _in_force(_member, day),
        )
        .distinct()
    ).all()
    return Scope(
        person_id=person_id,
        areas=tuple(dict.fromkeys(row.scope for row in rights if row.right in SEEING)),
        organisations=tuple(dict.fromkeys(row.organisation_id for row in schools)),
        rights=frozenset(row.right for row in rights if row.right in SEEING),
        narrow=tuple(
            (process, row.scope)
            for row in rights
            if row.right not in SEEING
            for process in sorted(seen_by_right().get(row.right, ()))
        ),
        led=tuple(
            (process, row.organisation_id)
            for row in schools
            for process in sorted(seen_by_role().get(row.role, ()))
        ),
    )


def desk_scope(connection: Connection, person_id: str, clock: Clock) -> Scope:
    """What somebody who works for an NSO or the CSS may see now.

    Raises:
        NotFound: she does not; for others queue, views and overview do not exist.
    """
    scope = scope_of(connection, person_id, clock)
    if not scope.has_desk:
        raise NotFound(N_("There is nothing at this address."))
    return scope


def visible_case(connection: Connection, scope: Scope, case_id: str) -> dict[str, Any]:
    """A case's row with its parties and the names in it, if it is hers to see.

    Raises:
        NotFound: there is no such case, or it is not hers to see; the answer is the same.
    """
    query = named_cases().where(_case.c.id == case_id, scope.cases())
    row = connection.execute(query).mappings().first()
    if row is None:
        raise NotFound(N_("There is no such case."))
    case = dict(row)
    add_parties(connection, [case])
    return case


def visible_form(connection: Connection, tools: Tools, scope: Scope, case: Row) -> FormAt:
    """The form of a visible case: for staff as it was sent in, for the others as it stands.

    Raises:
        NotFound: the process has no form, or it has not been sent in and is not hers to fill in.
    """
    process = tools.library.release(connection, case["release_id"]).process
    if process.form is None:
        raise NotFound(N_("This process has no form."))
    hers = not scope.is_staff_in(case) or acts_as(
        connection, process, process.form.edited_by, case, scope.person_id, tools.clock.now()
    )
    found = (
        form_as_it_stands(connection, case["id"])
        if hers
        else form_as_sent(connection, process, case)
    )
    if found is None:
        raise NotFound(
            N_("As long as it has not been submitted, only those who fill it in can read it.")
        )
    return found


def visible_school(connection: Connection, scope: Scope, organisation_id: str | None) -> None:
    """See that a school is hers to know of: her own, or one of her area.

    Raises:
        NotFound: there is no such school, or it is not; the answer is the same.
    """
    query = select(_organisation.c.area).where(_organisation.c.id == organisation_id)
    area = connection.execute(query).scalar()
    if area is None or not (organisation_id in scope.organisations or scope.is_staff_for(area)):
        raise NotFound(N_("There is no such school."))


def visible_person(
    connection: Connection, scope: Scope, person_id: str, clock: Clock, school_id: str | None = None
) -> None:
    """See that a person is hers to know of: herself, or somebody who works in her area.

    Arguments:
        school_id: a school where her role acts for its people, and the person may work.

    Raises:
        NotFound: there is no such person, or it is not; the answer is the same.
    """
    school = schools_of(connection, [person_id], clock.now().date()).get(person_id)
    hers = scope.is_staff_for(school["area"]) if school else EVERYWHERE in scope.areas
    if school_id in {led for _process, led in scope.led}:
        day = clock.now().date()
        here = select(_member.c.id).where(
            _member.c.person_id == person_id, _member.c.organisation_id == school_id,
            _in_force(_member, day),
        )  # fmt: skip
        hers = hers or connection.execute(here).first() is not None
    if not (hers or person_id == scope.person_id):
        raise NotFound(N_("There is no such person."))


def _covers(scope: str, area: str) -> bool:
    return scope in (EVERYWHERE, area) or area.startswith(f"{scope}-")


def _within(area: ColumnElement[str], scope: str) -> ColumnElement[bool]:
    if scope == EVERYWHERE:
        return true()
    return or_(area == scope, area.startswith(f"{scope}-", autoescape=True))


def _in_force(table: Any, day: date) -> ColumnElement[bool]:
    return and_(table.c.first_day <= day, or_(table.c.last_day.is_(None), table.c.last_day >= day))
