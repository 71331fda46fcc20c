"""Who of the staff read what: written before the answer goes out, so that nothing is read unseen.

Whatever has a case in its address counts, page or API; a mail to somebody else, a decision, and
files of many cases (exports) do, too. A school's own people read their own case: that is not kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, delete, select

from base.errors import NotFound
from base.ids import new_id
from models.access import Access
from models.cases import Decision
from models.database import reading, writing
from models.messages import Mail
from web.context import Context
from web.scope import scope_of, visible_case
from web.signing_in import Someone, person_of

_access = Access.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]
_mail = Mail.__table__  # type: ignore[attr-defined]

#: What an export is answered with.
EXPORTS = ("text/csv", "application/vnd.openxmlformats", "application/zip")
#: An address of an export is kept so far: its filters tell what was in it.
LONGEST = 200


#: What stands in the address of something that is somebody's.
NAMES = {"case_id", "mail_id", "decision_id"}


def is_reading(request: Request, status: int, kind: str) -> bool:
    """Whether an answer gives somebody what counts.

    Arguments:
        kind: what it is answered with, as its header says.
    """
    if request.method != "GET" or status != 200:
        return False
    return bool(request.path_params.keys() & NAMES) or kind.startswith(EXPORTS)


def note_reading(request: Request, kind: str, context: Context) -> None:
    """Keep that the person of a request was given something, if she reads it as staff."""
    exports = kind.startswith(EXPORTS)
    person = person_of(request)
    if person is None:
        return
    with reading(context.database) as connection:
        case_id, counts = _what_of(connection, context, person, request.path_params)
    if not counts:
        return
    path = request.url.path
    # Behind the case, the address says what it was; the case itself has nothing behind it.
    if case_id is None:
        what = path
    elif case_id in path:
        what = path.partition(case_id)[2].strip("/") or "case"
    else:
        what = path.removeprefix("/api/v1").strip("/")
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


def _what_of(
    connection: Connection, context: Context, person: Someone, names: Mapping[str, Any]
) -> tuple[str | None, bool]:
    """The case that was read of, if any, and whether it is kept that this person did."""
    if "mail_id" in names:
        of = select(_mail.c.case_id, _mail.c.person_id).where(_mail.c.id == names["mail_id"])
        mail = connection.execute(of).first()
        return (mail.case_id, mail.person_id != person.id) if mail else (None, False)
    case_id = names.get("case_id")
    if "decision_id" in names:
        whose = select(_decision.c.case_id).where(_decision.c.id == names["decision_id"])
        case_id = connection.execute(whose).scalar()
    elif case_id is None:
        return None, True  # an export
    return case_id, case_id is not None and _as_staff(connection, context, person, str(case_id))


def _as_staff(connection: Connection, context: Context, person: Someone, case_id: str) -> bool:
    scope = scope_of(connection, person.id, context.tools.clock)
    if not scope.is_staff:
        return False
    try:
        return scope.is_staff_in(visible_case(connection, scope, case_id))
    except NotFound:  # a page that tells everybody something of it
        return False
