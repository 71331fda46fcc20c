"""Who of the staff read what, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from models.database import reading
from web.accesses import accesses
from web.api.lines import behind, cursor
from web.api.outcomes import READING
from web.context import Here
from web.signing_in import Reader

router = APIRouter(tags=["access"])


class AccessLine(BaseModel):
    """Somebody of the staff read something."""

    id: str
    at: datetime
    #: Her mail address.
    person: str
    name: str
    case_id: str | None
    #: ``case``, ``form``, ``application.pdf`` …; the address of an export.
    what: str


class AccessList(BaseModel):
    """A page of the log."""

    accesses: list[AccessLine]
    next: str | None


@router.get("/access", summary="Who of the staff read what", responses=READING)
def list_access(
    context: Here,
    reader: Reader,
    person: Annotated[str, Query(max_length=254, description="A mail address.")] = "",
    case_id: Annotated[str, Query(max_length=36)] = "",
    after: Annotated[str | None, Query(description="“next” of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AccessList:
    """The last first; an administrator of an area reads that of the area’s cases."""
    with reading(context.database) as connection:
        rows = accesses(
            connection, context, reader.id, person=person, case_id=case_id, before=behind(after),
            most=limit,
        )  # fmt: skip
    lines = [
        AccessLine(
            id=row["id"], at=row["at"], person=row["email"], name=row["name"],
            case_id=row["case_id"], what=row["what"],
        )
        for row in rows[:limit]
    ]  # fmt: skip
    return AccessList(accesses=lines, next=cursor(lines[-1].id) if len(rows) > limit else None)
