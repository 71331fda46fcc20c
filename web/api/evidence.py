"""Evidence: links and files of a case's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import Field
from sqlalchemy import Connection, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from base.errors import BadFile, NotFound
from base.i18n import N_
from models.cases import CaseEvent
from models.database import reading
from web.api.lines import evidence_line
from web.api.outcomes import READING, WRITING
from web.api.sent import Sent
from web.api.shapes import EvidenceLine
from web.context import Context, Here
from web.scope import scope_of, visible_case, visible_form
from web.signing_in import Reader, Someone
from workflows.answers import add_file, add_link, remove_evidence
from workflows.answers_store import evidence_of

router = APIRouter(tags=["evidence"])

Row = Mapping[str, Any]

_event = CaseEvent.__table__  # type: ignore[attr-defined]

ONE_AT_A_TIME = N_("Add one file at a time.")
#: Of a form with one file; some to spare, so that too many get a sentence.
MOST_PARTS = 10


class Link(Sent):
    """A link to add."""

    field: str = Field(max_length=120, examples=["esafety.evidence"])
    url: str = Field(max_length=2000, examples=["https://school.example.org/policy"])


@router.get("/cases/{case_id}/evidence", summary="Links and files of a case", responses=READING)
def list_evidence(context: Here, reader: Reader, case_id: str) -> list[EvidenceLine]:
    """What belongs to the form, oldest first; who judges it sees what was sent in with it."""
    return [evidence_line(row) for row in _rows(context, reader, case_id)]


@router.post(
    "/cases/{case_id}/evidence/links", status_code=201, summary="Add a link", responses=WRITING
)
def link(context: Here, reader: Reader, case_id: str, new: Link) -> EvidenceLine:
    """Add a link as evidence."""
    _seen(context, reader, case_id)
    made = add_link(context.database, context.tools, case_id, new.field, new.url, reader.id)
    return _one(context, reader, case_id, made)


@router.post(
    "/cases/{case_id}/evidence/files", status_code=201, summary="Add a file", responses=WRITING,
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": {
        "type": "object", "required": ["field", "file"],
        "properties": {
            "field": {"type": "string", "maxLength": 120},
            "file": {"type": "string", "format": "binary", "description": "One file."},
        },
    }}}}},
)  # fmt: skip
async def upload(context: Here, reader: Reader, case_id: str, request: Request) -> EvidenceLine:
    """Add one file as evidence. It is checked by its content, whatever it is called."""
    await run_in_threadpool(_seen, context, reader, case_id)
    field, name, given = await _one_file(request)
    made = await run_in_threadpool(
        add_file, context.database, context.tools, context.files, case_id, field, name, given,
        reader.id,
    )  # fmt: skip
    return await run_in_threadpool(_one, context, reader, case_id, made)


@router.get(
    "/cases/{case_id}/evidence/{evidence_id}/content", summary="A file's content",
    response_class=Response, responses=READING | {200: {"content": {"*/*": {}}}},
)  # fmt: skip
def content(context: Here, reader: Reader, case_id: str, evidence_id: str) -> Response:
    """The file, to keep; never shown by the browser itself.

    A file that was taken away can still be read while an earlier submission names it.
    """
    row = readable_file(context, reader, case_id, evidence_id)
    name = quote(row["file_name"], safe="")
    return Response(
        context.files.get(row["sha256"]), media_type=row["content_type"],
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{name}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox",
        },
    )  # fmt: skip


def readable_file(context: Context, reader: Someone, case_id: str, evidence_id: str) -> Row:
    """The row of a file that the reader may read.

    Raises:
        NotFound: there is no such file for her.
    """
    rows = _rows(context, reader, case_id, with_submitted=True)
    row = next((one for one in rows if one["id"] == evidence_id), None)
    if row is None or row["sha256"] is None:
        raise NotFound(N_("There is no such piece of evidence in this application."))
    return row


@router.delete(
    "/cases/{case_id}/evidence/{evidence_id}",
    status_code=204,
    summary="Take evidence away",
    responses=WRITING,
)
def remove(context: Here, reader: Reader, case_id: str, evidence_id: str) -> None:
    """Take a link or file away from the form; an earlier submission keeps it."""
    _seen(context, reader, case_id)
    remove_evidence(context.database, context.tools, case_id, evidence_id, reader.id)


async def _one_file(request: Request) -> tuple[str, str, bytes]:
    """The field, the name and the content of the one file that was sent.

    The length of the whole request is bounded as it comes in; see ``web/app.py``.
    """
    try:
        async with request.form(max_files=MOST_PARTS, max_fields=MOST_PARTS) as form:
            files = [one for _, one in form.multi_items() if isinstance(one, UploadFile)]
            if len(files) != 1:
                raise BadFile(ONE_AT_A_TIME)
            field = form.get("field")
            if not isinstance(field, str):
                raise BadFile(N_("Say which field the file belongs to."))
            return field, files[0].filename or "", await files[0].read()
    except HTTPException as error:
        if error.status_code == 400:  # more parts than there can be, or no multipart at all
            raise BadFile(ONE_AT_A_TIME) from None
        raise


def _seen(context: Context, reader: Someone, case_id: str) -> None:
    with reading(context.database) as connection:
        visible_case(connection, scope_of(connection, reader.id, context.tools.clock), case_id)


def _rows(
    context: Context, reader: Someone, case_id: str, *, with_submitted: bool = False
) -> list[Row]:
    with reading(context.database) as connection:
        scope = scope_of(connection, reader.id, context.tools.clock)
        case = visible_case(connection, scope, case_id)
        rows = list(visible_form(connection, context.tools, scope, case).evidence)
        if with_submitted:
            named = _submitted(connection, case_id) - {row["id"] for row in rows}
            kept = evidence_of(connection, case_id, removed=True)
            rows += [row for row in kept if row["id"] in named]
        return rows


def _submitted(connection: Connection, case_id: str) -> set[str]:
    """The ids of everything that some submission of the case names."""
    query = select(_event.c.payload).where(_event.c.case_id == case_id)
    forms = (payload.get("form") or {} for payload in connection.execute(query).scalars())
    return {one["id"] for form in forms for one in form.get("evidence", [])}


def _one(context: Context, reader: Someone, case_id: str, evidence_id: str) -> EvidenceLine:
    rows = _rows(context, reader, case_id)
    return next(evidence_line(row) for row in rows if row["id"] == evidence_id)
