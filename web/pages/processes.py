"""A process as a picture, and the same in a table."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from markupsafe import Markup

from models.database import reading
from web.context import Here
from web.language import Language
from web.pages.rendering import page
from workflows.diagram import diagram
from workflows.transition_table import transition_table

router = APIRouter()


@router.get("/processes/{name}")
def process(request: Request, context: Here, language: Language, name: str) -> HTMLResponse:
    """The process in force."""
    with reading(context.database) as connection:
        published = context.tools.library.in_force(
            connection, name, context.tools.clock.now().date()
        )
    return page(
        request, "process.html", published=published,
        picture=Markup(diagram(published.process, language)),  # noqa: S704 - escaped in it
        rows=transition_table(published.process, language),
    )  # fmt: skip
