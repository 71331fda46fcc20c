"""Filling in a case's form: answers, links and files, over several sittings.

Saving is no step of the case: nothing moves and nobody is written to. It takes the same lock as a
step, so that what is submitted is what was saved.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy
from sqlalchemy import Connection, delete, func, select, update

from base.errors import BadInput, NotAllowed, NotFound, NotPossible, Problem
from base.i18n import N_
from base.ids import new_id
from documents.evidence import check_upload, check_url
from documents.store import FileStore
from models.cases import Answer, Evidence
from models.database import writing
from models.writes import insert
from workflows.actors import Row, acts_as
from workflows.case_rows import locked
from workflows.form import check_answers, find_field, normalise
from workflows.form_definition import FormField
from workflows.overtaken import (
    CLEARED,
    UNANSWERED,
    Saved,
    refusal,
    rows_of,
    set_apart,
    versions_of,
)
from workflows.publishing import Published
from workflows.tools import Tools

MEGABYTE = 2**20

_answer = Answer.__table__  # type: ignore[attr-defined]
_evidence = Evidence.__table__  # type: ignore[attr-defined]


def save_answers(
    database: sqlalchemy.Engine, tools: Tools, case_id: str, answers: Mapping[str, Any],
    actor_id: str, seen: Mapping[str, str] = MappingProxyType({}), *, partly: bool = False,
) -> Saved:  # fmt: skip
    """Save some answers; the others stay as they are. An answer of None clears its field.

    Arguments:
        answers: values by ``section.field``.
        seen: the versions of the fields as she read them; one that is not named is overwritten.
        partly: save what nobody else has overtaken, and hand the rest back.

    Raises:
        BadInput: an answer cannot be used; all are named and none was saved.
        Conflict: somebody else has changed one of them since it was read; none was saved.
        NotFound, NotAllowed, NotPossible: no such case, not this person's, or not to be edited now.
    """
    with writing(database) as connection:
        case, published = _editable(connection, tools, case_id, actor_id)
        problems = check_answers(published.process, answers)
        if problems:
            raise BadInput(N_("Nothing was saved yet. Please look at these answers."), problems)
        clean = normalise(published.process, answers)
        there = rows_of(connection, case["id"], list(clean))
        write, overtaken = set_apart(there, clean, seen, actor_id)
        if overtaken and not partly:
            raise refusal(published.process, overtaken, ZoneInfo(case["zone"]))
        now = tools.clock.now()
        connection.execute(
            delete(_answer).where(_answer.c.case_id == case["id"], _answer.c.field.in_(list(write)))
        )
        rows = [
            {"case_id": case["id"], "field": field, "value": CLEARED if value is None else value,
             "saved_at": now, "saved_by": actor_id}
            for field, value in write.items()
        ]  # fmt: skip
        insert(connection, _answer, rows)
        found = versions_of(connection, case["id"])
    return Saved(
        at=now, overtaken=overtaken,
        versions={field: found.get(field, UNANSWERED) for field in clean},
    )  # fmt: skip


def add_link(
    database: sqlalchemy.Engine, tools: Tools, case_id: str, field: str, url: str, actor_id: str
) -> str:
    """Add a link as evidence; gives its id.

    Raises:
        BadInput: it is no http or https address, or the field takes no (more) links.
        NotFound, NotAllowed, NotPossible: as :func:`save_answers`.
    """
    clean = check_url(url)
    with writing(database) as connection:
        case, published = _editable(connection, tools, case_id, actor_id)
        _room(connection, case, _evidence_field(published, field, "url"), field)
        return _add(connection, tools, case, field, actor_id, url=clean)


def add_file(
    database: sqlalchemy.Engine, tools: Tools, files: FileStore, case_id: str, field: str,
    file_name: str, content: bytes, actor_id: str,
) -> str:  # fmt: skip
    """Add one file as evidence; gives its id.

    The content is checked and stored before the transaction: a stored file that no row names is
    harmless, a row without its file is not. Why once more after it, documents/store.py says.

    Raises:
        BadFile: the file is refused; the sentence says why and what would be right.
        NotFound, NotAllowed, NotPossible: as :func:`save_answers`.
    """
    with writing(database) as connection:
        case, published = _editable(connection, tools, case_id, actor_id)
        wanted = _evidence_field(published, field, "file")
        _room(connection, case, wanted, field)
    checked = check_upload(
        file_name, content, tuple(wanted.accept), wanted.max_megabytes * MEGABYTE
    )
    files.put(checked.content)
    with writing(database) as connection:
        case, published = _editable(connection, tools, case_id, actor_id)
        _room(connection, case, wanted, field)
        added = _add(
            connection, tools, case, field, actor_id, sha256=checked.sha256,
            file_name=checked.safe_name, content_type=checked.content_type, size=checked.size,
        )  # fmt: skip
    files.put(checked.content)
    return added


def remove_evidence(
    database: sqlalchemy.Engine, tools: Tools, case_id: str, evidence_id: str, actor_id: str
) -> None:
    """Take a link or file away. An earlier submission that names it keeps it.

    Raises:
        NotFound: there is no such evidence in this case.
        NotAllowed, NotPossible: as :func:`save_answers`.
    """
    with writing(database) as connection:
        _editable(connection, tools, case_id, actor_id)
        gone = connection.execute(
            update(_evidence)
            .where(
                _evidence.c.id == evidence_id, _evidence.c.case_id == case_id,
                _evidence.c.removed_at.is_(None),
            )
            .values(removed_at=tools.clock.now())
        )  # fmt: skip
        if not gone.rowcount:
            raise NotFound(N_("There is no such piece of evidence in this application."))


def may_edit(connection: Connection, tools: Tools, case: Row, actor_id: str | None) -> bool:
    """Whether this person may edit the case's form now."""
    published = tools.library.release(connection, case["release_id"])
    form = published.process.form
    if form is None or case["state"] not in form.edited_in:
        return False
    return (
        acts_as(connection, published.process, form.edited_by, case, actor_id, tools.clock.now())
        is not None
    )


