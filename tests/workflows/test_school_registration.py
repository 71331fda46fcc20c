"""Registering a missing school: who may, what is refused early, and what the NSO finds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy

from base.clock import VirtualClock
from base.errors import BadInput, NotAllowed, NotMet, NotPossible
from models.database import reading
from models.registry import Membership, Organisation
from registry.same_school import bare
from rules.judge import Judge
from tests.builders import Desk
from tests.workflows.registrations import Settings, open_desk, start, written_to
from web.pages.asking import Asking, asked_in, asked_of
from web.pages.sending import NOTHING_SENT
from workflows.eligibility import Trial, verdicts
from workflows.subjects import NOTHING
from workflows.verifying import verify

Opens = Callable[..., Desk]
SCHOOL = {
    "area": "BE-VLG", "legal_name": "VZW De Duinen", "public_name": "Sint-André",
    "place": "De Panne", "principal_name": "Mia Maes", "principal_email": "mia@andre.example.org",
}  # fmt: skip


@pytest.fixture
def opens(engine: sqlalchemy.Engine, clock: VirtualClock, judge: Judge) -> Opens:
    """Opens a desk with what countries have set."""

    def opened(settings: Settings | None = None) -> Desk:
        return open_desk("school_registration", engine, clock, judge, settings)

    return opened


def requested(desk: Desk, **other: Any) -> str:
    return start(desk, "request", desk.extra["newcomer"], **{**SCHOOL, **other})


def school(desk: Desk, case_id: str) -> dict[str, Any]:
    (row,) = desk.rows(Organisation, id=desk.case(case_id)["organisation_id"])
    return row


@pytest.mark.parametrize(
    ("name", "same"),
    [
        ("SINT ANDRE", True), ("Sint-  André", True), ("Sint_André.", True), ("SintAndré", True),
        ("Sint-Andreas", False), ("–", False),
    ],
)  # fmt: skip
def test_names_are_compared_however_they_are_written(name: str, same: bool) -> None:
    assert (bare(name) == bare("Sint-André")) is same


def test_names_of_nothing_but_marks_differ() -> None:
    assert bare("–") != bare("…")


def test_a_school_that_is_there_is_named_in_the_refusal(opens: Opens) -> None:
    desk = opens()
    requested(desk)
    for other in (
        {"public_name": "SINT ANDRE", "place": "de  panne"},
        {"public_name": "Sint-André", "place": "De Panne", "area": "BE"},
    ):
        with pytest.raises(NotMet) as refused:
            requested(desk, **other)
        assert "Sint-André, De Panne" in refused.value.say("en")
    assert len(desk.rows_of_cases()) == 1


def test_a_namesake_in_another_town_or_country_is_another_school(opens: Opens) -> None:
    desk = opens()
    cases = [requested(desk), requested(desk, place="Gent"), requested(desk, area="NL")]
    assert [school(desk, case_id)["area"] for case_id in cases] == ["BE-VLG", "BE-VLG", "NL"]


@pytest.mark.parametrize("name", list(SCHOOL))
def test_everything_has_to_be_said(opens: Opens, name: str) -> None:
    desk = opens()
    with pytest.raises(BadInput) as refused:
        requested(desk, **{name: None})
    assert [problem.where for problem in refused.value.problems] == [name]
    assert desk.rows(Organisation, name=SCHOOL["public_name"]) == []


def test_who_registers_a_school_does_not_work_there_by_that(opens: Opens) -> None:
    """2.3: creating a school does not attach it to one's account."""
    desk = opens()
    case_id = requested(desk)
    desk.fire(case_id, "validate", desk.reviewer)
    assert desk.rows(Membership, organisation_id=school(desk, case_id)["id"]) == []


def test_a_school_number_is_asked_where_the_country_says_so(opens: Opens) -> None:
    """In certain countries, says the source; in which, each says of itself, and none is guessed."""
    told = {"BE-VLG": {"asks_school_number": True}, "NL": {"asks_school_number": False}}
    desk = opens({"standing": told})
    case_id = requested(desk, school_number=" 012345 ")
    requested(desk, public_name="Sint-Bavo")
    assert desk.events(case_id)[0]["payload"]["school_number"].strip() == "012345"
    context = desk.mails(template="school_registration/to_validate", case_id=case_id)[0]["context"]
    assert context["payload"]["school_number"].strip() == "012345"
    for area in ("NL", "FR", "BE"):
        with pytest.raises(BadInput) as refused:
            requested(desk, area=area, place="Elders", school_number="012345")
        (problem,) = refused.value.problems
        assert problem.say("en") == "“School number” is not asked there: leave it empty."
        requested(desk, area=area, place=f"Elders {area}", school_number=" ")
    with pytest.raises(BadInput) as refused:
        requested(desk, public_name="Sint-Jan", school_number="9" * 41)
    assert [one.where for one in refused.value.problems] == ["school_number"]


