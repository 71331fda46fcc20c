"""The parties of a case: who and what else it is about, beside its subject.

In a case row in memory they are under ``parties``: name of the party -> ``person_id``,
``organisation_id``, ``project_id``, ``area`` and ``name``. Of a person the organisation is the
school she worked at when she became one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from base.days import local_day, zone_of
from base.errors import BadInput, Problem
from base.i18n import N_
from models.cases import CaseParty
from models.registry import Organisation, Person, Project
from models.sql import among
from workflows.definition import Ask, Process, Step
from workflows.subjects import KINDS, of_school, schools_of

_party = CaseParty.__table__  # type: ignore[attr-defined]
_organisation = Organisation.__table__  # type: ignore[attr-defined]
_person = Person.__table__  # type: ignore[attr-defined]
_project = Project.__table__  # type: ignore[attr-defined]

Row = Mapping[str, Any]
_OWN = tuple((kind, f"{kind}_id") for kind in KINDS)
_COLUMNS = ("person_id", "organisation_id", "project_id", "area")


def with_parties(connection: Connection, process: Process, cases: Sequence[dict[str, Any]]) -> None:
    """Add ``parties`` to the rows of cases that lack them; a process without any is not asked."""
    lacking = [case for case in cases if "parties" not in case]
    for case in lacking:
        case["parties"] = {}
    if process.parties:
        add_parties(connection, lacking)


def add_parties(connection: Connection, cases: Sequence[dict[str, Any]]) -> None:
    """Put ``parties`` into the rows of cases, of whatever process."""
    lacking = {case["id"]: case for case in cases}
    for case in cases:
        case["parties"] = {}
    if not lacking:
        return
    # A person's party has a school, too: her own name comes first.
    name = func.coalesce(_person.c.name, _project.c.title, _organisation.c.name).label("name")
    query = (
        select(_party, name)
        .outerjoin(_person, _person.c.id == _party.c.person_id)
        .outerjoin(_project, _project.c.id == _party.c.project_id)
        .outerjoin(_organisation, _organisation.c.id == _party.c.organisation_id)
        .where(among(connection, _party.c.case_id, list(lacking)))
    )
    for row in connection.execute(query).mappings():
        parties = lacking[row["case_id"]]["parties"]
        parties[row["party"]] = {column: row[column] for column in (*_COLUMNS, "name")}


def parties_of(connection: Connection, process: Process, case: Row) -> dict[str, dict[str, Any]]:
    """The parties of one case, from its row or else from the database."""
    if "parties" in case:
        found: dict[str, dict[str, Any]] = case["parties"]
        return found
    made = dict(case)
    with_parties(connection, process, [made])
    parties: dict[str, dict[str, Any]] = made["parties"]
    return parties


def party_rows(case: Row) -> list[dict[str, Any]]:
    """The rows that keep the parties of a case."""
    return [
        {"case_id": case["id"], "party": name, **{column: row[column] for column in _COLUMNS}}
        for name, row in case["parties"].items()
    ]


def party_ids(process: Process, case: Row) -> dict[str, str]:
    """The id of each party of a case that is known, and of what its own row names."""
    found = {kind: case[column] for kind, column in _OWN if case.get(column)}
    for name, row in (case.get("parties") or {}).items():
        if name in process.parties and (id_ := row[f"{process.parties[name].kind}_id"]):
            found[name] = id_
    return found


def unique_key(process: Process, case: Row) -> str | None:
    """What may exist only once at a time; None where nothing is unique."""
    if not process.unique:
        return None
    known = {**(case.get("kept") or {}), **party_ids(process, case), "round": case["round"]}
    return "|".join([str(known.get(name) or "") for name in process.unique]) or None


def resolve(
    connection: Connection, process: Process, step: Step, case: dict[str, Any],
    payload: dict[str, Any], actor_id: str | None, now: datetime,
) -> None:  # fmt: skip
    """Find whom and what a step names, and put them into the case.

    What was sent (a mail address) is replaced by the id in ``payload``: the log keeps no address.

    Arguments:
        case: changed: its own columns and ``parties``.
        payload: checked already; changed.

    Raises:
        BadInput: nobody or nothing here has that address or id; every one is named.
    """
    problems: list[Problem] = []
    for ask in step.asks:
        if ask.type == "area" and ask.name in payload:
            case |= {"area": payload[ask.name], "zone": zone_of(payload[ask.name]).key}
        if ask.type not in KINDS or ask.name not in payload:
            continue
        found = _find(connection, ask, payload[ask.name])
        if found is None:
            problems.append(_nobody(ask, payload[ask.name]))
            continue
        payload[ask.name] = found["id"]
        if ask.becomes:
            _put(connection, process, case, ask.becomes, ask.type, found, now)
    if problems:
        raise BadInput(N_("What was sent along with this step cannot be used."), problems)
    if step.becomes and actor_id:
        person = connection.execute(select(_person).where(_person.c.id == actor_id))
        found = dict(person.mappings().one())
        _put(connection, process, case, step.becomes, "person", found, now)


def _find(connection: Connection, ask: Ask, value: str) -> Row | None:
    if ask.type == "person":
        query = select(_person).where(_person.c.email == value.strip().lower())
    elif ask.type == "organisation":
        query = select(_organisation).where(_organisation.c.id == value)
    else:
        query = select(_project).where(_project.c.id == value)
    row = connection.execute(query).mappings().first()
    return dict(row) if row else None


def _nobody(ask: Ask, value: str) -> Problem:
    messages = {
        "person": N_("“{title}”: nobody here has the mail address {value}."),
        "organisation": N_("“{title}”: there is no such school."),
        "project": N_("“{title}”: there is no such project."),
    }
    values = {"title": ask.title, "value": value[:100]}
    return Problem(where=ask.name, message=messages[ask.type], values=values)


def _put(
    connection: Connection, process: Process, case: dict[str, Any], name: str, kind: str,
    found: Row, now: datetime,
) -> None:  # fmt: skip
    if name not in process.parties:
        _put_own(case, name, found)
        return
    row: dict[str, Any] = dict.fromkeys(_COLUMNS)
    row |= {"area": "", "name": found["title"] if kind == "project" else found["name"]}
    row[f"{kind}_id"] = found["id"]
    if kind == "organisation":
        row["area"] = found["area"]
    elif kind == "person":
        day = local_day(now, zone_of(case["area"]))
        school = of_school(schools_of(connection, [found["id"]], day).get(found["id"]))
        row |= {"organisation_id": school["organisation_id"], "area": school["area"]}
    case["parties"] = {**case.get("parties", {}), name: row}


def _put_own(case: dict[str, Any], name: str, found: Row) -> None:
    case[f"{name}_id"] = found["id"]
    if name == "organisation":
        case |= of_school(found)
    elif name == "person":
        case["person_name"] = found["name"]
    else:
        case["project_title"] = found["title"]
