"""What an import says, whatever file it came from. Other records are named, not yet looked up."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class SchoolName:
    """A school as a file names it."""

    country: str
    name: str
    #: Its town; None: not said, so the name alone must be enough.
    place: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolRecord:
    """A school to be added."""

    #: Where it stands in the file, for errors.
    where: str
    name: str
    country: str
    place: str
    area: str
    registered_on: date | None
    validated: bool
    zone: str | None
    province: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRecord:
    """A person, and the school she works at, where one is named."""

    where: str
    email: str
    name: str
    language: str | None
    validated: bool
    school: SchoolName | None
    role: str
    #: None: from the school's registration, the first known activity or the day of the import.
    first_day: date | None
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRecord:
    """Something a person did in eTwinning."""

    where: str
    email: str
    kind: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRecord:
    """A project and one school that is involved in it."""

    where: str
    title: str
    #: Countries of its founders, sorted. With the title they are what makes it this project.
    founders: tuple[str, ...]
    school: SchoolName | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRecord:
    """A label: of a project (NQL, EQL) or of a school (school_label)."""

    where: str
    kind: str
    granted_on: date | None
    valid_from: date | None
    valid_until: date | None
    #: The school that holds it, or where the holder worked at the grant.
    school: SchoolName | None
    #: Mail address or name of the person it was granted to.
    holder: str | None
    project: str | None
    founders: tuple[str, ...] | None
    #: Whether the same label said twice is an error. Two schools' dossiers may both tell of one.
    only_once: bool


@dataclass(slots=True)
class Records:
    """All that one file says."""

    schools: list[SchoolRecord] = field(default_factory=list)
    people: list[PersonRecord] = field(default_factory=list)
    activities: list[ActivityRecord] = field(default_factory=list)
    projects: list[ProjectRecord] = field(default_factory=list)
    labels: list[LabelRecord] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(
            len(part)
            for part in (self.schools, self.people, self.activities, self.projects, self.labels)
        )

    def add(self, other: Records) -> None:
        """Take over all records of ``other``."""
        self.schools += other.schools
        self.people += other.people
        self.activities += other.activities
        self.projects += other.projects
        self.labels += other.labels
