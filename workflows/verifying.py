"""Proof after the fact: the logs are whole, and every decision comes out the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, func, select

from base.errors import NotFound
from models.cases import Case, CaseEvent, Decision
from models.database import reading
from models.reads import rows_of
from models.sql import among
from rules.binding import bind
from rules.reference import decide_reference
from workflows.chain import broken_links
from workflows.kept import pinned_book, typed_facts

#: Rows looked at together.
CHUNK = 2000

_case = Case.__table__  # type: ignore[attr-defined]
_event = CaseEvent.__table__  # type: ignore[attr-defined]
_decision = Decision.__table__  # type: ignore[attr-defined]


@dataclass
class Report:
    """What was verified."""

    cases: int = 0
    events: int = 0
    decisions: int = 0
    #: What does not hold, a sentence each, naming case, event or decision.
    faults: list[str] = field(default_factory=list)


def verify(
    database: sqlalchemy.Engine, progress: Callable[[int, int], None] | None = None
) -> Report:
    """Verify every case's log and every decision.

    Arguments:
        progress: is told how many of how many cases and decisions are done.
    """
    report = Report()
    with reading(database) as connection:
        total = sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (_case, _decision)
        )
        for cases in _pages(connection, _case):
            _logs(connection, cases, report)
            if progress:
                progress(report.cases + report.decisions, total)
        for decisions in _pages(connection, _decision):
            _decisions(connection, decisions, report)
            if progress:
                progress(report.cases + report.decisions, total)
    return report


def _pages(connection: Connection, table: Any) -> Iterator[list[dict[str, Any]]]:
    after = ""
    while True:
        rows = connection.execute(
            select(table).where(table.c.id > after).order_by(table.c.id).limit(CHUNK)
        )
        page = rows_of(rows)
        if page:
            yield page
        if len(page) < CHUNK:
            return
        after = page[-1]["id"]


def _logs(connection: Connection, cases: Sequence[dict[str, Any]], report: Report) -> None:
    ids = [case["id"] for case in cases]
    rows = connection.execute(
        select(_event)
        .where(_event.c.case_id.in_(ids))
        .order_by(_event.c.case_id, _event.c.sequence)
    )
    logs = {
        key: list(events) for key, events in groupby(rows.mappings(), lambda row: row["case_id"])
    }
    named = sorted(
        {one for events in logs.values() for event in events for one in event["decisions"]}
    )
    kept = set(
        connection.execute(
            select(_decision.c.id).where(among(connection, _decision.c.id, named))
        ).scalars()
    )
    for case in cases:
        events = logs.get(case["id"], [])
        report.cases += 1
        report.events += len(events)
        faults = broken_links([dict(event) for event in events], case["head"], case["version"])
        if events and events[-1]["to_state"] != case["state"]:
            faults.append(f"the case is {case['state']}, its log ends in {events[-1]['to_state']}")
        faults += [
            f"the decision {one} of event {event['sequence']} is missing"
            for event in events
            for one in event["decisions"]
            if one not in kept
        ]
        report.faults += [f"case {case['id']}: {fault}" for fault in faults]


def _decisions(connection: Connection, decisions: Sequence[dict[str, Any]], report: Report) -> None:
    for decision in decisions:
        report.decisions += 1
        try:
            book = pinned_book(connection, decision["rule_set_sha256"], decision["round_sha256"])
        except NotFound:
            report.faults.append(f"decision {decision['id']}: its rule set or round is not kept")
            continue
        rounds = book.rounds()
        values = rounds[0].values(decision["area"]) if rounds else {}
        bound = bind(book.rule_sets()[0], values)
        found = decide_reference(bound, [typed_facts(bound, decision["facts"])])[0]
        if {name: str(outcome) for name, outcome in found.items()} != decision["findings"]:
            report.faults.append(
                f"decision {decision['id']}: evaluated again, {decision['rule_set']} comes out "
                f"differently"
            )
