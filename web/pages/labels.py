"""The page that says whether a label is valid: the address on every certificate. It is public."""

from __future__ import annotations

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from base.days import local_day, zone_of
from base.i18n import say
from models.database import reading
from web.api.papers import pdf
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from workflows import papers
from workflows.awarded import awarded_label

router = APIRouter()


@router.get("/labels/{label_id}")
def verify(request: Request, context: Here, language: Language, label_id: str) -> HTMLResponse:
    """Who holds the label, and whether it is valid today; a quality label has no end."""
    with reading(context.database) as connection:
        label = awarded_label(connection, label_id)
        published = context.tools.library.release(connection, label["release_id"])
    call = label["round"] and say(published.round_title(label["round"]), language)
    today = local_day(context.tools.clock.now(), ZoneInfo(zone_of(label["area"] or "").key))
    return page(
        request, "label.html", label=label, title=published.process.title,
        holder=label["person"] or label["school"] or label["project"], today=today,
        valid=_valid(label, today), round=call,
    )  # fmt: skip


@router.get("/labels/{label_id}/certificate.pdf")
def certificate(context: Here, language: Language, label_id: str) -> Response:
    """The certificate; public, like the label."""
    with reading(context.database) as connection:
        content = papers.certificate(connection, context.tools, label_id, language)
    return pdf(content, "certificate")


def _valid(label: dict[str, Any], today: date) -> bool:
    first, last = label["valid_from"] or label["granted_on"], label["valid_until"]
    return first <= today and (last is None or today <= last)
