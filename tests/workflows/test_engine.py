from __future__ import annotations

from tests.builders import Desk


def test_smoke(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "approve", desk.reviewer)
    desk.until(2025, 2, 1)
    assert [e["trigger"] for e in desk.events(case_id)] == [
        "screening", "start", "submit", "approve", "award", "lapse",
    ]  # fmt: skip
