"""The queue: for whom each open case waits, in which areas, and until when.

Rows that follow from the process, the round and the case's own timers, and that every step writes
anew in its transaction, so that a list of a million cases is read along an index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from base.days import add_working_days, end_of, local_day
from models.cases import Case, Timer
from models.desk import Waiting
from models.reads import rows_of
from models.sql import among
from models.writes import insert_new
from workflows.definition import Actor
from workflows.parties import with_parties
from workflows.publishing import Library, Published
from workflows.timing import length

Row = Mapping[str, Any]

#: Of a case that nothing waits for to happen.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: Cases a transaction writes when a queue is made for those there are.
CHUNK = 2000

_case = Case.__table__  # type: ignore[attr-defined]
_timer = Timer.__table__  # type: ignore[attr-defined]
_waiting = Waiting.__table__  # type: ignore[attr-defined]


def waiting_rows(
    published: Published, cases: Sequence[Row], timers: Sequence[Row]
) -> list[dict[str, Any]]:
    """The rows of the queue for cases as they are written; none for those that have ended.

    Arguments:
        cases: with their ``parties``.
        timers: those of the cases' states.
    """
    by_case: dict[str, list[Row]] = {}
    for timer in timers:
        by_case.setdefault(timer["case_id"], []).append(timer)
    rows = []
    for case in cases:
        if not case["is_open"]:
            continue
        process = published.process
        name = process.states[case["state"]].waits_for
        actor = process.actors[name] if name else None
        due = due_at(published, case, by_case.get(case["id"], ()))
        for area, right in _places(actor, case).items():
            rows.append(
                {
                    "case_id": case["id"], "area": area, "right": right,
                    "process": process.process, "due_at": due,
                }
            )  # fmt: skip
    return rows


def _places(actor: Actor | None, case: Row) -> dict[str, str]:
    """Each area the case concerns, with the right of those it waits for there."""
    right = actor.grant or "" if actor else ""
    areas = {case["area"]: "", **{party["area"]: "" for party in case["parties"].values()}}
    its_own = case["area"]
    if actor and actor.area_of:
        its_own = case["parties"].get(actor.area_of, {}).get("area", "")
    if right:
        areas[its_own] = right
    # A party without a school has no area; the case itself may have none either.
    if len(areas) > 1 and not areas.get(""):
        areas.pop("", None)
    return areas


def due_at(published: Published, case: Row, timers: Sequence[Row]) -> datetime:
    """By when whoever a case waits for has to act.

    After that it is late: as its digest says, if it is in one; else something happens by itself.
    """
    process, zone = published.process, ZoneInfo(case["zone"])
    ends = []
    for digest in process.digests.values():
        if case["state"] not in digest.waiting:
            continue
        allowed = length(digest.late_after, published.values(case["round"], case["area"]))
        if allowed is None:
            continue
        since = local_day(case["since"], zone)
        last = (
            add_working_days(since, allowed, case["area"])
            if digest.late_after.working
            else since + timedelta(days=allowed)
        )
        ends.append(end_of(last, zone))
    if not ends:
        ends = [one["due_at"] for one in timers if process.timers[one["name"]].fire]
    if not ends:
        ends = [one["due_at"] for one in timers]
    return min(ends, default=NEVER)


def fill_queue(connection: Connection, library: Library) -> int:
    """Write the queue of a database that has open cases from before there was one; gives how many.

    Nothing is done where a queue is there already: from then on the steps write it.
    """
    if connection.execute(select(_waiting.c.case_id).limit(1)).first():
        return 0
    after, count = "", 0
    while True:
        query = select(_case).where(_case.c.id > after, _case.c.is_open.is_(True))
        rows = connection.execute(query.order_by(_case.c.id).limit(CHUNK)).mappings()
        cases = [dict(row) for row in rows]
        if not cases:
            return count
        ids = [case["id"] for case in cases]
        of_them = select(_timer).where(among(connection, _timer.c.case_id, ids))
        timers = rows_of(connection.execute(of_them))
        for release in {case["release_id"] for case in cases}:
            published = library.release(connection, release)
            there = [case for case in cases if case["release_id"] == release]
            with_parties(connection, published.process, there)
            own = {case["id"] for case in there}
            mine = [timer for timer in timers if timer["case_id"] in own]
            insert_new(connection, _waiting, waiting_rows(published, there, mine))
        after, count = ids[-1], count + len(ids)
