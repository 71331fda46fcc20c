from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.days import end_of
from workflows.definition import At, Process, Span, TimerRule
from workflows.process_file import read_process
from workflows.timing import before, instant, last_day, plan

BRUSSELS = ZoneInfo("Europe/Brussels")
VALUES: dict[str, Any] = {
    "first_window.opens": date(2022, 11, 23),
    "first_window.closes": date(2023, 1, 31),
    "amend_window.closes": date(2023, 2, 28),
    "evaluation.closes": date(2023, 3, 28),
    "judge_within_days": 10,
    "late_amend_days": None,
}


def at(text: str) -> At:
    return At.model_validate(text)


def span(text: str) -> Span:
    return Span.model_validate(text)


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("Europe/Brussels", datetime(2023, 1, 31, 23, 0, tzinfo=UTC)),
        ("Asia/Yerevan", datetime(2023, 1, 31, 20, 0, tzinfo=UTC)),
        ("Atlantic/Azores", datetime(2023, 2, 1, 1, 0, tzinfo=UTC)),
    ],
)
def test_a_deadline_lasts_until_24_00_where_the_applicant_is(zone: str, expected: datetime) -> None:
    assert instant(at("end of round.first_window.closes"), VALUES, ZoneInfo(zone)) == expected


def test_a_local_time_follows_summer_time() -> None:
    values = {"publication": date(2023, 3, 29)}
    assert instant(at("09:00 on round.publication"), values, BRUSSELS) == datetime(
        2023, 3, 29, 7, 0, tzinfo=UTC
    )


def test_an_unknown_date_is_no_instant() -> None:
    assert instant(at("end of round.publication"), VALUES, BRUSSELS) is None


def after(since: datetime, length: str, area: str) -> datetime | None:
    rule = TimerRule.model_validate({"while": ["submitted"], "after": length, "fire": "expire"})
    case = {"since": since, "zone": "Europe/Brussels", "area": area}
    day = last_day(rule, case, VALUES)
    return end_of(day, BRUSSELS) if day else None


def test_working_days_pass_over_weekends_and_the_flemish_feast_day() -> None:
    # 7 July 2023 is a Friday; Tuesday 11 July is the feast of the Flemish Community.
    since = datetime(2023, 7, 7, 10, 0, tzinfo=UTC)
    assert after(since, "2 working days", "BE-VLG") == datetime(2023, 7, 12, 22, 0, tzinfo=UTC)
    assert after(since, "2 working days", "NL") == datetime(2023, 7, 11, 22, 0, tzinfo=UTC)


def test_a_span_can_come_from_the_round_or_be_unknown() -> None:
    since = datetime(2023, 1, 2, 10, 0, tzinfo=UTC)
    assert after(since, "round.judge_within_days days", "NL") == datetime(
        2023, 1, 12, 23, 0, tzinfo=UTC
    )
    assert after(since, "round.late_amend_days days", "NL") is None


def test_reminders_go_out_at_nine_local_time() -> None:
    day = date(2023, 4, 3)
    assert before(day, span("14 days"), VALUES, "BE-VLG", BRUSSELS) == datetime(
        2023, 3, 20, 8, 0, tzinfo=UTC
    )
    assert before(day, span("1 day"), VALUES, "BE-VLG", BRUSSELS) == datetime(
        2023, 4, 2, 7, 0, tzinfo=UTC
    )


@pytest.fixture(scope="module")
def process() -> Process:
    text = Path("workflows/school_label.yaml").read_text(encoding="utf-8")
    return read_process(text, "school_label.yaml")[0]


def rows(process: Process, state: str, now: datetime) -> list[tuple[str, datetime]]:
    case = {
        "id": "c", "state": state, "since": now, "version": 2, "area": "BE-VLG",
        "zone": "Europe/Brussels",
    }  # fmt: skip
    return [(row["name"], row["due_at"]) for row in plan(process, case, VALUES, now)]


def test_a_draft_gets_three_reminders_and_its_end(process: Process) -> None:
    assert rows(process, "draft", datetime(2022, 12, 1, tzinfo=UTC)) == [
        ("remind_draft", datetime(2023, 1, 17, 8, 0, tzinfo=UTC)),
        ("remind_draft", datetime(2023, 1, 24, 8, 0, tzinfo=UTC)),
        ("remind_draft", datetime(2023, 1, 30, 8, 0, tzinfo=UTC)),
        ("expire", datetime(2023, 1, 31, 23, 0, tzinfo=UTC)),
    ]


def test_reminders_whose_moment_has_passed_are_left_out_but_the_end_is_not(
    process: Process,
) -> None:
    assert rows(process, "draft", datetime(2023, 1, 25, tzinfo=UTC)) == [
        ("remind_draft", datetime(2023, 1, 30, 8, 0, tzinfo=UTC)),
        ("expire", datetime(2023, 1, 31, 23, 0, tzinfo=UTC)),
    ]
    assert rows(process, "draft", datetime(2023, 3, 1, tzinfo=UTC)) == [
        ("expire", datetime(2023, 1, 31, 23, 0, tzinfo=UTC)),
    ]


def test_a_final_state_has_no_timers(process: Process) -> None:
    assert rows(process, "refused", datetime(2023, 3, 1, tzinfo=UTC)) == []
