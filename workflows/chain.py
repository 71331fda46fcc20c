"""The hash chain of a case's log.

Every event's hash covers its content and the hash before it: a change of the past, a missing event
or a change of order shows. :func:`broken_links` is what ``keurmerk verify`` asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from base.canonical import hash_of
from base.clock import in_utc

#: What the hash covers, in words of the table.
COVERED = (
    "id", "case_id", "sequence", "trigger", "from_state", "to_state", "actor_id", "acted_as",
    "payload", "decisions", "previous",
)  # fmt: skip


def event_hash(event: Mapping[str, Any]) -> str:
    """The hash of an event row (without looking at its own ``hash``)."""
    at = in_utc(event["at"]).isoformat(timespec="microseconds")
    return hash_of([at, *(event[name] for name in COVERED)])


def broken_links(events: Iterable[Mapping[str, Any]], head: str, version: int) -> list[str]:
    """What is wrong with one case's log; empty if all is well.

    Arguments:
        events: the case's event rows by sequence.
        head: the hash the case row holds.
        version: the version the case row holds.
    """
    faults: list[str] = []
    previous, expected = "", 1
    for event in events:
        if event["sequence"] != expected:
            faults.append(f"event {expected} is missing")
            expected = event["sequence"]
        if event["previous"] != previous:
            faults.append(f"event {expected} does not follow the one before it")
        if event_hash(event) != event["hash"]:
            faults.append(f"event {expected} was changed")
        previous, expected = event["hash"], expected + 1
    if expected - 1 != version:
        faults.append(f"the case counts {version} events, its log has {expected - 1}")
    if previous != head:
        faults.append("the case does not end with its log's last event")
    return faults
