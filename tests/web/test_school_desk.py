"""The pages of a school: applications, conditions, the form, calendar, notices, preferences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import icalendar
import pytest
from starlette.testclient import TestClient

from models.cases import Answer, Case
from models.database import reading, writing
from models.registry import Person
from notifications.choices import UNSUBSCRIBE, address_of, refused_by
from tests.builders import Desk, add_person
from tests.documents.making import pdf
from tests.web.conftest import client_as, context_of
from tests.web.test_pages import words
from web.signing_in import HEADER

EN = {"accept-language": "en"}


class Browser:
    """A client that is one of the desk's people."""

    def __init__(self, desk: Desk, client: TestClient) -> None:
        self._desk, self._client = desk, client

    def as_(self, person: str | None) -> TestClient:
        client = TestClient(
            self._client.app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False,
            client=("127.0.0.1", 50000), headers=EN,
        )  # fmt: skip
        if person:
            (row,) = self._desk.rows(Person, id=person)
            client.headers[HEADER] = row["email"]
        return client


@pytest.fixture
def browser(sqlite_desk: Desk, tmp_path: Path) -> Browser:
    return Browser(sqlite_desk, client_as(sqlite_desk, context_of(sqlite_desk, tmp_path), None))


def hidden(html: str) -> dict[str, str]:
    """The hidden fields of a page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', html))


def answers(desk: Desk) -> dict[str, Any]:
    return {row["field"]: row["value"] for row in desk.rows_of(Answer)}


def test_a_school_sees_where_it_stands_and_what_to_do(sqlite_desk: Desk, browser: Browser) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    teacher, other = browser.as_(desk.teachers[0]), browser.as_(desk.reviewer)
    page = words(teacher.get("/applications").text)
    assert re.search(r"By 31 January 2023, 24:00 \( ?69 days left ?\)", page), page
    assert "18 things are still missing in the form." in page
    assert "Award of the label" in page
    assert f'href="/cases/{case_id}/form"' in teacher.get("/").text
    assert f'href="/cases/{case_id}/steps/withdraw"' in teacher.get("/").text
    assert "Sint-Jan" not in words(other.get("/applications").text)
    assert browser.as_(None).get("/applications").url.path == "/sign-in"

    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"students": "<b>Toon</b> meer."})
    page = teacher.get("/applications").text
    assert "&lt;b&gt;Toon&lt;/b&gt; meer." in page
    assert "Rita" not in page
    assert f"/cases/{case_id}/steps/resubmit" not in page  # the form leads there


def test_conditions_are_shown_and_a_case_is_started(sqlite_desk: Desk, browser: Browser) -> None:
    desk = sqlite_desk
    teacher = browser.as_(desk.teachers[0])
    page = words(teacher.get("/apply").text)
    assert "All conditions are met; only the time is not right. From 23 November 2022" in page
    start, apart = "eTwinning School Label: Start a new application", "What you cannot start now"
    assert start in page.split(apart)[1]
    there = f"/apply/school_label/apply?about={desk.school}"
    assert "✓ Met The school was registered in eTwinning" in words(teacher.get(there).text)
    form = {"about": desk.school}
    early = teacher.post("/apply/school_label/apply", data=form)
    assert early.status_code == 422
    assert "Come back within these days" in words(early.text)
    desk.clock.move_to(desk.moment("2022-11-23T09:00:00+00:00"))
    page = words(teacher.get("/apply").text)
    assert start in page
    assert apart not in page
    done = teacher.post("/apply/school_label/apply", data=form, follow_redirects=False)
    case_id = desk.case()["id"]
    assert start in words(teacher.get("/apply").text).split(apart)[1]  # there is one already
    assert (done.status_code, done.headers["location"]) == (303, f"/cases/{case_id}/form")
    again = teacher.post("/apply/school_label/apply", data=form)
    assert again.status_code == 409
    assert f'href="/cases/{case_id}">Open the application' in again.text
    for path in ("/apply/school_label/nothing", "/apply/nothing/apply",
                 f"/apply/school_label/apply?about={'f' * 36}"):  # fmt: skip
        assert teacher.get(path).status_code == 404
    assert browser.as_(desk.coordinator).get("/apply/school_label/invite").status_code == 200


def test_a_section_is_saved_with_everything_that_was_right(
    sqlite_desk: Desk, browser: Browser
) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    teacher = browser.as_(desk.teachers[0])
    there = f"/cases/{case_id}/form/esafety"
    page = teacher.get(f"/cases/{case_id}/form")
    assert page.url.path == there
    form = {
        **hidden(page.text), "asked": ["esafety.policy", "esafety.description"],
        "answer.esafety.policy": "yes", "answer.esafety.description": "x" * 2501,
        "link.esafety.evidence": "ftp://school.example", "go": "on",
    }  # fmt: skip
    files = {"file.esafety.evidence": ("beleid.pdf", pdf(), "application/pdf")}
    wrong = teacher.post(there, data=form, files=files)
    assert wrong.status_code == 422
    assert "2501 characters; 2500 is the most. Leave out 1." in wrong.text
    assert "x" * 2501 in wrong.text
    assert 'value="ftp://school.example"' in wrong.text
    assert "beleid.pdf" in wrong.text
    assert answers(desk) == {"esafety.policy": "yes"}

    (evidence,) = re.findall(r'name="remove" value="([^"]+)"', wrong.text)
    form |= {**hidden(wrong.text), "answer.esafety.description": "Kort", "remove": evidence}
    form |= {"link.esafety.evidence": "https://school.example/beleid"}
    right = teacher.post(there, data=form)
    assert right.url.path == f"/cases/{case_id}/form/shared_leadership"
    assert answers(desk) == {"esafety.policy": "yes", "esafety.description": "Kort"}
    page = teacher.get(there)
    assert "beleid.pdf" not in page.text
    assert "https://school.example/beleid" in page.text


def test_a_script_saves_and_is_told(sqlite_desk: Desk, browser: Browser) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    first, second = browser.as_(desk.teachers[0]), browser.as_(desk.teachers[1])
    there, key = f"/cases/{case_id}/form/students", "students.plan"
    seen = hidden(first.get(there).text)[f"seen.{key}"]

    def sent(text: str, seen: str) -> dict[str, str]:
        return {"asked": key, f"seen.{key}": seen, f"answer.{key}": text}

    script = {"accept": "application/json"}
    done = second.post(there, data=sent("Van An", seen), headers=script).json()
    assert done["saved_at"] == "09:00"
    assert done["missing"]["students"] == 2
    later = first.post(there, data=sent("Van mij", seen), headers=script).json()
    assert "Sint-Jan 2 has changed" in later["overtaken"][key]

    both = first.post(there, data=sent("Van mij", seen))
    assert both.status_code == 409
    assert "Van An" in both.text
    assert "Van mij" in both.text
    form = {**hidden(both.text), f"answer.{key}": "Van mij"}
    undecided = first.post(there, data=form)
    assert undecided.status_code == 422
    assert "choose which of the two texts stays" in words(undecided.text)
    assert answers(desk)[key] == "Van An"
    assert first.post(there, data={**form, f"keep.{key}": "theirs"}).status_code == 200
    assert answers(desk)[key] == "Van An"
    first.post(there, data={**form, f"keep.{key}": "mine"})
    assert answers(desk)[key] == "Van mij"


def test_who_is_signed_out_meanwhile_gets_her_text_back(
    sqlite_desk: Desk, browser: Browser
) -> None:
    case_id = sqlite_desk.draft()
    nobody = browser.as_(None)
    there = f"/cases/{case_id}/form/students"
    form = {"asked": "students.plan", "answer.students.plan": "Lang <werk>"}
    page = nobody.post(there, data=form)
    assert page.status_code == 401
    assert "Lang &lt;werk&gt;</textarea>" in page.text
    script = nobody.post(there, data=form, headers={"accept": "application/json"})
    assert script.json()["error"]["code"] == "not_signed_in"
    assert answers(sqlite_desk) == {}


def test_the_preview_lists_what_is_missing_and_the_receipt_what_was_sent(
    sqlite_desk: Desk, browser: Browser
) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    desk.fill_in(case_id, leave_out=("students.plan", "models.evidence"))
    teacher = browser.as_(desk.teachers[0])
    there = f"/cases/{case_id}/form/preview"
    page = teacher.get(there).text
    assert f'href="/cases/{case_id}/form/students#answer.students.plan"' in page
    assert f'href="/cases/{case_id}/form/models#models.evidence"' in page
    early = teacher.post(there, data=hidden(page))
    assert early.status_code == 422
    assert "This was not sent" in words(early.text)
    desk.fill_in(case_id)
    done = teacher.post(there, data=hidden(teacher.get(there).text))
    assert done.url.path == f"/cases/{case_id}/receipts/3"
    text = words(done.text)
    assert "Your application was received on 23 November 2022" in text
    assert "It waits for a reviewer of the NSO." in text
    assert "13. eSafety policy https://school.example/beleid https://school.example/beleid" in text
    for path in (f"/cases/{case_id}/receipts/2", f"/cases/{case_id}/receipts/9"):
        assert teacher.get(path).status_code == 404
    # It is not to be filled in any more, and never by others.
    for again in (teacher.get(there), teacher.post(there, data=hidden(page))):
        assert again.status_code == 409
        assert "This is not possible now You cannot fill in this form now" in words(again.text)
        assert f'<a class="button" href="/cases/{case_id}">' in again.text
    assert browser.as_(desk.reviewer).get(there).status_code == 403
    # Whoever was still writing gets it back.
    late = teacher.post(
        f"/cases/{case_id}/form/students",
        data={"asked": "students.plan", "answer.students.plan": "Nog een <b>woord</b>."},
    )
    assert late.status_code == 409
    assert "This was not saved" in late.text
    assert "Nog een &lt;b&gt;woord&lt;/b&gt;." in late.text
    assert teacher.post(f"/cases/{case_id}/steps/submit", data={"version": "²"}).status_code == 409
    with writing(desk.database) as connection:
        stranger = add_person(connection, "Vreemde")
    assert browser.as_(stranger).get(there).status_code == 404
    assert browser.as_(stranger).get(f"/cases/{case_id}/receipts/3").status_code == 404


def test_sending_in_from_the_page_of_the_case_leads_to_the_receipt_too(
    sqlite_desk: Desk, browser: Browser
) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    desk.fill_in(case_id)
    done = browser.as_(desk.teachers[0]).post(f"/cases/{case_id}/steps/submit", data={})
    assert done.url.path == f"/cases/{case_id}/receipts/3"


def test_deadlines_come_into_a_calendar(sqlite_desk: Desk, browser: Browser) -> None:
    desk = sqlite_desk
    case_id = desk.draft()
    teacher, nobody = browser.as_(desk.teachers[0]), browser.as_(None)
    assert "There is no address yet." in teacher.get("/calendar").text
    teacher.post("/calendar", data={"do": "make"})
    (path,) = re.findall(r"https://keurmerk.example(/calendar/[^\"]+\.ics)",
                         teacher.get("/calendar").text)  # fmt: skip
    feed = icalendar.Calendar.from_ical(nobody.get(path).content)
    (event,) = feed.walk("VEVENT")
    assert str(event["uid"]) == f"{case_id}-expire@keurmerk.example"
    assert (str(event.decoded("dtstart")), str(event.decoded("dtend"))) == (
        "2023-01-31", "2023-02-01",
    )  # fmt: skip
    assert "Jullie aanvraag is nog niet ingediend" in str(event["summary"])
    assert len(event.walk("VALARM")) == 1
    desk.fill_in(case_id)
    desk.fire(case_id, "submit", desk.teachers[0])
    desk.fire(case_id, "approve", desk.reviewer)
    (event,) = icalendar.Calendar.from_ical(teacher.get("/calendar/mine.ics").content).walk(
        "VEVENT"
    )
    assert str(event.decoded("dtstart")) == "2023-03-29 07:00:00+00:00"
    teacher.post("/calendar", data={"do": "renew"})
    assert nobody.get(path).status_code == 404
    assert path not in teacher.get("/calendar").text
    teacher.post("/calendar", data={"do": "revoke"})
    assert "There is no address yet." in teacher.get("/calendar").text


def test_notices_are_counted_read_and_lead_to_their_case(
    sqlite_desk: Desk, browser: Browser
) -> None:
    desk = sqlite_desk
    case_id = desk.invited()
    teacher = browser.as_(desk.teachers[0])
    page = teacher.get("/notices").text
    assert "Notices (1 new)" in page
    (notice,) = desk.notices(person_id=desk.teachers[0])
    other = browser.as_(desk.teachers[1])
    other.post("/notices", data={"notice": notice["id"]})
    assert "Notices (1 new)" in teacher.get("/").text
    there = teacher.post(
        "/notices", data={"notice": notice["id"], "then": "case"}, follow_redirects=False
    )
    assert there.headers["location"] == f"/cases/{case_id}"
    assert "There is nothing new." in teacher.get("/notices").text
    assert "Notices (1 new)" in other.get("/").text
    other.post("/notices")
    assert "(1 new)" not in other.get("/").text


def test_reminders_are_turned_off_and_on(sqlite_desk: Desk, browser: Browser) -> None:
    desk = sqlite_desk
    teacher = browser.as_(desk.teachers[0])
    page = teacher.get("/preferences").text
    offered = re.findall(r'name="mail" value="([^"]+)" checked', page)
    assert offered == ["school_label/draft_reminder", "school_label/changes_reminder"]
    assert "school_label/digest" in browser.as_(desk.reviewer).get("/preferences").text
    teacher.post("/preferences", data={"mail": offered[1], "language": "fr"})
    (row,) = desk.rows(Person, id=desk.teachers[0])
    assert row["language"] == "fr"

    def refused() -> set[str]:
        with reading(desk.database) as connection:
            return refused_by(connection, desk.teachers[0])

    assert refused() == {offered[0]}
    with writing(desk.database) as connection:
        token = address_of(connection, desk.teachers[0], UNSUBSCRIBE, desk.clock.now())
    nobody, there = browser.as_(None), f"/unsubscribe/{token}/{offered[1]}"
    assert nobody.get(there).status_code == 200
    assert refused() == {offered[0]}  # looking changes nothing
    assert nobody.post(there, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    assert refused() == set(offered)
    for path in (f"/unsubscribe/{token}/school_label/approved", "/unsubscribe/x/" + offered[0]):
        assert nobody.post(path).status_code == 404
    teacher.post("/preferences", data={"mail": offered, "language": ""})
    assert refused() == set()


def test_a_school_is_found_by_its_name_and_a_project_by_its_title(
    sqlite_desk: Desk, browser: Browser
) -> None:
    desk = sqlite_desk
    assert desk.rows(Case) == []
    coordinator = browser.as_(desk.coordinator)
    page = coordinator.get("/apply/school_label/invite?words=int-J").text
    assert f'<a href="?about={desk.school}">Sint-Jan</a>' in page
    assert "Nothing was found." in coordinator.get("/apply/school_label/invite?words=zzz").text
    page = coordinator.get(f"/apply/school_label/invite?about={desk.school}").text
    assert "Invite a school" in page
