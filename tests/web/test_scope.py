"""What is not theirs does not exist for them: every address of the API, one by one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from models.database import writing
from tests.builders import Desk, add_grant, add_member, add_person, add_school
from tests.documents.papers import text_of
from tests.web.conftest import client_as, context_of

API = "/api/v1"

#: A statement of a school's own, for an exercise that is none.
STATEMENT = {"area": "A", "versions": {}}
#: What a request must carry to be looked at at all, where it must carry something.
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/cases/{case_id}/form"): {"json": {"answers": {"esafety.policy": "yes"}}},
    ("POST", "/cases/{case_id}/evidence/links"): {
        "json": {"field": "esafety.evidence", "url": "https://example.org/"}
    },
    ("POST", "/cases/{case_id}/triggers/{trigger}"): {"json": {}},
    ("PUT", "/drafts/{draft_id}"): {"json": {"version": 0}},
    ("POST", "/drafts/{draft_id}/steps/{step}"): {"json": {"version": 0}},
    ("POST", "/cases/{case_id}/triggers/{trigger}/rehearsal"): {"json": {}},
    ("POST", "/cases/{case_id}/comments"): {"json": {"text": "Gebeld."}},
    ("PUT", "/cases/{case_id}/reviewer"): {"json": {"reviewer_id": None}},
    ("PUT", "/exercises/{case_id}/numbers"): {"json": {"invited": {}}},
    ("PUT", "/exercises/{case_id}/dates"): {
        "json": {"first_day": "2023-03-01", "last_day": "2023-03-10", "language": "nl"}
    },
    ("PUT", "/exercises/{case_id}/optional"): {"json": {"optional": []}},
    ("POST", "/exercises/{case_id}/companies"): {"json": {"name": "Bakkerij", "sector": "food"}},
    ("PUT", "/exercises/{case_id}/companies"): {"json": {"companies": []}},
    ("POST", "/exercises/{case_id}/statements"): {"json": STATEMENT},
    ("PUT", "/exercises/{case_id}/statements/{number}"): {"json": STATEMENT},
    ("POST", "/checks"): {"json": {"kind": "round", "name": "a/b", "text": ""}},
}
#: What staff read once the form was sent in.
OF_THE_FORM = {
    "/cases/{case_id}/form", "/cases/{case_id}/application.pdf", "/cases/{case_id}/evidence",
    "/cases/{case_id}/evidence/{evidence_id}/content",
}  # fmt: skip
#: What staff alone read: for everybody else it does not exist.
OF_STAFF = {"/cases/{case_id}/reviewers", "/cases/{case_id}/comments"}
#: Open to everybody: what the rules are, whether a label is valid, and what a link asks.
OPEN = {
    ("GET", "/processes"), ("GET", "/processes/{name}/diagram"), ("GET", "/rounds"),
    ("GET", "/rule-sets"), ("GET", "/labels/{label_id}/certificate.pdf"),
    ("GET", "/badges/{badge_id}"), ("GET", "/questionnaires/{token}"),
    ("POST", "/questionnaires/{token}/begin"), ("POST", "/questionnaires/{token}/submit"),
}  # fmt: skip


def addresses(client: TestClient) -> Iterator[tuple[str, str]]:
    """Method and path of everything the API can be asked, from its own description."""
    described = client.get(f"{API}/openapi.json").json()
    for path, methods in described["paths"].items():
        if path.startswith(API):
            yield from ((method.upper(), path.removeprefix(API)) for method in methods)


def ask(client: TestClient, method: str, path: str, **places: str) -> tuple[int, str]:
    url = API + path.format(**places)
    answer = client.request(method, url, **BODIES.get((method, path), {}))
    code = answer.json()["error"]["code"] if answer.status_code >= 400 else ""
    return answer.status_code, code


@pytest.fixture
def places(sqlite_desk: Desk, tmp_path: Path) -> dict[str, str]:
    """A submitted case and what belongs to it, to put into addresses."""
    case_id = sqlite_desk.draft()
    content = io.BytesIO()
    Image.new("RGB", (20, 20)).save(content, "JPEG")
    teacher = client_as(sqlite_desk, context_of(sqlite_desk, tmp_path), sqlite_desk.teachers[0])
    made = teacher.post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "students.evidence"},
        files={"file": ("foto.jpg", content.getvalue())},
    ).json()  # fmt: skip
    decision = teacher.get(
        f"{API}/decisions", params={"organisation_id": sqlite_desk.school}
    ).json()[0]
    notice = teacher.get(f"{API}/notices").json()[0]
    return {
        "case_id": case_id, "trigger": "submit", "evidence_id": made["id"],
        "decision_id": decision["id"], "notice_id": notice["id"], "draft_id": "0" * 36,
        "step": "withdraw", "mail_id": sqlite_desk.mails(case_id=case_id)[0]["id"],
        "report_id": "0" * 36, "view_id": "0" * 36, "comment_id": "0" * 36, "number": "1",
    }  # fmt: skip


def strangers(desk: Desk) -> dict[str, str]:
    """People who have no business with the school's case."""
    with writing(desk.database) as connection:
        _school, others = add_school(connection, "Andere School")
        abroad = add_person(connection, "Ans Abroad")
        add_grant(connection, abroad, "nso_reviewer", "NL")
        next_door = add_person(connection, "Wies Wallonie")
        add_grant(connection, next_door, "nso_reviewer", "BE-WAL")
        look_alike = add_person(connection, "Bea Lookalike")
        add_grant(connection, look_alike, "nso_reviewer", "B")
        former = add_person(connection, "Fien Former")
        add_grant(connection, former, "nso_reviewer", "BE-VLG", last_day=date(2022, 11, 1))
        early = add_person(connection, "Eva Early")
        add_grant(connection, early, "css", "*", first_day=date(2023, 11, 1))
        left = add_person(connection, "Leo Left")
        add_member(connection, desk.school, left, last_day=date(2022, 6, 30))
        claims = add_person(connection, "Clara Claims", validated=False)
        add_member(connection, desk.school, claims)
        clerk = add_person(connection, "Kim Clerk")
        add_grant(connection, clerk, "administrator", "*")
    return {
        "a teacher of another school": others[0],
        "a reviewer of another country": abroad,
        "a reviewer of another region": next_door,
        "a reviewer of an area whose name only begins alike": look_alike,
        "a reviewer whose right has ended": former,
        "the CSS before its right begins": early,
        "a teacher who has left": left,
        "somebody who only says she works there": claims,
        "an administrator of rules": clerk,
    }