def test_a_page_asks_for_the_number_where_one_is_asked(opens: Opens) -> None:
    desk = opens({"standing": {"BE-VLG": {"asks_school_number": True}}})

    def shown(area: str = "", language: str = "en") -> str | None:
        step = desk.published.process.starts["request"]
        who = Asking(person_id=desk.teachers[0], language=language, everywhere=False)
        where = asked_in(desk.published, "standing", step, area)
        with reading(desk.database) as connection:
            asked = asked_of(connection, desk.published.process, step, who, NOTHING_SENT, {}, where)
        (choices,) = [one.choices for each in asked for one in each.fields if one.type == "area"]
        # Flanders has an NSO of its own: what is of Belgium would wait for nobody.
        assert {"BE-VLG", "BE-WAL", "BE-DEU", "NL", "ES", "ES-CN"} <= set(choices)
        assert "BE" not in choices
        assert len(set(choices.values())) == len(choices)
        hints = [one.hint for each in asked for one in each.fields if one.name == "school_number"]
        return hints[0] if hints else None

    assert shown() == "Only for Flanders. Leave it empty elsewhere."
    assert shown(language="nl") == "Alleen voor Vlaanderen. Laat het elders leeg."
    assert (shown("BE-VLG"), shown("NL")) == ("", None)
    # Nothing has been typed yet, so nothing is said of it either.
    trial = Trial(
        published=desk.published, way="request", about=NOTHING, actor_id=desk.teachers[0], named={}
    )
    with reading(desk.database) as connection:
        (told,) = verdicts(connection, trial, desk.clock.now(), "nl")
    assert (told.findings, told.ready) == ([], True)


def test_whoever_has_no_account_registers_nothing(opens: Opens) -> None:
    desk = opens()
    with pytest.raises(NotAllowed):
        start(desk, "request", None, **SCHOOL)


def test_only_the_nso_of_its_area_decides(opens: Opens) -> None:
    desk = opens()
    case_id = requested(desk)
    for wrong in (desk.extra["italian"], desk.extra["newcomer"], desk.teachers[0], desk.css):
        for trigger in ("validate", "refuse", "found_again"):
            with pytest.raises(NotAllowed):
                desk.fire(case_id, trigger, wrong)
    desk.fire(case_id, "validate", desk.coordinator)
    assert school(desk, case_id)["validated"] is True
    assert written_to(desk, "validated") == {desk.extra["newcomer"]}


def test_a_school_is_registered_on_the_day_it_is_where_it_lies(opens: Opens) -> None:
    desk = opens()
    case_id = requested(desk)
    desk.clock.move_to(datetime(2022, 11, 23, 23, 30, tzinfo=UTC))  # half past midnight in Brussels
    desk.fire(case_id, "validate", desk.reviewer)
    assert school(desk, case_id)["registered_on"] == date(2022, 11, 24)


def test_a_refusal_has_a_reason_and_keeps_nothing_of_the_principal(opens: Opens) -> None:
    desk = opens()
    case_id = requested(desk)
    with pytest.raises(BadInput):
        desk.fire(case_id, "refuse", desk.reviewer)
    desk.fire(case_id, "refuse", desk.reviewer, reason="Geen erkende school.")
    row = school(desk, case_id)
    assert (row["validated"], row["principal_name"], row["principal_email"]) == (False, "", "")
    (mail,) = desk.mails(template="school_registration/refused")
    assert mail["person_id"] == desk.extra["newcomer"]
    assert "Geen erkende school." in str(mail["context"])
    with pytest.raises(NotPossible):
        desk.engine.undo(case_id, desk.reviewer)


def test_a_refused_school_can_be_asked_for_again(opens: Opens) -> None:
    desk = opens()
    first = requested(desk, legal_name="Onbekend")
    desk.fire(first, "refuse", desk.reviewer, reason="De officiële naam klopt niet.")
    second = requested(desk, public_name="SINT-ANDRÉ")
    row = school(desk, second)
    assert row["id"] == desk.case(first)["organisation_id"]
    assert (row["name"], row["legal_name"], row["principal_email"]) == (
        "SINT-ANDRÉ", "VZW De Duinen", "mia@andre.example.org",
    )  # fmt: skip
    desk.fire(second, "validate", desk.reviewer)
    with pytest.raises(NotMet):
        requested(desk)
    assert verify(desk.database).faults == []


def test_a_school_that_exists_under_another_name_is_named_to_who_asked(opens: Opens) -> None:
    desk = opens()
    case_id = requested(desk)
    italy = next(row["id"] for row in desk.rows(Organisation) if row["country"] == "IT")
    for wrong in (desk.case(case_id)["organisation_id"], italy):
        with pytest.raises(NotMet):
            desk.fire(case_id, "found_again", desk.reviewer, school=wrong)
    with pytest.raises(BadInput):
        desk.fire(case_id, "found_again", desk.reviewer, school="nowhere")
    desk.fire(case_id, "found_again", desk.reviewer, school=desk.school)
    assert desk.case(case_id)["state"] == "exists"
    (mail,) = desk.mails(template="school_registration/exists")
    assert (mail["person_id"], mail["context"]["made"]["school"]) == (
        desk.extra["newcomer"], "Sint-Jan",
    )  # fmt: skip
    assert school(desk, case_id)["principal_name"] == ""


def test_the_principal_gets_one_notice_however_it_ends(opens: Opens) -> None:
    desk = opens({"standing": {"BE-VLG": {"validate_within_days": 2}}})
    case_id = requested(desk)
    desk.until(2022, 12, 6, 12)
    desk.fire(case_id, "validate", desk.reviewer)
    told = [row for row in desk.mails() if row["to_address"] == SCHOOL["principal_email"]]
    assert [row["template"] for row in told] == ["school_registration/principal_notice"]


def test_the_nso_is_reminded_where_its_country_has_set_a_time(opens: Opens) -> None:
    desk = opens({"standing": {"BE-VLG": {"validate_within_days": 2}}})
    requested(desk)  # Tuesday 22 November 2022
    desk.until(2022, 11, 23, 12)
    assert written_to(desk, "reminder") == {desk.reviewer, desk.colleague}
    desk.until(2022, 11, 25, 12)
    assert written_to(desk, "reminder") == {desk.reviewer, desk.colleague, desk.coordinator}
