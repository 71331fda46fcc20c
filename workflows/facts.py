"""Facts about cases: what the rule engine may ask of a case's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from models.cases import Case
from rules.criteria import FactType, Value
from rules.facts import Subject, provider
from workflows.answers_store import answers_of_many, evidence_counts_of_many
from workflows.form import missing_per_section
from workflows.publishing import Library

_case = Case.__table__  # type: ignore[attr-defined]

#: Releases never change, so what was read once serves every database of this process.
_library = Library()


@provider("missing_in_section", FactType.INTEGER, {"section": FactType.TEXT})
def missing_in_section(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """How many answers and pieces of evidence a section of the case's form still lacks."""
    keys = {subject.case_id: subject.key for subject in subjects if subject.case_id}
    query = select(_case.c.id, _case.c.release_id).where(_case.c.id.in_(list(keys)))
    answers = answers_of_many(connection, list(keys))
    evidence = evidence_counts_of_many(connection, list(keys))
    found: dict[str, Value | None] = {}
    for case_id, release_id in connection.execute(query).all():
        process = _library.release(connection, release_id).process
        lacking = missing_per_section(process, answers.get(case_id, {}), evidence.get(case_id, {}))
        found[keys[case_id]] = lacking.get(arguments["section"])
    return found


@provider("sent_answer", FactType.TEXT, {"name": FactType.TEXT})
def sent_answer(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """What was sent along with the step: an answer of a list, or yes or no."""
    found = {subject.key: subject.sent.get(arguments["name"]) for subject in subjects}
    return {key: value for key, value in found.items() if isinstance(value, str)}


@provider("sent_number", FactType.INTEGER, {"name": FactType.TEXT})
def sent_number(
    _connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """The number that was sent along with the step."""
    found = {subject.key: subject.sent.get(arguments["name"]) for subject in subjects}
    return {key: value for key, value in found.items() if isinstance(value, int)}


@provider("form_answer", FactType.TEXT, {"field": FactType.TEXT})
def form_answer(
    connection: Connection, subjects: Sequence[Subject], arguments: Mapping[str, Any],
    _now: datetime,
) -> Mapping[str, Value | None]:  # fmt: skip
    """The answer to a field of the case's form."""
    keys = {subject.case_id: subject.key for subject in subjects if subject.case_id}
    answers = answers_of_many(connection, list(keys))
    found = {keys[case_id]: each.get(arguments["field"]) for case_id, each in answers.items()}
    return {key: value for key, value in found.items() if isinstance(value, str)}
