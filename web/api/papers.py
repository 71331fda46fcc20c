"""Documents of a case, as PDF."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import Response

from models.database import reading
from web.api.outcomes import EVERYBODY_ONE, READING, Answers
from web.context import Here
from web.language import Language
from web.scope import scope_of, visible_case, visible_form
from web.signing_in import Reader
from workflows import papers

router = APIRouter(tags=["documents"])

_PDF: Answers = {200: {"content": {"application/pdf": {}}}}


@router.get(
    "/cases/{case_id}/application.pdf", summary="The application as it stands",
    responses=READING | _PDF, response_class=Response,
)  # fmt: skip
def application(context: Here, reader: Reader, language: Language, case_id: str) -> Response:
    """Every answer and piece of evidence, as PDF/UA; who judges it gets it as it was sent in."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        form = visible_form(connection, context.tools, scope, case)
        made = papers.application(connection, context.tools, case, language, form)
    return pdf(made, "application")


@router.get(
    "/cases/{case_id}/declaration.pdf", summary="The declaration of honour, to be signed",
    responses=READING | _PDF, response_class=Response,
)  # fmt: skip
def declaration(context: Here, reader: Reader, language: Language, case_id: str) -> Response:
    """The declaration for the principal to sign, as PDF/UA."""
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        made = papers.declaration(connection, context.tools, case, language)
    return pdf(made, "declaration")


@router.get(
    "/labels/{label_id}/certificate.pdf", summary="The certificate of a label",
    responses=EVERYBODY_ONE | _PDF, response_class=Response,
)  # fmt: skip
def certificate(context: Here, language: Language, label_id: str) -> Response:
    """The certificate, as PDF/UA; public, like the label."""
    with reading(context.database) as connection:
        content = papers.certificate(connection, context.tools, label_id, language)
    return pdf(content, "certificate")


def pdf(content: bytes, name: str) -> Response:
    """A PDF to keep."""
    return Response(
        content, media_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}.pdf"'},
    )  # fmt: skip
