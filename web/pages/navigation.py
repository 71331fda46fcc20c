"""What the head of every page links to, by what its reader may do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fastapi import Request
from sqlalchemy import Connection, func, or_, select

from base.i18n import N_, translate
from digisnap.lists import RIGHT
from models.database import reading
from models.messages import Notice
from models.registry import Grant, Membership
from web.context import Context
from web.signing_in import Someone
from workflows.digisnap_desk import TEAM
from workflows.rights_of_school import ROLE

_notice = Notice.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_member = Membership.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """What decides which pages are of use to somebody; what she may do is decided by each page."""

    person_id: str
    #: Names of the rights she has today.
    rights: frozenset[str]
    #: Roles she has at schools today: teacher, principal, coordinator.
    roles: frozenset[str]

    def has(self, *rights: str) -> bool:
        """Whether she has one of these rights."""
        return not self.rights.isdisjoint(rights)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One link of the navigation."""

    #: English, marked with ``N_``.
    title: str
    path: str
    #: Whether it is shown to a visitor; None stands for somebody who is not signed in.
    shown: Callable[[Visitor | None], bool]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A link as a page shows it."""

    title: str
    path: str
    here: bool


def _everybody(_visitor: Visitor | None) -> bool:
    return True


def _administrator(visitor: Visitor | None) -> bool:
    return visitor is not None and visitor.has("administrator")


def _staff(visitor: Visitor | None) -> bool:
    return visitor is not None and visitor.has("nso_reviewer", "nso_coordinator", "css")


def _mails(visitor: Visitor | None) -> bool:
    return _staff(visitor) or _administrator(visitor)


def _applies(visitor: Visitor | None) -> bool:
    """Whether she has cases of her own: she works at a school, or not for an NSO."""
    return visitor is not None and (bool(visitor.roles) or not visitor.rights)


def _is_principal(visitor: Visitor | None) -> bool:
    return visitor is not None and ROLE in visitor.roles


def _has_digisnap(visitor: Visitor | None) -> bool:
    return visitor is not None and (_is_principal(visitor) or visitor.has(RIGHT, TEAM))


def _figures(visitor: Visitor | None) -> bool:
    return visitor is not None and visitor.has("survey_authority")


#: In the order in which they stand.
ENTRIES: list[Entry] = [
    Entry(title=N_("My applications"), path="/applications", shown=_applies),
    Entry(title=N_("Queue"), path="/queue", shown=_staff),
    Entry(title=N_("Overview"), path="/overview", shown=_staff),
    Entry(title=N_("Surveys"), path="/surveys", shown=lambda one: bool(one and one.roles)),
    Entry(title=N_("Participation"), path="/surveys/statistics", shown=_figures),
    Entry(title=N_("User rights"), path="/rights", shown=_is_principal),
    Entry(title="Digisnap", path="/digisnap", shown=_has_digisnap),
    Entry(title=N_("Rules"), path="/rules", shown=_administrator),
    Entry(title=N_("Mailbox"), path="/mailbox", shown=_mails),
    Entry(title=N_("Who read what"), path="/access", shown=_administrator),
    Entry(title=N_("API"), path="/api", shown=_everybody),
]


def navigation(
    request: Request, context: Context, person: Someone | None, language: str
) -> Sequence[Shown]:
    """The links for whoever is asking.

    Arguments:
        person: who is signed in; None is nobody, and nothing is looked up.
    """
    visitor = None
    if person:
        with reading(context.database) as connection:
            visitor = visitor_of(connection, context, person.id)
    path = request.url.path
    return [
        Shown(
            title=translate(entry.title, language), path=entry.path,
            here=path == entry.path or path.startswith(f"{entry.path}/"),
        )
        for entry in ENTRIES
        if entry.shown(visitor)
    ]  # fmt: skip


def visitor_of(connection: Connection, context: Context, person_id: str) -> Visitor:
    """The rights and roles of a person today (by the day in UTC)."""
    today = context.tools.clock.now().date()
    rights, roles = (
        connection.execute(
            select(what)
            .where(
                table.c.person_id == person_id, table.c.first_day <= today,
                or_(table.c.last_day.is_(None), table.c.last_day >= today),
            )
            .distinct()
        ).scalars()
        for table, what in ((_grant, _grant.c.right), (_member, _member.c.role))
    )  # fmt: skip
    return Visitor(person_id=person_id, rights=frozenset(rights), roles=frozenset(roles))


def unread_of(context: Context, person: Someone | None) -> int:
    """How many notices the reader has not read yet."""
    if person is None:
        return 0
    query = (
        select(func.count())
        .select_from(_notice)
        .where(_notice.c.person_id == person.id, _notice.c.read_at.is_(None))
    )
    with reading(context.database) as connection:
        return int(connection.execute(query).scalar_one())
