"""The tables of an import: their columns, and from a row of cells to a record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from base.errors import Problem
from base.i18n import N_
from base.located import nearest
from registry import values
from registry.dossier import QUALITY_LABELS, ROLES, check_order
from registry.records import (
    ActivityRecord,
    LabelRecord,
    PersonRecord,
    ProjectRecord,
    Records,
    SchoolName,
    SchoolRecord,
)
from registry.values import BadValue

Read = Callable[[Any], Any]
Cells = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how its cells are read, and what an empty one means."""

    read: Read
    #: Whether a cell may be empty and the column may be left out.
    needed: bool = False
    #: What an empty cell means.
    empty: Any = None


def _countries(value: Any) -> tuple[str, ...]:
    """Countries with spaces or commas between them: ``BE FR``."""
    words = value.replace(",", " ").split() if isinstance(value, str) else [value]
    if len(words) > 10:
        raise BadValue(N_("At most {limit} are possible here."), limit=10)
    return tuple(sorted(values.country(word) for word in words))


_NAME = values.text_up_to(200)
_PLACE = values.text_up_to(100)
_TITLE = values.text_up_to(300)
_SCHOOL = {
    "school_country": Column(values.country), "school_name": Column(_NAME),
    "school_place": Column(_PLACE),
}  # fmt: skip

#: Every table by its name: columns by their heading.
TABLES: dict[str, dict[str, Column]] = {
    "schools": {
        "name": Column(_NAME, needed=True), "country": Column(values.country, needed=True),
        "registered_on": Column(values.day), "place": Column(_PLACE, empty=""),
        "area": Column(values.area), "zone": Column(values.zone),
        "validated": Column(values.yes_no, empty=True),
        "province": Column(values.province, empty=""),
    },
    "people": {
        "email": Column(values.mail_address, needed=True), "name": Column(_NAME, needed=True),
        "language": Column(values.language), "validated": Column(values.yes_no, empty=True),
        **_SCHOOL, "role": Column(values.one_of(ROLES), empty="teacher"),
        "first_day": Column(values.day), "last_day": Column(values.day),
    },
    "activities": {
        "email": Column(values.mail_address, needed=True),
        "kind": Column(values.text_up_to(30), needed=True),
        "on": Column(values.day, needed=True),
    },
    "projects": {
        "title": Column(_TITLE, needed=True), "founders": Column(_countries, needed=True),
        **_SCHOOL,
    },
    "labels": {
        "kind": Column(values.one_of([*QUALITY_LABELS, "school_label"]), needed=True),
        "project": Column(_TITLE), "founders": Column(_countries),
        "holder": Column(values.mail_address), **_SCHOOL, "granted_on": Column(values.day),
        "valid_from": Column(values.day), "valid_until": Column(values.day),
    },
}  # fmt: skip

#: A heading that tells one table from all others.
_TELLING = {
    "registered_on": "schools", "country": "schools", "province": "schools",
    "valid_until": "labels",
    "granted_on": "labels", "project": "labels", "holder": "labels", "on": "activities",
    "title": "projects",
}  # fmt: skip


def table_of(headings: Sequence[str]) -> str | None:
    """The table that has these headings; None if they tell of none."""
    told = {_TELLING[heading] for heading in headings if heading in _TELLING}
    if len(told) == 1:
        return told.pop()
    if not told and "email" in headings:
        return "activities" if "kind" in headings else "people"
    return None


def heading_of(cell: Any) -> str:
    """A cell of the first row as the name of a column."""
    return str(cell).strip().lower() if cell is not None else ""


def check_headings(table: str, headings: Sequence[str], where: str) -> list[Problem]:
    """What is wrong with the first row of ``table``: all of it."""
    columns = TABLES[table]
    problems = []
    for number, heading in enumerate(headings, start=1):
        if heading and heading not in columns:
            problems.append(
                Problem(
                    where=f"{where}, column {number}",
                    message=N_("There is no column {name} in the table {table}{hint}."),
                    values={
                        "name": values.shown(heading), "table": table,
                        "hint": nearest(heading, columns),
                    },
                )
            )  # fmt: skip
        elif heading and heading in headings[: number - 1]:
            problems.append(
                Problem(
                    where=f"{where}, column {number}",
                    message=N_("The column {name} stands there twice."), values={"name": heading},
                )
            )  # fmt: skip
    missing = [name for name, column in columns.items() if column.needed and name not in headings]
    if missing:
        problems.append(
            Problem(
                where=where, message=N_("These columns are missing: {names}."),
                values={"names": missing},
            )
        )  # fmt: skip
    return problems


