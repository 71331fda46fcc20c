"""Rows as the API shows them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from base.errors import BadInput
from base.i18n import N_, say
from web.api.shapes import CaseLine, EvidenceLine, Name
from workflows.definition import Process
from workflows.subjects import name_of
from workflows.tools import Tools

Row = Mapping[str, Any]

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def case_line(
    connection: Connection, tools: Tools, row: Row, language: str, *, staff: bool
) -> CaseLine:
    """A case's row (of ``named_cases``) for a list; states by the reader's names."""
    process = tools.library.release(connection, row["release_id"]).process
    state = process.states[row["state"]]
    title = say(state.title if staff else state.to_school, language)
    return CaseLine(
        id=row["id"], process=row["process"], round=row["round"],
        state=Name(name=row["state"], title=title), name=name_of(row),
        organisation=row["organisation_name"], person_id=row["person_id"],
        project_id=row["project_id"], organisation_id=row["organisation_id"], area=row["area"],
        since=row["since"], opened_at=row["opened_at"], is_open=row["is_open"],
        version=row["version"],
    )  # fmt: skip


def process_of(connection: Connection, tools: Tools) -> Callable[[Row], Process]:
    """Tells the process a case's row belongs to."""
    return lambda row: tools.library.release(connection, row["release_id"]).process


def evidence_line(row: Row) -> EvidenceLine:
    """A piece of evidence."""
    return EvidenceLine(**{name: row[name] for name in EvidenceLine.model_fields})


def cursor(last_id: str) -> str:
    """A cursor behind ``last_id``; programs hand it back as it is."""
    return base64.urlsafe_b64encode(last_id.encode()).decode().rstrip("=")


def behind(cursor_text: str | None) -> str | None:
    """The id a cursor stands behind.

    Raises:
        BadInput: it is no cursor of ours.
    """
    if not cursor_text:
        return None
    try:
        padded = cursor_text + "=" * (-len(cursor_text) % 4)
        last_id = base64.urlsafe_b64decode(padded.encode("ascii")).decode("ascii")
    except (binascii.Error, ValueError):
        last_id = ""
    if not _ID.fullmatch(last_id):
        raise BadInput(N_("This is no cursor. Take “next” of the page before as it is."))
    return last_id
