"""The start page: what runs here."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import func, select

from models.cases import Case
from models.database import reading
from models.registry import Organisation
from web.api.definitions import in_force
from web.context import Here
from web.pages.rendering import page
from web.scope import scope_of
from web.signing_in import Perhaps

router = APIRouter()

_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]

#: Cases named on the start page; the API lists them all.
NAMED = 20


@router.get("/")
def start(request: Request, context: Here, person: Perhaps) -> HTMLResponse:
    """The processes with their rounds, and the cases the reader may see."""
    published = in_force(context)
    counts: dict[tuple[str, str], int] = {}
    cases: list[dict[str, object]] = []
    staff = False
    if person:
        with reading(context.database) as connection:
            scope = scope_of(connection, person.id, context.tools.clock)
            staff = scope.is_staff
            seen = scope.cases()
            grouped = select(_case.c.process, _case.c.state, func.count()).where(seen)
            for process, state, count in connection.execute(
                grouped.group_by(_case.c.process, _case.c.state)
            ):
                counts[process, state] = count
            query = (
                select(_case, _organisation.c.name.label("organisation_name"))
                .outerjoin(_organisation, _organisation.c.id == _case.c.organisation_id)
                .where(seen, _case.c.is_open.is_(True))
                .order_by(_case.c.since, _case.c.id)
                .limit(NAMED)
            )
            cases = [dict(row) for row in connection.execute(query).mappings()]
    return page(
        request, "start.html", person=person, published=published, counts=counts, cases=cases,
        staff=staff, processes={one.process.process: one.process for one in published},
    )  # fmt: skip
