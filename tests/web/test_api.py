from __future__ import annotations

import io
import threading
from typing import Any

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from models.cases import Evidence
from models.database import writing
from models.registry import Label
from tests.builders import Desk, add_grant, add_member, add_person, add_school
from tests.web.conftest import As

API = "/api/v1"


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (20, 20), "#336699").save(content, "JPEG")
    return content.getvalue()


def test_nobody_gets_nothing(desk: Desk, as_: As) -> None:
    case_id = desk.invited()
    for path in ("/cases", f"/cases/{case_id}", "/mails", "/notices"):
        answer = as_(None).get(API + path, headers={"accept-language": "nl"})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize(
    "path",
    [
        "", "/history", "/diagram", "/form", "/evidence", "/decisions", "/application.pdf",
        "/declaration.pdf",
    ],
)  # fmt: skip
def test_what_is_not_theirs_does_not_exist_for_them(
    sqlite_desk: Desk, path: str, tmp_path: Any
) -> None:
    from tests.web.conftest import client_as, context_of  # noqa: PLC0415

    desk = sqlite_desk
    context = context_of(desk, tmp_path)
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        abroad = add_person(connection, "Ans Abroad")
        add_grant(connection, abroad, "nso_reviewer", "NL")
        _school, others = add_school(connection, "Andere School")
        former = add_person(connection, "Fien Former")
        add_grant(connection, former, "nso_reviewer", "BE-VLG", last_day=desk_day(2022, 11, 1))
    for person in (abroad, others[0], former):
        answer = client_as(desk, context, person).get(f"{API}/cases/{case_id}{path}")
        assert answer.status_code == 404
    for person in (desk.reviewer, desk.teachers[2], desk.css):
        answer = client_as(desk, context, person).get(f"{API}/cases/{case_id}{path}")
        assert answer.status_code == 200


def desk_day(*parts: int) -> Any:
    from datetime import date  # noqa: PLC0415

    return date(*parts)


def test_lists_are_scoped_filtered_and_paged(desk: Desk, as_: As) -> None:
    with writing(desk.database) as connection:
        for number in range(7):
            add_school(connection, f"School {number}")
        add_school(connection, "Hollandse School", country="NL", area="NL")
    desk.until(2022, 11, 23, 8)
    client = as_(desk.reviewer)
    seen, after = [], None
    while True:
        answer = client.get(
            f"{API}/cases", params={"limit": 3} | ({"after": after} if after else {})
        )
        body = answer.json()
        seen += [case["organisation"] for case in body["cases"]]
        after = body["next"]
        if after is None:
            break
    assert seen == ["Sint-Jan", *(f"School {number}" for number in range(7))]
    found = client.get(f"{API}/cases", params={"q": "school 3", "state": "invited"}).json()
    assert [case["organisation"] for case in found["cases"]] == ["School 3"]
    assert client.get(f"{API}/cases", params={"state": "draft"}).json()["cases"] == []
    assert len(as_(desk.css).get(f"{API}/cases").json()["cases"]) == 9
    own = as_(desk.teachers[0]).get(f"{API}/cases").json()["cases"]
    assert [case["organisation"] for case in own] == ["Sint-Jan"]
    assert client.get(f"{API}/cases", params={"after": "é"}).status_code == 422


