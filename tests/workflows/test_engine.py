from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, update

from base.errors import BadInput, Conflict, NotAllowed, NotFound, NotMet, NotPossible, Refused
from models.cases import Attempt, Decision
from models.database import writing
from models.registry import Grant, Label, Membership, Organisation
from tests.builders import Desk, add_grant, add_member, add_person, add_school
from workflows.answers import add_link, remove_evidence, save_answers
from workflows.chain import broken_links
from workflows.verifying import verify

ALL_SECTIONS = [
    "esafety", "shared_leadership", "collaboration", "students", "models", "inclusive",
    "declaration",
]  # fmt: skip


def assert_sound(desk: Desk) -> None:
    report = verify(desk.database)
    assert report.faults == []


def test_the_whole_way_from_screening_to_lapse(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "approve", desk.reviewer)
    desk.until(2025, 2, 1)
    assert [event["trigger"] for event in desk.events(case_id)] == [
        "screening", "start", "submit", "approve", "award", "lapse",
    ]  # fmt: skip
    (label,) = desk.rows(Label, kind="school_label")
    assert (label["organisation_id"], label["case_id"]) == (desk.school, case_id)
    assert (label["valid_from"], label["valid_until"]) == (date(2023, 3, 29), date(2024, 12, 31))
    assert desk.timers(case_id) == []
    assert_sound(desk)


def test_who_gets_which_message_through_which_channel(desk: Desk) -> None:
    """S1, S5, S6 and S7: mail and notice to all, mail to the submitter, and so on."""
    case_id = desk.invited()

    def sent(template: str) -> tuple[list[str], list[str]]:
        name = f"school_label/{template}"
        mails = [row["person_id"] for row in desk.mails(template=name)]
        notices = [row["person_id"] for row in desk.notices(template=name)]
        return sorted(mails), sorted(notices)

    everyone = sorted(desk.teachers)
    assert sent("invited") == (everyone, everyone)
    desk.fire(case_id, "start", desk.teachers[0])
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[1])
    assert sent("submitted") == ([desk.teachers[1]], [])
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    assert sent("changes_requested") == ([desk.teachers[1]], [desk.teachers[1]])
    desk.fire(case_id, "resubmit", desk.teachers[2])
    desk.fire(case_id, "approve", desk.reviewer)
    assert sent("approved") == (everyone, everyone)


def test_feedback_reaches_the_mail_section_by_section(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(
        case_id, "request_changes", desk.reviewer,
        feedback={"students": "Toon meer.", "models": "Welke scholen?"},
    )  # fmt: skip
    (mail,) = desk.mails(template="school_label/changes_requested")
    feedback = mail["context"]["payload"]["feedback"]
    assert [(one["section"]["nl"], one["text"]) for one in feedback] == [
        ("Leerlingen als motor van verandering", "Toon meer."),
        ("Voorbeeld voor andere scholen", "Welke scholen?"),
    ]
    assert mail["context"]["deadline"] == "2023-02-28"


@pytest.mark.parametrize("left_out", ["models.plan", "esafety.evidence", "declaration.signed"])
def test_what_is_incomplete_is_not_submitted(desk: Desk, left_out: str) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id, leave_out=(left_out,))
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "submit", desk.teachers[0])
    assert [problem.where for problem in refused.value.problems] == [left_out]
    assert desk.case()["state"] == "draft"


def test_every_missing_thing_is_named_at_once_with_its_step(desk: Desk) -> None:
    case_id = desk.draft()
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "submit", desk.teachers[0])
    problems = refused.value.problems
    assert sorted({problem.where.split(".")[0] for problem in problems}) == sorted(ALL_SECTIONS)
    assert {problem.step for problem in problems} == {2, 3, 4, 5, 6, 7, 8}
    assert len(problems) == 2 + 5 * 3 + 1


