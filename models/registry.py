"""What is known of schools, people and projects: the registry."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field

from base.ids import new_id
from models.types import Instant, Table


class Organisation(Table, table=True):
    """A school (or another organisation that applies)."""

    __tablename__ = "organisation"
    __table_args__ = (UniqueConstraint("country", "name", "place"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    kind: str = Field(default="school", max_length=20)
    name: str = Field(max_length=200)
    #: Town; two schools of one name in one country are told apart by it. Empty when not known.
    place: str = Field(default="", max_length=100)
    #: ISO 3166-1: BE.
    country: str = Field(max_length=2)
    #: Where the reviewers' scope begins: the region an NSO works for (BE-VLG), else the country.
    area: str = Field(max_length=10, index=True)
    #: ISO 3166-2 of the province, county or canton it lies in (BE-VAN): for figures by region,
    #: never for who may do what. Empty when not known.
    province: str = Field(default="", max_length=10)
    #: Day the school was registered in eTwinning.
    registered_on: date | None = Field(default=None)
    #: Whether the NSO validated it.
    validated: bool = Field(default=False)
    #: IANA zone where it differs from its area's (base.days.ZONES).
    zone: str | None = Field(default=None, max_length=40)
    #: Its name in law, where it is another one; empty when not known.
    legal_name: str = Field(default="", max_length=200)
    #: Who leads it, as given when it was registered: gets notices, has no account by that.
    principal_name: str = Field(default="", max_length=200)
    principal_email: str = Field(default="", max_length=254)


class Person(Table, table=True):
    """A person with an account. No more is kept than what a process needs."""

    __tablename__ = "person"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    name: str = Field(max_length=200)
    #: Mail address, lower case.
    email: str = Field(max_length=254, unique=True)
    #: Language of mails and pages; None: that of the country (stated in the mail).
    language: str | None = Field(default=None, max_length=5)
    #: Whether the NSO validated the account.
    validated: bool = Field(default=False)
    #: Whether she can be asked to found a project ("Available for eTwinning projects").
    available: bool = Field(default=False)
    #: When the account was made; None: before that was kept.
    created_at: datetime | None = Field(default=None, sa_type=Instant)


class Contact(Table, table=True):
    """Two people are contacts: one row in each direction, from when the second said yes."""

    __tablename__ = "contact"

    person_id: str = Field(foreign_key="person.id", primary_key=True, max_length=36)
    contact_id: str = Field(foreign_key="person.id", primary_key=True, max_length=36)


class Membership(Table, table=True):
    """A person works at an organisation from a first to a last day, both inclusive."""

    __tablename__ = "membership"
    __table_args__ = (
        UniqueConstraint("organisation_id", "person_id", "first_day"),
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="days_in_order"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    #: teacher, principal or coordinator.
    role: str = Field(default="teacher", max_length=20)
    first_day: date
    last_day: date | None = Field(default=None)


class Activity(Table, table=True):
    """Something a teacher did in eTwinning: a project, a webinar, a workshop, another activity."""

    __tablename__ = "activity"
    __table_args__ = (Index("ix_activity_person_on", "person_id", "on_day"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36)
    kind: str = Field(max_length=30)
    on_day: date


class Project(Table, table=True):
    """An eTwinning project."""

    __tablename__ = "project"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    title: str = Field(max_length=300)
    #: Day it was registered; None: before that was kept.
    registered_on: date | None = Field(default=None)
    #: Founded within one country: it stays so, and earns no labels. None: as its founders say.
    national: bool | None = Field(default=None)
    #: pending, active, closed or deleted.
    state: str = Field(default="active", max_length=20)
    #: Its workspace is none, open or closed.
    twinspace: str = Field(default="none", max_length=20)


class ProjectFounder(Table, table=True):
    """One founder of a project. Two founders of one country make it a national project."""

    __tablename__ = "project_founder"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    project_id: str = Field(foreign_key="project.id", max_length=36, index=True)
    country: str = Field(max_length=2)
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=36)


class ProjectMember(Table, table=True):
    """A person takes part in a project, founders included, for the school she worked at then."""

    __tablename__ = "project_member"
    __table_args__ = (UniqueConstraint("project_id", "person_id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    project_id: str = Field(foreign_key="project.id", max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=36)
    joined_on: date | None = Field(default=None)


class ProjectSchool(Table, table=True):
    """An organisation is involved in a project."""

    __tablename__ = "project_school"
    __table_args__ = (UniqueConstraint("organisation_id", "project_id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=36)
    project_id: str = Field(foreign_key="project.id", max_length=36, index=True)


class Label(Table, table=True):
    """A label: NQL or EQL of a project, School Label of a school."""

    __tablename__ = "label"
    __table_args__ = (
        UniqueConstraint("case_id", "kind"),
        Index("ix_label_organisation_kind", "organisation_id", "kind"),
        Index("ix_label_school_at_grant", "school_at_grant_id", "kind"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: NQL, EQL or school_label.
    kind: str = Field(max_length=20)
    granted_on: date | None = Field(default=None)
    #: First and last day it is valid, both inclusive; a quality label has none.
    valid_from: date | None = Field(default=None)
    valid_until: date | None = Field(default=None)
    #: The school that holds it (School Label).
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=36)
    #: The person it was granted to (quality label).
    person_id: str | None = Field(default=None, foreign_key="person.id", max_length=36)
    project_id: str | None = Field(
        default=None, foreign_key="project.id", max_length=36, index=True
    )
    #: The school the person worked at when it was granted.
    school_at_grant_id: str | None = Field(
        default=None, foreign_key="organisation.id", max_length=36
    )
    #: The case that awarded it, for labels awarded here; and its round.
    case_id: str | None = Field(default=None, foreign_key="case.id", max_length=36)
    round: str | None = Field(default=None, max_length=40)
    #: Points its jury gave, times 100; None: not known.
    score: int | None = Field(default=None)


class Grant(Table, table=True):
    """A right of a person, for a scope, from a first to a last day inclusive."""

    __tablename__ = "grant"
    __table_args__ = (
        UniqueConstraint("person_id", "right", "scope", "first_day"),
        CheckConstraint("last_day IS NULL OR last_day >= first_day", name="grant_days_in_order"),
        Index("ix_grant_right_scope", "right", "scope"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    person_id: str = Field(foreign_key="person.id", max_length=36, index=True)
    #: nso_reviewer, nso_coordinator, css, administrator, survey_authority; or one of
    #: registry/rights.yaml.
    right: str = Field(max_length=40)
    #: An area (BE covers BE-VLG too), an organisation's id, or * for all.
    scope: str = Field(max_length=40)
    first_day: date
    last_day: date | None = Field(default=None)
    reason: str = Field(default="", max_length=500)


class OrganisationGroup(Table, table=True):
    """Several organisations that belong together, such as a community of schools."""

    __tablename__ = "organisation_group"
    __table_args__ = (UniqueConstraint("kind", "name"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=36)
    #: school_community.
    kind: str = Field(max_length=30)
    name: str = Field(max_length=200)


class OrganisationGroupMember(Table, table=True):
    """An organisation belongs to a group: to one of each kind at most."""

    __tablename__ = "organisation_group_member"

    organisation_id: str = Field(foreign_key="organisation.id", primary_key=True, max_length=36)
    kind: str = Field(primary_key=True, max_length=30)
    group_id: str = Field(foreign_key="organisation_group.id", max_length=36, index=True)