def test_a_school_fills_in_and_submits_over_the_api(desk: Desk, as_: As) -> None:
    case_id = desk.invited()
    client = as_(desk.teachers[0])
    client.headers["accept-language"] = "nl"
    case = client.post(f"{API}/cases/{case_id}/triggers/start", json={}).json()
    assert (case["state"]["name"], case["may_edit"]) == ("draft", True)
    refused = client.post(f"{API}/cases/{case_id}/triggers/submit", json={})
    assert refused.status_code == 422
    error = refused.json()["error"]
    assert error["code"] == "not_met"
    assert len(error["problems"]) == 18
    assert {problem["step"] for problem in error["problems"]} == {2, 3, 4, 5, 6, 7, 8}
    answers = {"esafety.policy": "yes"}
    for section in ("shared_leadership", "collaboration", "students", "models", "inclusive"):
        answers |= {f"{section}.statement": "yes", f"{section}.plan": "Samen verder."}
        sent = client.post(
            f"{API}/cases/{case_id}/evidence/files", data={"field": f"{section}.evidence"},
            files={"file": ("bewijs.jpg", picture(), "image/jpeg")},
        )  # fmt: skip
        assert sent.status_code == 201
    client.post(
        f"{API}/cases/{case_id}/evidence/links",
        json={"field": "esafety.evidence", "url": "https://school.example.org/beleid"},
    )
    form = client.patch(f"{API}/cases/{case_id}/form", json={"answers": answers}).json()
    assert [problem["where"] for problem in form["missing"]] == ["declaration.signed"]
    paper = client.get(f"{API}/cases/{case_id}/declaration.pdf").content
    sent = client.post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "declaration.signed"},
        files={"file": ("getekend.pdf", paper, "application/pdf")},
    )  # fmt: skip
    assert sent.status_code == 201
    case = client.post(f"{API}/cases/{case_id}/triggers/submit", json={}).json()
    assert case["state"] == {"name": "submitted", "title": "Jullie NSO bekijkt de aanvraag"}
    assert client.get(f"{API}/cases/{case_id}/application.pdf").content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leeg.pdf", b""),
        ("bewijs.pdf", b"MZ\x90\x00" + b"\0" * 500),
        ("../../etc/passwd", b"root:x:0:0"),
        ("bewijs.exe", b"MZ\x90\x00"),
        ("groot.pdf", b"%PDF-1.7\n" + b"0" * (10 * 2**20)),
    ],
)
def test_files_that_are_refused(desk: Desk, as_: As, name: str, content: bytes) -> None:
    case_id = desk.draft()
    answer = as_(desk.teachers[0]).post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "students.evidence"},
        files={"file": (name, content)},
    )  # fmt: skip
    assert answer.status_code == 422
    assert answer.json()["error"]["message"]
    assert desk.rows(Evidence) == []


def test_two_files_at_once_are_refused(desk: Desk, as_: As) -> None:
    case_id = desk.draft()
    answer = as_(desk.teachers[0]).post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "students.evidence"},
        files=[("file", ("a.jpg", picture())), ("file", ("b.jpg", picture()))],
        headers={"accept-language": "en"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        422, "Add one file at a time.",
    )  # fmt: skip


def test_a_file_is_given_back_to_keep_and_not_to_run(desk: Desk, as_: As) -> None:
    case_id = desk.draft()
    client = as_(desk.teachers[0])
    made = client.post(
        f"{API}/cases/{case_id}/evidence/files", data={"field": "students.evidence"},
        files={"file": ("foto één.jpg", picture())},
    ).json()  # fmt: skip
    answer = client.get(f"{API}/cases/{case_id}/evidence/{made['id']}/content")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.content.startswith(b"\xff\xd8")
    assert client.delete(f"{API}/cases/{case_id}/evidence/{made['id']}").status_code == 204
    assert client.delete(f"{API}/cases/{case_id}/evidence/{made['id']}").status_code == 404


