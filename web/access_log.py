"""Who of the staff read what: written before the answer goes out, so that nothing is read unseen.

Whatever has a case in its address counts, page or API, and files of many cases (exports). A
school's own people read their own case: that is not kept.
"""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from sqlalchemy import delete

from base.errors import NotFound
from base.ids import new_id
from models.access import Access
from models.database import reading, writing
from web.context import Context
from web.scope import scope_of, visible_case
from web.signing_in import Someone, person_of

_access = Access.__table__  # type: ignore[attr-defined]

#: What an export is answered with.
EXPORTS = ("text/csv", "application/vnd.openxmlformats", "application/zip")
#: An address of an export is kept so far: its filters tell what was in it.
LONGEST = 200


def is_reading(request: Request, status: int, kind: str) -> bool:
    """Whether an answer gives somebody what counts.

    Arguments:
        kind: what it is answered with, as its header says.
    """
    if request.method != "GET" or status != 200:
        return False
    return bool(request.path_params.get("case_id")) or kind.startswith(EXPORTS)


def note_reading(request: Request, kind: str, context: Context) -> None:
    """Keep that the person of a request was given something, if she reads it as staff."""
    case_id, exports = request.path_params.get("case_id"), kind.startswith(EXPORTS)
    person = person_of(request)
    if person is None or not (case_id is None or _as_staff(context, person, str(case_id))):
        return
    path = request.url.path
    # Behind the case, the address says what it was; the case itself has nothing behind it.
    what = path.partition(str(case_id))[2].strip("/") or "case" if case_id else path
    if exports and request.url.query:
        what = f"{what}?{request.url.query}"
    with writing(context.database) as connection:
        connection.execute(
            _access.insert().values(
                id=new_id(), person_id=person.id, case_id=case_id, what=what[:LONGEST],
                at=context.tools.clock.now(),
            )
        )  # fmt: skip


def sweep_access(context: Context) -> None:
    """Delete what is older than it is kept."""
    until = context.tools.clock.now() - timedelta(days=context.settings.access_days)
    with writing(context.database) as connection:
        connection.execute(delete(_access).where(_access.c.at < until))


def _as_staff(context: Context, person: Someone, case_id: str) -> bool:
    with reading(context.database) as connection:
        scope = scope_of(connection, person.id, context.tools.clock)
        if not scope.is_staff:
            return False
        try:
            return scope.is_staff_in(visible_case(connection, scope, case_id))
        except NotFound:  # a page that tells everybody something of it
            return False
