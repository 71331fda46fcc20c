"""Mails of the outbox, and the reader's notices."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select, update

from base.errors import NotFound
from base.i18n import N_
from models.database import reading, writing
from models.messages import Mail, Notice
from models.reads import rows_of
from notifications.delivery import render
from web.api.lines import behind, cursor
from web.api.outcomes import READING, WRITING
from web.api.shapes import MailLine, MailList, NoticeLine
from web.context import Here
from web.language import Language
from web.mailbox import mail_reader, send_again, visible_mail
from web.scope import visible_case
from web.signing_in import Reader
from workflows import mailbox

router = APIRouter(tags=["messages"])


class MailPreview(BaseModel):
    """A mail in one language."""

    language: str
    languages: list[str] = Field(description="Those it exists in.")
    subject: str
    text: str
    html: str


class MailSentAgain(BaseModel):
    """The mail that goes out."""

    id: str


_mail = Mail.__table__  # type: ignore[attr-defined]
_notice = Notice.__table__  # type: ignore[attr-defined]


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

    Administrators of all areas see all, without the words of those that belong to no process.

    A mail that has not gone out yet is shown as it would be written now.
    """
    with reading(context.database) as connection:
        whose = mail_reader(connection, context, reader.id)
        query = select(_mail).where(whose.seen()).order_by(_mail.c.id).limit(limit + 1)
        if case_id:
            visible_case(connection, whose.scope, case_id)
            query = query.where(_mail.c.case_id == case_id)
        if status:
            query = query.where(_mail.c.status == status)
        if last := behind(after):
            query = query.where(_mail.c.id > last)
        rows = rows_of(connection.execute(query))
        kept = {row["id"] for row in rows if _for_others(connection, row, reader.id)}
    lines = []
    for row in rows[:limit]:
        subject, body = row["subject"], row["body"]
        if row["id"] not in kept:
            subject = body = ""
        elif not subject:
            rendered = render(context.templates, row)
            subject, body = rendered.subject, rendered.text
        shown = {name: row[name] for name in MailLine.model_fields if name in row}
        lines.append(
            MailLine(**{**shown, "to": row["to_address"], "subject": subject, "body": body})
        )
    return MailList(mails=lines, next=cursor(lines[-1].id) if len(rows) > limit else None)


@router.get("/mails/{mail_id}/preview", summary="A mail in each language", responses=READING)
def preview(
    context: Here, reader: Reader, mail_id: str,
    language: Annotated[Literal["en", "nl", "fr", "de"] | None, Query()] = None,
) -> MailPreview:  # fmt: skip
    """A mail as it is written in a language, with its own values; in its own if left out."""
    with reading(context.database) as connection:
        whose = mail_reader(connection, context, reader.id)
        row = visible_mail(connection, whose, mail_id)
        if not _for_others(connection, row, reader.id):
            raise NotFound(N_("There is no such mail."))
    offered = mailbox.languages_of(context.templates, row)
    chosen = language if language in offered else row["language"]
    words = mailbox.preview(context.templates, row, chosen)
    return MailPreview(
        language=chosen, languages=offered, subject=words.subject, text=words.text, html=words.html
    )


@router.post("/mails/{mail_id}/resend", summary="Send a mail again", responses=WRITING)
def resend(context: Here, reader: Reader, mail_id: str) -> MailSentAgain:
    """Try a failed mail anew, or send a sent one once more, as a mail of its own."""
    return MailSentAgain(id=send_again(context, reader.id, mail_id))


def _for_others(connection: Connection, row: dict[str, Any], reader_id: str) -> bool:
    return row["person_id"] == reader_id or mailbox.has_words(connection, row)


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