def test_a_no_is_not_a_yes(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    save_answers(
        desk.database, desk.engine.tools, case_id, {"students.statement": "no"}, desk.teachers[0]
    )
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "submit", desk.teachers[0])
    assert [problem.where for problem in refused.value.problems] == ["students.statement"]


def test_2501_characters_are_refused_and_what_was_saved_stays(desk: Desk) -> None:
    case_id = desk.draft()
    tools, teacher = desk.engine.tools, desk.teachers[0]
    save_answers(desk.database, tools, case_id, {"students.plan": "é" * 2500}, teacher)
    with pytest.raises(BadInput):
        save_answers(
            desk.database, tools, case_id,
            {"students.plan": "é" * 2501, "models.plan": "Goed."}, teacher,
        )  # fmt: skip
    from workflows.answers_store import answers_of  # noqa: PLC0415

    with desk.database.connect() as connection:
        assert answers_of(connection, case_id) == {"students.plan": "é" * 2500}


def test_a_first_submission_on_the_last_day_counts_and_a_day_later_does_not(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    desk.until(2023, 1, 31, 22, 59)
    desk.fire(case_id, "submit", desk.teachers[0])
    assert desk.case()["state"] == "submitted"


def test_a_first_submission_on_1_february_is_refused_with_the_date(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    desk.until(2023, 1, 31, 23, 0)
    assert desk.case()["state"] == "expired"
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "submit", desk.teachers[0])
    assert refused.value.deadline == "2023-01-31T23:00:00+00:00"
    assert "31 January 2023" in refused.value.say("en")
    assert "31 januari 2023" in refused.value.say("nl")


def test_a_late_sweep_does_not_let_a_late_submission_in(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    from datetime import UTC, datetime  # noqa: PLC0415

    desk.clock.move_to(datetime(2023, 1, 31, 23, 30, tzinfo=UTC))  # no sweep came by
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "submit", desk.teachers[0])
    assert refused.value.deadline == "2023-01-31T23:00:00+00:00"


def test_a_resubmission_on_1_march_is_refused_with_the_date(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    desk.until(2023, 3, 1, 9)
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "resubmit", desk.teachers[0])
    assert refused.value.deadline == "2023-02-28T23:00:00+00:00"
    assert desk.case()["state"] == "refused"
    assert [row["template"] for row in desk.mails(case_id=case_id)][-1] == (
        "school_label/refused_unamended"
    )


def test_changes_cannot_be_asked_for_after_the_deadline_where_the_round_gives_no_days(
    desk: Desk,
) -> None:
    case_id = desk.submitted()
    desk.until(2023, 3, 1, 9)
    with pytest.raises(NotMet):
        desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    with pytest.raises(NotMet):
        desk.fire(case_id, "request_changes_late", desk.reviewer, feedback={"esafety": "Meer."})
    desk.fire(case_id, "refuse", desk.reviewer, reason="Onvoldoende bewijs.")
    assert desk.case()["state"] == "refused"


def test_after_the_evaluation_only_the_coordinator_decides(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.until(2023, 3, 29, 6)
    with pytest.raises(NotMet) as refused:
        desk.fire(case_id, "approve", desk.reviewer)
    assert refused.value.deadline == "2023-03-28T22:00:00+00:00"
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "approve_late", desk.reviewer, reason="Vergeten.")
    desk.fire(case_id, "approve_late", desk.coordinator, reason="Vergeten.")
    assert desk.case()["state"] == "approved"


def test_nobody_decides_on_a_school_she_is_linked_to(desk: Desk) -> None:
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        add_member(connection, desk.school, desk.reviewer)
    with pytest.raises(NotAllowed) as refused:
        desk.fire(case_id, "approve", desk.reviewer)
    assert "linked to this school" in refused.value.say("en")


def test_a_link_that_ended_while_the_case_ran_still_counts(desk: Desk) -> None:
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        add_member(connection, desk.school, desk.reviewer, last_day=date(2022, 11, 24))
        add_member(connection, desk.school, desk.colleague, last_day=date(2022, 11, 21))
    desk.until(2022, 12, 10)
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "approve", desk.reviewer)
    desk.fire(case_id, "approve", desk.colleague)


