"""Comments of staff to one another about a case: never seen by a school, never in a mail."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection, delete, select

from base.errors import BadInput, NotFound, Problem
from base.i18n import N_
from base.ids import new_id
from models.database import reading, writing
from models.desk import Comment
from models.registry import Person
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.context import Context, Here
from web.scope import scope_of, visible_case
from web.signing_in import Reader, Someone

router = APIRouter(tags=["comments"])

_comment = Comment.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]

#: Characters of a comment.
LONGEST = 5000


class NewComment(Sent):
    """What one tells one's colleagues."""

    text: str = Field(max_length=LONGEST, examples=["I have called the school about this."])


class CommentLine(BaseModel):
    """A comment."""

    id: str
    by: str
    is_mine: bool = Field(description="Whether the reader wrote it, and may take it away.")
    written_at: datetime
    text: str


@router.get("/cases/{case_id}/comments", summary="Comments of colleagues", responses=READING)
def list_comments(context: Here, reader: Reader, case_id: str) -> list[CommentLine]:
    """What staff told one another about the case, oldest first. For others it does not exist."""
    with reading(context.database) as connection:
        _as_staff(connection, context, reader, case_id)
        return comments(connection, case_id, reader)


@router.post(
    "/cases/{case_id}/comments", status_code=201, summary="Tell your colleagues", responses=WRITING
)
def write_comment(context: Here, reader: Reader, case_id: str, new: NewComment) -> CommentLine:
    """Write a comment. Only staff of the case's area read it."""
    made = write(context, reader, case_id, new.text)
    with reading(context.database) as connection:
        return next(one for one in comments(connection, case_id, reader) if one.id == made)


@router.delete(
    "/cases/{case_id}/comments/{comment_id}", status_code=204, summary="Take a comment away",
    responses=WRITING,
)  # fmt: skip
def remove_comment(context: Here, reader: Reader, case_id: str, comment_id: str) -> None:
    """Take a comment of one's own away."""
    remove(context, reader, case_id, comment_id)


def comments(connection: Connection, case_id: str, reader: Someone) -> list[CommentLine]:
    """The comments of a case, oldest first."""
    query = (
        select(_comment, _person.c.name)
        .join(_person, _person.c.id == _comment.c.author_id)
        .where(_comment.c.case_id == case_id)
        .order_by(_comment.c.id)
    )
    return [
        CommentLine(
            id=row.id, by=row.name, is_mine=row.author_id == reader.id, written_at=row.written_at,
            text=row.text,
        )
        for row in connection.execute(query)
    ]  # fmt: skip


def write(context: Context, reader: Someone, case_id: str, text: str) -> str:
    """Write a comment; gives its id.

    Raises:
        NotFound: no such case for this reader as staff.
        BadInput: there is nothing in it, or too much.
    """
    written = text.replace("\r\n", "\n").strip()
    if not written or len(written) > LONGEST:
        message = N_("Write a comment of at most {most} characters.")
        problem = Problem(where="text", message=message, values={"most": LONGEST})
        raise BadInput(message, [problem], most=LONGEST)
    row = {
        "id": new_id(), "case_id": case_id, "author_id": reader.id, "text": written,
        "written_at": context.tools.clock.now(),
    }  # fmt: skip
    with writing(context.database) as connection:
        _as_staff(connection, context, reader, case_id)
        connection.execute(_comment.insert(), row)
    return str(row["id"])


def remove(context: Context, reader: Someone, case_id: str, comment_id: str) -> None:
    """Take a comment of the reader's own away.

    Raises:
        NotFound: there is none of hers.
    """
    with writing(context.database) as connection:
        _as_staff(connection, context, reader, case_id)
        gone = connection.execute(
            delete(_comment).where(
                _comment.c.id == comment_id, _comment.c.case_id == case_id,
                _comment.c.author_id == reader.id,
            )
        )  # fmt: skip
        if not gone.rowcount:
            raise NotFound(N_("There is no such comment of yours."))


def _as_staff(connection: Connection, context: Context, reader: Someone, case_id: str) -> None:
    scope = scope_of(connection, reader.id, context.tools.clock)
    if not scope.is_staff_in(visible_case(connection, scope, case_id)):
        raise NotFound(N_("Comments are for the staff of the case’s area."))
