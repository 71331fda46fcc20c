"""One step of a case: :meth:`Engine.fire` beside the raw driver, and beside other engines."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.util import find_spec

from benchmarks.databases import SQLITE, Databases
from benchmarks.fire_peers import PEERS, Peer
from benchmarks.fire_raw import Written, raw, rows_of
from benchmarks.installation import (
    DURING,
    TEACHERS,
    add_cases,
    add_reviewer,
    add_schools,
    installation,
)
from benchmarks.measure import Turn, rates, timed
from benchmarks.table import Report, per_second, percent

#: Of the raw driver's rate, by kind of database: what ours is to reach.
AIMS = {SQLITE: 0.15, "PostgreSQL": 0.60}
OURS, RAW = "Keurmerk: Engine.fire()", "raw driver, the same rows"


def options(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--steps", type=int, default=300, help="a contender takes in a round")
    parser.add_argument("--teachers", type=int, default=TEACHERS, help="of a school: mails a step")


def measure(databases: Databases, given: argparse.Namespace) -> Report:
    """Approve submitted cases, each contender on a database of its own with the same cases."""
    steps = 20 if given.quick else given.steps
    report = Report(
        title=f"A reviewer approves: decision, event, timer, {given.teachers} mails and "
        f"{given.teachers} notices; one transaction each",
        columns=["steps a second", "of the raw driver"],
    )
    report.notes.append(
        f"Medians of {given.rounds} rounds of {steps} steps a contender, in turns. SQLite: WAL, "
        "synchronous NORMAL; PostgreSQL: its defaults, through a local socket."
    )
    report.notes.append(
        "Keurmerk locks the case, asks who may and whom to write to, lets durable_rules and the "
        "reference decide, and chains the event. The others are handed the finished rows, and "
        "only move the state and write them."
    )
    for kind in databases.kinds:
        found = _on(databases, kind, steps, given)
        for name, rate in found.items():
            share = rate / found[RAW]
            aim, reached = "", None
            if name == OURS:
                aim, reached = f"at least {percent(AIMS[kind])}", share >= AIMS[kind]
            elif name != RAW:
                aim, reached = "behind Keurmerk", rate < found[OURS]
            report.add(
                f"{kind}: {name}", per_second(rate), percent(share), aim=aim, reached=reached
            )
    missing = [peer.name for peer in PEERS if not find_spec(peer.module)]
    if missing:
        report.notes.append(f"Not installed here: {', '.join(missing)}. scripts/bench has them.")
    return report


@dataclass(kw_only=True)
class _Round:
    """What the contenders of one round share: ours writes, and the others write the same."""

    written: Sequence[Written] = ()
    number: int = 0


def _on(databases: Databases, kind: str, steps: int, given: argparse.Namespace) -> dict[str, float]:
    database = databases.fresh(kind)
    grace = timedelta(seconds=20)
    with installation(database, DURING, grace) as (engine, _clock, published):
        schools = add_schools(database, steps * (given.rounds + 1), given.teachers)
        cases = add_cases(engine, published, schools, "submit", "submitted")
        reviewer = add_reviewer(database)
        databases.settle(database)
        raw_database = databases.twin(database)
        peers = [
            peer(databases, kind, databases.twin(database), cases)
            for peer in PEERS
            if find_spec(peer.module)
        ]
        state = _Round()

        def ours() -> float:
            part = cases[state.number * steps : (state.number + 1) * steps]
            state.number += 1
            taken = timed(lambda: [engine.fire(case, "approve", reviewer) for case in part])
            state.written = rows_of(database, part)
            return taken

        turns: dict[str, Turn] = {OURS: ours, RAW: lambda: raw(raw_database, state.written)}
        for peer in peers:
            turns[peer.name] = partial(_again, peer, state)
        try:
            return rates(turns, steps, given.rounds)
        finally:
            for peer in peers:
                peer.close()
            raw_database.dispose()
            database.dispose()


def _again(peer: Peer, state: _Round) -> float:
    return peer.run(state.written)
