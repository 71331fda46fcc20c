"""From records to rows: names looked up, duplicates found, and all errors told at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import Connection, Table

from base.errors import Problem
from base.i18n import N_
from base.ids import new_id
from models.registry import (
    Activity,
    Label,
    Membership,
    Organisation,
    Person,
    Project,
    ProjectFounder,
    ProjectSchool,
)
from registry.known import (
    KnownPerson,
    KnownSchool,
    LabelKey,
    ProjectKey,
    Schools,
    involved_in,
    labels_of,
    memberships_of,
    people_by_mail,
    projects_by_title,
)
from registry.records import LabelRecord, PersonRecord, Records, SchoolName
from registry.values import BadValue, folded

Row = dict[str, Any]

#: The tables rows are made for, in the order their references need.
TABLES: dict[str, Table] = {
    "schools": Organisation.__table__,  # type: ignore[attr-defined]
    "people": Person.__table__,  # type: ignore[attr-defined]
    "memberships": Membership.__table__,  # type: ignore[attr-defined]
    "activities": Activity.__table__,  # type: ignore[attr-defined]
    "projects": Project.__table__,  # type: ignore[attr-defined]
    "founders": ProjectFounder.__table__,  # type: ignore[attr-defined]
    "involvements": ProjectSchool.__table__,  # type: ignore[attr-defined]
    "labels": Label.__table__,  # type: ignore[attr-defined]
}


class Resolver:
    """Makes rows of records. Nothing is written; look at ``problems`` before using ``rows``."""

    def __init__(self, connection: Connection, records: Records, today: date) -> None:
        """Prepare for ``records``.

        Arguments:
            today: the day people without another day are known to work at their school.
        """
        self.problems: list[Problem] = []
        #: What was left out on purpose, and why: no errors.
        self.notes: list[Problem] = []
        self.rows: dict[str, list[Row]] = {name: [] for name in TABLES}
        self._connection = connection
        self._records = records
        self._today = today
        named = [r.school for r in records.people]
        named += [r.school for r in records.projects]
        named += [r.school for r in records.labels]
        countries = {r.country for r in records.schools} | {n.country for n in named if n}
        self._schools = Schools(connection, sorted(countries))
        emails = {r.email for r in records.people} | {r.email for r in records.activities}
        emails |= {r.holder for r in records.labels if r.holder and "@" in r.holder}
        self._people = people_by_mail(connection, emails)
        self._members = memberships_of(connection, [p.id for p in self._people.values()])
        titles = {r.title for r in records.projects}
        titles |= {r.project for r in records.labels if r.project}
        self._projects = projects_by_title(connection, titles)
        self._involved = involved_in(connection, self._projects.values())
        #: Schools said twice: what else is said of them is not worth an error of its own.
        self._twice: set[str] = set()
        self._titles: dict[str, list[ProjectKey]] = {}
        for key in self._projects:
            self._titles.setdefault(key[0], []).append(key)

    def resolve(self, step: Callable[[int], None] = lambda _count: None) -> None:
        """Make all rows. ``step`` is told how many records each part had."""
        records = self._records
        self._add_schools()
        step(len(records.schools))
        self._add_people()
        step(len(records.people))
        self._add_activities()
        step(len(records.activities))
        self._add_projects()
        step(len(records.projects))
        self._add_labels()
        step(len(records.labels))

    def _add_schools(self) -> None:
        rows = self.rows["schools"]
        for r in self._records.schools:
            school = KnownSchool(new_id(), r.registered_on, r.where)
            there = self._schools.add((r.country, folded(r.name), folded(r.place)), school)
            if there is not school:
                self._twice.add(there.id)
                self._duplicate(r.where, there.where, N_("This school is in the registry already."))
                continue
            rows.append(
                {
                    "id": school.id, "kind": "school", "name": r.name, "place": r.place,
                    "country": r.country, "area": r.area, "registered_on": r.registered_on,
                    "validated": r.validated, "zone": r.zone, "province": r.province,
                }
            )  # fmt: skip

    def _add_people(self) -> None:
        earliest: dict[str, date] = {}
        for done in self._records.activities:
            earliest[done.email] = min(done.on, earliest.get(done.email, done.on))
        for r in self._records.people:
            person = self._person(r)
            school = self._school(r.where, r.school) if r.school else None
            if person and school:
                self._join(r, person, school, earliest.get(r.email))

    def _person(self, r: PersonRecord) -> KnownPerson | None:
        there = self._people.get(r.email)
        if there is None:
            there = self._people[r.email] = KnownPerson(new_id(), r.name, r.where)
            self.rows["people"].append(
                {
                    "id": there.id, "name": r.name, "email": r.email, "language": r.language,
                    "validated": r.validated,
                }
            )  # fmt: skip
        elif folded(there.name) != folded(r.name):
            self._problem(
                r.where, "email",
                N_("This address belongs to {name} already. Correct the address or the name."),
                name=there.name,
            )  # fmt: skip
            return None
        elif r.school is None:
            self._duplicate(r.where, there.where, N_("This person is in the registry already."))
            return None
        return there

    def _join(
        self, r: PersonRecord, person: KnownPerson, school: KnownSchool, active: date | None
    ) -> None:
        known = [self._today, school.registered_on, active, r.last_day]
        first = r.first_day or min(day for day in known if day)
        last = r.last_day
        if school.id in self._twice:
            return
        there = self._members.setdefault((school.id, person.id), [])
        if any((last is None or a <= last) and (b is None or first <= b) for a, b in there):
            self._problem(r.where, "email", N_("This person works at this school already."))
            return
        there.append((first, last))
        self.rows["memberships"].append(
            {
                "id": new_id(), "organisation_id": school.id, "person_id": person.id,
                "role": r.role, "first_day": first, "last_day": last,
            }
        )  # fmt: skip

    def _add_activities(self) -> None:
        rows = self.rows["activities"]
        for r in self._records.activities:
            person = self._people.get(r.email)
            if person is None:
                self._problem(
                    r.where, "email",
                    N_("Nobody with this address is known. Import the person first."),
                )  # fmt: skip
                continue
            rows.append({"id": new_id(), "person_id": person.id, "kind": r.kind, "on_day": r.on})

    def _add_projects(self) -> None:
        for r in self._records.projects:
            key = (r.title, r.founders)
            id_ = self._projects.get(key)
            if id_ is None:
                id_ = self._projects[key] = new_id()
                self._titles.setdefault(key[0], []).append(key)
                self.rows["projects"].append({"id": id_, "title": r.title})
                self.rows["founders"] += [
                    {"id": new_id(), "project_id": id_, "country": country, "person_id": None}
                    for country in r.founders
                ]
            school = self._school(r.where, r.school) if r.school else None
            if school is None or school.id in self._twice:
                continue
            if (school.id, id_) in self._involved:
                self._problem(r.where, "title", N_("This school is in this project already."))
                continue
            self._involved.add((school.id, id_))
            self.rows["involvements"].append(
                {"id": new_id(), "organisation_id": school.id, "project_id": id_}
            )

    def _add_labels(self) -> None:
        records = self._records.labels
        schools = [self._label_school(r) for r in records]
        there = labels_of(
            self._connection, self._projects.values(), {s.id for s in schools if s and not s.where}
        )
        for r, school in zip(records, schools, strict=True):
            before = len(self.problems)
            project = self._label_project(r)
            person = self._holder(r)
            if len(self.problems) > before or (r.kind == "school_label" and not school):
                continue
            key: LabelKey = (
                (r.kind, project, person.id if person else f"?{r.holder or ''}", r.granted_on)
                if project
                else (r.kind, school.id if school else "", "", r.valid_from)
            )
            if key in there:
                if r.only_once and not (school and school.id in self._twice):
                    self._problem(r.where, "kind", N_("This label is known already."))
                continue
            there.add(key)
            self.rows["labels"].append(
                {
                    "id": new_id(), "kind": r.kind, "granted_on": r.granted_on,
                    "valid_from": r.valid_from, "valid_until": r.valid_until,
                    "organisation_id": school.id if school and not project else None,
                    "person_id": person.id if person else None, "project_id": project,
                    "school_at_grant_id": school.id if school and project else None,
                    "case_id": None, "round": None,
                }
            )  # fmt: skip

    def _label_school(self, r: LabelRecord) -> KnownSchool | None:
        if r.school is None:
            return None
        if r.kind == "school_label":
            return self._school(r.where, r.school)
        try:
            found = self._schools.find(r.school)
        except BadValue as error:
            self._problem(r.where, "school_at_grant", error.message, **error.values)
            return None
        if found is None:
            self._note(
                r.where, "school_at_grant",
                N_("No such school is known: the label counts for the project only."),
            )  # fmt: skip
        return found

    def _label_project(self, r: LabelRecord) -> str | None:
        if r.project is None:
            return None
        keys = self._titles.get(r.project, [])
        if r.founders is not None:
            keys = [key for key in keys if key[1] == r.founders]
        if len(keys) == 1:
            return self._projects[keys[0]]
        self._problem(
            r.where, "project",
            N_("{count} projects have this title. Say the founders' countries, too.")
            if keys
            else N_("No project of this title is known. Import the project first."),
            **({"count": len(keys)} if keys else {}),
        )  # fmt: skip
        return None

    def _holder(self, r: LabelRecord) -> KnownPerson | None:
        person = self._people.get(r.holder) if r.holder else None
        if r.holder and person is None:
            self._note(
                r.where, "holder",
                N_("Nobody so called is known: the label counts for the project only."),
            )  # fmt: skip
        return person

    def _school(self, where: str, name: SchoolName) -> KnownSchool | None:
        try:
            found = self._schools.find(name)
        except BadValue as error:
            self._problem(where, "school", error.message, **error.values)
            return None
        if found is None:
            self._problem(where, "school", N_("No such school is known. Import the school first."))
        return found

    def _duplicate(self, where: str, earlier: str, in_registry: str) -> None:
        if earlier:
            self._problem(where, "name", N_("This is the same as {earlier}."), earlier=earlier)
        else:
            self._problem(where, "name", in_registry)

    def _problem(self, where: str, field: str, message: str, **values: Any) -> None:
        self.problems.append(_at(where, field, message, values))

    def _note(self, where: str, field: str, message: str) -> None:
        self.notes.append(_at(where, field, message, {}))


def _at(where: str, field: str, message: str, values: dict[str, Any]) -> Problem:
    """A problem of a field: ``row 3, name`` in a table, ``school.name`` in a dossier."""
    joint = ", " if " " in where else "."
    return Problem(where=f"{where}{joint}{field}", message=message, values=values)