def test_a_request_with_an_idempotency_key_is_carried_out_once(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    client = as_(desk.reviewer)
    path = f"{API}/cases/{case_id}/triggers/approve"
    key = {"Idempotency-Key": "een-sleutel"}
    first = client.post(path, json={}, headers=key)
    second = client.post(path, json={}, headers=key)
    assert (first.status_code, second.status_code) == (200, 200)
    assert second.json()["state"]["name"] == "approved"
    assert [event["trigger"] for event in desk.events(case_id)].count("approve") == 1
    other = client.post(
        f"{API}/cases/{case_id}/triggers/refuse", json={"payload": {"reason": "x"}}, headers=key
    )
    assert (other.status_code, other.json()["error"]["code"]) == (422, "bad_input")


def test_the_same_request_twice_at_once_is_carried_out_once(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    ready, codes = threading.Barrier(2), []

    def send(client: TestClient) -> None:
        ready.wait()
        answer = client.post(
            f"{API}/cases/{case_id}/triggers/approve", json={},
            headers={"Idempotency-Key": "k"},
        )  # fmt: skip
        codes.append(answer.status_code)

    threads = [threading.Thread(target=send, args=(as_(desk.reviewer),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200, 200]
    assert [event["trigger"] for event in desk.events(case_id)].count("approve") == 1


def test_of_two_reviewers_at_once_one_is_told_who_decided(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    version = desk.case()["version"]
    first = as_(desk.reviewer).post(
        f"{API}/cases/{case_id}/triggers/approve", json={"version": version}
    )
    second = as_(desk.colleague).post(
        f"{API}/cases/{case_id}/triggers/refuse",
        json={"version": version, "payload": {"reason": "Nee."}},
    )
    assert (first.status_code, second.status_code) == (200, 409)
    assert "Rita Reviewer" in second.json()["error"]["message"]


def test_a_step_is_taken_back_over_the_api(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    client = as_(desk.reviewer)
    done = client.post(f"{API}/cases/{case_id}/triggers/approve", json={}).json()
    assert done["may_undo"] is True
    assert client.post(f"{API}/cases/{case_id}/undo").json()["state"]["name"] == "submitted"


def test_a_case_says_what_happens_if_nobody_acts(desk: Desk, as_: As) -> None:
    case_id = desk.draft()
    ahead = as_(desk.teachers[0]).get(f"{API}/cases/{case_id}").json()["ahead"]
    assert [(one["name"], one["at"], one["mails"]) for one in ahead] == [
        ("remind_draft", "2023-01-17T08:00:00Z", ["school_label/draft_reminder"]),
        ("remind_draft", "2023-01-24T08:00:00Z", ["school_label/draft_reminder"]),
        ("remind_draft", "2023-01-30T08:00:00Z", ["school_label/draft_reminder"]),
        ("expire", "2023-01-31T23:00:00Z", ["school_label/expired"]),
    ]


def test_a_school_sees_the_role_and_staff_see_the_name(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "request_changes", desk.reviewer, feedback={"esafety": "Meer."})
    school = as_(desk.teachers[0]).get(f"{API}/cases/{case_id}/history").json()
    staff = as_(desk.colleague).get(f"{API}/cases/{case_id}/history").json()
    # Nobody said which language: it is the person's own.
    assert (school[-1]["by"], school[-1]["acted_as"]) == (None, "een beoordelaar van de NSO")
    assert staff[-1]["by"] == "Rita Reviewer"
    assert school[1]["by"] == "Sint-Jan 1"
    assert school[-1]["payload"]["feedback"] == {"esafety": "Meer."}


def test_a_school_can_read_why_it_was_not_invited(desk: Desk, as_: As) -> None:
    with writing(desk.database) as connection:
        school, people = add_school(connection, "Te Jong", teachers=2)
    desk.until(2022, 11, 23, 8)
    answer = as_(people[0]).get(
        f"{API}/decisions", params={"organisation_id": school, "lang": "nl"}
    )
    (decision,) = answer.json()
    unmet = [one for one in decision["findings"] if one["outcome"] != "met"]
    assert [(one["criterion"], one["actual"], one["required"]) for one in unmet] == [
        ("enough_active_teachers", 2, 3)
    ]
    assert unmet[0]["remedy"]
    assert (
        as_(desk.teachers[0])
        .get(f"{API}/decisions", params={"organisation_id": school})
        .status_code
        == 404
    )


def test_the_outbox_shows_staff_their_area_and_others_their_own(desk: Desk, as_: As) -> None:
    desk.submitted()
    staff = as_(desk.reviewer).get(f"{API}/mails").json()["mails"]
    assert {mail["template"] for mail in staff} == {
        "school_label/invited", "school_label/submitted",
    }  # fmt: skip
    assert all(mail["subject"] and mail["body"] for mail in staff)
    own = as_(desk.teachers[1]).get(f"{API}/mails").json()["mails"]
    assert [mail["template"] for mail in own] == ["school_label/invited"]


def test_notices_are_ones_own_and_can_be_marked_as_read(desk: Desk, as_: As) -> None:
    desk.invited()
    client = as_(desk.teachers[0])
    (notice,) = client.get(f"{API}/notices", params={"lang": "nl"}).json()
    assert "Sint-Jan" in notice["text"]
    path = f"{API}/notices/{notice['id']}/read"
    assert as_(desk.teachers[1]).post(path).status_code == 404
    assert client.post(path).status_code == 204
    assert client.get(f"{API}/notices").json()[0]["read_at"] is not None


def test_definitions_are_open_to_all(desk: Desk, as_: As) -> None:
    client = as_(None)
    (process,) = client.get(f"{API}/processes", params={"lang": "nl"}).json()
    assert (process["name"], process["rounds"]) == (
        "school_label", ["2023-2024", "2024-2025", "2025-2026"],
    )  # fmt: skip
    assert len(client.get(f"{API}/rule-sets").json()) == len(desk.published.parts["rule_sets"])
    rounds = client.get(f"{API}/rounds", params={"area": "IT"}).json()
    assert rounds[0]["values"]["nql_counts"] == "own_teacher"
    drawn = client.get(f"{API}/processes/school_label/diagram")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert client.get(f"{API}/processes/nonsense/diagram").status_code == 404


def test_a_certificate_is_public(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    desk.fire(case_id, "approve", desk.reviewer)
    desk.until(2023, 4, 1)
    (label,) = desk.rows(Label, kind="school_label")
    answer = as_(None).get(f"{API}/labels/{label['id']}/certificate.pdf", params={"lang": "fr"})
    assert (answer.status_code, answer.content[:5]) == (200, b"%PDF-")
    assert as_(None).get(f"{API}/labels/nonsense/certificate.pdf").status_code == 404


def test_health_and_figures(desk: Desk, as_: As) -> None:
    desk.draft()
    client = as_(None)
    assert client.get("/health/live").json() == {"status": "ok"}
    assert client.get("/health/ready").status_code == 200
    figures = client.get("/metrics").text
    assert 'keurmerk_cases{process="school_label",state="draft"} 1.0' in figures
    assert 'keurmerk_mails{status="waiting"} 3.0' in figures


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("post", "/cases/{case}/triggers/nonsense", {}, 409),
        ("post", "/cases/{case}/triggers/start", {"unknown": 1}, 422),
        ("post", "/cases/{case}/triggers/start", {"version": "x"}, 422),
        ("post", "/cases/{case}/triggers/start", {"version": 99}, 409),
        ("post", "/cases", {"process": "nonsense", "way": "x", "organisation_id": "y"}, 404),
        ("post", "/cases", {}, 422),
        ("patch", "/cases/{case}/form", {"answers": {"nonsense": 1}}, 409),
        ("get", "/nonsense", None, 404),
        ("delete", "/cases", None, 405),
    ],
)
def test_bad_requests_get_a_sentence(
    desk: Desk, as_: As, method: str, path: str, body: Any, status: int
) -> None:
    case_id = desk.invited()
    answer = as_(desk.teachers[0]).request(
        method, API + path.format(case=case_id), json=body, headers={"accept-language": "nl"}
    )
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_our_own_failure_shows_a_reference_and_no_trace(
    desk: Desk, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_arguments: object, **_named: object) -> None:
        message = "a secret of ours"
        raise RuntimeError(message)

    monkeypatch.setattr("web.api.cases.scope_of", fails)
    answer = as_(desk.reviewer).get(f"{API}/cases")
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (500, "fault")
    assert error["reference"] in error["message"]
    assert "secret" not in answer.text


def test_the_conflict_of_interest_reaches_the_reader(desk: Desk, as_: As) -> None:
    case_id = desk.submitted()
    with writing(desk.database) as connection:
        add_member(connection, desk.school, desk.reviewer)
    answer = as_(desk.reviewer).post(f"{API}/cases/{case_id}/triggers/approve", json={})
    assert answer.status_code == 403
    assert answer.json()["error"]["who_may"] == ["reviewer", "coordinator"]
