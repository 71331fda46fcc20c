"""The reviewer's desk as pages: the case, steps with their mails, several at once, the overview."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openpyxl import load_workbook
from starlette.testclient import TestClient

from documents.sheets import as_csv, as_xlsx
from models.cases import CaseEvent
from models.database import writing
from models.desk import Assignment
from models.messages import Mail
from models.registry import Organisation, Person
from notifications.delivery import render
from tests.builders import Desk, add_grant, add_member, add_person, add_school
from tests.web.conftest import client_as, context_of
from tests.web.test_pages import words
from tests.web.test_queue import submit
from web.signing_in import HEADER
from workflows.form_changes import compared


@pytest.fixture
def client(sqlite_desk: Desk, tmp_path: Path) -> Callable[[str], TestClient]:
    app = client_as(sqlite_desk, context_of(sqlite_desk, tmp_path), None).app

    def made(person: str) -> TestClient:
        found = TestClient(
            app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False,
            client=("127.0.0.1", 50000), follow_redirects=False,
        )  # fmt: skip
        (row,) = sqlite_desk.rows(Person, id=person)
        found.headers.update({HEADER: row["email"], "accept-language": "en"})
        return found

    return made


Client = Callable[[str], TestClient]


def hidden(html: str) -> dict[str, str]:
    """The fields of a page's forms as a browser sends them back."""
    from html import unescape  # noqa: PLC0415

    found = {
        name: unescape(value)
        for name, value in re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', html)
    }
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>(.*?)</textarea>', html, re.DOTALL)
    return found | {name: unescape(text) for name, text in areas}


