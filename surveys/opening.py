"""Links of questionnaires: what they lead to, whom they ask, and whether they answer now.

Making the links freezes an exercise, so what a link leads to hardly changes any more. It is read
once and remembered for a minute: a whole school answers at one time, page by page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import bindparam

from base.days import end_of
from base.errors import NotFound
from base.i18n import N_
from models.database import reading
from models.registry import Organisation
from models.surveys import SurveyCompany, SurveyExercise, SurveyLink
from surveys.exercises import When, exercises, when_open

#: For so long a link is not read again: the name of a school may change, or an area its owner.
FRESH = timedelta(minutes=1)
#: So many links are remembered at most; each with what is asked, about 20 KB.
MOST = 1000
#: A questionnaire can be submitted for so long from its start, else the answers are lost
#: (000_efad9542390f5e35.txt, 2.5).
LASTS = timedelta(hours=2)

_exercise = SurveyExercise.__table__  # type: ignore[attr-defined]
_link = SurveyLink.__table__  # type: ignore[attr-defined]
_company = SurveyCompany.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

_OF_LINK = (
    exercises()
    .add_columns(
        _link.c.group.label("link_group"), _link.c.company_id.label("link_company"),
        _company.c.name.label("company"), _organisation.c.name.label("school"),
    )
    .join(_link, _link.c.exercise_id == _exercise.c.id)
    .join(_organisation, _organisation.c.id == _exercise.c.organisation_id)
    .outerjoin(_company, _company.c.id == _link.c.company_id)
    .where(_link.c.token == bindparam("token"))
)  # fmt: skip
#: A token is never longer.
_TOKEN = 20


@dataclass(frozen=True, kw_only=True, eq=False)
class Link:
    """The link of a group, or of the trainers of a company."""

    token: str
    #: The exercise's row, with its case's zone.
    exercise: Mapping[str, Any]

    @property
    def group(self) -> str:
        """Whom it asks."""
        return str(self.exercise["link_group"])

    @property
    def company_id(self) -> str | None:
        """The company whose trainers it asks."""
        found: str | None = self.exercise["link_company"]
        return found

    @property
    def school(self) -> str:
        """The school's name."""
        return str(self.exercise["school"])

    @property
    def company(self) -> str:
        """The company's name; empty if there is none."""
        return self.exercise["company"] or ""

    @property
    def statements(self) -> Sequence[Mapping[str, Any]]:
        """What this group is asked, in order."""
        found: Sequence[Mapping[str, Any]] = self.exercise["statements"].get(self.group, [])
        return found

    @cached_property
    def ends_at(self) -> datetime:
        """When the last day is over."""
        return end_of(self.exercise["last_day"], ZoneInfo(self.exercise["zone"]))

    def expires_at(self, begun_at: datetime) -> datetime:
        """Until when a questionnaire that was begun then can be submitted."""
        return min(begun_at + LASTS, self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A link at a moment."""

    link: Link
    when: When


class Links:
    """The links of a database, as they were read within the last minute."""

    def __init__(self, database: sqlalchemy.Engine) -> None:
        """None is known yet."""
        self.database = database
        self._known: dict[str, tuple[datetime, Link]] = {}

    def known(self, token: str, now: datetime) -> Opened | None:
        """What a link leads to, where that need not be read; None where it must."""
        read_at, link = self._known.get(token, (None, None))
        if read_at is None or link is None or not timedelta() <= now - read_at < FRESH:
            return None
        return Opened(link=link, when=when_open(link.exercise, now))

    def open(self, token: str, now: datetime) -> Opened:
        """What a link leads to, whether it answers now or not.

        Raises:
            NotFound: there is no such link.
        """
        if opened := self.known(token, now):
            return opened
        link = self._read(token)
        _, before = self._known.get(token, (None, None))
        if before is not None and before.exercise == link.exercise:
            link = before  # by which pages are remembered
        elif len(self._known) >= MOST:
            self._known.clear()
        self._known[token] = (now, link)
        return Opened(link=link, when=when_open(link.exercise, now))

    def _read(self, token: str) -> Link:
        row = None
        if len(token) <= _TOKEN and token.isalnum():
            with reading(self.database) as connection:
                row = connection.execute(_OF_LINK, {"token": token}).mappings().first()
        if row is None:
            raise NotFound(
                N_("There is no questionnaire at this address. Look whether the link is complete.")
            )
        return Link(token=token, exercise=dict(row))
