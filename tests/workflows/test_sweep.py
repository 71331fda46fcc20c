from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from base.clock import VirtualClock
from models import statistics
from models.cases import Case, Decision, Timer
from models.database import reading, writing
from models.registry import Person
from rules.criteria import BoundRuleSet, Facts, Outcome
from rules.decisions import Decider
from rules.judge import Judge
from tests.builders import Desk, add, add_person, add_school
from tests.models.test_statistics import analyze, counted
from workflows import sweep as sweeping
from workflows.engine import Engine
from workflows.sweep import LEASES, next_due, prepare, sweep


def templates(desk: Desk, case_id: str) -> list[tuple[str, str]]:
    return [
        (row["template"].removeprefix("school_label/"), row["created_at"].strftime("%m-%d %H:%M"))
        for row in desk.mails(case_id=case_id)
        if "reminder" in row["template"] or "escalation" in row["template"]
    ]


def test_drafts_are_reminded_14_7_and_1_day_before_the_end(desk: Desk) -> None:
    case_id = desk.draft()
    desk.until(2023, 2, 2)
    assert templates(desk, case_id) == [
        ("draft_reminder", "01-17 08:00"),
        ("draft_reminder", "01-24 08:00"),
        ("draft_reminder", "01-30 08:00"),
    ]
    assert desk.case()["state"] == "expired"


