"""The page that says whether a label is valid: the address on every certificate. It is public."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from sqlalchemy import select

from base.days import local_day, zone_of
from base.errors import NotFound
from base.i18n import N_
from models.cases import Case
from models.database import reading
from models.registry import Label, Organisation
from web.api.papers import pdf
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from workflows import papers

router = APIRouter()

_label = Label.__table__  # type: ignore[attr-defined]
_case = Case.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]


@router.get("/labels/{label_id}")
def verify(request: Request, context: Here, label_id: str) -> HTMLResponse:
    """Which school holds the label, and whether it is valid today."""
    query = (
        select(_label, _organisation.c.name, _organisation.c.place, _organisation.c.area,
               _organisation.c.country, _case.c.release_id)
        .join(_organisation, _organisation.c.id == _label.c.organisation_id)
        .join(_case, _case.c.id == _label.c.case_id)
        .where(_label.c.id == label_id)
    )  # fmt: skip
    with reading(context.database) as connection:
        row = connection.execute(query).mappings().first()
        if row is None:
            raise NotFound(N_("There is no such label."))
        published = context.tools.library.release(connection, row["release_id"])
    today = local_day(context.tools.clock.now(), ZoneInfo(zone_of(row["area"]).key))
    return page(
        request, "label.html", label=dict(row), title=published.process.title,
        valid=row["valid_from"] <= today <= row["valid_until"], today=today,
    )  # fmt: skip


@router.get("/labels/{label_id}/certificate.pdf")
def certificate(context: Here, language: Language, label_id: str) -> Response:
    """The certificate; public, like the label."""
    with reading(context.database) as connection:
        content = papers.certificate(connection, context.tools, label_id, language)
    return pdf(content, "certificate")
