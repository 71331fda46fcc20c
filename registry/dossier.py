"""Dossiers: what is known of one school, as JSON.

``docs/import.md`` describes every field. Reading is strict: an unknown field, a field given twice
or a date that is none is an error, and all errors of a file are told at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from base.errors import BadInput, Problem
from base.i18n import N_
from registry import values
from registry.problems import problem_of, refuse_if
from registry.strict_json import parse_json
from registry.values import BadValue

ROLES = ("teacher", "principal", "coordinator")
QUALITY_LABELS = ("NQL", "EQL")


def _read(reader: Callable[[Any], Any]) -> BeforeValidator:
    return BeforeValidator(reader)


Day = Annotated[date, _read(values.day)]
Name = Annotated[str, _read(values.text_up_to(200))]
Country = Annotated[str, _read(values.country)]
Flag = Annotated[bool, _read(values.true_false)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class School(_Part):
    """The school a dossier is about."""

    name: Name
    country: Country
    #: Day it was registered in eTwinning; leave it out if it is not known.
    registered_on: Day | None = None
    place: Annotated[str, _read(values.text_up_to(100, may_be_empty=True))] = ""
    #: The region its NSO works for, where it is not the country.
    area: Annotated[str, _read(values.area)] | None = None
    #: Time zone, where it is not its area's.
    zone: Annotated[str, _read(values.zone)] | None = None
    #: Whether the NSO validated it.
    validated: Flag = True
    #: Province, county or canton it lies in: ISO 3166-2.
    province: Annotated[str, _read(values.province)] | None = None

    @model_validator(mode="after")
    def _area_in_country(self) -> Self:
        for code in (self.area, self.province):
            if code and code[:2] != self.country:
                raise BadValue(
                    N_("The area {area} does not lie in the country {country}."),
                    area=code, country=self.country,
                )  # fmt: skip
        return self


class Activity(_Part):
    """Something a teacher did in eTwinning."""

    kind: Annotated[str, _read(values.text_up_to(30))]
    on: Day


class Teacher(_Part):
    """A person who works at the school."""

    email: Annotated[str, _read(values.mail_address)]
    name: Name
    activities: tuple[Activity, ...] = Field((), strict=False)
    language: Annotated[str, _read(values.language)] | None = None
    role: Annotated[str, _read(values.one_of(ROLES))] = "teacher"
    #: Whether the NSO validated the account.
    validated: Flag = True
    #: First and last day at the school, both inclusive.
    first_day: Day | None = None
    last_day: Day | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        check_order(self.first_day, self.last_day)
        return self


class Founder(_Part):
    """A founder of a project."""

    country: Country


class QualityLabel(_Part):
    """A quality label of a project, granted to one person."""

    kind: Annotated[Literal["NQL", "EQL"], _read(values.one_of(QUALITY_LABELS))]
    granted_on: Day
    #: Mail address, or name of a teacher of this dossier.
    holder: Name | None = None
    #: Name of the school the holder worked at when it was granted.
    school_at_grant: Name | None = None


class Project(_Part):
    """A project the school is involved in."""

    title: Annotated[str, _read(values.text_up_to(300))]
    founders: tuple[Founder, ...] = Field(strict=False, min_length=1, max_length=10)
    labels: tuple[QualityLabel, ...] = Field((), strict=False)


class SchoolLabel(_Part):
    """A label the school holds or held."""

    kind: Annotated[Literal["school_label"], _read(values.one_of(["school_label"]))]
    #: First and last day it is valid, both inclusive.
    valid_from: Day
    valid_until: Day
    granted_on: Day | None = None

    @model_validator(mode="after")
    def _days_in_order(self) -> Self:
        check_order(self.valid_from, self.valid_until)
        return self


class Dossier(_Part):
    """What is known of one school."""

    school: School
    teachers: tuple[Teacher, ...] = Field((), strict=False)
    projects: tuple[Project, ...] = Field((), strict=False)
    labels: tuple[SchoolLabel, ...] = Field((), strict=False)


def check_order(first: date | None, last: date | None) -> None:
    """Raises BadValue when ``last`` lies before ``first``."""
    if first and last and last < first:
        raise BadValue(
            N_("The last day, {last}, lies before the first, {first}."),
            first=first.isoformat(), last=last.isoformat(),
        )  # fmt: skip


def read_dossiers(content: bytes | str) -> list[tuple[str, Dossier]]:
    """The dossiers of a file that holds one or a list of them, each with the path to it.

    Raises:
        BadInput: it is no JSON, or values cannot be used; all of them are named.
    """
    data = parse_json(content)
    listed = data if isinstance(data, list) else [data]
    found: list[tuple[str, Dossier]] = []
    problems: list[Problem] = []
    for number, one in enumerate(listed):
        prefix = f"[{number}]." if isinstance(data, list) else ""
        try:
            found.append((prefix, Dossier.model_validate(one)))
        except ValidationError as error:
            problems += [problem_of(dict(wrong), prefix, _fields) for wrong in error.errors()]
    refuse_if(problems)
    return found


def read_dossier(content: bytes | str) -> Dossier:
    """The one dossier of a file.

    Raises:
        BadInput: it is no JSON, holds not exactly one dossier, or has values that cannot be used.
    """
    found = read_dossiers(content)
    if len(found) != 1:
        raise BadInput(
            N_("The file holds {count} dossiers; exactly one is needed here."), count=len(found)
        )
    return found[0][1]


_PLACES: dict[str, type[BaseModel]] = {
    "school": School, "teachers": Teacher, "activities": Activity, "projects": Project,
    "founders": Founder, "labels": SchoolLabel,
}  # fmt: skip


def _fields(path: Sequence[str | int]) -> list[str]:
    """The fields there are at the place of an unknown one."""
    names = [step for step in path[:-1] if isinstance(step, str)]
    if not names:
        return list(Dossier.model_fields)
    if names[-1] == "labels" and len(names) > 1:
        return list(QualityLabel.model_fields)
    model = _PLACES.get(names[-1])
    return list(model.model_fields) if model else []
