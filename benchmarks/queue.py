"""The queue of a reviewer: its page, and its query beside what it is not."""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import select
from starlette.testclient import TestClient

from base.settings import Settings
from benchmarks.databases import Databases
from benchmarks.installation import AREA, DURING, ROUND, add_reviewer, add_schools, installation
from benchmarks.measure import timed
from benchmarks.table import Report, times
from documents.store import FolderStore
from models.cases import Case
from models.database import reading, writing
from models.desk import Waiting
from models.writes import insert
from notifications.templates import Templates
from registry.bulk import chunks
from web.app import create_app
from web.context import Context
from web.queue import Filters, place, queue_page
from web.scope import scope_of
from web.signing_in import HEADER
from workflows.engine import Engine
from workflows.new_cases import new_case
from workflows.publishing import Published
from workflows.subjects import NOTHING, of_school
from workflows.waiting import waiting_rows

_case = Case.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]

#: A page of the queue.
PAGE = 50
#: Milliseconds to the first byte of the page: Open Zaak publishes 140 to 310 for its list.
AIM = 50.0
PAGE_LINE, KEYSET = "the page, first byte", "query: the first page"
DEEP, OFFSET, SORTED = "query: half-way, by place", "OFFSET half-way", "the first page by sorting"


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--cases", type=int, default=1_000_000, help="that wait in the queue")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Look at the queue of an area in which many cases wait."""
    count = 2_000 if given.quick else given.cases
    report = Report(
        title=f"A reviewer's queue of {count:,} cases, the most urgent first",
        columns=["ms, median", "of the first page's query"],
    )
    report.notes.append(
        f"Pages of {PAGE}; medians of {given.rounds} rounds in turns, one process. The page is "
        "asked for in the same process: what a network adds is left out."
    )
    report.notes.append(
        "Sorting is the same list by how long cases wait, which no index has in its order; OFFSET "
        "counts its way to half of the queue, where ours begins at a place."
    )
    for kind in databases.kinds:
        found = _on(databases, kind, count, given.rounds)
        for name, milliseconds in found.items():
            ratio = milliseconds / found[KEYSET]
            aim, reached = "", None
            if name == PAGE_LINE:
                aim, reached = f"under {AIM:.0f} ms", milliseconds < AIM
            elif name in (OFFSET, SORTED):
                aim, reached = "behind Keurmerk", milliseconds > found[DEEP]
            report.add(
                f"{kind}: {name}", f"{milliseconds:,.1f}", times(ratio), aim=aim, reached=reached
            )
    return report


def _on(databases: Databases, kind: str, count: int, rounds: int) -> dict[str, float]:
    database = databases.fresh(kind)
    with installation(database, DURING) as (engine, _clock, published):
        reviewer = add_reviewer(database)
        _fill(engine, published, count)
        databases.settle(database)
        with tempfile.TemporaryDirectory() as folder:
            client = _client(engine, Path(folder))
            half = _half_way(database, count)
            turns: dict[str, Callable[[], Any]] = {
                PAGE_LINE: lambda: client.get("/queue"),
                KEYSET: lambda: _query(engine, reviewer, None),
                DEEP: lambda: _query(engine, reviewer, half),
                OFFSET: lambda: _by_offset(database, count // 2),
                SORTED: lambda: _by_sorting(database),
            }
            assert turns[PAGE_LINE]().status_code == 200  # noqa: S101 - a benchmark checks itself
            same = _query(engine, reviewer, half), _by_offset(database, count // 2)
            assert same[0] == same[1]  # noqa: S101 - both are the same page
            taken: dict[str, list[float]] = {name: [] for name in turns}
            for number in range(rounds + 1):
                for name, turn in turns.items():
                    milliseconds = timed(turn) * 1000
                    if number:
                        taken[name].append(milliseconds)
    database.dispose()
    return {name: statistics.median(values) for name, values in taken.items()}


def _fill(engine: Engine, published: Published, count: int) -> None:
    """Submitted cases of a thousand schools, which came in over half a year."""
    schools = add_schools(engine.database, min(count, 1_000), 0)
    about = [{**NOTHING, **of_school(school)} for school in schools]
    now = engine.tools.clock.now()
    for part in chunks(range(count), 10_000):
        cases = []
        for number in part:
            since = now - timedelta(minutes=15 * (number * 7919 % 17_520))
            case = new_case(published, about[number % len(about)], ROUND, since)
            case |= {"state": "submitted", "version": 1, "unique_key": None}
            cases.append(case)
        columns = [column.name for column in _case.columns]
        with writing(engine.database) as connection:
            insert(connection, _case, [{name: case[name] for name in columns} for case in cases])
            insert(connection, _waiting, waiting_rows(published, cases, ()))


def _client(engine: Engine, folder: Path) -> TestClient:
    context = Context(
        settings=Settings(files=folder), database=engine.database, engine=engine,
        templates=Templates(), files=FolderStore(folder), demo=True,
    )  # fmt: skip
    client = TestClient(
        create_app(context), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 50000)
    )
    client.headers[HEADER] = "rita@example.org"
    return client


def _query(engine: Engine, reviewer: str, after: str | None) -> list[str]:
    with reading(engine.database) as connection:
        scope = scope_of(connection, reviewer, engine.tools.clock)
        now = engine.tools.clock.now()
        page = queue_page(connection, scope, scope.rights, Filters(), now, after, PAGE)
    return [row["id"] for row in page.rows]


def _in_order() -> Any:
    order = _waiting.c.due_at, _waiting.c.case_id
    here = _waiting.c.area == AREA, _waiting.c.right == "nso_reviewer"
    return select(_waiting.c.case_id, _waiting.c.due_at).where(*here).order_by(*order)


def _half_way(database: sqlalchemy.Engine, count: int) -> str:
    """The place behind the first half of the queue."""
    with reading(database) as connection:
        row = connection.execute(_in_order().offset(count // 2 - 1).limit(1)).one()
    return place(row.case_id, row.due_at)


def _by_offset(database: sqlalchemy.Engine, offset: int) -> list[str]:
    with reading(database) as connection:
        found = connection.execute(_in_order().offset(offset).limit(PAGE))
        return [row.case_id for row in found]


def _by_sorting(database: sqlalchemy.Engine) -> list[str]:
    query = (
        select(_case.c.id)
        .where(_case.c.area == AREA, _case.c.state == "submitted", _case.c.is_open.is_(True))
        .order_by(_case.c.since, _case.c.id)
        .limit(PAGE)
    )
    with reading(database) as connection:
        return list(connection.execute(query).scalars())
