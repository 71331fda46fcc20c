"""What :mod:`web.access_log` has kept, for administrators: of all areas, or of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, or_, select

from base.errors import NotAllowed
from base.i18n import N_, translate
from models.access import Access
from models.cases import Case
from models.reads import rows_of
from models.registry import Grant, Person
from web.context import Context
from workflows.actors import EVERYWHERE

_access = Access.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_grant = Grant.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: Lines on a page.
MOST = 100

#: What was read, by how the end of its address begins, and what people call it.
_CALLED = {
    "case": N_("the case"),
    "history": N_("what happened"),
    "form": N_("the form"),
    "receipts": N_("a receipt"),
    "evidence": N_("links and documents"),
    "application": N_("the application as a PDF"),
    "declaration": N_("the declaration of honour"),
    "comments": N_("comments among colleagues"),
    "decision": N_("a decision and its reasons"),
    "mail": N_("a mail"),
    "steps": N_("the page of a step"),
    "triggers": N_("what a step would do"),
    "reviewer": N_("who looks after the case"),
    "diagram": N_("where it stands in the process"),
    "/": N_("several cases as a file"),
}


def in_words(what: str, language: str) -> str:
    """What was read, as people call it; empty for an address without a name."""
    called = (words for start, words in _CALLED.items() if what.startswith(start))
    return translate(next(called, ""), language)


def accesses(
    connection: Connection, context: Context, reader_id: str, *, person: str = "",
    case_id: str = "", before: str | None = None, most: int = MOST,
) -> list[dict[str, Any]]:  # fmt: skip
    """Rows, the last first, one more than ``most`` if there are more.

    Arguments:
        person: a mail address; only what this person read.
        case_id: only what was read of this case.
        before: the id of the last row of the page before.

    Raises:
        NotAllowed: the reader is no administrator today.
    """
    scopes = _scopes(connection, context, reader_id)
    query = (
        select(_access, _person.c.name, _person.c.email)
        .join(_person, _person.c.id == _access.c.person_id)
        .order_by(_access.c.id.desc())
        .limit(most + 1)
    )
    if EVERYWHERE not in scopes:
        covered = or_(
            *(_case.c.area == scope for scope in scopes),
            *(_case.c.area.startswith(f"{scope}-", autoescape=True) for scope in scopes),
        )
        query = query.join(_case, _case.c.id == _access.c.case_id).where(covered)
    if person:
        query = query.where(_person.c.email == person.lower())
    if case_id:
        query = query.where(_access.c.case_id == case_id)
    if before:
        query = query.where(_access.c.id < before)
    return rows_of(connection.execute(query))


def _scopes(connection: Connection, context: Context, person_id: str) -> set[str]:
    today = context.tools.clock.now().date()
    found = connection.execute(
        select(_grant.c.scope).where(
            _grant.c.person_id == person_id, _grant.c.right == "administrator",
            _grant.c.first_day <= today,
            or_(_grant.c.last_day.is_(None), _grant.c.last_day >= today),
        )
    ).scalars()  # fmt: skip
    scopes = set(found)
    if not scopes:
        raise NotAllowed(N_("Only an administrator can read this."), ["administrator"])
    return scopes
