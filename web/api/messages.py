"""Mails of the outbox, and the reader's notices."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from sqlalchemy import or_, select, update

from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.database import reading, writing
from models.messages import Mail, Notice
from notifications.delivery import render
from web.api.lines import behind, cursor
from web.api.outcomes import READING, WRITING
from web.api.shapes import MailLine, MailList, NoticeLine
from web.context import Here
from web.language import Language
from web.scope import scope_of, visible_case
from web.signing_in import Reader

router = APIRouter(tags=["messages"])

_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]


@router.get("/mails", summary="The outbox", responses=READING)
def mails(
    context: Here,
    reader: Reader,
    case_id: Annotated[str | None, Query(max_length=36)] = None,
    status: Annotated[str | None, Query(pattern="^(waiting|sent|failed|withdrawn)$")] = None,
    after: Annotated[str | None, Query(description="“next” of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> MailList:
    """Mails, oldest first: of the cases of their area for staff, one's own for others.

    A mail that has not gone out yet is shown as it would be written now.
    """
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        query = select(_mail).order_by(_mail.c.id).limit(limit + 1)
        if case_id:
            visible_case(connection, scope, case_id)
            query = query.where(_mail.c.case_id == case_id)
        own = _mail.c.person_id == reader.id
        if scope.is_staff:
            seen = select(_case.c.id).where(scope.staff_cases())
            query = query.where(or_(own, _mail.c.case_id.in_(seen)))
        else:
            query = query.where(own)
        if status:
            query = query.where(_mail.c.status == status)
        if last := behind(after):
            query = query.where(_mail.c.id > last)
        rows = [dict(row) for row in connection.execute(query).mappings()]
    lines = []
    for row in rows[:limit]:
        subject, body = row["subject"], row["body"]
        if not subject:
            rendered = render(context.templates, row)
            subject, body = rendered.subject, rendered.text
        shown = {name: row[name] for name in MailLine.model_fields if name in row}
        lines.append(
            MailLine(**{**shown, "to": row["to_address"], "subject": subject, "body": body})
        )
    return MailList(mails=lines, next=cursor(lines[-1].id) if len(rows) > limit else None)


@router.get("/notices", summary="Your notices", responses=READING)
def notices(context: Here, reader: Reader, language: Language) -> list[NoticeLine]:
    """The reader's last 100 notices, newest first, in her language."""
    query = select(_notice).where(_notice.c.person_id == reader.id)
    with reading(context.database) as connection:
        rows = connection.execute(query.order_by(_notice.c.id.desc()).limit(100)).mappings().all()
    return [
        NoticeLine(
            id=row["id"], case_id=row["case_id"], created_at=row["created_at"],
            read_at=row["read_at"],
            text=context.templates.notice(row["template"], language, row["context"]),
        )
        for row in rows
    ]  # fmt: skip


@router.post(
    "/notices/{notice_id}/read", status_code=204, summary="Mark a notice as read", responses=WRITING
)
def read_notice(context: Here, reader: Reader, notice_id: str) -> None:
    """Mark one of the reader's notices as read."""
    with writing(context.database) as connection:
        done = connection.execute(
            update(_notice)
            .where(_notice.c.id == notice_id, _notice.c.person_id == reader.id)
            .values(read_at=context.tools.clock.now())
        )
        if not done.rowcount:
            raise NotFound(N_("There is no such notice."))