@pytest.mark.parametrize(
    ("scope", "first", "last", "may"),
    [
        ("BE-VLG", date(2022, 1, 1), None, True),
        ("BE", date(2022, 1, 1), None, True),
        ("*", date(2022, 1, 1), None, True),
        ("NL", date(2022, 1, 1), None, False),
        ("BE-WAL", date(2022, 1, 1), None, False),
        ("BE-VLG", date(2022, 1, 1), date(2022, 11, 23), True),
        ("BE-VLG", date(2022, 1, 1), date(2022, 11, 22), False),
        ("BE-VLG", date(2022, 11, 23), None, True),
        ("BE-VLG", date(2022, 11, 24), None, False),
    ],
)
def test_a_right_holds_for_its_scope_and_its_days_inclusive(
    sqlite_desk: Desk, scope: str, first: date, last: date | None, may: bool
) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        person = add_person(connection, "Nele Nieuw")
        add_grant(connection, person, "nso_reviewer", scope, first_day=first, last_day=last)
    if may:
        desk.fire(case_id, "approve", person)
    else:
        with pytest.raises(NotAllowed):
            desk.fire(case_id, "approve", person)


def test_only_validated_teachers_who_work_there_today_may_apply(desk: Desk) -> None:
    case_id = desk.invited()
    with writing(desk.database) as connection:
        gone = add_person(connection, "Gil Gegaan")
        add_member(connection, desk.school, gone, last_day=date(2022, 11, 22))
        pending = add_person(connection, "Pia Pending", validated=False)
        add_member(connection, desk.school, pending)
    for person in (gone, pending, desk.reviewer, None):
        with pytest.raises(NotAllowed) as refused:
            desk.fire(case_id, "start", person)
        assert refused.value.who_may == ("teacher",)


def test_a_trigger_that_does_not_lead_out_of_the_state(desk: Desk) -> None:
    case_id = desk.invited()
    with pytest.raises(NotPossible) as refused:
        desk.fire(case_id, "resubmit", desk.teachers[0])
    assert "Invited" in refused.value.say("en")
    assert "Start the application" in refused.value.say("en")
    with pytest.raises(NotPossible):
        desk.fire(case_id, "to_awarded", desk.teachers[0])


