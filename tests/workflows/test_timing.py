from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from base.days import end_of
from workflows.definition import Process, TimerRule
from workflows.points_in_time import At, Span
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


def due(when: str, since: str, values: dict[str, Any]) -> datetime | None:
    """When a timer on ``when`` is due in a case that came into its state at ``since``."""
    text = Path("workflows/school_label.yaml").read_text(encoding="utf-8")
    found, _located = read_process(text, "school_label.yaml")
    key = "after" if when.endswith("hours") else "at"
    rule = TimerRule.model_validate({"while": ["submitted"], key: when, "fire": "expire"})
    alone = found.model_copy(update={"timers": {"end": rule}})
    moment = datetime.fromisoformat(since)
    case = {
        "id": "c", "state": "submitted", "since": moment, "version": 2, "area": "BE-VLG",
        "zone": "Europe/Brussels",
    }  # fmt: skip
    planned = plan(alone, case, values, moment)
    return planned[0]["due_at"] if planned else None


@pytest.mark.parametrize(
    ("since", "expected"),
    [
        ("2022-11-21T08:00:01+00:00", "2022-11-23T08:00:01+00:00"),
        ("2023-03-25T12:00:00+00:00", "2023-03-27T12:00:00+00:00"),  # summer time begins
    ],
)
def test_hours_are_counted_to_the_second(since: str, expected: str) -> None:
    assert due("48 hours", since, {}) == datetime.fromisoformat(expected)
    assert due("round.activation_hours hours", since, {"activation_hours": 48}) == (
        datetime.fromisoformat(expected)
    )


@pytest.mark.parametrize(
    ("since", "day"),
    [
        ("2022-08-31T21:59:00+00:00", date(2022, 9, 1)),
        ("2022-08-31T22:00:00+00:00", date(2023, 9, 1)),  # it is 1 September in Brussels
        ("2024-02-01T12:00:00+00:00", date(2024, 9, 1)),
    ],
)
def test_a_yearly_day_comes_back(since: str, day: date) -> None:
    found = due("00:00 on yearly.begins", since, {"begins": date(2015, 9, 1)})
    assert found == datetime(day.year, day.month, day.day, tzinfo=BRUSSELS)


def test_a_yearly_29_february_is_the_last_of_its_month() -> None:
    found = due(
        "00:00 on yearly.begins", "2022-11-21T08:00:00+00:00", {"begins": date(2020, 2, 29)}
    )
    assert found == datetime(2023, 2, 28, tzinfo=BRUSSELS)


def test_a_day_of_the_case_has_a_name_of_its_own() -> None:
    since = "2022-11-21T08:00:00+00:00"
    assert due("end of case.last_day", since, {"last_day": date(2022, 12, 4)}) is None
    assert due("end of case.last_day", since, {"case.last_day": date(2022, 12, 4)}) == datetime(
        2022, 12, 5, tzinfo=BRUSSELS
    )


@pytest.mark.parametrize(
    ("hour", "expected"), [(6, 5), (23, 22), (None, -1), (24, -1), (-1, -1), (True, -1)]
)
def test_the_round_can_say_the_hour(hour: object, expected: int) -> None:
    there = at("round.report_hour on round.publication")
    values = {"publication": date(2023, 1, 17), "report_hour": hour}
    due = instant(there, values, BRUSSELS)
    assert due == datetime(2023, 1, 17, tzinfo=UTC) + timedelta(hours=expected)