def _editable(
    connection: Connection, tools: Tools, case_id: str, actor_id: str
) -> tuple[dict[str, Any], Published]:
    case = locked(connection, case_id)
    published = tools.library.release(connection, case["release_id"])
    process = published.process
    if process.form is None:
        raise NotFound(N_("This process has no form."))
    acted_as = acts_as(
        connection, process, process.form.edited_by, case, actor_id, tools.clock.now()
    )
    if acted_as is None:
        who = [process.actors[name].title for name in process.form.edited_by]
        raise NotAllowed(
            N_("The form can only be filled in by {who}."), process.form.edited_by, who=who
        )
    if case["state"] not in process.form.edited_in:
        raise NotPossible(
            N_("The form cannot be changed while the application is “{state}”."),
            state=process.states[case["state"]].title,
        )
    return case, published


def _evidence_field(published: Published, field: str, kind: str) -> FormField:
    found = find_field(published.process, field)
    if found is None or found.type != "evidence":
        raise BadInput(
            N_("There is no place for evidence called {field}."),
            [Problem(where=field, message=N_("Evidence cannot be added here."))],
            field=field,
        )
    if kind not in found.kinds:
        sentence = (
            N_("Only a document can be added here, not a link.")
            if kind == "url"
            else N_("Only a link can be added here, not a document.")
        )
        raise BadInput(sentence, [Problem(where=field, message=sentence)])
    return found


def _room(connection: Connection, case: Row, wanted: FormField, field: str) -> None:
    count = connection.execute(
        select(func.count()).where(
            _evidence.c.case_id == case["id"], _evidence.c.field == field,
            _evidence.c.removed_at.is_(None),
        )
    ).scalar_one()  # fmt: skip
    if count >= wanted.at_most:
        raise BadInput(
            N_("There are {count} pieces of evidence here already; remove one to add another."),
            count=count,
        )


def _add(
    connection: Connection, tools: Tools, case: Row, field: str, actor_id: str, **what: Any
) -> str:
    row = {
        "id": new_id(), "case_id": case["id"], "field": field, "url": None, "sha256": None,
        "file_name": "", "content_type": "", "size": 0, "added_at": tools.clock.now(),
        "added_by": actor_id, "removed_at": None, **what,
    }  # fmt: skip
    connection.execute(_evidence.insert(), row)
    return str(row["id"])