def test_there_is_no_such_case(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.fire("00000000-0000-7000-8000-000000000000", "start", desk.teachers[0])


def test_a_refusal_changes_nothing_and_is_kept(desk: Desk) -> None:
    case_id = desk.invited()
    before = desk.case()
    with pytest.raises(NotAllowed):
        desk.fire(case_id, "start", desk.reviewer)
    assert desk.case() == before
    (attempt,) = desk.rows(Attempt)
    assert (attempt["case_id"], attempt["trigger"], attempt["actor_id"], attempt["code"]) == (
        case_id, "start", desk.reviewer, "not_allowed",
    )  # fmt: skip


def test_two_reviewers_at_once_one_wins_and_the_other_is_told_who(desk: Desk) -> None:
    case_id = desk.submitted()
    version = desk.case()["version"]
    results: list[Any] = []
    ready = threading.Barrier(2)

    def decide(person: str, trigger: str, payload: dict[str, Any]) -> None:
        ready.wait()
        try:
            desk.engine.fire(case_id, trigger, person, payload, version)
            results.append(trigger)
        except Refused as refused:
            results.append(refused)

    threads = [
        threading.Thread(target=decide, args=(desk.reviewer, "approve", {})),
        threading.Thread(target=decide, args=(desk.colleague, "refuse", {"reason": "Nee."})),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    won = [result for result in results if isinstance(result, str)]
    (lost,) = [result for result in results if not isinstance(result, str)]
    assert len(won) == 1
    assert isinstance(lost, Conflict)
    winner = "Rita Reviewer" if won == ["approve"] else "Karel Collega"
    assert winner in lost.say("nl")
    assert_sound(desk)


def test_a_school_is_not_told_which_reviewer_it_was(desk: Desk) -> None:
    case_id = desk.submitted()
    version = desk.case()["version"]
    desk.fire(case_id, "approve", desk.reviewer)
    with pytest.raises(Conflict) as refused:
        desk.engine.fire(case_id, "withdraw", desk.teachers[0], None, version)
    assert "Rita" not in refused.value.say("nl")
    assert "Een beoordelaar van de NSO" in refused.value.say("nl")


def test_an_undone_step_withdraws_its_mails_and_sets_the_timers_again(desk: Desk) -> None:
    case_id = desk.submitted()
    timers = [(row["name"], row["due_at"]) for row in desk.timers(case_id)]
    since = desk.case()["since"]
    # Who takes a step back on another day has not gained a day; and twice is no other than once.
    desk.clock.advance(timedelta(days=1))
    for _ in range(2):
        desk.fire(case_id, "approve", desk.reviewer)
        desk.engine.undo(case_id, desk.reviewer)
    assert (desk.case()["state"], desk.case()["since"]) == ("submitted", since)
    assert {row["status"] for row in desk.mails(template="school_label/approved")} == {"withdrawn"}
    assert desk.notices(template="school_label/approved") == []
    assert [(row["name"], row["due_at"]) for row in desk.timers(case_id)] == timers
    assert [event["trigger"] for event in desk.events(case_id)][-2:] == ["approve", "undo"]
    assert_sound(desk)


def test_a_step_is_undone_by_its_own_person_within_the_grace_time_only(desk: Desk) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "approve", desk.reviewer)
    with pytest.raises(NotAllowed):
        desk.engine.undo(case_id, desk.colleague)
    desk.clock.advance(timedelta(seconds=21))
    with pytest.raises(NotPossible):
        desk.engine.undo(case_id, desk.reviewer)


def test_what_is_not_marked_so_cannot_be_undone(desk: Desk) -> None:
    case_id = desk.submitted()
    with pytest.raises(NotPossible):
        desk.engine.undo(case_id, desk.teachers[0])


def test_one_application_per_school_and_round(desk: Desk) -> None:
    desk.invited()
    with pytest.raises(Conflict):
        desk.engine.start(
            "school_label", "invite", organisation_id=desk.school, actor_id=desk.coordinator,
            round_name="2023-2024",
        )  # fmt: skip


def test_after_a_withdrawal_the_school_may_start_again(desk: Desk) -> None:
    case_id = desk.draft()
    desk.fire(case_id, "withdraw", desk.teachers[0])
    taken = desk.engine.start(
        "school_label", "apply", organisation_id=desk.school, actor_id=desk.teachers[1],
        round_name="2023-2024",
    )  # fmt: skip
    assert taken.case["state"] == "draft"
    assert desk.case(case_id)["state"] == "withdrawn"


def test_a_school_that_is_not_eligible_is_not_let_in_by_hand(desk: Desk) -> None:
    desk.until(2022, 11, 23, 8)
    with writing(desk.database) as connection:
        school, _people = add_school(connection, "Te Laat", registered_on=date(2020, 9, 2))
    with pytest.raises(NotMet) as refused:
        desk.engine.start(
            "school_label", "invite", organisation_id=school, actor_id=desk.coordinator,
            round_name="2023-2024",
        )  # fmt: skip
    (unmet,) = refused.value.findings
    assert [one["criterion"] for one in unmet.findings("nl")] == ["registered_in_time"]


def test_a_round_that_does_not_exist(desk: Desk) -> None:
    with pytest.raises(NotFound):
        desk.engine.start(
            "school_label", "invite", organisation_id=desk.school, actor_id=desk.coordinator,
            round_name="1999-2000",
        )  # fmt: skip


def test_the_submitted_form_is_kept_in_the_log(desk: Desk) -> None:
    case_id = desk.submitted()
    save_form = desk.events(case_id)[-1]["payload"]["form"]
    assert save_form["answers"]["students.statement"] == "yes"
    assert {one["field"] for one in save_form["evidence"]} == {
        f"{section}.evidence" for section in ALL_SECTIONS[:-1]
    } | {"declaration.signed"}


def test_the_form_is_edited_only_by_the_school_and_only_while_it_may_be(desk: Desk) -> None:
    case_id = desk.draft()
    tools = desk.engine.tools
    with pytest.raises(NotAllowed):
        save_answers(desk.database, tools, case_id, {"students.plan": "x"}, desk.reviewer)
    with pytest.raises(BadInput):
        save_answers(desk.database, tools, case_id, {"students.plam": "x"}, desk.teachers[0])
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    with pytest.raises(NotPossible):
        save_answers(desk.database, tools, case_id, {"students.plan": "x"}, desk.teachers[0])


def test_evidence_can_be_taken_away_and_is_then_missing(desk: Desk) -> None:
    case_id = desk.draft()
    tools, teacher = desk.engine.tools, desk.teachers[0]
    link = add_link(
        desk.database, tools, case_id, "esafety.evidence", "https://school.example/x", teacher
    )
    remove_evidence(desk.database, tools, case_id, link, teacher)
    with pytest.raises(NotFound):
        remove_evidence(desk.database, tools, case_id, link, teacher)
    with pytest.raises(BadInput):
        add_link(
            desk.database, tools, case_id, "students.evidence", "https://school.example/x", teacher
        )


def test_a_decision_keeps_the_facts_it_saw(desk: Desk) -> None:
    case_id = desk.invited()
    (decision,) = [row for row in desk.rows(Decision) if row["case_id"] == case_id]
    assert decision["facts"]["registered_on"] == "2020-09-01"
    assert decision["facts"]["active_teachers"] == 3
    assert decision["outcome"] == "met"
    with writing(desk.database) as connection:
        connection.execute(
            update(Organisation.__table__).values(registered_on=date(2021, 1, 1))  # type: ignore[attr-defined]
        )
    assert_sound(desk)


def test_tampering_shows(desk: Desk) -> None:
    case_id = desk.submitted()
    events = desk.events(case_id)
    events[1]["actor_id"] = desk.reviewer
    case = desk.case()
    assert broken_links(events, case["head"], case["version"]) == ["event 2 was changed"]
    with writing(desk.database) as connection:
        table = Decision.__table__  # type: ignore[attr-defined]
        connection.execute(update(table).values(findings={"registered_in_time": "met"}))
    assert len(verify(desk.database).faults) == len(desk.rows(Decision))


def test_a_decision_that_was_taken_away_shows(desk: Desk) -> None:
    case_id = desk.invited()
    (event,) = desk.events(case_id)
    (decision,) = event["decisions"]
    with writing(desk.database) as connection:
        connection.execute(delete(Decision.__table__))  # type: ignore[attr-defined]
    assert verify(desk.database).faults == [
        f"case {case_id}: the decision {decision} of event 1 is missing"
    ]


def test_the_database_itself_keeps_rights_and_memberships_in_order(desk: Desk) -> None:
    from sqlalchemy.exc import IntegrityError  # noqa: PLC0415

    rows: list[tuple[Any, dict[str, str]]] = [
        (Grant, {"right": "nso_reviewer", "scope": "NL", "reason": ""}),
        (Membership, {"organisation_id": desk.school, "role": "teacher"}),
    ]
    for model, row in rows:
        with pytest.raises(IntegrityError), writing(desk.database) as connection:
            connection.execute(
                model.__table__.insert(),
                {
                    "id": "x", "person_id": desk.css, "first_day": date(2022, 2, 1),
                    "last_day": date(2022, 1, 1), **row,
                },
            )  # fmt: skip