def test_nobody_is_let_in_without_signing_in(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    outside_demo = context_of(sqlite_desk, tmp_path, demo=False)
    named = client_as(sqlite_desk, outside_demo, sqlite_desk.css)  # a header that means nothing
    for client in (client_as(sqlite_desk, context_of(sqlite_desk, tmp_path), None), named):
        asked = set(addresses(client))
        assert asked >= OPEN
        answers = {
            (method, path): ask(client, method, path, **places) for method, path in asked - OPEN
        }
        assert set(answers.values()) == {(401, "not_signed_in")}


def test_every_address_of_a_case_answers_strangers_as_if_there_were_none(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    context = context_of(sqlite_desk, tmp_path)
    before = sqlite_desk.case(), sqlite_desk.events(places["case_id"])
    of_a_case = list[tuple[str, str]]()
    for who, person in strangers(sqlite_desk).items():
        client = client_as(sqlite_desk, context, person)
        of_a_case = of_a_case or [one for one in addresses(client) if "{" in one[1]]
        for method, path in of_a_case:
            if (method, path) in OPEN:
                continue
            if "{mail_id}" in path and who == "an administrator of rules":
                continue  # the mailbox is hers, too
            got = ask(client, method, path, **places)
            assert got == (404, "not_found"), f"{who}: {method} {path}"
        listed = client.get(f"{API}/cases", params={"organisation_id": sqlite_desk.school})
        assert listed.json()["cases"] == [], who
        assert client.get(f"{API}/mails", params={"case_id": places["case_id"]}).status_code == 404
        school = {"organisation_id": sqlite_desk.school}
        assert client.get(f"{API}/decisions", params=school).status_code == 404, who
        opened = client.post(
            f"{API}/cases",
            json={"process": "school_label", "way": "apply", "round": "2023-2024", **school},
        )
        assert opened.status_code == 404, who
    assert (sqlite_desk.case(), sqlite_desk.events(places["case_id"])) == before


def test_the_page_of_a_file_is_for_those_who_see_its_case(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    desk, context = sqlite_desk, context_of(sqlite_desk, tmp_path)
    path = "/cases/{case_id}/evidence/{evidence_id}".format(**places)
    stranger = strangers(desk)["a teacher of another school"]
    asked = {
        who: client_as(desk, context, who).get(path, follow_redirects=False).status_code
        for who in (desk.teachers[0], stranger, None)
    }
    assert asked == {desk.teachers[0]: 200, stranger: 404, None: 303}


def test_a_made_up_case_and_a_hidden_one_are_answered_alike(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    client = client_as(
        sqlite_desk, context_of(sqlite_desk, tmp_path),
        strangers(sqlite_desk)["a teacher of another school"],
    )  # fmt: skip
    hidden = client.get(f"{API}/cases/{places['case_id']}")
    made_up = client.get(f"{API}/cases/{'0' * 36}")
    assert (hidden.status_code, hidden.json()) == (made_up.status_code, made_up.json())


def test_those_it_concerns_read_every_address_of_it(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    context = context_of(sqlite_desk, tmp_path)
    desk = sqlite_desk
    for person in (desk.teachers[1], desk.reviewer, desk.coordinator, desk.css):
        client = client_as(desk, context, person)
        for method, path in addresses(client):
            if method == "GET" and path.startswith("/cases/{case_id}"):
                answer = client.get(API + path.format(**places))
                expected = 200
                if path in OF_STAFF:
                    expected = 404 if person in desk.teachers else 200
                elif person not in desk.teachers:
                    expected = 404 if path in OF_THE_FORM else expected
                    expected = 403 if path.endswith("/consequences") else expected  # not her step
                assert answer.status_code == expected, path


def test_a_draft_is_the_schools_own(sqlite_desk: Desk, tmp_path: Path) -> None:
    desk, context = sqlite_desk, context_of(sqlite_desk, tmp_path)
    case_id = desk.draft()
    desk.fill_in(case_id)
    reviewer = client_as(desk, context, desk.reviewer)
    assert reviewer.get(f"{API}/cases/{case_id}").json()["state"]["name"] == "draft"
    assert reviewer.get(f"{API}/cases/{case_id}/form").status_code == 404
    page = reviewer.get(f"/cases/{case_id}", headers={"accept-language": "en"}).text
    assert "As long as it has not been submitted, only those who fill it in can read it." in page
    assert "samen verder" not in page
    assert "application.pdf" not in page

    desk.until(2023, 3, 1)
    assert desk.case()["state"] == "expired"
    assert reviewer.get(f"{API}/cases/{case_id}/form").status_code == 404
    assert client_as(desk, context, desk.teachers[0]).get(
        f"{API}/cases/{case_id}/form"
    ).json()["is_complete"]  # fmt: skip


def test_staff_go_on_reading_what_was_submitted_until_it_is_submitted_again(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk, context = sqlite_desk, context_of(sqlite_desk, tmp_path)
    case_id = desk.submitted()
    reviewer = client_as(desk, context, desk.reviewer)
    teacher = client_as(desk, context, desk.teachers[0])
    path, key = f"{API}/cases/{case_id}", "shared_leadership.plan"

    def seen(client: TestClient) -> tuple[str, list[str]]:
        form = client.get(f"{path}/form").json()
        (plan,) = [
            one["value"] for section in form["sections"] for one in section["fields"]
            if one["key"] == key
        ]  # fmt: skip
        links = [one["url"] for one in client.get(f"{path}/evidence").json() if one["url"]]
        return plan, links

    before = ("Wij werken hier samen verder aan.", ["https://school.example/beleid"])
    assert seen(reviewer) == seen(teacher) == before
    assert reviewer.get(f"{path}/form").json()["sent_at"] is None
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    (link,) = [one["id"] for one in teacher.get(f"{path}/evidence").json() if one["url"]]
    teacher.patch(f"{path}/form", json={"answers": {key: "Nieuw plan."}})
    teacher.delete(f"{path}/evidence/{link}")
    new = "https://school.example/nieuw"
    teacher.post(f"{path}/evidence/links", json={"field": "esafety.evidence", "url": new})
    after = ("Nieuw plan.", [new])
    assert seen(teacher) == after
    assert seen(reviewer) == before
    assert reviewer.get(f"{path}/form").json()["sent_at"] is not None
    page = reviewer.get(f"/cases/{case_id}", headers={"accept-language": "en"}).text
    assert "This is how it was submitted on" in page
    assert "Nieuw plan." not in page
    for client, plan in ((reviewer, before[0]), (teacher, after[0])):
        pdf = client.get(f"{path}/application.pdf").content
        assert plan in text_of(pdf)

    desk.fire(case_id, "resubmit", desk.teachers[0])
    assert seen(reviewer) == after


def test_what_a_school_changed_and_never_submitted_stays_its_own(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk, context = sqlite_desk, context_of(sqlite_desk, tmp_path)
    case_id = desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    teacher = client_as(desk, context, desk.teachers[0])
    image = io.BytesIO()
    Image.new("RGB", (20, 20)).save(image, "JPEG")
    made = teacher.post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "esafety.evidence"},
        files={"file": ("foto.jpg", image.getvalue())},
    ).json()  # fmt: skip
    content = f"{API}/cases/{case_id}/evidence/{made['id']}/content"
    assert teacher.get(content).status_code == 200
    for person in (desk.reviewer, desk.css):
        assert client_as(desk, context, person).get(content).status_code == 404
    desk.until(2023, 4, 1)
    assert desk.case()["state"] == "refused"
    assert client_as(desk, context, desk.reviewer).get(content).status_code == 404
    assert teacher.get(content).status_code == 200


def test_evidence_of_another_case_is_not_found_in_ones_own(
    sqlite_desk: Desk, places: dict[str, str], tmp_path: Path
) -> None:
    with writing(sqlite_desk.database) as connection:
        school, people = add_school(connection, "Andere School")
    sqlite_desk.engine.start(
        "school_label", "invite", organisation_id=school, actor_id=sqlite_desk.coordinator,
        round_name="2023-2024",
    )  # fmt: skip
    client = client_as(sqlite_desk, context_of(sqlite_desk, tmp_path), people[0])
    own = client.get(f"{API}/cases").json()["cases"][0]["id"]
    client.post(f"{API}/cases/{own}/triggers/start", json={})
    path = f"{API}/cases/{own}/evidence/{places['evidence_id']}"
    assert client.get(f"{path}/content").status_code == 404
    assert client.delete(path).status_code == 404


def test_who_works_for_the_school_and_the_nso_reads_as_the_school(
    sqlite_desk: Desk, tmp_path: Path
) -> None:
    desk = sqlite_desk
    case_id = desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    with writing(desk.database) as connection:
        add_member(connection, desk.school, desk.colleague)
        add_school(connection, "Andere School")
    client = client_as(desk, context_of(desk, tmp_path), desk.colleague)
    case = client.get(f"{API}/cases/{case_id}").json()
    assert case["state"]["title"].startswith("Jullie NSO")
    assert client.get(f"{API}/cases/{case_id}/history").json()[-1]["by"] is None
    mails = client.get(f"{API}/mails", params={"case_id": case_id}).json()["mails"]
    assert [mail for mail in mails if mail["to"] != "karel.collega@example.org"] == []