class TableReader:
    """Makes records of the rows of one table, and collects what is wrong with them."""

    def __init__(self, table: str, headings: Sequence[str], records: Records) -> None:
        """Read rows of ``table`` with these ``headings`` into ``records``."""
        self.problems: list[Problem] = []
        self._headings = headings
        self._columns = TABLES[table]
        self._make: Callable[[str, dict[str, Any]], None] = getattr(self, f"_{table}")
        self._records = records
        self._left_out = {
            name: column.empty for name, column in self._columns.items() if name not in headings
        }

    def row(self, where: str, cells: Sequence[Any]) -> None:
        """Take in one row; empty ones are passed over.

        Arguments:
            where: the row, for errors: ``row 3``.
        """
        if all(_is_empty(cell) for cell in cells):
            return
        before = len(self.problems)
        read = dict(self._left_out)
        for number, (heading, cell) in enumerate(zip_longest(self._headings, cells), start=1):
            if heading:
                read[heading] = self._read(where, heading, cell)
            elif not _is_empty(cell):
                self._problem(f"{where}, column {number}", N_("This cell has no heading above it."))
        if len(self.problems) == before:
            self._make(where, read)

    def _read(self, where: str, heading: str, cell: Any) -> Any:
        column = self._columns[heading]
        if _is_empty(cell):
            if column.needed:
                self._problem(f"{where}, {heading}", N_("This is empty. Fill it in."))
            return column.empty
        try:
            return column.read(cell)
        except BadValue as error:
            self._problem(f"{where}, {heading}", error.message, **error.values)
            return None

    def _schools(self, where: str, read: dict[str, Any]) -> None:
        area = read["area"] or read["country"]
        if area[:2] != read["country"]:
            self._problem(
                f"{where}, area", N_("The area {area} does not lie in the country {country}."),
                area=area, country=read["country"],
            )  # fmt: skip
            return
        if read["province"] and read["province"][:2] != read["country"]:
            self._problem(
                f"{where}, province",
                N_("The area {area} does not lie in the country {country}."),
                area=read["province"], country=read["country"],
            )  # fmt: skip
            return
        self._records.schools.append(SchoolRecord(where=where, **{**read, "area": area}))

    def _people(self, where: str, read: dict[str, Any]) -> None:
        school = self._school(where, read)
        if self._in_order(where, "last_day", read["first_day"], read["last_day"]):
            self._records.people.append(PersonRecord(where=where, school=school, **read))

    def _activities(self, where: str, read: dict[str, Any]) -> None:
        self._records.activities.append(ActivityRecord(where=where, **read))

    def _projects(self, where: str, read: dict[str, Any]) -> None:
        school = self._school(where, read)
        self._records.projects.append(ProjectRecord(where=where, school=school, **read))

    def _labels(self, where: str, read: dict[str, Any]) -> None:
        of_school = read["kind"] == "school_label"
        needed, other = ["valid_from", "valid_until"], ["project", "founders", "holder"]
        if of_school:
            needed += ["school_name"]
        else:
            needed, other = ["project", "granted_on"], needed
        for name in needed:
            if read[name] is None:
                self._problem(
                    f"{where}, {name}", N_("A label of the kind {kind} needs this."),
                    kind=read["kind"],
                )  # fmt: skip
        for name in other:
            if read[name] is not None:
                self._problem(
                    f"{where}, {name}", N_("A label of the kind {kind} does not have this."),
                    kind=read["kind"],
                )  # fmt: skip
        school = self._school(where, read)
        if self._in_order(where, "valid_until", read["valid_from"], read["valid_until"]):
            self._records.labels.append(
                LabelRecord(where=where, school=school, only_once=True, **read)
            )

    def _school(self, where: str, read: dict[str, Any]) -> SchoolName | None:
        country, name, place = (read.pop(column) for column in _SCHOOL)
        if country and name:
            return SchoolName(country, name, place)
        if country or name or place:
            missing = "school_country" if name or not country else "school_name"
            self._problem(f"{where}, {missing}", N_("A school is named by its country and name."))
        return None

    def _in_order(self, where: str, field: str, first: Any, last: Any) -> bool:
        try:
            check_order(first, last)
        except BadValue as error:
            self._problem(f"{where}, {field}", error.message, **error.values)
            return False
        return True

    def _problem(self, where: str, message: str, **filled: Any) -> None:
        self.problems.append(Problem(where=where, message=message, values=filled))


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())
