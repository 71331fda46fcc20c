"""The rights a school can give its people, as ``registry/rights.yaml`` describes them.

A right given so is a row of ``grant`` whose scope is the school. It holds from its first to its
last day, both inclusive, as long as its holder works there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, and_, or_, select

from base.located import read_yaml, validated
from models.registry import Grant, Membership

FILE = Path(__file__).with_name("rights.yaml")

_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]

Texts = Mapping[str, str]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RightSettings(_Part):
    """Names of the values of a round that say how a right may be given; none has a default."""

    most_months: str
    remind_days: str
    extend_own: str


class Right(_Part):
    """A right a school can give its people."""

    title: dict[str, str]
    description: dict[str, str]
    #: What is asked before it is given.
    confirm: dict[str, str]
    #: Actors of the process who may give it.
    granted_by: list[str] = Field(min_length=1)
    #: Roles at a school whose holders do not need it.
    not_needed_by: list[str] = []
    settings: RightSettings


class RightsFile(_Part):
    """The file: the rights, and the process that gives them."""

    process: str
    #: The start of the process that gives a right.
    start: str
    rights: dict[str, Right]


@lru_cache(maxsize=1)
def rights_file() -> RightsFile:
    """The rights, and the process that gives them.

    Raises:
        BadDefinition: the file has not the form of its own comments.
    """
    return validated(RightsFile, read_yaml(FILE.read_text(encoding="utf-8"), FILE.name))


def rights() -> Mapping[str, Right]:
    """Every right by its name; raises as :func:`rights_file`."""
    return rights_file().rights


def holding(right: Any, day: date) -> ColumnElement[bool]:
    """The condition on ``grant`` that leaves rights for schools that hold on ``day``.

    Arguments:
        right: the name of a right.
    """
    works_there = select(_member.c.id).where(
        _member.c.person_id == _grant.c.person_id, _member.c.organisation_id == _grant.c.scope,
        _member.c.first_day <= day, or_(_member.c.last_day.is_(None), _member.c.last_day >= day),
    )  # fmt: skip
    return and_(
        _grant.c.right == right,
        _grant.c.first_day <= day, or_(_grant.c.last_day.is_(None), _grant.c.last_day >= day),
        works_there.exists(),
    )  # fmt: skip


def schools_with(connection: Connection, person_id: str, right: str, day: date) -> set[str]:
    """The schools at which a person has a right on ``day``."""
    query = select(_grant.c.scope).where(_grant.c.person_id == person_id, holding(right, day))
    return set(connection.execute(query).scalars())
