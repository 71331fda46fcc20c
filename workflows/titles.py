"""The name that a case has from its own form, where its process says which answer that is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from models.cases import Answer
from models.sql import among
from workflows.definition import Process

_answer = Answer.__table__  # type: ignore[attr-defined]


def add_titles(
    connection: Connection, process_of: Callable[[Mapping[str, Any]], Process],
    cases: Sequence[dict[str, Any]],
) -> None:  # fmt: skip
    """Put ``form_title`` into the rows of cases whose process has one; others are not asked.

    Arguments:
        process_of: the process a case runs.
    """
    fields: dict[str, str] = {}
    for case in cases:
        form = process_of(case).form
        if form and form.titled_by:
            fields[case["id"]] = form.titled_by
    if not fields:
        return
    query = select(_answer.c.case_id, _answer.c.field, _answer.c.value).where(
        among(connection, _answer.c.case_id, list(fields)),
        _answer.c.field.in_(sorted(set(fields.values()))),
    )
    titles = {
        row.case_id: row.value
        for row in connection.execute(query)
        if row.field == fields[row.case_id]
    }
    for case in cases:
        if case["id"] in titles:
            case["form_title"] = titles[case["id"]]