def test_no_reminder_outlives_its_reason(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    desk.until(2023, 1, 20)
    desk.fire(case_id, "submit", desk.teachers[0])
    desk.until(2023, 1, 31)
    assert templates(desk, case_id) == [("draft_reminder", "01-17 08:00")]


def test_a_reminder_that_waits_to_be_sent_is_withdrawn_with_its_reason(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    desk.until(2023, 1, 17, 8)
    desk.fire(case_id, "submit", desk.teachers[0])
    (reminder,) = desk.mails(template="school_label/draft_reminder")
    assert reminder["status"] == "withdrawn"


def test_schools_asked_for_changes_are_reminded_likewise(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    desk.until(2023, 3, 2)
    assert templates(desk, case_id) == [
        ("changes_reminder", "02-14 08:00"),
        ("changes_reminder", "02-21 08:00"),
        ("changes_reminder", "02-27 08:00"),
    ]
    assert desk.case()["state"] == "refused"


def test_an_application_that_waits_too_long_goes_to_the_coordinator(desk: Desk) -> None:
    case_id = desk.submitted()  # on 23 November; the tenth working day after it is 7 December
    desk.until(2022, 12, 31)
    assert templates(desk, case_id) == [("escalation", "12-07 23:00")]
    (mail,) = desk.mails(template="school_label/escalation")
    assert mail["person_id"] == desk.coordinator


def test_reviewers_get_a_digest_on_working_days_while_something_waits(desk: Desk) -> None:
    case_id = desk.submitted()  # a Wednesday
    desk.until(2022, 11, 29, 12)
    digests = desk.mails(template="school_label/digest")
    assert sorted({row["created_at"].date() for row in digests}) == [
        date(2022, 11, 24), date(2022, 11, 25), date(2022, 11, 28), date(2022, 11, 29),
    ]  # fmt: skip
    assert {row["person_id"] for row in digests} == {desk.reviewer, desk.colleague}
    assert digests[0]["context"]["waiting"][0]["organisation"] == "Sint-Jan"
    desk.fire(case_id, "approve", desk.reviewer)
    desk.until(2022, 12, 9)
    assert len(desk.mails(template="school_label/digest")) == len(digests)


def test_a_digest_names_what_is_late(desk: Desk) -> None:
    desk.submitted()
    desk.until(2022, 12, 9, 12)
    last = desk.mails(template="school_label/digest")[-1]["context"]
    assert (last["waiting"], last["late"][0]["days_late"]) == ([], 2)


def test_what_was_missed_is_caught_up_once(desk: Desk) -> None:
    case_id = desk.draft()
    desk.clock.move_to(datetime(2023, 2, 5, tzinfo=UTC))  # an outage from December on
    sweep(desk.engine)
    # The draft expired on the way: its reminders have lost their reason.
    assert desk.case()["state"] == "expired"
    assert len(desk.mails(template="school_label/expired")) == 1
    assert sweep(desk.engine) == 0
    assert desk.timers(case_id) == []


def test_the_screening_runs_once_and_looks_at_every_school(desk: Desk) -> None:
    with writing(desk.database) as connection:
        for number in range(30):
            add_school(connection, f"School {number}", teachers=2 + number % 2)
    desk.until(2022, 11, 23, 8)
    cases = desk.rows(Case)
    assert len(cases) == 16
    assert {case["state"] for case in cases} == {"invited"}
    decisions = desk.rows(Decision)
    assert len(decisions) == 31
    assert sorted(row["outcome"] for row in decisions) == ["met"] * 16 + ["unmet"] * 15
    prepare(desk.engine)
    assert sweep(desk.engine) == 0
    assert len(desk.rows(Case)) == 16


def test_an_interrupted_screening_goes_on_where_it_was(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workflows import screening  # noqa: PLC0415

    with writing(desk.database) as connection:
        for number in range(20):
            add_school(connection, f"School {number}")
    monkeypatch.setattr(screening, "CHUNK", 5)
    real, calls = screening._open, []

    def dies(*arguments: Any) -> int:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(screening, "_open", dies)
    desk.clock.move_to(datetime(2022, 11, 23, 6, 0, tzinfo=UTC))
    with pytest.raises(KeyboardInterrupt):
        sweep(desk.engine)
    assert len(desk.rows(Case)) == 10
    desk.clock.advance(sweeping.LEASE + timedelta(seconds=1))
    sweep(desk.engine)
    assert len(desk.rows(Case)) == 21
    assert len(desk.mails(template="school_label/invited")) == 63


class Meanwhile:
    """Decides as another does; before each of its first answers, something happens."""

    def __init__(self, judge: Decider, *happens: Callable[[], object]) -> None:
        self._judge, self._happens = judge, list(happens)

    def decide(self, bound: BoundRuleSet, facts: Sequence[Facts]) -> list[dict[str, Outcome]]:
        if self._happens:
            self._happens.pop(0)()
        return self._judge.decide(bound, facts)


def screened_in_fives(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *happens: Callable[[], object],
    ending: threading.Event | None = None,
) -> None:  # fmt: skip
    """21 eligible schools are screened, five at a time; something happens while each five are."""
    from workflows import screening  # noqa: PLC0415

    with writing(desk.database) as connection:
        for number in range(20):
            add_school(connection, f"School {number}")
    monkeypatch.setattr(screening, "CHUNK", 5)
    tools = replace(desk.engine.tools, judge=Meanwhile(desk.engine.tools.judge, *happens))
    desk.clock.move_to(datetime(2022, 11, 23, 6, 0, tzinfo=UTC))
    sweep(Engine(desk.database, tools), ending=ending)


def everybody_was_invited_once(desk: Desk) -> None:
    cases = desk.rows(Case)
    assert len(cases) == len({case["organisation_id"] for case in cases}) == 21
    assert len(desk.rows(Decision)) == 21
    assert len(desk.mails(template="school_label/invited")) == 63
    assert desk.troubled() == []


def test_tables_that_a_screening_fills_are_counted_on_the_way(
    postgres_engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(statistics, "LEAST", 10)
    desk = Desk.open(postgres_engine, clock, judge)
    analyze(postgres_engine)
    screened_in_fives(desk, monkeypatch)
    # After 10 cases and after 20; or a minute later, by PostgreSQL itself.
    assert counted(postgres_engine, "case") >= 20
    assert counted(postgres_engine, "mail") >= 60


def test_a_screening_that_takes_longer_than_a_claim_stays_with_whoever_has_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = []

    def later() -> None:
        # On PostgreSQL the next five are judged before the claim of the five before is renewed.
        desk.clock.advance(sweeping.LEASE / 2 - timedelta(seconds=1))
        taken.append(sweep(desk.engine))

    screened_in_fives(desk, monkeypatch, *[later] * 5)
    assert taken == [0] * 5
    everybody_was_invited_once(desk)


def test_whoever_lost_a_screening_leaves_it_to_the_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late() -> None:
        desk.clock.advance(sweeping.LEASE + timedelta(seconds=1))
        assert sweep(desk.engine) == 1

    screened_in_fives(desk, monkeypatch, too_late)
    everybody_was_invited_once(desk)


def test_a_screening_whose_database_goes_away_is_free_for_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> None:
        desk.clock.advance(timedelta(seconds=1))
        raise DBAPIError(None, None, Exception("gone"), connection_invalidated=True)

    with pytest.raises(DBAPIError):
        screened_in_fives(desk, monkeypatch, lambda: desk.clock.advance(timedelta(seconds=1)), gone)
    assert len(desk.rows(Case)) == 5
    assert sweep(desk.engine) == 1  # at once, although it was claimed anew meanwhile
    everybody_was_invited_once(desk)


def test_a_service_that_is_told_to_end_leaves_the_rest_of_a_screening_to_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    ending = threading.Event()
    screened_in_fives(desk, monkeypatch, lambda: None, ending.set, ending=ending)
    # On PostgreSQL the first five may still be written while the second ones are judged.
    assert len(desk.rows(Case)) in {5, 10}
    assert sweep(desk.engine) == 1  # at once: nobody holds it
    everybody_was_invited_once(desk)


def test_who_is_judged_holds_up_nobody(desk: Desk) -> None:
    def somebody_comes() -> None:
        with writing(desk.database) as connection:
            add_person(connection, "Nina Nieuw")

    tools = replace(desk.engine.tools, judge=Meanwhile(desk.engine.tools.judge, somebody_comes))
    desk.clock.move_to(datetime(2022, 11, 23, 6, 0, tzinfo=UTC))
    sweep(Engine(desk.database, tools))
    assert [row["name"] for row in desk.rows(Person)][-1] == "Nina Nieuw"
    assert desk.case()["state"] == "invited"
    assert desk.troubled() == []


def test_a_school_that_is_invited_by_hand_while_it_is_judged_is_invited_once(desk: Desk) -> None:
    by_hand = partial(
        desk.engine.start, "school_label", "invite", actor_id=desk.coordinator,
        organisation_id=desk.school, round_name="2023-2024",
    )  # fmt: skip
    with writing(desk.database) as connection:
        other, _teachers = add_school(connection, "De Brug")
    tools = replace(desk.engine.tools, judge=Meanwhile(desk.engine.tools.judge, by_hand))
    desk.clock.move_to(datetime(2022, 11, 23, 6, 0, tzinfo=UTC))
    sweep(Engine(desk.database, tools))
    assert sorted(row["organisation_id"] for row in desk.rows(Case)) == sorted([desk.school, other])
    assert [row["trigger"] for row in desk.events(desk.case()["id"])] == ["invite"]
    assert len(desk.mails(template="school_label/invited")) == 6
    assert desk.troubled() == []


def test_old_rounds_are_not_screened(desk: Desk) -> None:
    keys = [row["key"] for row in desk.rows(Timer) if row["key"].startswith("start:")]
    assert sorted(keys) == [
        "start:school_label:screening:2023-2024",
        "start:school_label:screening:2024-2025",
        "start:school_label:screening:2025-2026",
    ]
    desk.clock.move_to(datetime(2026, 1, 1, tzinfo=UTC))
    with writing(desk.database) as connection:
        connection.execute(Timer.__table__.delete())  # type: ignore[attr-defined]
    prepare(desk.engine)
    assert [row["key"] for row in desk.rows(Timer) if row["key"].startswith("start:")] == []


def test_a_timer_that_fails_is_set_back_and_holds_up_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    case_id = desk.draft()
    version = desk.case()["version"]
    with writing(desk.database) as connection:
        add(
            connection,
            Timer(
                key=f"{case_id}:{version}:nonsense:0", process="school_label",
                case_id=case_id, name="nonsense", data={}, due_at=datetime(2023, 1, 1, tzinfo=UTC),
            ),
        )  # fmt: skip
    desk.clock.move_to(datetime(2023, 1, 17, 8, 0, tzinfo=UTC))
    sweep(desk.engine)
    assert [row["template"] for row in desk.mails(case_id=case_id)][-1] == (
        "school_label/draft_reminder"
    )
    (failed,) = [row for row in desk.timers(case_id) if row["name"] == "nonsense"]
    assert (failed["failures"], failed["leased_until"]) == (
        1, datetime(2023, 1, 17, 8, 1, tzinfo=UTC),
    )  # fmt: skip
    assert failed["fault"]
    due = next_due(desk.database)
    assert due is not None
    assert due > desk.clock.now()


def test_a_claimed_timer_is_left_alone_until_its_lease_ends(desk: Desk) -> None:
    desk.draft()
    now = datetime(2023, 2, 1, tzinfo=UTC)
    first = {row["id"] for row in LEASES.claim(desk.database, now, 500)}
    assert first
    assert LEASES.claim(desk.database, now, 500) == []
    later = {row["id"] for row in LEASES.claim(desk.database, now + sweeping.LEASE, 500)}
    assert later == first


def test_a_timer_of_a_state_that_was_left_does_nothing(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    desk.clock.move_to(datetime(2023, 1, 31, 22, 0, tzinfo=UTC))
    stale = LEASES.claim(desk.database, datetime(2023, 1, 31, 23, 0, tzinfo=UTC), 500)
    desk.fire(case_id, "submit", desk.teachers[0])
    desk.clock.move_to(datetime(2023, 1, 31, 23, 0, tzinfo=UTC))
    sweeping._cases_due(desk.engine, [row for row in stale if row["case_id"] == case_id])
    assert desk.case()["state"] == "submitted"


def test_cases_can_be_read_while_somebody_writes(desk: Desk) -> None:
    case_id = desk.draft()
    with writing(desk.database) as writer:
        writer.execute(Timer.__table__.delete())  # type: ignore[attr-defined]
        with reading(desk.database) as reader:
            query = select(Case.__table__.c.id)  # type: ignore[attr-defined]
            assert list(reader.execute(query).scalars()) == [case_id]