def test_a_reviewer_decides_with_a_mail_in_her_own_words(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    case_id = desk.submitted()
    case = words(rita.get(f"/cases/{case_id}").text)
    assert "working days left" in case
    assert "Who looks after it Nobody yet." in case
    assert "✓ met" in case
    step = f"/cases/{case_id}/steps/request_changes"
    form = rita.get(step)
    assert "See the mails first" in form.text
    empty = rita.post(step, data={**hidden(form.text), "do": "look"})
    assert empty.status_code == 422 or "at least one section" in words(empty.text)
    assert "Feedback per section”: write something" in words(empty.text)
    given = {"feedback.esafety": "De <b>link</b> werkt niet."}
    look = rita.post(step, data={**hidden(form.text), **given, "do": "look"})
    assert look.status_code == 200
    assert "De &lt;b&gt;link&lt;/b&gt; werkt niet." in look.text
    fields = hidden(look.text)
    assert fields["feedback.esafety"] == given["feedback.esafety"]
    assert fields["mail-0-subject"] == "Pas de aanvraag van Sint-Jan aan"
    # What is wrong with a mail keeps everything.
    bad = rita.post(step, data={**fields, "mail-0-subject": " ", "do": "take"})
    assert bad.status_code == 422
    assert "A mail needs a subject and a text." in words(bad.text)
    assert hidden(bad.text)["feedback.esafety"] == given["feedback.esafety"]
    assert desk.case(case_id)["state"] == "submitted"
    own = "Beste,\r\n\r\nKijk nog eens naar <u>de link</u>: https://keurmerk.example/x."
    done = rita.post(step, data={**fields, "mail-0-text": own, "do": "take"})
    assert done.status_code == 303, words(done.text)
    assert desk.case(case_id)["state"] == "changes_requested"
    (mail,) = [one for one in desk.rows(Mail, case_id=case_id) if one["edited"]]
    sent = render(context_of(desk, Path("/nowhere")).templates, mail)
    assert "Kijk nog eens naar <u>de link</u>: https://keurmerk.example/x." in sent.text
    assert "&lt;u&gt;de link&lt;/u&gt;" in sent.html
    assert '<a href="https://keurmerk.example/x">https://keurmerk.example/x</a>.' in sent.html
    event = desk.rows(CaseEvent, case_id=case_id, trigger="request_changes")[0]
    assert event["payload"]["mails"][0]["text"] == own.replace("\r\n", "\n")
    shown = rita.get(f"/cases/{case_id}").text
    assert "Take it back" in shown
    assert "Mail in other words" in shown
    teacher = client(desk.teachers[0])
    history = teacher.get(f"/api/v1/cases/{case_id}/history").json()
    assert "mails" not in history[-1]["payload"]
    assert "Mail in other words" not in teacher.get(f"/cases/{case_id}").text
    # Not the school's to change.
    refused = teacher.post(
        f"/api/v1/cases/{case_id}/triggers/withdraw",
        json={"mails": [{"template": "withdrawn", "language": "nl", "subject": "x", "text": "y"}]},
    )
    assert refused.status_code == 403
    assert (
        teacher.post(f"/api/v1/cases/{case_id}/triggers/withdraw/rehearsal", json={}).status_code
        == 403
    )
    assert rita.post(f"/cases/{case_id}/undo").status_code == 303
    assert desk.case(case_id)["state"] == "submitted"
    assert desk.rows(Mail, id=mail["id"])[0]["status"] == "withdrawn"
    again = rita.post(f"/cases/{case_id}/undo")
    assert again.status_code == 409
    assert "cannot be taken back" in words(again.text)


def test_a_mail_to_several_names_each(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    case_id = desk.submitted()
    step = f"/cases/{case_id}/steps/approve"
    fields = hidden(rita.get(step).text)
    assert "{name}" in fields["mail-0-text"]
    # Left as it was shown, whatever a browser does to its line ends, it is no edited one.
    text = fields["mail-0-text"].replace("\n", "\r\n")
    assert rita.post(step, data={**fields, "mail-0-text": text, "do": "take"}).status_code == 303
    assert [one for one in desk.rows(Mail, case_id=case_id) if one["edited"]] == []
    rita.post(f"/cases/{case_id}/undo")
    fields = hidden(rita.get(step).text)
    rita.post(step, data={**fields, "mail-0-text": "Proficiat, {name}!", "do": "take"})
    mails = [one for one in desk.rows(Mail, case_id=case_id) if one["edited"]]
    templates = context_of(desk, Path("/nowhere")).templates
    assert sorted(render(templates, one).body for one in mails) == [
        f"Proficiat, Sint-Jan {number}!" for number in (1, 2, 3)
    ]


def test_who_comes_second_is_told_and_keeps_what_she_wrote(
    sqlite_desk: Desk, client: Client
) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    karel = client(desk.colleague)
    step = f"/cases/{case_id}/steps/refuse"
    fields = hidden(karel.get(step).text)
    desk.fire(case_id, "approve", desk.reviewer)
    told = karel.post(step, data={**fields, "reason": "Geen bewijs.", "do": "take"})
    assert told.status_code == 409
    text = words(told.text)
    assert "Somebody was first" in text
    assert "Rita Reviewer was first" in text
    assert "What you had written Reason Geen bewijs." in text
    # The same when she only looks, or comes back to the step later.
    looked = karel.post(step, data={**fields, "reason": "Geen bewijs.", "do": "look"})
    assert (looked.status_code, "Rita Reviewer was first" in looked.text) == (409, True)
    assert "What you had written Reason Geen bewijs." in words(looked.text)
    assert "Rita Reviewer was first" in karel.get(step).text


def test_a_conflict_of_interest_is_told_before_anything_is_tried(
    sqlite_desk: Desk, client: Client
) -> None:
    desk = sqlite_desk
    with writing(desk.database) as connection:
        linked = add_person(connection, "Leen Dubbel")
        add_grant(connection, linked, "nso_reviewer", "BE-VLG")
        # She has left the school, but was there while the case ran.
        add_member(
            connection, desk.school, linked, last_day=desk.clock.now().date() + timedelta(days=3)
        )
    case_id = desk.submitted()
    desk.clock.advance(timedelta(days=9))
    leen = client(linked)
    page = words(leen.get(f"/cases/{case_id}").text)
    assert "Conflict of interest. You are linked to this school, so somebody else" in page
    assert "Approve" not in re.sub(r"What happened.*", "", page)
    tried = leen.get(f"/cases/{case_id}/steps/approve")
    assert tried.status_code == 403
    assert "You are linked to this school" in words(tried.text)
    several = words(leen.get(f"/queue/several?case={case_id}").text)
    assert "Conflict of interest." in several
    rita = client(desk.reviewer)
    names = [one["name"] for one in rita.get(f"/api/v1/cases/{case_id}/reviewers").json()]
    assert names == ["Cora Coordinator", "Karel Collega", "Rita Reviewer"]
    assert (
        rita.put(f"/api/v1/cases/{case_id}/reviewer", json={"reviewer_id": linked}).status_code
        == 422
    )


def test_comments_are_for_colleagues_alone(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    case_id = desk.submitted()
    at = f"/cases/{case_id}/comments"
    assert rita.post(at, data={"text": "Gebeld met <i>de school</i>"}).status_code == 303
    long = rita.post(at, data={"text": "x" * 5001})
    assert long.status_code == 422
    assert "x" * 5001 in long.text
    (one,) = client(desk.colleague).get(f"/api/v1{at}").json()
    assert (one["by"], one["is_mine"]) == ("Rita Reviewer", False)
    assert "Gebeld met &lt;i&gt;de school" in client(desk.colleague).get(f"/cases/{case_id}").text
    teacher = client(desk.teachers[0])
    assert "Gebeld" not in teacher.get(f"/cases/{case_id}").text
    assert teacher.get(f"/api/v1{at}").status_code == 404
    assert teacher.post(at, data={"text": "hallo"}).status_code == 404
    assert client(desk.colleague).post(f"{at}/{one['id']}/remove").status_code == 404
    assert rita.delete(f"/api/v1{at}/{one['id']}").status_code == 204
    assert rita.get(f"/api/v1{at}").json() == []


def test_several_are_decided_after_each_was_looked_at(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    with writing(desk.database) as connection:
        one, two = (add_school(connection, name) for name in ("De Andere", "Ter Duinen"))
    ids = [desk.submitted(), submit(desk, *one), submit(desk, *two)]
    choose = words(rita.get("/queue/several?" + "&".join(f"case={id_}" for id_ in ids)).text)
    assert "Refuse possible in 3 of 3" in choose
    way = {"way": "school_label/refuse", "case": ids}
    assert 'name="reason"' in rita.post("/queue/several", data=way).text
    none = rita.post("/queue/several", data={**way, "do": "look"})
    assert none.status_code == 422
    assert desk.case(ids[0])["state"] == "submitted"
    look = rita.post("/queue/several", data={**way, "reason": "Te laat.", "do": "look"})
    text = words(look.text)
    assert "This is possible in 3 of 3." in text
    assert text.count("Mail to Sint-Jan 1") == 1
    desk.fire(ids[1], "approve", desk.colleague)
    fields = hidden(look.text)
    del fields["case"]
    none = rita.post(
        "/queue/several", data={**fields, **way, "listed": ids, "case": [], "do": "take"}
    )
    assert (none.status_code, "Choose at least one case first." in none.text) == (422, True)
    assert none.text.count('name="case"') == 2  # one has been decided on meanwhile
    done = rita.post("/queue/several", data={**fields, **way, "case": ids[:2], "do": "take"})
    text = words(done.text)
    assert "✓ done : Sint-Jan Refused" in text
    assert "✗ not done : De Andere Karel Collega was first" in text
    assert [desk.case(id_)["state"] for id_ in ids] == ["refused", "approved", "submitted"]
    # A case nobody looked at is not decided on.
    rita.post(
        "/queue/several",
        data={"way": way["way"], "case": [ids[2]], "reason": "Te laat.", "do": "take"},
    )
    assert desk.case(ids[2])["state"] == "submitted"


def test_the_queue_as_a_page(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    case_id = desk.submitted()
    page = words(rita.get("/queue").text)
    assert "Sint-Jan eTwinning School Label, 2023-2024 To be judged" in page
    assert "working days left in time until" in page
    for who, name in (("me", "Rita Reviewer"), (desk.colleague, "Karel Collega"), ("nobody", None)):
        moved = rita.post("/queue/reviewer", data={"case": case_id, "reviewer": who, "back": "q=s"})
        assert moved.headers["location"] == "/queue?q=s"
        assert [one["reviewer_id"] for one in desk.rows_of(Assignment)] == (
            [] if name is None else [desk.reviewer if who == "me" else who]
        )
    none = rita.post("/queue/reviewer", data={"reviewer": "me"})
    assert none.status_code == 422
    assert "Choose at least one case first." in words(none.text)
    assert "Nothing here waits with these filters." in words(rita.get("/queue?late=yes").text)
    kept = rita.post("/queue/views", data={"name": "Late", "back": "late=yes&odd=1"})
    assert kept.headers["location"] == "/queue?late=yes"
    assert '<a href="/queue?late=yes">Late</a>' in rita.get("/queue").text
    assert "Late</a>" not in client(desk.colleague).get("/queue").text
    assert rita.post("/queue/views", data={"name": " ", "back": ""}).status_code == 422
    (view,) = rita.get("/api/v1/views").json()
    assert client(desk.colleague).delete(f"/api/v1/views/{view['id']}").status_code == 404
    assert rita.post(f"/queue/views/{view['id']}/remove").status_code == 303
    (line,) = rita.get("/api/v1/queue").json()["cases"]
    assert (line["id"], line["is_late"]) == (case_id, False)
    for path in ("/queue", "/overview", "/overview/cases.csv", "/queue/several"):
        assert client(desk.teachers[0]).get(path).status_code == 404


def test_the_overview_counts_and_gives_files(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    with writing(desk.database) as connection:
        school, _people = add_school(connection, "=HYPERLINK(1)")
        italian = add_person(connection, "Giulia Italiana")
        add_grant(connection, italian, "nso_reviewer", "IT")
    desk.submitted()
    page = words(rita.get("/overview?process=school_label").text)
    assert "Cases: 2." in page
    assert "To be judged 1" in page
    assert "<svg" in rita.get("/overview").text
    figures = rita.get("/api/v1/overview?process=school_label").json()
    assert figures["total"] == 2
    (process,) = figures["processes"]
    assert process["process"]["name"] == "school_label"
    assert {one["name"]: one["count"] for one in process["states"]} == {
        "invited": 1, "submitted": 1
    }  # fmt: skip
    assert sum(one["count"] for one in figures["ages"]) == 1
    assert figures["loads"] == [{"reviewer": None, "waiting": 1, "late": 0}]
    assert "Cases: 0." in words(client(italian).get("/overview").text)
    lines = rita.get("/overview/cases.csv").content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("Case,School,Process,Round")
    assert len(lines) == 3
    assert any(line.startswith("'=HYPERLINK(1),'=HYPERLINK(1),eTwinning") for line in lines)
    assert len(client(italian).get("/overview/cases.csv").content.splitlines()) == 1
    book = load_workbook(io.BytesIO(rita.get("/overview/cases.xlsx").content))
    cells = [cell for row in book.worksheets[0].iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    assert rita.get("/overview/cases.pdf").status_code == 422
    assert desk.rows(Organisation, id=school)[0]["name"] == "=HYPERLINK(1)"


def test_a_table_holds_no_formula() -> None:
    odd = ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "a\x01b", "gewoon"]
    text = as_csv(["a"], [[one] for one in odd]).decode("utf-8-sig")
    assert [line for line in text.splitlines() if line.lstrip('"')[:1] in "=+-@"] == []
    book = load_workbook(io.BytesIO(as_xlsx(["a"], [[one] for one in odd], title="a/b")))
    assert {cell.data_type for (cell,) in book.worksheets[0].iter_rows()} == {"s"}


def test_what_was_changed_since_is_marked(sqlite_desk: Desk, client: Client) -> None:
    desk, rita = sqlite_desk, client(sqlite_desk.reviewer)
    case_id = desk.submitted()
    assert "changed" not in words(rita.get(f"/cases/{case_id}").text)
    desk.until(2023, 2, 7, 10)
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"students": "Meer graag."})
    teacher = client(desk.teachers[0])
    teacher.patch(
        f"/api/v1/cases/{case_id}/form",
        json={"answers": {"students.plan": "Wij werken hier nu anders aan."}},
    )
    before = rita.get(f"/cases/{case_id}").text
    assert "anders" not in before
    desk.fire(case_id, "resubmit", desk.teachers[0])
    page = rita.get(f"/cases/{case_id}").text
    assert re.search(r"<ins>.*?nu anders.*?</ins>", page)
    assert re.search(r"<del>.*?samen verder.*?</del>", page)
    assert list(compared("a b c", "a x c d")) == [
        ("same", "a "), ("out", "b "), ("in", "x "), ("same", "c "), ("in", "d"),
    ]  # fmt: skip


def test_a_step_that_the_calendar_rules_out_is_no_button(sqlite_desk: Desk, client: Client) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    reader = client(desk.reviewer)

    def buttons() -> set[str]:
        return set(re.findall(r'/steps/(\w+)"', reader.get(f"/cases/{case_id}").text))

    assert buttons() == {"approve", "request_changes", "refuse"}
    assert (
        "Not possible today: Ask for changes after the deadline. Required: The ordinary deadline "
        "for changes, 28 February 2023, has passed (today is 23 November 2022). Up to and "
        "including that day, ask for changes in the ordinary way."
    ) in words(reader.get(f"/cases/{case_id}").text)
    reader.headers["accept-language"] = "nl"
    assert "Vandaag niet mogelijk: Aanpassing vragen na de termijn. Vereist: De gewone termijn" in (
        words(reader.get(f"/cases/{case_id}").text)
    )
    told = reader.get(f"/api/v1/cases/{case_id}").json()
    assert [one["name"] for one in told["closed"]] == ["request_changes_late"]
    assert "request_changes_late" in {one["name"] for one in told["triggers"]}
    desk.clock.move_to(datetime(2023, 3, 2, 11, tzinfo=UTC))
    assert buttons() == {"approve", "request_changes_late", "refuse"}
    # What is no button is refused, too, and for the same reason.
    reason = reader.get(f"/api/v1/cases/{case_id}").json()["closed"][0]["reason"]
    refused = reader.post(
        f"/api/v1/cases/{case_id}/triggers/request_changes",
        json={"payload": {"feedback": {"esafety": "Meer."}}},
    )
    assert (refused.status_code, reason.partition(". ")[0] in refused.text) == (422, True)


def test_what_only_the_form_can_meet_is_no_matter_of_the_day(
    sqlite_desk: Desk, client: Client
) -> None:
    desk = sqlite_desk
    desk.invited()
    case_id = str(desk.case()["id"])
    desk.fire(case_id, "start", desk.teachers[0])
    reader = client(desk.teachers[0])
    assert reader.get(f"/api/v1/cases/{case_id}").json()["closed"] == []
    desk.clock.move_to(datetime(2023, 2, 1, 11, tzinfo=UTC))
    (closed,) = reader.get(f"/api/v1/cases/{case_id}").json()["closed"]
    assert (closed["name"], "31 January 2023" in closed["reason"]) == ("submit", True)
    page = words(reader.get("/applications").text)
    assert "Not possible today: Submit. Required: " in page
