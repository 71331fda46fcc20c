"""Whatever is wrong with a request, the answer is one form, a sentence, and no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select

from models.cases import Answer, Attempt, CaseEvent, Evidence
from models.database import reading
from tests.builders import Desk
from tests.web.conftest import As
from web.security import LARGEST_BODY
from web.unfit import SENTENCES, unfit

API = "/api/v1"


def error_of(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    assert found["message"]
    return found


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        (b'{"version": "one"}', "version", "A whole number belongs here."),
        (b'{"version": 1.5}', "version", "A whole number belongs here."),
        (b'{"payload": []}', "payload", "An object with names and values belongs here."),
        (b'{"nonsense": 1}', "nonsense", "This is not known here."),
        (b"[]", "body", "An object with names and values belongs here."),
        (b"{", "body", "This is not JSON."),
        (b'{"payload": {"reason": "a\\u0000b"}}', "body",
         "There is a character in it that cannot be kept."),
        (b'{"payload": {"\\ud800": 1}}', "body", "There is a character in it that cannot be kept."),
        (b'{"payload": {"a": ' + b'{"a":' * 30 + b"1" + b"}" * 32, "body",
         "It is nested too deeply."),
    ],
)  # fmt: skip
def test_a_body_that_does_not_fit_is_named_part_by_part(
    desk: Desk, as_: As, body: bytes, where: str, message: str
) -> None:
    case_id = desk.invited()
    client = as_(desk.teachers[0])
    answer = client.post(
        f"{API}/cases/{case_id}/triggers/start", content=body,
        headers={"content-type": "application/json", "accept-language": "en"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert error_of(answer)["problems"] == [{"where": where, "step": None, "message": message}]
    assert desk.case()["state"] == "invited"


def test_a_body_nested_without_end_is_refused(desk: Desk, as_: As) -> None:
    case_id = desk.invited()
    answer = as_(desk.teachers[0]).post(
        f"{API}/cases/{case_id}/triggers/start", content=b"[" * 200_000,
        headers={"content-type": "application/json"},
    )  # fmt: skip
    assert answer.status_code == 422
    assert error_of(answer)["code"] == "bad_input"


@pytest.mark.parametrize(
    "path",
    [
        "/cases/%00", "/cases/a%00b/history", "/cases?q=%00", "/cases?state=a&state=%00",
        "/cases?after=AA", "/decisions?organisation_id=%00", "/mails?after=%00",
        "/processes/%00/diagram", "/cases?%00=1",
    ],
)  # fmt: skip
def test_an_address_with_a_nul_is_refused_on_every_database(desk: Desk, as_: As, path: str) -> None:
    answer = as_(desk.reviewer).get(API + path)
    assert (answer.status_code, error_of(answer)["code"]) == (422, "bad_input")


def test_a_request_that_is_too_large_is_refused_whether_or_not_it_says_so(
    desk: Desk, as_: As
) -> None:
    client = as_(desk.teachers[0])
    url = f"{API}/cases/{desk.draft()}/evidence/files"

    def endless() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        for _ in range(2 * LARGEST_BODY // 2**16):
            yield b"0" * 2**16

    form = {"content-type": "multipart/form-data; boundary=x"}
    for content in (b"0" * (LARGEST_BODY + 1), endless()):
        answer = client.post(url, content=content, headers=form)
        assert (answer.status_code, error_of(answer)["code"]) == (413, "too_large")
    assert desk.rows(Evidence) == []


@pytest.mark.parametrize("count", [0, 2, 5, 20])
def test_only_one_file_at_a_time(desk: Desk, as_: As, count: int) -> None:
    files = [(f"file{number % 3 or ''}", (f"{number}.jpg", b"\xff\xd8")) for number in range(count)]
    answer = as_(desk.teachers[0]).post(
        f"{API}/cases/{desk.draft()}/evidence/files",
        data={"field": "students.evidence"}, files=files, params={"lang": "en"},
    )  # fmt: skip
    assert (answer.status_code, error_of(answer)["message"]) == (422, "Add one file at a time.")


def test_2501_characters_are_refused_and_what_was_saved_stays(desk: Desk, as_: As) -> None:
    case_id = desk.draft()
    client = as_(desk.teachers[0])
    client.headers["accept-language"] = "en"
    form = f"{API}/cases/{case_id}/form"
    assert client.patch(form, json={"answers": {"students.plan": "ë" * 2500}}).status_code == 200
    refused = client.patch(
        form, json={"answers": {"students.plan": "ë" * 2501, "models.plan": "Goed."}}
    )
    assert refused.status_code == 422
    (problem,) = error_of(refused)["problems"]
    assert problem["where"] == "students.plan"
    assert "2,501" in problem["message"] or "2501" in problem["message"]
    answers = Answer.__table__  # type: ignore[attr-defined]
    with reading(desk.database) as connection:
        assert list(connection.execute(select(answers.c.value)).scalars()) == ["ë" * 2500]


def test_a_refused_step_says_why_who_may_and_when_and_is_kept(desk: Desk, as_: As) -> None:
    case_id = desk.draft()
    desk.fill_in(case_id)
    school = as_(desk.teachers[0])
    wrong_person = as_(desk.reviewer).post(f"{API}/cases/{case_id}/triggers/submit", json={})
    assert (wrong_person.status_code, error_of(wrong_person)["who_may"]) == (403, ["teacher"])
    wrong_state = school.post(f"{API}/cases/{case_id}/triggers/resubmit", json={})
    assert (wrong_state.status_code, error_of(wrong_state)["code"]) == (409, "not_possible")
    desk.clock.move_to(datetime(2023, 1, 31, 23, 0, tzinfo=UTC))  # 1 February in Brussels
    too_late = school.post(
        f"{API}/cases/{case_id}/triggers/submit", json={}, headers={"accept-language": "en"}
    )
    error = error_of(too_late)
    assert (too_late.status_code, error["code"]) == (422, "not_met")
    assert error["deadline"]
    assert "31 January 2023" in json.dumps(error["findings"])
    assert [row["code"] for row in desk.rows(Attempt)] == ["not_allowed", "not_possible", "not_met"]
    assert desk.case()["state"] == "draft"


def test_an_address_that_is_not_there_or_not_so(desk: Desk, as_: As) -> None:
    client = as_(None)
    assert error_of(client.get(f"{API}/nonsense"))["code"] == "not_found"
    wrong = client.delete(f"{API}/rounds")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, HEAD")


def test_a_sentence_fits_its_values() -> None:
    for kind, sentence in SENTENCES.items():
        values = {"max_length": 3, "ge": 1, "le": 2, "expected": "'a' or 'b'"}
        (problem,) = unfit([{"type": kind, "loc": ("body", "a", 0), "ctx": values, "msg": "…"}])
        assert problem.where == ("body" if kind == "json_invalid" else "a.0")
        assert problem.message == sentence
        assert "{" not in problem.say()
    (unknown,) = unfit([{"type": "new_kind", "loc": ("query",), "msg": "…"}])
    assert (unknown.where, unknown.say()) == ("query", "This cannot be used here.")


def test_answers_are_kept_by_no_browser_or_proxy(desk: Desk, as_: As) -> None:
    answer = as_(desk.reviewer).get(f"{API}/cases")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_request_from_another_site_changes_nothing(desk: Desk, as_: As) -> None:
    case_id = desk.invited()
    answer = as_(desk.teachers[0]).post(
        f"{API}/cases/{case_id}/triggers/start", json={},
        headers={"sec-fetch-site": "cross-site", "origin": "https://evil.example"},
    )  # fmt: skip
    assert answer.status_code == 403
    assert [row["trigger"] for row in desk.rows(CaseEvent)] == ["screening"]
