"""Who of the staff read what: for administrators."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from models.database import reading
from web.accesses import MOST, accesses, in_words
from web.api.lines import behind, cursor
from web.api.sent import check_address
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from web.signing_in import Reader

router = APIRouter(dependencies=[Depends(check_address)])


@router.get("/access")
def show(
    request: Request, context: Here, language: Language, reader: Reader,
    person: Annotated[str, Query(max_length=254)] = "",
    case: Annotated[str, Query(max_length=36)] = "",
    after: Annotated[str, Query(max_length=100)] = "",
) -> Response:  # fmt: skip
    """What was read, the last first; of one person or of one case where it is asked for.

    Raises:
        NotAllowed: the reader is no administrator.
    """
    with reading(context.database) as connection:
        rows = accesses(
            connection, context, reader.id, person=person.strip(), case_id=case.strip(),
            before=behind(after), most=MOST,
        )  # fmt: skip
    more = cursor(rows[MOST - 1]["id"]) if len(rows) > MOST else None
    return page(
        request, "accesses.html",
        rows=[{**row, "called": in_words(row["what"], language)} for row in rows[:MOST]],
        wanted={"person": person, "case": case}, more=more, days=context.settings.access_days,
    )  # fmt: skip
