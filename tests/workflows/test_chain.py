from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from workflows.chain import broken_links, event_hash


def log(length: int) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    previous = ""
    for sequence in range(1, length + 1):
        event: dict[str, Any] = {
            "id": f"e{sequence}",
            "case_id": "c",
            "sequence": sequence,
            "at": datetime(2023, 1, sequence, tzinfo=UTC),
            "trigger": "go",
            "from_state": "a",
            "to_state": "b",
            "actor_id": None,
            "acted_as": "platform",
            "payload": {"é": [1, None, {"b": 1, "a": 2}]},
            "decisions": [],
            "previous": previous,
        }
        event["hash"] = previous = event_hash(event)
        events.append(event)
    return events


def test_a_whole_log_has_no_broken_link() -> None:
    events = log(4)
    assert broken_links(events, events[-1]["hash"], 4) == []


def test_an_empty_log_belongs_to_a_case_without_steps() -> None:
    assert broken_links([], "", 0) == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("trigger", "approve"),
        ("actor_id", "somebody"),
        ("at", datetime(2023, 1, 2, 0, 0, 1, tzinfo=UTC)),
        ("payload", {"é": [1, None, {"b": 1, "a": 3}]}),
        ("decisions", ["d"]),
        ("to_state", "awarded"),
    ],
)
def test_a_changed_event_shows(field: str, value: object) -> None:
    events = log(3)
    events[1][field] = value
    assert broken_links(events, events[-1]["hash"], 3) == ["event 2 was changed"]


def test_a_missing_event_shows() -> None:
    events = log(3)
    head = events[-1]["hash"]
    assert broken_links([events[0], events[2]], head, 3) == [
        "event 2 is missing",
        "event 3 does not follow the one before it",
    ]


def test_a_cut_off_end_shows() -> None:
    events = log(3)
    assert broken_links(events[:2], events[2]["hash"], 3) == [
        "the case counts 3 events, its log has 2",
        "the case does not end with its log's last event",
    ]


def test_a_rewritten_end_shows_by_the_head_the_case_holds() -> None:
    events = log(2)
    head = events[-1]["hash"]
    events[1]["trigger"] = "refuse"
    events[1]["hash"] = event_hash(events[1])
    assert broken_links(events, head, 2) == ["the case does not end with its log's last event"]
